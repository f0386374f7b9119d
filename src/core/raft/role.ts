/**
 * Roles change here and nowhere else.
 *
 *      follower -> preCandidate -> candidate -> leader
 *          ^____________|______________|__________|
 * @module
 */
import { lastIndex } from './log.ts'
import type { NodeId, Term } from './message.ts'
import { becomeReplicate, newProgress } from './progress.ts'
import { forgetReads } from './reads.ts'
import { appendProposals } from './replication.ts'
import { type Draft, setProgress } from './state.ts'

export function becomeFollower(raft: Draft, term: Term, leader: NodeId | null): void {
  reset(raft, term)
  raft.role = 'follower'
  raft.leader = leader
}

/** Changes neither term nor vote: nobody is disturbed by a candidacy that would fail. */
export function becomePreCandidate(raft: Draft): void {
  mustNotLead(raft)
  raft.votes = new Map()
  raft.role = 'preCandidate'
  raft.leader = null
}

/** "To begin an election, a follower increments its current term and transitions to candidate state" (paper §5.2). */
export function becomeCandidate(raft: Draft): void {
  mustNotLead(raft)
  reset(raft, raft.term + 1)
  raft.role = 'candidate'
  raft.votedFor = raft.config.id
}

export function becomeLeader(raft: Draft): void {
  const { id } = raft.config
  if (raft.role === 'follower') throw new Error('a follower cannot lead without having been a candidate')
  reset(raft, raft.term)
  raft.role = 'leader'
  raft.leader = id
  const own = raft.progress.get(id)
  if (own === undefined) throw new Error(`${id} was elected but is no member`)
  setProgress(raft, id, { ...becomeReplicate(own), isRecentlyActive: true })
  // Some entry up to here may change the configuration; rather than look, wait until all of them are applied.
  raft.pendingConfigurationIndex = lastIndex(raft.log)
  // "each leader commits a blank no-op entry into the log at the start of its term" (paper §8). Having no size it is never too much.
  appendProposals(raft, [{ kind: 'command', data: new Uint8Array(0) }])
}

function mustNotLead(raft: Draft): void {
  if (raft.role === 'leader') throw new Error('a leader cannot campaign')
}

function reset(raft: Draft, term: Term): void {
  if (raft.term !== term) {
    raft.term = term
    raft.votedFor = null
  }
  raft.leader = null
  raft.electionElapsedTicks = 0
  raft.heartbeatElapsedTicks = 0
  // "Raft uses randomized election timeouts to ensure that split votes are rare" (paper §5.2)
  raft.electionTimeoutTicks = raft.config.electionTicks + raft.electionJitterTicks
  raft.transferee = null
  raft.votes = new Map()
  const end = lastIndex(raft.log)
  for (const [id, { isLearner }] of raft.progress)
    setProgress(raft, id, newProgress(id === raft.config.id ? end : 0, end + 1, isLearner))
  raft.pendingConfigurationIndex = 0
  raft.uncommittedSizeBytes = 0
  raft.reads = forgetReads(raft.reads)
}
