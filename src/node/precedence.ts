/**
 * Precedence: what is over in a moment goes before what takes long.
 *
 * Both use one store and one thread, and a person waits for the first. So long work asks for its turn between two pieces, and waits
 * while something momentary is under way; but never for longer than a moment, so that it goes on whatever else is done.
 * @module
 */
import type { ClockPort } from '../port/platform.ts'

/** How long one piece of long work waits at most: with pieces of 1 MiB it still makes 4 MiB/s. */
const patienceMs = 250

export class Precedence {
  readonly #clock: ClockPort
  #momentaryCount = 0
  readonly #waiting = new Set<() => void>()

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  /** Does what is over in a moment. */
  async momentary<T>(work: () => Promise<T>): Promise<T> {
    this.#momentaryCount++
    try {
      return await work()
    } finally {
      if (--this.#momentaryCount === 0) for (const goOn of [...this.#waiting]) goOn()
    }
  }

  /** Long work, between two pieces: resolves when nothing momentary is under way, or when it has waited long enough. */
  async turn(): Promise<void> {
    if (this.#momentaryCount === 0) return
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        cancel()
        this.#waiting.delete(goOn)
        resolve()
      }
      const cancel = this.#clock.after(patienceMs, goOn)
      this.#waiting.add(goOn)
    })
  }
}
