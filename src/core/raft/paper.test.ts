/** The paper's and the thesis' own sentences, each as a test. */
import { describe, expect, test } from 'vitest'
import { lastIndex, termAt } from './log.ts'
import { type Configuration, type ConfigurationChange, type Message, emptyConfiguration, status } from './raft.ts'
import { Cluster, MemoryLog, command, ids, votersOnly } from './testing/cluster.ts'

const three = (config = {}) => new Cluster(votersOnly(ids(3)), config)
const kinds = (messages: readonly Message[]) => messages.map(({ kind, to }) => `${kind} ${to}`)
const logOf = (cluster: Cluster, id: string) => {
  const { log } = cluster.raft(id)
  return Array.from({ length: lastIndex(log) }, (_, position) => termAt(log, position + 1))
}
const change = (changes: ConfigurationChange['changes'], transition: ConfigurationChange['transition'] = 'auto') =>
  ({ kind: 'proposeConfiguration', change: { transition, changes, context: command('') } }) as const

describe('terms (paper §5.1)', () => {
  test('"If one server\'s current term is smaller than the other\'s, then it updates its current term to the larger value."', () => {
    const cluster = three()
    cluster.elect('n1')
    cluster.step('n2', {
      kind: 'message',
      message: {
        kind: 'append',
        from: 'n3',
        to: 'n2',
        term: 7,
        previousIndex: 0,
        previousTerm: 0,
        entries: [],
        commitIndex: 0,
      },
    })
    expect([cluster.raft('n2').term, cluster.raft('n2').leader]).toEqual([7, 'n3'])
  })

  test('"If a candidate or leader discovers that its term is out of date, it immediately reverts to follower state."', () => {
    const cluster = three()
    cluster.elect('n1')
    cluster.deliver({ kind: 'appendResponse', from: 'n2', to: 'n1', term: 5, index: 0, rejection: null })
    expect([cluster.raft('n1').role, cluster.raft('n1').term]).toEqual(['follower', 5])
  })

  test('"If a server receives a request with a stale term number, it rejects the request."', () => {
    const cluster = three()
    cluster.elect('n1')
    cluster.elect('n2')
    cluster.deliver({
      kind: 'append',
      from: 'n1',
      to: 'n3',
      term: 1,
      previousIndex: 2,
      previousTerm: 2,
      entries: [{ kind: 'command', index: 3, term: 2, data: command('old') }],
      commitIndex: 0,
    })
    cluster.deliver({ kind: 'vote', from: 'n1', to: 'n3', term: 1, lastIndex: 9, lastTerm: 1, isTransfer: false })
    expect(logOf(cluster, 'n3')).toEqual([1, 2])
    expect(cluster.messages).toEqual([])
  })
})

describe('elections (paper §5.2)', () => {
  test('"If a follower receives no communication over a period of time called the election timeout, then it [...] begins an election"', () => {
    const cluster = three()
    for (let i = 0; i < 9; i++) cluster.step('n2', { kind: 'tick', electionJitterTicks: 3 })
    expect(cluster.raft('n2').role).toBe('follower')
    cluster.step('n2', { kind: 'tick', electionJitterTicks: 3 })
    expect(cluster.raft('n2').role).toBe('candidate')
    expect(kinds(cluster.messages)).toEqual(['vote n1', 'vote n3'])
    // "election timeouts are chosen randomly from a fixed interval": the draw that came with the tick makes the next one.
    expect(cluster.raft('n2').electionTimeoutTicks).toBe(13)
  })

  test('"Each server will vote for at most one candidate in a given term, on a first-come-first-served basis"', () => {
    const cluster = three()
    const ask = (from: string): Message => ({
      kind: 'vote',
      from,
      to: 'n1',
      term: 1,
      lastIndex: 0,
      lastTerm: 0,
      isTransfer: false,
    })
    cluster.deliver(ask('n2'))
    cluster.deliver(ask('n3'))
    cluster.deliver(ask('n2'))
    expect(cluster.messages).toMatchObject([
      { to: 'n2', isGranted: true },
      { to: 'n3', isGranted: false },
      { to: 'n2', isGranted: true },
    ])
    cluster.restart('n1')
    cluster.messages = []
    cluster.deliver(ask('n3'))
    expect(cluster.messages).toMatchObject([{ to: 'n3', isGranted: false }])
  })

  test('"A candidate wins an election if it receives votes from a majority of the servers in the full cluster for the same term."', () => {
    const cluster = new Cluster(votersOnly(ids(5)))
    cluster.isLost = () => true
    cluster.elect('n1')
    const answer = (from: string, isGranted: boolean, term = 1): void =>
      void cluster.step('n1', { kind: 'message', message: { kind: 'voteResponse', from, to: 'n1', term, isGranted } })
    answer('n2', true)
    answer('n2', true)
    answer('n3', false)
    answer('n3', true)
    expect(cluster.raft('n1').role).toBe('candidate')
    answer('n4', true)
    expect(cluster.raft('n1').role).toBe('leader')
  })

  test('a candidate that a majority refuses is a follower again', () => {
    const cluster = three()
    cluster.isLost = () => true
    cluster.elect('n1')
    for (const from of ['n2', 'n3'])
      cluster.step('n1', {
        kind: 'message',
        message: { kind: 'voteResponse', from, to: 'n1', term: 1, isGranted: false },
      })
    expect(cluster.raft('n1').role).toBe('follower')
  })

  test('"if the leader\'s term [...] is at least as large as the candidate\'s current term, then the candidate recognizes the leader as legitimate and returns to follower state."', () => {
    const cluster = three()
    cluster.isLost = () => true
    cluster.elect('n1')
    cluster.step('n1', {
      kind: 'message',
      message: { kind: 'heartbeat', from: 'n2', to: 'n1', term: 1, commitIndex: 0, readRound: 0 },
    })
    expect([cluster.raft('n1').role, cluster.raft('n1').leader]).toEqual(['follower', 'n2'])
  })
})

describe('the log (paper §5.3, §5.4)', () => {
  test('"A log entry is committed once the leader that created the entry has replicated it on a majority of the servers"', () => {
    const cluster = new Cluster(votersOnly(ids(5)))
    cluster.elect('n1')
    cluster.isLost = ({ to }) => to !== 'n1' && to !== 'n2'
    cluster.propose('n1', 'x')
    expect(cluster.said('n1')).toEqual([])
    cluster.isLost = ({ to }) => to === 'n4' || to === 'n5'
    cluster.tick('n1', 1)
    expect(cluster.said('n1')).toEqual(['x'])
  })

  test('"the leader handles inconsistencies by forcing the followers\' logs to duplicate its own."', () => {
    const cluster = three()
    cluster.elect('n1')
    cluster.isolate('n1')
    for (const words of ['lost', 'lost too', 'and this']) cluster.propose('n1', words)
    cluster.elect('n2')
    cluster.propose('n2', 'kept')
    expect(logOf(cluster, 'n1')).toEqual([1, 1, 1, 1])
    cluster.heal()
    cluster.tick('n2', 2)
    for (const id of ids(3)) expect([logOf(cluster, id), cluster.said(id)]).toEqual([[1, 2, 2], ['kept']])
  })

  test('"the voter denies its vote if its own log is more up-to-date than that of the candidate."', () => {
    const cluster = three()
    cluster.elect('n1')
    const ask = (lastIndexOf: number, lastTerm: number) => {
      cluster.messages = []
      cluster.deliver({
        kind: 'vote',
        from: 'n3',
        to: 'n2',
        term: 9,
        lastIndex: lastIndexOf,
        lastTerm,
        isTransfer: false,
      })
      return cluster.messages.map((message) => 'isGranted' in message && message.isGranted)
    }
    expect(ask(0, 0)).toEqual([false])
    expect(ask(5, 0)).toEqual([false])
    expect(ask(1, 1)).toEqual([true])
  })

  test('"Raft never commits log entries from previous terms by counting replicas." (figure 8)', () => {
    const cluster = new Cluster(votersOnly(ids(5)))
    cluster.elect('n1')
    cluster.isLost = ({ kind }) => kind === 'append'
    cluster.propose('n1', 'of term 1')
    cluster.do('n1', { kind: 'stepDown' })
    cluster.elect('n1')
    expect([cluster.raft('n1').role, logOf(cluster, 'n1')]).toEqual(['leader', [1, 1, 2]])
    const acknowledge = (from: string, index: number) =>
      cluster.deliver({ kind: 'appendResponse', from, to: 'n1', term: 2, index, rejection: null })
    // A majority holds the entry of term 1 now, and still another leader could overwrite it.
    acknowledge('n2', 2)
    acknowledge('n3', 2)
    expect(cluster.raft('n1').log.commitIndex).toBe(1)
    // With an entry of its own term on a majority no such leader can be elected.
    acknowledge('n2', 3)
    acknowledge('n3', 3)
    expect(cluster.raft('n1').log.commitIndex).toBe(3)
  })

  test('a leader takes up a long divergent log in a few messages: "one AppendEntries RPC will be required for each term with conflicting entries"', () => {
    const cluster = three()
    cluster.elect('n1')
    cluster.isolate('n1')
    for (let i = 0; i < 200; i++) cluster.propose('n1', `${i}`)
    cluster.elect('n2')
    for (let i = 0; i < 200; i++) cluster.propose('n2', `${i}`)
    let sentCount = 0
    cluster.isLost = ({ kind, to }) => {
      if (kind === 'append' && to === 'n1') sentCount++
      return false
    }
    cluster.tick('n2', 1)
    expect(logOf(cluster, 'n1')).toEqual(logOf(cluster, 'n2'))
    expect(sentCount).toBeLessThan(8)
  })

  test('a follower that missed the last commit index learns it from heartbeats alone', () => {
    const cluster = three()
    cluster.elect('n1')
    // n3 gets the entry, but not the news that it is committed.
    cluster.isLost = (message) => message.kind === 'append' && message.to === 'n3' && message.entries.length === 0
    cluster.propose('n1', 'x')
    expect([cluster.said('n2'), cluster.said('n3')]).toEqual([['x'], []])
    cluster.isLost = ({ kind }) => kind === 'append'
    cluster.tick('n1', 2)
    expect(cluster.said('n3')).toEqual(['x'])
  })
})

describe('snapshots (paper §7)', () => {
  const compacted = () => {
    const cluster = three()
    cluster.elect('n1')
    cluster.isolate('n3')
    for (const words of ['a', 'b', 'c']) cluster.propose('n1', words)
    cluster.host('n1').disk.compact(3, votersOnly(ids(3)))
    cluster.heal()
    return cluster
  }

  test('"the leader must occasionally send snapshots to followers that lag behind."', () => {
    const cluster = compacted()
    cluster.tick('n1', 1)
    const { disk, raft } = cluster.host('n3')
    expect(disk.installed.index).toBe(3)
    expect([raft.log.commitIndex, raft.log.appliedIndex]).toEqual([4, 4])
    expect(cluster.said('n3')).toEqual(['c'])
    expect(status(cluster.raft('n1')).members[2]).toMatchObject({ state: 'replicate', matchIndex: 4 })
  })

  test.each([
    { isReceived: true, nextIndex: 4 },
    { isReceived: false, nextIndex: 2 },
  ])('a snapshot whose sending ended (received: $isReceived) is followed by a probe', ({ isReceived, nextIndex }) => {
    const cluster = compacted()
    cluster.isLost = ({ kind }) => kind === 'snapshot'
    cluster.tick('n1', 1)
    expect(status(cluster.raft('n1')).members[2]).toMatchObject({ state: 'snapshot', pendingSnapshotIndex: 3 })
    cluster.do('n1', { kind: 'reportSnapshot', peer: 'n3', isReceived })
    expect(status(cluster.raft('n1')).members[2]).toMatchObject({ state: 'probe', nextIndex })
    cluster.heal()
    cluster.tick('n1', 2)
    expect(cluster.raft('n3').log.appliedIndex).toBe(4)
  })

  test('a newcomer takes a snapshot from before it belonged, and learns from the log after it that it does', () => {
    const cluster = three()
    cluster.elect('n1')
    cluster.host('n1').disk.compact(1, votersOnly(ids(3)))
    cluster.start('n4', new MemoryLog(emptyConfiguration), [])
    cluster.do('n1', change([{ kind: 'addVoter', id: 'n4' }]))
    cluster.tick('n1', 2)
    expect(cluster.raft('n4').configuration).toEqual(votersOnly(ids(4)))
    expect(status(cluster.raft('n1')).members[3]).toMatchObject({ state: 'replicate', matchIndex: 2 })
  })

  test('"If instead the follower receives a snapshot that describes a prefix of its log, [...] entries following the snapshot are still valid and must be retained."', () => {
    const cluster = three()
    cluster.elect('n1')
    cluster.propose('n1', 'x')
    const { installed } = cluster.host('n2').disk
    const snapshot = { index: 1, term: 1, configuration: votersOnly(ids(3)), data: command('') }
    cluster.do('n2', { kind: 'message', message: { kind: 'snapshot', from: 'n1', to: 'n2', term: 1, snapshot } })
    expect(logOf(cluster, 'n2')).toEqual([1, 1])
    expect(cluster.host('n2').disk.installed).toBe(installed)
  })
})

describe('members (thesis chapter 4)', () => {
  const withLearner: Configuration = { ...emptyConfiguration, voters: ['n1', 'n2'], learners: ['n3'] }

  test('a learner receives the log, does not count, and does not campaign', () => {
    const cluster = new Cluster(withLearner)
    cluster.elect('n1')
    cluster.isolate('n2')
    cluster.propose('n1', 'x')
    expect(cluster.raft('n1').log.commitIndex).toBe(1)
    expect(logOf(cluster, 'n3')).toEqual([1, 1])
    cluster.tick('n3', 40)
    expect(cluster.raft('n3').role).toBe('follower')
  })

  test('a learner answers votes: it may be a voter that does not know it yet', () => {
    const cluster = new Cluster(withLearner)
    cluster.deliver({ kind: 'vote', from: 'n2', to: 'n3', term: 4, lastIndex: 0, lastTerm: 0, isTransfer: false })
    expect(cluster.messages).toMatchObject([{ kind: 'voteResponse', to: 'n2', isGranted: true }])
  })

  test('one change at a time: a second is appended as nothing while the first is not applied', () => {
    const cluster = three()
    cluster.elect('n1')
    cluster.step('n1', change([{ kind: 'addLearner', id: 'n4' }]))
    cluster.step('n1', change([{ kind: 'addLearner', id: 'n5' }]))
    cluster.settle()
    expect(cluster.raft('n1').configuration.learners).toEqual(['n4'])
    cluster.do('n1', change([{ kind: 'addLearner', id: 'n5' }]))
    expect(cluster.raft('n2').configuration.learners).toEqual(['n4', 'n5'])
  })

  test.each([
    { half: 'old', cut: ['n4', 'n5'] },
    { half: 'new', cut: ['n2', 'n3'] },
  ])(
    '"Agreement [...] requires separate majorities from both the old and new configurations": not the $half alone',
    ({ cut }) => {
      const cluster = three()
      for (const id of ['n4', 'n5']) cluster.start(id, new MemoryLog(votersOnly(ids(3))), [])
      cluster.elect('n1')
      const leave = ['n2', 'n3'].map((id) => ({ kind: 'removeNode', id }) as const)
      const join = ['n4', 'n5'].map((id) => ({ kind: 'addVoter', id }) as const)
      cluster.do('n1', change([...leave, ...join], 'explicit'))
      const joint = { voters: ['n1', 'n4', 'n5'], votersOutgoing: ['n1', 'n2', 'n3'] }
      cluster.tick('n1', 2)
      for (const id of ids(5)) expect(cluster.raft(id).configuration).toMatchObject(joint)
      const said = () => cluster.said('n1').filter((words) => words !== '+')
      cluster.isLost = ({ from, to }) => [from, to].some((id) => cut.includes(id))
      cluster.propose('n1', 'x')
      cluster.tick('n1', 3)
      expect(said()).toEqual([])
      cluster.heal()
      cluster.tick('n1', 2)
      expect(said()).toEqual(['x'])
      cluster.do('n1', change([]))
      expect(cluster.raft('n4').configuration).toEqual(votersOnly(['n1', 'n4', 'n5']))
    },
  )

  test('a joint configuration that is to leave itself does so', () => {
    const cluster = three()
    cluster.elect('n1')
    cluster.do('n1', change([{ kind: 'removeNode', id: 'n3' }], 'implicit'))
    expect(cluster.raft('n2').configuration).toEqual(votersOnly(['n1', 'n2']))
  })

  test('a leader that is removed steps down when that is applied, and can propose no more', () => {
    const cluster = three()
    cluster.elect('n1')
    cluster.do('n1', change([{ kind: 'removeNode', id: 'n1' }]))
    expect(cluster.raft('n1').role).toBe('follower')
    expect(cluster.propose('n1', 'x').ok).toBe(false)
    const staying = three({ stepDownOnRemoval: false })
    staying.elect('n1')
    staying.do('n1', change([{ kind: 'removeNode', id: 'n1' }]))
    expect(staying.raft('n1').role).toBe('leader')
    expect(staying.propose('n1', 'x')).toMatchObject({ fault: { code: 'raftNotMember' } })
  })
})

describe('disturbances (thesis §4.2.3, §9.6) and transfer (§3.10)', () => {
  test('a node that was cut off does not depose the leader: pre-vote', () => {
    const cluster = three({ preVote: true, checkQuorum: true })
    cluster.elect('n1')
    cluster.isolate('n3')
    cluster.tick('n3', 50)
    expect([cluster.raft('n3').term, cluster.raft('n3').role]).toEqual([1, 'preCandidate'])
    cluster.heal()
    cluster.tick('n3', 20)
    cluster.tick('n1', 1)
    expect([cluster.raft('n1').role, cluster.raft('n1').term, cluster.raft('n3').leader]).toEqual(['leader', 1, 'n1'])
  })

  test('"a leader in Raft steps down if an election timeout elapses without a successful round of heartbeats to a majority of its cluster"', () => {
    const cluster = three({ checkQuorum: true })
    cluster.elect('n1')
    cluster.tick('n1', 30)
    expect(cluster.raft('n1').role).toBe('leader')
    cluster.isolate('n1')
    cluster.tick('n1', 20)
    expect(cluster.raft('n1').role).toBe('follower')
  })

  test('a node that was ahead in term frees itself: its answer to the old leader starts a new election', () => {
    const cluster = three({ checkQuorum: true })
    cluster.elect('n1')
    cluster.isolate('n3')
    cluster.elect('n3')
    cluster.heal()
    cluster.tick('n1', 1)
    expect(cluster.raft('n1').role).toBe('follower')
    cluster.elect('n1')
    expect([cluster.raft('n1').role, cluster.raft('n3').leader]).toEqual(['leader', 'n1'])
  })

  test('leadership goes to the one named, under a lease and past the pre-vote', () => {
    const cluster = three({ preVote: true, checkQuorum: true })
    cluster.elect('n1')
    cluster.do('n1', { kind: 'transferLeadership', transferee: 'n2' })
    expect(ids(3).map((id) => cluster.raft(id).leader)).toEqual(['n2', 'n2', 'n2'])
  })

  test('"If leadership transfer does not complete after about an election timeout, the prior leader aborts the transfer and resumes accepting client requests."', () => {
    const cluster = three()
    cluster.elect('n1')
    cluster.isolate('n2')
    cluster.do('n1', { kind: 'transferLeadership', transferee: 'n2' })
    expect(cluster.propose('n1', 'x')).toMatchObject({ fault: { code: 'raftTransferring' } })
    cluster.tick('n1', 10)
    expect(cluster.propose('n1', 'x').ok).toBe(true)
  })

  test('a leader that wakes from a sleep may step down of its own accord', () => {
    const cluster = three()
    cluster.elect('n1')
    cluster.do('n1', { kind: 'stepDown' })
    expect([cluster.raft('n1').role, cluster.raft('n1').leader, cluster.raft('n1').term]).toEqual(['follower', null, 1])
  })
})
