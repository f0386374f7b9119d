import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bytes, toHex } from '../bytes/bytes.ts'
import { damaged } from '../crypto/testing/damage.ts'
import { archiveNonce, decodeArchiveHead, encodeArchiveHead } from './archive.ts'

const filled = (octet: number, sizeBytes: number): Bytes => new Uint8Array(sizeBytes).fill(octet)
const head = {
  treeId: filled(1, 32),
  exportedAtMs: 1000,
  sizeBytes: 65536,
  recoveryKemKey: filled(2, 32),
  sealedKey: filled(3, 80),
}
const octets = encodeArchiveHead(head).octets.slice(4)

test('a head comes back from its own octets', () => {
  expect(decodeArchiveHead(octets)).toMatchObject({ ok: true, value: { head, check: encodeArchiveHead(head).check } })
})

test('no bit of a head can be another, and every damage has one code', () => {
  for (let bit = 0; bit < 8 * octets.length; bit++) {
    const flipped = octets.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    expect(decodeArchiveHead(flipped)).toMatchObject({ ok: false, fault: { code: 'archiveDamaged' } })
  }
  fc.assert(
    fc.property(damaged(octets), (changed) => {
      const decoded = decodeArchiveHead(changed)
      return !decoded.ok && decoded.fault.code === 'archiveDamaged'
    }),
  )
})

test('a head with a size that no padding gives is refused', () => {
  for (const sizeBytes of [65535, 65537, 2 ** 40 + 1])
    expect(decodeArchiveHead(encodeArchiveHead({ ...head, sizeBytes }).octets.slice(4)).ok).toBe(false)
})

test('a piece is told apart from every other, and the last from all before', () => {
  expect(toHex(archiveNonce(0, 2))).toBe('000000000000000000000000')
  expect(toHex(archiveNonce(1, 2))).toBe('000000010000000000000001')
  expect(toHex(archiveNonce(1, 3))).toBe('000000000000000000000001')
  expect(toHex(archiveNonce(2 ** 32, 2 ** 33))).toBe('000000000000000100000000')
})
