/**
 * What is to come into the log: changes of this device, of its guests and of other devices pass gate 1, wait, and go together.
 *
 * Where this node leads they come into its log, as many as one batch takes, and under one stamp; else they go to whoever leads. What
 * arrives while a write is under way travels in the next one, so that many small changes cost one flush. What becomes of them shows in
 * the fold (`proposals.ts`).
 * @module
 */
import { type Bytes, type Check, type Result, ok, refused } from '../../core/bytes/bytes.ts'
import type { ConfigurationChange } from '../../core/raft/raft.ts'
import { type Batch, type Operation, type Outcome, decodeBatch, encodeBatch } from '../../core/tree/tree.ts'
import type { ClockPort } from '../../port/platform.ts'
import type { Change } from '../../port/store.ts'
import type { Electing } from './electing.ts'
import type { Gate } from './gate.ts'
import { isSoleVoter, peerOf } from './membership.ts'
import type { Moment } from './options.ts'
import type { Proposals, Waiting } from './proposals.ts'
import type { Stamping } from './stamping.ts'

export interface ProposingOptions {
  readonly clock: ClockPort
  readonly gate: Gate
  readonly proposals: Proposals
  readonly electing: Electing
  readonly stamping: Stamping
  readonly moment: () => Moment
  throwIfStopped(): void
  /** Something waits that may go. */
  pump(): void
  /** @returns where it stands in the log; refused while nothing more comes into it */
  append(data: Bytes): Result<{ readonly index: number }>
  changeMembers(change: ConfigurationChange): void
}

export class Proposing {
  readonly #options: ProposingOptions
  #atGateCount = 0
  #isLogOpen = true
  /** To become durable with the next entries. */
  #attached: Change[] = []

  constructor(options: ProposingOptions) {
    this.#options = options
  }

  // --- what arrives ---------------------------------------------------------------------------------------------------------

  /** Resolves when all are decided, or when somebody is not known to have decided them in time. */
  async give(operations: readonly Operation[]): Promise<void> {
    const ends = operations.map((operation) => this.#queue(operation, []))
    this.#options.pump()
    await Promise.allSettled(ends)
  }

  /** @returns what became of each; null where the node can not say */
  async giveForGuest(operations: readonly Operation[]): Promise<readonly (Outcome | null)[]> {
    const decided = (outcome: Outcome): Outcome | null =>
      outcome.ok || outcome.fault.code !== 'leaderAway' ? outcome : null
    const ends = operations.map((operation) => this.#queue(operation, [], true).then(decided, () => null))
    this.#options.pump()
    return Promise.all(ends)
  }

  /** Resolves when it is folded, with what became of it; rejects when the node can not say. */
  async propose(operation: Operation, attached: readonly Change[]): Promise<Outcome> {
    const { gate, moment, pump, throwIfStopped } = this.#options
    throwIfStopped()
    this.#atGateCount++
    try {
      const passed = await gate.check(operation)
      if (!passed.ok) return passed
      throwIfStopped()
      const { raft, identity } = moment()
      if (attached.length > 0 && !isSoleVoter(raft.configuration, identity.nodeId)) return othersDecide
      return this.#queue(operation, attached)
    } finally {
      // Those that are at the gate together travel together.
      if (--this.#atGateCount === 0) pump()
    }
  }

  /** Another device has changes for the leader. Each passes gate 1 here as well. */
  async takeForeign(octets: Bytes): Promise<Check> {
    const { clock, gate, moment, proposals, pump } = this.#options
    const batch = decodeBatch(octets)
    if (!batch.ok) return batch
    if (moment().raft.role !== 'leader') return ok
    for (const operation of batch.value.operations) {
      const passed = await gate.check(operation)
      if (!passed.ok) return passed
      proposals.addForeign(operation, clock.monotonicMs())
    }
    pump()
    return ok
  }

  #queue(operation: Operation, attached: readonly Change[], isOfGuest = false): Promise<Outcome> {
    const { clock, proposals } = this.#options
    const sinceMs = clock.monotonicMs()
    return new Promise<Outcome>((resolve, reject) =>
      proposals.add({
        ...{ operation, attached, resolve, reject, sinceMs },
        ...{ isForeign: false, isOfGuest, wasGiven: false },
      }),
    )
  }

  // --- what goes ------------------------------------------------------------------------------------------------------------

  /** What kept the log from taking more may be over. */
  open(): void {
    this.#isLogOpen = true
  }

  get canPropose(): boolean {
    const { moment, proposals } = this.#options
    return !proposals.isQueueEmpty && moment().raft.role === 'leader' && this.#isLogOpen
  }

  /** @returns whether something came into the log */
  proposeNext(): boolean {
    if (!this.canPropose) return false
    const { append, gate, proposals, stamping } = this.#options
    const stampMs = stamping.next()
    if (stampMs === null) {
      this.#isLogOpen = false
      return false
    }
    const waiting = this.#takeReady(stampMs)
    if (waiting.length === 0) return false
    const batch: Batch = { stampMs, operations: waiting.map(({ operation }) => operation) }
    const data = encodeBatch(batch)
    const placed = append(data)
    if (!placed.ok) {
      // Too much waits to be committed, or the lead is being handed over: both end.
      this.#isLogOpen = false
      proposals.putBack(waiting)
      return false
    }
    stamping.stamped(stampMs)
    gate.made(data, batch)
    proposals.placed(placed.value.index, { data, waiting })
    this.#attached.push(...waiting.flatMap(({ attached }) => attached))
    return true
  }

  /** What fits into a batch, but for the dismissals of those that have to leave the voters first. */
  #takeReady(stampMs: number): readonly Waiting[] {
    const { changeMembers, electing, proposals } = this.#options
    const ready: Waiting[] = []
    const held: Waiting[] = []
    for (const each of proposals.take()) {
      const dismissal = electing.dismissalBy(each.operation, stampMs)
      const change = dismissal && electing.beginLeaving(dismissal)
      if (change !== null) changeMembers(change)
      if (dismissal === null || electing.hasLeft(dismissal)) ready.push(each)
      else held.push(each)
    }
    if (held.length > 0) {
      proposals.putBack(held)
      this.#isLogOpen = false
    }
    return ready
  }

  /** Hands what waits to the leader. */
  forward(): void {
    const { clock, moment, proposals } = this.#options
    const { link, raft } = moment()
    const { leader, role } = raft
    if (role === 'leader' || leader === null || link === null || !link.isUp(peerOf(leader))) return
    for (const batch of proposals.forward(clock.monotonicMs()))
      link.send(peerOf(leader), { tag: 'propose', value: { batch: encodeBatch(batch) } })
  }

  // --- what goes along ------------------------------------------------------------------------------------------------------

  /** Whether what came into the log refers to rows that are not durable yet. */
  get hasAttached(): boolean {
    return this.#attached.length > 0
  }

  /** What becomes durable with the entries, once. */
  takeAttached(): readonly Change[] {
    const attached = this.#attached
    this.#attached = []
    return attached
  }
}

export const othersDecide = refused('othersDecide', 'Other devices have begun to decide about this tree; try again.')
