/**
 * One cluster on this node: Raft, its log, and the tree that the log folds to, driven over the store port.
 *
 * The order that nothing may break: objects and log entries are durable before an operation counts as committed, and only what
 * is committed is folded, shown or acknowledged. Proposals that arrive while a write is under way travel in the next one
 * together, so that many small changes cost one flush. Every so often a checkpoint writes the rows that changed and drops the
 * log below them, in one transaction.
 * @module
 */
import { type Bytes, BlocktreeError, type Check, encode, keyOf, must, ok, refused } from '../core/bytes/bytes.ts'
import type { Checked } from '../core/cap/cap.ts'
import { entries as entriesOf, get, root } from '../core/merkle/merkle.ts'
import {
  type Entry,
  type HardState,
  type NodeId,
  type Raft,
  type RaftConfig,
  type Ready,
  advance,
  createRaft,
  hasReady,
  propose,
  standardConfig,
  step,
  takeReady,
} from '../core/raft/raft.ts'
import {
  type Batch,
  type Operation,
  type Outcome,
  type TreeState,
  batchSizeBytesMax,
  decodeBatch,
  emptyTree,
  encodeBatch,
  examineOperation,
  foldBatch,
  operationCountMax,
  operationSizeBytes,
  setOf,
  summaryOf,
} from '../core/tree/tree.ts'
import type { Change } from '../port/store.ts'
import type { Platform } from '../port/platform.ts'
import { MemoryLog } from './memory-log.ts'
import { type ClusterPlace, inPlace, logKey, placePrefix, placePrefixSizeBytes } from './place.ts'
import {
  checkpointKey,
  checkpointWire,
  entryWire,
  hardStateKey,
  hardStateWire,
  readHeldState,
} from './read/held-state.ts'

/** A checkpoint follows when so many entries, or so much of them, were applied since the last, or when all is quiet for a while. */
const checkpointEntryCount = 256
const checkpointSizeBytes = 8 * 1024 * 1024
const checkpointQuietMs = 5000

interface Waiting {
  readonly operation: Operation
  /** What the operation refers to; becomes durable in the same write as the operation, or before. */
  readonly attached: readonly Change[]
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

/** What was proposed as one entry of the log. */
interface Proposed {
  readonly batch: Batch
  /** The encoded batch; the entry that commits with these very octets is this one. */
  readonly data: Bytes
  readonly waiting: readonly Waiting[]
}

/** What changed in the fold, for those who mirror it. */
export type Applied = (before: TreeState, after: TreeState, touched: readonly Bytes[]) => void

export interface ClusterOptions {
  readonly platform: Platform
  readonly place: ClusterPlace
  /** This node's principal, hexadecimal. */
  readonly self: NodeId
  readonly onApplied: Applied
  /** Called once when the cluster can not go on; the node stops. */
  readonly onFailure: (error: unknown) => void
}

export class Cluster {
  readonly #options: ClusterOptions
  readonly #log: MemoryLog
  #raft: Raft
  #state: TreeState
  /** Proposals that passed gate 1. */
  readonly #queue: Waiting[] = []
  #atGateCount = 0
  /** Proposals that are in the log, by the index they got. */
  readonly #inLog = new Map<number, Proposed>()
  readonly #refusedBefore: Operation[] = []
  #pumping: Promise<void> | null = null
  #failure: { readonly error: unknown } | null = null
  #dirty = new Map<string, Bytes>()
  #appliedIndex: number
  #appliedTerm: number
  #checkpointIndex: number
  #sizeSinceCheckpointBytes = 0
  #cancelQuiet: (() => void) | null = null
  #isClosed = false

  private constructor(options: ClusterOptions, log: MemoryLog, state: TreeState) {
    this.#options = options
    this.#log = log
    this.#state = state
    this.#appliedIndex = this.#checkpointIndex = log.snapshotIndex
    this.#appliedTerm = log.snapshotTerm
    this.#raft = createRaft(raftConfig(options.self), log, {
      appliedIndex: log.snapshotIndex,
      electionJitterTicks: 0,
      incarnation: drawIncarnation(options.platform),
    })
  }

  /** Makes a cluster whose first entry founds its tree. Nothing is stored before that entry is. */
  static async found(options: ClusterOptions, base: TreeState | null): Promise<Cluster> {
    const state = base ?? emptyTree(options.place.treeId)
    const log = new MemoryLog([options.self])
    const cluster = new Cluster(options, log, state)
    if (base !== null) cluster.#markAll()
    // The checkpoint goes first: it names the voters, without which the log that follows means nothing.
    await cluster.#checkpoint()
    await cluster.#campaign()
    return cluster
  }

  /** Opens a cluster that this device holds: the rows of the last checkpoint, then the log from there. null where it holds none. */
  static async open(options: ClusterOptions): Promise<Cluster | null> {
    const { platform, place } = options
    const held = await readHeldState(platform.store, place)
    if (held === null) return null
    const { checkpoint, state, entries, hardState } = held
    const log = new MemoryLog(checkpoint.voters)
    log.snapshotIndex = checkpoint.index
    log.snapshotTerm = checkpoint.term
    if (hardState !== null) log.hardState = hardState
    log.append(entries)
    const cluster = new Cluster(options, log, state)
    await cluster.#campaign()
    return cluster
  }

  get state(): TreeState {
    return this.#state
  }

  /** What the fold refused of an earlier life's log, whose author is not there any more to clean up after it. */
  get refusedBefore(): readonly Operation[] {
    return this.#refusedBefore
  }

  /**
   * Proposes one operation. Resolves when it is committed and folded, with what became of it; rejects when the node can not say.
   * @param attached rows that the operation refers to; they are durable no later than the operation
   */
  async propose(operation: Operation, attached: readonly Change[] = []): Promise<Outcome> {
    this.#throwIfStopped()
    this.#atGateCount++
    try {
      const passed = await this.#gateOne(operation)
      if (!passed.ok) return passed
      this.#throwIfStopped()
      return new Promise((resolve, reject) => this.#queue.push({ operation, attached, resolve, reject }))
    } finally {
      // Those that are at the gate together travel together.
      if (--this.#atGateCount === 0) void this.#pump()
    }
  }

  #throwIfStopped(): void {
    if (this.#failure !== null) throw this.#failure.error
    if (this.#isClosed) throw new BlocktreeError('nodeStopped', 'This node has stopped; reload the page to go on.')
  }

  /** Waits for what is under way, writes a checkpoint, and takes nothing more. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    await this.#pump()
    this.#isClosed = true
    this.#cancelQuiet?.()
    if (this.#failure === null && this.#appliedIndex > this.#checkpointIndex) await this.#checkpoint()
  }

  /** Takes nothing more and writes nothing more, because somebody else does or because the store is gone. */
  halt(error: unknown): void {
    if (this.#failure !== null) return
    this.#failure = { error }
    this.#cancelQuiet?.()
    const inLog = [...this.#inLog.values()].flatMap(({ waiting }) => waiting)
    for (const waiting of [...this.#queue.splice(0), ...inLog]) waiting.reject(error)
    this.#inLog.clear()
  }

  async #campaign(): Promise<void> {
    // A sole voter elects itself; who has peers waits for them (the ticks of the clock drive that).
    if (this.#raft.configuration.voters.length === 1) this.#raft = step(this.#raft, { kind: 'campaign' })[0]
    await this.#handleReady([])
  }

  #pump(): Promise<void> {
    this.#pumping ??= this.#drain().finally(() => {
      this.#pumping = null
      // What came in the last instant was told that somebody is pumping already.
      if (this.#queue.length > 0 && this.#failure === null) void this.#pump()
    })
    return this.#pumping
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0 && this.#failure === null) {
        await this.#commit(this.#takeFromQueue())
      }
      this.#scheduleCheckpoint()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** As many as fit into a batch. One that fills more goes alone, and is refused when it is encoded. */
  #takeFromQueue(): readonly Waiting[] {
    let sizeBytes = 0
    const end = this.#queue.findIndex(({ operation }, count) => {
      sizeBytes += operationSizeBytes(operation)
      return count > 0 && (count === operationCountMax || sizeBytes > batchSizeBytesMax)
    })
    return this.#queue.splice(0, end < 0 ? this.#queue.length : end)
  }

  /** Gate 1: what does not hold by itself never reaches the log. */
  async #gateOne(operation: Operation): Promise<Check> {
    const claims = examineOperation(this.#state.treeId, operation, (sequence) => setOf(this.#state, sequence))
    if (!claims.ok) return claims
    const verdicts = await this.#options.platform.crypto.verify(claims.value)
    return verdicts.every(Boolean)
      ? ok
      : refused(
          'signatureInvalid',
          'A signature of this change is not valid, so nothing was changed. Reload the page and try again.',
        )
  }

  async #commit(admitted: readonly Waiting[]): Promise<void> {
    const stampMs = Math.max(this.#options.platform.clock.nowMs(), summaryOf(this.#state)?.stampMs ?? 0)
    const batch: Batch = { stampMs, operations: admitted.map(({ operation }) => operation) }
    const data = encodeBatch(batch)
    const [raft, placed] = propose(this.#raft, data)
    if (!placed.ok) throw new BlocktreeError(placed.fault.code, placed.fault.local)
    this.#raft = raft
    this.#inLog.set(placed.value.index, { batch, data, waiting: admitted })
    await this.#handleReady(admitted.flatMap(({ attached }) => attached))
  }

  /** Performs what Raft asks for, in its order: durable first, then fold, then acknowledge. */
  async #handleReady(attached: readonly Change[]): Promise<void> {
    let pending = attached
    while (hasReady(this.#raft)) {
      const [raft, ready] = takeReady(this.#raft)
      this.#raft = raft
      await this.#persist(ready, pending)
      pending = []
      for (const entry of ready.committed) this.#apply(entry)
      this.#raft = advance(this.#raft)
    }
    if (
      this.#appliedIndex - this.#checkpointIndex >= checkpointEntryCount ||
      this.#sizeSinceCheckpointBytes >= checkpointSizeBytes
    ) {
      await this.#checkpoint()
    }
  }

  async #persist({ hardState, entries }: Ready, attached: readonly Change[]): Promise<void> {
    const { platform, place } = this.#options
    const changes: Change[] = [...attached]
    for (const entry of entries) {
      if (entry.kind !== 'command') throw new Error('a change of voters in a cluster of one')
      const value = encode(entryWire, { term: entry.term, index: entry.index, data: entry.data as Bytes })
      changes.push({ kind: 'put', table: 'log', key: logKey(place, entry.index), value })
    }
    const first = entries[0]
    if (first !== undefined && first.index <= this.#log.lastIndex()) {
      // A new leader's entries replace those of an older term from here on.
      changes.unshift({
        kind: 'deleteAll',
        table: 'log',
        prefix: placePrefix(place),
        from: logKey(place, first.index).slice(placePrefixSizeBytes),
      })
    }
    if (hardState !== null && changesVoteOrTerm(hardState, this.#log.hardState)) {
      changes.push({ kind: 'put', table: 'raft', key: hardStateKey(place), value: encode(hardStateWire, hardState) })
    }
    if (changes.length > 0) await platform.store.write(changes, 'strict')
    if (hardState !== null) this.#log.hardState = hardState
    this.#log.append(entries)
  }

  #apply(entry: Entry): void {
    this.#appliedIndex = entry.index
    this.#appliedTerm = entry.term
    if (entry.kind !== 'command' || entry.data.length === 0) return
    const inLog = this.#inLog.get(entry.index)
    this.#inLog.delete(entry.index)
    const own = inLog?.data === entry.data ? inLog : undefined
    // The entry passed gate 1 before it came into the log, and the log is sealed at rest. What this node encoded itself it
    // need not decode.
    const batch = (own?.batch ?? must(decodeBatch(entry.data as Bytes))) as Checked<Batch>
    const before = this.#state
    const { state, outcomes, touched } = foldBatch(before, batch)
    this.#state = state
    this.#sizeSinceCheckpointBytes += entry.data.length
    for (const key of touched) this.#dirty.set(keyOf(key), key)
    this.#options.onApplied(before, state, touched)
    if (own === undefined)
      this.#refusedBefore.push(...batch.operations.filter((_, position) => !outcomes[position]!.ok))
    else own.waiting.forEach(({ resolve }, position) => resolve(outcomes[position]!))
  }

  #markAll(): void {
    for (const [key] of entriesOf(this.#state.map)) this.#dirty.set(keyOf(key), key)
  }

  #scheduleCheckpoint(): void {
    this.#cancelQuiet?.()
    if (this.#appliedIndex === this.#checkpointIndex || this.#isClosed) return
    this.#cancelQuiet = this.#options.platform.clock.after(checkpointQuietMs, () => {
      if (this.#pumping !== null || this.#failure !== null) return
      this.#pumping = this.#checkpoint()
        .catch((error: unknown) => this.#fail(error))
        .finally(() => {
          this.#pumping = null
          if (this.#queue.length > 0) void this.#pump()
        })
    })
  }

  /** Rows that changed, where they stand, and the end of the log below: one transaction, so a crash sees all or nothing of it. */
  async #checkpoint(): Promise<void> {
    const { platform, place } = this.#options
    const index = this.#appliedIndex
    const changes: Change[] = []
    for (const key of this.#dirty.values()) {
      const value = get(this.#state.map, key)
      const at = inPlace(place, key)
      changes.push(
        value === null ? { kind: 'delete', table: 'state', key: at } : { kind: 'put', table: 'state', key: at, value },
      )
    }
    for (let old = this.#log.snapshotIndex + 1; old <= index; old++)
      changes.push({ kind: 'delete', table: 'log', key: logKey(place, old) })
    const checkpoint = { index, term: this.#appliedTerm, voters: this.#log.voters, stateRoot: root(this.#state.map) }
    changes.push({ kind: 'put', table: 'raft', key: checkpointKey(place), value: encode(checkpointWire, checkpoint) })
    this.#dirty = new Map()
    await platform.store.write(changes, 'strict')
    this.#log.compact(index, this.#appliedTerm)
    this.#checkpointIndex = index
    this.#sizeSinceCheckpointBytes = 0
  }

  #fail(error: unknown): void {
    this.halt(error)
    this.#options.onFailure(error)
  }
}

const changesVoteOrTerm = (next: HardState, last: HardState): boolean =>
  next.term !== last.term || next.votedFor !== last.votedFor

/** 48 random bits: no two starts of a node share one. */
const drawIncarnation = (platform: Platform): number =>
  platform.random.bytes(6).reduce((number, octet) => number * 256 + octet, 0)

/** A cluster of one needs no ticks, so the timing is what a later one with peers will begin with. */
const raftConfig = (id: NodeId): RaftConfig => ({
  ...standardConfig,
  id,
  // What is proposed together is bounded by the batch already; the node waits for each write before the next.
  uncommittedSizeBytesMax: 4 * batchSizeBytesMax,
})
