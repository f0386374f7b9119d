/**
 * Another recovery card, as the page goes through it with a node in memory.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import type { PasskeyPort } from '../ports.ts'
import { MemoryNode, askedPositions, cardWords } from '../testing/memory-node.ts'
import { CardCourse } from './card-course.ts'

const never = () => Promise.reject(new Error('no passkey is asked'))
const port: PasskeyPort = { availability: async () => 'platform', create: never, unlock: never, sign: never }
const asked = () => askedPositions.map((position) => ` ${cardWords[position]!.toUpperCase()} `)

let node: MemoryNode
const begin = () => new CardCourse(node, port, 'tree.example')

/** Until the old card has to sign. */
async function checked(): Promise<CardCourse> {
  const course = begin()
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
})

describe('another card', () => {
  test('is drawn and checked, and counts when the old one has signed', async () => {
    const course = await checked()
    await course.confirmByCard('one two')
    expect(course).toMatchObject({ step: { kind: 'sign' }, isBusy: false })
    expect(course.problem).not.toBe('')
    expect(node.tree.root).toBeNull()
    await course.confirmByCard(cardWords.join('  '))
    expect(course).toMatchObject({ step: { kind: 'done' }, problem: '' })
    expect(node.tree.root!.cardSinceMs).toBeGreaterThan(0)
  })

  test('is shown again where the check failed', async () => {
    const course = begin()
    await course.draw()
    course.haveCard()
    await course.check(['one', 'two', 'three'])
    expect(course.step.kind).toBe('check')
    expect(course.problem).not.toBe('')
    course.seeCardAgain()
    expect(course.step.kind).toBe('card')
  })

  test('that nobody wants is forgotten, and one that was signed for is not', async () => {
    const left = await checked()
    left.end()
    expect(node.isCardAbandoned).toBe(true)
    node.isCardAbandoned = false
    const course = await checked()
    await course.confirmByCard(cardWords.join(' '))
    course.end()
    expect(node.isCardAbandoned).toBe(false)
  })
})
