import { describe, expect, test } from 'vitest'
import type { Item, ItemKind } from '../../node/api.ts'
import { apply, emptyModel } from '../model.ts'
import { rowsOf, rowsOfSearch } from './rows.ts'
import { type Steering, TypeAhead, steer } from './steer.ts'

const item = (id: string, parentId: string | null, kind: ItemKind): Item => ({
  id,
  parentId,
  kind,
  name: id,
  sizeBytes: 0,
  createdAtMs: 0,
  modifiedAtMs: 0,
  trashedAtMs: null,
  copyCount: 1,
  isWaiting: false,
})
const model = apply(emptyModel, {
  kind: 'snapshot',
  tree: {
    treeId: '',
    rootId: 'root',
    isPlanted: false,
    ownerName: '',
    deviceName: '',
    principal: '',
    root: null,
    hybridCount: 0,
    deviceCount: 1,
    guestCount: 0,
    standingTime: null,
    waiting: null,
    quarantinedCount: 0,
    removed: null,
    expiring: null,
    limited: null,
    aside: null,
    decider: { quorum: 'here', generation: 1, deviceName: '', principal: '', lastSeenAtMs: 0, appointed: null },
  },
  items: [
    item('root', null, 'folder'),
    item('mail', 'root', 'folder'),
    item('photos', 'root', 'folder'),
    item('may', 'photos', 'folder'),
    item('sea', 'photos', 'file'),
    item('note', 'root', 'file'),
  ],
  jobs: [],
  inviting: null,
  joining: null,
})
// mail, photos (unfolded), may, sea, note
const rows = rowsOf(model, 'root', new Set(['photos']))

test('rows of an unfolded tree know their level and place', () =>
  expect(rows.map((row) => `${'  '.repeat(row.level - 1)}${row.item.id} ${row.position}/${row.siblingCount}`)).toEqual([
    'mail 1/3',
    'photos 2/3',
    '  may 1/2',
    '  sea 2/2',
    'note 3/3',
  ]))

const table: readonly [key: string, index: number, Steering | null][] = [
  ['ArrowDown', 0, { kind: 'goTo', index: 1 }],
  ['ArrowDown', 4, { kind: 'goTo', index: 4 }],
  ['ArrowUp', 0, { kind: 'goTo', index: 0 }],
  ['Home', 3, { kind: 'goTo', index: 0 }],
  ['End', 0, { kind: 'goTo', index: 4 }],
  ['ArrowRight', 0, { kind: 'unfold', isUnfolded: true }],
  ['ArrowRight', 1, { kind: 'goTo', index: 2 }],
  ['ArrowRight', 3, { kind: 'stay' }],
  ['ArrowLeft', 1, { kind: 'unfold', isUnfolded: false }],
  ['ArrowLeft', 3, { kind: 'goTo', index: 1 }],
  ['ArrowLeft', 4, { kind: 'stay' }],
  ['Enter', 0, { kind: 'open' }],
  [' ', 0, { kind: 'actions' }],
  ['F2', 0, { kind: 'rename' }],
  ['Delete', 0, { kind: 'trash' }],
  ['x', 0, null],
  ['ArrowDown', -1, null],
]
describe('a key', () => {
  test.each(table)('%s on row %d', (key, index, steering) =>
    expect(steer(key, rows, index, 500, true)).toEqual(steering),
  )

  test('goes no further than what is drawn', () =>
    expect(steer('End', rows, 0, 3, true)).toEqual({ kind: 'goTo', index: 2 }))

  test('unfolds nothing among the hits of a search', () =>
    expect(steer('ArrowRight', rowsOfSearch(model, 'photos'), 0, 500, false)).toEqual({ kind: 'stay' }))
})

describe('letters', () => {
  test('one goes to the next name, again and again', () => {
    const typing = new TypeAhead()
    expect(typing.press('m', rows, 0, 0)).toBe(2)
    expect(typing.press('m', rows, 2, 1000)).toBe(0)
  })
  test('several in a row narrow down, and stay where they fit', () => {
    const typing = new TypeAhead()
    expect(typing.press('m', rows, 4, 0)).toBe(0)
    expect(typing.press('a', rows, 0, 100)).toBe(0)
    expect(typing.press('y', rows, 0, 200)).toBe(2)
  })
  test('after another key the next letter begins anew, however soon', () => {
    const typing = new TypeAhead()
    expect(typing.press('z', rows, 0, 0)).toBe(-1)
    typing.end()
    expect(typing.press('m', rows, 0, 100)).toBe(2)
  })
  test('no such name, and keys that are no letters', () => {
    const typing = new TypeAhead()
    expect(typing.press('z', rows, 0, 0)).toBe(-1)
    expect(typing.press('Escape', rows, 0, 5000)).toBe(-1)
  })
})
