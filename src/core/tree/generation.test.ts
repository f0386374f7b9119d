import { describe, expect, test } from 'vitest'
import { firstGeneration, nextGeneration, ordinalOf, sharedUntilMs } from './generation.ts'
import { type TreeState, readRow, keys, summaryOf } from './state.ts'
import {
  alice,
  aliceCap,
  change,
  commit,
  founded,
  hash,
  id,
  newFile,
  ownerCap,
  person,
  root,
  takeOver,
} from './testing/forest.ts'

const [phone, desk] = [person(5), person(6)]
const write = (state: TreeState, octet: number, stampMs: number): TreeState =>
  commit(state, [change(newFile(root, id(octet)), id(octet + 100))], stampMs).state
const taken = (state: TreeState, who = phone, stampMs = 5000): TreeState => {
  const { state: after, outcomes } = commit(state, [takeOver(state, who)], stampMs)
  expect(outcomes).toEqual([{ ok: true, repeated: false }])
  return after
}

describe('the number of a generation', () => {
  test('is higher than all that came before it, whoever took over', () => {
    let generation = firstGeneration
    for (const [at, cap] of [aliceCap, ownerCap(phone), ownerCap(desk)].entries()) {
      expect(ordinalOf(generation)).toBe(at + 1)
      const next = nextGeneration(generation, hash(at), cap.hash)
      expect(next).toBeGreaterThan(generation)
      generation = next
    }
  })
  test('is another one over another state, and for another device', () => {
    const numbers = [
      nextGeneration(1, hash(1), hash(3)),
      nextGeneration(1, hash(2), hash(3)),
      nextGeneration(1, hash(1), hash(4)),
    ]
    expect(new Set(numbers).size).toBe(3)
    expect(numbers.map(ordinalOf)).toEqual([2, 2, 2])
  })
  test('is what the fold takes, with the row that proves it', () => {
    const base = founded()
    const state = taken(base)
    const { generation } = summaryOf(state)!
    expect(ordinalOf(generation)).toBe(2)
    expect(readRow(state, 'takeOver', keys.takeOver(generation))).not.toBeNull()
  })
})

describe('what two states share', () => {
  const base = write(founded(), 2, 2000)
  const old = write(base, 3, 3000)

  test('is all, where one goes on from the other', () => {
    expect(sharedUntilMs(base, old)).toBe(Infinity)
    expect(sharedUntilMs(taken(base), write(taken(base), 4, 6000))).toBe(Infinity)
  })
  test('ends where one was taken over and the other was not', () => {
    expect(sharedUntilMs(old, write(taken(base), 4, 6000))).toBe(2000)
    expect(sharedUntilMs(write(taken(base), 4, 6000), old)).toBe(2000)
  })
  test('ends at the earlier of two that were taken over at once', () => {
    const later = taken(old, desk)
    expect(sharedUntilMs(taken(base), later)).toBe(2000)
    expect(sharedUntilMs(later, taken(base))).toBe(2000)
  })
  test('ends at the first that only one has, however many followed', () => {
    const twice = taken(write(taken(base), 4, 6000), desk, 7000)
    expect(sharedUntilMs(old, twice)).toBe(2000)
    expect(sharedUntilMs(taken(base), twice)).toBe(6000)
  })
  test('is known of a device that took over itself', () => expect(sharedUntilMs(taken(base, alice), old)).toBe(2000))
})
