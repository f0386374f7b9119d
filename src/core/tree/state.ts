/**
 * The state of a cluster as an authenticated map: what every voter of it agrees on, entry by entry.
 *
 * Keys begin with one octet that tells the table. The map's root stands for the whole state: two devices with the same root
 * hold the same tree, and any single row can be proved against it (design §6).
 * @module
 */
import {
  type AnyCodec,
  type Bytes,
  type Codec,
  type Decoded,
  type Result,
  accepted,
  bytesOf,
  bytesUpTo,
  compare,
  concat,
  decode,
  encode,
  equal,
  listOf,
  must,
  nullable,
  record,
  refused,
  textUpTo,
  tuple,
  u53,
  u64be,
} from '../bytes/bytes.ts'
import {
  type CredentialSet,
  type Principal,
  credentialSetWire,
  passkeyCountMax,
  rootSignatureWire,
  successionWire,
} from '../crypto/crypto.ts'
import { type Chain, type Checked, type Writecap, chainLengthMax, trusted, writecapWire } from '../cap/cap.ts'
import { type SignedRecord, accessRecordWire, contentRecordWire, entryRecordWire } from '../block/block.ts'
import { type AuthenticatedMap, emptyMap, entries, get } from '../merkle/merkle.ts'
import {
  blockIdSizeBytes,
  type BlockId,
  type IdPath,
  type TreeId,
  blockIdWire,
  childPath,
  depthMax,
  rootBlockId,
  rootPath,
  treeIdWire,
} from '../path/path.ts'
import { appointmentWire } from './appointment.ts'
import { deviceDismissed, deviceRecordWire, dismissalWire, revocationHeadWire, standingWire } from './device.ts'

/** The wire limit of a state row; every table below keeps within. */
export const rowSizeBytesMax = 128 * 1024

/** Of what the root signs for one. */
export const takeOverSizeBytesMax = 1024

/** The version of the fold that this program carries; a row names the one in force (design §6). */
export const foldVersion = 1

export interface TreeState {
  readonly treeId: TreeId
  readonly map: AuthenticatedMap
}

export const emptyTree = (treeId: TreeId): TreeState => ({ treeId, map: emptyMap })

/** One octet that begins every key of a table. */
export const rowKind = {
  summary: 1,
  set: 2,
  cap: 3,
  entry: 4,
  content: 5,
  access: 6,
  place: 7,
  request: 8,
  requestAge: 9,
  dead: 10,
  wraps: 11,
  device: 12,
  takeOver: 13,
  setChange: 14,
  pendingSet: 15,
  appointment: 16,
} as const
export type RowKind = keyof typeof rowKind

const key = (kind: RowKind, ...parts: readonly Uint8Array[]): Bytes => concat(Uint8Array.of(rowKind[kind]), ...parts)

export const keys = {
  summary: key('summary'),
  set: (setHash: Bytes) => key('set', setHash),
  sets: key('set'),
  cap: (hash: Bytes) => key('cap', hash),
  entry: (parent: BlockId, child: BlockId) => key('entry', parent, child),
  entriesOf: (parent: BlockId) => key('entry', parent),
  /** Of the key of an entry. */
  childIn: (entry: Bytes): BlockId => entry.slice(1 + blockIdSizeBytes),
  content: (block: BlockId) => key('content', block),
  contents: key('content'),
  access: (block: BlockId) => key('access', block),
  place: (block: BlockId) => key('place', block),
  request: (requestId: Bytes) => key('request', requestId),
  requests: key('request'),
  requestAges: key('requestAge'),
  requestAge: (stampMs: number, requestId: Bytes) => key('requestAge', u64be(stampMs), requestId),
  dead: (stampMs: number, block: BlockId, bodyRoot: Bytes) => key('dead', u64be(stampMs), block, bodyRoot),
  deads: key('dead'),
  wraps: key('wraps'),
  device: (device: Principal) => key('device', device),
  devices: key('device'),
  takeOver: (generation: number) => key('takeOver', u64be(generation)),
  takeOvers: key('takeOver'),
  setChange: (setHash: Bytes) => key('setChange', setHash),
  setChanges: key('setChange'),
  pendingSet: key('pendingSet'),
  appointment: key('appointment'),
} as const

/** What holds for the cluster as a whole. */
const summaryWire = record('summary', 1, {
  treeId: treeIdWire,
  foldVersion: u53,
  /** Raised only by a root assertion (root cluster) or by the parent's entry. */
  generation: u53,
  /** Stamp of the last batch; never goes back. */
  stampMs: u53,
  /** Of the credential set in force. */
  setHash: bytesOf(32),
  /** The highest that a set was given, also one that never came into force: no number is given twice. */
  setSequence: u53,
  /** Owner's and devices' names, sealed under the root block's key of this epoch. */
  sealedProfile: bytesUpTo(1024),
  profileKeyEpoch: u53,
  revocationHead: revocationHeadWire,
})
export type Summary = Decoded<typeof summaryWire>

/** The root KEM secret under each of the keys that can bring it back (design §4); opens nothing without one of them. */
export const wrapsWire = record('wraps', 2, {
  byRecoveryKey: bytesOf(72),
  /** X25519, of the recovery card: archives are sealed to it, so that one who has an earlier card opens no later archive. */
  recoveryKemKey: bytesOf(32),
  byPasskey: listOf(
    tuple({
      credentialId: bytesUpTo(1023),
      rpId: textUpTo(255),
      prfSalt: bytesOf(32),
      check: bytesOf(32),
      wrapped: bytesOf(72),
    }),
    passkeyCountMax,
  ),
})
export type Wraps = Decoded<typeof wrapsWire>

const capRowWire = tuple({ cap: writecapWire, next: nullable(bytesOf(32)) })
const entryRowWire = tuple({ entry: entryRecordWire, createdAtMs: u53, stampMs: u53, trashedAtMs: nullable(u53) })
/** Bodies that held the same as the one in force and were sealed before it, as far back as is remembered. */
export const alikeCountMax = 16
const contentRowWire = tuple({
  content: contentRecordWire,
  /** When the body came: a record that gives it another place or key leaves that as it is. */
  stampMs: u53,
  /** When what it holds was written: sealing it anew leaves that as it is, too. */
  writtenAtMs: u53,
  /** Their roots, the oldest first. */
  alike: listOf(bytesOf(32), alikeCountMax),
})
const requestRowWire = tuple({
  stampMs: u53,
  fault: nullable(textUpTo(64)),
  /** What was changed by it; null where it was refused, or is about no single block. */
  block: nullable(blockIdWire),
})
const deadRowWire = tuple({ sizeBytes: u53 })
const deviceRowWire = tuple({
  device: deviceRecordWire,
  standing: standingWire,
  /** What the root said when the device came in. */
  writecapHash: bytesOf(32),
  admittedAtMs: u53,
  /** The device on which it was approved; itself where it began the tree or continues it. */
  approver: bytesOf(32),
  /** Its row stays, since its permissions are judged by it. */
  dismissed: nullable(tuple({ dismissal: dismissalWire, atMs: u53 })),
})
/** By which the root began a generation; whoever was not there is shown it. */
export const takeOverRowWire = tuple({ body: bytesUpTo(takeOverSizeBytesMax), signature: rootSignatureWire })

/** What shows that a set follows the one before it: with the set itself, which has a row of its own, it is what the root signed. */
export const setChangeRowWire = tuple({
  wrapsHash: bytesOf(32),
  signature: successionWire,
  /** When it came into force. */
  atMs: u53,
})
/** A set that comes into force unless one of the owner's devices objects. */
const pendingSetRowWire = tuple({
  set: credentialSetWire,
  wraps: wrapsWire,
  signature: rootSignatureWire,
  sinceMs: u53,
})

const appointmentRowWire = tuple({
  appointment: appointmentWire,
  atMs: u53,
  /** When it was over although nobody chose otherwise: one of those in it was put out, or the tree was taken over. */
  endedAtMs: nullable(u53),
})

export type EntryRow = Decoded<typeof entryRowWire>
export type ContentRow = Decoded<typeof contentRowWire>
export type DeviceRow = Decoded<typeof deviceRowWire>
export type RequestRow = Decoded<typeof requestRowWire>
export type TakeOverRow = Decoded<typeof takeOverRowWire>
export type PendingSetRow = Decoded<typeof pendingSetRowWire>
export type AppointmentRow = Decoded<typeof appointmentRowWire>

/** The format of each table's rows; also what an imported state is read with. */
export const rows = {
  summary: summaryWire,
  set: credentialSetWire,
  cap: capRowWire,
  entry: entryRowWire,
  content: contentRowWire,
  access: accessRecordWire,
  place: tuple({ parent: blockIdWire }),
  request: requestRowWire,
  requestAge: tuple({}),
  dead: deadRowWire,
  wraps: wrapsWire,
  device: deviceRowWire,
  takeOver: takeOverRowWire,
  setChange: setChangeRowWire,
  pendingSet: pendingSetRowWire,
  appointment: appointmentRowWire,
} as const satisfies { readonly [K in RowKind]: AnyCodec }
export type RowOf<K extends RowKind> = Decoded<(typeof rows)[K]>

const wireOf = <K extends RowKind>(kind: K): Codec<RowOf<K>> => rows[kind] as unknown as Codec<RowOf<K>>

// Rows are immutable, and the map hands out the same octets for the same row, so a decoded row is remembered beside its octets.
const remembered = new WeakMap<Uint8Array, unknown>()

export function readRow<K extends RowKind>(state: TreeState, kind: K, at: Bytes): RowOf<K> | null {
  const octets = get(state.map, at)
  return octets === null ? null : decodeRow(kind, octets)
}

export function decodeRow<K extends RowKind>(kind: K, octets: Bytes): RowOf<K> {
  const known = remembered.get(octets)
  return known === undefined ? must(triedRow(kind, octets)) : (known as RowOf<K>)
}

/** For octets that somebody else has made, or has put where they are. */
export function triedRow<K extends RowKind>(kind: K, octets: Bytes): Result<RowOf<K>> {
  const row = decode(wireOf(kind), octets, rowSizeBytesMax)
  if (row.ok) remembered.set(octets, row.value)
  return row
}

export function encodeRow<K extends RowKind>(kind: K, row: RowOf<K>): Bytes {
  const octets = encode(wireOf(kind), row)
  remembered.set(octets, row)
  return octets
}

/** null before the tree is founded. */
export const summaryOf = (state: TreeState): Summary | null => readRow(state, 'summary', keys.summary)
export const setOf = (state: TreeState, setHash: Bytes): CredentialSet | null =>
  readRow(state, 'set', keys.set(setHash))
/** Whether a block holds what a body held, be it sealed anew since. */
export function holdsAsIn(state: TreeState, block: BlockId, bodyRoot: Bytes): boolean {
  const row = contentOf(state, block)
  return row !== null && [row.content.fields.bodyRoot, ...row.alike].some((root) => equal(root, bodyRoot))
}

export const contentOf = (state: TreeState, block: BlockId): ContentRow | null =>
  readRow(state, 'content', keys.content(block))
export const accessOf = (state: TreeState, block: BlockId): SignedRecord<'access'> | null =>
  readRow(state, 'access', keys.access(block))
export const requestOf = (state: TreeState, requestId: Bytes): RequestRow | null =>
  readRow(state, 'request', keys.request(requestId))

/** null for who never was a device of the tree; one that was put out is still found. */
export const deviceOf = (state: TreeState, device: Principal): DeviceRow | null =>
  readRow(state, 'device', keys.device(device))

/** All that ever were, in the order of their principals. */
export function* devicesOf(state: TreeState): Generator<DeviceRow> {
  for (const [, octets] of entries(state.map, keys.devices)) yield decodeRow('device', octets)
}

/** The newest that was made, also where it is over; null where none ever was. */
export const appointmentOf = (state: TreeState): AppointmentRow | null =>
  readRow(state, 'appointment', keys.appointment)

/** Whom the owner has chosen to decide; null where the tree chooses itself. */
export function appointedIn(state: TreeState): readonly Principal[] | null {
  const row = appointmentOf(state)
  const isInForce = row !== null && row.endedAtMs === null && row.appointment.fields.deciders.length > 0
  return isInForce ? row.appointment.fields.deciders : null
}

/**
 * Whether a principal is a device of the tree at a time, and may go on being one.
 * @param nowMs milliseconds since 1970, UTC; inside the fold the entry's stamped time
 */
export function checkDevice(state: TreeState, device: Principal, nowMs: number): Result<DeviceRow> {
  const row = deviceOf(state, device)
  if (row === null)
    return refused('deviceUnknown', 'This device does not belong to the tree.', 'You are not a device of this tree.')
  if (row.dismissed !== null) return deviceDismissed()
  const chain = chainOf(state, row.writecapHash)
  if (chain === null || chain.some(({ expiresAtMs }) => nowMs >= expiresAtMs))
    return refused(
      'deviceExpired',
      'The time of this device in the tree has ended; its owner can renew it.',
      'Your time in this tree has ended; ask its owner to renew it.',
    )
  return accepted(row)
}

/** The directory that a block stands in; null for the root block and for blocks that are not in the tree. */
export const parentOf = (state: TreeState, block: BlockId): BlockId | null =>
  readRow(state, 'place', keys.place(block))?.parent ?? null

export function entryOf(state: TreeState, block: BlockId): EntryRow | null {
  const parent = parentOf(state, block)
  return parent === null ? null : readRow(state, 'entry', keys.entry(parent, block))
}

export const isDirectory = (state: TreeState, block: BlockId): boolean =>
  compare(block, rootBlockId(state.treeId)) === 0 || entryOf(state, block)?.entry.fields.kind === 'directory'

/** The blocks of a directory, in the order of their ids. */
export function* childrenOf(state: TreeState, directory: BlockId): Generator<EntryRow> {
  for (const [, octets] of entries(state.map, keys.entriesOf(directory))) yield decodeRow('entry', octets)
}

/** Where a block stands now; null where it is not in the tree. */
export function pathOf(state: TreeState, block: BlockId): IdPath | null {
  const ids: BlockId[] = []
  const root = rootBlockId(state.treeId)
  for (let at = block; compare(at, root) !== 0;) {
    const parent = parentOf(state, at)
    if (parent === null || ids.length === depthMax) return null
    ids.unshift(at)
    at = parent
  }
  return ids.reduce(childPath, rootPath(state.treeId))
}

/**
 * The chain that a writecap's hash names, from that grant to the root's; its signatures were checked when it was admitted.
 * null where the state does not hold it.
 */
export function chainOf(state: TreeState, writecapHash: Bytes): Checked<Chain> | null {
  const chain: Writecap[] = []
  for (let hash: Bytes | null = writecapHash; hash !== null;) {
    const row: RowOf<'cap'> | null = readRow(state, 'cap', keys.cap(hash))
    if (row === null || chain.length === chainLengthMax) return null
    chain.push(row.cap)
    hash = row.next
  }
  return trusted(chain)
}
