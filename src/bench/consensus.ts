/**
 * Entries that three nodes in one process commit in a second, beside npm's `@markwylde/liferaft`: each of so many clients asks for the
 * next when its last is committed.
 *
 * With one in flight both send the same messages in the same turns, so that what differs is the time for each. About half of ours goes
 * into octets: theirs names nodes by two letters and hands on whatever `JSON.parse` gives, ours names tree, cluster, and nodes by their
 * fingerprints, and takes nothing that is not of its form and encoded in the one way. Without any codec ours takes about as long as
 * theirs with its own. With many in flight ours sends those together that are asked for in one turn, theirs each one alone.
 * @module
 */
import { type Comparison, alternate, median } from './alternate.ts'
import { type Group, OwnGroup, PeerGroup, atOnce } from './group.ts'
import { type Line, busy, isReferenceMachine, show, verdictOf, voidBelow } from './line.ts'

const clientCounts = [1, 64] as const
type ClientCount = (typeof clientCounts)[number]
const command = 'x'.repeat(100)
const roundCount = 5
const entryCounts = { ours: 20_000, peer: 4000 } as const
/** Entries a second, where many are in flight: one alone waits for four messages, each encoded, decoded and held against its form. */
const rateMin: Readonly<Record<ClientCount, number | null>> = { 1: null, 64: 30_000 }
/** What theirs does at least when the machine is idle. */
const peerReference: Readonly<Record<ClientCount, number>> = { 1: 34_000, 64: 34_000 }
const attemptCountMax = 3

const titleOf = (count: ClientCount): string => `consensus, ${count} in flight`

export async function consensusLines(isWanted: (title: string) => boolean): Promise<readonly Line[]> {
  const lines: Line[] = []
  for (const count of clientCounts.filter((each) => isWanted(titleOf(each)))) {
    const least = voidBelow * peerReference[count]
    let found: Comparison
    let isBusy: boolean
    let attempt = 0
    do {
      found = await measure(count)
      isBusy = isReferenceMachine() && found.baseline < least
    } while (isBusy && ++attempt < attemptCountMax)
    const { ours, baseline, note } = found
    const bar = rateMin[count]
    lines.push({
      title: titleOf(count),
      ours: show(ours, 'entries/s'),
      baseline: show(baseline, 'entries/s'),
      ratio: (ours / baseline).toFixed(2),
      bar: bar === null ? '' : `>= ${bar}`,
      verdict: bar === null ? 'shown' : isBusy ? busy(show(least, 'entries/s')) : verdictOf(ours >= bar),
      note,
    })
  }
  return lines
}

async function measure(clientCount: ClientCount): Promise<Comparison> {
  const cpu = { ours: [] as number[], peer: [] as number[] }
  const contender = (create: () => Group, who: 'ours' | 'peer') => {
    let group: Group | null = null
    return {
      async prepare() {
        group?.end()
        group = create()
        await group.begin()
      },
      async work() {
        const before = process.cpuUsage()
        await commitAll(group!, clientCount, entryCounts[who])
        const { user, system } = process.cpuUsage(before)
        cpu[who].push((user + system) / entryCounts[who])
      },
      end: () => group?.end(),
    }
  }
  const ours = contender(() => new OwnGroup(atOnce), 'ours')
  const peer = contender(() => new PeerGroup(atOnce), 'peer')
  const { oursMs, baselineMs } = await alternate(ours, peer, roundCount)
  for (const each of [ours, peer]) each.end()
  const usOf = (who: 'ours' | 'peer'): string => median(cpu[who].slice(roundCount)).toFixed(1)
  return {
    ours: (1000 * entryCounts.ours) / oursMs,
    baseline: (1000 * entryCounts.peer) / baselineMs,
    note: `3 nodes; CPU an entry ${usOf('ours')} µs beside ${usOf('peer')} µs; baseline: liferaft, JSON`,
  }
}

async function commitAll(group: Group, clientCount: number, entryCount: number): Promise<void> {
  const before = group.committedCount
  let leftCount = entryCount
  const client = async (): Promise<void> => {
    while (leftCount-- > 0) await group.commit(command)
  }
  await Promise.all(Array.from({ length: clientCount }, client))
  if (group.committedCount - before !== entryCount)
    throw new Error(`${entryCount} entries were asked for, ${group.committedCount - before} committed`)
}
