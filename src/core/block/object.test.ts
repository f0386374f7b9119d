import { expect, test } from 'vitest'
import { toHex } from '../bytes/bytes.ts'
import { hashInObjectId, objectId, objectIdSizeBytes } from './object.ts'

const filled = (octet: number, sizeBytes: number) => new Uint8Array(sizeBytes).fill(octet)

test('an object is named by its block, its place there and its hash, in this order', () => {
  const id = objectId(filled(1, 16), { level: 2, index: 5, hash: filled(9, 32) })
  expect(toHex(id)).toBe(`${'01'.repeat(16)}0003000000000005${'09'.repeat(32)}`)
  expect(toHex(objectId(filled(1, 16), { level: -1, index: 7, hash: filled(9, 32) })).slice(32, 48)).toBe(
    '0000000000000007',
  )
  expect(id).toHaveLength(objectIdSizeBytes)
  expect(toHex(hashInObjectId(id))).toBe('09'.repeat(32))
})
