/**
 * Claims: "this key signed this message". The core collects them from records, the crypto port answers each with true or false
 * (design: the core never awaits), and `verifyClaim` is the rule of the answer.
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { type Bytes, type Result, accepted, concat, keyOf, refused } from '../bytes/bytes.ts'
import { type PublicCredential } from './credential.ts'
import { domainPrefix } from './digest.ts'
import { isCanonicalEd25519Signature, isEd25519Key, satisfiesEd25519 } from './ed25519.ts'

export interface Claim {
  readonly algorithm: 'ed25519' | 'es256'
  /** ed25519: 32 octets. es256: the compressed point, 33 octets. */
  readonly publicKey: Bytes
  readonly message: Bytes
  /** 64 octets. es256: r ‖ s with s in the lower half of its range. */
  readonly signature: Bytes
}

/** Equal for equal claims alone, so that what many records claim alike is verified once. */
export const nameOfClaim = ({ algorithm, publicKey, message, signature }: Claim): string =>
  `${algorithm}${publicKey.length} ${signature.length} ${keyOf(publicKey)}${keyOf(signature)}${keyOf(message)}`

/** The octets that an Ed25519 key signs for a body: u8 length of domain ‖ domain ‖ body. */
export const ed25519Message = (domain: string, body: Uint8Array): Bytes => concat(domainPrefix(domain), body)

/** The claim that the holder of `credential` signed `body` for the purpose `domain`. */
export const signedBy = (credential: PublicCredential, domain: string, body: Uint8Array, signature: Bytes): Claim => ({
  algorithm: 'ed25519',
  publicKey: credential.signingKey,
  message: ed25519Message(domain, body),
  signature,
})

/**
 * Everything of the rule that is not the curve's equation: sizes, a sound key, one form of the signature.
 * A verifier that skips it accepts more than its neighbours; every crypto port asks it first.
 */
export const isWellFormed = ({ algorithm, publicKey, signature }: Claim): boolean =>
  algorithm === 'ed25519'
    ? isCanonicalEd25519Signature(signature) && isEd25519Key(publicKey)
    : isCanonicalEs256Signature(signature) && isEs256Key(publicKey)

/** The one verdict on a claim, without WebCrypto. About 1 ms. */
export function verifyClaim(claim: Claim): boolean {
  if (!isWellFormed(claim)) return false
  const { algorithm, publicKey, message, signature } = claim
  return algorithm === 'ed25519'
    ? satisfiesEd25519(publicKey, message, signature)
    : p256.verify(signature, message, publicKey, { lowS: true })
}

/** An Ed25519 signature by a secret that is at hand as octets: the recovery key's, and node keys where WebCrypto lacks the curve. */
export const signEd25519 = (secret: Uint8Array, message: Uint8Array): Bytes => ed25519.sign(message, secret)
export const ed25519PublicKey = (secret: Uint8Array): Bytes => ed25519.getPublicKey(secret)

const checkedPoints = new Set<string>()
const checkedPointCountMax = 256

/** Whether 33 octets are a point of P-256 (its cofactor is 1, so every point but infinity will do). */
export function isEs256Key(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 33) return false
  const name = keyOf(publicKey)
  if (checkedPoints.has(name)) return true
  if (es256Point(publicKey) === null) return false
  if (checkedPoints.size >= checkedPointCountMax) checkedPoints.delete(checkedPoints.values().next().value!)
  checkedPoints.add(name)
  return true
}

/** The key as WebCrypto imports it, 65 octets. @returns null where it is no point */
export const uncompressedEs256Key = (publicKey: Uint8Array): Bytes | null =>
  es256Point(publicKey)?.toBytes(false) ?? null

/** The stored form of a key that an authenticator gave, 65 octets to 33. */
export function compressedEs256Key(publicKey: Uint8Array): Result<Bytes> {
  const point = publicKey.length === 65 ? es256Point(publicKey) : null
  if (point !== null) return accepted(point.toBytes(true))
  return refused('passkeyKeyInvalid', 'This passkey gave a key that Blocktree cannot use. Try another passkey.')
}

function es256Point(encoded: Uint8Array) {
  try {
    return p256.Point.fromBytes(encoded)
  } catch {
    // noble reports octets that are no point by throwing.
    return null
  }
}

const p256Order = p256.Point.Fn.ORDER

function isCanonicalEs256Signature(signature: Uint8Array): boolean {
  if (signature.length !== 64) return false
  const r = bigEndian(signature.subarray(0, 32))
  const s = bigEndian(signature.subarray(32))
  return r > 0n && r < p256Order && s > 0n && s <= p256Order >> 1n
}

/** r ‖ s in the one form that is stored: of the two values of s that fit, the lower. @returns null outside the range 1..n-1 */
export function lowS(compact: Uint8Array): Bytes | null {
  if (compact.length !== 64) return null
  const r = bigEndian(compact.subarray(0, 32))
  const s = bigEndian(compact.subarray(32))
  if (r === 0n || r >= p256Order || s === 0n || s >= p256Order) return null
  return s <= p256Order >> 1n ? Uint8Array.from(compact) : concat(compact.subarray(0, 32), octets32(p256Order - s))
}

/** An authenticator's ECDSA signature (DER, s of either half) in the stored form. */
export function derToCompact(der: Uint8Array): Result<Bytes> {
  // The longest DER of two 256-bit integers: 2 + 2 × (2 + 33).
  const compact = der.length <= 72 ? compactOfDer(der) : null
  const normalised = compact === null ? null : lowS(compact)
  if (normalised !== null) return accepted(normalised)
  return refused('passkeySignatureInvalid', 'The passkey answered with a damaged signature. Try again.')
}

function compactOfDer(der: Uint8Array): Bytes | null {
  try {
    return p256.Signature.fromBytes(der, 'der').toBytes('compact')
  } catch {
    // noble reports anything but strict DER by throwing.
    return null
  }
}

function bigEndian(octets: Uint8Array): bigint {
  let value = 0n
  for (const octet of octets) value = (value << 8n) | BigInt(octet)
  return value
}

function octets32(value: bigint): Bytes {
  const octets = new Uint8Array(32)
  for (let i = 31, rest = value; i >= 0; i--, rest >>= 8n) octets[i] = Number(rest & 255n)
  return octets
}
