/**
 * The durable log as Raft reads it: the entries since the last checkpoint, in memory, in step with the store.
 * @module
 */
import {
  type Configuration,
  type Entry,
  type HardState,
  type LogReader,
  type NodeId,
  emptyConfiguration,
} from '../core/raft/raft.ts'

export class MemoryLog implements LogReader {
  readonly voters: readonly NodeId[]
  hardState: HardState = { term: 0, votedFor: null, commitIndex: 0 }
  /** The last entry that the checkpoint stands for. */
  snapshotIndex = 0
  snapshotTerm = 0
  #entries: Entry[] = []

  constructor(voters: readonly NodeId[]) {
    this.voters = voters
  }

  initialState(): { hardState: HardState; configuration: Configuration } {
    const commitIndex = Math.max(this.hardState.commitIndex, this.snapshotIndex)
    return {
      hardState: { ...this.hardState, commitIndex },
      configuration: { ...emptyConfiguration, voters: this.voters },
    }
  }
  firstIndex(): number {
    return this.snapshotIndex + 1
  }
  lastIndex(): number {
    return this.snapshotIndex + this.#entries.length
  }
  term(index: number): number | null {
    if (index === this.snapshotIndex) return this.snapshotTerm
    return this.#entries[index - this.firstIndex()]?.term ?? null
  }
  entries(from: number, to: number, sizeBytesMax: number): readonly Entry[] | null {
    if (from < this.firstIndex()) return null
    const found: Entry[] = []
    for (let index = from, sizeBytes = 0; index < to; index++) {
      const entry = this.#entries[index - this.firstIndex()]
      if (entry === undefined) break
      sizeBytes += entry.kind === 'command' ? entry.data.length : 0
      if (found.length > 0 && sizeBytes > sizeBytesMax) break
      found.push(entry)
    }
    return found
  }
  /** A cluster of one sends no snapshots. */
  snapshot(): null {
    return null
  }

  /** Entries that became durable; they replace whatever stood at their places and after. */
  append(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined) return
    if (first.index > this.lastIndex() + 1)
      throw new Error(`"index" expected at most ${this.lastIndex() + 1}, got ${first.index}`)
    this.#entries = [...this.#entries.slice(0, first.index - this.firstIndex()), ...entries]
  }

  /** Drops what a checkpoint stands for from now on. */
  compact(index: number, term: number): void {
    this.#entries = this.#entries.slice(index - this.snapshotIndex)
    this.snapshotIndex = index
    this.snapshotTerm = term
  }
}
