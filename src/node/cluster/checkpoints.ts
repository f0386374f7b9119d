/**
 * When a checkpoint is due, and which rows of the state it has to write.
 * @module
 */
import { type Bytes, keyOf } from '../../core/bytes/bytes.ts'
import { type AuthenticatedMap, entries as entriesOf } from '../../core/merkle/merkle.ts'
import type { ClockPort } from '../../port/platform.ts'

/** A checkpoint follows when so many entries, or so much of them, were applied since the last, or when all is quiet for a while. */
const entryCountMax = 256
const sizeBytesMax = 8 * 1024 * 1024
const quietMs = 5000

export class Checkpoints {
  readonly #clock: ClockPort
  readonly #onQuiet: () => void
  /** Keys of rows that changed, as often as they did. */
  #touched: (readonly Bytes[])[] = []
  #sizeBytes = 0
  #isWanted = false
  #cancelQuiet = (): void => {}
  #quietSinceIndex = -1

  /** @param onQuiet called when a checkpoint has become due because nothing happens */
  constructor(clock: ClockPort, onQuiet: () => void) {
    this.#clock = clock
    this.#onQuiet = onQuiet
  }

  /** An entry of that size has changed rows. */
  applied(touched: readonly Bytes[], sizeBytes: number): void {
    this.#sizeBytes += sizeBytes
    this.#touched.push(touched)
  }

  /** Nothing of a state is stored yet. */
  allChanged(map: AuthenticatedMap): void {
    this.#touched.push([...entriesOf(map)].map(([key]) => key))
  }

  /** As soon as something has been applied. */
  want(): void {
    this.#isWanted = true
  }

  /** @param entryCount applied since the last */
  isDue(entryCount: number): boolean {
    return entryCount >= entryCountMax || this.#sizeBytes >= sizeBytesMax || (this.#isWanted && entryCount > 0)
  }

  schedule(appliedIndex: number, entryCount: number): void {
    // Heartbeats do not count as noise.
    if (appliedIndex === this.#quietSinceIndex) return
    this.#quietSinceIndex = appliedIndex
    this.#cancelQuiet()
    if (entryCount === 0) return
    this.#cancelQuiet = this.#clock.after(quietMs, () => {
      this.#isWanted = true
      this.#onQuiet()
    })
  }

  /** The rows that one writes which begins now, or which stand in the store already. */
  begin(): Iterable<Bytes> {
    const dirty = new Map(this.#touched.flat().map((key) => [keyOf(key), key]))
    this.#touched = []
    this.#sizeBytes = 0
    this.#isWanted = false
    return dirty.values()
  }

  close(): void {
    this.#cancelQuiet()
  }
}
