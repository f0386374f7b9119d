/**
 * The bars of the simulation: nothing acknowledged is ever lost, and what would lose it is found.
 * @module
 */
import { availableParallelism } from 'node:os'
import type { ClusterTotals } from '../../sim/cluster-main.ts'
import type { GroupTotals } from '../../sim/group/main.ts'
import { plantedBugs, plantedClusterBugs } from '../../sim/planted.ts'
import { type Bar, type Proof, runProgram, unmeasured } from './bar.ts'

const seedCount = 200
const minutes = 10
const clusterSeedCount = 300
const clusterMinutes = 60
/** Of some storms each, since the true algorithms take their time. */
const realClusterSeedCount = 10
const groupSeedCount = 10_000
const plantedGroupSeedCount = 1000
const entry = 'src/sim/main.ts'
const groupEntry = 'src/sim/group/main.ts'

/** What `src/sim/main.ts --json` says, as far as it matters here. */
interface Totals {
  readonly seedCount: number
  readonly repeatedCount: number
  readonly differingSeeds: readonly number[]
  readonly violatedSeeds: readonly number[]
  readonly missingFaults: readonly string[]
  readonly acknowledgedCount: number
  readonly simulatedMs: number
  readonly lifeCount: number
  readonly clusters: ClusterTotals
}

export const simulation: Proof = {
  word: 'sim',
  title: `Simulating ${seedCount} devices`,
  async run() {
    const length = ['--seeds', `${seedCount}`, '--minutes', `${minutes}`, '--clusters', '1']
    const totals = await simulate(length)
    return typeof totals === 'number' ? [unmeasured('simulation', totals)] : barsOf(totals)
  },
}

/** @returns what it says, or its status where it says nothing */
async function simulate(length: readonly string[]): Promise<Totals | number> {
  const { status, output } = await runProgram(entry, [...length, '--json'])
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  return line.startsWith('{') ? (JSON.parse(line) as Totals) : status
}

export const clusters: Proof = {
  word: 'clusters',
  title: `Simulating ${clusterSeedCount} trees of several devices for an hour each`,
  async run() {
    const parts = await inParts(clusterSeedCount, (firstSeed, count) =>
      simulate([
        ...['--seeds', '1', '--seed', `${firstSeed}`, '--clusters', `${count}`],
        ...['--cluster-minutes', `${clusterMinutes}`],
      ]),
    )
    const failed = parts.find((part) => typeof part === 'number')
    if (failed !== undefined) return [unmeasured('simulated trees', failed)]
    const real = await simulate(['--seeds', '1', '--clusters', `${realClusterSeedCount}`, '--real'])
    return [
      ...clusterBarsOf(parts.flatMap((part) => (typeof part === 'number' ? [] : [part.clusters]))),
      typeof real === 'number'
        ? unmeasured('simulated trees with the true algorithms', real)
        : realBarOf(real.clusters),
    ]
  },
}

/** One process uses one core. */
function inParts<T>(seedCount: number, run: (firstSeed: number, seedCount: number) => Promise<T>): Promise<T[]> {
  const partCount = Math.min(availableParallelism(), 8)
  const bounds = Array.from({ length: partCount + 1 }, (_, at) => Math.round((at * seedCount) / partCount))
  return Promise.all(bounds.slice(1).map((end, at) => run(1 + bounds[at]!, end - bounds[at]!)))
}

export const groups: Proof = {
  word: 'groups',
  title: `Simulating ${groupSeedCount} groups for an hour each, and looking for planted bugs`,
  async run() {
    const parts = await inParts(groupSeedCount, async (firstSeed, count) => {
      const { status, output } = await runProgram(groupEntry, [
        '--seed',
        `${firstSeed}`,
        '--seeds',
        `${count}`,
        '--json',
      ])
      const line = output.trimEnd().split('\n').at(-1) ?? ''
      return line.startsWith('{') ? (JSON.parse(line) as GroupTotals) : status
    })
    const failed = parts.find((part) => typeof part === 'number')
    if (failed !== undefined) return [unmeasured('simulated groups', failed)]
    const { status, output } = await runProgram(groupEntry, ['--planted', '--seeds', `${plantedGroupSeedCount}`], true)
    return [
      ...groupBarsOf(parts.filter((part) => typeof part !== 'number')),
      lookedForBar('groups', 15, output, status),
      ...foundRows(output, plantedGroupSeedCount),
    ]
  },
}

function groupBarsOf(parts: readonly GroupTotals[]): readonly Bar[] {
  const sum = (of: (part: GroupTotals) => number): number => parts.reduce((total, part) => total + of(part), 0)
  const all = (of: (part: GroupTotals) => readonly (number | string)[]) => parts.flatMap((part) => [...of(part)])
  const hours = sum((part) => part.simulatedMs) / 3_600_000
  const bar = (name: string, required: string, found: readonly (number | string)[], more = ''): Bar => ({
    name: `simulated groups: ${name}`,
    required,
    measured: listed(found) + more,
    isMet: found.length === 0,
  })
  const perSecond = (hours / sum((part) => part.cpuSeconds)).toFixed(2)
  const writes = sum((part) => part.acknowledgedCount)
  return [
    bar(
      'seeds that break a rule, are stuck, or are not found linearizable',
      `0 of ${groupSeedCount}`,
      all((part) => part.violatedSeeds),
      `; ${writes} writes, ${hours.toFixed(0)} h, ${perSecond} h a CPU second`,
    ),
    bar(
      'seeds under 200 writes or without a change of leaders',
      '0',
      all((part) => part.idleSeeds),
    ),
    bar(
      'same seed, same trace',
      '0 differ',
      all((part) => part.differingSeeds),
      ` of ${sum((part) => part.repeatedCount)}`,
    ),
    bar(
      'kinds of faults that never struck',
      '0',
      all((part) => part.missingFaults),
    ),
  ]
}

function clusterBarsOf(parts: readonly ClusterTotals[]): readonly Bar[] {
  const sum = (of: (part: ClusterTotals) => number): number => parts.reduce((total, part) => total + of(part), 0)
  const ran = sum((part) => part.seedCount)
  const violated = parts.flatMap((part) => part.violatedSeeds)
  const differing = parts.flatMap((part) => part.differingSeeds)
  const missing = Object.keys(parts[0]!.faults).filter((name) => sum((part) => part.faults[name]!) === 0)
  const hours = (sum((part) => part.simulatedMs) / 3_600_000).toFixed(0)
  const writes = sum((part) => part.acknowledgedCount)
  return [
    {
      name: 'simulated trees: seeds with a violation, or stuck after healing',
      required: `0 of ${clusterSeedCount}`,
      measured: `${listed(violated)} of ${ran}; ${writes} writes, ${sum((part) => part.entryCount)} entries, ${hours} h`,
      isMet: violated.length === 0 && ran === clusterSeedCount,
    },
    {
      name: 'simulated trees: same seed, same trace',
      required: '0 differ',
      measured: listed(differing),
      isMet: differing.length === 0,
    },
    {
      name: 'simulated trees: kinds of faults that never struck',
      required: '0',
      measured: listed(missing),
      isMet: missing.length === 0,
    },
  ]
}

function realBarOf({ violatedSeeds, differingSeeds, seedCount: ran, acknowledgedCount }: ClusterTotals): Bar {
  return {
    name: 'simulated trees with the true algorithms in place of their twins: seeds with a violation, or that differ the second time',
    required: `0 of ${realClusterSeedCount}`,
    measured: `${listed([...violatedSeeds, ...differingSeeds])} of ${ran}; ${acknowledgedCount} writes`,
    isMet: violatedSeeds.length + differingSeeds.length === 0 && ran === realClusterSeedCount,
  }
}

function barsOf(totals: Totals): readonly Bar[] {
  const { differingSeeds, violatedSeeds, missingFaults } = totals
  const hours = (totals.simulatedMs / 3_600_000).toFixed(1)
  return [
    {
      name: 'simulated devices: seeds that lose what was acknowledged',
      required: `0 of ${seedCount}`,
      measured: `${listed(violatedSeeds)} of ${totals.seedCount}; ${totals.acknowledgedCount} writes, ${totals.lifeCount} lives, ${hours} h`,
      isMet: violatedSeeds.length === 0 && totals.seedCount === seedCount,
    },
    {
      name: 'simulated devices: writes acknowledged a seed',
      required: '>= 200 on average',
      measured: (totals.acknowledgedCount / totals.seedCount).toFixed(0),
      isMet: totals.acknowledgedCount >= 200 * totals.seedCount,
    },
    {
      name: 'simulated devices: same seed, same trace',
      required: '0 differ',
      measured: `${listed(differingSeeds)} of ${totals.repeatedCount} run twice`,
      isMet: differingSeeds.length === 0 && totals.repeatedCount > 0,
    },
    {
      name: 'simulated devices: kinds of faults that never struck',
      required: '0',
      measured: listed(missingFaults),
      isMet: missingFaults.length === 0,
    },
  ]
}

const listed = (items: readonly (string | number)[]): string =>
  items.length === 0 ? '0' : `${items.length} (${items.join(' ')})`

export const planted: Proof = {
  word: 'planted',
  title: 'Looking for planted bugs',
  async run() {
    const { status, output } = await runProgram(entry, ['--seeds', `${seedCount}`, '--planted'], true)
    const bugCount = plantedBugs.length + plantedClusterBugs.length
    return [lookedForBar('devices and trees', bugCount, output, status), ...foundRows(output, seedCount)]
  },
}

/** A program that ends before it has looked for all of them has shown nothing of the others. */
function lookedForBar(where: string, countMin: number, output: string, status: number): Bar {
  const rows = foundRows(output, 0)
  const foundCount = rows.filter(({ isMet }) => isMet).length
  return {
    name: `planted bugs of ${where} that were looked for`,
    required: `>= ${countMin}, all found, status 0`,
    measured: `${rows.length}, ${foundCount} found, status ${status}`,
    isMet: rows.length >= countMin && foundCount === rows.length && status === 0,
  }
}

/** A line a bug: its name, two or more spaces, the seed that found it. */
function foundRows(output: string, countMax: number): readonly Bar[] {
  return output.split('\n').flatMap((row): Bar[] => {
    const [, name, found] = /^(\S.*?)\s{2,}(seed \d+|no seed)/.exec(row) ?? []
    if (name === undefined || found === undefined) return []
    return [
      { name: `planted: ${name}`, required: `within ${countMax} seeds`, measured: found, isMet: found !== 'no seed' },
    ]
  })
}
