/**
 * Rows of a state that came from another device, before anything reads it: that each decodes, lies where its key says, and was made
 * under a permission that the root gave for its place. The fold has seen to all of that where it wrote a row itself.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Refused,
  type Result,
  type Slices,
  accepted,
  decode,
  equal,
} from '../bytes/bytes.ts'
import { type Claim, type SetOf, credentialSetHash, principalOf, rootClaim } from '../crypto/crypto.ts'
import { type Chain, type Checked, checkRight, checkWritecap, claimsOfChain, isHeldBy, rights } from '../cap/cap.ts'
import { type SignedRecord, checkShape, claimOfRecord, placeOf } from '../block/block.ts'
import { entries, get } from '../merkle/merkle.ts'
import { type IdPath, blockIdOf, blockIdSizeBytes, rootBlockId, rootPath } from '../path/path.ts'
import { claimOfAppointment } from './appointment.ts'
import { requestIdSizeBytes, takeOverBodyWire, takeOverDomain } from './batch.ts'
import { checkDeviceShape, claimOfDevice, claimOfDismissal, standingOf } from './device.ts'
import { linkSizeBytesMax } from './link.ts'
import { claimsOfSet } from './set-change.ts'
import {
  type AppointmentRow,
  type DeviceRow,
  type RowKind,
  type RowOf,
  type Summary,
  type TakeOverRow,
  type TreeState,
  chainOf,
  decodeRow,
  entryOf,
  isDirectory,
  keys,
  parentOf,
  pathOf,
  rowKind,
  setOf,
  takeOverSizeBytesMax,
  triedRow,
} from './state.ts'

export type Row = {
  readonly [K in RowKind]: { readonly kind: K; readonly at: Bytes; readonly value: RowOf<K> }
}[RowKind]
export interface FoundRow {
  readonly row: Row
  readonly isNew: boolean
}

/** A few hundredths of a second, also on a phone. */
export const rowsPerSlice = 256

const kindOf: ReadonlyMap<number, RowKind> = new Map(
  Object.entries(rowKind).map(([kind, octet]) => [octet, kind as RowKind]),
)

/**
 * Decodes all of them: whoever reads a state takes it that its rows decode, and that each lies where its key says.
 * @param known a state that was examined before: what is the same in both is in its place
 * @param kinds of which there may be rows
 */
export function* readRows(
  { map }: TreeState,
  known: TreeState | null,
  kinds: ReadonlySet<RowKind>,
  unfitting: Refused,
): Slices<Result<readonly FoundRow[]>> {
  const found: FoundRow[] = []
  for (const [at, octets] of entries(map)) {
    const kind = kindOf.get(at[0]!)
    if (kind === undefined || !kinds.has(kind)) return unfitting
    const isNew = known === null || get(known.map, at) !== octets
    const value = isNew ? triedRow(kind, octets) : accepted(decodeRow(kind, octets))
    if (!value.ok) return value
    const row = { kind, at, value: value.value } as Row
    if (isNew && !liesAt(row)) return unfitting
    if (found.push({ row, isNew }) % rowsPerSlice === 0) yield
  }
  return accepted(found)
}

const hashSizeBytes = 32

/** Of some the key says what the row does not, so that its size is all there is to compare. */
function liesAt({ kind, at, value }: Row): boolean {
  switch (kind) {
    case 'summary':
      return equal(at, keys.summary)
    case 'wraps':
      return equal(at, keys.wraps)
    case 'set':
      return equal(at, keys.set(credentialSetHash(value)))
    case 'cap':
      return equal(at, keys.cap(value.cap.hash))
    case 'entry': {
      const { parent, child } = value.entry.fields
      return equal(at, keys.entry(blockIdOf(parent), child))
    }
    case 'content':
      return equal(at, keys.content(blockIdOf(value.content.fields.path)))
    case 'access':
      return equal(at, keys.access(blockIdOf(value.fields.path)))
    case 'device':
      return equal(at, keys.device(principalOf(value.device.fields.credential)))
    case 'takeOver': {
      const body = decode(takeOverBodyWire, value.body, takeOverSizeBytesMax)
      return body.ok && equal(at, keys.takeOver(body.value.generation))
    }
    case 'pendingSet':
      return equal(at, keys.pendingSet)
    case 'appointment':
      return equal(at, keys.appointment)
    case 'setChange':
      return at.length === 1 + hashSizeBytes
    case 'place':
      return at.length === 1 + blockIdSizeBytes
    case 'request':
      return at.length === 1 + requestIdSizeBytes
    case 'requestAge':
      return at.length === 9 + requestIdSizeBytes
    case 'dead':
      return at.length === 9 + blockIdSizeBytes + hashSizeBytes
  }
}

/** @returns the signatures that must verify */
export function examineRow(state: TreeState, row: Row, unfitting: Refused): Result<readonly Claim[]> {
  switch (row.kind) {
    case 'summary':
      return isSummaryOf(state, row.value) ? none : unfitting
    case 'set':
      return claimsOfSet(state, row.value)
    case 'setChange':
      return setOf(state, row.at.slice(1)) === null ? unfitting : none
    case 'cap':
      return chainOf(state, row.value.cap.hash) === null ? unfitting : claimsOfChain([row.value.cap], setsOf(state))
    case 'place':
      return entryOf(state, row.at.slice(1)) === null ? unfitting : none
    case 'entry': {
      const { entry } = row.value
      const { parent, child } = entry.fields
      const above = parentOf(state, child)
      const isPlaced = above !== null && equal(above, blockIdOf(parent)) && pathOf(state, child) !== null
      return isPlaced && isDirectory(state, above) ? examineRecord(state, entry, unfitting) : unfitting
    }
    case 'content': {
      const { content } = row.value
      const kind = entryOf(state, row.at.slice(1))?.entry.fields.kind ?? 'directory'
      const isFitting = kind === 'file' || (kind === 'link' && content.fields.sizeBytes <= linkSizeBytesMax)
      return isFitting ? examineRecord(state, content, unfitting) : unfitting
    }
    case 'access': {
      const block = row.at.slice(1)
      const isThere = equal(block, rootBlockId(state.treeId)) || entryOf(state, block) !== null
      return isThere ? examineRecord(state, row.value, unfitting) : unfitting
    }
    case 'device':
      return examineDevice(state, row.value, unfitting)
    case 'takeOver':
      return examineTakeOver(state, row.value, unfitting)
    case 'appointment':
      return examineAppointment(state, row.value, unfitting)
    case 'pendingSet':
    case 'wraps':
    case 'request':
    case 'requestAge':
    case 'dead':
      return none
  }
}

const isSummaryOf = (state: TreeState, { treeId, setHash }: Summary): boolean =>
  equal(treeId, state.treeId) && setOf(state, setHash) !== null

const setsOf =
  (state: TreeState): SetOf =>
  (setHash) =>
    setOf(state, setHash)

/** The same functions as gate 1 uses, and the permission by what the rows say. What follows from its end is said by `at-rest.ts`. */
function examineRecord(state: TreeState, signed: SignedRecord, unfitting: Refused): Result<readonly Claim[]> {
  const shape = checkShape(signed)
  if (!shape.ok) return shape
  const { author, writecapHash } = signed.fields
  const chain = chainOf(state, writecapHash)
  if (chain === null || !isHeldBy(chain, principalOf(author))) return unfitting
  const right = signed.kind === 'access' && signed.fields.readcaps.length > 0 ? rights.grant : rights.write
  const allowed = checkChain(state, chain, placeOf(signed), right)
  if (!allowed.ok) return allowed
  const claim = claimOfRecord(signed)
  return claim.ok ? accepted([claim.value]) : claim
}

function checkChain({ treeId }: TreeState, chain: Checked<Chain>, place: IdPath, right: number): Check {
  const valid = checkWritecap(chain, place, treeId, 0)
  return valid.ok ? checkRight(chain, right) : valid
}

function examineDevice(
  state: TreeState,
  { device, standing, writecapHash, dismissed }: DeviceRow,
  unfitting: Refused,
): Result<readonly Claim[]> {
  const shape = checkDeviceShape(device, state.treeId)
  if (!shape.ok) return shape
  const principal = principalOf(device.fields.credential)
  const chain = chainOf(state, writecapHash)
  if (chain === null || !isHeldBy(chain, principal)) return unfitting
  const given = standingOf(chain[0]!)
  if (!given.ok || given.value !== standing) return unfitting
  if (dismissed === null) return accepted([claimOfDevice(device)])
  const { dismissal } = dismissed
  const { fields } = dismissal
  if (!equal(fields.device, principal) || !equal(fields.treeId, state.treeId)) return unfitting
  if (fields.issuer.tag === 'node') {
    const { author, writecapHash: named } = fields.issuer.value
    const issuer = principalOf(author)
    const theirs = chainOf(state, named)
    if (theirs === null || !isHeldBy(theirs, issuer)) return unfitting
    const isItself = equal(issuer, principal)
    if (!isItself && !checkChain(state, theirs, rootPath(state.treeId), rights.grant).ok) return unfitting
  }
  const claim = claimOfDismissal(dismissal, setsOf(state))
  return claim.ok ? accepted([claimOfDevice(device), claim.value]) : claim
}

function examineTakeOver(state: TreeState, { body, signature }: TakeOverRow, unfitting: Refused) {
  const signed = decode(takeOverBodyWire, body, takeOverSizeBytesMax)
  const set = signed.ok ? setOf(state, signed.value.setHash) : null
  if (set === null || !signed.ok || !equal(signed.value.treeId, state.treeId)) return unfitting
  const claim = rootClaim(set, takeOverDomain, body, signature)
  return claim.ok ? accepted([claim.value]) : claim
}

function examineAppointment(state: TreeState, { appointment }: AppointmentRow, unfitting: Refused) {
  const { author, writecapHash } = appointment.fields
  const chain = chainOf(state, writecapHash)
  if (chain === null || !isHeldBy(chain, principalOf(author))) return unfitting
  if (!checkChain(state, chain, rootPath(state.treeId), rights.grant).ok) return unfitting
  const claim = claimOfAppointment(appointment, state.treeId)
  return claim.ok ? accepted([claim.value]) : claim
}

const none: Result<readonly Claim[]> = accepted([])
