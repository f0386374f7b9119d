import { expect, test } from 'vitest'
import { toHex } from '../../core/bytes/bytes.ts'
import { createRandom } from './random.ts'

test.each([0, 1, 24, 65536, 65537, 200_000])('%i octets', (sizeBytes) => {
  const octets = createRandom().bytes(sizeBytes)
  expect(octets).toHaveLength(sizeBytes)
  // Were a piece left out, its zeros would show: 64 of them by chance have a probability of 2^-512.
  for (let i = 0; i + 64 <= sizeBytes; i += 64)
    expect(octets.subarray(i, i + 64).some((octet) => octet !== 0)).toBe(true)
})

test('two draws differ', () => {
  const random = createRandom()
  expect(toHex(random.bytes(16))).not.toBe(toHex(random.bytes(16)))
})
