/**
 * The state of one node, the events that move it, and the draft that a step works on.
 * @module
 */
import type { Configuration, ConfigurationChange, Entry, Index, Message, NodeId, Snapshot, Term } from './message.ts'
import type { HardState, RaftLog } from './log.ts'
import type { InflightLimits, Progress } from './progress.ts'
import type { Reads } from './reads.ts'
import type { Sequence } from './sequence.ts'

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader'

export interface RaftConfig extends InflightLimits {
  readonly id: NodeId
  /** A follower that hears nothing campaigns after electionTicks up to 2 * electionTicks - 1. Ten heartbeats are usual. */
  readonly electionTicks: number
  readonly heartbeatTicks: number
  /** Ask around before raising the term, so that a node that was cut off or asleep deposes nobody (thesis §9.6). */
  readonly preVote: boolean
  /** A leader that does not hear from a quorum within an election timeout steps down; who hears a leader refuses votes. */
  readonly checkQuorum: boolean
  /** A leader that is no longer a voter steps down once that is applied. */
  readonly stepDownOnRemoval: boolean
  /** Followers pass proposals on, and the leader takes them from followers. */
  readonly forwardProposals: boolean
  /** Writes and applies are handed out as `Ready.storageAppend` and `.storageApply`; see `ready.ts`. */
  readonly asyncStorageWrites: boolean
  /** Refuse to append a change while another may be under way. Only tests turn it off. */
  readonly checkConfigurationChanges: boolean
  readonly messageSizeBytesMax: number
  /** Committed and handed out, not yet applied. */
  readonly applyingSizeBytesMax: number
  /** The leader's entries that are not applied yet; beyond it proposals are refused. One always goes. */
  readonly uncommittedSizeBytesMax: number
  /** How an entry counts against the first two of these limits. */
  readonly entrySizeBytes: (entry: Entry) => number
}

export interface SoftState {
  readonly leader: NodeId | null
  readonly role: Role
}

/** The index from which on a read is linearizable, once it is applied. */
export interface ReadState {
  readonly index: Index
  /** What the host gave with the request. */
  readonly context: Uint8Array
}

/** A node between two steps. Nothing in it is ever changed. */
export interface Raft {
  readonly config: RaftConfig
  /** Drawn anew at every start of the node. */
  readonly incarnation: number

  readonly term: Term
  readonly votedFor: NodeId | null
  readonly log: RaftLog

  readonly role: Role
  readonly leader: NodeId | null
  readonly configuration: Configuration
  /** In the order of ids; kept by every node, used by the leader. */
  readonly progress: ReadonlyMap<NodeId, Progress>
  /** Answers to this node's candidacy. */
  readonly votes: ReadonlyMap<NodeId, boolean>

  /** Of a leader: since it last checked its quorum. Of others: since they heard from a leader, or voted. */
  readonly electionElapsedTicks: number
  readonly heartbeatElapsedTicks: number
  readonly electionTimeoutTicks: number
  /** The newest draw of the host, 0..electionTicks - 1; the next timeout is made of it. */
  readonly electionJitterTicks: number

  /** Leader only: whom it hands over to; while it does, it takes no proposals. */
  readonly transferee: NodeId | null
  /** Leader only: no change of the configuration may be appended before this index is applied. */
  readonly pendingConfigurationIndex: Index
  readonly uncommittedSizeBytes: number

  readonly reads: Reads
  readonly readStates: Sequence<ReadState>
  /** May leave at once. */
  readonly messages: Sequence<Message>
  /** Votes and acknowledgements: may leave when everything they promise is durable. */
  readonly messagesAfterAppend: Sequence<Message>

  /** What the last Ready said, so that the next one says only what changed. */
  readonly readySoftState: SoftState
  readonly readyHardState: HardState
  /** Without asynchronous storage: what the node tells itself once the Ready that is out has been handled. */
  readonly stepsOnAdvance: readonly (Message | StorageResponse)[] | null
}

/** The state of one step while it runs. What is in it is replaced, never changed, but for a map that this step has made. */
export type Draft = { -readonly [Field in keyof Raft]: Raft[Field] } & {
  isProgressOwn: boolean
}

/** Most steps learn nothing of any member, so the map is copied when a step first changes it. */
export function setProgress(raft: Draft, id: NodeId, progress: Progress): void {
  if (!raft.isProgressOwn) {
    const own = new Map<NodeId, Progress>()
    raft.progress.forEach((known, each) => own.set(each, known))
    raft.progress = own
    raft.isProgressOwn = true
  }
  ;(raft.progress as Map<NodeId, Progress>).set(id, progress)
}

export function openDraft(raft: Raft): Draft {
  // Written out, since a step is little more than this copy, and a spread of so many fields takes several times as long.
  return {
    config: raft.config,
    incarnation: raft.incarnation,
    term: raft.term,
    votedFor: raft.votedFor,
    log: raft.log,
    role: raft.role,
    leader: raft.leader,
    configuration: raft.configuration,
    progress: raft.progress,
    isProgressOwn: false,
    votes: raft.votes,
    electionElapsedTicks: raft.electionElapsedTicks,
    heartbeatElapsedTicks: raft.heartbeatElapsedTicks,
    electionTimeoutTicks: raft.electionTimeoutTicks,
    electionJitterTicks: raft.electionJitterTicks,
    transferee: raft.transferee,
    pendingConfigurationIndex: raft.pendingConfigurationIndex,
    uncommittedSizeBytes: raft.uncommittedSizeBytes,
    reads: raft.reads,
    readStates: raft.readStates,
    messages: raft.messages,
    messagesAfterAppend: raft.messagesAfterAppend,
    readySoftState: raft.readySoftState,
    readyHardState: raft.readyHardState,
    stepsOnAdvance: raft.stepsOnAdvance,
  }
}

/** The step has ended: the next one must not change what this one leaves. */
export function closeDraft(draft: Draft): Raft {
  draft.isProgressOwn = false
  return draft
}

export type StorageResponse = StorageAppended | StorageApplied
/** The writes of a `StorageAppend`, and of all before it, are durable. */
export interface StorageAppended {
  readonly kind: 'storageAppended'
  /** The term in which the write was asked for: an answer that comes in a later one says nothing about the tail of now. */
  readonly term: Term
  readonly stored: { readonly index: Index; readonly term: Term } | null
  readonly snapshot: Snapshot | null
}
/** The entries of a `StorageApply` are applied. */
export interface StorageApplied {
  readonly kind: 'storageApplied'
  readonly entries: readonly Entry[]
}

export type RaftEvent =
  /** Time passes. @see Raft.electionJitterTicks for the draw */
  | { readonly kind: 'tick'; readonly electionJitterTicks: number }
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'propose'; readonly commands: readonly Uint8Array[] }
  | { readonly kind: 'proposeConfiguration'; readonly change: ConfigurationChange }
  /** The host applies a committed configuration entry; to be stepped in the entry's turn. */
  | { readonly kind: 'applyConfiguration'; readonly change: ConfigurationChange }
  /** Asks for a `ReadState` with this context. There may come none: ask again after a while. */
  | { readonly kind: 'readIndex'; readonly context: Uint8Array }
  | { readonly kind: 'campaign' }
  | { readonly kind: 'transferLeadership'; readonly transferee: NodeId }
  /** A leader gives up, as after a sleep that its followers may not have waited for. */
  | { readonly kind: 'stepDown' }
  /** A follower that has reason to think its leader gone may vote again at once. */
  | { readonly kind: 'forgetLeader' }
  | { readonly kind: 'reportUnreachable'; readonly peer: NodeId }
  /** How the sending of a snapshot ended. */
  | { readonly kind: 'reportSnapshot'; readonly peer: NodeId; readonly isReceived: boolean }
  | StorageResponse

export const hardStateOf = (raft: Raft): HardState => ({
  term: raft.term,
  votedFor: raft.votedFor,
  commitIndex: raft.log.commitIndex,
})

export const isSameHardState = (left: HardState, right: HardState): boolean =>
  left.term === right.term && left.votedFor === right.votedFor && left.commitIndex === right.commitIndex
