import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bytes, utf8 } from '../bytes/bytes.ts'
import { openOnce, sealOnce } from './crypto.ts'
import { damaged, octetsOf } from './testing/damage.ts'

test('gives the octets of WebCrypto', async () => {
  await fc.assert(
    fc.asyncProperty(
      octetsOf(32),
      fc.uint8Array({ maxLength: 300 }),
      octetsOf(56),
      async (key, drawn, additionalData) => {
        const plaintext = Uint8Array.from(drawn)
        const theirs = await crypto.subtle.encrypt(
          { name: 'AES-GCM', iv: new Uint8Array(12), additionalData },
          await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']),
          plaintext,
        )
        const sealed = sealOnce(key, plaintext, additionalData)
        expect(sealed).toEqual(new Uint8Array(theirs))
        expect(openOnce(key, sealed, additionalData)).toEqual(plaintext)
      },
    ),
  )
})

test('damaged octets do not open', () => {
  const key = new Uint8Array(32).fill(1)
  const place: Bytes = utf8('place')
  const sealed = sealOnce(key, utf8('content'), place)
  fc.assert(fc.property(damaged(sealed), (octets) => openOnce(key, octets, place) === null))
})
