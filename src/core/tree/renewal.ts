/**
 * Keys that a device knows which was put out: nothing new is sealed under one of them.
 *
 * A dismissal changes no key by itself, and which keys are owed follows from the state alone: a block whose readcaps still name a
 * dismissed device owes a new one, and so does every block whose key lies under an earlier key of its folder than the one in
 * force, or under one of the folder that it was moved out of. Whoever writes somewhere first renews what is owed on the way there,
 * in the same change. So a dismissal costs one key for each place that the device had been given, whatever the size of the tree,
 * and there is no instant at which something new goes under an old key: the fold refuses it. All other keys are given afterwards,
 * by whoever comes to it.
 * @module
 */
import { type Check, equal, ok, refused } from '../bytes/bytes.ts'
import { type PublicCredential, principalOf } from '../crypto/crypto.ts'
import { type Readcap, readersOf } from '../cap/cap.ts'
import { type SignedRecord, keyEpochMax } from '../block/block.ts'
import { set } from '../merkle/merkle.ts'
import { type BlockId, type IdPath, blockIdOf, parentPath, samePath } from '../path/path.ts'
import { type TreeState, accessOf, deviceOf, devicesOf, encodeRow, keys, parentOf, summaryOf } from './state.ts'

/** Whoever is limited to a folder leaves keys enough to give there after it is put out. */
const guestKeyEpochMax = keyEpochMax / 2

/** Whether a block owes a key of its own accord, and not only since a folder below it does. */
export function owesKey(state: TreeState, block: BlockId): boolean {
  const access = accessOf(state, block)
  if (access === null) return false
  const parent = parentOf(state, block)
  const under = parent === null ? null : accessOf(state, parent)
  const isUnderOther =
    under !== null &&
    (under.fields.keyEpoch !== access.fields.parentKeyEpoch ||
      !isSameFolder(under.fields.path, parentPath(access.fields.path)))
  return isUnderOther || dismissedIn(state, access.fields.readcaps) > 0
}

/** Whether one who was put out may know the key in force of a block. */
export function isKeyOwed(state: TreeState, block: BlockId): boolean {
  if (!hasDismissed(state)) return false
  for (let at: BlockId | null = block; at !== null; at = parentOf(state, at)) if (owesKey(state, at)) return true
  return false
}

/** Whether a block can have another key. */
export const hasKeysLeft = (state: TreeState, block: BlockId): boolean =>
  (accessOf(state, block)?.fields.keyEpoch ?? keyEpochMax) < keyEpochMax

/** Whether a block owes a key, can have another one, and stands in a folder that owes none: so that it can be given one by itself. */
export function isRenewable(state: TreeState, block: BlockId): boolean {
  if (!hasDismissed(state)) return false
  const parent = parentOf(state, block)
  return hasKeysLeft(state, block) && owesKey(state, block) && (parent === null || !isKeyOwed(state, parent))
}

/**
 * For what is sealed under a block's key now: the block has had that key, and where somebody was put out it is in force, and nobody
 * who was put out knows it.
 */
export function checkSealedUnder(state: TreeState, block: BlockId, keyEpoch: number): Check {
  const inForce = accessOf(state, block)?.fields.keyEpoch ?? 0
  if (keyEpoch > inForce) return keyEpochWrong()
  if (!hasDismissed(state)) return ok
  return keyEpoch === inForce && !isKeyOwed(state, block) ? ok : keyEpochWrong()
}

/** For the next access record of a block: a debt ends with a new key, and with nothing else. */
export function checkKeyOf(
  state: TreeState,
  previous: SignedRecord<'access'> | null,
  { fields: { path, keyEpoch, parentKeyEpoch, readcaps, author } }: SignedRecord<'access'>,
): Check {
  const epochBefore = previous?.fields.keyEpoch ?? 0
  if (keyEpoch !== epochBefore && keyEpoch !== epochBefore + 1) return keyEpochWrong()
  if (previous !== null && keyEpoch !== epochBefore && !isOwn(state, author)) {
    // Who brings a block, or a key, from another generation gives the next one right after it.
    const isAfterItsOwn = equal(principalOf(previous.fields.author), principalOf(author))
    const isNeeded = isAfterItsOwn || !samePath(previous.fields.path, path) || isKeyOwed(state, blockIdOf(path))
    if (!isNeeded || keyEpoch > guestKeyEpochMax) return keyNotNeeded()
  }
  const parent = parentOf(state, blockIdOf(path))
  if (parent !== null && parentKeyEpoch > (accessOf(state, parent)?.fields.keyEpoch ?? 0)) return keyEpochWrong()
  if (!hasDismissed(state)) return ok
  if (keyEpoch !== epochBefore) {
    if (dismissedIn(state, readcaps) > 0) return keyEpochWrong()
    return parent === null ? ok : checkSealedUnder(state, parent, parentKeyEpoch)
  }
  const isSameDebt =
    isSameFolder(parentPath(path), parentPath(previous!.fields.path)) &&
    parentKeyEpoch === previous!.fields.parentKeyEpoch &&
    dismissedIn(state, readcaps) === dismissedIn(state, previous!.fields.readcaps)
  return isSameDebt ? ok : keyEpochWrong()
}

/** The state as it will be when an access record is taken, for whoever makes the next record over it. */
export const withAccess = ({ treeId, map }: TreeState, access: SignedRecord<'access'>): TreeState => ({
  treeId,
  map: set(map, keys.access(blockIdOf(access.fields.path)), encodeRow('access', access)),
})

/** Wherever they stand by now. Of two folders, equal epochs of a key mean nothing. */
const isSameFolder = (left: IdPath | null, right: IdPath | null): boolean =>
  left === null || right === null ? left === right : equal(blockIdOf(left), blockIdOf(right))

const isOwn = (state: TreeState, author: PublicCredential): boolean =>
  deviceOf(state, principalOf(author))?.standing === 'own'

const keyNotNeeded = () =>
  refused('keyNotNeeded', 'A device that has one folder of the tree gives a new key only where one is needed.')

export const keyEpochWrong = () => refused('keyEpochWrong', 'The key of this block was changed meanwhile; repeat.')

/** Whether somebody was ever put out of the tree. */
export const hasDismissed = (state: TreeState): boolean => dismissedCount(state) > 0
/**
 * Whether somebody was put out after a stamp. Of others who have a folder of their own an excerpt has no rows: for all that it tells,
 * they were.
 */
export function hasDismissedSince(state: TreeState, stampMs: number): boolean {
  let beforeCount = 0
  for (const { dismissed } of devicesOf(state)) if (dismissed !== null && dismissed.atMs <= stampMs) beforeCount += 1
  return beforeCount < dismissedCount(state)
}
const dismissedCount = (state: TreeState): number => summaryOf(state)?.revocationHead.sequence ?? 0
const dismissedIn = (state: TreeState, readcaps: readonly Readcap[]): number =>
  readersOf(readcaps).filter((reader) => (deviceOf(state, reader)?.dismissed ?? null) !== null).length
