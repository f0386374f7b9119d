/**
 * States that come whole: what a device asks of one before it goes on with it in place of its own (design §6).
 *
 * The rows show that every record in it was signed by whom the root allowed that. That nothing is kept back they can not show; but
 * what is known here already must all be in it, or what followed it.
 * @module
 */
import { type Bytes, type Check, type Result, type Slices, accepted, equal, ok, refused } from '../bytes/bytes.ts'
import { type Claim, nameOfClaim } from '../crypto/crypto.ts'
import { type AuthenticatedMap, entries, get } from '../merkle/merkle.ts'
import { checkTold } from '../block/block.ts'
import { type BlockId, rootBlockId } from '../path/path.ts'
import { firstGeneration } from './generation.ts'
import { examineRow, readRows, rowsPerSlice } from './row-check.ts'
import { claimsOfSets, descendsFrom } from './set-change.ts'
import {
  type EntryRow,
  type RowKind,
  type TreeState,
  accessOf,
  contentOf,
  decodeRow,
  devicesOf,
  entryOf,
  keys,
  readRow,
  rowKind,
  summaryOf,
} from './state.ts'

const kinds: ReadonlySet<RowKind> = new Set(Object.keys(rowKind) as RowKind[])

/**
 * Everything about a state that came from elsewhere and that needs no signature to be verified.
 * @param known a state that was examined, or folded here: what is the same in both is not verified again
 * @returns the signatures that must verify, each once
 */
export function* examineArrival(state: TreeState, known: TreeState | null): Slices<Result<readonly Claim[]>> {
  const found = yield* readRows(state, known, kinds, unfitting)
  if (!found.ok) return found
  const ofSets = claimsOfSets(state)
  if (!ofSets.ok) return ofSets
  if (!isSummedUp(state)) return unfitting
  const claims = new Map(ofSets.value.map((claim) => [nameOfClaim(claim), claim]))
  for (const [at, { row, isNew }] of found.value.entries()) {
    if (at % rowsPerSlice === 0) yield
    const examined = examineRow(state, row, unfitting)
    if (!examined.ok) return examined
    // Only to a guest it is not told who may read.
    const told = row.kind === 'access' ? checkTold(row.value) : ok
    if (!told.ok) return told
    // Records that were signed together make one claim.
    if (isNew) for (const claim of examined.value) claims.set(nameOfClaim(claim), claim)
  }
  return accepted([...claims.values()])
}

/** That the numbers in the summary are those of the rows. */
function isSummedUp(state: TreeState): boolean {
  const summary = summaryOf(state)
  if (summary === null) return false
  const { generation, revocationHead } = summary
  const isBegun = generation === firstGeneration || readRow(state, 'takeOver', keys.takeOver(generation)) !== null
  const dismissedCount = [...devicesOf(state)].filter(({ dismissed }) => dismissed !== null).length
  return isBegun && revocationHead.sequence === dismissedCount
}

/**
 * Whether one state may have come of another by what was decided since. Of another generation it need not have.
 * @param before what this device has
 */
export function checkFollows(before: TreeState, after: TreeState): Check {
  const [was, is] = [summaryOf(before), summaryOf(after)]
  if (was === null || is === null || was.generation !== is.generation) return ok
  if (is.stampMs < was.stampMs || !descendsFrom(after, is.setHash, was.setHash)) return stateOlder
  const context: Context = { before, after, wasMs: was.stampMs }
  for (const [key, octets] of changedIn(before.map, after.map)) {
    const check = checkRow(context, key, octets)
    if (!check.ok) return check
  }
  return ok
}

interface Context {
  readonly before: TreeState
  readonly after: TreeState
  readonly wasMs: number
}

function* changedIn(before: AuthenticatedMap, after: AuthenticatedMap): Generator<readonly [Bytes, Bytes]> {
  for (const [key, octets] of entries(before)) if (get(after, key) !== octets) yield [key, octets]
}

/** @param octets of a row that is not so any more */
function checkRow(context: Context, key: Bytes, octets: Bytes): Check {
  const { before, after } = context
  switch (key[0]) {
    case rowKind.set:
    case rowKind.setChange:
    case rowKind.cap:
    case rowKind.takeOver:
      // Whatever is judged by these is judged by them for ever.
      return equal(get(after.map, key) ?? nothing, octets) ? ok : stateOlder
    case rowKind.device: {
      const [was, is] = [decodeRow('device', octets), readRow(after, 'device', key)]
      if (is === null) return stateOlder
      if (was.dismissed !== null && is.dismissed === null) return revocationWithheld
      return compareVersions(was.device, is.device)
    }
    case rowKind.entry: {
      const { entry } = decodeRow('entry', octets)
      return onLived(context, entry.fields.child, (_, is) => compareVersions(entry, is?.entry))
    }
    case rowKind.content: {
      const block = key.slice(1)
      return onLived(context, block, () =>
        compareVersions(contentOf(before, block)!.content, contentOf(after, block)?.content),
      )
    }
    case rowKind.access: {
      const block = key.slice(1)
      return onLived(context, block, () => compareVersions(accessOf(before, block)!, accessOf(after, block)))
    }
    default:
      return ok
  }
}

/** What is to hold of a block that was there all the time: one that was deleted may come anew, and then begins anew. */
function onLived(
  { before, after, wasMs }: Context,
  block: BlockId,
  check: (was: EntryRow | null, is: EntryRow | null) => Check,
): Check {
  const [was, is] = [entryOf(before, block), entryOf(after, block)]
  if (equal(block, rootBlockId(before.treeId))) return check(was, is)
  if (was === null || is === null) return ok
  if (was.createdAtMs === is.createdAtMs) return check(was, is)
  return is.createdAtMs > wasMs ? ok : stateForked
}

interface Versioned {
  readonly fields: { readonly version: number }
  readonly hash: Bytes
}

function compareVersions(was: Versioned, is: Versioned | null | undefined): Check {
  if (is == null || is.fields.version < was.fields.version) return stateOlder
  return is.fields.version > was.fields.version || equal(is.hash, was.hash) ? ok : stateForked
}

const nothing = new Uint8Array()
const unfitting = refused(
  'stateUnfitting',
  'A device gave a state of the tree in which something stands where it does not belong, or that nobody was allowed to write. Nothing of it was used.',
)
const stateOlder = refused(
  'stateOlder',
  'A device gave a state of the tree that is older than what is here. Nothing of it was used.',
)
const stateForked = refused(
  'stateForked',
  'A device gave a state of the tree that contradicts what is here: of one version it has another content. Nothing of it was used.',
)
const revocationWithheld = refused(
  'revocationWithheld',
  'A device gave a state of the tree that lacks the removal of a device. Nothing of it was used.',
)
