import { describe, expect, test } from 'vitest'
import type { Item, Job, NodeEvent, TreeStatus } from '../node/api.ts'
import {
  apply,
  applyToJobs,
  childrenOf,
  countWithin,
  emptyModel,
  isPlaced,
  isWithin,
  lineage,
  rootOf,
  safetyOf,
  search,
  trashOf,
} from './model.ts'

const tree: TreeStatus = {
  treeId: 'tree',
  rootId: 'root',
  isPlanted: false,
  ownerName: '',
  deviceName: 'this browser',
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
  aside: null,
  limited: null,
  decider: {
    quorum: 'here',
    generation: 1,
    deviceName: 'this browser',
    principal: '',
    lastSeenAtMs: 0,
    appointed: null,
  },
}
const item = (id: string, parentId: string | null, more: Partial<Item> = {}): Item => ({
  id,
  parentId,
  kind: 'file',
  name: id,
  sizeBytes: 1,
  createdAtMs: 1,
  modifiedAtMs: 1,
  trashedAtMs: null,
  copyCount: 1,
  isWaiting: false,
  ...more,
})
const folder = (id: string, parentId: string | null, more: Partial<Item> = {}) =>
  item(id, parentId, { kind: 'folder', ...more })
const snapshot = (...items: Item[]): NodeEvent => ({
  kind: 'snapshot',
  tree,
  items,
  jobs: [],
  inviting: null,
  joining: null,
})
const changed = (upserted: Item[], removedIds: string[] = []): NodeEvent => ({
  kind: 'changed',
  tree,
  upserted,
  removedIds,
})
const play = (...events: NodeEvent[]) => events.reduce(apply, emptyModel)
const namesIn = (model: ReturnType<typeof play>, id: string) => childrenOf(model, id).map((child) => child.name)

const start = snapshot(
  folder('root', null),
  folder('photos', 'root'),
  item('b10', 'root'),
  item('b2', 'root'),
  item('sea', 'photos'),
)

describe('events', () => {
  test('a snapshot orders folders first, then names as people count', () =>
    expect(namesIn(play(start), 'root')).toEqual(['photos', 'b2', 'b10']))
  test('a later snapshot replaces everything and ends a stop', () => {
    const model = play(
      start,
      { kind: 'stopped', code: 'x', message: 'y' },
      snapshot(folder('root', null), item('only', 'root')),
    )
    expect(namesIn(model, 'root')).toEqual(['only'])
    expect(model.items.has('sea')).toBe(false)
    expect(model.stopped).toBeNull()
  })
  test('an addition, a rename, a move and a removal each reach the right folders', () => {
    const added = play(start, changed([item('a', 'root')]))
    expect(namesIn(added, 'root')).toEqual(['photos', 'a', 'b2', 'b10'])
    const renamed = apply(added, changed([item('a', 'root', { name: 'z' })]))
    expect(namesIn(renamed, 'root')).toEqual(['photos', 'b2', 'b10', 'z'])
    const moved = apply(renamed, changed([item('a', 'photos', { name: 'z' })]))
    expect(namesIn(moved, 'root')).toEqual(['photos', 'b2', 'b10'])
    expect(namesIn(moved, 'photos')).toEqual(['sea', 'z'])
    const removed = apply(moved, changed([], ['sea', 'a']))
    expect(childrenOf(removed, 'photos')).toEqual([])
    expect(namesIn(added, 'root'), 'earlier values stay as they were').toEqual(['photos', 'a', 'b2', 'b10'])
  })
  test('jobs come, go on and end', () => {
    const job: Job = { id: 'j', kind: 'add', title: 'a', unit: 'bytes', done: 0, total: 10, perSecond: 0 }
    const going: NodeEvent[] = [
      { kind: 'job', job },
      { kind: 'job', job: { ...job, done: 5 } },
    ]
    const jobs = going.reduce(applyToJobs, new Map())
    expect(jobs.get('j')?.done).toBe(5)
    expect(applyToJobs(jobs, { kind: 'jobEnded', id: 'j' }).size).toBe(0)
    expect(applyToJobs(jobs, { kind: 'stopped', code: 'storeClosed', message: '' }).size).toBe(0)
    expect(applyToJobs(jobs, snapshot()).size).toBe(0)
    // What is drawn from the tree is not drawn again for them.
    const model = play(snapshot())
    expect(going.reduce(apply, model)).toBe(model)
  })
})

describe('the trash', () => {
  const model = play(
    start,
    changed([folder('photos', 'root', { trashedAtMs: 5 }), item('b2', 'root', { trashedAtMs: 9 })]),
  )
  test('holds what was put there, newest first, not its contents', () =>
    expect(trashOf(model).map((one) => one.id)).toEqual(['b2', 'photos']))
  test('takes its contents out of the tree and of the search', () => {
    expect(namesIn(model, 'root')).toEqual(['b10'])
    expect(isPlaced(model, 'sea')).toBe(false)
    expect(search(model, 'sea')).toEqual([])
  })
  test('gives back', () =>
    expect(namesIn(apply(model, changed([folder('photos', 'root')])), 'root')).toEqual(['photos', 'b10']))
})

test('names that objects know are names like others', () => {
  const model = play(
    snapshot(
      folder('root', null),
      item('__proto__', 'root'),
      folder('constructor', 'root'),
      item('toString', 'constructor'),
    ),
  )
  expect(namesIn(model, 'root')).toEqual(['constructor', '__proto__'])
  expect(namesIn(model, 'constructor')).toEqual(['toString'])
  expect(search(model, 'PROTO').map((one) => one.id)).toEqual(['__proto__'])
})

test('search folds case and accents', () => {
  const model = play(snapshot(folder('root', null), item('1', 'root', { name: 'Grüße.txt' })))
  expect(search(model, 'grusse')).toEqual([])
  expect(search(model, 'GRUß').map((one) => one.name)).toEqual(['Grüße.txt'])
})

test('lineage, and its end in a damaged tree', () => {
  const model = play(start)
  expect(lineage(model, 'sea').map((one) => one.id)).toEqual(['root', 'photos', 'sea'])
  expect(isWithin(model, 'photos', 'sea')).toBe(true)
  expect(isWithin(model, 'sea', 'photos')).toBe(false)
  expect(rootOf(model)?.id).toBe('root')
  const looped = play(snapshot(folder('root', null), folder('a', 'b'), folder('b', 'a')))
  expect(lineage(looped, 'a')).toEqual([])
})

test('a folder is as safe as its least safe file', () => {
  const model = play(
    snapshot(
      folder('root', null, { copyCount: 2 }),
      folder('photos', 'root', { copyCount: 2 }),
      item('sea', 'photos', { copyCount: 1 }),
      item('note', 'root', { copyCount: 2, isWaiting: true }),
    ),
  )
  expect(['root', 'photos', 'note'].map((id) => safetyOf(model, id))).toEqual([
    { copyCount: 1, isWaiting: true },
    { copyCount: 1, isWaiting: false },
    { copyCount: 2, isWaiting: true },
  ])
  expect(countWithin(model, 'root')).toBe(3)
})
