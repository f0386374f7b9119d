/**
 * Three nodes of consensus in one process, ours or those of npm's `@markwylde/liferaft`, on the same wire and the same kind of log.
 *
 * The wire takes octets and gives each of them in a turn of the event loop of its own, in order. A log is an array in memory, into which
 * an entry is written at once. Both write an entry before they acknowledge it, commit it when two of three hold it, and send four
 * messages for one that is alone: two appends, two answers. That it is committed the followers hear with the next append. Ours comes to
 * that like the node does, by `Outgoing`; Raft alone says it at once, in two more messages with two more answers.
 * @module
 */
import LifeRaft, { type LogEntry } from '@markwylde/liferaft'
import { must } from '../core/bytes/bytes.ts'
import { decodeControl, encodeControl } from '../core/message/message.ts'
import {
  type Entry,
  type HardState,
  type LogReader,
  type Raft,
  type RaftEvent,
  advance,
  createRaft,
  emptyConfiguration,
  hasReady,
  standardConfig,
  step,
  takeReady,
} from '../core/raft/raft.ts'
import { Outgoing } from '../node/cluster/outgoing.ts'

/** How octets come to another node. */
export type Deliver = (octets: Uint8Array, take: (octets: Uint8Array) => void) => void
/** As soon as the event loop comes round. */
export const atOnce: Deliver = (octets, take) => void setImmediate(take, octets)

export interface Group {
  /** Resolves when somebody leads. */
  begin(): Promise<void>
  /** Resolves when the leader has it committed and applied. */
  commit(command: string): Promise<void>
  /** Of the leader's log, how many entries are committed. */
  readonly committedCount: number
  end(): void
}

export const nodeCount = 3
export const tickMs = 500
const placed = { treeId: new Uint8Array(32).fill(1), clusterId: new Uint8Array(16).fill(2), generation: 1 }
export const { electionTicks } = standardConfig

// --- ours -----------------------------------------------------------------------------------------------------------------

class ArrayLog implements LogReader {
  hardState: HardState = { term: 0, votedFor: null, commitIndex: 0 }
  readonly #entries: Entry[] = []
  readonly #voters: readonly string[]

  constructor(voters: readonly string[]) {
    this.#voters = voters
  }

  initialState() {
    return { hardState: this.hardState, configuration: { ...emptyConfiguration, voters: this.#voters } }
  }
  firstIndex = (): number => 1
  lastIndex = (): number => this.#entries.length
  term = (index: number): number | null => (index === 0 ? 0 : (this.#entries[index - 1]?.term ?? null))
  entries = (from: number, to: number): readonly Entry[] => this.#entries.slice(from - 1, to - 1)
  snapshot = (): null => null

  write(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#entries.length = entry.index - 1
      this.#entries.push(entry)
    }
  }
}

/** Of this project, with the codec of its control lane: decoding refuses what is not canonical, stepping what no node sends. */
export class OwnGroup implements Group {
  readonly #nodes: readonly OwnNode[]
  readonly #ticking: ReturnType<typeof setInterval>

  constructor(deliver: Deliver) {
    this.#nodes = ownNodes(deliver)
    this.#ticking = setInterval(() => this.#nodes.forEach((node) => node.tick(jitter())), tickMs)
  }

  async begin(): Promise<void> {
    const [first] = this.#nodes
    first!.step({ kind: 'campaign' })
    while (!first!.isLeader) await new Promise((resolve) => setTimeout(resolve, 1))
    await this.commit('')
  }

  commit(command: string): Promise<void> {
    return this.#nodes[0]!.commit(new TextEncoder().encode(command))
  }

  get committedCount(): number {
    return this.#nodes[0]!.committedCount
  }

  end(): void {
    clearInterval(this.#ticking)
  }
}

const jitter = (): number => Math.floor(Math.random() * electionTicks)

/** Nodes of ours that know each other. */
export function ownNodes(deliver: Deliver): readonly OwnNode[] {
  // As long as they are in earnest: a principal, and an incarnation.
  const ids = Array.from({ length: nodeCount }, (_, at) => `${`${at + 1}`.repeat(64)}-${'a'.repeat(12)}`)
  const nodes: OwnNode[] = []
  for (const id of ids)
    nodes.push(
      new OwnNode(id, ids, (to, octets) => deliver(octets, (arrived) => nodes[ids.indexOf(to)]!.receive(arrived))),
    )
  return nodes
}

export class OwnNode {
  readonly #log: ArrayLog
  readonly #outgoing: Outgoing
  readonly #waiting: (() => void)[] = []
  #asked: Uint8Array[] = []
  #raft: Raft
  committedCount = 0
  isAlive = true

  constructor(id: string, voters: readonly string[], send: (to: string, octets: Uint8Array) => void) {
    this.#log = new ArrayLog(voters)
    this.#outgoing = new Outgoing({
      soon: setImmediate,
      send(message) {
        if (message.kind === 'propose') throw new Error('a leader passes no proposal on')
        send(message.to, encodeControl({ ...placed, body: { tag: 'raft', value: message } }))
      },
    })
    const restored = { appliedIndex: 0, electionJitterTicks: 0, incarnation: 1 }
    this.#raft = createRaft({ ...standardConfig, id }, this.#log, restored)
  }

  get isLeader(): boolean {
    return this.isAlive && this.#raft.role === 'leader'
  }

  tick(electionJitterTicks: number): void {
    if (this.isAlive) this.step({ kind: 'tick', electionJitterTicks })
  }

  receive(octets: Uint8Array): void {
    if (!this.isAlive) return
    const { body } = must(decodeControl(octets))
    if (body.tag === 'raft') this.step({ kind: 'message', message: body.value })
  }

  /** Several that are asked for in one turn go into the log together. */
  commit(data: Uint8Array): Promise<void> {
    if (this.#asked.push(data) === 1)
      void Promise.resolve().then(() => this.step({ kind: 'propose', commands: this.#asked.splice(0) }))
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  step(event: RaftEvent): void {
    const [next, check] = step(this.#raft, event)
    if (!check.ok) throw new Error(check.fault.local)
    this.#raft = next
    this.#work()
  }

  #work(): void {
    while (hasReady(this.#raft)) {
      const [taken, ready] = takeReady(this.#raft)
      if (ready.hardState !== null) this.#log.hardState = ready.hardState
      this.#log.write(ready.entries)
      const isNews = this.isLeader && ready.entries.length === 0 && ready.committed.length > 0
      for (const message of ready.messages) {
        if (isNews) this.#outgoing.hold(message)
        else this.#outgoing.send(message)
      }
      for (const { kind } of ready.committed) {
        this.committedCount++
        // A leader's first entry is nobody's.
        if (kind === 'command' && this.committedCount > 1) this.#waiting.shift()?.()
      }
      this.#raft = advance(taken)
    }
  }
}

// --- theirs ---------------------------------------------------------------------------------------------------------------

/** What theirs asks of a log; their own one writes JSON to LevelDB, and takes many times as long. */
class PeerLog {
  committedIndex = 0
  readonly #node: LifeRaft
  readonly #entries: LogEntry[] = []

  constructor(node: LifeRaft) {
    this.#node = node
  }

  async getLastInfo() {
    return this.#infoOf(this.#entries.at(-1))
  }
  async getEntryInfoBefore({ index }: LogEntry) {
    return this.#infoOf(this.#entries[index - 2])
  }
  #infoOf(entry: LogEntry | undefined) {
    const { index, term } = entry ?? { index: 0, term: this.#node.term }
    return { index, term, committedIndex: this.committedIndex }
  }
  async saveCommand(command: unknown, term: number, index = this.#entries.length + 1): Promise<LogEntry> {
    const responses = [{ address: this.#node.address, ack: true }]
    const entry: LogEntry = { term, index, committed: false, responses, command }
    this.#entries[index - 1] = entry
    return entry
  }
  async removeEntriesAfter(index: number): Promise<void> {
    this.#entries.length = index
  }
  async has(index: number): Promise<boolean> {
    return this.#entries[index - 1] !== undefined
  }
  async get(index: number): Promise<LogEntry> {
    return this.#entries[index - 1]!
  }
  async commandAck(index: number, address: string): Promise<Pick<LogEntry, 'responses'>> {
    const entry = this.#entries[index - 1]
    if (entry === undefined) return { responses: [] }
    if (!entry.responses.some((response) => response.address === address)) entry.responses.push({ address, ack: true })
    return entry
  }
  async commit(index: number): Promise<void> {
    this.#entries[index - 1]!.committed = true
    this.committedIndex = index
  }
  async getUncommittedEntriesUpToIndex(index: number): Promise<readonly LogEntry[]> {
    return this.#entries.slice(this.committedIndex, index).filter(({ committed }) => !committed)
  }
  end(): void {}
}

const toOctets = (packet: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(packet))
const fromOctets = (octets: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(octets))

/** Nodes of theirs that know each other. @param beatMs between heartbeats @param electionMs at least, and twice that at most */
export function peersOf(deliver: Deliver, beatMs: number, electionMs: number): readonly LifeRaft[] {
  const addresses = Array.from({ length: nodeCount }, (_, at) => `n${at + 1}`)
  const times = {
    heartbeat: `${beatMs} ms`,
    'election min': `${electionMs} ms`,
    'election max': `${2 * electionMs} ms`,
  }
  const nodes = addresses.map((address) => new LifeRaft({ address, ...times, Log: PeerLog }))
  for (const node of nodes)
    for (const other of nodes) {
      if (node === other) continue
      node.join(other.address, (packet, answer) =>
        deliver(toOctets(packet), (arrived) => {
          other.emit('data', fromOctets(arrived), async (said: unknown) => {
            const reply = await said
            if (reply === undefined) answer()
            else deliver(toOctets(reply), (back) => answer(undefined, fromOctets(back)))
          })
        }),
      )
      // Without anybody who listens an error would end the process; theirs tells of stale terms by it.
      node.on('error', () => {})
    }
  return nodes
}

export class PeerGroup implements Group {
  readonly #nodes: readonly LifeRaft[]
  readonly #waiting = new Map<number, () => void>()
  #askedCount = 0
  committedCount = 0

  constructor(deliver: Deliver) {
    this.#nodes = peersOf(deliver, tickMs, electionTicks * tickMs)
    this.#nodes[0]!.on('commit', (command) => {
      const { number } = command as { readonly number: number }
      this.committedCount++
      this.#waiting.get(number)?.()
      this.#waiting.delete(number)
    })
  }

  async begin(): Promise<void> {
    const [first] = this.#nodes
    await first!.promote()
    while (first!.state !== LifeRaft.LEADER) await new Promise((resolve) => setTimeout(resolve, 1))
    await this.commit('')
  }

  commit(command: string): Promise<void> {
    const number = ++this.#askedCount
    const done = new Promise<void>((resolve) => this.#waiting.set(number, resolve))
    void this.#nodes[0]!.command({ number, command })
    return done
  }

  end(): void {
    for (const node of this.#nodes) node.end()
  }
}
