/**
 * Who is let in without being known: anybody may dial a device, and each connection costs it a handshake before it hears who that
 * is. So those who are nobody's device share a few places, and wait for the next; devices never do.
 * @module
 */
import type { ClockPort } from '../port/platform.ts'

/** That may come at once: one who is not heard the first time dials again a few times. */
export const strangerCountMax = 4
export const placePeriodMs = 1000

export class Strangers {
  readonly #clock: Pick<ClockPort, 'monotonicMs'>
  #freeCount = strangerCountMax
  #countedAtMs: number

  constructor(clock: Pick<ClockPort, 'monotonicMs'>) {
    this.#clock = clock
    this.#countedAtMs = clock.monotonicMs()
  }

  /** @returns whether there is a place, which is taken thereby */
  admit(): boolean {
    const passedCount = Math.floor((this.#clock.monotonicMs() - this.#countedAtMs) / placePeriodMs)
    this.#countedAtMs += passedCount * placePeriodMs
    this.#freeCount = Math.min(strangerCountMax, this.#freeCount + passedCount)
    if (this.#freeCount === 0) return false
    this.#freeCount--
    return true
  }
}
