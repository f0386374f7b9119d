/**
 * The hello: how two devices make sure of each other over a connection, before anything else is said on it (F25).
 *
 * A path is encrypted between two transports, but of a direct one only the DTLS certificates are certain, and they came by way of
 * a relay. So each side signs, by its node key, everything that makes this connection this one: both transports, both
 * certificates as it sees them itself, and a nonce of either side. Somebody in the middle has other certificates towards each
 * side; an old proof has another nonce; a proof sent back to its author has the wrong role.
 *
 * Each side sends an offer, which tells nothing, and a proof. The dialler, who knows whom he dialled, proves first; so the other
 * side, which may be dialled by anybody, tells who it is only to one that it knows.
 * @module
 */
import {
  type Bytes,
  type Decoded,
  type Result,
  accepted,
  bool,
  bytesOf,
  decode,
  encode,
  nullable,
  record,
  refused,
  textUpTo,
  tuple,
  u53,
} from '../bytes/bytes.ts'
import { type Claim, type PublicCredential, ed25519Message, publicCredentialWire, signedBy } from '../crypto/crypto.ts'
import { type RevocationHead, revocationHeadWire } from '../tree/tree.ts'

/** Of everything that is sent between devices. */
export const wireVersion = 1
/** Octets of the nonce, drawn at random for every connection. */
export const helloNonceSizeBytes = 32
/** Longer than any offer or proof. */
const sizeBytesMax = 1024
const domain = 'blocktree/1/hello'

/** The connection, as one side of it sees it. */
export interface HelloPath {
  readonly isDialler: boolean
  /** Ed25519 keys of both transports, 32 octets. */
  readonly ownTransport: Bytes
  readonly peerTransport: Bytes
  /** SHA-256 of both DTLS certificates; null where Noise between the two transports encrypts. */
  readonly fingerprints: { readonly own: Bytes; readonly peer: Bytes } | null
}

/** Who a device says it is. */
export interface Introduction {
  readonly treeId: Bytes
  readonly credential: PublicCredential
  /** Which program it runs, for a person; at most 64 characters. */
  readonly buildId: string
  /** The newest that the device knows. */
  readonly revocationHead: RevocationHead
}

const offerWire = record('helloOffer', 1, { wireVersion: u53, nonce: bytesOf(helloNonceSizeBytes) })
export type HelloOffer = Decoded<typeof offerWire>

const introduction = {
  treeId: bytesOf(32),
  credential: publicCredentialWire,
  buildId: textUpTo(64),
  revocationHead: revocationHeadWire,
}
const proofWire = record('helloProof', 1, { ...introduction, signature: bytesOf(64) })

/** What is signed, as its signer sees it. */
const bodyWire = record('hello', 1, {
  isDialler: bool,
  ownTransport: bytesOf(32),
  peerTransport: bytesOf(32),
  fingerprints: nullable(tuple({ own: bytesOf(32), peer: bytesOf(32) })),
  ownOffer: offerWire,
  peerOffer: offerWire,
  ...introduction,
})

/** @param nonce fresh from the random port, `helloNonceSizeBytes` long */
export const newOffer = (nonce: Bytes): HelloOffer => ({ wireVersion, nonce })
export const encodeOffer = (offer: HelloOffer): Bytes => encode(offerWire, offer)

export function decodeOffer(octets: Uint8Array): Result<HelloOffer> {
  const offer = decode(offerWire, octets, sizeBytesMax)
  if (!offer.ok || offer.value.wireVersion === wireVersion) return offer
  return offer.value.wireVersion > wireVersion
    ? refused(
        'helloTooNew',
        'The other device runs a newer Blocktree. Reload this page to update it.',
        'The other device runs an older Blocktree. Reload the page there to update it.',
      )
    : refused(
        'helloTooOld',
        'The other device runs an older Blocktree. Reload the page there to update it.',
        'The other device runs a newer Blocktree. Reload this page to update it.',
      )
}

/** The octets that the node key signs. */
export const helloMessage = (path: HelloPath, ownOffer: HelloOffer, peerOffer: HelloOffer, own: Introduction): Bytes =>
  ed25519Message(domain, encode(bodyWire, { ...path, ownOffer, peerOffer, ...own }))

/** @param signature of `helloMessage` */
export const encodeProof = (own: Introduction, signature: Bytes): Bytes => encode(proofWire, { ...own, signature })

export interface HelloProof {
  /** Who the peer is if the claim holds. */
  readonly peer: Introduction
  readonly claim: Claim
}

/**
 * @param path as this side sees it
 * @returns the claim that the peer's key signed the same connection; `helloForged` is the refusal where it does not hold
 */
export function decodeProof(
  octets: Uint8Array,
  path: HelloPath,
  ownOffer: HelloOffer,
  peerOffer: HelloOffer,
): Result<HelloProof> {
  const proof = decode(proofWire, octets, sizeBytesMax)
  if (!proof.ok) return proof
  const { signature, ...peer } = proof.value
  const { fingerprints } = path
  const body = encode(bodyWire, {
    isDialler: !path.isDialler,
    ownTransport: path.peerTransport,
    peerTransport: path.ownTransport,
    fingerprints: fingerprints && { own: fingerprints.peer, peer: fingerprints.own },
    ownOffer: peerOffer,
    peerOffer: ownOffer,
    ...peer,
  })
  return accepted({ peer, claim: signedBy(peer.credential, domain, body, signature) })
}

export const helloForged = refused(
  'helloForged',
  'The other device could not prove who it is over this very connection: somebody in between may be changing it. The connection was closed, and nothing was sent.',
)
