import { describe, expect, test } from 'vitest'
import { appended, committedTo } from './log.ts'
import {
  type Entry,
  type Message,
  type Raft,
  type RaftConfig,
  type RaftEvent,
  advance,
  createRaft,
  hasReady,
  standardConfig,
  step,
  takeReady,
} from './raft.ts'
import { Sequence } from './sequence.ts'
import { Cluster, MemoryLog, command, ids, testConfig, votersOnly } from './testing/cluster.ts'

const receive = (message: Message): RaftEvent => ({ kind: 'message', message })
const heartbeat = (commitIndex: number, change: Partial<Message> = {}): RaftEvent =>
  receive({ kind: 'heartbeat', from: 'n1', to: 'n2', term: 1, commitIndex, readRound: 0, ...change } as Message)
const entry = (index: number): Entry => ({ kind: 'command', index, term: 1, data: command('y') })
const append = (previousIndex: number, count: number, commitIndex: number): RaftEvent =>
  receive({
    kind: 'append',
    from: 'n1',
    to: 'n2',
    term: 1,
    previousIndex,
    previousTerm: 1,
    entries: Array.from({ length: count }, (_, at) => entry(previousIndex + 1 + at)),
    commitIndex,
  })
const snapshot = { index: 9, term: 1, configuration: votersOnly(ids(3)), data: command('') }
const install = receive({ kind: 'snapshot', from: 'n1', to: 'n2', term: 1, snapshot })

/** n2 follows n1 in term 1, holds two committed entries, and has nothing to do. */
function quiet(config: Partial<RaftConfig> = {}): Raft {
  const cluster = new Cluster(votersOnly(ids(3)))
  cluster.elect('n1')
  cluster.propose('n1', 'x')
  const raft = cluster.raft('n2')
  return { ...raft, config: { ...raft.config, ...config } }
}
const take = (raft: Raft) => takeReady(raft)[1]
const nothing = {
  softState: null,
  hardState: null,
  entries: [],
  snapshot: null,
  committed: [],
  messages: [],
  readStates: [],
  mustSync: false,
  storageAppend: null,
  storageApply: null,
}

describe('there is something to do', () => {
  const message: Message = { kind: 'timeoutNow', from: 'n2', to: 'n3', term: 1 }
  const { log } = quiet()

  test.each<{ name: string; change: Partial<Raft>; isReady: boolean }>([
    { name: 'nothing new', change: {}, isReady: false },
    { name: 'time that passed', change: { electionElapsedTicks: 5 }, isReady: false },
    { name: 'a message', change: { messages: Sequence.empty<Message>().append(message) }, isReady: true },
    { name: 'a promise', change: { messagesAfterAppend: Sequence.empty<Message>().append(message) }, isReady: true },
    {
      name: 'an answer to a read',
      change: {
        readStates: Sequence.empty<{ index: number; context: Uint8Array }>().append({ index: 2, context: command('') }),
      },
      isReady: true,
    },
    { name: 'an entry to store', change: { log: appended(log, [entry(3)]) }, isReady: true },
    { name: 'a snapshot to install', change: { log: { ...log, snapshotToInstall: snapshot } }, isReady: true },
    {
      name: 'an entry to apply',
      change: { log: { ...log, applyingIndex: 1 } },
      isReady: true,
    },
    { name: 'a term', change: { term: 2 }, isReady: true },
    { name: 'a vote', change: { votedFor: 'n3' }, isReady: true },
    {
      name: 'a commit index, where what it commits waits',
      change: { log: { ...committedTo(appended(log, [entry(3)]), 3), handedOver: 4, isApplyingPaused: true } },
      isReady: true,
    },
    { name: 'a leader', change: { leader: 'n3' }, isReady: true },
    { name: 'a role', change: { role: 'candidate' }, isReady: true },
  ])('for $name: $isReady', ({ change, isReady }) => {
    const raft = { ...quiet(), ...change }
    expect(hasReady(raft)).toBe(isReady)
    // It is said once.
    expect(hasReady({ ...takeReady(raft)[0], stepsOnAdvance: null })).toBe(false)
  })
})

describe('a Ready', () => {
  test('says nothing where nothing is new', () => {
    for (const asyncStorageWrites of [false, true]) expect(take(quiet({ asyncStorageWrites }))).toEqual(nothing)
  })

  test('has all that an append brings: to store, then to apply, then to answer', () => {
    const [raft] = step(quiet(), append(2, 2, 3))
    const [taken, ready] = takeReady(raft)
    expect(ready).toEqual({
      ...nothing,
      hardState: { term: 1, votedFor: 'n1', commitIndex: 3 },
      entries: [entry(3), entry(4)],
      committed: [entry(3)],
      messages: [{ kind: 'appendResponse', from: 'n2', to: 'n1', term: 1, index: 4, rejection: null }],
      mustSync: true,
    })
    const done = advance(taken)
    expect([taken.log.appliedIndex, done.log.appliedIndex, done.log.tail.length]).toEqual([2, 3, 0])
    expect([taken.stepsOnAdvance?.length, done.stepsOnAdvance]).toEqual([2, null])
    expect(hasReady(done)).toBe(false)
  })

  test('has a snapshot, which is applied when the Ready is done with', () => {
    const [raft] = step(quiet(), install)
    const [taken, ready] = takeReady(raft)
    expect(ready).toMatchObject({
      snapshot,
      entries: [],
      committed: [],
      hardState: { commitIndex: 9 },
      mustSync: false,
    })
    expect([
      taken.log.snapshot,
      taken.log.appliedIndex,
      takeReady({ ...taken, stepsOnAdvance: null })[1].snapshot,
    ]).toEqual([snapshot, 2, null])
    const done = advance(taken)
    expect([done.log.snapshot, done.log.appliedIndex]).toEqual([null, 9])
  })

  test('has what a node tells others, and keeps for itself what it tells itself', () => {
    const leader = step({ ...quiet(), role: 'candidate' }, { kind: 'campaign' })[0]
    const [taken, ready] = takeReady(leader)
    expect(ready.messages.map(({ kind, to }) => `${kind} ${to}`)).toEqual(['vote n1', 'vote n3'])
    expect(taken.stepsOnAdvance).toMatchObject([{ kind: 'voteResponse', from: 'n2', to: 'n2' }])
    expect(advance(taken).votes.get('n2')).toBe(true)
  })

  test('keeps for itself first what it acknowledges, then that it is stored, then that it is applied', () => {
    const cluster = new Cluster(votersOnly(['n1']))
    cluster.elect('n1')
    const waiting = { ...cluster.raft('n1').log, applyingIndex: 0 }
    const [raft] = step({ ...cluster.raft('n1'), log: waiting }, { kind: 'propose', commands: [command('y')] })
    const kinds = takeReady(raft)[0].stepsOnAdvance!.map(({ kind }) => kind)
    expect(kinds).toEqual(['appendResponse', 'storageAppended', 'storageApplied'])
  })

  test.each<{ name: string; event: RaftEvent; hardState: object | null; mustSync: boolean }>([
    { name: 'an entry', event: append(2, 1, 2), hardState: null, mustSync: true },
    {
      name: 'a term',
      event: heartbeat(2, { term: 2 } as Partial<Message>),
      hardState: { term: 2, votedFor: null, commitIndex: 2 },
      mustSync: true,
    },
    { name: 'no word more than was known', event: heartbeat(2), hardState: null, mustSync: false },
    {
      name: 'a vote',
      event: receive({ kind: 'vote', from: 'n3', to: 'n2', term: 2, lastIndex: 9, lastTerm: 1, isTransfer: false }),
      hardState: { term: 2, votedFor: 'n3', commitIndex: 2 },
      mustSync: true,
    },
  ])('for $name must outlast a loss of power: $mustSync', ({ event, hardState, mustSync }) => {
    expect(take(step(quiet(), event)[0])).toMatchObject({ hardState, mustSync })
  })

  test('must outlast a loss of power for a vote in the same term, but not for a commit index alone', () => {
    expect(take({ ...quiet(), votedFor: 'n3' })).toMatchObject({ hardState: { votedFor: 'n3' }, mustSync: true })
    expect(take({ ...quiet(), term: 2 })).toMatchObject({ hardState: { term: 2 }, mustSync: true })
    const [taken, stored] = takeReady(step(quiet(), append(2, 1, 2))[0])
    ;(taken.log.reader as MemoryLog).write(stored)
    const [told] = step(advance(taken), heartbeat(3))
    expect(take(told)).toMatchObject({ hardState: { commitIndex: 3 }, entries: [], mustSync: false })
  })

  test('says who leads and what this node is when that changes', () => {
    expect(take(step(quiet(), { kind: 'forgetLeader' })[0]).softState).toEqual({ leader: null, role: 'follower' })
    expect(take(step(quiet(), { kind: 'campaign' })[0]).softState).toEqual({ leader: null, role: 'candidate' })
    const [taken] = takeReady(step(quiet(), { kind: 'forgetLeader' })[0])
    expect(take(advance(taken)).softState).toBe(null)
  })
})

describe('asynchronously', () => {
  const async = { asyncStorageWrites: true }

  test('what is to be stored and what is to be applied are handed out apart, each with its answers', () => {
    const [raft] = step(quiet(async), append(2, 2, 3))
    const answer = { kind: 'appendResponse', from: 'n2', to: 'n1', term: 1, index: 4, rejection: null }
    const [taken, ready] = takeReady(raft)
    const hardState = { term: 1, votedFor: 'n1', commitIndex: 3 }
    const entries = [entry(3), entry(4)]
    const done = { kind: 'storageAppended', term: 1, stored: { index: 4, term: 1 }, snapshot: null } as const
    expect(ready).toEqual({
      ...nothing,
      hardState,
      entries,
      mustSync: true,
      storageAppend: { hardState, entries, snapshot: null, responses: [answer], done },
    })
    expect(taken.stepsOnAdvance).toBe(null)
    expect(() => advance(taken)).toThrow('there is no Ready to advance')
    // What is not durable here is not applied here.
    ;(taken.log.reader as MemoryLog).write(ready)
    const [stored] = step(taken, done)
    const apply = take(stored)
    expect(apply).toEqual({
      ...nothing,
      committed: [entry(3)],
      storageApply: { entries: [entry(3)], done: { kind: 'storageApplied', entries: [entry(3)] } },
    })
    expect(step(stored, apply.storageApply!.done)[0].log.appliedIndex).toBe(3)
  })

  test.each<{ name: string; event: RaftEvent; append: object | null }>([
    {
      name: 'an answer alone',
      event: append(2, 0, 2),
      append: { hardState: null, entries: [], responses: [{ index: 2 }], done: null },
    },
    {
      name: 'a term alone',
      event: heartbeat(2, { term: 2 } as Partial<Message>),
      append: { hardState: { term: 2 }, responses: [], done: null },
    },
    {
      name: 'a snapshot',
      event: install,
      append: {
        snapshot,
        responses: [{ index: 9 }],
        done: { kind: 'storageAppended', term: 1, stored: null, snapshot },
      },
    },
    { name: 'nothing that is to last', event: heartbeat(2), append: null },
  ])('a write is asked for by $name', ({ event, append: expected }) => {
    const { storageAppend, storageApply } = take(step(quiet(async), event)[0])
    if (expected === null) expect(storageAppend).toBe(null)
    else expect(storageAppend).toMatchObject(expected)
    expect(storageApply).toBe(null)
  })

  test('a write is asked for by an entry or a snapshot, even if nobody waits for an answer', () => {
    const raft = quiet(async)
    const written = (log: Raft['log']) => take({ ...raft, log }).storageAppend
    expect(written(appended(raft.log, [entry(3)]))).toMatchObject({ entries: [entry(3)], responses: [] })
    expect(written({ ...raft.log, snapshotToInstall: snapshot })).toMatchObject({ snapshot, responses: [] })
  })

  test('every write tells of the whole tail, in case that an earlier one is not heard any more', () => {
    const [first] = takeReady(step(quiet(async), append(2, 1, 2))[0])
    const [second] = step(first, heartbeat(2, { term: 2 } as Partial<Message>))
    expect(take(second).storageAppend).toMatchObject({
      entries: [],
      done: { term: 2, stored: { index: 3, term: 1 }, snapshot: null },
    })
  })

  test('a snapshot that is installed counts in any term, a tail that is stored in its own alone', () => {
    const [raft] = step(quiet(async), install)
    const [taken, { storageAppend }] = takeReady(raft)
    const later = step(taken, heartbeat(9, { term: 2 } as Partial<Message>))[0]
    expect(step(later, storageAppend!.done!)[0].log).toMatchObject({ snapshot: null, appliedIndex: 9 })
  })
})

test('a node starts from what its disk says, as a follower of nobody', () => {
  const disk = new MemoryLog(votersOnly(ids(3)))
  disk.held = [entry(1), entry(2), entry(3)]
  disk.hardState = { term: 4, votedFor: 'n3', commitIndex: 2 }
  const restored = { appliedIndex: 1, electionJitterTicks: 3, incarnation: 7 }
  const raft = createRaft({ ...standardConfig, id: 'n1' }, disk, restored)
  expect(raft).toMatchObject({ term: 4, votedFor: 'n3', role: 'follower', leader: null, incarnation: 7 })
  expect(raft).toMatchObject({ electionElapsedTicks: 0, heartbeatElapsedTicks: 0, electionTimeoutTicks: 13 })
  expect(raft.log).toMatchObject({ commitIndex: 2, appliedIndex: 1, applyingIndex: 1, tailStart: 4 })
  expect(raft.log.tail.length).toBe(0)
  // There is nothing to tell of but what is to be applied again.
  expect(take(raft)).toEqual({ ...nothing, committed: [entry(2)] })
  expect(take(createRaft({ ...testConfig, id: 'n1' }, disk, { ...restored, appliedIndex: 2 }))).toEqual(nothing)
})
