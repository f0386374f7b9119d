/**
 * One word of the root for grants that are given together: over the root of the Merkle tree of their hashes (RFC 6962 §2.1).
 *
 * The owner of many devices renews all of them with one touch of his passkey. Each grant carries its own way to what was signed and
 * stands by itself ever after, as one does that was signed alone.
 * @module
 */
import { type Bytes, type Decoded, type Result, bytesOf, concat, listOf, refused, tuple, u53 } from '../bytes/bytes.ts'
import { type Claim, type CredentialSet, type RootSignature, rootClaim, rootSignatureWire } from '../crypto/crypto.ts'
import { proveLeaves, rootByProof } from '../merkle/merkle.ts'

/** As many as a tree has devices. */
export const grantedTogetherCountMax = 64
const wayLengthMax = 6

const domain = 'blocktree/1/writecaps'

export const togetherWire = tuple({
  /** Of the root over the count and the Merkle root. */
  signature: rootSignatureWire,
  /** Of the grants that were signed together, 2 to 64, and which of them this is. */
  count: u53,
  index: u53,
  /** The hashes beside the way to the Merkle root, the grant's neighbour first. */
  way: listOf(bytesOf(32), wayLengthMax),
})
export type Together = Decoded<typeof togetherWire>

const isCount = (count: number): boolean => count >= 2 && count <= grantedTogetherCountMax
const signedBody = (count: number, merkleRoot: Bytes): Bytes => concat(Uint8Array.of(count), merkleRoot)

/** What the root signs for grants with these hashes, 2 to 64, and the parts of its word, each to go with its grant. */
export function togetherOf(hashes: readonly Bytes[]): {
  readonly domain: string
  readonly body: Bytes
  readonly partsOf: (signature: RootSignature) => readonly Together[]
} {
  const count = hashes.length
  if (!isCount(count)) throw new RangeError(`"hashes" expected 2..${grantedTogetherCountMax}, got ${count}`)
  const { root, proofs } = proveLeaves(hashes)
  return {
    domain,
    body: signedBody(count, root),
    partsOf: (signature) => proofs.map((way, index) => ({ signature, count, index, way })),
  }
}

/** What must verify for the root, as `set` names it, to have signed the grant with this hash among others. */
export function claimOfTogether(
  set: CredentialSet,
  hash: Bytes,
  { signature, count, index, way }: Together,
): Result<Claim> {
  const merkleRoot = isCount(count) ? rootByProof(count, index, hash, way) : null
  return merkleRoot === null ? wayUnfitting : rootClaim(set, domain, signedBody(count, merkleRoot), signature)
}

const wayUnfitting = refused('signatureInvalid', 'A signature does not fit the permission that it should vouch for.')
