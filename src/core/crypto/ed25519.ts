/**
 * Ed25519 with one verdict on every device (RFC 8032; the cases where libraries differ are those of C2SP/CCTV).
 *
 * The rule: the public key is canonical, torsion-free and not the identity; S < L; then the equation without the cofactor,
 * comparing encodings, so that a non-canonical R never fits. With the first two checked beforehand, WebCrypto in Chromium,
 * Firefox, WebKit and Node gives the same verdict as `verifyClaim`.
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concat, equal, keyOf } from '../bytes/bytes.ts'

const { Point } = ed25519
const groupOrder = Point.Fn.ORDER
const orderOctets = Uint8Array.from({ length: 32 }, (_, at) => Number((groupOrder >> BigInt(8 * at)) & 255n))

/** Keys that passed the check, oldest first. A key costs one scalar multiplication to check and is met in every record. */
const checkedKeys = new Set<string>()
const checkedKeyCountMax = 4096

/** Whether 32 octets are a public key that any honest signer could have. */
export function isEd25519Key(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false
  const name = keyOf(publicKey)
  if (checkedKeys.has(name)) return true
  if (!isPrimeOrderPoint(publicKey)) return false
  if (checkedKeys.size >= checkedKeyCountMax) checkedKeys.delete(checkedKeys.values().next().value!)
  checkedKeys.add(name)
  return true
}

function isPrimeOrderPoint(encoded: Uint8Array): boolean {
  try {
    const point = Point.fromBytes(encoded, false)
    return !point.is0() && point.isTorsionFree()
  } catch {
    // noble reports an encoding of no point by throwing.
    return false
  }
}

/** Whether S, the second half, is below the group's order: otherwise S + L would be a second signature of the same message. */
export const isCanonicalEd25519Signature = (signature: Uint8Array): boolean =>
  signature.length === 64 && isBelowOrder(signature.subarray(32))

/** The equation alone; the caller has checked key and signature by the two functions above. */
export function satisfiesEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const encodedR = signature.subarray(0, 32)
  const s = littleEndian(signature.subarray(32))
  const k = littleEndian(sha512(concat(encodedR, publicKey, message))) % groupOrder
  // noble's multiplication refuses zero.
  const sB = s === 0n ? Point.ZERO : Point.BASE.multiplyUnsafe(s)
  const kA = k === 0n ? Point.ZERO : Point.fromBytes(publicKey, false).multiplyUnsafe(k)
  return equal(sB.subtract(kA).toBytes(), encodedR)
}

// Octet by octet from the highest, since this is asked of every record and large integers are slow to make.
function isBelowOrder(octets: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) if (octets[i] !== orderOctets[i]) return octets[i]! < orderOctets[i]!
  return false
}

function littleEndian(octets: Uint8Array): bigint {
  let value = 0n
  for (let i = octets.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(octets[i]!)
  return value
}
