import { describe, expect, test } from 'vitest'
import { must, utf8 } from '../core/bytes/bytes.ts'
import {
  type CredentialSet,
  compressedEs256Key,
  recoveryFromEntropy,
  rootChallenge,
  rootClaim,
  rootSignatureOf,
  sha256,
} from '../core/crypto/crypto.ts'
import { cryptoCases } from '../port/testing/crypto-suite.ts'
import { createSimulatedCrypto } from './crypto.ts'
import { createSimulatedKeys, createSimulatedPasskey } from './keys.ts'
import { Random } from './random.ts'

describe.each([
  { name: 'the twins', real: false },
  { name: 'true crypto in the core', real: true },
])('$name', ({ real }) => {
  const crypto = createSimulatedCrypto(Random.fromSeed(1), real)

  test.each(cryptoCases)('$name', async ({ run }) => {
    await run(crypto, createSimulatedKeys(utf8('phone'), real))
  })

  test('a passkey signs as root for one body', () => {
    const passkey = createSimulatedPasskey(utf8('owner'), undefined, real)
    const created = passkey.create(new Uint8Array(32))
    const recovery = recoveryFromEntropy(new Uint8Array(16))
    const set: CredentialSet = {
      sequence: 0,
      members: [
        {
          credentialId: Uint8Array.from(created.credentialId),
          publicKey: must(compressedEs256Key(created.publicKey)),
          synced: created.isSynced,
        },
      ],
      rpIdHash: sha256(utf8(created.rpId)),
      origins: [created.origin],
      rootKemKey: crypto.kemPublicKey(new Uint8Array(32)),
      recoveryKey: recovery.signingPublicKey,
      nextRecoveryHash: recovery.nextPublicKeyHash,
      previousHash: null,
    }
    const [domain, body] = ['blocktree/1/test', utf8('a body')] as const
    const signature = must(rootSignatureOf(set, passkey.sign(rootChallenge(domain, body))))
    const claim = must(rootClaim(set, domain, body, signature))
    expect(crypto.verify([claim, { ...claim, message: utf8('another') }])).toEqual([true, false])
    expect(rootClaim(set, domain, utf8('another body'), signature)).toMatchObject({ ok: false })
    expect(passkey.unlock(new Uint8Array(32))).toEqual(created.prf)
  })

  test('the same seed gives the same keys, another seed others', async () => {
    const credentialOf = async (seed: string) => (await createSimulatedKeys(utf8(seed), real).node()).credential
    expect(await credentialOf('phone')).toEqual(await credentialOf('phone'))
    expect(await credentialOf('phone')).not.toEqual(await credentialOf('laptop'))
  })
})
