import { describe, expect, test } from 'vitest'
import { must } from '../bytes/bytes.ts'
import { verdictOf } from '../bytes/testing/verdict.ts'
import { lastIndex } from './log.ts'
import {
  type Raft,
  type RaftEvent,
  advance,
  createRaft,
  hasReady,
  newEntries,
  propose,
  standardConfig,
  status,
  step,
  takeReady,
} from './raft.ts'
import { Cluster, MemoryLog, command, handle, ids, testConfig, votersOnly } from './testing/cluster.ts'

const tick: RaftEvent = { kind: 'tick', electionJitterTicks: 0 }
const restored = { appliedIndex: 0, electionJitterTicks: 0, incarnation: 1 }
const alone = (disk = new MemoryLog(votersOnly(['n1']))) => createRaft({ ...testConfig, id: 'n1' }, disk, restored)

describe('a sole voter', () => {
  test('elects itself, and commits a proposal as soon as it is stored', () => {
    const disk = new MemoryLog(votersOnly(['n1']))
    const host = { raft: alone(disk), disk, applied: [], reads: [] }
    for (let i = 0; i < 10; i++) [host.raft] = step(host.raft, tick)
    handle(host, () => expect.unreachable('there is nobody to talk to'))
    expect(host.raft.role).toBe('leader')

    const [proposed, place] = propose(host.raft, command('hello'))
    expect(must(place)).toEqual({ term: 1, index: 2 })
    const [taken, stored] = takeReady(proposed)
    expect(stored.entries.map(({ index }) => index)).toEqual([2])
    expect(stored.mustSync).toBe(true)
    expect(stored.committed).toEqual([])
    disk.write(stored)
    const [, applied] = takeReady(advance(taken))
    expect(applied.committed.map(({ index }) => index)).toEqual([2])
    expect(applied.hardState).toEqual({ term: 1, votedFor: 'n1', commitIndex: 2 })
    expect(applied.mustSync).toBe(false)
  })

  test('does not commit, vote or lead before its disk has answered', () => {
    let [raft] = step(alone(), { kind: 'campaign' })
    const [taken, ready] = takeReady(raft)
    expect(ready.hardState).toEqual({ term: 1, votedFor: 'n1', commitIndex: 0 })
    expect(taken.role).toBe('candidate')
    raft = advance(taken)
    expect(raft.role).toBe('leader')
    expect(raft.log.commitIndex).toBe(0)
  })

  test('keeps term, vote, log and commit over a restart, and what was committed is applied again', () => {
    const cluster = new Cluster(votersOnly(['n1']))
    cluster.elect('n1')
    for (const words of ['a', 'b', 'c']) cluster.propose('n1', words)
    const before = cluster.raft('n1')
    const after = cluster.restart('n1').raft
    expect([after.term, after.votedFor, lastIndex(after.log), after.log.commitIndex]).toEqual([
      before.term,
      before.votedFor,
      lastIndex(before.log),
      before.log.commitIndex,
    ])
    expect(after.role).toBe('follower')
    cluster.elect('n1')
    expect(cluster.said('n1')).toEqual(['a', 'b', 'c'])
    expect(cluster.raft('n1').term).toBe(2)
  })

  test('loses no acknowledged entry to a crash between storing and committing', () => {
    const disk = new MemoryLog(votersOnly(['n1']))
    const host = { raft: alone(disk), disk, applied: [], reads: [] }
    ;[host.raft] = step(host.raft, { kind: 'campaign' })
    handle(host, () => {})
    const [proposed] = propose(host.raft, command('once'))
    disk.write(takeReady(proposed)[1])
    const cluster = new Cluster(votersOnly([]))
    cluster.start('n1', disk, [])
    cluster.elect('n1')
    expect(cluster.said('n1')).toEqual(['once'])
  })
})

describe('a step', () => {
  const three = () => {
    const cluster = new Cluster(votersOnly(ids(3)))
    cluster.elect('n1')
    cluster.propose('n1', 'x')
    return cluster
  }

  test('leaves the state that it got as it was', () => {
    const cluster = three()
    cluster.step('n1', { kind: 'propose', commands: [command('under way')] })
    const raft = cluster.raft('n1')
    const look = (state: Raft) =>
      structuredClone({ ...status(state), messages: state.messages.slice(), votes: state.votes })
    const events: RaftEvent[] = [
      { kind: 'propose', commands: [command('y'), command('z')] },
      tick,
      { kind: 'transferLeadership', transferee: 'n2' },
      { kind: 'readIndex', context: command('r') },
      { kind: 'stepDown' },
      { kind: 'reportUnreachable', peer: 'n2' },
      {
        kind: 'message',
        message: { kind: 'vote', from: 'n3', to: 'n1', term: 9, lastIndex: 9, lastTerm: 8, isTransfer: false },
      },
      {
        kind: 'message',
        message: { kind: 'appendResponse', from: 'n2', to: 'n1', term: 1, index: 3, rejection: null },
      },
      {
        kind: 'applyConfiguration',
        change: { transition: 'auto', changes: [{ kind: 'addLearner', id: 'n4' }], context: command('') },
      },
    ]
    const before = look(raft)
    const results = events.map((event) => look(step(raft, event)[0]))
    expect(look(raft)).toEqual(before)
    // And from the same state the same event leads to the same state again, whatever grew out of it meanwhile.
    expect(events.map((event) => look(step(raft, event)[0]))).toEqual(results)
    expect(results.every((result) => JSON.stringify(result) !== JSON.stringify(before))).toBe(true)
  })

  test('lets two futures grow from one state', () => {
    const raft = three().raft('n1')
    const [left] = propose(raft, command('left'))
    const [right] = propose(raft, command('right'))
    const [leftLonger] = propose(left, command('longer'))
    const entries = (state: Raft) =>
      takeReady(state)[1].entries.map((entry) => (entry.kind === 'command' ? new TextDecoder().decode(entry.data) : ''))
    expect([entries(left), entries(right), entries(leftLonger)]).toEqual([['left'], ['right'], ['left', 'longer']])
  })

  test('gives back the very state where the event is refused', () => {
    const raft = three().raft('n2')
    const [after, check] = step(raft, { kind: 'propose', commands: [command('no')] })
    expect(after).toBe(raft)
    expect(verdictOf(check)).toBe('raftNotLeader')
    expect([propose(raft, command('no'))[0] === raft, verdictOf(propose(raft, command('no'))[1])]).toEqual([
      true,
      'raftNotLeader',
    ])
  })

  test('takes a Ready once at a time', () => {
    const [raft] = step(alone(), { kind: 'campaign' })
    const [taken] = takeReady(raft)
    expect(() => takeReady(taken)).toThrow('advanced')
    expect(() => advance(raft)).toThrow('no Ready')
    expect(hasReady(alone())).toBe(false)
  })
})

describe('a node', () => {
  const make = (change: object, restart = restored, disk = new MemoryLog(votersOnly(['n1']))) =>
    createRaft({ ...testConfig, id: 'n1', ...change }, disk, restart)

  test.each([
    { change: { heartbeatTicks: 0 }, message: '"heartbeatTicks" expected at least 1, got 0' },
    {
      change: { heartbeatTicks: 4, electionTicks: 4 },
      message: '"electionTicks" expected more than 4 (heartbeatTicks), got 4',
    },
    { change: { inflightCountMax: 0 }, message: '"inflightCountMax" expected at least 1, got 0' },
    { change: { id: '' }, message: '"id" expected a node id, got an empty text' },
  ])('with $change is a mistake of its host', ({ change, message }) => expect(() => make(change)).toThrow(message))

  test('with the least that goes is none', () => {
    const least = { heartbeatTicks: 1, electionTicks: 2, inflightCountMax: 1 }
    expect(make(least, { ...restored, electionJitterTicks: 1 }).electionTimeoutTicks).toBe(3)
  })

  test.each([-1, 10, 0.5])('that starts with a draw of %d is a mistake of its host', (electionJitterTicks) => {
    const message = `"electionJitterTicks" expected 0..9, got ${electionJitterTicks}`
    expect(() => make({}, { ...restored, electionJitterTicks })).toThrow(message)
    expect(() => step(alone(), { kind: 'tick', electionJitterTicks })).toThrow(message)
  })

  test('whose disk has committed more than it holds is a mistake of its host', () => {
    const disk = new MemoryLog(votersOnly(['n1']))
    disk.hardState = { term: 1, votedFor: null, commitIndex: 1 }
    expect(() => make({}, restored, disk)).toThrow('"commitIndex" expected at most 0, got 1')
    disk.held = [{ kind: 'command', index: 1, term: 1, data: command('') }]
    expect(make({}, restored, disk).log.commitIndex).toBe(1)
  })

  test('that begins with a snapshot alone has applied that', () => {
    const disk = new MemoryLog(votersOnly(['n1']))
    disk.installed = { ...disk.installed, index: 3, term: 1 }
    expect(make({}, restored, disk).log).toMatchObject({ commitIndex: 3, appliedIndex: 3 })
  })

  test('tells where it put a command, or why it did not; it passes none on', () => {
    const cluster = new Cluster(votersOnly(ids(3)), { forwardProposals: true })
    cluster.elect('n1')
    expect(propose(cluster.raft('n1'), command('x'))[1]).toEqual({ ok: true, value: { term: 1, index: 2 } })
    expect(verdictOf(propose(cluster.raft('n2'), command('x'))[1])).toBe('raftNotLeader')
    const [transferring] = step(cluster.raft('n1'), { kind: 'transferLeadership', transferee: 'n2' })
    const [after, refusal] = propose(transferring, command('x'))
    expect([after === transferring, verdictOf(refusal)]).toEqual([true, 'raftTransferring'])
  })

  test('has limits that fit the devices of one person', () => {
    const { entrySizeBytes, ...limits } = standardConfig
    expect(limits).toEqual({
      electionTicks: 10,
      heartbeatTicks: 1,
      preVote: true,
      checkQuorum: true,
      stepDownOnRemoval: true,
      forwardProposals: false,
      asyncStorageWrites: false,
      checkConfigurationChanges: true,
      inflightCountMax: 64,
      inflightSizeBytesMax: 4_194_304,
      messageSizeBytesMax: 65_536,
      applyingSizeBytesMax: 4_194_304,
      uncommittedSizeBytesMax: 16_777_216,
    })
    const changes = ['n4', 'n5'].map((id) => ({ kind: 'addLearner', id }) as const)
    const change = { transition: 'auto', changes, context: command('') } as const
    expect(entrySizeBytes({ kind: 'command', index: 1, term: 1, data: command('12345') })).toBe(37)
    expect(entrySizeBytes({ kind: 'configuration', index: 1, term: 1, change })).toBe(160)
  })

  test('can be shown; what it knows of others only where it leads', () => {
    const cluster = new Cluster({ ...votersOnly(['n1', 'n2']), learners: ['n3'] })
    cluster.elect('n1')
    cluster.propose('n1', 'x')
    cluster.step('n1', { kind: 'transferLeadership', transferee: 'n2' })
    cluster.step('n1', { kind: 'reportUnreachable', peer: 'n3' })
    const common = {
      leader: 'n1',
      term: 1,
      lastIndex: 2,
      lastTerm: 1,
      commitIndex: 2,
      appliedIndex: 2,
      voters: ['n1', 'n2'],
    }
    const known = { matchIndex: 2, nextIndex: 3, pendingSnapshotIndex: 0, isRecentlyActive: true, isLearner: false }
    const flow = { state: 'replicate', isHeldBack: false, inflightCount: 0, isInflightFull: false }
    const shown = { ...common, votedFor: 'n1', isVoter: true }
    expect(status(cluster.raft('n1'))).toEqual({
      ...shown,
      id: 'n1',
      role: 'leader',
      transferee: 'n2',
      members: [
        { id: 'n1', ...known, ...flow },
        { id: 'n2', ...known, ...flow },
        { id: 'n3', ...known, ...flow, state: 'probe', isLearner: true },
      ],
    })
    expect(status(cluster.raft('n2'))).toEqual({ ...shown, id: 'n2', role: 'follower', transferee: null, members: [] })
    expect(status(cluster.raft('n3'))).toMatchObject({ votedFor: null, isVoter: false, role: 'follower', members: [] })
  })
})

describe('the entries of an append that a host has to check', () => {
  const entry = (index: number) => ({ kind: 'command', index, term: 1, data: command('') }) as const
  const append = {
    kind: 'append',
    from: 'n1',
    to: 'n2',
    term: 1,
    previousIndex: 2,
    previousTerm: 1,
    commitIndex: 2,
  } as const

  test.each([
    { name: 'new ones', change: { entries: [entry(3), entry(4)] }, got: [3, 4] },
    { name: 'some known, and one new', change: { previousIndex: 1, entries: [entry(2), entry(3)] }, got: [] },
    { name: 'for another node', change: { to: 'n3', entries: [entry(3)] }, got: [] },
    { name: 'of a later term', change: { term: 2, entries: [entry(3)] }, got: [3] },
    { name: 'of an older term', change: { term: 0, entries: [entry(3)] }, got: [] },
    { name: 'none', change: { entries: [] }, got: [] },
  ])('are those that come into the log: $name', ({ change, got }) => {
    const cluster = new Cluster(votersOnly(ids(3)))
    cluster.elect('n1')
    cluster.propose('n1', 'x')
    expect(newEntries(cluster.raft('n2'), { ...append, ...change }).map(({ index }) => index)).toEqual(got)
    // What is committed no append changes.
    expect(cluster.raft('n2').log.commitIndex).toBe(2)
  })

  test('are not those that are there, and not committed yet', () => {
    const cluster = new Cluster(votersOnly(ids(3)))
    cluster.elect('n1')
    cluster.isLost = ({ kind }) => kind === 'appendResponse'
    cluster.propose('n1', 'x')
    const told = { ...append, previousIndex: 1, entries: [entry(2), entry(3)] }
    expect(newEntries(cluster.raft('n2'), told).map(({ index }) => index)).toEqual([3])
  })
})

describe('asynchronous storage', () => {
  test('lets the leader go on sending while its disk works, and counts its own entry only when stored', () => {
    const disk = new MemoryLog(votersOnly(ids(3)))
    let raft = createRaft({ ...testConfig, id: 'n1', asyncStorageWrites: true }, disk, restored)
    const takeAll = () => {
      const [next, ready] = takeReady(raft)
      raft = next
      return ready
    }
    const message = (event: RaftEvent) => ([raft] = step(raft, event))
    message({ kind: 'campaign' })
    const election = takeAll()
    expect(election.messages.map(({ kind }) => kind)).toEqual(['vote', 'vote'])
    // Its own vote waits for the disk.
    expect(election.storageAppend!.responses).toMatchObject([{ kind: 'voteResponse', to: 'n1' }])
    for (const response of election.storageAppend!.responses) message({ kind: 'message', message: response })
    message({ kind: 'message', message: { kind: 'voteResponse', from: 'n2', to: 'n1', term: 1, isGranted: true } })
    expect(raft.role).toBe('leader')
    const first = takeAll()
    message({ kind: 'propose', commands: [command('x')] })
    const second = takeAll()
    expect(second.storageAppend!.entries.map(({ index }) => index)).toEqual([2])

    const stored = (from: string, index: number): RaftEvent => ({
      kind: 'message',
      message: { kind: 'appendResponse', from, to: 'n1', term: 1, index, rejection: null },
    })
    message(stored('n2', 1))
    expect(raft.log.commitIndex).toBe(0)
    for (const response of first.storageAppend!.responses) message({ kind: 'message', message: response })
    disk.write(first.storageAppend!)
    message(first.storageAppend!.done!)
    expect(raft.log.commitIndex).toBe(1)
    message(stored('n2', 2))
    message(stored('n3', 2))
    expect(raft.log.commitIndex).toBe(2)
    // Committed by the others, yet not to be applied here before it is stored here.
    expect(takeAll().storageApply!.entries.map(({ index }) => index)).toEqual([1])
  })
})

describe('asynchronous storage of a follower', () => {
  test('does not take the news of an older term for the durability of what is being written over and over', () => {
    const disk = new MemoryLog(votersOnly(ids(3)))
    let raft = createRaft({ ...testConfig, id: 'n3', asyncStorageWrites: true }, disk, restored)
    const takeAppend = (from: string, term: number, entryTerm: number) => {
      const entries = [{ kind: 'command', index: 1, term: entryTerm, data: command('') }] as const
      const start = { previousIndex: 0, previousTerm: 0, commitIndex: 0 }
      ;[raft] = step(raft, { kind: 'message', message: { kind: 'append', from, to: 'n3', term, entries, ...start } })
      const [next, ready] = takeReady(raft)
      raft = next
      return ready.storageAppend!
    }
    const first = takeAppend('n1', 1, 1)
    const second = takeAppend('n2', 2, 2)
    const third = takeAppend('n1', 3, 1)
    // The first write is done. The disk will hold the second entry before it holds, in the end, the first one again.
    ;[raft] = step(raft, first.done!)
    ;[raft] = step(raft, second.done!)
    expect([raft.log.tailStart, raft.log.tail.length]).toEqual([1, 1])
    disk.write(third)
    ;[raft] = step(raft, third.done!)
    expect([raft.log.tailStart, raft.log.tail.length]).toEqual([2, 0])
  })
})

describe('flow control', () => {
  test('keeps no more in flight than the window, and goes on when it is acknowledged', () => {
    const cluster = new Cluster(votersOnly(ids(2)), { inflightCountMax: 3, messageSizeBytesMax: 1 })
    cluster.elect('n1')
    for (let i = 0; i < 8; i++) cluster.step('n1', { kind: 'propose', commands: [command(`${i}`)] })
    expect(cluster.messages.filter((message) => message.kind === 'append' && message.entries.length > 0)).toHaveLength(
      3,
    )
    expect(status(cluster.raft('n1')).members[1]).toMatchObject({ isHeldBack: true, isInflightFull: true })
    cluster.settle()
    expect(cluster.said('n2')).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
  })

  test('takes one proposal of any size, and then no more than the limit', () => {
    const cluster = new Cluster(votersOnly(ids(2)), { uncommittedSizeBytesMax: 10 })
    cluster.elect('n1')
    const [first, second] = [command('x'.repeat(100)), command('y')]
    expect(cluster.step('n1', { kind: 'propose', commands: [first] }).ok).toBe(true)
    expect(cluster.step('n1', { kind: 'propose', commands: [second] })).toMatchObject({
      fault: { code: 'raftTooMuchPending' },
    })
    cluster.settle()
    expect(cluster.propose('n1', 'y').ok).toBe(true)
  })

  test('sends again what was lost in flight', () => {
    const cluster = new Cluster(votersOnly(ids(2)), { inflightCountMax: 2 })
    cluster.elect('n1')
    cluster.isolate('n2')
    for (const words of ['a', 'b', 'c']) cluster.propose('n1', words)
    cluster.heal()
    cluster.tick('n1', 2)
    expect(cluster.said('n2')).toEqual(['a', 'b', 'c'])
  })
})
