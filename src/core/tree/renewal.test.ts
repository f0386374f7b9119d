import { describe, expect, test } from 'vitest'
import type { Bytes } from '../bytes/bytes.ts'
import { principalOf } from '../crypto/crypto.ts'
import { type Readcap, isFor, rights } from '../cap/cap.ts'
import type { SignedRecord } from '../block/block.ts'
import { set } from '../merkle/merkle.ts'
import { rootBlockId } from '../path/path.ts'
import { isKeyOwed, isRenewable, owesKey } from './renewal.ts'
import { type TreeState, accessOf, encodeRow, entryOf, keys } from './state.ts'
import {
  access,
  admission,
  alice,
  aliceCap,
  change,
  childPath,
  commit,
  content,
  dismissedBy,
  entry,
  founded,
  hash,
  id,
  newDirectory,
  newFile,
  nextAccess,
  nextContent,
  nextEntry,
  ownerCap,
  person,
  root,
  treeId,
  verdict,
  withDevice,
} from './testing/forest.ts'

const phone = person(3)
const guest = person(4)
const rootBlock = rootBlockId(treeId)
const mail = childPath(root, id(1))
const filled = (octet: number, sizeBytes: number) => new Uint8Array(sizeBytes).fill(octet)

/** root / mail / letter; the phone reads all of it, the guest reads mail. */
const planted = commit(founded(), [change(newDirectory(root, id(1))), change(newFile(mail, id(2)))]).state
const grown = withDevice(withDevice(planted, phone), guest, ownerCap(guest, mail, rights.write))
const withoutPhone = commit(grown, [dismissedBy(phone, alice, aliceCap)]).state
const withoutGuest = commit(grown, [dismissedBy(guest, alice, aliceCap)]).state

const isOf = (who: typeof phone) => {
  const principal = principalOf(who.credential)
  return (readcap: Readcap) => isFor(readcap, principal)
}
/** The next access record of a block under a new key, without those who were put out. */
function renewal(
  state: TreeState,
  block: Bytes,
  extra: object = {},
  author = alice,
  cap = aliceCap,
): SignedRecord<'access'> {
  const { keyEpoch, readcaps } = accessOf(state, block)!.fields
  const fields = {
    keyEpoch: keyEpoch + 1,
    earlierKeys: Array.from({ length: keyEpoch }, () => filled(6, 72)),
    readcaps: readcaps.filter((readcap) => !isOf(phone)(readcap) && !isOf(guest)(readcap)),
    ...extra,
  }
  return nextAccess(state, block, fields, author, cap)
}
const taken = (state: TreeState, ...records: readonly SignedRecord[]): TreeState => {
  const { state: after, outcomes } = commit(state, [change(records)])
  expect(outcomes[0]).toMatchObject({ ok: true })
  return after
}
const code = (state: TreeState, ...records: readonly SignedRecord[]) => verdict(state, change(records))

const rootRenewed = taken(withoutPhone, renewal(withoutPhone, rootBlock))
const mailRenewed = taken(rootRenewed, renewal(rootRenewed, id(1), { parentKeyEpoch: 2 }))
const letterRenewed = taken(mailRenewed, renewal(mailRenewed, id(2), { parentKeyEpoch: 2 }))

describe('what owes a key', () => {
  test('nothing, as long as nobody was put out', () => {
    for (const block of [rootBlock, id(1), id(2)]) expect(isKeyOwed(grown, block)).toBe(false)
  })
  test('the place that was given, and all above it, each until it has its own', () => {
    const owed = (state: TreeState) => [rootBlock, id(1), id(2)].map((block) => isKeyOwed(state, block))
    expect(owed(withoutPhone)).toEqual([true, true, true])
    expect(owed(rootRenewed)).toEqual([false, true, true])
    expect(owed(mailRenewed)).toEqual([false, false, true])
    expect(owed(letterRenewed)).toEqual([false, false, false])
    expect(owed(withoutGuest)).toEqual([false, true, true])
  })
  test('of its own accord only what was given, and what lies under an earlier key', () => {
    const own = (state: TreeState) => [rootBlock, id(1), id(2)].map((block) => owesKey(state, block))
    expect(own(withoutPhone)).toEqual([true, false, false])
    expect(own(rootRenewed)).toEqual([false, true, false])
    expect(own(withoutGuest)).toEqual([false, true, false])
  })
  test('and by itself can be given one what stands in a folder that owes none, the lowest first', () => {
    const renewable = (state: TreeState) => [rootBlock, id(1), id(2)].map((block) => isRenewable(state, block))
    expect(renewable(grown)).toEqual([false, false, false])
    const withoutBoth = commit(withoutPhone, [dismissedBy(guest, alice, aliceCap)]).state
    expect(renewable(withoutBoth)).toEqual([true, false, false])
    expect(renewable(rootRenewed)).toEqual([false, true, false])
    expect(renewable(mailRenewed)).toEqual([false, false, true])
    expect(renewable(letterRenewed)).toEqual([false, false, false])
  })
})

describe('under a key that a block has not had yet nothing goes, also where nobody was put out', () => {
  const later = childPath(mail, id(9))
  test.each([
    ['a name', () => [entry(mail, id(9), 'file', { nameKeyEpoch: 2 })]],
    ['another name', () => [nextEntry(grown, id(2), { sealedName: filled(7, 64), nameKeyEpoch: 2 })]],
    ['a new key', () => [entry(mail, id(9), 'file'), access(later, { parentKeyEpoch: 2 })]],
    ['the same key, sealed again', () => [renewal(grown, id(2), { keyEpoch: 1, earlierKeys: [], parentKeyEpoch: 2 })]],
  ])('%s', (_, records) => expect(code(grown, ...records())).toBe('keyEpochWrong'))
})

describe('under a key that is owed nothing new goes', () => {
  const newLetter = (epoch: number, own = epoch) => [
    entry(mail, id(9), 'file', { nameKeyEpoch: epoch }),
    access(childPath(mail, id(9)), { parentKeyEpoch: epoch }),
    content(childPath(mail, id(9)), { keyEpoch: own === epoch ? 1 : own }),
  ]
  test.each([
    ['a new file', (state: TreeState) => newLetter(accessOf(state, id(1))!.fields.keyEpoch)],
    ['a new folder', () => newDirectory(mail, id(9))],
    ['another name', (state: TreeState) => [nextEntry(state, id(2), { sealedName: filled(7, 64) })]],
    ['another content', (state: TreeState) => [nextContent(state, id(2), { bodyRoot: hash(8) })]],
    ['a new key under an old one', (state: TreeState) => [renewal(state, id(2), { parentKeyEpoch: 1 })]],
  ])('%s', (_, records) => {
    expect(code(grown, ...records(grown))).toBe('ok')
    for (const state of [withoutPhone, rootRenewed, withoutGuest])
      expect(code(state, ...records(state))).toBe('keyEpochWrong')
  })
  test('nor in the root folder itself', () => {
    expect(code(withoutPhone, ...newDirectory(root, id(9)))).toBe('keyEpochWrong')
    const renewed = [
      entry(root, id(9), 'directory', { nameKeyEpoch: 2 }),
      access(childPath(root, id(9)), { parentKeyEpoch: 2 }),
    ]
    expect(code(rootRenewed, ...newDirectory(root, id(9)))).toBe('keyEpochWrong')
    expect(code(rootRenewed, ...renewed)).toBe('ok')
  })
  test('what is renewed in the same change is renewed', () => {
    const next = renewal(rootRenewed, id(1), { parentKeyEpoch: 2 })
    expect(code(rootRenewed, next, ...newLetter(2))).toBe('ok')
    expect(code(rootRenewed, ...newLetter(2), next)).toBe('keyEpochWrong')
    expect(code(mailRenewed, ...newLetter(1))).toBe('keyEpochWrong')
    expect(code(mailRenewed, nextContent(mailRenewed, id(2), { bodyRoot: hash(8) }))).toBe('keyEpochWrong')
    expect(code(letterRenewed, nextContent(letterRenewed, id(2), { bodyRoot: hash(8), keyEpoch: 2 }))).toBe('ok')
  })
  test('what seals nothing goes on', () => {
    expect(code(withoutPhone, nextEntry(withoutPhone, id(2), { trashed: true }))).toBe('ok')
    expect(entryOf(withoutPhone, id(2))).not.toBeNull()
  })
})

describe('a debt ends with a new key and with nothing else', () => {
  test('not by leaving out who was put out', () => {
    const { readcaps } = accessOf(withoutPhone, rootBlock)!.fields
    const rest = readcaps.filter((readcap) => !isOf(phone)(readcap))
    expect(code(withoutPhone, nextAccess(withoutPhone, rootBlock, { readcaps: rest }))).toBe('keyEpochWrong')
  })
  test('not by the same key under a newer one', () =>
    expect(code(rootRenewed, nextAccess(rootRenewed, id(1), { parentKeyEpoch: 2 }))).toBe('keyEpochWrong'))
  test('not by a new key for who was put out', () => {
    const { readcaps } = accessOf(withoutPhone, rootBlock)!.fields
    expect(code(withoutPhone, renewal(withoutPhone, rootBlock, { readcaps }))).toBe('keyEpochWrong')
  })
  test('not by going into a folder whose key has the same number', () => {
    const place = childPath(root, id(3))
    const made = [entry(root, id(3), 'directory', { nameKeyEpoch: 2 }), access(place, { parentKeyEpoch: 2 })]
    const attic = taken(mailRenewed, ...made)
    const moved = taken(attic, nextEntry(attic, id(2), { parent: place, movedFrom: childPath(mail, id(2)) }))
    expect(owesKey(attic, id(2))).toBe(true)
    expect(owesKey(moved, id(2))).toBe(true)
    const path = childPath(place, id(2))
    expect(code(moved, nextContent(moved, id(2), { path, bodyRoot: hash(8) }))).toBe('keyEpochWrong')
    expect(code(moved, nextAccess(moved, id(2), { path }))).toBe('keyEpochWrong')
    const renewed = taken(moved, renewal(moved, id(2), { path }))
    expect(isKeyOwed(renewed, id(2))).toBe(false)
    expect(code(renewed, nextContent(renewed, id(2), { path, bodyRoot: hash(8), keyEpoch: 2 }))).toBe('ok')
  })
  test('one who is let in meanwhile changes nothing of it', () => {
    const { state, outcomes } = commit(withoutPhone, [admission(withoutPhone, person(7))])
    expect(outcomes[0]).toMatchObject({ ok: true })
    expect(isKeyOwed(state, rootBlock)).toBe(true)
  })
})

describe('a guest gives a key', () => {
  const guestCap = ownerCap(guest, mail, rights.write)
  const byGuest = (state: TreeState, extra: object = {}) =>
    code(state, renewal(state, id(2), { ...extra }, guest, guestCap))

  test('where one is owed, or what is moved needs one, and else none: those that are left are for the time after it', () => {
    expect(byGuest(grown)).toBe('keyNotNeeded')
    expect(byGuest(mailRenewed, { parentKeyEpoch: 2 })).toBe('ok')
    expect(byGuest(letterRenewed, { parentKeyEpoch: 2 })).toBe('keyNotNeeded')
    const inside = childPath(mail, id(9))
    const both = taken(grown, ...newDirectory(mail, id(9)))
    const moved = taken(both, nextEntry(both, id(2), { parent: inside, movedFrom: childPath(mail, id(2)) }))
    expect(byGuest(moved, { path: childPath(inside, id(2)) })).toBe('ok')
  })

  test('after one that it gave itself, since that may be known to whoever was put out where it comes from', () => {
    const file = childPath(mail, id(9))
    const made = [
      entry(mail, id(9), 'file', {}, guest, guestCap),
      access(file, {}, guest, guestCap),
      content(file, {}, guest, guestCap),
    ]
    const { state, outcomes } = commit(grown, [change(made)])
    expect(outcomes[0]).toMatchObject({ ok: true })
    expect(code(state, renewal(state, id(9), {}, guest, guestCap))).toBe('ok')
  })

  test('of the first half of those that there can be', () => {
    const withEpoch = (keyEpoch: number): TreeState => {
      const fields = { keyEpoch, earlierKeys: Array.from({ length: keyEpoch - 1 }, () => filled(6, 72)) }
      const row = encodeRow('access', access(childPath(mail, id(2)), fields))
      return { ...mailRenewed, map: set(mailRenewed.map, keys.access(id(2)), row) }
    }
    expect(byGuest(withEpoch(127), { parentKeyEpoch: 2 })).toBe('ok')
    expect(byGuest(withEpoch(128), { parentKeyEpoch: 2 })).toBe('keyNotNeeded')
    const byOwner = renewal(withEpoch(128), id(2), { parentKeyEpoch: 2 })
    expect(code(withEpoch(128), byOwner)).toBe('ok')
  })
})
