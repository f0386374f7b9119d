/**
 * A device with less room than the tree has: what it keeps, what it lets go of, and that it says so.
 */
import { describe, expect, test } from 'vitest'
import { equal } from '../core/bytes/bytes.ts'
import { storedSizeBytes } from '../core/tree/tree.ts'
import { createSimBlob } from './blob.ts'
import { type Life, readAll } from './device.ts'
import { Family, content, standing, value } from './testing/family.ts'

const sizeBytes = 300_000
const roomForThree = 3 * storedSizeBytes(sizeBytes + 10)

/** Files on the laptop, each a little larger than the one before. */
async function fill(family: Family, count: number, from = 0): Promise<readonly string[]> {
  const ids: string[] = []
  for (let at = from; at < from + count; at++)
    ids.push(await family.add(family.lives[0]!, `file ${at}`, content(sizeBytes + at)))
  return ids
}
const storage = (family: Family, life: Life) => family.run(life, life.node.api.storage())
const keepsSome = (family: Family, ids: readonly string[], count: number) =>
  family.until(`${count} are kept`, () =>
    family.lives.every((life) => ids.filter((id) => life.page.items.get(id)?.copyCount === 2).length === count),
  )
const holdsOnly = (family: Family, ids: readonly string[], count: number) =>
  family.until(`the last ${count} are kept, no other`, () => {
    const copyCount = (at: number): number => (at >= ids.length - count ? 2 : 1)
    return family.lives.every((life) => ids.every((id, at) => life.page.items.get(id)?.copyCount === copyCount(at)))
  })

describe('a phone with room for three', () => {
  test('keeps what was written last, lists all, and reads what it has let go of', async () => {
    const family = await Family.of(1, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const ids = await fill(family, 8)
    await family.until('the phone has all', () => ids.every((id) => phone.page.items.get(id)?.copyCount === 2))
    const fullBytes = family.devices[1]!.disk.usedBytes
    await family.run(phone, phone.node.api.setHoldQuota(roomForThree))
    await holdsOnly(family, ids, 3)
    await family.until('its disk is free', () => family.devices[1]!.disk.usedBytes < fullBytes - 4.9 * sizeBytes)
    expect(await storage(family, phone)).toMatchObject({
      heldBytes: 3 * sizeBytes + 5 + 6 + 7,
      holdQuotaBytes: roomForThree,
      isVoter: false,
    })
    expect(equal(await family.read(phone, ids[0]!), content(sizeBytes))).toBe(true)

    const more = await fill(family, 2, 8)
    await holdsOnly(family, [...ids, ...more], 3)
    const again = await family.restart(1)
    await family.untilConnected()
    await holdsOnly(family, [...ids, ...more], 3)
    expect(equal(await family.read(again, ids[1]!), content(sizeBytes + 1))).toBe(true)

    await family.run(again, again.node.api.setHoldQuota(null))
    await family.until('it has all again', () => standing(again).lackingCount === 0)
    laptop.process.kill()
    for (const [at, id] of [...ids, ...more].entries())
      expect(equal(await family.read(again, id), content(sizeBytes + at))).toBe(true)
  })

  test('exports also what it does not hold, and says so where nobody gives it', async () => {
    const family = await Family.of(6, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await family.run(phone, phone.node.api.setHoldQuota(roomForThree))
    const ids = await fill(family, 5)
    await holdsOnly(family, ids, 3)
    const beginExport = () => family.run(phone, phone.node.api.beginExport(family.request()))
    const archive = await family.run(phone, readAll(phone.node.api, await beginExport()))
    laptop.process.kill()
    await expect(beginExport()).rejects.toMatchObject({ code: 'contentAway' })

    const clean = await family.startAlone('clean')
    await family.run(
      clean,
      clean.node.api.recover('r', createSimBlob(archive, clean.process), family.words, 'Clean', false),
    )
    for (const [at, id] of ids.entries())
      expect(equal(await family.read(clean, id), content(sizeBytes + at))).toBe(true)
  })

  test('exports nothing that is not what it should be, whoever gave it', async () => {
    const family = await Family.of(7, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await family.run(phone, phone.node.api.setHoldQuota(roomForThree))
    const ids = await fill(family, 5)
    await holdsOnly(family, ids, 3)
    const { store } = laptop
    const readMany = store.readMany.bind(store)
    store.readMany = async (table, keys) => {
      const values = await readMany(table, keys)
      // Sectors, not pages.
      return values.map((octets) =>
        octets !== null && octets.length > 50_000 ? octets.map((octet) => ~octet) : octets,
      )
    }
    await expect(family.run(phone, phone.node.api.beginExport('e'))).rejects.toMatchObject({ code: 'storeDamaged' })
  })

  test('keeps what the tree has not taken yet', async () => {
    const family = await Family.of(2, 'laptop', 'phone')
    const [, phone] = family.lives as [Life, Life]
    await family.cutOff(1)
    const ids: string[] = []
    for (let at = 0; at < 5; at++) ids.push(await family.add(phone, `own ${at}`, content(sizeBytes + at)))
    await family.run(phone, phone.node.api.setHoldQuota(roomForThree))
    await family.scheduler.run(family.scheduler.sleep(30_000))
    for (const [at, id] of ids.entries())
      expect(equal(await family.read(phone, id), content(sizeBytes + at))).toBe(true)
    family.network.heal()
    await family.untilConnected()
    // They came into the tree together, so none of them is newer.
    await keepsSome(family, ids, 3)
    for (const [at, id] of ids.entries())
      expect(equal(await family.read(phone, id), content(sizeBytes + at))).toBe(true)
  })

  test('keeps all while it knows of nobody who has it', async () => {
    const family = await Family.of(5, 'laptop', 'phone')
    const ids = await fill(family, 5)
    await keepsSome(family, ids, 5)
    family.lives[0]!.process.kill()
    const phone = await family.restart(1)
    const { treeBytes } = await storage(family, phone)
    await family.run(phone, phone.node.api.setHoldQuota(roomForThree))
    await family.scheduler.run(family.scheduler.sleep(30_000))
    expect(await storage(family, phone)).toMatchObject({ heldBytes: treeBytes })
    for (const [at, id] of ids.entries())
      expect(equal(await family.read(phone, id), content(sizeBytes + at))).toBe(true)
    family.lives[0] = value(await family.scheduler.run(family.devices[0]!.start()))
    await holdsOnly(family, ids, 3)
  })

  test('keeps all when it comes to decide', async () => {
    const family = await Family.of(3, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await family.run(phone, phone.node.api.setHoldQuota(roomForThree))
    const ids = await fill(family, 6)
    await holdsOnly(family, ids, 3)
    await family.run(laptop, laptop.node.api.handOver(null))
    await family.until('it has all', () => ids.every((id) => phone.page.items.get(id)?.copyCount === 2))
  })

  test('dies while it lets go, again and again, and holds then what it says', async () => {
    const family = await Family.of(4, 'laptop', 'phone')
    const [, phone] = family.lives as [Life, Life]
    const ids = await fill(family, 5)
    await family.until('the phone has all', () => ids.every((id) => phone.page.items.get(id)?.copyCount === 2))
    const fullBytes = family.devices[1]!.disk.usedBytes
    await family.run(phone, phone.node.api.setHoldQuota(roomForThree))
    // Longer in each life by less than two writes are apart.
    for (let lifeMs = 400; family.devices[1]!.disk.usedBytes > fullBytes - 1.9 * sizeBytes; lifeMs += 7) {
      await family.scheduler.run(family.scheduler.sleep(lifeMs))
      await family.restart(1)
    }
    await family.untilConnected()
    await holdsOnly(family, ids, 3)
    for (const [at, id] of ids.entries())
      expect(equal(await family.read(family.lives[1]!, id), content(sizeBytes + at))).toBe(true)
  })
})

test('what a device has said that it holds no loss of power takes back', async () => {
  const family = await Family.of(5, 'laptop', 'phone')
  const [laptop] = family.lives as [Life]
  const ids = await fill(family, 3)
  await family.loseStorage(1)
  await family.until('the laptop was told', () => ids.every((id) => laptop.page.items.get(id)?.copyCount === 2))
  laptop.process.kill()
  family.lives[1]!.process.kill()
  const { disk } = family.devices[1]!
  disk.losePower(disk.relaxedCount)
  const again = await family.restart(1)
  for (const [at, id] of ids.entries()) expect(equal(await family.read(again, id), content(sizeBytes + at))).toBe(true)
})

test('what a device could not note on a full disk it does not take for held afterwards', async () => {
  const family = await Family.of(6, 'laptop', 'phone')
  const [laptop] = family.lives as [Life]
  const ids: string[] = []
  for (let round = 0; round < 8; round++) {
    family.lives[1]!.store.faults.fullChance = 0.5
    ids.push(...(await fill(family, 2, 2 * round)))
    await family.scheduler.run(family.scheduler.sleep(5000))
    await family.restart(1)
    await family.untilConnected()
  }
  await family.until('the laptop was told', () => ids.every((id) => laptop.page.items.get(id)?.copyCount === 2))
  laptop.process.kill()
  const phone = await family.restart(1)
  for (const [at, id] of ids.entries()) expect(equal(await family.read(phone, id), content(sizeBytes + at))).toBe(true)
})
