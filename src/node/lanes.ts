/**
 * Lanes: so many works at a time, the others in the order in which they came.
 * @module
 */

export class Lanes {
  #freeCount: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#freeCount = count
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#freeCount > 0) this.#freeCount--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // The lane is handed over, so that nobody who comes meanwhile goes first.
      if (next === undefined) this.#freeCount++
      else next()
    }
  }
}
