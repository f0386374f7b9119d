import { expect, test } from 'vitest'
import { u64be, concat } from '../bytes/bytes.ts'
import { set } from '../merkle/merkle.ts'
import { examineArrival } from './arrival.ts'
import { type TreeState, encodeRow, keys } from './state.ts'
import { founded } from './testing/forest.ts'

test('a state of many rows is examined in slices of few', () => {
  let state: TreeState = founded()
  const row = encodeRow('request', { stampMs: 1000, fault: null, block: null })
  for (let at = 0; at < 1024; at++)
    state = { ...state, map: set(state.map, keys.request(concat(new Uint8Array(8), u64be(at))), row) }
  let sliceCount = 1
  const work = examineArrival(state, null)
  let slice = work.next()
  for (; slice.done !== true; slice = work.next()) sliceCount++
  expect(slice.value).toMatchObject({ ok: true })
  // Each row is read and then looked at.
  expect(sliceCount).toBeGreaterThan((2 * 1024) / 256)
})
