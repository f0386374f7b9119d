import { expect, test } from 'vitest'
import { BlocktreeError, CancelledError } from '../../core/bytes/bytes.ts'
import type { PasskeyAssertionAsk, PasskeyPort } from '../ports.ts'
import { MemoryNode, cardWords } from '../testing/memory-node.ts'
import { TakeOverCourse } from './taking-over.ts'

/** A page whose tree is decided about by a device that is away. */
function begin({ hasPasskey = true } = {}) {
  const node = new MemoryNode()
  node.tree = { ...node.tree, decider: { ...node.tree.decider, quorum: 'away', deviceName: 'Laptop' } }
  const credentialId = Uint8Array.of(1, 2)
  const empty = new Uint8Array()
  if (hasPasskey)
    node.passkey = { credentialId, publicKey: empty, rpId: 'tree.example', origin: '', prf: null, isSynced: true }
  const asked: PasskeyAssertionAsk[] = []
  const passkey: PasskeyPort = {
    availability: async () => 'platform',
    unlock: async () => null,
    create: () => Promise.reject(new Error('not asked for')),
    async sign(ask) {
      asked.push(ask)
      return { credentialId: ask.credentialIds[0]!, authenticatorData: empty, clientDataJson: empty, signature: empty }
    },
  }
  return { node, passkey, asked, course: new TakeOverCourse(node, passkey, 'tree.example') }
}

test('one prompt, and this device decides', async () => {
  const { node, course, asked } = begin()
  await course.begin()
  await course.confirmByPasskey()
  expect(course).toMatchObject({ isDone: true, problem: '', isBusy: false })
  expect(asked).toHaveLength(1)
  expect(node.tree.decider).toMatchObject({ quorum: 'here', generation: 2 })
})

test('the words of the card do, where there is no passkey', async () => {
  const { course } = begin({ hasPasskey: false })
  await course.begin()
  expect(course.challenge?.challenge).toBeNull()
  await course.confirmByCard('apple tree')
  expect(course).toMatchObject({ isDone: false, problem: expect.stringContaining('twelve') })
  await course.confirmByCard(cardWords.join(' '))
  expect(course).toMatchObject({ isDone: true, problem: '' })
})

test('a device that is back is told of instead', async () => {
  const { node, course } = begin()
  node.tree = { ...node.tree, decider: { ...node.tree.decider, quorum: 'reachable' } }
  await course.begin()
  expect(course).toMatchObject({ challenge: null, problem: expect.stringContaining('is there') })
})

test('what failed is asked for anew, since the tree may have changed', async () => {
  const { node, course, asked } = begin()
  await course.begin()
  node.refusal = new BlocktreeError('takeOverStale', 'The tree has changed.')
  await course.confirmByPasskey()
  expect(course).toMatchObject({ isDone: false, problem: 'The tree has changed.' })
  const first = course.challenge
  await course.confirmByPasskey()
  expect(course.isDone).toBe(true)
  expect(course.challenge).not.toBe(first)
  expect(asked).toHaveLength(2)
})

test('a prompt that nobody answers ends with the wish, and says nothing', async () => {
  const { course, passkey } = begin()
  await course.begin()
  passkey.sign = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(new CancelledError())))
  const confirming = course.confirmByPasskey()
  expect(course.isAtPrompt).toBe(true)
  course.end()
  await confirming
  expect(course).toMatchObject({ isDone: false, problem: '', isBusy: false })
})
