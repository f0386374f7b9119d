/**
 * Another recovery card, as the page goes through it with a node in memory.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import { BlocktreeError } from '../../core/bytes/bytes.ts'
import type { PasskeyLine } from '../../node/api.ts'
import type { PasskeyPort } from '../ports.ts'
import { MemoryNode, askedPositions, cardWords } from '../testing/memory-node.ts'
import { CardCourse } from './card-course.ts'

const empty = new Uint8Array()
const line = (id: string, isOpener = true): PasskeyLine => ({
  id,
  isSynced: true,
  addedAtMs: 0,
  prfSalt: isOpener ? new Uint8Array(32) : null,
})

let node: MemoryNode
let prompts: string[]
let isLost: (credentialId: Uint8Array) => boolean
const given = new Uint8Array(32)
const port: PasskeyPort = {
  availability: async () => 'platform',
  create: () => Promise.reject(new Error('nothing is made')),
  unlock: async (credentialId) => {
    prompts.push(`unlock ${credentialId.join()}`)
    if (isLost(credentialId)) throw new BlocktreeError('cancelled', '')
    return given.fill(7)
  },
  sign: async ({ credentialIds }) => {
    prompts.push('sign')
    return { credentialId: credentialIds[0]!, authenticatorData: empty, clientDataJson: empty, signature: empty }
  },
}
const asked = () => askedPositions.map((position) => ` ${cardWords[position]!.toUpperCase()} `)

/** Until somebody has to sign. */
async function checked(...known: readonly PasskeyLine[]): Promise<CardCourse> {
  const course = new CardCourse(node, port, 'tree.example', known)
  await course.draw()
  expect(course.step).toEqual({ kind: 'card', words: cardWords })
  course.haveCard()
  expect(course.step).toEqual({ kind: 'check', positions: askedPositions })
  await course.check(asked())
  expect(course.step.kind).toBe('sign')
  return course
}

beforeEach(() => {
  node = new MemoryNode()
  node.passkey = { credentialId: Uint8Array.of(1), publicKey: empty, rpId: '', origin: '', prf: null, synced: true }
  prompts = []
  isLost = () => false
})

describe('another card', () => {
  test('is drawn, checked and signed for by a passkey, and waits', async () => {
    const course = await checked(line('AQ'))
    await course.confirmByPasskey()
    expect(course.step).toEqual({ kind: 'done', isWaiting: true })
    expect(prompts).toEqual(['unlock 1', 'sign'])
    expect(node.tree.root?.pending).toMatchObject({ kind: 'card' })
    expect(given).toEqual(new Uint8Array(32))
  })

  test('is shown again where the check failed', async () => {
    const course = new CardCourse(node, port, 'tree.example', [line('AQ')])
    await course.draw()
    course.haveCard()
    await course.check(['one', 'two', 'three'])
    expect(course.step.kind).toBe('check')
    expect(course.problem).not.toBe('')
    course.seeCardAgain()
    expect(course.step.kind).toBe('card')
  })

  test('counts at once where the old card signs', async () => {
    const course = await checked(line('AQ'))
    course.useCard()
    await course.confirmByCard('one two')
    expect(course.problem).not.toBe('')
    await course.confirmByCard(cardWords.join(' '))
    expect(course.step).toEqual({ kind: 'done', isWaiting: false })
    expect(prompts).toEqual([])
  })

  test('asks for the next passkey where one is lost', async () => {
    isLost = ([octet]) => octet === 1
    const course = await checked(line('AQ'), line('Ag', false), line('Aw'))
    await course.confirmByPasskey()
    expect(course).toMatchObject({ step: { kind: 'sign' }, problem: '' })
    await course.confirmByPasskey()
    expect(prompts).toEqual(['unlock 1', 'unlock 3', 'sign'])
    expect(course.step.kind).toBe('done')
  })

  test('waits for no window that never comes', async () => {
    const course = await checked(line('AQ'))
    isLost = () => course.cancelPrompt() === undefined
    await course.confirmByPasskey()
    expect(course).toMatchObject({ step: { kind: 'sign' }, isBusy: false, problem: '' })
    expect(prompts).toEqual(['unlock 1'])
  })

  test('is for the old card alone where no passkey opens the keys', async () => {
    const course = await checked(line('AQ', false))
    expect(course).toMatchObject({ canByPasskey: false, isByCard: true })
  })

  test('that nobody wants is forgotten, and one that was signed for is not', async () => {
    const left = await checked(line('AQ'))
    left.end()
    expect(node.isCardAbandoned).toBe(true)
    node.isCardAbandoned = false
    const course = await checked(line('AQ'))
    await course.confirmByPasskey()
    course.end()
    expect(node.isCardAbandoned).toBe(false)
  })
})
