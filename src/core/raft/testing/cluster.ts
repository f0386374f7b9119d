/**
 * A group of nodes in one process for tests: a log in memory, a network that a test may cut, and hosts that obey a Ready's order.
 * @module
 */
import type { HardState, LogReader } from '../log.ts'
import {
  type Configuration,
  type Entry,
  type Message,
  type NodeId,
  type Raft,
  type RaftConfig,
  type RaftEvent,
  type ReadState,
  type Ready,
  type Snapshot,
  advance,
  createRaft,
  emptyConfiguration,
  hasReady,
  standardConfig,
  step,
  takeReady,
} from '../raft.ts'
import type { Check } from '../../bytes/bytes.ts'

/** A disk. What it holds is what a node finds when it starts again. */
export class MemoryLog implements LogReader {
  hardState: HardState = { term: 0, votedFor: null, commitIndex: 0 }
  installed: Snapshot
  held: readonly Entry[] = []

  /** @param configuration the founders'; whoever joins later begins with the same one */
  constructor(configuration: Configuration) {
    this.installed = { index: 0, term: 0, configuration, data: new Uint8Array(0) }
  }

  initialState() {
    return { hardState: this.hardState, configuration: this.installed.configuration }
  }
  firstIndex(): number {
    return this.installed.index + 1
  }
  lastIndex(): number {
    return this.installed.index + this.held.length
  }
  term(index: number): number | null {
    if (index > this.lastIndex()) throw new RangeError(`there is no entry ${index}`)
    if (index === this.installed.index) return this.installed.term
    return this.held[index - this.firstIndex()]?.term ?? null
  }
  entries(from: number, to: number, sizeBytesMax: number): readonly Entry[] | null {
    if (from >= to || to > this.lastIndex() + 1) throw new RangeError(`there are no entries ${from}..${to - 1}`)
    if (from < this.firstIndex()) return null
    const asked = this.held.slice(from - this.firstIndex(), to - this.firstIndex())
    let sizeBytes = 0
    const over = asked.findIndex((entry) => (sizeBytes += testConfig.entrySizeBytes(entry)) > sizeBytesMax)
    return over < 0 ? asked : asked.slice(0, Math.max(1, over))
  }
  snapshot(): Snapshot | null {
    return this.installed.index === 0 ? null : this.installed
  }

  write({ hardState, entries, snapshot }: Pick<Ready, 'hardState' | 'entries' | 'snapshot'>): void {
    if (hardState !== null) this.hardState = hardState
    if (snapshot !== null) {
      this.installed = snapshot
      this.held = []
    }
    const [first] = entries
    if (first !== undefined) this.held = [...this.held.slice(0, first.index - this.firstIndex()), ...entries]
  }

  /** Forgets entries up to `index`, which the configuration given is in force at. */
  compact(index: number, configuration: Configuration): void {
    const term = this.term(index)!
    this.held = this.held.slice(index + 1 - this.firstIndex())
    this.installed = { index, term, configuration, data: new Uint8Array(0) }
  }
}

export interface Host {
  raft: Raft
  readonly disk: MemoryLog
  applied: Entry[]
  reads: ReadState[]
}

export const ids = (count: number): NodeId[] => Array.from({ length: count }, (_, position) => `n${position + 1}`)

export const votersOnly = (voters: readonly NodeId[]): Configuration => ({ ...emptyConfiguration, voters })

export const text = (entry: Entry): string => (entry.kind === 'command' ? new TextDecoder().decode(entry.data) : '+')
export const command = (words: string): Uint8Array => new TextEncoder().encode(words)

export const testConfig: Omit<RaftConfig, 'id'> = { ...standardConfig, preVote: false, checkQuorum: false }

/** Handles everything that one node has to do; messages are given to `send`. */
export function handle(host: Host, send: (message: Message) => void): void {
  for (let round = 0; hasReady(host.raft); round++) {
    if (round > 1000) throw new Error('there is always something more to do')
    const [taken, ready] = takeReady(host.raft)
    host.raft = taken
    host.disk.write(ready)
    ready.messages.forEach(send)
    host.reads.push(...ready.readStates)
    for (const entry of ready.committed) {
      host.applied.push(entry)
      if (entry.kind === 'configuration')
        [host.raft] = step(host.raft, { kind: 'applyConfiguration', change: entry.change })
    }
    host.raft = advance(host.raft)
  }
}

export class Cluster {
  readonly hosts = new Map<NodeId, Host>()
  readonly config: Omit<RaftConfig, 'id'>
  /** On their way; a test may look, drop, repeat and reorder. */
  messages: Message[] = []
  /** Messages for which it says yes get lost. */
  isLost: (message: Message) => boolean = () => false
  #incarnation = 0

  constructor(configuration: Configuration, config: Partial<RaftConfig> = {}, members?: readonly NodeId[]) {
    this.config = { ...testConfig, ...config }
    for (const id of members ?? [...configuration.voters, ...configuration.learners])
      this.start(id, new MemoryLog(configuration), [])
  }

  /** Starts a node from a disk, after a crash or for the first time. */
  start(id: NodeId, disk: MemoryLog, applied: Entry[]): Host {
    const appliedIndex = Math.max(applied.at(-1)?.index ?? 0, disk.installed.index)
    const restored = { appliedIndex, electionJitterTicks: 0, incarnation: ++this.#incarnation }
    const host = { raft: createRaft({ ...this.config, id }, disk, restored), disk, applied, reads: [] }
    this.hosts.set(id, host)
    return host
  }

  /** Crashes a node and starts it again from its disk; its state machine is rebuilt from the start of the log. */
  restart(id: NodeId): Host {
    return this.start(id, this.host(id).disk, [])
  }

  host(id: NodeId): Host {
    return this.hosts.get(id)!
  }
  raft(id: NodeId): Raft {
    return this.host(id).raft
  }

  /** Lets an event happen at a node, with all that follows from it there; messages stay under way. */
  step(id: NodeId, event: RaftEvent): Check {
    const host = this.host(id)
    const [next, check] = step(host.raft, event)
    host.raft = next
    handle(host, (message) => this.messages.push(message))
    return check
  }

  /** Delivers until nothing is under way. */
  settle(): void {
    for (let round = 0; this.messages.length > 0; round++) {
      if (round > 1000) throw new Error('the messages never end')
      for (const message of this.messages.splice(0)) this.deliver(message)
    }
  }

  deliver(message: Message): Check | null {
    return this.isLost(message) || !this.hosts.has(message.to)
      ? null
      : this.step(message.to, { kind: 'message', message })
  }

  do(id: NodeId, event: RaftEvent): Check {
    const check = this.step(id, event)
    this.settle()
    return check
  }
  elect(id: NodeId): void {
    this.do(id, { kind: 'campaign' })
  }
  propose(id: NodeId, words: string): Check {
    return this.do(id, { kind: 'propose', commands: [command(words)] })
  }
  tick(id: NodeId, count = 1, electionJitterTicks = 0): void {
    for (let i = 0; i < count; i++) this.do(id, { kind: 'tick', electionJitterTicks })
  }
  /** Cuts a node off, or joins it again. */
  isolate(id: NodeId): void {
    this.isLost = ({ from, to }) => from === id || to === id
  }
  heal(): void {
    this.isLost = () => false
  }
  /** What a node applied, without the empty entries of new leaders. */
  said(id: NodeId): string[] {
    return this.host(id)
      .applied.map(text)
      .filter((words) => words !== '')
  }
}
