/**
 * What a fragment's octets must be before anything is made of them: whole, and with the root that its record was signed for.
 * @module
 */
import { type Bytes, type Check, equal, ok, refused } from '../bytes/bytes.ts'
import {
  type DigestMany,
  type MerkleLevels,
  leafHashes,
  levelsOver,
  proveByLevels,
  rootOfLevels,
} from '../merkle/merkle.ts'
import type { ProvedLeaf } from './challenge.ts'
import { leafSizeBytes } from './stripe.ts'

/** The tree of a fragment, about 3 % of its size: with it and the octets every challenge is answered. */
export const fragmentTree = (octets: Uint8Array, digestMany: DigestMany): MerkleLevels =>
  levelsOver(leafHashes(octets, leafSizeBytes, digestMany), digestMany)

/** Refuses octets that are not those of the record: a decoder would make a wrong block of them. */
export function checkFragment(octets: Uint8Array, sizeBytes: number, root: Bytes, digestMany: DigestMany): Check {
  if (octets.length === sizeBytes && equal(rootOfLevels(fragmentTree(octets, digestMany)), root)) return ok
  return refused('fragmentDamaged', 'A fragment is damaged; it was not used.')
}

/** The leaf at `index` with its way to the root. */
export const provedLeafOf = (octets: Uint8Array, levels: MerkleLevels, index: number): ProvedLeaf => ({
  content: octets.slice(index * leafSizeBytes, (index + 1) * leafSizeBytes),
  proof: proveByLevels(levels, index),
})
