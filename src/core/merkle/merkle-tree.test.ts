import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, decode, encode, must, toHex, utf8 } from '../bytes/bytes.ts'
import { verdictOf } from '../bytes/testing/verdict.ts'
import { digest } from '../crypto/crypto.ts'
import {
  appendToFrontier,
  emptyFrontier,
  frontierRoot,
  merkleLeaf,
  merkleNode,
  merkleProofSizeBytesMax,
  merkleProofWire,
  merkleRoot,
  proveLeaf,
  proveLeaves,
  rootByProof,
  verifyLeaf,
} from './merkle.ts'

const leavesOf = (count: number): Bytes[] =>
  Array.from({ length: count }, (_, index) => merkleLeaf(utf8(`leaf ${index}`)))

const splitOf = (count: number): number => 2 ** Math.floor(Math.log2(count - 1))

/** RFC 6962 §2.1, "The Merkle Tree Hash (MTH)", as it is written there. */
function rootByTheBook(leaves: readonly Bytes[]): Bytes {
  if (leaves.length === 0) return digest('blocktree/1/merkleEmpty')
  if (leaves.length === 1) return leaves[0]!
  const split = splitOf(leaves.length)
  return merkleNode(rootByTheBook(leaves.slice(0, split)), rootByTheBook(leaves.slice(split)))
}

/** RFC 6962 §2.1.1, PATH(m, D[n]). */
function pathByTheBook(index: number, leaves: readonly Bytes[]): Bytes[] {
  if (leaves.length === 1) return []
  const split = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split
    ? [...pathByTheBook(index, left), rootByTheBook(right)]
    : [...pathByTheBook(index - split, right), rootByTheBook(left)]
}

describe('the tree of a list', () => {
  test('has the root and the paths of RFC 6962, however it is built', () => {
    let frontier = emptyFrontier
    for (let count = 0; count <= 66; count++) {
      const leaves = leavesOf(count)
      expect(toHex(frontierRoot(frontier))).toBe(toHex(rootByTheBook(leaves)))
      frontier = appendToFrontier(frontier, merkleLeaf(utf8(`leaf ${count}`)))
      // All shapes of five levels, and those about the border of the seventh.
      if (count > 33 && count < 63) continue
      const proofs = leaves.map((_, index) => proveLeaf(leaves, index).map(toHex))
      expect(toHex(merkleRoot(leaves))).toBe(toHex(rootByTheBook(leaves)))
      expect(proofs).toEqual(leaves.map((_, index) => pathByTheBook(index, leaves).map(toHex)))
      const together = proveLeaves(leaves)
      expect(toHex(together.root)).toBe(toHex(rootByTheBook(leaves)))
      expect(together.proofs.map((proof) => proof.map(toHex))).toEqual(proofs)
    }
  })

  test('is the tree over the roots of aligned pieces', () => {
    for (const count of [1, 7, 8, 9, 15, 16, 17, 63, 64, 65]) {
      const leaves = leavesOf(count)
      const pieces = Array.from({ length: Math.ceil(count / 8) }, (_, i) => merkleRoot(leaves.slice(8 * i, 8 * i + 8)))
      expect(toHex(merkleRoot(pieces))).toBe(toHex(merkleRoot(leaves)))
    }
  })

  test('grows in memory by the logarithm', () => {
    let frontier = emptyFrontier
    for (const leaf of leavesOf(1000)) {
      frontier = appendToFrontier(frontier, leaf)
      expect(frontier.peaks.length).toBeLessThanOrEqual(10)
    }
  })

  test('golden', () => {
    expect(toHex(merkleLeaf(new Uint8Array(0)))).toBe(goldenEmptyLeaf)
    expect([0, 1, 2, 3, 7].map((count) => toHex(merkleRoot(leavesOf(count))))).toEqual(goldenRoots)
    expect(toHex(encode(merkleProofWire, proveLeaf(leavesOf(3), 2)))).toBe(goldenProof)
  })
})

// Computed from the specification by another program.
const goldenEmptyLeaf = 'f3f02bb603b9874536a2acbad81a15d3419516dcb2ef7249d8827803af29fea9'
const goldenRoots = [
  '2618314b89220529068aa4d4fe9dfe68bcd33b32646ae1a560df3f34a5fa2ce1',
  'd11e5e7212b7a0ab60a543d8beb79d2b83178fc6a5b28280e9236ef39fee3553',
  'b2e46ad9046c70dba4743c291307a01799a2c5f81a0d0b708623e7a361961cdc',
  '1567eb68ffd63cf79c834e8afd7132707b5f79cd0731c4d7503cb06fa85c13cc',
  'ca2b692fe21cf7673135e36475a54f390a06f77106948a78c82358400ee890be',
]
const goldenProof = '815820b2e46ad9046c70dba4743c291307a01799a2c5f81a0d0b708623e7a361961cdc'

describe('a proof', () => {
  test('holds for its leaf, index and count, and no other', () => {
    for (const count of [1, 2, 3, 5, 8, 13]) {
      const leaves = leavesOf(count)
      const root = merkleRoot(leaves)
      for (let index = 0; index < count; index++) {
        const proof = must(
          decode(merkleProofWire, encode(merkleProofWire, proveLeaf(leaves, index)), merkleProofSizeBytesMax),
        )
        expect(verifyLeaf(root, count, index, leaves[index]!, proof)).toEqual({ ok: true })
        for (let other = -1; other <= count; other++)
          if (other !== index) expect(verifyLeaf(root, count, other, leaves[index]!, proof).ok).toBe(false)
        expect(verdictOf(verifyLeaf(root, count, index, merkleLeaf(utf8('forged')), proof))).toBe('merkleProofInvalid')
        expect(verifyLeaf(root, count, index, leaves[index]!, [...proof, root]).ok).toBe(false)
        if (proof.length > 0) expect(verifyLeaf(root, count, index, leaves[index]!, proof.slice(1)).ok).toBe(false)
      }
    }
  })

  test('is of a leaf that is there, else asking is our mistake', () => {
    const leaves = leavesOf(5)
    expect(proveLeaf(leaves, 4)).toHaveLength(1)
    for (const index of [-1, 5, 6, 0.5, Number.NaN])
      expect(() => proveLeaf(leaves, index)).toThrow(`"index" expected 0..4, got ${index}`)
  })

  test('leads to no root for a count or an index that no list has', () => {
    const [leaf, beside] = leavesOf(2) as [Bytes, Bytes]
    expect(rootByProof(2, 0, leaf, [beside])).toEqual(merkleNode(leaf, beside))
    expect(rootByProof(1, 0, leaf, [])).toEqual(leaf)
    expect(rootByProof(1.5, 0, leaf, [beside])).toBeNull()
    expect(rootByProof(1, 0.5, leaf, [])).toBeNull()
    const way = Array.from({ length: 53 }, () => beside)
    expect(rootByProof(2 ** 53 - 1, 0, leaf, way)).not.toBeNull()
    expect(rootByProof(2 ** 53, 0, leaf, way)).toBeNull()
  })

  test('of a node is none of a leaf', () => {
    const [first, second] = leavesOf(2)
    const root = merkleRoot([first!, second!])
    // Without domains, the two hashes side by side would pass for the content of the only leaf.
    expect(verifyLeaf(root, 1, 0, merkleLeaf(Uint8Array.of(...first!, ...second!)), []).ok).toBe(false)
  })

  test('with any bit flipped, cut or made longer is refused', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), fc.nat(), fc.boolean(), (count, at, where, cut) => {
        const leaves = leavesOf(count)
        const index = at % count
        const octets = encode(merkleProofWire, proveLeaf(leaves, index))
        const position = where % octets.length
        const forged = cut ? octets.slice(0, position) : octets.slice()
        if (!cut) forged[position]! ^= 1 << (where % 8)
        const proof = decode(merkleProofWire, forged, merkleProofSizeBytesMax)
        expect(proof.ok && verifyLeaf(merkleRoot(leaves), count, index, leaves[index]!, proof.value).ok).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  test('is bounded by the longest list', () => {
    const longest = encode(
      merkleProofWire,
      Array.from({ length: 53 }, () => new Uint8Array(32)),
    )
    expect(longest.length).toBeLessThanOrEqual(merkleProofSizeBytesMax)
    const root = new Uint8Array(32)
    expect(verifyLeaf(root, Number.MAX_SAFE_INTEGER, 0, root, []).ok).toBe(false)
    expect(verifyLeaf(root, 2 ** 53, 0, root, []).ok).toBe(false)
  })
})
