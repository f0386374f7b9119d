import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verdictOf } from '../bytes/testing/verdict.ts'
import { checkMessage } from './message.ts'
import {
  type Configuration,
  type Message,
  type Raft,
  type Snapshot,
  createRaft,
  emptyConfiguration,
  step,
} from './raft.ts'
import { Cluster, MemoryLog, ids, testConfig, votersOnly } from './testing/cluster.ts'

const data = new Uint8Array(0)
const envelope = { from: 'n1', to: 'n2', term: 2 } as const
const append = { kind: 'append', ...envelope, previousIndex: 2, previousTerm: 1, entries: [], commitIndex: 0 } as const
const entry = (index: number, term: number) => ({ kind: 'command', index, term, data }) as const
const snapshot = { index: 9, term: 1, configuration: votersOnly(ids(3)), data }

/** n2 follows n1 in term 1 and holds two committed entries. */
function follower(): Raft {
  const cluster = new Cluster(votersOnly(ids(3)))
  cluster.elect('n1')
  cluster.propose('n1', 'x')
  return cluster.raft('n2')
}

const answer = { kind: 'appendResponse', ...envelope, index: 3, rejection: null } as const
const vote = { kind: 'vote', ...envelope, lastIndex: 9, lastTerm: 2, isTransfer: false } as const
const heartbeat = { kind: 'heartbeat', ...envelope, commitIndex: 1, readRound: 0 } as const
const readIndex = { kind: 'readIndex', from: 'n1', to: 'n2', incarnation: 1, request: 1 } as const
const readIndexResponse = { kind: 'readIndexResponse', ...envelope, incarnation: 1, request: 1, index: 1 } as const
const propose = { kind: 'propose', from: 'n1', to: 'n2', proposals: [{ kind: 'command', data }] } as const
const install = (change: Partial<Snapshot>): Message => ({
  kind: 'snapshot',
  ...envelope,
  snapshot: { ...snapshot, ...change },
})
const members = (change: Partial<Configuration>): Message =>
  install({ configuration: { ...votersOnly(ids(3)), ...change } })
const outgoing = { votersOutgoing: ['n1', 'n2', 'n4'] }
const noCount = [-1, 0.5, 2 ** 52 + 1, Number.NaN, Infinity]

describe('a message by itself', () => {
  test.each<{ what: string; messages: readonly Message[] }>([
    {
      what: 'term out of range',
      messages: [...noCount, 0].flatMap((term) => [
        { ...append, term },
        { kind: 'timeoutNow', from: 'n1', to: 'n2', term },
      ]),
    },
    {
      what: 'index out of range',
      messages: noCount.flatMap((number) => [
        { ...append, previousIndex: number },
        { ...append, previousTerm: number },
        { ...append, commitIndex: number },
        { ...answer, index: number },
        { ...answer, rejection: { hintIndex: number, hintTerm: 1 } },
        { ...answer, rejection: { hintIndex: 1, hintTerm: number } },
        { ...vote, lastIndex: number },
        { ...vote, kind: 'preVote', lastTerm: number },
        { ...heartbeat, commitIndex: number },
        { ...heartbeat, readRound: number },
        { ...readIndexResponse, incarnation: number },
        { ...readIndexResponse, request: number },
        { ...readIndexResponse, index: number },
      ]),
    },
    {
      what: 'read round out of range',
      messages: noCount.map((readRound) => ({ kind: 'heartbeatResponse', ...envelope, readRound })),
    },
    {
      what: 'request out of range',
      messages: noCount.flatMap((number) => [
        { ...readIndex, incarnation: number },
        { ...readIndex, request: number },
      ]),
    },
    {
      what: 'entries that do not follow each other',
      messages: [[entry(2, 2)], [entry(4, 2)], [entry(3, 2), entry(5, 2)], [entry(3, 2), entry(3, 2)]].map(
        (entries) => ({ ...append, entries }),
      ),
    },
    {
      what: 'entries whose terms go back',
      messages: [[entry(3, 0)], [entry(3, 2), entry(4, 1)], [entry(3, 1.5)]].map((entries) => ({ ...append, entries })),
    },
    {
      what: 'entries from a term to come',
      messages: [
        { ...append, entries: [entry(3, 3)] },
        { ...append, previousTerm: 3 },
      ],
    },
    {
      what: 'a log from a term to come',
      messages: [
        { ...vote, lastTerm: 3 },
        { ...vote, kind: 'preVote', lastTerm: 3 },
      ],
    },
    {
      what: 'snapshot of nothing',
      messages: [0, ...noCount]
        .map((index) => install({ index }))
        .concat(noCount.map((snapshotTerm) => install({ term: snapshotTerm }))),
    },
    { what: 'snapshot from a term to come', messages: [install({ term: 3 })] },
    { what: 'snapshot without voters', messages: [install({ configuration: emptyConfiguration })] },
    {
      what: 'unsorted members',
      messages: [
        members({ voters: ['n2', 'n1'] }),
        members({ voters: ['n1', 'n1'] }),
        members({ votersOutgoing: ['n1', 'n3', 'n2'] }),
        members({ learners: ['n5', 'n4'] }),
        members({ ...outgoing, voters: ['n3'], learnersNext: ['n2', 'n1'] }),
      ],
    },
    {
      what: 'a learner that is a voter',
      messages: [members({ learners: ['n2'] }), members({ ...outgoing, learners: ['n4', 'n5'] })],
    },
    {
      what: 'a future learner that never voted',
      messages: [members({ learnersNext: ['n4'] }), members({ ...outgoing, learnersNext: ['n4', 'n5'] })],
    },
    { what: 'nothing to leave', messages: [members({ autoLeave: true })] },
    { what: 'nothing proposed', messages: [{ ...propose, proposals: [] }] },
    { what: 'unknown kind', messages: [{ ...envelope, kind: 'hello' } as unknown as Message] },
  ])('is refused for its $what', ({ what, messages }) => {
    for (const message of messages) {
      const check = checkMessage(message)
      expect(verdictOf(check), JSON.stringify(message)).toBe('raftMessageMalformed')
      expect(check).toMatchObject({ fault: { local: expect.stringContaining(`: ${what}.`) } })
    }
  })

  test.each<{ name: string; message: Message }>([
    {
      name: 'the greatest numbers',
      message: { ...append, term: 2 ** 52, previousIndex: 2 ** 52, commitIndex: 2 ** 52 },
    },
    { name: 'the start of a log', message: { ...append, previousIndex: 0, previousTerm: 0, entries: [entry(1, 1)] } },
    { name: 'entries of one term', message: { ...append, entries: [entry(3, 1), entry(4, 1)] } },
    { name: 'entries up to its own term', message: { ...append, entries: [entry(3, 1), entry(4, 2)] } },
    { name: 'an end of the log from its own term', message: { ...append, previousTerm: 2 } },
    { name: 'an acknowledgement', message: answer },
    { name: 'a rejection', message: { ...answer, rejection: { hintIndex: 0, hintTerm: 0 } } },
    { name: 'a vote', message: vote },
    { name: 'a pre-vote', message: { ...vote, kind: 'preVote' } },
    { name: 'an empty log', message: { ...vote, lastIndex: 0, lastTerm: 0 } },
    { name: 'an answer to a vote', message: { kind: 'voteResponse', ...envelope, isGranted: true } },
    { name: 'an answer to a pre-vote', message: { kind: 'preVoteResponse', ...envelope, isGranted: false } },
    { name: 'a heartbeat', message: heartbeat },
    { name: 'an answer to a heartbeat', message: { kind: 'heartbeatResponse', ...envelope, readRound: 0 } },
    { name: 'a snapshot', message: install({ index: 1, term: 2 }) },
    { name: 'a joint configuration', message: members({ ...outgoing, learners: ['n5'], autoLeave: true }) },
    { name: 'a learner to be', message: members({ ...outgoing, voters: ['n1'], learnersNext: ['n2', 'n4'] }) },
    { name: 'a proposal', message: propose },
    { name: 'a transfer', message: { kind: 'transferLeadership', ...envelope, transferee: 'n3' } },
    { name: 'the last word of a leader', message: { kind: 'timeoutNow', ...envelope } },
    { name: 'a read', message: { ...readIndex, incarnation: 0, request: 0 } },
    { name: 'an answer to a read', message: { ...readIndexResponse, index: 0 } },
  ])('may have $name', ({ message }) => expect(verdictOf(checkMessage(message))).toBe('ok'))
})

describe('what no correct node sends', () => {
  test.each<{ name: string; message: Message; code?: string }>([
    { name: 'a gap before the entries', message: { ...append, entries: [entry(4, 2)] } },
    { name: 'no proposal', message: { kind: 'propose', from: 'n1', to: 'n2', proposals: [] } },
    { name: 'a message for somebody else', message: { ...append, to: 'n3' }, code: 'raftNotForUs' },
    {
      name: 'an answer of a stranger',
      message: { kind: 'voteResponse', from: 'x', to: 'n2', term: 2, isGranted: true },
      code: 'raftPeerUnknown',
    },
    {
      name: 'a commit index beyond what was acknowledged',
      message: { kind: 'heartbeat', ...envelope, commitIndex: 3, readRound: 0 },
      code: 'raftLogLost',
    },
    { name: 'a proposal where none is passed on', message: propose, code: 'raftNotForwarded' },
    { name: 'a read where another leads', message: { ...readIndex, from: 'n3' }, code: 'raftNotLeader' },
  ])('is refused with no effect: $name', ({ message, code = 'raftMessageMalformed' }) => {
    const raft = follower()
    const [after, check] = step(raft, { kind: 'message', message })
    expect(verdictOf(check)).toBe(code)
    expect(after).toBe(raft)
  })

  test('a leader refuses the acknowledgement of what it never sent, and of reads never asked', () => {
    const cluster = new Cluster(votersOnly(ids(3)))
    cluster.elect('n1')
    const answer = { from: 'n2', to: 'n1', term: 1 }
    for (const message of [
      { kind: 'appendResponse', ...answer, index: 99, rejection: null },
      { kind: 'appendResponse', ...answer, index: 99, rejection: { hintIndex: 0, hintTerm: 0 } },
      { kind: 'heartbeatResponse', ...answer, readRound: 7 },
    ] as const)
      expect(verdictOf(cluster.deliver(message)!)).toBe('raftMessageMalformed')
    expect(cluster.raft('n1').log.commitIndex).toBe(1)
  })
})

describe('any message of the right shape', () => {
  const number = fc.oneof(fc.nat(6), fc.constantFrom(-1, 0.5, 2 ** 52, 2 ** 53, Infinity, Number.NaN))
  const id = fc.constantFrom('n1', 'n2', 'n3', 'x')
  const any = { from: id, to: fc.constant('n2'), term: number }
  const list = fc.array(id, { maxLength: 3 })
  const someEntry = fc.record({
    kind: fc.constant('command' as const),
    index: number,
    term: number,
    data: fc.constant(data),
  })
  const configuration = fc.record({
    voters: list,
    votersOutgoing: list,
    learners: list,
    learnersNext: list,
    autoLeave: fc.boolean(),
  })
  const hint = fc.option(fc.record({ hintIndex: number, hintTerm: number }))
  const messages: fc.Arbitrary<Message> = fc.oneof(
    fc.record({
      kind: fc.constant('append' as const),
      ...any,
      previousIndex: number,
      previousTerm: number,
      entries: fc.array(someEntry, { maxLength: 3 }),
      commitIndex: number,
    }),
    fc.record({ kind: fc.constant('appendResponse' as const), ...any, index: number, rejection: hint }),
    fc.record({
      kind: fc.constantFrom('vote' as const, 'preVote' as const),
      ...any,
      lastIndex: number,
      lastTerm: number,
      isTransfer: fc.boolean(),
    }),
    fc.record({
      kind: fc.constantFrom('voteResponse' as const, 'preVoteResponse' as const),
      ...any,
      isGranted: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('heartbeat' as const), ...any, commitIndex: number, readRound: number }),
    fc.record({ kind: fc.constant('heartbeatResponse' as const), ...any, readRound: number }),
    fc.record({
      kind: fc.constant('snapshot' as const),
      ...any,
      snapshot: fc.record({ index: number, term: number, configuration, data: fc.constant(data) }),
    }),
    fc.record({ kind: fc.constant('timeoutNow' as const), ...any }),
    fc.record({ kind: fc.constant('transferLeadership' as const), ...any, transferee: id }),
    fc.record({ kind: fc.constant('readIndex' as const), ...any, incarnation: number, request: number }),
    fc.record({
      kind: fc.constant('readIndexResponse' as const),
      ...any,
      incarnation: number,
      request: number,
      index: number,
    }),
  )

  test('never throws, and never takes a commit or a term back', () => {
    fc.assert(
      fc.property(
        fc.array(messages, { maxLength: 30 }),
        fc.boolean(),
        fc.constantFrom('follower', 'leader'),
        (script, strict, role) => {
          const cluster = new Cluster(votersOnly(ids(3)), {
            preVote: strict,
            checkQuorum: strict,
            forwardProposals: true,
          })
          cluster.elect('n1')
          if (role === 'leader') cluster.elect('n2')
          for (const message of script) {
            const before = cluster.raft('n2')
            cluster.deliver(message)
            cluster.messages = []
            const after = cluster.raft('n2')
            expect(after.term).toBeGreaterThanOrEqual(before.term)
            expect(after.log.commitIndex).toBeGreaterThanOrEqual(before.log.commitIndex)
          }
        },
      ),
    )
  })

  test('finds an empty node unshaken', () => {
    const restored = { appliedIndex: 0, electionJitterTicks: 0, incarnation: 1 }
    fc.assert(
      fc.property(messages, (message) => {
        step(createRaft({ ...testConfig, id: 'n2' }, new MemoryLog(emptyConfiguration), restored), {
          kind: 'message',
          message,
        })
      }),
    )
  })
})
