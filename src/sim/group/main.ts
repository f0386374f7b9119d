/**
 * `npm run groups -- --seeds N [--seed S] [--minutes M] [--json] [--planted [--shrink]]`: many simulated groups, an hour each.
 *
 * Exit code 1 where a rule was broken, a group was stuck, a history was not found linearizable, a seed did not repeat itself, or a
 * kind of fault never struck; with `--planted`, where a planted bug was not found within so many seeds. The first seed of which
 * something is found is told in short as well; with `--shrink` so is each planted bug.
 * @module
 */
import { groupBugs } from './bugs.ts'
import { type GroupReport, groupFaultNames, runGroup } from './group-run.ts'
import { shrinkGroup, tellShrunk } from './shrink.ts'

const usage = 'npm run groups -- --seeds N [--seed S] [--minutes M] [--json] [--planted [--shrink]]'
const hourMs = 60 * 60_000
/** Below it a kind of fault may be missing by chance. */
const seedCountForAllFaults = 20
/** One seed in so many is run again. */
const repeatEvery = 10
const writeCountMin = 200

interface Arguments {
  readonly seedCount: number
  readonly firstSeed: number
  readonly durationMs: number
  readonly isJson: boolean
  readonly isPlanted: boolean
  readonly isShrunk: boolean
}

function parseArguments(given: readonly string[]): Arguments {
  const numbers = new Map([
    ['--seeds', 1],
    ['--seed', 1],
    ['--minutes', 60],
  ])
  const flags = new Set<string>()
  for (let at = 0; at < given.length; at++) {
    const name = given[at]!
    if (['--json', '--planted', '--shrink'].includes(name)) flags.add(name)
    else if (numbers.has(name) && Number(given[at + 1]) >= 1) numbers.set(name, Number(given[++at]))
    else throw new Error(`"${name}" is not understood. Usage: ${usage}`)
  }
  return {
    seedCount: Math.floor(numbers.get('--seeds')!),
    firstSeed: Math.floor(numbers.get('--seed')!),
    durationMs: numbers.get('--minutes')! * 60_000,
    isJson: flags.has('--json'),
    isPlanted: flags.has('--planted'),
    isShrunk: flags.has('--shrink'),
  }
}

/** What `--json` says. */
export interface GroupTotals {
  readonly seedCount: number
  readonly violatedSeeds: readonly number[]
  readonly differingSeeds: readonly number[]
  readonly repeatedCount: number
  readonly missingFaults: readonly string[]
  /** Seeds with fewer writes or leaders than a seed must have to say something. */
  readonly idleSeeds: readonly number[]
  readonly acknowledgedCount: number
  readonly leaderCount: number
  readonly simulatedMs: number
  readonly cpuSeconds: number
}

function runSeeds({ seedCount, firstSeed, durationMs, isJson }: Arguments): boolean {
  const faults: Record<string, number> = Object.fromEntries(groupFaultNames.map((name) => [name, 0]))
  const totals = { acknowledgedCount: 0, leaderCount: 0, simulatedMs: 0, entryCount: 0, eventCount: 0 }
  const violatedSeeds: number[] = []
  const differingSeeds: number[] = []
  const idleSeeds: number[] = []
  let repeatedCount = 0
  const cpuBefore = process.cpuUsage()
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
    const report = runGroup({ seed, durationMs })
    for (const name of groupFaultNames) faults[name]! += report.faults[name]
    for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += report[name]
    const isViolated = report.violations.length > 0
    if (isViolated) violatedSeeds.push(seed)
    if (isViolated && !isJson) console.log(tellViolation(report, durationMs))
    if (isViolated && !isJson && violatedSeeds.length === 1)
      console.log(tellShrunk(shrinkGroup({ seed, durationMs, bug: null })))
    if (durationMs >= hourMs && (report.acknowledgedCount < writeCountMin || report.leaderCount < 2))
      idleSeeds.push(seed)
    if (!isViolated && (seed - firstSeed) % repeatEvery !== 1) continue
    repeatedCount++
    if (runGroup({ seed, durationMs }).hash !== report.hash) differingSeeds.push(seed)
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  const cpuSeconds = (user + system) / 1e6
  const missingFaults = seedCount < seedCountForAllFaults ? [] : groupFaultNames.filter((name) => faults[name] === 0)
  const all: GroupTotals = {
    seedCount,
    violatedSeeds,
    differingSeeds,
    repeatedCount,
    missingFaults,
    idleSeeds,
    ...totals,
    cpuSeconds,
  }
  if (isJson) console.log(JSON.stringify(all))
  else sayTotals(all, faults)
  return violatedSeeds.length + differingSeeds.length + missingFaults.length + idleSeeds.length === 0
}

function tellViolation({ seed, violations, story }: GroupReport, durationMs: number): string {
  return [
    `group of seed ${seed}:`,
    ...story.map((line) => `  ${line}`),
    ...violations.map((violation) => `  violated: ${violation}`),
    `  replay with: npm run groups -- --seed ${seed} --minutes ${durationMs / 60_000}`,
  ].join('\n')
}

function sayTotals(totals: GroupTotals, faults: Readonly<Record<string, number>>): void {
  const hours = totals.simulatedMs / hourMs
  const lines: readonly (readonly [string, string | number])[] = [
    ['groups of 3 to 7 nodes', totals.seedCount],
    ['acknowledged writes', totals.acknowledgedCount],
    ['leaders', totals.leaderCount],
    ['simulated hours', hours.toFixed(1)],
    ['simulated hours per CPU second', (hours / totals.cpuSeconds).toFixed(2)],
    ...Object.entries(faults).map(([name, count]) => [`fault ${name}`, count] as const),
    ['seeds run twice', totals.repeatedCount],
    ['seeds that differ the second time', list(totals.differingSeeds)],
    ['seeds with violations', list(totals.violatedSeeds)],
    ['seeds with too little in them', list(totals.idleSeeds)],
    ['kinds of faults that never struck', list(totals.missingFaults)],
  ]
  for (const [what, figure] of lines) console.log(`${what.padEnd(36)} ${figure}`)
}

const list = (items: readonly (string | number)[]): string =>
  items.length === 0 ? '0' : `${items.length}: ${items.join(' ')}`

/** Each planted bug, until the first seed that finds it and finds nothing without it. */
function runPlanted({ seedCount, firstSeed, durationMs, isShrunk }: Arguments): boolean {
  const countMax = seedCount === 1 ? 1000 : seedCount
  let areAllFound = true
  for (const bug of groupBugs) {
    let found: GroupReport | null = null
    for (let seed = firstSeed; seed < firstSeed + countMax && found === null; seed++) {
      const report = runGroup({ seed, durationMs, bug })
      const isItsOwn = report.violations.length > 0 && runGroup({ seed, durationMs }).violations.length === 0
      if (isItsOwn) found = report
    }
    areAllFound &&= found !== null
    const where = found === null ? 'no seed' : `seed ${found.seed}`
    console.log(
      `${bug.name.padEnd(46)}  ${where.padEnd(10)} ${found?.violations[0]?.split('\n')[0]!.slice(0, 90) ?? ''}`,
    )
    if (isShrunk && found !== null) console.log(tellShrunk(shrinkGroup({ seed: found.seed, durationMs, bug })))
  }
  return areAllFound
}

const given = parseArguments(process.argv.slice(2))
process.exitCode = (given.isPlanted ? runPlanted(given) : runSeeds(given)) ? 0 : 1
