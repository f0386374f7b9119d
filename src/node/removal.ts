/**
 * Removing devices (design §4, R-08 to R-14): a signed dismissal, from which on the device may nothing, and new keys for all that
 * comes after, which it never gets. What it had read it keeps: that is nobody's to take back.
 *
 * The dismissal is one operation; that keys are owed after it shows in the state (`core/tree/renewal.ts`). So nothing has to be
 * remembered between the two: whichever device comes first, after whatever, gives the new keys.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Result,
  RefusedError,
  concat,
  decode,
  encode,
  equal,
  fromHex,
  must,
  refused,
  toHex,
  u53,
  utf8,
} from '../core/bytes/bytes.ts'
import { type Claim, ed25519Message, principalOf } from '../core/crypto/crypto.ts'
import { type Farewell, claimsOfFarewell, decodeFarewell, encodeFarewell } from '../core/message/message.ts'
import { type BlockId, type TreeId, blockIdOf, rootBlockId } from '../core/path/path.ts'
import {
  type Dismissal,
  type TreeState,
  chainOf,
  checkDevice,
  checkIssuedNow,
  checkNotRevoked,
  checkRootNow,
  deviceOf,
  devicesOf,
  dismissalBody,
  dismissalDomain,
  isKeyOwed,
  limitOf,
  owesKey,
  setOf,
} from '../core/tree/tree.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import type { StorePort } from '../port/store.ts'
import type { OwnTree } from './own-tree.ts'

/** A principal as a person reads it, in groups of four. */
function principalFrom(text: string): Bytes {
  const principal = fromHex(text.replaceAll(' ', ''))
  if (principal?.length !== 32) throw new RefusedError(deviceUnknown.fault)
  return principal
}

/**
 * Puts a device out, which may be this one. Resolves when that is committed and nothing new goes under a key that it knows; asked
 * again it goes on where it was left.
 * @param text its principal in groups of four
 * @param isReached whether another device can be reached now
 * @returns whether it had the whole tree
 */
export async function removeDevice(tree: OwnTree, keys: NodeKeys, text: string, isReached: boolean): Promise<boolean> {
  const device = principalFrom(text)
  const row = deviceOf(tree.committed, device)
  if (row === null) throw new RefusedError(deviceUnknown.fault)
  if (row.dismissed === null) {
    const isOwn = equal(device, principalOf(keys.credential))
    if (isOwn && tree.isShared && tree.cluster.isSoleVoter && !isReached) throw new RefusedError(nobodyTakesOver.fault)
    const dismissal = await dismissalOf(tree.treeId, tree.author.writecapHash, keys, device)
    const outcome = await tree.cluster.propose({ tag: 'dismiss', value: { dismissal } })
    if (!outcome.ok) throw new RefusedError(outcome.fault)
    if (isOwn) return true
  }
  await renewKeys(tree)
  return row.standing === 'own'
}

/** @param writecapHash of the permission under which this device says so */
async function dismissalOf(treeId: TreeId, writecapHash: Bytes, keys: NodeKeys, device: Bytes): Promise<Dismissal> {
  const { credential } = keys
  const issuer = { tag: 'node' as const, value: { author: credential, writecapHash } }
  const fields = { treeId, device, issuer }
  const body = dismissalBody(fields)
  const signature = await keys.sign(ed25519Message(dismissalDomain, body))
  return { fields, body, signature: { tag: 'node', value: signature } }
}

/** Gives new keys where those who were put out had been given one; what lies above gets its own when it is written next. */
export async function renewKeys({ committed, outbox, platform }: OwnTree): Promise<void> {
  for (const block of owingBlocks(committed)) {
    const request = `renew ${toHex(block)} ${toHex(platform.random.bytes(16))}`
    await outbox.submit(request, { tag: 'rekey', value: { block, top: block } })
  }
}

/**
 * The root, and the folders of limited devices, where they owe a key. Of one that is still a guest in its folder also where only the
 * way there owes one: it has no key with which it could give that itself, and without it nobody takes what it writes.
 */
export function owingBlocks(state: TreeState): readonly BlockId[] {
  const root = rootBlockId(state.treeId)
  const owing = new Map<string, BlockId>(owesKey(state, root) ? [['', root]] : [])
  for (const { device, dismissed } of devicesOf(state)) {
    const limit = limitOf(state, principalOf(device.fields.credential))
    if (limit === null) continue
    const folder = blockIdOf(limit)
    const isOwing = dismissed === null ? isKeyOwed(state, folder) : owesKey(state, folder)
    if (isOwing) owing.set(toHex(folder), folder)
  }
  return [...owing.values()]
}

// --- the one that was put out ---------------------------------------------------------------------------------------------

/** What is said to a device that was put out; null for who is a device, or never was. */
export function farewellTo(state: TreeState, device: Bytes): Farewell | null {
  const dismissal = deviceOf(state, device)?.dismissed?.dismissal
  if (dismissal === undefined) return null
  const { issuer } = dismissal.fields
  return { dismissal, chain: issuer.tag === 'node' ? (chainOf(state, issuer.value.writecapHash) ?? []) : [] }
}

/**
 * The same, as it counts now: where whoever put the device out could not do so any more, this device says it in its own name.
 * @param keys this device's
 */
export async function farewellNow(
  state: TreeState,
  keys: NodeKeys,
  device: Bytes,
  nowMs: number,
): Promise<Farewell | null> {
  const farewell = farewellTo(state, device)
  if (farewell === null || claimsNow(state, farewell, device, nowMs).ok) return farewell
  const own = checkDevice(state, principalOf(keys.credential), nowMs)
  if (!own.ok || own.value.standing !== 'own') return farewell
  const { writecapHash } = own.value
  const dismissal = await dismissalOf(state.treeId, writecapHash, keys, device)
  return { dismissal, chain: chainOf(state, writecapHash) ?? [] }
}

/** Whether a farewell holds that was said to this device. */
export async function isFarewellTrue(
  tree: OwnTree,
  { crypto, clock, store }: Platform,
  keys: NodeKeys,
  farewell: Farewell,
): Promise<boolean> {
  const device = principalOf(keys.credential)
  if (!(await holdsNow(tree.committed, { crypto, clock }, farewell, device))) return false
  const overruled = await store.read('node', overruledKey(tree.treeId))
  return overruled === null || clock.nowMs() >= must(decode(u53, overruled, 16)) + overruledMs
}

/** Whether it tells of a device that was not put out by the state here, and is right. */
export async function isNewsNow(
  state: TreeState,
  platform: Pick<Platform, 'crypto' | 'clock'>,
  farewell: Farewell,
): Promise<boolean> {
  const { device } = farewell.dismissal.fields
  return (deviceOf(state, device)?.dismissed ?? null) === null && holdsNow(state, platform, farewell, device)
}

async function holdsNow(
  state: TreeState,
  { crypto, clock }: Pick<Platform, 'crypto' | 'clock'>,
  farewell: Farewell,
  device: Bytes,
): Promise<boolean> {
  const claims = claimsNow(state, farewell, device, clock.nowMs())
  return claims.ok && (await crypto.verify(claims.value)).every(Boolean)
}

/** What must verify for a farewell to count: by the state here, whoever signed it may still put a device out. */
export function claimsNow(
  state: TreeState,
  farewell: Farewell,
  device: Bytes,
  nowMs: number,
): Result<readonly Claim[]> {
  const allowed = checkIssuerNow(state, farewell, nowMs)
  return allowed.ok ? claimsOfFarewell(farewell, state.treeId, device, (hash) => setOf(state, hash)) : allowed
}

/**
 * Whether who signed may put a device out by the state here: keys of the root that were replaced put nobody out any more, and let
 * nobody in who could; nor does a device whose time has ended, or that was put out itself.
 */
export function checkIssuerNow(state: TreeState, { dismissal, chain }: Farewell, nowMs: number): Check {
  const { issuer, device } = dismissal.fields
  if (issuer.tag === 'root') return checkRootNow(state, issuer.value.setHash)
  const issued = checkIssuedNow(state, chain)
  // Whoever leaves needs no right to that.
  if (!issued.ok || equal(principalOf(issuer.value.author), device)) return issued
  if (chain.some(({ expiresAtMs }) => nowMs >= expiresAtMs)) return issuerExpired
  return checkNotRevoked(state, chain)
}

const farewellKey = (treeId: TreeId): Bytes => concat(utf8('farewell'), treeId)
const overruledKey = (treeId: TreeId): Bytes => concat(utf8('overruled'), treeId)
const overruledMs = 60 * 60_000

/** Remembers that this device was put out, also of a tree that will not say so itself any more. */
export const keepFarewell = (store: StorePort, treeId: TreeId, farewell: Farewell): Promise<void> =>
  store.write([{ kind: 'put', table: 'node', key: farewellKey(treeId), value: encodeFarewell(farewell) }], 'strict')

/**
 * Others know better: what was said to this device was a lie, or of a tree that went on otherwise. The same may be said again before
 * the log has brought what they know, so for a while it does not count.
 */
export const overruleFarewell = (store: StorePort, treeId: TreeId, nowMs: number): Promise<void> =>
  store.write(
    [
      { kind: 'delete', table: 'node', key: farewellKey(treeId) },
      { kind: 'put', table: 'node', key: overruledKey(treeId), value: encode(u53, nowMs) },
    ],
    'strict',
  )

/** null where this device was not put out, as far as it has heard. */
export async function farewellFrom(store: StorePort, state: TreeState, keys: NodeKeys): Promise<Farewell | null> {
  const row = await store.read('node', farewellKey(state.treeId))
  return row === null ? farewellTo(state, principalOf(keys.credential)) : must(decodeFarewell(row))
}

const deviceUnknown = refused('deviceUnknown', 'This device does not belong to the tree any more.')
const issuerExpired = refused(
  'writecapExpired',
  'A device whose own time has ended said that another one was removed; nothing was changed.',
)
const nobodyTakesOver = refused(
  'nobodyTakesOver',
  'This device keeps the tree in order, and no other one is there to go on with that. Open Blocktree on another device of yours first.',
)
