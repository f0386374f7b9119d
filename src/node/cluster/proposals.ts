/**
 * Proposals on their way: each waits until the fold shows what became of it, whichever leader put it into the log.
 *
 * What this node led itself it finds again by the index that it got. What it gave to another leader, or what it put into the
 * log of a term that is over, it finds by the request; until then it is given to whoever leads, again and again, which is harmless
 * since a request takes effect once.
 * @module
 */
import { BlocktreeError, type Bytes, keyOf, refused } from '../../core/bytes/bytes.ts'
import { digest } from '../../core/crypto/crypto.ts'
import {
  type Batch,
  type Operation,
  type Outcome,
  type TreeState,
  batchSizeBytesMax,
  encodeBatch,
  operationCountMax,
  operationSizeBytes,
  requestOf,
} from '../../core/tree/tree.ts'
import type { Change } from '../../port/store.ts'

/** How long a change waits for somebody who takes it: two elections. */
const patienceMs = 20_000
/** How long one that was given away may stay without an outcome. */
const outcomePatienceMs = 60_000
const repeatMs = 2000
/** Of other devices, waiting here. */
const foreignCountMax = 4096

export interface Waiting {
  readonly operation: Operation
  /** What the operation refers to; becomes durable in the same write as the operation, or before. */
  readonly attached: readonly Change[]
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
  readonly sinceMs: number
  /** Of another device, which waits for the fold on its own. */
  readonly isForeign: boolean
  /** Of a guest of this node, who waits for it here: no doing of this device. */
  readonly isOfGuest: boolean
  /** Somebody has it, or had it, in his log or on his way there: it may take effect although nobody says so. */
  wasGiven: boolean
}

export const isOwnDoing = ({ isForeign, isOfGuest }: Waiting): boolean => !isForeign && !isOfGuest

/** What was proposed as one entry of the log. */
export interface Proposed {
  /** The encoded batch; the entry that commits with these very octets is this one. */
  readonly data: Bytes
  readonly waiting: readonly Waiting[]
}

export class Proposals {
  /** In nobody's log yet. */
  #queue: Waiting[] = []
  readonly #inLog = new Map<number, Proposed>()
  /** With another leader, or in the log of an earlier term, by their request. */
  readonly #elsewhere = new Map<string, Waiting>()
  readonly #foreign = new Set<string>()
  #repeatsAtMs = 0

  get isQueueEmpty(): boolean {
    return this.#queue.length === 0
  }

  add(waiting: Waiting): void {
    this.#queue.push(waiting)
  }

  /** Nothing where it is taken already; and nothing where too many wait, since its author will give it again. */
  addForeign(operation: Operation, sinceMs: number): void {
    const name = nameOf(operation)
    if (this.#foreign.has(name) || this.#foreign.size >= foreignCountMax) return
    this.#foreign.add(name)
    const answers = { resolve: ignore, reject: ignore }
    this.#queue.push({
      operation,
      attached: [],
      ...answers,
      sinceMs,
      isForeign: true,
      isOfGuest: false,
      wasGiven: false,
    })
  }

  /** As many as fit into a batch. One that fills more goes alone, and is refused when it is encoded. */
  take(): readonly Waiting[] {
    return this.#queue.splice(0, fittingCount(this.#queue))
  }

  putBack(waiting: readonly Waiting[]): void {
    this.#queue = [...waiting, ...this.#queue]
  }

  placed(index: number, proposed: Proposed): void {
    this.#inLog.set(index, proposed)
  }

  /** The entry at an index is applied. @returns what waits for it, where this very entry was proposed here */
  applied(index: number, data: Uint8Array): readonly Waiting[] | null {
    const proposed = this.#inLog.get(index)
    if (proposed === undefined) return null
    this.#inLog.delete(index)
    for (const { operation, isForeign } of proposed.waiting) if (isForeign) this.#foreign.delete(nameOf(operation))
    if (proposed.data === data) return proposed.waiting
    this.#sendElsewhere(proposed.waiting)
    return null
  }

  /** Whether it is this device's own doing that another leader proposed. */
  isOwnElsewhere(operation: Operation): boolean {
    const waiting = this.#elsewhere.size > 0 ? this.#elsewhere.get(nameOf(operation)) : undefined
    return waiting !== undefined && isOwnDoing(waiting)
  }

  /** Whether somebody on this node still waits for what becomes of an operation. */
  isWaitedFor(operation: Operation): boolean {
    const name = nameOf(operation)
    const inLog = [...this.#inLog.values()].flatMap(({ waiting }) => waiting)
    const all = [...this.#queue, ...this.#elsewhere.values(), ...inLog]
    return all.some((waiting) => isOwnDoing(waiting) && nameOf(waiting.operation) === name)
  }

  /** The operations of an entry that was proposed by others, or in an earlier term, have been folded. */
  settle(operations: readonly Operation[], outcomes: readonly Outcome[]): void {
    if (this.#elsewhere.size === 0 && this.#foreign.size === 0) return
    operations.forEach((operation, position) => {
      const name = nameOf(operation)
      this.#foreign.delete(name)
      this.#elsewhere.get(name)?.resolve(outcomes[position]!)
      this.#elsewhere.delete(name)
    })
  }

  /** The state leapt forward; what it shows of requests is as good as having folded them. */
  settleBy(state: TreeState): void {
    this.lostLead()
    for (const [name, { operation, resolve }] of this.#elsewhere) {
      const row = operation.tag === 'change' ? requestOf(state, operation.value.requestId) : null
      if (row === null) continue
      this.#elsewhere.delete(name)
      resolve(row.fault === null ? { ok: true, repeated: true } : refused(row.fault, 'This change was refused.'))
    }
  }

  /** Others decide from now on: what refers to rows that are not durable can not be given to them as it is. */
  othersDecide(outcome: Outcome): void {
    const isBound = ({ attached }: Waiting): boolean => attached.length > 0
    const bound = this.#queue.filter(isBound)
    this.#queue = this.#queue.filter((waiting) => !isBound(waiting))
    for (const { resolve } of bound) resolve(outcome)
  }

  /**
   * Another generation is in force, and what it shows is settled. Changes are given again by whoever kept them, in their order and as
   * they are made over that.
   */
  generationLeft(outcome: Outcome): void {
    const isChange = ({ operation }: Waiting): boolean => operation.tag === 'change'
    const left = [...this.#queue, ...this.#elsewhere.values()].filter(isChange)
    this.#queue = this.#queue.filter((waiting) => !isChange(waiting))
    for (const { operation } of left) this.#elsewhere.delete(nameOf(operation))
    for (const { isOfGuest, resolve, reject } of left) {
      if (isOfGuest) reject(new OutcomeUnknownError())
      else resolve(outcome)
    }
  }

  /** What is in the log may be committed by the next leader, or not. */
  lostLead(): void {
    for (const { waiting } of this.#inLog.values()) this.#sendElsewhere(waiting)
    this.#inLog.clear()
    this.#queue = this.#queue.filter(({ isForeign }) => !isForeign)
    this.#foreign.clear()
    this.#repeatsAtMs = 0
  }

  /** This node leads: everything goes into its own log. */
  tookLead(): void {
    this.#queue = [...this.#elsewhere.values(), ...this.#queue]
    this.#elsewhere.clear()
  }

  /** Batches for another node to propose: all that is new, and now and then all that has no outcome yet. */
  forward(nowMs: number): readonly Batch[] {
    if (nowMs >= this.#repeatsAtMs) {
      this.#repeatsAtMs = nowMs + repeatMs
      this.tookLead()
    }
    const batches: Batch[] = []
    while (this.#queue.length > 0) {
      const waiting = this.take()
      this.#sendElsewhere(waiting)
      batches.push({ stampMs: 0, operations: waiting.map(({ operation }) => operation) })
    }
    return batches
  }

  /** Gives up on what has waited too long. */
  expire(nowMs: number): void {
    const isOver = ({ sinceMs }: Waiting, limitMs: number): boolean => nowMs - sinceMs > limitMs
    for (const waiting of this.#queue.filter((each) => !each.wasGiven && isOver(each, patienceMs))) {
      this.#queue.splice(this.#queue.indexOf(waiting), 1)
      if (waiting.isForeign) this.#foreign.delete(nameOf(waiting.operation))
      waiting.resolve(leaderAway)
    }
    const inLog = [...this.#inLog.values()].flatMap(({ waiting }) => waiting)
    for (const waiting of [...this.#queue, ...this.#elsewhere.values(), ...inLog]) {
      if (!isOver(waiting, outcomePatienceMs)) continue
      this.#queue = this.#queue.filter((each) => each !== waiting)
      this.#elsewhere.delete(nameOf(waiting.operation))
      waiting.reject(new OutcomeUnknownError())
    }
  }

  rejectAll(error: unknown): void {
    const inLog = [...this.#inLog.values()].flatMap(({ waiting }) => waiting)
    for (const waiting of [...this.#queue.splice(0), ...inLog, ...this.#elsewhere.values()]) waiting.reject(error)
    this.#inLog.clear()
    this.#elsewhere.clear()
  }

  #sendElsewhere(waiting: readonly Waiting[]): void {
    for (const each of waiting) {
      if (each.isForeign) continue
      each.wasGiven = true
      const name = nameOf(each.operation)
      const earlier = this.#elsewhere.get(name)
      this.#elsewhere.set(name, earlier === undefined || earlier === each ? each : asOne(earlier, each))
    }
  }
}

const ignore = (): void => {}

/** Who asks twice for the same, as by two taps on one button, gets two answers. */
const asOne = (one: Waiting, other: Waiting): Waiting => ({
  ...other,
  resolve(outcome) {
    one.resolve(outcome)
    other.resolve(outcome)
  },
  reject(error) {
    one.reject(error)
    other.reject(error)
  },
})

function fittingCount(queue: readonly Waiting[]): number {
  let sizeBytes = 0
  const end = queue.findIndex(({ operation }, count) => {
    sizeBytes += operationSizeBytes(operation)
    return count > 0 && (count === operationCountMax || sizeBytes > batchSizeBytesMax)
  })
  return end < 0 ? queue.length : end
}

/** The request of a change; of anything else what it says. */
const nameOf = (operation: Operation): string =>
  keyOf(
    operation.tag === 'change'
      ? operation.value.requestId
      : digest('blocktree/1/operation', encodeBatch({ stampMs: 0, operations: [operation] })),
  )

const leaderAway = refused(
  'leaderAway',
  'The device that keeps this tree in order cannot be reached now, so nothing was changed. Try again when it is there.',
)

/** A change was given away, and nobody said what became of it. */
export class OutcomeUnknownError extends BlocktreeError {
  override name = 'OutcomeUnknownError'
  constructor() {
    super(
      'outcomeUnknown',
      'The other devices went out of reach while this was being saved. Whether it was will show when they are back.',
    )
  }
}
