import { describe, expect, test } from 'vitest'
import { WallClock, createSimClock } from './clock.ts'
import { Process } from './process.ts'
import { Scheduler } from './scheduler.ts'
import { drain } from './testing/drain.ts'

function setUp() {
  const scheduler = new Scheduler(drain)
  const process = new Process(scheduler)
  const wall = new WallClock()
  return { scheduler, process, wall, clock: createSimClock(process, wall) }
}

describe('a frozen process', () => {
  test('gets its timers late, once, in the order in which they were due', async () => {
    const { scheduler, process, clock } = setUp()
    const order: string[] = []
    for (const delayMs of [300, 100, 200, 10_000])
      clock.after(delayMs, () => order.push(`${delayMs} at ${scheduler.nowMs}`))
    scheduler.after(50, () => process.freeze(5000))
    await scheduler.run(scheduler.sleep(20_000))
    expect(order).toEqual(['100 at 5050', '200 at 5050', '300 at 5050', '10000 at 10000'])
  })

  test('has a monotonic clock that sleeps with it and never goes back', async () => {
    const { scheduler, process, clock } = setUp()
    const seen: number[] = []
    scheduler.after(100, () => process.freeze(1000))
    for (const atMs of [100, 600, 1099, 1100, 1200]) scheduler.after(atMs, () => seen.push(clock.monotonicMs()))
    await scheduler.run(scheduler.sleep(2000))
    expect(seen).toEqual([100, 100, 100, 100, 200])
    expect(process.isFrozen).toBe(false)
  })

  test('can still take back a timer that is held up', async () => {
    const { scheduler, process, clock } = setUp()
    let hasRun = false
    const cancel = clock.after(10, () => (hasRun = true))
    process.freeze(100)
    scheduler.after(50, cancel)
    await scheduler.run(scheduler.sleep(500))
    expect(hasRun).toBe(false)
  })
})

describe('a killed process', () => {
  test('takes nothing any more and tells who waits', async () => {
    const { scheduler, process, clock } = setUp()
    let hasRun = false
    clock.after(100, () => (hasRun = true))
    scheduler.after(50, () => process.kill())
    await scheduler.run(process.died)
    expect(scheduler.nowMs).toBe(50)
    await scheduler.run(scheduler.sleep(500))
    expect(hasRun).toBe(false)
  })

  test('is killed once', () => {
    const { process } = setUp()
    let count = 0
    process.onKill(() => count++)
    process.kill()
    process.kill()
    expect(count).toBe(1)
  })
})

test('the wall clock jumps both ways and moves neither timers nor the monotonic clock', async () => {
  const { scheduler, wall, clock } = setUp()
  const beganMs = clock.nowMs()
  wall.jump(-3_600_000)
  let firedAtMs = -1
  clock.after(1000, () => (firedAtMs = scheduler.nowMs))
  await scheduler.run(scheduler.sleep(2000))
  expect(firedAtMs).toBe(1000)
  expect(clock.nowMs()).toBe(beganMs + 2000 - 3_600_000)
  expect(clock.monotonicMs()).toBe(2000)
})
