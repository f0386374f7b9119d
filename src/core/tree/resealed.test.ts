import { describe, expect, test } from 'vitest'
import { principalOf } from '../crypto/crypto.ts'
import { rights } from '../cap/cap.ts'
import { doerOf } from '../block/block.ts'
import { entries } from '../merkle/merkle.ts'
import { type TreeState, alikeCountMax, contentOf, holdsAsIn, keys } from './state.ts'
import {
  change,
  childPath,
  commit,
  content,
  entry,
  access,
  founded,
  hash,
  id,
  newDirectory,
  newFile,
  nextContent,
  ownerCap,
  person,
  root,
  verdict,
  withDevice,
} from './testing/forest.ts'

const phone = person(3)
const guest = person(4)
const mail = childPath(root, id(1))
const guestCap = ownerCap(guest, mail, rights.write)
const phoneCap = ownerCap(phone)

/** root / mail / letter, which the guest wrote at 2000, and a link. */
const planted = commit(founded(), [change(newDirectory(root, id(1))), change(newFile(mail, id(2)))]).state
const linked = commit(planted, [
  change([entry(mail, id(3), 'link'), access(childPath(mail, id(3))), content(childPath(mail, id(3)))]),
]).state
const shared = withDevice(withDevice(linked, phone), guest, guestCap)
const written = commit(
  shared,
  [change([nextContent(shared, id(2), { bodyRoot: hash(20) }, guest, guestCap)])],
  2000,
).state

const origin = principalOf(guest.credential)
const resealing = (state: TreeState, octet: number, extra: object = {}) =>
  nextContent(state, id(2), { bodyRoot: hash(octet), resealed: true, origin, ...extra }, phone, phoneCap)
const resealed = (state: TreeState, octet: number, stampMs: number) =>
  commit(state, [change([resealing(state, octet)])], stampMs).state
/** Roots of what is to be deleted a day later. */
const deadsOf = (state: TreeState) => [...entries(state.map, keys.deads)].map(([key]) => key.slice(-32))

describe('a content that was sealed anew', () => {
  const once = resealed(written, 21, 3000)
  const twice = resealed(once, 22, 4000)

  test('is another body, and written by the same device at the same time', () => {
    const row = contentOf(twice, id(2))!
    expect(row).toMatchObject({ stampMs: 4000, writtenAtMs: 2000, alike: [hash(20), hash(21)] })
    expect(doerOf(row.content)).toEqual(origin)
    expect(row.content.fields.author).toEqual(phone.credential)
    expect(deadsOf(twice)).toEqual([7, 20, 21].map((octet) => hash(octet)))
  })
  test('holds what the bodies before it held, and not what was there before these', () => {
    expect([7, 20, 21, 22, 23].map((octet) => holdsAsIn(twice, id(2), hash(octet)))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ])
    expect(holdsAsIn(twice, id(9), hash(22))).toBe(false)
  })
  test('is nothing of the kind any more once somebody writes', () => {
    const { state } = commit(twice, [change([nextContent(twice, id(2), { bodyRoot: hash(30) })])], 5000)
    expect(contentOf(state, id(2))).toMatchObject({ stampMs: 5000, writtenAtMs: 5000, alike: [] })
  })
  test('stays so where it gets another record for the same body', () => {
    const { state } = commit(twice, [change([nextContent(twice, id(2), {})])], 5000)
    expect(contentOf(state, id(2))).toMatchObject({ stampMs: 4000, writtenAtMs: 2000, alike: [hash(20), hash(21)] })
  })
  test(`remembers the last ${alikeCountMax} bodies`, () => {
    let state = written
    for (let at = 0; at <= alikeCountMax; at++) state = resealed(state, 21 + at, 3000 + at)
    expect(contentOf(state, id(2))!.alike).toEqual(Array.from({ length: alikeCountMax }, (_, at) => hash(21 + at)))
  })
  test('may be a link', () => {
    expect(verdict(shared, change([nextContent(shared, id(3), { bodyRoot: hash(8), resealed: true })]))).toBe('ok')
  })
})

test.each([
  [
    'by a device that has one folder',
    () => nextContent(written, id(2), { resealed: true }, guest, guestCap),
    'resealedOther',
  ],
  ['of another size', () => resealing(written, 21, { sizeBytes: 11 }), 'resealedOther'],
  ['over a version that is gone', () => resealing(shared, 21), 'raceLost'],
  ['under another key', () => resealing(written, 21, { keyEpoch: 2 }), 'keyEpochWrong'],
])('refused: %s', (_, record, fault) => expect(verdict(written, change([record()]))).toBe(fault))

test('refused: where there is nothing that it could hold as before', () => {
  const first = content(childPath(mail, id(9)), { resealed: true })
  expect(() => verdict(written, change([first]))).toThrow('recordInconsistent')
})
