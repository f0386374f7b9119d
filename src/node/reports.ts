/**
 * Reports: what another device did that no program of ours does, kept for its owner to see for as long as this node lives.
 * @module
 */
import type { Fault } from '../core/bytes/bytes.ts'
import type { ClockPort } from '../port/platform.ts'
import type { PeerId } from './peers.ts'

export interface Report {
  readonly fault: Fault
  readonly atMs: number
}

export class Reports {
  readonly #clock: Pick<ClockPort, 'nowMs'>
  readonly #onReport: (id: PeerId, fault: Fault) => void
  readonly #newest = new Map<PeerId, Report>()

  constructor(clock: Pick<ClockPort, 'nowMs'>, onReport: (id: PeerId, fault: Fault) => void = () => {}) {
    this.#clock = clock
    this.#onReport = onReport
  }

  tell(id: PeerId, fault: Fault): void {
    this.#onReport(id, fault)
    // What is proved stays, whatever happens afterwards.
    if (this.of(id)?.fault.code === 'deviceEquivocated') return
    this.#newest.set(id, { fault, atMs: this.#clock.nowMs() })
  }

  /** The newest about a device; null where there is nothing to tell. */
  of(id: PeerId): Report | null {
    return this.#newest.get(id) ?? null
  }
}
