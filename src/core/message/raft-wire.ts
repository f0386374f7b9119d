/**
 * Raft's values as octets: messages between devices, entries in the log, configurations in checkpoints.
 * @module
 */
import {
  type AnyCodec,
  type Codec,
  bool,
  bytesUpTo,
  listOf,
  mismatch,
  nullable,
  record,
  refine,
  textUpTo,
  tuple,
  u53,
} from '../bytes/bytes.ts'
import type {
  Configuration,
  ConfigurationChange,
  Entry,
  MemberChange,
  Message,
  NodeId,
  Snapshot,
} from '../raft/raft.ts'

/** A principal in hexadecimal, a dash, and the incarnation: the storage of a device that lost it before. */
export const nodeIdLengthMax = 96
export const nodeIdWire: Codec<NodeId> = textUpTo(nodeIdLengthMax)
/** Voters, learners, and the ones of before, together: far above what one person has. */
export const memberCountMax = 64
/** What an entry carries at most; a batch of the tree is no larger. */
export const commandSizeBytesMax = 1024 * 1024
const entryCountMax = 4096
const contextSizeBytesMax = 256
const snapshotDataSizeBytesMax = 64 * 1024

const choice = <const T extends string>(names: readonly T[]): Codec<T> =>
  refine(
    u53,
    (code) => names[code] ?? null,
    (name) => names.indexOf(name),
  )

const members = listOf(nodeIdWire, memberCountMax)
export const configurationWire: Codec<Configuration> = tuple({
  voters: members,
  votersOutgoing: members,
  learners: members,
  learnersNext: members,
  autoLeave: bool,
})

const changeWire: Codec<ConfigurationChange> = tuple({
  transition: choice(['auto', 'implicit', 'explicit']),
  changes: listOf<MemberChange>(
    tuple({ kind: choice(['addVoter', 'addLearner', 'removeNode', 'updateNode']), id: nodeIdWire }),
    memberCountMax,
  ),
  context: bytesUpTo(contextSizeBytesMax) as Codec<Uint8Array>,
})

const data = bytesUpTo(commandSizeBytesMax) as Codec<Uint8Array>
const place = { term: u53, index: u53 }
export const entryWire: Codec<Entry> = byKind<Entry>({
  command: record('command', 1, { ...place, data }),
  configuration: record('configuration', 1, { ...place, change: changeWire }),
})

export const snapshotWire: Codec<Snapshot> = tuple({
  ...place,
  configuration: configurationWire,
  data: bytesUpTo(snapshotDataSizeBytesMax) as Codec<Uint8Array>,
})

const ends = { from: nodeIdWire, to: nodeIdWire, term: u53 }
const request = { incarnation: u53, request: u53 }
const voteFields = { ...ends, lastIndex: u53, lastTerm: u53, isTransfer: bool }
const voteResponseFields = { ...ends, isGranted: bool }

/** What devices send: proposals are passed on by the node, not inside Raft. */
export type SentMessage = Exclude<Message, { kind: 'propose' }>

export const raftMessageWire: Codec<SentMessage> = byKind<SentMessage>({
  append: record('append', 1, {
    ...ends,
    previousIndex: u53,
    previousTerm: u53,
    entries: listOf(entryWire, entryCountMax),
    commitIndex: u53,
  }),
  appendResponse: record('appendResponse', 1, {
    ...ends,
    index: u53,
    rejection: nullable(tuple({ hintIndex: u53, hintTerm: u53 })),
  }),
  vote: record('vote', 1, voteFields),
  preVote: record('preVote', 1, voteFields),
  voteResponse: record('voteResponse', 1, voteResponseFields),
  preVoteResponse: record('preVoteResponse', 1, voteResponseFields),
  heartbeat: record('heartbeat', 1, { ...ends, commitIndex: u53, readRound: u53 }),
  heartbeatResponse: record('heartbeatResponse', 1, { ...ends, readRound: u53 }),
  snapshot: record('snapshot', 1, { ...ends, snapshot: snapshotWire }),
  transferLeadership: record('transferLeadership', 1, { ...ends, transferee: nodeIdWire }),
  timeoutNow: record('timeoutNow', 1, ends),
  readIndex: record('readIndex', 1, { from: nodeIdWire, to: nodeIdWire, ...request }),
  readIndexResponse: record('readIndexResponse', 1, { ...ends, ...request, index: u53 }),
})

/** A union told apart by its own field `kind`, which is also the kind of the record on the wire. */
function byKind<T extends { readonly kind: string }>(records: { readonly [K in T['kind']]: AnyCodec }): Codec<T> {
  return {
    pack: (value) => records[value.kind as T['kind']].pack(value),
    parse: (item) => {
      const kind: unknown = Array.isArray(item) ? item[0] : undefined
      if (typeof kind !== 'string' || !Object.hasOwn(records, kind)) return mismatch('a known kind')
      return { kind, ...records[kind as T['kind']].parse(item) } as T
    },
  }
}
