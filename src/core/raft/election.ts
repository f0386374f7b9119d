/**
 * Elections: standing for one, voting in one, counting one.
 * @module
 */
import { quorumOf, voterIds } from './configuration.ts'
import { hasUnappliedConfigurationChange, isUpToDate, lastIndex, lastTerm } from './log.ts'
import type { Vote, VoteResponse } from './message.ts'
import { voteResult } from './quorum.ts'
import { broadcastAppend, isPromotable, send } from './replication.ts'
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from './role.ts'
import type { Draft, Raft } from './state.ts'

/**
 * Stands for election, unless this node leads, may not lead, or has yet to apply a configuration that is committed.
 * @param isTransfer the leader itself asked for it, so nobody is asked in advance
 */
export function campaign(raft: Draft, isTransfer = false): void {
  if (raft.role === 'leader' || !isPromotable(raft) || hasUnappliedConfigurationChange(raft.log)) return
  requestVotes(raft, raft.config.preVote && !isTransfer ? 'preVote' : 'vote', isTransfer)
}

function requestVotes(raft: Draft, kind: Vote['kind'], isTransfer: boolean): void {
  const isPreVote = kind === 'preVote'
  if (isPreVote) becomePreCandidate(raft)
  else becomeCandidate(raft)
  const from = raft.config.id
  const term = isPreVote ? raft.term + 1 : raft.term
  const end = { lastIndex: lastIndex(raft.log), lastTerm: lastTerm(raft.log) }
  for (const to of voterIds(raft.configuration))
    // The own vote counts when it is durable, like any other.
    if (to === from) send(raft, { kind: `${kind}Response`, from, to, term, isGranted: true })
    else send(raft, { kind, from, to, term, ...end, isTransfer })
}

/**
 * "If a server receives a RequestVote request within the minimum election timeout of hearing from a current leader, it does not
 * update its term or grant its vote" (thesis §4.2.3).
 */
export function isLeaderTrusted(raft: Raft): boolean {
  return raft.config.checkQuorum && raft.leader !== null && raft.electionElapsedTicks < raft.config.electionTicks
}

/**
 * Answers a candidate. Whether it is a voter is not asked, nor whether this node is one: a learner whose promotion is
 * committed may not know of it yet, and without its vote there might be no leader to tell it. The candidate counts by its own
 * configuration.
 */
export function vote(raft: Draft, request: Vote): void {
  const { from: candidate, kind, term } = request
  const isPreVote = kind === 'preVote'
  const mayVote =
    raft.votedFor === candidate || (raft.votedFor === null && raft.leader === null) || (isPreVote && term > raft.term)
  const isGranted = mayVote && isUpToDate(raft.log, request.lastIndex, request.lastTerm)
  send(raft, {
    kind: `${kind}Response`,
    from: raft.config.id,
    to: candidate,
    // Granting, the term that was asked for, or a pre-candidate would take the answer for an old one.
    term: isGranted ? term : raft.term,
    isGranted,
  })
  if (isGranted && !isPreVote) {
    raft.electionElapsedTicks = 0
    raft.votedFor = candidate
  }
}

/** "A candidate wins an election if it receives votes from a majority of the servers" (paper §5.2), of both in a joint one. */
export function countVote(raft: Draft, response: VoteResponse): void {
  // The first answer stands: a candidate does not ask twice in a term.
  if (!raft.votes.has(response.from)) raft.votes = new Map(raft.votes).set(response.from, response.isGranted)
  const result = voteResult(quorumOf(raft.configuration), (id) => raft.votes.get(id))
  if (result === 'lost') return becomeFollower(raft, raft.term, null)
  if (result !== 'won') return
  if (raft.role === 'preCandidate') return requestVotes(raft, 'vote', false)
  becomeLeader(raft)
  broadcastAppend(raft)
}
