/**
 * The bars of fragments: how often a set of symbols does not determine a block, and whether the model of durability holds.
 * @module
 */
import { planDecoding } from '../../core/raptorq/raptorq.ts'
import { checkModel } from '../durability/check.ts'
import { mulberry32 } from '../durability/simulate.ts'
import type { Bar, Proof } from './bar.ts'

/** RFC 6330 §5.8: of random sets with so many symbols more than K fewer than this share may fail. */
const failures = [
  { overhead: 0, shareMax: 1e-2, setCount: 100_000 },
  // About 4 of 100,000 fail, so fewer sets would say little.
  { overhead: 1, shareMax: 1e-4, setCount: 400_000 },
  { overhead: 2, shareMax: 0, setCount: 100_000 },
] as const
const seed = 6330

export const coding: Proof = {
  word: 'coding',
  title: 'Decoding random sets of symbols',
  async run() {
    return [10, 101].flatMap((K) => failures.map((each) => failureBar(K, each)))
  },
}

function failureBar(K: number, { overhead, shareMax, setCount }: (typeof failures)[number]): Bar {
  const random = mulberry32(seed + K + overhead)
  // Of the source symbols and five times as many others.
  const ids = Array.from({ length: 6 * K }, (_, id) => id)
  let failedCount = 0
  for (let set = 0; set < setCount; set++) {
    for (let at = 0; at < K + overhead; at++) {
      const other = at + Math.floor(random() * (ids.length - at))
      ;[ids[at], ids[other]] = [ids[other]!, ids[at]!]
    }
    if (planDecoding(K, ids.slice(0, K + overhead)) === null) failedCount += 1
  }
  return {
    name: `raptorq: sets of K + ${overhead} symbols that fail, K = ${K}`,
    required: shareMax === 0 ? `0 of ${setCount}` : `< ${shareMax}`,
    measured: `${failedCount} of ${setCount}`,
    isMet: shareMax === 0 ? failedCount === 0 : failedCount / setCount < shareMax,
  }
}

const objectYears = 1_000_000

export const durability: Proof = {
  word: 'durability',
  title: `Simulating ${objectYears} years of an object`,
  async run() {
    return checkModel(objectYears, seed).map(({ plan, churn, byModel, bySimulation, isWithin }) => ({
      name: `durability: ${plan.fragmentCount}/${plan.neededCount}, life ${churn.lifetimeDays} d, looked after every ${churn.intervalDays} d`,
      required: `${byModel.toPrecision(3)} a year by the model, within 10 %`,
      measured: bySimulation.toPrecision(3),
      isMet: isWithin,
    }))
  },
}
