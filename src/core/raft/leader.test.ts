import { describe, expect, test } from 'vitest'
import { verdictOf } from '../bytes/testing/verdict.ts'
import { lastIndex } from './log.ts'
import {
  type ConfigurationChange,
  type Message,
  type NodeId,
  type Raft,
  type RaftConfig,
  type RaftEvent,
  advance,
  emptyConfiguration,
  status,
  step,
  takeReady,
} from './raft.ts'
import { Cluster, MemoryLog, command, ids, votersOnly } from './testing/cluster.ts'

const tick: RaftEvent = { kind: 'tick', electionJitterTicks: 0 }
const receive = (message: Message): RaftEvent => ({ kind: 'message', message })
const propose = (...words: string[]): RaftEvent => ({ kind: 'propose', commands: words.map(command) })
const changing = (
  changes: ConfigurationChange['changes'],
  transition: ConfigurationChange['transition'] = 'auto',
): ConfigurationChange => ({ transition, changes, context: command('') })
const change = (...args: Parameters<typeof changing>): RaftEvent => ({
  kind: 'proposeConfiguration',
  change: changing(...args),
})
/** n1 leads in term 1 and all hold two committed entries. */
function led(config: Partial<RaftConfig> = {}, count = 3): Cluster {
  const cluster = new Cluster(votersOnly(ids(count)), config)
  cluster.elect('n1')
  cluster.propose('n1', 'x')
  return cluster
}
const answer = (from: NodeId, index: number, hint?: [hintIndex: number, hintTerm: number]): RaftEvent =>
  receive({
    kind: 'appendResponse',
    from,
    to: 'n1',
    term: 1,
    index,
    rejection: hint === undefined ? null : { hintIndex: hint[0], hintTerm: hint[1] },
  })
const heard = (from: NodeId): RaftEvent => receive({ kind: 'heartbeatResponse', from, to: 'n1', term: 1, readRound: 0 })
/** What n1 sends on an event, in few words: appends as `n2 2+1 c2`, after which entry how many, with which commit index. */
function sent(cluster: Cluster, event: RaftEvent): string[] {
  cluster.messages = []
  cluster.step('n1', event)
  return cluster.messages.map((message) => {
    if (message.kind === 'append')
      return `${message.to} ${message.previousIndex}+${message.entries.length} c${message.commitIndex}`
    if (message.kind === 'heartbeat') return `${message.to} heartbeat c${message.commitIndex}`
    return `${message.to} ${message.kind}`
  })
}
const member = (cluster: Cluster, id: NodeId) => status(cluster.raft('n1')).members.find((each) => each.id === id)!

describe('a leader sends', () => {
  test('what is new to all at once, and the commit index when a quorum holds it', () => {
    const cluster = led()
    expect(sent(cluster, propose('a', 'b'))).toEqual(['n2 2+2 c2', 'n3 2+2 c2'])
    expect(sent(cluster, answer('n2', 4))).toEqual(['n2 4+0 c4', 'n3 4+0 c4'])
    // Nothing more to be said: n3 was told, and so was n2.
    expect(sent(cluster, answer('n3', 4))).toEqual([])
    expect(sent(cluster, answer('n2', 4))).toEqual([])
    expect(sent(cluster, answer('n2', 3))).toEqual([])
  })

  test('the commit index again to one whose refusal shows that it missed it', () => {
    const cluster = led({}, 5)
    cluster.step('n1', propose('a'))
    for (const id of ['n2', 'n3', 'n4']) cluster.step('n1', answer(id, 3))
    expect(sent(cluster, answer('n5', 2, [2, 1]))).toEqual([])
    expect(sent(cluster, answer('n5', 3, [2, 1]))).toEqual(['n5 2+1 c3'])
    expect(sent(cluster, answer('n5', 3))).toEqual([])
  })

  test('the commit index to one that could not be told when it rose', () => {
    const cluster = led()
    cluster.step('n1', { kind: 'reportUnreachable', peer: 'n3' })
    expect(sent(cluster, propose('a'))).toEqual(['n2 2+1 c2', 'n3 2+1 c2'])
    expect(sent(cluster, answer('n2', 3))).toEqual(['n2 3+0 c3'])
    expect(sent(cluster, answer('n3', 3))).toEqual(['n3 3+0 c3'])
  })

  test('no more than a message may hold, and the rest as it is acknowledged', () => {
    // An entry of one letter counts 33 bytes.
    const cluster = led({ messageSizeBytesMax: 66, inflightCountMax: 2 }, 2)
    cluster.isolate('n2')
    expect(sent(cluster, propose('a', 'b', 'c', 'd', 'e'))).toEqual(['n2 2+2 c2'])
    expect(sent(cluster, propose('f'))).toEqual(['n2 4+2 c2'])
    expect(sent(cluster, propose('g'))).toEqual([])
    expect(sent(cluster, answer('n2', 4))).toEqual(['n2 6+2 c4'])
    expect(sent(cluster, answer('n2', 8))).toEqual(['n2 8+1 c8'])
  })

  test('several messages at once where the window has room for them again', () => {
    const cluster = led({ messageSizeBytesMax: 1, inflightCountMax: 3 }, 2)
    cluster.step('n1', propose('a', 'b', 'c', 'd', 'e'))
    for (const words of ['f', 'g']) cluster.step('n1', propose(words))
    expect(sent(cluster, answer('n2', 5))).toEqual(['n2 5+1 c5', 'n2 6+1 c5', 'n2 7+1 c5'])
    expect(sent(cluster, answer('n2', 7))).toEqual(['n2 8+1 c7'])
  })

  test('no bytes beyond the window, and one empty message a heartbeat while that is full', () => {
    const cluster = led({ inflightSizeBytesMax: 10, messageSizeBytesMax: 1 }, 2)
    expect(sent(cluster, propose('1234567890'))).toEqual(['n2 2+1 c2'])
    expect(sent(cluster, propose('a'))).toEqual([])
    expect(sent(cluster, heard('n2'))).toEqual(['n2 3+0 c2'])
    expect(sent(cluster, propose('b'))).toEqual([])
    // The empty message is refused where all before it was lost; from there on it is sent again.
    expect(sent(cluster, answer('n2', 3, [2, 1]))).toEqual(['n2 2+1 c2'])
    expect(member(cluster, 'n2')).toMatchObject({ state: 'probe', nextIndex: 3 })
  })

  test('a heartbeat every so many ticks, with a commit index that its receiver is known to hold', () => {
    const cluster = led({ heartbeatTicks: 3 })
    cluster.isolate('n3')
    cluster.propose('n1', 'a')
    const ticks = [1, 2, 3, 4, 5, 6].map(() => sent(cluster, tick))
    expect(ticks).toEqual([
      [],
      [],
      ['n2 heartbeat c3', 'n3 heartbeat c2'],
      [],
      [],
      ['n2 heartbeat c3', 'n3 heartbeat c2'],
    ])
  })

  test('on the answer to a heartbeat what is missing, or a probe, and else nothing', () => {
    const cluster = led()
    expect(sent(cluster, heard('n2'))).toEqual([])
    cluster.step('n1', propose('a'))
    expect(sent(cluster, heard('n3'))).toEqual(['n3 3+0 c2'])
    cluster.step('n1', { kind: 'reportUnreachable', peer: 'n2' })
    cluster.step('n1', answer('n3', 3))
    expect(sent(cluster, heard('n2'))).toEqual(['n2 2+1 c3'])
    // What was all acknowledged is probed all the same: it may have lost its storage.
    cluster.step('n1', answer('n2', 3))
    cluster.step('n1', { kind: 'reportUnreachable', peer: 'n2' })
    expect(sent(cluster, heard('n2'))).toEqual(['n2 3+0 c3'])
    // Late words do not end the probe.
    expect(sent(cluster, answer('n2', 2))).toEqual([])
    expect(member(cluster, 'n2').state).toBe('probe')
    expect(sent(cluster, answer('n2', 3))).toEqual([])
    expect(member(cluster, 'n2').state).toBe('replicate')
  })

  test('nothing to itself, however late its disk is', () => {
    const cluster = led()
    const [proposed] = step(cluster.raft('n1'), propose('a'))
    const [taken, ready] = takeReady(proposed)
    cluster.host('n1').disk.write(ready)
    const newcomer = changing([{ kind: 'addLearner', id: 'n4' }])
    const [more] = step(step(taken, propose('b'))[0], { kind: 'applyConfiguration', change: newcomer })
    const receivers = advance(more)
      .messages.slice()
      .map(({ to }) => to)
    expect(new Set(receivers)).toEqual(new Set(['n2', 'n3', 'n4']))
  })
})

describe('a follower whose log is another', () => {
  test.each<{ name: string; hint: [number, number]; next: string }>([
    { name: 'ends earlier', hint: [1, 1], next: 'n2 1+5 c6' },
    { name: 'has an older term at its end', hint: [4, 2], next: 'n2 3+3 c6' },
    { name: 'is not known where it ends', hint: [4, 0], next: 'n2 4+2 c6' },
    { name: 'is empty', hint: [0, 0], next: 'n2 0+6 c6' },
  ])('and $name is probed where it may still agree', ({ hint, next }) => {
    const cluster = new Cluster(votersOnly(ids(3)))
    // Terms 1 1 2 3 3 4, of which n2 has acknowledged nothing.
    cluster.isolate('n2')
    for (const words of [['a'], [], ['b'], []]) {
      if (cluster.raft('n1').role === 'leader') cluster.do('n1', { kind: 'stepDown' })
      cluster.elect('n1')
      for (const word of words) cluster.propose('n1', word)
    }
    cluster.tick('n1')
    expect([lastIndex(cluster.raft('n1').log), cluster.raft('n1').log.commitIndex]).toEqual([6, 6])
    cluster.messages = []
    const rejection = { hintIndex: hint[0], hintTerm: hint[1] }
    const index = member(cluster, 'n2').nextIndex - 1
    const refusal = { kind: 'appendResponse', from: 'n2', to: 'n1', term: 4, index, rejection } as const
    expect(sent(cluster, receive(refusal))).toEqual([next])
    expect(sent(cluster, receive({ ...refusal, index: index + 1 }))).toEqual([])
  })
})

describe('a leader whose log is compacted', () => {
  /** n3 has missed the entries 3 and 4, of which the leader has forgotten the first. */
  const behind = (config: Partial<RaftConfig> = {}) => {
    const cluster = led(config)
    cluster.isolate('n3')
    for (const words of ['a', 'b']) cluster.propose('n1', words)
    cluster.host('n1').disk.compact(3, votersOnly(ids(3)))
    return cluster
  }

  test('sends a snapshot to who needs it and was heard lately', () => {
    const cluster = behind({ checkQuorum: true })
    // Two timeouts without a word from n3.
    for (let i = 0; i < 20; i++) {
      cluster.step('n1', heard('n2'))
      cluster.step('n1', tick)
    }
    cluster.step('n1', { kind: 'reportUnreachable', peer: 'n3' })
    expect(sent(cluster, propose('c'))).toEqual(['n2 4+1 c4'])
    expect(sent(cluster, heard('n3'))).toEqual(['n3 snapshot'])
    expect(member(cluster, 'n3')).toMatchObject({ state: 'snapshot', pendingSnapshotIndex: 3, nextIndex: 4 })
    expect(sent(cluster, propose('d'))).toEqual(['n2 5+1 c4'])
  })

  test('sends it too where the window is full of what is forgotten', () => {
    const cluster = led({ inflightCountMax: 1 })
    cluster.isolate('n3')
    for (const words of ['a', 'b', 'c']) cluster.propose('n1', words)
    expect(member(cluster, 'n3')).toMatchObject({ state: 'replicate', nextIndex: 4, isInflightFull: true })
    cluster.host('n1').disk.compact(5, votersOnly(ids(3)))
    expect(sent(cluster, heard('n3'))).toEqual(['n3 snapshot'])
  })

  test('sends it too where the log is compacted while it is read', () => {
    const cluster = behind()
    const { disk } = cluster.host('n1')
    disk.entries = () => null
    cluster.step('n1', { kind: 'reportSnapshot', peer: 'n3', isReceived: true })
    cluster.step('n1', { kind: 'reportUnreachable', peer: 'n3' })
    cluster.host('n1').raft = step(cluster.raft('n1'), answer('n3', 3))[0]
    expect(sent(cluster, heard('n3'))).toEqual(['n3 snapshot'])
  })

  test('sends nothing while no snapshot is at hand', () => {
    const cluster = behind()
    const { disk } = cluster.host('n1')
    cluster.step('n1', { kind: 'reportUnreachable', peer: 'n3' })
    disk.snapshot = () => null
    expect(sent(cluster, heard('n3'))).toEqual([])
    expect(sent(cluster, answer('n3', 2))).toEqual([])
    disk.snapshot = () => ({ ...disk.installed, index: 2 })
    expect(() => step(cluster.raft('n1'), heard('n3'))).toThrow('the log is compacted to 4, the snapshot ends at 2')
  })

  test('goes on from where the log does when anything that far is acknowledged', () => {
    const cluster = behind()
    cluster.step('n1', { kind: 'reportUnreachable', peer: 'n3' })
    cluster.step('n1', heard('n3'))
    // Too little to go on from: the snapshot is still awaited.
    cluster.host('n1').disk.compact(4, votersOnly(ids(3)))
    expect(sent(cluster, answer('n3', 2))).toEqual([])
    cluster.step('n1', propose('c'))
    expect(member(cluster, 'n3').state).toBe('snapshot')
    expect(sent(cluster, answer('n3', 4))).toEqual(['n3 4+1 c4'])
    expect(member(cluster, 'n3')).toMatchObject({ state: 'replicate', nextIndex: 6 })
  })

  test.each([
    { matched: 3, state: 'snapshot' },
    { matched: 4, state: 'replicate' },
  ])('waits for the snapshot until $matched is acknowledged: $state', ({ matched, state }) => {
    const cluster = behind()
    cluster.step('n1', { kind: 'reportUnreachable', peer: 'n3' })
    cluster.step('n1', heard('n3'))
    cluster.propose('n1', 'c')
    cluster.host('n1').disk.compact(4, votersOnly(ids(3)))
    expect(sent(cluster, answer('n3', matched))).toEqual(state === 'snapshot' ? [] : ['n3 4+1 c5'])
    expect(member(cluster, 'n3').state).toBe(state)
  })

  test('waits after the report on a snapshot for a word, or a heartbeat; other reports mean nothing', () => {
    const cluster = behind()
    cluster.step('n1', { kind: 'reportSnapshot', peer: 'n2', isReceived: true })
    cluster.step('n1', { kind: 'reportSnapshot', peer: 'x', isReceived: true })
    cluster.step('n1', { kind: 'reportUnreachable', peer: 'x' })
    expect(member(cluster, 'n2').state).toBe('replicate')
    cluster.step('n1', { kind: 'reportUnreachable', peer: 'n3' })
    cluster.step('n1', { kind: 'reportUnreachable', peer: 'n3' })
    cluster.step('n1', heard('n3'))
    cluster.step('n1', { kind: 'reportUnreachable', peer: 'n3' })
    expect(member(cluster, 'n3').state).toBe('snapshot')
    cluster.step('n1', { kind: 'reportSnapshot', peer: 'n3', isReceived: true })
    expect(member(cluster, 'n3')).toMatchObject({ state: 'probe', nextIndex: 4, isHeldBack: true })
    expect(sent(cluster, propose('c'))).toEqual(['n2 4+1 c4'])
    expect(sent(cluster, heard('n3'))).toEqual(['n3 3+2 c4'])
  })
})

describe('a proposal', () => {
  test.each([
    { name: 'fits', uncommitted: 3, size: 7, isTaken: true },
    { name: 'goes over the limit', uncommitted: 3, size: 8, isTaken: false },
    { name: 'finds nothing waiting', uncommitted: 0, size: 99, isTaken: true },
    { name: 'has no size', uncommitted: 99, size: 0, isTaken: true },
  ])('that $name is taken: $isTaken', ({ uncommitted, size, isTaken }) => {
    const cluster = led({ uncommittedSizeBytesMax: 10 })
    if (uncommitted > 0) cluster.step('n1', propose('-'.repeat(uncommitted)))
    const check = cluster.step('n1', propose('-'.repeat(size)))
    expect(verdictOf(check)).toBe(isTaken ? 'ok' : 'raftTooMuchPending')
    expect(cluster.raft('n1').uncommittedSizeBytes).toBe(uncommitted + (isTaken ? size : 0))
    cluster.settle()
    expect(cluster.raft('n1').uncommittedSizeBytes).toBe(0)
  })

  test('of many counts with all of them, and a change of members with nothing', () => {
    const cluster = led({ uncommittedSizeBytesMax: 10 })
    cluster.step('n1', propose('abc', 'de'))
    cluster.step('n1', change([{ kind: 'addLearner', id: 'n4' }]))
    expect(cluster.raft('n1').uncommittedSizeBytes).toBe(5)
    cluster.settle()
    expect(ids(3).map((id) => cluster.raft(id).uncommittedSizeBytes)).toEqual([0, 0, 0])
  })

  test('of nothing at all is a mistake of the host', () =>
    expect(() => step(led().raft('n1'), { kind: 'propose', commands: [] })).toThrow(
      '"commands" expected at least one, got 0',
    ))

  test.each([
    { at: 'n2', config: {}, code: 'raftNotLeader', does: 'refuses it' },
    { at: 'n2', config: { forwardProposals: true }, code: 'ok', does: 'passes it on' },
    { at: 'n1', config: {}, code: 'ok', does: 'takes it' },
  ])('on $at ($code): $does', ({ at, config, code }) => {
    const cluster = led(config)
    expect(verdictOf(cluster.propose(at, 'y'))).toBe(code)
    expect(cluster.said('n3')).toEqual(code === 'ok' ? ['x', 'y'] : ['x'])
  })

  test('is passed on as it is', () => {
    const cluster = led({ forwardProposals: true })
    const newcomer = changing([{ kind: 'addLearner', id: 'n4' }])
    cluster.messages = []
    cluster.step('n2', propose('y', 'z'))
    cluster.step('n2', { kind: 'proposeConfiguration', change: newcomer })
    const commands = ['y', 'z'].map((words) => ({ kind: 'command', data: command(words) }))
    expect(cluster.messages).toEqual([
      { kind: 'propose', from: 'n2', to: 'n1', proposals: commands },
      { kind: 'propose', from: 'n2', to: 'n1', proposals: [{ kind: 'configuration', change: newcomer }] },
    ])
  })

  test.each<{ name: string; event: RaftEvent }>([
    { name: 'a proposal', event: propose('y') },
    { name: 'a transfer', event: { kind: 'transferLeadership', transferee: 'n3' } },
    { name: 'a read', event: { kind: 'readIndex', context: command('r') } },
  ])('or $name finds no leader where none is known', ({ event }) => {
    const cluster = led({ forwardProposals: true })
    cluster.step('n2', { kind: 'forgetLeader' })
    expect(verdictOf(cluster.step('n2', event))).toBe('raftNoLeader')
    // A candidate knows of none either, even of one that it followed.
    cluster.host('n3').raft = { ...cluster.raft('n3'), role: 'candidate' }
    expect(verdictOf(cluster.step('n3', event))).toBe('raftNoLeader')
  })
})

describe('a change of members', () => {
  const pending = (cluster: Cluster) => cluster.raft('n1').pendingConfigurationIndex
  const kindsOf = (cluster: Cluster) => cluster.host('n1').applied.map(({ kind }) => kind)
  const addLearner = (id: NodeId) => [{ kind: 'addLearner', id } as const]

  test('takes its place among what is proposed with it, and the next one has to wait for that', () => {
    const cluster = led({ forwardProposals: true })
    const proposals = [
      { kind: 'command', data: command('a') },
      { kind: 'configuration', change: changing(addLearner('n4')) },
      { kind: 'configuration', change: changing(addLearner('n5')) },
      { kind: 'command', data: command('b') },
    ] as const
    cluster.step('n1', receive({ kind: 'propose', from: 'n2', to: 'n1', proposals }))
    expect(pending(cluster)).toBe(4)
    cluster.settle()
    expect(kindsOf(cluster)).toEqual(['command', 'command', 'command', 'configuration', 'command', 'command'])
    expect(cluster.said('n1')).toEqual(['x', 'a', '+', 'b'])
    expect(cluster.raft('n3').configuration.learners).toEqual(['n4'])
    // It is applied, so another may go.
    cluster.do('n1', change(addLearner('n5')))
    expect([pending(cluster), cluster.raft('n3').configuration.learners]).toEqual([7, ['n4', 'n5']])
  })

  test('has to wait for all that a new leader found in its log', () => {
    const cluster = led()
    cluster.isLost = ({ kind }) => kind === 'append'
    cluster.do('n1', { kind: 'stepDown' })
    cluster.elect('n2')
    expect(cluster.raft('n2').pendingConfigurationIndex).toBe(2)
    cluster.do('n2', { kind: 'stepDown' })
    expect(cluster.raft('n2').pendingConfigurationIndex).toBe(0)
  })

  test.each([
    { name: 'is left while it is not joint', changes: [], transition: 'auto' },
    { name: 'is changed while it is joint', changes: addLearner('n6'), transition: 'auto' },
  ] as const)('that $name is appended as nothing, unless a test wants it', ({ changes, transition }) => {
    for (const checkConfigurationChanges of [true, false]) {
      const cluster = led({ checkConfigurationChanges })
      if (changes.length > 0) cluster.do('n1', change(addLearner('n4'), 'explicit'))
      const count = kindsOf(cluster).length
      cluster.do('n1', change(changes, transition))
      expect(kindsOf(cluster).slice(count)).toEqual([checkConfigurationChanges ? 'command' : 'configuration'])
      expect(cluster.raft('n1').configuration.learners).toEqual(changes.length > 0 ? ['n4'] : [])
    }
  })

  test('that makes no sense when it is applied is refused, and changes nothing', () => {
    const { configuration, progress } = led().raft('n1')
    const [raft, check] = step(led().raft('n1'), { kind: 'applyConfiguration', change: changing([]) })
    expect(verdictOf(check)).toBe('raftNotJoint')
    expect([raft.configuration, raft.progress]).toEqual([configuration, progress])
  })

  test('that leaves itself is left by the leader of the moment, once, when all is applied', () => {
    const cluster = led()
    cluster.do('n1', change([{ kind: 'removeNode', id: 'n3' }], 'implicit'))
    expect(kindsOf(cluster)).toEqual(['command', 'command', 'configuration', 'configuration'])
    expect(cluster.raft('n2').configuration).toEqual(votersOnly(['n1', 'n2']))
  })

  test('that leaves itself is left by a new leader when all is applied that it found in its log', () => {
    const joint = { ...votersOnly(['n1', 'n2']), votersOutgoing: ids(3), autoLeave: true }
    // Entries are applied one by one.
    const cluster = new Cluster(joint, { applyingSizeBytesMax: 1 }, ids(3))
    cluster.isLost = ({ kind }) => kind === 'append'
    cluster.elect('n1')
    for (const words of ['a', 'b']) cluster.propose('n1', words)
    cluster.do('n1', { kind: 'stepDown' })
    cluster.heal()
    cluster.elect('n1')
    cluster.tick('n1')
    expect(kindsOf(cluster)).toEqual(['command', 'command', 'command', 'command', 'configuration'])
    expect(cluster.raft('n2').configuration).toEqual(votersOnly(['n1', 'n2']))
  })

  test('that leaves itself waits for the end of a transfer', () => {
    const cluster = led()
    cluster.isLost = ({ kind }) => kind === 'timeoutNow'
    cluster.step('n1', change([{ kind: 'removeNode', id: 'n3' }], 'implicit'))
    cluster.step('n1', { kind: 'transferLeadership', transferee: 'n2' })
    cluster.settle()
    expect(cluster.raft('n1').configuration).toMatchObject({ autoLeave: true, votersOutgoing: ids(3) })
    cluster.tick('n1', 10)
    cluster.propose('n1', 'y')
    cluster.tick('n1')
    expect(cluster.raft('n1').configuration).toEqual(votersOnly(['n1', 'n2']))
  })

  test('lets the newcomers have the log at once, and a smaller quorum hold more', () => {
    const cluster = led()
    cluster.start('n4', new MemoryLog(votersOnly(ids(3))), [])
    const joining = changing([{ kind: 'addLearner', id: 'n4' }])
    expect(sent(cluster, { kind: 'applyConfiguration', change: joining })).toEqual(['n4 1+1 c2'])
    cluster.step('n1', propose('a'))
    const leaving = changing([
      { kind: 'removeNode', id: 'n2' },
      { kind: 'removeNode', id: 'n3' },
      { kind: 'removeNode', id: 'n4' },
    ])
    cluster.step('n1', { kind: 'applyConfiguration', change: leaving })
    cluster.step('n1', { kind: 'applyConfiguration', change: changing([]) })
    expect([cluster.raft('n1').configuration, cluster.raft('n1').log.commitIndex]).toEqual([votersOnly(['n1']), 3])
  })

  test('by which a quorum holds more is news for all', () => {
    const cluster = led()
    cluster.step('n1', propose('a'))
    cluster.step('n1', change([{ kind: 'removeNode', id: 'n3' }]))
    expect(cluster.raft('n1').log.commitIndex).toBe(2)
    cluster.step('n1', answer('n2', 3))
    const removal = changing([{ kind: 'removeNode', id: 'n2' }])
    const joined = step(cluster.raft('n1'), { kind: 'applyConfiguration', change: removal })[0]
    expect(joined.log.commitIndex).toBe(3)
  })

  test('that makes a leader a learner, or removes it, ends its lead', () => {
    for (const kind of ['addLearner', 'removeNode'] as const)
      for (const stepDownOnRemoval of [true, false]) {
        const raft = led({ stepDownOnRemoval }).raft('n1')
        const event: RaftEvent = { kind: 'applyConfiguration', change: changing([{ kind, id: 'n1' }]) }
        const [after] = step(raft, event)
        expect([after.role, after.leader]).toEqual(stepDownOnRemoval ? ['follower', null] : ['leader', 'n1'])
        // One without a vote says nothing to the others on its own.
        expect(after.messages.length).toBe(0)
      }
  })

  test('that removes who is about to lead ends the transfer; one that removes another does not', () => {
    const transfer: RaftEvent = { kind: 'transferLeadership', transferee: 'n2' }
    const [transferring] = step(led().raft('n1'), transfer)
    const transfereeWithout = (id: NodeId) =>
      step(transferring, { kind: 'applyConfiguration', change: changing([{ kind: 'removeNode', id }]) })[0].transferee
    expect([transfereeWithout('n2'), transfereeWithout('n3')]).toEqual([null, 'n2'])
  })

  test('does not bring back a leader that stored something while it was removed', () => {
    const cluster = led({ stepDownOnRemoval: false })
    const { disk } = cluster.host('n1')
    cluster.step('n1', change([{ kind: 'removeNode', id: 'n1' }]))
    let raft: Raft = step(cluster.raft('n1'), answer('n2', 3))[0]
    raft = step(raft, propose('y'))[0]
    const [taken, ready] = takeReady(raft)
    disk.write(ready)
    expect(ready.committed.map(({ kind }) => kind)).toEqual(['configuration'])
    const [removed] = step(taken, { kind: 'applyConfiguration', change: changing([{ kind: 'removeNode', id: 'n1' }]) })
    expect([...advance(removed).progress.keys()]).toEqual(['n2', 'n3'])
    expect(verdictOf(step(removed, propose('z'))[1])).toBe('raftNotMember')
  })
})

describe('a transfer of the lead', () => {
  const transfer = (transferee: NodeId): RaftEvent => ({ kind: 'transferLeadership', transferee })

  test.each([
    { name: 'a stranger', to: 'x' },
    { name: 'a learner', to: 'n3' },
  ])('to $name is refused', ({ to }) => {
    const cluster = new Cluster({ ...emptyConfiguration, voters: ['n1', 'n2'], learners: ['n3'] })
    cluster.elect('n1')
    expect(verdictOf(cluster.step('n1', transfer(to)))).toBe('raftNotVoter')
  })

  test('sends what is missing first, and then the word to stand', () => {
    const cluster = led()
    expect(sent(cluster, transfer('n2'))).toEqual(['n2 timeoutNow'])
    const behind = led()
    behind.isolate('n3')
    behind.propose('n1', 'a')
    behind.step('n1', { kind: 'reportUnreachable', peer: 'n3' })
    expect(sent(behind, transfer('n3'))).toEqual(['n3 2+1 c3'])
    expect(verdictOf(behind.step('n1', propose('b')))).toBe('raftTransferring')
    expect(sent(behind, answer('n3', 3))).toEqual(['n3 timeoutNow'])
    expect(sent(behind, answer('n2', 3))).toEqual([])
  })

  test('does not send the word before all is there, nor to another', () => {
    const cluster = led()
    cluster.step('n1', propose('a', 'b'))
    expect(sent(cluster, transfer('n3'))).toEqual(['n3 4+0 c2'])
    expect(sent(cluster, answer('n2', 4))).toEqual(['n2 4+0 c4', 'n3 4+0 c4'])
    expect(sent(cluster, answer('n3', 3))).toEqual([])
    expect(sent(cluster, answer('n3', 4))).toEqual(['n3 timeoutNow'])
    // It is said once.
    for (const index of [4, 3]) expect(sent(cluster, answer('n3', index))).toEqual([])
  })

  test('that is asked for twice goes on, one to another begins anew, one to the leader itself ends it', () => {
    const cluster = led()
    cluster.step('n1', tick)
    cluster.step('n1', transfer('n2'))
    const { electionElapsedTicks, transferee } = cluster.raft('n1')
    expect([electionElapsedTicks, transferee]).toEqual([0, 'n2'])
    cluster.step('n1', tick)
    expect(sent(cluster, transfer('n2'))).toEqual([])
    expect(cluster.raft('n1').electionElapsedTicks).toBe(1)
    expect(sent(cluster, transfer('n3'))).toEqual(['n3 timeoutNow'])
    expect(cluster.raft('n1')).toMatchObject({ electionElapsedTicks: 0, transferee: 'n3' })
    expect(sent(cluster, transfer('n1'))).toEqual([])
    expect(cluster.raft('n1').transferee).toBe(null)
  })

  test('is asked of the leader by a follower', () => {
    const cluster = led()
    cluster.messages = []
    expect(verdictOf(cluster.step('n2', transfer('n3')))).toBe('ok')
    expect(cluster.messages).toEqual([{ kind: 'transferLeadership', from: 'n2', to: 'n1', term: 1, transferee: 'n3' }])
    cluster.settle()
    expect(cluster.raft('n3').role).toBe('leader')
    // In vain or not, it is no fault of who passed it on.
    expect(cluster.deliver({ kind: 'transferLeadership', from: 'n1', to: 'n3', term: 2, transferee: 'x' })).toEqual({
      ok: true,
    })
  })
})

describe('the quorum of a leader', () => {
  const quietTicks = (cluster: Cluster, count: number) => {
    for (let i = 0; i < count; i++) cluster.step('n1', tick)
    return cluster.raft('n1').role
  }

  test.each<{ name: string; event: RaftEvent }>([
    { name: 'an answer to a heartbeat', event: heard('n2') },
    { name: 'an acknowledgement', event: answer('n2', 2) },
    { name: 'a refusal', event: answer('n2', 1, [1, 1]) },
  ])('is kept by $name, for one timeout', ({ event }) => {
    const cluster = led({ checkQuorum: true })
    cluster.isLost = () => true
    expect(quietTicks(cluster, 10)).toBe('leader')
    cluster.step('n1', event)
    expect(quietTicks(cluster, 10)).toBe('leader')
    expect(quietTicks(cluster, 9)).toBe('leader')
    expect(quietTicks(cluster, 1)).toBe('follower')
    expect([cluster.raft('n1').term, cluster.raft('n1').leader]).toEqual([1, null])
  })

  test('is not asked for without the rule, and not kept by a learner', () => {
    const plain = led()
    expect(quietTicks(plain, 50)).toBe('leader')
    const cluster = new Cluster(
      { ...emptyConfiguration, voters: ['n1', 'n2'], learners: ['n3'] },
      { checkQuorum: true },
    )
    cluster.elect('n1')
    quietTicks(cluster, 10)
    cluster.step('n1', heard('n3'))
    expect(quietTicks(cluster, 10)).toBe('follower')
  })

  test('needs no other member where there is none', () => {
    const cluster = new Cluster(votersOnly(['n1']), { checkQuorum: true })
    cluster.elect('n1')
    expect(quietTicks(cluster, 50)).toBe('leader')
  })
})
