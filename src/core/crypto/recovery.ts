/**
 * The recovery card: twelve words that are the last way back to a tree, and the only way to change who may sign as its root.
 * @module
 */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { type Bytes, type Result, accepted, equal, refused, u64be, wipe } from '../bytes/bytes.ts'
import { ed25519Message, ed25519PublicKey, signEd25519 } from './claim.ts'
import { deriveKey } from './derive.ts'
import { digest } from './digest.ts'
import type { CredentialSet } from './passkey.ts'

export const recoveryEntropySizeBytes = 16
export const recoveryWordCount = 12

/** What the card gives. All but the public parts is wiped when its use is over. */
export interface Recovery {
  /** Ed25519, 32 octets. */
  readonly signingSecret: Bytes
  readonly signingPublicKey: Bytes
  /** Wraps the root's KEM secret, 32 octets. */
  readonly wrapKey: Bytes
  /** H(next recovery key): a credential set commits to it, a rotation reveals the key. */
  readonly nextPublicKeyHash: Bytes
}

/**
 * @param entropy 16 octets, what the words spell
 * @param rotation how often the recovery key was replaced: the card outlives a rotation, the key does not
 */
export function recoveryFromEntropy(entropy: Uint8Array, rotation = 0): Recovery {
  if (entropy.length !== recoveryEntropySizeBytes)
    throw new RangeError(`"entropy" expected ${recoveryEntropySizeBytes} bytes, got ${entropy.length}`)
  const secretOf = (turn: number): Bytes => deriveKey(entropy, 'blocktree/1/recovery/sign', u64be(turn))
  const signingSecret = secretOf(rotation)
  const nextSecret = secretOf(rotation + 1)
  const nextPublicKeyHash = recoveryKeyHash(ed25519PublicKey(nextSecret))
  nextSecret.fill(0)
  return {
    signingSecret,
    signingPublicKey: ed25519PublicKey(signingSecret),
    wrapKey: deriveKey(entropy, 'blocktree/1/recovery/wrap'),
    nextPublicKeyHash,
  }
}

/** X25519, 32 octets: opens the archives that are sealed to the card. It outlives every rotation, as what wraps does. */
export const recoveryKemSecret = ({ wrapKey }: Pick<Recovery, 'wrapKey'>): Bytes =>
  deriveKey(wrapKey, 'blocktree/1/recovery/open')

/**
 * What a card gives for a credential set: each change that the card signs uses a key up.
 * @returns null where the card is another tree's
 */
export function recoveryFor(entropy: Uint8Array, { recoveryKey, sequence }: CredentialSet): Rotated | null {
  for (let rotation = 0; rotation <= sequence; rotation++) {
    const recovery = recoveryFromEntropy(entropy, rotation)
    if (equal(recovery.signingPublicKey, recoveryKey)) return { recovery, rotation }
    wipe(recovery.signingSecret, recovery.wrapKey)
  }
  return null
}
interface Rotated {
  readonly recovery: Recovery
  /** How often the key was replaced. */
  readonly rotation: number
}

export const recoveryKeyHash = (publicKey: Uint8Array): Bytes => digest('blocktree/1/recoveryKey', publicKey)

export const recoverySign = (signingSecret: Uint8Array, domain: string, body: Uint8Array): Bytes =>
  signEd25519(signingSecret, ed25519Message(domain, body))

/** The words of BIP-39, English. */
export const wordsFromEntropy = (entropy: Uint8Array): readonly string[] =>
  entropyToMnemonic(entropy, wordlist).split(' ')

/** Reads words as people type them: any case, stray spaces, several in one field. */
export function entropyFromWords(typed: readonly string[]): Result<Bytes> {
  const words = typed.flatMap((text) => text.normalize('NFKD').toLowerCase().split(/\s+/)).filter((word) => word !== '')
  if (words.length !== recoveryWordCount)
    return refused('recoveryWordCount', `The card has ${recoveryWordCount} words; ${words.length} were entered.`)
  const unknownIndex = words.findIndex((word) => !knownWords.has(word))
  if (unknownIndex >= 0)
    return refused(
      'recoveryWordUnknown',
      `Word ${unknownIndex + 1} is not one that a recovery card can hold. Compare it with the card.`,
    )
  try {
    return accepted(Uint8Array.from(mnemonicToEntropy(words.join(' '), wordlist)))
  } catch {
    // All words are known, so the one thing left to fail is the checksum.
    return refused(
      'recoveryChecksum',
      'These words do not belong together: one is wrong, or two have changed places. Compare them with the card.',
    )
  }
}

const knownWords = new Set(wordlist)
