/**
 * Large files whose process died while they came in: they go on where they were, and what nobody goes on with leaves nothing.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, equal, fromHex } from '../core/bytes/bytes.ts'
import { placeOf } from '../node/own-tree.ts'
import { newestState, readHeldState } from '../node/read/held-state.ts'
import { weighDisk } from './ballast.ts'
import { createSimBlob } from './blob.ts'
import { type Life, settle } from './device.ts'
import { Family, content } from './testing/family.ts'

const mib = 1024 * 1024
const dayMs = 24 * 60 * 60 * 1000
const modifiedAtMs = 1_700_000_000_000
const film = content(9 * mib + 12_345)

const fileOf = (life: Life, octets: Bytes, atMs = modifiedAtMs): Blob =>
  createSimBlob(octets, life.process, () => true, atMs)

/** Files that were added as `name`, whatever number a taken name got. */
const namesIn = ({ page }: Life): readonly string[] =>
  [...page.items.values()].flatMap(({ kind, name }) => (kind === 'file' ? [name] : [])).toSorted()

const rowsIn = (family: Family, table: 'staging' | 'object'): number =>
  [...family.devices[0]!.disk.rows(table, new Uint8Array())].length

/** Nothing useless lies on the disk, and nothing is missing. */
async function expectNothingLeft(family: Family): Promise<void> {
  await family.scheduler.run(family.scheduler.sleep(60_000))
  const [life] = family.lives as [Life]
  const treeId = fromHex(life.page.tree.treeId)!
  life.process.kill()
  const held = await family.scheduler.run(readHeldState(family.storeOf(0), placeOf(treeId)))
  expect(await weighDisk(family.devices[0]!.disk, newestState(held!))).toEqual([])
}

/** The process dies when about half of the file is stored, and the device starts again. */
async function interrupted(seed: number, octets = film) {
  const family = await Family.of(seed, 'laptop')
  const [first] = family.lives as [Life]
  const { rootId } = first.page.tree
  const request = family.request()
  void settle(first.process, first.node.api.addFile(request, rootId, 'film', fileOf(first, octets)))
  // The first row is the note.
  while (rowsIn(family, 'staging') < 6) await family.scheduler.run(family.scheduler.sleep(1))
  const life = await family.restart(0)
  const add = (next = octets, { atMs = modifiedAtMs, name = 'film', parentId = rootId, by = family.request() } = {}) =>
    family.run(life, life.node.api.addFile(by, parentId, name, fileOf(life, next, atMs)))
  const left = () => family.run(life, life.node.api.interruptedUploads())
  return { family, life, rootId, request, add, left }
}

/** How many octets of objects are written meanwhile. */
async function writtenBytes(family: Family, work: () => Promise<unknown>): Promise<number> {
  let sum = 0
  const stop = family.devices[0]!.disk.observe((changes) => {
    for (const change of changes) if (change.kind === 'put' && change.table === 'object') sum += change.value.length
  })
  await work()
  stop()
  return sum
}

describe('a large file whose process died while it came in', () => {
  test('goes on where it was when it is added again, and is what it would have been', async () => {
    const { family, life, rootId, add, left } = await interrupted(1)
    const [one] = await left()
    expect(one).toMatchObject({ folderId: rootId, name: 'film', sizeBytes: film.length })
    expect(one!.storedBytes).toBeGreaterThanOrEqual(5 * mib)
    let id = ''
    const bytes = await writtenBytes(family, async () => (id = await add()))
    expect(bytes).toBeLessThan(film.length - one!.storedBytes + mib)
    expect(equal(await family.read(life, id), film)).toBe(true)
    expect(namesIn(life)).toEqual(['film'])
    expect(await left()).toEqual([])
    await expectNothingLeft(family)
  })

  test('goes on also for the page that asks its next node again, and takes effect once', async () => {
    const { family, life, request, add } = await interrupted(2)
    const ids = [await add(film, { by: 'again' }), await add(film, { by: 'again' }), await add(film, { by: request })]
    expect(new Set(ids).size).toBe(1)
    expect(namesIn(life)).toEqual(['film'])
    expect(equal(await family.read(life, ids[0]!), film)).toBe(true)
    await expectNothingLeft(family)
  })

  test('dies again at each of its writes, and goes on each time', async () => {
    const { family, rootId } = await interrupted(3)
    let [life] = family.lives as [Life]
    const stored: number[] = []
    for (;;) {
      void settle(life.process, life.node.api.addFile(family.request(), rootId, 'film', fileOf(life, film)))
      const before = rowsIn(family, 'staging')
      while (rowsIn(family, 'staging') === before) await family.scheduler.run(family.scheduler.sleep(1))
      life = await family.restart(0)
      const [one] = await family.run(life, life.node.api.interruptedUploads())
      // The lease ends with the record.
      if (one === undefined) break
      stored.push(one.storedBytes)
    }
    expect(stored).toEqual(stored.toSorted((one, other) => one - other))
    expect(new Set(stored).size).toBeGreaterThan(2)
    // Each row is written once: pieces, and what closes the body.
    expect(stored.length).toBeLessThanOrEqual(11)
    expect(stored.at(-1)).toBe(film.length)
    const [item] = [...life.page.items.values()].filter(({ name }) => name === 'film')
    expect(equal(await family.read(life, item!.id), film)).toBe(true)
    await expectNothingLeft(family)
  })

  test.each([
    ['at its begin', 5],
    ['in a piece that is stored', 2 * mib + 7],
    ['behind what is stored', 8 * mib],
    ['at its end', film.length - 1],
  ])('is not mixed with another content of the same size: another octet %s', async (_, at) => {
    const { family, life, add } = await interrupted(4)
    const other = Uint8Array.from(film)
    other[at]! ^= 1
    const id = await add(other)
    expect(equal(await family.read(life, id), other)).toBe(true)
    await expectNothingLeft(family)
  })

  test('does not go on as another file: of another size, name or place', async () => {
    const { family, life, rootId, add, left } = await interrupted(5)
    const folder = await family.run(life, life.node.api.createFolder(family.request(), rootId, 'folder'))
    const ids = [await add(film.subarray(1)), await add(film, { name: 'movie' }), await add(film, { parentId: folder })]
    expect(await left()).toHaveLength(1)
    for (const [at, id] of ids.entries())
      expect(equal(await family.read(life, id), at === 0 ? film.subarray(1) : film)).toBe(true)
    expect(namesIn(life)).toEqual(['film', 'film', 'movie'])
    const id = await add()
    expect(equal(await family.read(life, id), film)).toBe(true)
    await expectNothingLeft(family)
  })

  test('leaves nothing when it is forgotten, or cancelled as it goes on', async () => {
    const forgotten = await interrupted(6)
    await forgotten.family.run(forgotten.life, forgotten.life.node.api.forgetUpload((await forgotten.left())[0]!.id))
    expect(await forgotten.left()).toEqual([])
    expect([rowsIn(forgotten.family, 'staging'), namesIn(forgotten.life)]).toEqual([0, []])
    await expectNothingLeft(forgotten.family)

    const { family, life, add, left } = await interrupted(7)
    const asked = add(film, { by: 'again' }).catch((error: unknown) => error)
    await family.run(life, life.node.api.cancel('again'))
    expect(await asked).toMatchObject({ code: 'cancelled' })
    expect([await left(), rowsIn(family, 'staging')]).toEqual([[], 0])
    await expectNothingLeft(family)
  })

  test('is one file also where two ask for it at once, and where the node died before it answered', async () => {
    const { family, life, rootId, request, add } = await interrupted(9)
    // The page that began it asks its next node while another one has chosen the file again.
    const ids = await Promise.all([add(film, { by: 'again' }), add(film, { by: request })])
    expect(ids[0]).toBe(ids[1])
    const next = await family.restart(0)
    const late = await family.run(next, next.node.api.addFile('again', rootId, 'film', fileOf(next, film)))
    expect(late).toBe(ids[0])
    expect(namesIn(life)).toEqual(['film'])
    await expectNothingLeft(family)
  })

  test('goes on where the file could not be read for a while', async () => {
    const family = await Family.of(10, 'laptop')
    const [life] = family.lives as [Life]
    const { rootId } = life.page.tree
    let readCount = 0
    const torn = createSimBlob(film, life.process, () => ++readCount < 6, modifiedAtMs)
    await expect(family.run(life, life.node.api.addFile('torn', rootId, 'film', torn))).rejects.toMatchObject({
      name: 'NotReadableError',
    })
    const [one] = await family.run(life, life.node.api.interruptedUploads())
    expect(one!.storedBytes).toBeGreaterThanOrEqual(4 * mib)
    const bytes = await writtenBytes(family, () =>
      family.run(life, life.node.api.addFile('again', rootId, 'film', fileOf(life, film))),
    )
    expect(bytes).toBeLessThan(film.length - one!.storedBytes + mib)
    await expectNothingLeft(family)
  })

  test('is let go of a week later, and at once where its content has no time', async () => {
    const { family, left } = await interrupted(8)
    expect(await left()).toHaveLength(1)
    for (const device of family.devices) device.wall.jump(7 * dayMs)
    const later = await family.restart(0)
    expect(await family.run(later, later.node.api.interruptedUploads())).toEqual([])
    expect(rowsIn(family, 'staging')).toBe(0)

    const blob = createSimBlob(film, later.process)
    void settle(later.process, later.node.api.addFile('blob', later.page.tree.rootId, 'blob', blob))
    while (rowsIn(family, 'staging') < 4) await family.scheduler.run(family.scheduler.sleep(1))
    const last = await family.restart(0)
    expect(await family.run(last, last.node.api.interruptedUploads())).toEqual([])
    await expectNothingLeft(family)
  })
})
