import { describe, expect, test } from 'vitest'
import { checkModel } from './check.ts'
import { fewestForReading, fewestFragments, lossPerYear, thresholdOf } from './model.ts'
import { simulateLosses } from './simulate.ts'

describe('the model', () => {
  // q = P[Binomial(n, 1 - e^(-R/L)) > n - m] an interval, all n restored each time.
  test.each([
    { m: 4, lifetimeDays: 90, intervalDays: 7, lossMax: 1e-9, n: 15 },
    { m: 16, lifetimeDays: 180, intervalDays: 7, lossMax: 1e-9, n: 28 },
    { m: 29, lifetimeDays: 365, intervalDays: 30, lossMax: 1e-9, n: 49 },
    { m: 64, lifetimeDays: 1095, intervalDays: 1, lossMax: 1e-9, n: 70 },
    { m: 16, lifetimeDays: 90, intervalDays: 30, lossMax: 1e-11, n: 58 },
  ])('needs $n fragments for m = $m', ({ m, lifetimeDays, intervalDays, lossMax, n }) => {
    const plan = fewestFragments(m, { lifetimeDays, intervalDays }, lossMax, 'always')
    expect(plan.fragmentCount).toBe(n)
  })

  test.each([
    { m: 4, online: 0.5, n: 25 },
    { m: 16, online: 0.3, n: 107 },
    { m: 29, online: 0.8, n: 51 },
  ])('needs $n fragments to be read now with m = $m', ({ m, online, n }) =>
    expect(fewestForReading(m, online, 0.9999)).toBe(n),
  )

  test('repairing late costs more than repairing always, and less than never', () => {
    const churn = { lifetimeDays: 60, intervalDays: 7 }
    const loss = (repairAt: number): number => lossPerYear({ fragmentCount: 24, neededCount: 12, repairAt }, churn)
    expect(loss(23)).toBeLessThan(loss(thresholdOf(24, 12)))
    expect(loss(thresholdOf(24, 12))).toBeLessThan(loss(0))
    expect(thresholdOf(40, 16)).toBe(24)
  })

  test('the proposed m = 16, n = 40, repaired at 28 is far below one in 10^8 at a life of 180 days', () => {
    const plan = { fragmentCount: 40, neededCount: 16, repairAt: 28 }
    expect(lossPerYear(plan, { lifetimeDays: 180, intervalDays: 7 })).toBeLessThan(1e-9)
  })
})

test('the model and the simulation agree within a tenth', () => {
  for (const { byModel, bySimulation, isWithin } of checkModel(60_000, 7))
    expect(isWithin, `${byModel} by the model, ${bySimulation} simulated`).toBe(true)
})

test('the same seed loses the same', () => {
  const [plan, churn] = [
    { fragmentCount: 6, neededCount: 4, repairAt: 5 },
    { lifetimeDays: 30, intervalDays: 7 },
  ]
  expect(simulateLosses(plan, churn, 100, 3)).toBe(simulateLosses(plan, churn, 100, 3))
})
