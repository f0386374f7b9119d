import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bytes, ok } from '../bytes/bytes.ts'
import {
  leafHashes,
  levelsOver,
  merkleLeaf,
  merkleRoot,
  plainDigestMany,
  proveByLevels,
  proveLeaf,
  rootOfLevels,
  verifyLeaf,
} from './merkle.ts'

const contents = fc.uint8Array({ maxLength: 400 }).map((octets) => octets as Bytes)

test('the levels have the root and the proofs of the list', () => {
  fc.assert(
    fc.property(contents, fc.integer({ min: 1, max: 40 }), (octets, leafSizeBytes) => {
      const leaves: Bytes[] = []
      for (let at = 0; at < octets.length; at += leafSizeBytes)
        leaves.push(merkleLeaf(octets.subarray(at, at + leafSizeBytes)))
      const levels = levelsOver(leafHashes(octets, leafSizeBytes, plainDigestMany), plainDigestMany)
      const root = rootOfLevels(levels)
      expect(root).toEqual(merkleRoot(leaves))
      leaves.forEach((leaf, index) => {
        const proof = proveByLevels(levels, index)
        expect(proof).toEqual(proveLeaf(leaves, index))
        expect(verifyLeaf(root, leaves.length, index, leaf, proof)).toEqual(ok)
      })
      for (const index of [-1, leaves.length, 0.5])
        expect(() => proveByLevels(levels, index)).toThrow(`"index" expected 0..${leaves.length - 1}, got ${index}`)
    }),
  )
})

test('what is handed out is the asker’s own', () => {
  for (const count of [1, 2, 3]) {
    const levels = levelsOver(leafHashes(new Uint8Array(count), 1, plainDigestMany), plainDigestMany)
    const before = levels.map((level) => level.slice())
    for (const hash of [rootOfLevels(levels), ...proveByLevels(levels, 0)]) hash.fill(0)
    expect(levels).toEqual(before)
  }
})
