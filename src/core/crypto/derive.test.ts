import { expand, extract, hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concat, toHex, u64be, utf8 } from '../bytes/bytes.ts'
import { blockKeySchedule, deriveKey } from './crypto.ts'
import { octetsOf } from './testing/damage.ts'

test('a sector key is RFC 5869 over "blocktree/1/sector" ‖ block id ‖ salt', () => {
  fc.assert(
    fc.property(octetsOf(32), octetsOf(16), octetsOf(16), (blockKey, blockId, salt) => {
      const info = concat(utf8('blocktree/1/sector'), blockId, salt)
      const expected = expand(sha256, extract(sha256, blockKey), info, 32)
      const schedule = blockKeySchedule(blockKey)
      expect(schedule.sectorKey(blockId, salt)).toEqual(expected)
      // The schedule is used for many sectors; none leaves a trace in the next.
      expect(schedule.sectorKey(blockId, salt)).toEqual(expected)
    }),
  )
})

test('golden sector key', () => {
  const schedule = blockKeySchedule(new Uint8Array(32).fill(7))
  expect(toHex(schedule.sectorKey(new Uint8Array(16).fill(1), new Uint8Array(16).fill(3)))).toBe(
    '1c6d80ec5a969efc0d1ce34d640dd7465789ea7ef02ecc7094826c6b3492f8af',
  )
})

test('every input changes the sector key', () => {
  const key = new Uint8Array(32).fill(7)
  const id = new Uint8Array(16)
  const salt = new Uint8Array(16)
  const other = new Uint8Array(16).fill(1)
  const schedule = blockKeySchedule(key)
  const keys = [
    schedule.sectorKey(id, salt),
    schedule.sectorKey(other, salt),
    schedule.sectorKey(id, other),
    blockKeySchedule(new Uint8Array(32)).sectorKey(id, salt),
  ].map(toHex)
  expect(new Set(keys).size).toBe(keys.length)
})

test('a schedule that was wiped gives no key', () => {
  const schedule = blockKeySchedule(new Uint8Array(32))
  schedule.wipe()
  expect(() => schedule.sectorKey(new Uint8Array(16), new Uint8Array(16))).toThrow()
})

test('a key or salt of another size is our mistake', () => {
  expect(() => blockKeySchedule(new Uint8Array(31))).toThrow('expected 32 bytes, got 31')
  expect(() => blockKeySchedule(new Uint8Array(32)).sectorKey(new Uint8Array(16), new Uint8Array(15))).toThrow(
    'expected 16 bytes, got 15',
  )
})

test('a derived key is HKDF with the domain and each context told apart', () => {
  const secret = utf8('secret')
  const domain = utf8('blocktree/1/test')
  const info = concat(Uint8Array.of(domain.length), domain, u64be(1), utf8('a'), u64be(2), utf8('bc'))
  expect(deriveKey(secret, 'blocktree/1/test', utf8('a'), utf8('bc'))).toEqual(
    hkdf(sha256, secret, undefined, info, 32),
  )
  expect(deriveKey(secret, 'blocktree/1/test', utf8('ab'), utf8('c'))).not.toEqual(
    deriveKey(secret, 'blocktree/1/test', utf8('a'), utf8('bc')),
  )
})
