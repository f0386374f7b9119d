import { describe, expect, test } from 'vitest'
import { verdictOf } from '../bytes/testing/verdict.ts'
import { lastIndex, termAt } from './log.ts'
import {
  type Entry,
  type Message,
  type Raft,
  type RaftConfig,
  type RaftEvent,
  emptyConfiguration,
  step,
} from './raft.ts'
import { Cluster, command, ids, votersOnly } from './testing/cluster.ts'

const tick: RaftEvent = { kind: 'tick', electionJitterTicks: 0 }
const entry = (index: number, term: number): Entry => ({ kind: 'command', index, term, data: command('new') })
const run = (start: number, terms: readonly number[]) => terms.map((term, position) => entry(start + position, term))
const snapshotAt = (index: number, term: number) => ({
  index,
  term,
  configuration: votersOnly(['n1', 'n2']),
  data: command(''),
})
/** n1 leads in term 1, and n2 holds two committed entries and two more. */
function following(config: Partial<RaftConfig> = {}): Cluster {
  const cluster = new Cluster(votersOnly(ids(3)), config)
  cluster.elect('n1')
  cluster.propose('n1', 'a')
  cluster.isLost = ({ to, kind }) => to === 'n3' || kind === 'appendResponse'
  cluster.propose('n1', 'b')
  cluster.propose('n1', 'c')
  cluster.heal()
  cluster.messages = []
  return cluster
}
const envelope = { from: 'n1', to: 'n2', term: 1 } as const
const append = (previousIndex: number, previousTerm: number, terms: number[], commitIndex: number): Message => ({
  kind: 'append',
  ...envelope,
  previousIndex,
  previousTerm,
  entries: run(previousIndex + 1, terms),
  commitIndex,
})
const heartbeat = (commitIndex: number): Message => ({ kind: 'heartbeat', ...envelope, commitIndex, readRound: 3 })
const logOf = ({ log }: Raft) => Array.from({ length: lastIndex(log) }, (_, at) => termAt(log, at + 1))

describe('a follower that gets entries', () => {
  test.each([
    { name: 'takes them', message: append(4, 1, [1, 1], 2), answer: 6, log: [1, 1, 1, 1, 1, 1], commitIndex: 2 },
    {
      name: 'takes what is new in them',
      message: append(2, 1, [1, 1, 1], 2),
      answer: 5,
      log: [1, 1, 1, 1, 1],
      commitIndex: 2,
    },
    {
      name: 'keeps what a late message does not tell of',
      message: append(2, 1, [1], 2),
      answer: 3,
      log: [1, 1, 1, 1],
      commitIndex: 2,
    },
    {
      name: 'commits what the leader has, of what it told',
      message: append(2, 1, [1], 9),
      answer: 3,
      log: [1, 1, 1, 1],
      commitIndex: 3,
    },
    {
      name: 'commits no more than the leader',
      message: append(4, 1, [1], 4),
      answer: 5,
      log: [1, 1, 1, 1, 1],
      commitIndex: 4,
    },
    {
      name: 'answers with what is committed to older news',
      message: append(1, 1, [1], 2),
      answer: 2,
      log: [1, 1, 1, 1],
      commitIndex: 2,
    },
    {
      name: 'does not even look at older news',
      message: append(0, 0, [1], 2),
      answer: 2,
      log: [1, 1, 1, 1],
      commitIndex: 2,
    },
  ])('$name', ({ message, answer, log, commitIndex }) => {
    const cluster = following()
    expect(verdictOf(cluster.deliver(message)!)).toBe('ok')
    expect(cluster.messages).toEqual([
      { kind: 'appendResponse', from: 'n2', to: 'n1', term: 1, index: answer, rejection: null },
    ])
    expect([logOf(cluster.raft('n2')), cluster.raft('n2').log.commitIndex]).toEqual([log, commitIndex])
  })

  test.each([
    { name: 'beyond its end', previous: [7, 1], hint: { hintIndex: 4, hintTerm: 1 } },
    { name: 'of another term', previous: [4, 5], hint: { hintIndex: 4, hintTerm: 1 } },
    { name: 'of an older term than its own', previous: [4, 0], hint: { hintIndex: 0, hintTerm: 0 } },
  ] as const)('refuses what stands on an entry $name, and tells where it may agree', ({ previous, hint }) => {
    const cluster = following()
    const [previousIndex, previousTerm] = previous
    cluster.deliver({ ...append(previousIndex, previousTerm, [], 9), term: 5 } as Message)
    expect(cluster.messages).toEqual([
      { kind: 'appendResponse', from: 'n2', to: 'n1', term: 5, index: previousIndex, rejection: hint },
    ])
    expect([logOf(cluster.raft('n2')), cluster.raft('n2').log.commitIndex]).toEqual([[1, 1, 1, 1], 2])
  })

  test('replaces what another leader left there', () => {
    const cluster = following()
    cluster.deliver({ ...append(3, 1, [2, 2], 4), term: 2 } as Message)
    expect([logOf(cluster.raft('n2')), cluster.raft('n2').log.commitIndex]).toEqual([[1, 1, 1, 2, 2], 4])
  })
})

describe('a follower that gets a heartbeat', () => {
  test.each([
    { told: 1, commitIndex: 2 },
    { told: 3, commitIndex: 3 },
    { told: 4, commitIndex: 4 },
  ])('commits up to $told and gives back the round of reads', ({ told, commitIndex }) => {
    const cluster = following()
    cluster.deliver(heartbeat(told))
    expect(cluster.raft('n2').log.commitIndex).toBe(commitIndex)
    expect(cluster.messages).toEqual([{ kind: 'heartbeatResponse', from: 'n2', to: 'n1', term: 1, readRound: 3 }])
  })

  test('that tells of more than it holds has lost what it confirmed', () =>
    expect(verdictOf(following().deliver(heartbeat(5))!)).toBe('raftLogLost'))
})

describe('a follower that gets a snapshot', () => {
  const install = (index: number, term: number): Message => ({
    kind: 'snapshot',
    ...envelope,
    term: 2,
    snapshot: snapshotAt(index, term),
  })

  test.each([
    { name: 'of what it has not', index: 9, term: 1, answer: 9, isInstalled: true },
    { name: 'of another log than its own', index: 3, term: 2, answer: 3, isInstalled: true },
    { name: 'of what is committed', index: 2, term: 1, answer: 2, isInstalled: false },
    { name: 'of something else at what is committed', index: 2, term: 2, answer: 2, isInstalled: false },
    { name: 'of what it has, and so may commit', index: 3, term: 1, answer: 3, isInstalled: false },
  ])('$name installs it: $isInstalled', ({ index, term, answer, isInstalled }) => {
    const cluster = following()
    cluster.deliver(install(index, term))
    const { log, configuration, progress } = cluster.raft('n2')
    expect(cluster.messages).toEqual([
      { kind: 'appendResponse', from: 'n2', to: 'n1', term: 2, index: answer, rejection: null },
    ])
    expect([log.commitIndex, lastIndex(log)]).toEqual([answer, isInstalled ? index : 4])
    expect([log.appliedIndex, cluster.host('n2').disk.installed.index]).toEqual([answer, isInstalled ? index : 0])
    expect(configuration.voters).toEqual(isInstalled ? ['n1', 'n2'] : ids(3))
    expect([...progress.keys()]).toEqual(configuration.voters)
  })
})

test('a follower does not go back to a snapshot of what it has compacted', () => {
  const cluster = following()
  cluster.host('n2').disk.compact(2, votersOnly(ids(3)))
  cluster.deliver({ kind: 'snapshot', ...envelope, snapshot: snapshotAt(1, 1) })
  expect(cluster.raft('n2').log).toMatchObject({ snapshot: null, commitIndex: 2 })
})

describe('the word of a leader', () => {
  const words: readonly Message[] = [
    append(2, 1, [], 2),
    heartbeat(2),
    { kind: 'snapshot', ...envelope, snapshot: snapshotAt(1, 1) },
  ]

  test.each(words)('ends the wait for one: $kind', (message) => {
    const cluster = following()
    cluster.step('n2', tick)
    cluster.step('n2', { kind: 'forgetLeader' })
    cluster.deliver(message)
    expect(cluster.raft('n2')).toMatchObject({ electionElapsedTicks: 0, leader: 'n1', role: 'follower' })
    cluster.step('n2', { kind: 'campaign' })
    cluster.deliver({ ...message, term: 2 } as Message)
    expect(cluster.raft('n2')).toMatchObject({ term: 2, leader: 'n1', role: 'follower' })
    // In a new term it names the leader as well; other messages do not.
    cluster.deliver({ ...message, term: 3 } as Message)
    expect(cluster.raft('n2')).toMatchObject({ term: 3, leader: 'n1', votedFor: null })
    cluster.deliver({ kind: 'timeoutNow', ...envelope, term: 4 })
    cluster.deliver({ kind: 'heartbeatResponse', ...envelope, term: 9, readRound: 0 })
    expect(cluster.raft('n2')).toMatchObject({ term: 9, leader: null })
  })

  test.each(words)('does not change how long a follower waits for the next one: $kind', (message) => {
    const cluster = following()
    cluster.step('n2', { kind: 'tick', electionJitterTicks: 9 })
    cluster.deliver(message)
    expect(cluster.raft('n2').electionTimeoutTicks).toBe(10)
  })

  test.each(words)('is refused by another of the same term: $kind', (message) => {
    const cluster = following()
    expect(verdictOf(cluster.deliver({ ...message, from: 'n2', to: 'n1' } as Message)!)).toBe('raftTwoLeaders')
  })

  test.each<{ name: string; message: Message; config: Partial<RaftConfig>; isAnswered: boolean }>([
    { name: 'entries', message: append(4, 1, [], 0), config: { checkQuorum: true }, isAnswered: true },
    { name: 'entries', message: append(4, 1, [], 0), config: { preVote: true }, isAnswered: true },
    { name: 'entries, in a group without these rules', message: append(4, 1, [], 0), config: {}, isAnswered: false },
    { name: 'a heartbeat', message: heartbeat(0), config: { preVote: true }, isAnswered: true },
    { name: 'a snapshot', message: words[2]!, config: { preVote: true }, isAnswered: false },
    {
      name: 'the word to stand',
      message: { kind: 'timeoutNow', ...envelope },
      config: { preVote: true },
      isAnswered: false,
    },
  ])('of an older term, $name, is answered with the new one: $isAnswered', ({ message, config, isAnswered }) => {
    const cluster = following(config)
    cluster.deliver({ ...heartbeat(2), from: 'n3', term: 6 } as Message)
    cluster.messages = []
    const before = cluster.raft('n2')
    expect(verdictOf(cluster.deliver(message)!)).toBe('ok')
    const answer = { kind: 'appendResponse', from: 'n2', to: 'n1', term: 6, index: 0, rejection: null }
    expect(cluster.messages).toEqual(isAnswered ? [answer] : [])
    expect(cluster.raft('n2')).toMatchObject({ term: 6, leader: 'n3', role: 'follower', log: before.log })
  })
})

describe('without a word of a leader', () => {
  test('a voter stands for election at every timeout, a learner counts on', () => {
    const cluster = new Cluster({ ...emptyConfiguration, voters: ['n1', 'n2'], learners: ['n3'] })
    for (const id of ['n2', 'n3']) for (let i = 0; i < 19; i++) cluster.step(id, tick)
    expect(cluster.raft('n2')).toMatchObject({ role: 'candidate', term: 1, electionElapsedTicks: 9 })
    expect(cluster.raft('n3')).toMatchObject({ role: 'follower', term: 0, electionElapsedTicks: 19 })
    cluster.step('n2', tick)
    expect(cluster.raft('n2')).toMatchObject({ role: 'candidate', term: 2, electionElapsedTicks: 0 })
  })

  test('a node that may not stand now tries again after another timeout', () => {
    const cluster = following()
    const raft = { ...cluster.raft('n2'), electionElapsedTicks: 9 }
    // A change of members that is committed, and not applied.
    const change = { transition: 'auto', changes: [], context: command('') } as const
    const entries: Entry[] = [{ kind: 'configuration', index: 5, term: 1, change }]
    const told = { ...append(4, 1, [], 5), entries } as Message
    const [waiting] = step(raft, { kind: 'message', message: told })
    const [after] = step({ ...waiting, electionElapsedTicks: 9 }, tick)
    expect(after).toMatchObject({ role: 'follower', electionElapsedTicks: 0 })
  })
})

describe('what is for another role', () => {
  test.each<{ name: string; at: 'n1' | 'n2'; event: RaftEvent }>([
    { name: 'a follower does not step down', at: 'n2', event: { kind: 'stepDown' } },
    { name: 'a leader does not forget itself', at: 'n1', event: { kind: 'forgetLeader' } },
    { name: 'a follower sends nobody anything', at: 'n2', event: { kind: 'reportUnreachable', peer: 'n3' } },
    {
      name: 'a follower sends no snapshots',
      at: 'n2',
      event: { kind: 'reportSnapshot', peer: 'n3', isReceived: true },
    },
    { name: 'nothing was applied', at: 'n2', event: { kind: 'storageApplied', entries: [] } },
    { name: 'nothing was stored', at: 'n2', event: { kind: 'storageAppended', term: 1, stored: null, snapshot: null } },
    {
      name: 'a follower counts no acknowledgements',
      at: 'n2',
      event: {
        kind: 'message',
        message: { kind: 'appendResponse', from: 'n3', to: 'n2', term: 1, index: 4, rejection: null },
      },
    },
    {
      name: 'a follower counts no answers to heartbeats',
      at: 'n2',
      event: { kind: 'message', message: { kind: 'heartbeatResponse', from: 'n3', to: 'n2', term: 1, readRound: 1 } },
    },
    {
      name: 'a leader does not stand',
      at: 'n1',
      event: { kind: 'message', message: { kind: 'timeoutNow', from: 'n2', to: 'n1', term: 1 } },
    },
    {
      name: 'a leader counts no more votes',
      at: 'n1',
      event: { kind: 'message', message: { kind: 'voteResponse', from: 'n3', to: 'n1', term: 1, isGranted: true } },
    },
    {
      name: 'nor such as were asked in advance',
      at: 'n1',
      event: { kind: 'message', message: { kind: 'preVoteResponse', from: 'n3', to: 'n1', term: 1, isGranted: true } },
    },
  ])('changes nothing: $name', ({ at, event }) => {
    const cluster = following()
    // Both know something of n3 that such an event could change.
    const state = event.kind === 'reportSnapshot' ? 'snapshot' : 'replicate'
    const known = { ...cluster.raft('n1').progress.get('n3')!, state } as const
    const raft = { ...cluster.raft(at), progress: new Map(cluster.raft(at).progress).set('n3', known) }
    const [after, check] = step(raft, event)
    expect(verdictOf(check)).toBe('ok')
    expect(after).toEqual(raft)
  })

  test('an unknown event is a mistake of the host', () =>
    expect(() => step(following().raft('n1'), { kind: 'hello' } as unknown as RaftEvent)).toThrow('Unhandled case'))
})
