import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bytes, concat, fromHex, toHex, utf8 } from '../bytes/bytes.ts'
import { hpkeInfo, hpkeOpen, hpkeOverheadBytes, hpkeSeal, x25519PublicKey } from './crypto.ts'
import { agree, kemSecret, keySchedule } from './hpke.ts'
import { damaged } from './testing/damage.ts'

const hex = (text: string): Bytes => fromHex(text)!
const recipientSecret = new Uint8Array(32).fill(1)
const recipientKey = x25519PublicKey(recipientSecret)
const ephemeralSecret = new Uint8Array(32).fill(2)
const associatedData = utf8('place')
const plaintext = new Uint8Array(32).fill(9)
const sealed = hpkeSeal(recipientKey, hpkeInfo.readcap, associatedData, plaintext, ephemeralSecret)!

test('RFC 9180 §A.1.1: shared secret, key and nonce of the base mode', () => {
  const enc = hex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431')
  const recipient = hex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8')
  const secret = kemSecret(agree(recipient, enc)!, enc, x25519PublicKey(recipient))
  expect(toHex(secret)).toBe('fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc')
  const schedule = keySchedule(0x0020, secret, hex('4f6465206f6e2061204772656369616e2055726e'), {
    id: 1,
    keySizeBytes: 16,
  })
  expect(toHex(schedule.key)).toBe('4531685d41d65f03dc48f6b8302c05b0')
  expect(toHex(schedule.nonce)).toBe('56d890e5accaaf011cff4b7d')
})

test('what the core seals the library opens, and the other way round', async () => {
  const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM)
  const options = { info: hpkeInfo.readcap, aad: associatedData }
  const secret = await suite.DeserializePrivateKey(recipientSecret, true)
  const opened = await suite.Open(secret, sealed.subarray(0, 32), sealed.subarray(32), options)
  expect(Uint8Array.from(opened)).toEqual(plaintext)
  const theirs = await suite.Seal(await suite.DeserializePublicKey(recipientKey), plaintext, options)
  expect(
    hpkeOpen(recipientSecret, options.info, associatedData, concat(theirs.encapsulatedSecret, theirs.ciphertext)),
  ).toEqual(plaintext)
})

test('golden size and beginning', () => {
  expect(sealed).toHaveLength(plaintext.length + hpkeOverheadBytes)
  expect(sealed.subarray(0, 32)).toEqual(x25519PublicKey(ephemeralSecret))
})

test('opens for the recipient, the use and the place alone', () => {
  expect(hpkeOpen(recipientSecret, hpkeInfo.readcap, associatedData, sealed)).toEqual(plaintext)
  expect(hpkeOpen(ephemeralSecret, hpkeInfo.readcap, associatedData, sealed)).toBeNull()
  expect(hpkeOpen(recipientSecret, hpkeInfo.archive, associatedData, sealed)).toBeNull()
  expect(hpkeOpen(recipientSecret, hpkeInfo.readcap, utf8('elsewhere'), sealed)).toBeNull()
})

test('damaged octets do not open', () => {
  fc.assert(
    fc.property(
      damaged(sealed),
      (octets) => hpkeOpen(recipientSecret, hpkeInfo.readcap, associatedData, octets) === null,
    ),
    { numRuns: 60 },
  )
})

test('a recipient key of low order, which would give the all-zero secret, is refused', () => {
  for (const key of [new Uint8Array(32), concat(Uint8Array.of(1), new Uint8Array(31))])
    expect(hpkeSeal(key, hpkeInfo.readcap, associatedData, plaintext, ephemeralSecret)).toBeNull()
  expect(
    hpkeOpen(recipientSecret, hpkeInfo.readcap, associatedData, concat(new Uint8Array(32), sealed.subarray(32))),
  ).toBeNull()
})
