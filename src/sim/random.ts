/**
 * Chance by seed: xoshiro128** (Blackman and Vigna, 2018) over 32-bit words.
 *
 * A stream can be forked under a name. What a fork yields depends on the seed and the names alone, never on how much was drawn
 * before, so one more draw in one place leaves every other place of a run as it was.
 * @module
 */
import { type Bytes, utf8 } from '../core/bytes/bytes.ts'
import type { RandomPort } from '../port/platform.ts'

export class Random implements RandomPort {
  readonly #identity: readonly number[]
  readonly #state: Uint32Array

  private constructor(identity: readonly number[], state: Uint32Array) {
    this.#identity = identity
    this.#state = state
  }

  static fromSeed(seed: number): Random {
    return Random.#named([seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0])
  }

  /** The bare generator, to compare it with others. */
  static fromState(words: readonly number[]): Random {
    return new Random(words, Uint32Array.from(words))
  }

  static #named(identity: readonly number[]): Random {
    return new Random(identity, expand(identity))
  }

  /** A stream of its own, the same for the same seed and names. */
  fork(name: string | number): Random {
    return Random.#named([...this.#identity, ...utf8(`/${name}`)])
  }

  /** 0 to 2^32 - 1. */
  u32(): number {
    const s = this.#state
    const word = Math.imul(rotate(Math.imul(s[1]!, 5), 7), 9) >>> 0
    const shifted = s[1]! << 9
    s[2]! ^= s[0]!
    s[3]! ^= s[1]!
    s[1]! ^= s[2]!
    s[0]! ^= s[3]!
    s[2]! ^= shifted
    s[3] = rotate(s[3]!, 11)
    return word
  }

  /** 0 to `count - 1`. The bias of at most `count` in 2^32 does not matter here. */
  below(count: number): number {
    if (!(count >= 1)) throw new RangeError(`"count" expected at least 1, got ${count}`)
    return Math.floor((this.u32() / 2 ** 32) * count)
  }

  /** Both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  chance(probability: number): boolean {
    return this.u32() < probability * 2 ** 32
  }

  /** Evenly over the orders of magnitude between both ends: many small values, a few large ones. */
  spread(low: number, high: number): number {
    const fraction = this.u32() / 2 ** 32
    return Math.min(high, Math.floor(low * ((high + 1) / low) ** fraction))
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }

  /** Picks a name by its weight. */
  weighted<K extends string>(weights: { readonly [name in K]: number }): K {
    const names = Object.keys(weights) as K[]
    let rest = (this.u32() / 2 ** 32) * names.reduce((sum, name) => sum + weights[name], 0)
    for (const name of names) {
      rest -= weights[name]
      if (rest < 0) return name
    }
    return names.at(-1)!
  }

  bytes(sizeBytes: number): Bytes {
    const octets = new Uint8Array(sizeBytes)
    for (let i = 0; i < sizeBytes; i += 4) {
      const word = this.u32()
      for (let k = 0; k < 4 && i + k < sizeBytes; k++) octets[i + k] = word >>> (8 * k)
    }
    return octets
  }
}

const rotate = (word: number, count: number): number => (word << count) | (word >>> (32 - count))

/** Four words of state from any number of words: MurmurHash3's mixing, once for each with another start. */
function expand(words: readonly number[]): Uint32Array {
  const state = new Uint32Array(4)
  for (let lane = 0; lane < 4; lane++) {
    let hash = Math.imul(lane + 1, 0x9e3779b9)
    for (const word of words) {
      const mixed = Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593)
      hash = (Math.imul(rotate(hash ^ mixed, 13), 5) + 0xe6546b64) | 0
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    state[lane] = hash ^ (hash >>> 16)
  }
  // The generator never leaves the all-zero state.
  if (state.every((word) => word === 0)) state[0] = 1
  return state
}
