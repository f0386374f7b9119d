import { describe, expect, test } from 'vitest'
import { BlocktreeError } from '../../core/bytes/bytes.ts'
import { MemoryNode } from '../testing/memory-node.ts'
import { JoinCourse, type JoinSituation } from './joining.ts'

const code = 'h2ludml0YXRpb24B'.repeat(12)
const calm: JoinSituation = { joining: null, isPlanted: false, surroundings: { kind: 'fine' } }

function begin(given: string | null = code, more: Partial<JoinSituation> = {}) {
  const node = new MemoryNode()
  const course = new JoinCourse(node, given)
  const at = () => course.arrive({ ...calm, ...more, joining: node.joining }).stage
  void node.watch(() => at())
  return { node, course, at }
}

describe('joining a tree', () => {
  test('goes from a code to the tree', async () => {
    const { node, course, at } = begin(null)
    expect(at()).toBe('ways')
    course.read(code)
    expect(at()).toBe('name')
    await course.start('Phone')
    expect(at()).toBe('connecting')
    expect(course.code, 'the code is forgotten once it is used').toBeNull()
    node.tellJoining({ stage: 'confirm', ownerName: 'Ada', deviceName: 'Laptop', treeId: '9f31 c04a', isLink: false })
    expect([at(), course.inviterName]).toEqual(['confirm', 'Laptop'])
    await course.confirm()
    expect([at(), course.inviterName, course.isBusy]).toEqual(['digits', 'Laptop', false])
    node.tellJoining({ stage: 'fetching', ownerName: 'Ada' })
    expect(at()).toBe('fetching')
    node.tellJoining({ stage: 'joined', ownerName: 'Ada' })
    expect(at()).toBe('joined')
  })

  test('a code of a link needs no way of reading one', () => expect(begin().at()).toBe('name'))

  test('the name is asked for', async () => {
    const { node, course, at } = begin()
    at()
    await course.start('')
    expect(course.problem).not.toBe('')
    expect(node.joining).toBeNull()
  })

  test('a code that is none can be read again', async () => {
    const { course, at } = begin('short')
    at()
    await course.start('Phone')
    expect([at(), course.isBusy]).toEqual(['name', false])
    expect(course.problem).toContain('no invitation')
    course.read(null)
    expect(at()).toBe('ways')
    expect(course.problem).toBe('')
  })

  test('a tree that does not come is waited for no longer, and then another code is read', async () => {
    const { node, course, at } = begin()
    node.tellJoining({ stage: 'fetching', ownerName: 'Ada' })
    expect(at()).toBe('fetching')
    await course.end()
    expect([at(), course.isBusy]).toEqual(['ended', false])
    await course.end()
    expect(at()).toBe('ways')
  })

  test('what ended begins anew', async () => {
    const { node, course, at } = begin()
    at()
    await course.start('Phone')
    node.tellJoining({ stage: 'ended', code: 'joinExpired', message: 'The code was too old.' })
    expect(at()).toBe('ended')
    await course.end()
    expect([node.joining, at()]).toEqual([null, 'ways'])
  })

  test('it can be left while an answer is awaited', async () => {
    const { node, course, at } = begin()
    at()
    await course.start('Phone')
    node.tellJoining({ stage: 'confirm', ownerName: 'Ada', deviceName: 'Laptop', treeId: '', isLink: false })
    node.confirmJoining = () => new Promise(() => {})
    void course.confirm()
    expect(course.isBusy).toBe(true)
    await course.end()
    expect([at(), course.isBusy]).toEqual(['ways', false])
  })

  test('what the node refuses is told', async () => {
    const { node, course, at } = begin()
    at()
    node.refusal = new BlocktreeError('peerAway', 'The other device cannot be reached.')
    await course.start('Phone')
    expect([at(), course.problem, course.code]).toEqual(['name', 'The other device cannot be reached.', code])
  })

  test('a planted profile keeps what is shared, and is not mixed with another tree', async () => {
    const { node, course, at } = begin(null, { isPlanted: true })
    expect(at()).toBe('planted')
    course.read(code)
    expect(at()).toBe('planted')
    await course.start('Ben’s tree')
    expect(at()).toBe('connecting')
    node.tellJoining({ stage: 'kept', ownerName: 'Ada', linkId: 'link', name: 'photos' })
    expect(at()).toBe('kept')
  })
  test('what the node says of a planted profile is shown first', () => {
    const { node, at } = begin(null, { isPlanted: true })
    node.tellJoining({ stage: 'joined', ownerName: 'Ada' })
    expect(at()).toBe('joined')
  })

  test('a browser in which a tree had better not live is told so first, and may insist', () => {
    const { course, at } = begin(code, { surroundings: { kind: 'inApp', app: 'Instagram' } })
    expect(at()).toBe('surroundings')
    course.insist()
    expect(at()).toBe('name')
  })
})
