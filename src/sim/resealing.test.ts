/**
 * Old contents under new keys after a removal, where their owner wants that: on every disk, whoever dies meanwhile, and never in the
 * way of whoever writes.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, equal, fromHex, toHex } from '../core/bytes/bytes.ts'
import { sealedSectors } from '../core/block/block.ts'
import { entries } from '../core/merkle/merkle.ts'
import { type TreeState, accessOf, keys, owesKey, rowKind } from '../core/tree/tree.ts'
import { placeOf } from '../node/own-tree.ts'
import { placePrefix } from '../node/place.ts'
import { bodyOf, walk } from '../node/read/content.ts'
import { scanAll } from '../node/read/scan.ts'
import { createSimBlob } from './blob.ts'
import type { Life } from './device.ts'
import { Random } from './random.ts'
import { Family, content, standing } from './testing/family.ts'
import { isOpenedBy, keysWithin, stateOf } from './testing/knowledge.ts'

const nothingLeft = { fileCount: 0, sizeBytes: 0, objectCount: 0, awayCount: 0, seconds: 0 }
const preview = (family: Family, life: Life) => family.run(life, life.node.api.previewResealing())

/** Puts a device out, until all others have their new keys. */
async function remove(family: Family, by: Life, at: number): Promise<void> {
  const gone = family.lives[at]!
  await family.run(by, by.node.api.removeDevice(family.request(), gone.page.tree.principal))
  await family.until('it hears of it', () => gone.page.tree.removed !== null)
  // Else a content may be sealed for a key that another device gives meanwhile, and be staged for a day.
  while (owedCount(await stateOf(family, by)) > 0) await family.scheduler.run(family.scheduler.sleep(1000))
}

const owedCount = (state: TreeState): number =>
  [...entries(state.map, Uint8Array.of(rowKind.access))].filter(([row]) => owesKey(state, row.slice(1))).length

/** @returns how often it was asked what is left */
async function resealAll(family: Family, life: Life): Promise<number> {
  await family.run(life, life.node.api.reseal(family.request()))
  for (let askedCount = 1; ; askedCount++) {
    if (!(await preview(family, life)).isWanted) return askedCount
    if (askedCount > 600) throw new Error('it never came to an end')
    await family.scheduler.run(family.scheduler.sleep(1000))
  }
}

/** @returns how many objects have been read since, of what lies on the disk of a device */
function readsOf({ store }: Life): () => number {
  let readCount = 0
  const readMany = store.readMany.bind(store)
  store.readMany = (table, keys) => {
    if (table === 'object') readCount += keys.length
    return readMany(table, keys)
  }
  return () => readCount
}

/** All that is sealed on a disk. */
function objectsOn(family: Family, { store, page }: Life): Promise<ReadonlySet<string>> {
  const found = async (): Promise<ReadonlySet<string>> => {
    const names = new Set<string>()
    const prefix = placePrefix(placeOf(fromHex(page.tree.treeId)!))
    for await (const { key } of scanAll(store, 'object', prefix)) names.add(toHex(key.slice(prefix.length)))
    return names
  }
  return family.scheduler.run(found())
}

/** Blocks of which something in force lies under an earlier key than theirs. */
function oldIn(family: Family, life: Life, state: TreeState): Promise<readonly string[]> {
  const reading = { store: life.store, place: placeOf(fromHex(life.page.tree.treeId)!) }
  const found = async (): Promise<readonly string[]> => {
    const old: string[] = []
    for (const [key] of entries(state.map, keys.contents)) {
      const block = key.slice(1)
      for await (const sectors of walk(reading, block, sealedSectors(bodyOf(state, block)!)))
        for (const { leaf } of sectors)
          if (leaf !== null && leaf.keyEpoch < accessOf(state, block)!.fields.keyEpoch) old.push(toHex(block))
    }
    return old
  }
  return family.scheduler.run(found())
}

/** @param sealedBefore all that lay on the disks under keys that somebody knows who was put out */
async function expectClean(family: Family, sealedBefore: ReadonlySet<string>, ...lives: readonly Life[]) {
  await family.until('all hold the same', () =>
    lives.every((life) => {
      const { appliedIndex, keptCount, lackingCount } = standing(life)
      return appliedIndex === standing(lives[0]!).appliedIndex && keptCount + lackingCount === 0
    }),
  )
  await passDay(family, lives[0]!)
  await family.until('all have that too', () => {
    const [first, ...others] = lives.map((life) => standing(life).appliedIndex)
    return others.every((index) => index === first)
  })
  // What was replaced is swept a moment later.
  await family.scheduler.run(family.scheduler.sleep(2000))
  for (const life of lives) {
    expect(await oldIn(family, life, await stateOf(family, life))).toEqual([])
    expect([...(await objectsOn(family, life))].filter((name) => sealedBefore.has(name))).toEqual([])
  }
}

/** Older versions are kept for a day. */
async function passDay(family: Family, life: Life): Promise<void> {
  for (const { wall } of family.devices) wall.jump(25 * 60 * 60 * 1000)
  await family.add(life, 'a day later', content(5))
}

/** Three devices of which the phone is put out, and the files of all three. */
async function withRemoval(seed: number) {
  const family = await Family.of(seed, 'laptop', 'phone', 'desk')
  const [laptop, phone, desk] = family.lives as [Life, Life, Life]
  const folder = await family.run(laptop, laptop.node.api.createFolder('f', laptop.page.tree.rootId, 'folder'))
  const files = new Map<string, Bytes>()
  for (const [name, sizeBytes, parent] of [
    ['large', 1_300_000, folder],
    ['small', 900, folder],
    ['top', 70_000, laptop.page.tree.rootId],
  ] as const)
    files.set(await family.add(laptop, name, content(sizeBytes), parent), content(sizeBytes))
  await family.comeTogether()
  const before = await keysWithin(family, 1, await stateOf(family, phone), new Map())
  const sealedBefore = new Set([...(await objectsOn(family, laptop)), ...(await objectsOn(family, desk))])
  return { family, laptop, phone, desk, files, before, sealedBefore }
}

describe('old contents', () => {
  test('are sealed anew on every device, and what was replaced is gone at once', async () => {
    const { family, laptop, desk, files, before, sealedBefore } = await withRemoval(1)
    expect(await preview(family, laptop)).toMatchObject(nothingLeft)
    await remove(family, laptop, 1)
    const [large] = files.keys()
    const { modifiedAtMs } = laptop.page.items.get(large!)!
    const cost = await preview(family, laptop)
    expect(cost).toMatchObject({ fileCount: 3, sizeBytes: 1_370_900, isWanted: false })
    expect(cost.objectCount).toBe(20 + 1 + 1 + 1 + 2 + 1)
    expect(cost.seconds).toBeGreaterThan(0)

    await resealAll(family, laptop)
    await expectClean(family, sealedBefore, laptop, desk)
    expect(await preview(family, laptop)).toMatchObject({ ...nothingLeft, isWanted: false })
    const state = await stateOf(family, laptop)
    const found = await keysWithin(family, 1, state, before)
    for (const [id, octets] of files) {
      expect(await family.scheduler.run(isOpenedBy(found, laptop, state, id))).toMatchObject({ isContentOpen: false })
      for (const life of [laptop, desk]) expect(equal(await family.read(life, id), octets)).toBe(true)
    }
    // Nobody wrote anything.
    for (const life of [laptop, desk]) expect(life.page.items.get(large!)).toMatchObject({ modifiedAtMs, copyCount: 2 })
  })

  test('that were found clean are not looked at again, until they are others or owe another key', async () => {
    const { family, laptop, desk, files } = await withRemoval(8)
    const [large] = files.keys()
    await remove(family, laptop, 1)
    await family.comeTogetherWithout(1)
    await family.cutOff(2)
    const edit = { startByte: 70_000, content: createSimBlob(content(100), desk.process) }
    await family.run(desk, desk.node.api.editFile(family.request(), large!, [edit]))
    await resealAll(family, laptop)
    const readCount = readsOf(laptop)
    const previewCount = await resealAll(family, laptop)
    // Whoever asks what it costs looks at the one page of each, and so does who begins.
    expect(readCount()).toBe(files.size * (previewCount + 1))

    // It was made over what was there before, of which it has most.
    family.network.heal()
    await family.comeTogetherWithout(1)
    expect(await preview(family, laptop)).toMatchObject({ fileCount: 1 })
    await resealAll(family, laptop)
    expect(await preview(family, laptop)).toMatchObject(nothingLeft)
    await remove(family, laptop, 2)
    expect(await preview(family, laptop)).toMatchObject({ fileCount: files.size })
    await resealAll(family, laptop)
    expect(await preview(family, laptop)).toMatchObject(nothingLeft)
  })

  test('by a device that does not decide, and with the link and the trash', async () => {
    const { family, laptop, desk, files, sealedBefore } = await withRemoval(2)
    const [large, small] = files.keys()
    const { rootId } = laptop.page.tree
    const link = await family.run(laptop, laptop.node.api.addLink('l', rootId, 'link', large!))
    await family.run(laptop, laptop.node.api.trash('t', small!))
    await family.comeTogether()
    await remove(family, laptop, 1)
    await resealAll(family, desk)
    await expectClean(family, sealedBefore, laptop, desk)
    expect(await family.run(laptop, laptop.node.api.followLink(link))).toBe(large)
    await family.run(laptop, laptop.node.api.restore('r', small!))
    expect(equal(await family.read(desk, small!), content(900))).toBe(true)
  })

  test('whoever dies meanwhile, at whatever write', async () => {
    const { family, desk, files, sealedBefore } = await withRemoval(3)
    const random = Random.fromSeed(3)
    await remove(family, family.lives[0]!, 1)
    await family.run(family.lives[0]!, family.lives[0]!.node.api.reseal('r'))
    let unfinishedCount = 0
    for (let kills = 0; kills < 8; kills++) {
      const { process, store, page } = family.lives[0]!
      store.faults.crash = { writeCount: random.below(6), when: random.chance(0.5) ? 'before' : 'after' }
      // Else there may be nothing left to be written.
      if (page.jobs.size === 0) await family.add(family.lives[0]!, `more ${kills}`, content(10 + kills)).catch(() => {})
      await family.until('it dies', () => !process.isAlive)
      const life = await family.restart(0)
      if ((await preview(family, life)).fileCount > 0) unfinishedCount++
    }
    expect(unfinishedCount).toBeGreaterThan(0)
    const laptop = family.lives[0]!
    // Nobody asks again: it goes on by itself.
    await family.until('it is over', () => laptop.page.jobs.size === 0 && standing(laptop).keptCount === 0)
    expect(await preview(family, laptop)).toMatchObject({ fileCount: 0, isWanted: false })
    await expectClean(family, sealedBefore, laptop, desk)
    for (const [id, octets] of files)
      for (const life of [laptop, desk]) expect(equal(await family.read(life, id), octets)).toBe(true)
  })

  test('cancelled they stay as they are, also after a restart', async () => {
    const { family, laptop } = await withRemoval(4)
    await remove(family, laptop, 1)
    await family.run(laptop, laptop.node.api.reseal('r'))
    await family.run(laptop, laptop.node.api.cancel('reseal'))
    await family.until('it has stopped', () => !laptop.page.jobs.has('reseal'))
    await family.scheduler.run(family.scheduler.sleep(2000))
    const again = await family.restart(0)
    await family.scheduler.run(family.scheduler.sleep(60_000))
    const cost = await preview(family, again)
    expect(cost.isWanted).toBe(false)
    expect(cost.fileCount).toBeGreaterThan(0)
  })
})

describe('who writes meanwhile', () => {
  const names = ({ page }: Life) =>
    [...page.items.values()].map(({ name }) => name).filter((name) => name.includes('from'))

  test('wins, and no copy comes of it, at whatever instant', async () => {
    // The first while the file waits its turn, the last while it is sealed, sent and proposed.
    for (const delayMs of [0, 200, 250, 300, 350]) {
      const { family, laptop, desk, files, sealedBefore } = await withRemoval(5)
      const [large] = files.keys()
      await remove(family, laptop, 1)
      await family.run(desk, desk.node.api.reseal('r'))
      await family.scheduler.run(family.scheduler.sleep(delayMs))
      await family.write(laptop, large!, content(400_000))
      await family.comeTogetherWithout(1)
      await resealAll(family, laptop)
      await expectClean(family, sealedBefore, laptop, desk)
      for (const life of [laptop, desk]) {
        expect(equal(await family.read(life, large!), content(400_000))).toBe(true)
        expect(names(life)).toEqual([])
        expect(standing(life)).toMatchObject({ quarantinedCount: 0 })
      }
    }
  })

  test('while away had seen what was sealed anew: it is no race', async () => {
    const { family, laptop, desk, files, sealedBefore } = await withRemoval(6)
    const [large, small, top] = files.keys()
    await remove(family, laptop, 1)
    await family.comeTogetherWithout(1)
    await family.cutOff(2)
    await family.write(desk, large!, content(300_000))
    await family.run(desk, desk.node.api.trash('t', small!))
    await resealAll(family, laptop)
    family.network.heal()
    await family.comeTogetherWithout(1)
    expect(equal(await family.read(laptop, large!), content(300_000))).toBe(true)
    expect(laptop.page.items.get(small!)!.trashedAtMs).not.toBeNull()
    expect(equal(await family.read(desk, top!), content(70_000))).toBe(true)
    for (const life of [laptop, desk]) expect(names(life)).toEqual([])
    await resealAll(family, laptop)
    await expectClean(family, sealedBefore, laptop, desk)
  })

  test('or goes on from a state before has what was sealed anew, though the other body is gone', async () => {
    const { family, laptop, desk, files } = await withRemoval(7)
    await remove(family, laptop, 1)
    await family.comeTogetherWithout(1)
    await family.cutOff(2)
    await resealAll(family, laptop)
    await family.until('the desk may take over', () => desk.page.tree.decider.quorum === 'away')
    await family.run(desk, desk.node.api.finishTakeOver('t', family.words))
    family.network.heal()
    await family.until('both are in one generation', () =>
      [laptop, desk].every(({ page }) => page.tree.decider.generation === desk.page.tree.decider.generation),
    )
    await family.comeTogetherWithout(1)
    for (const [id, octets] of files)
      for (const life of [laptop, desk]) expect(equal(await family.read(life, id), octets)).toBe(true)
    for (const life of [laptop, desk]) expect(names(life)).toEqual([])
    expect(await preview(family, laptop)).toMatchObject(nothingLeft)
  })
})
