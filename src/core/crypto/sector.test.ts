import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bytes, utf8 } from '../bytes/bytes.ts'
import { openAes, sealAes, zeroNonce } from './crypto.ts'
import { damaged, octetsOf } from './testing/damage.ts'

test('gives the octets of WebCrypto', async () => {
  await fc.assert(
    fc.asyncProperty(
      octetsOf(32),
      octetsOf(12),
      fc.uint8Array({ maxLength: 300 }),
      octetsOf(56),
      async (key, nonce, drawn, additionalData) => {
        const plaintext = Uint8Array.from(drawn)
        const theirs = await crypto.subtle.encrypt(
          { name: 'AES-GCM', iv: nonce, additionalData },
          await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']),
          plaintext,
        )
        const sealed = sealAes(key, nonce, plaintext, additionalData)
        expect(sealed).toEqual(new Uint8Array(theirs))
        expect(openAes(key, nonce, sealed, additionalData)).toEqual(plaintext)
      },
    ),
  )
})

test('damaged octets do not open', () => {
  const key = new Uint8Array(32).fill(1)
  const place: Bytes = utf8('place')
  const sealed = sealAes(key, zeroNonce, utf8('content'), place)
  fc.assert(fc.property(damaged(sealed), (octets) => openAes(key, zeroNonce, octets, place) === null))
})
