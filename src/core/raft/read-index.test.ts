import { describe, expect, test } from 'vitest'
import { verdictOf } from '../bytes/testing/verdict.ts'
import { type Message, type RaftEvent, emptyConfiguration } from './raft.ts'
import { Cluster, command, ids, votersOnly } from './testing/cluster.ts'

const ask = (words: string): RaftEvent => ({ kind: 'readIndex', context: command(words) })
const answers = (cluster: Cluster, id: string) =>
  cluster.host(id).reads.map(({ index, context }) => [index, new TextDecoder().decode(context)])
const three = (config = {}) => {
  const cluster = new Cluster(votersOnly(ids(3)), config)
  cluster.elect('n1')
  cluster.propose('n1', 'x')
  return cluster
}

describe('a linearizable read', () => {
  test('is answered with the commit index, on the leader and on a follower', () => {
    const cluster = three()
    cluster.do('n1', ask('here'))
    cluster.do('n3', ask('there'))
    expect(answers(cluster, 'n1')).toEqual([[2, 'here']])
    expect(answers(cluster, 'n3')).toEqual([[2, 'there']])
  })

  test('is answered at once by a sole voter, but not before it has committed in its term', () => {
    const cluster = new Cluster(votersOnly(['n1']))
    cluster.elect('n1')
    cluster.propose('n1', 'x')
    cluster.restart('n1')
    // Its disk may know less than what it told as committed.
    cluster.host('n1').disk.hardState = { ...cluster.host('n1').disk.hardState, commitIndex: 0 }
    const host = cluster.restart('n1')
    expect(host.raft.log.commitIndex).toBe(0)
    expect(verdictOf(cluster.step('n1', ask('early')))).toBe('raftNoLeader')
    cluster.elect('n1')
    cluster.do('n1', ask('late'))
    expect(answers(cluster, 'n1')).toEqual([[3, 'late']])
  })

  test('asked of a leader that has committed nothing yet waits for its first entry', () => {
    const cluster = three()
    cluster.isLost = ({ kind }) => kind === 'append'
    cluster.elect('n2')
    cluster.do('n2', ask('r'))
    cluster.tick('n2', 2)
    expect(answers(cluster, 'n2')).toEqual([])
    cluster.heal()
    cluster.tick('n2', 2)
    expect(answers(cluster, 'n2')).toEqual([[3, 'r']])
  })

  test('is not answered by a leader that is cut off, while another leads', () => {
    const cluster = three()
    cluster.isolate('n1')
    cluster.elect('n2')
    cluster.propose('n2', 'newer')
    cluster.do('n1', ask('stale?'))
    cluster.tick('n1', 3)
    expect(answers(cluster, 'n1')).toEqual([])
    cluster.heal()
    cluster.tick('n1', 1)
    cluster.tick('n2', 1)
    expect(cluster.raft('n1').role).toBe('follower')
    expect(answers(cluster, 'n1')).toEqual([])
  })

  test('is not confirmed by a late answer to an earlier read with the same context', () => {
    const cluster = three()
    // The first read: n2 and n3 answer, but only the answer of n2 arrives now; that of n3 is late.
    const late: Message[] = []
    cluster.isLost = (message) => {
      const isLate = message.kind === 'heartbeatResponse' && message.from === 'n3'
      if (isLate) late.push(message)
      return isLate
    }
    cluster.do('n1', ask('same'))
    expect(answers(cluster, 'n1')).toEqual([[2, 'same']])
    // Now n1 is cut off, the others elect n2 and commit; n1 does not know and is asked again, in the same words.
    cluster.isolate('n1')
    cluster.elect('n2')
    cluster.propose('n2', 'newer')
    cluster.do('n1', ask('same'))
    cluster.heal()
    for (const message of late) cluster.deliver(message)
    for (const message of late) cluster.deliver({ ...message, from: 'n2' } as Message)
    expect(answers(cluster, 'n1')).toEqual([[2, 'same']])
  })

  test('twice with one context gets two answers, each no older than its question', () => {
    const cluster = three()
    cluster.step('n1', ask('same'))
    cluster.step('n1', { kind: 'propose', commands: [command('y')] })
    cluster.settle()
    cluster.do('n1', ask('same'))
    expect(answers(cluster, 'n1')).toEqual([
      [2, 'same'],
      [3, 'same'],
    ])
  })

  test('of a follower does not take the late answer to an earlier question, nor to one of an earlier life', () => {
    const cluster = three()
    const late: Message[] = []
    cluster.isLost = (message) => {
      if (message.kind !== 'readIndexResponse') return false
      late.push(message)
      return true
    }
    cluster.do('n3', ask('same'))
    cluster.isLost = () => false
    cluster.propose('n1', 'newer')
    cluster.restart('n3')
    cluster.tick('n1')
    cluster.isLost = ({ kind }) => kind === 'readIndex'
    cluster.do('n3', ask('same'))
    for (const message of late) cluster.deliver(message)
    expect(late).toHaveLength(1)
    expect(answers(cluster, 'n3')).toEqual([])
    cluster.heal()
    cluster.do('n3', ask('same'))
    expect(answers(cluster, 'n3')).toEqual([[3, 'same']])
  })

  test('needs a quorum of both halves of a joint configuration', () => {
    const joint = { ...emptyConfiguration, voters: ['n1', 'n2', 'n3'], votersOutgoing: ['n1', 'n4', 'n5'] }
    const cluster = new Cluster(joint, {}, ids(5))
    cluster.elect('n1')
    cluster.isLost = ({ from, to }) => [from, to].some((id) => id === 'n4' || id === 'n5')
    cluster.do('n1', ask('r'))
    expect(answers(cluster, 'n1')).toEqual([])
    cluster.isLost = ({ from, to }) => [from, to].includes('n5')
    cluster.tick('n1', 1)
    expect(answers(cluster, 'n1')).toEqual([[1, 'r']])
  })

  test('is confirmed later when the heartbeats of its round were lost', () => {
    const cluster = three()
    cluster.isLost = ({ kind }) => kind === 'heartbeat'
    cluster.do('n1', ask('r'))
    cluster.heal()
    cluster.tick('n1', 1)
    expect(answers(cluster, 'n1')).toEqual([[2, 'r']])
  })

  test.each([
    { awaited: 'a quorum', lost: 'heartbeatResponse' },
    { awaited: 'the first entry of the term', lost: 'append' },
  ])('is refused when too many wait for $awaited', ({ lost }) => {
    const cluster = three()
    cluster.isLost = ({ kind }) => kind === lost
    cluster.elect('n2')
    for (let i = 0; i < 1024; i++) expect(cluster.do('n2', ask(`${i}`)).ok).toBe(true)
    expect(verdictOf(cluster.do('n2', ask('one more')))).toBe('raftTooManyReads')
    const asked = { kind: 'readIndex', from: 'n3', to: 'n2', incarnation: 1, request: 1 } as const
    expect(verdictOf(cluster.deliver(asked)!)).toBe('raftTooManyReads')
    cluster.heal()
    cluster.tick('n2', 2)
    expect(answers(cluster, 'n2')).toHaveLength(1024)
    expect(verdictOf(cluster.do('n2', ask('now')))).toBe('ok')
  })

  test('is passed on by a follower under a number of its own, and taken back once', () => {
    const cluster = three()
    cluster.messages = []
    for (const words of ['a', 'b']) cluster.step('n3', ask(words))
    const { incarnation } = cluster.raft('n3')
    const question = { kind: 'readIndex', from: 'n3', to: 'n1', incarnation } as const
    expect(cluster.messages).toEqual([
      { ...question, request: 1 },
      { ...question, request: 2 },
    ])
    const answer = {
      kind: 'readIndexResponse',
      from: 'n1',
      to: 'n3',
      term: 1,
      incarnation,
      request: 2,
      index: 9,
    } as const
    for (const message of [answer, answer, { ...answer, request: 3 }, { ...answer, request: 1, incarnation: 99 }])
      cluster.deliver(message)
    expect(answers(cluster, 'n3')).toEqual([[9, 'b']])
    expect([...cluster.raft('n3').reads.passedOn.keys()]).toEqual([1])
    // A change of the leader does not make an answer less true.
    cluster.do('n3', { kind: 'campaign' })
    cluster.deliver({ ...answer, term: 2, request: 1 })
    expect(answers(cluster, 'n3')).toEqual([
      [9, 'b'],
      [9, 'a'],
    ])
  })

  test('is forgotten by a follower when it has passed on too many since', () => {
    const cluster = three()
    cluster.isLost = ({ kind }) => kind === 'readIndex'
    for (let i = 0; i < 1024; i++) cluster.step('n3', ask(`${i}`))
    expect([...cluster.raft('n3').reads.passedOn.keys()].slice(0, 2)).toEqual([1, 2])
    cluster.step('n3', ask('one more'))
    expect([...cluster.raft('n3').reads.passedOn.keys()].slice(0, 2)).toEqual([2, 3])
    expect(cluster.raft('n3').reads.passedOn.size).toBe(1024)
  })

  test('is answered to a follower in its own words', () => {
    const cluster = three()
    cluster.messages = []
    cluster.step('n1', {
      kind: 'message',
      message: { kind: 'readIndex', from: 'n3', to: 'n1', incarnation: 5, request: 7 },
    })
    const heard = { kind: 'heartbeatResponse', from: 'n2', to: 'n1', term: 1, readRound: 1 } as const
    expect(cluster.messages).toMatchObject(['n2', 'n3'].map((to) => ({ kind: 'heartbeat', to, readRound: 1 })))
    cluster.messages = []
    cluster.deliver(heard)
    expect(cluster.messages).toEqual([
      { kind: 'readIndexResponse', from: 'n1', to: 'n3', term: 1, incarnation: 5, request: 7, index: 2 },
    ])
  })

  test('is confirmed by answers to its own round or a later one, once', () => {
    const cluster = three()
    const rounds = () => {
      const sent = cluster.messages.map((message) => message.kind === 'heartbeat' && message.readRound)
      cluster.messages = []
      return sent
    }
    const heard = (from: string, readRound: number) =>
      cluster.step('n1', {
        kind: 'message',
        message: { kind: 'heartbeatResponse', from, to: 'n1', term: 1, readRound },
      })
    rounds()
    cluster.step('n1', ask('a'))
    cluster.step('n1', ask('b'))
    cluster.step('n1', { kind: 'tick', electionJitterTicks: 0 })
    expect(rounds()).toEqual([1, 1, 2, 2, 2, 2])
    heard('n2', 0)
    expect(answers(cluster, 'n1')).toEqual([])
    heard('n2', 1)
    expect(answers(cluster, 'n1')).toEqual([[2, 'a']])
    heard('n3', 2)
    heard('n2', 2)
    expect(answers(cluster, 'n1')).toEqual([
      [2, 'a'],
      [2, 'b'],
    ])
    // Nothing waits, so a heartbeat tells of no round; the next read is in a round of its own.
    cluster.step('n1', { kind: 'tick', electionJitterTicks: 0 })
    cluster.step('n1', ask('c'))
    expect(rounds()).toEqual([0, 0, 3, 3])
    heard('n2', 2)
    expect(verdictOf(heard('n2', 4))).toBe('raftMessageMalformed')
    expect(answers(cluster, 'n1')).toHaveLength(2)
    heard('n3', 3)
    expect(answers(cluster, 'n1')).toHaveLength(3)
  })

  test('is confirmed though a late answer comes after a newer one', () => {
    const cluster = new Cluster(votersOnly(ids(5)))
    cluster.elect('n1')
    cluster.step('n1', ask('a'))
    cluster.step('n1', ask('b'))
    for (const [from, readRound] of [
      ['n2', 2],
      ['n2', 1],
      ['n3', 2],
    ] as const)
      cluster.deliver({ kind: 'heartbeatResponse', from, to: 'n1', term: 1, readRound })
    expect(answers(cluster, 'n1')).toEqual([
      [1, 'a'],
      [1, 'b'],
    ])
  })

  test('that waits for a quorum does not ask again with everything that is committed', () => {
    const cluster = three()
    cluster.isLost = ({ kind }) => kind === 'heartbeat'
    cluster.do('n1', ask('r'))
    cluster.step('n1', { kind: 'propose', commands: [command('y')] })
    cluster.messages = []
    cluster.deliver({ kind: 'appendResponse', from: 'n2', to: 'n1', term: 1, index: 3, rejection: null })
    expect(cluster.raft('n1').log.commitIndex).toBe(3)
    expect(cluster.messages.map(({ kind }) => kind)).toEqual(['append', 'append'])
  })

  test('is void with the term of the leader that took it in', () => {
    const cluster = three()
    cluster.isLost = ({ kind }) => kind === 'heartbeatResponse'
    cluster.do('n1', ask('old'))
    cluster.do('n1', { kind: 'stepDown' })
    cluster.heal()
    cluster.elect('n1')
    cluster.tick('n1')
    expect(answers(cluster, 'n1')).toEqual([])
    cluster.do('n1', ask('new'))
    expect(answers(cluster, 'n1')).toEqual([[3, 'new']])
  })

  test('that waits for the first entry of a term is let go with it, and asks the others once', () => {
    const cluster = three()
    cluster.isLost = ({ kind }) => kind === 'append'
    cluster.elect('n2')
    cluster.step('n2', ask('a'))
    cluster.step('n2', ask('b'))
    expect(cluster.messages).toEqual([])
    const stored = { kind: 'appendResponse', from: 'n3', to: 'n2', term: 2, rejection: null } as const
    cluster.deliver({ ...stored, index: 2 })
    expect(cluster.messages.filter(({ kind }) => kind === 'heartbeat')).toEqual([])
    cluster.deliver({ ...stored, index: 3 })
    expect(cluster.messages.filter(({ kind }) => kind === 'heartbeat')).toMatchObject([
      { to: 'n1', readRound: 2 },
      { to: 'n3', readRound: 2 },
    ])
    cluster.heal()
    cluster.settle()
    expect(answers(cluster, 'n2')).toEqual([
      [3, 'a'],
      [3, 'b'],
    ])
    // What is committed later lets nothing go a second time.
    cluster.propose('n2', 'y')
    expect(answers(cluster, 'n2')).toHaveLength(2)
  })

  test('is confirmed by a sole voter to itself, with nothing sent to its learners', () => {
    const cluster = new Cluster({ ...votersOnly(['n1']), learners: ['n2'] })
    cluster.elect('n1')
    cluster.step('n1', ask('r'))
    expect([answers(cluster, 'n1'), cluster.messages]).toEqual([[[1, 'r']], []])
  })
})
