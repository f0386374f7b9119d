/**
 * Edits of a content at a place, on one device and on several: what they cost, what they leave, and what becomes of them where a
 * process dies, a race is lost, or a device has only a part of what is edited.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, equal, fromHex } from '../core/bytes/bytes.ts'
import { sectorSizeBytes } from '../core/block/block.ts'
import type { Edit, Item } from '../node/api.ts'
import { Holdings, type Lacking } from '../node/holdings.ts'
import { placeOf } from '../node/own-tree.ts'
import { inPlace } from '../node/place.ts'
import { newestState, readHeldState } from '../node/read/held-state.ts'
import type { Change } from '../port/store.ts'
import { weighDisk } from './ballast.ts'
import { createSimBlob } from './blob.ts'
import { type Part, edited as editedTo } from './checker.ts'
import { type Life, readAll, settle } from './device.ts'
import { plant } from './family.ts'
import { Random } from './random.ts'
import { Family, content, standing } from './testing/family.ts'
import { Guest } from './testing/guest.ts'

const mib = 1024 * 1024
const gib = 1024 * mib
const dayMs = 24 * 60 * 60 * 1000

const part = (startByte: number | null, octets: Bytes): Part => ({ startByte, content: octets })

const editsIn = (life: Life, parts: readonly Part[]): readonly Edit[] =>
  parts.map(({ startByte, content: octets }) => ({ startByte, content: createSimBlob(octets, life.process) }))

const edit = (
  family: Family,
  life: Life,
  id: string,
  parts: readonly Part[],
  sizeBytes?: number,
  request = family.request(),
): Promise<void> => family.run(life, life.node.api.editFile(request, id, editsIn(life, parts), sizeBytes))

const edited = (before: Bytes, parts: readonly Part[], sizeBytes?: number): Bytes =>
  editedTo(before, parts, sizeBytes ?? null)

const readRange = (family: Family, life: Life, id: string, startByte: number, endByte: number): Promise<Bytes> =>
  family.run(life, readAll(life.node.api, id, startByte, endByte))

/** Nothing useless lies on a device that has the tree for itself, and nothing is missing. */
async function expectNothingLeft(family: Family, at = 0): Promise<void> {
  await family.scheduler.run(family.scheduler.sleep(60_000))
  const treeId = fromHex(family.lives[at]!.page.tree.treeId)!
  family.lives[at]!.process.kill()
  const held = await family.scheduler.run(readHeldState(family.storeOf(at), placeOf(treeId)))
  expect(await weighDisk(family.devices[at]!.disk, newestState(held!))).toEqual([])
}

const named = (life: Life, ending: RegExp): readonly Item[] =>
  [...life.page.items.values()].filter(({ name, kind }) => kind === 'file' && ending.test(name))

describe('an edit', () => {
  test('leaves just what its parts say, one after another, and nothing else on the disk', async () => {
    const family = await Family.of(1, 'laptop')
    const [laptop] = family.lives as [Life]
    const random = Random.fromSeed(5)
    let now = content(200_000)
    const id = await family.add(laptop, 'file', now)
    const place = (): number =>
      random.pick([0, 1, sectorSizeBytes - 1, sectorSizeBytes, 2 * sectorSizeBytes, random.below(400_000)])
    for (let count = 0; count < 60; count++) {
      const parts = Array.from({ length: random.below(4) }, () =>
        part(random.chance(0.2) ? null : place(), random.bytes(random.pick([0, 1, 4096, sectorSizeBytes, 150_000]))),
      )
      const sizeBytes = random.chance(0.4) ? place() : undefined
      await edit(family, laptop, id, parts, sizeBytes)
      now = edited(now, parts, sizeBytes)
      expect(laptop.page.items.get(id)!.sizeBytes).toBe(now.length)
      expect(equal(await family.read(laptop, id), now)).toBe(true)
    }
    await expectNothingLeft(family)
  })

  test('of a gigabyte costs what one of a megabyte costs, and what nobody wrote costs nothing', async () => {
    const family = await Family.of(2, 'laptop')
    const [laptop] = family.lives as [Life]
    const { disk } = family.devices[0]!
    const costs: number[] = []
    for (const sizeBytes of [mib, gib]) {
      const id = await family.add(laptop, `of ${sizeBytes}`, new Uint8Array())
      const emptyBytes = disk.usedBytes
      await edit(family, laptop, id, [], sizeBytes)
      await edit(family, laptop, id, [part(sizeBytes / 2, content(300_000))])
      expect(disk.usedBytes - emptyBytes).toBeLessThan(500_000)
      const before = disk.usedBytes
      const written: number[] = []
      const stop = disk.observe((changes) => {
        for (const change of changes) if (change.kind === 'put') written.push(change.value.length)
      })
      await edit(family, laptop, id, [part(sizeBytes / 2 + 100_000, content(4096))])
      stop()
      costs.push(written.reduce((sum, size) => sum + size, 0))
      await family.scheduler.run(family.scheduler.sleep(1000))
      expect(disk.usedBytes - before).toBeLessThan(20_000)
      expect(
        equal(
          await readRange(family, laptop, id, sizeBytes / 2 + 99_999, sizeBytes / 2 + 104_096),
          edited(content(300_000), [part(100_000, content(4096))]).subarray(99_999, 104_096),
        ),
      ).toBe(true)
      expect((await readRange(family, laptop, id, 0, 200_000)).every((octet) => octet === 0)).toBe(true)
      expect(await readRange(family, laptop, id, sizeBytes - 1, sizeBytes)).toEqual(Uint8Array.of(0))
    }
    // Two pages more above the one of the sector.
    expect(costs[1]! - costs[0]!).toBeLessThan(20_000)
    await expectNothingLeft(family)
  })

  test('and holes come along into an export, into another tree, and into a copy', async () => {
    const family = await Family.of(17, 'laptop')
    const [laptop] = family.lives as [Life]
    const fresh = await family.startAlone('fresh')
    const parts = [part(40 * mib, content(100_000)), part(3 * mib, content(10))]
    const ids: string[] = []
    for (const life of [laptop, fresh]) {
      const id = await family.add(life, 'sparse', content(70_000))
      await edit(family, life, id, parts, 41 * mib)
      ids.push(id)
    }
    const whole = edited(content(70_000), parts, 41 * mib)
    await family.scheduler.run(plant(fresh))
    expect(equal(await family.read(fresh, ids[1]!), whole)).toBe(true)
    const archive = await family.run(
      laptop,
      laptop.node.api.beginExport('x').then((id) => readAll(laptop.node.api, id)),
    )
    expect(archive.length).toBeLessThan(mib)
    const other = await family.startAlone('other')
    const blob = createSimBlob(archive, other.process)
    await family.run(other, other.node.api.recover('r', blob, family.words, 'Other'))
    expect(equal(await family.read(other, ids[0]!), whole)).toBe(true)
    for (const life of [fresh, other])
      expect((await family.run(life, life.node.api.storage())).usedBytes).toBeLessThan(mib)
  })

  test('of a petabyte that nobody wrote moves into another tree at once', async () => {
    const family = await Family.of(25, 'laptop')
    const fresh = await family.startAlone('fresh')
    const id = await family.add(fresh, 'sparse', content(70_000))
    await edit(family, fresh, id, [part(2 ** 49, content(1_300_000))], 2 ** 50)
    await family.scheduler.run(plant(fresh))
    expect(fresh.page.items.get(id)!.sizeBytes).toBe(2 ** 50)
    expect(equal(await readRange(family, fresh, id, 0, 70_000), content(70_000))).toBe(true)
    expect(equal(await readRange(family, fresh, id, 2 ** 49, 2 ** 49 + 1_300_000), content(1_300_000))).toBe(true)
  })

  test('begun while others of the same file are under way comes after them, and none is lost', async () => {
    const family = await Family.of(3, 'laptop')
    const [laptop] = family.lives as [Life]
    const id = await family.add(laptop, 'file', content(300_000))
    const parts = Array.from({ length: 8 }, (_, at) => part(at % 2 === 0 ? null : at * 20_000, content(1000 + at)))
    await Promise.all(parts.map((each) => edit(family, laptop, id, [each])))
    expect(named(laptop, /./)).toHaveLength(1)
    expect(equal(await family.read(laptop, id), edited(content(300_000), parts))).toBe(true)
    await expectNothingLeft(family)
  })

  test('that takes its time while there comes a new version leaves both', async () => {
    const family = await Family.of(4, 'laptop')
    const [laptop] = family.lives as [Life]
    const before = content(1_300_000)
    const id = await family.add(laptop, 'file', before)
    const late = [part(1000, content(10)), part(500_000, content(70_000))]
    const slow = (edits: readonly Edit[]): readonly Edit[] =>
      edits.map(({ startByte, content: blob }) => ({
        startByte,
        content: { size: blob.size, slice: (...range: [number, number]) => slowly(blob.slice(...range)) } as Blob,
      }))
    const slowly = (blob: Blob) => ({
      arrayBuffer: () => family.scheduler.sleep(3000).then(() => blob.arrayBuffer()),
    })
    const slowEdit = family.run(laptop, laptop.node.api.editFile('slow', id, slow(editsIn(laptop, late))))
    await Promise.all([slowEdit, family.write(laptop, id, content(500))])
    const contents = await Promise.all(named(laptop, /./).map((item) => family.read(laptop, item.id)))
    for (const wanted of [edited(before, late), content(500)])
      expect(contents.some((octets) => equal(octets, wanted))).toBe(true)
    await expectNothingLeft(family)
  })

  test('that lost its race to a new version is sealed anew for what was written, however large the file', async () => {
    const family = await Family.of(21, 'laptop')
    const [laptop] = family.lives as [Life]
    const sizeBytes = 2 ** 50
    const id = await family.add(laptop, 'file', content(100_000))
    await edit(family, laptop, id, [part(2 ** 49, content(1_300_000))], sizeBytes)
    const [{ content: blob }] = editsIn(laptop, [part(0, content(10))]) as [Edit]
    const late = {
      size: blob.size,
      slice: (...range: [number, number]) => ({
        arrayBuffer: () => family.scheduler.sleep(3000).then(() => blob.slice(...range).arrayBuffer()),
      }),
    } as unknown as Blob
    const slowEdit = family.run(laptop, laptop.node.api.editFile('slow', id, [{ startByte: 50_000, content: late }]))
    await Promise.all([slowEdit, family.write(laptop, id, content(500))])
    await family.until('both are there', () => named(laptop, /./).length === 2 && standing(laptop).keptCount === 0)
    const copy = named(laptop, /./).find((item) => item.sizeBytes === sizeBytes)!
    const start = await readRange(family, laptop, copy.id, 0, 200_000)
    expect(equal(start, edited(content(100_000), [part(50_000, content(10))], 200_000))).toBe(true)
    expect(equal(await readRange(family, laptop, copy.id, 2 ** 49, 2 ** 49 + 1_300_000), content(1_300_000))).toBe(true)
    await expectNothingLeft(family)
  })

  test('is not made to wait, and does not make others wait, by one that waits for it', async () => {
    const family = await Family.of(24, 'laptop')
    const [laptop] = family.lives as [Life]
    const id = await family.add(laptop, 'file', content(100_000))
    const parts = [part(0, content(20 * mib)), part(5, content(9))]
    const { nowMs } = family.scheduler
    await Promise.all(parts.map((each) => edit(family, laptop, id, [each])))
    // A moment for each piece of 1 MiB would be 5 s.
    expect(family.scheduler.nowMs - nowMs).toBeLessThan(3000)
    expect(equal(await family.read(laptop, id), edited(content(100_000), parts))).toBe(true)
  })

  test('that is cancelled, or can not be made, leaves all as it was', async () => {
    const family = await Family.of(5, 'laptop')
    const [laptop] = family.lives as [Life]
    const before = content(3 * mib)
    const id = await family.add(laptop, 'file', before)
    const { api } = laptop.node
    const asked = api.editFile('late', id, editsIn(laptop, [part(100, content(2 * mib))]))
    const cancelled = settle(laptop.process, asked)
    while ([...family.devices[0]!.disk.rows('staging', new Uint8Array())].length === 0)
      await family.scheduler.run(family.scheduler.sleep(1))
    await family.run(laptop, api.cancel('late'))
    expect(await family.scheduler.run(cancelled)).toMatchObject({ kind: 'failed', code: 'cancelled' })
    for (const [startByte, sizeBytes] of [
      [-1, undefined],
      [0.5, undefined],
      [2 ** 53 - 1, undefined],
      [0, -1],
      [0, 2 ** 53],
    ] as const)
      await expect(edit(family, laptop, id, [part(startByte, content(1))], sizeBytes)).rejects.toMatchObject({
        code: 'rangeWrong',
      })
    const { signer } = family.devices[0]!
    signer.brokenChance = 1
    for (const sizeBytes of [10, 2 * mib])
      await expect(edit(family, laptop, id, [part(70_000, content(sizeBytes))])).rejects.toMatchObject({
        code: 'signatureInvalid',
      })
    signer.brokenChance = 0
    const changed = { startByte: 5, content: createSimBlob(content(10), laptop.process, () => false) }
    await expect(family.run(laptop, api.editFile('gone', id, [changed]))).rejects.toMatchObject({
      name: 'NotReadableError',
    })
    expect(equal(await family.read(laptop, id), before)).toBe(true)
    await expectNothingLeft(family)
  })

  test('does not disturb who reads what was there before', async () => {
    const family = await Family.of(6, 'laptop')
    const [laptop] = family.lives as [Life]
    const id = await family.add(laptop, 'file', content(2 * mib))
    const { streamId } = await family.run(laptop, laptop.node.api.openContent(id))
    const pieces = [await family.run(laptop, laptop.node.api.nextChunk(streamId))]
    await edit(family, laptop, id, [part(2 * mib - 5, content(5))], 2 * mib - 1)
    await family.scheduler.run(family.scheduler.sleep(1000))
    pieces.push(await family.run(laptop, laptop.node.api.nextChunk(streamId)))
    expect(equal(new Uint8Array(await new Blob(pieces as Bytes[]).arrayBuffer()), content(2 * mib))).toBe(true)
    await family.run(laptop, laptop.node.api.closeContent(streamId))
    await expectNothingLeft(family)
  })
})

describe('whenever the process dies in the midst of an edit', () => {
  const before = content(400_000)
  const small = [part(70_000, content(4096)), part(null, content(100))]
  const large = [part(70_000, content(1_100_000)), part(null, content(100))]

  test.each([
    { name: 'a small one, on the device that decides', at: 0, parts: small, sizeBytes: undefined },
    { name: 'a large one, on the device that decides', at: 0, parts: large, sizeBytes: undefined },
    { name: 'one that cuts, on the device that decides', at: 0, parts: [], sizeBytes: 100_000 },
    { name: 'a small one, on another', at: 1, parts: small, sizeBytes: undefined },
    { name: 'a large one, on another', at: 1, parts: large, sizeBytes: undefined },
  ])('there is the old content or the new, and the request makes it the new once: $name', async (row) => {
    const { at, parts, sizeBytes } = row
    const after = edited(before, parts, sizeBytes)
    let isOver = false
    for (let writeCount = 0; !isOver; writeCount++) {
      const when = writeCount % 2 === 0 ? 'before' : 'after'
      const family = await Family.of(7, ...['laptop', 'phone'].slice(0, at + 1))
      const life = family.lives[at]!
      const id = await family.add(life, 'file', before)
      if (at > 0) await family.comeTogether()
      life.store.faults.crash = { writeCount, when }
      const asked = life.node.api.editFile('once', id, editsIn(life, parts), sizeBytes)
      const outcome = await family.scheduler.run(settle(life.process, asked))
      if (outcome.kind === 'done') await family.scheduler.run(family.scheduler.sleep(1000))
      isOver = life.process.isAlive
      const next = await family.restart(at)
      const found = await family.read(next, id)
      expect(equal(found, after) || (outcome.kind !== 'done' && equal(found, before))).toBe(true)
      await family.run(next, next.node.api.editFile('once', id, editsIn(next, parts), sizeBytes))
      expect(equal(await family.read(next, id), after)).toBe(true)
      if (at === 0) await expectNothingLeft(family)
      else {
        await family.comeTogether()
        for (const each of family.lives) {
          expect(named(each, /./)).toHaveLength(1)
          expect(equal(await family.read(each, id), after)).toBe(true)
        }
      }
    }
  })
})

/** Time goes by for the tree, and what is not needed any more is deleted. */
async function pass(family: Family, dayCount: number): Promise<void> {
  for (const { wall } of family.devices) wall.jump(dayCount * dayMs)
  for (const name of ['later', 'later still']) await family.add(family.lives[0]!, name, content(1))
  await family.comeTogether()
  await family.scheduler.run(family.scheduler.sleep(10_000))
}

/** Counts what large frames carry from now on. */
function counted(family: Family): () => number {
  let bulkBytes = 0
  family.network.tap = (lane, frame) => {
    if (lane === 'bulk') bulkBytes += frame.length
  }
  return () => bulkBytes
}

describe('among devices', () => {
  test('an edit of a gigabyte carries one sector and its pages, whoever makes it', async () => {
    const family = await Family.of(8, 'laptop', 'phone', 'desk')
    const id = await family.add(family.lives[0]!, 'file', content(9 * mib))
    await edit(family, family.lives[0]!, id, [part(gib - 1, Uint8Array.of(1))])
    await family.comeTogether()
    for (const [at, life] of family.lives.entries()) {
      const bulkBytes = counted(family)
      const octets = content(4096 + at)
      await edit(family, life, id, [part(5 * mib + 4096 * at, octets)])
      await family.comeTogether()
      // To each of the two others: the sector, and a page of each of three levels.
      expect(bulkBytes()).toBeGreaterThan(2 * sectorSizeBytes)
      expect(bulkBytes()).toBeLessThan(2 * (sectorSizeBytes + 3 * 7200 + 5000))
      for (const other of family.lives) {
        expect(
          equal(await readRange(family, other, id, 5 * mib + 4096 * at, 5 * mib + 4096 * at + octets.length), octets),
        ).toBe(true)
      }
    }
  })

  test('many edits carry one sector each, however far behind a device is, and it looks at little else', async () => {
    const family = await Family.of(9, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    let now = content(10 * mib)
    const id = await family.add(laptop, 'file', now)
    await family.comeTogether()
    const bulkBytes = counted(family)
    for (const isApart of [false, true]) {
      if (isApart) {
        await pass(family, 0.6)
        await family.cutOff(1)
      }
      for (let at = 0; at < 8; at++) {
        const next = part(at * mib + Number(isApart) * 500_000, content(100 + at))
        now = edited(now, [next])
        await edit(family, laptop, id, [next])
      }
    }
    let readCount = 0
    const { store } = phone
    const readMany = store.readMany.bind(store)
    store.readMany = (table, keys) => {
      readCount += keys.length
      return readMany(table, keys)
    }
    await family.comeTogether()
    expect(bulkBytes()).toBeLessThan(16 * (2 * sectorSizeBytes))
    // There are 160 sectors.
    expect(readCount).toBeLessThan(100)
    expect(equal(await family.read(phone, id), now)).toBe(true)
    // A day later nothing of the old versions is on any disk, and nothing of the newest is missing; the older ones go first.
    await pass(family, 0.6)
    expect(equal(await family.read(phone, id), now)).toBe(true)
    await pass(family, 2)
    await expectNothingLeft(family, 0)
    await expectNothingLeft(family, 1)
  })

  test('a file that comes goes on where it was when the process died, however often', async () => {
    const family = await Family.of(12, 'laptop', 'phone')
    const [laptop] = family.lives as [Life, Life]
    await family.comeTogether()
    const bulkBytes = counted(family)
    const sizeBytes = 24 * mib
    const id = await family.add(laptop, 'file', content(sizeBytes))
    const deaths = [5, 10, 15, 20]
    for (const count of deaths) {
      while (bulkBytes() < count * mib) await family.scheduler.run(family.scheduler.sleep(20))
      await family.restart(1)
    }
    await family.comeTogether()
    expect(equal(await family.read(family.lives[1]!, id), content(sizeBytes))).toBe(true)
    // What was under way when it died comes again, and nothing else.
    expect(bulkBytes()).toBeLessThan(sizeBytes + deaths.length * 2 * mib)
  })

  test('made apart is kept, shown over a restart, edited on, and merged', async () => {
    const family = await Family.of(10, 'laptop', 'phone')
    const id = await family.add(family.lives[0]!, 'file', content(500_000))
    await family.comeTogether()
    await family.cutOff(1)
    const parts = [part(65_000, content(2000)), part(null, content(3000)), part(10, content(9))]
    for (const each of parts.slice(0, 2)) await edit(family, family.lives[1]!, id, [each])
    const phone = await family.restart(1)
    await edit(family, phone, id, parts.slice(2))
    const after = edited(content(500_000), parts)
    expect(equal(await family.read(phone, id), after)).toBe(true)
    expect(phone.page.items.get(id)!.isWaiting).toBe(true)
    await family.comeTogether()
    expect(named(family.lives[0]!, /./)).toHaveLength(1)
    expect(equal(await family.read(family.lives[0]!, id), after)).toBe(true)
  })

  test('of a device that then lost all it had it fetches the last version, and says so', async () => {
    const family = await Family.of(22, 'laptop', 'phone')
    const phone = family.lives[1]!
    const parts = [part(65_000, content(2000)), part(null, content(3000)), part(10, content(9))]
    const id = await family.add(phone, 'file', content(300_000))
    for (const each of parts) await edit(family, phone, id, [each])
    await family.comeTogether()
    const fresh = await family.loseStorage(1)
    await family.until('it knows of it', () => fresh.page.items.has(id))
    await family.comeTogether()
    await family.cutOff(1)
    expect(equal(await family.read(fresh, id), edited(content(300_000), parts))).toBe(true)
  })

  test('one that is given up takes nothing from what another device made of the same file', async () => {
    const family = await Family.of(20, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const before = content(sectorSizeBytes)
    const id = await family.add(laptop, 'file', before)
    await family.comeTogether()
    // Both leave of the first page what was there, and holes.
    const theirs = [part(200 * sectorSizeBytes, content(10))]
    const ours = [part(300 * sectorSizeBytes, content(20))]
    let goOn = (): void => {}
    const held = new Promise<void>((resolve) => (goOn = resolve))
    const [{ content: blob, startByte }] = editsIn(phone, ours) as [Edit]
    const late = {
      size: blob.size,
      slice: (...range: [number, number]) => ({
        arrayBuffer: () => held.then(() => blob.slice(...range).arrayBuffer()),
      }),
    } as unknown as Blob
    const given = settle(phone.process, phone.node.api.editFile('given up', id, [{ startByte, content: late }]))
    await edit(family, laptop, id, theirs)
    await family.comeTogether()
    await family.run(phone, phone.node.api.cancel('given up'))
    goOn()
    expect(await family.scheduler.run(given)).toMatchObject({ kind: 'failed', code: 'cancelled' })
    await family.cutOff(1)
    expect(equal(await family.read(phone, id), edited(before, theirs))).toBe(true)
  })

  test('a lost race leaves both, each whole', async () => {
    const family = await Family.of(11, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const before = content(500_000)
    const id = await family.add(laptop, 'file.txt', before)
    // From here on it has another key than most of its sectors.
    const folder = await family.run(laptop, laptop.node.api.createFolder('f', laptop.page.tree.rootId, 'folder'))
    await family.run(laptop, laptop.node.api.move('m', id, folder))
    await family.comeTogether()
    await family.cutOff(1)
    const ours = [part(65_000, content(2000)), part(null, content(3000))]
    for (const each of ours) await edit(family, phone, id, [each])
    expect(equal(await family.read(phone, id), edited(before, ours))).toBe(true)
    const theirs = [part(300_000, content(70_000))]
    await edit(family, laptop, id, theirs)
    await family.comeTogether()
    for (const life of family.lives) {
      const [copy, ...others] = named(life, /\(from phone/)
      expect(others).toEqual([])
      expect(equal(await family.read(life, copy!.id), edited(before, ours))).toBe(true)
      expect(equal(await family.read(life, id), edited(before, theirs))).toBe(true)
    }
    await pass(family, 2)
    await expectNothingLeft(family, 0)
    await expectNothingLeft(family, 1)
  })
})

describe('where somebody is limited, or was removed', () => {
  test('a guest edits in its folder, and its host, for one sector each way', async () => {
    const family = await Family.of(18, 'laptop')
    const [laptop] = family.lives as [Life]
    const guest = await Guest.of(family, 'tablet')
    let now = content(3 * mib)
    const id = await family.add(guest.life, 'file', now)
    const isOnBoth = () =>
      family.until('both have it', () =>
        [laptop, guest.life].every(
          (life) => life.page.items.get(id)?.sizeBytes === now.length && standing(life).lackingCount === 0,
        ),
      )
    await isOnBoth()
    for (const [at, life] of [guest.life, laptop].entries()) {
      const bulkBytes = counted(family)
      const parts = [part(at * mib + 5, content(4096)), part(null, content(10))]
      now = edited(now, parts)
      await edit(family, life, id, parts)
      await isOnBoth()
      expect(bulkBytes()).toBeLessThan(4 * sectorSizeBytes)
      for (const each of [laptop, guest.life]) expect(equal(await family.read(each, id), now)).toBe(true)
    }
  })

  test('what is touched after a device was removed goes under a new key, and the rest can be read with it', async () => {
    const family = await Family.of(19, 'laptop', 'phone', 'desk')
    const [laptop, , desk] = family.lives as [Life, Life, Life]
    const id = await family.add(laptop, 'file', content(300_000))
    await family.comeTogether()
    const { principal } = family.lives[1]!.page.tree
    family.lives[1]!.process.kill()
    const devices = await family.run(laptop, laptop.node.api.devices())
    expect(devices.map((line) => line.principal)).toContain(principal)
    await family.run(laptop, laptop.node.api.removeDevice('gone', principal))
    const parts = [part(70_000, content(5)), part(null, content(10))]
    for (const each of parts) await edit(family, laptop, id, [each])
    await family.until('the desk has it', () => desk.page.items.get(id)!.sizeBytes === 300_010)
    for (const life of [laptop, desk])
      expect(equal(await family.read(life, id), edited(content(300_000), parts))).toBe(true)
  })
})

describe('on a device that has not the whole file', () => {
  /** A phone that has room for nothing of it. */
  async function apartFrom(seed: number, sizeBytes = 10 * mib) {
    const family = await Family.of(seed, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const before = content(sizeBytes)
    await family.run(phone, phone.node.api.setHoldQuota(500_000))
    const id = await family.add(laptop, 'file.txt', before)
    await family.until('the phone knows of it', () => phone.page.items.has(id))
    await family.scheduler.run(family.scheduler.sleep(5000))
    expect(standing(phone).lackingCount).toBe(1)
    return { family, laptop, phone, before, id }
  }

  test('an edit fetches what it touches, and the device says truly what it has', async () => {
    const { family, laptop, phone, before, id } = await apartFrom(12)
    const bulkBytes = counted(family)
    const parts = [part(5 * mib + 10, content(4096)), part(null, content(10))]
    await edit(family, phone, id, parts)
    await family.until('the laptop has it', () => laptop.page.items.get(id)!.sizeBytes === before.length + 10)
    expect(bulkBytes()).toBeLessThan(6 * sectorSizeBytes)
    expect(equal(await family.read(laptop, id), edited(before, parts))).toBe(true)
    expect(equal(await family.read(phone, id), edited(before, parts))).toBe(true)
    await family.until('one has all of it', () =>
      family.lives.every((life) => life.page.items.get(id)!.copyCount === 1),
    )
    expect(standing(phone).lackingCount).toBe(1)
  })

  test('what it lacks of what it edited comes when there is room', async () => {
    const { family, laptop, phone, before, id } = await apartFrom(16)
    const parts = [part(5 * mib + 10, content(4096))]
    await family.run(phone, phone.node.api.setHoldQuota(null))
    await edit(family, phone, id, parts)
    await family.comeTogether()
    laptop.process.kill()
    expect(equal(await family.read(phone, id), edited(before, parts))).toBe(true)
  })

  test('a new version is wholly there, and said to be', async () => {
    const { family, phone, id } = await apartFrom(13)
    await family.write(phone, id, content(200_000))
    await family.until('both have it', () => family.lives.every((life) => life.page.items.get(id)!.copyCount === 2))
    expect(standing(phone).lackingCount).toBe(0)
  })

  test('an edit without anybody to ask says so, and changes nothing', async () => {
    const { family, phone, id } = await apartFrom(14)
    await family.cutOff(1)
    await expect(edit(family, phone, id, [part(5, content(5))])).rejects.toMatchObject({ code: 'contentAway' })
    expect(standing(phone).keptCount).toBe(0)
  })

  test('an edit that lost its race becomes a whole file beside the other', async () => {
    const { family, laptop, phone, before, id } = await apartFrom(15)
    const parts = [part(5 * mib + 10, content(4096))]
    void settle(phone.process, phone.node.api.editFile('raced', id, editsIn(phone, parts)))
    while (standing(phone).keptCount === 0) await family.scheduler.run(family.scheduler.sleep(1))
    family.part(0, 1)
    await edit(family, laptop, id, [part(7, content(7))])
    family.network.heal()
    await family.untilConnected()
    await family.until('it is beside the other', () => named(laptop, /\(from phone/).length === 1)
    expect(equal(await family.read(laptop, named(laptop, /\(from phone/)[0]!.id), edited(before, parts))).toBe(true)
    expect(equal(await family.read(laptop, id), edited(before, [part(7, content(7))]))).toBe(true)
  })

  test('an edit that waits for the rest is deleted for good with its file, where its own device does that', async () => {
    const { family, laptop, phone, id } = await apartFrom(33, 600_000)
    const target = await family.run(laptop, laptop.node.api.createFolder('f', laptop.page.tree.rootId, 'target'))
    void settle(phone.process, phone.node.api.editFile('late', id, editsIn(phone, [part(300_000, content(4096))])))
    while (standing(phone).keptCount === 0) await family.scheduler.run(family.scheduler.sleep(1))
    family.part(0, 1)
    // That gives it another key.
    await family.run(laptop, laptop.node.api.move('m', id, target))
    family.rejoin(0, 1)
    while (phone.page.items.get(id)!.parentId !== target) await family.scheduler.run(family.scheduler.sleep(1))
    family.part(0, 1)
    await family.run(phone, phone.node.api.trash('t', id))
    await family.run(phone, phone.node.api.purge('p', id))
    family.network.heal()
    await family.until('it was decided', () => standing(phone).keptCount === 0)
    await family.until('both hold the same', () => standing(laptop).appliedIndex === standing(phone).appliedIndex)
    for (const life of [laptop, phone]) expect(life.page.items.has(id)).toBe(false)
    expect(named(laptop, /txt/)).toEqual([])
  })

  test('an edit that comes when nobody has the rest any more is kept apart, and said to be', async () => {
    const { family, laptop, phone, id } = await apartFrom(26)
    void settle(phone.process, phone.node.api.editFile('late', id, editsIn(phone, [part(5 * mib, content(4096))])))
    while (standing(phone).keptCount === 0) await family.scheduler.run(family.scheduler.sleep(1))
    family.part(0, 1)
    await family.scheduler.run(family.scheduler.sleep(30_000))
    await family.write(laptop, id, content(7000))
    for (const { wall } of family.devices) wall.jump(2 * dayMs)
    for (const name of ['later', 'later still']) await family.add(laptop, name, content(1))
    await family.scheduler.run(family.scheduler.sleep(10_000))
    family.network.heal()
    await family.until('it was decided', () => standing(phone).keptCount === 0)
    const [quarantined] = await family.run(phone, phone.node.api.quarantine())
    expect(quarantined).toMatchObject({ name: 'file.txt', reason: expect.stringContaining('no device has the rest') })
    expect(equal(await family.read(laptop, id), content(7000))).toBe(true)
  })

  test('a version that was being deleted as the process died is no start for the next', async () => {
    const family = await Family.of(27, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const id = await family.add(laptop, 'file', content(400_000))
    await family.comeTogether()
    await family.run(phone, phone.node.api.setHoldQuota(500_000))
    const parts = [part(null, content(200_000))]
    await edit(family, laptop, id, parts)
    await family.until('the phone knows of it', () => standing(phone).lackingCount === 1)
    phone.process.kill()
    const place = placeOf(fromHex(laptop.page.tree.treeId)!)
    const store = family.storeOf(1)
    const holdings = await family.scheduler.run(Holdings.open(store, place, fromHex(phone.page.tree.principal)!))
    const [{ block, base }] = [...holdings.lacking.values()] as [Lacking]
    const objects = [...family.devices[1]!.disk.rows('object', inPlace(place, block))]
    const sectors = objects.filter(({ value }) => value.length > sectorSizeBytes).slice(0, 2)
    const deletions = sectors.map(({ key }): Change => ({ kind: 'delete', table: 'object', key }))
    await family.scheduler.run(store.write([holdings.doomedRow({ block, body: base! }), ...deletions], 'strict'))
    const next = await family.restart(1)
    await family.run(next, next.node.api.setHoldQuota(null))
    await family.comeTogether()
    await family.cutOff(1)
    expect(equal(await family.read(next, id), edited(content(400_000), parts))).toBe(true)
  })
})
