/**
 * Reports: what another device did that no program of ours does, kept for its owner to see for as long as this node lives.
 * @module
 */
import type { Fault } from '../core/bytes/bytes.ts'
import type { ClockPort } from '../port/platform.ts'
import { type PeerId, nameIn } from './peers.ts'

export interface Report {
  readonly fault: Fault
  readonly atMs: number
}

export class Reports {
  readonly #clock: Pick<ClockPort, 'nowMs'>
  readonly #onReport: (id: PeerId, fault: Fault) => void
  /** By hex of the principal: a link may call from several places at once, which are peers of their own. */
  readonly #newest = new Map<string, Report>()

  constructor(clock: Pick<ClockPort, 'nowMs'>, onReport: (id: PeerId, fault: Fault) => void = () => {}) {
    this.#clock = clock
    this.#onReport = onReport
  }

  tell(id: PeerId, fault: Fault): void {
    this.#onReport(id, fault)
    // What is proved stays whatever happens afterwards, and what its owner has to act on whatever else the device does.
    const known = this.of(id)?.fault.code
    if (known === 'deviceEquivocated' || (known === 'linkCompromised' && fault.code !== 'deviceEquivocated')) return
    this.#newest.set(nameIn(id), { fault, atMs: this.#clock.nowMs() })
  }

  /** The newest about a device; null where there is nothing to tell. */
  of(id: PeerId): Report | null {
    return this.#newest.get(nameIn(id)) ?? null
  }
}
