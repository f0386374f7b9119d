/**
 * When it is written how far is committed: not with every commit. A mark that is missing after a crash costs nothing but a word of
 * the others, so whoever waits for an answer gets it first, and many commits share one write.
 * @module
 */
import type { ClockPort } from '../../port/platform.ts'

const delayMs = 50

export class CommitMark {
  readonly #clock: ClockPort
  readonly #onDue: () => void
  #cancel: (() => void) | null = null
  #isDue = false

  /** @param onDue called when there is something to take */
  constructor(clock: ClockPort, onDue: () => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  /** More is committed than is written. */
  soon(): void {
    this.#cancel ??= this.#clock.after(delayMs, () => {
      this.#cancel = null
      this.#isDue = true
      this.#onDue()
    })
  }

  /** @returns whether it is to be written now */
  take(): boolean {
    const isDue = this.#isDue
    this.#isDue = false
    return isDue
  }

  close(): void {
    this.#cancel?.()
  }
}
