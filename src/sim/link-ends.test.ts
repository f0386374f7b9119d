import { expect, test } from 'vitest'
import type { Item } from '../node/api.ts'
import { compareEnds, naiveEnd } from './link-ends.ts'

const item = (id: string, changes: Partial<Item> = {}): Item => ({
  ...{ id, parentId: 'root', kind: 'file', name: id, sizeBytes: 0, createdAtMs: 1, modifiedAtMs: 1 },
  ...{ trashedAtMs: null, copyCount: 1, isWaiting: false },
  ...changes,
})
const linkNames = Array.from({ length: 17 }, (_, at) => `link ${at}`)
const seen = new Map(
  [
    item('root', { parentId: null, kind: 'folder' }),
    item('gone', { kind: 'folder', trashedAtMs: 2 }),
    item('inside', { parentId: 'gone' }),
    item('file'),
    ...[...linkNames, 'to file', 'to link', 'to inside', 'to nothing', 'unknown', 'round'].map((id) =>
      item(id, { kind: 'link' }),
    ),
  ].map((each) => [each.id, each]),
)
const targets = new Map([
  ...linkNames.map((id, at) => [id, linkNames[at + 1] ?? 'file'] as const),
  ...Object.entries({ 'to file': 'file', 'to link': 'to file', 'to inside': 'inside', 'to nothing': 'nothing' }),
  ['round', 'round'],
])

test.each([
  ['file', 'file'],
  ['to file', 'file'],
  ['to link', 'file'],
  ['to inside', 'linkInTrash'],
  ['to nothing', 'away'],
  ['round', 'linkCycle'],
  ['link 0', 'linkTooDeep'],
  ['link 1', 'file'],
  ['unknown', null],
])('%s leads to %s', (id, end) => {
  expect(naiveEnd(seen, targets, id, 'away')).toBe(end)
})

test('another end is found, also of a link of which only the devices know', () => {
  const ends = new Map([
    ['to link', 'file'],
    ['unknown', 'file'],
  ])
  expect(compareEnds(seen, targets, ends, ends, 'away')).toEqual([])
  const others = new Map([['unknown', 'root']])
  expect(compareEnds(seen, targets, ends, others, 'away').join()).toContain('"unknown"')
  expect(compareEnds(seen, targets, new Map([['to link', 'to file']]), others, 'away').join()).toContain('"to link"')
})
