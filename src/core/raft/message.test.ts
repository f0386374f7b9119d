import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Message, type Raft, createRaft, emptyConfiguration, step } from './raft.ts'
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

describe('what no correct node sends', () => {
  test.each<{ name: string; message: Message; code?: string }>([
    { name: 'an index that is no index', message: { ...append, previousIndex: -1 } },
    { name: 'an index beyond exact numbers', message: { ...append, previousIndex: 2 ** 53 } },
    { name: 'term 0', message: { ...append, term: 0 } },
    { name: 'a term that is no number', message: { ...append, term: Number.NaN } },
    { name: 'a gap before the entries', message: { ...append, entries: [entry(4, 2)] } },
    { name: 'a gap between the entries', message: { ...append, entries: [entry(3, 2), entry(5, 2)] } },
    { name: 'terms that go back', message: { ...append, entries: [entry(3, 2), entry(4, 1)] } },
    { name: 'an entry from a later term', message: { ...append, entries: [entry(3, 3)] } },
    {
      name: 'a log from a later term',
      message: { kind: 'vote', ...envelope, lastIndex: 9, lastTerm: 3, isTransfer: false },
    },
    { name: 'a snapshot of nothing', message: { kind: 'snapshot', ...envelope, snapshot: { ...snapshot, index: 0 } } },
    {
      name: 'a snapshot without voters',
      message: { kind: 'snapshot', ...envelope, snapshot: { ...snapshot, configuration: emptyConfiguration } },
    },
    {
      name: 'a learner that votes',
      message: {
        kind: 'snapshot',
        ...envelope,
        snapshot: { ...snapshot, configuration: { ...votersOnly(ids(3)), learners: ['n2'] } },
      },
    },
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
    { name: 'an unknown kind', message: { ...envelope, kind: 'hello' } as unknown as Message },
  ])('is refused with no effect: $name', ({ message, code = 'raftMessageMalformed' }) => {
    const raft = follower()
    const [after, check] = step(raft, { kind: 'message', message })
    expect(check).toMatchObject({ ok: false, fault: { code } })
    expect(after).toBe(raft)
  })

  test('a leader refuses the acknowledgement of what it never sent, and of reads never asked', () => {
    const cluster = new Cluster(votersOnly(ids(3)))
    cluster.elect('n1')
    const answer = { from: 'n2', to: 'n1', term: 1 }
    for (const message of [
      { kind: 'appendResponse', ...answer, index: 99, rejection: null },
      { kind: 'heartbeatResponse', ...answer, readRound: 7 },
    ] as const)
      expect(cluster.deliver(message)).toMatchObject({ fault: { code: 'raftMessageMalformed' } })
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
