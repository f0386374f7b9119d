import { expect, test } from 'vitest'
import type { Decider } from '../node/api.ts'
import { Notices } from './notices.ts'
import { Successions } from './successions.ts'
import { MemoryNode } from './testing/memory-node.ts'

function begin() {
  const { tree } = new MemoryNode()
  const notices = new Notices()
  let lookCount = 0
  const successions = new Successions(notices, () => lookCount++)
  const hear = (decider: Partial<Decider>, treeId = tree.treeId) =>
    successions.heard({ ...tree, treeId, decider: { ...tree.decider, quorum: 'reachable', ...decider } })
  const texts = () => notices.list.map(({ text }) => text.split(' ')[0])
  return { notices, hear, texts, lookCount: () => lookCount }
}

test('a take-over is told of once, and leads to the devices', async () => {
  const { notices, hear, texts, lookCount } = begin()
  hear({ generation: 1 })
  hear({ generation: 2, deviceName: 'Phone' })
  hear({ generation: 2, deviceName: 'Phone' })
  expect(texts()).toEqual(['Phone'])
  await notices.act(notices.list[0]!.id)
  expect(lookCount()).toBe(1)
})

test('what was before the page was opened, another tree, and what this device did itself are no news', () => {
  const { hear, texts } = begin()
  hear({ generation: 3, deviceName: 'Phone' })
  hear({ generation: 4, quorum: 'here', deviceName: 'Laptop' })
  hear({ generation: 7, deviceName: 'Desk' }, 'another tree')
  expect(texts()).toEqual([])
  hear({ generation: 8, deviceName: '' }, 'another tree')
  expect(texts()).toEqual(['Another'])
})
