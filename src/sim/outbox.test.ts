/**
 * What is done on a device that can not reach the others, and what becomes of it when they are there again (design §7).
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, concat, equal, keyOf } from '../core/bytes/bytes.ts'
import type { Item } from '../node/api.ts'
import { nameFrom } from '../node/names.ts'
import { heldContent } from '../node/read/read-only.ts'
import type { Platform } from '../port/platform.ts'
import { createSimBlob } from './blob.ts'
import { createSimulatedCrypto } from './crypto.ts'
import { type Life, readAll, settle } from './device.ts'
import { Random } from './random.ts'
import { Family, content, standing } from './testing/family.ts'

const dayMs = 24 * 60 * 60 * 1000

/** A laptop that decides and a phone that is cut off from it. */
async function apart(
  seed: number,
  before: (family: Family, laptop: Life, phone: Life) => Promise<void> = async () => {},
) {
  const family = await Family.of(seed, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  await before(family, laptop, phone)
  await family.comeTogether()
  await family.cutOff(1)
  const { rootId } = laptop.page.tree
  return { family, laptop, phone, rootId, nowMs: family.devices[1]!.wall.offsetMs + family.scheduler.nowMs }
}

const named = (life: Life, name: string): Item | undefined =>
  [...life.page.items.values()].find((item) => item.name === name)
const live = (life: Life): string[] =>
  [...life.page.items.values()]
    .filter(({ parentId, trashedAtMs }) => parentId !== null && trashedAtMs === null)
    .map(({ name }) => name)
    .toSorted()
const stateRoot = async (family: Family, life: Life): Promise<string> =>
  (await family.run(life, life.node.api.storage())).stateRoot

/** Both show the same, and can read it. */
async function expectSame(family: Family): Promise<void> {
  const [one, other] = family.lives as [Life, Life]
  expect(await stateRoot(family, one)).toBe(await stateRoot(family, other))
  expect(live(one)).toEqual(live(other))
  for (const { id, kind } of one.page.items.values())
    if (kind === 'file') expect(equal(await family.read(one, id), await family.read(other, id))).toBe(true)
}

/** Objects on the phone's disk that the laptop's does not have: both hold all, and old versions for a day. */
async function leftOver(family: Family): Promise<readonly string[]> {
  const [held, own] = family.devices.map(({ disk }) =>
    [...disk.rows('object', new Uint8Array())].map(({ key }) => keyOf(key)),
  )
  return own!.filter((key) => !held!.includes(key))
}

describe('a device that reaches nobody', () => {
  test('answers at once, shows, reads and exports what was done on it, over a restart, and hands it over', async () => {
    let old = ''
    const { family, laptop, phone, rootId } = await apart(1, async (family, laptop) => {
      old = await family.add(laptop, 'old', content(1000))
    })
    const sinceMs = family.scheduler.nowMs
    const folder = await family.run(phone, phone.node.api.createFolder('f', rootId, 'folder'))
    const small = await family.add(phone, 'small', content(500), folder)
    const large = await family.add(phone, 'large', content(2_200_000))
    await family.write(phone, old, content(1500))
    await family.write(phone, small, content(600))
    await family.run(phone, phone.node.api.rename('r', small, 'renamed'))
    await family.run(phone, phone.node.api.move('m', small, rootId))
    expect(family.scheduler.nowMs - sinceMs).toBeLessThan(2000)
    for (const start of [() => phone, () => family.restart(1)]) {
      const life = await start()
      expect(live(life)).toEqual(['folder', 'large', 'old', 'renamed'])
      expect(equal(await family.read(life, small), content(600))).toBe(true)
      expect(equal(await family.read(life, large), content(2_200_000))).toBe(true)
      expect(equal(await family.read(life, old), content(1500))).toBe(true)
      const exportId = await family.run(life, life.node.api.beginExport(family.request()))
      const archive = await family.run(life, readAll(life.node.api, exportId))
      const fresh = await family.startAlone(`fresh ${family.request()}`)
      const blob = createSimBlob(archive, fresh.process)
      await family.run(fresh, fresh.node.api.recover(family.request(), blob, family.words, 'Fresh', true))
      expect(live(fresh)).toEqual(live(life))
      expect(equal(await family.read(fresh, large), content(2_200_000))).toBe(true)
      expect(standing(life).keptCount).toBeGreaterThan(0)
      expect(life.page.items.get(large)!.copyCount).toBe(1)
    }
    expect(live(laptop)).toEqual(['old'])
    await family.comeTogether()
    expect(live(laptop)).toEqual(['folder', 'large', 'old', 'renamed'])
    expect(laptop.page.items.get(small)).toMatchObject({ name: 'renamed', parentId: rootId, sizeBytes: 600 })
    await family.until('both count two', () =>
      family.lives.every((life) => life.page.items.get(large)!.copyCount === 2),
    )
    await expectSame(family)
  })

  test('shows what is kept also where no node runs, and what is kept later', async () => {
    let file = ''
    const { family, phone } = await apart(17, async (family, laptop) => {
      file = await family.add(laptop, 'file', content(10))
    })
    const crypto = createSimulatedCrypto(Random.fromSeed(1))
    const open = heldContent({ store: phone.store, keys: family.devices[1]!.keys, crypto, discard: () => {} })
    const read = async (id: string): Promise<Bytes> => {
      const { pieces } = await open(id)
      const parts: Bytes[] = []
      for await (const piece of pieces) parts.push(piece)
      return concat(...parts)
    }
    for (const sizeBytes of [20, 30]) {
      await family.write(phone, file, content(sizeBytes))
      const added = await family.add(phone, `added ${sizeBytes}`, content(sizeBytes + 1))
      expect(equal(await family.scheduler.run(read(file)), content(sizeBytes))).toBe(true)
      expect(equal(await family.scheduler.run(read(added)), content(sizeBytes + 1))).toBe(true)
    }
  })

  test('loses nothing that it answered, whichever write it dies after', async () => {
    for (let writeCount = 0; writeCount < 10; writeCount++) {
      const { family, phone } = await apart(2)
      phone.store.faults.crash = { writeCount, when: 'after' }
      const kept = new Map<string, Bytes>()
      for (let at = 0; at < 6; at++) {
        const octets = content(1000 + at)
        const blob = createSimBlob(octets, phone.process)
        const asked = phone.node.api.addFile(`file ${at}`, phone.page.tree.rootId, `file ${at}`, blob)
        const outcome = await family.scheduler.run(settle(phone.process, asked))
        if (outcome.kind === 'done') kept.set(outcome.value, octets)
      }
      const again = await family.restart(1)
      for (const [id, octets] of kept) expect(equal(await family.read(again, id), octets)).toBe(true)
      await family.comeTogether()
      for (const [id, octets] of kept) expect(equal(await family.read(family.lives[0]!, id), octets)).toBe(true)
      await expectSame(family)
    }
  })

  test('knows after a restart what its deeds were done over, though nobody is there to say so', async () => {
    const family = await Family.of(18, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const file = await family.add(laptop, 'new', content(10))
    await family.until('the phone has it', () => phone.page.items.get(file)?.copyCount === 2)
    laptop.process.kill()
    await family.write(phone, file, content(20))
    const next = await family.restart(1)
    expect(live(next)).toEqual(['new'])
    expect(equal(await family.read(next, file), content(20))).toBe(true)
    await family.restart(0)
    await family.comeTogether()
    expect(live(family.lives[0]!)).toEqual(['new'])
    await expectSame(family)
  })

  test('answers a request that is repeated with the same id, also after a restart and after it was taken', async () => {
    const { family, phone, rootId } = await apart(3)
    const first = await family.run(phone, phone.node.api.createFolder('again', rootId, 'once'))
    expect(await family.run(phone, phone.node.api.createFolder('again', rootId, 'once'))).toBe(first)
    const next = await family.restart(1)
    expect(await family.run(next, next.node.api.createFolder('again', rootId, 'once'))).toBe(first)
    await family.comeTogether()
    expect(await family.run(next, next.node.api.createFolder('again', rootId, 'once'))).toBe(first)
    expect(live(next)).toEqual(['once'])
  })

  test('keeps nothing that it could not write, and says so', async () => {
    const { family, phone, rootId } = await apart(24)
    phone.store.faults.fullChance = 1
    const asked = family.run(phone, phone.node.api.createFolder('full', rootId, 'full'))
    await expect(asked).rejects.toMatchObject({ code: 'storeFull' })
    phone.store.faults.fullChance = 0
    expect(standing(phone).keptCount).toBe(0)
    await family.run(phone, phone.node.api.createFolder('not full', rootId, 'not full'))
    await family.comeTogether()
    expect(live(phone)).toEqual(['not full'])
    await expectSame(family)
  })

  test('finishes a move that began apart', async () => {
    let target = ''
    let folder = ''
    const { family, laptop, phone } = await apart(4, async (family, laptop) => {
      const { api } = laptop.node
      const { rootId } = laptop.page.tree
      target = await family.run(laptop, api.createFolder('t', rootId, 'target'))
      folder = await family.run(laptop, api.createFolder('f', rootId, 'folder'))
      for (const at of [1, 2, 3]) await family.add(laptop, `file ${at}`, content(at), folder)
    })
    await family.run(phone, phone.node.api.move('m', folder, target))
    expect(phone.page.items.get(folder)!.parentId).toBe(target)
    await family.comeTogether()
    await family.until('all is re-keyed', () => phone.page.jobs.size === 0 && standing(phone).keptCount === 0)
    await family.comeTogether()
    // Nothing is left to be finished: who starts now begins no such work.
    const next = await family.restart(0)
    expect(next.page.jobs.size).toBe(0)
    expect(laptop.page.items.get(folder)!.parentId).toBe(target)
    await expectSame(family)
  })
})

describe('a device that reaches the others', () => {
  test('gives what brings no body while it is still being written here, and once only, though it dies before', async () => {
    const family = await Family.of(23, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const { rootId } = phone.page.tree
    const rowCount = (): number => [...family.devices[1]!.disk.rows('outbox', new Uint8Array())].length
    const before = rowCount()
    phone.store.faults.slowness = 1000
    void settle(phone.process, phone.node.api.createFolder('early', rootId, 'early'))
    await family.until('the laptop has it', () => named(laptop, 'early') !== undefined)
    expect(rowCount()).toBe(before)
    const next = await family.restart(1)
    const id = await family.run(next, next.node.api.createFolder('early', rootId, 'early'))
    await family.comeTogether()
    expect(live(laptop)).toEqual(['early'])
    expect(named(laptop, 'early')!.id).toBe(id)
    await expectSame(family)
  })
})

describe('a lost race', () => {
  test('over a content gives two files; nothing is overwritten', async () => {
    let file = ''
    const { family, laptop, phone, nowMs } = await apart(5, async (family, laptop) => {
      file = await family.add(laptop, 'report.txt', content(100))
    })
    await family.write(phone, file, content(201))
    await family.write(phone, file, content(202))
    await family.write(laptop, file, content(300))
    await family.comeTogether()
    const copy = nameFrom('report.txt', 'phone', nowMs)
    expect(live(laptop)).toEqual([copy, 'report.txt'].toSorted())
    expect(equal(await family.read(laptop, file), content(300))).toBe(true)
    // The first of its two versions had been replaced by the second, knowingly.
    expect(equal(await family.read(laptop, named(laptop, copy)!.id), content(202))).toBe(true)
    await expectSame(family)
  })

  test('of two versions, of which the later was not written over the earlier, leaves both', async () => {
    let file = ''
    const { family, laptop, phone } = await apart(22, async (family, laptop) => {
      file = await family.add(laptop, 'report.txt', content(100))
    })
    // At once, so that what was seen before is the same.
    await Promise.all([family.write(phone, file, content(201)), family.write(phone, file, content(202))])
    await family.write(laptop, file, content(300))
    await family.comeTogether()
    const sizes = [...laptop.page.items.values()]
      .filter(({ kind }) => kind === 'file')
      .map(({ sizeBytes }) => sizeBytes)
    expect(sizes.toSorted((one, other) => one - other)).toEqual([201, 202, 300])
    await expectSame(family)
  })

  test('of two versions by one device, neither of which was written over the other, leaves both', async () => {
    let file = ''
    const { family, laptop, phone } = await apart(25, async (family, laptop) => {
      file = await family.add(laptop, 'report.txt', content(100))
    })
    await Promise.all([family.write(phone, file, content(201)), family.write(phone, file, content(202))])
    await family.comeTogether()
    const sizes = [...laptop.page.items.values()].map(({ sizeBytes }) => sizeBytes).filter((sizeBytes) => sizeBytes > 0)
    expect(sizes.toSorted((one, other) => one - other)).toEqual([201, 202])
    await expectSame(family)
  })

  test('over a content that is deleted for good meanwhile leaves a file', async () => {
    let file = ''
    const { family, laptop, phone } = await apart(6, async (family, laptop) => {
      file = await family.add(laptop, 'report.txt', content(100))
    })
    await family.write(phone, file, content(200))
    await family.run(laptop, laptop.node.api.trash('t', file))
    await family.run(laptop, laptop.node.api.purge('p', file))
    await family.comeTogether()
    const [only] = live(laptop)
    expect(only).toMatch(/^report \(from phone, .+\)\.txt$/)
    expect(equal(await family.read(laptop, named(laptop, only!)!.id), content(200))).toBe(true)
    await expectSame(family)
  })

  test('over a content that was taken in the trash, and deleted for good before it came back, leaves a file', async () => {
    let file = ''
    const { family, laptop, phone } = await apart(20, async (family, laptop) => {
      file = await family.add(laptop, 'report.txt', content(100))
    })
    await family.write(phone, file, content(200))
    await family.run(laptop, laptop.node.api.trash('t', file))
    family.network.heal()
    while (laptop.page.items.get(file)!.sizeBytes === 100) await family.scheduler.run(family.scheduler.sleep(1))
    family.part(0, 1)
    await family.run(laptop, laptop.node.api.purge('p', file))
    await family.comeTogether()
    const [only] = live(laptop)
    expect(only).toMatch(/^report \(from phone, .+\)\.txt$/)
    expect(equal(await family.read(laptop, named(laptop, only!)!.id), content(200))).toBe(true)
    await expectSame(family)
  })

  test('for a name gives two names, of files and folders', async () => {
    const { family, laptop, phone, rootId, nowMs } = await apart(7)
    for (const [at, life] of [laptop, phone].entries()) {
      await family.add(life, 'same.txt', content(10 + at))
      await family.run(life, life.node.api.createFolder(`folder ${at}`, rootId, 'same'))
    }
    await family.comeTogether()
    const names = ['same', 'same.txt', nameFrom('same', 'phone', nowMs), nameFrom('same.txt', 'phone', nowMs)]
    expect(live(laptop)).toEqual(names.toSorted())
    expect(equal(await family.read(laptop, named(laptop, 'same.txt')!.id), content(10))).toBe(true)
    await expectSame(family)
  })

  test('of a rename takes both: the later name, and the other’s content', async () => {
    let file = ''
    const { family, laptop, phone } = await apart(8, async (family, laptop) => {
      file = await family.add(laptop, 'first', content(100))
    })
    await family.run(phone, phone.node.api.rename('r1', file, 'by phone'))
    await family.write(laptop, file, content(300))
    await family.run(laptop, laptop.node.api.rename('r2', file, 'by laptop'))
    await family.comeTogether()
    expect(live(laptop)).toEqual(['by phone'])
    expect(laptop.page.items.get(file)).toMatchObject({ sizeBytes: 300 })
    await expectSame(family)
  })

  test.each(['phone', 'laptop'] as const)('of a deletion at the %s is won by who wrote', async (deleter) => {
    let file = ''
    let folder = ''
    const { family, laptop, phone } = await apart(9, async (family, laptop) => {
      file = await family.add(laptop, 'file', content(100))
      folder = await family.run(laptop, laptop.node.api.createFolder('f', laptop.page.tree.rootId, 'folder'))
      await family.add(laptop, 'inside', content(50), folder)
      await family.add(laptop, 'untouched', content(51))
    })
    const [deletes, writes] = deleter === 'phone' ? [phone, laptop] : [laptop, phone]
    const untouched = named(deletes, 'untouched')!.id
    const inside = named(deletes, 'inside')!.id
    for (const id of [file, folder, untouched]) await family.run(deletes, deletes.node.api.trash(`t ${id}`, id))
    if (deleter === 'phone') await family.run(deletes, deletes.node.api.purge('p', null))
    await family.write(writes, file, content(200))
    await family.write(writes, inside, content(60))
    await family.comeTogether()
    expect(laptop.page.items.get(file)).toMatchObject({ sizeBytes: 200, trashedAtMs: null })
    expect(live(laptop)).toContain('inside')
    expect(live(laptop)).not.toContain('untouched')
    // What was written is nowhere below a folder that is in the trash.
    const parent = laptop.page.items.get(laptop.page.items.get(inside)!.parentId!)!
    expect(parent.trashedAtMs).toBeNull()
    await expectSame(family)
  })

  test('of a deletion for good is won by who brought it back and wrote, though it is in the trash again', async () => {
    let file = ''
    const { family, laptop, phone } = await apart(34, async (family, laptop) => {
      file = await family.add(laptop, 'file', content(100))
      await family.run(laptop, laptop.node.api.trash('t', file))
    })
    await family.run(phone, phone.node.api.purge('p', file))
    await family.run(laptop, laptop.node.api.restore('r', file))
    await family.write(laptop, file, content(300))
    await family.run(laptop, laptop.node.api.trash('t2', file))
    await family.comeTogether()
    expect(laptop.page.items.get(file)).toMatchObject({ sizeBytes: 300, trashedAtMs: expect.any(Number) })
    await expectSame(family)
  })

  test('for the name of a deleted file that comes back, since another wrote it, gives two names', async () => {
    const family = await Family.of(27, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const nowMs = family.devices[1]!.wall.offsetMs + family.scheduler.nowMs
    const file = await family.add(laptop, 'report.txt', content(100))
    await family.until('the phone has it', () => phone.page.items.get(file)?.copyCount === 2)
    family.network.block(family.transport(1), family.transport(0))
    void settle(phone.process, phone.node.api.trash(family.request(), file))
    await family.write(laptop, file, content(200))
    await family.until('the phone knows', () => phone.page.items.get(file)!.sizeBytes === 200)
    await family.add(phone, 'report.txt', content(300))
    await family.comeTogether()
    expect(live(laptop)).toEqual([nameFrom('report.txt', 'phone', nowMs), 'report.txt'].toSorted())
    expect(equal(await family.read(laptop, file), content(200))).toBe(true)
    await expectSame(family)
  })

  test('against the deletion of a folder puts what was made in it into the nearest one that is left', async () => {
    let outer = ''
    let inner = ''
    const { family, laptop, phone } = await apart(10, async (family, laptop) => {
      outer = await family.run(laptop, laptop.node.api.createFolder('o', laptop.page.tree.rootId, 'outer'))
      inner = await family.run(laptop, laptop.node.api.createFolder('i', outer, 'inner'))
    })
    const made = await family.add(phone, 'made', content(70), inner)
    await family.run(phone, phone.node.api.createFolder('n', inner, 'new folder'))
    await family.run(laptop, laptop.node.api.trash('t', inner))
    await family.comeTogether()
    expect(laptop.page.items.get(made)).toMatchObject({ parentId: outer, trashedAtMs: null })
    expect(named(laptop, 'new folder')).toMatchObject({ parentId: outer, trashedAtMs: null })
    await family.cutOff(1)
    const late = await family.add(phone, 'late', content(80), outer)
    await family.run(laptop, laptop.node.api.trash('t2', outer))
    await family.run(laptop, laptop.node.api.purge('p2', null))
    await family.comeTogether()
    expect(laptop.page.items.get(late)).toMatchObject({ parentId: laptop.page.tree.rootId })
    expect(equal(await family.read(laptop, late), content(80))).toBe(true)
    await expectSame(family)
  })

  test('of two folders that were moved into each other leaves both', async () => {
    let one = ''
    let other = ''
    const { family, laptop, phone } = await apart(11, async (family, laptop) => {
      one = await family.run(laptop, laptop.node.api.createFolder('1', laptop.page.tree.rootId, 'one'))
      other = await family.run(laptop, laptop.node.api.createFolder('2', laptop.page.tree.rootId, 'other'))
    })
    await family.run(phone, phone.node.api.move('m1', one, other))
    await family.run(laptop, laptop.node.api.move('m2', other, one))
    await family.comeTogether()
    expect(laptop.page.items.get(other)).toMatchObject({ parentId: one })
    expect(laptop.page.items.get(one)).toMatchObject({ parentId: laptop.page.tree.rootId })
    await expectSame(family)
  })

  test('for a key: what was written under the key of a move that was made anew is sealed anew', async () => {
    let file = ''
    let target = ''
    const { family, laptop, phone } = await apart(12, async (family, laptop) => {
      file = await family.add(laptop, 'file', content(100))
      target = await family.run(laptop, laptop.node.api.createFolder('t', laptop.page.tree.rootId, 'target'))
    })
    await family.run(phone, phone.node.api.move('m', file, target))
    await family.write(phone, file, content(2_200_000))
    const other = await family.run(laptop, laptop.node.api.createFolder('o', laptop.page.tree.rootId, 'other'))
    await family.run(laptop, laptop.node.api.move('n', file, other))
    await family.comeTogether()
    expect(laptop.page.items.get(file)).toMatchObject({ parentId: target, sizeBytes: 2_200_000 })
    expect(equal(await family.read(laptop, file), content(2_200_000))).toBe(true)
    await expectSame(family)
  })

  /** What the phone has written waits to be sealed under another key, so that it shows what was there before. */
  async function waiting(seed: number) {
    let file = ''
    let target = ''
    const at = await apart(seed, async (family, laptop) => {
      file = await family.add(laptop, 'file', content(100))
      target = await family.run(laptop, laptop.node.api.createFolder('t', laptop.page.tree.rootId, 'target'))
    })
    const { family, laptop, phone } = at
    await family.write(phone, file, content(200))
    await family.run(laptop, laptop.node.api.move('m', file, target))
    family.network.heal()
    while (phone.page.items.get(file)!.sizeBytes !== 100) await family.scheduler.run(family.scheduler.sleep(1))
    return { ...at, file, target }
  }

  test('for a key: what waits to be sealed anew when its own device deletes the file is deleted with it', async () => {
    const { family, laptop, phone, file } = await waiting(32)
    await family.run(phone, phone.node.api.trash('d', file))
    await family.comeTogether()
    for (const life of [laptop, phone])
      expect(life.page.items.get(file)).toMatchObject({ sizeBytes: 200, trashedAtMs: expect.any(Number) })
    expect(live(laptop)).toEqual(['target'])
    await expectSame(family)
  })

  test('for a key: where another device wrote as well what was deleted comes back with that', async () => {
    const { family, laptop, phone, file, target, nowMs } = await waiting(33)
    family.part(0, 1)
    await family.run(phone, phone.node.api.trash('d', file))
    await family.write(laptop, file, content(300))
    await family.comeTogether()
    expect(laptop.page.items.get(file)).toMatchObject({ parentId: target, sizeBytes: 300, trashedAtMs: null })
    const copy = nameFrom('file', 'phone', nowMs)
    expect(live(laptop)).toEqual(['file', copy, 'target'])
    expect(equal(await family.read(laptop, named(laptop, copy)!.id), content(200))).toBe(true)
    await expectSame(family)
  })

  test('for a key: what was made in a folder after a move that comes too late by a moment can be read', async () => {
    for (let delayMs = 0; delayMs < 80; delayMs += 4) {
      let folder = ''
      let home = ''
      const { family, laptop, phone } = await apart(31, async (family, laptop) => {
        const { rootId } = laptop.page.tree
        folder = await family.run(laptop, laptop.node.api.createFolder(family.request(), rootId, 'folder'))
        home = await family.run(laptop, laptop.node.api.createFolder(family.request(), rootId, 'home'))
      })
      await family.run(phone, phone.node.api.move(family.request(), folder, home))
      await family.run(phone, phone.node.api.createFolder(family.request(), folder, 'created'))
      expect(live(phone)).toEqual(['created', 'folder', 'home'])
      family.network.heal()
      const isMet = (): boolean => standing(laptop).peers.every(({ path }) => path !== null)
      while (!isMet()) await family.scheduler.run(family.scheduler.sleep(1))
      await family.scheduler.run(family.scheduler.sleep(delayMs))
      await family.run(laptop, laptop.node.api.move(family.request(), folder, home))
      await family.comeTogether()
      expect(live(laptop)).toEqual(['created', 'folder', 'home'])
      await expectSame(family)
    }
  })
})

test('nothing is lost and nothing left over, whichever write a device dies after while it hands over what lost its race', async () => {
  for (let writeCount = 0; writeCount < 14; writeCount++) {
    let file = ''
    const { family, laptop, phone } = await apart(19, async (family, laptop) => {
      file = await family.add(laptop, 'file', content(100))
    })
    await family.write(phone, file, content(1_200_000))
    await family.add(phone, 'same', content(30))
    await family.write(laptop, file, content(200))
    await family.add(laptop, 'same', content(40))
    phone.store.faults.crash = { writeCount, when: 'after' }
    family.network.heal()
    await family.scheduler.run(family.scheduler.sleep(30_000))
    await family.restart(1)
    await family.comeTogether()
    const files = [...laptop.page.items.values()].filter(({ kind }) => kind === 'file')
    const contents = await Promise.all(files.map(({ id }) => family.read(laptop, id)))
    expect(contents.map((octets) => octets.length).toSorted((one, other) => one - other)).toEqual([
      30, 40, 200, 1_200_000,
    ])
    await expectSame(family)
    await family.scheduler.run(family.scheduler.sleep(60_000))
    expect(await leftOver(family), `after ${writeCount} writes`).toEqual([])
  }
}, 120_000)

describe('what the tree refuses for good', () => {
  /** The phone has done something when its permission ends. */
  async function expired(seed: number) {
    let file = ''
    const all = await apart(seed, async (family, laptop) => {
      file = await family.add(laptop, 'file', content(10))
    })
    const { family, phone } = all
    await family.add(phone, 'late', content(90))
    await family.write(phone, file, content(2_200_000))
    for (const device of family.devices) device.wall.jump(366 * dayMs)
    await family.comeTogether()
    const { quarantine } = phone.node.api
    return { ...all, file, lines: await family.run(phone, quarantine()) }
  }

  test('is kept in quarantine, told of, and read there, over a restart', async () => {
    const { family, laptop, phone, file, lines } = await expired(13)
    expect(live(laptop)).toEqual(['file'])
    expect(live(phone)).toEqual(['file'])
    expect(equal(await family.read(phone, file), content(10))).toBe(true)
    expect(phone.page.tree.quarantinedCount).toBe(2)
    expect(lines).toMatchObject([
      { deed: 'addFile', name: 'late', sizeBytes: 90 },
      { deed: 'writeFile', name: 'file', sizeBytes: 2_200_000 },
    ])
    expect(lines[0]!.reason).toMatch(/permission/)
    const next = await family.restart(1)
    // What the tree refused is swept away at the next start, unless it is needed here.
    await family.scheduler.run(family.scheduler.sleep(60_000))
    expect(await family.run(next, next.node.api.quarantine())).toEqual(lines)
    expect(equal(await family.read(next, lines[0]!.id), content(90))).toBe(true)
    expect(equal(await family.read(next, lines[1]!.id), content(2_200_000))).toBe(true)
  })

  test('comes back there where it is tried in vain', async () => {
    const { family, phone, lines } = await expired(14)
    await family.run(phone, phone.node.api.retryQuarantined(lines[0]!.id))
    await family.comeTogether()
    expect((await family.run(phone, phone.node.api.quarantine())).map(({ name }) => name)).toEqual(['file', 'late'])
    // Nor is anything new taken, and that is said at once.
    await expect(family.add(phone, 'later', content(91))).rejects.toMatchObject({ code: 'writecapExpired' })
  })

  test('is taken where nothing is against it any more', async () => {
    let folder = ''
    const { family, laptop, phone, rootId } = await apart(16, async (family, laptop) => {
      folder = laptop.page.tree.rootId
      for (let depth = 1; depth < 64; depth++)
        folder = await family.run(laptop, laptop.node.api.createFolder(`${depth}`, folder, `${depth}`))
    })
    const file = await family.add(phone, 'deep', content(92), folder)
    const lowest = named(laptop, '1')!.id
    const beside = await family.run(laptop, laptop.node.api.createFolder('b', rootId, 'beside'))
    await family.run(laptop, laptop.node.api.move('m', lowest, beside))
    await family.comeTogether()
    const [line] = await family.run(phone, phone.node.api.quarantine())
    expect(line).toMatchObject({ deed: 'addFile', name: 'deep' })
    expect(live(laptop)).not.toContain('deep')
    await family.run(laptop, laptop.node.api.move('back', lowest, rootId))
    await family.comeTogether()
    await family.run(phone, phone.node.api.retryQuarantined(line!.id))
    await family.comeTogether()
    expect(phone.page.tree.quarantinedCount).toBe(0)
    expect(equal(await family.read(laptop, file), content(92))).toBe(true)
    await expectSame(family)
  })

  test('is gone when it is given up, and leaves nothing behind', async () => {
    const { family, phone, lines } = await expired(15)
    for (const { id } of lines) await family.run(phone, phone.node.api.discardQuarantined(id))
    expect(await family.run(phone, phone.node.api.quarantine())).toEqual([])
    await expect(family.run(phone, phone.node.api.discardQuarantined(lines[0]!.id))).rejects.toMatchObject({
      code: 'itemGone',
    })
    await family.scheduler.run(family.scheduler.sleep(60_000))
    const objects = [...family.devices[1]!.disk.rows('object', new Uint8Array())]
    const held = [...family.devices[0]!.disk.rows('object', new Uint8Array())]
    expect(objects.length).toBe(held.length)
  })
})

const emptyIn = ({ process }: Life) => createSimBlob(content(0), process)
const keepsNoLog = (platform: Platform): Platform => ({ ...platform, keptEntryCount: 0 })

test.each([
  ['folder', (life: Life) => life.node.api.createFolder('new', life.page.tree.rootId, 'new')],
  ['empty file', (life: Life) => life.node.api.addFile('new', life.page.tree.rootId, 'new', emptyIn(life))],
])(
  'a new %s that was taken and deleted for good stays so, though its device is given the state whole',
  async (_, make) => {
    const family = await (await Family.of(31, 'other')).beside(['laptop', 'phone'], keepsNoLog)
    const [laptop, phone] = family.lives as [Life, Life]
    await family.comeTogether()
    const made = family.run(phone, make(phone))
    while (named(laptop, 'new') === undefined) await family.scheduler.run(family.scheduler.sleep(1))
    family.network.block(family.transport(0), family.transport(1))
    expect(standing(phone).keptCount).toBe(1)
    await made
    const { id } = named(laptop, 'new')!
    await family.run(laptop, laptop.node.api.trash('t', id))
    await family.run(laptop, laptop.node.api.purge('p', id))
    await family.until('the phone is away', () => standing(laptop).peers.every(({ path }) => path === null))
    for (let change = 0; change < 3; change++)
      await family.run(laptop, laptop.node.api.createFolder(`c${change}`, laptop.page.tree.rootId, `later ${change}`))
    // Long enough for a checkpoint.
    await family.scheduler.run(family.scheduler.sleep(10_000))
    await family.comeTogether()
    for (const life of [laptop, phone]) expect(live(life)).toEqual(['later 0', 'later 1', 'later 2'])
  },
)

test(
  'what came of a long content waits for the rest, though its device is away for more than an hour',
  { timeout: 180_000 },
  async () => {
    const family = await Family.of(41, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await family.comeTogether()
    family.network.linkBetween(family.transport(1), family.transport(0)).bytesPerMs = 200
    const there = (): number => [...family.devices[0]!.disk.rows('object', new Uint8Array())].length
    const before = there()
    const adding = family.add(phone, 'film', content(40 * 65_536))
    await family.until('some of it has come', () => there() >= before + 10)
    await family.cutOff(1)
    const half = there()
    await family.scheduler.run(family.scheduler.sleep(70 * 60_000))
    expect(there()).toBeGreaterThanOrEqual(half)
    await family.comeTogether()
    const id = await adding
    await family.until('it is taken', () => standing(phone).keptCount === 0)
    expect(await family.read(laptop, id)).toEqual(content(40 * 65_536))
  },
)
