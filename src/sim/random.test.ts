import { describe, expect, test } from 'vitest'
import { Random } from './random.ts'

const draws = (random: Random, count = 8): readonly number[] => Array.from({ length: count }, () => random.u32())

describe('a stream', () => {
  test('is the same for the same seed and differs between seeds', () => {
    expect(draws(Random.fromSeed(7))).toEqual(draws(Random.fromSeed(7)))
    expect(draws(Random.fromSeed(7))).not.toEqual(draws(Random.fromSeed(8)))
    expect(draws(Random.fromSeed(7))).not.toEqual(draws(Random.fromSeed(7 + 2 ** 32)))
  })

  test('forks by name alone, however much was drawn before', () => {
    const early = Random.fromSeed(1)
    const late = Random.fromSeed(1)
    draws(late, 100)
    expect(draws(early.fork('store'))).toEqual(draws(late.fork('store')))
    expect(draws(early.fork('store'))).not.toEqual(draws(early.fork('node')))
    expect(draws(early.fork('a').fork('b'))).not.toEqual(draws(early.fork('b').fork('a')))
    expect(draws(early.fork('ab'))).not.toEqual(draws(early.fork('a').fork('b')))
  })

  test('is the published generator', () => {
    // xoshiro128** 1.1 from the state 1, 2, 3, 4; computed with the reference in C (prng.di.unimi.it/xoshiro128starstar.c).
    const random = Random.fromState([1, 2, 3, 4])
    expect(draws(random, 4)).toEqual([11520, 0, 5927040, 70819200])
  })
})

describe('a draw', () => {
  const random = Random.fromSeed(3)
  test('keeps within its bounds and reaches both', () => {
    const seen = new Set(Array.from({ length: 400 }, () => random.between(3, 6)))
    expect([...seen].toSorted((one, other) => one - other)).toEqual([3, 4, 5, 6])
  })

  test('comes about as often as its probability', () => {
    const hits = Array.from({ length: 10_000 }, () => random.chance(0.3)).filter(Boolean).length
    expect(hits).toBeGreaterThan(2700)
    expect(hits).toBeLessThan(3300)
    expect(random.chance(0)).toBe(false)
    expect(random.chance(1)).toBe(true)
  })

  test('is spread evenly over the orders of magnitude', () => {
    const values = Array.from({ length: 3000 }, () => random.spread(1, 1000))
    expect(Math.min(...values)).toBe(1)
    expect(Math.max(...values)).toBeLessThanOrEqual(1000)
    const small = values.filter((value) => value <= 31).length
    expect(small).toBeGreaterThan(1200)
    expect(small).toBeLessThan(1800)
  })

  test('gives names by their weight and never one of weight 0', () => {
    const names = Array.from({ length: 3000 }, () => random.weighted({ often: 9, rarely: 1, never: 0 }))
    expect(names.filter((name) => name === 'rarely').length).toBeGreaterThan(200)
    expect(names.filter((name) => name === 'rarely').length).toBeLessThan(400)
    expect(names).not.toContain('never')
  })

  test('of octets has the length asked for, whole words or not', () => {
    expect([0, 1, 3, 4, 5, 33].map((size) => random.bytes(size).length)).toEqual([0, 1, 3, 4, 5, 33])
    expect(new Set(random.bytes(4096)).size).toBe(256)
  })
})
