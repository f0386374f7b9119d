/**
 * The root's word: what a page hands over once its owner has signed, by a passkey or by the twelve words of the card.
 * @module
 */
import { BlocktreeError, type Bytes, orRefuse, wipe } from '../core/bytes/bytes.ts'
import {
  type CredentialSet,
  type RootSignature,
  entropyFromWords,
  recoveryFor,
  rootChallenge,
  rootClaim,
  rootSignatureOf,
} from '../core/crypto/crypto.ts'
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
  set: CredentialSet,
  domain: string,
  body: Bytes,
  answer: RootAnswer,
): Promise<RootSignature> {
  if (isWords(answer)) {
    const entropy = orRefuse(entropyFromWords(answer))
    const own = recoveryFor(entropy, set)
    wipe(entropy)
    if (own === null) throw cardForeign()
    const signature = signedByRecoveryKey(own.recovery, domain, body)
    wipe(own.recovery.signingSecret, own.recovery.wrapKey)
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

export const cardForeign = (): BlocktreeError =>
  new BlocktreeError('cardForeign', 'These words are a valid card, but of another tree. Find the card of this one.')

export const isWords = (answer: RootAnswer): answer is readonly string[] => Array.isArray(answer)
