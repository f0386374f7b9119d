/**
 * Virtual time without a loop: a heap of events, of which somebody takes one after the other.
 * @module
 */

export type Cancel = () => void

interface Event {
  readonly timeMs: number
  readonly sequence: number
  run: (() => void) | null
}

export class Timeline {
  readonly #heap: Event[] = []
  #sequence = 0
  #nowMs = 0
  #eventCount = 0

  /** Milliseconds since the simulation began. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** How many events have run. */
  get eventCount(): number {
    return this.#eventCount
  }

  /** Events of the same millisecond run in the order in which they were made. */
  after(delayMs: number, run: () => void): Cancel {
    if (!(delayMs >= 0)) throw new RangeError(`"delayMs" expected 0 or more, got ${delayMs}`)
    const event: Event = { timeMs: this.#nowMs + Math.ceil(delayMs), sequence: this.#sequence++, run }
    push(this.#heap, event)
    return () => {
      event.run = null
    }
  }

  /** Leaps to the next event and runs it. @returns false where there is none */
  next(): boolean {
    for (;;) {
      const event = pop(this.#heap)
      if (event === null) return false
      if (event.run === null) continue
      this.#nowMs = event.timeMs
      this.#eventCount++
      event.run()
      return true
    }
  }
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
