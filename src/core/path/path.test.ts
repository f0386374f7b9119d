import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, encode, toHex } from '../bytes/bytes.ts'
import {
  checkName,
  contains,
  idPathWire,
  nameFromPerson,
  parentPath,
  rootBlockId,
  rootPath,
  samePath,
  systemBlockId,
} from './path.ts'

const treeId = new Uint8Array(32).fill(7)
const id = (octet: number) => new Uint8Array(16).fill(octet)
const path = (...ids: number[]) => ({ treeId, ids: ids.map(id) })

describe('containment is by whole components', () => {
  test.each([
    { name: 'itself', outer: path(1, 2), inner: path(1, 2), inside: true },
    { name: 'a child', outer: path(1), inner: path(1, 2), inside: true },
    { name: 'the root holds all', outer: path(), inner: path(9, 9, 9), inside: true },
    { name: 'the parent of the scope', outer: path(1, 2), inner: path(1), inside: false },
    { name: 'a sibling', outer: path(1, 2), inner: path(1, 3), inside: false },
    { name: 'another order', outer: path(1, 2), inner: path(2, 1), inside: false },
    { name: 'another tree', outer: { treeId: new Uint8Array(32), ids: [id(1)] }, inner: path(1), inside: false },
  ])('$name', ({ outer, inner, inside }) => expect(contains(outer, inner)).toBe(inside))

  test('agrees with string prefixes that end in a separator', () => {
    const ids = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6 })
    fc.assert(
      fc.property(ids, ids, (left, right) => {
        const text = (of: number[]) => of.map((component) => `${component}/`).join('')
        expect(contains(path(...left), path(...right))).toBe(text(right).startsWith(text(left)))
      }),
    )
  })
})

describe('names', () => {
  test.each(['a', 'Grüße.txt', '日本語', '.hidden', '__proto__', 'constructor', 'a b', '👩‍👩‍👧', 'x'.repeat(255)])(
    '%s is a name',
    (name) => expect(checkName(name)).toEqual({ ok: true }),
  )
  test.each([
    '',
    '.',
    '..',
    'a/b',
    'a\\b',
    'a\u0000',
    'a\nb',
    '\u202Etxt',
    'a\u2028',
    '\ud800',
    'u\u0308',
    'x'.repeat(256),
    'ü'.repeat(128),
  ])('%j is none', (name) => expect(checkName(name).ok).toBe(false))
  test('what a person types is trimmed and composed', () =>
    expect(nameFromPerson('  u\u0308ber ')).toEqual({ ok: true, value: 'über' }))
})

test('the wire form is pinned and refuses depth 65', () => {
  expect(toHex(encode(idPathWire, path(1)))).toBe('825820' + '07'.repeat(32) + '8150' + '01'.repeat(16))
  const tooDeep = encode({ pack: () => [treeId, Array.from({ length: 65 }, () => id(1))], parse: () => 0 }, 0)
  expect(decode(idPathWire, tooDeep, 4096).ok).toBe(false)
})

test('ids with a meaning are derived, not random', () => {
  expect(rootBlockId(treeId)).toHaveLength(16)
  expect(toHex(systemBlockId('apps'))).not.toBe(toHex(systemBlockId('devices')))
  expect(parentPath(rootPath(treeId))).toBeNull()
  expect(samePath(path(1), path(1))).toBe(true)
})
