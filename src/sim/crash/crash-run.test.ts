/**
 * Crashes at some storage transactions of each workload; `npm run crashes` strikes at every one.
 */
import { describe, expect, test } from 'vitest'
import { plantedBugs } from '../planted.ts'
import { drain } from '../testing/drain.ts'
import { type CrashOptions, type CrashReport, crashSides, runCrash } from './crash-run.ts'
import { type CrashWorkload, crashWorkloads } from './workloads.ts'

const run = (workload: CrashWorkload, more: Partial<CrashOptions> = {}): Promise<CrashReport> =>
  runCrash({ workload, writeCount: 40, crash: null, drain, ...more })

/** Courses whose first crash is at so many transactions, evenly spread, on both sides of each, until `isEnough`. */
async function strike(
  workload: CrashWorkload,
  count: number,
  more: Partial<CrashOptions>,
  isEnough: (report: CrashReport) => boolean,
): Promise<void> {
  const { crashesEvery: every } = workload
  const end = every ?? (await run(workload)).transactionCount
  for (let part = 0; part < count; part++)
    for (const side of crashSides) {
      const transaction = Math.floor(((part + 0.5) * end) / count)
      if (isEnough(await run(workload, { ...more, crash: { transaction, side, every } }))) return
    }
}

describe('a crash loses nothing, invents nothing, and leaves all with the same:', () => {
  test.each(crashWorkloads)('$name', async (workload) => {
    const { deviceCount } = workload
    await strike(workload, deviceCount === 1 ? 4 : 1, {}, ({ violations, crashCount }) => {
      expect(violations).toEqual([])
      if (deviceCount === 1) expect(crashCount).toBe(1)
      else expect(crashCount).toBeGreaterThan(1)
      return false
    })
  })
})

describe('a planted bug is found:', () => {
  test.each([
    ['acknowledge before persist', 'files'],
    ['lost relaxed write', 'files'],
    ['lost relaxed write', 'edits'],
    ['lost relaxed write', 'leaders'],
  ])('%s, %s', async (bug, name) => {
    const { sabotage } = plantedBugs.find((each) => each.name === bug)!
    const workload = crashWorkloads.find((each) => each.name === name)!
    // Without a crash it does no harm.
    expect((await run(workload, { sabotage })).violations).toEqual([])
    const findings: string[] = []
    await strike(workload, 4, { sabotage }, ({ violations }) => {
      findings.push(...violations)
      return findings.length > 0
    })
    expect(findings).not.toEqual([])
  })
})

test('the same crash has the same course', async () => {
  const workload = crashWorkloads.find(({ name }) => name === 'files')!
  const crash = { transaction: 20, side: 'before', every: 20 } as const
  expect((await run(workload, { crash })).hash).toBe((await run(workload, { crash })).hash)
})
