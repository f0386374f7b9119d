/**
 * Raft: one log that many nodes agree on, as a pure state machine.
 *
 * Follows "In Search of an Understandable Consensus Algorithm" (the paper), Ongaro's thesis, and the message flow of etcd's
 * implementation, against whose recorded schedules it is checked. Knows nothing of what it replicates.
 *
 *      let raft = createRaft({ ...standardConfig, id }, reader, { appliedIndex, electionJitterTicks, incarnation })
 *      ;[raft, check] = step(raft, event)          // whatever happens: a tick, a message, a proposal; refused events change nothing
 *      while (hasReady(raft)) {
 *        ;[raft, ready] = takeReady(raft)          // what to store, then send, then apply: `ready.ts` has the order
 *        ...
 *        raft = advance(raft)
 *      }
 *
 * **A value.** A step never changes the state that it got; it works on a draft of its own and returns that. What grows (the tail
 * of the log, queues of messages) is shared between old and new (`sequence.ts`), so a step copies some thirty fields, and the map
 * of members where it changes one, and costs a microsecond or two. In exchange a refused event needs no undoing, and a test or a
 * simulator may keep any state and go on from it.
 *
 * **Pure.** Time comes as ticks, chance as a draw with every tick, the durable log through a reader. One sole voter runs the same
 * way as five: a proposal is committed by the `advance` after the Ready that stored it.
 *
 * Chapters: message, quorum, progress, log, configuration, reads, state; then replication, read-index, role, election, leader,
 * follower, step; ready.
 * @module
 */
import { type Check, type Result, accepted, refused } from '../bytes/bytes.ts'
import { isVoter, membershipOf, voterIds } from './configuration.ts'
import { type LogReader, applied, committedTo, lastIndex, lastTerm, missing, openLog } from './log.ts'
import type { Append, Entry, Index, NodeId, Term } from './message.ts'
import { type Progress, isHeldBack, isInflightFull } from './progress.ts'
import { noReads } from './reads.ts'
import { becomeFollower } from './role.ts'
import { Sequence } from './sequence.ts'
import { type Raft, type RaftConfig, type RaftEvent, type Role, closeDraft, openDraft } from './state.ts'
import { stepDraft } from './step.ts'

export type { HardState, LogReader } from './log.ts'
export {
  type Append,
  type Configuration,
  type ConfigurationChange,
  type Entry,
  type Index,
  type InstallSnapshot,
  type MemberChange,
  type Message,
  type NodeId,
  type Snapshot,
  type Term,
  emptyConfiguration,
} from './message.ts'
export { type Ready, type StorageAppend, type StorageApply, advance, hasReady, takeReady } from './ready.ts'
export { quorumSize } from './quorum.ts'
export { isOvertaken, isPromise } from './replication.ts'
export type { Raft, RaftConfig, RaftEvent, ReadState, Role, StorageResponse } from './state.ts'

/** What fits devices of one person. Sizes are of what crosses a data channel, or is held in memory, at a time. */
export const standardConfig: Omit<RaftConfig, 'id'> = {
  electionTicks: 10,
  heartbeatTicks: 1,
  preVote: true,
  checkQuorum: true,
  stepDownOnRemoval: true,
  forwardProposals: false,
  asyncStorageWrites: false,
  checkConfigurationChanges: true,
  inflightCountMax: 64,
  inflightSizeBytesMax: 4 * 2 ** 20,
  messageSizeBytesMax: 64 * 2 ** 10,
  applyingSizeBytesMax: 4 * 2 ** 20,
  uncommittedSizeBytesMax: 16 * 2 ** 20,
  entrySizeBytes: (entry) => 32 + (entry.kind === 'command' ? entry.data.length : 64 * entry.change.changes.length),
}

/** What a starting node brings along beside its durable log. */
export interface Restored {
  /** The state machine holds everything up to here. */
  readonly appliedIndex: Index
  /** 0..electionTicks - 1, drawn evenly. */
  readonly electionJitterTicks: number
  /** A whole number that no earlier start of this node used: drawn from 2^48, or counted on disk. */
  readonly incarnation: number
}

/**
 * A node at its start, or at its start anew: a follower with the term, vote and log that the reader holds.
 *
 * The reader's configuration is the one in force at `appliedIndex`. How a group begins is no entry, so every member must be told
 * it alike: the configuration before index 1 is the founders' on all nodes, on those that join later too. (Or the founders' logs
 * begin as a snapshot at some index, and who joins later begins blank, with `emptyConfiguration`, and gets that snapshot
 * first.) A node that is told nothing, and then gets entries from index 1, can not apply the first change of the configuration.
 */
export function createRaft(config: RaftConfig, reader: LogReader, restored: Restored): Raft {
  checkConfig(config)
  const { hardState, configuration } = reader.initialState()
  const { electionTicks, entrySizeBytes, applyingSizeBytesMax, id } = config
  let log = openLog(reader, entrySizeBytes, applyingSizeBytesMax)
  // An empty hard state, as of a node that starts from a snapshot alone, says less than the log.
  log = committedTo(log, hardState.commitIndex)
  if (restored.appliedIndex > 0) log = applied(log, restored.appliedIndex, 0)
  const { progress } = membershipOf(configuration, lastIndex(log))
  const draft = openDraft({
    config,
    incarnation: restored.incarnation,
    term: hardState.term,
    votedFor: hardState.votedFor,
    log,
    role: 'follower',
    leader: null,
    configuration,
    progress,
    votes: new Map(),
    electionElapsedTicks: 0,
    heartbeatElapsedTicks: 0,
    electionTimeoutTicks: electionTicks,
    electionJitterTicks: checkedJitter(restored.electionJitterTicks, electionTicks),
    transferee: null,
    pendingConfigurationIndex: 0,
    uncommittedSizeBytes: 0,
    reads: noReads,
    readStates: Sequence.empty(),
    messages: Sequence.empty(),
    messagesAfterAppend: Sequence.empty(),
    readySoftState: { leader: null, role: 'follower' },
    readyHardState: { ...hardState, commitIndex: log.commitIndex },
    stepsOnAdvance: null,
  })
  if (id === '') throw new RangeError('"id" expected a node id, got an empty text')
  becomeFollower(draft, draft.term, null)
  return closeDraft(draft)
}

function checkConfig(config: RaftConfig): void {
  const { electionTicks, heartbeatTicks, inflightCountMax } = config
  if (heartbeatTicks < 1) throw new RangeError(`"heartbeatTicks" expected at least 1, got ${heartbeatTicks}`)
  if (electionTicks <= heartbeatTicks)
    throw new RangeError(`"electionTicks" expected more than ${heartbeatTicks} (heartbeatTicks), got ${electionTicks}`)
  if (inflightCountMax < 1) throw new RangeError(`"inflightCountMax" expected at least 1, got ${inflightCountMax}`)
}

function checkedJitter(jitterTicks: number, electionTicks: number): number {
  if (Number.isInteger(jitterTicks) && jitterTicks >= 0 && jitterTicks < electionTicks) return jitterTicks
  throw new RangeError(`"electionJitterTicks" expected 0..${electionTicks - 1}, got ${jitterTicks}`)
}

/**
 * Lets one event happen.
 * @returns the state after it. Where the check is a refusal the event had no effect, and the state is the one that was given
 */
export function step(raft: Raft, event: RaftEvent): readonly [Raft, Check] {
  if (event.kind === 'tick') checkedJitter(event.electionJitterTicks, raft.config.electionTicks)
  const draft = openDraft(raft)
  const check = stepDraft(draft, event)
  return [check.ok ? closeDraft(draft) : raft, check]
}

/**
 * The entries of an append that would come into this node's log: what a host has to check before it steps the message. None
 * where the message is for another node, of an older term, or about what is committed here.
 */
export function newEntries(raft: Raft, append: Append): readonly Entry[] {
  const isMoot = append.to !== raft.config.id || append.term < raft.term || append.previousIndex < raft.log.commitIndex
  return isMoot ? [] : missing(raft.log, append.entries)
}

/** Where a command went, so that the host knows its own again when it is applied. */
export interface Place {
  readonly term: Term
  readonly index: Index
}

/**
 * Proposes one command on the leader.
 * @returns the place it took. If another entry is applied at this index, with another term, the command was lost
 */
export function propose(raft: Raft, command: Uint8Array): readonly [Raft, Result<Place>] {
  if (raft.role !== 'leader')
    return [raft, refused('raftNotLeader', 'Another device leads this group; the change has to be sent there.')]
  const [next, check] = step(raft, { kind: 'propose', commands: [command] })
  return [next, check.ok ? accepted({ term: next.term, index: lastIndex(next.log) }) : check]
}

/** What can be shown of a node. */
export interface Status {
  readonly id: NodeId
  readonly role: Role
  readonly leader: NodeId | null
  readonly term: Term
  readonly votedFor: NodeId | null
  readonly lastIndex: Index
  readonly lastTerm: Term
  readonly commitIndex: Index
  readonly appliedIndex: Index
  readonly isVoter: boolean
  readonly voters: readonly NodeId[]
  readonly transferee: NodeId | null
  /** Leader only, in the order of ids; else empty. */
  readonly members: readonly (Omit<Progress, 'inflight' | 'isPaused' | 'sentCommitIndex'> & {
    readonly id: NodeId
    readonly isHeldBack: boolean
    readonly inflightCount: number
    readonly isInflightFull: boolean
  })[]
}

export function status(raft: Raft): Status {
  const { config, configuration, log } = raft
  const members = [...raft.progress].map(([id, progress]) => {
    const { inflight, isPaused: _paused, sentCommitIndex: _sent, ...known } = progress
    const isFull = isInflightFull(progress, config)
    return {
      id,
      ...known,
      isHeldBack: isHeldBack(progress),
      inflightCount: inflight.messages.length,
      isInflightFull: isFull,
    }
  })
  return {
    id: config.id,
    role: raft.role,
    leader: raft.leader,
    term: raft.term,
    votedFor: raft.votedFor,
    lastIndex: lastIndex(log),
    lastTerm: lastTerm(log),
    commitIndex: log.commitIndex,
    appliedIndex: log.appliedIndex,
    isVoter: isVoter(configuration, config.id),
    voters: voterIds(configuration),
    transferee: raft.transferee,
    members: raft.role === 'leader' ? members : [],
  }
}
