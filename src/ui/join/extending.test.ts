import { expect, test } from 'vitest'
import { BlocktreeError } from '../../core/bytes/bytes.ts'
import type { DeviceLine } from '../../node/api.ts'
import type { PasskeyPort } from '../ports.ts'
import { MemoryNode, cardWords } from '../testing/memory-node.ts'
import { ExtensionCourse } from './extending.ts'
import { dayText } from './term.ts'

const nowMs = new Date(2027, 4, 3, 15, 30).getTime()
const dayMs = 86_400_000
const device: DeviceLine = {
  ...{ principal: 'c1', name: 'Camera', isThis: false, role: 'learner', path: 'direct', lastSeenAtMs: nowMs },
  ...{ admittedAtMs: nowMs, heldBytes: null, report: null },
  limited: { folderName: 'Camera', mayWrite: true, expiresAtMs: nowMs + dayMs },
}

function begin() {
  const node = new MemoryNode()
  node.otherDevices = [device]
  const passkey = { sign: () => Promise.reject(new Error('not asked for')) } as unknown as PasskeyPort
  return { node, course: new ExtensionCourse(node, passkey, 'tree.example', device) }
}

test('a limited device gets until the end of the day that was picked', async () => {
  const { node, course } = begin()
  await course.until(dayText(nowMs + 30 * dayMs), nowMs)
  expect(course.asked).toMatchObject({ credentialIds: [] })
  await course.confirmByCard(cardWords.join(' '))
  expect(course.isDone).toBe(true)
  expect(node.otherDevices[0]!.limited!.expiresAtMs).toBe(new Date(2027, 5, 3).getTime() - 1)
})

test('a day that can not be is told, and nothing is asked', async () => {
  const { course } = begin()
  for (const day of ['', dayText(nowMs), dayText(nowMs + 401 * dayMs)]) {
    await course.until(day, nowMs)
    expect([course.asked, course.problem]).toEqual([null, 'Choose a day from tomorrow on, within 400 days.'])
  }
})

test('what the node refuses is told, and can be tried again', async () => {
  const { node, course } = begin()
  await course.until(dayText(nowMs + dayMs), nowMs)
  node.refusal = new BlocktreeError('deviceDismissed', 'It was removed.')
  await course.confirmByCard(cardWords.join(' '))
  expect([course.isDone, course.problem]).toEqual([false, 'It was removed.'])
  await course.confirmByCard(cardWords.join(' '))
  expect(course.isDone).toBe(true)
})
