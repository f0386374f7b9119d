/**
 * The keys port of the simulator, and a passkey that is always at hand.
 *
 * Keys follow from a seed, so a device that restarts has the same ones. Signatures are the twins of `crypto.ts` unless `real`.
 * @module
 */
import { p256 } from '@noble/curves/nist.js'
import { type Bytes, concat, must, toBase64url, utf8 } from '../core/bytes/bytes.ts'
import {
  compressedEs256Key,
  digest,
  ed25519PublicKey,
  hpkeOpen,
  hybridKeySizeBytes,
  sha256,
  signEd25519,
  suite,
  x25519PublicKey,
} from '../core/crypto/crypto.ts'
import { hybridOpen, hybridPublicKey } from '../core/hybrid/hybrid.ts'
import type { PasskeyAssertion, PasskeyCreation } from '../node/api.ts'
import type { KeysPort, NodeKeys } from '../port/platform.ts'
import { twinKemKey, twinOpenWith, twinSign } from './crypto.ts'

/** @param seed of this device's incarnation: one that lost its storage gets another */
export function createSimulatedKeys(seed: Uint8Array, real = false): KeysPort {
  const signingSecret = digest('blocktree/1/simulated/signingSecret', seed)
  const kemSecret = digest('blocktree/1/simulated/kemSecret', seed)
  const signingKey = ed25519PublicKey(signingSecret)
  const kemKey = real ? x25519PublicKey(kemSecret) : twinKemKey(kemSecret)
  const hybridSecret = digest('blocktree/1/simulated/hybridSecret', seed)
  const hybridKey = remembered(() => (real ? hybridPublicKey(hybridSecret) : twinHybridKey(hybridSecret)))
  let isHybrid = false
  const keys: NodeKeys = {
    credential: { suite, signingKey, kemKey },
    sign: (message) => (real ? signEd25519(signingSecret, message) : twinSign(signingKey, message)),
    open: (kemSuite, info, associatedData, sealed) => {
      if (!real) return twinOpenWith(kemSuite === 1 ? kemKey : hybridKey(), info, associatedData, sealed)
      return kemSuite === 1
        ? hpkeOpen(kemSecret, info, associatedData, sealed)
        : hybridOpen(hybridSecret, info, associatedData, sealed)
    },
    hybridKey: () => Promise.resolve(isHybrid ? hybridKey() : null),
  }
  const transportId = ed25519PublicKey(digest('blocktree/1/simulated/transportSecret', seed))
  return {
    node: () => Promise.resolve(keys),
    transportId: () => Promise.resolve(transportId),
    useHybrid() {
      isHybrid = true
      return Promise.resolve()
    },
  }
}

function twinHybridKey(secret: Uint8Array): Bytes {
  const key = new Uint8Array(hybridKeySizeBytes)
  key.set(twinKemKey(secret))
  return key
}

function remembered<T>(compute: () => T): () => T {
  let answer: T | undefined
  return () => (answer ??= compute())
}

export interface SimulatedPasskey {
  /** What the window would hand over of a new passkey; PRF output included. */
  create(salt: Uint8Array): PasskeyCreation
  /** Present and verified, every time. */
  sign(challenge: Uint8Array): PasskeyAssertion
  unlock(salt: Uint8Array): Bytes
}

export interface SimulatedPasskeySite {
  readonly rpId: string
  readonly origin: string
}

/** An authenticator (ES256, user verification, PRF, synced) at one site. */
export function createSimulatedPasskey(
  seed: Uint8Array,
  { rpId, origin }: SimulatedPasskeySite = { rpId: 'localhost', origin: 'http://localhost' },
  real = false,
): SimulatedPasskey {
  const { secretKey, publicKey } = p256.keygen(digest48(seed))
  const uncompressed = p256.Point.fromBytes(publicKey).toBytes(false)
  const compressed = must(compressedEs256Key(uncompressed))
  const credentialId = digest('blocktree/1/simulated/credentialId', seed)
  const unlock = (salt: Uint8Array): Bytes => digest('blocktree/1/simulated/prf', secretKey, salt)
  return {
    create: (salt) => ({ credentialId, publicKey: uncompressed, rpId, origin, prf: unlock(salt), isSynced: true }),
    sign(challenge) {
      const clientDataJson = utf8(
        JSON.stringify({ type: 'webauthn.get', challenge: toBase64url(challenge), origin, crossOrigin: false }),
      )
      const authenticatorData = concat(sha256(utf8(rpId)), Uint8Array.of(presentAndVerified, 0, 0, 0, 0))
      const message = concat(authenticatorData, sha256(clientDataJson))
      const compact = real ? p256.sign(message, secretKey) : twinSign(compressed, message)
      const signature = p256.Signature.fromBytes(compact, 'compact').toBytes('der')
      return { credentialId, authenticatorData, clientDataJson, signature }
    },
    unlock,
  }
}

/** UP, UV, BE and BS (Web Authentication §6.1). */
const presentAndVerified = 0x1d

/** noble reduces 48 octets to a secret without bias. */
const digest48 = (seed: Uint8Array): Bytes =>
  concat(digest('blocktree/1/simulated/passkey', seed), sha256(seed)).slice(0, 48)
