/**
 * Chains of writecaps with real keys and signatures, under a root that signs by a passkey and by a recovery key; for tests.
 * @module
 */
import { type Bytes, encode, equal, must, utf8 } from '../../bytes/bytes.ts'
import { verdictOf } from '../../bytes/testing/verdict.ts'
import {
  type Claim,
  type CredentialSet,
  type RootSignature,
  ed25519Message,
  principalOf,
  recoveryFromEntropy,
  recoverySign,
  rootSignatureOf,
  sha256,
  signEd25519,
  treeIdOf,
  verifyClaim,
  x25519PublicKey,
} from '../../crypto/crypto.ts'
import { type AnswerChange, answerOf, host, origin, passkey } from '../../crypto/testing/authenticator.ts'
import { type IdPath, childPath, rootPath } from '../../path/path.ts'
import { type Person, person } from '../../tree/testing/forest.ts'
import {
  type Chain,
  type Issuer,
  type Writecap,
  type WritecapSignature,
  allRights,
  chainWire,
  checkRight,
  checkWritecap,
  checkedWhere,
  claimsOfChain,
  decodeChain,
  grantsOfRoot,
  rights,
  writecapBody,
  writecapDomain,
  writecapOf,
} from '../cap.ts'

const recovery = recoveryFromEntropy(new Uint8Array(16).fill(17))
const ownersPasskey = passkey(17)
export const ownersSet: CredentialSet = {
  sequence: 0,
  members: [ownersPasskey.member],
  rpIdHash: sha256(utf8(host)),
  origins: [origin],
  rootKemKey: x25519PublicKey(new Uint8Array(32).fill(17)),
  recoveryKey: recovery.signingPublicKey,
  nextRecoveryHash: recovery.nextPublicKeyHash,
  previousHash: null,
}
export const ownersTree = treeIdOf(ownersSet)
export const ownersRoot = rootPath(ownersTree)

export const [alice, bob, carol, mallory] = [1, 2, 3, 4].map((octet) => person(160 + octet)) as [
  Person,
  Person,
  Person,
  Person,
]
export const id = (octet: number): Bytes => new Uint8Array(16).fill(octet)
export const mail = childPath(childPath(ownersRoot, id(1)), id(2))
export const letter = childPath(mail, id(3))
export const endMs = 2_000_000_000_000
export const nowMs = 1_800_000_000_000

/** Who signs a grant: a node, or the root by one of its two keys. */
export type Signer = Person | 'passkey' | 'recovery'

export const issuerOf = (signer: Signer): Issuer =>
  typeof signer === 'string'
    ? { tag: 'root', value: { setHash: ownersTree } }
    : { tag: 'node', value: signer.credential }

const rootSignature = (by: 'passkey' | 'recovery', domain: string, body: Bytes, change: AnswerChange): RootSignature =>
  by === 'passkey'
    ? must(rootSignatureOf(ownersSet, answerOf(ownersPasskey, domain, body, change)))
    : { tag: 'recovery', value: { signature: recoverySign(recovery.signingSecret, domain, body) } }

/** @param change of a passkey's answer */
export const signatureOf = (
  signer: Signer,
  body: Bytes,
  domain = writecapDomain,
  change: AnswerChange = {},
): WritecapSignature =>
  typeof signer === 'string'
    ? { tag: 'root', value: rootSignature(signer, domain, body, change) }
    : { tag: 'node', value: signEd25519(signer.secret, ed25519Message(domain, body)) }

export interface Terms {
  readonly scope?: IdPath
  readonly rights?: number
  readonly expiresAtMs?: number
}
export function bodyOf(signer: Signer, holder: Person, terms: Terms = {}): Bytes {
  const { scope = ownersRoot, rights: granted = allRights, expiresAtMs = endMs } = terms
  const principal = principalOf(holder.credential)
  return writecapBody({ scope, holder: principal, rights: granted, expiresAtMs, issuer: issuerOf(signer) })
}
export function grant(signer: Signer, holder: Person, terms: Terms = {}): Writecap {
  const body = bodyOf(signer, holder, terms)
  return must(writecapOf(body, signatureOf(signer, body)))
}

/** What the root grants to several with one signature. @param change of a passkey's answer */
export function grantAll(
  signer: 'passkey' | 'recovery',
  holders: readonly Person[],
  terms: Terms = {},
  change: AnswerChange = {},
): readonly Writecap[] {
  const { domain, body, writecapsOf } = grantsOfRoot(holders.map((holder) => bodyOf(signer, holder, terms)))
  return writecapsOf(rootSignature(signer, domain, body, change))
}

export const toAlice = grant('passkey', alice)
export const toBob = grant(alice, bob, { scope: mail })
export const toCarol = grant(bob, carol, { scope: mail })

/** `count` links, each holder another person. */
export function chainOf(count: number, terms: Terms = {}): Chain {
  const people = Array.from({ length: count }, (_, at) => person(180 + at))
  return people.map((holder, at) => grant(people[at + 1] ?? 'passkey', holder, terms))
}

export const octetsOf = (...chain: Chain): Bytes => encode(chainWire, chain)

export interface Question {
  readonly path?: IdPath
  readonly nowMs?: number
  readonly right?: number
}

/**
 * All gates of a chain in their order, from its octets.
 * @returns the code of the first thing that is wrong, `ok` where nothing is
 */
export function judge(
  octets: Uint8Array,
  question: Question = {},
  verify: (claim: Claim) => boolean = verifyClaim,
): string {
  const chain = decodeChain(octets)
  if (!chain.ok) return verdictOf(chain)
  const claims = claimsOfChain(chain.value, (hash) => (equal(hash, ownersTree) ? ownersSet : null))
  if (!claims.ok) return verdictOf(claims)
  const checked = checkedWhere(chain.value, claims.value.map(verify))
  if (!checked.ok) return verdictOf(checked)
  const valid = checkWritecap(checked.value, question.path ?? letter, ownersTree, question.nowMs ?? nowMs)
  const allowed = valid.ok ? checkRight(checked.value, question.right ?? rights.write) : valid
  return verdictOf(allowed)
}
