/**
 * The binary Merkle tree of a list, in the shape of RFC 6962 §2.1.
 *
 * A list of n > 1 leaves splits at the largest power of two below n. The hashes of leaves, of nodes and of the empty list have
 * domains of their own, so no leaf can be taken for a node and a root determines how many leaves there are.
 * @module
 */
import { type Bytes, type Check, equal, listOf, bytesOf, ok, refused } from '../bytes/bytes.ts'
import { digest } from '../crypto/crypto.ts'

export const merkleLeafDomain = 'blocktree/1/merkleLeaf'
export const merkleNodeDomain = 'blocktree/1/merkleNode'

/** The hash of a leaf. @param content of any length, canonical where several encodings could mean the same */
export const merkleLeaf = (content: Uint8Array): Bytes => digest(merkleLeafDomain, content)

/** The hash of the two hashes below it. */
export const merkleNode = (left: Uint8Array, right: Uint8Array): Bytes => digest(merkleNodeDomain, left, right)

export const emptyMerkleRoot = digest('blocktree/1/merkleEmpty')

/**
 * The root over hashes, in their order.
 * A hash may itself be the root of 2^k leaves: if all but the last are, and the last is of at most as many, the result is the
 * root over all those leaves. Index pages of bodies rest on this.
 */
export function merkleRoot(hashes: readonly Bytes[]): Bytes {
  let level = hashes
  while (level.length > 1) level = levelAbove(level)
  return level[0] ?? emptyMerkleRoot
}

/** Pairs from the left; an odd last hash rises as it is, which gives just the splits of RFC 6962. */
function levelAbove(level: readonly Bytes[]): Bytes[] {
  const above: Bytes[] = []
  for (let i = 0; i + 1 < level.length; i += 2) above.push(merkleNode(level[i]!, level[i + 1]!))
  if (level.length % 2 === 1) above.push(level.at(-1)!)
  return above
}

/** The hashes beside the way from a leaf to the root, the leaf's neighbour first. */
export type MerkleProof = readonly Bytes[]

/** A list is shorter than 2^53, so no way to its root is longer. */
export const merkleProofWire = listOf(bytesOf(32), 53)
export const merkleProofSizeBytesMax = 53 * 34 + 3

/** Proves that the leaf at `index` is among `hashes`. */
export function proveLeaf(hashes: readonly Bytes[], index: number): MerkleProof {
  if (!Number.isSafeInteger(index) || index < 0 || index >= hashes.length)
    throw new RangeError(`"index" expected 0..${hashes.length - 1}, got ${index}`)
  const proof: Bytes[] = []
  let position = index
  for (let level = hashes; level.length > 1; level = levelAbove(level)) {
    const neighbour = level[siblingOf(position)]
    if (neighbour !== undefined) proof.push(neighbour)
    position = Math.floor(position / 2)
  }
  return proof
}

/** The root over hashes and the proofs of all of them, in their order; each hash of the tree is computed once. */
export function proveLeaves(hashes: readonly Bytes[]): {
  readonly root: Bytes
  readonly proofs: readonly MerkleProof[]
} {
  const levels: (readonly Bytes[])[] = []
  let level = hashes
  for (; level.length > 1; level = levelAbove(level)) levels.push(level)
  const proofs = hashes.map((_, index) =>
    levels.flatMap((at, height) => at[siblingOf(Math.floor(index / 2 ** height))] ?? []),
  )
  return { root: level[0] ?? emptyMerkleRoot, proofs }
}

/** Of two hashes under one, the other's place in their level. */
export const siblingOf = (position: number): number => (position % 2 === 0 ? position + 1 : position - 1)

/**
 * The root that a proof leads to; it proves something only where that root is known.
 * @param count of the list's leaves; where it does not come from where the root comes from, the root must bind it
 * @returns null where no list of `count` leaves has such a proof for the leaf at `index`
 */
export function rootByProof(count: number, index: number, leaf: Bytes, proof: MerkleProof): Bytes | null {
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(index) || index < 0 || index >= count) return null
  let hash = leaf
  let used = 0
  let position = index
  for (let width = count; width > 1; width = Math.ceil(width / 2)) {
    if (siblingOf(position) < width) {
      const neighbour = proof[used++]
      if (neighbour === undefined) return null
      hash = position % 2 === 0 ? merkleNode(hash, neighbour) : merkleNode(neighbour, hash)
    }
    position = Math.floor(position / 2)
  }
  return used === proof.length ? hash : null
}

/**
 * Checks that the leaf at `index` of a list of `count` leaves has the hash `leaf`.
 * @param count must come from where the root comes from; a proof for another count is refused
 */
export function verifyLeaf(root: Bytes, count: number, index: number, leaf: Bytes, proof: MerkleProof): Check {
  const reached = rootByProof(count, index, leaf, proof)
  if (reached !== null && equal(reached, root)) return ok
  return refused('merkleProofInvalid', 'The proof for a piece of this file does not fit the file; it was not used.')
}

/** The root of a list that is still growing, in O(log n) memory; a value. */
export interface MerkleFrontier {
  readonly count: number
  /** Roots of the complete subtrees, the largest first: one for every 1 in the binary form of `count`. */
  readonly peaks: readonly Bytes[]
}

export const emptyFrontier: MerkleFrontier = { count: 0, peaks: [] }

export function appendToFrontier(frontier: MerkleFrontier, leaf: Bytes): MerkleFrontier {
  const peaks = [...frontier.peaks]
  let hash = leaf
  // Each trailing 1 of the count is a complete subtree as large as the one that just filled.
  for (let rest = frontier.count; rest % 2 === 1; rest = Math.floor(rest / 2)) hash = merkleNode(peaks.pop()!, hash)
  peaks.push(hash)
  return { count: frontier.count + 1, peaks }
}

export const frontierRoot = ({ peaks }: MerkleFrontier): Bytes =>
  peaks.length === 0 ? emptyMerkleRoot : peaks.reduceRight((right, left) => merkleNode(left, right))
