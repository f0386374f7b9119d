import { expect, test } from 'vitest'
import { emptyConfiguration } from '../core/raft/raft.ts'
import type { Answer } from '../core/message/message.ts'
import { id } from '../core/tree/testing/forest.ts'
import { drain } from '../sim/testing/drain.ts'
import { Sharing, type SharingOptions } from './sharing.ts'

const [phone, laptop] = ['aa'.repeat(32), 'bb'.repeat(32)]
type Report = Extract<Answer, { tag: 'lacks' }>['value']

/** The laptop, which the phone answers, as it decides alone. */
function laptopBeside() {
  const said: { report: Report; hold: Promise<void> } = {
    report: { reportVersion: 1, isKept: true, blocks: [], isLast: true },
    hold: Promise.resolve(),
  }
  const options = {
    principal: laptop,
    configuration: () => ({ ...emptyConfiguration, voters: [`${phone}-00`] }),
    peers: () => [],
    ask: async (): Promise<Answer> => {
      await said.hold
      return { tag: 'lacks', value: said.report }
    },
    onCounted: () => {},
    holdings: { nextUnseen: () => null, nextWanted: () => null },
    platform: { clock: { monotonicMs: () => 0, after: () => () => {} } },
  } as unknown as SharingOptions
  const sharing = new Sharing(options)
  const here = async (stampMs: number): Promise<void> => {
    sharing.onHere(phone, stampMs, said.report.reportVersion)
    await drain()
  }
  return { sharing, said, here, isSafe: () => sharing.isOnVoter(id(1), 100) }
}

test('what a voter has said that it holds may be let go of', async () => {
  const { here, said, isSafe } = laptopBeside()
  expect(isSafe()).toBe(false)
  await here(99)
  expect(isSafe()).toBe(false)
  await here(100)
  expect(isSafe()).toBe(true)
  said.report = { ...said.report, reportVersion: 2, blocks: [id(1)] }
  await here(100)
  expect(isSafe()).toBe(false)
})

test('not while it may say something else: it was away, or is being asked', async () => {
  const { sharing, here, said, isSafe } = laptopBeside()
  await here(100)
  sharing.onUp(phone)
  expect(isSafe()).toBe(false)
  let answer = (): void => {}
  said.hold = new Promise((resolve) => (answer = resolve))
  await here(100)
  expect(isSafe()).toBe(false)
  answer()
  await drain()
  expect(isSafe()).toBe(true)
  said.report = { ...said.report, reportVersion: 3 }
  said.hold = new Promise(() => {})
  await here(100)
  expect(isSafe()).toBe(false)
})

test('nor what it has said before it came to vote, when it might let go itself', async () => {
  const { here, said, isSafe } = laptopBeside()
  said.report = { ...said.report, isKept: false }
  await here(100)
  expect(isSafe()).toBe(false)
  said.report = { ...said.report, reportVersion: 3, isKept: true }
  await here(100)
  expect(isSafe()).toBe(true)
})
