/**
 * The root of a tree: passkeys and a recovery key, named in a credential set whose first hash is the tree's id for ever.
 *
 * A passkey's assertion over a challenge that is the hash of a body *is* a signature of that body (Web Authentication Level 3 §7.2).
 * What the authenticator's surroundings say (origin, flags) is checked against the set, so anyone can check it, anywhere.
 * @module
 */
import {
  type Bytes,
  type Codec,
  type Decoded,
  type Refused,
  type Result,
  accepted,
  bool,
  bytesOf,
  bytesUpTo,
  concat,
  decode,
  encode,
  equal,
  fromUtf8,
  listOf,
  nullable,
  record,
  refine,
  refused,
  textUpTo,
  toBase64url,
  tuple,
  u53,
  union,
} from '../bytes/bytes.ts'
import { type Claim, derToCompact, ed25519Message, isEs256Key } from './claim.ts'
import { ed25519KeyWire, keyInvalid } from './credential.ts'
import { deriveKey } from './derive.ts'
import { digest, sha256 } from './digest.ts'

/** A passkey (ES256) that may sign as root; user verification is always required of it. */
export interface CredentialMember {
  readonly credentialId: Bytes
  /** Compressed point of P-256, 33 octets. */
  readonly publicKey: Bytes
  /** Whether its provider may copy it to other devices. */
  readonly synced: boolean
}

/** Who may sign as the root of a tree. */
export interface CredentialSet {
  readonly sequence: number
  /** None where the recovery key is the only root. */
  readonly members: readonly CredentialMember[]
  /** SHA-256 of the host that the passkeys belong to; null without members. */
  readonly rpIdHash: Bytes | null
  /** Where an assertion may have been made, such as `https://tree.example`; empty without members. */
  readonly origins: readonly string[]
  /** X25519, 32 octets; its secret is random and kept wrapped. */
  readonly rootKemKey: Bytes
  /** Ed25519, 32 octets. */
  readonly recoveryKey: Bytes
  /** Commits to the recovery key that follows this one. */
  readonly nextRecoveryHash: Bytes
  /** Null in the first set only. */
  readonly previousHash: Bytes | null
}

const es256KeyWire: Codec<Bytes> = refine(
  bytesOf(33),
  (key) => (isEs256Key(key) ? key : null),
  (key) => key,
  keyInvalid,
)

export const credentialSetSizeBytesMax = 32768
/** In a tree at a time. */
export const passkeyCountMax = 16
/** At which its passkeys may have signed. */
export const originCountMax = 16

/** Sets that contradict themselves are refused when decoded, and never made. */
export const credentialSetWire: Codec<CredentialSet> = refine(
  record('credentialSet', 1, {
    sequence: u53,
    members: listOf(tuple({ credentialId: bytesUpTo(1023), publicKey: es256KeyWire, synced: bool }), passkeyCountMax),
    rpIdHash: nullable(bytesOf(32)),
    origins: listOf(textUpTo(255), originCountMax),
    rootKemKey: bytesOf(32),
    recoveryKey: ed25519KeyWire,
    nextRecoveryHash: bytesOf(32),
    previousHash: nullable(bytesOf(32)),
  }),
  (set) => (isConsistent(set) ? set : null),
  (set) => {
    if (!isConsistent(set)) throw new RangeError('"credentialSet" expected consistent fields')
    return set
  },
)

function isConsistent({ sequence, members, rpIdHash, origins, previousHash }: CredentialSet): boolean {
  const hasMembers = members.length > 0
  const ids = new Set(members.map(({ credentialId }) => toBase64url(credentialId)))
  return (
    ids.size === members.length &&
    !ids.has('') &&
    hasMembers === (rpIdHash !== null) &&
    hasMembers === origins.length > 0 &&
    new Set(origins).size === origins.length &&
    (sequence === 0) === (previousHash === null)
  )
}

export const decodeCredentialSet = (octets: Uint8Array): Result<CredentialSet> =>
  decode(credentialSetWire, octets, credentialSetSizeBytesMax)

/** The link from one set to the next, and of the first set the tree's id. */
export const credentialSetHash = (set: CredentialSet): Bytes =>
  digest('blocktree/1/credentialSet', encode(credentialSetWire, set))

/** A tree's credential set by its hash, or null where it is not known. */
export type SetOf = (setHash: Bytes) => CredentialSet | null

/** 32 octets, for ever. */
export function treeIdOf(firstSet: CredentialSet): Bytes {
  if (firstSet.sequence !== 0) throw new RangeError(`"firstSet" expected sequence 0, got ${firstSet.sequence}`)
  return credentialSetHash(firstSet)
}

const clientDataSizeBytesMax = 1024

/** A signature by the root. `clientDataJson` is kept raw: its length and members vary from browser to browser. */
const rootSignatures = {
  passkey: tuple({
    memberIndex: u53,
    authenticatorData: bytesUpTo(256),
    clientDataJson: bytesUpTo(clientDataSizeBytesMax),
    /** r ‖ s, s in its lower half. */
    signature: bytesOf(64),
  }),
  recovery: tuple({ signature: bytesOf(64) }),
} as const
export const rootSignatureWire = union(rootSignatures)
export type RootSignature = Decoded<typeof rootSignatureWire>

/**
 * By what a set follows the one before it. Where another card takes the place of the card, the old one signs with the key that it
 * would have gone on with: to that the set before commits, so it is revealed all the same.
 */
export const successionWire = union({
  ...rootSignatures,
  lastRecovery: tuple({ publicKey: ed25519KeyWire, signature: bytesOf(64) }),
})
export type Succession = Decoded<typeof successionWire>

export const rootSignatureSizeBytesMax = 1536

export const decodeRootSignature = (octets: Uint8Array): Result<RootSignature> =>
  decode(rootSignatureWire, octets, rootSignatureSizeBytesMax)

/** What a passkey is asked to sign for a body, 32 octets. */
export const rootChallenge = (domain: string, body: Uint8Array): Bytes => digest(domain, body)

/** What the window hands over of an authenticator's answer. */
interface Assertion {
  readonly credentialId: Uint8Array
  readonly authenticatorData: Uint8Array
  readonly clientDataJson: Uint8Array
  /** DER. */
  readonly signature: Uint8Array
}

/** An authenticator's answer as a root signature; whether it is a good one says `rootClaim`. */
export function rootSignatureOf(set: CredentialSet, assertion: Assertion): Result<RootSignature> {
  const memberIndex = set.members.findIndex(({ credentialId }) => equal(credentialId, assertion.credentialId))
  if (memberIndex < 0)
    return refused('passkeyUnknown', 'This passkey does not belong to this tree. Choose the one it was planted with.')
  const compact = derToCompact(assertion.signature)
  if (!compact.ok) return compact
  const { authenticatorData, clientDataJson } = assertion
  if (authenticatorData.length > 256 || clientDataJson.length > clientDataSizeBytesMax) return malformed('its size')
  return accepted({
    tag: 'passkey',
    value: {
      memberIndex,
      authenticatorData: Uint8Array.from(authenticatorData),
      clientDataJson: Uint8Array.from(clientDataJson),
      signature: compact.value,
    },
  })
}

/**
 * The claim that decides whether the root, as `set` names it, signed `body`.
 * Every check but the signature's own equation is done here.
 */
export function rootClaim(
  set: CredentialSet,
  domain: string,
  body: Uint8Array,
  rootSignature: RootSignature,
): Result<Claim> {
  if (rootSignature.tag === 'recovery')
    return accepted({
      algorithm: 'ed25519',
      publicKey: set.recoveryKey,
      message: ed25519Message(domain, body),
      signature: rootSignature.value.signature,
    })
  const { memberIndex, authenticatorData, clientDataJson, signature } = rootSignature.value
  const member = set.members[memberIndex]
  if (member === undefined || set.rpIdHash === null)
    return refused('passkeyUnknown', 'This was signed with a passkey that does not belong to the tree.')
  const fault =
    authenticatorFault(authenticatorData, set.rpIdHash) ??
    clientFault(clientDataJson, toBase64url(rootChallenge(domain, body)), set.origins)
  if (fault !== null) return fault
  return accepted({
    algorithm: 'es256',
    publicKey: member.publicKey,
    message: concat(authenticatorData, sha256(clientDataJson)),
    signature,
  })
}

const flag = { userPresent: 0x01, userVerified: 0x04, attestedCredential: 0x40, extensions: 0x80 } as const

/** Authenticator data: rpIdHash 32 ‖ flags 1 ‖ counter 4 ‖ extensions (Web Authentication §6.1). The counter says nothing of synced keys. */
function authenticatorFault(data: Uint8Array, rpIdHash: Bytes): Refused | null {
  const flags = data[32]
  if (data.length < 37 || flags === undefined) return malformed('its length')
  // Octets past the counter are signed only where the flag announces them; an assertion never carries a new credential.
  if (data.length > 37 !== ((flags & flag.extensions) !== 0)) return malformed('its length')
  if ((flags & flag.attestedCredential) !== 0) return malformed('its flags')
  if (!equal(data.subarray(0, 32), rpIdHash))
    return refused('passkeyWrongHost', 'This was signed with a passkey of another site.')
  if ((flags & flag.userPresent) === 0 || (flags & flag.userVerified) === 0)
    return refused(
      'passkeyNotVerified',
      'This was signed without checking that it is you. Use a passkey that asks for your finger, face or PIN.',
    )
  return null
}

function clientFault(clientDataJson: Uint8Array, challenge: string, origins: readonly string[]): Refused | null {
  const text = clientDataJson.length <= clientDataSizeBytesMax ? fromUtf8(clientDataJson) : null
  const client = text === null ? null : parseObject(text)
  if (client === null) return malformed('its client data')
  if (client['type'] !== 'webauthn.get') return malformed('its type')
  if (client['challenge'] !== challenge)
    return refused('passkeyWrongChallenge', 'This passkey signed something else than what was asked.')
  if (typeof client['origin'] !== 'string' || !origins.includes(client['origin']))
    return refused('passkeyWrongOrigin', 'This was signed on a site that does not belong to the tree.')
  const { crossOrigin = false, topOrigin } = client
  if (crossOrigin !== false || topOrigin !== undefined)
    return refused('passkeyCrossOrigin', 'This was signed inside a page of another site.')
  return null
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

const malformed = (what: string): Refused =>
  refused('passkeyMalformed', `The passkey's answer is malformed (${what}). Try again.`)

/** The key that a passkey's PRF output gives for wrapping the root's KEM secret. */
export const unlockKeyOf = (prf: Uint8Array): Bytes => deriveKey(prf, 'blocktree/1/prf/wrap')
/** Stored beside the wrapped secret: tells a browser that computes another PRF from a damaged wrap. Reveals nothing of the key. */
export const unlockCheckOf = (prf: Uint8Array): Bytes => deriveKey(prf, 'blocktree/1/prf/check')
