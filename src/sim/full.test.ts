/**
 * A disk that refuses one write and takes the next, as a full one does: what is said, kept and tried again.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, StoreFullError, fromHex, utf8 } from '../core/bytes/bytes.ts'
import { Holdings } from '../node/holdings.ts'
import { placeOf } from '../node/own-tree.ts'
import type { Change, Durability, StorePort } from '../port/store.ts'
import { createSimBlob } from './blob.ts'
import type { Life, Sabotage } from './device.ts'
import { Family, content, standing, value } from './testing/family.ts'

const dayMs = 24 * 60 * 60 * 1000

/** Refuses what it is asked to. */
class Filling {
  refuses: (changes: readonly Change[], durability: Durability) => boolean = () => false
  refusedCount = 0

  readonly sabotage: Sabotage = (platform) => {
    const { store } = platform
    const full: StorePort = {
      write: (changes, durability) => {
        if (!this.refuses(changes, durability)) return store.write(changes, durability)
        this.refusedCount++
        return Promise.reject(new StoreFullError())
      },
      read: (table, key) => store.read(table, key),
      readMany: (table, keys) => store.readMany(table, keys),
      scan: (table, prefix, countMax, after) => store.scan(table, prefix, countMax, after),
      usage: () => store.usage(),
      closed: store.closed,
    }
    return { ...platform, store: full }
  }
}

const equalTo = (one: Bytes, text: string): boolean => one.join() === utf8(text).join()
const isProfile = (change: Change): boolean =>
  change.kind === 'put' && change.table === 'node' && equalTo(change.key, 'profile')
const isOutbox = (changes: readonly Change[], durability: Durability): boolean =>
  durability === 'strict' && changes.some(({ table }) => table === 'outbox')
const filled = (octet: number, sizeBytes: number): Bytes => new Uint8Array(sizeBytes).fill(octet)

test('a body that is kept for a change counts as whole once that is written', async () => {
  let isFull = true
  const store = {
    write: (_: readonly Change[], durability: Durability) =>
      isFull && durability === 'strict' ? Promise.reject(new StoreFullError()) : Promise.resolve(),
    scan: () => Promise.resolve([]),
  } as unknown as StorePort
  const holdings = await Holdings.open(store, placeOf(filled(1, 32)), filled(3, 32))
  const body = { bodyRoot: filled(4, 32), sizeBytes: 1000 }
  const staging = { requestId: filled(5, 16), position: 0, block: filled(6, 16), body, guest: null, stampMs: 1 }
  expect(await holdings.stage(staging, 0)).toBe(false)
  await expect(holdings.stagedWhole(staging.requestId, 0, body)).rejects.toThrow(StoreFullError)
  expect(await holdings.stage(staging, 1)).toBe(false)
  isFull = false
  expect(await holdings.stagedWhole(staging.requestId, 0, body)).toBe(true)
  expect(await holdings.stage(staging, 2)).toBe(true)
})

test.each([0, 7000])('planting that could not be finished is done again, %s ms later, and starts', async (pauseMs) => {
  const filling = new Filling()
  const family = new Family(5, ['laptop'], null, filling.sabotage)
  const life = value(await family.scheduler.run(family.devices[0]!.start()))
  family.lives.push(life)
  const { api } = life.node
  const card = await family.run(life, api.beginPlanting('Ada', 'Laptop', null))
  const words = card.askedPositions.map((position) => card.words[position]!)
  await family.run(life, api.confirmCard(card.plantingId, words))
  let profileCount = 0
  filling.refuses = (changes) => changes.some(isProfile) && ++profileCount === 2
  const plant = () => family.run(life, api.finishPlanting('plant', card.plantingId, null))
  await expect(plant()).rejects.toMatchObject({ code: 'storeFull' })
  await family.scheduler.run(family.scheduler.sleep(pauseMs))
  await plant()
  const file = await family.add(life, 'file', content(1000))
  const next = await family.restart(0)
  expect(await family.read(next, file)).toEqual(content(1000))
})

test('a device whose joining could not be written is none, and joins again', async () => {
  const filling = new Filling()
  const family = await Family.of(78, 'laptop')
  const [laptop] = family.lives as [Life]
  const device = family.newDevice('tablet', 0, filling.sabotage)
  device.wall.jump(family.devices[0]!.wall.offsetMs - device.wall.offsetMs)
  const life = value(await family.scheduler.run(device.start()))
  await family.admit(device)
  const address = await laptop.node.membership.address()
  const join = () => family.run(life, life.node.membership.join(address))
  let profileCount = 0
  filling.refuses = (changes) => changes.some(isProfile) && ++profileCount === 2
  await expect(join()).rejects.toMatchObject({ code: 'storeFull' })
  await family.add(laptop, 'not for it', content(10))
  await family.scheduler.run(family.scheduler.sleep(10_000))
  expect(life.page.tree.isPlanted).toBe(false)
  const treeId = fromHex(laptop.page.tree.treeId)!
  for (const table of ['raft', 'log', 'state'] as const) expect([...device.disk.rows(table, treeId)]).toEqual([])
  await join()
  const file = await family.add(laptop, 'file', content(1000))
  await family.until('it has the file', () => life.page.items.get(file)?.copyCount === 2)
})

describe('apart', () => {
  async function apart(seed: number, before: (family: Family, laptop: Life) => Promise<string>) {
    const filling = new Filling()
    const family = await (await Family.of(seed + 1000, 'other')).beside(['laptop', 'phone'], filling.sabotage)
    const [laptop, phone] = family.lives as [Life, Life]
    const file = await before(family, laptop)
    await family.comeTogether()
    await family.cutOff(1)
    return { filling, family, laptop, phone, file }
  }

  test('what has to be sealed anew waits for room, and leaves nothing behind', async () => {
    const { filling, family, laptop, phone, file } = await apart(19, (family, laptop) =>
      family.add(laptop, 'file', content(100)),
    )
    await family.write(phone, file, content(1_200_000))
    await family.write(laptop, file, content(200))
    const { disk } = family.devices[1]!
    const usedBytes = disk.usedBytes
    filling.refuses = isOutbox
    family.network.heal()
    await family.scheduler.run(family.scheduler.sleep(20_000))
    expect(filling.refusedCount).toBeGreaterThan(0)
    expect(filling.refusedCount).toBeLessThan(40)
    expect(disk.usedBytes - usedBytes).toBeLessThan(100_000)
    filling.refuses = () => false
    await family.add(laptop, 'more', content(5))
    await family.until('it is taken', () => standing(phone).keptCount === 0)
  })

  test('what is tried again from quarantine stays there until that is written', async () => {
    const { filling, family, laptop, phone, file } = await apart(13, (family, laptop) =>
      family.add(laptop, 'file', content(2_200_000)),
    )
    const edit = [{ startByte: 0, content: createSimBlob(content(100), phone.process) }]
    await family.run(phone, phone.node.api.editFile('edit', file, edit))
    for (const { wall } of family.devices) wall.jump(366 * dayMs)
    await family.comeTogether()
    const list = () => family.run(phone, phone.node.api.quarantine())
    const [line] = await list()
    filling.refuses = isOutbox
    const retried = family.run(phone, phone.node.api.retryQuarantined(line!.id))
    await expect(retried).rejects.toMatchObject({ code: 'storeFull' })
    filling.refuses = () => false
    expect(await list()).toHaveLength(1)
    // The version that it shares the rest with goes.
    await family.write(laptop, file, content(300))
    for (const { wall } of family.devices) wall.jump(2 * dayMs)
    await family.add(laptop, 'more', content(5))
    await family.scheduler.run(family.scheduler.sleep(60_000))
    family.lives[0]!.process.kill()
    expect(await family.read(phone, line!.id)).toHaveLength(2_200_000)
  })
})
