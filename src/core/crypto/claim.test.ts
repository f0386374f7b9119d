import { p256 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, concat, fromHex, must, toHex, utf8 } from '../bytes/bytes.ts'
import {
  type Claim,
  compressedEs256Key,
  derToCompact,
  ed25519Message,
  ed25519PublicKey,
  isWellFormed,
  lowS,
  signEd25519,
  signedBy,
  uncompressedEs256Key,
  verifyClaim,
} from './crypto.ts'
import { damaged, octetsOf } from './testing/damage.ts'

const hex = (text: string): Bytes => fromHex(text)!
const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n

describe('ed25519', () => {
  const secret = new Uint8Array(32).fill(3)
  const publicKey = ed25519PublicKey(secret)
  const message = utf8('a body')
  const claim: Claim = { algorithm: 'ed25519', publicKey, message, signature: signEd25519(secret, message) }

  test('RFC 8032 §7.1, test 2', () => {
    expect(
      verifyClaim({
        algorithm: 'ed25519',
        publicKey: hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'),
        message: hex('72'),
        signature: hex(
          '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
        ),
      }),
    ).toBe(true)
  })

  test('a signature holds for its key, domain and body alone', () => {
    const credential = { suite: 1, signingKey: publicKey, kemKey: new Uint8Array(32) } as const
    const signature = signEd25519(secret, ed25519Message('blocktree/1/one', message))
    expect(verifyClaim(signedBy(credential, 'blocktree/1/one', message, signature))).toBe(true)
    expect(verifyClaim(signedBy(credential, 'blocktree/1/two', message, signature))).toBe(false)
    expect(verifyClaim(signedBy(credential, 'blocktree/1/one', utf8('a bodz'), signature))).toBe(false)
    const stranger = { ...credential, signingKey: ed25519PublicKey(new Uint8Array(32).fill(4)) }
    expect(verifyClaim(signedBy(stranger, 'blocktree/1/one', message, signature))).toBe(false)
  })

  test('S + L, the second form of the same signature, is refused before the equation', () => {
    const s = BigInt(`0x${toHex(claim.signature.slice(32).reverse())}`) + groupOrder
    const second = hex(s.toString(16).padStart(64, '0')).reverse()
    const forged = { ...claim, signature: concat(claim.signature.subarray(0, 32), second) }
    expect(isWellFormed(forged)).toBe(false)
    expect(verifyClaim(forged)).toBe(false)
  })

  test('the identity as key and R with S = 0 would fit every message, and is refused', () => {
    const identity = hex('0100000000000000000000000000000000000000000000000000000000000000')
    const signature = concat(identity, new Uint8Array(32))
    expect(verifyClaim({ algorithm: 'ed25519', publicKey: identity, message, signature })).toBe(false)
  })

  test('S = 0 under a sound key is refused without throwing', () => {
    expect(verifyClaim({ ...claim, signature: new Uint8Array(64) })).toBe(false)
  })

  test('R with a component of order 8 is refused: the equation has no cofactor', async () => {
    const { ed25519 } = await import('@noble/curves/ed25519.js')
    const { sha512 } = await import('@noble/hashes/sha2.js')
    const little = (octets: Uint8Array): bigint => BigInt(`0x${toHex(octets.slice().reverse())}`)
    const order8 = ed25519.Point.fromBytes(
      hex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
      true,
    )
    const { scalar } = ed25519.utils.getExtendedPublicKey(secret)
    const nonce = 12345n
    for (const [isMixed, expected] of [
      [false, true],
      [true, false],
    ] as const) {
      const pointR = ed25519.Point.BASE.multiply(nonce).add(isMixed ? order8 : ed25519.Point.ZERO)
      const k = little(sha512(concat(pointR.toBytes(), publicKey, message))) % groupOrder
      const s = (nonce + k * scalar) % groupOrder
      const signature = concat(pointR.toBytes(), hex(s.toString(16).padStart(64, '0')).reverse())
      // noble's own verifier multiplies by the cofactor and takes both.
      expect(ed25519.verify(signature, message, publicKey)).toBe(true)
      expect(verifyClaim({ ...claim, signature })).toBe(expected)
    }
  })

  test('damaged signatures and keys are refused, and WebCrypto agrees on what gets that far', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          damaged(claim.signature).map((signature) => ({ ...claim, signature })),
          damaged(publicKey).map((key) => ({ ...claim, publicKey: key })),
          damaged(message).map((other) => ({ ...claim, message: other })),
        ),
        async (bad: Claim) => {
          expect(verifyClaim(bad)).toBe(false)
          if (!isWellFormed(bad)) return
          const key = await crypto.subtle.importKey('raw', bad.publicKey, 'Ed25519', false, ['verify'])
          expect(await crypto.subtle.verify('Ed25519', key, bad.signature, bad.message)).toBe(false)
        },
      ),
    )
  })
})

describe('es256', () => {
  const { secretKey, publicKey } = p256.keygen(new Uint8Array(48).fill(5))
  const message = utf8('a body')
  const low = p256.sign(message, secretKey, { lowS: true })
  const high = concat(low.subarray(0, 32), negated(low.subarray(32)))
  const claim: Claim = { algorithm: 'es256', publicKey: Uint8Array.from(publicKey), message, signature: low }
  const der = (compact: Uint8Array): Bytes => p256.Signature.fromBytes(compact, 'compact').toBytes('der')

  function negated(s: Uint8Array): Bytes {
    return hex((p256.Point.Fn.ORDER - BigInt(`0x${toHex(s)}`)).toString(16).padStart(64, '0'))
  }

  test('of the two signatures that fit, only the one with the lower s is a claim', () => {
    expect(p256.verify(high, message, publicKey, { lowS: false })).toBe(true)
    expect(verifyClaim(claim)).toBe(true)
    expect(verifyClaim({ ...claim, signature: high })).toBe(false)
    expect(isWellFormed({ ...claim, signature: high })).toBe(false)
  })

  test('an authenticator may give either; both are stored as the lower', () => {
    expect(must(derToCompact(der(low)))).toEqual(low)
    expect(must(derToCompact(der(high)))).toEqual(low)
    expect(lowS(high)).toEqual(low)
    expect(lowS(low)).toEqual(low)
  })

  test.each([
    ['r = 0', concat(new Uint8Array(32), low.subarray(32))],
    ['s = 0', concat(low.subarray(0, 32), new Uint8Array(32))],
    ['r = n', concat(hex(p256.Point.Fn.ORDER.toString(16)), low.subarray(32))],
    ['s = n', concat(low.subarray(0, 32), hex(p256.Point.Fn.ORDER.toString(16)))],
    ['63 octets', low.slice(0, 63)],
  ])('%s is no signature', (_, signature) => {
    expect(lowS(signature)).toBeNull()
    expect(verifyClaim({ ...claim, signature })).toBe(false)
  })

  test('damaged DER is refused, or is another signature', () => {
    const original = der(high)
    fc.assert(
      fc.property(damaged(original), (octets) => {
        const compact = derToCompact(octets)
        if (compact.ok) expect(verifyClaim({ ...claim, signature: compact.value })).toBe(false)
        else expect(compact.fault.code).toBe('passkeySignatureInvalid')
      }),
    )
  })

  test('octets at random are no DER, and nothing is thrown', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => void derToCompact(octets)))
  })

  test('keys are stored compressed and imported whole', () => {
    const whole = uncompressedEs256Key(claim.publicKey)!
    expect(whole).toHaveLength(65)
    expect(must(compressedEs256Key(whole))).toEqual(claim.publicKey)
    expect(compressedEs256Key(claim.publicKey)).toMatchObject({ ok: false })
    whole[64]! ^= 1
    expect(compressedEs256Key(whole)).toMatchObject({ ok: false, fault: { code: 'passkeyKeyInvalid' } })
  })

  test('a key off the curve verifies nothing', () => {
    fc.assert(
      fc.property(octetsOf(32), (x) => {
        const key = concat(Uint8Array.of(2), x)
        expect(verifyClaim({ ...claim, publicKey: key })).toBe(false)
        expect(isWellFormed({ ...claim, publicKey: key })).toBe(uncompressedEs256Key(key) !== null)
      }),
      { numRuns: 30 },
    )
  })
})
