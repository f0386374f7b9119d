import { expect, test } from 'vitest'
import type { Operation } from '../../core/tree/tree.ts'
import { dismissedByRoot, person } from '../../core/tree/testing/forest.ts'
import { Proposals } from './proposals.ts'

const operation = dismissedByRoot(person(5))
const answers = (proposals: Proposals, asked: Operation): unknown[] => {
  const ends: unknown[] = []
  const end = (what: unknown): void => void ends.push(what)
  const terms = { attached: [], sinceMs: 0, isForeign: false, isOfGuest: false, wasGiven: false }
  proposals.add({ operation: asked, resolve: end, reject: end, ...terms })
  return ends
}

test('who asks twice for the same, of a leader that is away, gets two answers', () => {
  const proposals = new Proposals()
  const first = answers(proposals, operation)
  proposals.forward(0)
  const second = answers(proposals, operation)
  proposals.forward(1)
  proposals.forward(5000)
  const outcome = { ok: true, repeated: false } as const
  proposals.settle([operation], [outcome])
  expect([first, second]).toEqual([[outcome], [outcome]])
})

test('and two where nobody says what became of it', () => {
  const proposals = new Proposals()
  const ends = [answers(proposals, operation), answers(proposals, operation)]
  proposals.forward(0)
  proposals.expire(61_000)
  for (const end of ends) expect(end).toMatchObject([{ code: 'outcomeUnknown' }])
})
