/**
 * A Merkle tree kept whole, for many leaves of one size: its levels are plain octets, so that a kernel can hash them in bulk.
 *
 * The shape, the domains and so the root are those of `merkle-tree.ts`.
 * @module
 */
import { type Bytes, concat } from '../bytes/bytes.ts'
import { digest } from '../crypto/crypto.ts'
import { type MerkleProof, emptyMerkleRoot, merkleLeafDomain, merkleNodeDomain, siblingOf } from './merkle-tree.ts'

const hashSizeBytes = 32

/**
 * Hashes messages of one size, one after the other, each as `digest(domain, message)`.
 * @param messages a multiple of `sizeBytes`
 * @returns the hashes one after the other
 */
export type DigestMany = (domain: string, messages: Uint8Array, sizeBytes: number) => Bytes

/** The reference: what every kernel must equal. */
export const plainDigestMany: DigestMany = (domain, messages, sizeBytes) => {
  const count = messages.length / sizeBytes
  const hashes = new Uint8Array(count * hashSizeBytes)
  for (let index = 0; index < count; index++)
    hashes.set(digest(domain, messages.subarray(index * sizeBytes, (index + 1) * sizeBytes)), index * hashSizeBytes)
  return hashes
}

/** The hashes of leaves of `leafSizeBytes`; the last may be shorter. A kernel may be given a part after the other. */
export function leafHashes(octets: Uint8Array, leafSizeBytes: number, digestMany: DigestMany): Bytes {
  const wholeSizeBytes = octets.length - (octets.length % leafSizeBytes)
  const whole = digestMany(merkleLeafDomain, octets.subarray(0, wholeSizeBytes), leafSizeBytes)
  if (wholeSizeBytes === octets.length) return whole
  return concat(whole, digest(merkleLeafDomain, octets.subarray(wholeSizeBytes)))
}

/** From the leaves up: each level is the hashes of one height, one after the other; the last is the root alone. */
export type MerkleLevels = readonly Bytes[]

/** @param leaves the hashes of the leaves, one after the other */
export function levelsOver(leaves: Bytes, digestMany: DigestMany): MerkleLevels {
  if (leaves.length === 0) return [leaves, emptyMerkleRoot]
  const levels = [leaves]
  for (let level = leaves; level.length > hashSizeBytes;) {
    const pairsSizeBytes = level.length - (level.length % (2 * hashSizeBytes))
    const above = digestMany(merkleNodeDomain, level.subarray(0, pairsSizeBytes), 2 * hashSizeBytes)
    // An odd last hash rises as it is.
    level = pairsSizeBytes === level.length ? above : concat(above, level.subarray(pairsSizeBytes))
    levels.push(level)
  }
  return levels
}

export const rootOfLevels = (levels: MerkleLevels): Bytes => levels.at(-1)!.slice()

/** Proves the leaf at `index`, as `proveLeaf` does, without hashing anything. */
export function proveByLevels(levels: MerkleLevels, index: number): MerkleProof {
  const count = levels[0]!.length / hashSizeBytes
  if (!Number.isSafeInteger(index) || index < 0 || index >= count)
    throw new RangeError(`"index" expected 0..${count - 1}, got ${index}`)
  const proof: Bytes[] = []
  let position = index
  for (const level of levels) {
    const sibling = siblingOf(position) * hashSizeBytes
    if (sibling < level.length) proof.push(level.slice(sibling, sibling + hashSizeBytes))
    position = Math.floor(position / 2)
  }
  return proof
}
