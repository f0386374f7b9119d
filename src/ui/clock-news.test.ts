import { expect, test } from 'vitest'
import { BlocktreeError } from '../core/bytes/bytes.ts'
import type { TreeStatus } from '../node/api.ts'
import { ClockNews } from './clock-news.ts'
import { Notices } from './notices.ts'
import { MemoryNode } from './testing/memory-node.ts'

const standing = { clockMs: Date.UTC(2099, 4, 3), changedAtMs: Date.UTC(2026, 4, 1) }

function begin() {
  const node = new MemoryNode()
  const notices = new Notices()
  const news = new ClockNews(node, notices)
  const hear = (standingTime: TreeStatus['standingTime'], removed: TreeStatus['removed'] = null) =>
    (node.tree = { ...node.tree, standingTime, removed })
  void node.watch((event) => {
    if ('tree' in event) news.heard(event.tree)
  })
  const tell = (...told: Parameters<typeof hear>): void => news.heard(hear(...told))
  return { node, notices, tell, texts: () => notices.list.map(({ text }) => text) }
}

test('it says what the clock says and when the tree was changed, once, and goes by itself', () => {
  const { tell, texts } = begin()
  tell(null)
  expect(texts()).toEqual([])
  tell(standing)
  tell({ ...standing, clockMs: standing.clockMs + 1000 })
  expect(texts()).toEqual([expect.stringMatching(/2099.+2026/)])
  tell(null)
  expect(texts()).toEqual([])
  tell(standing)
  expect(texts()).toHaveLength(1)
})

test('the owner says that the clock is right', async () => {
  const { node, notices, tell, texts } = begin()
  tell(standing)
  await notices.act(notices.list[0]!.id)
  expect(node.tree.standingTime).toBeNull()
  expect(texts()).toEqual([expect.stringContaining('goes on')])
})

test('where that fails it can be said again', async () => {
  const { node, notices, tell } = begin()
  tell(standing)
  node.refusal = new BlocktreeError('nodeStopped', 'It has stopped.')
  await notices.act(notices.list[0]!.id)
  expect(notices.list).toMatchObject([{ tone: 'problem', text: 'It has stopped.' }])
  await notices.act(notices.list[0]!.id)
  expect(node.tree.standingTime).toBeNull()
})

test('a device that was put out has no say in it', () => {
  const { tell, texts } = begin()
  tell(standing, { by: 'Laptop' })
  expect(texts()).toEqual([])
})
