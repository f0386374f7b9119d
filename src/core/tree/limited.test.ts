/**
 * A device that is limited to a folder, and of bad faith: whatever paths it names, what lies elsewhere stays as it is, and what the
 * owner takes back stays away. Only what both gates let through gets so far.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, atOnce, concat, u64be } from '../bytes/bytes.ts'
import { rights } from '../cap/cap.ts'
import { set } from '../merkle/merkle.ts'
import { type IdPath, depthMax, rootBlockId } from '../path/path.ts'
import { examineArrival } from './arrival.ts'
import { type TreeState, entryOf, keys, pathOf } from './state.ts'
import {
  alice,
  aliceCap,
  change,
  childPath,
  commit,
  founded,
  id,
  newDirectory,
  newFile,
  nextEntry,
  ownerCap,
  person,
  removal,
  root,
  sign,
  treeId,
  verdict,
  withDevice,
} from './testing/forest.ts'

// --- root / home / shared / letter, root / photos / picture; a tablet that may write in shared -------------------------------

const home = childPath(root, id(1))
const shared = childPath(home, id(2))
const photos = childPath(root, id(4))
const tablet = person(5)
const cap = ownerCap(tablet, shared, rights.write)
const planted = commit(founded(), [
  change(newDirectory(root, id(1))),
  change(newDirectory(home, id(2))),
  change(newFile(shared, id(3))),
  change(newDirectory(root, id(4))),
  change(newFile(photos, id(6))),
]).state
const grown = withDevice(planted, tablet, cap)

const removed = (state: TreeState, child: Bytes, parent: IdPath) => {
  const { hash } = entryOf(state, child)!.entry
  return change([sign('removal', { parent, child, previousHash: hash }, tablet, cap)])
}
const done = (state: TreeState, ...records: Parameters<typeof change>[0]): TreeState =>
  commit(state, [change(records)]).state

describe('deletes', () => {
  test('what is in its folder', () => expect(verdict(grown, removed(grown, id(3), shared))).toBe('ok'))

  const empty = commit(grown, [removed(grown, id(3), shared)]).state
  test.each<readonly [string, TreeState, Bytes, IdPath]>([
    ['nothing elsewhere by a path that only ends there', grown, id(6), childPath(shared, id(4))],
    ['its own folder by no path at all', empty, id(2), childPath(shared, id(1))],
    ['nothing in the root by a path that ends in it', grown, id(4), childPath(shared, rootBlockId(treeId))],
  ])('%s', (_, state, child, parent) => expect(verdict(state, removed(state, child, parent))).toBe('placeUnknown'))

  test('nothing in a folder that was taken out of it, whose place it remembers', () => {
    const inside = childPath(shared, id(7))
    const full = done(done(grown, ...newDirectory(shared, id(7))), ...newFile(inside, id(8)))
    const taken = done(full, nextEntry(full, id(7), { parent: home, movedFrom: inside }))
    expect(verdict(full, removed(full, id(8), inside))).toBe('ok')
    expect(verdict(taken, removed(taken, id(8), inside))).toBe('placeUnknown')
    expect(verdict(taken, change([removal(taken, id(8))]))).toBe('placeUnknown')
  })
})

test('moves nothing back that the owner moved out, though what lies in it still names the place before', () => {
  const inside = childPath(shared, id(7))
  const full = done(done(grown, ...newDirectory(shared, id(7))), ...newFile(inside, id(8)))
  const taken = done(full, nextEntry(full, id(7), { parent: home, movedFrom: inside }))
  const back = (state: TreeState) => {
    const movedFrom = pathOf(state, id(8))!
    return change([nextEntry(state, id(8), { parent: shared, movedFrom }, tablet, cap)])
  }
  expect(verdict(full, back(full))).toBe('ok')
  expect(verdict(taken, back(taken))).toBe('pathOutsideScope')
})

describe('nothing goes deeper than a path can', () => {
  /** @param from its own id; the next ones follow */
  function chain(state: TreeState, top: IdPath, from: number, count: number): readonly [TreeState, IdPath] {
    if (count === 0) return [state, top]
    return chain(done(state, ...newDirectory(top, id(from))), childPath(top, id(from)), from + 1, count - 1)
  }
  const half = depthMax / 2
  const [low] = chain(founded(), root, 10, half + 1)
  const [both, end] = chain(low, root, 100, half)
  const under = (parent: IdPath, block: number) =>
    change([nextEntry(both, id(block), { parent, movedFrom: pathOf(both, id(block)) })])

  test('as what lies in a folder that is moved', () => {
    expect(verdict(both, under(end, 10))).toBe('pathTooDeep')
    const fits = commit(both, [under({ ...end, ids: end.ids.slice(0, -1) }, 10)]).state
    expect(pathOf(fits, id(10 + half))?.ids).toHaveLength(depthMax)
    expect(atOnce(examineArrival(fits, null))).toMatchObject({ ok: true })
  })

  test('and of a guest so much at once as every device can look at', () => {
    const box = childPath(shared, id(20))
    const deep = childPath(shared, id(21))
    const bare = done(done(grown, ...newDirectory(shared, id(20))), ...newDirectory(shared, id(21)))
    const child = (at: number) => concat(id(30).slice(0, 8), u64be(at))
    const withCount = (count: number): TreeState => {
      const rows = Array.from({ length: count }, (_, at) => keys.entry(id(20), child(at)))
      return { ...bare, map: rows.reduce((map, key) => set(map, key, new Uint8Array(1)), bare.map) }
    }
    const moving = (state: TreeState, author = tablet, by = cap) =>
      verdict(state, change([nextEntry(state, id(20), { parent: deep, movedFrom: box }, author, by)]))
    expect(moving(withCount(1023))).toBe('ok')
    expect(moving(withCount(1024))).toBe('moveTooLarge')
    expect(moving(withCount(1024), alice, aliceCap)).toBe('ok')
  })

  test('and what is moved up is not looked at', () => expect(verdict(both, under(root, 11))).toBe('ok'))
})
