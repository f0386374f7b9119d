/**
 * Replication: the leader appends, sends, counts and commits. And `send`, by which every message of any role leaves.
 * @module
 */
import { isVoter, quorumOf } from './configuration.ts'
import { appended, committedTo, entriesBetween, firstIndex, lastIndex, termAt } from './log.ts'
import type { Entry, Index, Message, NodeId, Proposal, Term } from './message.ts'
import { type Progress, becomeSnapshot, canRaiseCommit, isHeldBack, isInflightFull, sentAppend } from './progress.ts'
import { committedIndex } from './quorum.ts'
import { type Draft, type Raft, setProgress } from './state.ts'

/**
 * Queues a message. What answers a vote or an append is a promise that must survive a crash, the node's own vote and
 * acknowledgement included: "each server persists its current term and vote [...] Each server also persists new log entries
 * before they are counted towards the entries' commitment" (thesis §3.8). Refusals wait with them; they are rare.
 */
export function send(raft: Draft, message: Message): void {
  if (isPromise(message)) raft.messagesAfterAppend = raft.messagesAfterAppend.append(message)
  else raft.messages = raft.messages.append(message)
}

/** Whether a message says of what it answers that it will not be forgotten. */
export const isPromise = ({ kind }: Message): boolean =>
  kind === 'appendResponse' || kind === 'voteResponse' || kind === 'preVoteResponse'

/**
 * Whether a message that waits to be sent has become needless, since what is sent after it by the same node says as much: an append
 * without entries tells how far is committed, and so does any later append.
 */
export const isOvertaken = (waiting: Message, later: Message): boolean =>
  waiting.kind === 'append' &&
  later.kind === 'append' &&
  waiting.to === later.to &&
  waiting.entries.length === 0 &&
  waiting.term <= later.term &&
  waiting.commitIndex <= later.commitIndex

/**
 * Puts proposals at the end of the log. The leader's own acknowledgement follows once they are durable.
 * @returns false where too much is waiting to be committed already; then nothing changed
 */
export function appendProposals(raft: Draft, proposals: readonly Proposal[]): boolean {
  const sizeBytes = proposals.reduce((sum, proposal) => sum + payloadSizeBytes(proposal), 0)
  const { uncommittedSizeBytes } = raft
  // Any size goes while nothing waits, and what has no size always goes: a leader's first entry, the end of a joint configuration.
  if (
    uncommittedSizeBytes > 0 &&
    sizeBytes > 0 &&
    uncommittedSizeBytes + sizeBytes > raft.config.uncommittedSizeBytesMax
  )
    return false
  raft.uncommittedSizeBytes += sizeBytes
  const { term } = raft
  const start = lastIndex(raft.log) + 1
  const entries = proposals.map((proposal, position) => entryOf(proposal, term, start + position))
  raft.log = appended(raft.log, entries)
  acknowledge(raft, raft.config.id, lastIndex(raft.log))
  return true
}

const entryOf = (proposal: Proposal, term: Term, index: Index): Entry =>
  proposal.kind === 'command'
    ? { kind: 'command', term, index, data: proposal.data }
    : { kind: 'configuration', term, index, change: proposal.change }

/** "My log matches yours up to here." A leader says it to itself. */
export function acknowledge(raft: Draft, to: NodeId, index: Index): void {
  send(raft, { kind: 'appendResponse', from: raft.config.id, to, term: raft.term, index, rejection: null })
}

export const payloadSizeBytes = (entry: Proposal): number => (entry.kind === 'command' ? entry.data.length : 0)

/** Everybody gets what is new for him, or at least the commit index. */
export function broadcastAppend(raft: Draft): void {
  for (const id of raft.progress.keys()) if (id !== raft.config.id) sendAppend(raft, id)
}

/**
 * Sends one follower the next entries, as many as fit a message.
 * @param evenIfEmpty also a message without entries, which tells the commit index
 * @returns whether an append was queued, and so another one may be
 */
export function sendAppend(raft: Draft, to: NodeId, evenIfEmpty = true): boolean {
  const { log, config } = raft
  const progress = raft.progress.get(to)!
  if (isHeldBack(progress)) return false
  const previousIndex = progress.nextIndex - 1
  const previousTerm = termAt(log, previousIndex)
  // A full window still lets an empty message through: its answer frees the window if all that filled it was lost.
  const entries = isInflightFull(progress, config)
    ? []
    : entriesBetween(log, progress.nextIndex, lastIndex(log) + 1, config.messageSizeBytesMax)
  if (previousTerm === null || entries === null) {
    sendSnapshot(raft, to, progress)
    return false
  }
  if (entries.length === 0 && !evenIfEmpty) return false
  const { commitIndex } = log
  const { term } = raft
  send(raft, { kind: 'append', from: config.id, to, term, previousIndex, previousTerm, entries, commitIndex })
  const sizeBytes = entries.reduce((sum, entry) => sum + payloadSizeBytes(entry), 0)
  setProgress(raft, to, sentAppend(progress, entries.length, sizeBytes, commitIndex, config))
  return true
}

/** What the follower needs is compacted. */
function sendSnapshot(raft: Draft, to: NodeId, progress: Progress): void {
  if (!progress.isRecentlyActive) return
  const snapshot = raft.log.snapshot ?? raft.log.reader.snapshot()
  if (snapshot === null) return
  if (snapshot.index < firstIndex(raft.log) - 1)
    throw new Error(`the log is compacted to ${firstIndex(raft.log)}, the snapshot ends at ${snapshot.index}`)
  setProgress(raft, to, becomeSnapshot(progress, snapshot.index))
  send(raft, { kind: 'snapshot', from: raft.config.id, to, term: raft.term, snapshot })
}

/** "I still lead", with the commit index, so that who missed the last append learns of it. */
export function broadcastHeartbeat(raft: Draft, readRound: number): void {
  for (const [to, progress] of raft.progress) {
    if (to === raft.config.id) continue
    // A follower commits what it is told; it must hold those very entries.
    const commitIndex = Math.min(progress.matchIndex, raft.log.commitIndex)
    send(raft, { kind: 'heartbeat', from: raft.config.id, to, term: raft.term, commitIndex, readRound })
    setProgress(raft, to, { ...progress, sentCommitIndex: commitIndex })
  }
}

/**
 * Commits what a quorum holds. "Only log entries from the leader's current term are committed by counting replicas" (paper
 * §5.4.2); earlier ones with them.
 * @returns whether the commit index rose
 */
export function advanceCommit(raft: Draft): boolean {
  const index = committedIndex(quorumOf(raft.configuration), (id) => raft.progress.get(id)!.matchIndex)
  if (index <= raft.log.commitIndex || termAt(raft.log, index) !== raft.term) return false
  raft.log = committedTo(raft.log, index)
  return true
}

/** This node may be missing the newest commit index. */
export function tellCommit(raft: Draft, to: NodeId): void {
  if (canRaiseCommit(raft.progress.get(to)!, raft.log.commitIndex)) sendAppend(raft, to)
}

/** Whether the leader knows which entries are committed: it does once one of its own term is (thesis §6.4). */
export const hasCommittedInTerm = (raft: Raft): boolean => termAt(raft.log, raft.log.commitIndex) === raft.term

/** Whether this node may lead: a voter with its snapshot installed. */
export const isPromotable = (raft: Raft): boolean =>
  isVoter(raft.configuration, raft.config.id) && raft.log.snapshot === null
