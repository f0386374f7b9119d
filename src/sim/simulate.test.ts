import { describe, expect, test } from 'vitest'
import { plantedBugs } from './planted.ts'
import { type SimulationOptions, simulate } from './simulate.ts'
import { drain } from './testing/drain.ts'

const run = (seed: number, more: Partial<SimulationOptions> = {}) =>
  simulate({ seed, drain, minutes: 2, acknowledgedCount: 40, ...more })

describe('a simulated device', () => {
  test.each([1, 2, 3])('keeps every promise and repeats itself, seed %i', async (seed) => {
    const report = await run(seed)
    expect(report.violations).toEqual([])
    expect(report.acknowledgedCount).toBeGreaterThanOrEqual(40)
    expect(report.simulatedMs).toBeGreaterThanOrEqual(120_000)
    expect((await run(seed)).hash).toBe(report.hash)
  })

  test('lives another life by another seed', async () => {
    expect((await run(1)).hash).not.toBe((await run(2)).hash)
  })
})

describe('a planted bug is found:', () => {
  test.each(plantedBugs)('$name', async ({ sabotage }) => {
    const findings: string[] = []
    for (let seed = 1; seed <= 20 && findings.length === 0; seed++) {
      const { violations } = await run(seed, { sabotage, isStrictAsked: false, acknowledgedCount: 100 })
      // What is found without the planted bug too says nothing about it.
      if (violations.length > 0 && (await run(seed)).violations.length === 0) findings.push(...violations)
    }
    expect(findings).not.toEqual([])
  })
})
