import { encode as cborEncode } from 'cborg'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Codec, accepted, decode, encode, textUpTo } from './bytes.ts'
import { verdictOf } from './testing/verdict.ts'

test('whatever text can be encoded comes back', () => {
  const text = textUpTo(64)
  const begun = fc.constantFrom('', '\ufeff', 'x\ufeff')
  fc.assert(
    fc.property(begun, fc.string({ unit: 'binary', maxLength: 30 }), (begin, rest) => {
      const value = begin + rest
      let octets
      try {
        octets = encode(text, value)
      } catch {
        expect(value).toMatch(/^\ufeff/u)
        return
      }
      expect(decode(text, octets, 1000)).toEqual(accepted(value))
    }),
  )
})

test('what parses and does not pack is refused', () => {
  const twiceMarked = `\ufeff\ufeff${'x'.repeat(80)}`
  expect(verdictOf(decode(textUpTo(100), cborEncode(twiceMarked), 1000))).toBe('formatMismatch')
})

test('a mistake in a format is no fault of the octets', () => {
  const broken: Codec<number> = {
    pack: (value) => value,
    parse: () => {
      throw new TypeError('a mistake')
    },
  }
  expect(() => decode(broken, cborEncode(1), 1000)).toThrow('a mistake')
})
