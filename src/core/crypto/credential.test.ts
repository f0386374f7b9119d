import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, encode, fromHex, must, toHex } from '../bytes/bytes.ts'
import {
  type PublicCredential,
  decodeCredential,
  ed25519PublicKey,
  groupsOfFour,
  isEd25519Key,
  principalOf,
  publicCredentialWire,
  x25519PublicKey,
} from './crypto.ts'
import { damaged, decodeFault, octetsOf } from './testing/damage.ts'

const credential: PublicCredential = {
  suite: 1,
  signingKey: ed25519PublicKey(new Uint8Array(32).fill(1)),
  kemKey: x25519PublicKey(new Uint8Array(32).fill(2)),
}
const encoded = encode(publicCredentialWire, credential)

test('a credential decodes to what was encoded', () => {
  expect(must(decodeCredential(encoded))).toEqual(credential)
})

test('golden octets and principal', () => {
  expect(toHex(encoded)).toBe(
    '856a63726564656e7469616c010158208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c5820ce8d3ad1ccb633ec7b70c17814a5c76ecd029685050d344745ba05870e587d59',
  )
  expect(groupsOfFour(principalOf(credential))).toBe(
    '34d4 fc13 7858 8114 31ca 0d68 bda6 543f 63cb 870e b47a bc1d 66be fc35 7ffe 2c5d',
  )
})

test('damaged octets are refused, or are another principal', () => {
  fc.assert(
    fc.property(damaged(encoded), (octets) => {
      const decoded = decodeCredential(octets)
      if (decoded.ok) expect(principalOf(decoded.value)).not.toEqual(principalOf(credential))
      else expect(decoded.fault.code).toMatch(decodeFault)
    }),
  )
})

test('an unknown suite is refused', () => {
  const octets = encoded.slice()
  // kind, 11 octets; version; suite
  expect(octets[13]).toBe(1)
  octets[13] = 2
  expect(decodeCredential(octets)).toMatchObject({ ok: false, fault: { code: 'suiteUnknown' } })
})

/** Points of small order and other encodings of them (C2SP/CCTV; Chalkias and others, "Taming the many EdDSAs", table 1). */
const unsoundKeys = {
  'the identity': '0100000000000000000000000000000000000000000000000000000000000000',
  'the identity, not canonical': 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'the identity with the sign bit set': '0100000000000000000000000000000000000000000000000000000000000080',
  'order 2': 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'order 4': '0000000000000000000000000000000000000000000000000000000000000000',
  'order 8': '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'no point': '0200000000000000000000000000000000000000000000000000000000000000',
}

describe('keys that no honest signer has', () => {
  test.each(Object.entries(unsoundKeys))('%s is refused', (_, hex) => {
    const signingKey = fromHex(hex) as Bytes
    expect(isEd25519Key(signingKey)).toBe(false)
    expect(decodeCredential(encode(publicCredentialWire, { ...credential, signingKey }))).toMatchObject({ ok: false })
  })

  test('a sound key plus a point of order 2, 4 or 8 is refused', async () => {
    const { ed25519 } = await import('@noble/curves/ed25519.js')
    const sound = ed25519.Point.fromBytes(credential.signingKey)
    for (const name of ['order 2', 'order 4', 'order 8'] as const) {
      const torsion = ed25519.Point.fromBytes(fromHex(unsoundKeys[name])!, true)
      expect(isEd25519Key(sound.add(torsion).toBytes())).toBe(false)
    }
  })

  test('31 or 33 octets are no key', () => {
    expect(isEd25519Key(credential.signingKey.slice(0, 31))).toBe(false)
    expect(isEd25519Key(new Uint8Array(33))).toBe(false)
  })
})

test('every key that follows from a secret is sound, remembered or not', () => {
  fc.assert(
    fc.property(octetsOf(32), (secret) => {
      const key = ed25519PublicKey(secret)
      return isEd25519Key(key) && isEd25519Key(key)
    }),
    { numRuns: 25 },
  )
})
