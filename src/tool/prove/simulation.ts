/**
 * The bars of the simulation: nothing acknowledged is ever lost, and what would lose it is found.
 * @module
 */
import { type Bar, type Proof, runProgram, unmeasured } from './bar.ts'

const seedCount = 200
const minutes = 10
const entry = 'src/sim/main.ts'

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
}

export const simulation: Proof = {
  word: 'sim',
  title: `Simulating ${seedCount} devices`,
  async run() {
    const { status, output } = await runProgram(entry, ['--seeds', `${seedCount}`, '--minutes', `${minutes}`, '--json'])
    const line = output.trimEnd().split('\n').at(-1) ?? ''
    return line.startsWith('{') ? barsOf(JSON.parse(line) as Totals) : [unmeasured('simulation', status)]
  },
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
    // The head, then a line a bug: its name, two or more spaces, the seed that found it.
    const rows = output.trimEnd().split('\n').slice(1)
    const bars = rows.flatMap((row): Bar[] => {
      const [, name, found] = /^(\S.*?)\s{2,}(seed \d+|no seed)/.exec(row) ?? []
      if (name === undefined || found === undefined) return []
      return [
        {
          name: `planted: ${name}`,
          required: `within ${seedCount} seeds`,
          measured: found,
          isMet: found !== 'no seed',
        },
      ]
    })
    return bars.length > 0 ? bars : [unmeasured('planted bugs', status)]
  },
}
