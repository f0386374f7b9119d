/**
 * The model beside the simulation, at a churn so high that losses can be counted.
 * @module
 */
import { type Churn, type Plan, lossPerYear } from './model.ts'
import { simulateLosses } from './simulate.ts'

export interface Agreement {
  readonly plan: Plan
  readonly churn: Churn
  /** Losses an object and year. */
  readonly byModel: number
  readonly bySimulation: number
  readonly isWithin: boolean
}

/** The two may differ by so much of the model's. */
const differenceMax = 0.1

const cases: readonly { readonly plan: Plan; readonly churn: Churn }[] = [
  { plan: { fragmentCount: 6, neededCount: 4, repairAt: 5 }, churn: { lifetimeDays: 90, intervalDays: 7 } },
  { plan: { fragmentCount: 10, neededCount: 4, repairAt: 9 }, churn: { lifetimeDays: 90, intervalDays: 30 } },
  { plan: { fragmentCount: 40, neededCount: 16, repairAt: 28 }, churn: { lifetimeDays: 20, intervalDays: 7 } },
  { plan: { fragmentCount: 40, neededCount: 16, repairAt: 39 }, churn: { lifetimeDays: 20, intervalDays: 14 } },
]

/** @param objectYears in all */
export function checkModel(objectYears: number, seed: number): readonly Agreement[] {
  return cases.map(({ plan, churn }, index) => {
    // As a rate, like what the simulation counts.
    const byModel = -Math.log1p(-lossPerYear(plan, churn))
    const bySimulation = simulateLosses(plan, churn, objectYears / cases.length, seed + index)
    return { plan, churn, byModel, bySimulation, isWithin: Math.abs(bySimulation / byModel - 1) <= differenceMax }
  })
}
