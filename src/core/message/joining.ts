/**
 * Joining: how a device of a tree and a newcomer make sure of each other, and what they tell each other then (design §10).
 *
 * The inviter shows an invitation, which the newcomer reads with its camera: so the inviter's key comes to the newcomer past
 * everybody in between, and what is sealed to it only the inviter opens. The other way round anybody may have read the screen. So
 * the newcomer shows four digits of what both computed, and a person who sees both screens types them in at the inviter. The
 * newcomer commits itself before it knows the inviter's nonce, so nobody can look for keys that come out at the same digits: one
 * guess in ten thousand, once. Both certificates of the path enter the computation, so nobody sits in the middle of it.
 *
 * ```
 * newcomer → commit   token, hash of its key and nonce
 * inviter  → nonce
 * newcomer → reveal   key, nonce, sealed: credential, name, signature of all this by its node key
 * inviter  → card     sealed: the tree, its owner's name
 * newcomer → ready    its owner wants to join that tree; the digits are shown
 * inviter  → grant    sealed: the permission and the key of the place, after the digits were typed and the root signed
 * newcomer → accept   sealed: its device record
 * inviter  → admitted sealed: where the tree's devices are found
 * either   → end      why it goes no further
 * ```
 * @module
 */
import {
  type Bytes,
  type Codec,
  type Decoded,
  type Result,
  accepted,
  bool,
  bytesOf,
  bytesUpTo,
  concat,
  decode,
  encode,
  equal,
  listOf,
  nullable,
  record,
  refine,
  refused,
  textUpTo,
  tuple,
  u53,
  union,
  utf8,
} from '../bytes/bytes.ts'
import {
  type Claim,
  agree,
  deriveKey,
  digest,
  ed25519KeyWire,
  ed25519Message,
  publicCredentialWire,
  signedBy,
  unwrapKey,
  wrapKey,
  x25519PublicKey,
} from '../crypto/crypto.ts'
import { writecapWire } from '../cap/cap.ts'
import { blockIdWire, treeIdWire } from '../path/path.ts'
import { deviceRecordWire, rendezvousWire } from '../tree/tree.ts'
import { wireVersion } from './hello.ts'

export const joinNonceSizeBytes = 32
/** Decimal digits that are typed. */
export const joinDigitCount = 4
/** Longer than any frame of joining. */
const sizeBytesMax = 16 * 1024
const nameLengthMax = 256

// --- the invitation -------------------------------------------------------------------------------------------------------

const invitationWire = record('invitation', 1, {
  /** Where the inviter is reached. */
  transportId: ed25519KeyWire,
  /** X25519, for this invitation alone. */
  key: bytesOf(32),
  /** Serves once. It gives no right to anything. */
  token: bytesOf(16),
  /** The relay where the inviter is found; null: the one that the site itself names. */
  relay: nullable(tuple({ url: textUpTo(128), peerId: textUpTo(64) })),
})
export type Invitation = Decoded<typeof invitationWire>
/** With a relay named; what is to fit into a code that a phone reads from a screen. */
const invitationSizeBytesMax = 320

/** @param secret X25519, 32 random octets @param token 16 random octets */
export const newInvitation = (
  transportId: Bytes,
  secret: Bytes,
  token: Bytes,
  relay: Invitation['relay'],
): Invitation => ({ transportId, key: x25519PublicKey(secret), token, relay })

export const encodeInvitation = (invitation: Invitation): Bytes => encode(invitationWire, invitation)

export function decodeInvitation(octets: Uint8Array): Result<Invitation> {
  const invitation = decode(invitationWire, octets, invitationSizeBytesMax)
  return invitation.ok
    ? invitation
    : refused('invitationDamaged', 'This code is no invitation to a tree, or not all of it was read. Scan it again.')
}

// --- what goes over the wire ----------------------------------------------------------------------------------------------

/** Why one side goes no further; the sentences are each side's own. */
const endReasons = ['cancelled', 'denied', 'digitsWrong', 'expired', 'used', 'failed'] as const
export type JoinEndReason = (typeof endReasons)[number]
const endReasonWire: Codec<JoinEndReason> = refine(
  u53,
  (code) => endReasons[code] ?? null,
  (reason) => endReasons.indexOf(reason),
)

/** What the root has come to, as long as it has not signed: it is asked; nobody gave an answer; what was given does not hold. */
const askedStates = ['pending', 'notGiven', 'notValid'] as const
export type JoinAsked = (typeof askedStates)[number]
const askedWire: Codec<JoinAsked> = refine(
  u53,
  (code) => askedStates[code] ?? null,
  (state) => askedStates.indexOf(state),
)

const sealedWire = bytesUpTo(sizeBytesMax - 64)

const contentWire = union({
  commit: tuple({ wireVersion: u53, token: bytesOf(16), commitment: bytesOf(32) }),
  nonce: tuple({ nonce: bytesOf(joinNonceSizeBytes) }),
  reveal: tuple({ key: bytesOf(32), nonce: bytesOf(joinNonceSizeBytes), sealed: sealedWire }),
  card: tuple({ sealed: sealedWire }),
  ready: tuple({}),
  /** Said as often as it changes, until the grant comes. */
  asked: tuple({ state: askedWire }),
  grant: tuple({ sealed: sealedWire }),
  accept: tuple({ sealed: sealedWire }),
  admitted: tuple({ sealed: sealedWire }),
  end: tuple({ reason: endReasonWire }),
})
const frameWire = record('join', 1, { content: contentWire })
export type JoinFrame = Decoded<typeof contentWire>
export type JoinFrameKind = JoinFrame['tag']

export const encodeJoinFrame = (content: JoinFrame): Bytes => encode(frameWire, { content })

export function decodeJoinFrame(octets: Uint8Array): Result<JoinFrame> {
  const frame = decode(frameWire, octets, sizeBytesMax)
  if (!frame.ok) return frame
  const { content } = frame.value
  if (content.tag !== 'commit' || content.value.wireVersion === wireVersion) return accepted(content)
  return refused('joinVersion', 'One of the two devices runs another version of Blocktree. Reload the page on both.')
}

export const commitmentOf = (key: Bytes, nonce: Bytes): Bytes => digest('blocktree/1/join/commitment', key, nonce)

// --- what both compute ----------------------------------------------------------------------------------------------------

/** The connection under it, by who is who: the newcomer dialled. */
export interface JoinPath {
  readonly newcomerTransport: Bytes
  readonly inviterTransport: Bytes
  /** SHA-256 of both DTLS certificates; null where Noise between the two transports encrypts. */
  readonly fingerprints: { readonly newcomer: Bytes; readonly inviter: Bytes } | null
}

const transcriptWire = record('joinTranscript', 1, {
  newcomerTransport: bytesOf(32),
  inviterTransport: bytesOf(32),
  fingerprints: nullable(tuple({ newcomer: bytesOf(32), inviter: bytesOf(32) })),
  invitation: invitationWire,
  inviterNonce: bytesOf(joinNonceSizeBytes),
  newcomerKey: bytesOf(32),
  newcomerNonce: bytesOf(joinNonceSizeBytes),
})

/** What both sides have seen, as far as the digits. */
export type JoinTranscript = JoinPath & Omit<Decoded<typeof transcriptWire>, keyof JoinPath>

/** What two sides share that saw the same. */
export interface JoinSession {
  /** Of the transcript; what the newcomer's node key and the root's approval bind. */
  readonly hash: Bytes
  /** Shown by the newcomer, typed in at the inviter. */
  readonly digits: string
  readonly keys: { readonly toNewcomer: Bytes; readonly toInviter: Bytes }
}

/**
 * @param secret of one's own key for this joining: the invitation's, or the newcomer's
 * @param peerKey the other's
 * @returns refused where the other's key is none that anything can be agreed with
 */
export function joinSession(secret: Bytes, peerKey: Bytes, transcript: JoinTranscript): Result<JoinSession> {
  const shared = agree(secret, peerKey)
  if (shared === null) return forged
  const hash = digest('blocktree/1/join/transcript', encode(transcriptWire, transcript))
  const number = new DataView(deriveKey(shared, 'blocktree/1/join/digits', hash).buffer).getBigUint64(0)
  return accepted({
    hash,
    digits: String(number % BigInt(10 ** joinDigitCount)).padStart(joinDigitCount, '0'),
    keys: {
      toNewcomer: deriveKey(shared, 'blocktree/1/join/toNewcomer', hash),
      toInviter: deriveKey(shared, 'blocktree/1/join/toInviter', hash),
    },
  })
}

const forged = refused(
  'joinForged',
  'The two devices did not see the same of each other: somebody in between may be changing it. Show a new code and scan that.',
)

// --- what is sealed -------------------------------------------------------------------------------------------------------

const requestWire = record('joinRequest', 1, {
  credential: publicCredentialWire,
  deviceName: textUpTo(nameLengthMax),
  /** Which program it runs, for a person. */
  buildId: textUpTo(64),
  /** It is not a device that wants to join but a link of another owner's tree, which wants a folder. */
  isLink: bool,
  /** Of the transcript's hash by the newcomer's node key. */
  signature: bytesOf(64),
})
export type JoinRequest = Decoded<typeof requestWire>

const cardWire = record('joinCardContent', 1, {
  treeId: treeIdWire,
  /** Self-asserted: what stands beside it is the tree's fingerprint. */
  ownerName: textUpTo(nameLengthMax),
  deviceName: textUpTo(nameLengthMax),
})
export type JoinCard = Decoded<typeof cardWire>

const grantWire = record('joinGrantContent', 1, {
  writecap: writecapWire,
  /** The key of the place that may be read, to seal the device's name under. */
  nameBlock: blockIdWire,
  nameKeyEpoch: u53,
  nameKey: bytesOf(32),
  /** What a limited device's folder is called, which no key of its own opens; empty for the whole tree. */
  placeName: textUpTo(nameLengthMax),
})
export type JoinGrant = Decoded<typeof grantWire>

const acceptWire = record('joinAcceptContent', 1, { device: deviceRecordWire })
const admittedWire = record('joinAdmittedContent', 1, {
  /** Of the cluster at the root. */
  generation: u53,
  devices: listOf(tuple({ principal: bytesOf(32), transportId: ed25519KeyWire }), 64),
  /** For a link; null for a device. */
  rendezvous: nullable(rendezvousWire),
})

/** Each kind is sealed once in a joining, under its direction's key, so that a number of its own is nonce enough. */
const sealings = {
  reveal: { direction: 'toInviter', number: 0, wire: requestWire },
  accept: { direction: 'toInviter', number: 1, wire: acceptWire },
  card: { direction: 'toNewcomer', number: 0, wire: cardWire },
  grant: { direction: 'toNewcomer', number: 1, wire: grantWire },
  admitted: { direction: 'toNewcomer', number: 2, wire: admittedWire },
} as const
type Sealings = typeof sealings
export type JoinContent<K extends keyof Sealings> = Decoded<Sealings[K]['wire']>

const nonceSizeBytes = 24
const nonceOf = (number: number): Bytes => Uint8Array.of(...new Uint8Array(nonceSizeBytes - 1), number)
const placeOf = (kind: string, hash: Bytes): Bytes => concat(utf8(`blocktree/1/join/${kind}`), hash)

export function sealJoin<K extends keyof Sealings>(
  { keys, hash }: JoinSession,
  kind: K,
  content: JoinContent<K>,
): Bytes {
  const { direction, number, wire } = sealings[kind]
  const octets = encode(wire as unknown as Codec<JoinContent<K>>, content)
  return wrapKey(keys[direction], octets, placeOf(kind, hash), nonceOf(number))
}

export function openJoin<K extends keyof Sealings>(
  { keys, hash }: JoinSession,
  kind: K,
  sealed: Bytes,
): Result<JoinContent<K>> {
  const { direction, number, wire } = sealings[kind]
  // One form alone: the nonce is not the sender's to choose.
  if (!equal(sealed.subarray(0, nonceSizeBytes), nonceOf(number))) return forged
  const octets = unwrapKey(keys[direction], sealed, placeOf(kind, hash))
  return octets === null ? forged : decode(wire as unknown as Codec<JoinContent<K>>, octets, sizeBytesMax)
}

const requestDomain = 'blocktree/1/join/request'
/** The octets that the newcomer's node key signs, so that the credential is its own and comes by this very joining. */
export const joinRequestMessage = ({ hash }: JoinSession): Bytes => ed25519Message(requestDomain, hash)
export const claimOfJoinRequest = ({ hash }: JoinSession, { credential, signature }: JoinRequest): Claim =>
  signedBy(credential, requestDomain, hash, signature)
