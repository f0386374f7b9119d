import { describe, expect, test } from 'vitest'
import { runCluster } from './cluster-run.ts'
import { plantedClusterBugs } from './planted.ts'
import { drain } from './testing/drain.ts'

describe('devices that share a tree', () => {
  test.each([2, 3])('keep every promise and repeat themselves, seed %i', async (seed) => {
    const report = await runCluster({ seed, drain, stormCount: 1 })
    expect(report.violations).toEqual([])
    expect(report.acknowledgedCount).toBeGreaterThan(10)
    expect((await runCluster({ seed, drain, stormCount: 1 })).hash).toBe(report.hash)
  })
})

describe('devices that share a tree, with the true algorithms', () => {
  // Two devices, and three that decide together; what takes longer is left to `npm run sim -- --clusters 10 --real`.
  test.each([2, 18])('keep every promise, seed %i', async (seed) => {
    const report = await runCluster({ seed, drain, stormCount: 1, isReal: true })
    expect(report.violations).toEqual([])
    expect(report.acknowledgedCount).toBeGreaterThan(10)
  })
})

describe('a planted bug is found:', () => {
  // What needs a rarer meeting of faults is left to `npm run sim -- --planted`.
  const isQuick = ({ name }: { readonly name: string }): boolean =>
    ['acknowledge before majority', 'snapshot without a row'].includes(name)
  const quickly = plantedClusterBugs.filter(isQuick)
  test.each(quickly)('$name', async ({ sabotage }) => {
    const findings: string[] = []
    for (let seed = 1; seed <= 20 && findings.length === 0; seed++) {
      const { violations } = await runCluster({ seed, drain, stormCount: 1, sabotage })
      findings.push(...violations)
    }
    expect(findings).not.toEqual([])
  })
})
