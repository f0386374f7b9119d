/**
 * One signature for records that are signed together: over the root of the Merkle tree of their hashes (RFC 6962 §2.1).
 *
 * A device that keeps a folder of files signs hundreds of records at once, and every other device verifies them; so both compute
 * one signature for up to sixteen. Each record carries its own way to the root and stands by itself ever after.
 * @module
 */
import {
  type Bytes,
  type Decoded,
  type Result,
  accepted,
  bytesOf,
  concat,
  listOf,
  refused,
  tuple,
  u53,
} from '../bytes/bytes.ts'
import { type Claim, type PublicCredential, ed25519Message, signedBy } from '../crypto/crypto.ts'
import { proveLeaves, rootByProof } from '../merkle/merkle.ts'

/** What a record carries grows with the logarithm: 128 octets at sixteen, for a sixteenth of the work. */
export const signedTogetherCountMax = 16
const wayLengthMax = 4

const domain = 'blocktree/1/records'

export const recordSignatureWire = tuple({
  /** Of the author over the count and the root. */
  signature: bytesOf(64),
  /** Of the records that were signed together, 1 to 16, and which of them this is. */
  count: u53,
  index: u53,
  /** The hashes beside the way to the root, the record's neighbour first. */
  way: listOf(bytesOf(32), wayLengthMax),
})
export type RecordSignature = Decoded<typeof recordSignatureWire>

const signedBody = (count: number, root: Bytes): Bytes => concat(Uint8Array.of(count), root)

/** What parts that were made here lead to, which need not be computed again to verify them. */
const knownRoots = new WeakMap<RecordSignature, { readonly hash: Bytes; readonly root: Bytes }>()

/** Records that are about to be signed together. */
export interface RecordGroup {
  /** What their author signs. */
  readonly message: Bytes
  /** The parts of his signature, each to go with its record. */
  partsOf(signature: Bytes): readonly RecordSignature[]
}

/** @param hashes of the records, 1 to 16 */
export function recordGroup(hashes: readonly Bytes[]): RecordGroup {
  const count = hashes.length
  if (count === 0 || count > signedTogetherCountMax)
    throw new RangeError(`"hashes" expected 1..${signedTogetherCountMax}, got ${count}`)
  const { root, proofs } = proveLeaves(hashes)
  return {
    message: ed25519Message(domain, signedBody(count, root)),
    partsOf: (signature) =>
      proofs.map((way, index) => {
        const part = { signature, count, index, way }
        knownRoots.set(part, { hash: hashes[index]!, root })
        return part
      }),
  }
}

/** What must verify for the author to have signed the record with this hash. */
export function claimOfSignature(author: PublicCredential, hash: Bytes, part: RecordSignature): Result<Claim> {
  const { signature, count, index, way } = part
  const known = knownRoots.get(part)
  const isAllowed = count <= signedTogetherCountMax
  const root = known?.hash === hash ? known.root : isAllowed ? rootByProof(count, index, hash, way) : null
  if (root === null)
    return refused('signatureInvalid', 'A signature does not fit what it should vouch for; it was not used.')
  return accepted(signedBy(author, domain, signedBody(count, root), signature))
}
