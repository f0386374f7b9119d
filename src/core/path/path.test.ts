import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, encode, toHex } from '../bytes/bytes.ts'
import { verdictOf } from '../bytes/testing/verdict.ts'
import { sealText } from '../crypto/crypto.ts'
import {
  blockIdOf,
  checkDepth,
  checkName,
  childPath,
  contains,
  idPathWire,
  nameFromPerson,
  openName,
  parentPath,
  rootBlockId,
  rootPath,
  samePath,
  systemBlockId,
} from './path.ts'

const treeId = new Uint8Array(32).fill(7)
const id = (octet: number) => new Uint8Array(16).fill(octet)
const path = (...ids: number[]) => ({ treeId, ids: ids.map(id) })
/** As the ids below computed from the specification by another program. */
const rootBlockHex = '4236de7d1e4e6b3bdf4e28d014d500a2'

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
    ...['', '.', '..'].map((name) => [name, 'nameEmpty'] as const),
    ...['a/b', 'a\\b', 'a%2Fb', 'a%2fb', 'a%5cb'].map((name) => [name, 'nameInvalid'] as const),
    ...['a\u0000', 'a\u001f', 'a\u007f', 'a\u009f', 'a\nb'].map((name) => [name, 'nameInvalid'] as const),
    ...['\u202Etxt', 'a\u2028', 'a\u2029', '\u061c', '\u200e', '\u2069', '\ufeffx', 'x\ufeff'].map(
      (name) => [name, 'nameInvalid'] as const,
    ),
    ...['\ud800', 'a\udfff', 'u\u0308'].map((name) => [name, 'nameInvalid'] as const),
    ...['x'.repeat(256), 'ü'.repeat(128)].map((name) => [name, 'nameTooLong'] as const),
  ])('%j is none: %s', (name, code) => expect(verdictOf(checkName(name))).toBe(code))
  test('a broken character, a forbidden one and another form are told apart in words', () => {
    const told = ['\ud800', 'a/b', 'u\u0308'].map((name) => {
      const check = checkName(name)
      return check.ok || check.fault.local
    })
    expect(new Set(told).size).toBe(3)
  })
  test('what a person types is trimmed and composed', () =>
    expect(nameFromPerson('  u\u0308ber ')).toEqual({ ok: true, value: 'über' }))
  test('what a person types and is none is refused as such', () => {
    expect(verdictOf(nameFromPerson('  '))).toBe('nameEmpty')
    expect(verdictOf(nameFromPerson('a/b'))).toBe('nameInvalid')
  })

  const [key, place, nonce] = [new Uint8Array(32).fill(1), id(2), new Uint8Array(24)]
  const sealed = (name: string) => sealText(key, name, place, nonce)
  test('a sealed one opens under its key, in its place, and as a name only', () => {
    expect(openName(key, place, sealed('über'))).toBe('über')
    expect(openName(new Uint8Array(32), place, sealed('über'))).toBeNull()
    expect(openName(key, id(3), sealed('über'))).toBeNull()
    for (const none of ['..', 'a/b', 'u\u0308']) expect(openName(key, place, sealed(none))).toBeNull()
  })
})

describe('places', () => {
  test('a child lies above its parent, and the root has none', () => {
    expect(childPath(rootPath(treeId), id(1))).toEqual(path(1))
    expect(childPath(path(1), id(2))).toEqual(path(1, 2))
    expect(parentPath(path(1, 2))).toEqual(path(1))
    expect(parentPath(path(1))).toEqual(rootPath(treeId))
    expect(parentPath(rootPath(treeId))).toBeNull()
  })
  test('the block of a path is the one at its end', () => {
    expect(blockIdOf(path(1, 2, 3))).toEqual(id(3))
    expect(toHex(blockIdOf(rootPath(treeId)))).toBe(rootBlockHex)
  })
  test('are the same where all components are', () => {
    expect(samePath(path(1, 2), path(1, 2))).toBe(true)
    for (const [left, right] of [
      [path(1), path(1, 2)],
      [path(1, 2), path(1)],
      [path(1, 2), path(1, 3)],
      [path(), rootPath(new Uint8Array(32))],
    ] as const)
      expect(samePath(left, right)).toBe(false)
  })
  test('are 64 deep at most', () => {
    const deep = (depth: number) => path(...Array.from({ length: depth }, () => 1))
    expect(verdictOf(checkDepth(deep(64)))).toBe('ok')
    expect(verdictOf(checkDepth(deep(65)))).toBe('pathTooDeep')
  })
})

test('the wire form is pinned and refuses depth 65', () => {
  expect(toHex(encode(idPathWire, path(1)))).toBe('825820' + '07'.repeat(32) + '8150' + '01'.repeat(16))
  const tooDeep = encode({ pack: () => [treeId, Array.from({ length: 65 }, () => id(1))], parse: () => 0 }, 0)
  expect(decode(idPathWire, tooDeep, 4096).ok).toBe(false)
})

test('ids with a meaning are derived, not random', () => {
  expect(toHex(rootBlockId(treeId))).toBe(rootBlockHex)
  // With every record the root block's is asked for; it is computed once for a tree id.
  expect(rootBlockId(treeId)).toBe(rootBlockId(treeId))
  expect((['apps', 'devices', 'global'] as const).map((name) => toHex(systemBlockId(name)))).toEqual([
    '8acc4611fa791945072ccff51b8eb403',
    '1b07fc41843d24c680b38ffa51d78745',
    '0395f747d443ab05b83fe8d8fb8c6db8',
  ])
})
