import { describe, expect, test } from 'vitest'
import {
  type Progress,
  acknowledged,
  becomeProbe,
  becomeReplicate,
  becomeSnapshot,
  canRaiseCommit,
  freeInflight,
  isHeldBack,
  isInflightFull,
  newProgress,
  rejected,
  sentAppend,
} from './progress.ts'

const limits = { inflightCountMax: 3, inflightSizeBytesMax: 100 }
const of = (change: Partial<Progress> = {}): Progress => ({ ...newProgress(4, 5, false), isPaused: true, ...change })
const replicating = becomeReplicate(of())
/** Messages with one entry each, from index 5 on. */
const sent = (sizes: readonly number[], from = replicating) =>
  sizes.reduce((progress, sizeBytes) => sentAppend(progress, 1, sizeBytes, 4, limits), from)
const inflight = ({ inflight: { messages, sizeBytes } }: Progress) => [
  messages.slice().map(({ lastIndex }) => lastIndex),
  sizeBytes,
]

describe('the window of messages in flight', () => {
  test.each([
    { name: 'has room', sizes: [10, 10], isFull: false },
    { name: 'is full of messages', sizes: [10, 10, 10], isFull: true },
    { name: 'has room for a byte', sizes: [99], isFull: false },
    { name: 'is full of bytes', sizes: [60, 40], isFull: true },
    { name: 'may be gone over by one message', sizes: [99, 60], isFull: true },
  ])('$name: $sizes', ({ sizes, isFull }) => {
    const progress = sent(sizes)
    expect([isInflightFull(progress, limits), isHeldBack(progress)]).toEqual([isFull, isFull])
    expect([progress.nextIndex, progress.matchIndex]).toEqual([5 + sizes.length, 4])
  })

  test.each([
    { index: 4, left: [[5, 6, 7], 60] },
    { index: 5, left: [[6, 7], 50] },
    { index: 6, left: [[7], 30] },
    { index: 9, left: [[], 0] },
  ])('gets room by the acknowledgement of $index', ({ index, left }) => {
    expect(inflight(freeInflight(sent([10, 20, 30]), index))).toEqual(left)
  })

  test('does not hold what has no entries, which tells the commit index all the same', () => {
    const progress = sentAppend(replicating, 0, 0, 4, limits)
    expect([inflight(progress), progress.sentCommitIndex, progress.isPaused]).toEqual([[[], 0], 4, false])
    // After an empty one the full window waits again.
    expect(sentAppend({ ...sent([10, 10, 10]), isPaused: false }, 0, 0, 4, limits).isPaused).toBe(true)
  })
})

describe('a probe', () => {
  test('waits after a message with entries, and counts none of them as sent', () => {
    const probe = of({ isPaused: false })
    expect(sentAppend(probe, 2, 10, 3, limits)).toEqual({ ...probe, isPaused: true, sentCommitIndex: 3 })
    expect(sentAppend(probe, 0, 0, 3, limits)).toEqual({ ...probe, sentCommitIndex: 3 })
    expect(sentAppend(of(), 0, 0, 3, limits).isPaused).toBe(true)
  })

  test.each([
    { name: 'goes back to the hint', rejectedIndex: 9, hintIndex: 6, nextIndex: 7 },
    { name: 'goes back by one at least', rejectedIndex: 9, hintIndex: 9, nextIndex: 9 },
    { name: 'never goes below what matched', rejectedIndex: 9, hintIndex: 1, nextIndex: 5 },
    { name: 'takes no late answer', rejectedIndex: 8, hintIndex: 6, nextIndex: null },
    { name: 'takes no answer to what it never asked', rejectedIndex: 10, hintIndex: 6, nextIndex: null },
  ])('that is refused $name', ({ rejectedIndex, hintIndex, nextIndex }) => {
    const next = rejected(of({ nextIndex: 10, sentCommitIndex: 8 }), rejectedIndex, hintIndex)
    if (nextIndex === null) expect(next).toBe(null)
    else expect(next).toMatchObject({ nextIndex, isPaused: false, sentCommitIndex: Math.min(8, nextIndex - 1) })
  })
})

describe('replication', () => {
  test.each([
    { rejectedIndex: 4, isTaken: false },
    { rejectedIndex: 5, isTaken: true },
  ])('that is refused at $rejectedIndex goes on after what matched: $isTaken', ({ rejectedIndex, isTaken }) => {
    const progress = sentAppend(replicating, 3, 30, 7, limits)
    const next = { ...progress, nextIndex: 5, sentCommitIndex: 4 }
    expect(rejected(progress, rejectedIndex, 2)).toEqual(isTaken ? next : null)
    expect(rejected({ ...progress, sentCommitIndex: 1 }, 5, 2)).toMatchObject({ sentCommitIndex: 1 })
  })

  test.each([
    { index: 3, next: null },
    { index: 4, next: null },
    { index: 6, next: { matchIndex: 6, nextIndex: 8, isPaused: false } },
    { index: 9, next: { matchIndex: 9, nextIndex: 10, isPaused: false } },
  ])('that is acknowledged up to $index', ({ index, next }) => {
    const progress = of({ state: 'replicate', nextIndex: 8 })
    expect(acknowledged(progress, index)).toEqual(next === null ? null : { ...progress, ...next })
  })
})

test('a snapshot is followed by a probe from its end, or from what matched where it was lost', () => {
  const progress = becomeSnapshot(sent([10]), 20)
  const waiting = { state: 'snapshot', pendingSnapshotIndex: 20, nextIndex: 21, sentCommitIndex: 20 }
  expect(progress).toMatchObject(waiting)
  expect([isHeldBack(progress), inflight(progress)]).toEqual([true, [[], 0]])
  expect(becomeProbe(progress)).toMatchObject({
    state: 'probe',
    nextIndex: 21,
    sentCommitIndex: 20,
    pendingSnapshotIndex: 0,
    isPaused: false,
  })
  expect(becomeProbe({ ...progress, pendingSnapshotIndex: 0 })).toMatchObject({ nextIndex: 5, sentCommitIndex: 4 })
  // What arrived meanwhile by another way counts more.
  expect(becomeProbe({ ...progress, matchIndex: 30 })).toMatchObject({ nextIndex: 31 })
})

test('what is known of a member at first is that it was not heard', () =>
  expect(newProgress(4, 5, true)).toMatchObject({
    state: 'probe',
    isRecentlyActive: false,
    isPaused: false,
    isLearner: true,
  }))

test('from a probe on replication begins anew', () => {
  const probe = becomeProbe(sent([10, 10, 10]))
  expect([isHeldBack(probe), inflight(probe), probe.nextIndex]).toEqual([false, [[], 0], 5])
  expect(becomeReplicate({ ...probe, nextIndex: 3, isPaused: true })).toEqual({ ...probe, state: 'replicate' })
})

test.each([
  { name: 'it knows', commitIndex: 3, sentCommitIndex: 3, nextIndex: 9, can: false },
  { name: 'it knows more', commitIndex: 2, sentCommitIndex: 3, nextIndex: 9, can: false },
  { name: 'is new', commitIndex: 4, sentCommitIndex: 3, nextIndex: 9, can: true },
  {
    name: 'is beyond all it was sent, which is committed',
    commitIndex: 9,
    sentCommitIndex: 8,
    nextIndex: 9,
    can: false,
  },
  { name: 'is beyond all it was sent, which is not', commitIndex: 9, sentCommitIndex: 7, nextIndex: 9, can: true },
])('a commit index that $name is worth a message: $can', ({ can, commitIndex, ...known }) => {
  expect(canRaiseCommit(of(known), commitIndex)).toBe(can)
})
