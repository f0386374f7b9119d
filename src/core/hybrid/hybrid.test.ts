import { sha3_256 } from '@noble/hashes/sha3.js'
import { ml_kem768_x25519 as xWing } from '@noble/post-quantum/hybrid.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concat, fromHex, toHex, utf8 } from '../bytes/bytes.ts'
import { hpkeInfo, hpkeOpen, hybridKeySizeBytes, hybridOverheadBytes, x25519PublicKey } from '../crypto/crypto.ts'
import { keySchedule } from '../crypto/hpke.ts'
import { damaged } from '../crypto/testing/damage.ts'
import { hybridOpen, hybridPublicKey, hybridSeal } from './hybrid.ts'

/** draft-connolly-cfrg-xwing-kem, appendix C; of the long values SHA3-256. */
const vectors = [
  {
    seed: '7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26',
    eseed:
      '3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e235b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2',
    ss: 'd2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384',
    pk: '5121745904643ad9dfacca7869292c19a8a69533b53e60666b7db910b4ad6367',
    ct: 'c0abd149f83f45324ac3a7ddc7606c71f257e5ea86113522834a0ee1bcb34e3e',
  },
  {
    seed: 'badfd6dfaac359a5efbb7bcc4b59d538df9a04302e10c8bc1cbf1a0b3a5120ea',
    eseed:
      '17cda7cfad765f5623474d368ccca8af0007cd9f5e4c849f167a580b14aabdefaee7eef47cb0fca9767be1fda69419dfb927e9df07348b196691abaeb580b32d',
    ss: 'f2e86241c64d60f6649fbc6c5b7d17180b780a3f34355e64a85749949c45f150',
    pk: '799b6016e5daa56ffa1b5e79f7caf73413ceecd6df428642404cac41ddee4853',
    ct: '7680b7ba47ae09bac4b43001edcef9d98e50df20026e70ba6a424447e1f2b961',
  },
  {
    seed: 'ef58538b8d23f87732ea63b02b4fa0f4873360e2841928cd60dd4cee8cc0d4c9',
    eseed:
      '22a96188d032675c8ac850933c7aff1533b94c834adbb69c6115bad4692d8619f90b0cdf8a7b9c264029ac185b70b83f2801f2f4b3f70c593ea3aeeb613a7f1b',
    ss: '953f7f4e8c5b5049bdc771d1dffada0dd961477d1a2ae0988baa7ea6898d893f',
    pk: '1ef0c99a06026450564957a5402a788feffbbefdcce55d25de254d0a49eb095a',
    ct: '3088688d63201d5d844170b79f148b2791c15f346ff6f8bd559807fbd442f91f',
  },
] as const

const hex = (text: string) => fromHex(text)!
const sha3 = (octets: Uint8Array): string => toHex(Uint8Array.from(sha3_256(octets)))

test.each(vectors)('the draft’s vector $seed', ({ seed, eseed, ss, pk, ct }) => {
  const publicKey = hybridPublicKey(hex(seed))
  expect(sha3(publicKey)).toBe(pk)
  const { cipherText, sharedSecret } = xWing.encapsulate(publicKey, hex(eseed))
  expect(sha3(cipherText)).toBe(ct)
  expect(toHex(Uint8Array.from(sharedSecret))).toBe(ss)
  expect(xWing.decapsulate(cipherText, hex(seed))).toEqual(sharedSecret)
})

const secret = new Uint8Array(32).fill(1)
const publicKey = hybridPublicKey(secret)
const ephemeralSecret = new Uint8Array(64).fill(2)
const place = utf8('place')
const plaintext = new Uint8Array(32).fill(9)
const sealed = hybridSeal(publicKey, hpkeInfo.readcap, place, plaintext, ephemeralSecret)!

test('golden: sizes, and octets by their hash', () => {
  expect(publicKey).toHaveLength(hybridKeySizeBytes)
  expect(sealed).toHaveLength(plaintext.length + hybridOverheadBytes)
  expect(sha3(sealed)).toBe('2344e41973cf12c2f7ddc1ac0718df51a5a6fe8ef249a05f332876292464e244')
})

test('opens for the recipient, the use and the place alone', () => {
  expect(hybridOpen(secret, hpkeInfo.readcap, place, sealed)).toEqual(plaintext)
  expect(hybridOpen(new Uint8Array(32).fill(3), hpkeInfo.readcap, place, sealed)).toBeNull()
  expect(hybridOpen(secret, hpkeInfo.archive, place, sealed)).toBeNull()
  expect(hybridOpen(secret, hpkeInfo.readcap, utf8('elsewhere'), sealed)).toBeNull()
})

test('damaged octets do not open, in either half of what is encapsulated', () => {
  fc.assert(
    fc.property(damaged(sealed), (octets) => hybridOpen(secret, hpkeInfo.readcap, place, octets) === null),
    { numRuns: 60 },
  )
  for (const at of [0, 1087, 1088, 1119, 1120, sealed.length - 1]) {
    const flipped = sealed.slice()
    flipped[at]! ^= 1
    expect(hybridOpen(secret, hpkeInfo.readcap, place, flipped)).toBeNull()
  }
})

test('the schedule binds the KEM, so one suite’s message is none of the other', () => {
  const shared = new Uint8Array(32).fill(4)
  const aead = { id: 2, keySizeBytes: 32 }
  const [one, other] = [0x0020, 0x647a].map((kem) => keySchedule(kem, shared, hpkeInfo.readcap, aead).key)
  expect(one).not.toEqual(other)
  expect(hpkeOpen(secret, hpkeInfo.readcap, place, sealed)).toBeNull()
})

test.each([
  { name: 'shorter', key: publicKey.slice(0, -1) },
  { name: 'a key of suite 1', key: x25519PublicKey(secret) },
  { name: 'with a coefficient out of range', key: concat(new Uint8Array(1184).fill(255), publicKey.slice(1184)) },
  { name: 'with an X25519 half of low order', key: concat(publicKey.slice(0, 1184), new Uint8Array(32)) },
])('nothing is sealed to a key that is $name', ({ key }) => {
  expect(hybridSeal(key, hpkeInfo.readcap, place, plaintext, ephemeralSecret)).toBeNull()
})
