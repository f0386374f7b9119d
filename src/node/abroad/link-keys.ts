/**
 * The keys of a link into another tree, by which it is known there.
 * @module
 */
import type { Bytes } from '../../core/bytes/bytes.ts'
import { signEd25519 } from '../../core/crypto/crypto.ts'
import { linkKeysOf } from '../../core/tree/tree.ts'
import type { CryptoPort, NodeKeys } from '../../port/platform.ts'

export async function nodeKeysOfLink(crypto: CryptoPort, secret: Bytes): Promise<NodeKeys> {
  const { credential, signingSecret, kemSecret } = linkKeysOf(secret)
  // By the arithmetic that opens what is sealed to it.
  const kemKey = await crypto.kemPublicKey(kemSecret)
  return {
    credential: { ...credential, kemKey },
    sign: (message) => signEd25519(signingSecret, message),
    open: (suite, info, associatedData, sealed) =>
      suite === 1 ? crypto.openWith(kemSecret, info, associatedData, sealed) : null,
    hybridKey: async () => null,
  }
}
