/**
 * HPKE base mode in suite 2: X-Wing (ML-KEM-768 and X25519, draft-connolly-cfrg-xwing-kem), HKDF-SHA256, AES-256-GCM. What is sealed
 * so stays closed as long as one of the two KEMs holds.
 *
 * A folder of its own, since its arithmetic is large: the page and the service worker do without.
 * @module
 */
import { ml_kem768_x25519 as xWing } from '@noble/post-quantum/hybrid.js'
import { type Bytes, concat } from '../bytes/bytes.ts'
import { hybridKeySizeBytes, hybridOverheadBytes, openShared, sealShared } from '../crypto/crypto.ts'

/** In the registry of HPKE. */
const xWingKem = 0x647a
const encSizeBytes = 1120

/** @param secret 32 octets: the seed that both secrets follow from */
export const hybridPublicKey = (secret: Uint8Array): Bytes => Uint8Array.from(xWing.getPublicKey(secret))

/**
 * @param ephemeralSecret 64 random octets, used for this message alone
 * @returns enc (1120 octets) ‖ ciphertext, or null where the recipient's key is none
 */
export function hybridSeal(
  recipientKey: Uint8Array,
  info: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
  ephemeralSecret: Uint8Array,
): Bytes | null {
  if (recipientKey.length !== hybridKeySizeBytes) return null
  const given = orNull(() => xWing.encapsulate(recipientKey, ephemeralSecret))
  if (given === null) return null
  return concat(given.cipherText, sealShared(xWingKem, given.sharedSecret, info, associatedData, plaintext))
}

/** @returns null where it does not open */
export function hybridOpen(
  recipientSecret: Uint8Array,
  info: Uint8Array,
  associatedData: Uint8Array,
  sealed: Uint8Array,
): Bytes | null {
  if (sealed.length < hybridOverheadBytes) return null
  const shared = orNull(() => xWing.decapsulate(sealed.subarray(0, encSizeBytes), recipientSecret))
  return shared && openShared(xWingKem, shared, info, associatedData, sealed.subarray(encSizeBytes))
}

/** noble refuses a key out of range, or one of low order, by throwing. */
function orNull<T>(compute: () => T): T | null {
  try {
    return compute()
  } catch {
    return null
  }
}
