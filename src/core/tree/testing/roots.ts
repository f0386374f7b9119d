/**
 * Who signs as the root in the core's tests, and changes of the credential set that they sign.
 * @module
 */
import { type Bytes, must, utf8 } from '../../bytes/bytes.ts'
import {
  type CredentialMember,
  type CredentialSet,
  type RootSignature,
  credentialSetHash,
  digest,
  ed25519Message,
  principalOf,
  recoveryFromEntropy,
  recoverySign,
  rootSignatureOf,
  sha256,
  signEd25519,
} from '../../crypto/crypto.ts'
import { type Passkey, answerOf, host, origin } from '../../crypto/testing/authenticator.ts'
import { type Writecap, allRights, writecapBody, writecapDomain, writecapOf } from '../../cap/cap.ts'
import type { IdPath } from '../../path/path.ts'
import type { Operation } from '../batch.ts'
import { pendingSetOf, setChangeBody, setChangeDomain, vetoBody, vetoDomain } from '../set-change.ts'
import { type TreeState, type Wraps, keys, readRow, setOf, summaryOf } from '../state.ts'
import { type Person, alice, aliceCap, endMs, root, treeId } from './forest.ts'

/** The card of the tree, or another one. */
export const card = (rotation: number, octet = 9) => recoveryFromEntropy(new Uint8Array(16).fill(octet), rotation)

/** A passkey, or the card after so many of its changes. */
export type RootSigner = Passkey | number

export function signedAs(signer: RootSigner, set: CredentialSet, domain: string, body: Bytes): RootSignature {
  if (typeof signer !== 'number') return must(rootSignatureOf(set, answerOf(signer, domain, body)))
  const signature = recoverySign(card(signer).signingSecret, domain, body)
  return { tag: 'recovery', value: { signature } }
}

export const setIn = (state: TreeState): CredentialSet => setOf(state, summaryOf(state)!.setHash)!
export const wrapsIn = (state: TreeState): Wraps => readRow(state, 'wraps', keys.wraps)!

export const membersOf = (
  ...passkeys: readonly Passkey[]
): Pick<CredentialSet, 'members' | 'rpIdHash' | 'origins'> => ({
  members: passkeys.map(({ member }) => member),
  rpIdHash: passkeys.length === 0 ? null : sha256(utf8(host)),
  origins: passkeys.length === 0 ? [] : [origin],
})

/** What the card reveals and commits to with its next change. */
export function revealed(rotation: number): Pick<CredentialSet, 'recoveryKey' | 'nextRecoveryHash'> {
  const { signingPublicKey, nextPublicKeyHash } = card(rotation)
  return { recoveryKey: signingPublicKey, nextRecoveryHash: nextPublicKeyHash }
}

/** The set that follows the one in force, with some fields changed. */
export const nextSet = (state: TreeState, change: Partial<CredentialSet>): CredentialSet => ({
  ...setIn(state),
  sequence: summaryOf(state)!.setSequence + 1,
  previousHash: summaryOf(state)!.setHash,
  ...change,
})

export function changeSet(
  state: TreeState,
  signer: RootSigner,
  change: Partial<CredentialSet>,
  wraps: Wraps = wrapsIn(state),
): Operation {
  const set = nextSet(state, change)
  const signature = signedAs(signer, setIn(state), setChangeDomain, setChangeBody(set, wraps))
  return { tag: 'changeSet', value: { set, wraps, signature } }
}

/** Another card, by its octet. */
export const otherCard = (octet: number): Pick<CredentialSet, 'recoveryKey' | 'nextRecoveryHash'> => ({
  recoveryKey: card(0, octet).signingPublicKey,
  nextRecoveryHash: card(0, octet).nextPublicKeyHash,
})
/** Wraps under another card. */
export const wrapsFor = (state: TreeState, octet: number): Wraps => ({
  ...wrapsIn(state),
  byRecoveryKey: new Uint8Array(72).fill(octet),
  recoveryKemKey: new Uint8Array(32).fill(octet),
})

/** Another card, to which the old one gives its place by the last of its keys. @param rotation of that key */
export function handedOver(
  state: TreeState,
  rotation: number,
  change: Partial<CredentialSet>,
  wraps: Wraps,
): Operation {
  const set = nextSet(state, change)
  const { signingSecret, signingPublicKey: publicKey } = card(rotation)
  const signature = recoverySign(signingSecret, setChangeDomain, setChangeBody(set, wraps))
  return {
    tag: 'changeSet',
    value: { set, wraps, signature: { tag: 'lastRecovery', value: { publicKey, signature } } },
  }
}

/** @param rotation how often the card has signed a change before */
export const byCard = (state: TreeState, rotation: number, ...passkeys: readonly Passkey[]): Operation =>
  changeSet(state, rotation, { ...membersOf(...passkeys), ...revealed(rotation + 1) })

export const added = (state: TreeState, signer: Passkey, { member }: Passkey, synced = member.synced): Operation =>
  changeSet(state, signer, { members: [...setIn(state).members, { ...member, synced } satisfies CredentialMember] })

export const wrapOf = ({ member: { credentialId } }: Passkey): Wraps['byPasskey'][number] => ({
  credentialId,
  rpId: host,
  prfSalt: digest('blocktree/1/test/salt', credentialId),
  check: new Uint8Array(32),
  wrapped: new Uint8Array(72),
})

/** That a device does not want what waits. */
export function vetoed(
  state: TreeState,
  by: Person = alice,
  cap: Writecap = aliceCap,
  setHash: Bytes = credentialSetHash(pendingSetOf(state)!.set),
  of: Bytes = treeId,
): Operation {
  const fields = { treeId: of, setHash, author: by.credential, writecapHash: cap.hash }
  const body = vetoBody(fields)
  const signature = signEd25519(by.secret, ed25519Message(vetoDomain, body))
  return { tag: 'veto', value: { veto: { fields, body, signature } } }
}

/** What the root grants by a set. */
export function capBy(
  signer: RootSigner,
  set: CredentialSet,
  holder: Person,
  {
    scope = root,
    rights = allRights,
    expiresAtMs = endMs,
  }: { scope?: IdPath; rights?: number; expiresAtMs?: number } = {},
): Writecap {
  const body = writecapBody({
    scope,
    holder: principalOf(holder.credential),
    rights,
    expiresAtMs,
    issuer: { tag: 'root', value: { setHash: credentialSetHash(set) } },
  })
  return must(writecapOf(body, { tag: 'root', value: signedAs(signer, set, writecapDomain, body) }))
}
