import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, RefusedError, concat, utf8 } from '../../core/bytes/bytes.ts'
import { type Claim, ed25519PublicKey, hpkeSeal, signEd25519, verifyClaim } from '../../core/crypto/crypto.ts'
import { damaged } from '../../core/crypto/testing/damage.ts'
import { cryptoCases } from '../../port/testing/crypto-suite.ts'
import { createKeys } from '../keys/keys.ts'
import { engineWithout, memoryKeyDatabase } from '../keys/testing/engines.ts'
import { createCrypto } from './crypto.ts'

const hybrid = () => import('../../core/hybrid/hybrid.ts')
const secret = new Uint8Array(32).fill(1)
const message = utf8('a body')
const good: Claim = {
  algorithm: 'ed25519',
  publicKey: ed25519PublicKey(secret),
  message,
  signature: signEd25519(secret, message),
}

describe.each([
  { name: 'WebCrypto', subtle: crypto.subtle },
  { name: 'an engine without Ed25519', subtle: engineWithout('Ed25519') },
  { name: 'an engine without X25519', subtle: engineWithout('X25519') },
])('$name', ({ subtle }) => {
  const port = createCrypto({ subtle, hybrid })

  test.each(cryptoCases)('$name', async ({ run }) => {
    await run(port, createKeys('test', { database: memoryKeyDatabase(), subtle, hybrid }))
  })

  test('damaged claims get the verdict of the core', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.constant(good),
          damaged(good.signature).map((signature) => ({ ...good, signature })),
          damaged(good.publicKey).map((publicKey) => ({ ...good, publicKey })),
        ),
        async (claim: Claim) => {
          expect(await port.verify([claim])).toEqual([verifyClaim(claim)])
        },
      ),
      { numRuns: 60 },
    )
  })

  test('nothing is sealed to a key of low order', async () => {
    for (const key of [new Uint8Array(32), concat(Uint8Array.of(1), new Uint8Array(31))])
      await expect(port.sealTo({ suite: 1, publicKey: key }, message, message, message)).rejects.toThrow(RefusedError)
  })

  test('a message whose ephemeral key is of low order does not open', async () => {
    const sealed = hpkeSeal(await port.kemPublicKey(secret), message, message, message, new Uint8Array(32).fill(3))!
    expect(await port.openWith(secret, message, message, sealed)).toEqual(message)
    expect(await port.openWith(secret, message, message, concat(new Uint8Array(32), sealed.subarray(32)))).toBeNull()
  })
})

test('more signers than keys are kept imported are all verified', { timeout: 30_000 }, async () => {
  const port = createCrypto({ hybrid })
  const claims = Array.from({ length: 260 }, (_, i): Claim => {
    // Keys differ, so each is imported; which signature fits does not matter for that.
    const publicKey: Bytes = ed25519PublicKey(concat(Uint8Array.of(i & 255, i >> 8), new Uint8Array(30)))
    return { ...good, publicKey }
  })
  const verdicts = await port.verify([good, ...claims, good])
  expect(verdicts.filter(Boolean)).toHaveLength(2)
})
