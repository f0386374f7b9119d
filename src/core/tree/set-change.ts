/**
 * Who may sign as the root of a tree, from one credential set to the next (design §4).
 *
 * The first set names the tree by its hash. Each later one names the one before it and comes with the root's signature as that one
 * has it; so the way from the first to the one in force can be walked and verified by anybody, in a state, an excerpt or an archive.
 * A passkey can bring one more passkey in, which counts after 72 hours in which any device of the owner may object. All else the
 * recovery key says: that holds at once and uses the key up, for each set commits to the recovery key of the next.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Codec,
  type Decoded,
  type Result,
  type Signed,
  accepted,
  bytesOf,
  encode,
  equal,
  nullable,
  ok,
  record,
  refused,
  signedOver,
  tuple,
} from '../bytes/bytes.ts'
import {
  type Claim,
  type CredentialMember,
  type CredentialSet,
  type Succession,
  credentialSetHash,
  credentialSetWire,
  digest,
  ed25519Message,
  publicCredentialWire,
  recoveryKeyHash,
  rootClaim,
  signedBy,
  successionWire,
  treeIdOf,
} from '../crypto/crypto.ts'
import type { Chain } from '../cap/cap.ts'
import { entries } from '../merkle/merkle.ts'
import { type TreeId, treeIdWire } from '../path/path.ts'
import {
  type PendingSetRow,
  type TreeState,
  type Wraps,
  decodeRow,
  keys,
  readRow,
  setOf,
  summaryOf,
  wrapsWire,
} from './state.ts'

export const setChangeDomain = 'blocktree/1/setChange'
export const vetoDomain = 'blocktree/1/veto'
/** For how long the owner's devices may object to a passkey that another passkey brings in. */
export const objectionMs = 72 * 60 * 60 * 1000

// --- what the root signs --------------------------------------------------------------------------------------------------

const bodyWire = record('setChange', 1, { set: credentialSetWire, wrapsHash: bytesOf(32) })

/** The next set, and the wraps of the root's KEM secret that come into force with it. */
export const changeSetWire = record('changeSet', 1, {
  set: credentialSetWire,
  wraps: wrapsWire,
  signature: successionWire,
})
export type SetChange = Decoded<typeof changeSetWire>

/** Guests are shown that a set was signed, and not the wraps. */
export const wrapsHash = (wraps: Wraps): Bytes => digest('blocktree/1/wraps', encode(wrapsWire, wraps))

/** The octets that the root signs under `setChangeDomain`. */
export const setChangeBody = (set: CredentialSet, wraps: Wraps): Bytes =>
  encode(bodyWire, { set, wrapsHash: wrapsHash(wraps) })

/** What must verify for a set to follow `before`; refused where it may not follow, whoever signed. */
export function claimOfSetChange(
  before: CredentialSet,
  set: CredentialSet,
  hashOfWraps: Bytes,
  signature: Succession,
): Result<Claim> {
  const allowed = checkSuccessor(before, set, signature)
  if (!allowed.ok) return allowed
  const body = encode(bodyWire, { set, wrapsHash: hashOfWraps })
  if (signature.tag !== 'lastRecovery') return rootClaim(before, setChangeDomain, body, signature)
  const { publicKey, signature: octets } = signature.value
  return accepted({
    algorithm: 'ed25519',
    publicKey,
    message: ed25519Message(setChangeDomain, body),
    signature: octets,
  })
}

/** The KEM key stays: what was sealed to the owner is to open for ever. */
function checkSuccessor(before: CredentialSet, set: CredentialSet, signature: Succession): Check {
  const isNext =
    set.previousHash !== null &&
    equal(set.previousHash, credentialSetHash(before)) &&
    set.sequence > before.sequence &&
    equal(set.rootKemKey, before.rootKemKey)
  return isNext && isMeant(before, set, signature)
    ? ok
    : refused(
        'setChangeWrong',
        'A passkey can add one other passkey and change nothing else. For everything else the recovery card is needed.',
      )
}

function isMeant(before: CredentialSet, set: CredentialSet, signature: Succession): boolean {
  const isCommitted = (key: Bytes): boolean => equal(recoveryKeyHash(key), before.nextRecoveryHash)
  if (signature.tag === 'recovery') return isCommitted(set.recoveryKey)
  if (signature.tag === 'lastRecovery') return isCommitted(signature.value.publicKey)
  return hasOneMore(before, set)
}

/** Whether all is as before, but for one passkey at the end. */
function hasOneMore(before: CredentialSet, { sequence, members, previousHash, ...rest }: CredentialSet): boolean {
  const { members: known } = before
  const same: CredentialSet = { ...before, sequence, members, previousHash }
  return (
    members.length === known.length + 1 &&
    known.every((member, at) => isSameMember(member, members[at]!)) &&
    equal(credentialSetHash(same), credentialSetHash({ ...rest, sequence, members, previousHash }))
  )
}

const isSameMember = (left: CredentialMember, right: CredentialMember): boolean =>
  equal(left.credentialId, right.credentialId) && equal(left.publicKey, right.publicKey) && left.synced === right.synced

// --- how a device objects -------------------------------------------------------------------------------------------------

const vetoBodyWire = record('veto', 1, {
  treeId: treeIdWire,
  /** Of the set that is not to come into force. */
  setHash: bytesOf(32),
  author: publicCredentialWire,
  writecapHash: bytesOf(32),
})
type VetoBody = Decoded<typeof vetoBodyWire>

/** That a set is not to come into force, with the signature of one of the owner's devices. */
export type Veto = Signed<VetoBody>

/** The octets that the device signs under `vetoDomain`. */
export const vetoBody = (fields: VetoBody): Bytes => encode(vetoBodyWire, fields)

const bodySizeBytesMax = 1024
export const vetoWire: Codec<Veto> = signedOver(vetoBodyWire, bodySizeBytesMax, bytesOf(64))

export function claimOfVeto({ fields, body, signature }: Veto, treeId: TreeId): Result<Claim> {
  if (!equal(fields.treeId, treeId)) return refused('deviceForeign', 'This objection is about another tree.')
  return accepted(signedBy(fields.author, vetoDomain, body, signature))
}

// --- what a state says ----------------------------------------------------------------------------------------------------

export const pendingSetOf = (state: TreeState): PendingSetRow | null => readRow(state, 'pendingSet', keys.pendingSet)

export const isDue = ({ sinceMs }: PendingSetRow, stampMs: number): boolean => stampMs >= sinceMs + objectionMs

/** By which the root signs what is stamped so: a set that nobody objected to comes into force with the first batch after its time. */
export function setInForce(state: TreeState, stampMs: number): CredentialSet | null {
  const pending = pendingSetOf(state)
  if (pending !== null && isDue(pending, stampMs)) return pending.set
  const summary = summaryOf(state)
  return summary === null ? null : setOf(state, summary.setHash)
}

/** Also one that is not in force yet: under which set something may be signed the fold says. */
export function knownSetOf(state: TreeState, setHash: Bytes): CredentialSet | null {
  const pending = pendingSetOf(state)
  return setOf(state, setHash) ?? (pending !== null && isSet(pending.set, setHash) ? pending.set : null)
}

const isSet = (set: CredentialSet, setHash: Bytes): boolean => equal(credentialSetHash(set), setHash)

/** The root speaks by the set in force alone: a key that was replaced may be in other hands. */
export const checkRootNow = (state: TreeState, setHash: Bytes): Check =>
  equal(summaryOf(state)!.setHash, setHash)
    ? ok
    : refused('setReplaced', 'This was signed with keys that the owner of the tree has replaced since. Sign it again.')

/** What the root granted before its keys were replaced, and the tree has, goes on to hold. */
export function checkIssuedNow(state: TreeState, chain: Chain): Check {
  const isNew = chain.some(({ hash }) => readRow(state, 'cap', keys.cap(hash)) === null)
  const issuer = chain.at(-1)?.issuer
  return isNew && issuer?.tag === 'root' ? checkRootNow(state, issuer.value.setHash) : ok
}

/** A set, and what shows that it follows the one before it; nothing for the first. */
export const setStepWire = tuple({
  set: credentialSetWire,
  proof: nullable(tuple({ wrapsHash: bytesOf(32), signature: successionWire })),
})
export type SetStep = Decoded<typeof setStepWire>

/**
 * The way from one set to another: those that came after the first of the two, up to the other, in their order.
 * @param from null: the way begins with the set that names the tree
 * @returns none where the one did not come from the other
 */
export function setSteps(state: TreeState, from: Bytes | null, to: Bytes): readonly SetStep[] {
  const steps: SetStep[] = []
  for (let at: Bytes | null = to; at !== null;) {
    if (from !== null && equal(at, from)) return steps.toReversed()
    const set = setOf(state, at)
    if (set === null) return []
    steps.push({ set, proof: readRow(state, 'setChange', keys.setChange(at)) })
    at = set.previousHash
  }
  return from === null ? steps.toReversed() : []
}

/**
 * What must verify for sets to follow each other.
 * @param known the one that the first of them is to follow; null where that is to name the tree
 */
export function claimsOfSteps(
  treeId: TreeId,
  known: CredentialSet | null,
  steps: readonly SetStep[],
): Result<readonly Claim[]> {
  const claims: Claim[] = []
  let before = known
  for (const { set, proof } of steps) {
    if (before === null) {
      if (set.sequence !== 0 || !equal(treeIdOf(set), treeId)) return setUnproven
    } else {
      const claim = proof === null ? setUnproven : claimOfSetChange(before, set, proof.wrapsHash, proof.signature)
      if (!claim.ok) return claim
      claims.push(claim.value)
    }
    before = set
  }
  return accepted(claims)
}

/** Whether a set came from another, or is that one. */
export function descendsFrom(state: TreeState, setHash: Bytes, from: Bytes): boolean {
  for (let at: Bytes | null = setHash; at !== null; at = setOf(state, at)?.previousHash ?? null)
    if (equal(at, from)) return true
  return false
}

/**
 * What must verify for a set of a state that came from outside to follow the one before it.
 * @returns none for the first, which the tree's id names
 */
export function claimsOfSet(state: TreeState, set: CredentialSet): Result<readonly Claim[]> {
  if (set.sequence === 0) return equal(treeIdOf(set), state.treeId) ? accepted([]) : setUnproven
  const before = setOf(state, set.previousHash!)
  const proof = readRow(state, 'setChange', keys.setChange(credentialSetHash(set)))
  if (before === null || proof === null) return setUnproven
  const claim = claimOfSetChange(before, set, proof.wrapsHash, proof.signature)
  return claim.ok ? accepted([claim.value]) : claim
}

/** The same for all sets of a whole state, for the one that waits, and for the wraps. */
export function claimsOfSets(state: TreeState): Result<readonly Claim[]> {
  const summary = summaryOf(state)
  if (summary === null || setOf(state, summary.setHash) === null) return setUnproven
  const claims: Claim[] = []
  for (const [at, octets] of entries(state.map, keys.sets)) {
    const set = decodeRow('set', octets)
    const found = equal(at, keys.set(credentialSetHash(set))) ? claimsOfSet(state, set) : setUnproven
    if (!found.ok) return found
    claims.push(...found.value)
  }
  const proof = readRow(state, 'setChange', keys.setChange(summary.setHash))
  const wraps = readRow(state, 'wraps', keys.wraps)
  if (proof !== null && (wraps === null || !equal(wrapsHash(wraps), proof.wrapsHash))) return setUnproven
  const pending = pendingSetOf(state)
  if (pending === null) return accepted(claims)
  const before = setOf(state, summary.setHash)!
  const claim = claimOfSetChange(before, pending.set, wrapsHash(pending.wraps), pending.signature)
  return claim.ok ? accepted([...claims, claim.value]) : claim
}

const setUnproven = refused('setUnproven', 'Nothing shows that these keys are those of the tree’s owner.')
