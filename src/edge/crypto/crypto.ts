/**
 * The crypto port over WebCrypto, with the core's own arithmetic where an engine lacks a curve.
 *
 * Verdicts are those of `verifyClaim` in every engine: the parts of the rule that engines disagree on are checked first.
 * @module
 */
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke'
import { DecapError, DeserializeError, EncapError, OpenError, ValidationError } from 'hpke'
import { type Bytes, RefusedError, concat, equal, fromHex, keyOf } from '../../core/bytes/bytes.ts'
import {
  type Claim,
  hpkeOpen,
  hpkeOverheadBytes,
  hpkeSeal,
  isWellFormed,
  nameOfClaim,
  uncompressedEs256Key,
  verifyClaim,
  withoutHybrid,
  x25519PublicKey,
} from '../../core/crypto/crypto.ts'
import type { CryptoPort, LoadHybrid, OpenPlan, SealPlan, Sealed } from '../../port/platform.ts'

/** Imported verification keys kept; a node meets few signers again and again. */
const importedKeyCountMax = 256
const verdictCountMax = 64

export interface CryptoOptions {
  /** What to compute with; another than the engine's own only to see the fallbacks at work. */
  readonly subtle?: SubtleCrypto
  readonly hybrid?: LoadHybrid
}

export function createCrypto({ subtle = crypto.subtle, hybrid = withoutHybrid }: CryptoOptions = {}): CryptoPort {
  const hasEd25519 = once(() => supportsEd25519(subtle))
  const hasX25519 = once(() => supportsX25519(subtle))
  const importedKeys = new Map<string, Promise<CryptoKey>>()

  function importVerifyKey({ algorithm, publicKey }: Claim): Promise<CryptoKey> {
    const name = keyOf(publicKey)
    const known = importedKeys.get(name)
    if (known !== undefined) return known
    // Not every engine imports compressed points. A well-formed claim's key is a point, so there is something to import.
    const imported =
      algorithm === 'ed25519'
        ? subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify'])
        : subtle.importKey('raw', uncompressedEs256Key(publicKey)!, es256Key, false, ['verify'])
    if (importedKeys.size >= importedKeyCountMax) importedKeys.delete(importedKeys.keys().next().value!)
    importedKeys.set(name, imported)
    return imported
  }

  const verdicts = new Map<string, Promise<boolean>>()
  /** What was verified lately is not verified again: of records that were signed together each makes the same claim. */
  function verdictOn(claim: Claim): Promise<boolean> {
    const name = nameOfClaim(claim)
    const known = verdicts.get(name)
    if (known !== undefined) return known
    const verdict = verifyOne(claim)
    if (verdicts.size >= verdictCountMax) verdicts.delete(verdicts.keys().next().value!)
    verdicts.set(name, verdict)
    // An engine that failed may answer the next time.
    verdict.catch(() => verdicts.delete(name))
    return verdict
  }

  async function verifyOne(claim: Claim): Promise<boolean> {
    if (!isWellFormed(claim)) return false
    if (claim.algorithm === 'ed25519' && !(await hasEd25519())) return verifyClaim(claim)
    const key = await importVerifyKey(claim)
    const algorithm = claim.algorithm === 'ed25519' ? 'Ed25519' : es256Signature
    return subtle.verify(algorithm, key, claim.signature, claim.message)
  }

  async function sealOne({ nonce, associatedData, plaintext }: SealPlan, key: CryptoKey): Promise<Sealed> {
    const ciphertext = await subtle.encrypt(aesGcm(nonce, associatedData), key, plaintext)
    const hash = await subtle.digest('SHA-256', ciphertext)
    return { ciphertext: new Uint8Array(ciphertext), hash: new Uint8Array(hash) }
  }

  async function openOne({ nonce, associatedData, ciphertext, hash }: OpenPlan, key: CryptoKey): Promise<Bytes | null> {
    // One right after the other, while the ciphertext is near the processor.
    const digest = subtle.digest('SHA-256', ciphertext)
    let plaintext: Bytes | null = null
    try {
      plaintext = new Uint8Array(await subtle.decrypt(aesGcm(nonce, associatedData), key, ciphertext))
    } catch (error) {
      // The tag fails by rejecting, in every engine with this one error.
      if (!(error instanceof DOMException && error.name === 'OperationError')) throw error
    }
    return equal(new Uint8Array(await digest), hash) ? plaintext : null
  }

  /** Works on each plan with its key, which is imported once for all plans of the call that share it. */
  async function eachWithKey<Plan extends { readonly key: Bytes }, Done>(
    plans: readonly Plan[],
    usage: 'encrypt' | 'decrypt',
    work: (plan: Plan, key: CryptoKey) => Promise<Done>,
  ): Promise<Done[]> {
    const keys = new Map<Bytes, CryptoKey>()
    for (const { key } of plans)
      if (!keys.has(key)) keys.set(key, await subtle.importKey('raw', key, 'AES-GCM', false, [usage]))
    return Promise.all(plans.map((plan) => work(plan, keys.get(plan.key)!)))
  }

  return {
    verify: (claims) => Promise.all(claims.map(verdictOn)),
    seal: (plans) => eachWithKey(plans, 'encrypt', sealOne),
    open: (plans) => eachWithKey(plans, 'decrypt', openOne),
    hash: (values) => Promise.all(values.map(async (value) => new Uint8Array(await subtle.digest('SHA-256', value)))),
    async sealTo({ suite, publicKey }, info, associatedData, plaintext) {
      const chance = (sizeBytes: number): Bytes => crypto.getRandomValues(new Uint8Array(sizeBytes))
      const sealed =
        suite === 2
          ? (await hybrid()).hybridSeal(publicKey, info, associatedData, plaintext, chance(64))
          : (await hasX25519())
            ? await librarySeal(publicKey, info, associatedData, plaintext)
            : hpkeSeal(publicKey, info, associatedData, plaintext, chance(32))
      if (sealed !== null) return sealed
      throw new RefusedError({
        code: 'recipientKeyInvalid',
        local: 'Their key is not one that anything can be sealed to. Ask them to join again.',
      })
    },
    async openWith(recipientSecret, info, associatedData, sealed) {
      if (!(await hasX25519())) return hpkeOpen(recipientSecret, info, associatedData, sealed)
      if (sealed.length < hpkeOverheadBytes) return null
      const options = { info, aad: associatedData }
      const key = await suite1.DeserializePrivateKey(recipientSecret, true)
      return suite1.Open(key, sealed.subarray(0, 32), sealed.subarray(32), options).then(own, nullOnHpke)
    },
    kemPublicKey: (secret) => x25519PublicKey(secret),
  }
}

const es256Key = { name: 'ECDSA', namedCurve: 'P-256' }
const es256Signature = { name: 'ECDSA', hash: 'SHA-256' }

const aesGcm = (iv: Bytes, additionalData: Bytes): AesGcmParams => ({ name: 'AES-GCM', iv, additionalData })

const suite1 = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM)

async function librarySeal(recipientKey: Bytes, info: Bytes, aad: Bytes, plaintext: Bytes): Promise<Bytes | null> {
  const key = await suite1.DeserializePublicKey(recipientKey).catch(nullOnHpke)
  if (key === null) return null
  const sealed = await suite1.Seal(key, plaintext, { info, aad }).catch(nullOnHpke)
  return sealed === null ? null : concat(sealed.encapsulatedSecret, sealed.ciphertext)
}

const own = (octets: Uint8Array): Bytes => Uint8Array.from(octets)

/** What a stranger's octets can cause in the library is null; anything else stays an error. */
function nullOnHpke(error: unknown): null {
  for (const known of [OpenError, DecapError, EncapError, DeserializeError, ValidationError])
    if (error instanceof known) return null
  throw error
}

function once<T>(compute: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  return () => (answer ??= compute())
}

/** RFC 8032 §7.1, test 1: an engine that does not know the curve, or says no to this, does not verify for us. */
const probe = {
  publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  signature:
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
}

async function supportsEd25519(subtle: SubtleCrypto): Promise<boolean> {
  try {
    const key = await subtle.importKey('raw', fromHex(probe.publicKey)!, 'Ed25519', false, ['verify'])
    return await subtle.verify('Ed25519', key, fromHex(probe.signature)!, new Uint8Array(0))
  } catch {
    // Engines name the lack differently; whatever it is, the core's own verifier gives the same verdicts.
    return false
  }
}

async function supportsX25519(subtle: SubtleCrypto): Promise<boolean> {
  try {
    await subtle.generateKey('X25519', false, ['deriveBits'])
    return true
  } catch {
    // As above: the core's own HPKE gives the same octets.
    return false
  }
}
