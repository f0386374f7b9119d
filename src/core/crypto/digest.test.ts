import { expect, test } from 'vitest'
import { concat, toHex, utf8 } from '../bytes/bytes.ts'
import { digest, sha256 } from './crypto.ts'

test('a digest is SHA-256 of the domain with its length, then the parts', () => {
  const [left, right] = [Uint8Array.of(1, 2), Uint8Array.of(3)]
  const domain = utf8('blocktree/1/test')
  expect(digest('blocktree/1/test', left, right)).toEqual(
    sha256(concat(Uint8Array.of(domain.length), domain, left, right)),
  )
})

test('golden octets', () => {
  expect(toHex(digest('blocktree/1/test', utf8('abc')))).toBe(
    '26bacf0246eb2d480ffedd31616ab3e3aeb79c0c94046953409fca421b88e44a',
  )
})

test('FIPS 180-4: SHA-256 of "abc"', () => {
  expect(toHex(sha256(utf8('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('the same parts under two domains give two digests, though one domain begins the other', () => {
  expect(digest('blocktree/1/ab', utf8('c'))).not.toEqual(digest('blocktree/1/a', utf8('bc')))
})

test('a domain of no suite is our mistake', () => {
  expect(() => digest('blocktree/2/test')).toThrow(RangeError)
})
