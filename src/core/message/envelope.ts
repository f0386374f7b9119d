/**
 * Envelopes: what devices of a tree say to each other once they have met. One envelope is one frame of a lane.
 *
 * Everything on the control lane may be lost, repeated or late, since a connection may end at any instant: it is said again, and
 * taking it twice changes nothing. The bulk lane carries questions and answers; who asks bounds what is under way.
 * @module
 */
import {
  type Bytes,
  type Decoded,
  type Result,
  bool,
  bytesOf,
  bytesUpTo,
  decode,
  encode,
  listOf,
  nullable,
  record,
  textUpTo,
  tuple,
  u53,
  union,
} from '../bytes/bytes.ts'
import {
  attestationWire,
  deviceCountMax,
  equivocationSizeBytesMax,
  operationCountMax,
  rendezvousWire,
  setStepWire,
  takeOverRowWire,
} from '../tree/tree.ts'
import { objectIdSizeBytes } from '../block/block.ts'
import { farewellsWire } from './farewell.ts'
import { frameSizeBytesMax } from './frame.ts'
import { commandSizeBytesMax, nodeIdWire, raftMessageWire, snapshotWire } from './raft-wire.ts'

/** Blocks in one part of a report of what a device lacks. */
export const lackingCountMax = 4096
/** Objects asked for at a time: eight sectors and their heads are half a frame. */
export const wantedCountMax = 8
export const objectSizeBytesMax = 72 * 1024
/** Objects that come along with a question: a sector and the page above it. */
const carriedCountMax = 2
const rowCountMax = 4096
/** Operations that a guest asks about at a time. */
export const decisionCountMax = 256
/** Credential sets in one answer: all of them as large as they may be are half a frame. */
export const setStepCountMax = 16
const rowKeySizeBytesMax = 256
const rowValueSizeBytesMax = 128 * 1024
const blockId = bytesOf(16)
const requestId = bytesOf(16)

const bodyWire = tuple({ bodyRoot: bytesOf(32), sizeBytes: u53 })

const controlBody = union({
  raft: raftMessageWire,
  /**
   * Who this device is in the cluster; and that it holds the bodies of everything up to a stamp of the fold, but for those that
   * its report of this version names. And what its clock says now.
   */
  here: tuple({ nodeId: nodeIdWire, stampMs: u53, reportVersion: u53, clockMs: u53 }),
  /** A batch of changes for the leader to propose under its own stamp. Its outcome shows in the fold. */
  propose: tuple({ batch: bytesUpTo(commandSizeBytesMax) }),
  /** The leader wants to have attested what the tree is at an entry of the log. */
  attest: tuple({ index: u53 }),
  /** A voter's signature of the statement about it. */
  vouch: tuple({ index: u53, signature: bytesOf(64) }),
  /** What a majority has signed. */
  attested: attestationWire,
  /** A device has signed two states for one entry of its log. */
  equivocation: tuple({ proof: bytesUpTo(equivocationSizeBytesMax) }),
  /** To a guest: what it may see is this now, by the root of its excerpt. */
  excerpt: tuple({ root: bytesOf(32) }),
})
const placed = { treeId: bytesOf(32), clusterId: blockId, generation: u53 }
const controlWire = record('control', 1, { ...placed, body: controlBody })
export type Control = Decoded<typeof controlWire>
export type ControlBody = Control['body']

const question = union({
  /** Sectors and pages. */
  objects: listOf(bytesOf(objectIdSizeBytes), wantedCountMax),
  /** Rows of the state at the index of a snapshot, after a key. */
  rows: tuple({ index: u53, stateRoot: bytesOf(32), after: nullable(bytesUpTo(rowKeySizeBytesMax)) }),
  /** Blocks whose bodies are not whole on the device that is asked, in the order of their ids, after one. */
  lacks: tuple({ after: nullable(blockId) }),
  /** To fetch a body from who asks, and to keep it for a request that will refer to it; of a small one its objects come along. */
  stage: tuple({
    requestId,
    position: u53,
    block: blockId,
    body: bodyWire,
    objects: listOf(bytesUpTo(objectSizeBytesMax), carriedCountMax),
  }),
  /**
   * By what the generation of who is asked began, and its state now. Whoever is in an earlier one asks, and says which credential set
   * he goes by; null where he has none yet.
   */
  generation: tuple({ setHash: nullable(bytesOf(32)) }),
  /** Who else belongs to the tree. Whoever is behind, and stays so, may not know the one that leads by now. */
  devices: tuple({}),
  /** Who was put out, with the proof. Whoever met one that knows of more asks. */
  farewells: tuple({}),
  /** A guest: what its excerpt is now, and what was decided about operations of its own. */
  excerpt: tuple({ requestIds: listOf(requestId, decisionCountMax) }),
  /**
   * A guest: rows of the excerpt with a root, after a key. Of those that differ from another one that it has, by its root, where that
   * is named: what is there no more comes without a value.
   */
  excerptRows: tuple({
    root: bytesOf(32),
    known: nullable(bytesOf(32)),
    after: nullable(bytesUpTo(rowKeySizeBytesMax)),
  }),
  /** A guest: a batch of changes of its own, whose bodies are staged with who is asked. */
  propose: tuple({ batch: bytesUpTo(commandSizeBytesMax) }),
  /** A link: where the tree is met from now on. */
  rendezvous: tuple({}),
  /** A link: a device knows its secret that was put out of the tree which the link is in. Tells, and asks nothing. */
  compromised: tuple({}),
})
const answer = union({
  /** In the order that they were asked for; null for what is not here. */
  objects: listOf(nullable(bytesUpTo(objectSizeBytesMax)), wantedCountMax),
  rows: tuple({
    rows: listOf(tuple({ key: bytesUpTo(rowKeySizeBytesMax), value: bytesUpTo(rowValueSizeBytesMax) }), rowCountMax),
    isLast: bool,
  }),
  /** `isKept`: the device votes, and lets nothing go that it does not lack. */
  lacks: tuple({ reportVersion: u53, isKept: bool, blocks: listOf(blockId, lackingCountMax), isLast: bool }),
  /** Durable, and kept for the request. */
  staged: tuple({}),
  /**
   * What the root signed; the credential sets that lead from the one that was named to the one that signed, the next ones of them
   * where they are many; and a place in the log, whose rows are had like those of Raft's snapshots.
   */
  generation: tuple({
    takeOver: takeOverRowWire,
    sets: listOf(setStepWire, setStepCountMax),
    snapshot: snapshotWire,
  }),
  /** In the tree's cluster, but for who answers. */
  devices: listOf(tuple({ principal: bytesOf(32), transportId: bytesOf(32) }), deviceCountMax),
  farewells: farewellsWire,
  excerpt: tuple({
    generation: u53,
    /** What the root signed for it; null in the first. */
    takeOver: nullable(takeOverRowWire),
    /** Of the newest batch: of two excerpts the one of the later is newer. */
    stampMs: u53,
    root: bytesOf(32),
    /** Of the operations that were asked about, those that are decided; the code of the fault, null where it was taken. */
    decided: listOf(tuple({ requestId, stampMs: u53, fault: nullable(textUpTo(64)) }), decisionCountMax),
  }),
  /** What became of each operation of the batch. */
  proposed: tuple({ faults: listOf(nullable(textUpTo(64)), operationCountMax) }),
  rendezvous: rendezvousWire,
  /** Not to be had here, now. */
  none: tuple({}),
})
export type Question = Decoded<typeof question>
export type Answer = Decoded<typeof answer>

const bulkWire = record('bulk', 1, {
  ...placed,
  body: union({ ask: tuple({ number: u53, question }), answer: tuple({ number: u53, answer }) }),
})
export type Bulk = Decoded<typeof bulkWire>

export const encodeControl = (control: Control): Bytes => encode(controlWire, control)
export const decodeControl = (octets: Uint8Array): Result<Control> => decode(controlWire, octets, frameSizeBytesMax)
export const encodeBulk = (bulk: Bulk): Bytes => encode(bulkWire, bulk)
export const decodeBulk = (octets: Uint8Array): Result<Bulk> => decode(bulkWire, octets, frameSizeBytesMax)
