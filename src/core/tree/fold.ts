/**
 * The fold: how a committed batch changes the state of a tree. Gate 2 of design §6.
 *
 * Pure and total: every replica that folds the same entries has the same state. An operation that fails its check is a
 * committed no-op with a typed fault to its author; nothing here throws on what a stranger wrote.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Fault,
  type Result,
  accepted,
  assertNever,
  decode,
  equal,
  fromU64be,
  ok,
  refused,
} from '../bytes/bytes.ts'
import { type Principal, principalOf } from '../crypto/crypto.ts'
import { type Chain, type Checked, checkWritecap, rights, trusted } from '../cap/cap.ts'
import { type DoneRecord, type SignedRecord, doerOf, placeOf, versionStepMax } from '../block/block.ts'
import { entries, root } from '../merkle/merkle.ts'
import {
  type BlockId,
  type IdPath,
  blockIdOf,
  checkDepth,
  checkDepthOf,
  childPath,
  contains,
  parentPath,
  rootBlockId,
  samePath,
} from '../path/path.ts'
import {
  type Batch,
  type Change,
  type Found,
  type Operation,
  type TakeOver,
  recordCountOf,
  takeOverBodyWire,
} from './batch.ts'
import { type SignedDevice, noRevocation } from './device.ts'
import { Draft } from './draft.ts'
import { firstGeneration, nextGeneration } from './generation.ts'
import { linkSizeBytesMax } from './link.ts'
import {
  type Applied,
  admitDevice,
  appointDeciders,
  checkPermission,
  dismissDevice,
  endAppointment,
  extendDevice,
  notFounded,
  reviseDevice,
  seatDevice,
} from './membership.ts'
import { checkKeyOf, checkSealedUnder, keyEpochWrong } from './renewal.ts'
import { changeSet, dropPending, promoteDue, vetoSet } from './rotation.ts'
import { checkIssuedNow, checkRootNow } from './set-change.ts'
import {
  type EntryRow,
  type Summary,
  type ContentRow,
  type TreeState,
  accessOf,
  chainOf,
  checkDevice,
  alikeCountMax,
  contentOf,
  deviceOf,
  encodeRow,
  entryOf,
  foldVersion,
  isDirectory,
  keys,
  pathOf,
  requestOf,
  summaryOf,
} from './state.ts'

/** How long a request id is remembered, so that a repeated request takes effect once. */
export const requestMemoryMs = 24 * 60 * 60 * 1000
/** How long the body of a replaced or deleted version stays listed, for readers that are in the middle of it. */
export const deadGraceMs = 24 * 60 * 60 * 1000
/**
 * Of each table this many rows are forgotten with a batch at most, or twice as many as it has records where these are more: so the
 * work of one is bounded, and what comes in leaves as fast.
 */
const forgottenCountMin = 64

/** What became of one operation, in the order of the batch. */
export type Outcome = { readonly ok: true; readonly repeated: boolean } | { readonly ok: false; readonly fault: Fault }

export interface Folded {
  readonly state: TreeState
  readonly outcomes: readonly Outcome[]
  /** Keys whose rows differ from before, each once, for those who mirror the state. */
  readonly touched: readonly Bytes[]
}

export function foldBatch(before: TreeState, batch: Checked<Batch>): Folded {
  const draft = new Draft(before)
  // Later than all before also where a new generation goes on with what was stamped in the last one: no two states have one stamp.
  const stampMs = Math.max(batch.stampMs, (summaryOf(before)?.stampMs ?? -1) + 1)
  const outcomes = batch.operations.map((operation): Outcome => applyOperation(draft, operation, stampMs))
  const summary = summaryOf(draft.state)
  if (summary !== null) {
    draft.put(keys.summary, encodeRow('summary', { ...summary, stampMs }))
    forgetOld(draft, stampMs, Math.max(forgottenCountMin, 2 * recordCountOf(batch.operations)))
  }
  return { state: draft.state, outcomes, touched: draft.touched }
}

function applyOperation(draft: Draft, operation: Operation, stampMs: number): Outcome {
  // A take-over is for a state as it was.
  if (operation.tag !== 'takeOver') promoteDue(draft, stampMs)
  const before = draft.state
  const result = operationResult(draft, operation, stampMs)
  if (result.ok) return { ok: true, repeated: result.value === 'repeated' }
  draft.restore(before)
  if (operation.tag === 'change' && isAnswered(before, operation.value, stampMs))
    rememberRequest(draft, operation.value, stampMs, result.fault)
  return { ok: false, fault: result.fault }
}

function operationResult(draft: Draft, operation: Operation, stampMs: number): Result<Applied> {
  switch (operation.tag) {
    case 'found':
      return asApplied(found(draft, operation.value, stampMs))
    case 'takeOver':
      return asApplied(takeOver(draft, operation.value, stampMs))
    case 'admit': {
      const { device, writecap, access } = operation.value
      return admitDevice(draft, device, writecap, access, stampMs, () => applyRecord(draft, access, stampMs))
    }
    case 'extend':
      return extendDevice(draft, operation.value.writecap, stampMs)
    case 'revise':
      return reviseDevice(draft, operation.value.device, stampMs)
    case 'dismiss':
      return dismissDevice(draft, operation.value.dismissal, stampMs)
    case 'changeSet':
      return changeSet(draft, operation.value, stampMs)
    case 'veto':
      return vetoSet(draft, operation.value.veto, stampMs)
    case 'appoint':
      return appointDeciders(draft, operation.value.appointment, stampMs)
    case 'change': {
      const named = checkDoer(draft.state, operation.value)
      if (!named.ok) return named
      const known = requestOf(draft.state, operation.value.requestId)
      if (known !== null) {
        return known.fault === null
          ? accepted('repeated')
          : refused(known.fault, 'This change was refused when it was first asked for.')
      }
      for (const signed of operation.value.records) {
        const check = applyRecord(draft, signed, stampMs)
        if (!check.ok) return check
      }
      rememberRequest(draft, operation.value, stampMs, null)
      return accepted('applied')
    }
    default:
      return assertNever(operation)
  }
}
const asApplied = (check: Check): Result<'applied'> => (check.ok ? accepted('applied') : check)

// --- requests -------------------------------------------------------------------------------------------------------------

const authorOf = ({ records: [first] }: Change): Principal => principalOf(first!.fields.author)

/** Whoever asks in the name of another device takes a request from it, or settles one: that is the owner's own devices' alone. */
function checkDoer(state: TreeState, change: Change): Check {
  return change.doer === null || deviceOf(state, authorOf(change))?.standing === 'own' ? ok : originForeign()
}

/** Whether a refusal is remembered: not for a stranger, nor in the name of another device for one that may not speak in it. */
const isAnswered = (state: TreeState, change: Change, stampMs: number): boolean =>
  summaryOf(state) !== null && checkDevice(state, authorOf(change), stampMs).ok && checkDoer(state, change).ok

function rememberRequest(draft: Draft, { requestId, records }: Change, stampMs: number, fault: Fault | null): void {
  if (requestOf(draft.state, requestId) !== null) return
  const row = { stampMs, fault: fault?.code ?? null, block: fault === null ? subjectOf(records) : null }
  draft.put(keys.request(requestId), encodeRow('request', row))
  draft.put(keys.requestAge(stampMs, requestId), encodeRow('requestAge', {}))
}

/** The block that a change is about: what comes before the last of its entries and contents prepares for that. */
function subjectOf(records: readonly SignedRecord[]): BlockId | null {
  const signed = records.findLast(({ kind }) => kind === 'entry' || kind === 'content')
  if (signed?.kind === 'entry') return signed.fields.child
  return signed?.kind === 'content' ? blockIdOf(signed.fields.path) : null
}

/** Drops rows that have served their time: request ids, and bodies whose grace is over. */
function forgetOld(draft: Draft, stampMs: number, countMax: number): void {
  for (const key of keysOlderThan(draft.state, keys.requestAges, stampMs - requestMemoryMs, countMax)) {
    draft.remove(key)
    draft.remove(keys.request(key.slice(9)))
  }
  for (const key of keysOlderThan(draft.state, keys.deads, stampMs - deadGraceMs, countMax)) draft.remove(key)
}

/** Keys of a table that is ordered by time, up to a time and up to what one batch may cost. */
function keysOlderThan(state: TreeState, table: Bytes, olderThanMs: number, countMax: number): readonly Bytes[] {
  const old: Bytes[] = []
  for (const [key] of entries(state.map, table)) {
    if (old.length === countMax || fromU64be(key, 1)! > olderThanMs) break
    old.push(key)
  }
  return old
}

// --- the root -------------------------------------------------------------------------------------------------------------

function found(draft: Draft, operation: Found, stampMs: number): Check {
  const { treeId } = draft.state
  if (summaryOf(draft.state) !== null) return refused('alreadyFounded', 'This tree exists already.')
  const { set, wraps, chain, rootAccess, sealedProfile, device } = operation
  const summary: Summary = {
    treeId,
    foldVersion,
    generation: firstGeneration,
    stampMs,
    setHash: treeId,
    setSequence: 0,
    sealedProfile,
    profileKeyEpoch: rootAccess.fields.keyEpoch,
    revocationHead: noRevocation,
  }
  draft.put(keys.set(treeId), encodeRow('set', set))
  draft.put(keys.wraps, encodeRow('wraps', wraps))
  draft.put(keys.summary, encodeRow('summary', summary))
  return admitRootAccess(draft, chain, rootAccess, device, stampMs)
}

function takeOver(draft: Draft, operation: TakeOver, stampMs: number): Check {
  const summary = summaryOf(draft.state)
  if (summary === null) return notFounded()
  const body = decode(takeOverBodyWire, operation.body, operation.body.length)
  if (!body.ok) return body
  const { treeId, generation, stateRoot, stampMs: sinceMs, writecapHash, setHash } = body.value
  const isForThisState =
    equal(treeId, draft.state.treeId) &&
    generation === nextGeneration(summary.generation, stateRoot, writecapHash) &&
    equal(stateRoot, root(draft.state.map)) &&
    sinceMs === summary.stampMs &&
    operation.chain[0] !== undefined &&
    equal(writecapHash, operation.chain[0].hash)
  if (!isForThisState) return refused('takeOverStale', 'This take-over was signed for another state of the tree.')
  const { sealedProfile, rootAccess, device, signature } = operation
  draft.put(keys.takeOver(generation), encodeRow('takeOver', { body: operation.body, signature }))
  promoteDue(draft, stampMs)
  dropPending(draft)
  endAppointment(draft, stampMs)
  const byRoot = checkRootNow(draft.state, setHash)
  if (!byRoot.ok) return byRoot
  draft.put(
    keys.summary,
    encodeRow('summary', {
      ...summaryOf(draft.state)!,
      generation,
      sealedProfile,
      profileKeyEpoch: rootAccess.fields.keyEpoch,
    }),
  )
  return admitRootAccess(draft, operation.chain, rootAccess, device, stampMs)
}

/** Takes in the first node's chain, the node itself and, under them, the root block's access record. */
function admitRootAccess(
  draft: Draft,
  chain: Chain,
  rootAccess: SignedRecord<'access'>,
  device: SignedDevice,
  stampMs: number,
): Check {
  const issued = checkIssuedNow(draft.state, chain)
  if (!issued.ok) return issued
  // The chain is a part of the checked batch.
  const check = checkWritecap(trusted(chain), rootAccess.fields.path, draft.state.treeId, stampMs)
  if (!check.ok) return check
  chain.forEach((cap, position) =>
    draft.put(keys.cap(cap.hash), encodeRow('cap', { cap, next: chain[position + 1]?.hash ?? null })),
  )
  const seated = seatDevice(draft, device, chain, stampMs)
  return seated.ok ? applyRecord(draft, rootAccess, stampMs) : seated
}

// --- records --------------------------------------------------------------------------------------------------------------

function applyRecord(draft: Draft, signed: SignedRecord, stampMs: number): Check {
  const allowed = checkAuthor(draft.state, signed, stampMs)
  if (!allowed.ok) return allowed
  switch (signed.kind) {
    case 'entry':
      return applyEntry(draft, signed, stampMs)
    case 'access':
      return applyAccess(draft, signed)
    case 'content':
      return applyContent(draft, signed, stampMs)
    case 'removal':
      return applyRemoval(draft, signed, stampMs)
    default:
      return assertNever(signed)
  }
}

/** "A block is considered valid if it contains a valid writecap" and its signer is whom the first grant was issued to. */
function checkAuthor(state: TreeState, signed: SignedRecord, stampMs: number): Check {
  const { author, writecapHash } = signed.fields
  const wanted = signed.kind === 'access' && isGrant(state, signed) ? rights.grant : rights.write
  return checkPermission(state, principalOf(author), writecapHash, placeOf(signed), wanted, stampMs)
}

/** Readcaps are grants: whoever names recipients, or names those no more who were, needs the right to grant. */
const isGrant = (state: TreeState, { fields }: SignedRecord<'access'>): boolean =>
  fields.readcaps.length > 0 || (accessOf(state, blockIdOf(fields.path))?.fields.readcaps.length ?? 0) > 0

const raceLost = () =>
  refused(
    'raceLost',
    'Something else changed this first; look at it again and repeat.',
    'Something else changed this first.',
  )
const originForeign = () =>
  refused(
    'originForeign',
    'A device that has one folder of the tree cannot change something in the name of another device.',
  )
const placeUnknown = () => refused('placeUnknown', 'The folder is not there any more.')
const placeWrong = () => refused('placeWrong', 'This record is for another place in the tree.')

/** Compare and set: a record follows the very one that its author had seen. */
function follows(previous: SignedRecord | null, next: Exclude<SignedRecord, { kind: 'removal' }>): boolean {
  const { version, previousHash } = next.fields
  if (previous === null || previousHash === null) return previous === null && previousHash === null
  if (previous.kind === 'removal') return false
  const step = version - previous.fields.version
  const stepMax = next.kind === 'access' ? 1 : versionStepMax
  return step >= 1 && step <= stepMax && equal(previousHash, previous.hash)
}

/**
 * Only the owner's own devices bring something along in another one's place. Whoever is limited to a folder says at most what the
 * record before said; else it could have another device's doing taken for settled that nobody has seen.
 */
function checkOrigin(state: TreeState, signed: DoneRecord, previous: DoneRecord | null): Check {
  const { origin, author } = signed.fields
  const isSaidBefore = origin === null || (previous !== null && equal(origin, doerOf(previous)))
  return isSaidBefore || deviceOf(state, principalOf(author))?.standing === 'own' ? ok : originForeign()
}

/** Whether a path that a record names is where its block stands now. */
function standsAt(state: TreeState, path: IdPath): boolean {
  const now = pathOf(state, blockIdOf(path))
  return now !== null && samePath(now, path)
}

function applyEntry(draft: Draft, signed: SignedRecord<'entry'>, stampMs: number): Check {
  const { parent, child, trashed, movedFrom } = signed.fields
  const { state } = draft
  if (!standsAt(state, parent)) return placeUnknown()
  const parentId = blockIdOf(parent)
  if (!isDirectory(state, parentId)) return refused('notADirectory', 'Only folders can hold other things.')
  const place = childPath(parent, child)
  const depth = checkDepth(place)
  if (!depth.ok) return depth
  const previous = entryOf(state, child)
  const named = checkOrigin(state, signed, previous?.entry ?? null)
  if (!named.ok) return named
  if (previous !== null && !equal(blockIdOf(previous.entry.fields.parent), parentId)) {
    const moved = checkMove(state, previous, place, signed)
    if (!moved.ok) return moved
    draft.remove(keys.entry(blockIdOf(previous.entry.fields.parent), child))
  } else {
    if (!follows(previous?.entry ?? null, signed)) return raceLost()
    // Only a move sets where a block came from, and only for as long as what lies above it is re-keyed.
    if (movedFrom !== null && (previous === null || !samePathOrNull(previous.entry.fields.movedFrom, movedFrom)))
      return placeWrong()
    if (previous === null && equal(child, rootBlockId(state.treeId))) return placeWrong()
  }
  if (previous !== null && previous.entry.fields.kind !== signed.fields.kind) return placeWrong()
  if (previous === null || !equal(previous.entry.fields.sealedName, signed.fields.sealedName)) {
    const sealed = checkSealedUnder(state, parentId, signed.fields.nameKeyEpoch)
    if (!sealed.ok) return sealed
  }
  draft.put(keys.place(child), encodeRow('place', { parent: parentId }))
  draft.put(
    keys.entry(parentId, child),
    encodeRow('entry', {
      entry: signed,
      createdAtMs: previous?.createdAtMs ?? stampMs,
      stampMs,
      trashedAtMs: trashed ? (previous?.trashedAtMs ?? stampMs) : null,
    }),
  )
  return ok
}

const samePathOrNull = (left: IdPath | null, right: IdPath | null): boolean =>
  left === null || right === null ? left === right : samePath(left, right)

/** Of blocks that a device which is limited to a folder moves deeper in one record: every device looks at each of them. */
const guestMoveCountMax = 1024
const moveTooLarge = () =>
  refused(
    'moveTooLarge',
    'This folder holds too much to be moved deeper at once from here; move what is in it by parts.',
  )

/** A move: the entry goes to another directory, names where it came from, and may not land inside itself. */
function checkMove(state: TreeState, previous: EntryRow, place: IdPath, signed: SignedRecord<'entry'>): Check {
  if (!follows(previous.entry, signed)) return raceLost()
  const origin = pathOf(state, signed.fields.child)
  if (origin === null || signed.fields.movedFrom === null || !samePath(origin, signed.fields.movedFrom))
    return placeWrong()
  if (contains(origin, place)) return refused('moveIntoItself', 'A folder cannot be moved into itself.')
  // The author gives up one place and takes another, so the permission must cover both.
  const chain = chainOf(state, signed.fields.writecapHash)
  const covers = chain !== null && chain.every(({ scope }) => contains(scope, parentPath(origin)!))
  if (!covers)
    return refused('pathOutsideScope', 'This permission does not cover the folder that the block is moved out of.')
  if (place.ids.length <= origin.ids.length) return ok
  const isOwn = deviceOf(state, principalOf(signed.fields.author))?.standing === 'own'
  return checkDepthBelow(state, place, isOwn ? Infinity : guestMoveCountMax)
}

/** All that is in a block goes as deep as it does, and has a path afterwards too. */
function checkDepthBelow({ map }: TreeState, place: IdPath, countMax: number): Check {
  let level: readonly BlockId[] = [blockIdOf(place)]
  let count = 0
  for (let depth = place.ids.length; level.length > 0; depth++) {
    count += level.length
    if (count > countMax) return moveTooLarge()
    const fits = checkDepthOf(depth)
    if (!fits.ok) return fits
    level = level.flatMap((block) => [...entries(map, keys.entriesOf(block))].map(([key]) => keys.childIn(key)))
  }
  return ok
}

function applyAccess(draft: Draft, signed: SignedRecord<'access'>): Check {
  const { path } = signed.fields
  const { state } = draft
  const block = blockIdOf(path)
  if (!standsAt(state, path)) return placeUnknown()
  const previous = accessOf(state, block)
  if (!follows(previous, signed)) return raceLost()
  const key = checkKeyOf(state, previous, signed)
  if (!key.ok) return key
  draft.put(keys.access(block), encodeRow('access', signed))
  return ok
}

function applyContent(draft: Draft, signed: SignedRecord<'content'>, stampMs: number): Check {
  const { path, keyEpoch } = signed.fields
  const { state } = draft
  const block = blockIdOf(path)
  if (!standsAt(state, path)) return placeUnknown()
  const kind = entryOf(state, block)?.entry.fields.kind ?? 'directory'
  if (kind === 'directory') return refused('notAFile', 'Folders have no content of their own.')
  const access = accessOf(state, block)
  if (access === null || access.fields.keyEpoch !== keyEpoch) return keyEpochWrong()
  const sealed = checkSealedUnder(state, block, keyEpoch)
  if (!sealed.ok) return sealed
  const previous = contentOf(state, block)
  if (!follows(previous?.content ?? null, signed)) return raceLost()
  const named = checkOrigin(state, signed, previous?.content ?? null)
  if (!named.ok) return named
  const resealed = checkResealed(state, signed, previous)
  if (!resealed.ok) return resealed
  const isSameBody = previous !== null && equal(previous.content.fields.bodyRoot, signed.fields.bodyRoot)
  const isAsBefore = isSameBody || signed.fields.resealed
  const link = kind === 'link' ? checkLink(state, signed, previous !== null && !isAsBefore) : ok
  if (!link.ok) return link
  if (previous !== null) bury(draft, previous.content, signed, stampMs)
  draft.put(keys.content(block), encodeRow('content', contentRow(signed, isAsBefore ? previous : null, stampMs)))
  return ok
}

/** @param before the row whose content it still holds; null where that is new */
function contentRow(content: SignedRecord<'content'>, before: ContentRow | null, stampMs: number): ContentRow {
  if (before === null) return { content, stampMs, writtenAtMs: stampMs, alike: [] }
  const { bodyRoot } = before.content.fields
  const isSameBody = equal(bodyRoot, content.fields.bodyRoot)
  return {
    content,
    stampMs: isSameBody ? before.stampMs : stampMs,
    writtenAtMs: before.writtenAtMs,
    alike: isSameBody ? before.alike : [...before.alike, bodyRoot].slice(-alikeCountMax),
  }
}

/**
 * That nothing but the key was changed only the owner's own devices say: whoever believes it takes what was done over the body before
 * for done over this one.
 */
function checkResealed(state: TreeState, { fields }: SignedRecord<'content'>, previous: ContentRow | null): Check {
  if (!fields.resealed) return ok
  const isOfOwner = deviceOf(state, principalOf(fields.author))?.standing === 'own'
  const isOfSameSize = previous?.content.fields.sizeBytes === fields.sizeBytes
  return isOfOwner && isOfSameSize
    ? ok
    : refused('resealedOther', 'Only a device of the owner seals a content anew, and then it stays as large as it was.')
}

/** A link goes on leading to the same; what it says of another tree the owner's own devices renew, and nobody else. */
function checkLink(state: TreeState, { fields }: SignedRecord<'content'>, isChanged: boolean): Check {
  const isOwn = deviceOf(state, principalOf(fields.author))?.standing === 'own'
  if (isChanged && !isOwn) return refused('linkFixed', 'A link goes on leading to the same; make another one instead.')
  return fields.sizeBytes <= linkSizeBytesMax ? ok : refused('linkTooLarge', 'No link is as large as this one.')
}

/** The body that a record leaves behind is listed with the time, to be deleted after a grace. */
function bury(
  draft: Draft,
  left: SignedRecord<'content'>,
  next: SignedRecord<'content'> | null,
  stampMs: number,
): void {
  const { path, bodyRoot, sizeBytes } = left.fields
  if (next !== null && equal(next.fields.bodyRoot, bodyRoot)) return
  draft.put(keys.dead(stampMs, blockIdOf(path), bodyRoot), encodeRow('dead', { sizeBytes }))
}

function applyRemoval(draft: Draft, signed: SignedRecord<'removal'>, stampMs: number): Check {
  const { parent, child, previousHash } = signed.fields
  const { state } = draft
  // The path is what the permission was judged by, and its last folder alone may be anywhere.
  if (!standsAt(state, parent)) return placeUnknown()
  const row = entryOf(state, child)
  if (row === null || !equal(blockIdOf(row.entry.fields.parent), blockIdOf(parent))) return placeUnknown()
  if (!equal(row.entry.hash, previousHash)) return raceLost()
  if (!entries(state.map, keys.entriesOf(child)).next().done)
    return refused('directoryNotEmpty', 'This folder still holds something; delete that first.')
  const content = contentOf(state, child)
  if (content !== null) bury(draft, content.content, null, stampMs)
  draft.remove(keys.entry(blockIdOf(parent), child))
  draft.remove(keys.place(child))
  draft.remove(keys.access(child))
  draft.remove(keys.content(child))
  return ok
}
