/**
 * More time for a limited device: its first permission is for days, and once it is known to be in the right hands the root
 * says for how much longer it has what it has.
 * @module
 */
import { BlocktreeError, type Bytes, RefusedError, refused } from '../core/bytes/bytes.ts'
import { type CredentialSet, credentialSetHash } from '../core/crypto/crypto.ts'
import { writecapBody, writecapDomain } from '../core/cap/cap.ts'
import { chainOf, deviceDismissed, deviceLifeMsMax, deviceOf, setInForce } from '../core/tree/tree.ts'
import type { Platform } from '../port/platform.ts'
import type { PlantingChallenge } from './api.ts'
import { rootSignedWritecap } from './founding.ts'
import { limitedOnly } from './guest/guest-replica.ts'
import type { OwnTree } from './own-tree.ts'
import { type RootAnswer, rootQuestion, rootWord } from './root-word.ts'

export interface ExtensionSite {
  readonly platform: Pick<Platform, 'clock' | 'crypto'>
  readonly tree: OwnTree
}

/** What the root has to sign. */
export async function beginExtension(
  site: ExtensionSite,
  device: Bytes,
  expiresAtMs: number,
): Promise<PlantingChallenge> {
  const { set, body } = planOf(site, device, expiresAtMs)
  return rootQuestion(set, writecapDomain, body)
}

/** Resolves when the tree has it; also where it had it before. */
export async function finishExtension(
  site: ExtensionSite,
  device: Bytes,
  expiresAtMs: number,
  answer: RootAnswer,
): Promise<void> {
  const { set, body } = planOf(site, device, expiresAtMs)
  const signature = await rootWord(site.platform.crypto, set, writecapDomain, body, answer)
  const writecap = rootSignedWritecap(body, signature)
  const outcome = await site.tree.ownCluster.propose({ tag: 'extend', value: { writecap } })
  if (!outcome.ok) throw new RefusedError(outcome.fault)
}

/** The permission in force, with another end. */
function planOf(
  { platform, tree: { committed, visit } }: ExtensionSite,
  device: Bytes,
  expiresAtMs: number,
): { readonly set: CredentialSet; readonly body: Bytes } {
  if (visit !== null) throw limitedOnly()
  const row = deviceOf(committed, device)
  if (row === null) throw new BlocktreeError('deviceUnknown', 'This device does not belong to the tree.')
  if (row.dismissed !== null) throw new RefusedError(deviceDismissed().fault)
  const nowMs = platform.clock.nowMs()
  if (!Number.isSafeInteger(expiresAtMs) || expiresAtMs <= nowMs || expiresAtMs > nowMs + deviceLifeMsMax)
    throw new RefusedError(termWrong.fault)
  const set = setInForce(committed, nowMs)!
  const { scope, holder, rights } = chainOf(committed, row.writecapHash)![0]!
  const issuer = { tag: 'root' as const, value: { setHash: credentialSetHash(set) } }
  return { set, body: writecapBody({ scope, holder, rights, expiresAtMs, issuer }) }
}

const termWrong = refused('termWrong', 'Choose a day from tomorrow on, within 400 days.')
