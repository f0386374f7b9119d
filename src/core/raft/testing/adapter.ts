/**
 * This Raft behind the interface of etcd's recorded schedules: numbers for ids, text for data, one shape for all messages.
 *
 * For tests only. The types below are those of the schedules' runner (`adapter.d.ts`), as far as they are used.
 * @module
 */
import type { HardState, LogReader } from '../log.ts'
import type { Configuration, ConfigurationChange, Entry, MemberChange, Message, NodeId, Snapshot } from '../message.ts'
import type { Proposal } from '../message.ts'
import {
  type Raft,
  type RaftConfig,
  type RaftEvent,
  type Ready,
  type StorageAppend,
  type StorageApply,
  type StorageResponse,
  advance,
  createRaft,
  hasReady,
  standardConfig,
  status,
  step,
  takeReady,
} from '../raft.ts'

interface WireConfState {
  voters: number[]
  votersOutgoing: number[]
  learners: number[]
  learnersNext: number[]
  autoLeave: boolean
}
interface WireConfChange {
  v1: boolean
  transition: 'auto' | 'implicit' | 'explicit'
  changes: { op: 'v' | 'l' | 'r' | 'u'; id: number }[]
}
interface WireEntry {
  term: number
  index: number
  type: 'EntryNormal' | 'EntryConfChange' | 'EntryConfChangeV2'
  data?: string | null
  cc?: WireConfChange
}
interface WireSnapshot {
  index: number
  term: number
  conf: WireConfState
  data: string
}
type WireTarget = number | 'AppendThread' | 'ApplyThread'
interface WireMessage {
  type: string
  to: WireTarget
  from: WireTarget
  term: number
  logTerm: number
  index: number
  entries: WireEntry[]
  commit: number
  vote: number
  snapshot?: WireSnapshot
  reject: boolean
  rejectHint: number
  context?: unknown
  responses: WireMessage[]
}
interface WireHardState {
  term: number
  vote: number
  commit: number
}
interface WireConfig {
  id: number
  electionTick: number
  heartbeatTick: number
  maxInflightMsgs: number | null
  maxCommittedSizePerReady: number
  preVote: boolean
  checkQuorum: boolean
  asyncStorageWrites: boolean
  stepDownOnRemoval: boolean
  disableConfChangeValidation: boolean
  readOnly: 'safe' | 'lease-based'
  applied: number
}
interface WireStorage {
  initialState(): { hardState: WireHardState; confState: WireConfState }
  firstIndex(): number
  lastIndex(): number
  term(index: number): number
  entries(from: number, to: number, sizeBytesMax: number | null): WireEntry[]
  snapshot(): WireSnapshot
}

// Ids, data, entries

/** Padded, so that text sorts as numbers do. */
export const nodeIdOf = (id: number): NodeId => String(id).padStart(8, '0')
export const numberOf = (id: NodeId | null): number => (id === null ? 0 : Number(id))

const textOf = (data: Uint8Array): string => new TextDecoder().decode(data)
const dataOf = (text: string | null | undefined): Uint8Array => new TextEncoder().encode(text ?? '')

const opOfKind = { addVoter: 'v', addLearner: 'l', removeNode: 'r', updateNode: 'u' } as const
const kindOfOp = { v: 'addVoter', l: 'addLearner', r: 'removeNode', u: 'updateNode' } as const
/** The older of etcd's two forms of a change differs in name alone; the host's context remembers which it was. */
const v1Mark = Uint8Array.of(1)

export const memberChangesOf = (changes: WireConfChange['changes']): MemberChange[] =>
  // etcd takes 0 for a change that was called off.
  changes.filter(({ id }) => id !== 0).map(({ op, id }) => ({ kind: kindOfOp[op], id: nodeIdOf(id) }))

const changeOf = ({ v1, transition, changes }: WireConfChange): ConfigurationChange => ({
  transition,
  changes: memberChangesOf(changes),
  context: v1 ? v1Mark : new Uint8Array(0),
})
const wireChangeOf = ({ transition, changes, context }: ConfigurationChange): WireConfChange => ({
  v1: context.length > 0,
  transition,
  changes: changes.map(({ kind, id }) => ({ op: opOfKind[kind], id: numberOf(id) })),
})

const proposalOf = ({ data, cc }: WireEntry): Proposal =>
  cc ? { kind: 'configuration', change: changeOf(cc) } : { kind: 'command', data: dataOf(data) }
const entryOf = (entry: WireEntry): Entry => ({ ...proposalOf(entry), term: entry.term, index: entry.index })
const wireEntryOf = (entry: Proposal & { readonly term?: number; readonly index?: number }): WireEntry => {
  const place = { term: entry.term ?? 0, index: entry.index ?? 0 }
  if (entry.kind === 'command')
    return { ...place, type: 'EntryNormal', data: entry.data.length === 0 ? null : textOf(entry.data) }
  const cc = wireChangeOf(entry.change)
  return { ...place, type: cc.v1 ? 'EntryConfChange' : 'EntryConfChangeV2', cc }
}

/** Size in etcd's protocol buffers; the schedules' limits are counted in it. */
function entrySizeBytes(entry: Entry): number {
  const varint = (value: number): number => (value < 128 ? 1 : 1 + varint(Math.floor(value / 128)))
  const payload = (): number => {
    if (entry.kind === 'command') return entry.data.length
    const { v1, changes } = wireChangeOf(entry.change)
    if (v1) return 5 + varint(changes[0]!.id)
    return 2 + changes.reduce((sum, { id }) => sum + 1 + varint(3 + varint(id)) + 3 + varint(id), 0)
  }
  const sizeBytes = payload()
  return 4 + varint(entry.term) + varint(entry.index) + (sizeBytes === 0 ? 0 : 1 + varint(sizeBytes) + sizeBytes)
}

const configurationOf = (conf: WireConfState): Configuration => ({
  voters: conf.voters.map(nodeIdOf),
  votersOutgoing: conf.votersOutgoing.map(nodeIdOf),
  learners: conf.learners.map(nodeIdOf),
  learnersNext: conf.learnersNext.map(nodeIdOf),
  autoLeave: conf.autoLeave,
})
const confStateOf = (configuration: Configuration): WireConfState => ({
  voters: configuration.voters.map(numberOf),
  votersOutgoing: configuration.votersOutgoing.map(numberOf),
  learners: configuration.learners.map(numberOf),
  learnersNext: configuration.learnersNext.map(numberOf),
  autoLeave: configuration.autoLeave,
})
const snapshotOf = ({ index, term, conf, data }: WireSnapshot): Snapshot => ({
  index,
  term,
  configuration: configurationOf(conf),
  data: dataOf(data),
})
const wireSnapshotOf = ({ index, term, configuration, data }: Snapshot): WireSnapshot => ({
  index,
  term,
  conf: confStateOf(configuration),
  data: textOf(data),
})
const wireHardStateOf = ({ term, votedFor, commitIndex }: HardState): WireHardState => ({
  term,
  vote: numberOf(votedFor),
  commit: commitIndex,
})

// Messages

function wireMessage(type: string, from: WireTarget, to: WireTarget, fields: Partial<WireMessage>): WireMessage {
  const empty = { term: 0, logTerm: 0, index: 0, entries: [], commit: 0, vote: 0, reject: false, rejectHint: 0 }
  return { type, from, to, ...empty, responses: [], ...fields }
}

function wireMessageOf(message: Message): WireMessage {
  const wire = (type: string, fields: Partial<WireMessage> = {}): WireMessage => {
    const term = 'term' in message ? message.term : 0
    return wireMessage(type, numberOf(message.from), numberOf(message.to), { term, ...fields })
  }
  switch (message.kind) {
    case 'append': {
      const { previousIndex: index, previousTerm: logTerm, commitIndex: commit, entries } = message
      return wire('MsgApp', { index, logTerm, commit, entries: entries.map(wireEntryOf) })
    }
    case 'appendResponse': {
      const { index, rejection } = message
      if (rejection === null) return wire('MsgAppResp', { index })
      const { hintIndex: rejectHint, hintTerm: logTerm } = rejection
      return wire('MsgAppResp', { index, reject: true, rejectHint, logTerm })
    }
    case 'vote':
    case 'preVote': {
      const { lastIndex: index, lastTerm: logTerm, isTransfer: context } = message
      return wire(message.kind === 'vote' ? 'MsgVote' : 'MsgPreVote', { index, logTerm, context })
    }
    case 'voteResponse':
    case 'preVoteResponse':
      return wire(message.kind === 'voteResponse' ? 'MsgVoteResp' : 'MsgPreVoteResp', { reject: !message.isGranted })
    case 'heartbeat':
      return wire('MsgHeartbeat', { commit: message.commitIndex, context: message.readRound })
    case 'heartbeatResponse':
      return wire('MsgHeartbeatResp', { context: message.readRound })
    case 'snapshot':
      return wire('MsgSnap', { snapshot: wireSnapshotOf(message.snapshot) })
    case 'propose':
      return wire('MsgProp', { entries: message.proposals.map(wireEntryOf) })
    case 'transferLeadership':
      // etcd names the transferee as the sender.
      return { ...wire('MsgTransferLeader'), from: numberOf(message.transferee) }
    case 'timeoutNow':
      return wire('MsgTimeoutNow')
    case 'readIndex':
      return wire('MsgReadIndex', { context: [message.incarnation, message.request] })
    case 'readIndexResponse':
      return wire('MsgReadIndexResp', { index: message.index, context: [message.incarnation, message.request] })
  }
}

function messageOf(wire: WireMessage): Message {
  const { term, index, logTerm } = wire
  const envelope = { from: nodeIdOf(wire.from as number), to: nodeIdOf(wire.to as number), term }
  switch (wire.type) {
    case 'MsgApp': {
      const entries = wire.entries.map(entryOf)
      return {
        kind: 'append',
        ...envelope,
        previousIndex: index,
        previousTerm: logTerm,
        entries,
        commitIndex: wire.commit,
      }
    }
    case 'MsgAppResp': {
      const rejection = wire.reject ? { hintIndex: wire.rejectHint, hintTerm: logTerm } : null
      return { kind: 'appendResponse', ...envelope, index, rejection }
    }
    case 'MsgVote':
    case 'MsgPreVote': {
      const kind = wire.type === 'MsgVote' ? 'vote' : 'preVote'
      return { kind, ...envelope, lastIndex: index, lastTerm: logTerm, isTransfer: wire.context === true }
    }
    case 'MsgVoteResp':
      return { kind: 'voteResponse', ...envelope, isGranted: !wire.reject }
    case 'MsgPreVoteResp':
      return { kind: 'preVoteResponse', ...envelope, isGranted: !wire.reject }
    case 'MsgHeartbeat':
      return { kind: 'heartbeat', ...envelope, commitIndex: wire.commit, readRound: Number(wire.context ?? 0) }
    case 'MsgHeartbeatResp':
      return { kind: 'heartbeatResponse', ...envelope, readRound: Number(wire.context ?? 0) }
    case 'MsgSnap':
      return { kind: 'snapshot', ...envelope, snapshot: snapshotOf(wire.snapshot!) }
    case 'MsgProp':
      return { kind: 'propose', from: envelope.from, to: envelope.to, proposals: wire.entries.map(proposalOf) }
    case 'MsgTransferLeader':
      return { kind: 'transferLeadership', ...envelope, transferee: envelope.from }
    case 'MsgTimeoutNow':
      return { kind: 'timeoutNow', ...envelope }
    default:
      throw new Error(`no schedule has a message of type ${wire.type}`)
  }
}

// Storage threads

function wireAppendOf(id: number, { hardState, entries, snapshot, responses, done }: StorageAppend): WireMessage {
  const hard = hardState === null ? {} : wireHardStateOf(hardState)
  const installed = snapshot === null ? {} : { snapshot: wireSnapshotOf(snapshot) }
  const stored = done?.stored ? { index: done.stored.index, logTerm: done.stored.term } : {}
  const answer = done
    ? [wireMessage('MsgStorageAppendResp', 'AppendThread', id, { term: done.term, ...stored, ...installed })]
    : []
  return wireMessage('MsgStorageAppend', id, 'AppendThread', {
    ...hard,
    ...installed,
    entries: entries.map(wireEntryOf),
    responses: [...responses.map(wireMessageOf), ...answer],
  })
}

function wireApplyOf(id: number, { entries }: StorageApply): WireMessage {
  const applied = entries.map(wireEntryOf)
  const answer = wireMessage('MsgStorageApplyResp', 'ApplyThread', id, { entries: applied })
  return wireMessage('MsgStorageApply', id, 'ApplyThread', { entries: applied, responses: [answer] })
}

function storageResponseOf({ type, entries, term, index, logTerm, snapshot }: WireMessage): StorageResponse {
  if (type === 'MsgStorageApplyResp') return { kind: 'storageApplied', entries: entries.map(entryOf) }
  const stored = index === 0 ? null : { index, term: logTerm }
  return { kind: 'storageAppended', term, stored, snapshot: snapshot ? snapshotOf(snapshot) : null }
}

// A node

function readerOf(storage: WireStorage): LogReader {
  const unlessCompacted = <T>(read: () => T): T | null => {
    try {
      return read()
    } catch (error) {
      if ((error as { code?: string }).code === 'compacted') return null
      throw error
    }
  }
  return {
    initialState: () => {
      const { hardState, confState } = storage.initialState()
      const { term, vote, commit } = hardState
      const votedFor = vote === 0 ? null : nodeIdOf(vote)
      return { hardState: { term, votedFor, commitIndex: commit }, configuration: configurationOf(confState) }
    },
    firstIndex: () => storage.firstIndex(),
    lastIndex: () => storage.lastIndex(),
    term: (index) => unlessCompacted(() => storage.term(index)),
    entries: (from, to, max) =>
      unlessCompacted(() => storage.entries(from, to, max === Infinity ? null : max).map(entryOf)),
    snapshot: () => snapshotOf(storage.snapshot()),
  }
}

function configOf(wire: WireConfig): RaftConfig {
  return {
    ...standardConfig,
    id: nodeIdOf(wire.id),
    electionTicks: wire.electionTick,
    heartbeatTicks: wire.heartbeatTick,
    preVote: wire.preVote,
    checkQuorum: wire.checkQuorum,
    stepDownOnRemoval: wire.stepDownOnRemoval,
    asyncStorageWrites: wire.asyncStorageWrites,
    checkConfigurationChanges: !wire.disableConfChangeValidation,
    forwardProposals: true,
    inflightCountMax: wire.maxInflightMsgs ?? Infinity,
    inflightSizeBytesMax: Infinity,
    messageSizeBytesMax: Infinity,
    applyingSizeBytesMax: wire.maxCommittedSizePerReady === 0 ? Infinity : wire.maxCommittedSizePerReady,
    uncommittedSizeBytesMax: Infinity,
    entrySizeBytes,
  }
}

const wireRole = {
  follower: 'StateFollower',
  preCandidate: 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
} as const
const wireState = { probe: 'StateProbe', replicate: 'StateReplicate', snapshot: 'StateSnapshot' } as const

function wireReadyOf(id: number, ready: Ready) {
  const { softState, hardState, snapshot, storageAppend, storageApply } = ready
  return {
    ...(softState && { softState: { lead: numberOf(softState.leader), state: wireRole[softState.role] } }),
    ...(hardState && { hardState: wireHardStateOf(hardState) }),
    ...(snapshot && { snapshot: wireSnapshotOf(snapshot) }),
    entries: ready.entries.map(wireEntryOf),
    committedEntries: ready.committed.map(wireEntryOf),
    messages: [
      ...ready.messages.map(wireMessageOf),
      ...(storageAppend ? [wireAppendOf(id, storageAppend)] : []),
      ...(storageApply ? [wireApplyOf(id, storageApply)] : []),
    ],
    mustSync: ready.mustSync,
    readStates: ready.readStates.map(({ index, context }) => ({ index, context })),
  }
}

const dropped = 'raft proposal dropped'

function newNode(wire: WireConfig, storage: WireStorage) {
  const restored = { appliedIndex: wire.applied, electionJitterTicks: 0, incarnation: 0 }
  let raft: Raft = createRaft(configOf(wire), readerOf(storage), restored)
  const happen = (event: RaftEvent): string | null => {
    const [next, check] = step(raft, event)
    raft = next
    return check.ok ? null : check.fault.code
  }
  const proposeOrThrow = (event: RaftEvent): void => {
    if (happen(event) !== null) throw new Error(dropped)
  }
  return {
    // The schedules set the timeout before they let it run out, so the draw is of no account.
    tick: () => void happen({ kind: 'tick', electionJitterTicks: 0 }),
    campaign: () => void happen({ kind: 'campaign' }),
    propose: (data: string) => proposeOrThrow({ kind: 'propose', commands: [dataOf(data)] }),
    proposeConfChange: (cc: WireConfChange) => proposeOrThrow({ kind: 'proposeConfiguration', change: changeOf(cc) }),
    step: (message: WireMessage) => {
      if (typeof message.from === 'string') return void happen(storageResponseOf(message))
      const refusal = happen({ kind: 'message', message: messageOf(message) })
      if (refusal === 'raftPeerUnknown') throw new Error('raft: cannot step as peer not found')
      if (refusal !== null && message.type === 'MsgProp') throw new Error(dropped)
    },
    hasReady: () => hasReady(raft),
    ready: () => {
      const [next, ready] = takeReady(raft)
      raft = next
      return wireReadyOf(wire.id, ready)
    },
    advance: () => {
      raft = advance(raft)
    },
    applyConfChange: (cc: WireConfChange): WireConfState => {
      const refusal = happen({ kind: 'applyConfiguration', change: changeOf(cc) })
      if (refusal !== null) throw Object.assign(new Error(refusal), { fatal: true })
      return confStateOf(raft.configuration)
    },
    // etcd keeps a leader whose lease may be read under; this Raft has no leases, so the rule lives here.
    forgetLeader: () => void (wire.readOnly === 'safe' && happen({ kind: 'forgetLeader' })),
    transferLeader: (to: number) => void happen({ kind: 'transferLeadership', transferee: nodeIdOf(to) }),
    reportUnreachable: (id: number) => void happen({ kind: 'reportUnreachable', peer: nodeIdOf(id) }),
    setRandomizedElectionTimeout: (ticks: number) => {
      raft = { ...raft, electionTimeoutTicks: ticks }
    },
    status: () => {
      const now = status(raft)
      return {
        id: wire.id,
        term: now.term,
        vote: numberOf(now.votedFor),
        commit: now.commitIndex,
        applied: now.appliedIndex,
        lead: numberOf(now.leader),
        state: wireRole[now.role],
        voters: now.voters.map(numberOf),
        progress: now.members.map((member) => ({
          id: numberOf(member.id),
          state: wireState[member.state],
          match: member.matchIndex,
          next: member.nextIndex,
          learner: member.isLearner,
          paused: member.isHeldBack,
          pendingSnapshot: member.pendingSnapshotIndex,
          recentActive: member.isRecentlyActive,
          inflight: member.inflightCount,
          inflightFull: member.isInflightFull,
        })),
      }
    },
  }
}

export const raftAdapter = { newNode }
