/**
 * Another passkey, and one less, as the page goes through it with a node in memory.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import { BlocktreeError } from '../../core/bytes/bytes.ts'
import type { PasskeyCreation } from '../../node/api.ts'
import type { PasskeyPort } from '../ports.ts'
import { MemoryNode, cardWords } from '../testing/memory-node.ts'
import { AdditionCourse, RemovalCourse } from './passkey-course.ts'

const empty = new Uint8Array()
const creation = (octet: number): PasskeyCreation => ({
  credentialId: Uint8Array.of(octet),
  publicKey: empty,
  rpId: 'tree.example',
  origin: '',
  prf: new Uint8Array(32).fill(octet),
  isSynced: false,
})

let node: MemoryNode
let prompts: string[]
let refused: string
let made: PasskeyCreation
const port: PasskeyPort = {
  availability: async () => 'platform',
  create: async ({ knownIds }) => {
    prompts.push(`create beside ${knownIds.length}`)
    return (made = creation(2))
  },
  unlock: async () => {
    prompts.push('unlock')
    if (refused === 'unlock') throw new BlocktreeError('passkeyCancelled', 'It was closed.')
    return new Uint8Array(32).fill(7)
  },
  sign: async ({ credentialIds }) => {
    prompts.push(`sign with ${credentialIds.join()}`)
    if (refused === 'sign') throw new BlocktreeError('passkeyCancelled', 'It was closed.')
    return { credentialId: credentialIds[0]!, authenticatorData: empty, clientDataJson: empty, signature: empty }
  },
}
const begin = (): AdditionCourse =>
  new AdditionCourse(node, port, 'tree.example', 'Ada', node.tree.root?.passkeys ?? [])

beforeEach(async () => {
  node = new MemoryNode()
  node.tree = {
    ...node.tree,
    root: {
      passkeys: [{ id: 'AQ', isSynced: true, addedAtMs: 0, prfSalt: new Uint8Array(32) }],
      cardSinceMs: 0,
      pending: null,
    },
  }
  node.passkey = creation(1)
  prompts = []
  refused = ''
})

describe('another passkey', () => {
  test('is made, opened for and signed for, and waits', async () => {
    const course = begin()
    await course.make()
    expect(course.isMade).toBe(true)
    await course.confirmByPasskey()
    expect(course.problem).toBe('')
    expect(prompts).toEqual(['create beside 1', 'unlock', 'sign with 1'])
    expect(course.done).toBe('waiting')
    expect(node.tree.root).toMatchObject({ passkeys: [{ id: 'AQ' }], pending: { id: 'Ag', isSynced: false } })
    expect(made.prf).toEqual(new Uint8Array(32))
  })

  test('comes without the secret where that is not given', async () => {
    refused = 'unlock'
    const course = begin()
    await course.make()
    await course.confirmByPasskey()
    expect(course.done).toBe('waiting')
  })

  test('is signed for again where the first try failed', async () => {
    refused = 'sign'
    const course = begin()
    await course.make()
    await course.confirmByPasskey()
    expect(course).toMatchObject({ done: null, problem: 'It was closed.' })
    expect(made.prf).not.toEqual(new Uint8Array(32))
    refused = ''
    await course.confirmByPasskey()
    expect(course.done).toBe('waiting')
  })

  test('counts at once where the card signs', async () => {
    const course = begin()
    await course.make()
    course.useCard()
    await course.confirmByCard('one two')
    expect(course.problem).not.toBe('')
    await course.confirmByCard(cardWords.join(' '))
    expect(course.done).toBe('counting')
    expect(node.tree.root).toMatchObject({ passkeys: [{ id: 'AQ' }, { id: 'Ag' }], pending: null })
    expect(prompts).toEqual(['create beside 1'])
  })

  test('of a tree without any is signed for by the card', async () => {
    node.passkey = null
    node.tree = { ...node.tree, root: { passkeys: [], cardSinceMs: 0, pending: null } }
    expect(begin().isByCard).toBe(true)
  })

  test('that nobody wants leaves no secret behind', async () => {
    const course = begin()
    await course.make()
    course.end()
    expect(made.prf).toEqual(new Uint8Array(32))
  })
})

test('one less, by the card of this tree', async () => {
  const course = new RemovalCourse(node, port, 'tree.example', 'AQ')
  await course.confirmByCard([...cardWords].toReversed().join(' '))
  expect(course).toMatchObject({ isDone: false })
  expect(course.problem).toContain('another tree')
  await course.confirmByCard(cardWords.join(' '))
  expect(course.isDone).toBe(true)
  expect(node.tree.root?.passkeys).toEqual([])
})
