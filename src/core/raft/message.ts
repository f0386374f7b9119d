/**
 * What travels between nodes and what lies in the log: entries, configurations, snapshots, messages.
 *
 * Names follow Raft's paper and Ongaro's thesis: AppendEntries is `append`, RequestVote is `vote`, InstallSnapshot is
 * `snapshot`. All are plain values, so that a codec elsewhere can carry them. The last part of this chapter says which values
 * no correct node ever sends; they are refused before they touch any state.
 * @module
 */
import { type Check, ok, refused } from '../bytes/bytes.ts'

/** Opaque, unique for ever; compared and sorted as text. A node that lost its storage comes back under a new one. */
export type NodeId = string
/** 0 before any election. */
export type Term = number
/** 1 is the first entry of a log; 0 stands before it. */
export type Index = number

export type Entry = CommandEntry | ConfigurationEntry
export interface CommandEntry {
  readonly kind: 'command'
  readonly term: Term
  readonly index: Index
  /** For the host alone. Empty: the entry every new leader begins with (thesis §6.4), to be applied as nothing. */
  readonly data: Uint8Array
}
export interface ConfigurationEntry {
  readonly kind: 'configuration'
  readonly term: Term
  readonly index: Index
  readonly change: ConfigurationChange
}

/** Who decides and who listens. Lists ascend. While `votersOutgoing` holds anybody the configuration is joint (thesis §4.3). */
export interface Configuration {
  readonly voters: readonly NodeId[]
  readonly votersOutgoing: readonly NodeId[]
  /** Receive the log, do not count. */
  readonly learners: readonly NodeId[]
  /** Voters of the outgoing half that become learners when it is left. */
  readonly learnersNext: readonly NodeId[]
  /** The leader leaves the joint configuration by itself once it is applied. */
  readonly autoLeave: boolean
}
export const emptyConfiguration: Configuration = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
}

export interface ConfigurationChange {
  /** auto: joint only if more than one change; implicit: joint, left by itself; explicit: joint, left by a change without changes. */
  readonly transition: 'auto' | 'implicit' | 'explicit'
  /** None, with `auto`: leave the joint configuration. */
  readonly changes: readonly MemberChange[]
  /** For the host alone. */
  readonly context: Uint8Array
}
export interface MemberChange {
  /** `updateNode` changes nothing here; it orders news about a member into the log. */
  readonly kind: 'addVoter' | 'addLearner' | 'removeNode' | 'updateNode'
  readonly id: NodeId
}

export interface Snapshot {
  /** The last entry that the snapshot stands for. */
  readonly index: Index
  readonly term: Term
  readonly configuration: Configuration
  /** For the host alone; may name a snapshot that is fetched by other means. */
  readonly data: Uint8Array
}

/** An entry that has no place in the log yet. */
export type Proposal =
  | { readonly kind: 'command'; readonly data: Uint8Array }
  | { readonly kind: 'configuration'; readonly change: ConfigurationChange }

interface Envelope {
  /** The host makes sure that it is the node at the other end of the connection. */
  readonly from: NodeId
  readonly to: NodeId
}
interface TermEnvelope extends Envelope {
  readonly term: Term
}
export interface Append extends TermEnvelope {
  readonly kind: 'append'
  /** The entry just before `entries`; the receiver must hold it. */
  readonly previousIndex: Index
  readonly previousTerm: Term
  readonly entries: readonly Entry[]
  readonly commitIndex: Index
}
export interface AppendResponse extends TermEnvelope {
  readonly kind: 'appendResponse'
  /** Accepted: the last index known to match the leader's log. Rejected: the `previousIndex` that did not match. */
  readonly index: Index
  /** Where the logs may still agree: the greatest such index, and its term (0 where unknown). */
  readonly rejection: { readonly hintIndex: Index; readonly hintTerm: Term } | null
}
export interface Vote extends TermEnvelope {
  /** `preVote` asks "would you vote for me in this term?" and changes nobody's term (thesis §9.6). */
  readonly kind: 'vote' | 'preVote'
  readonly lastIndex: Index
  readonly lastTerm: Term
  /** The leader itself asked for this election, so its lease is no ground to refuse. */
  readonly isTransfer: boolean
}
export interface VoteResponse extends TermEnvelope {
  readonly kind: 'voteResponse' | 'preVoteResponse'
  readonly isGranted: boolean
}
export interface Heartbeat extends TermEnvelope {
  readonly kind: 'heartbeat'
  /** Never beyond what the receiver is known to hold. */
  readonly commitIndex: Index
  /** How many reads the leader had taken in when it sent this; 0 where none waits. */
  readonly readRound: number
}
export interface HeartbeatResponse extends TermEnvelope {
  readonly kind: 'heartbeatResponse'
  readonly readRound: number
}
export interface InstallSnapshot extends TermEnvelope {
  readonly kind: 'snapshot'
  readonly snapshot: Snapshot
}
/** A follower passes proposals on. Carries no term: whoever leads may take it. */
export interface Propose extends Envelope {
  readonly kind: 'propose'
  readonly proposals: readonly Proposal[]
}
export interface TransferLeadership extends TermEnvelope {
  readonly kind: 'transferLeadership'
  readonly transferee: NodeId
}
/** "Campaign at once": the last act of a leader that hands over. */
export interface TimeoutNow extends TermEnvelope {
  readonly kind: 'timeoutNow'
}
/** A follower asks how far it must have applied to read. (incarnation, request) never repeats. */
export interface ReadIndex extends Envelope {
  readonly kind: 'readIndex'
  readonly incarnation: number
  readonly request: number
}
export interface ReadIndexResponse extends TermEnvelope {
  readonly kind: 'readIndexResponse'
  readonly incarnation: number
  readonly request: number
  readonly index: Index
}
export type Message =
  | Append
  | AppendResponse
  | Vote
  | VoteResponse
  | Heartbeat
  | HeartbeatResponse
  | InstallSnapshot
  | Propose
  | TransferLeadership
  | TimeoutNow
  | ReadIndex
  | ReadIndexResponse

/** No cluster gets there in earnest; above it arithmetic would no longer be exact. */
const numberMax = 2 ** 52
const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= numberMax

const malformed = (what: string): Check =>
  refused('raftMessageMalformed', `A device sent a consensus message that no device may send: ${what}.`)

/** What can be said of a message without knowing any state. */
export function checkMessage(message: Message): Check {
  if ('term' in message && !(isCount(message.term) && message.term > 0)) return malformed('term out of range')
  switch (message.kind) {
    case 'append':
      return checkAppend(message)
    case 'appendResponse': {
      const { index, rejection } = message
      const numbers = rejection === null ? [index] : [index, rejection.hintIndex, rejection.hintTerm]
      return numbers.every(isCount) ? ok : malformed('index out of range')
    }
    case 'vote':
    case 'preVote':
      if (!isCount(message.lastIndex) || !isCount(message.lastTerm)) return malformed('index out of range')
      // Equal where a group begins with a snapshot of term 1, and holds its first election in that term.
      return message.lastTerm <= message.term ? ok : malformed('a log from a term to come')
    case 'heartbeat':
      return isCount(message.commitIndex) && isCount(message.readRound) ? ok : malformed('index out of range')
    case 'heartbeatResponse':
      return isCount(message.readRound) ? ok : malformed('read round out of range')
    case 'snapshot':
      return checkSnapshot(message.snapshot, message.term)
    case 'propose':
      return message.proposals.length > 0 ? ok : malformed('nothing proposed')
    case 'readIndex':
      return isCount(message.incarnation) && isCount(message.request) ? ok : malformed('request out of range')
    case 'readIndexResponse':
      return [message.incarnation, message.request, message.index].every(isCount) ? ok : malformed('index out of range')
    case 'voteResponse':
    case 'preVoteResponse':
    case 'transferLeadership':
    case 'timeoutNow':
      return ok
    default:
      return malformed('unknown kind')
  }
}

function checkAppend(append: Append): Check {
  const { term, previousIndex, previousTerm, entries, commitIndex } = append
  if (!isCount(previousIndex) || !isCount(previousTerm) || !isCount(commitIndex)) return malformed('index out of range')
  let last = { index: previousIndex, term: previousTerm }
  for (const entry of entries) {
    if (entry.index !== last.index + 1) return malformed('entries that do not follow each other')
    if (!isCount(entry.term) || entry.term < last.term) return malformed('entries whose terms go back')
    last = entry
  }
  return last.term <= term ? ok : malformed('entries from a term to come')
}

function checkSnapshot(snapshot: Snapshot, term: Term): Check {
  const { index, term: snapshotTerm, configuration } = snapshot
  if (!isCount(index) || index === 0 || !isCount(snapshotTerm)) return malformed('snapshot of nothing')
  if (snapshotTerm > term) return malformed('snapshot from a term to come')
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = configuration
  for (const list of [voters, votersOutgoing, learners, learnersNext])
    if (list.slice(1).some((id, position) => id <= list[position]!)) return malformed('unsorted members')
  if (voters.length === 0) return malformed('snapshot without voters')
  if (learners.some((id) => voters.includes(id) || votersOutgoing.includes(id)))
    return malformed('a learner that is a voter')
  if (learnersNext.some((id) => !votersOutgoing.includes(id))) return malformed('a future learner that never voted')
  if (autoLeave && votersOutgoing.length === 0) return malformed('nothing to leave')
  return ok
}
