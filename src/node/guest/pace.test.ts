import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

function scene() {
  let nowMs = 5000
  return { pace: new Pace({ monotonicMs: () => nowMs }), pass: (ms: number) => void (nowMs += ms) }
}

test('what came in a day is given at once, and then as fast as a person works', () => {
  const { pace, pass } = scene()
  expect(pace.allows('camera', 2048)).toBe(true)
  pace.spend('camera', 2048)
  expect(pace.allows('camera', 1)).toBe(false)
  expect(pace.allows('tablet', 2048)).toBe(true)
  pass(10_000)
  expect([20, 21].map((count) => pace.allows('camera', count))).toEqual([true, false])
  pass(24 * 60 * 60_000)
  expect(pace.allows('camera', 2048)).toBe(true)
})

test('what comes to nothing may be given again and again', () => {
  const { pace } = scene()
  for (let time = 0; time < 9; time++) {
    expect(pace.allows('camera', 1500)).toBe(true)
    pace.spend('camera', 0)
  }
})

test('one that is larger than all waits until it may give all', () => {
  const { pace, pass } = scene()
  pace.spend('camera', 3)
  expect(pace.allows('camera', 4000)).toBe(false)
  pass(1500)
  expect(pace.allows('camera', 4000)).toBe(true)
  pace.spend('camera', 4000)
  expect(pace.allows('camera', 1)).toBe(false)
})
