/**
 * Guests: devices that are limited to a folder, and no members of the cluster (design §10). What they may know is their excerpt
 * (`excerpt.ts`); what they may ask for is said here, before the fold judges it like anybody's.
 * @module
 */
import { type Bytes, type Check, equal, ok, refused } from '../bytes/bytes.ts'
import { type Principal, principalOf } from '../crypto/crypto.ts'
import { placeOf } from '../block/block.ts'
import { type BlockId, type IdPath, blockIdOf, blockIdSizeBytes, contains, depthMax } from '../path/path.ts'
import type { Change, Operation } from './batch.ts'
import { type TreeState, chainOf, contentOf, deviceOf, parentOf, rowKind, summaryOf } from './state.ts'

/** The folder that a device is limited to, as the root has said; null for the owner's own, and for who never was a device. */
export function limitOf(state: TreeState, device: Principal): IdPath | null {
  const row = deviceOf(state, device)
  const own = row?.standing === 'limited' ? chainOf(state, row.writecapHash)?.[0] : undefined
  return own?.scope ?? null
}

/** Whether a block is a folder's own or stands somewhere in it. */
export function isWithin(state: TreeState, folder: BlockId, block: BlockId): boolean {
  let at: BlockId | null = block
  for (let depth = 0; at !== null && depth <= depthMax; depth++) {
    if (equal(at, folder)) return true
    at = parentOf(state, at)
  }
  return false
}

/** Whether rows that have changed may be of the excerpt for a limited device, before or after. */
export function concernsGuest(before: TreeState, after: TreeState, limit: IdPath, touched: readonly Bytes[]): boolean {
  const folder = blockIdOf(limit)
  const isNear = (block: BlockId): boolean =>
    limit.ids.some((id) => equal(id, block)) || isWithin(before, folder, block) || isWithin(after, folder, block)
  // What is said beside the rows has to fit them.
  if (summaryOf(before)?.generation !== summaryOf(after)?.generation) return true
  return touched.some((key) => {
    switch (key[0]) {
      case rowKind.device:
      case rowKind.set:
        return true
      case rowKind.entry:
        return isNear(key.slice(1 + blockIdSizeBytes))
      case rowKind.content:
      case rowKind.access:
        return isNear(key.slice(1))
      default:
        return false
    }
  })
}

/**
 * Whether a guest may give an operation to a member: one that is its own, and about its folder alone.
 * @param limit the folder that it is limited to
 */
export function checkOfGuest(operation: Operation, guest: Principal, limit: IdPath): Check {
  switch (operation.tag) {
    case 'change': {
      const { doer, records } = operation.value
      const isOwn = records.every(
        (signed) => equal(principalOf(signed.fields.author), guest) && contains(limit, placeOf(signed)),
      )
      return isOwn && doer === null ? ok : notOfGuest
    }
    case 'revise':
      return equal(principalOf(operation.value.device.fields.credential), guest) ? ok : notOfGuest
    case 'dismiss': {
      const { device, issuer } = operation.value.dismissal.fields
      const isItself = issuer.tag === 'node' && equal(principalOf(issuer.value.author), guest) && equal(device, guest)
      return isItself ? ok : notOfGuest
    }
    default:
      return notOfGuest
  }
}

/** Whether a state shows the contents that a change has brought, or what was written over them. */
export const showsContents = (state: TreeState, { records }: Change): boolean =>
  records.every(
    (signed) =>
      signed.kind !== 'content' ||
      (contentOf(state, blockIdOf(signed.fields.path))?.content.fields.version ?? -1) >= signed.fields.version,
  )

/** Of a decision in favour of a guest's change, of which its folder shows nothing. */
export const takenUnseen = refused(
  'takenUnseen',
  'Another device said that your tree has taken this, but it is not in the folder: it was moved or deleted there, or that device is wrong. Look for it on another device before you give it up.',
)

const notOfGuest = refused(
  'beyondFolder',
  'A device that has one folder asked for something beside it. Nothing was changed, and the connection was closed.',
  'This device has one folder of the tree, and may ask for nothing beside it.',
)
