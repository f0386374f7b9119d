/**
 * The keys of this device: its node credential, and the key under which its store is sealed.
 *
 * They are made once a profile and never leave: WebCrypto keys that are not extractable, kept by the browser. Where an engine
 * loses a kind of key on the way through its database, or does not know the curve, the secret is kept wrapped under an AES key
 * that is not extractable either; which of the two it is is found by trying.
 * @module
 */
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke'
import { DecapError, DeserializeError, OpenError, ValidationError } from 'hpke'
import { BlocktreeError, type Bytes, concat, utf8, wipe } from '../../core/bytes/bytes.ts'
import {
  type PublicCredential,
  ed25519PublicKey,
  hpkeOpen,
  hpkeOverheadBytes,
  signEd25519,
  suite,
  verifyClaim,
  withoutHybrid,
  x25519PublicKey,
} from '../../core/crypto/crypto.ts'
import type { KeysPort, LoadHybrid, NodeKeys } from '../../port/platform.ts'
import { type KeyDatabase, openKeyDatabase } from './database.ts'

/** The browser gave the record back without its keys. The device must join again under a new credential. */
export class KeysLostError extends BlocktreeError {
  override name = 'KeysLostError'
  constructor() {
    super(
      'keysLost',
      'This browser lost the keys of this device. Clear this site’s data, then restore the tree from an export or join again.',
    )
  }
}

export interface DeviceKeys extends KeysPort {
  /** AES-256-GCM, not extractable: seals what the store keeps. Never used with a nonce twice. */
  deviceKey(): Promise<CryptoKey>
  /**
   * The Ed25519 secret of this device's transport, 32 octets: by its public key other devices find this one. libp2p computes
   * with octets, so it is kept wrapped, and speaks for nobody: who a device is says its node credential (`core/message/hello.ts`).
   */
  transportSecret(): Promise<Bytes>
}

export interface KeysOptions {
  /** Where the keys are kept; another than the profile's own only in tests. */
  readonly database?: KeyDatabase
  /** What to compute with; likewise. */
  readonly subtle?: SubtleCrypto
  /** Of a thread that opens what is sealed in suite 2. */
  readonly hybrid?: LoadHybrid
}

export function createKeys(
  profile: string,
  { database = openKeyDatabase(profile), subtle = crypto.subtle, hybrid = withoutHybrid }: KeysOptions = {},
): DeviceKeys {
  const deviceKey = remembered(() => loadDeviceKey(database, subtle))
  const hybridSecret = remembered(async () => loadSecret('hybrid', database, subtle, await deviceKey()))
  const node = remembered(async () => loadNode(database, subtle, await deviceKey(), hybridSecret, hybrid))
  const transportSecret = remembered(async () => loadSecret('transport', database, subtle, await deviceKey()))
  const transportId = async () => ed25519PublicKey(await transportSecret())
  const useHybrid = async (): Promise<void> => void (await hybridSecret())
  return { node, deviceKey, transportSecret, transportId, useHybrid }
}

/** Computes once; a failure is not remembered, so that a later call may succeed. */
function remembered<T>(compute: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null
  return () => {
    answer ??= compute().catch((error: unknown) => {
      answer = null
      throw error
    })
    return answer
  }
}

async function loadDeviceKey(database: KeyDatabase, subtle: SubtleCrypto): Promise<CryptoKey> {
  let stored = await database.get('device')
  if (stored === undefined) {
    const usages: KeyUsage[] = ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey']
    await database.addIfAbsent('device', await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, usages))
    // Read again: another worker may have been first, and the key that counts is the one that comes back.
    stored = await database.get('device')
  }
  if (isCryptoKey(stored)) return stored
  throw new KeysLostError()
}

/** How one of the two secrets is kept. */
type KeptKey =
  | { readonly kind: 'handle'; readonly privateKey: CryptoKey; readonly publicKey: Bytes }
  /** PKCS#8 under the device key: nonce 12 ‖ AES-256-GCM. */
  | { readonly kind: 'wrapped'; readonly wrapped: Bytes; readonly publicKey: Bytes }

interface NodeRecord {
  readonly signing: KeptKey
  readonly kem: KeptKey
}

async function loadNode(
  database: KeyDatabase,
  subtle: SubtleCrypto,
  deviceKey: CryptoKey,
  hybridSecret: () => Promise<Bytes>,
  hybrid: LoadHybrid,
): Promise<NodeKeys> {
  let stored = await database.get('node')
  if (stored === undefined) {
    // Transactions do not wait for crypto, so the keys are made first and kept only if nobody else's were.
    const record: NodeRecord = {
      signing: await makeKey(ed25519, database, subtle, deviceKey),
      kem: await makeKey(x25519, database, subtle, deviceKey),
    }
    await database.addIfAbsent('node', record)
    stored = await database.get('node')
  }
  const { signing, kem } = nodeRecordOf(stored)
  const open = await openerOf(kem, subtle, deviceKey)
  const keys: NodeKeys = {
    credential: { suite, signingKey: signing.publicKey, kemKey: kem.publicKey },
    sign: await signerOf(signing, subtle, deviceKey),
    open: async (kemSuite, info, associatedData, sealed) =>
      kemSuite === 1
        ? open(info, associatedData, sealed)
        : (await hybrid()).hybridOpen(await hybridSecret(), info, associatedData, sealed),
    hybridKey: async () =>
      (await database.get('hybrid')) === undefined ? null : (await hybrid()).hybridPublicKey(await hybridSecret()),
  }
  await provePossession(keys.credential, keys.sign)
  return keys
}

/** Nobody should find out at the first write that a key came back damaged. */
async function provePossession({ signingKey }: PublicCredential, sign: NodeKeys['sign']): Promise<void> {
  const message = Uint8Array.of(0)
  const signature = await sign(message)
  if (!verifyClaim({ algorithm: 'ed25519', publicKey: signingKey, message, signature })) throw new KeysLostError()
}

interface Curve {
  readonly name: 'Ed25519' | 'X25519'
  readonly usages: KeyUsage[]
  /** What stands before the 32 octets of the secret in PKCS#8 (RFC 8410 §7). */
  readonly pkcs8Prefix: Bytes
  readonly publicKeyOf: (secret: Uint8Array) => Bytes
  /** Whether a pair made by the engine still works. */
  readonly works: (subtle: SubtleCrypto, privateKey: CryptoKey, publicKey: CryptoKey) => Promise<boolean>
}

const pkcs8Prefix = (curveNumber: number): Bytes =>
  Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, curveNumber, 4, 0x22, 4, 0x20)

const ed25519: Curve = {
  name: 'Ed25519',
  usages: ['sign'],
  pkcs8Prefix: pkcs8Prefix(0x70),
  publicKeyOf: ed25519PublicKey,
  async works(subtle, privateKey, publicKey) {
    const message = Uint8Array.of(1)
    return subtle.verify('Ed25519', publicKey, await subtle.sign('Ed25519', privateKey, message), message)
  },
}

const x25519: Curve = {
  name: 'X25519',
  usages: ['deriveBits'],
  pkcs8Prefix: pkcs8Prefix(0x6e),
  publicKeyOf: x25519PublicKey,
  works: async (subtle, privateKey, publicKey) =>
    (await subtle.deriveBits({ name: 'X25519', public: publicKey }, privateKey, 256)).byteLength === 32,
}

async function makeKey(
  curve: Curve,
  database: KeyDatabase,
  subtle: SubtleCrypto,
  deviceKey: CryptoKey,
): Promise<KeptKey> {
  if (await keepsHandles(curve, database, subtle)) {
    const pair = await generatePair(curve, subtle)
    const publicKey = new Uint8Array(await subtle.exportKey('raw', pair.publicKey))
    return { kind: 'handle', privateKey: pair.privateKey, publicKey }
  }
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const pkcs8 = concat(curve.pkcs8Prefix, secret)
  const wrapped = await wrap(pkcs8, curve.pkcs8Prefix, subtle, deviceKey)
  const kept: KeptKey = { kind: 'wrapped', wrapped, publicKey: curve.publicKeyOf(secret) }
  wipe(secret, pkcs8)
  return kept
}

/**
 * A secret of 32 octets that no engine keeps as a handle, made at the first call.
 * @param name bound in, so that neither of the two nor a wrapped key of the node can stand in for another
 */
async function loadSecret(
  name: 'transport' | 'hybrid',
  database: KeyDatabase,
  subtle: SubtleCrypto,
  deviceKey: CryptoKey,
): Promise<Bytes> {
  let stored = await database.get(name)
  if (stored === undefined) {
    const secret = crypto.getRandomValues(new Uint8Array(32))
    await database.addIfAbsent(name, await wrap(secret, utf8(name), subtle, deviceKey))
    wipe(secret)
    stored = await database.get(name)
  }
  const secret = stored instanceof Uint8Array ? await unwrap(stored, utf8(name), subtle, deviceKey) : null
  if (secret?.length === 32) return secret
  throw new KeysLostError()
}

/** Tries a throwaway key through the database: some engines take one and give back nothing, others do not know the curve. */
async function keepsHandles(curve: Curve, database: KeyDatabase, subtle: SubtleCrypto): Promise<boolean> {
  // Two workers may try at once, and neither may be answered with the other's key.
  const name = `probe-${crypto.randomUUID()}`
  try {
    const { privateKey, publicKey } = await generatePair(curve, subtle)
    await database.addIfAbsent(name, privateKey)
    const kept = await database.get(name)
    return isCryptoKey(kept) && (await curve.works(subtle, kept, publicKey))
  } catch {
    // Engines name the lack differently (NotSupportedError, DataCloneError, TypeError); a full disk shows itself at the next write.
    return false
  } finally {
    await database.delete(name)
  }
}

const generatePair = async ({ name, usages }: Curve, subtle: SubtleCrypto): Promise<CryptoKeyPair> =>
  (await subtle.generateKey(name, false, name === 'Ed25519' ? [...usages, 'verify'] : usages)) as CryptoKeyPair

/** @returns nonce 12 ‖ AES-256-GCM. @param purpose bound in, so that no wrapped secret can stand in for another */
async function wrap(secret: Bytes, purpose: Bytes, subtle: SubtleCrypto, deviceKey: CryptoKey): Promise<Bytes> {
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const algorithm = { name: 'AES-GCM', iv, additionalData: purpose }
  return concat(iv, new Uint8Array(await subtle.encrypt(algorithm, deviceKey, secret)))
}

/** @returns null where it does not open */
async function unwrap(
  wrapped: Uint8Array,
  purpose: Bytes,
  subtle: SubtleCrypto,
  deviceKey: CryptoKey,
): Promise<Bytes | null> {
  const algorithm = { name: 'AES-GCM', iv: wrapped.slice(0, 12), additionalData: purpose }
  const opened = await subtle.decrypt(algorithm, deviceKey, wrapped.slice(12)).catch(() => null)
  return opened && new Uint8Array(opened)
}

/** A key ready for use: by the engine, or as octets where the engine does not know the curve. */
type UsableKey =
  | { readonly kind: 'handle'; readonly key: CryptoKey }
  | { readonly kind: 'secret'; readonly secret: Bytes }

async function usableKeyOf(
  kept: KeptKey,
  curve: Curve,
  subtle: SubtleCrypto,
  deviceKey: CryptoKey,
): Promise<UsableKey> {
  if (kept.kind === 'handle') return { kind: 'handle', key: kept.privateKey }
  const pkcs8 = await unwrap(kept.wrapped, curve.pkcs8Prefix, subtle, deviceKey)
  if (pkcs8 === null) throw new KeysLostError()
  try {
    return { kind: 'handle', key: await subtle.importKey('pkcs8', pkcs8, curve.name, false, curve.usages) }
  } catch {
    return { kind: 'secret', secret: pkcs8.slice(curve.pkcs8Prefix.length) }
  } finally {
    wipe(pkcs8)
  }
}

async function signerOf(kept: KeptKey, subtle: SubtleCrypto, deviceKey: CryptoKey): Promise<NodeKeys['sign']> {
  const usable = await usableKeyOf(kept, ed25519, subtle, deviceKey)
  return usable.kind === 'handle'
    ? async (message) => new Uint8Array(await subtle.sign('Ed25519', usable.key, message))
    : (message) => signEd25519(usable.secret, message)
}

const hpke = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM)

type Open = (info: Bytes, associatedData: Bytes, sealed: Bytes) => Promise<Bytes | null>

/** For suite 1. */
async function openerOf(kept: KeptKey, subtle: SubtleCrypto, deviceKey: CryptoKey): Promise<Open> {
  const usable = await usableKeyOf(kept, x25519, subtle, deviceKey)
  if (usable.kind === 'secret')
    return (info, associatedData, sealed) => Promise.resolve(hpkeOpen(usable.secret, info, associatedData, sealed))
  const publicKey = await subtle.importKey('raw', kept.publicKey, 'X25519', true, [])
  const pair = { privateKey: usable.key, publicKey }
  return async (info, associatedData, sealed) => {
    if (sealed.length < hpkeOverheadBytes) return null
    try {
      const options = { info, aad: associatedData }
      return Uint8Array.from(await hpke.Open(pair, sealed.subarray(0, 32), sealed.subarray(32), options))
    } catch (error) {
      // What a stranger's octets can cause is null; anything else stays an error.
      for (const known of [OpenError, DecapError, DeserializeError, ValidationError])
        if (error instanceof known) return null
      throw error
    }
  }
}

function nodeRecordOf(stored: unknown): NodeRecord {
  const record = stored as Partial<NodeRecord> | null | undefined
  if (isKeptKey(record?.signing) && isKeptKey(record.kem)) return { signing: record.signing, kem: record.kem }
  throw new KeysLostError()
}

function isKeptKey(value: unknown): value is KeptKey {
  const kept = value as Partial<KeptKey> | null | undefined
  if (!(kept?.publicKey instanceof Uint8Array) || kept.publicKey.length !== 32) return false
  return kept.kind === 'handle'
    ? isCryptoKey(kept.privateKey)
    : kept.kind === 'wrapped' && kept.wrapped instanceof Uint8Array && kept.wrapped.length > 12
}

const isCryptoKey = (value: unknown): value is CryptoKey => value instanceof CryptoKey
