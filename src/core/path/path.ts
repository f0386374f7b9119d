/**
 * Paths: where a block stands, as ids that a program signs and as names that a person reads.
 *
 * Everything signed, stored, locked or routed uses the id path `treeId/id/id/…`; names live only in directory entries and are
 * resolved at the edge (paper §1: "The first component of a fully qualified blocktree path is the fingerprint of the root
 * public key"). Containment is by whole components, so `/ab` is never inside `/a`, and anyone can check it without the tree.
 * "Above" means farther from the root, here and everywhere, as the paper draws a tree.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Codec,
  type Result,
  accepted,
  bytesOf,
  equal,
  listOf,
  ok,
  refused,
  tuple,
  utf8,
} from '../bytes/bytes.ts'
import { digest, openText } from '../crypto/crypto.ts'

export const treeIdSizeBytes = 32
export const blockIdSizeBytes = 16
export const depthMax = 64
export const nameSizeBytesMax = 255

/** Random, 16 octets; the root block's is derived from its tree. */
export type BlockId = Bytes
export type TreeId = Bytes

export interface IdPath {
  readonly treeId: TreeId
  /** From the root's child to the block; empty for the root block. */
  readonly ids: readonly BlockId[]
}

export const blockIdWire: Codec<BlockId> = bytesOf(blockIdSizeBytes)
export const treeIdWire: Codec<TreeId> = bytesOf(treeIdSizeBytes)
export const idsWire: Codec<readonly BlockId[]> = listOf(blockIdWire, depthMax)
export const idPathWire: Codec<IdPath> = tuple({ treeId: treeIdWire, ids: idsWire })

export const rootPath = (treeId: TreeId): IdPath => ({ treeId, ids: [] })

/** The id of a tree's root block; it also names the cluster that is attached there. */
export function rootBlockId(treeId: TreeId): BlockId {
  let id = rootBlockIds.get(treeId)
  if (id === undefined) {
    id = digest('blocktree/1/rootBlock', treeId).slice(0, blockIdSizeBytes)
    rootBlockIds.set(treeId, id)
  }
  return id
}
// Asked for with every record, and mostly of the same tree.
const rootBlockIds = new WeakMap<TreeId, BlockId>()

/** The id of a directory with a meaning of its own, such as `/devices`: the same in every tree, known without looking it up. */
export const systemBlockId = (name: 'apps' | 'devices' | 'global'): BlockId =>
  digest('blocktree/1/systemBlock', utf8(name)).slice(0, blockIdSizeBytes)

/** The id of the block at the end of a path. */
export const blockIdOf = (path: IdPath): BlockId => path.ids.at(-1) ?? rootBlockId(path.treeId)

export const childPath = (parent: IdPath, child: BlockId): IdPath => ({
  treeId: parent.treeId,
  ids: [...parent.ids, child],
})

/** null for the root block. */
export const parentPath = (path: IdPath): IdPath | null =>
  path.ids.length === 0 ? null : { treeId: path.treeId, ids: path.ids.slice(0, -1) }

/** Whether `inner` is `outer` itself or lies in it. */
export function contains(outer: IdPath, inner: IdPath): boolean {
  if (!equal(outer.treeId, inner.treeId) || outer.ids.length > inner.ids.length) return false
  return outer.ids.every((id, depth) => equal(id, inner.ids[depth]!))
}

export const samePath = (left: IdPath, right: IdPath): boolean =>
  left.ids.length === right.ids.length && contains(left, right)

export const checkDepth = (path: IdPath): Check => checkDepthOf(path.ids.length)

/** @param depth of folders from the root to a block, and itself */
export function checkDepthOf(depth: number): Check {
  if (depth <= depthMax) return ok
  return refused(
    'pathTooDeep',
    `Folders can be nested ${depthMax} deep at most; put this one closer to the root of the tree.`,
  )
}

// oxlint-disable no-control-regex -- control characters are what is looked for
// C0, C1 and the separators of lines and paragraphs; marks that reorder text or octets; and what separates components elsewhere, also as it
// is written in addresses, for whoever undoes that once too often.
const forbidden =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff/\\]|%2f|%5c/iu

/** What decoders demand of a stored name: it is already in the one form that `nameFromPerson` gives. */
export function checkName(name: string): Check {
  if (name === '' || name === '.' || name === '..')
    return refused('nameEmpty', 'A name needs at least one character, and one or two dots are none.')
  if (/\p{Surrogate}/u.test(name)) return refused('nameInvalid', 'This name contains a broken character.')
  if (forbidden.test(name))
    return refused(
      'nameInvalid',
      'A name cannot contain slashes, also as %2f or %5c, line breaks or invisible marks of direction or order.',
    )
  if (name !== name.normalize('NFC')) return refused('nameInvalid', 'This name is not in its normal form (NFC).')
  if (utf8(name).length > nameSizeBytesMax)
    return refused('nameTooLong', `A name can have ${nameSizeBytesMax} bytes at most; shorten it.`)
  return ok
}

/**
 * A name as `sealText` sealed it.
 * @param place its associated data; in an entry the child's id
 * @returns null where it does not open, or is none that `nameFromPerson` gives: who writes in a folder may be no friend
 */
export function openName(key: Bytes, place: Bytes, sealedName: Bytes): string | null {
  const name = openText(key, sealedName, place)
  return name !== null && checkName(name).ok ? name : null
}

/** Brings what a person typed, or what a file was called, to the one stored form. */
export function nameFromPerson(typed: string): Result<string> {
  const name = typed.trim().normalize('NFC')
  const check = checkName(name)
  return check.ok ? accepted(name) : check
}
