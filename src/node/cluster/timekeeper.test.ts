import { expect, test } from 'vitest'
import { Timekeeper } from './timekeeper.ts'

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs

/** A device whose clocks stand at 0, like the newest stamp, and whose site answers when it is told to. */
function device() {
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>()
  const world = {
    aheadMs: 0,
    monotonicMs: 0,
    lastMs: 0,
    stampedCount: 0,
    told: [] as boolean[],
    asked: [] as ((atMs: number | null) => void)[],
    /** Of the site, for those who asked. */
    async answer(atMs: number | null) {
      for (const settle of world.asked.splice(0)) settle(atMs)
      await new Promise((resolve) => setImmediate(resolve))
    },
    pass(ms: number) {
      world.monotonicMs += ms
      for (const timer of [...timers].filter(({ atMs }) => atMs <= world.monotonicMs)) {
        timers.delete(timer)
        timer.callback()
      }
    },
    get nowMs() {
      return world.monotonicMs + world.aheadMs
    },
  }
  const clock = {
    nowMs: () => world.nowMs,
    monotonicMs: () => world.monotonicMs,
    after(delayMs: number, callback: () => void) {
      const timer = { atMs: world.monotonicMs + delayMs, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
  }
  const siteNowMs = () => new Promise<number | null>((settle) => world.asked.push(settle))
  const keeper: Timekeeper = new Timekeeper({
    platform: { clock, siteNowMs },
    lastMs: () => world.lastMs,
    onStamp: () => void world.stampedCount++,
    onChanged: () => void world.told.push(keeper.isStanding),
  })
  return { world, keeper, timers }
}

test('within a day the clock counts, and nobody is asked', () => {
  const { world, keeper } = device()
  world.aheadMs = dayMs
  expect(keeper.stamp()).toBe(dayMs)
  expect(world.asked).toHaveLength(0)
})

test('a clock that was set back stamps the next instant', () => {
  const { world, keeper } = device()
  world.lastMs = 40 * dayMs
  expect(keeper.stamp()).toBe(40 * dayMs + 1)
  expect(world.asked).toHaveLength(0)
})

test('a clock that went on evenly since it stamped is right', () => {
  const { world, keeper } = device()
  keeper.stamp()
  world.pass(9 * dayMs)
  expect(keeper.stamp()).toBe(9 * dayMs)
  expect(world.asked).toHaveLength(0)
})

test('after a leap a change waits for the site, which says so', async () => {
  const { world, keeper } = device()
  world.aheadMs = 7 * dayMs
  expect(keeper.stamp()).toBeNull()
  expect(keeper.stamp()).toBeNull()
  expect(world.asked).toHaveLength(1)
  await world.answer(7 * dayMs - hourMs)
  expect(world.stampedCount).toBe(1)
  expect(keeper.stamp()).toBe(7 * dayMs)
  expect(world.told).toEqual([])
})

test('it waits no longer than a second, and nothing is said before the site has answered', async () => {
  const { world, keeper } = device()
  world.aheadMs = 7 * dayMs
  expect(keeper.stamp()).toBeNull()
  world.pass(1000)
  expect(world.stampedCount).toBe(1)
  expect(keeper.stamp()).toBe(1)
  expect(world.asked).toHaveLength(1)
  expect(keeper.isStanding).toBe(false)
  await world.answer(7 * dayMs)
  expect(keeper.stamp()).toBe(7 * dayMs + 1000)
  expect(world.told).toEqual([])
})

test.each([
  ['is away', null],
  ['says another time', dayMs],
])('where the site %s time stands, until it says that the clock is right', async (_, atMs) => {
  const { world, keeper } = device()
  world.aheadMs = 7 * dayMs
  keeper.stamp()
  await world.answer(atMs)
  expect(keeper.isStanding).toBe(true)
  expect(keeper.stamp()).toBe(1)
  expect(world.asked).toHaveLength(0)
  world.pass(60_000)
  expect(world.asked).toHaveLength(1)
  // Nothing waits any more.
  expect(keeper.stamp()).toBe(1)
  await world.answer(world.nowMs)
  expect(world.told).toEqual([true, false])
  expect(keeper.stamp()).toBe(world.nowMs)
})

test('it goes on by itself when the clock is set right', async () => {
  const { world, keeper } = device()
  world.aheadMs = 7 * dayMs
  keeper.stamp()
  await world.answer(null)
  world.aheadMs = 0
  world.pass(60_000)
  expect(world.told).toEqual([true, false])
  expect(world.asked).toHaveLength(0)
  expect(keeper.stamp()).toBe(60_000)
})

test('what another one says counts where the two clocks agree to within a day', async () => {
  const { world, keeper } = device()
  world.aheadMs = 7 * dayMs
  keeper.stamp()
  await world.answer(null)
  keeper.hear(8 * dayMs)
  keeper.hear(6 * dayMs)
  expect(keeper.isStanding).toBe(true)
  keeper.hear(6 * dayMs + 1)
  expect(world.told).toEqual([true, false])
  expect(keeper.stamp()).toBe(7 * dayMs)
})

test('who said that a clock is right does not say so of what it is set to later', () => {
  const { world, keeper } = device()
  world.aheadMs = 7 * dayMs
  keeper.vouch()
  expect(keeper.stamp()).toBe(7 * dayMs)
  world.lastMs = 7 * dayMs
  world.aheadMs = 9 * dayMs
  expect(keeper.stamp()).toBeNull()
})

test('a closed one stamps without an answer, and leaves nothing behind', async () => {
  const { world, keeper, timers } = device()
  world.aheadMs = 7 * dayMs
  keeper.stamp()
  keeper.close()
  expect(keeper.stamp()).toBe(1)
  await world.answer(null)
  expect(keeper.isStanding).toBe(false)
  expect(timers.size).toBe(0)
})
