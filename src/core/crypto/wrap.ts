/**
 * Keys and short texts sealed under a symmetric key: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03).
 *
 * Its nonce is long enough to be drawn at random under a key that lives for years. Synchronous, since the fold opens names.
 * @module
 */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { type Bytes, concat, fromUtf8, utf8 } from '../bytes/bytes.ts'

const nonceSizeBytes = 24
const tagSizeBytes = 16

/** Size of a wrapped 32-octet key. */
export const wrappedKeySizeBytes = nonceSizeBytes + 32 + tagSizeBytes

/**
 * @param nonce 24 octets, never used twice under one key: drawn at random
 * @returns nonce ‖ ciphertext ‖ tag
 */
export const wrapKey = (
  wrappingKey: Uint8Array,
  key: Uint8Array,
  associatedData: Uint8Array,
  nonce: Uint8Array,
): Bytes => concat(nonce, xchacha20poly1305(wrappingKey, nonce, associatedData).encrypt(key))

/** @returns null where the key, the associated data or the octets are not those of the wrapping */
export function unwrapKey(wrappingKey: Uint8Array, wrapped: Uint8Array, associatedData: Uint8Array): Bytes | null {
  if (wrapped.length < nonceSizeBytes + tagSizeBytes) return null
  try {
    return xchacha20poly1305(wrappingKey, wrapped.subarray(0, nonceSizeBytes), associatedData).decrypt(
      wrapped.subarray(nonceSizeBytes),
    )
  } catch {
    // noble reports a wrong tag by throwing.
    return null
  }
}

/** Sizes of sealed texts tell no more than this many octets apart. */
const bucketSizeBytes = 32
/** Of the text in UTF-8. */
export const sealedTextSizeBytesMax = 1022
/** Of nonce, padded text and tag; for bounds in record formats. */
export const sealedTextOctetsMax = nonceSizeBytes + 1024 + tagSizeBytes

/** A short text, such as a name: u16 length ‖ UTF-8 ‖ zeros up to a multiple of 32, wrapped as above. */
export function sealText(key: Uint8Array, text: string, associatedData: Uint8Array, nonce: Uint8Array): Bytes {
  const octets = utf8(text)
  if (octets.length > sealedTextSizeBytesMax)
    throw new RangeError(`"text" expected at most ${sealedTextSizeBytesMax} bytes, got ${octets.length}`)
  const padded = new Uint8Array(paddedSize(octets.length))
  padded[0] = octets.length >> 8
  padded[1] = octets.length & 255
  padded.set(octets, 2)
  return wrapKey(key, padded, associatedData, nonce)
}

/** @returns null where it does not open or is not the one padded form of a text */
export function openText(key: Uint8Array, sealed: Uint8Array, associatedData: Uint8Array): string | null {
  if (sealed.length > sealedTextOctetsMax) return null
  const padded = unwrapKey(key, sealed, associatedData)
  if (padded === null || padded.length < bucketSizeBytes) return null
  const sizeBytes = padded[0]! * 256 + padded[1]!
  if (padded.length !== paddedSize(sizeBytes)) return null
  if (padded.subarray(2 + sizeBytes).some((octet) => octet !== 0)) return null
  return fromUtf8(padded.subarray(2, 2 + sizeBytes))
}

const paddedSize = (sizeBytes: number): number => Math.ceil((2 + sizeBytes) / bucketSizeBytes) * bucketSizeBytes
