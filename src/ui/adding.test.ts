import { describe, expect, test, vi } from 'vitest'
import { BlocktreeError } from '../core/bytes/bytes.ts'
import type { Job } from '../node/api.ts'
import { Actions } from './actions.ts'
import { standingStill } from './adding.ts'
import type { Entry } from './entries.ts'
import { type JobsById, type Model, apply, childrenOf, emptyModel } from './model.ts'
import { Notices, undoWindowMs } from './notices.ts'
import { MemoryNode } from './testing/memory-node.ts'

/** `holiday/may/sea.txt` is a file, `holiday/empty/` a folder. */
const entry = (path: string): Entry => {
  const names = path.split('/')
  const isFolder = names.at(-1) === ''
  if (isFolder) names.pop()
  const name = names.pop()!
  return { folders: names, name, open: isFolder ? null : async () => new File(['x'], name) }
}
async function begin(...there: string[]) {
  const node = new MemoryNode()
  node.grow(there)
  let model: Model = emptyModel
  await node.watch((event) => (model = apply(model, event)))
  const actions = new Actions(node, () => model, new Notices())
  const paths = (id = 'root', prefix = ''): string[] =>
    childrenOf(model, id).flatMap((item) =>
      item.kind === 'file'
        ? [prefix + item.name]
        : [`${prefix}${item.name}/`, ...paths(item.id, `${prefix}${item.name}/`)],
    )
  return { node, actions, adding: actions.adding, notices: actions.notices, paths, model: () => model }
}

describe('adding', () => {
  test('a whole folder is made once, whoever needs it first', async () => {
    const { adding, paths } = await begin()
    const count = await adding.add('root', ['a/b/1', 'a/b/2', 'a/3', 'a/c/', '4'].map(entry))
    expect(count).toBe(5)
    expect(paths()).toEqual(['a/', 'a/b/', 'a/b/1', 'a/b/2', 'a/c/', 'a/3', '4'])
  })

  test('a folder that is there already is used', async () => {
    const { adding, paths } = await begin('a/old')
    await adding.add('root', [entry('a/new')])
    expect(paths()).toEqual(['a/', 'a/new', 'a/old'])
  })

  test('folders that objects know are folders like others', async () => {
    const { adding, paths } = await begin()
    await adding.add('root', ['__proto__/x', 'constructor/__proto__/y'].map(entry))
    expect(paths()).toEqual([
      '__proto__/',
      '__proto__/x',
      'constructor/',
      'constructor/__proto__/',
      'constructor/__proto__/y',
    ])
  })

  test('never more than three at once', async () => {
    const { node, adding } = await begin()
    let atOnceMax = 0
    await node.watch(() => (atOnceMax = Math.max(atOnceMax, node.jobs.size)))
    await adding.add(
      'root',
      Array.from({ length: 20 }, (_, at) => entry(`file ${at}`)),
    )
    expect(atOnceMax).toBe(3)
  })

  test('one that fails is named with its reason, the others get in, and it can be tried again', async () => {
    const { node, adding, paths } = await begin()
    node.refusal = new BlocktreeError('storeFull', 'This device is out of space.')
    expect(await adding.add('root', ['1', '2'].map(entry))).toBe(1)
    expect(adding.failed.map(({ entry: { name }, sentence }) => [name, sentence])).toEqual([
      ['1', 'This device is out of space.'],
    ])
    adding.retryFailed()
    await expect.poll(paths).toEqual(['1', '2'])
    expect(adding.failed).toEqual([])
  })

  test('where a folder cannot be made, all of it can be tried again', async () => {
    const { node, adding, paths } = await begin()
    node.refusal = new BlocktreeError('storeFull', 'This device is out of space.')
    expect(await adding.add('root', ['a/1', 'a/2'].map(entry))).toBe(0)
    adding.retryFailed()
    await expect.poll(paths).toEqual(['a/', 'a/1', 'a/2'])
  })

  test('what waits can be called off', async () => {
    const { node, adding, paths } = await begin()
    node.stepMs = 1
    const count = adding.add(
      'root',
      Array.from({ length: 20 }, (_, at) => entry(`file ${at}`)),
    )
    expect(adding.waitingCount).toBe(17)
    adding.cancelWaiting()
    expect(await count).toBe(3)
    expect(paths()).toHaveLength(3)
  })

  test('a cancelled file is no failure', async () => {
    const { node, adding, paths } = await begin()
    await node.watch((event) => void (event.kind === 'job' && node.cancel(event.job.id)))
    const count = adding.add('root', [entry('1')])
    expect(await count).toBe(0)
    expect(adding.failed).toEqual([])
    expect(paths()).toEqual([])
  })
})

describe('deeds', () => {
  const named = (model: Model, name: string) => [...model.items.values()].find((item) => item.name === name)!

  test('each can be taken back: deletion, move, new name', async () => {
    const { actions, notices, paths, model } = await begin('a/', 'b')
    await actions.trash(named(model(), 'b'))
    expect(paths()).toEqual(['a/'])
    await notices.undoLast()
    expect(paths()).toEqual(['a/', 'b'])
    await actions.move(named(model(), 'b'), named(model(), 'a').id)
    expect(paths()).toEqual(['a/', 'a/b'])
    await notices.undoLast()
    expect(paths()).toEqual(['a/', 'b'])
    await actions.rename(named(model(), 'b'), 'c')
    expect(paths()).toEqual(['a/', 'c'])
    await notices.undoLast()
    expect(paths()).toEqual(['a/', 'b'])
    expect(await notices.undoLast()).toBe(false)
  })

  test('the offer stands for ten seconds', async () => {
    const { actions, notices, model } = await begin('b')
    await actions.trash(named(model(), 'b'))
    expect(undoWindowMs).toBe(10_000)
    expect(notices.list.map(({ staysMs }) => staysMs)).toEqual([undoWindowMs])
  })

  test('a refusal is told, and nothing is offered', async () => {
    const { node, actions, notices, model } = await begin('b')
    node.refusal = new BlocktreeError('storeFull', 'This device is out of space.')
    await actions.trash(named(model(), 'b'))
    expect(notices.list).toMatchObject([{ tone: 'problem', text: 'This device is out of space.', staysMs: null }])
  })

  test('a failed undo says so', async () => {
    const { node, actions, notices, model } = await begin('b')
    await actions.trash(named(model(), 'b'))
    node.refusal = new BlocktreeError('storeFull', 'This device is out of space.')
    await notices.undoLast()
    expect(notices.list.at(-1)?.text).toBe('That could not be undone. This device is out of space.')
  })

  test('a move to where it is already does nothing', async () => {
    const { actions, notices, model } = await begin('b')
    await actions.move(named(model(), 'b'), 'root')
    expect(notices.list).toEqual([])
  })
})

describe('what was interrupted', () => {
  const film = { id: 'u', folderId: 'root', name: 'film', sizeBytes: 3, storedBytes: 1 }
  const job = (kind: Job['kind'], title: string): JobsById =>
    new Map([['j', { id: 'j', kind, title, unit: 'bytes', done: 0, total: 1, perSecond: 0 }]])

  test('is shown until it is given up, or came in', async () => {
    const { node, adding } = await begin()
    node.interrupted = [film, { ...film, id: 'v' }]
    await adding.lookForInterrupted()
    expect(adding.interrupted).toEqual(node.interrupted)
    await adding.giveUp('v')
    expect(adding.interrupted).toEqual([film])
    node.interrupted = []
    await adding.add('root', [entry('film')])
    await vi.waitFor(() => expect(adding.interrupted).toEqual([]))
  })

  test('is not shown while it comes in again', () => {
    expect(standingStill([film], new Map())).toEqual([film])
    expect(standingStill([film], job('add', 'other'))).toEqual([film])
    expect(standingStill([film], job('add', 'film'))).toEqual([])
    expect(standingStill([film], job('move', 'film'))).toEqual([film])
  })
})
