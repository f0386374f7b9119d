/**
 * `npm run sim -- --seeds N [--clusters N] [--seed S] [--minutes M] [--cluster-minutes M] [--real] [--json] [--planted]`: many simulated devices, one after the other.
 *
 * Exit code 1 where a promise was broken, a seed did not repeat itself, or a kind of fault never struck; with `--planted`,
 * where a planted bug was not found.
 * @module
 */
import { type FaultCounts, faultNames, noFaults } from './nemesis.ts'
import { type ClusterTotals, runClusterSeeds, runPlantedClusterBugs } from './cluster-main.ts'
import type { ClusterReport } from './cluster-run.ts'
import { plantedBugs } from './planted.ts'
import { type Report, type SimulationOptions, simulate } from './simulate.ts'

const usage =
  'npm run sim -- --seeds N [--clusters N] [--seed S] [--minutes M] [--cluster-minutes M] [--real] [--json] [--planted]'
/** Below it a kind of fault may be missing by chance. */
const seedCountForAllFaults = 20
const acknowledgedCount = 200
/** One seed in so many is run again. */
const repeatEvery = 10
const hourMs = 60 * 60 * 1000

interface Arguments {
  readonly seedCount: number
  /** Of several devices with one tree; they cost some four times as much. */
  readonly clusterCount: number
  readonly firstSeed: number
  readonly minutes: number
  /** Of a cluster, at least; 0: a few storms. */
  readonly clusterMinutes: number
  /** Of clusters, with the true algorithms. */
  readonly isReal: boolean
  readonly isJson: boolean
  readonly isPlanted: boolean
}

function parseArguments(given: readonly string[]): Arguments {
  const numbers = new Map([
    ['--seeds', 1],
    ['--seed', 1],
    ['--minutes', 10],
    ['--cluster-minutes', 0],
  ])
  const flags = new Map([
    ['--real', false],
    ['--json', false],
    ['--planted', false],
  ])
  for (let at = 0; at < given.length; at++) {
    const name = given[at]!
    if (flags.has(name)) flags.set(name, true)
    else if ((numbers.has(name) || name === '--clusters') && Number(given[at + 1]) >= 1)
      numbers.set(name, Number(given[++at]))
    else throw new Error(`"${name}" is not understood. Usage: ${usage}`)
  }
  return {
    seedCount: Math.floor(numbers.get('--seeds')!),
    clusterCount: Math.floor(numbers.get('--clusters') ?? Math.ceil(numbers.get('--seeds')! / 4)),
    firstSeed: Math.floor(numbers.get('--seed')!),
    minutes: numbers.get('--minutes')!,
    clusterMinutes: numbers.get('--cluster-minutes')!,
    isReal: flags.get('--real')!,
    isJson: flags.get('--json')!,
    isPlanted: flags.get('--planted')!,
  }
}

// One turn of the event loop: when it comes round, no microtask is left.
const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Rejections that nobody in the node took care of, since the run began. */
const unhandled: string[] = []
process.on('unhandledRejection', (reason) =>
  unhandled.push(`unhandled rejection: ${(reason as Error)?.stack ?? reason}`),
)

async function run(seed: number, minutes: number, more: Partial<SimulationOptions> = {}): Promise<Report> {
  unhandled.length = 0
  const report = await simulate({ seed, minutes, acknowledgedCount, drain, ...more })
  return { ...report, violations: [...report.violations, ...unhandled] }
}

async function runCluster(work: () => Promise<ClusterReport>): Promise<ClusterReport> {
  unhandled.length = 0
  const report = await work()
  return { ...report, violations: [...report.violations, ...unhandled] }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

interface Totals {
  seedCount: number
  repeatedCount: number
  differingSeeds: number[]
  violatedSeeds: number[]
  acknowledgedCount: number
  simulatedMs: number
  eventCount: number
  lifeCount: number
  entryCount: number
  recoveredCount: number
  faults: FaultCounts
}

async function runSeeds(given: Arguments): Promise<boolean> {
  const { seedCount, clusterCount, firstSeed, minutes, clusterMinutes, isReal, isJson } = given
  const say = isJson ? () => {} : console.log
  const totals: Totals = {
    seedCount: 0,
    repeatedCount: 0,
    differingSeeds: [],
    violatedSeeds: [],
    acknowledgedCount: 0,
    simulatedMs: 0,
    eventCount: 0,
    lifeCount: 0,
    entryCount: 0,
    recoveredCount: 0,
    faults: noFaults(),
  }
  const startedAt = cpuSeconds()
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
    const report = await run(seed, minutes)
    add(totals, report)
    if (report.violations.length > 0) say(tellViolation(report))
    // Only where something was violated or in one of ten: repeating proves nothing new about the node.
    if (totals.seedCount % repeatEvery === 1 || report.violations.length > 0) {
      totals.repeatedCount++
      if ((await run(seed, minutes)).hash !== report.hash) totals.differingSeeds.push(seed)
    }
    if (totals.seedCount % repeatEvery === 0 || totals.seedCount === seedCount) say(progressLine(totals, seed))
  }
  const usedSeconds = cpuSeconds() - startedAt
  const missing = seedCount < seedCountForAllFaults ? [] : faultNames.filter((name) => totals.faults[name] === 0)
  const clusters = await runClusterSeeds({
    firstSeed,
    seedCount: clusterCount,
    minutes: clusterMinutes,
    isReal,
    drain,
    run: runCluster,
    say,
  })
  const isGood = totals.violatedSeeds.length + totals.differingSeeds.length + missing.length === 0 && clusters.isGood
  if (isJson)
    console.log(JSON.stringify({ ...totals, missingFaults: missing, cpuSeconds: usedSeconds, clusters, isGood }))
  else {
    sayTotals(totals, missing, usedSeconds)
    sayClusters(clusters)
  }
  return isGood
}

function add(totals: Totals, report: Report): void {
  totals.seedCount++
  if (report.violations.length > 0) totals.violatedSeeds.push(report.seed)
  for (const name of faultNames) totals.faults[name] += report.faults[name]
  for (const name of [
    'acknowledgedCount',
    'simulatedMs',
    'eventCount',
    'lifeCount',
    'entryCount',
    'recoveredCount',
  ] as const)
    totals[name] += report[name]
}

const progressLine = (totals: Totals, seed: number): string =>
  `${String(totals.seedCount).padStart(6)} seeds, last ${seed}: ${totals.acknowledgedCount} writes acknowledged, ` +
  `${totals.lifeCount} lives, ${(totals.simulatedMs / hourMs).toFixed(1)} h simulated, ` +
  `${totals.violatedSeeds.length} with violations`

function tellViolation({ seed, violations, story }: Report): string {
  return [
    `seed ${seed}:`,
    ...story.map((line) => `  ${line}`),
    ...violations.map((violation) => `  violated: ${violation}`),
    `  replay with: npm run sim -- --seed ${seed}`,
  ].join('\n')
}

function sayTotals(totals: Totals, missing: readonly string[], usedSeconds: number): void {
  const lines: readonly (readonly [string, string | number])[] = [
    ['seeds', totals.seedCount],
    ['acknowledged writes', totals.acknowledgedCount],
    ['lives of the node', totals.lifeCount],
    ['log entries replayed and compared', totals.entryCount],
    ['trees recovered from an export', totals.recoveredCount],
    ['simulated hours', (totals.simulatedMs / hourMs).toFixed(1)],
    ['simulated hours per CPU second', (totals.simulatedMs / hourMs / usedSeconds).toFixed(2)],
    ['CPU seconds', usedSeconds.toFixed(1)],
    ...faultNames.map((name) => [`fault ${name}`, totals.faults[name]] as const),
    ['seeds run twice', totals.repeatedCount],
    ['seeds that differ the second time', list(totals.differingSeeds)],
    ['seeds with violations', list(totals.violatedSeeds)],
    ['kinds of faults that never struck', list(missing)],
  ]
  for (const [what, figure] of lines) console.log(`${what.padEnd(36)} ${figure}`)
}

function sayClusters({ faults, deeds, ...totals }: ClusterTotals): void {
  const lines: readonly (readonly [string, string | number])[] = [
    ['clusters of 2 to 5 devices', totals.seedCount],
    ['acknowledged writes', totals.acknowledgedCount],
    ['log entries compared among devices', totals.entryCount],
    ['simulated hours', (totals.simulatedMs / hourMs).toFixed(1)],
    ...Object.entries(faults).map(([name, count]) => [`fault ${name}`, count] as const),
    ...Object.entries(deeds).map(([name, count]) => [`deed ${name}`, count] as const),
    ['seeds that differ the second time', list(totals.differingSeeds)],
    ['seeds with violations', list(totals.violatedSeeds)],
    ['kinds of faults or deeds that never came', list(totals.missingFaults)],
  ]
  for (const [what, figure] of lines) console.log(`${what.padEnd(36)} ${figure}`)
}

const list = (items: readonly (string | number)[]): string =>
  items.length === 0 ? '0' : `${items.length}: ${items.join(' ')}`

/** Each planted bug, until the first seed that finds it. */
async function runPlanted({ seedCount, firstSeed, minutes }: Arguments): Promise<boolean> {
  const countMax = seedCount === 1 ? 200 : seedCount
  let areAllFound = true
  console.log(`${'planted bug'.padEnd(28)} ${'found by'.padEnd(12)} first violation`)
  for (const { name, sabotage } of plantedBugs) {
    let found: Report | null = null
    for (let seed = firstSeed; seed < firstSeed + countMax && found === null; seed++) {
      // By its consequences: that a write should have been strict is not held against the planted bug.
      const report = await run(seed, minutes, { sabotage, isStrictAsked: false })
      // A seed that finds something without the planted bug says nothing about it.
      if (report.violations.length > 0 && (await run(seed, minutes)).violations.length === 0) found = report
    }
    areAllFound &&= found !== null
    console.log(
      `${name.padEnd(28)} ${(found === null ? 'no seed' : `seed ${found.seed}`).padEnd(12)} ${found?.violations[0] ?? ''}`,
    )
  }
  const clusters = { firstSeed, seedCount: countMax, minutes: 0, drain, run: runCluster, say: console.log }
  return (await runPlantedClusterBugs(clusters)) && areAllFound
}

const given = parseArguments(process.argv.slice(2))
process.exitCode = (await (given.isPlanted ? runPlanted(given) : runSeeds(given))) ? 0 : 1
