/**
 * What is published of fragments, as signed records for the events of the chain (paper §3, "an event is created for each one").
 *
 * A set says what was coded and how; a fragment says who stores one and what its Merkle root is. Neither holds a path: a place is
 * known by a tag that only holders of the path's key can compute (requirement R-46). Nor does either tell a size but a padded one,
 * since anybody reads them: what is coded ends in zeros.
 * @module
 */
import {
  type Bytes,
  type Codec,
  type Decoded,
  type Result,
  accepted,
  bytesOf,
  bytesUpTo,
  decode,
  encode,
  equal,
  record,
  refused,
  tuple,
  u53,
} from '../bytes/bytes.ts'
import { type Claim, deriveKey, digest, publicCredentialWire, signedBy } from '../crypto/crypto.ts'
import { type IdPath, idPathWire } from '../path/path.ts'
import { type FragmentId } from './seal.ts'
import {
  type Stripe,
  codedSizeOf,
  fragmentSizeBytesOf,
  isFragmentId,
  sourceSymbolCountOfStripeMax,
  stripeAt,
} from './stripe.ts'

const recordSizeBytesMax = 1024
const authorFields = { author: publicCredentialWire, writecapHash: bytesOf(32) } as const

const setBodyWire = record('fragmentSet', 1, {
  /** Of the block's path; see `placeTag`. */
  place: bytesOf(32),
  /** Root of what is coded, which whoever brings it back compares. */
  contentRoot: bytesOf(32),
  /** Of what is coded; see `codedSizeOf`. */
  sizeBytes: u53,
  /** K; any K + 2 fragments of each stripe bring it back. */
  sourceSymbolCount: u53,
  ...authorFields,
})
const fragmentBodyWire = record('fragment', 1, {
  setId: bytesOf(32),
  stripe: u53,
  encodingSymbolId: u53,
  storer: bytesOf(32),
  sizeBytes: u53,
  /** Merkle root over leaves of 1 KiB of the sealed fragment. */
  root: bytesOf(32),
  ...authorFields,
})
const bodyWires = { fragmentSet: setBodyWire, fragment: fragmentBodyWire } as const

export type FragmentRecordKind = keyof typeof bodyWires
export type FragmentSetBody = Decoded<typeof setBodyWire>
export type FragmentBody = Decoded<typeof fragmentBodyWire>
interface Bodies {
  readonly fragmentSet: FragmentSetBody
  readonly fragment: FragmentBody
}

/** A record with its signature. */
export interface SignedFragmentRecord<K extends FragmentRecordKind = FragmentRecordKind> {
  readonly kind: K
  readonly fields: Bodies[K]
  readonly body: Bytes
  readonly signature: Bytes
  /** Of a set: its id. */
  readonly hash: Bytes
}

/** The octets that the author signs under `blocktree/1/<kind>`. */
export const fragmentRecordBody = <K extends FragmentRecordKind>(kind: K, fields: Bodies[K]): Bytes =>
  encode(bodyWires[kind] as unknown as Codec<Bodies[K]>, fields)
export const fragmentRecordDomain = (kind: FragmentRecordKind): string => `blocktree/1/${kind}`
export const fragmentRecordHash = (kind: FragmentRecordKind, body: Bytes): Bytes =>
  digest(`blocktree/1/${kind}/hash`, body)

const signedWire = tuple({ body: bytesUpTo(recordSizeBytesMax), signature: bytesOf(64) })

export const encodeFragmentRecord = ({ body, signature }: SignedFragmentRecord): Bytes =>
  encode(signedWire, { body, signature })

/** Reads a record that anybody may have sent. Its signature is still to be verified: `claimOfFragmentRecord`. */
export function decodeFragmentRecord<K extends FragmentRecordKind>(
  kind: K,
  octets: Uint8Array,
): Result<SignedFragmentRecord<K>> {
  const signed = decode(signedWire, octets, recordSizeBytesMax + 80)
  if (!signed.ok) return signed
  const { body, signature } = signed.value
  const fields = decode(bodyWires[kind] as unknown as Codec<Bodies[K]>, body, recordSizeBytesMax)
  if (!fields.ok) return fields
  const decoded = { kind, fields: fields.value, body, signature, hash: fragmentRecordHash(kind, body) }
  return isPossible(decoded) ? accepted(decoded) : refused(...inconsistent)
}

const inconsistent = ['recordInconsistent', 'This record contradicts itself; it was not used.'] as const

function isPossible({ kind, fields }: SignedFragmentRecord): boolean {
  if (kind === 'fragmentSet') {
    const { sizeBytes, sourceSymbolCount: K } = fields as FragmentSetBody
    return sizeBytes === codedSizeOf(sizeBytes) && K >= 1 && K <= sourceSymbolCountOfStripeMax
  }
  return isFragmentId((fields as FragmentBody).encodingSymbolId)
}

export const claimOfFragmentRecord = ({ kind, fields, body, signature }: SignedFragmentRecord): Claim =>
  signedBy(fields.author, fragmentRecordDomain(kind), body, signature)

/** The stripe that a fragment is of. @returns refused where the fragment does not fit the set */
export function stripeOfFragment(
  set: SignedFragmentRecord<'fragmentSet'>,
  fragment: SignedFragmentRecord<'fragment'>,
): Result<Stripe> {
  const { setId, stripe, sizeBytes } = fragment.fields
  const found = stripeAt(set.fields.sizeBytes, set.fields.sourceSymbolCount, stripe)
  const fits = found !== null && sizeBytes === fragmentSizeBytesOf(found) && equal(setId, set.hash)
  return fits ? accepted(found) : refused(...inconsistent)
}

export const fragmentIdOf = ({ setId, stripe, encodingSymbolId }: FragmentBody): FragmentId => ({
  setId,
  stripe,
  encodingSymbolId,
})

/**
 * By what a block is looked up without its path being published.
 * @param pathKey 32 octets that travel with the readcap
 */
export const placeTag = (pathKey: Bytes, path: IdPath): Bytes =>
  deriveKey(pathKey, 'blocktree/1/place', encode(idPathWire, path))
