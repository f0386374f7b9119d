import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accepted, decode, encode, textUpTo } from './bytes.ts'

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
