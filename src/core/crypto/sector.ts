/**
 * AES-256-GCM by the core itself: what the crypto port does in bulk, for platforms that must answer at once.
 * @module
 */
import { gcm } from '@noble/ciphers/aes.js'
import type { Bytes } from '../bytes/bytes.ts'

/** Every key seals exactly one plaintext, so the nonce needs no variety (NIST SP 800-38D §8). */
const zeroNonce = new Uint8Array(12)

/** @returns ciphertext ‖ tag, 16 octets longer than the plaintext */
export const sealOnce = (key: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array): Bytes =>
  gcm(key, zeroNonce, associatedData).encrypt(plaintext)

/** @returns null where the tag does not fit */
export function openOnce(key: Uint8Array, ciphertext: Uint8Array, associatedData: Uint8Array): Bytes | null {
  try {
    return gcm(key, zeroNonce, associatedData).decrypt(ciphertext)
  } catch {
    // noble reports a wrong tag, or a ciphertext shorter than one, by throwing.
    return null
  }
}
