/**
 * What a node needs of the world. The real platform (`edge/`) and the simulated one (`sim/`) both implement it,
 * so the same node runs on a phone and under a thousand seeds.
 * @module
 */
import type { Bytes } from '../core/bytes/bytes.ts'
import type { Claim, KemKey, KemSuite, PublicCredential } from '../core/crypto/crypto.ts'
import type * as Hybrid from '../core/hybrid/hybrid.ts'
import type { NetPort, TransportId } from './net.ts'
import type { StorePort } from './store.ts'

/** Answered at once by the simulator, later by a browser. */
export type Awaitable<T> = T | Promise<T>

export interface ClockPort {
  /** Milliseconds since 1970, UTC; may jump in either direction. */
  nowMs(): number
  /** Never goes back; stops while the device sleeps. */
  monotonicMs(): number
  /** Calls back once after `delayMs`; the answer cancels. */
  after(delayMs: number, callback: () => void): () => void
}

export interface RandomPort {
  bytes(sizeBytes: number): Bytes
}

/** AES-256-GCM. Plans that share a key share the very same octets, so that it is imported once a call. */
export interface SealPlan {
  readonly key: Bytes
  /** 12 octets. */
  readonly nonce: Bytes
  readonly associatedData: Bytes
  readonly plaintext: Bytes
}
export interface Sealed {
  readonly ciphertext: Bytes
  /** SHA-256 of the ciphertext. */
  readonly hash: Bytes
}
export interface OpenPlan {
  readonly key: Bytes
  readonly nonce: Bytes
  readonly associatedData: Bytes
  readonly ciphertext: Bytes
  /** What the signed root says that SHA-256 of the ciphertext is. */
  readonly hash: Bytes
}

export interface CryptoPort {
  /** One verdict per claim, by the one rule of `core/crypto`: keys were checked when decoded, S < L, cofactorless. */
  verify(claims: readonly Claim[]): Awaitable<readonly boolean[]>
  seal(plans: readonly SealPlan[]): Awaitable<readonly Sealed[]>
  /** null where the hash or the tag does not fit. */
  open(plans: readonly OpenPlan[]): Awaitable<readonly (Bytes | null)[]>
  /** SHA-256 of each. */
  hash(values: readonly Bytes[]): Awaitable<readonly Bytes[]>
  /** HPKE base mode, in the suite of the key: enc ‖ ciphertext. */
  sealTo(recipient: KemKey, info: Bytes, associatedData: Bytes, plaintext: Bytes): Awaitable<Bytes>
  /** The inverse in suite 1 for a secret that is at hand as octets (the root's); null where it does not open. */
  openWith(recipientSecret: Bytes, info: Bytes, associatedData: Bytes, sealed: Bytes): Awaitable<Bytes | null>
  /** The public half of an X25519 secret. */
  kemPublicKey(secret: Bytes): Awaitable<Bytes>
}

/** Brings the arithmetic of suite 2, which is large and which few need. */
export type LoadHybrid = () => Promise<typeof Hybrid>

/** The node credential: signing and opening by handles, the secrets themselves are not to be had. */
export interface NodeKeys {
  readonly credential: PublicCredential
  sign(message: Bytes): Awaitable<Bytes>
  /** HPKE base mode with the node's own key of that suite; null where it does not open. */
  open(suite: KemSuite, info: Bytes, associatedData: Bytes, sealed: Bytes): Awaitable<Bytes | null>
  /** By which this node asks to be sealed to in suite 2; null where it does not. */
  hybridKey(): Promise<Bytes | null>
}

export interface KeysPort {
  /** The profile's node credential, made at the first call and the same ever after. */
  node(): Promise<NodeKeys>
  /** From now on and for ever the node has a key of suite 2. */
  useHybrid(): Promise<void>
  /** By what other devices find this one, whether there is a network or not; the same ever after. */
  transportId(): Promise<TransportId>
}

/**
 * Gives the memory of octets back now, and every view of the same buffers is void. A collector comes late for large buffers, so
 * that what streams past would pile up by the hundred megabytes; whoever sees a piece for the last time says so.
 */
export type Discard = (...spent: readonly Uint8Array[]) => void

export interface Platform {
  readonly store: StorePort
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly crypto: CryptoPort
  readonly keys: KeysPort
  readonly discard: Discard
  /** Absent where a device stands alone. */
  readonly net?: NetPort
  /**
   * What the host of the site says that the time is, in milliseconds since 1970; null where it is away or does not say. Absent: there
   * is none.
   */
  readonly siteNowMs?: () => Promise<number | null>
  /** Of the log behind a checkpoint, for who was away for a moment; absent: the usual. Where it is low, states come whole instead. */
  readonly keptEntryCount?: number
}
