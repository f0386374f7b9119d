/**
 * A crowd of strangers who dial a device all the time. Each would cost it a handshake before it can tell who that is.
 */
import { expect, test } from 'vitest'
import { type Bytes, refused } from '../core/bytes/bytes.ts'
import { strangerCountMax } from '../node/strangers.ts'
import type { NetOptions } from '../port/net.ts'
import type { Life, Sabotage } from './device.ts'
import { Process } from './process.ts'
import { Random } from './random.ts'
import { Family } from './testing/family.ts'

const relays = [{ url: 'ws://relay.test', peerId: 'relay' }]
const dialPeriodMs = 20
/** Of a device that has not reached another for long. */
const longestRedialMs = 2 * 60_000

/** Everyone of it dials once. */
class Crowd {
  heardCount = 0
  readonly #family: Family
  readonly #random = Random.fromSeed(7)
  readonly #id: Bytes | null
  #isOver = false

  /** @param id under which all of it dial; else each is another */
  constructor(family: Family, id: Bytes | null = null) {
    this.#family = family
    this.#id = id
    void this.#dialOn()
  }
  end(): void {
    this.#isOver = true
  }
  async #dialOn(): Promise<void> {
    const { scheduler } = this.#family
    while (!this.#isOver) {
      void this.#dial()
      await scheduler.sleep(dialPeriodMs)
    }
  }
  async #dial(): Promise<void> {
    const { network, scheduler } = this.#family
    const net = await network.port(new Process(scheduler), this.#id ?? this.#random.bytes(32)).open({
      relays,
      stun: [],
      admits: () => false,
      onConnection() {},
      onDropped() {},
      onReachable() {},
    })
    const dialled = await net.dial(this.#family.transport(0), relays)
    if (!dialled.ok) return
    this.heardCount++
    dialled.value.close()
  }
}

test('strangers are heard one by one, whoever belongs to the tree at once, and anybody while a code is shown', async () => {
  const family = await Family.of(1, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  const crowd = new Crowd(family)
  const heardIn = async (seconds: number): Promise<number> => {
    const before = crowd.heardCount
    await family.scheduler.run(family.scheduler.sleep(seconds * 1000))
    return crowd.heardCount - before
  }
  expect(await heardIn(20)).toBeLessThanOrEqual(20 + strangerCountMax)
  expect(await heardIn(20)).toBeGreaterThan(18)

  // The laptop does not look for one that it has put out: that one has to be let in to hear of it.
  await family.cutOff(1)
  await family.run(laptop, laptop.node.api.removeDevice(family.request(), phone.page.tree.principal))
  family.rejoin(0, 1)
  const sinceMs = family.scheduler.nowMs
  await family.until('the phone hears that it was put out', () => phone.page.tree.removed !== null)
  expect(family.scheduler.nowMs - sinceMs).toBeLessThan(longestRedialMs)

  await family.run(laptop, laptop.node.api.invite())
  expect(await heardIn(20)).toBeGreaterThan(0.9 * (20_000 / dialPeriodMs))
  await family.run(laptop, laptop.node.api.endInviting())
  expect(await heardIn(20)).toBeLessThanOrEqual(20 + strangerCountMax)
  crowd.end()

  // Who was put out has its keys still, and may be the one who attacks.
  phone.process.kill()
  const dismissed = new Crowd(family, family.transport(1))
  await family.scheduler.run(family.scheduler.sleep(20_000))
  expect(dismissed.heardCount).toBeLessThanOrEqual(20 + strangerCountMax)
  dismissed.end()
}, 60_000)

test('a device that is dropped by the network for what it did is reported, and a stranger is not', async () => {
  let drop: NetOptions['onDropped'] | null = null
  const listening: Sabotage = (platform) => ({
    ...platform,
    net: {
      open(options) {
        drop ??= options.onDropped
        return platform.net!.open(options)
      },
    },
  })
  const family = await (await Family.of(1, 'somebody')).beside(['laptop', 'phone'], listening)
  const [laptop] = family.lives as [Life]
  const { fault } = refused('unreadable', 'It sent what cannot be read.')
  const reports = async () => (await family.run(laptop, laptop.node.api.devices())).map(({ report }) => report)
  drop!(new Uint8Array(32).fill(5), fault)
  expect(await reports()).toEqual([null, null])
  drop!(family.transport(1), fault)
  expect(await reports()).toEqual([null, expect.objectContaining({ code: 'unreadable' })])
})
