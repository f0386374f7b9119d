/**
 * The log: what is durable, read through the host, and the tail that is not durable yet.
 *
 *      1 ....... firstIndex ............. tailStart ...... handedOver ...... lastIndex
 *      compacted |     durable, in the reader    | being written | for the next Ready |
 *
 * In the other direction, appliedIndex <= applyingIndex <= commitIndex <= lastIndex. A value: functions give a new log, sharing
 * the tail with the old one. Compaction is the host's: the reader's first index rises, and nothing here needs to be told.
 * @module
 */
import type { Configuration, Entry, Index, NodeId, Snapshot, Term } from './message.ts'
import { Sequence } from './sequence.ts'

/** What must be durable before a message that depends on it leaves (paper, figure 2: "Persistent state on all servers"). */
export interface HardState {
  readonly term: Term
  readonly votedFor: NodeId | null
  /** Not needed for safety; spares a restarted node to learn again what it knew. */
  readonly commitIndex: Index
}

/** The host's durable log, read synchronously (from a copy in memory of its recent end, say). It never writes. */
export interface LogReader {
  initialState(): { readonly hardState: HardState; readonly configuration: Configuration }
  /** One after the last compacted entry; 1 for a log that never was. */
  firstIndex(): Index
  /** firstIndex() - 1 where no entry is held. */
  lastIndex(): Index
  /** Known from firstIndex() - 1 to lastIndex(). @returns null where it is not known */
  term(index: Index): Term | null
  /** From `from` up to, not including, `to`: at least one, then as many as fit. @returns null where some are compacted */
  entries(from: Index, to: Index, sizeBytesMax: number): readonly Entry[] | null
  /** The newest snapshot. @returns null where none is at hand now */
  snapshot(): Snapshot | null
}

export interface RaftLog {
  readonly reader: LogReader
  /** Counts an entry against the limits in bytes. */
  readonly entrySizeBytes: (entry: Entry) => number
  /** How much may be in the host's hands, committed and not yet applied. */
  readonly applyingSizeBytesMax: number
  readonly tail: Sequence<Entry>
  readonly tailStart: Index
  /** Entries of the tail below it were given to the host to write. */
  readonly handedOver: Index
  /** Received from a leader, not installed yet. Stands before the tail. */
  readonly snapshot: Snapshot | null
  /** The same, until it is given to the host to install. */
  readonly snapshotToInstall: Snapshot | null
  readonly commitIndex: Index
  /** Given to the host to apply. */
  readonly applyingIndex: Index
  readonly appliedIndex: Index
  readonly applyingSizeBytes: number
  readonly isApplyingPaused: boolean
}

export function openLog(
  reader: LogReader,
  entrySizeBytes: (entry: Entry) => number,
  applyingSizeBytesMax: number,
): RaftLog {
  const tailStart = reader.lastIndex() + 1
  const compactedIndex = reader.firstIndex() - 1
  return {
    reader,
    entrySizeBytes,
    applyingSizeBytesMax,
    tail: Sequence.empty(),
    tailStart,
    handedOver: tailStart,
    snapshot: null,
    snapshotToInstall: null,
    commitIndex: compactedIndex,
    applyingIndex: compactedIndex,
    appliedIndex: compactedIndex,
    applyingSizeBytes: 0,
    isApplyingPaused: false,
  }
}

/** A copy to be changed. Written out: several are made at every step, and a spread of so many fields takes many times as long. */
const copyOf = (log: RaftLog): { -readonly [Field in keyof RaftLog]: RaftLog[Field] } => ({
  reader: log.reader,
  entrySizeBytes: log.entrySizeBytes,
  applyingSizeBytesMax: log.applyingSizeBytesMax,
  tail: log.tail,
  tailStart: log.tailStart,
  handedOver: log.handedOver,
  snapshot: log.snapshot,
  snapshotToInstall: log.snapshotToInstall,
  commitIndex: log.commitIndex,
  applyingIndex: log.applyingIndex,
  appliedIndex: log.appliedIndex,
  applyingSizeBytes: log.applyingSizeBytes,
  isApplyingPaused: log.isApplyingPaused,
})

// Reading

/** The durable part ends where the tail starts, so the reader need not be asked. */
export const lastIndex = (log: RaftLog): Index => log.tailStart + log.tail.length - 1

export const firstIndex = (log: RaftLog): Index =>
  log.snapshot === null ? log.reader.firstIndex() : log.snapshot.index + 1

/** @returns null where the entry is compacted or not there yet */
export function termAt(log: RaftLog, index: Index): Term | null {
  if (index > lastIndex(log)) return null
  if (index >= log.tailStart) return log.tail.at(index - log.tailStart)!.term
  if (log.snapshot !== null) return index === log.snapshot.index ? log.snapshot.term : null
  return log.reader.term(index)
}

export function lastTerm(log: RaftLog): Term {
  const term = termAt(log, lastIndex(log))
  if (term === null) throw new Error(`the log's reader does not know the term of its last entry ${lastIndex(log)}`)
  return term
}

export const holds = (log: RaftLog, index: Index, term: Term): boolean => termAt(log, index) === term

/** Paper §5.4.1: "If the logs have last entries with different terms, then the log with the later term is more up-to-date." */
export function isUpToDate(log: RaftLog, candidateIndex: Index, candidateTerm: Term): boolean {
  const ownTerm = lastTerm(log)
  return candidateTerm > ownTerm || (candidateTerm === ownTerm && candidateIndex >= lastIndex(log))
}

/** From `from` up to, not including, `to`; at least one, then as many as fit. @returns null where some are compacted */
export function entriesBetween(log: RaftLog, from: Index, to: Index, sizeBytesMax: number): readonly Entry[] | null {
  if (from >= to) return []
  if (from >= log.tailStart) return fitting(log, tailBetween(log, from, to), sizeBytesMax)
  // What it stands for is gone, whatever the disk still holds.
  if (log.snapshot !== null) return null
  const durableTo = Math.min(to, log.tailStart)
  const durable = log.reader.entries(from, durableTo, sizeBytesMax)
  // Fewer than asked for: the limit was met.
  if (durable === null || durable.length < durableTo - from) return durable
  return fitting(log, [...durable, ...tailBetween(log, log.tailStart, to)], sizeBytesMax)
}

const tailBetween = (log: RaftLog, from: Index, to: Index): Entry[] =>
  log.tail.slice(from - log.tailStart, to - log.tailStart)

function fitting(log: RaftLog, entries: readonly Entry[], sizeBytesMax: number): readonly Entry[] {
  let sizeBytes = 0
  for (let count = 0; count < entries.length; count++) {
    sizeBytes += log.entrySizeBytes(entries[count]!)
    if (count > 0 && sizeBytes > sizeBytesMax) return entries.slice(0, count)
  }
  return entries
}

export const sizeOf = (log: RaftLog, entries: readonly Entry[]): number =>
  entries.reduce((sizeBytes, entry) => sizeBytes + log.entrySizeBytes(entry), 0)

/**
 * The last place, at or before `index`, where a log that has `term` at `index` can still agree with this one: terms only rise
 * along a log, so it can not agree where the own term is greater. Skips a whole term with one message (paper §5.3, end).
 * @returns term 0 where the own term there is not known
 */
export function lastPossibleMatch(
  log: RaftLog,
  index: Index,
  term: Term,
): { readonly index: Index; readonly term: Term } {
  let candidate = index
  let ownTerm = termAt(log, candidate)
  // Before the first entry, where the term is 0, it ends at the latest.
  while (ownTerm !== null && ownTerm > term) ownTerm = termAt(log, --candidate)
  return { index: candidate, term: ownTerm ?? 0 }
}

/** Whether committed entries that are not yet applied change the configuration; reads them page by page. */
export function hasUnappliedConfigurationChange(log: RaftLog): boolean {
  for (let from = log.appliedIndex + 1; from <= log.commitIndex;) {
    const page = entriesBetween(log, from, log.commitIndex + 1, log.applyingSizeBytesMax)
    if (page === null || page.length === 0) throw new Error(`the log lost entry ${from}, which is not applied yet`)
    if (page.some((entry) => entry.kind === 'configuration')) return true
    from += page.length
  }
  return false
}

// Growing

/** Entries follow each other; the first stands at most one past the end, and everything it replaces is not committed. */
export function appended(log: RaftLog, entries: readonly Entry[]): RaftLog {
  const first = entries[0]
  if (first === undefined) return log
  if (first.index <= log.commitIndex || first.index > lastIndex(log) + 1)
    throw new RangeError(
      `"entries" expected to start at ${log.commitIndex + 1}..${lastIndex(log) + 1}, got ${first.index}`,
    )
  // What is durable from there on is overwritten too, as soon as the host appends the new tail.
  const next = copyOf(log)
  next.tailStart = Math.min(log.tailStart, first.index)
  next.tail = log.tail.take(first.index - next.tailStart).append(...entries)
  next.handedOver = Math.min(log.handedOver, first.index)
  return next
}

/** The first of the entries that this log does not hold, with those after it. */
export function missing(log: RaftLog, entries: readonly Entry[]): readonly Entry[] {
  const position = entries.findIndex((entry) => !holds(log, entry.index, entry.term))
  return position < 0 ? [] : entries.slice(position)
}

/** Never goes back. The caller has made sure that the log reaches that far. */
export function committedTo(log: RaftLog, index: Index): RaftLog {
  if (index <= log.commitIndex) return log
  if (index > lastIndex(log)) throw new RangeError(`"commitIndex" expected at most ${lastIndex(log)}, got ${index}`)
  const next = copyOf(log)
  next.commitIndex = index
  return next
}

/** The log that a snapshot stands for: nothing but the snapshot. */
export const replacedBySnapshot = (log: RaftLog, snapshot: Snapshot): RaftLog => ({
  ...log,
  tail: Sequence.empty(),
  tailStart: snapshot.index + 1,
  handedOver: snapshot.index + 1,
  snapshot,
  snapshotToInstall: snapshot,
  commitIndex: snapshot.index,
})

// Handing over to the host, and hearing back

export const entriesToStore = (log: RaftLog): readonly Entry[] => log.tail.slice(log.handedOver - log.tailStart)
export const hasEntriesToStore = (log: RaftLog): boolean => log.handedOver <= lastIndex(log)

export function handedOver(log: RaftLog): RaftLog {
  if (!hasEntriesToStore(log) && log.snapshotToInstall === null) return log
  const next = copyOf(log)
  next.handedOver = lastIndex(log) + 1
  next.snapshotToInstall = null
  return next
}

/** Everything up to this entry is durable. Ignored where the tail has another entry there by now. */
export function stored(log: RaftLog, index: Index, term: Term): RaftLog {
  if (index < log.tailStart || !holds(log, index, term)) return log
  const next = copyOf(log)
  next.tail = log.tail.drop(index + 1 - log.tailStart)
  next.tailStart = index + 1
  next.handedOver = Math.max(log.handedOver, index + 1)
  return next
}

export const snapshotInstalled = (log: RaftLog, index: Index): RaftLog =>
  log.snapshot?.index === index ? { ...log, snapshot: null } : log

/** @param mayBeInTail committed entries that this node itself has not yet stored may be applied too */
const applicableIndex = (log: RaftLog, mayBeInTail: boolean): Index =>
  mayBeInTail ? log.commitIndex : Math.min(log.commitIndex, log.tailStart - 1)

export function hasEntriesToApply(log: RaftLog, mayBeInTail: boolean): boolean {
  // A snapshot goes first, alone, so that nobody need ask what is applied before what.
  return !log.isApplyingPaused && log.snapshot === null && log.applyingIndex < applicableIndex(log, mayBeInTail)
}

export function entriesToApply(log: RaftLog, mayBeInTail: boolean): readonly Entry[] {
  if (!hasEntriesToApply(log, mayBeInTail)) return []
  const room = log.applyingSizeBytesMax - log.applyingSizeBytes
  const entries = entriesBetween(log, log.applyingIndex + 1, applicableIndex(log, mayBeInTail) + 1, room)
  if (entries === null) throw new Error(`entry ${log.applyingIndex + 1} was compacted before it was applied`)
  return entries
}

export function applying(log: RaftLog, entries: readonly Entry[], mayBeInTail: boolean): RaftLog {
  const index = entries.at(-1)?.index
  if (index === undefined) return log
  const next = copyOf(log)
  next.applyingIndex = index
  next.applyingSizeBytes += sizeOf(log, entries)
  // Paused at the limit, and also just below it where the limit cut off an entry that would have gone over.
  next.isApplyingPaused =
    next.applyingSizeBytes >= log.applyingSizeBytesMax || index < applicableIndex(log, mayBeInTail)
  return next
}

export function applied(log: RaftLog, index: Index, sizeBytes: number): RaftLog {
  if (index > log.commitIndex || index < log.appliedIndex)
    throw new RangeError(`"appliedIndex" expected ${log.appliedIndex}..${log.commitIndex}, got ${index}`)
  const next = copyOf(log)
  next.appliedIndex = index
  next.applyingIndex = Math.max(log.applyingIndex, index)
  next.applyingSizeBytes = Math.max(0, log.applyingSizeBytes - sizeBytes)
  next.isApplyingPaused = next.applyingSizeBytes >= log.applyingSizeBytesMax
  return next
}
