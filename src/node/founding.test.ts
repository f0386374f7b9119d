import { expect, test } from 'vitest'
import { type Bytes, toHex } from '../core/bytes/bytes.ts'
import { recoveryFromEntropy, x25519PublicKey } from '../core/crypto/crypto.ts'
import { openPeople, sealPeople, unwrapByCard, unwrapByPasskey, wrapForCard, wrapForPasskey } from './founding.ts'

const octets = (octet: number, sizeBytes = 32): Bytes => new Uint8Array(sizeBytes).fill(octet)
const [treeId, secret, prf, nonce] = [octets(1), octets(2), octets(3), octets(4, 24)]
const card = recoveryFromEntropy(octets(5, 16))

test('golden: what the card opens, the root’s KEM secret under a passkey, and who the tree is of', async () => {
  const people = { ownerName: 'Ada', deviceName: 'Laptop' }
  const { byRecoveryKey, recoveryKemKey } = await wrapForCard(
    { kemPublicKey: x25519PublicKey },
    card,
    treeId,
    secret,
    nonce,
  )
  const byPasskey = wrapForPasskey(prf, treeId, secret, nonce)
  const profile = sealPeople(octets(6), treeId, people, nonce)
  expect([byRecoveryKey, recoveryKemKey, byPasskey.wrapped, byPasskey.check, profile].map(toHex)).toEqual([
    '04040404040404040404040404040404040404040404040449b2de82c2d37687c90c365a733ce8c36aa34f07f05c12245b091f85995d90317f051bd556243a0664786e6f05cb7999',
    '9bb714ec0cd449a98aefb518111cf21ed63f8939caed1d793d8e0cad15bc4f23',
    '0404040404040404040404040404040404040404040404048d8f96b42265bccf8e620f3bff7328b22a5cadd0ab06ed0e3a08061089987eb64093d90277255c8dbfe05026912eaa7c',
    '6b3aad8f5e4b356f12dc7ede57f4bacddab14ddb3552d5c837990c92f2441884',
    '0404040404040404040404040404040404040404040404043bff5b96fe656480efd7028765a3feae746831bfb797d720313d5423053feda2c6e18e699ed90d6109f23189e29047eb',
  ])
  expect(unwrapByCard(card, treeId, byRecoveryKey)).toEqual(secret)
  expect(unwrapByPasskey(prf, treeId, byPasskey.wrapped)).toEqual(secret)
  expect(openPeople(octets(6), treeId, profile)).toEqual(people)
})
