import fc from 'fast-check'
import { expect, test } from 'vitest'
import { paddedSizeOf } from './padding.ts'

test.each([
  [0, 0],
  [1, 1],
  [2, 2],
  [9, 10],
  [100, 104],
  [1000, 1024],
  [65536, 65536],
  [65537, 67584],
  [1_000_000, 1_015_808],
  [2 ** 30 + 1, 2 ** 30 + 2 ** 25],
  [2 ** 40 + 1, 2 ** 40 + 2 ** 34],
])('%i octets are padded to %i', (sizeBytes, padded) => expect(paddedSizeOf(sizeBytes)).toBe(padded))

test('padding never shortens, keeps the order, is the same again, and adds 12 % at most', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.nat(2 ** 31 - 1), (one, other) => {
      const padded = paddedSizeOf(one)
      expect(padded).toBeGreaterThanOrEqual(one)
      expect(padded).toBeLessThanOrEqual(one * 1.12)
      if (one >= 65536) expect(padded).toBeLessThanOrEqual(one * 1.0313)
      expect(paddedSizeOf(padded)).toBe(padded)
      expect(one <= other).toBe(one <= other && padded <= paddedSizeOf(other))
    }),
  )
})

/** The definition by bits: the lower ones are cleared after rounding up. */
const padme = (sizeBytes: number): number => {
  const exponent = sizeBytes.toString(2).length - 1
  const mask = 2 ** Math.max(0, exponent - exponent.toString(2).length) - 1
  return sizeBytes + mask - ((sizeBytes + mask) % (mask + 1))
}
test('every size up to 70,000, and around every power of two, is padded as the definition says', () => {
  for (let sizeBytes = 2; sizeBytes < 70_000; sizeBytes++) expect(paddedSizeOf(sizeBytes)).toBe(padme(sizeBytes))
  for (let exponent = 16; exponent < 50; exponent++)
    for (const by of [-1, 0, 1]) expect(paddedSizeOf(2 ** exponent + by)).toBe(padme(2 ** exponent + by))
})
