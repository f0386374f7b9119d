/**
 * A list that grows at its end and shrinks at its head, as a value.
 *
 * Raft queues entries and messages. Copying such a queue at every step would cost O(queue) a step, changing it in place would harm
 * the older state that somebody still holds. So versions share one array: each sees a window of it, and only the newest
 * version, whose window ends where the array ends, may lengthen it; any other version copies first. No version ever sees a change.
 * @module
 */
export class Sequence<T> {
  /** Elements before `#start` belong to older versions only. */
  readonly #shared: T[]
  readonly #start: number
  readonly length: number

  private constructor(shared: T[], start: number, length: number) {
    this.#shared = shared
    this.#start = start
    this.length = length
  }

  static readonly #empty = new Sequence<never>([], 0, 0)

  static empty<T>(): Sequence<T> {
    return Sequence.#empty
  }

  at(position: number): T | undefined {
    return position < 0 || position >= this.length ? undefined : this.#shared[this.#start + position]
  }

  last(): T | undefined {
    return this.at(this.length - 1)
  }

  /** A plain array of the elements at `from` up to, but not including, `to`; none where that is not after `from`. */
  slice(from = 0, to = this.length): T[] {
    return this.#shared.slice(this.#start + from, this.#start + Math.max(from, Math.min(to, this.length)))
  }

  /** Amortised O(items), unless a newer version has already grown out of the same array. */
  append(...items: T[]): Sequence<T> {
    if (items.length === 0) return this
    // The items came as an array of their own.
    if (this.length === 0) return new Sequence(items, 0, items.length)
    const isNewest = this.#shared.length === this.#start + this.length
    // A head that is longer than the rest is let go, so that dropped elements are freed; each copy is paid for by the drops before it.
    const isMostlyDropped = this.#start > this.length + 16
    const owned = isNewest && !isMostlyDropped
    const shared = owned ? this.#shared : this.slice()
    for (const item of items) shared.push(item)
    return new Sequence(shared, owned ? this.#start : 0, this.length + items.length)
  }

  /** Without the first `count` elements. */
  drop(count: number): Sequence<T> {
    if (count === 0) return this
    if (count >= this.length) return Sequence.empty()
    return new Sequence(this.#shared, this.#start + count, this.length - count)
  }

  /** The first `count` elements only. */
  take(count: number): Sequence<T> {
    return count >= this.length ? this : new Sequence(this.#shared, this.#start, count)
  }
}
