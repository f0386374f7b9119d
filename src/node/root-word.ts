/**
 * The root's word: what a page hands over once its owner has signed, by a passkey or by the twelve words of the card.
 * @module
 */
import { BlocktreeError, type Bytes, equal, orRefuse, wipe } from '../core/bytes/bytes.ts'
import {
  type CredentialSet,
  type RootSignature,
  entropyFromWords,
  recoveryFromEntropy,
  rootClaim,
  rootSignatureOf,
} from '../core/crypto/crypto.ts'
import type { CryptoPort } from '../port/platform.ts'
import type { PasskeyAssertion } from './api.ts'
import { signedByRecoveryKey } from './founding.ts'

/** An assertion, or words. */
export type RootAnswer = PasskeyAssertion | readonly string[]

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
    const recovery = recoveryFromEntropy(entropy)
    const isOwn = equal(recovery.signingPublicKey, set.recoveryKey)
    const signature = signedByRecoveryKey(recovery, domain, body)
    wipe(entropy, recovery.signingSecret, recovery.wrapKey)
    if (isOwn) return signature
    throw new BlocktreeError(
      'cardForeign',
      'These words are a valid card, but of another tree. Find the card of this one.',
    )
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

const isWords = (answer: RootAnswer): answer is readonly string[] => Array.isArray(answer)
