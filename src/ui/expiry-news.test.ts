import { expect, test } from 'vitest'
import type { TreeStatus } from '../node/api.ts'
import { ExpiryNews } from './expiry-news.ts'
import { Notices } from './notices.ts'
import { MemoryNode } from './testing/memory-node.ts'

const nowMs = Date.UTC(2027, 4, 3)
const dayMs = 86_400_000

function begin() {
  const { tree } = new MemoryNode()
  const notices = new Notices()
  let lookCount = 0
  const news = new ExpiryNews(notices, () => lookCount++)
  const hear = (expiring: TreeStatus['expiring'], removed: TreeStatus['removed'] = null) =>
    news.heard({ ...tree, expiring, removed }, nowMs)
  return { notices, hear, texts: () => notices.list.map(({ text }) => text), lookCount: () => lookCount }
}
const soon = { deviceCount: 2, firstAtMs: nowMs + dayMs }

test('that time runs out is told once, and leads to the devices', async () => {
  const { notices, hear, texts, lookCount } = begin()
  hear(null)
  expect(texts()).toEqual([])
  hear(soon)
  hear(soon)
  expect(texts()).toEqual([expect.stringContaining('ends on')])
  await notices.act(notices.list[0]!.id)
  expect(lookCount()).toBe(1)
  hear(soon)
  expect(texts()).toEqual([])
})

test('it goes as soon as all are renewed, and comes again with the next', () => {
  const { hear, texts } = begin()
  hear(soon)
  hear(null)
  expect(texts()).toEqual([])
  hear({ deviceCount: 1, firstAtMs: nowMs - dayMs })
  expect(texts()).toEqual([expect.stringContaining('ended on')])
})

test('a device that was put out is not asked for it', () => {
  const { hear, texts } = begin()
  hear(soon, { by: 'Laptop' })
  expect(texts()).toEqual([])
})
