/**
 * The rest of the keys after a removal: given in the background, by whichever device decides.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, equal, keyOf } from '../core/bytes/bytes.ts'
import { entries, root } from '../core/merkle/merkle.ts'
import { type TreeState, decodeRow, owesKey, rowKind } from '../core/tree/tree.ts'
import type { Life } from './device.ts'
import { Random } from './random.ts'
import { Family, content, standing } from './testing/family.ts'
import { Guest } from './testing/guest.ts'
import { isOpenedBy, keysWithin, stateOf } from './testing/knowledge.ts'

const remove = (family: Family, by: Life, at: number): Promise<void> =>
  family.run(by, by.node.api.removeDevice(family.request(), family.lives[at]!.page.tree.principal))

/** A tower of folders with a file in each. @returns the files with what is in them, the lowest first */
async function build(family: Family, life: Life, storeyCount: number): Promise<Map<string, Bytes>> {
  const files = new Map<string, Bytes>()
  let { rootId: folder } = life.page.tree
  for (let storey = 0; storey < storeyCount; storey++) {
    folder = await family.run(life, life.node.api.createFolder(family.request(), folder, `storey ${storey}`))
    files.set(await family.add(life, `file ${storey}`, content(100 + storey), folder), content(100 + storey))
  }
  return files
}

const owedCount = (state: TreeState): number =>
  [...entries(state.map, Uint8Array.of(rowKind.access))].filter(([row]) => owesKey(state, row.slice(1))).length

async function readsAll(family: Family, life: Life, files: ReadonlyMap<string, Bytes>): Promise<boolean> {
  for (const [id, octets] of files) if (!equal(await family.read(life, id), octets)) return false
  return true
}

describe('after a removal', () => {
  test('every key is new in the end, though whoever gives them dies twenty times and others go on', async () => {
    const family = await Family.of(1, 'laptop', 'phone', 'desk', 'tablet')
    const random = Random.fromSeed(7)
    const files = await build(family, family.lives[0]!, 40)
    await family.allVote()
    await family.comeTogether()
    const before = await keysWithin(family, 1, await stateOf(family, family.lives[1]!), new Map())
    await family.until('one leads', () => family.lives.some((life) => standing(life).isLeader))
    await remove(family, family.lives[0]!, 1)

    const givers = new Set<number>()
    const fresh = new Map<string, Bytes>()
    let unfinishedCount = 0
    for (let kills = 0; kills < 20; kills++) {
      const isLeading = (at: number): boolean => at !== 1 && standing(family.lives[at]!).isLeader
      await family.until('one leads', () => [0, 2, 3].some(isLeading))
      const at = [0, 2, 3].find(isLeading)!
      const { process, store } = family.lives[at]!
      givers.add(at)
      store.faults.crash = { writeCount: random.below(2), when: random.chance(0.5) ? 'before' : 'after' }
      const other = family.lives[at === 0 ? 2 : 0]!
      const id = await family.add(other, `fresh ${kills}`, content(500 + kills))
      fresh.set(id, content(500 + kills))
      await family.until('it dies', () => !process.isAlive)
      if (owedCount(await stateOf(family, other)) > 0) unfinishedCount++
      await family.restart(at)
    }
    // Else it died when there was nothing left to be done, or one device did all of it.
    expect(unfinishedCount).toBeGreaterThan(14)
    expect(givers.size).toBeGreaterThan(1)
    await family.until('no key is owed', () => [0, 2, 3].every((at) => family.lives[at]!.page.jobs.size === 0))
    family.lives[1]!.process.kill()
    await family.until('all is taken', () =>
      [0, 2, 3].every((at) => {
        const { appliedIndex, keptCount, lackingCount } = standing(family.lives[at]!)
        return appliedIndex === standing(family.lives[0]!).appliedIndex && keptCount + lackingCount === 0
      }),
    )
    for (const at of [0, 2, 3]) {
      expect(owedCount(await stateOf(family, family.lives[at]!))).toBe(0)
      expect(await readsAll(family, family.lives[at]!, new Map([...files, ...fresh]))).toBe(true)
    }
    const state = await stateOf(family, family.lives[0]!)
    const found = await keysWithin(family, 1, state, before)
    expect(found.size).toBe(before.size)
    for (const id of [...fresh.keys()].slice(-3))
      expect(await family.scheduler.run(isOpenedBy(found, family.lives[0]!, state, id))).toEqual({
        isNameOpen: false,
        isContentOpen: false,
      })
  })

  test('one that restarts alone goes on where it was', async () => {
    const family = await Family.of(2, 'laptop', 'phone')
    const files = await build(family, family.lives[0]!, 12)
    await family.comeTogether()
    await remove(family, family.lives[0]!, 1)
    expect(owedCount(await stateOf(family, family.lives[0]!))).toBeGreaterThan(0)
    const laptop = await family.restart(0)
    await family.until('it has begun', () => standing(laptop).isLeader)
    let state = await stateOf(family, laptop)
    for (let rounds = 0; owedCount(state) > 0 && rounds < 100; rounds++) {
      await family.scheduler.run(family.scheduler.sleep(100))
      state = await stateOf(family, laptop)
    }
    expect(owedCount(state)).toBe(0)
    expect(await readsAll(family, laptop, files)).toBe(true)
  })

  test('who is let in while keys are still owed reads all that he is to read, from before and since', async () => {
    const family = await Family.of(3, 'laptop', 'phone')
    const [laptop] = family.lives as [Life]
    const files = await build(family, laptop, 12)
    await family.comeTogether()
    await remove(family, laptop, 1)
    expect(owedCount(await stateOf(family, laptop))).toBeGreaterThan(0)
    family.lives.splice(1, 1)
    family.devices.splice(1, 1)
    const own = await family.letInAlone('tablet')
    const [first] = [...laptop.page.items.values()].filter(({ name }) => name === 'storey 5')
    const guest = await Guest.of(family, 'guest', { folderId: first!.id })
    const late = await family.add(laptop, 'late', content(77), first!.id)
    await family.until('both have it', () => [own, guest.life].every(({ page }) => page.items.has(late)))
    expect(await readsAll(family, own, new Map([...files, [late, content(77)]]))).toBe(true)
    const inside = [...files].filter((_, storey) => storey >= 5)
    expect(await readsAll(family, guest.life, new Map([...inside, [late, content(77)]]))).toBe(true)
    for (const [id] of [...files].slice(0, 5)) expect(guest.life.page.items.has(id)).toBe(false)
  })

  test('a removal is over with the root’s key, in a tree of a thousand blocks as in any', async () => {
    const family = await Family.of(4, 'laptop', 'phone')
    const [laptop] = family.lives as [Life]
    const { api } = laptop.node
    for (let part = 0; part < 10; part++) {
      const folder = await family.run(laptop, api.createFolder(family.request(), laptop.page.tree.rootId, `${part}`))
      const names = Array.from({ length: 99 }, (_, at) => `${part} ${at}`)
      await family.run(laptop, Promise.all(names.map((name) => api.createFolder(family.request(), folder, name))))
    }
    await family.comeTogether()
    const { appliedIndex } = standing(laptop)
    await remove(family, laptop, 1)
    // The dismissal, the root's new key, and what others may have begun with by then.
    expect(standing(laptop).appliedIndex - appliedIndex).toBeLessThanOrEqual(4)
    expect(owedCount(await stateOf(family, laptop))).toBeGreaterThanOrEqual(10)
  })
})

describe('a removal that is previewed', () => {
  const epochsOf = (state: TreeState): ReadonlyMap<string, number> =>
    new Map(
      [...entries(state.map, Uint8Array.of(rowKind.access))].map(([row, octets]) => [
        keyOf(row),
        decodeRow('access', octets).fields.keyEpoch,
      ]),
    )
  const renewedCount = (before: TreeState, after: TreeState): number => {
    const epochs = epochsOf(before)
    return [...epochsOf(after)].filter(([name, epoch]) => epoch > (epochs.get(name) ?? 0)).length
  }
  const sum = ({ folderCount, fileCount }: { readonly folderCount: number; readonly fileCount: number }): number =>
    folderCount + fileCount

  test.each(['an own device', 'a guest'] as const)('does what it was said to do: %s', async (who) => {
    const family = await Family.of(5, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await build(family, laptop, 6)
    const folder = [...laptop.page.items.values()].find(({ name }) => name === 'storey 3')!
    const guest = await Guest.of(family, 'guest', { folderId: folder.id })
    await family.comeTogether()
    const { principal } = who === 'a guest' ? guest.life.page.tree : phone.page.tree
    const before = await stateOf(family, laptop)
    const preview = await family.run(laptop, laptop.node.api.previewRemoval(principal))
    expect(await stateOf(family, laptop).then(({ map }) => root(map))).toEqual(root(before.map))
    expect(preview).toMatchObject(
      who === 'a guest'
        ? {
            atOnce: { folderCount: 1, fileCount: 0 },
            later: { folderCount: 2, fileCount: 3 },
            readable: { fileCount: 3, sizeBytes: 103 + 104 + 105 },
          }
        : {
            // The root, and the way to the folder of the guest, who stays.
            atOnce: { folderCount: 5, fileCount: 0 },
            later: { folderCount: 2, fileCount: 6 },
            readable: { fileCount: 6, sizeBytes: 615 },
          },
    )
    await family.run(laptop, laptop.node.api.removeDevice(family.request(), principal))
    expect(renewedCount(before, await stateOf(family, laptop))).toBeGreaterThanOrEqual(sum(preview.atOnce))
    let after = await stateOf(family, laptop)
    for (let rounds = 0; owedCount(after) > 0 && rounds < 100; rounds++) {
      await family.scheduler.run(family.scheduler.sleep(100))
      after = await stateOf(family, laptop)
    }
    expect(renewedCount(before, after)).toBe(sum(preview.atOnce) + sum(preview.later))
    const { grants } = await family.run(laptop, laptop.node.api.audit())
    expect(grants).toEqual(preview.readers)
    await expect(family.run(laptop, laptop.node.api.previewRemoval(principal))).rejects.toMatchObject({
      code: 'deviceUnknown',
    })
  })
})
