/**
 * The passkeys of a tree's owner: which there are, adding another one, stopping one that was added, removing one that was lost
 * (design §4). What a change of the credential set may be, and when it counts, says `core/tree/set-change.ts`.
 *
 * A passkey that signs brings another one in, after 72 hours; the card does everything at once. The root's KEM secret passes
 * through here where the new passkey is to open it as well, and is wiped.
 * @module
 */
import {
  BlocktreeError,
  type Bytes,
  RefusedError,
  copy,
  equal,
  fromBase64url,
  orRefuse,
  toBase64url,
  utf8,
  wipe,
} from '../core/bytes/bytes.ts'
import {
  type CredentialMember,
  type CredentialSet,
  type Recovery,
  compressedEs256Key,
  credentialSetHash,
  ed25519Message,
  entropyFromWords,
  originCountMax,
  passkeyCountMax,
  principalOf,
  recoveryFromEntropy,
  sha256,
  unlockCheckOf,
} from '../core/crypto/crypto.ts'
import {
  type Operation,
  type SetChange,
  type TreeState,
  type Wraps,
  checkDevice,
  devicesOf,
  keys as rowKeys,
  objectionMs,
  pendingSetOf,
  readRow,
  setChangeBody,
  setChangeDomain,
  setInForce,
  setOf,
  summaryOf,
  vetoBody,
  vetoDomain,
} from '../core/tree/tree.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import type { PasskeyCreation, PasskeyLine, PasskeyUnlock, PlantingChallenge, TreeStatus } from './api.ts'
import { signedByRecoveryKey, unwrapByCard, unwrapByPasskey, wrapForPasskey } from './founding.ts'
import { limitedOnly } from './guest/guest-replica.ts'
import type { OwnTree } from './own-tree.ts'
import { type RootAnswer, cardOf, isWords, rootQuestion, rootWord } from './root-word.ts'

// --- which there are ------------------------------------------------------------------------------------------------------

export function passkeysOf(state: TreeState, nowMs: number): NonNullable<TreeStatus['root']> {
  const set = setInForce(state, nowMs)!
  const pending = pendingSetOf(state)
  // One whose time is over counts, and its row is written with the next change.
  const isWaiting = pending !== null && set !== pending.set
  const wraps = !isWaiting && pending !== null ? pending.wraps : wrapsOf(state)
  const lineOf = (member: CredentialMember, addedAtMs: number, by: Wraps): PasskeyLine => ({
    id: toBase64url(member.credentialId),
    isSynced: member.synced,
    addedAtMs,
    prfSalt: wrapOf(by, member.credentialId)?.prfSalt ?? null,
  })
  return {
    passkeys: set.members.map((member) => lineOf(member, addedAt(state, member, nowMs), wraps)),
    cardSinceMs: cardSince(state),
    pending: isWaiting
      ? {
          ...lineOf(pending.set.members.at(-1)!, pending.sinceMs, pending.wraps),
          countsAtMs: pending.sinceMs + objectionMs,
        }
      : null,
  }
}

/** When the card came into force whose keys all sets since go on with. */
function cardSince(state: TreeState): number {
  for (let at = summaryOf(state)!.setHash; ;) {
    const proof = readRow(state, 'setChange', rowKeys.setChange(at))
    if (proof === null) return foundedAtMs(state)
    if (proof.signature.tag === 'lastRecovery') return proof.atMs
    at = setOf(state, at)!.previousHash!
  }
}

/** When the first of the sets came into force that a passkey has been in since. */
function addedAt(state: TreeState, { credentialId }: CredentialMember, nowMs: number): number {
  let atMs = nowMs
  for (let at: Bytes | null = summaryOf(state)!.setHash; at !== null;) {
    const set: CredentialSet = setOf(state, at)!
    if (!set.members.some((member) => equal(member.credentialId, credentialId))) break
    atMs = readRow(state, 'setChange', rowKeys.setChange(at))?.atMs ?? foundedAtMs(state)
    at = set.previousHash
  }
  return atMs
}

const foundedAtMs = (state: TreeState): number =>
  Math.min(...[...devicesOf(state)].map(({ admittedAtMs }) => admittedAtMs))

const wrapsOf = (state: TreeState): Wraps => readRow(state, 'wraps', rowKeys.wraps)!
const wrapOf = ({ byPasskey }: Wraps, credentialId: Uint8Array) =>
  byPasskey.find((wrap) => equal(wrap.credentialId, credentialId))

// --- changing them --------------------------------------------------------------------------------------------------------

export interface PasskeysSite {
  readonly platform: Platform
  readonly keys: NodeKeys
  readonly tree: OwnTree
}

interface Addition {
  readonly member: CredentialMember
  readonly host: Pick<PasskeyCreation, 'rpId' | 'origin'>
  /** PRF output of the new passkey, and the salt it is for; null where it has none. */
  readonly prf: Bytes | null
  readonly prfSalt: Bytes
  /** What a passkey of the tree signs; null where none can, and it takes the card. */
  readonly change: Pick<SetChange, 'set' | 'wraps'> | null
}

/** An addition under way lives in memory for as long as its ceremony takes. */
export class Passkeys {
  readonly #site: () => PasskeysSite
  #adding: Addition | null = null

  /** @param site of the tree that is home now */
  constructor(site: () => PasskeysSite) {
    this.#site = site
  }

  /** @param prfSalt what the new passkey's PRF was asked with */
  begin(passkey: PasskeyCreation, prfSalt: Bytes, unlocked: PasskeyUnlock | null): PlantingChallenge {
    this.abandon()
    const { platform, tree } = this.#site()
    const { set: before, wraps } = inForce(this.#site())
    if (pendingSetOf(tree.committed) !== null && !isSetInForce(tree.committed, before)) throw waiting()
    const credentialId = copy(passkey.credentialId)
    if (before.members.some((member) => equal(member.credentialId, credentialId)))
      throw new BlocktreeError('passkeyKnown', 'This passkey belongs to the tree already. Choose another one.')
    checkRoom(before, passkey)
    const publicKey = orRefuse(compressedEs256Key(passkey.publicKey))
    const member = { credentialId, publicKey, synced: passkey.isSynced }
    const prf = passkey.prf && copy(passkey.prf)
    const kemSecret = unlocked && unlock(wraps, tree.treeId, unlocked)
    const { rpId, origin } = passkey
    const added = { member, prf, prfSalt, host: { rpId, origin } }
    // At another address the passkeys that there are can not sign, and where there is none it is the card's anyway.
    const isSignable = isSameHost(before, passkey) && before.origins.includes(origin)
    const change = isSignable && {
      set: successor(tree.committed, before, { members: [...before.members, member] }),
      wraps: withWrap(platform, tree.treeId, wraps, kemSecret, added),
    }
    if (kemSecret !== null) wipe(kemSecret)
    this.#adding = { ...added, change: change || null }
    return change
      ? rootQuestion(before, setChangeDomain, setChangeBody(change.set, change.wraps))
      : { challenge: null, credentialIds: [] }
  }

  abandon(): void {
    if (this.#adding?.prf) wipe(this.#adding.prf)
    this.#adding = null
  }

  async finish(answer: RootAnswer): Promise<void> {
    const adding = this.#adding
    if (adding === null)
      throw new BlocktreeError('passkeyOver', 'This was interrupted, and nothing was changed. Start it again.')
    const site = this.#site()
    if (isWords(answer)) {
      await changeByCard(site, answer, (before, wraps, recovery) => addByCard(site, before, wraps, recovery, adding))
    } else if (adding.change !== null) {
      const { set, wraps } = adding.change
      const body = setChangeBody(set, wraps)
      const { state, set: before } = inForce(site)
      const signature = await rootWord(site.platform.crypto, state, before, setChangeDomain, body, answer)
      await propose(site, { tag: 'changeSet', value: { set, wraps, signature } })
    }
    this.abandon()
  }
}

/** Stops the passkey that waits. Resolves also where none does. */
export async function vetoPasskey(site: PasskeysSite): Promise<void> {
  const { tree, keys } = site
  const pending = pendingSetOf(inForce(site).state)
  if (pending === null) return
  const fields = {
    treeId: tree.treeId,
    setHash: credentialSetHash(pending.set),
    author: keys.credential,
    writecapHash: tree.author.writecapHash,
  }
  const body = vetoBody(fields)
  const signature = await keys.sign(ed25519Message(vetoDomain, body))
  await propose(site, { tag: 'veto', value: { veto: { fields, body, signature } } })
}

/** Takes a passkey out, by the card. Resolves also where it is out already. */
export async function removePasskey(site: PasskeysSite, id: string, words: readonly string[]): Promise<void> {
  const credentialId = fromBase64url(id) ?? new Uint8Array()
  const isOther = (one: { readonly credentialId: Bytes }): boolean => !equal(one.credentialId, credentialId)
  if (inForce(site).set.members.every(isOther)) return
  await changeByCard(site, words, (before, wraps) => {
    const members = before.members.filter(isOther)
    const host = members.length === 0 ? { rpIdHash: null, origins: [] } : {}
    return { next: { members, ...host }, wraps: { ...wraps, byPasskey: wraps.byPasskey.filter(isOther) } }
  })
}

type Next = Partial<Pick<CredentialSet, 'members' | 'rpIdHash' | 'origins' | 'recoveryKey' | 'nextRecoveryHash'>>

/** A change by the card reveals its next key, and commits to the one after that. */
async function changeByCard(
  site: PasskeysSite,
  words: readonly string[],
  change: (before: CredentialSet, wraps: Wraps, recovery: Recovery) => { readonly next: Next; readonly wraps: Wraps },
): Promise<void> {
  const { state, set: before, wraps } = inForce(site)
  const entropy = orRefuse(entropyFromWords(words))
  const { recovery, rotation } = cardOf(state, before, entropy)
  const following = recoveryFromEntropy(entropy, rotation + 1)
  const { next, wraps: wrapsAfter } = change(before, wraps, recovery)
  const set = successor(state, before, {
    ...next,
    recoveryKey: following.signingPublicKey,
    nextRecoveryHash: following.nextPublicKeyHash,
  })
  const signature = signedByRecoveryKey(recovery, setChangeDomain, setChangeBody(set, wrapsAfter))
  wipe(entropy, recovery.signingSecret, recovery.wrapKey, following.signingSecret, following.wrapKey)
  await propose(site, { tag: 'changeSet', value: { set, wraps: wrapsAfter, signature } })
}

function addByCard(
  { platform, tree: { treeId } }: PasskeysSite,
  before: CredentialSet,
  wraps: Wraps,
  recovery: Recovery,
  adding: Addition,
): { readonly next: Next; readonly wraps: Wraps } {
  const { member, host } = adding
  const isSame = isSameHost(before, host)
  checkRoom(before, host)
  const kemSecret = unwrapByCard(recovery, treeId, wraps.byRecoveryKey)
  const kept = isSame ? wraps : { ...wraps, byPasskey: [] }
  const after = withWrap(platform, treeId, kept, kemSecret, adding)
  if (kemSecret !== null) wipe(kemSecret)
  return {
    next: {
      members: isSame ? [...before.members, member] : [member],
      rpIdHash: sha256(utf8(host.rpId)),
      origins: isSame ? originsWith(before.origins, host.origin) : [host.origin],
    },
    wraps: after,
  }
}

/** The oldest address gives way: at each that is left a passkey signs, and the card brings one back. */
const originsWith = (before: readonly string[], origin: string): readonly string[] =>
  [...before.filter((each) => each !== origin), origin].slice(-originCountMax)

/** Where the new passkey has a PRF and the secret is at hand, it can open what is the owner's, too. */
function withWrap(
  { random }: Platform,
  treeId: Bytes,
  wraps: Wraps,
  kemSecret: Bytes | null,
  { member: { credentialId }, host: { rpId }, prf, prfSalt }: Pick<Addition, 'member' | 'host' | 'prf' | 'prfSalt'>,
): Wraps {
  if (prf === null || kemSecret === null) return wraps
  const wrap = { credentialId, rpId, prfSalt, ...wrapForPasskey(prf, treeId, kemSecret, random.bytes(24)) }
  return { ...wraps, byPasskey: [...wraps.byPasskey, wrap] }
}

/** The root's KEM secret. */
function unlock(wraps: Wraps, treeId: Bytes, { credentialId, prf }: PasskeyUnlock): Bytes {
  const wrap = wrapOf(wraps, credentialId)
  const secret = copy(prf)
  const isSame = wrap !== undefined && equal(unlockCheckOf(secret), wrap.check)
  const kemSecret = isSame ? unwrapByPasskey(secret, treeId, wrap.wrapped) : null
  wipe(secret)
  if (kemSecret !== null) return kemSecret
  throw new BlocktreeError(
    'prfOther',
    'In this browser that passkey gives another secret than where it was made, so it cannot open your keys here. Use the recovery card, or another browser.',
  )
}

const isSameHost = ({ rpIdHash }: CredentialSet, { rpId }: Pick<PasskeyCreation, 'rpId'>): boolean =>
  rpIdHash === null || equal(rpIdHash, sha256(utf8(rpId)))

/** One of another host takes the place of all that there are. */
function checkRoom(before: CredentialSet, host: Pick<PasskeyCreation, 'rpId'>): void {
  if (isSameHost(before, host) && before.members.length === passkeyCountMax)
    throw new BlocktreeError(
      'passkeysTooMany',
      `A tree has ${passkeyCountMax} passkeys at most. Remove one that is not used any more, and then add this one.`,
    )
}

export const successor = (state: TreeState, before: CredentialSet, next: Next): CredentialSet => ({
  ...before,
  ...next,
  sequence: summaryOf(state)!.setSequence + 1,
  previousHash: credentialSetHash(before),
})

export function inForce({ platform, tree: { committed, visit }, keys }: PasskeysSite): {
  readonly state: TreeState
  readonly set: CredentialSet
  readonly wraps: Wraps
} {
  if (visit !== null) throw limitedOnly()
  const nowMs = platform.clock.nowMs()
  orRefuse(checkDevice(committed, principalOf(keys.credential), nowMs))
  const set = setInForce(committed, nowMs)!
  const pending = pendingSetOf(committed)
  return { state: committed, set, wraps: pending?.set === set ? pending.wraps : wrapsOf(committed) }
}

const isSetInForce = (state: TreeState, set: CredentialSet): boolean => pendingSetOf(state)?.set === set

export async function propose({ tree }: PasskeysSite, operation: Operation): Promise<void> {
  const outcome = await tree.ownCluster.propose(operation)
  if (!outcome.ok) throw new RefusedError(outcome.fault)
}

const waiting = (): BlocktreeError =>
  new BlocktreeError(
    'setPending',
    'Another passkey was added and waits for its 72 hours. Wait until it counts, or stop it first.',
  )
