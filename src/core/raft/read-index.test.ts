import { describe, expect, test } from 'vitest'
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
    expect(cluster.step('n1', ask('early'))).toMatchObject({ fault: { code: 'raftNoLeader' } })
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

  test('is refused when too many wait', () => {
    const cluster = three()
    cluster.isolate('n1')
    for (let i = 0; i < 1024; i++) expect(cluster.do('n1', ask(`${i}`)).ok).toBe(true)
    expect(cluster.do('n1', ask('one more'))).toMatchObject({ fault: { code: 'raftTooManyReads' } })
  })
})
