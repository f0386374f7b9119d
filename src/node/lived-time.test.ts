import { expect, test } from 'vitest'
import { type LivedTime, livedSince, startedAt } from './lived-time.ts'

const day = 24 * 60 * 60 * 1000
const startedOn = (...days: readonly number[]): LivedTime =>
  days.reduce<LivedTime | null>((lived, at) => startedAt(lived, at * day), null)!

test.each([
  { name: 'every day counts whole', starts: [0, 1, 2, 3], since: 1, now: 3.5, lived: 2.5 },
  { name: 'a pause counts as a day', starts: [0, 10], since: 0, now: 10, lived: 1 },
  { name: 'each of two pauses counts as a day', starts: [0, 10, 20], since: 0, now: 20, lived: 2 },
  { name: 'a pause takes nothing off what came after it', starts: [0, 10, 11, 12], since: 10, now: 12, lived: 2 },
  { name: 'a wrong year that was set right is forgotten', starts: [0, 3650, 1, 2], since: 0, now: 2, lived: 2 },
  { name: 'what a wrong year stamped lies ahead', starts: [0, 3650, 1], since: 3650, now: 1, lived: -3649 },
])('$name', ({ starts, since, now, lived }) => {
  expect(livedSince(startedOn(...starts), since * day, now * day)).toBe(lived * day)
})

test('a hundred pauses stay bounded and never make anything older', () => {
  const starts = Array.from({ length: 101 }, (_, at) => at * 10)
  const lived = startedOn(...starts)
  expect(lived.leaps).toHaveLength(64)
  for (const since of starts)
    expect(livedSince(lived, since * day, 1000 * day)).toBeLessThanOrEqual((1000 - since) * day)
  expect(livedSince(lived, 0, 1000 * day)).toBe(100 * day)
})
