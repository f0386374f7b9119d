import { expect, test, vi } from 'vitest'
import type { NodeApi } from '../../node/api.ts'
import type { PretendPort } from '../ports.ts'
import { Pretending } from './pretending.ts'

const words = Array.from({ length: 12 }, (_, position) => `word${position}`)
function pretendingWith(api: Partial<NodeApi>, port: Partial<PretendPort> = {}): Pretending {
  return new Pretending(api as NodeApi, port as PretendPort)
}

test('the card of a trial is asked back by nobody but the page, which has the words', async () => {
  const typed: unknown[] = []
  const pretending = pretendingWith({
    beginPlanting: async () => ({ plantingId: 'p', words, askedPositions: [3, 0, 7] }),
    confirmCard: async (_, asked) => {
      typed.push(asked)
      return { challenge: null, credentialIds: [] }
    },
    finishPlanting: async () => {},
    invite: async () => {},
    approve: async (answer) => void typed.push(answer),
  })
  expect(pretending.hasCard).toBe(false)
  expect(await pretending.plantTrial()).toBe(true)
  expect(pretending.hasCard).toBe(true)
  await pretending.approveTrial()
  expect(typed).toEqual([['word3', 'word0', 'word7'], words])
})

test('what can not be done says why, and can be tried again', async () => {
  const invite = vi.fn(async () => {})
  invite.mockRejectedValueOnce(Object.assign(new Error('There is no network.'), { code: 'networkMissing' }))
  const pretending = pretendingWith({ invite })
  expect(await pretending.begin()).toBe(false)
  expect(pretending).toMatchObject({ problem: 'There is no network.', waitingFor: '' })
  expect(await pretending.begin()).toBe(true)
  expect(pretending.problem).toBe('')
})

test('nothing is removed while a frame may still show it, and the phone is there again when it failed', async () => {
  const course: string[] = []
  const pretending: Pretending = pretendingWith(
    {},
    {
      remove: async () => {
        course.push(`removed, away: ${pretending.isAway}`)
        throw new Error('blocked')
      },
    },
  )
  pretending.setPulled(true)
  const isDone = pretending.remove(async () => void course.push(`hidden, away: ${pretending.isAway}`))
  expect(await pretending.begin(), 'one thing at a time').toBe(false)
  expect(await isDone).toBe(false)
  expect(course).toEqual(['hidden, away: true', 'removed, away: true'])
  expect(pretending).toMatchObject({ isAway: false, isPulled: false })
  expect(pretending.problem).toContain('blocked')
})
