import { describe, expect, test } from 'vitest'
import { Patience } from './patience.ts'

const limitMs = 5000

/** How many of twelve ticks count. */
const counted = (patience: Patience, nowMs: number): number =>
  Array.from({ length: 12 }, (_, at) => patience.counts(nowMs + at * 500)).filter(Boolean).length

describe('a follower', () => {
  test('is as strict as ever with a leader that speaks in time', () => {
    const patience = new Patience()
    for (let atMs = 0; atMs < 20_000; atMs += 2400) patience.heard('a', atMs)
    expect(counted(patience, 20_000)).toBe(12)
  })

  test('waits half as long again for one that is slow, for five minutes', () => {
    const patience = new Patience()
    patience.heard('a', 0)
    patience.heard('a', 2500)
    expect(counted(patience, 2500)).toBe(8)
    expect(counted(patience, 2500 + 290_000)).toBe(8)
    expect(counted(patience, 2500 + 300_000)).toBe(12)
  })

  test('blames no leader for the silence in which it was chosen', () => {
    const patience = new Patience()
    patience.heard('a', 0)
    patience.heard('b', 9000)
    expect(counted(patience, 9000)).toBe(12)
  })

  test('blames no leader for its own sleep', () => {
    const patience = new Patience()
    patience.heard('a', 0)
    expect(patience.woke(60_000, 60_000, limitMs, false)).toBe(true)
    patience.heard('a', 60_000)
    expect(counted(patience, 60_000)).toBe(12)
  })
})

describe('one that leads', () => {
  test('asks after a sleep of an election whether it has been replaced, and of half as long again once it is known to stutter', () => {
    const patience = new Patience()
    expect(patience.woke(500, 500, limitMs, true)).toBe(false)
    expect(patience.woke(limitMs, 5500, limitMs, true)).toBe(true)
    expect(patience.woke(7400, 13_000, limitMs, true)).toBe(false)
    expect(patience.woke(7500, 21_000, limitMs, true)).toBe(true)
    expect(patience.woke(limitMs, 21_000 + 300_000, limitMs, true)).toBe(true)
  })
})
