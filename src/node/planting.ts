/**
 * Planting: a tree whose root a person keeps, in a passkey and on a recovery card (design §4).
 *
 * Nothing is stored before the card's words were checked and the root has signed: a planting that is left half way leaves no
 * trace. Secrets live in memory for as long as the ceremony takes and are overwritten after it.
 * @module
 */
import {
  BlocktreeError,
  type Bytes,
  RefusedError,
  copy,
  orRefuse,
  refused,
  toHex,
  utf8,
  wipe,
} from '../core/bytes/bytes.ts'
import {
  type CredentialSet,
  type Recovery,
  type RootSignature,
  compressedEs256Key,
  recoveryFromEntropy,
  rootClaim,
  rootSignatureOf,
  sha256,
  treeIdOf,
} from '../core/crypto/crypto.ts'
import { writecapDomain } from '../core/cap/cap.ts'
import { nameFromPerson } from '../core/path/path.ts'
import type { Operation, Wraps } from '../core/tree/tree.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import type { PasskeyAssertion, PasskeyCreation, PlantingCard, PlantingChallenge } from './api.ts'
import { DrawnCard } from './drawn-card.ts'
import {
  type People,
  foundOperation,
  nodeWritecapBody,
  ownWritecapLifeMs,
  rootSignedWritecap,
  signedByRecoveryKey,
  wrapForCard,
  wrapForPasskey,
} from './founding.ts'
import { rootQuestion } from './root-word.ts'

interface Planting {
  readonly id: string
  readonly people: People
  readonly card: DrawnCard
  readonly set: CredentialSet
  readonly wraps: Wraps
  readonly writecapBody: Bytes
}

/** A founded tree, ready to be begun. */
export interface Founding {
  readonly treeId: Bytes
  readonly operation: Operation
  readonly people: People
}

export class Plantings {
  readonly #platform: Platform
  readonly #keys: NodeKeys
  readonly #prfSalt: Bytes
  #current: Planting | null = null

  constructor(platform: Platform, keys: NodeKeys) {
    this.#platform = platform
    this.#keys = keys
    this.#prfSalt = platform.random.bytes(32)
  }

  get prfSalt(): Bytes {
    return copy(this.#prfSalt)
  }

  async begin(ownerName: string, deviceName: string, passkey: PasskeyCreation | null): Promise<PlantingCard> {
    this.abandon()
    const { random, clock, crypto } = this.#platform
    const people = { ownerName: personName(ownerName), deviceName: personName(deviceName) }
    const card = new DrawnCard(random)
    const { recovery } = card
    const kemSecret = random.bytes(32)
    const set: CredentialSet = {
      sequence: 0,
      members:
        passkey === null
          ? []
          : [
              {
                credentialId: copy(passkey.credentialId),
                publicKey: orRefuse(compressedEs256Key(passkey.publicKey)),
                synced: passkey.isSynced,
              },
            ],
      rpIdHash: passkey === null ? null : sha256(utf8(passkey.rpId)),
      origins: passkey === null ? [] : [passkey.origin],
      rootKemKey: await crypto.kemPublicKey(kemSecret),
      recoveryKey: recovery.signingPublicKey,
      nextRecoveryHash: recovery.nextPublicKeyHash,
      previousHash: null,
    }
    const treeId = treeIdOf(set)
    const wraps = await this.#wrapsOf(treeId, kemSecret, recovery, passkey)
    wipe(kemSecret)
    this.#current = {
      id: toHex(random.bytes(16)),
      people,
      card,
      set,
      wraps,
      writecapBody: nodeWritecapBody(treeId, this.#keys.credential, treeId, clock.nowMs() + ownWritecapLifeMs),
    }
    return { plantingId: this.#current.id, ...card.shown }
  }

  confirmCard(plantingId: string, typed: readonly string[]): PlantingChallenge {
    const planting = this.#get(plantingId)
    planting.card.confirm(typed)
    return rootQuestion(planting.set, writecapDomain, planting.writecapBody)
  }

  /** The founding of the tree, signed by the root. Rejects with a sentence where the assertion does not hold. */
  async finish(plantingId: string, assertion: PasskeyAssertion | null): Promise<Founding> {
    const planting = this.#get(plantingId)
    planting.card.demandConfirmed()
    const { set, wraps, writecapBody, people } = planting
    const signature = await this.#rootSignature(planting, assertion)
    const operation = await foundOperation(
      this.#platform,
      this.#keys,
      set,
      wraps,
      rootSignedWritecap(writecapBody, signature),
      people,
    )
    return { treeId: treeIdOf(set), operation, people }
  }

  /** Forgets the ceremony under way and overwrites its secrets. */
  abandon(plantingId = this.#current?.id): void {
    const planting = this.#current
    if (planting === null || planting.id !== plantingId) return
    this.#current = null
    planting.card.wipe()
  }

  async #rootSignature(
    { set, card, writecapBody }: Planting,
    assertion: PasskeyAssertion | null,
  ): Promise<RootSignature> {
    if (set.members.length === 0) return signedByRecoveryKey(card.recovery, writecapDomain, writecapBody)
    if (assertion === null)
      throw new BlocktreeError(
        'assertionMissing',
        'The passkey has not signed yet. Try again, or plant with the card alone.',
      )
    const signature = orRefuse(rootSignatureOf(set, assertion))
    const claim = orRefuse(rootClaim(set, writecapDomain, writecapBody, signature))
    const [isValid] = await this.#platform.crypto.verify([claim])
    if (isValid === true) return signature
    throw new BlocktreeError(
      'assertionInvalid',
      'The passkey signed something else than what it was asked for. Try again.',
    )
  }

  async #wrapsOf(treeId: Bytes, kemSecret: Bytes, recovery: Recovery, passkey: PasskeyCreation | null): Promise<Wraps> {
    const { crypto, random } = this.#platform
    const prf = passkey?.prf ?? null
    const byPasskey =
      prf === null || passkey === null
        ? []
        : [
            {
              credentialId: copy(passkey.credentialId),
              rpId: passkey.rpId,
              prfSalt: this.#prfSalt,
              ...wrapForPasskey(copy(prf), treeId, kemSecret, random.bytes(24)),
            },
          ]
    if (prf !== null) wipe(prf)
    return { ...(await wrapForCard(crypto, recovery, treeId, kemSecret, random.bytes(24))), byPasskey }
  }

  #get(plantingId: string): Planting {
    if (this.#current?.id === plantingId) return this.#current
    throw new BlocktreeError(
      'plantingGone',
      'This planting was interrupted and nothing was kept of it. Start it again; you will get a new card.',
    )
  }
}

/** A tree of this browser alone: its root signs once and is forgotten, so nobody can ever speak for it again. */
export async function foundLocalTree(platform: Platform, keys: NodeKeys, deviceName: string): Promise<Founding> {
  const entropy = platform.random.bytes(16)
  const recovery = recoveryFromEntropy(entropy)
  const kemSecret = platform.random.bytes(32)
  const set: CredentialSet = {
    sequence: 0,
    members: [],
    rpIdHash: null,
    origins: [],
    rootKemKey: await platform.crypto.kemPublicKey(kemSecret),
    recoveryKey: recovery.signingPublicKey,
    nextRecoveryHash: recovery.nextPublicKeyHash,
    previousHash: null,
  }
  const treeId = treeIdOf(set)
  const people = { ownerName: '', deviceName }
  const wraps: Wraps = {
    ...(await wrapForCard(platform.crypto, recovery, treeId, kemSecret, platform.random.bytes(24))),
    byPasskey: [],
  }
  const body = nodeWritecapBody(treeId, keys.credential, treeId, localWritecapEndMs)
  const writecap = rootSignedWritecap(body, signedByRecoveryKey(recovery, writecapDomain, body))
  const operation = await foundOperation(platform, keys, set, wraps, writecap, people)
  wipe(entropy, kemSecret, recovery.signingSecret, recovery.wrapKey)
  return { treeId, operation, people }
}

/** Year 9999: nobody is left who could renew it, and nobody else than this node holds it. */
const localWritecapEndMs = 253_370_764_800_000

/** What a person calls himself or a device; rejects with a sentence what is no name. */
export function personName(typed: string): string {
  const name = orRefuse(nameFromPerson(typed))
  if (utf8(name).length <= 64) return name
  throw new RefusedError(refused('nameTooLong', 'This name can have 64 bytes at most; shorten it.').fault)
}
