/**
 * How likely fragments outlive their storers.
 *
 * n fragments lie with n storers, whose lifetimes are exponential with mean L days. Every R days the owner looks; an object with
 * no more than t fragments alive is repaired to n, one with fewer than m is lost. m = K + 2: the code itself fails once in a
 * million sets. Storers are taken to die by themselves: one update of one browser may end many at once, so a loss of less than
 * one in a million is a result of the model and no fact.
 * @module
 */

export interface Plan {
  /** n */
  readonly fragmentCount: number
  /** m */
  readonly neededCount: number
  /** t: repaired at so many or fewer. */
  readonly repairAt: number
}
export interface Churn {
  /** L */
  readonly lifetimeDays: number
  /** R: how often the owner looks, and how long repair takes. */
  readonly intervalDays: number
}

const daysOfYear = 365

/** P[exactly k of n] for all k, where each happens with probability p. */
function binomial(n: number, p: number): readonly number[] {
  // By logarithms: the ends are far below what a product of factors can hold.
  const logFactorial = [0]
  for (let k = 1; k <= n; k++) logFactorial.push(logFactorial[k - 1]! + Math.log(k))
  return Array.from({ length: n + 1 }, (_, k) => {
    if (p === 0 || p === 1) return k === (p === 0 ? 0 : n) ? 1 : 0
    const logChoose = logFactorial[n]! - logFactorial[k]! - logFactorial[n - k]!
    return Math.exp(logChoose + k * Math.log(p) + (n - k) * Math.log1p(-p))
  })
}

/**
 * The loss of an object a year: 1 - (1 - q)^(365 / R), where q is the loss an interval in the long run.
 * The state is how many fragments live after each look; it is followed until the loss an interval is steady.
 */
export function lossPerYear({ fragmentCount: n, neededCount: m, repairAt }: Plan, churn: Churn): number {
  const deathProbability = -Math.expm1(-churn.intervalDays / churn.lifetimeDays)
  const deaths = Array.from({ length: n + 1 }, (_, alive) => (alive < m ? [] : binomial(alive, deathProbability)))
  let states = new Float64Array(n + 1)
  states[n] = 1
  let loss = 0
  for (let interval = 0; interval < intervalCountMax; interval++) {
    const next = new Float64Array(n + 1)
    let lost = 0
    for (let alive = m; alive <= n; alive++) {
      const share = states[alive]!
      if (share === 0) continue
      deaths[alive]!.forEach((probability, dead) => {
        const left = alive - dead
        if (left < m) lost += share * probability
        else next[left <= repairAt ? n : left]! += share * probability
      })
    }
    // Of those that are not lost, summed anew: an error of the sum would grow from step to step.
    const kept = next.reduce((sum, share) => sum + share, 0)
    for (let alive = m; alive <= n; alive++) next[alive]! /= kept
    states = next
    // Nothing is lost at first where nothing is repaired.
    const isSteady = lost > 0 && Math.abs(lost - loss) <= 1e-9 * lost
    loss = lost
    if (isSteady && interval > 2) break
  }
  return -Math.expm1((daysOfYear / churn.intervalDays) * Math.log1p(-loss))
}
const intervalCountMax = 5000

/** so that a third of what can be spared is still there when repair begins. */
export const thresholdOf = (fragmentCount: number, neededCount: number): number =>
  neededCount + Math.ceil((fragmentCount - neededCount) / 3)

/** The fewest fragments that lose no more than `lossMax` a year; all are repaired at each look, or below the threshold only. */
export function fewestFragments(
  neededCount: number,
  churn: Churn,
  lossMax: number,
  repairs: 'always' | 'threshold',
): Plan {
  for (let fragmentCount = neededCount; ; fragmentCount++) {
    const repairAt = repairs === 'always' ? fragmentCount - 1 : thresholdOf(fragmentCount, neededCount)
    const plan = { fragmentCount, neededCount, repairAt }
    if (lossPerYear(plan, churn) <= lossMax) return plan
  }
}

/** The fewest fragments of which m are online with this probability, where each storer is online with `onlineProbability`. */
export function fewestForReading(neededCount: number, onlineProbability: number, availability: number): number {
  for (let fragmentCount = neededCount; ; fragmentCount++) {
    const online = binomial(fragmentCount, onlineProbability).slice(neededCount)
    if (online.reduce((sum, probability) => sum + probability, 0) >= availability) return fragmentCount
  }
}
