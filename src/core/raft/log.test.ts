import { describe, expect, test } from 'vitest'
import {
  type RaftLog,
  appended,
  applied,
  applying,
  committedTo,
  entriesBetween,
  entriesToApply,
  entriesToStore,
  firstIndex,
  handedOver,
  hasEntriesToApply,
  hasEntriesToStore,
  hasUnappliedConfigurationChange,
  holds,
  isUpToDate,
  lastIndex,
  lastPossibleMatch,
  lastTerm,
  missing,
  openLog,
  replacedBySnapshot,
  snapshotInstalled,
  stored,
  termAt,
} from './log.ts'
import type { Entry, Snapshot } from './message.ts'
import { MemoryLog, command, ids, testConfig, votersOnly } from './testing/cluster.ts'

const configuration = votersOnly(ids(3))
/** An entry counts 40 bytes. */
const entry = (index: number, term: number): Entry => ({ kind: 'command', index, term, data: command('12345678') })
const change = (index: number, term: number): Entry => ({
  kind: 'configuration',
  index,
  term,
  change: { transition: 'auto', changes: [], context: command('') },
})
const run = (start: number, terms: readonly number[]) => terms.map((term, position) => entry(start + position, term))
const snapshotAt = (index: number, term: number): Snapshot => ({ index, term, configuration, data: command('') })

/** Entries of these terms, some of them durable, some of the first compacted. */
function logOf(durable: readonly number[], tail: readonly number[] = [], compactedIndex = 0): RaftLog {
  const disk = new MemoryLog(configuration)
  disk.held = run(1, durable)
  if (compactedIndex > 0) disk.compact(compactedIndex, configuration)
  const log = openLog(disk, testConfig.entrySizeBytes, 200)
  return appended(log, run(durable.length + 1, tail))
}
const indexes = (entries: readonly Entry[] | null) => entries?.map(({ index }) => index) ?? null
const terms = (log: RaftLog) => [...Array.from({ length: lastIndex(log) + 1 }).keys()].map((at) => termAt(log, at))

describe('a log', () => {
  test.each([
    { name: 'that is empty', log: logOf([]), known: [0], first: 1 },
    { name: 'on the disk', log: logOf([1, 1, 2]), known: [0, 1, 1, 2], first: 1 },
    { name: 'in the tail', log: logOf([], [1, 2]), known: [0, 1, 2], first: 1 },
    { name: 'in both', log: logOf([1, 1], [2, 3]), known: [0, 1, 1, 2, 3], first: 1 },
    { name: 'that is compacted', log: logOf([1, 1, 2], [3], 2), known: [null, null, 1, 2, 3], first: 3 },
    {
      name: 'that a snapshot replaced',
      log: appended(replacedBySnapshot(logOf([1, 1], [1]), snapshotAt(5, 4)), [entry(6, 4)]),
      known: [null, null, null, null, null, 4, 4],
      first: 6,
    },
  ])('$name knows the terms of what it holds', ({ log, known, first }) => {
    expect(terms(log)).toEqual(known)
    expect([firstIndex(log), lastIndex(log), lastTerm(log)]).toEqual([first, known.length - 1, known.at(-1)])
    expect(termAt(log, known.length)).toBe(null)
    expect([holds(log, first, termAt(log, first) ?? 9), holds(log, first, 8)]).toEqual([
      termAt(log, first) !== null,
      false,
    ])
  })

  test('whose end its reader does not know is a mistake of the host', () => {
    const disk = new MemoryLog(configuration)
    disk.term = () => null
    expect(() => lastTerm(openLog(disk, testConfig.entrySizeBytes, 200))).toThrow('term of its last entry 0')
  })

  test.each([
    { index: 9, term: 1, isUpToDate: false },
    { index: 2, term: 2, isUpToDate: false },
    { index: 3, term: 2, isUpToDate: true },
    { index: 4, term: 2, isUpToDate: true },
    { index: 0, term: 3, isUpToDate: true },
  ])('of 3 entries up to term 2 meets one that ends at $index in term $term', ({ index, term, isUpToDate: expected }) =>
    expect(isUpToDate(logOf([1, 1, 2]), index, term)).toBe(expected),
  )

  test.each([
    { from: 1, to: 7, room: Infinity, got: [1, 2, 3, 4, 5, 6] },
    { from: 2, to: 6, room: Infinity, got: [2, 3, 4, 5] },
    { from: 4, to: 7, room: Infinity, got: [4, 5, 6] },
    { from: 4, to: 5, room: Infinity, got: [4] },
    { from: 1, to: 3, room: Infinity, got: [1, 2] },
    { from: 3, to: 3, room: Infinity, got: [] },
    { from: 7, to: 7, room: Infinity, got: [] },
    { from: 5, to: 4, room: Infinity, got: [] },
    // At least one, then as many as fit.
    { from: 1, to: 7, room: 0, got: [1] },
    { from: 3, to: 7, room: 40, got: [3] },
    { from: 4, to: 7, room: 1, got: [4] },
    { from: 1, to: 7, room: 119, got: [1, 2] },
    { from: 1, to: 7, room: 120, got: [1, 2, 3] },
    { from: 1, to: 7, room: 159, got: [1, 2, 3] },
    { from: 1, to: 7, room: 160, got: [1, 2, 3, 4] },
    { from: 4, to: 7, room: 79, got: [4] },
    { from: 4, to: 7, room: 80, got: [4, 5] },
    { from: 4, to: 7, room: 999, got: [4, 5, 6] },
  ])('of 3 durable entries and 3 more gives $from..$to within $room bytes', ({ from, to, room, got }) => {
    expect(indexes(entriesBetween(logOf([1, 1, 1], [1, 1, 1]), from, to, room))).toEqual(got)
  })

  test('leaves no gap where what fits ends on the disk', () => {
    const log = logOf([1, 1], [1])
    const large = { ...entry(2, 1), data: new Uint8Array(500) } as Entry
    ;(log.reader as MemoryLog).held = [entry(1, 1), large]
    expect(indexes(entriesBetween(log, 1, 4, 100))).toEqual([1])
  })

  test('does not give what is compacted, nor what a snapshot stands for', () => {
    const compacted = logOf([1, 1, 1], [1], 2)
    expect([2, 3].map((from) => indexes(entriesBetween(compacted, from, 5, 999)))).toEqual([null, [3, 4]])
    const replaced = replacedBySnapshot(logOf([1, 1, 1]), snapshotAt(3, 2))
    expect(entriesBetween(replaced, 2, 4, 999)).toBe(null)
  })

  test.each([
    { index: 6, term: 4, match: { index: 6, term: 4 } },
    { index: 6, term: 9, match: { index: 6, term: 4 } },
    { index: 6, term: 3, match: { index: 4, term: 2 } },
    { index: 6, term: 2, match: { index: 4, term: 2 } },
    { index: 3, term: 2, match: { index: 3, term: 2 } },
    { index: 4, term: 1, match: { index: 2, term: 1 } },
    { index: 6, term: 0, match: { index: 0, term: 0 } },
  ])('of terms 1 1 2 2 4 4 may agree with term $term at $index', ({ index, term, match }) =>
    expect(lastPossibleMatch(logOf([1, 1, 2, 2], [4, 4]), index, term)).toEqual(match),
  )

  test('does not know where it may agree below what is compacted', () =>
    expect(lastPossibleMatch(logOf([3, 3, 3], [], 2), 3, 1)).toEqual({ index: 1, term: 0 }))

  test('gives of an append what it does not hold', () => {
    const log = logOf([1, 1], [2])
    const missed = (start: number, ...appendTerms: number[]) => indexes(missing(log, run(start, appendTerms)))
    expect([missed(2, 1, 2), missed(2, 1, 2, 2), missed(2, 2, 2), missed(4, 2), missed(1)]).toEqual([
      [],
      [4],
      [2, 3],
      [4],
      [],
    ])
  })
})

describe('what is appended', () => {
  test.each([
    { name: 'at the end', start: 5, now: [0, 1, 1, 1, 1, 3, 3], toStore: [5, 6], tailStart: 3 },
    { name: 'over a part of the tail', start: 4, now: [0, 1, 1, 1, 3, 3], toStore: [4, 5], tailStart: 3 },
    { name: 'over all of the tail', start: 3, now: [0, 1, 1, 3, 3], toStore: [3, 4], tailStart: 3 },
    { name: 'over what is durable', start: 2, now: [0, 1, 3, 3], toStore: [2, 3], tailStart: 2 },
  ])('$name is to be stored', ({ start, now, toStore, tailStart }) => {
    for (const before of [logOf([1, 1], [1, 1]), handedOver(logOf([1, 1], [1, 1]))]) {
      const log = appended(before, run(start, [3, 3]))
      expect(terms(log)).toEqual(now)
      const isUnderWay = before.handedOver === 5
      const all = [...Array.from({ length: now.length }).keys()].slice(tailStart)
      expect(indexes(entriesToStore(log))).toEqual(isUnderWay ? toStore : all)
      expect([hasEntriesToStore(log), log.tailStart]).toEqual([true, tailStart])
      expect(terms(before)).toEqual([0, 1, 1, 1, 1])
    }
  })

  test('may be one, or nothing', () => {
    const log = logOf([1], [1])
    expect([hasEntriesToStore(log), hasEntriesToStore(logOf([1]))]).toEqual([true, false])
    expect(appended(log, [])).toBe(log)
  })

  test.each([
    { name: 'over what is committed', start: 2 },
    { name: 'beyond the end', start: 6 },
  ])('$name is a mistake', ({ start }) => {
    const log = committedTo(logOf([1, 1], [1, 1]), 2)
    expect(() => appended(log, run(start, [3]))).toThrow(`"entries" expected to start at 3..5, got ${start}`)
    expect([3, 5].map((good) => lastIndex(appended(log, run(good, [3]))))).toEqual([3, 5])
  })

  test('goes on from one value in many ways, none of which sees the other', () => {
    const log = logOf([], [])
    const [left, right] = [appended(log, [entry(1, 1)]), appended(log, [entry(1, 2)])]
    expect([terms(left), terms(right), terms(appended(left, [entry(2, 3)])), terms(left)]).toEqual([
      [0, 1],
      [0, 2],
      [0, 1, 3],
      [0, 1],
    ])
  })

  test('is no more to be stored when it is handed over, and leaves the tail when it is durable', () => {
    const log = handedOver(logOf([1], [1, 2, 2]))
    expect([hasEntriesToStore(log), entriesToStore(log), log.tail.length]).toEqual([false, [], 3])
    const disk = log.reader as MemoryLog
    disk.held = run(1, [1, 1, 2, 2])
    for (const index of [2, 3, 4]) {
      const after = stored(log, index, termAt(log, index)!)
      expect([after.tailStart, after.tail.length, after.handedOver]).toEqual([index + 1, 4 - index, 5])
      expect(terms(after)).toEqual([0, 1, 1, 2, 2])
    }
  })

  test.each([
    { name: 'another entry than the tail has by now', index: 3, term: 1 },
    { name: 'what the tail does not hold', index: 5, term: 2 },
    { name: 'what left the tail already', index: 1, term: 1 },
  ])('does not leave the tail for the news that $name is durable', ({ index, term }) => {
    const log = logOf([1], [1, 2])
    expect(stored(log, index, term)).toBe(log)
  })

  test('was handed over, even if only its being durable says so', () => {
    const log = stored(logOf([1], [1, 2]), 2, 1)
    expect([log.handedOver, indexes(entriesToStore(log))]).toEqual([3, [3]])
  })
})

describe('a snapshot', () => {
  const replaced = replacedBySnapshot(logOf([1, 1], [1]), snapshotAt(9, 3))

  test('stands for the whole log, and is handed over once', () => {
    expect([lastIndex(replaced), replaced.commitIndex, hasEntriesToStore(replaced)]).toEqual([9, 9, false])
    expect(replaced.snapshotToInstall?.index).toBe(9)
    const taken = handedOver(replaced)
    expect([taken.snapshotToInstall, taken.snapshot?.index]).toEqual([null, 9])
    // A newer one that comes meanwhile is handed over as well.
    expect(replacedBySnapshot(taken, snapshotAt(12, 3)).snapshotToInstall?.index).toBe(12)
  })

  test('is gone when it is installed, but not for the news of another', () => {
    const taken = handedOver(replaced)
    expect(snapshotInstalled(taken, 8)).toBe(taken)
    expect(snapshotInstalled(taken, 9)).toEqual({ ...taken, snapshot: null })
    const without = logOf([1])
    expect(snapshotInstalled(without, 9)).toBe(without)
  })

  test('is installed before anything is applied', () => {
    const log = committedTo(appended(replaced, [entry(10, 3)]), 10)
    expect([hasEntriesToApply(log, true), entriesToApply(log, true)]).toEqual([false, []])
  })
})

describe('what is committed', () => {
  test('never goes back, nor beyond the end', () => {
    const log = committedTo(logOf([1, 1], [1]), 2)
    for (const index of [1, 2]) expect(committedTo(log, index)).toBe(log)
    expect(committedTo(log, 3).commitIndex).toBe(3)
    expect(() => committedTo(log, 4)).toThrow('"commitIndex" expected at most 3, got 4')
  })

  test.each([
    { mayBeInTail: true, commitIndex: 4, got: [1, 2, 3, 4] },
    { mayBeInTail: false, commitIndex: 4, got: [1, 2] },
    { mayBeInTail: false, commitIndex: 1, got: [1] },
    { mayBeInTail: true, commitIndex: 0, got: [] },
  ])('up to $commitIndex is applied (from the tail too: $mayBeInTail)', ({ mayBeInTail, commitIndex, got }) => {
    const log = committedTo(logOf([1, 1], [1, 1]), commitIndex)
    expect(indexes(entriesToApply(log, mayBeInTail))).toEqual(got)
    expect(hasEntriesToApply(log, mayBeInTail)).toBe(got.length > 0)
  })

  test('is handed out up to the limit, and goes on when there is room', () => {
    let log = committedTo(logOf([1, 1, 1], [1, 1, 1, 1, 1]), 8)
    const take = () => {
      const entries = entriesToApply(log, true)
      log = applying(log, entries, true)
      return indexes(entries)
    }
    // 200 bytes are five entries.
    expect([take(), take(), log.isApplyingPaused, log.applyingSizeBytes]).toEqual([[1, 2, 3, 4, 5], [], true, 200])
    log = applied(log, 2, 80)
    expect([log.appliedIndex, log.applyingIndex, log.applyingSizeBytes]).toEqual([2, 5, 120])
    expect([take(), take(), log.isApplyingPaused]).toEqual([[6, 7], [], true])
    expect(applied(log, 3, 40).isApplyingPaused).toBe(false)
    expect(applied(log, 7, 999)).toMatchObject({ appliedIndex: 7, applyingSizeBytes: 0, isApplyingPaused: false })
    expect(applied(log, 7, 0).isApplyingPaused).toBe(true)
  })

  test('waits where an entry that is next goes over the limit, though there is room for less', () => {
    const log = { ...committedTo(logOf([1, 1, 1, 1, 1, 1]), 6), applyingSizeBytesMax: 100 }
    const paused = applying(log, entriesToApply(log, true), true)
    expect(paused).toMatchObject({ applyingIndex: 2, applyingSizeBytes: 80, isApplyingPaused: true })
    const full = { ...log, commitIndex: 2, applyingSizeBytesMax: 80 }
    expect(applying(full, entriesToApply(full, true), true)).toMatchObject({ applyingIndex: 2, isApplyingPaused: true })
    const rest = { ...log, commitIndex: 2 }
    expect(applying(rest, entriesToApply(rest, true), true).isApplyingPaused).toBe(false)
    expect(applying(log, [], true)).toBe(log)
  })

  test.each([
    { index: 4, name: 'beyond what is committed' },
    { index: 1, name: 'before what was applied' },
  ])('is not applied $name', ({ index }) => {
    const log = applied(committedTo(logOf([1, 1, 1, 1]), 3), 2, 0)
    expect(() => applied(log, index, 0)).toThrow(`"appliedIndex" expected 2..3, got ${index}`)
    expect([2, 3].map((good) => applied(log, good, 0).appliedIndex)).toEqual([2, 3])
    // Applied before the node started: never to be handed out.
    expect(applied(log, 3, 0).applyingIndex).toBe(3)
  })

  test('is not to be lost or compacted before it is applied', () => {
    const log = { ...committedTo(logOf([1, 1, 1]), 3), applyingIndex: 0 }
    ;(log.reader as MemoryLog).compact(2, configuration)
    expect(() => entriesToApply(log, true)).toThrow('entry 1 was compacted before it was applied')
    const lost = 'the log lost entry 1, which is not applied yet'
    expect(() => hasUnappliedConfigurationChange(log)).toThrow(lost)
    ;(log.reader as MemoryLog).entries = () => []
    expect(() => hasUnappliedConfigurationChange(log)).toThrow(lost)
  })

  test.each([
    { name: 'none', at: [] as number[], commitIndex: 9, isThere: false },
    { name: 'one', at: [2], commitIndex: 9, isThere: true },
    { name: 'one as the last', at: [9], commitIndex: 9, isThere: true },
    { name: 'one alone on its page', at: [7], commitIndex: 7, isThere: true },
    { name: 'one that is applied', at: [1], commitIndex: 9, isThere: false },
    { name: 'one that is not committed', at: [9], commitIndex: 8, isThere: false },
  ])('and not applied holds a change of members: $name', ({ at, commitIndex, isThere }) => {
    // Nine entries are two pages of 200 bytes.
    const entries = run(1, [1, 1, 1, 1, 1, 1, 1, 1, 1]).map((each) =>
      at.includes(each.index) ? change(each.index, 1) : each,
    )
    const log = applied(committedTo(appended(logOf([]), entries), commitIndex), 1, 0)
    expect(hasUnappliedConfigurationChange(log)).toBe(isThere)
  })
})
