/**
 * What a Raft entry of a tree carries: a batch of operations under one stamp of time, and gate 1, which a batch must pass
 * before it is proposed or appended (design §6). Gate 2 is the fold.
 * @module
 */
import {
  type Bytes,
  type Decoded,
  type Result,
  accepted,
  assertNever,
  bytesOf,
  bytesUpTo,
  decode,
  encode,
  equal,
  listOf,
  nullable,
  record,
  refused,
  u53,
  union,
} from '../bytes/bytes.ts'
import {
  type Claim,
  type Principal,
  type PublicCredential,
  type SetOf,
  credentialSetWire,
  digest,
  principalOf,
  rootClaim,
  rootSignatureWire,
  treeIdOf,
} from '../crypto/crypto.ts'
import { type Writecap, chainWire, claimsOfChain, isFor, writecapWire } from '../cap/cap.ts'
import {
  type SignedRecord,
  accessRecordWire,
  checkShape,
  checkTold,
  claimOfRecord,
  signedRecordWire,
} from '../block/block.ts'
import { type TreeId, samePath, treeIdWire } from '../path/path.ts'
import { appointmentWire, claimOfAppointment } from './appointment.ts'
import {
  type SignedDevice,
  checkDeviceShape,
  claimOfDevice,
  claimOfDismissal,
  deviceRecordWire,
  dismissalWire,
  standingOf,
} from './device.ts'
import { changeSetWire, claimOfSetChange, claimOfVeto, vetoWire, wrapsHash } from './set-change.ts'
import { takeOverSizeBytesMax, wrapsWire } from './state.ts'

export const batchSizeBytesMax = 1024 * 1024
export const operationCountMax = 1024
export const recordCountMax = 1024
export const requestIdSizeBytes = 16
export const takeOverDomain = 'blocktree/1/takeOver'

/** The first operation of a tree (paper §2, "When a new blocktree is created"): root, first node, root block. */
const foundWire = record('found', 1, {
  set: credentialSetWire,
  wraps: wrapsWire,
  chain: chainWire,
  rootAccess: accessRecordWire,
  sealedProfile: bytesUpTo(1024),
  device: deviceRecordWire,
})

/** Records of one author that are taken all together or not at all; a repeated request changes nothing. */
const changeWire = record('change', 1, {
  /** What the doer's name and the seed give (`requestIdOf`), so that nobody asks under another one's. */
  requestId: bytesOf(requestIdSizeBytes),
  requestSeed: bytesOf(requestIdSizeBytes),
  /** Whose doing it is, where its author brings that along from another generation; null: the author's. */
  doer: nullable(bytesOf(32)),
  records: listOf(signedRecordWire, recordCountMax),
})

/** By which the tree knows a request. */
export const requestIdOf = (doer: Principal, requestSeed: Bytes): Bytes =>
  digest('blocktree/1/request', doer, requestSeed).slice(0, requestIdSizeBytes)

/** What the root signs to continue a cluster whose voters are gone: a new generation on top of one exact state. */
export const takeOverBodyWire = record('takeOver', 1, {
  treeId: treeIdWire,
  generation: u53,
  stateRoot: bytesOf(32),
  /** Of the newest in that state: what others have beside it is stamped later. */
  stampMs: u53,
  writecapHash: bytesOf(32),
  /** Of the credential set by which the root signs, which is the one in force in that state. */
  setHash: bytesOf(32),
})
const takeOverWire = record('takeOver', 1, {
  body: bytesUpTo(takeOverSizeBytesMax),
  signature: rootSignatureWire,
  chain: chainWire,
  rootAccess: accessRecordWire,
  sealedProfile: bytesUpTo(1024),
  device: deviceRecordWire,
})

/**
 * The outcome of joining (design §10): what the newcomer says of itself, what the root grants to it, and the key of the place
 * that it may read, given by the device on which it was approved.
 */
const admitWire = record('admit', 1, { device: deviceRecordWire, writecap: writecapWire, access: accessRecordWire })
/** More time for a device, by the root. */
const extendWire = record('extend', 1, { writecap: writecapWire })
/** A device's next record of itself. */
const reviseWire = record('revise', 1, { device: deviceRecordWire })
/** The first half of a revocation: from here on the device may nothing. The other half, new keys, is records of blocks. */
const dismissWire = record('dismiss', 1, { dismissal: dismissalWire })
/** A device of the owner does not want the passkey that was added. */
const vetoOperationWire = record('object', 1, { veto: vetoWire })
/** The owner says who is to decide. */
const appointWire = record('appoint', 1, { appointment: appointmentWire })

const operationWire = union({
  found: foundWire,
  change: changeWire,
  takeOver: takeOverWire,
  admit: admitWire,
  extend: extendWire,
  revise: reviseWire,
  dismiss: dismissWire,
  changeSet: changeSetWire,
  veto: vetoOperationWire,
  appoint: appointWire,
})
export type Operation = Decoded<typeof operationWire>
export type Found = Decoded<typeof foundWire>
export type TakeOver = Decoded<typeof takeOverWire>
export type Change = Decoded<typeof changeWire>
type Admit = Decoded<typeof admitWire>

const batchWire = record('batch', 1, {
  /** The leader's clock, never before the stamp of the batch before. */
  stampMs: u53,
  operations: listOf(operationWire, operationCountMax),
})
export type Batch = Decoded<typeof batchWire>

export const encodeBatch = (batch: Batch): Bytes => encode(batchWire, batch)
export const decodeBatch = (octets: Bytes): Result<Batch> => decode(batchWire, octets, batchSizeBytesMax)

/** One that is no change counts as one. */
export const recordCountOf = (operations: readonly Operation[]): number =>
  operations.reduce((count, { tag, value }) => count + (tag === 'change' ? value.records.length : 1), 0)

/** What an operation adds to a batch at most; exact only for the rare kinds. */
export function operationSizeBytes(operation: Operation): number {
  if (operation.tag !== 'change') return encode(operationWire, operation).length
  // A record is its body, its signature of 64 octets, the way to what is signed and who its readers are, under heads; the
  // operation's own fields and heads take less than 112.
  return operation.value.records.reduce(
    (sizeBytes, { kind, fields, body, signature }) =>
      sizeBytes + body.length + 34 * signature.way.length + (kind === 'access' ? 52 * fields.readcaps.length : 0) + 100,
    112,
  )
}

/**
 * Gate 1: everything about a batch that needs no state but the credential sets.
 * @returns the signatures that must verify; then `checkedWhere` gives the brand that the fold asks for
 */
export function examineBatch(treeId: TreeId, batch: Batch, setOf: SetOf): Result<readonly Claim[]> {
  const claims: Claim[] = []
  for (const operation of batch.operations) {
    const found = examineOperation(treeId, operation, setOf)
    if (!found.ok) return found
    claims.push(...found.value)
  }
  return accepted(claims)
}

export function examineOperation(treeId: TreeId, operation: Operation, setOf: SetOf): Result<readonly Claim[]> {
  switch (operation.tag) {
    case 'found': {
      const { set, chain, rootAccess, device } = operation.value
      if (set.sequence !== 0 || !equal(treeIdOf(set), treeId)) {
        return refused('foundForeign', 'This tree is not the one that its name says.')
      }
      const claims = claimsOfChain(chain, (hash) => (equal(hash, treeId) ? set : null))
      if (!claims.ok) return claims
      const seat = examineSeat(treeId, device, chain[0])
      if (!seat.ok) return seat
      const access = examineRecord(rootAccess)
      return access.ok ? accepted([...claims.value, seat.value, access.value]) : access
    }
    case 'change':
      return examineChange(operation.value)
    case 'takeOver': {
      const { body, signature, chain, rootAccess, device } = operation.value
      const signed = decode(takeOverBodyWire, body, takeOverSizeBytesMax)
      if (!signed.ok) return signed
      const set = setOf(signed.value.setHash)
      if (set === null)
        return refused('credentialSetUnknown', 'This take-over was signed under a root that this tree does not know.')
      const claims = claimsOfChain(chain, setOf)
      if (!claims.ok) return claims
      const own = rootClaim(set, takeOverDomain, body, signature)
      if (!own.ok) return own
      const seat = examineSeat(treeId, device, chain[0])
      if (!seat.ok) return seat
      const access = examineRecord(rootAccess)
      return access.ok ? accepted([own.value, ...claims.value, seat.value, access.value]) : access
    }
    case 'admit':
      return examineAdmission(treeId, operation.value, setOf)
    case 'extend': {
      const { writecap } = operation.value
      const standing = standingOf(writecap)
      return standing.ok ? claimsOfChain([writecap], setOf) : standing
    }
    case 'revise': {
      const { device } = operation.value
      const shape = checkDeviceShape(device, treeId)
      return shape.ok ? accepted([claimOfDevice(device)]) : shape
    }
    case 'dismiss': {
      const { dismissal } = operation.value
      if (!equal(dismissal.fields.treeId, treeId))
        return refused('deviceForeign', 'This removal is of a device of another tree.')
      const claim = claimOfDismissal(dismissal, setOf)
      return claim.ok ? accepted([claim.value]) : claim
    }
    case 'changeSet': {
      const { set, wraps, signature } = operation.value
      const before = set.previousHash === null ? null : setOf(set.previousHash)
      if (before === null)
        return refused('credentialSetUnknown', 'This change follows keys of the root that this tree does not know.')
      const claim = claimOfSetChange(before, set, wrapsHash(wraps), signature)
      return claim.ok ? accepted([claim.value]) : claim
    }
    case 'veto': {
      const claim = claimOfVeto(operation.value.veto, treeId)
      return claim.ok ? accepted([claim.value]) : claim
    }
    case 'appoint': {
      const claim = claimOfAppointment(operation.value.appointment, treeId)
      return claim.ok ? accepted([claim.value]) : claim
    }
    default:
      return assertNever(operation)
  }
}

/** One without records would be signed by nobody, and would settle a request all the same. */
function examineChange({ requestId, requestSeed, doer, records }: Change): Result<readonly Claim[]> {
  const author = records[0]?.fields.author
  if (author === undefined) return refused('changeEmpty', 'This change changes nothing; it was not used.')
  if (!equal(requestId, requestIdOf(doer ?? principalOf(author), requestSeed)))
    return refused('requestForeign', 'This change was asked for in the name of another device; it was not used.')
  const claims: Claim[] = []
  for (const signed of records) {
    if (!isSameCredential(signed.fields.author, author))
      return refused('authorsDiffer', 'A change is of one device; this one is of several, and was not used.')
    const claim = examineRecord(signed)
    if (!claim.ok) return claim
    claims.push(claim.value)
  }
  return accepted(claims)
}

const isSameCredential = (one: PublicCredential, other: PublicCredential): boolean =>
  one.suite === other.suite && equal(one.signingKey, other.signingKey) && equal(one.kemKey, other.kemKey)

function examineRecord(signed: SignedRecord): Result<Claim> {
  const shape = checkShape(signed)
  if (!shape.ok) return shape
  const told = checkTold(signed)
  return told.ok ? claimOfRecord(signed) : told
}

function examineAdmission(treeId: TreeId, { device, writecap, access }: Admit, setOf: SetOf): Result<readonly Claim[]> {
  const seat = examineSeat(treeId, device, writecap)
  if (!seat.ok) return seat
  const claims = claimsOfChain([writecap], setOf)
  if (!claims.ok) return claims
  const own = examineRecord(access)
  if (!own.ok) return own
  const { path, readcaps } = access.fields
  const newcomer = principalOf(device.fields.credential)
  if (!samePath(path, writecap.scope))
    return refused('recordInconsistent', 'This admission contradicts itself; it was not used.')
  if (!readcaps.some((readcap) => isFor(readcap, newcomer)))
    return refused('readcapMissing', 'This admission gives the device no key to read with.')
  return accepted([...claims.value, seat.value, own.value])
}

/** That a device speaks for itself and in this tree, and is whom the root gave the writecap to. */
function examineSeat(treeId: TreeId, device: SignedDevice, writecap: Writecap | undefined): Result<Claim> {
  const shape = checkDeviceShape(device, treeId)
  if (!shape.ok) return shape
  if (writecap === undefined || !equal(writecap.holder, principalOf(device.fields.credential)))
    return refused('writecapNotHeld', 'This permission was issued to another device than the one that comes with it.')
  const standing = standingOf(writecap)
  return standing.ok ? accepted(claimOfDevice(device)) : standing
}
