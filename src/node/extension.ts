/**
 * More time for devices: the root says until when they have what they have, with one word for as many of them as it likes.
 *
 * Own devices are renewed so before their 400 days end. A limited one has its first permission for days, and gets more once it is known
 * to be in the right hands.
 * @module
 */
import { BlocktreeError, type Bytes, RefusedError, refused } from '../core/bytes/bytes.ts'
import { type CredentialSet, credentialSetHash } from '../core/crypto/crypto.ts'
import { grantedTogetherCountMax, grantsOfRoot, writecapBody } from '../core/cap/cap.ts'
import { type TreeState, chainOf, deviceDismissed, deviceLifeMsMax, deviceOf, setInForce } from '../core/tree/tree.ts'
import type { Platform } from '../port/platform.ts'
import type { PlantingChallenge } from './api.ts'
import { limitedOnly } from './guest/guest-replica.ts'
import type { OwnTree } from './own-tree.ts'
import { type RootAnswer, rootQuestion, rootWord } from './root-word.ts'

export interface ExtensionSite {
  readonly platform: Pick<Platform, 'clock' | 'crypto'>
  readonly tree: OwnTree
}

/** Until when a device is to have what it has. */
export interface Term {
  readonly device: Bytes
  readonly expiresAtMs: number
}

/** What the root has to sign. */
export async function beginExtension(site: ExtensionSite, terms: readonly Term[]): Promise<PlantingChallenge> {
  const { set, domain, body } = planOf(site, terms)
  return rootQuestion(set, domain, body)
}

/** Resolves when the tree has all of it; also where it had it before. */
export async function finishExtension(site: ExtensionSite, terms: readonly Term[], answer: RootAnswer): Promise<void> {
  const { set, domain, body, writecapsOf } = planOf(site, terms)
  const writecaps = writecapsOf(await rootWord(site.platform.crypto, site.tree.committed, set, domain, body, answer))
  const { ownCluster } = site.tree
  const outcomes = await Promise.all(
    writecaps.map((writecap) => ownCluster.propose({ tag: 'extend', value: { writecap } })),
  )
  for (const outcome of outcomes) if (!outcome.ok) throw new RefusedError(outcome.fault)
}

function planOf(
  { platform, tree: { committed, visit } }: ExtensionSite,
  terms: readonly Term[],
): { readonly set: CredentialSet } & ReturnType<typeof grantsOfRoot> {
  if (visit !== null) throw limitedOnly()
  if (terms.length === 0 || terms.length > grantedTogetherCountMax) throw new RefusedError(countWrong.fault)
  const nowMs = platform.clock.nowMs()
  const set = setInForce(committed, nowMs)!
  const setHash = credentialSetHash(set)
  return { set, ...grantsOfRoot(terms.map((term) => extendedBody(committed, term, setHash, nowMs))) }
}

/** The permission in force, with another end. */
function extendedBody(state: TreeState, { device, expiresAtMs }: Term, setHash: Bytes, nowMs: number): Bytes {
  const row = deviceOf(state, device)
  if (row === null) throw new BlocktreeError('deviceUnknown', 'This device does not belong to the tree.')
  if (row.dismissed !== null) throw new RefusedError(deviceDismissed().fault)
  if (!Number.isSafeInteger(expiresAtMs) || expiresAtMs <= nowMs || expiresAtMs > nowMs + deviceLifeMsMax)
    throw new RefusedError(termWrong.fault)
  const { scope, holder, rights } = chainOf(state, row.writecapHash)![0]!
  return writecapBody({ scope, holder, rights, expiresAtMs, issuer: { tag: 'root', value: { setHash } } })
}

const termWrong = refused('termWrong', 'Choose a day from tomorrow on, within 400 days.')
const countWrong = refused('termsWrong', `Choose 1 to ${grantedTogetherCountMax} devices that are to have more time.`)
