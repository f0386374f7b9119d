/**
 * How long it takes until another node leads when the one that led has died, beside npm's `@markwylde/liferaft` with the same timeouts:
 * three nodes, 1 to 30 ms from one to another, all of it in simulated time.
 * @module
 */
import LifeRaft from '@markwylde/liferaft'
import { Random } from '../sim/random.ts'
import { Timeline } from '../sim/timeline.ts'
import { type Deliver, electionTicks, ownNodes, peersOf, tickMs } from './group.ts'
import type { Line } from './line.ts'

const electionCount = 1000
const latencyMs = { min: 1, max: 30 }
const patienceMs = 10 * 60_000
/** Between the ticks of ours: in earnest, and as short as theirs has it by default. */
const ticksMs = [tickMs, 15] as const

const titleOf = (ms: number): string => `election, timeouts of ${electionTicks * ms} to ${2 * electionTicks * ms} ms`

/** Nodes on a timeline. */
interface Field {
  /** Who leads, by its place. */
  leader(): number
  kill(at: number): void
  end(): void
}
type Raise = (timeline: Timeline, random: Random, deliver: Deliver, ms: number) => Field

const raiseOurs: Raise = (timeline, random, deliver, ms) => {
  const nodes = ownNodes(deliver)
  for (const node of nodes) {
    const tickLater = (): void => {
      node.tick(random.below(electionTicks))
      timeline.after(ms, tickLater)
    }
    // No two have been started at once.
    timeline.after(random.below(ms), tickLater)
  }
  return {
    leader: () => nodes.findIndex(({ isLeader }) => isLeader),
    kill: (at) => void (nodes[at]!.isAlive = false),
    end: () => {},
  }
}

const raiseTheirs: Raise = (_timeline, _random, deliver, ms) => {
  const dead = new Set<LifeRaft>()
  const nodes = peersOf(deliver, ms, electionTicks * ms)
  return {
    leader: () => nodes.findIndex((node) => !dead.has(node) && node.state === LifeRaft.LEADER),
    kill(at) {
      dead.add(nodes[at]!)
      nodes[at]!.end()
    },
    end: () => nodes.forEach((node) => node.end()),
  }
}

export async function electionLines(isWanted: (title: string) => boolean): Promise<readonly Line[]> {
  const lines: Line[] = []
  for (const ms of ticksMs.filter((each) => isWanted(titleOf(each)))) {
    const ours = await electionTimesMs(raiseOurs, ms)
    const theirs = await electionTimesMs(raiseTheirs, ms)
    lines.push({
      title: titleOf(ms),
      ours: showTimes(ours),
      baseline: showTimes(theirs),
      ratio: (quantile(theirs, 0.5) / quantile(ours, 0.5)).toFixed(2),
      bar: '',
      verdict: 'shown',
      note: `median and 99th of 100, over ${electionCount} elections; simulated; baseline: liferaft`,
    })
  }
  return lines
}

const quantile = (sorted: readonly number[], part: number): number => sorted[Math.floor(part * (sorted.length - 1))]!
const showTimes = (sorted: readonly number[]): string => `${quantile(sorted, 0.5)} / ${quantile(sorted, 0.99)} ms`

/** @returns the shortest first */
async function electionTimesMs(raise: Raise, ms: number): Promise<readonly number[]> {
  const timesMs: number[] = []
  for (let seed = 1; seed <= electionCount; seed++) timesMs.push(await electionTimeMs(raise, ms, seed))
  return timesMs.toSorted((one, other) => one - other)
}

async function electionTimeMs(raise: Raise, ms: number, seed: number): Promise<number> {
  const timeline = new Timeline()
  const random = Random.fromSeed(seed)
  const wire = random.fork('wire')
  const deliver: Deliver = (octets, take) =>
    void timeline.after(wire.between(latencyMs.min, latencyMs.max), () => take(octets))
  return withTimeOf(timeline, random.fork('chance'), async (turn) => {
    const until = async (isTrue: () => boolean): Promise<void> => {
      const endMs = timeline.nowMs + patienceMs
      while (!isTrue()) {
        if (timeline.nowMs > endMs) throw new Error(`nobody was elected, seed ${seed}`)
        await turn()
      }
    }
    const field = raise(timeline, random.fork('nodes'), deliver, ms)
    await until(() => field.leader() >= 0)
    const diesAtMs = timeline.nowMs + random.between(2 * electionTicks * ms, 3 * electionTicks * ms)
    timeline.after(diesAtMs - timeline.nowMs, () => {})
    await until(() => timeline.nowMs >= diesAtMs)
    await until(() => field.leader() >= 0)
    const killedAtMs = timeline.nowMs
    field.kill(field.leader())
    await until(() => field.leader() >= 0)
    const tookMs = timeline.nowMs - killedAtMs
    field.end()
    return tookMs
  })
}

/**
 * Theirs takes time and chance from where everybody does, so these are the simulated ones meanwhile.
 * @param run gets what lets the next event happen, with all that follows from it at once
 */
async function withTimeOf<T>(
  timeline: Timeline,
  random: Random,
  run: (turn: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout, Date: RealDate, setImmediate: soon } = globalThis
  const realRandom = Math.random
  const patch = (values: Partial<Record<'setTimeout' | 'clearTimeout' | 'Date', unknown>>, chance: () => number) => {
    Object.assign(globalThis, values)
    Math.random = chance
  }
  patch(
    {
      setTimeout: (callback: () => void, delayMs: number) => timeline.after(delayMs, callback),
      clearTimeout: (cancel: () => void) => cancel(),
      Date: class extends RealDate {
        constructor() {
          super(timeline.nowMs)
        }
      },
    },
    () => random.u32() / 2 ** 32,
  )
  try {
    return await run(async () => {
      if (!timeline.next()) throw new Error('nothing is left to happen')
      await new Promise((resolve) => soon(resolve))
    })
  } finally {
    patch({ setTimeout: realSetTimeout, clearTimeout: realClearTimeout, Date: RealDate }, realRandom)
  }
}
