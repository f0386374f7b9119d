import { describe, expect, test } from 'vitest'
import { type Bytes, utf8 } from '../core/bytes/bytes.ts'
import type { Change, Durability, Table } from '../port/store.ts'
import { storeCases } from '../port/testing/store-suite.ts'
import { Disk } from './disk.ts'
import { Process } from './process.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { SimStore } from './store.ts'
import { drain } from './testing/drain.ts'
import { Trace } from './trace.ts'

const put = (key: string, value = key, table: Table = 'state'): Change => ({
  kind: 'put',
  table,
  key: utf8(key),
  value: utf8(value),
})

function setUp(seed = 1) {
  const scheduler = new Scheduler(drain)
  const disk = new Disk()
  const events: string[] = []
  const open = (): { store: SimStore; process: Process } => {
    const process = new Process(scheduler)
    const store = new SimStore(disk, process, Random.fromSeed(seed), new Trace(), {
      onCrash: (when) => events.push(`crash ${when}`),
      onFull: () => events.push('full'),
      onSuperseded: () => events.push('superseded'),
    })
    return { store, process }
  }
  const keysOf = (table: Table): string => [...disk.rows(table, utf8(''))].map(({ key }) => text(key)).join(' ')
  return { scheduler, disk, events, open, keysOf, run: <T>(promise: Promise<T>) => scheduler.run(promise) }
}
const text = (octets: Bytes): string => String.fromCharCode(...octets)

/** How promises stand after everything that can happen has happened. */
async function fatesOf(scheduler: Scheduler, ...promises: readonly Promise<unknown>[]): Promise<readonly string[]> {
  const fates = promises.map(() => 'never settled')
  promises.forEach((promise, at) => {
    promise.then(
      () => (fates[at] = 'resolved'),
      (error: Error) => (fates[at] = error.name),
    )
  })
  await scheduler.run(scheduler.sleep(3_600_000))
  return fates
}

describe('the simulated store, as every store,', () => {
  test.each(storeCases.map((storeCase) => [storeCase.name, storeCase] as const))('%s', async (_name, storeCase) => {
    const { open, run } = setUp()
    await run(storeCase.run(async () => open().store))
  })
})

describe('a crash', () => {
  const crashed = async (when: 'before' | 'after', durability: Durability) => {
    const { open, scheduler, keysOf, run, disk, events } = setUp()
    const { store, process } = open()
    await run(store.write([put('first')], 'strict'))
    store.faults.crash = { writeCount: 1, when }
    const survived = store.write([put('second')], durability)
    const struck = store.write([put('third'), put('fourth')], durability)
    expect(await fatesOf(scheduler, survived, struck)).toEqual(['resolved', 'never settled'])
    expect(process.isAlive).toBe(false)
    expect(await fatesOf(scheduler, store.write([put('from the grave')], 'strict'))).toEqual(['never settled'])
    expect(events).toEqual([`crash ${when}`])
    return { keys: keysOf('state'), disk, keysOf }
  }

  test('before a write leaves nothing of it', async () => {
    expect((await crashed('before', 'strict')).keys).toBe('first second')
  })

  test('after a write leaves all of it, unanswered', async () => {
    expect((await crashed('after', 'strict')).keys).toBe('first fourth second third')
  })

  test('and a loss of power take back the newest relaxed writes, each as a whole', async () => {
    const { disk, keysOf } = await crashed('after', 'relaxed')
    expect(disk.relaxedCount).toBe(2)
    disk.losePower(1)
    expect(keysOf('state')).toBe('first second')
    expect(disk.relaxedCount).toBe(0)
  })

  test.each([1, 2, 3, 4, 5, 6])('leaves of what is under way a beginning, seed %i', async (seed) => {
    const { open, keysOf, scheduler, run } = setUp(seed)
    const { store, process } = open()
    for (const key of ['a', 'b', 'c', 'd']) void store.write([put(key)], 'strict')
    scheduler.after(12, () => process.kill())
    await run(scheduler.sleep(1000))
    expect('a b c d').toContain(keysOf('state'))
    expect('a b c d'.startsWith(keysOf('state'))).toBe(true)
  })
})

describe('a loss of power', () => {
  test('takes nothing back that a later strict write made durable with itself', async () => {
    const { open, disk, keysOf, run } = setUp()
    const { store } = open()
    await run(store.write([put('relaxed')], 'relaxed'))
    await run(store.write([put('strict')], 'strict'))
    expect(disk.relaxedCount).toBe(0)
    expect(keysOf('state')).toBe('relaxed strict')
  })

  test('brings back what relaxed writes had overwritten and deleted', async () => {
    const { open, disk, run } = setUp()
    const { store } = open()
    await run(store.write([put('a', 'old'), put('b', 'old')], 'strict'))
    await run(
      store.write([put('a', 'new'), { kind: 'delete', table: 'state', key: utf8('b') }, put('a', 'newer')], 'relaxed'),
    )
    await run(store.write([{ kind: 'deleteAll', table: 'state', prefix: utf8('') }], 'relaxed'))
    expect([...disk.rows('state', utf8(''))]).toHaveLength(0)
    const { usedBytes } = disk.clone()
    disk.losePower(2)
    expect([...disk.rows('state', utf8(''))].map(({ value }) => text(value))).toEqual(['old', 'old'])
    expect(disk.usedBytes).toBe(8)
    expect(usedBytes).toBe(8)
  })
})

describe('trouble', () => {
  test('a full disk refuses what needs room, keeps nothing of it, and lets deletions pass', async () => {
    const { open, disk, keysOf, scheduler, run } = setUp()
    const { store } = open()
    await run(store.write([put('a', 'x'.repeat(100))], 'strict'))
    disk.quotaBytes = 150
    expect(await fatesOf(scheduler, store.write([put('b'), put('c', 'x'.repeat(100))], 'strict'))).toEqual([
      'StoreFullError',
    ])
    expect(keysOf('state')).toBe('a')
    await run(store.write([{ kind: 'delete', table: 'state', key: utf8('a') }], 'strict'))
    await run(store.write([put('c', 'x'.repeat(100))], 'strict'))
    expect(keysOf('state')).toBe('c')
  })

  test('objects leave room for what deletes them', async () => {
    const { open, disk, keysOf, scheduler, run } = setUp()
    const { store } = open()
    disk.quotaBytes = 1600
    await run(store.write([put('a', 'x'.repeat(1400), 'object')], 'strict'))
    const more = [put('b', 'x'.repeat(200), 'object'), put('b', 'one')]
    expect(await fatesOf(scheduler, store.write(more, 'strict'))).toEqual(['StoreFullError'])
    await run(store.write([put('b', 'x'.repeat(150), 'log')], 'strict'))
    expect([keysOf('object'), keysOf('state'), keysOf('log')]).toEqual(['a', '', 'b'])
  })

  test.each([
    ['of the log', 'log', 'strict'],
    ['that nobody waits for', 'holding', 'noted'],
  ] as const)('after a refused write %s none follows', async (_, table, durability) => {
    const { open, disk, keysOf, scheduler, run } = setUp()
    const { store } = open()
    disk.quotaBytes = 1
    const refused = store.write([put('1', 'row', table)], durability)
    const next = store.write([{ kind: 'delete', table: 'state', key: utf8('x') }], 'strict')
    expect(await fatesOf(scheduler, refused, next)).toEqual(['StoreFullError', 'StoreClosedError'])
    expect((await run(store.closed)).name).toBe('StoreFullError')
    expect(keysOf(table)).toBe('')
  })

  test('a slow disk takes a thousand times as long', async () => {
    const { open, scheduler, run } = setUp()
    const { store } = open()
    store.faults.slowness = 1000
    await run(store.write([put('a')], 'strict'))
    expect(scheduler.nowMs).toBeGreaterThanOrEqual(2000)
  })

  test('a write that waits when another opens the disk is refused', async () => {
    const { open, keysOf, scheduler, events } = setUp()
    const { store } = open()
    const waiting = store.write([put('old')], 'strict')
    open()
    expect(await fatesOf(scheduler, waiting)).toEqual(['StoreSupersededError'])
    expect(keysOf('state')).toBe('')
    expect(events).toEqual(['superseded'])
  })

  test('a flipped bit hides a sealed row loudly, shows in an object, and heals', async () => {
    const { open, disk, scheduler, run } = setUp()
    const { store } = open()
    await run(store.write([put('sealed'), put('object', 'ciphertext', 'object')], 'strict'))
    const sealed = disk.flipBit(Random.fromSeed(1), ['state'])!
    const object = disk.flipBit(Random.fromSeed(1), ['object'])!
    expect(disk.flipBit(Random.fromSeed(1), ['log'])).toBe(null)
    expect(await fatesOf(scheduler, store.read('state', utf8('sealed')))).toEqual(['StoreDamagedError'])
    expect(await fatesOf(scheduler, store.scan('state', utf8(''), 9))).toEqual(['StoreDamagedError'])
    const flipped = (await run(store.read('object', utf8('object'))))!
    expect(flipped).toHaveLength(10)
    expect(text(flipped)).not.toBe('ciphertext')
    sealed.heal()
    object.heal()
    expect(text((await run(store.read('state', utf8('sealed'))))!)).toBe('sealed')
    expect(text((await run(store.read('object', utf8('object'))))!)).toBe('ciphertext')
  })

  test('healing does not bring back what was written meanwhile', async () => {
    const { open, disk, run } = setUp()
    const { store } = open()
    await run(store.write([put('a', 'old')], 'strict'))
    const flip = disk.flipBit(Random.fromSeed(1), ['state'])!
    await run(store.write([put('a', 'new')], 'strict'))
    flip.heal()
    expect(text((await run(store.read('state', utf8('a'))))!)).toBe('new')
  })
})
