import { expect, test } from 'vitest'
import { type Bytes, concat, equal } from '../core/bytes/bytes.ts'
import { emptyBodyWriter, finishBody, hashInObjectId, writeSectors } from '../core/block/block.ts'
import { sha256 } from '../core/crypto/crypto.ts'
import { emptyMap } from '../core/merkle/merkle.ts'
import { emptyConfiguration } from '../core/raft/raft.ts'
import type { Answer } from '../core/message/message.ts'
import { id } from '../core/tree/testing/forest.ts'
import { createSimulatedCrypto } from '../sim/crypto.ts'
import { Disk } from '../sim/disk.ts'
import { Process } from '../sim/process.ts'
import { Random } from '../sim/random.ts'
import { Scheduler } from '../sim/scheduler.ts'
import { SimStore } from '../sim/store.ts'
import { drain } from '../sim/testing/drain.ts'
import { Trace } from '../sim/trace.ts'
import { Holdings } from './holdings.ts'
import type { Recount } from './read/view.ts'
import { Sharing, type SharingOptions } from './sharing.ts'

const [phone, laptop] = ['aa'.repeat(32), 'bb'.repeat(32)]
type Report = Extract<Answer, { tag: 'lacks' }>['value']

/** The laptop, which the phone answers, as it decides alone. */
function laptopBeside() {
  const said: { report: Report; hold: Promise<void>; counted: Recount[] } = {
    counted: [],
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
    onCounted: (counted: Recount) => void said.counted.push(counted),
    holdings: { nextUnseen: () => null, nextWanted: () => null, isLacking: () => false },
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

test('what is counted anew is what came since a device said last what it holds', async () => {
  const { sharing, here, said } = laptopBeside()
  await here(100)
  expect(said.counted.splice(0)).toEqual(['all'])
  expect(sharing.copyCount(id(1), 101)).toBe(1)
  await here(100)
  expect(said.counted.splice(0)).toEqual([])
  await here(120)
  expect(said.counted.splice(0)).toEqual([{ afterMs: 100 }])
  expect(sharing.copyCount(id(1), 101)).toBe(2)
  // It began anew, from a state that another device gave.
  await here(90)
  expect(said.counted.splice(0)).toEqual([{ afterMs: 90 }])
  expect(sharing.copyCount(id(1), 101)).toBe(1)
})

test('one that is no device of the tree any more holds nothing that counts', async () => {
  const { sharing, here, said } = laptopBeside()
  await here(100)
  sharing.onDevices(() => true)
  expect(sharing.copyCount(id(1), 100)).toBe(2)
  expect(said.counted.splice(0)).toEqual(['all'])
  sharing.onDevices((device) => device !== phone)
  expect(sharing.copyCount(id(1), 100)).toBe(1)
  expect(said.counted).toEqual(['all'])
})

/** A body of one sector, and what it consists of. */
function bodyOf(octet: number) {
  const sealed = new Uint8Array(100).fill(octet)
  const leaf = { hash: sha256(sealed), keyEpoch: 1, salt: new Uint8Array(16) }
  const { body, pages } = finishBody(writeSectors(emptyBodyWriter, [leaf]).writer, sealed.length)
  return { body, objects: [{ hash: leaf.hash, octets: sealed }, ...pages] }
}

/** The laptop stages what the phone has. */
async function laptopStaging(had: ReturnType<typeof bodyOf>) {
  const scheduler = new Scheduler(drain)
  const process = new Process(scheduler)
  const random = Random.fromSeed(1)
  const store = new SimStore(new Disk(), process, random, new Trace(), { onCrash() {}, onFull() {}, onSuperseded() {} })
  const place = { treeId: concat(id(1), id(1)), clusterId: id(2) }
  const holdings = await scheduler.run(Holdings.open(store, place, new Uint8Array(32)))
  /** The phone gives what it is asked for when it is let go on. */
  const waiting: (() => void)[] = []
  const ask: SharingOptions['ask'] = async (_to, question) => {
    await new Promise<void>((resolve) => waiting.push(resolve))
    const octetsOf = (key: Bytes) => had.objects.find(({ hash }) => equal(hash, hashInObjectId(key)))?.octets ?? null
    return question.tag === 'objects' ? { tag: 'objects', value: question.value.map(octetsOf) } : null
  }
  const options = {
    ...{ place, holdings, ask },
    platform: { store, crypto: createSimulatedCrypto(random), clock: { monotonicMs: () => 0 }, discard: () => {} },
    state: () => ({ treeId: place.treeId, map: emptyMap }),
    untilSwept: async () => {},
  } as unknown as SharingOptions
  const sharing = new Sharing(options)
  const stage = ({ body }: typeof had) =>
    sharing.onStage(phone, { requestId: id(7), position: 0, block: id(3), body, objects: [] })
  const untilAsked = async (count: number): Promise<void> => {
    while (waiting.length < count) await scheduler.run(scheduler.sleep(1))
  }
  return { scheduler, holdings, waiting, stage, untilAsked }
}

test('of two bodies that one after the other are staged for a record the first that comes does not count as the second', async () => {
  const [first, second] = [bodyOf(1), bodyOf(2)]
  const { scheduler, holdings, waiting, stage, untilAsked } = await laptopStaging(first)
  const answers = [stage(first)]
  await untilAsked(1)
  answers.push(stage(second))
  await untilAsked(2)
  waiting[0]!()
  await untilAsked(3)
  waiting[2]!()
  expect(await scheduler.run(answers[0]!)).toMatchObject({ tag: 'none' })
  expect(holdings.stagedBodies(id(3))).toMatchObject([{ body: second.body, isWhole: false }])
  // The second, which the phone does not give.
  waiting[1]!()
  expect(await scheduler.run(answers[1]!)).toMatchObject({ tag: 'none' })
})

test('a body that is asked for again while it comes is brought once', async () => {
  const wanted = bodyOf(1)
  const { scheduler, waiting, stage, untilAsked } = await laptopStaging(wanted)
  const answers = [stage(wanted)]
  await untilAsked(1)
  answers.push(stage(wanted))
  await scheduler.run(scheduler.sleep(100))
  expect(waiting).toHaveLength(1)
  waiting[0]!()
  await untilAsked(2)
  waiting[1]!()
  for (const answer of answers) expect(await scheduler.run(answer)).toMatchObject({ tag: 'staged' })
  expect(waiting).toHaveLength(2)
})
