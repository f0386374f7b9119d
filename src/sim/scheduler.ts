/**
 * Virtual time: a heap of events, and the loop that runs them one after the other.
 *
 * Time stands still while an event and everything that it sets off (all microtasks) runs, then leaps to the next event. A
 * simulated day therefore costs what happens in it. Events of the same millisecond run in the order in which they were made.
 * @module
 */

export type Cancel = () => void

interface Event {
  readonly timeMs: number
  readonly sequence: number
  run: (() => void) | null
}

export class Scheduler {
  readonly #heap: Event[] = []
  readonly #drain: () => Promise<void>
  #sequence = 0
  #nowMs = 0
  #eventCount = 0

  /** @param drain resolves when no microtask is left, such as after one turn of the real event loop */
  constructor(drain: () => Promise<void>) {
    this.#drain = drain
  }

  /** Milliseconds since the simulation began. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** How many events have run. */
  get eventCount(): number {
    return this.#eventCount
  }

  after(delayMs: number, run: () => void): Cancel {
    if (!(delayMs >= 0)) throw new RangeError(`"delayMs" expected 0 or more, got ${delayMs}`)
    const event: Event = { timeMs: this.#nowMs + Math.ceil(delayMs), sequence: this.#sequence++, run }
    push(this.#heap, event)
    return () => {
      event.run = null
    }
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
    const eventCountEnd = this.#eventCount + eventCountMax
    await this.#drain()
    while (!isSettled) {
      const event = pop(this.#heap)
      if (event === null) throw new StalledError('nothing is left to happen, yet something is waited for')
      if (event.run === null) continue
      if (this.#eventCount === eventCountEnd) throw new StalledError(`${eventCountMax} events did not bring it about`)
      this.#nowMs = event.timeMs
      this.#eventCount++
      event.run()
      await this.#drain()
    }
    return promise
  }
}

/** The simulated system waits for something that can not come. */
export class StalledError extends Error {
  override name = 'StalledError'
}

const isBefore = (left: Event, right: Event): boolean =>
  left.timeMs !== right.timeMs ? left.timeMs < right.timeMs : left.sequence < right.sequence

function push(heap: Event[], event: Event): void {
  let at = heap.length
  heap.push(event)
  while (at > 0) {
    const above = (at - 1) >> 1
    if (!isBefore(event, heap[above]!)) break
    heap[at] = heap[above]!
    at = above
  }
  heap[at] = event
}

function pop(heap: Event[]): Event | null {
  const first = heap[0]
  const last = heap.pop()
  if (first === undefined || last === undefined) return null
  if (heap.length === 0) return first
  let at = 0
  for (;;) {
    let below = 2 * at + 1
    if (below >= heap.length) break
    if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++
    if (!isBefore(heap[below]!, last)) break
    heap[at] = heap[below]!
    at = below
  }
  heap[at] = last
  return first
}
