import { expect, test } from 'vitest'
import { Strangers, placePeriodMs, strangerCountMax } from './strangers.ts'

test('strangers have a few places at once, and one more every second, of which no more than those few are saved up', () => {
  let nowMs = 0
  const strangers = new Strangers({ monotonicMs: () => nowMs })
  const admittedCount = (): number => {
    let count = 0
    while (strangers.admit()) count++
    return count
  }
  expect(admittedCount()).toBe(strangerCountMax)
  nowMs += placePeriodMs - 1
  expect(admittedCount()).toBe(0)
  nowMs += 1
  expect(admittedCount()).toBe(1)
  nowMs += 2.5 * placePeriodMs
  expect(admittedCount()).toBe(2)
  nowMs += 0.5 * placePeriodMs
  expect(admittedCount()).toBe(1)
  nowMs += 3600 * placePeriodMs
  expect(admittedCount()).toBe(strangerCountMax)
})
