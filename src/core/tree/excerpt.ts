/**
 * Excerpts: what a device has of a tree's state that is limited to a folder (design §10).
 *
 * Such a device is a *guest*: no member of the cluster, so it has neither its log nor its map, but the rows that tell of its folder,
 * those that they are judged by, and the way there from the root. They are a state of their own, on which all that reads a state
 * works. Names on the way stay sealed, since a guest has no key of theirs; of anything beside the way it has no row.
 * @module
 */
import { type Bytes, type Check, type Decoded, type Result, accepted, decode, equal, refused } from '../bytes/bytes.ts'
import { type Claim, type Principal, type SetOf, credentialSetHash, principalOf } from '../crypto/crypto.ts'
import {
  type Chain,
  type Checked,
  type Readcap,
  checkRight,
  checkWritecap,
  claimsOfChain,
  isFor,
  isHeldBy,
  rights,
} from '../cap/cap.ts'
import { type SignedRecord, checkShape, claimOfRecord, placeOf, toldTo } from '../block/block.ts'
import { type AuthenticatedMap, emptyMap, entries, get, remove, set } from '../merkle/merkle.ts'
import { type BlockId, type IdPath, blockIdOf, blockIdSizeBytes, rootBlockId, samePath } from '../path/path.ts'
import { checkDeviceShape, claimOfDevice, claimOfDismissal, standingOf } from './device.ts'
import { requestMemoryMs } from './fold.ts'
import { isWithin, limitOf } from './guest.ts'
import { claimsOfSet } from './set-change.ts'
import {
  type DeviceRow,
  type TreeState,
  accessOf,
  chainOf,
  childrenOf,
  contentOf,
  decodeRow,
  deviceOf,
  devicesOf,
  encodeRow,
  entryOf,
  isDirectory,
  keys,
  parentOf,
  pathOf,
  requestOf,
  rowKind,
  rowSizeBytesMax,
  rows,
  setOf,
  summaryOf,
} from './state.ts'

/** Rows of an excerpt at most: a folder of a quarter of a million files. */
export const excerptRowCountMax = 1024 * 1024

// --- for a guest ----------------------------------------------------------------------------------------------------------

/**
 * The excerpt for a device. Of a folder that stands elsewhere by now than where the root has put the device it has nothing.
 * @returns null for a device that is not limited
 */
export function excerptFor(state: TreeState, device: Principal): TreeState | null {
  const limit = limitOf(state, device)
  const summary = summaryOf(state)
  if (limit === null || summary === null) return null
  let map: AuthenticatedMap = emptyMap
  const bring = (key: Bytes): void => {
    const row = get(state.map, key)
    if (row !== null) map = set(map, key, row)
  }
  const bringChain = (writecapHash: Bytes): void => {
    for (const { hash } of chainOf(state, writecapHash) ?? []) bring(keys.cap(hash))
  }
  const bringRecord = (key: Bytes, signed: SignedRecord | undefined): void => {
    if (signed === undefined) return
    bring(key)
    bringChain(signed.fields.writecapHash)
  }
  const bringEntry = (block: BlockId): void => {
    const row = entryOf(state, block)
    if (row === null) return
    bring(keys.place(block))
    bringRecord(keys.entry(blockIdOf(row.entry.fields.parent), block), row.entry)
  }
  const bringBlock = (block: BlockId): void => {
    const access = accessOf(state, block)
    bringRecord(keys.access(block), access ?? undefined)
    // Of who else may read its folder a guest is not told.
    if (access !== null && access.fields.readcaps.length > 0)
      map = set(map, keys.access(block), encodeRow('access', toldTo(access, device)))
    bringRecord(keys.content(block), contentOf(state, block)?.content)
  }

  // What changes with every batch, and what is the tree's as a whole, is nobody's who has a folder.
  const setSequence = setOf(state, summary.setHash)!.sequence
  const own = { ...summary, stampMs: 0, setSequence, sealedProfile: new Uint8Array(), profileKeyEpoch: 0 }
  map = set(map, keys.summary, encodeRow('summary', own))
  for (const table of [keys.sets, keys.setChanges]) for (const [key] of entries(state.map, table)) bring(key)
  for (const row of devicesOf(state)) {
    const principal = principalOf(row.device.fields.credential)
    if (row.standing !== 'own' && !equal(principal, device)) continue
    bring(keys.device(principal))
    bringChain(row.writecapHash)
    const issuer = row.dismissed?.dismissal.fields.issuer
    if (issuer?.tag === 'node') bringChain(issuer.value.writecapHash)
  }
  if (!isWhereItWas(state, limit)) return { treeId: state.treeId, map }
  for (const block of limit.ids) bringEntry(block)
  for (const pending = [blockIdOf(limit)]; pending.length > 0;) {
    const block = pending.pop()!
    bringBlock(block)
    for (const { entry } of childrenOf(state, block)) {
      bringEntry(entry.fields.child)
      pending.push(entry.fields.child)
    }
  }
  return { treeId: state.treeId, map }
}

function isWhereItWas(state: TreeState, limit: IdPath): boolean {
  const path = pathOf(state, blockIdOf(limit))
  return path !== null && samePath(path, limit)
}

// --- one that came --------------------------------------------------------------------------------------------------------

/**
 * Everything about an excerpt that came from another device and that needs no signature to be verified: which rows it has, that
 * each says what its key says, stands within the folder, and was made under a permission that the root gave for its place.
 * @param device whom it is for
 * @param known an excerpt that was examined before: what is the same in both is not verified again
 * @returns the signatures that must verify
 */
export function examineExcerpt(
  excerpt: TreeState,
  device: Principal,
  known: TreeState | null,
): Result<readonly Claim[]> {
  const rowsOf = readAll(excerpt, known)
  if (!rowsOf.ok) return rowsOf
  const own = deviceOf(excerpt, device)
  const limit = limitOf(excerpt, device)
  if (own === null || limit === null || summaryOf(excerpt) === null) return unfitting
  const setOfTree: SetOf = (setHash) => setOf(excerpt, setHash)
  const claims: Claim[] = []
  for (const { row, isNew } of rowsOf.value) {
    const found = examineRow(excerpt, limit, device, row, setOfTree)
    if (!found.ok) return found
    if (isNew) claims.push(...found.value)
  }
  return accepted(claims)
}

type Kind = 'summary' | 'set' | 'cap' | 'entry' | 'content' | 'access' | 'place' | 'device' | 'setChange'
type Row = { readonly [K in Kind]: { readonly kind: K; readonly at: Bytes; readonly value: ValueOf<K> } }[Kind]
type ValueOf<K extends Kind> = Decoded<(typeof rows)[K]>
interface FoundRow {
  readonly row: Row
  readonly isNew: boolean
}

const kinds: ReadonlyMap<number, Kind> = new Map(
  (['summary', 'set', 'cap', 'entry', 'content', 'access', 'place', 'device', 'setChange'] as const).map((kind) => [
    rowKind[kind],
    kind,
  ]),
)

/** Decodes all of them: whoever reads a state takes it that its rows decode, and that each lies where its key says. */
function readAll({ map }: TreeState, known: TreeState | null): Result<readonly FoundRow[]> {
  const found: FoundRow[] = []
  for (const [at, octets] of entries(map)) {
    const kind = kinds.get(at[0]!)
    if (kind === undefined) return unfitting
    // What lies there in the one that was examined is in its place, and is remembered as it was decoded.
    const isNew = known === null || get(known.map, at) !== octets
    const decoded = isNew
      ? decode(rows[kind] as Parameters<typeof decode>[0], octets, rowSizeBytesMax)
      : accepted(decodeRow(kind, octets))
    if (!decoded.ok) return decoded
    const row = { kind, at, value: decoded.value } as Row
    if (isNew && !equal(keyOfRow(row), at)) return unfitting
    found.push({ row, isNew })
  }
  return accepted(found)
}

const hashSizeBytes = 32

/** Where a row belongs. Of a place, and of how a set came, the key says what the row does not, so that it is compared with that. */
function keyOfRow(row: Row): Bytes {
  switch (row.kind) {
    case 'summary':
      return keys.summary
    case 'set':
      return keys.set(credentialSetHash(row.value))
    case 'cap':
      return keys.cap(row.value.cap.hash)
    case 'entry': {
      const { parent, child } = row.value.entry.fields
      return keys.entry(blockIdOf(parent), child)
    }
    case 'content':
      return keys.content(blockIdOf(row.value.content.fields.path))
    case 'access':
      return keys.access(blockIdOf(row.value.fields.path))
    case 'place':
      return row.at.length === 1 + blockIdSizeBytes ? row.at : keys.summary
    case 'setChange':
      return row.at.length === 1 + hashSizeBytes ? row.at : keys.summary
    case 'device':
      return keys.device(principalOf(row.value.device.fields.credential))
  }
}

function examineRow(
  excerpt: TreeState,
  limit: IdPath,
  device: Principal,
  row: Row,
  setOfTree: SetOf,
): Result<readonly Claim[]> {
  const folder = blockIdOf(limit)
  switch (row.kind) {
    case 'summary':
      return equal(row.value.treeId, excerpt.treeId) && setOfTree(row.value.setHash) !== null ? none : unfitting
    case 'set':
      return claimsOfSet(excerpt, row.value)
    case 'setChange':
      return setOfTree(row.at.slice(1)) === null ? unfitting : none
    case 'cap': {
      const chain = chainOf(excerpt, row.value.cap.hash)
      return chain === null ? unfitting : claimsOfChain([row.value.cap], setOfTree)
    }
    case 'place': {
      const block = row.at.slice(1)
      return entryOf(excerpt, block) === null ? unfitting : none
    }
    case 'entry': {
      const { entry } = row.value
      const { parent, child } = entry.fields
      const above = parentOf(excerpt, child)
      if (above === null || !equal(above, blockIdOf(parent))) return unfitting
      const isPlaced = isOnTheWay(excerpt, limit, child) || isBelow(excerpt, folder, child)
      return isPlaced && isDirectory(excerpt, above) ? examineRecord(excerpt, entry) : unfitting
    }
    case 'content':
    case 'access': {
      const signed: SignedRecord = row.kind === 'content' ? row.value.content : row.value
      if (row.kind === 'access' && row.value.fields.readcaps.some((readcap) => !isUntoldTo(readcap, device)))
        return unfitting
      return isWithin(excerpt, folder, row.at.slice(1)) && isWhereItWas(excerpt, limit)
        ? examineRecord(excerpt, signed)
        : unfitting
    }
    case 'device':
      return examineDevice(excerpt, device, row.value, setOfTree)
  }
}

const isUntoldTo = (readcap: Readcap, device: Principal): boolean => readcap.reader === null || isFor(readcap, device)

const isBelow = (state: TreeState, folder: BlockId, block: BlockId): boolean =>
  !equal(block, folder) && isWithin(state, folder, block) && pathOf(state, block) !== null

/** Whether a block is one of those from the root to the folder, where the root's word has them. */
function isOnTheWay(state: TreeState, { treeId, ids }: IdPath, block: BlockId): boolean {
  const depth = ids.findIndex((id) => equal(id, block))
  const above = parentOf(state, block)
  return depth >= 0 && above !== null && equal(above, depth === 0 ? rootBlockId(treeId) : ids[depth - 1]!)
}

/** The same functions as gate 1 uses, and the permission by what the rows say. When that ended does not matter. */
function examineRecord(excerpt: TreeState, signed: SignedRecord): Result<readonly Claim[]> {
  const shape = checkShape(signed)
  if (!shape.ok) return shape
  const { author, writecapHash } = signed.fields
  const chain = chainOf(excerpt, writecapHash)
  if (chain === null || !isHeldBy(chain, principalOf(author))) return unfitting
  const right = signed.kind === 'access' && signed.fields.readcaps.length > 0 ? rights.grant : rights.write
  const allowed = checkChain(excerpt, chain, placeOf(signed), right)
  if (!allowed.ok) return allowed
  const claim = claimOfRecord(signed)
  return claim.ok ? accepted([claim.value]) : claim
}

function checkChain({ treeId }: TreeState, chain: Checked<Chain>, place: IdPath, right: number): Check {
  const valid = checkWritecap(chain, place, treeId, 0)
  return valid.ok ? checkRight(chain, right) : valid
}

function examineDevice(
  excerpt: TreeState,
  own: Principal,
  { device, standing, writecapHash, dismissed }: DeviceRow,
  setOfTree: SetOf,
): Result<readonly Claim[]> {
  const shape = checkDeviceShape(device, excerpt.treeId)
  if (!shape.ok) return shape
  const principal = principalOf(device.fields.credential)
  const chain = chainOf(excerpt, writecapHash)
  if (chain === null || !isHeldBy(chain, principal)) return unfitting
  const isMeant = standing === 'own' || equal(principal, own)
  const given = standingOf(chain[0]!)
  if (!isMeant || !given.ok || given.value !== standing) return unfitting
  const claims = [claimOfDevice(device)]
  if (dismissed !== null) {
    const { dismissal } = dismissed
    if (!equal(dismissal.fields.device, principal) || !equal(dismissal.fields.treeId, excerpt.treeId)) return unfitting
    const claim = claimOfDismissal(dismissal, setOfTree)
    if (!claim.ok) return claim
    claims.push(claim.value)
  }
  return accepted(claims)
}

// --- on the guest ---------------------------------------------------------------------------------------------------------

/** What the tree has decided about an operation that was given to it. */
export interface Decision {
  readonly requestId: Bytes
  readonly stampMs: number
  /** The code of the fault; null where it was taken. */
  readonly fault: string | null
}

/** What the tree remembers of operations; nothing of those that it does not know, or knows no more. */
export const decisionsOn = (state: TreeState, requestIds: readonly Bytes[]): readonly Decision[] =>
  requestIds.flatMap((requestId) => {
    const row = requestOf(state, requestId)
    return row === null ? [] : [{ requestId, ...row }]
  })

/**
 * The state that a guest goes on with: an excerpt, when the tree was so, and what was decided about the guest's own operations.
 * @param before whose decisions are remembered for as long as the tree remembers them
 */
export function guestState(
  excerpt: TreeState,
  before: TreeState,
  stampMs: number,
  decisions: readonly Decision[],
): TreeState {
  let { map } = excerpt
  for (const [key, octets] of entries(before.map, keys.requests))
    if (stampMs - decodeRow('request', octets).stampMs <= requestMemoryMs) map = set(map, key, octets)
  for (const { requestId, stampMs: decidedAtMs, fault } of decisions)
    map = set(map, keys.request(requestId), encodeRow('request', { stampMs: decidedAtMs, fault }))
  return withStamp({ ...excerpt, map }, stampMs)
}

/** The excerpt that a guest's state was made of. */
export function excerptIn(state: TreeState): TreeState {
  let { map } = state
  for (const [key] of entries(state.map, keys.requests)) map = remove(map, key)
  return withStamp({ ...state, map }, 0)
}

function withStamp(state: TreeState, stampMs: number): TreeState {
  const summary = summaryOf(state)
  if (summary === null) return state
  return { ...state, map: set(state.map, keys.summary, encodeRow('summary', { ...summary, stampMs })) }
}

const none: Result<readonly Claim[]> = accepted([])
const unfitting = refused(
  'excerptUnfitting',
  'What came of the folder is not what it should be, so it was not used. Another device is asked.',
)
