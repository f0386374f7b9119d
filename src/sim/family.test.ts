/**
 * Nodes of several devices that share a tree: files over the network, read where they are not, counted where they are.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, equal } from '../core/bytes/bytes.ts'
import { heldContent } from '../node/read/read-only.ts'
import { createSimulatedCrypto } from './crypto.ts'
import { type Life, readAll } from './device.ts'
import { Random } from './random.ts'
import { Family, content, standing, value } from './testing/family.ts'

describe('a laptop and a phone', () => {
  test('hold the same files, whichever of them made them', async () => {
    const family = await Family.of(1, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const one = await family.add(laptop, 'one', content(300_000))
    const two = await family.add(phone, 'two', content(2_500_000))
    await family.until('the phone has the first', () => phone.page.items.get(one)?.copyCount === 2)
    await family.until('the laptop has the second', () => laptop.page.items.get(two)?.copyCount === 2)
    expect(equal(await family.run(phone, readAll(phone.node.api, one)), content(300_000))).toBe(true)
    expect(equal(await family.run(laptop, readAll(laptop.node.api, two)), content(2_500_000))).toBe(true)
    for (const life of family.lives) expect(standing(life).lackingCount).toBe(0)
    expect(laptop.page.tree.deviceCount).toBe(2)
  })

  test('what the phone made is on the laptop before it is acknowledged', async () => {
    const family = await Family.of(2, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const id = await family.add(phone, 'two', content(200_000))
    phone.process.kill()
    await family.until('the laptop shows it', () => laptop.page.items.has(id))
    expect(equal(await family.run(laptop, readAll(laptop.node.api, id)), content(200_000))).toBe(true)
  })

  test('a file that is elsewhere is fetched when it is read, and said to be away where nobody is there', async () => {
    const family = await Family.of(3, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    // So slow that nothing but what is asked for comes in time.
    family.network.linkBetween(family.transport(0), family.transport(1)).bytesPerMs = 40
    const large = await family.add(laptop, 'large', content(4_000_000))
    await family.until('the phone knows of it', () => phone.page.items.has(large))
    expect(standing(phone).lackingCount).toBe(1)
    const head = await family.run(phone, phone.node.api.openContent(large, 3_000_000, 3_000_100))
    expect(await family.run(phone, phone.node.api.nextChunk(head.streamId))).toEqual(
      content(4_000_000).slice(3_000_000, 3_000_100),
    )
    laptop.process.kill()
    await family.scheduler.run(family.scheduler.sleep(20_000))
    await expect(family.run(phone, readAll(phone.node.api, large))).rejects.toMatchObject({ code: 'contentAway' })
  })
})

describe('a phone that has not all of what its laptop has', () => {
  async function apart(seed: number) {
    const family = await Family.of(seed, 'laptop', 'phone')
    // So slow that nothing but what is asked for comes in time.
    family.network.linkBetween(family.transport(0), family.transport(1)).bytesPerMs = 40
    const large = await family.add(family.lives[0]!, 'large', content(4_000_000))
    await family.until('the phone knows of it', () => family.lives[1]!.page.items.has(large))
    return { family, large }
  }

  test('reads what it lacks as soon as it has started, before it is connected', async () => {
    const { family, large } = await apart(6)
    const phone = await family.restart(1)
    expect(standing(phone).peers.every(({ path }) => path === null)).toBe(true)
    const head = await family.run(phone, phone.node.api.openContent(large, 3_000_000, 3_000_100))
    expect(await family.run(phone, phone.node.api.nextChunk(head.streamId))).toEqual(
      content(4_000_000).slice(3_000_000, 3_000_100),
    )
  })

  test('says that it is away where the laptop does not answer, however soon it is asked for', async () => {
    const { family, large } = await apart(8)
    family.lives[0]!.process.kill()
    const phone = await family.restart(1)
    await expect(family.run(phone, readAll(phone.node.api, large))).rejects.toMatchObject({ code: 'contentAway' })
  })

  test('says so too where no node runs', async () => {
    const { family, large } = await apart(9)
    await family.scheduler.run(family.scheduler.sleep(20_000))
    family.lives[1]!.process.kill()
    const device = family.devices[1]!
    const crypto = createSimulatedCrypto(Random.fromSeed(9))
    const open = heldContent({ store: family.storeOf(1), keys: device.keys, crypto, discard() {} })
    const { pieces } = await family.scheduler.run(open(large))
    await expect(family.scheduler.run(pieces.next())).rejects.toMatchObject({ code: 'contentAway' })
  })
})

describe('three devices that vote', () => {
  test('go on without any one of them, and nothing is lost', async () => {
    const family = await Family.of(4, 'laptop', 'phone', 'desk')
    await family.allVote()
    const files = new Map<string, Bytes>()
    for (const [at, gone] of family.lives.entries()) {
      for (const [position, life] of family.lives.entries()) {
        const size = 70_000 * (at + 1) + position
        files.set(await family.add(life, `file ${at} ${position}`, content(size)), content(size))
      }
      gone.process.kill()
      const rest = family.lives.filter((life) => life !== gone)
      await family.until('another leads', () => rest.some((life) => standing(life).isLeader))
      for (const life of rest)
        files.set(await family.add(life, `without ${at}`, content(1000 + at)), content(1000 + at))
      family.lives[at] = value(await family.scheduler.run(family.devices[at]!.start()))
    }
    await family.until('all have all', () =>
      family.lives.every(
        (life) => standing(life).lackingCount === 0 && life.page.items.size === family.lives[0]!.page.items.size,
      ),
    )
    for (const life of family.lives)
      for (const [id, octets] of files)
        expect(equal(await family.run(life, readAll(life.node.api, id)), octets)).toBe(true)
  })
})

test('a device that hears at once of its admission and of the next reads the tree under the key of the last', async () => {
  // The first that comes gets a snapshot; what follows is in the log.
  const family = await Family.of(5, 'laptop', 'tablet')
  const [laptop] = family.lives as [Life]
  await family.add(laptop, 'letter', content(100))
  const [phone, desk] = [family.newDevice('phone'), family.newDevice('desk')]
  for (const device of [phone, desk]) await family.admit(device, laptop)
  const life = value(await family.scheduler.run(phone.start()))
  await family.run(
    life,
    laptop.node.membership.address().then((address) => life.node.membership.join(address)),
  )
  expect([...life.page.items.values()].map(({ name }) => name)).toContain('letter')
  const own = await family.add(life, 'answer', content(200))
  await family.until('the laptop has it', () => laptop.page.items.get(own)?.name === 'answer')
})
