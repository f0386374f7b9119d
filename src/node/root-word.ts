/**
 * The root's word: what a page hands over once its owner has signed, by a passkey or by the twelve words of the card.
 * @module
 */
import { BlocktreeError, type Bytes, orRefuse, wipe } from '../core/bytes/bytes.ts'
import {
  type CredentialSet,
  type Recovery,
  type RootSignature,
  entropyFromWords,
  recoveryFor,
  rootChallenge,
  rootClaim,
  rootSignatureOf,
} from '../core/crypto/crypto.ts'
import { entries } from '../core/merkle/merkle.ts'
import { type TreeState, decodeRow, keys } from '../core/tree/tree.ts'
import type { CryptoPort } from '../port/platform.ts'
import type { PasskeyAssertion, PlantingChallenge } from './api.ts'
import { signedByRecoveryKey } from './founding.ts'

/** An assertion, or words. */
export type RootAnswer = PasskeyAssertion | readonly string[]

/** What the page asks a passkey of the set for. */
export const rootQuestion = ({ members }: CredentialSet, domain: string, body: Bytes): PlantingChallenge => ({
  challenge: members.length === 0 ? null : rootChallenge(domain, body),
  credentialIds: members.map(({ credentialId }) => credentialId),
})

/** Rejects with a sentence where the answer is not the root's word on that body. */
export async function rootWord(
  crypto: CryptoPort,
  state: TreeState,
  set: CredentialSet,
  domain: string,
  body: Bytes,
  answer: RootAnswer,
): Promise<RootSignature> {
  if (isWords(answer)) {
    const entropy = orRefuse(entropyFromWords(answer))
    const { recovery } = cardOf(state, set, entropy)
    const signature = signedByRecoveryKey(recovery, domain, body)
    wipe(entropy, recovery.signingSecret, recovery.wrapKey)
    return signature
  }
  const signature = orRefuse(rootSignatureOf(set, answer))
  const claim = rootClaim(set, domain, body, signature)
  const [isValid] = claim.ok ? await crypto.verify([claim.value]) : []
  if (isValid === true) return signature
  throw new BlocktreeError(
    'assertionInvalid',
    'The passkey signed something else than what it was asked for. Try again.',
  )
}

/**
 * What a card gives under a set of the tree. Wipes the entropy, and rejects with a sentence, where the card is none that counts.
 * @param set the one in force
 */
export function cardOf(
  state: TreeState,
  set: CredentialSet,
  entropy: Bytes,
): { readonly recovery: Recovery; readonly rotation: number } {
  const own = recoveryFor(entropy, set)
  if (own !== null) return own
  const wasBefore = [...entries(state.map, keys.sets)].some(
    ([, row]) => recoveryFor(entropy, decodeRow('set', row)) !== null,
  )
  wipe(entropy)
  throw wasBefore ? cardReplaced() : cardForeign()
}

const cardForeign = (): BlocktreeError =>
  new BlocktreeError('cardForeign', 'These words are a valid card, but of another tree. Find the card of this one.')
const cardReplaced = (): BlocktreeError =>
  new BlocktreeError(
    'cardReplaced',
    'This is an earlier card of this tree. Another one has taken its place, and this one signs nothing any more.',
  )

export const isWords = (answer: RootAnswer): answer is readonly string[] => Array.isArray(answer)
