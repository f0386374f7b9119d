/**
 * Excerpts: what a device has of a tree's state that is limited to a folder (design §10).
 *
 * Such a device is a *guest*: no member of the cluster, so it has neither its log nor its map, but the rows that tell of its folder,
 * those that they are judged by, and the way there from the root. They are a state of their own, on which all that reads a state
 * works. Names on the way stay sealed, since a guest has no key of theirs; of anything beside the way it has no row.
 * @module
 */
import { type Bytes, type Result, type Slices, accepted, equal, refused } from '../bytes/bytes.ts'
import { type Claim, type Principal, principalOf } from '../crypto/crypto.ts'
import { type Readcap, isFor } from '../cap/cap.ts'
import { type SignedRecord, toldTo } from '../block/block.ts'
import { type AuthenticatedMap, emptyMap, entries, get, remove, set } from '../merkle/merkle.ts'
import { type BlockId, type IdPath, blockIdOf, rootBlockId, samePath } from '../path/path.ts'
import { requestMemoryMs } from './fold.ts'
import { isWithin, limitOf } from './guest.ts'
import { type Row, examineRow, readRows, rowsPerSlice } from './row-check.ts'
import {
  type RowKind,
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
  keys,
  parentOf,
  pathOf,
  requestOf,
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
export function* examineExcerpt(
  excerpt: TreeState,
  device: Principal,
  known: TreeState | null,
): Slices<Result<readonly Claim[]>> {
  const rowsOf = yield* readRows(excerpt, known, kinds, unfitting)
  if (!rowsOf.ok) return rowsOf
  const own = deviceOf(excerpt, device)
  const limit = limitOf(excerpt, device)
  if (own === null || limit === null || summaryOf(excerpt) === null) return unfitting
  const claims: Claim[] = []
  for (const [at, { row, isNew }] of rowsOf.value.entries()) {
    if (at % rowsPerSlice === 0) yield
    const found = examineInExcerpt(excerpt, limit, device, row)
    if (!found.ok) return found
    if (isNew) claims.push(...found.value)
  }
  return accepted(claims)
}

const kinds: ReadonlySet<RowKind> = new Set([
  'summary',
  'set',
  'cap',
  'entry',
  'content',
  'access',
  'place',
  'device',
  'setChange',
])

function examineInExcerpt(excerpt: TreeState, limit: IdPath, device: Principal, row: Row): Result<readonly Claim[]> {
  const folder = blockIdOf(limit)
  const isMeant = (): boolean => {
    switch (row.kind) {
      case 'entry': {
        const { child } = row.value.entry.fields
        return isOnTheWay(excerpt, limit, child) || isBelow(excerpt, folder, child)
      }
      case 'content':
      case 'access':
        if (row.kind === 'access' && !row.value.fields.readcaps.every((readcap) => isUntoldTo(readcap, device)))
          return false
        return isWithin(excerpt, folder, row.at.slice(1)) && isWhereItWas(excerpt, limit)
      case 'device':
        return row.value.standing === 'own' || equal(principalOf(row.value.device.fields.credential), device)
      default:
        return true
    }
  }
  return isMeant() ? examineRow(excerpt, row, unfitting) : unfitting
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
    return row === null ? [] : [{ requestId, stampMs: row.stampMs, fault: row.fault }]
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
    map = set(map, keys.request(requestId), encodeRow('request', { stampMs: decidedAtMs, fault, block: null }))
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

const unfitting = refused(
  'excerptUnfitting',
  'What came of the folder is not what it should be, so it was not used. Another device is asked.',
)
