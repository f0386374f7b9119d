/**
 * Progress: what the leader knows of one follower's log, and how much it may send it.
 *
 * A follower is *probed* until the leader knows where their logs agree (one message at a time), then *replicated* to (a window
 * of messages in flight), and sent a *snapshot* when the entries it needs are compacted. Values: each function gives a new one.
 * @module
 */
import type { Index } from './message.ts'
import { Sequence } from './sequence.ts'

export type ProgressState = 'probe' | 'replicate' | 'snapshot'

export interface Progress {
  readonly state: ProgressState
  /** The follower's log equals the leader's up to here. */
  readonly matchIndex: Index
  /** The next entry to send; matchIndex < nextIndex. */
  readonly nextIndex: Index
  /** The greatest commit index sent; a lost message shows itself by a rejection, which takes it back. */
  readonly sentCommitIndex: Index
  /** In state `snapshot`: the index of the snapshot under way, else 0. */
  readonly pendingSnapshotIndex: Index
  /** Heard from since the last check of the quorum. */
  readonly isRecentlyActive: boolean
  /** Nothing more is sent before the next heartbeat response or acknowledgement. */
  readonly isPaused: boolean
  readonly inflight: Inflight
  readonly isLearner: boolean
}

/** Messages with entries, sent and not acknowledged, oldest first. */
export interface Inflight {
  readonly messages: Sequence<{ readonly lastIndex: Index; readonly sizeBytes: number }>
  readonly sizeBytes: number
}
export interface InflightLimits {
  readonly inflightCountMax: number
  /** A message may go over it; none follows until there is room again. */
  readonly inflightSizeBytesMax: number
}
const noInflight: Inflight = { messages: Sequence.empty(), sizeBytes: 0 }

export function newProgress(matchIndex: Index, nextIndex: Index, isLearner: boolean): Progress {
  return {
    state: 'probe',
    matchIndex,
    nextIndex,
    sentCommitIndex: 0,
    pendingSnapshotIndex: 0,
    isRecentlyActive: false,
    isPaused: false,
    inflight: noInflight,
    isLearner,
  }
}

/** A copy to be changed. Written out, like that of the log, since every message makes one. */
const copyOf = (progress: Progress): { -readonly [Field in keyof Progress]: Progress[Field] } => ({
  state: progress.state,
  matchIndex: progress.matchIndex,
  nextIndex: progress.nextIndex,
  sentCommitIndex: progress.sentCommitIndex,
  pendingSnapshotIndex: progress.pendingSnapshotIndex,
  isRecentlyActive: progress.isRecentlyActive,
  isPaused: progress.isPaused,
  inflight: progress.inflight,
  isLearner: progress.isLearner,
})

export function isInflightFull(progress: Progress, limits: InflightLimits): boolean {
  const { messages, sizeBytes } = progress.inflight
  return messages.length >= limits.inflightCountMax || sizeBytes >= limits.inflightSizeBytesMax
}

/** Whether no append may be sent for now. */
export const isHeldBack = (progress: Progress): boolean => progress.state === 'snapshot' || progress.isPaused

/** Whether telling this commit index could let the follower commit more than what it was told already. */
export function canRaiseCommit(progress: Progress, commitIndex: Index): boolean {
  return commitIndex > progress.sentCommitIndex && progress.sentCommitIndex < progress.nextIndex - 1
}

const entered = (progress: Progress, state: ProgressState): Progress => ({
  ...progress,
  state,
  isPaused: false,
  pendingSnapshotIndex: 0,
  inflight: noInflight,
})

/** Nothing in flight counts any more; a snapshot that was under way is taken as received. */
export function becomeProbe(progress: Progress): Progress {
  const nextIndex = Math.max(progress.matchIndex, progress.pendingSnapshotIndex) + 1
  const sentCommitIndex = Math.min(progress.sentCommitIndex, nextIndex - 1)
  return { ...entered(progress, 'probe'), nextIndex, sentCommitIndex }
}

export function becomeReplicate(progress: Progress): Progress {
  return { ...entered(progress, 'replicate'), nextIndex: progress.matchIndex + 1 }
}

export function becomeSnapshot(progress: Progress, snapshotIndex: Index): Progress {
  return {
    ...entered(progress, 'snapshot'),
    pendingSnapshotIndex: snapshotIndex,
    nextIndex: snapshotIndex + 1,
    sentCommitIndex: snapshotIndex,
  }
}

/** An append with so many entries and bytes, and this commit index, was sent. */
export function sentAppend(
  progress: Progress,
  entryCount: number,
  sizeBytes: number,
  commitIndex: Index,
  limits: InflightLimits,
): Progress {
  const next = copyOf(progress)
  next.sentCommitIndex = commitIndex
  if (progress.state === 'probe') {
    next.isPaused ||= entryCount > 0
    return next
  }
  next.nextIndex += entryCount
  if (entryCount > 0)
    next.inflight = {
      messages: progress.inflight.messages.append({ lastIndex: next.nextIndex - 1, sizeBytes }),
      sizeBytes: progress.inflight.sizeBytes + sizeBytes,
    }
  // When the window is full this message was the last one; one empty append a heartbeat then finds out whether all were lost.
  next.isPaused = isInflightFull(next, limits)
  return next
}

/** The follower holds everything up to `index`. @returns null where that was known */
export function acknowledged(progress: Progress, index: Index): Progress | null {
  if (index <= progress.matchIndex) return null
  const next = copyOf(progress)
  next.matchIndex = index
  next.nextIndex = Math.max(progress.nextIndex, index + 1)
  next.isPaused = false
  return next
}

/** Room in the window for what was acknowledged. */
export function freeInflight(progress: Progress, index: Index): Progress {
  const { messages } = progress.inflight
  let { sizeBytes } = progress.inflight
  let freedCount = 0
  for (; freedCount < messages.length && messages.at(freedCount)!.lastIndex <= index; freedCount++)
    sizeBytes -= messages.at(freedCount)!.sizeBytes
  if (freedCount === 0) return progress
  const next = copyOf(progress)
  next.inflight = { messages: messages.drop(freedCount), sizeBytes }
  return next
}

/**
 * The follower refused the append that stood on `rejectedIndex` and may agree at `hintIndex`.
 * @returns null for a refusal that something later has overtaken
 */
export function rejected(progress: Progress, rejectedIndex: Index, hintIndex: Index): Progress | null {
  if (progress.state === 'replicate') {
    if (rejectedIndex <= progress.matchIndex) return null
    const nextIndex = progress.matchIndex + 1
    return { ...progress, nextIndex, sentCommitIndex: Math.min(progress.sentCommitIndex, nextIndex - 1) }
  }
  // A probe stands on nextIndex - 1; an answer to anything else is late.
  if (progress.nextIndex - 1 !== rejectedIndex) return null
  const nextIndex = Math.max(Math.min(rejectedIndex, hintIndex + 1), progress.matchIndex + 1)
  return {
    ...progress,
    nextIndex,
    sentCommitIndex: Math.min(progress.sentCommitIndex, nextIndex - 1),
    isPaused: false,
  }
}
