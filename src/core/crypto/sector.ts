/**
 * AES-256-GCM by the core itself: what the crypto port does in bulk, for platforms that must answer at once.
 * @module
 */
import { gcm } from '@noble/ciphers/aes.js'
import type { Bytes } from '../bytes/bytes.ts'

/** 12 octets: under one key no two plaintexts may have the same (NIST SP 800-38D §8). */
export type Nonce = Bytes

/** For a key that seals exactly one plaintext. */
export const zeroNonce: Nonce = new Uint8Array(12)

/** @returns ciphertext ‖ tag, 16 octets longer than the plaintext */
export const sealAes = (key: Uint8Array, nonce: Nonce, plaintext: Uint8Array, associatedData: Uint8Array): Bytes =>
  gcm(key, nonce, associatedData).encrypt(plaintext)

/** @returns null where the tag does not fit */
export function openAes(
  key: Uint8Array,
  nonce: Nonce,
  ciphertext: Uint8Array,
  associatedData: Uint8Array,
): Bytes | null {
  try {
    return gcm(key, nonce, associatedData).decrypt(ciphertext)
  } catch {
    // noble reports a wrong tag, or a ciphertext shorter than one, by throwing.
    return null
  }
}
