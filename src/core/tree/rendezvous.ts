/**
 * Rendezvous descriptors: where a tree is met from outside, as one of its own devices says.
 *
 * A link to another tree holds the newest that was heard of it. Whoever is met there proves by the hello who he is, so a descriptor
 * gives nobody anything; but one that is forged, or an old one that comes back, could lead whoever follows it into the void.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Codec,
  type Decoded,
  type Signed,
  bytesOf,
  encode,
  equal,
  listOf,
  ok,
  record,
  refused,
  signedOver,
  textUpTo,
  tuple,
  u53,
} from '../bytes/bytes.ts'
import { type Claim, ed25519KeyWire, principalOf, publicCredentialWire, signedBy } from '../crypto/crypto.ts'
import { type TreeId, treeIdWire } from '../path/path.ts'
import { type TreeState, checkDevice } from './state.ts'

/** How long a descriptor counts. */
export const rendezvousLifeMs = 7 * 24 * 60 * 60 * 1000
export const rendezvousDeviceCountMax = 16
export const rendezvousRelayCountMax = 2
export const rendezvousDomain = 'blocktree/1/rendezvous'
/** By how much the clock of whoever made it may be ahead. */
const clockSlackMs = 2 * 60_000
const bodySizeBytesMax = 2048

const rendezvousBodyWire = record('rendezvous', 1, {
  treeId: treeIdWire,
  /** When it was made, in milliseconds since 1970; of two the higher one is newer. */
  sequence: u53,
  expiresAtMs: u53,
  /** Own devices of the tree. */
  devices: listOf(tuple({ principal: bytesOf(32), transportId: ed25519KeyWire }), rendezvousDeviceCountMax),
  /** By which they are found. */
  relays: listOf(tuple({ url: textUpTo(128), peerId: textUpTo(64) }), rendezvousRelayCountMax),
  author: publicCredentialWire,
  writecapHash: bytesOf(32),
})
export type RendezvousBody = Decoded<typeof rendezvousBodyWire>

export type Rendezvous = Signed<RendezvousBody>

/** The octets that a device signs under `rendezvousDomain`. */
export const rendezvousBody = (fields: RendezvousBody): Bytes => encode(rendezvousBodyWire, fields)

export const rendezvousWire: Codec<Rendezvous> = signedOver(rendezvousBodyWire, bodySizeBytesMax, bytesOf(64))

export const claimOfRendezvous = ({ fields, body, signature }: Rendezvous): Claim =>
  signedBy(fields.author, rendezvousDomain, body, signature)

/** Whether one may take the place of what is known, whoever has signed it. @param before null where nothing is known yet */
export function checkRendezvous(
  { fields }: Rendezvous,
  treeId: TreeId,
  before: Rendezvous | null,
  nowMs: number,
): Check {
  const { sequence, expiresAtMs } = fields
  if (!equal(fields.treeId, treeId))
    return refused('rendezvousForeign', 'A device said where another tree is met than the one that was asked for.')
  if (expiresAtMs > sequence + rendezvousLifeMs)
    return refused('rendezvousTooLong', 'What was said of where a tree is met is to count for too long.')
  if (sequence > nowMs + clockSlackMs)
    return refused(
      'rendezvousAhead',
      'What was said of where a tree is met is of a time to come. One of two clocks is wrong.',
    )
  if (expiresAtMs <= nowMs)
    return refused('rendezvousExpired', 'What was said of where a tree is met does not count any more.')
  return before !== null && sequence <= before.fields.sequence
    ? refused('rendezvousOlder', 'What was said of where a tree is met is older than what is known.')
    : ok
}

/** Whether the tree lets its author say so: a device of its owner's own, under the permission in force, not put out. */
export function checkRendezvousAuthor(state: TreeState, { fields }: Rendezvous, nowMs: number): Check {
  const row = checkDevice(state, principalOf(fields.author), nowMs)
  return row.ok && row.value.standing === 'own' && equal(row.value.writecapHash, fields.writecapHash)
    ? ok
    : refused('rendezvousUnentitled', 'A device that may not speak for a tree said where that is met.')
}
