import { expect, test } from 'vitest'
import { BlocktreeError } from '../../core/bytes/bytes.ts'
import type { DeviceLine } from '../../node/api.ts'
import type { PasskeyPort } from '../ports.ts'
import { MemoryNode, cardWords } from '../testing/memory-node.ts'
import { ExtensionCourse } from './extending.ts'
import { dayText } from './term.ts'

const nowMs = new Date(2027, 4, 3, 15, 30).getTime()
const dayMs = 86_400_000
const line = (principal: string, name: string, expiresAtMs: number): DeviceLine => ({
  ...{ principal, name, isThis: false, role: 'learner', path: 'direct', lastSeenAtMs: nowMs },
  ...{ admittedAtMs: nowMs, expiresAtMs, heldBytes: null, limited: null, report: null },
})
const limits = { folderName: 'Camera', mayWrite: true, expiresAtMs: nowMs + dayMs }
const camera: DeviceLine = { ...line('c1', 'Camera', limits.expiresAtMs), limited: limits }
const desk = line('d1', 'Desk', nowMs + 20 * dayMs)
const phone = line('f1', 'Phone', nowMs - dayMs)
const fresh = line('e1', 'Tablet', nowMs + 399 * dayMs)

function begin(...devices: readonly DeviceLine[]) {
  const node = new MemoryNode()
  node.otherDevices = devices
  const passkey = { sign: () => Promise.reject(new Error('not asked for')) } as unknown as PasskeyPort
  return { node, course: new ExtensionCourse(node, passkey, 'tree.example', devices) }
}
const principals = (...devices: readonly DeviceLine[]) => devices.map(({ principal }) => principal)

test('a limited device gets until the end of the day that was picked', async () => {
  const { node, course } = begin(camera)
  await course.until(dayText(nowMs + 30 * dayMs), principals(camera), nowMs)
  expect(course.asked).toMatchObject({ credentialIds: [] })
  await course.confirmByCard(cardWords.join(' '))
  expect(course.isDone).toBe(true)
  expect(node.otherDevices[0]!.limited!.expiresAtMs).toBe(new Date(2027, 5, 3).getTime() - 1)
})

test('all that are chosen get it by one signature, but for those that have more already', async () => {
  const { node, course } = begin(desk, camera, phone, fresh)
  const untilMs = new Date(2027, 7, 12).getTime() - 1
  await course.until(dayText(untilMs), principals(desk, phone, fresh), nowMs)
  expect(course.asked!.extensions).toEqual([
    { principal: 'd1', expiresAtMs: untilMs },
    { principal: 'f1', expiresAtMs: untilMs },
  ])
  await course.confirmByCard(cardWords.join(' '))
  expect(node.otherDevices.map(({ expiresAtMs }) => expiresAtMs)).toEqual([
    untilMs,
    camera.expiresAtMs,
    untilMs,
    fresh.expiresAtMs,
  ])
})

test('a choice that can not be is told, and nothing is asked', async () => {
  const { course } = begin(camera, fresh)
  const dayWrong = 'Choose a day from tomorrow on, within 400 days.'
  const soon = dayText(nowMs + dayMs)
  for (const [day, chosen, problem] of [
    ['', [camera], dayWrong],
    [dayText(nowMs), [camera], dayWrong],
    [dayText(nowMs + 401 * dayMs), [camera], dayWrong],
    [soon, [], 'Choose a device.'],
    [soon, [fresh], 'All that you chose have that time already. Choose a later day.'],
  ] as const) {
    await course.until(day, principals(...chosen), nowMs)
    expect([course.asked, course.problem]).toEqual([null, problem])
  }
})

test('what the node refuses is told, and can be tried again', async () => {
  const { node, course } = begin(camera)
  await course.until(dayText(nowMs + dayMs), principals(camera), nowMs)
  node.refusal = new BlocktreeError('deviceDismissed', 'It was removed.')
  await course.confirmByCard(cardWords.join(' '))
  expect([course.isDone, course.problem]).toEqual([false, 'It was removed.'])
  await course.confirmByCard(cardWords.join(' '))
  expect(course.isDone).toBe(true)
})
