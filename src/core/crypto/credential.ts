/**
 * Principals: who somebody is, by his public keys (paper §2, "principals").
 * @module
 */
import {
  type Bytes,
  type Codec,
  type Result,
  bytesOf,
  decode,
  encode,
  literal,
  record,
  refine,
  refused,
  toHex,
} from '../bytes/bytes.ts'
import { digest, suite } from './digest.ts'
import { isEd25519Key } from './ed25519.ts'

/** The hash of a public credential, 32 octets. Shown in groups of four; a program compares it whole. */
export type Principal = Bytes

export interface PublicCredential {
  readonly suite: 1
  /** Ed25519, 32 octets. */
  readonly signingKey: Bytes
  /** X25519, 32 octets. A low-order one is refused when something is sealed to it: the shared secret would be all zero. */
  readonly kemKey: Bytes
}

/** Of a key that nobody can have made in earnest. */
export const keyInvalid = refused('keyInvalid', 'A key in this record is not one that could sign; it was not used.')

/** No key passes that is not canonical, torsion-free and not the identity: none that was not checked exists in memory. */
export const ed25519KeyWire: Codec<Bytes> = refine(
  bytesOf(32),
  (key) => (isEd25519Key(key) ? key : null),
  (key) => key,
  keyInvalid,
)

export const suiteUnknown = refused(
  'suiteUnknown',
  'This was made with cryptography that this version of Blocktree does not know. Reload the page to get the newest one.',
)

export const publicCredentialWire: Codec<PublicCredential> = record('credential', 1, {
  suite: literal(suite, suiteUnknown),
  signingKey: ed25519KeyWire,
  kemKey: bytesOf(32),
})

// Credentials are values that do not change, and one author's stands in all the records that it signs.
const remembered = new WeakMap<PublicCredential, Principal>()

export function principalOf(credential: PublicCredential): Principal {
  let principal = remembered.get(credential)
  if (principal === undefined) {
    principal = digest('blocktree/1/principal', encode(publicCredentialWire, credential))
    remembered.set(credential, principal)
  }
  return principal
}

export const decodeCredential = (octets: Uint8Array): Result<PublicCredential> =>
  decode(publicCredentialWire, octets, 128)

/** For show: hexadecimal, four digits a group. */
export const groupsOfFour = (principal: Uint8Array): string => toHex(principal).replace(/(.{4})(?=.)/g, '$1 ')
