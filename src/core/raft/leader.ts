/**
 * The leader: takes proposals, hears its followers, keeps its quorum, changes the configuration, hands over.
 * @module
 */
import { type Check, ok, refused } from '../bytes/bytes.ts'
import { type Membership, changed, isJoint, isVoter, quorumOf } from './configuration.ts'
import { applied, firstIndex, lastIndex, lastPossibleMatch } from './log.ts'
import type { AppendResponse, ConfigurationChange, HeartbeatResponse, Index, NodeId, Proposal } from './message.ts'
import { acknowledged, becomeProbe, becomeReplicate, freeInflight, rejected } from './progress.ts'
import { voteResult } from './quorum.ts'
import { readConfirmed, releaseWaitingReads } from './read-index.ts'
import { readRound } from './reads.ts'
import {
  advanceCommit,
  appendProposals,
  broadcastAppend,
  broadcastHeartbeat,
  send,
  sendAppend,
  tellCommit,
} from './replication.ts'
import { becomeFollower } from './role.ts'
import { type Draft, setProgress } from './state.ts'

export function tickLeader(raft: Draft): void {
  raft.heartbeatElapsedTicks++
  raft.electionElapsedTicks++
  if (raft.electionElapsedTicks >= raft.config.electionTicks) {
    raft.electionElapsedTicks = 0
    if (raft.config.checkQuorum && !keepsQuorum(raft)) return becomeFollower(raft, raft.term, null)
    // "If leadership transfer does not complete after about an election timeout, the prior leader aborts" (thesis §3.10)
    raft.transferee = null
  }
  if (raft.heartbeatElapsedTicks < raft.config.heartbeatTicks) return
  raft.heartbeatElapsedTicks = 0
  broadcastHeartbeat(raft, readRound(raft.reads))
}

/** Thesis §6.2: "a leader [...] steps down if an election timeout elapses without a successful round of heartbeats". */
function keepsQuorum(raft: Draft): boolean {
  const isActive = (id: NodeId) => raft.progress.get(id)!.isRecentlyActive
  const result = voteResult(quorumOf(raft.configuration), isActive)
  for (const [id, progress] of raft.progress)
    if (id !== raft.config.id) setProgress(raft, id, { ...progress, isRecentlyActive: false })
  return result === 'won'
}

export function propose(raft: Draft, proposals: readonly Proposal[]): Check {
  if (!raft.progress.has(raft.config.id))
    return refused('raftNotMember', 'This device was removed from the group and cannot change it any more.')
  if (raft.transferee !== null)
    return refused('raftTransferring', 'The lead is being handed to another device; try again in a moment.')
  const taken = proposals.map((proposal, position) => admitted(raft, proposal, position))
  if (!appendProposals(raft, taken))
    return refused('raftTooMuchPending', 'Too many changes wait to be saved; try again in a moment.')
  broadcastAppend(raft)
  return ok
}

/** A change that may not be appended now is replaced by nothing: what was proposed along with it keeps its place. */
function admitted(raft: Draft, proposal: Proposal, position: number): Proposal {
  if (proposal.kind === 'command') return proposal
  if (raft.config.checkConfigurationChanges && !mayChange(raft, proposal.change))
    return { kind: 'command', data: new Uint8Array(0) }
  raft.pendingConfigurationIndex = lastIndex(raft.log) + 1 + position
  return proposal
}

function mayChange(raft: Draft, change: ConfigurationChange): boolean {
  const mayOneBePending = raft.pendingConfigurationIndex > raft.log.appliedIndex
  const wantsToLeave = change.changes.length === 0
  return !mayOneBePending && isJoint(raft.configuration) === wantsToLeave
}

/** A follower, or this node itself, has stored entries or refused them. */
export function appendAnswered(raft: Draft, response: AppendResponse): Check {
  const { from, index, rejection } = response
  if (index > lastIndex(raft.log))
    return refused('raftMessageMalformed', 'A device answered entries that nobody sent to it.')
  const before = raft.progress.get(from)
  if (before === undefined) return ok
  const progress = before.isRecentlyActive ? before : { ...before, isRecentlyActive: true }
  if (progress !== before) setProgress(raft, from, progress)
  if (rejection === null) return appendAccepted(raft, from, index)

  const { hintIndex, hintTerm } = rejection
  // Below the hint too, no place can match where this log's term is greater than the follower's.
  const probeIndex = hintTerm > 0 ? lastPossibleMatch(raft.log, hintIndex, hintTerm).index : hintIndex
  const next = rejected(progress, index, probeIndex)
  if (next === null) return ok
  setProgress(raft, from, next.state === 'replicate' ? becomeProbe(next) : next)
  sendAppend(raft, from)
  return ok
}

function appendAccepted(raft: Draft, from: NodeId, index: Index): Check {
  const progress = raft.progress.get(from)!
  const isRecovered = progress.state === 'probe' && progress.matchIndex === index
  const next = acknowledged(progress, index) ?? (isRecovered ? progress : null)
  if (next === null) return ok
  if (next.state === 'replicate') setProgress(raft, from, freeInflight(next, index))
  // A probe found its place, or a snapshot arrived, whichever and by whichever way: if the log goes on from there, so does this.
  else setProgress(raft, from, next.matchIndex + 1 >= firstIndex(raft.log) ? becomeReplicate(next) : next)
  const isOther = from !== raft.config.id
  if (advanceCommit(raft)) {
    releaseWaitingReads(raft)
    broadcastAppend(raft)
  } else if (isOther) tellCommit(raft, from)
  // The window may have room for several messages now.
  if (isOther) while (sendAppend(raft, from, false));
  if (from === raft.transferee && next.matchIndex === lastIndex(raft.log)) sendTimeoutNow(raft, from)
  return ok
}

export function heartbeatAnswered(raft: Draft, response: HeartbeatResponse): Check {
  const { from } = response
  const progress = raft.progress.get(from)!
  setProgress(raft, from, { ...progress, isRecentlyActive: true, isPaused: false })
  // Also when all was sent: the answer to an empty append takes a full window, or a probe, out of its waiting.
  if (progress.matchIndex < lastIndex(raft.log) || progress.state === 'probe') sendAppend(raft, from)
  return readConfirmed(raft, response)
}

export function unreachable(raft: Draft, peer: NodeId): void {
  const progress = raft.progress.get(peer)
  // What is in flight is most likely lost.
  if (progress?.state === 'replicate') setProgress(raft, peer, becomeProbe(progress))
}

export function snapshotReported(raft: Draft, peer: NodeId, isReceived: boolean): void {
  const progress = raft.progress.get(peer)
  if (progress?.state !== 'snapshot') return
  const base = isReceived ? progress : { ...progress, pendingSnapshotIndex: 0 }
  // Wait for the follower's own word, or for a heartbeat before the next try.
  setProgress(raft, peer, { ...becomeProbe(base), isPaused: true })
}

/** Thesis §3.10: bring the successor's log up to date, then tell it to campaign at once. */
export function transferLeadership(raft: Draft, transferee: NodeId): Check {
  const progress = raft.progress.get(transferee)
  if (progress === undefined || progress.isLearner)
    return refused('raftNotVoter', 'The lead can only be handed to a voting device.')
  if (raft.transferee === transferee) return ok
  raft.transferee = null
  if (transferee === raft.config.id) return ok
  raft.electionElapsedTicks = 0
  raft.transferee = transferee
  if (progress.matchIndex === lastIndex(raft.log)) sendTimeoutNow(raft, transferee)
  else sendAppend(raft, transferee)
  return ok
}

function sendTimeoutNow(raft: Draft, to: NodeId): void {
  send(raft, { kind: 'timeoutNow', from: raft.config.id, to, term: raft.term })
}

/** The host has applied everything up to `index`. A joint configuration that is to be left by itself is left now. */
export function appliedTo(raft: Draft, index: Index, sizeBytes: number): void {
  raft.log = applied(raft.log, Math.max(index, raft.log.appliedIndex), sizeBytes)
  const isDue = raft.configuration.autoLeave && raft.log.appliedIndex >= raft.pendingConfigurationIndex
  if (!isDue || raft.role !== 'leader') return
  // Refused during a transfer; then it is tried again as more is applied, here or at the next leader.
  propose(raft, [{ kind: 'configuration', change: { transition: 'auto', changes: [], context: new Uint8Array(0) } }])
}

/** A committed change takes effect. One that makes no sense is refused by every node alike, and changes nothing. */
export function applyConfiguration(raft: Draft, change: ConfigurationChange): Check {
  const { configuration, progress } = raft
  const result = changed({ configuration, progress }, change, lastIndex(raft.log))
  if (!result.ok) return result
  switchTo(raft, result.value)
  return ok
}

export function switchTo(raft: Draft, { configuration, progress }: Membership): void {
  raft.configuration = configuration
  raft.progress = progress
  raft.isProgressOwn = false
  if (raft.role !== 'leader') return
  const { id } = raft.config
  const own = raft.progress.get(id)
  if (own === undefined || own.isLearner) {
    // Without `stepDownOnRemoval` it leads on, without a vote of its own (thesis §4.2.2), until somebody else is elected.
    if (raft.config.stepDownOnRemoval) becomeFollower(raft, raft.term, null)
    return
  }
  // A smaller quorum may hold more. New members are not left waiting for a heartbeat.
  if (advanceCommit(raft)) broadcastAppend(raft)
  else for (const to of raft.progress.keys()) if (to !== id) sendAppend(raft, to, false)
  if (raft.transferee !== null && !isVoter(configuration, raft.transferee)) raft.transferee = null
}
