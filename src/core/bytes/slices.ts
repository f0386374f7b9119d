/**
 * Work that takes long, in slices: whoever does it may do something else between two of them.
 * @module
 */

export type Slices<T> = Generator<void, T, void>

/** All of it in one go. */
export function atOnce<T>(work: Slices<T>): T {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
  }
}
