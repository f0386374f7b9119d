/**
 * HPKE base mode, one message, in suite 1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (RFC 9180). Suite 2 has another
 * KEM (`hybrid/hybrid.ts`) and is the same in all else.
 *
 * The browser's platform uses a library over WebCrypto; this twin serves engines without X25519 and the simulator, and gives
 * the same octets. Sealing takes the ephemeral secret as an argument, since the core draws no chance.
 * @module
 */
import { gcm } from '@noble/ciphers/aes.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { expand, extract } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { type Bytes, RefusedError, concat, refused, utf8 } from '../bytes/bytes.ts'

/** `info` of each use of HPKE: what a ciphertext is for, apart from its associated data. */
export const hpkeInfo = {
  /** A block key for one reader. */
  readcap: utf8('blocktree/1/readcap'),
  /** The key of an archive, for who has the recovery card. */
  archive: utf8('blocktree/1/archiveKey'),
} as const

/** Which KEM seals. What is signed, hashed and wrapped is suite 1's in both. */
export type KemSuite = 1 | 2

/** What something is sealed to. */
export interface KemKey {
  readonly suite: KemSuite
  /** X25519, 32 octets; X-Wing, 1216. */
  readonly publicKey: Bytes
}

/** Octets that sealing adds in suite 1: the encapsulated key and the tag. */
export const hpkeOverheadBytes = 32 + 16
/** In suite 2. */
export const hybridOverheadBytes = 1120 + 16
export const hybridKeySizeBytes = 1216

/** In place of the arithmetic of suite 2, in a thread that does without. */
export const withoutHybrid = (): Promise<never> => Promise.reject(new RefusedError(suiteUnavailable.fault))
const suiteUnavailable = refused(
  'suiteUnavailable',
  'Its key is sealed in a way that is not at hand while Blocktree is closed. Open Blocktree to read this.',
)

export const x25519PublicKey = (secret: Uint8Array): Bytes => x25519.getPublicKey(secret)

/**
 * @param ephemeralSecret 32 random octets, used for this message alone
 * @returns enc ‖ ciphertext, or null where the recipient's key is of low order
 */
export function hpkeSeal(
  recipientKey: Uint8Array,
  info: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
  ephemeralSecret: Uint8Array,
): Bytes | null {
  const shared = agree(ephemeralSecret, recipientKey)
  if (shared === null) return null
  const enc = x25519.getPublicKey(ephemeralSecret)
  return concat(enc, sealShared(x25519Kem, kemSecret(shared, enc, recipientKey), info, associatedData, plaintext))
}

/** @returns null where it does not open */
export function hpkeOpen(
  recipientSecret: Uint8Array,
  info: Uint8Array,
  associatedData: Uint8Array,
  sealed: Uint8Array,
): Bytes | null {
  if (sealed.length < hpkeOverheadBytes) return null
  const enc = sealed.subarray(0, 32)
  const shared = agree(recipientSecret, enc)
  if (shared === null) return null
  const recipientKey = x25519.getPublicKey(recipientSecret)
  return openShared(x25519Kem, kemSecret(shared, enc, recipientKey), info, associatedData, sealed.subarray(32))
}

/** The message under what a KEM gave both sides. @param kem its number in the registry of RFC 9180 §7.1 */
export function sealShared(
  kem: number,
  sharedSecret: Uint8Array,
  info: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
): Bytes {
  const { key, nonce } = keySchedule(kem, sharedSecret, info, aes256Gcm)
  return gcm(key, nonce, associatedData).encrypt(plaintext)
}

/** @returns null where it does not open */
export function openShared(
  kem: number,
  sharedSecret: Uint8Array,
  info: Uint8Array,
  associatedData: Uint8Array,
  ciphertext: Uint8Array,
): Bytes | null {
  const { key, nonce } = keySchedule(kem, sharedSecret, info, aes256Gcm)
  try {
    return gcm(key, nonce, associatedData).decrypt(ciphertext)
  } catch {
    // noble reports a wrong tag by throwing.
    return null
  }
}

/** X25519 (RFC 7748). @returns null for the all-zero result, which RFC 9180 §7.1.4 says must be refused */
export function agree(secret: Uint8Array, publicKey: Uint8Array): Bytes | null {
  if (publicKey.length !== 32) return null
  try {
    return x25519.getSharedSecret(secret, publicKey)
  } catch {
    // noble refuses a public key of low order, which is the only one that gives zero, by throwing.
    return null
  }
}

/** The numbers of an AEAD in RFC 9180 §7.3 that enter the key schedule. */
export interface AeadSizes {
  readonly id: number
  readonly keySizeBytes: number
}
const aes256Gcm: AeadSizes = { id: 0x0002, keySizeBytes: 32 }
const nonceSizeBytes = 12

const x25519Kem = 0x0020
const version = utf8('HPKE-v1')
const kemSuite = concat(utf8('KEM'), Uint8Array.of(x25519Kem >> 8, x25519Kem & 255))
const empty = new Uint8Array(0)

/** RFC 9180 §4.1, ExtractAndExpand of DHKEM. */
export function kemSecret(shared: Uint8Array, enc: Uint8Array, recipientKey: Uint8Array): Bytes {
  const pseudorandomKey = labeledExtract(kemSuite, empty, 'eae_prk', shared)
  return labeledExpand(kemSuite, pseudorandomKey, 'shared_secret', concat(enc, recipientKey), 32)
}

/** RFC 9180 §5.1, base mode: no pre-shared key. The AEAD is a parameter only because the RFC has no vector of suite 1. */
export function keySchedule(
  kem: number,
  sharedSecret: Uint8Array,
  info: Uint8Array,
  aead: AeadSizes,
): { key: Bytes; nonce: Bytes } {
  const suite = concat(utf8('HPKE'), Uint8Array.of(kem >> 8, kem & 255, 0x00, 0x01, aead.id >> 8, aead.id & 255))
  const context = concat(
    Uint8Array.of(0),
    labeledExtract(suite, empty, 'psk_id_hash', empty),
    labeledExtract(suite, empty, 'info_hash', info),
  )
  const secret = labeledExtract(suite, sharedSecret, 'secret', empty)
  return {
    key: labeledExpand(suite, secret, 'key', context, aead.keySizeBytes),
    nonce: labeledExpand(suite, secret, 'base_nonce', context, nonceSizeBytes),
  }
}

const labeledExtract = (suite: Uint8Array, salt: Uint8Array, label: string, input: Uint8Array): Bytes =>
  extract(sha256, concat(version, suite, utf8(label), input), salt)

const labeledExpand = (suite: Uint8Array, key: Uint8Array, label: string, info: Uint8Array, sizeBytes: number): Bytes =>
  expand(
    sha256,
    key,
    concat(Uint8Array.of(sizeBytes >> 8, sizeBytes & 255), version, suite, utf8(label), info),
    sizeBytes,
  )
