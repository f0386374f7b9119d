/**
 * The same process, played: every storer has a day on which it goes, and the owner looks every R days.
 * @module
 */
import type { Churn, Plan } from './model.ts'

const daysOfYear = 365

/**
 * @param seed the same seed, the same losses
 * @returns losses an object and year; an object that is lost begins anew
 */
export function simulateLosses(plan: Plan, churn: Churn, objectYears: number, seed: number): number {
  const { fragmentCount, neededCount, repairAt } = plan
  const random = mulberry32(seed)
  const lifetime = (): number => -churn.lifetimeDays * Math.log(1 - random())
  /** The days on which the storers go. */
  const ends = new Float64Array(fragmentCount)
  const repair = (nowDays: number): void => {
    for (let index = 0; index < fragmentCount; index++) if (ends[index]! <= nowDays) ends[index] = nowDays + lifetime()
  }
  const renew = (nowDays: number): void => {
    for (let index = 0; index < fragmentCount; index++) ends[index] = nowDays + lifetime()
  }
  renew(0)
  let lossCount = 0
  const lookCount = Math.round((objectYears * daysOfYear) / churn.intervalDays)
  for (let look = 1; look <= lookCount; look++) {
    const nowDays = look * churn.intervalDays
    let alive = 0
    for (let index = 0; index < fragmentCount; index++) if (ends[index]! > nowDays) alive += 1
    if (alive < neededCount) {
      lossCount += 1
      renew(nowDays)
    } else if (alive <= repairAt) repair(nowDays)
  }
  // A rate, as a year may see more than one loss.
  return (lossCount / lookCount) * (daysOfYear / churn.intervalDays)
}

/** Fast and small; good enough for counting. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
