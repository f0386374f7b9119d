import { describe, expect, test } from 'vitest'
import { type Configuration, type Entry, type Message, type NodeId, type RaftEvent, createRaft, step } from './raft.ts'
import { becomeCandidate, becomeLeader, becomePreCandidate } from './role.ts'
import { openDraft } from './state.ts'
import { Cluster, MemoryLog, command, ids, testConfig, votersOnly } from './testing/cluster.ts'

const three = (config = {}) => new Cluster(votersOnly(ids(3)), config)
const campaign: RaftEvent = { kind: 'campaign' }
const tick: RaftEvent = { kind: 'tick', electionJitterTicks: 0 }
const envelope = { from: 'n2', to: 'n1' } as const
/** n1 leads in term 1 with two entries. */
const led = (config = {}) => {
  const cluster = three(config)
  cluster.elect('n1')
  cluster.propose('n1', 'x')
  return cluster
}
/** What a node sends on an event. */
function sent(cluster: Cluster, id: NodeId, event: RaftEvent): readonly Message[] {
  cluster.messages = []
  cluster.step(id, event)
  return cluster.messages
}
const receive = (message: Message): RaftEvent => ({ kind: 'message', message })

describe('a candidate', () => {
  const request = { from: 'n2', lastIndex: 2, lastTerm: 1 } as const

  test('asks all other voters of both halves for their votes, and shows the end of its log', () => {
    const joint = { ...votersOnly(['n1', 'n2', 'n3']), votersOutgoing: ['n2', 'n4'], learners: ['n5'] }
    const cluster = new Cluster(joint, {}, ids(5))
    expect(sent(cluster, 'n2', campaign)).toEqual(
      ['n1', 'n3', 'n4'].map((to) => ({
        kind: 'vote',
        from: 'n2',
        to,
        term: 1,
        lastIndex: 0,
        lastTerm: 0,
        isTransfer: false,
      })),
    )
  })

  test('asks first whether it would win, of the next term and in its own; then in earnest', () => {
    const cluster = led({ preVote: true })
    expect(sent(cluster, 'n2', campaign)).toEqual(
      ['n1', 'n3'].map((to) => ({ ...request, kind: 'preVote', to, term: 2, isTransfer: false })),
    )
    expect(cluster.raft('n2')).toMatchObject({ role: 'preCandidate', term: 1, votedFor: 'n1', leader: null })
    const yes = { kind: 'preVoteResponse', from: 'n3', to: 'n2', term: 2, isGranted: true } as const
    expect(sent(cluster, 'n2', receive(yes))).toEqual(
      ['n1', 'n3'].map((to) => ({ ...request, kind: 'vote', to, term: 2, isTransfer: false })),
    )
    expect(cluster.raft('n2')).toMatchObject({ role: 'candidate', term: 2, votedFor: 'n2', leader: null })
  })

  test('that the leader asked to stand says so, and asks in earnest at once', () => {
    const cluster = led({ preVote: true })
    const messages = sent(cluster, 'n2', receive({ kind: 'timeoutNow', from: 'n1', to: 'n2', term: 1 }))
    expect(messages).toEqual(['n1', 'n3'].map((to) => ({ ...request, kind: 'vote', to, term: 2, isTransfer: true })))
  })

  test('that would lose stays in its term, and stands again only after another timeout', () => {
    const cluster = led({ preVote: true })
    cluster.step('n2', campaign)
    for (const from of ['n1', 'n3'])
      cluster.step('n2', receive({ kind: 'preVoteResponse', from, to: 'n2', term: 1, isGranted: false }))
    expect(cluster.raft('n2')).toMatchObject({ role: 'follower', term: 1, leader: null })
    for (let i = 0; i < 9; i++) expect(sent(cluster, 'n2', tick)).toEqual([])
    expect(sent(cluster, 'n2', tick)).toHaveLength(2)
  })

  test('takes no answer to another question for a vote', () => {
    const cluster = led({ preVote: true })
    cluster.step('n2', campaign)
    cluster.step('n2', receive({ kind: 'voteResponse', from: 'n3', to: 'n2', term: 1, isGranted: true }))
    expect(cluster.raft('n2').role).toBe('preCandidate')
    const plain = led()
    plain.step('n2', campaign)
    plain.step('n2', receive({ kind: 'preVoteResponse', from: 'n3', to: 'n2', term: 2, isGranted: true }))
    expect(plain.raft('n2').role).toBe('candidate')
    // Nor one of a term to come, of which it learns all the same.
    plain.step('n2', receive({ kind: 'voteResponse', from: 'n3', to: 'n2', term: 5, isGranted: true }))
    expect(plain.raft('n2')).toMatchObject({ role: 'follower', term: 5, leader: null })
  })

  test.each<{ who: string; configuration: Configuration; at: NodeId }>([
    { who: 'a leader', configuration: votersOnly(ids(3)), at: 'n1' },
    { who: 'a learner', configuration: { ...votersOnly(['n1', 'n2']), learners: ['n3'] }, at: 'n3' },
    { who: 'a stranger', configuration: votersOnly(['n1', 'n2']), at: 'n3' },
  ])('is never $who', ({ configuration, at }) => {
    const cluster = new Cluster(configuration, {}, ids(3))
    cluster.elect('n1')
    const before = cluster.raft(at)
    expect(sent(cluster, at, campaign)).toEqual([])
    expect(sent(cluster, at, receive({ kind: 'timeoutNow', from: 'n2', to: at, term: 1 }))).toEqual([])
    expect(cluster.raft(at)).toMatchObject({ role: before.role, term: 1, leader: before.leader })
  })

  test('that stands already does not begin anew at the word of a leader', () => {
    for (const preVote of [true, false]) {
      const cluster = led({ preVote })
      cluster.step('n2', campaign)
      const { role, term } = cluster.raft('n2')
      expect(sent(cluster, 'n2', receive({ kind: 'timeoutNow', from: 'n1', to: 'n2', term }))).toEqual([])
      expect(cluster.raft('n2')).toMatchObject({ role, term })
    }
  })

  test('is nobody who has yet to apply a change of members that is committed', () => {
    const disk = new MemoryLog(votersOnly(ids(3)))
    const change = { transition: 'auto', changes: [{ kind: 'removeNode', id: 'n3' }], context: command('') } as const
    const entry: Entry = { kind: 'configuration', index: 1, term: 1, change }
    disk.write({ hardState: { term: 1, votedFor: null, commitIndex: 1 }, entries: [entry], snapshot: null })
    const roleWith = (appliedIndex: number) => {
      const raft = createRaft({ ...testConfig, id: 'n1' }, disk, {
        appliedIndex,
        electionJitterTicks: 0,
        incarnation: 1,
      })
      return step(raft, campaign)[0].role
    }
    expect([roleWith(0), roleWith(1)]).toEqual(['follower', 'candidate'])
  })

  test('is nobody whose snapshot is not installed yet', () => {
    const cluster = three()
    const snapshot = { index: 5, term: 1, configuration: votersOnly(ids(3)), data: command('') }
    const raft = step(cluster.raft('n1'), receive({ kind: 'snapshot', ...envelope, term: 1, snapshot }))[0]
    expect(step(raft, campaign)[0].role).toBe('follower')
  })
})

describe('a vote', () => {
  const ask = (change: Partial<Message> = {}): Message =>
    ({ kind: 'vote', ...envelope, term: 2, lastIndex: 2, lastTerm: 1, isTransfer: false, ...change }) as Message

  test.each([
    { name: 'in a new term', ask: {}, term: 2, isGranted: true },
    { name: 'for a log that lacks something', ask: { lastIndex: 1 }, term: 2, isGranted: false },
    { name: 'in the term of a leader that it knows', ask: { term: 1 }, term: 1, isGranted: false },
  ])('$name is granted: $isGranted', ({ ask: change, term, isGranted }) => {
    // n3 did not vote for n1 when that was elected.
    const cluster = three()
    cluster.isLost = ({ kind, to }) => kind === 'vote' && to === 'n3'
    cluster.elect('n1')
    cluster.propose('n1', 'x')
    expect(cluster.raft('n3').votedFor).toBe(null)
    cluster.step('n3', tick)
    const answer = sent(cluster, 'n3', receive({ ...ask(change), to: 'n3' }))
    expect(answer).toEqual([{ kind: 'voteResponse', from: 'n3', to: 'n2', term, isGranted }])
    const { votedFor, electionElapsedTicks } = cluster.raft('n3')
    // Who granted waits for the new leader as long as for an old one.
    expect([votedFor, electionElapsedTicks]).toEqual([isGranted ? 'n2' : null, term === 1 ? 1 : 0])
  })

  test('that is granted starts the wait for a leader anew, one that is not does not', () => {
    const cluster = led()
    cluster.do('n1', { kind: 'forgetLeader' })
    cluster.do('n3', { kind: 'forgetLeader' })
    const elapsed = (change: Partial<Message>) => {
      const raft = { ...cluster.raft('n3'), votedFor: null, electionElapsedTicks: 7 }
      return step(raft, receive({ ...ask({ term: 1, ...change }), to: 'n3' }))[0].electionElapsedTicks
    }
    expect([elapsed({}), elapsed({ lastIndex: 1 }), elapsed({ kind: 'preVote' })]).toEqual([0, 7, 7])
  })

  test.each([
    { name: 'of the next term', ask: {}, term: 2, isGranted: true },
    { name: 'of a term to come', ask: { term: 9 }, term: 9, isGranted: true },
    { name: 'for a log that lacks something', ask: { lastIndex: 1 }, term: 1, isGranted: false },
    { name: 'of the term that has a leader', ask: { term: 1 }, term: 1, isGranted: false },
  ])('in advance $name is granted: $isGranted, and binds nobody', ({ ask: change, term, isGranted }) => {
    const cluster = led()
    const question = { ...ask({ kind: 'preVote', from: 'n2', ...change }), to: 'n3' }
    expect(sent(cluster, 'n3', receive(question))).toEqual([
      { kind: 'preVoteResponse', from: 'n3', to: 'n2', term, isGranted },
    ])
    expect(cluster.raft('n3')).toMatchObject({ term: 1, votedFor: 'n1', leader: 'n1' })
  })

  test('in advance that is refused in a later term is news of that term', () => {
    const cluster = led({ preVote: true })
    cluster.step('n2', campaign)
    cluster.step('n2', receive({ kind: 'preVoteResponse', from: 'n3', to: 'n2', term: 5, isGranted: false }))
    expect(cluster.raft('n2')).toMatchObject({ role: 'follower', term: 5 })
  })

  test('in advance of an older term is refused, not met with silence', () => {
    const cluster = led()
    cluster.elect('n2')
    expect(sent(cluster, 'n3', receive({ ...ask({ kind: 'preVote', term: 1 }), to: 'n3' }))).toEqual([
      { kind: 'preVoteResponse', from: 'n3', to: 'n2', term: 2, isGranted: false },
    ])
    expect(sent(cluster, 'n3', receive({ ...ask({ term: 1 }), to: 'n3' }))).toEqual([])
  })

  test.each([
    { name: 'hears its leader', config: { checkQuorum: true }, isHeard: false },
    { name: 'heard it for the last time just now', config: { checkQuorum: true }, ticks: 9, isHeard: false },
    { name: 'does not hear it any more', config: { checkQuorum: true }, ticks: 10, isHeard: true },
    { name: 'has reason to think it gone', config: { checkQuorum: true }, forgets: true, isHeard: true },
    { name: 'is asked in its name', config: { checkQuorum: true }, isTransfer: true, isHeard: true },
    { name: 'takes no heed of leaders', config: { checkQuorum: false }, isHeard: true },
  ])('is answered by one who $name: $isHeard', ({ config, ticks = 0, forgets, isTransfer = false, isHeard }) => {
    for (const kind of ['vote', 'preVote'] as const) {
      const cluster = three({ ...config })
      cluster.elect('n1')
      cluster.propose('n1', 'x')
      cluster.isLost = () => true
      // A draw that keeps it from standing for election itself.
      cluster.do('n3', { kind: 'message', message: heartbeat })
      const raft = { ...cluster.raft('n3'), electionTimeoutTicks: 19 }
      cluster.host('n3').raft = raft
      cluster.tick('n3', ticks, 9)
      if (forgets) cluster.do('n3', { kind: 'forgetLeader' })
      expect(sent(cluster, 'n3', receive({ ...ask({ kind, isTransfer }), to: 'n3' }))).toHaveLength(isHeard ? 1 : 0)
      expect(cluster.raft('n3').term).toBe(isHeard && kind === 'vote' ? 2 : 1)
    }
  })
  const heartbeat = { kind: 'heartbeat', from: 'n1', to: 'n3', term: 1, commitIndex: 0, readRound: 0 } as const
})

describe('roles', () => {
  test('change only along the picture', () => {
    const cluster = led()
    for (const become of [becomeCandidate, becomePreCandidate])
      expect(() => become(openDraft(cluster.raft('n1')))).toThrow('a leader cannot campaign')
    expect(() => becomeLeader(openDraft(cluster.raft('n2')))).toThrow('a follower cannot lead')
    const gone = openDraft({ ...cluster.raft('n2'), role: 'candidate', progress: new Map() })
    expect(() => becomeLeader(gone)).toThrow('n2 was elected but is no member')
  })

  test('a leader knows its own log, and that it is there itself, before its disk has said a word', () => {
    const [raft] = step(led().raft('n2'), campaign)
    const [leader] = step(raft, receive({ kind: 'voteResponse', from: 'n3', to: 'n2', term: 2, isGranted: true }))
    const [elected] = step(leader, receive({ kind: 'voteResponse', from: 'n1', to: 'n2', term: 2, isGranted: true }))
    expect(elected.role).toBe('leader')
    expect(elected.progress.get('n2')).toMatchObject({ matchIndex: 2, nextIndex: 3, isRecentlyActive: true })
  })

  test('a leader begins with an empty entry, knowing nothing of others but that their logs may end as its own does', () => {
    const cluster = led()
    cluster.do('n3', { kind: 'tick', electionJitterTicks: 4 })
    cluster.isLost = ({ kind }) => kind === 'append'
    cluster.elect('n3')
    const { role, leader, progress, transferee, votes, ...raft } = cluster.raft('n3')
    expect({ role, leader, transferee, votes: votes.size }).toEqual({
      role: 'leader',
      leader: 'n3',
      transferee: null,
      votes: 0,
    })
    expect(raft).toMatchObject({ electionElapsedTicks: 0, heartbeatElapsedTicks: 0, electionTimeoutTicks: 14 })
    expect(progress.get('n3')).toMatchObject({
      state: 'replicate',
      matchIndex: 3,
      nextIndex: 4,
      isRecentlyActive: true,
    })
    for (const id of ['n1', 'n2'])
      expect(progress.get(id)).toMatchObject({ state: 'probe', matchIndex: 0, nextIndex: 3, isRecentlyActive: false })
  })
})
