/**
 * Readcaps: block keys given to those who may read.
 *
 * A block key is wrapped under the parent's block key, so whoever reads a directory reads all above it (paper §2, "The child's
 * block key is always encapsulated using the parent's key"); and it is sealed to single principals by HPKE. The root block has
 * no parent; it always carries readcaps for the root's KEM key and for the node that made it.
 * @module
 */
import { type Bytes, bytesOf, concat, tuple, u64be, utf8 } from '../bytes/bytes.ts'
import { type Principal, unwrapKey, wrapKey } from '../crypto/crypto.ts'
import { type BlockId, type TreeId } from '../path/path.ts'

/** X25519 encapsulation (32), key (32), tag (16). */
export const sealedKeySizeBytes = 80

/** A block key for one principal; of the root's KEM key the principal is the tree id. */
export const readcapWire = tuple({ recipient: bytesOf(32), sealedKey: bytesOf(sealedKeySizeBytes) })

/** Associated data of a readcap: it opens for this block, key epoch and recipient only. */
export const readcapPlace = (treeId: TreeId, block: BlockId, keyEpoch: number, recipient: Principal): Bytes =>
  concat(treeId, block, u64be(keyEpoch), recipient)

/** Associated data of a wrapped key: whose it is, of which epoch, and under what it lies. */
const wrapPlace = (under: 'parent' | 'own', treeId: TreeId, block: BlockId, keyEpoch: number): Bytes =>
  concat(utf8(`blocktree/1/wrap/${under}`), treeId, block, u64be(keyEpoch))

/** A child's key of an epoch under its parent's; opens nowhere else than at this block and epoch. */
export const wrapUnderParent = (
  parentKey: Bytes,
  treeId: TreeId,
  block: BlockId,
  keyEpoch: number,
  key: Bytes,
  nonce: Bytes,
): Bytes => wrapKey(parentKey, key, wrapPlace('parent', treeId, block, keyEpoch), nonce)
export const unwrapUnderParent = (
  parentKey: Bytes,
  treeId: TreeId,
  block: BlockId,
  keyEpoch: number,
  wrapped: Bytes,
): Bytes | null => unwrapKey(parentKey, wrapped, wrapPlace('parent', treeId, block, keyEpoch))

/** A block's key of an earlier epoch under the one in force: who reads now can also read what was written before. */
export const wrapEarlier = (
  key: Bytes,
  treeId: TreeId,
  block: BlockId,
  earlierEpoch: number,
  earlierKey: Bytes,
  nonce: Bytes,
): Bytes => wrapKey(key, earlierKey, wrapPlace('own', treeId, block, earlierEpoch), nonce)
export const unwrapEarlier = (
  key: Bytes,
  treeId: TreeId,
  block: BlockId,
  earlierEpoch: number,
  wrapped: Bytes,
): Bytes | null => unwrapKey(key, wrapped, wrapPlace('own', treeId, block, earlierEpoch))
