/**
 * Which time a batch bears that this node puts into the log: a later one than the newest, whatever its clock says.
 *
 * While the others can go on without this node its clock is enough: they judge its stamps by clocks of their own, and replace it
 * where they refuse one. Without that, as while the only vote is handed on, such a stamp would stop the tree for good; so there the
 * clock counts as far as somebody vouches for it (`timekeeper.ts`).
 * @module
 */
import { summaryOf } from '../../core/tree/tree.ts'
import type { Platform } from '../../port/platform.ts'
import { isDispensable } from './membership.ts'
import type { Moment } from './options.ts'
import { Timekeeper } from './timekeeper.ts'

export interface StampingOptions {
  readonly platform: Pick<Platform, 'clock' | 'siteNowMs'>
  readonly moment: () => Moment
  /** What waited for a stamp has one now. */
  readonly onStamp: () => void
  /** Time stands still, or goes on again. */
  readonly onChanged: () => void
}

export class Stamping {
  readonly #options: StampingOptions
  readonly #timekeeper: Timekeeper
  /** Of the newest batch in the log that this node stamped. */
  #stampedMs = 0

  constructor(options: StampingOptions) {
    const { platform, onStamp, onChanged } = options
    this.#options = options
    this.#timekeeper = new Timekeeper({ platform, lastMs: () => this.#lastMs, onStamp, onChanged })
  }

  /** Of the next batch; null while the timekeeper waits. */
  next(): number | null {
    const { platform, moment } = this.#options
    const { state, identity } = moment()
    // What begins a generation the root has signed, by this clock.
    const isBegun = summaryOf(state)?.generation === identity.generation
    if (isBegun && !this.#isDispensable) return this.#timekeeper.stamp()
    return Math.max(platform.clock.nowMs(), this.#lastMs + 1)
  }

  /** A batch with that stamp is in the log. */
  stamped(stampMs: number): void {
    this.#stampedMs = stampMs
  }

  /** Whether time stands still for the tree: nobody vouches for the clock here, by which it goes. */
  get isTimeStanding(): boolean {
    return this.#options.moment().raft.role === 'leader' && !this.#isDispensable && this.#timekeeper.isStanding
  }

  /** Another one says what time it is. */
  hear(atMs: number): void {
    this.#timekeeper.hear(atMs)
  }

  /** The clock is right. */
  vouch(): void {
    this.#timekeeper.vouch()
  }

  /** What waits is stamped without an answer. */
  close(): void {
    this.#timekeeper.close()
  }

  /** Of the newest batch, here or in the log. */
  get #lastMs(): number {
    return Math.max(summaryOf(this.#options.moment().state)?.stampMs ?? 0, this.#stampedMs)
  }

  get #isDispensable(): boolean {
    const { raft, identity } = this.#options.moment()
    const { configuration, pendingConfigurationIndex, log } = raft
    return pendingConfigurationIndex <= log.appliedIndex && isDispensable(configuration, identity.nodeId)
  }
}
