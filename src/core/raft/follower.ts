/**
 * Followers and candidates: they take the log from the leader of their term. A candidate becomes a follower first.
 * @module
 */
import { type Check, ok, refused } from '../bytes/bytes.ts'
import { membershipOf } from './configuration.ts'
import { campaign } from './election.ts'
import { switchTo } from './leader.ts'
import { appended, committedTo, holds, lastIndex, lastPossibleMatch, missing, replacedBySnapshot } from './log.ts'
import type { Append, Heartbeat, InstallSnapshot, NodeId, Proposal } from './message.ts'
import { acknowledge, isPromotable, send } from './replication.ts'
import { becomeFollower } from './role.ts'
import type { Draft } from './state.ts'

/** Time passes without a leader's word. */
export function tickFollower(raft: Draft): void {
  raft.electionElapsedTicks++
  // A learner counts on, so that it soon ceases to shield a leader that is gone from the votes of others.
  if (raft.electionElapsedTicks < raft.electionTimeoutTicks || !isPromotable(raft)) return
  raft.electionElapsedTicks = 0
  campaign(raft)
}

/** A message that only the leader of this term sends. */
export function followLeader(raft: Draft, message: Append | Heartbeat | InstallSnapshot): Check {
  if (raft.role === 'leader') return refused('raftTwoLeaders', 'Another device claims to lead in the same term.')
  if (raft.role === 'follower') {
    raft.electionElapsedTicks = 0
    raft.leader = message.from
  } else becomeFollower(raft, message.term, message.from)
  switch (message.kind) {
    case 'append':
      return takeEntries(raft, message)
    case 'heartbeat':
      return takeHeartbeat(raft, message)
    case 'snapshot':
      takeSnapshot(raft, message)
      return ok
  }
}

/** AppendEntries (paper, figure 2, "Receiver implementation"). */
function takeEntries(raft: Draft, append: Append): Check {
  const { from: leader, previousIndex, previousTerm, entries } = append
  const { log } = raft
  if (previousIndex < log.commitIndex) {
    acknowledge(raft, leader, log.commitIndex)
    return ok
  }
  // 2. "Reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm"
  if (!holds(log, previousIndex, previousTerm)) {
    const hint = lastPossibleMatch(log, Math.min(previousIndex, lastIndex(log)), previousTerm)
    const rejection = { hintIndex: hint.index, hintTerm: hint.term }
    const from = raft.config.id
    send(raft, { kind: 'appendResponse', from, to: leader, term: raft.term, index: previousIndex, rejection })
    return ok
  }
  // 3, 4. Only from the first conflict on: a late message must not cut off what a later one brought.
  raft.log = appended(log, missing(log, entries))
  // 5. "set commitIndex = min(leaderCommit, index of last new entry)"
  const lastNewIndex = previousIndex + entries.length
  raft.log = committedTo(raft.log, Math.min(append.commitIndex, lastNewIndex))
  acknowledge(raft, leader, lastNewIndex)
  return ok
}

function takeHeartbeat(raft: Draft, { from: leader, commitIndex, readRound }: Heartbeat): Check {
  // A leader tells no more than what this node acknowledged. If this node does not hold that, its storage went back in time.
  if (commitIndex > lastIndex(raft.log))
    return refused(
      'raftLogLost',
      'This device has lost entries that it had confirmed as saved; it must join again as a new device.',
    )
  raft.log = committedTo(raft.log, commitIndex)
  send(raft, { kind: 'heartbeatResponse', from: raft.config.id, to: leader, term: raft.term, readRound })
  return ok
}

/**
 * The snapshot need not hold this node: one that was taken before a newcomer belonged leads it to the entry by which it does.
 * Whatever becomes of it, what it stands for is committed here then.
 */
function takeSnapshot(raft: Draft, { from: leader, snapshot }: InstallSnapshot): void {
  if (snapshot.index > raft.log.commitIndex) {
    // "If instead the follower receives a snapshot that describes a prefix of its log [...] entries following the snapshot are
    // still valid and must be retained" (paper §7). All that it says is that the prefix is committed.
    if (holds(raft.log, snapshot.index, snapshot.term)) raft.log = committedTo(raft.log, snapshot.index)
    else {
      raft.log = replacedBySnapshot(raft.log, snapshot)
      switchTo(raft, membershipOf(snapshot.configuration, lastIndex(raft.log)))
    }
  }
  acknowledge(raft, leader, raft.log.commitIndex)
}

/** Proposals go to the leader, where this node is set to pass them on. */
export function passOnProposals(raft: Draft, proposals: readonly Proposal[]): Check {
  if (raft.role !== 'follower' || raft.leader === null)
    return refused('raftNoLeader', 'No device leads this group just now; try again in a moment.')
  if (!raft.config.forwardProposals)
    return refused('raftNotLeader', 'Another device leads this group; the change has to be sent there.')
  send(raft, { kind: 'propose', from: raft.config.id, to: raft.leader, proposals })
  return ok
}

export function passOnTransfer(raft: Draft, transferee: NodeId): Check {
  if (raft.role !== 'follower' || raft.leader === null)
    return refused('raftNoLeader', 'No device leads this group just now; try again in a moment.')
  send(raft, { kind: 'transferLeadership', from: raft.config.id, to: raft.leader, term: raft.term, transferee })
  return ok
}
