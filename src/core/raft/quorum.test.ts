import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Quorum, committedIndex, quorumSize, voteResult } from './quorum.ts'

const members = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { maxLength: 7 })
const quorums: fc.Arbitrary<Quorum> = fc.oneof(fc.tuple(members), fc.tuple(members, members))

/** A majority by its definition: more than half, and nobody at all decides in nobody's name. */
const isMajority = (half: readonly string[], says: (id: string) => boolean): boolean =>
  half.length === 0 || half.filter(says).length * 2 > half.length

describe('a quorum', () => {
  test('is more than half', () => expect([1, 2, 3, 4, 5].map(quorumSize)).toEqual([1, 2, 2, 3, 3]))

  test.each([
    { halves: ['abc'], yes: 'ab', no: '', result: 'won' },
    { halves: ['abc'], yes: 'a', no: '', result: 'pending' },
    { halves: ['abc'], yes: 'a', no: 'bc', result: 'lost' },
    { halves: ['abcd'], yes: 'ab', no: 'cd', result: 'lost' },
    { halves: ['abc', 'ade'], yes: 'ab', no: '', result: 'pending' },
    { halves: ['abc', 'ade'], yes: 'abd', no: 'ce', result: 'won' },
    { halves: ['abc', 'ade'], yes: 'abc', no: 'de', result: 'lost' },
    { halves: ['abc', ''], yes: 'ab', no: 'c', result: 'won' },
    { halves: ['', ''], yes: '', no: '', result: 'won' },
  ])('of $halves is $result with a yes of "$yes" and a no of "$no"', ({ halves, yes, no, result }) => {
    const vote = (id: string) => (yes.includes(id) ? true : no.includes(id) ? false : undefined)
    expect(
      voteResult(
        halves.map((half) => [...half]),
        vote,
      ),
    ).toBe(result)
  })

  test('has committed the greatest index that a majority of each half reached', () => {
    fc.assert(
      fc.property(quorums, fc.dictionary(fc.constantFrom(...'abcdefg'), fc.nat(20)), (quorum, indexes) => {
        const reached = (index: number) => quorum.every((half) => isMajority(half, (id) => (indexes[id] ?? 0) >= index))
        let expected = 0
        while (expected <= 20 && reached(expected + 1)) expected++
        const isEmpty = quorum.every((half) => half.length === 0)
        expect(committedIndex(quorum, (id) => indexes[id])).toBe(isEmpty ? Infinity : expected)
      }),
    )
  })

  test('has won or lost when the votes that are missing can not change it', () => {
    fc.assert(
      fc.property(quorums, fc.dictionary(fc.constantFrom(...'abcdefg'), fc.boolean()), (quorum, votes) => {
        const wonIf = (missing: boolean) => quorum.every((half) => isMajority(half, (id) => votes[id] ?? missing))
        const expected = wonIf(false) ? 'won' : wonIf(true) ? 'pending' : 'lost'
        expect(voteResult(quorum, (id) => votes[id])).toBe(expected)
      }),
    )
  })
})
