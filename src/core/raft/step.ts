/**
 * One event, one step: the rule of terms, then whatever the role does.
 * @module
 */
import { type Check, assertNever, ok, refused } from '../bytes/bytes.ts'
import { campaign, countVote, isLeaderTrusted, vote } from './election.ts'
import { followLeader, passOnProposals, passOnTransfer, tickFollower } from './follower.ts'
import {
  appendAnswered,
  appliedTo,
  applyConfiguration,
  heartbeatAnswered,
  propose,
  snapshotReported,
  tickLeader,
  transferLeadership,
  unreachable,
} from './leader.ts'
import { sizeOf, snapshotInstalled, stored } from './log.ts'
import { type Message, type NodeId, type Proposal, checkMessage } from './message.ts'
import { askToRead, readAnswered, readAsked } from './read-index.ts'
import { payloadSizeBytes, send } from './replication.ts'
import { becomeFollower } from './role.ts'
import type { Draft, RaftEvent, StorageAppended, StorageResponse } from './state.ts'

/** @returns a refusal where the event has no effect; the draft is to be thrown away then */
export function stepDraft(raft: Draft, event: RaftEvent): Check {
  switch (event.kind) {
    case 'tick':
      raft.electionJitterTicks = event.electionJitterTicks
      if (raft.role === 'leader') tickLeader(raft)
      else tickFollower(raft)
      return ok
    case 'message':
      return receive(raft, event.message)
    case 'propose':
      return takeProposals(
        raft,
        event.commands.map((data) => ({ kind: 'command', data })),
      )
    case 'proposeConfiguration':
      return takeProposals(raft, [{ kind: 'configuration', change: event.change }])
    case 'applyConfiguration':
      return applyConfiguration(raft, event.change)
    case 'readIndex':
      return askToRead(raft, event.context)
    case 'campaign':
      campaign(raft)
      return ok
    case 'transferLeadership':
      return handOver(raft, event.transferee)
    case 'stepDown':
      if (raft.role === 'leader') becomeFollower(raft, raft.term, null)
      return ok
    case 'forgetLeader':
      if (raft.role === 'follower') raft.leader = null
      return ok
    case 'reportUnreachable':
      if (raft.role === 'leader') unreachable(raft, event.peer)
      return ok
    case 'reportSnapshot':
      if (raft.role === 'leader') snapshotReported(raft, event.peer, event.isReceived)
      return ok
    case 'storageAppended':
    case 'storageApplied':
      return storageAnswered(raft, event)
    default:
      return assertNever(event)
  }
}

function takeProposals(raft: Draft, proposals: readonly Proposal[]): Check {
  if (proposals.length === 0) throw new RangeError('"commands" expected at least one, got 0')
  return raft.role === 'leader' ? propose(raft, proposals) : passOnProposals(raft, proposals)
}

const handOver = (raft: Draft, transferee: NodeId): Check =>
  raft.role === 'leader' ? transferLeadership(raft, transferee) : passOnTransfer(raft, transferee)

/** Something arrived. What no correct node sends, and answers of strangers, are refused. */
function receive(raft: Draft, message: Message): Check {
  if (message.to !== raft.config.id) return refused('raftNotForUs', 'A message for another device arrived here.')
  const check = checkMessage(message)
  if (!check.ok) return check
  if (isResponse(message) && !raft.progress.has(message.from))
    return refused('raftPeerUnknown', 'A device that does not belong to this group answered.')
  return stepMessage(raft, message)
}

const isResponse = (message: Message): boolean => message.kind.endsWith('Response')

export function stepMessage(raft: Draft, message: Message): Check {
  // These two carry no term: whoever leads may answer.
  if (message.kind === 'readIndex') return readAsked(raft, message)
  if (message.kind === 'propose') {
    if (raft.config.forwardProposals) return takeProposals(raft, message.proposals)
    return refused('raftNotForwarded', 'A device sent a change to be proposed, which this group does not do.')
  }
  if (message.term > raft.term) {
    const isVoteRequest = message.kind === 'vote' || message.kind === 'preVote'
    if (isVoteRequest && !message.isTransfer && isLeaderTrusted(raft)) return ok
    // A pre-vote is about a term that may never be: neither the question nor a yes raises anybody's term.
    const isPreVote = message.kind === 'preVote' || (message.kind === 'preVoteResponse' && message.isGranted)
    if (!isPreVote) becomeFollower(raft, message.term, null)
  } else if (message.term < raft.term) return answerOlderTerm(raft, message)

  switch (message.kind) {
    case 'vote':
    case 'preVote':
      vote(raft, message)
      return ok
    case 'voteResponse':
      if (raft.role === 'candidate') countVote(raft, message)
      return ok
    case 'preVoteResponse':
      if (raft.role === 'preCandidate') countVote(raft, message)
      return ok
    case 'append':
    case 'heartbeat':
    case 'snapshot':
      return followLeader(raft, message)
    case 'appendResponse':
      return raft.role === 'leader' ? appendAnswered(raft, message) : ok
    case 'heartbeatResponse':
      return raft.role === 'leader' ? heartbeatAnswered(raft, message) : ok
    case 'transferLeadership':
      // In vain or not, the term that came with it stays.
      handOver(raft, message.transferee)
      return ok
    case 'timeoutNow':
      if (raft.role === 'follower') campaign(raft, true)
      return ok
    case 'readIndexResponse':
      readAnswered(raft, message)
      return ok
    default:
      return assertNever(message)
  }
}

/** "If a server receives a request with a stale term number, it rejects the request" (paper §5.1), mostly by silence. */
function answerOlderTerm(raft: Draft, message: Message): Check {
  const from = raft.config.id
  const { term } = raft
  if ((message.kind === 'append' || message.kind === 'heartbeat') && (raft.config.checkQuorum || raft.config.preVote)) {
    // This node raised its term while it was cut off. Its votes are ignored now, so only this answer can free it: it makes the
    // old leader step down, and the next election be held in a term that this node accepts.
    send(raft, { kind: 'appendResponse', from, to: message.from, term, index: 0, rejection: null })
  } else if (message.kind === 'preVote') {
    // Silence would deadlock a group where a long log has a lower term than a shorter one.
    send(raft, { kind: 'preVoteResponse', from, to: message.from, term, isGranted: false })
  }
  return ok
}

/** The host's storage is done with something. */
export function storageAnswered(raft: Draft, response: StorageResponse): Check {
  if (response.kind === 'storageAppended') {
    storageAppended(raft, response)
    return ok
  }
  const last = response.entries.at(-1)
  if (last !== undefined) {
    appliedTo(raft, last.index, sizeOf(raft.log, response.entries))
    const sizeBytes = response.entries.reduce((sum, entry) => sum + payloadSizeBytes(entry), 0)
    raft.uncommittedSizeBytes = Math.max(0, raft.uncommittedSizeBytes - sizeBytes)
  }
  return ok
}

function storageAppended(raft: Draft, response: StorageAppended): void {
  // Of an older term only the snapshot counts, which is committed whatever the term. The tail may have been overwritten twice
  // since, back to the very entries that were stored, while the second overwriting is still on its way to the disk.
  if (response.stored !== null && response.term === raft.term)
    raft.log = stored(raft.log, response.stored.index, response.stored.term)
  if (response.snapshot !== null) {
    raft.log = snapshotInstalled(raft.log, response.snapshot.index)
    appliedTo(raft, response.snapshot.index, 0)
  }
}
