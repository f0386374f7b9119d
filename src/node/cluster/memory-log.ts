/**
 * The durable log as Raft reads it: the newest entries, in memory, in step with the store.
 *
 * A checkpoint stands for everything up to its index. Where others may lag behind, some entries before it are kept, so that who
 * was away for a moment needs no snapshot.
 * @module
 */
import type { Bytes } from '../../core/bytes/bytes.ts'
import type { Configuration, Entry, HardState, LogReader, Snapshot } from '../../core/raft/raft.ts'

/** Where a checkpoint stands. */
export interface Base {
  readonly index: number
  readonly term: number
  /** In force there. */
  readonly configuration: Configuration
}

export class MemoryLog implements LogReader {
  hardState: HardState = { term: 0, votedFor: null, commitIndex: 0 }
  /** A state at an index from which the log goes on; null where none can be sent now. */
  newestSnapshot: () => Snapshot | null = () => null
  #base: Base
  #compactedIndex: number
  #compactedTerm: number
  #entries: Entry[] = []

  constructor(base: Base) {
    this.#base = base
    this.#compactedIndex = base.index
    this.#compactedTerm = base.term
  }

  get base(): Base {
    return this.#base
  }

  initialState(): { hardState: HardState; configuration: Configuration } {
    const commitIndex = Math.max(this.hardState.commitIndex, this.#base.index)
    return { hardState: { ...this.hardState, commitIndex }, configuration: this.#base.configuration }
  }
  firstIndex(): number {
    return this.#compactedIndex + 1
  }
  lastIndex(): number {
    return this.#compactedIndex + this.#entries.length
  }
  term(index: number): number | null {
    if (index === this.#compactedIndex) return this.#compactedTerm
    return this.#entries[index - this.firstIndex()]?.term ?? null
  }
  entries(from: number, to: number, sizeBytesMax: number): readonly Entry[] | null {
    if (from < this.firstIndex()) return null
    const found: Entry[] = []
    for (let index = from, sizeBytes = 0; index < to; index++) {
      const entry = this.#entries[index - this.firstIndex()]
      if (entry === undefined) break
      sizeBytes += sizeBytesOf(entry)
      if (found.length > 0 && sizeBytes > sizeBytesMax) break
      found.push(entry)
    }
    return found
  }
  /** What the commands behind an index carry: those before the members change, and the rest. */
  commandsAfter(index: number): { readonly before: readonly Bytes[]; readonly rest: readonly Bytes[] } {
    const tail = this.#entries.filter((entry) => entry.index > index)
    const change = tail.findIndex(({ kind }) => kind === 'configuration')
    const dataOf = (entry: Entry): readonly Bytes[] =>
      entry.kind === 'command' && entry.data.length > 0 ? [entry.data as Bytes] : []
    const end = change < 0 ? tail.length : change
    return { before: tail.slice(0, end).flatMap(dataOf), rest: tail.slice(end).flatMap(dataOf) }
  }
  /** Up to where entries may go, so that of those up to a place so many stay at most, and so many octets of them. */
  droppableTo(index: number, countMax: number, sizeBytesMax: number): number {
    const first = Math.max(this.#compactedIndex, index - countMax)
    let at = index
    for (let sizeBytes = 0; at > first; at--) {
      sizeBytes += sizeBytesOf(this.#entries[at - this.firstIndex()])
      if (sizeBytes > sizeBytesMax) break
    }
    return at
  }
  snapshot(): Snapshot | null {
    return this.#base.index === 0 ? null : this.newestSnapshot()
  }

  /** What lies in the store: entries that follow each other, from before the checkpoint or right behind it. */
  restore(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first !== undefined && first.index <= this.#base.index) {
      this.#compactedIndex = first.index
      this.#compactedTerm = first.term
      this.#entries = entries.slice(1)
    } else this.append(entries)
    if (this.lastIndex() < this.#base.index) this.reset(this.#base)
  }

  /** Entries that became durable; they replace whatever stood at their places and after. */
  append(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined) return
    if (first.index > this.lastIndex() + 1)
      throw new Error(`"index" expected at most ${this.lastIndex() + 1}, got ${first.index}`)
    this.#entries = [...this.#entries.slice(0, first.index - this.firstIndex()), ...entries]
  }

  /**
   * A checkpoint stands for everything up to its place from now on.
   * @param compactedIndex entries up to it are dropped
   */
  checkpointed(base: Base, compactedIndex: number): void {
    this.#base = base
    if (compactedIndex <= this.#compactedIndex) return
    const term = this.term(compactedIndex)
    this.#entries = this.#entries.slice(compactedIndex - this.#compactedIndex)
    this.#compactedIndex = compactedIndex
    this.#compactedTerm = term ?? base.term
  }

  /** A snapshot replaces everything. */
  reset(base: Base): void {
    this.#base = base
    this.#compactedIndex = base.index
    this.#compactedTerm = base.term
    this.#entries = []
  }
}

const sizeBytesOf = (entry: Entry | undefined): number => (entry?.kind === 'command' ? entry.data.length : 0)
