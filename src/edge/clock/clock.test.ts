import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClock } from './clock.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('calls back once, when the delay is over', () => {
  const callback = vi.fn()
  createClock().after(1000, callback)
  vi.advanceTimersByTime(999)
  expect(callback).not.toHaveBeenCalled()
  vi.advanceTimersByTime(5000)
  expect(callback).toHaveBeenCalledOnce()
})

test('does not call back what was cancelled', () => {
  const callback = vi.fn()
  createClock().after(1000, callback)()
  vi.advanceTimersByTime(5000)
  expect(callback).not.toHaveBeenCalled()
})

test('waits for delays that no timer of a browser takes: 60 days, cancellable to the end', () => {
  const dayMs = 24 * 60 * 60 * 1000
  const [kept, cancelled] = [vi.fn(), vi.fn()]
  const clock = createClock()
  clock.after(60 * dayMs, kept)
  const cancel = clock.after(60 * dayMs, cancelled)
  vi.advanceTimersByTime(59 * dayMs)
  expect(kept).not.toHaveBeenCalled()
  cancel()
  vi.advanceTimersByTime(2 * dayMs)
  expect(kept).toHaveBeenCalledOnce()
  expect(cancelled).not.toHaveBeenCalled()
})

test('a delay that is over already calls back at the next turn', () => {
  const callback = vi.fn()
  createClock().after(-5, callback)
  expect(callback).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(callback).toHaveBeenCalledOnce()
})

test('the time is in milliseconds since 1970, and the monotonic clock goes on', () => {
  vi.setSystemTime(new Date('2026-03-01T00:00:00Z'))
  const clock = createClock()
  expect(clock.nowMs()).toBe(1_772_323_200_000)
  const before = clock.monotonicMs()
  vi.advanceTimersByTime(250)
  expect(clock.monotonicMs() - before).toBe(250)
})
