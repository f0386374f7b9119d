/**
 * One cluster on this node: Raft, its log, and the tree that the log folds to, driven over the store port and the peers.
 *
 * The order that nothing may break: objects and log entries are durable before anything that depends on them is sent or counts
 * as committed, and only what is committed is folded, shown or acknowledged. Proposals that arrive while a write is under way
 * travel in the next one together, so that many small changes cost one flush. Every so often a checkpoint writes the rows that
 * changed and drops the log below them, in one transaction.
 * @module
 */
import { BlocktreeError, type Bytes, type Check, nodeStopped, ok, refused } from '../core/bytes/bytes.ts'
import type { AuthenticatedMap } from '../core/merkle/merkle.ts'
import {
  type Configuration,
  type Entry,
  type MemberChange,
  type Message,
  type NodeId,
  type Raft,
  type RaftEvent,
  type Ready,
  type Snapshot,
  advance,
  createRaft,
  emptyConfiguration,
  hasReady,
  isPromise,
  propose,
  step,
  takeReady,
} from '../core/raft/raft.ts'
import type { Answer, Question, SentMessage } from '../core/message/message.ts'
import { type Operation, type Outcome, type TreeState, emptyTree, foldBatch } from '../core/tree/tree.ts'
import type { Change } from '../port/store.ts'
import { Checkpoints } from './cluster/checkpoints.ts'
import { CommitMark } from './cluster/commit-mark.ts'
import {
  checkpointChanges,
  differingKeys,
  hardStateRow,
  identityRow,
  installChanges,
  readyChanges,
} from './cluster/durable.ts'
import { Electing } from './cluster/electing.ts'
import { FoldAhead } from './cluster/fold-ahead.ts'
import { Gate } from './cluster/gate.ts'
import { Giving } from './cluster/giving.ts'
import { Hearing } from './cluster/hearing.ts'
import { Intake } from './cluster/intake.ts'
import {
  changeOf,
  isCaughtUp,
  isDecidedByOne,
  isSoleVoter,
  membersOf,
  newNodeId,
  peerOf,
} from './cluster/membership.ts'
import { type Base, MemoryLog } from './cluster/memory-log.ts'
import { Outgoing } from './cluster/outgoing.ts'
import { Patience } from './cluster/patience.ts'
import { Proposals, isOwnDoing } from './cluster/proposals.ts'
import { Proposing, othersDecide } from './cluster/proposing.ts'
import type { ClusterLink, ClusterOptions, Moment } from './cluster/options.ts'
import { type GivenState, SnapshotSender } from './cluster/snapshots.ts'
import { Stamping } from './cluster/stamping.ts'
import {
  type Decide,
  type Held,
  type Succession,
  entriesOf,
  hardStateOf,
  successionChanges,
} from './cluster/succession.ts'
import { Ticker, drawIncarnation, electionMs, jitterTicks, raftConfig } from './cluster/timing.ts'
import { note } from './note.ts'
import type { PeerId } from './peers.ts'
import { type Identity, readHeldState, readIdentity } from './read/held-state.ts'
import type { Replica } from './replica.ts'

/** Entries before the checkpoint that are kept for members who were away for a moment, and octets of them: they lie in memory as well. */
const keptEntryCount = 1024
const keptSizeBytesMax = 32 * 1024 * 1024

/** A wish to go on in another generation. */
interface Succeeding {
  readonly decide: Decide
  readonly resolve: (isTaken: boolean) => void
  readonly reject: (error: unknown) => void
}

export class Cluster implements Replica {
  /** Somebody else leads than before, or nobody. */
  onLeader: () => void = () => {}
  /** Time stands still, or goes on again. */
  onTime: () => void = () => {}

  readonly #options: ClusterOptions
  #link: ClusterLink | null = null

  // What this node is, and has.
  #identity: Identity
  #raft: Raft
  readonly #log: MemoryLog
  #state: TreeState
  /** Where the state stands in the log. */
  #applied: Base
  /** As of the last checkpoint. */
  #checkpointMap: AuthenticatedMap
  /** The state that a snapshot stands for which Raft is about to install. */
  #arrived: { readonly index: number; readonly map: AuthenticatedMap } | null = null

  // What comes in, and goes out.
  readonly #gate: Gate
  readonly #hearing = new Hearing()
  readonly #intake: Intake
  readonly #outgoing: Outgoing
  readonly #giving: Giving
  #sender = new SnapshotSender()

  // What is proposed, under which time, and who decides it.
  readonly #proposals = new Proposals()
  readonly #proposing: Proposing
  readonly #stamping: Stamping
  readonly #electing: Electing
  readonly #patience = new Patience()

  // What drives it.
  readonly #ticker: Ticker
  readonly #checkpoints: Checkpoints
  readonly #commitMark: CommitMark
  readonly #foldAhead = new FoldAhead()
  #pumping: Promise<void> | null = null
  #succeeding: Succeeding | null = null

  // How it ends.
  /** One who was put out keeps what it had, and takes nothing more. */
  #isPutOut: boolean
  #failure: { readonly error: unknown } | null = null
  #isClosed = false

  private constructor(options: ClusterOptions, identity: Identity, log: MemoryLog, state: TreeState) {
    const { platform } = options
    this.#options = options
    this.#identity = identity
    this.#log = log
    this.#state = state
    this.#isPutOut = options.isPutOut?.(state) === true
    const { index, term, configuration } = log.base
    this.#applied = { index, term, configuration }
    this.#checkpointMap = state.map
    log.newestSnapshot = () => {
      const given = this.givenState({ base: log.base, map: this.#checkpointMap }, log.firstIndex() - 1)
      return given && this.#sender.offer(given)
    }
    this.#gate = new Gate(
      platform,
      () => this.#state,
      () => this.#logged,
    )
    this.#intake = new Intake({
      raft: () => this.#raft,
      gate: this.#gate,
      nowMs: () => platform.clock.nowMs(),
      state: () => this.#state,
      ask: (to, question) => this.#link?.ask(to, question) ?? Promise.resolve(null),
      refuse: (from, fault) => {
        if (fault.code === 'stampAhead') this.#hearing.stampedAhead(from, platform.clock.monotonicMs())
        this.#link?.refuse(from, fault)
      },
      step: (message) => this.#onMessage(message),
      install: async (message, map) => {
        this.#arrived = { index: message.snapshot.index, map }
        const check = this.#onMessage(message)
        await this.#pump()
        return check
      },
    })
    this.#outgoing = new Outgoing({
      send: (message) => this.#send(message as SentMessage),
      soon: (callback) => void platform.clock.after(0, callback),
    })
    this.#ticker = new Ticker(platform.clock, () => this.#tick())
    const moment = (): Moment => this.#moment
    this.#electing = new Electing({ clock: platform.clock, principal: options.principal, moment })
    this.#stamping = new Stamping({
      platform,
      moment,
      onStamp: () => {
        this.#proposing.open()
        void this.#pump()
      },
      onChanged: () => this.onTime(),
    })
    this.#proposing = new Proposing({
      clock: platform.clock,
      gate: this.#gate,
      proposals: this.#proposals,
      electing: this.#electing,
      stamping: this.#stamping,
      moment,
      throwIfStopped: () => this.#throwIfStopped(),
      pump: () => void this.#pump(),
      append: (data) => {
        const [raft, placed] = propose(this.#raft, data)
        this.#raft = raft
        return placed
      },
      changeMembers: (change) => void this.#stepNow({ kind: 'proposeConfiguration', change }),
    })
    this.#giving = new Giving(platform.clock, moment)
    this.#checkpoints = new Checkpoints(platform.clock, () => void this.#pump())
    this.#commitMark = new CommitMark(platform.clock, () => void this.#pump())
    this.#raft = this.#newRaft()
  }

  get #moment(): Moment {
    return { raft: this.#raft, state: this.#state, identity: this.#identity, link: this.#link }
  }

  /** All commands in the log. */
  get #logged(): readonly Uint8Array[] {
    const log = this.#log
    const durable = log.entries(log.firstIndex(), log.lastIndex() + 1, Infinity) ?? []
    return [...durable, ...this.#raft.log.tail.slice()].filter(isCommand).map(({ data }) => data)
  }

  #newRaft(): Raft {
    const { random } = this.#options.platform
    return createRaft(raftConfig(this.#identity.nodeId), this.#log, {
      appliedIndex: this.#log.base.index,
      electionJitterTicks: jitterTicks(random),
      incarnation: drawIncarnation(random),
    })
  }

  /** Makes a cluster whose first entry founds its tree. Nothing is stored before that entry is. */
  static async found(options: ClusterOptions, generation: number, base: TreeState | null): Promise<Cluster> {
    const { platform, place, principal } = options
    const nodeId = newNodeId(principal, platform.random)
    const configuration = { ...emptyConfiguration, voters: [nodeId] }
    const identity = { nodeId, generation }
    const state = base ?? emptyTree(place.treeId)
    const cluster = new Cluster(options, identity, new MemoryLog({ index: 0, term: 0, configuration }), state)
    if (base !== null) cluster.#checkpoints.allChanged(base.map)
    // The checkpoint goes first: it names the voters, without which the log that follows means nothing.
    await cluster.#checkpoint([identityRow(place, identity)])
    await cluster.#begin()
    return cluster
  }

  /** Takes part in a cluster of which this device holds nothing yet; a snapshot will come. */
  static async join(options: ClusterOptions, generation: number): Promise<Cluster> {
    const { platform, place, principal } = options
    const known = await readIdentity(platform.store, place)
    const identity = known ?? { nodeId: newNodeId(principal, platform.random), generation }
    if (known === null) await platform.store.write([identityRow(place, identity)], 'strict')
    const log = new MemoryLog({ index: 0, term: 0, configuration: emptyConfiguration })
    const cluster = new Cluster(options, identity, log, emptyTree(place.treeId))
    await cluster.#begin()
    return cluster
  }

  /** Opens a cluster that this device holds: the rows of the last checkpoint, then the log from there. null where it holds none. */
  static async open(options: ClusterOptions): Promise<Cluster | null> {
    const { platform, place } = options
    const held = await readHeldState(platform.store, place)
    const identity = await readIdentity(platform.store, place)
    if (held === null || identity === null) return null
    const { checkpoint, state, entries, hardState } = held
    const log = new MemoryLog(checkpoint)
    if (hardState !== null) log.hardState = hardState
    log.restore(entries)
    const cluster = new Cluster(options, identity, log, state)
    await cluster.#begin()
    return cluster
  }

  get state(): TreeState {
    return this.#state
  }

  /**
   * What has been committed for certain, also where nobody has said so yet: a voter that decides alone has what it sends. And what is
   * in the log beside that.
   */
  get held(): Held {
    const { before, rest } = this.#log.commandsAfter(this.#applied.index)
    if (!isDecidedByOne(this.#applied.configuration)) return { state: this.#state, open: [...before, ...rest] }
    const state = before.reduce((state, data) => foldBatch(state, this.#gate.batchOf(data)).state, this.#state)
    return { state, open: rest }
  }

  /** Under which name this node takes part, and in which generation. */
  get identity(): Identity {
    return this.#identity
  }

  /** Where the state stands in the log. */
  get base(): Base {
    return this.#applied
  }

  /** Who decides, who listens, and who leads. */
  get members(): { readonly configuration: Configuration; readonly leader: NodeId | null } {
    return { configuration: this.#raft.configuration, leader: this.#raft.leader }
  }

  /** Where this node is in the log. */
  get position(): { readonly term: number; readonly isLeader: boolean; readonly appliedIndex: number } {
    return { term: this.#raft.term, isLeader: this.#raft.role === 'leader', appliedIndex: this.#applied.index }
  }

  /** Whether this node alone decides. */
  get isSoleVoter(): boolean {
    return isSoleVoter(this.#raft.configuration, this.#identity.nodeId)
  }

  /** Other devices can be reached from here on. */
  connect(link: ClusterLink): void {
    this.#link = link
    this.#tickIfNeeded()
  }

  /** Nobody can be reached from here on, which says nothing about who belongs to the tree. */
  disconnect(): void {
    this.#link = null
    this.#tickIfNeeded()
  }

  /** Whether somebody is known now who takes changes. */
  get isReachable(): boolean {
    const { role, leader } = this.#raft
    return role === 'leader' || (leader !== null && this.#link?.isUp(peerOf(leader)) === true)
  }

  /** Gate 1, for what is going to be given. */
  check(operation: Operation): Promise<Check> {
    return this.#gate.check(operation)
  }

  /** The same for a state that comes whole, from another generation. */
  checkState(map: AuthenticatedMap, snapshot: Snapshot): Promise<Check> {
    return this.#gate.checkState(map, snapshot, this.#options.platform.clock.nowMs())
  }

  /**
   * A state that another device may take whole: the newest that is attested, or another one where that may be.
   * @param since an index that it does not lie before
   * @returns null where there is none now
   */
  givenState(other: Omit<GivenState, 'attestation'>, since = 0): GivenState | null {
    return this.#giving.given(other, since)
  }

  /** Where a state stands that lies on this device whole, beside the one that the log has led to since. */
  get checkpoint(): Omit<GivenState, 'attestation'> {
    return { base: this.#log.base, map: this.#checkpointMap }
  }

  /** Resolves when a majority of the voters holds the bodies that an operation refers to. */
  async stage(operation: Operation): Promise<Check> {
    return this.isSoleVoter || this.#link === null ? ok : this.#link.stage(operation)
  }

  /**
   * Gives operations that have passed gate 1 to whoever leads, in their order; what becomes of them shows in the fold. Resolves when
   * all are decided, or when somebody is not known to have decided them in time.
   */
  give(operations: readonly Operation[]): Promise<void> {
    return this.#proposing.give(operations)
  }

  /** The same for a guest of this node, which waits for it. @returns what became of each; null where the node can not say */
  giveForGuest(operations: readonly Operation[]): Promise<readonly (Outcome | null)[]> {
    return this.#proposing.giveForGuest(operations)
  }

  /**
   * Proposes one operation. Resolves when it is committed and folded, with what became of it; rejects when the node can not say.
   * @param attached rows that the operation refers to, durable together with it; only where this node alone decides
   */
  propose(operation: Operation, attached: readonly Change[] = []): Promise<Outcome> {
    return this.#proposing.propose(operation, attached)
  }

  /**
   * Goes on in another generation, which is decided when nothing is under way: over all that was committed in this one.
   * @returns whether it was decided so
   */
  succeed(decide: Decide): Promise<boolean> {
    this.#throwIfStopped()
    if (this.#succeeding !== null) return Promise.resolve(false)
    return new Promise((resolve, reject) => {
      this.#succeeding = { decide, resolve, reject }
      void this.#pump()
    })
  }

  /** Changes who votes; every added device must be a learner already. Refused where this node does not lead. */
  changeMembers(changes: readonly MemberChange[]): Check {
    if (this.#raft.role !== 'leader')
      return refused('notLeading', 'Another device keeps this tree in order; this is to be done there.')
    return this.#stepNow({ kind: 'proposeConfiguration', change: changeOf(changes) })
  }

  /** Whether a member has all that this node has, which leads. */
  isCaughtUp(id: NodeId): boolean {
    return isCaughtUp(this.#raft, id)
  }

  /** Gives the lead to another voter, or no longer does where it names this node. Refused where it can not be given. */
  transferLead(to: NodeId): Check {
    return this.#stepNow({ kind: 'transferLeadership', transferee: to })
  }

  /** While it lasts this node leaves it to `work` who votes; to one at a time, since each would undo what the other does. */
  async handOver(work: () => Promise<void>): Promise<void> {
    this.#throwIfStopped()
    this.#electing.beginHandOver()
    await work().finally(() => this.#electing.endHandOver())
  }

  // --- what other devices say -----------------------------------------------------------------------------------------------

  /** A device is here under a name, and says what time it is. */
  onHere(from: PeerId, nodeId: NodeId, clockMs: number): Check {
    if (peerOf(nodeId) !== from) return forged
    this.#stamping.hear(clockMs)
    this.#electing.come(from, nodeId)
    this.#tickIfNeeded()
    return ok
  }

  onDown(peer: PeerId): void {
    this.#electing.go(peer)
    for (const id of membersOf(this.#raft.configuration))
      if (peerOf(id) === peer) this.#stepNow({ kind: 'reportUnreachable', peer: id })
  }

  async onRaft(from: PeerId, message: SentMessage): Promise<Check> {
    if (peerOf(message.from) !== from) return forged
    this.#noticeSleep()
    return this.#intake.take(from, message)
  }

  /** Another device has changes for the leader. Each passes gate 1 here as well. */
  onPropose(octets: Bytes): Promise<Check> {
    return this.#proposing.takeForeign(octets)
  }

  /** The next rows of a state that is being sent. */
  rowsFor(from: PeerId, question: Extract<Question, { tag: 'rows' }>['value']): Answer {
    return this.#sender.rowsFor(from, question, this.#options.platform.clock.monotonicMs())
  }

  #onMessage(message: SentMessage): Check {
    if (this.#isOver) return ok
    const unheard = this.#hearing.unheard(this.#raft, message, this.#options.platform.clock.monotonicMs())
    if (unheard !== null) return unheard
    const check = this.#stepNow({ kind: 'message', message })
    if (this.#raft.role === 'follower' && this.#raft.leader === message.from)
      this.#patience.heard(message.from, this.#options.platform.clock.monotonicMs())
    if (check.ok) return ok
    if (check.fault.code === 'raftLogLost') this.#fail(new BlocktreeError('storageLost', check.fault.local))
    return check.fault.code === 'raftMessageMalformed' ? check : ok
  }

  // --- time -----------------------------------------------------------------------------------------------------------------

  /** Whether time stands still for the tree: nobody vouches for the clock here, by which it goes. */
  get isTimeStanding(): boolean {
    return this.#stamping.isTimeStanding
  }

  /** The owner says that the clock is right. */
  confirmClock(): void {
    this.#stamping.vouch()
  }

  #tickIfNeeded(): void {
    const isAlone = this.isSoleVoter && this.#raft.progress.size === 1 && !this.#electing.isAnybodyHere
    this.#ticker.run(!isAlone && !this.#isOver && this.#link !== null)
  }

  #tick(): void {
    this.#noticeSleep()
    const nowMs = this.#options.platform.clock.monotonicMs()
    const electionJitterTicks = jitterTicks(this.#options.platform.random)
    if (this.#raft.role !== 'follower' || this.#patience.counts(nowMs))
      this.#stepNow({ kind: 'tick', electionJitterTicks })
    this.#proposals.expire(nowMs)
    const { role, progress } = this.#raft
    const waiting = role !== 'leader' ? [] : [...progress].filter(([, { state }]) => state === 'snapshot')
    for (const peer of this.#sender.forget(new Set(waiting.map(([id]) => id)), nowMs))
      this.#stepNow({ kind: 'reportSnapshot', peer, isReceived: false })
    if (role === 'leader') this.#electing.noteAbsences()
    this.#alignMembers()
    this.#passLead()
    void this.#pump()
  }

  /** One who slept may have been replaced; he finds out before he does anything else. */
  #noticeSleep(): void {
    const nowMs = this.#options.platform.clock.monotonicMs()
    const isLeading = this.#raft.role === 'leader'
    const isLong = this.#patience.woke(this.#ticker.passedMs(), nowMs, electionMs, isLeading)
    if (isLong && !this.isSoleVoter) this.#stepNow({ kind: 'stepDown' })
  }

  #alignMembers(): void {
    const change = this.#electing.wantedChange
    if (change === null) return
    // Whoever joins begins with a snapshot, and of nothing there is none.
    if (this.#log.base.index === 0) this.#checkpoints.want()
    else this.#stepNow({ kind: 'proposeConfiguration', change })
  }

  /** Where another one is to lead it is told with every tick: one that does not know yet that it votes does not stand. */
  #passLead(): void {
    const to = this.#electing.wantedLeader
    if (to === null) return
    this.transferLead(this.#identity.nodeId)
    this.transferLead(to)
  }

  // --- the ends of a life ---------------------------------------------------------------------------------------------------

  get #isOver(): boolean {
    return this.#isClosed || this.#failure !== null
  }

  #throwIfStopped(): void {
    if (this.#failure !== null) throw this.#failure.error
    if (this.#isClosed) throw nodeStopped()
  }

  /** Waits for what is under way, writes a checkpoint, and takes nothing more. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#stamping.close()
    await this.#pump()
    this.#outgoing.flush()
    this.#isClosed = true
    this.#ticker.run(false)
    this.#checkpoints.close()
    this.#commitMark.close()
    this.#proposals.rejectAll(nodeStopped())
    if (this.#failure === null && this.#applied.index > this.#log.base.index) await this.#checkpoint()
  }

  /** Takes nothing more and writes nothing more, because somebody else does or because the store is gone. */
  halt(error: unknown): void {
    if (this.#failure !== null) return
    this.#failure = { error }
    this.#ticker.run(false)
    this.#stamping.close()
    this.#checkpoints.close()
    this.#commitMark.close()
    this.#proposals.rejectAll(error)
    this.#succeeding?.reject(error)
  }

  #fail(error: unknown): void {
    this.halt(error)
    this.#options.onFailure(error)
  }

  async #begin(): Promise<void> {
    // What is known to be committed comes first: it may change who votes.
    await this.#pump()
    // A sole voter elects itself; who has peers waits for them (the ticks of the clock drive that).
    if (this.isSoleVoter) this.#raft = step(this.#raft, { kind: 'campaign' })[0]
    await this.#pump()
    if (this.#failure !== null) throw this.#failure.error
  }

  // --- the pump -------------------------------------------------------------------------------------------------------------

  #stepNow(event: RaftEvent): Check {
    const before = this.#raft
    const [raft, check] = step(before, event)
    this.#raft = raft
    this.#onRole(before.role)
    if (raft.leader !== before.leader) this.onLeader()
    void this.#pump()
    return check
  }

  #onRole(before: Raft['role']): void {
    const { role } = this.#raft
    if (role === before) return
    if (before === 'leader') {
      this.#electing.lostLead()
      this.#proposals.lostLead()
      this.#proposals.othersDecide(othersDecide)
    }
    if (role === 'leader') this.#proposals.tookLead()
  }

  #pump(): Promise<void> {
    // Not at once: what it calls may call back before it is known that somebody is pumping.
    this.#pumping ??= Promise.resolve()
      .then(() => this.#drain())
      .finally(() => {
        this.#pumping = null
        // What came in the last instant was told that somebody is pumping already.
        const isMore = hasReady(this.#raft) || this.#proposing.canPropose || this.#succeeding !== null
        if (!this.#isOver && isMore) void this.#pump()
      })
    return this.#pumping
  }

  async #drain(): Promise<void> {
    try {
      this.#proposing.open()
      do {
        while (hasReady(this.#raft) && !this.#isOver) await this.#handleReady()
        if (this.#checkpoints.isDue(this.#appliedCount) && !this.#isOver) await this.#checkpoint()
        if (this.#succeeding !== null && !this.#isOver) await this.#succeed(this.#succeeding)
      } while (!this.#isOver && (this.#proposing.proposeNext() || hasReady(this.#raft)))
      // Whoever has just handed over waits to be relieved.
      if (this.#raft.role === 'leader' && this.#applied.configuration.voters.length === 2) this.#alignMembers()
      this.#proposing.forward()
      if (this.#commitMark.take() && !this.#isOver) this.#writeCommitMark()
      if (!this.#isOver) this.#checkpoints.schedule(this.#applied.index, this.#appliedCount)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Performs what Raft asks for, in its order: durable first, then promise, then fold and acknowledge. */
  async #handleReady(): Promise<void> {
    const [raft, ready] = takeReady(this.#raft)
    this.#raft = raft
    const coming = ready.committed.filter(isCommand).flatMap(({ data }) => this.#gate.batchOf(data).operations)
    // Others write what this node leads them to while it does so itself. But nobody gets a record whose body is nowhere yet, and what
    // one that decides alone has sent is taken for decided where others take over.
    const isBound = this.isSoleVoter || this.#proposing.hasAttached
    // Who waits here for what is committed is answered before the others are told of it; but whoever is put out by it hears of it
    // while there is a connection to tell it over.
    const isNews = this.#raft.role === 'leader' && ready.entries.length === 0 && ready.committed.length > 0
    const isLast = isNews && !coming.some(isDismissal)
    const isEarly = (message: Message): boolean => !isBound && !isLast && !isPromise(message)
    for (const message of ready.messages) if (isEarly(message)) this.#outgoing.send(message)
    if (ready.snapshot === null) await this.#persist(ready)
    else await this.#install(ready, ready.snapshot)
    if (this.#isOver) return
    const later = ready.messages.filter((message) => !isEarly(message))
    if (!isLast) for (const message of later) this.#outgoing.send(message)
    const prepared = this.#options.onComing?.(coming)
    if (prepared) await prepared
    if (this.#isOver) return
    const before = this.#raft.role
    for (const entry of ready.committed) {
      if (this.#isPutOut || this.#isOver) break
      this.#apply(entry)
      this.#link?.onEntry()
    }
    this.#raft = advance(this.#raft)
    // Who alone decides from here on need not wait for others to fall silent.
    const isAlone = this.isSoleVoter && ready.committed.some(({ kind }) => kind === 'configuration')
    if (isAlone && this.#raft.role !== 'leader') this.#raft = step(this.#raft, { kind: 'campaign' })[0]
    this.#onRole(before)
    if (isLast) for (const message of later) this.#outgoing.hold(message)
  }

  #send(message: SentMessage): void {
    if (this.#isOver) return
    if (message.kind === 'snapshot')
      this.#sender.begin(message.to, message.snapshot.index, this.#options.platform.clock.monotonicMs())
    this.#link?.send(peerOf(message.to), { tag: 'raft', value: message })
  }

  async #persist(ready: Ready): Promise<void> {
    const { platform, place } = this.#options
    const isShared = membersOf(this.#applied.configuration).size > 1
    const changes = [...readyChanges(place, this.#log, ready, isShared), ...this.#proposing.takeAttached()]
    if (changes.length > 0) {
      const written = platform.store.write(changes, 'strict')
      // In a turn of its own, so that the write is under way first.
      const cancel = platform.clock.after(0, () => this.#prepare(ready))
      await written.finally(cancel)
    } else if (isShared && ready.hardState !== null) this.#commitMark.soon()
    if (ready.hardState !== null) this.#log.hardState = ready.hardState
    this.#log.append(ready.entries)
  }

  /** Among the other writes of the pump, so that it never overtakes a vote. */
  #writeCommitMark(): void {
    const { platform, place } = this.#options
    note(platform.store, [hardStateRow(place, this.#log.hardState)])
  }

  #prepare({ entries: [next], committed }: Ready): void {
    if (next?.kind !== 'command' || next.data.length === 0) return
    if (committed.length > 0 || next.index !== this.#applied.index + 1) return
    this.#foldAhead.prepare(this.#state, this.#gate.batchOf(next.data))
  }

  async #install({ hardState }: Ready, snapshot: Base): Promise<void> {
    const { platform, place, onArriving, onInstalling } = this.#options
    const arrived = this.#arrived
    if (arrived === null || arrived.index !== snapshot.index) throw new Error('a snapshot without its rows')
    const { index, term, configuration } = snapshot
    const base = { index, term, configuration }
    const after = { ...this.#state, map: arrived.map }
    await onArriving?.(after)
    const more = onInstalling(this.#state, after, [])
    await platform.store.write([...installChanges(place, base, arrived.map, hardState), ...more], 'strict')
    if (hardState !== null) this.#log.hardState = hardState
    this.#log.reset(base)
    this.#installed(base, after)
  }

  async #succeed({ decide, resolve, reject }: Succeeding): Promise<void> {
    this.#succeeding = null
    // What is of this generation is said in it.
    this.#outgoing.flush()
    const { platform, place, onArriving, onInstalling } = this.#options
    let next: Succession | null = null
    try {
      next = decide(this.held)
    } catch (error) {
      reject(error)
    }
    if (next === null) return resolve(false)
    const after = { ...this.#state, map: next.map }
    await onArriving?.(after)
    const more = onInstalling(this.#state, after, this.#dropped)
    await platform.store.write([...successionChanges(place, next), ...more], 'strict')
    this.#identity = next.identity
    this.#log.hardState = hardStateOf(next)
    this.#log.reset(next.base)
    this.#log.append(entriesOf(next))
    this.#sender = new SnapshotSender()
    this.#electing.generationLeft()
    this.#proposals.lostLead()
    this.#proposing.takeAttached()
    this.#raft = this.#newRaft()
    this.#installed(next.base, after)
    this.#proposals.generationLeft(othersDecide)
    if (this.isSoleVoter) this.#raft = step(this.#raft, { kind: 'campaign' })[0]
    this.#tickIfNeeded()
    this.#link?.onMembers()
    resolve(true)
  }

  /** In the log of a generation that is left, not known to be committed, and nobody's here any more. */
  get #dropped(): readonly Operation[] {
    const { before, rest } = this.#log.commandsAfter(this.#applied.index)
    const operations = [...before, ...rest].flatMap((data) => this.#gate.batchOf(data).operations)
    return operations.filter((operation) => !this.#proposals.isWaitedFor(operation))
  }

  /** Another state is in force, and durable. */
  #installed(base: Base, after: TreeState): void {
    const before = this.#state
    this.#intake.installed()
    this.#arrived = null
    this.#state = after
    this.#checkpointMap = after.map
    this.#checkpoints.begin()
    this.#applied = base
    this.#options.onApplied(before, after, differingKeys(before.map, after.map), null)
    this.#proposals.settleBy(after)
    this.#link?.onEntry()
  }

  #apply(entry: Entry): void {
    this.#applied = { ...this.#applied, index: entry.index, term: entry.term }
    if (entry.kind === 'configuration') {
      // One that makes no sense is refused on every node alike, and changes nothing.
      this.#raft = step(this.#raft, { kind: 'applyConfiguration', change: entry.change })[0]
      this.#applied = { ...this.#applied, configuration: this.#raft.configuration }
      this.#tickIfNeeded()
      this.#link?.onMembers()
    }
    if (!isCommand(entry)) return void this.#proposals.applied(entry.index, noData)
    const own = this.#proposals.applied(entry.index, entry.data)
    const batch = this.#gate.batchOf(entry.data)
    const before = this.#state
    const { state, outcomes, touched } = this.#foldAhead.fold(before, batch)
    this.#state = state
    this.#checkpoints.applied(touched, entry.data.length)
    const { operations } = batch
    if (operations.some(isDismissal)) this.#isPutOut = this.#options.isPutOut?.(state) === true
    this.#electing.folded(operations)
    const isOwn = (position: number): boolean =>
      own === null ? this.#proposals.isOwnElsewhere(operations[position]!) : isOwnDoing(own[position]!)
    this.#options.onApplied(before, state, touched, { operations, outcomes, isOwn })
    if (own === null) this.#proposals.settle(operations, outcomes)
    else own.forEach(({ resolve }, position) => resolve(outcomes[position]!))
  }

  // --- checkpoints ----------------------------------------------------------------------------------------------------------

  /** Since the last checkpoint. */
  get #appliedCount(): number {
    return this.#applied.index - this.#log.base.index
  }

  async #checkpoint(more: readonly Change[] = []): Promise<void> {
    const { platform, place } = this.#options
    const base = this.#applied
    const { map } = this.#state
    const hasOthers = membersOf(this.#applied.configuration).size > 1
    const countMax = hasOthers ? (platform.keptEntryCount ?? keptEntryCount) : 0
    const to = this.#log.droppableTo(base.index, countMax, keptSizeBytesMax)
    const from = this.#log.firstIndex() - 1
    const changes = checkpointChanges(place, base, map, this.#checkpoints.begin(), { from, to })
    await platform.store.write([...changes, ...more], 'strict')
    this.#log.checkpointed(base, to)
    this.#checkpointMap = map
  }
}

const isDismissal = ({ tag }: Operation): boolean => tag === 'dismiss'
const noData = new Uint8Array()
const isCommand = (entry: Entry): entry is Extract<Entry, { kind: 'command' }> =>
  entry.kind === 'command' && entry.data.length > 0
const forged = refused('raftForged', 'A device spoke in the name of another one, so the connection to it was closed.')
