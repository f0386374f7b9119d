import { describe, expect, test } from 'vitest'
import { type Bytes, must } from '../core/bytes/bytes.ts'
import { frameWindowBytes } from '../core/message/message.ts'
import type { Connection, Lane } from '../port/net.ts'
import { SimNetwork } from './net.ts'
import { Process } from './process.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { drain } from './testing/drain.ts'
import { Trace } from './trace.ts'

const relays = [{ url: 'ws://relay.test', peerId: 'relay' }]
const idOf = (octet: number): Bytes => new Uint8Array(32).fill(octet)
const frame = (number: number, sizeBytes = 4): Bytes => new Uint8Array(sizeBytes).fill(number)

/** Two devices that joined the network, and the connections that each accepted. */
async function twoDevices(seed = 1) {
  const scheduler = new Scheduler(drain)
  const network = new SimNetwork(scheduler, Random.fromSeed(seed), new Trace())
  const join = async (octet: number) => {
    const process = new Process(scheduler)
    const accepted: Connection[] = []
    const net = await network.port(process, idOf(octet)).open({
      relays,
      stun: [],
      onConnection: (connection) => accepted.push(connection),
      admits: () => true,
      onDropped: () => {},
      onReachable: () => {},
    })
    return { process, net, accepted }
  }
  const [one, two] = [await join(1), await join(2)]
  const dial = async () => must(await scheduler.run(one.net.dial(idOf(2), relays)))
  const connected = async () => {
    const dialled = await dial()
    await scheduler.run(scheduler.sleep(10))
    return { dialled, accepted: two.accepted[0]! }
  }
  const receive = (connection: Connection, lane: Lane = 'control') => scheduler.run(connection.receive(lane))
  return { scheduler, network, one, two, dial, connected, receive }
}

describe('a connection of the simulated network', () => {
  test('binds both sides to the same certificates, each seen from its side', async () => {
    const { connected } = await twoDevices()
    const { dialled, accepted } = await connected()
    if (dialled.binding.kind !== 'direct' || accepted.binding.kind !== 'direct') throw new Error('expected direct')
    expect(dialled.binding.ownFingerprint).toEqual(accepted.binding.peerFingerprint)
    expect([dialled.isDialler, accepted.isDialler]).toEqual([true, false])
  })

  test('keeps the order within a lane, and gives what came before the end', async () => {
    const { connected, receive } = await twoDevices()
    const { dialled, accepted } = await connected()
    for (let number = 0; number < 20; number++) dialled.send('control', frame(number))
    dialled.close()
    for (let number = 0; number < 20; number++) expect(await receive(accepted)).toEqual(frame(number))
    expect(await receive(accepted)).toBe(null)
    expect((await accepted.closed).code).toBe('peerLeft')
  })

  test('lets nobody get further ahead than the window, and one lane never waits for the other', async () => {
    const { scheduler, connected, receive } = await twoDevices()
    const { dialled, accepted } = await connected()
    const piece = frame(7, 1024 * 1024)
    let sentCount = 0
    while (dialled.send('bulk', piece)) sentCount++
    expect(sentCount * piece.length).toBeLessThan(frameWindowBytes)
    let isDrained = false
    void dialled.drained('bulk').then(() => (isDrained = true))
    await scheduler.run(scheduler.sleep(10_000))
    expect(isDrained).toBe(false)
    dialled.send('control', frame(1))
    expect(await receive(accepted)).toEqual(frame(1))
    await receive(accepted, 'bulk')
    await scheduler.run(dialled.drained('bulk'))
  })

  test('holds through a short partition, and ends by silence in a long one', async () => {
    const { scheduler, network, connected, receive } = await twoDevices()
    const { dialled, accepted } = await connected()
    network.block(idOf(1), idOf(2))
    dialled.send('control', frame(1))
    await scheduler.run(scheduler.sleep(3000))
    network.unblock(idOf(1), idOf(2))
    expect(await receive(accepted)).toEqual(frame(1))
    network.block(idOf(1), idOf(2))
    expect((await scheduler.run(accepted.closed)).code).toBe('peerSilent')
    // The way back was open.
    expect((await scheduler.run(dialled.closed)).code).toBe('peerSilent')
    expect(network.counts).toMatchObject({ cutSilent: 1, stalled: 1 })
  })

  test('ends when a process dies, or sleeps for long', async () => {
    for (const end of ['dies', 'sleeps'] as const) {
      const { scheduler, two, connected } = await twoDevices()
      const { dialled } = await connected()
      if (end === 'dies') two.process.kill()
      else two.process.freeze(60_000)
      await scheduler.run(dialled.closed)
      expect(scheduler.nowMs).toBeLessThan(10_000)
    }
  })

  test('is refused where nobody is there, or nothing gets through', async () => {
    const { scheduler, network, one, two } = await twoDevices()
    const codeOf = async () => {
      const dialled = await scheduler.run(one.net.dial(idOf(2), relays))
      return dialled.ok ? null : dialled.fault.code
    }
    network.block(idOf(2), idOf(1))
    expect(await codeOf()).toBe('peerAway')
    network.heal()
    expect(await codeOf()).toBe(null)
    two.process.kill()
    expect(await codeOf()).toBe('peerAway')
    const alone = await scheduler.run(one.net.dial(idOf(2), []))
    expect(alone.ok ? null : alone.fault.code).toBe('relaysAway')
  })

  test('comes about twice where both dial at once', async () => {
    const { scheduler, network, one, two } = await twoDevices()
    await scheduler.run(Promise.all([one.net.dial(idOf(2), relays), two.net.dial(idOf(1), relays)]))
    await scheduler.run(scheduler.sleep(10))
    expect([one.accepted.length, two.accepted.length, network.counts.doubleDial]).toEqual([1, 1, 1])
  })

  test('loses, repeats and reorders messages of control where that is asked for, and none of bulk', async () => {
    const { scheduler, network, connected } = await twoDevices()
    const { dialled, accepted } = await connected()
    Object.assign(network.faults, { lossChance: 0.2, repeatChance: 0.2, reorderChance: 0.2 })
    const numbers = Array.from({ length: 200 }, (_, number) => number)
    for (const number of numbers) for (const lane of ['control', 'bulk'] as const) dialled.send(lane, frame(number))
    await scheduler.run(scheduler.sleep(20_000))
    dialled.close()
    const all = async (lane: Lane): Promise<number[]> => {
      const got: number[] = []
      for (let next = await accepted.receive(lane); next; next = await accepted.receive(lane)) got.push(next[0]!)
      return got
    }
    await scheduler.run(scheduler.sleep(100))
    expect(await scheduler.run(all('bulk'))).toEqual(numbers)
    const control = await scheduler.run(all('control'))
    expect(new Set(control).size).toBeLessThan(200)
    expect(control.length).toBeGreaterThan(new Set(control).size)
    expect(control.some((number, at) => at > 0 && number < control[at - 1]!)).toBe(true)
    for (const name of ['lost', 'repeated', 'reordered'] as const) expect(network.counts[name]).toBeGreaterThan(0)
  })

  test('is the same for the same seed', async () => {
    const play = async () => {
      const { scheduler, connected, receive } = await twoDevices(5)
      const { dialled, accepted } = await connected()
      dialled.send('bulk', frame(1, 100_000))
      await receive(accepted, 'bulk')
      return scheduler.nowMs
    }
    expect(await play()).toBe(await play())
  })
})
