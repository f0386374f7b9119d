import { expect, test } from 'vitest'
import { change, founded, id, nextAccess, root, commit, newDirectory } from '../../core/tree/testing/forest.ts'
import { Pace, weightOf } from './pace.ts'

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

test('what takes much room counts as much as many records', () => {
  const tree = commit(founded(), [change(newDirectory(root, id(1)))]).state
  const short = nextAccess(tree, id(1), {})
  expect(weightOf([change([short]), change([short])])).toBe(2)
  const full = nextAccess(tree, id(1), {
    earlierKeys: Array.from({ length: 255 }, () => new Uint8Array(72)),
    keyEpoch: 256,
  })
  expect(full.body.length).toBeGreaterThan(18 * 1024)
  expect(weightOf([change([short]), change([full])])).toBeGreaterThan(18)
})
