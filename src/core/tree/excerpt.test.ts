import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, atOnce, toHex } from '../bytes/bytes.ts'
import { principalOf, verifyClaim } from '../crypto/crypto.ts'
import { damaged } from '../crypto/testing/damage.ts'
import { type Writecap, rights } from '../cap/cap.ts'
import type { SignedRecord } from '../block/block.ts'
import { type Operation, requestIdOf } from './batch.ts'
import { rootBlockId } from '../path/path.ts'
import { entries, get, remove, root as rootOf, set } from '../merkle/merkle.ts'
import { type Decision, decisionsOn, examineExcerpt, excerptFor, excerptIn, guestState } from './excerpt.ts'
import { requestMemoryMs } from './fold.ts'
import { checkOfGuest, concernsGuest, isWithin } from './guest.ts'
import {
  type TreeState,
  accessOf,
  chainOf,
  childrenOf,
  contentOf,
  decodeRow,
  deviceOf,
  devicesOf,
  emptyTree,
  encodeRow,
  entryOf,
  keys,
  pathOf,
  requestOf,
  rowKind,
  summaryOf,
} from './state.ts'
import {
  type Person,
  admission,
  alice,
  change,
  childPath,
  commit,
  dismissedBy,
  dismissedByRoot,
  entry,
  founded,
  id,
  mallory,
  newDirectory,
  newFile,
  nextAccess,
  nextContent,
  nextDevice,
  nextEntry,
  nodeCap,
  ownerCap,
  person,
  root,
  treeId,
  verdict,
  withDevice,
  readcapOf,
} from './testing/forest.ts'

const guest = person(3)
const other = person(4)
const of = ({ credential }: Person): Bytes => principalOf(credential)
const devices = childPath(root, id(1))
const folder = childPath(devices, id(2))
const deeper = childPath(folder, id(3))
const guestCap = ownerCap(guest, folder, rights.write, 5000)

/**
 * devices(1) / folder(2) / { deeper(3) / letter(4), note(5) }, and beside them secret(6) in the root and diary(7) in devices; the
 * guest has the folder, another one the diary's.
 */
const grown: TreeState = [
  newDirectory(root, id(1)),
  newDirectory(devices, id(2)),
  newDirectory(folder, id(3)),
  newFile(deeper, id(4)),
  newFile(folder, id(5)),
  newFile(root, id(6)),
  newDirectory(devices, id(7)),
].reduce((state, records) => commit(state, [change(records)]).state, founded())
const beside = withDevice(grown, other, ownerCap(other, childPath(devices, id(7)), rights.write, 5000))
const written = commit(withDevice(beside, guest, guestCap), [
  change([nextContent(withDevice(beside, guest, guestCap), id(5), { sizeBytes: 11 }, guest, guestCap)], id(99)),
]).state

const excerpt = excerptFor(written, of(guest))!
const examined = (state: TreeState, known: TreeState | null = null): string => {
  const claims = atOnce(examineExcerpt(state, of(guest), known))
  if (!claims.ok) return claims.fault.code
  return claims.value.every(verifyClaim) ? 'ok' : 'signatureInvalid'
}

describe('an excerpt', () => {
  test('has the folder and the way there, whole', () => {
    for (const block of [id(2), id(3), id(4), id(5)]) {
      expect(pathOf(excerpt, block)).toEqual(pathOf(written, block))
      expect(entryOf(excerpt, block)).toEqual(entryOf(written, block))
      expect(accessOf(excerpt, block)).toEqual(accessOf(written, block))
      expect(contentOf(excerpt, block)).toEqual(contentOf(written, block))
    }
    expect([...childrenOf(excerpt, id(2))]).toEqual([...childrenOf(written, id(2))])
    expect(chainOf(excerpt, guestCap.hash)).toEqual([guestCap])
    expect(contentOf(excerpt, id(5))!.content.fields.author).toEqual(guest.credential)
  })

  test('has nothing beside it, whatever row of the tree one looks for', () => {
    const rowsBeside = [...entries(written.map)].filter(([key]) => get(excerpt.map, key) === null)
    const kindsOf = new Set(rowsBeside.map(([[kind]]) => kind))
    // Else a table was not looked at.
    for (const kind of ['entry', 'content', 'access', 'place', 'cap', 'device', 'wraps', 'request'] as const)
      expect(kindsOf).toContain(rowKind[kind])
    for (const block of [id(6), id(7)]) {
      expect(entryOf(excerpt, block)).toBeNull()
      expect(accessOf(excerpt, block)).toBeNull()
    }
    for (const block of [id(1), rootBlockId(treeId)]) expect(accessOf(excerpt, block)).toBeNull()
    expect([...childrenOf(excerpt, id(1))].map((row) => row.entry.fields.child)).toEqual([id(2)])
    expect(deviceOf(excerpt, of(other))).toBeNull()
    expect([...devicesOf(excerpt)].map(({ standing }) => standing).toSorted()).toEqual(['limited', 'own'])
    expect(summaryOf(excerpt)).toMatchObject({ sealedProfile: new Uint8Array(), stampMs: 0 })
  })

  test('is the same while nothing of it changes, and another when something does', () => {
    const besideIt = commit(written, [change(newFile(root, id(20)))], 2000).state
    expect(rootOf(excerptFor(besideIt, of(guest))!.map)).toEqual(rootOf(excerpt.map))
    const inIt = commit(written, [change(newFile(deeper, id(20)))], 2000).state
    expect(rootOf(excerptFor(inIt, of(guest))!.map)).not.toEqual(rootOf(excerpt.map))
  })

  test('is known to be another by the keys that changed', () => {
    const touchedBy = (operation: ReturnType<typeof change>, before = written): boolean => {
      const { state, touched, outcomes } = commit(before, [operation])
      expect(outcomes).toMatchObject([{ ok: true }])
      return concernsGuest(before, state, folder, touched)
    }
    expect(touchedBy(change(newFile(root, id(20))))).toBe(false)
    expect(touchedBy(change([nextContent(written, id(6), { sizeBytes: 1 })]))).toBe(false)
    expect(touchedBy(change(newFile(deeper, id(20))))).toBe(true)
    expect(touchedBy(change([nextContent(written, id(4), { sizeBytes: 1 })]))).toBe(true)
    expect(touchedBy(change([nextEntry(written, id(1), { trashed: true })]))).toBe(true)
    expect(touchedBy(change([nextEntry(written, id(4), { parent: root, movedFrom: childPath(deeper, id(4)) })]))).toBe(
      true,
    )
    expect(touchedBy(dismissedByRoot(other))).toBe(true)
  })

  test('is of the devices alone once the folder stands elsewhere', () => {
    const moved = commit(written, [
      change([nextEntry(written, id(2), { parent: root, movedFrom: folder, version: 2 })]),
    ]).state
    expect(pathOf(moved, id(2))!.ids).toEqual([id(2)])
    const after = excerptFor(moved, of(guest))!
    for (const block of [id(2), id(3), id(5)]) expect(entryOf(after, block)).toBeNull()
    expect(examined(after)).toBe('ok')
  })

  test('is for limited devices', () => {
    expect(excerptFor(written, of(alice))).toBeNull()
    expect(excerptFor(written, of(mallory))).toBeNull()
    expect(excerptFor(emptyTree(treeId), of(guest))).toBeNull()
  })
})

describe('one that came', () => {
  test('passes, and needs its signatures only once', () => {
    expect(examined(excerpt)).toBe('ok')
    const again = atOnce(examineExcerpt(excerpt, of(guest), excerpt))
    expect(again).toEqual({ ok: true, value: [] })
    const later = excerptFor(commit(written, [change(newFile(deeper, id(20)))], 2000).state, of(guest))!
    const news = atOnce(examineExcerpt(later, of(guest), excerpt))
    expect(news.ok && news.value.length).toBe(3)
  })

  test('is refused with any row of the tree that is not of it', () => {
    const refusals = new Map<number, Set<string>>()
    for (const [key, octets] of entries(written.map)) {
      if (get(excerpt.map, key) !== null) continue
      const code = examined({ treeId, map: set(excerpt.map, key, octets) })
      refusals.set(key[0]!, (refusals.get(key[0]!) ?? new Set()).add(code))
    }
    // A permission by itself tells nothing that is not in the records that name it.
    expect([...refusals].filter(([, codes]) => codes.has('ok')).map(([kind]) => kind)).toEqual([rowKind.cap])
  })

  test('is refused where a row is missing that another one needs', () => {
    for (const key of [
      keys.summary,
      keys.set(treeId),
      keys.cap(guestCap.hash),
      keys.device(of(guest)),
      keys.place(id(3)),
      keys.entry(id(2), id(3)),
      keys.entry(id(1), id(2)),
      keys.place(id(1)),
    ]) {
      expect(get(excerpt.map, key), toHex(key)).not.toBeNull()
      expect(examined({ treeId, map: remove(excerpt.map, key) }), toHex(key)).not.toBe('ok')
    }
  })

  const withRows = (...changed: readonly (readonly [key: Bytes, row: Bytes])[]): TreeState => ({
    treeId,
    map: changed.reduce((map, [key, row]) => set(map, key, row), excerpt.map),
  })
  const at = (block: number) => keys.content(id(block))
  const contentRow = (signed: SignedRecord<'content'>) =>
    encodeRow('content', { content: signed, stampMs: 1, writtenAtMs: 1, alike: [] })
  const withCap = (cap: Writecap) => [keys.cap(cap.hash), encodeRow('cap', { cap, next: null })] as const
  /** A content of the letter by the guest, under a permission that the root gave it. */
  const letterUnder = (cap: Writecap): TreeState =>
    withRows(withCap(cap), [at(4), contentRow(nextContent(written, id(4), {}, guest, cap))])
  const unsigned = (): Bytes => {
    const signed = nextContent(written, id(5), {})
    return contentRow({ ...signed, signature: { ...signed.signature, signature: new Uint8Array(64) } })
  }
  const asOwn = () =>
    encodeRow('device', { ...decodeRow('device', get(excerpt.map, keys.device(of(guest)))!), standing: 'own' })
  const naming = (cap: Writecap, isTold = false): TreeState => {
    const readcap = readcapOf(of(other))
    const readcaps = [isTold ? readcap : { ...readcap, reader: null }]
    return withRows(withCap(cap), [
      keys.access(id(3)),
      encodeRow('access', nextAccess(written, id(3), { readcaps }, guest, cap)),
    ])
  }

  test('takes what the root gave a right to', () => {
    expect(examined(letterUnder(ownerCap(guest, deeper, rights.write, 1)))).toBe('ok')
    expect(examined(naming(ownerCap(guest, deeper, rights.grant | rights.write, 1)))).toBe('ok')
  })

  test.each<[string, () => TreeState]>([
    ['a content that its author did not sign', () => withRows([at(5), unsigned()])],
    ['a content under a permission for another place', () => letterUnder(ownerCap(guest, childPath(folder, id(5))))],
    ['a content under a permission to read', () => letterUnder(ownerCap(guest, deeper, 0))],
    ['a content under the permission of another', () => letterUnder(ownerCap(other, deeper))],
    ['a content under a permission that no root gave', () => letterUnder(nodeCap(mallory, guest, deeper))],
    ['readers that were named by who may not', () => naming(ownerCap(guest, deeper, rights.write))],
    ['the name of another reader', () => naming(ownerCap(guest, deeper, rights.grant | rights.write, 1), true)],
    ['a content at the key of another', () => withRows([at(4), get(excerpt.map, at(5))!])],
    ['octets that are no row', () => withRows([at(4), Uint8Array.of(1, 2, 3)])],
    ['an own device that the root limited', () => withRows([keys.device(of(guest)), asOwn()])],
  ])('is refused with %s', (_name, state) => expect(examined(state())).not.toBe('ok'))

  test('is a verdict, never an exception, whatever of it is damaged', () => {
    const rowsOf = [...entries(excerpt.map)]
    const row = fc.constantFrom(...rowsOf).chain(([key, octets]) =>
      fc.oneof(
        damaged(octets).map((other) => [key, other] as const),
        damaged(key).map((other) => [other, octets] as const),
      ),
    )
    fc.assert(
      fc.property(row, fc.boolean(), ([key, octets], isInstead) => {
        const original = rowsOf.find(([, other]) => other === octets)
        const map = isInstead && original ? remove(excerpt.map, original[0]) : excerpt.map
        const claims = atOnce(examineExcerpt({ treeId, map: set(map, key, octets) }, of(guest), null))
        expect(typeof claims.ok).toBe('boolean')
      }),
      { numRuns: 500 },
    )
  })

  test('is refused where blocks stand in a circle', () => {
    const circle = [
      [keys.place(id(3)), encodeRow('place', { parent: id(4) })],
      [keys.place(id(4)), encodeRow('place', { parent: id(3) })],
      [
        keys.entry(id(4), id(3)),
        encodeRow('entry', {
          entry: entry(childPath(deeper, id(4)), id(3), 'directory'),
          createdAtMs: 1,
          stampMs: 1,
          trashedAtMs: null,
        }),
      ],
    ] as const
    const map = circle.reduce((at, [key, row]) => set(at, key, row), remove(excerpt.map, keys.entry(id(2), id(3))))
    expect(isWithin({ treeId, map }, id(2), id(3))).toBe(false)
    expect(examined({ treeId, map })).toBe('excerptUnfitting')
  })
})

test('a guest may give what is its own and in its folder, and nothing else', () => {
  const code = (operation: Operation): string => {
    const check = checkOfGuest(operation, of(guest), folder)
    return check.ok ? 'ok' : check.fault.code
  }
  const by = (who: Person, parent: typeof root) => entry(parent, id(30), 'file', {}, who, guestCap)
  expect(code(change([by(guest, deeper), by(guest, folder)]))).toBe('ok')
  expect(code(change([by(guest, deeper), by(guest, devices)]))).toBe('beyondFolder')
  expect(code(change([by(guest, deeper), by(alice, deeper)]))).toBe('beyondFolder')
  expect(code(change([by(guest, deeper)], id(30), of(alice)))).toBe('beyondFolder')
  expect(code({ tag: 'revise', value: { device: nextDevice(written, guest, {}) } })).toBe('ok')
  expect(code({ tag: 'revise', value: { device: nextDevice(written, other, {}) } })).toBe('beyondFolder')
  expect(code(dismissedBy(guest, guest, guestCap))).toBe('ok')
  expect(code(dismissedBy(other, guest, guestCap))).toBe('beyondFolder')
  expect(code(dismissedByRoot(guest))).toBe('beyondFolder')
  expect(code(admission(written, person(5)))).toBe('beyondFolder')
  expect(code({ tag: 'extend', value: { writecap: guestCap } })).toBe('beyondFolder')
})

describe('the state of a guest', () => {
  const { stampMs } = summaryOf(written)!
  const request = requestIdOf(of(guest), id(99))
  const decided: Decision[] = [{ requestId: request, stampMs, fault: null }]

  test('is an excerpt with a time and with what was decided for it', () => {
    expect(decisionsOn(written, [request, id(98)])).toEqual(decided)
    const state = guestState(excerpt, emptyTree(treeId), 1234, decided)
    expect(summaryOf(state)!.stampMs).toBe(1234)
    expect(requestOf(state, request)).toEqual({ stampMs, fault: null, block: null })
    expect(rootOf(excerptIn(state).map)).toEqual(rootOf(excerpt.map))
    const next = guestState(excerpt, state, stampMs + requestMemoryMs, [])
    expect(requestOf(next, request)).not.toBeNull()
    expect(requestOf(guestState(excerpt, next, stampMs + 1 + requestMemoryMs, []), request)).toBeNull()
  })

  test('folds what the guest does as the tree will', () => {
    const state = guestState(excerpt, emptyTree(treeId), 1234, [])
    const writes = (parent: typeof root) => change([entry(parent, id(30), 'file', {}, guest, guestCap)])
    expect(verdict(state, writes(deeper))).toBe('ok')
    expect(verdict(state, writes(devices))).toBe('pathOutsideScope')
    expect(verdict(state, writes(deeper), 5000)).toBe('writecapExpired')
  })
})
