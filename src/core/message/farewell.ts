/**
 * The farewell: what a device of a tree answers to the hello of one that was put out, so that it hears of it whenever it comes
 * back, and from whomever it meets first.
 *
 * The dismissal is signed, and the permission that it names comes with it, since one who was away may not know it yet. So the
 * word counts for what is in it, and not for who brings it.
 * @module
 */
import {
  type Bytes,
  type Decoded,
  type Result,
  accepted,
  decode,
  encode,
  equal,
  listOf,
  record,
  refused,
} from '../bytes/bytes.ts'
import { type Claim, type Principal, type SetOf, principalOf } from '../crypto/crypto.ts'
import { type Chain, chainWire, checkRight, claimsOfChain, isHeldBy, rights } from '../cap/cap.ts'
import type { TreeId } from '../path/path.ts'
import { claimOfDismissal, dismissalWire } from '../tree/tree.ts'

export const farewellWire = record('farewell', 1, {
  dismissal: dismissalWire,
  /** That of the device which signed; empty where the root did. */
  chain: chainWire,
})
export type Farewell = Decoded<typeof farewellWire>
const sizeBytesMax = 64 * 1024
/** Told at a time, as many as fit in a frame. */
export const farewellCountMax = 256
export const farewellsWire = listOf(farewellWire, farewellCountMax)

export const encodeFarewell = (farewell: Farewell): Bytes => encode(farewellWire, farewell)
export const decodeFarewell = (octets: Uint8Array): Result<Farewell> => decode(farewellWire, octets, sizeBytesMax)

/**
 * Whether a farewell is meant for a device.
 * @param setOf null where the device does not know such a set
 * @returns the signatures that must verify
 */
export function claimsOfFarewell(
  { dismissal, chain }: Farewell,
  treeId: TreeId,
  device: Principal,
  setOf: SetOf,
): Result<readonly Claim[]> {
  const { fields } = dismissal
  if (!equal(fields.treeId, treeId) || !equal(fields.device, device)) return farewellForeign
  const own = claimOfDismissal(dismissal, setOf)
  if (!own.ok) return own
  // By whose permission it was is read off the chain: beside the root's word another one would name who had no part in it.
  if (fields.issuer.tag === 'root') return chain.length === 0 ? accepted([own.value]) : farewellForeign
  const { author, writecapHash } = fields.issuer.value
  const claims = claimsOfChain(chain, setOf)
  if (!claims.ok) return claims
  const isItsAuthors = isHeldBy(chain, principalOf(author)) && equal(chain[0]!.hash, writecapHash)
  if (!isItsAuthors || !isOfRoot(chain, treeId)) return farewellForeign
  const mayPutOut = equal(principalOf(author), device) || (isEverywhere(chain) && checkRight(chain, rights.grant).ok)
  return mayPutOut ? accepted([own.value, ...claims.value]) : farewellForeign
}

/** That each grant comes from the next, and the last from the root of the tree. Whether they have ended is for who has a clock. */
const isOfRoot = (chain: Chain, treeId: TreeId): boolean =>
  chain.every(({ issuer, scope }, position) => {
    const next = chain[position + 1]
    if (!equal(scope.treeId, treeId)) return false
    if (next === undefined) return issuer.tag === 'root'
    return issuer.tag === 'node' && equal(principalOf(issuer.value), next.holder)
  })
const isEverywhere = (chain: Chain): boolean => chain.every(({ scope }) => scope.ids.length === 0)

const farewellForeign = refused('farewellForeign', 'A device sent a farewell that does not hold; nothing was changed.')
