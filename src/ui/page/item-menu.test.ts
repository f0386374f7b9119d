import { expect, test } from 'vitest'
import type { Item } from '../../node/api.ts'
import { itemMenu } from './item-menu.ts'

const item = (kind: Item['kind'], parentId: string | null): Item => ({
  id: 'id',
  parentId,
  kind,
  name: 'name',
  sizeBytes: 0,
  createdAtMs: 0,
  modifiedAtMs: 0,
  trashedAtMs: null,
  copyCount: 1,
  isWaiting: false,
})

test.each([
  ['a file', item('file', 'root'), 'Open, Download, New version, Rename, Move, Make a link, Who can read this, Delete'],
  ['a folder', item('folder', 'root'), 'Show this folder, Rename, Move, Make a link, Who can read this, Delete'],
  ['a link', item('link', 'root'), 'Rename, Move, Who can read this, Delete'],
  ['the root, which stays where it is', item('folder', null), 'Who can read this'],
])('%s', (_, of, menu) =>
  expect(
    itemMenu(of, true)
      .map(({ text }) => text)
      .join(', '),
  ).toBe(menu),
)

test('who may only read is offered nothing that changes', () =>
  expect(itemMenu(item('file', 'root'), false).map(({ action }) => action)).toEqual(['open', 'download', 'readers']))
