/**
 * Virtual time, and the loop that lets it go on.
 *
 * Time stands still while an event and everything that it sets off (all microtasks) runs, then leaps to the next event. A
 * simulated day therefore costs what happens in it.
 * @module
 */
import { type Cancel, Timeline } from './timeline.ts'

export class Scheduler {
  readonly #timeline = new Timeline()
  readonly #drain: () => Promise<void>

  /** @param drain resolves when no microtask is left, such as after one turn of the real event loop */
  constructor(drain: () => Promise<void>) {
    this.#drain = drain
  }

  /** Milliseconds since the simulation began. */
  get nowMs(): number {
    return this.#timeline.nowMs
  }

  /** How many events have run. */
  get eventCount(): number {
    return this.#timeline.eventCount
  }

  after(delayMs: number, run: () => void): Cancel {
    return this.#timeline.after(delayMs, run)
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve))
  }

  /**
   * Runs events until `promise` settles.
   * @returns its value, or rejects with its error; rejects with `StalledError` where no event is left to wait for, or where
   * more than `eventCountMax` events went by
   */
  async run<T>(promise: Promise<T>, eventCountMax = 5_000_000): Promise<T> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    const eventCountEnd = this.eventCount + eventCountMax
    await this.#drain()
    while (!isSettled) {
      if (this.eventCount === eventCountEnd) throw new StalledError(`${eventCountMax} events did not bring it about`)
      if (!this.#timeline.next()) throw new StalledError('nothing is left to happen, yet something is waited for')
      await this.#drain()
    }
    return promise
  }
}

/** The simulated system waits for something that can not come. */
export class StalledError extends Error {
  override name = 'StalledError'
}
