/**
 * The clusters of `npm run sim`: several devices by seed, beside the single ones.
 * @module
 */
import { clusterFaultNames } from './cluster-nemesis.ts'
import { type ClusterReport, type ClusterRunOptions, runCluster } from './cluster-run.ts'
import { netFaultNames } from './connection.ts'
import { clusterDeedNames } from './cluster-workload.ts'
import { plantedClusterBugs } from './planted.ts'

/** Below it a kind of fault may be missing by chance. */
const seedCountForAllFaults = 20
const stormCount = 3
/** One seed in so many is run again. */
const repeatEvery = 10

type Run = (work: () => Promise<ClusterReport>) => Promise<ClusterReport>

export interface ClusterSeeds {
  readonly firstSeed: number
  readonly seedCount: number
  /** Simulated, at least, of each. */
  readonly minutes: number
  readonly isReal?: boolean
  readonly drain: ClusterRunOptions['drain']
  /** Runs one and adds what went wrong outside of it. */
  readonly run: Run
  readonly say: (line: string) => void
}

export interface ClusterTotals {
  readonly seedCount: number
  readonly acknowledgedCount: number
  readonly entryCount: number
  readonly simulatedMs: number
  readonly faults: Readonly<Record<string, number>>
  readonly deeds: Readonly<Record<string, number>>
  /** Kinds of faults and of deeds. */
  readonly missingFaults: readonly string[]
  readonly violatedSeeds: readonly number[]
  readonly differingSeeds: readonly number[]
  readonly isGood: boolean
}

export async function runClusterSeeds(seeds: ClusterSeeds): Promise<ClusterTotals> {
  const { firstSeed, seedCount, minutes, isReal = false, drain, run, say } = seeds
  const options = { drain, isReal, stormCount, durationMsMin: minutes * 60_000 }
  const simulate = (seed: number) => run(() => runCluster({ ...options, seed }))
  const names = [...clusterFaultNames, ...netFaultNames]
  const faults: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]))
  const deeds: Record<string, number> = Object.fromEntries(clusterDeedNames.map((name) => [name, 0]))
  const totals = { acknowledgedCount: 0, entryCount: 0, simulatedMs: 0 }
  const violatedSeeds: number[] = []
  const differingSeeds: number[] = []
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
    const report = await simulate(seed)
    for (const name of names) faults[name]! += report.faults[name]
    for (const name of clusterDeedNames) deeds[name]! += report.deeds[name]
    for (const name of ['acknowledgedCount', 'entryCount', 'simulatedMs'] as const) totals[name] += report[name]
    const isViolated = report.violations.length > 0
    if (isViolated) {
      violatedSeeds.push(seed)
      say(tellViolation(report, minutes, isReal))
    }
    if (isViolated || (seed - firstSeed) % repeatEvery === 1) {
      const again = await simulate(seed)
      if (again.hash !== report.hash) differingSeeds.push(seed)
    }
  }
  const counts = seedCount < seedCountForAllFaults ? {} : { ...faults, ...deeds }
  const missingFaults = Object.keys(counts).filter((name) => counts[name] === 0)
  const isGood = violatedSeeds.length + differingSeeds.length + missingFaults.length === 0
  return { seedCount, ...totals, faults, deeds, missingFaults, violatedSeeds, differingSeeds, isGood }
}

/** Each planted bug of a node among others, until the first seed that finds it. @returns whether all were found */
export async function runPlantedClusterBugs({ firstSeed, seedCount, drain, run, say }: ClusterSeeds): Promise<boolean> {
  let areAllFound = true
  for (const { name, sabotage } of plantedClusterBugs) {
    let found: ClusterReport | null = null
    for (let seed = firstSeed; seed < firstSeed + seedCount && found === null; seed++) {
      const simulate = (more: Partial<ClusterRunOptions>) => run(() => runCluster({ seed, drain, stormCount, ...more }))
      const report = await simulate({ sabotage })
      // A seed that finds something without the planted bug says nothing about it.
      if (report.violations.length > 0 && (await simulate({})).violations.length === 0) found = report
    }
    areAllFound &&= found !== null
    const where = found === null ? 'no seed' : `seed ${found.seed}`
    say(`${name.padEnd(28)} ${where.padEnd(12)} ${found?.violations[0] ?? ''}`)
  }
  return areAllFound
}

function tellViolation({ seed, violations, story }: ClusterReport, minutes: number, isReal: boolean): string {
  const length = (minutes === 0 ? '' : ` --cluster-minutes ${minutes}`) + (isReal ? ' --real' : '')
  return [
    `cluster of seed ${seed}:`,
    ...story.map((line) => `  ${line}`),
    ...violations.map((violation) => `  violated: ${violation}`),
    `  replay with: npm run sim -- --clusters 1 --seed ${seed}${length}`,
  ].join('\n')
}
