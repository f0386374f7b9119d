import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex, utf8 } from '../bytes/bytes.ts'
import {
  openText,
  sealText,
  sealedTextOctetsMax,
  sealedTextSizeBytesMax,
  unwrapKey,
  wrapKey,
  wrappedKeySizeBytes,
} from './crypto.ts'
import { damaged, octetsOf } from './testing/damage.ts'

const wrappingKey = new Uint8Array(32).fill(1)
const key = new Uint8Array(32).fill(2)
const associatedData = utf8('place')
const nonce = new Uint8Array(24).fill(3)
const wrapped = wrapKey(wrappingKey, key, associatedData, nonce)

test('golden octets', () => {
  expect(wrapped).toHaveLength(wrappedKeySizeBytes)
  expect(toHex(wrapped)).toBe(
    '0303030303030303030303030303030303030303030303034c020d73f23dd0c3e9dfa73e4f35df0115d526a098b9ef1bfb14f56179163dfd38b7dbeb2b8e2c2b9e49801d5eee9cbc',
  )
})

test('a wrapped key opens under the same key and associated data alone', () => {
  expect(unwrapKey(wrappingKey, wrapped, associatedData)).toEqual(key)
  expect(unwrapKey(key, wrapped, associatedData)).toBeNull()
  expect(unwrapKey(wrappingKey, wrapped, utf8('elsewhere'))).toBeNull()
})

test('damaged octets do not open, as a key or as a text', () => {
  const text = sealText(wrappingKey, 'photo.jpg', associatedData, nonce)
  fc.assert(fc.property(damaged(wrapped), (octets) => unwrapKey(wrappingKey, octets, associatedData) === null))
  fc.assert(fc.property(damaged(text), (octets) => openText(wrappingKey, octets, associatedData) === null))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => openText(wrappingKey, octets, associatedData) === null),
  )
})

test('every text comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), octetsOf(24), (text, freshNonce) => {
      expect(openText(wrappingKey, sealText(wrappingKey, text, associatedData, freshNonce), associatedData)).toBe(text)
    }),
  )
})

test('a name tells its size in steps of 32 octets only', () => {
  const sizeOf = (length: number): number => sealText(wrappingKey, 'x'.repeat(length), associatedData, nonce).length
  expect([0, 1, 30].map(sizeOf)).toEqual([72, 72, 72])
  expect([31, 62].map(sizeOf)).toEqual([104, 104])
  expect(sizeOf(sealedTextSizeBytesMax)).toBe(sealedTextOctetsMax)
  expect(() => sizeOf(sealedTextSizeBytesMax + 1)).toThrow(RangeError)
})

test.each([
  ['an octet in the padding', (padded: Uint8Array) => void (padded[31] = 1)],
  ['a length beyond the padding', (padded: Uint8Array) => void (padded[1] = 31)],
  ['a text that is not UTF-8', (padded: Uint8Array) => void (padded[2] = 0xff)],
])('%s is refused, though its seal is good', (_, spoil) => {
  const padded = new Uint8Array(32)
  padded.set([0, 2, 0x68, 0x69])
  expect(openText(wrappingKey, wrapKey(wrappingKey, padded, associatedData, nonce), associatedData)).toBe('hi')
  spoil(padded)
  expect(openText(wrappingKey, wrapKey(wrappingKey, padded, associatedData, nonce), associatedData)).toBeNull()
})

test('a text padded further than needed is refused: one text, one form', () => {
  const padded = new Uint8Array(64)
  padded.set([0, 2, 0x68, 0x69])
  expect(openText(wrappingKey, wrapKey(wrappingKey, padded, associatedData, nonce), associatedData)).toBeNull()
})
