/**
 * The crypto port of the simulator: answers at once, the same for the same seed.
 *
 * **Protects nothing.** Its twins bind what the real algorithms bind (key, associated data, content, signer, message) and have
 * their sizes, so that a node that mixes up any of them fails here as it would on a phone; but anybody can compute them.
 * `real` runs the true algorithms in the core's own arithmetic instead, some fifty times slower.
 * @module
 */
import { type Bytes, RefusedError, concat, equal } from '../core/bytes/bytes.ts'
import {
  type Claim,
  type KemKey,
  type Nonce,
  digest,
  hpkeOpen,
  hpkeOverheadBytes,
  hpkeSeal,
  hybridOverheadBytes,
  isWellFormed,
  openAes,
  sealAes,
  sha256,
  verifyClaim,
  x25519PublicKey,
  zeroNonce,
} from '../core/crypto/crypto.ts'
import { hybridSeal } from '../core/hybrid/hybrid.ts'
import type { CryptoPort, OpenPlan, RandomPort, SealPlan, Sealed } from '../port/platform.ts'

/** The port with every answer at hand. */
export interface SimulatedCrypto extends CryptoPort {
  verify(claims: readonly Claim[]): readonly boolean[]
  seal(plans: readonly SealPlan[]): readonly Sealed[]
  open(plans: readonly OpenPlan[]): readonly (Bytes | null)[]
  hash(values: readonly Bytes[]): readonly Bytes[]
  sealTo(recipient: KemKey, info: Bytes, associatedData: Bytes, plaintext: Bytes): Bytes
  openWith(recipientSecret: Bytes, info: Bytes, associatedData: Bytes, sealed: Bytes): Bytes | null
  kemPublicKey(secret: Bytes): Bytes
}

/** @param random draws the ephemeral keys of real sealing; the twins draw nothing */
export function createSimulatedCrypto(random: RandomPort, real = false): SimulatedCrypto {
  const seal = real ? sealAes : twinSeal
  const open = real ? openAes : twinOpen
  return {
    verify: (claims) => claims.map(real ? verifyClaim : twinVerify),
    seal: (plans) =>
      plans.map(({ key, nonce, associatedData, plaintext }) => {
        const ciphertext = seal(key, nonce, plaintext, associatedData)
        return { ciphertext, hash: sha256(ciphertext) }
      }),
    open: (plans) =>
      plans.map(({ key, nonce, associatedData, ciphertext, hash }) =>
        equal(sha256(ciphertext), hash) ? open(key, nonce, ciphertext, associatedData) : null,
      ),
    hash: (values) => values.map((value) => sha256(value)),
    sealTo({ suite, publicKey }, info, associatedData, plaintext) {
      const sealed = !real
        ? twinSealTo(publicKey, info, associatedData, plaintext)
        : suite === 1
          ? hpkeSeal(publicKey, info, associatedData, plaintext, random.bytes(32))
          : hybridSeal(publicKey, info, associatedData, plaintext, random.bytes(64))
      if (sealed !== null) return sealed
      throw new RefusedError({
        code: 'recipientKeyInvalid',
        local: 'Their key is not one that anything can be sealed to. Ask them to join again.',
      })
    },
    openWith: (recipientSecret, info, associatedData, sealed) =>
      real
        ? hpkeOpen(recipientSecret, info, associatedData, sealed)
        : twinOpenWith(twinKemKey(recipientSecret), info, associatedData, sealed),
    kemPublicKey: (secret) => (real ? x25519PublicKey(secret) : twinKemKey(secret)),
  }
}

/**
 * A signature that binds signer and message; 64 octets that pass as r ‖ s and as R ‖ S,
 * since the outer octets of both halves are zero.
 */
export function twinSign(publicKey: Uint8Array, message: Uint8Array): Bytes {
  const first = digest('blocktree/1/simulated/signature', publicKey, message)
  const second = sha256(first)
  for (const half of [first, second]) half[0] = half[31] = 0
  return concat(first, second)
}

/** Takes true signatures too: the recovery key's are made in the core, which knows nothing of twins. */
function twinVerify(claim: Claim): boolean {
  return isWellFormed(claim) && (equal(claim.signature, twinSign(claim.publicKey, claim.message)) || verifyClaim(claim))
}

export const twinKemKey = (secret: Uint8Array): Bytes => digest('blocktree/1/simulated/kem', secret)

const tagSizeBytes = 16

const twinTag = (key: Uint8Array, nonce: Nonce, plaintext: Uint8Array, associatedData: Uint8Array): Bytes =>
  digest('blocktree/1/simulated/tag', key, nonce, sha256(associatedData), plaintext).slice(0, tagSizeBytes)

/** Hides the plaintext from a casual scan of the simulated disk, no more. */
function mask(key: Uint8Array, nonce: Nonce, source: Uint8Array, target: Bytes): void {
  const pad = digest('blocktree/1/simulated/mask', key, nonce)
  for (let i = 0; i < source.length; i++) target[i] = source[i]! ^ pad[i & 31]!
}

function twinSeal(key: Uint8Array, nonce: Nonce, plaintext: Uint8Array, associatedData: Uint8Array): Bytes {
  const ciphertext = new Uint8Array(plaintext.length + tagSizeBytes)
  mask(key, nonce, plaintext, ciphertext)
  ciphertext.set(twinTag(key, nonce, plaintext, associatedData), plaintext.length)
  return ciphertext
}

function twinOpen(key: Uint8Array, nonce: Nonce, ciphertext: Uint8Array, associatedData: Uint8Array): Bytes | null {
  if (ciphertext.length < tagSizeBytes) return null
  const sizeBytes = ciphertext.length - tagSizeBytes
  const plaintext = new Uint8Array(sizeBytes)
  mask(key, nonce, ciphertext.subarray(0, sizeBytes), plaintext)
  return equal(twinTag(key, nonce, plaintext, associatedData), ciphertext.subarray(sizeBytes)) ? plaintext : null
}

const twinMessageKey = (recipientKey: Uint8Array, enc: Uint8Array, info: Uint8Array): Bytes =>
  digest('blocktree/1/simulated/hpke', recipientKey, enc, info)

/** A key of suite 2 is told by its size, and what is sealed to it has that suite's. */
const twinEncSizeBytes = (recipientKey: Bytes): number =>
  (recipientKey.length === 32 ? hpkeOverheadBytes : hybridOverheadBytes) - tagSizeBytes

/** A key of which more than the first 32 octets say something is none. */
function twinSealTo(recipientKey: Bytes, info: Bytes, associatedData: Bytes, plaintext: Bytes): Bytes | null {
  if (recipientKey.subarray(32).some((octet) => octet !== 0)) return null
  const drawn = digest('blocktree/1/simulated/enc', recipientKey, sha256(info), sha256(associatedData), plaintext)
  const enc = new Uint8Array(twinEncSizeBytes(recipientKey))
  enc.set(drawn)
  return concat(enc, twinSeal(twinMessageKey(recipientKey, enc, info), zeroNonce, plaintext, associatedData))
}

/** @param recipientKey the public half: in a twin, whoever may open is told by it */
export function twinOpenWith(recipientKey: Bytes, info: Bytes, associatedData: Bytes, sealed: Bytes): Bytes | null {
  const encSizeBytes = twinEncSizeBytes(recipientKey)
  if (sealed.length < encSizeBytes + tagSizeBytes) return null
  const enc = sealed.subarray(0, encSizeBytes)
  return twinOpen(twinMessageKey(recipientKey, enc, info), zeroNonce, sealed.subarray(encSizeBytes), associatedData)
}
