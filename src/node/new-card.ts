/**
 * Another recovery card in the place of the one that somebody may have seen (design §4).
 *
 * The old card gives its place to the new one at once. The root's KEM secret passes through here, since the new card is to open it,
 * and is wiped.
 * @module
 */
import { BlocktreeError, type Bytes, orRefuse, wipe } from '../core/bytes/bytes.ts'
import {
  type CredentialSet,
  type Succession,
  entropyFromWords,
  recoveryFromEntropy,
  recoverySign,
} from '../core/crypto/crypto.ts'
import { type SetChange, type Wraps, setChangeBody, setChangeDomain } from '../core/tree/tree.ts'
import type { CardWords } from './api.ts'
import { DrawnCard } from './drawn-card.ts'
import { unwrapByCard, wrapForCard } from './founding.ts'
import { type PasskeysSite, inForce, propose, successor } from './passkeys.ts'
import { cardOf } from './root-word.ts'

/** A card that was drawn lives in memory for as long as its ceremony takes. */
export class NewCard {
  readonly #site: () => PasskeysSite
  #drawn: DrawnCard | null = null

  /** @param site of the tree that is home now */
  constructor(site: () => PasskeysSite) {
    this.#site = site
  }

  draw(): CardWords {
    this.abandon()
    inForce(this.#site())
    this.#drawn = new DrawnCard(this.#site().platform.random)
    return this.#drawn.shown
  }

  check(typed: readonly string[]): void {
    this.#current().confirm(typed)
  }

  /** @param words of the old card */
  async finish(words: readonly string[]): Promise<void> {
    await propose(this.#site(), { tag: 'changeSet', value: await this.#change(words) })
    this.abandon()
  }

  abandon(): void {
    this.#drawn?.wipe()
    this.#drawn = null
  }

  async #change(words: readonly string[]): Promise<SetChange> {
    const card = this.#confirmed()
    const { state, set: before, wraps } = inForce(this.#site())
    const entropy = orRefuse(entropyFromWords(words))
    const { recovery, rotation } = cardOf(state, before, entropy)
    const kemSecret = unwrapByCard(recovery, state.treeId, wraps.byRecoveryKey)
    const last = recoveryFromEntropy(entropy, rotation + 1)
    wipe(entropy, recovery.signingSecret, recovery.wrapKey, last.wrapKey)
    if (kemSecret === null) throw keysOutOfReach()
    const set = successor(state, before, keysOf(card))
    const change = { set, wraps: await this.#wrapped(card, wraps, kemSecret) }
    const signature: Succession = {
      tag: 'lastRecovery',
      value: {
        publicKey: last.signingPublicKey,
        signature: recoverySign(last.signingSecret, setChangeDomain, setChangeBody(change.set, change.wraps)),
      },
    }
    wipe(kemSecret, last.signingSecret)
    return { ...change, signature }
  }

  async #wrapped({ recovery }: DrawnCard, wraps: Wraps, kemSecret: Bytes): Promise<Wraps> {
    const { platform, tree } = this.#site()
    const { crypto, random } = platform
    return { ...wraps, ...(await wrapForCard(crypto, recovery, tree.treeId, kemSecret, random.bytes(24))) }
  }

  #confirmed(): DrawnCard {
    const card = this.#current()
    card.demandConfirmed()
    return card
  }
  #current(): DrawnCard {
    if (this.#drawn === null) throw isOver()
    return this.#drawn
  }
}

const keysOf = ({ recovery }: DrawnCard): Pick<CredentialSet, 'recoveryKey' | 'nextRecoveryHash'> => ({
  recoveryKey: recovery.signingPublicKey,
  nextRecoveryHash: recovery.nextPublicKeyHash,
})

const isOver = (): BlocktreeError =>
  new BlocktreeError(
    'cardOver',
    'This was interrupted. If a new card is said to count, keep the words that you wrote down; else begin again.',
  )
const keysOutOfReach = (): BlocktreeError =>
  new BlocktreeError(
    'cardForeign',
    'This card does not open the keys of this tree, so no other one can take its place.',
  )
