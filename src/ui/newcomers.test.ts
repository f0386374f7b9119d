import { expect, test } from 'vitest'
import { BlocktreeError } from '../core/bytes/bytes.ts'
import type { DeviceLine } from '../node/api.ts'
import { Newcomers } from './newcomers.ts'
import { Notices } from './notices.ts'
import { MemoryNode } from './testing/memory-node.ts'

const hourMs = 3_600_000
const nowMs = 1_800_000_000_000
const device = (name: string, hoursAgo: number): DeviceLine => ({
  principal: name,
  name,
  isThis: false,
  role: 'learner',
  path: 'direct',
  lastSeenAtMs: nowMs,
  admittedAtMs: nowMs - hoursAgo * hourMs,
  expiresAtMs: 0,
  heldBytes: 0,
  report: null,
  limited: null,
})

/** A device of a tree, whose page told of others until `toldHoursAgo`. */
function begin(otherDevices: readonly DeviceLine[], toldHoursAgo = Infinity) {
  const node = new MemoryNode()
  node.nowMs = () => nowMs
  const notices = new Notices()
  let toldMs = Math.max(0, nowMs - toldHoursAgo * hourMs)
  const told = { recall: () => toldMs, keep: (atMs: number) => void (toldMs = atMs) }
  const open = () => {
    const newcomers = new Newcomers(node, notices, told)
    return (others: readonly DeviceLine[]) => {
      node.otherDevices = others
      return newcomers.heard({ ...node.tree, isPlanted: true, deviceCount: 1 + others.length }, nowMs)
    }
  }
  const names = () => notices.list.map(({ text }) => /^\w+/.exec(text)![0])
  return { node, notices, open, names, first: open()(otherDevices) }
}

test('a device that is added is told of, once', async () => {
  const { open, names } = begin([])
  const hear = open()
  await hear([])
  expect(names()).toEqual([])
  await hear([device('Phone', 0)])
  await hear([device('Phone', 0)])
  await open()([device('Phone', 0)])
  expect(names()).toEqual(['Phone'])
})

test('of one that is limited to a folder it is said to which', async () => {
  const limited = { folderName: 'Photos', mayWrite: true, expiresAtMs: nowMs }
  const { first, notices } = begin([{ ...device('Camera', 1), limited }])
  await first
  expect(notices.list.map(({ text }) => text)).toEqual([
    'Camera was let into the folder “Photos” and sees nothing else.',
  ])
})

test('and stays until it was seen', async () => {
  const { first, notices } = begin([device('Phone', 1)])
  await first
  expect(notices.list).toMatchObject([{ staysMs: null, action: { label: 'Undo' } }])
})

test('and no longer than the device belongs to the tree', async () => {
  const { open, names } = begin([])
  const hear = open()
  await hear([device('Phone', 0), device('Tablet', 0)])
  await hear([device('Tablet', 0)])
  expect(names()).toEqual(['Tablet'])
})

test('one that slept meanwhile hears of it within 72 hours, the first one first', async () => {
  const { first, names } = begin([device('Tablet', 2), device('Phone', 71), device('Desktop', 73)])
  await first
  expect(names()).toEqual(['Phone', 'Tablet'])
})

test('what was told is not told again', async () => {
  const { first, names } = begin([device('Tablet', 2), device('Phone', 5)], 3)
  await first
  expect(names()).toEqual(['Tablet'])
})

test('where the tree can not be asked it is asked again', async () => {
  const { node, open, names } = begin([])
  const { devices } = node
  const hear = open()
  node.devices = () => Promise.reject(new Error('away'))
  await hear([device('Phone', 0)])
  expect(names()).toEqual([])
  node.devices = devices
  await hear([device('Phone', 0)])
  expect(names()).toEqual(['Phone'])
})

test('a newcomer is not told of those who were there before', async () => {
  const { node, open, names } = begin([])
  const { devices } = node
  node.devices = async () => {
    const [own, ...others] = await devices.call(node)
    return [{ ...own!, admittedAtMs: nowMs - hourMs }, ...others]
  }
  await open()([device('Laptop', 2)])
  expect(names()).toEqual([])
})

test('a tree that is not planted has nobody to tell of', async () => {
  const { node, notices } = begin([])
  node.devices = () => Promise.reject(new Error('not asked'))
  await new Newcomers(node, notices, { recall: () => 0, keep: () => {} }).heard({ ...node.tree, deviceCount: 2 }, nowMs)
  expect(notices.list).toEqual([])
})

test('is put out again with one tap, and where that can not be, can be tried again', async () => {
  const { first, node, notices } = begin([device('Phone', 1)])
  await first
  node.refusal = new BlocktreeError('leaderAway', 'Nobody is there.')
  await notices.act(notices.list[0]!.id)
  expect(notices.list).toMatchObject([{ tone: 'problem', text: 'Nobody is there.' }])
  expect(node.otherDevices).toHaveLength(1)
  await notices.act(notices.list[0]!.id)
  expect(node.otherDevices).toEqual([])
  expect(notices.list).toMatchObject([{ tone: 'done', text: expect.stringMatching(/^Phone was removed/) }])
})

test('undone at once, it is said which links into other trees it can go on to follow', async () => {
  const { first, node, notices } = begin([device('Phone', 1)])
  node.farLinkNames = ['Photos of Ben']
  await first
  await notices.act(notices.list[0]!.id)
  expect(node.otherDevices).toEqual([])
  expect(notices.list.map(({ text }) => text)).toEqual([
    expect.stringContaining('Phone was removed'),
    expect.stringContaining('other people’s trees: Photos of Ben.'),
  ])
})
