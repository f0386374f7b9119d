import { describe, expect, test } from 'vitest'
import { utf8 } from '../core/bytes/bytes.ts'
import type { Item } from '../node/api.ts'
import { Model, type ModelItem, compareContent, compareItems, resolvePending } from './checker.ts'

const itemOf = ({ id, parentId, kind, name, isTrashed, content }: ModelItem): Item => ({
  id,
  parentId,
  kind,
  name,
  sizeBytes: content?.length ?? 0,
  createdAtMs: 1,
  modifiedAtMs: 1,
  trashedAtMs: isTrashed ? 1 : null,
  copyCount: 1,
  isWaiting: false,
})

/** A folder with a file, and a file beside it in the trash; and what a node that works shows of them. */
function setUp() {
  const model = new Model('root')
  model.apply({ kind: 'createFolder', parentId: 'root', name: 'letters' }, 'folder')
  model.apply({ kind: 'addFile', parentId: 'folder', name: 'a.txt', content: utf8('alpha') }, 'a')
  model.apply({ kind: 'addFile', parentId: 'root', name: 'b.txt', content: utf8('beta') }, 'b')
  model.apply({ kind: 'trash', id: 'b' }, 'b')
  const seen = new Map([...model.items.values()].map((item) => [item.id, itemOf(item)]))
  const change = (id: string, changes: Partial<Item>): void => void seen.set(id, { ...seen.get(id)!, ...changes })
  return { model, seen, change }
}

describe('the comparison', () => {
  test('finds nothing where nothing is wrong', () => {
    const { model, seen } = setUp()
    expect(compareItems(model, seen)).toEqual([])
  })

  test.each([
    { what: 'a lost file', changes: null, finding: 'is lost' },
    { what: 'another name', changes: { name: 'c.txt' }, finding: 'is named "c.txt"' },
    { what: 'a number in the wrong place', changes: { name: 'a.txt (2)' }, finding: 'is named "a.txt (2)"' },
    { what: 'another folder', changes: { parentId: 'root' }, finding: 'is in folder root' },
    { what: 'another size', changes: { sizeBytes: 4 }, finding: 'has 4 bytes, not 5' },
    { what: 'another kind', changes: { kind: 'folder' as const }, finding: 'is a folder' },
    {
      what: 'a file in the trash that was not put there',
      changes: { trashedAtMs: 5 },
      finding: 'is in the trash, where nobody put it',
    },
  ])('finds $what', ({ changes, finding }) => {
    const { model, seen, change } = setUp()
    if (changes === null) seen.delete('a')
    else change('a', changes)
    expect(compareItems(model, seen).join()).toContain(finding)
  })

  test('finds what nobody made, and two of one name', () => {
    const { model, seen } = setUp()
    seen.set('x', { ...seen.get('a')!, id: 'x' })
    const findings = compareItems(model, seen).join()
    expect(findings).toContain('came out of nowhere')
    expect(findings).toContain('two items are named "a.txt"')
  })

  test.each([
    { isCareless: true, at: 'root', isFine: true },
    { isCareless: true, at: 'other', isFine: false },
    { isCareless: false, at: 'root', isFine: false },
  ])('lets what came into a folder as that was trashed stand in the nearest: $at, $isCareless', (row) => {
    const { model } = setUp()
    const other = { kind: 'createFolder', parentId: 'root', name: 'other' } as const
    model.apply(other, 'other')
    model.apply({ kind: 'move', id: 'a', targetId: 'folder' }, 'a', row.isCareless)
    model.apply({ kind: 'trash', id: 'folder' }, 'folder')
    const seen = new Map([...model.items.values()].map((item) => [item.id, itemOf(item)]))
    seen.set('a', { ...seen.get('a')!, parentId: row.at })
    expect(compareItems(model, seen)).toHaveLength(row.isFine ? 0 : 1)
    // From then on it holds.
    seen.set('a', { ...seen.get('a')!, parentId: 'folder' })
    expect(compareItems(model, seen)).toHaveLength(row.isFine ? 1 : 0)
  })

  test('takes a number on a taken name, and holds to it from then on', () => {
    const { model, seen, change } = setUp()
    change('a', { name: 'a (2).txt' })
    expect(compareItems(model, seen)).toEqual([])
    change('a', { name: 'a.txt' })
    expect(compareItems(model, seen).join()).toContain('is named "a.txt"')
  })

  test('takes of a content any one version and no mixture', () => {
    const { model } = setUp()
    const file = model.items.get('a')!
    const versions = [utf8('alpha'), utf8('omega')]
    expect(compareContent(file, versions, utf8('alpha'), 0, 5)).toEqual([])
    expect(compareContent(file, versions, utf8('meg'), 1, 4)).toEqual([])
    expect(compareContent(file, versions, utf8('alega'), 0, 5)).toHaveLength(1)
    expect(compareContent(file, versions, utf8('alph'), 0, 5)).toHaveLength(1)
  })
})

describe('unanswered deeds', () => {
  const deeds = [
    {
      deed: { kind: 'createFolder', parentId: 'root', name: 'new' },
      seenAs: { id: 'n', parentId: 'root', name: 'new' },
    },
    { deed: { kind: 'rename', id: 'a', name: 'z.txt' }, seenAs: { id: 'a', name: 'z.txt' } },
    { deed: { kind: 'move', id: 'a', targetId: 'root' }, seenAs: { id: 'a', parentId: 'root' } },
    { deed: { kind: 'trash', id: 'a' }, seenAs: { id: 'a', trashedAtMs: 5 } },
    { deed: { kind: 'restore', id: 'b' }, seenAs: { id: 'b', trashedAtMs: null } },
    { deed: { kind: 'writeFile', id: 'a', content: utf8('longer') }, seenAs: { id: 'a', sizeBytes: 6 } },
  ] as const

  test.each(deeds)('$deed.kind counts where it shows, and not where it does not', ({ deed, seenAs }) => {
    const happened = setUp()
    const before = happened.seen.get(seenAs.id) ?? itemOf({ ...happened.model.items.get('folder')!, id: seenAs.id })
    happened.seen.set(seenAs.id, { ...before, ...seenAs })
    expect(resolvePending(happened.model, [{ deed, requestId: 'r', isCareless: false }], happened.seen)).toEqual([
      { requestId: 'r', hasHappened: true },
    ])
    expect(compareItems(happened.model, happened.seen)).toEqual([])

    const not = setUp()
    expect(resolvePending(not.model, [{ deed, requestId: 'r', isCareless: false }], not.seen)).toEqual([
      { requestId: 'r', hasHappened: false },
    ])
    expect(compareItems(not.model, not.seen)).toEqual([])
  })

  test('a purge counts only as a whole', () => {
    const { model, seen } = setUp()
    model.apply({ kind: 'trash', id: 'folder' }, 'folder')
    const deed = { kind: 'purge', id: null } as const
    seen.delete('a')
    seen.delete('b')
    expect(resolvePending(model, [{ deed, requestId: 'r', isCareless: false }], seen)[0]!.hasHappened).toBe(false)
    seen.delete('folder')
    expect(resolvePending(model, [{ deed, requestId: 'r', isCareless: false }], seen)[0]!.hasHappened).toBe(true)
    expect(model.items.size).toBe(0)
  })
})

describe('the model', () => {
  test('brings a restored item back to where it was, or to the root where that is gone', () => {
    const { model } = setUp()
    model.apply({ kind: 'trash', id: 'a' }, 'a')
    model.apply({ kind: 'restore', id: 'a' }, 'a')
    expect(model.items.get('a')!.parentId).toBe('folder')
    model.apply({ kind: 'trash', id: 'a' }, 'a')
    model.apply({ kind: 'trash', id: 'folder' }, 'folder')
    model.apply({ kind: 'restore', id: 'a' }, 'a')
    expect(model.items.get('a')).toMatchObject({ parentId: 'root', isTrashed: false })
  })

  test('purges what lies above too', () => {
    const { model } = setUp()
    model.apply({ kind: 'trash', id: 'folder' }, 'folder')
    model.apply({ kind: 'purge', id: 'folder' }, '')
    expect([...model.items.keys()]).toEqual(['b'])
  })
})
