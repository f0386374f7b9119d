import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Membership, changed, isJoint, isLeaving, membershipOf, quorumOf, voterIds } from './configuration.ts'
import { type ConfigurationChange, checkMessage, emptyConfiguration } from './message.ts'
import { voteResult } from './quorum.ts'

const changes: fc.Arbitrary<ConfigurationChange> = fc.record({
  transition: fc.constantFrom('auto', 'implicit', 'explicit'),
  changes: fc.array(
    fc.record({
      kind: fc.constantFrom('addVoter', 'addLearner', 'removeNode', 'updateNode'),
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    }),
    { maxLength: 4 },
  ),
  context: fc.constant(new Uint8Array(0)),
})
const start = membershipOf({ ...emptyConfiguration, voters: ['a', 'b', 'c'] }, 5)

/** Every membership that a list of changes passes through; what is refused changes nothing. */
function walk(script: readonly ConfigurationChange[]): Membership[] {
  const passed = [start]
  for (const change of script) {
    const result = changed(passed.at(-1)!, change, 5)
    if (result.ok) passed.push(result.value)
  }
  return passed
}
const scripts = fc.array(changes, { maxLength: 30 })

describe('a configuration', () => {
  test('stays one that a snapshot may carry, with progress for just its members', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        for (const { configuration, progress } of walk(script)) {
          const snapshot = { index: 1, term: 1, configuration, data: new Uint8Array(0) }
          expect(checkMessage({ kind: 'snapshot', from: 'a', to: 'b', term: 1, snapshot })).toEqual({ ok: true })
          expect([...progress.keys()]).toEqual([...voterIds(configuration), ...configuration.learners].sort())
          for (const [id, { isLearner }] of progress) expect(isLearner).toBe(configuration.learners.includes(id))
          expect(isJoint(configuration) || configuration.learnersNext.length === 0).toBe(true)
        }
      }),
    )
  })

  test('never lets two quorums, of before and after a change, do without a common member', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        const passed = walk(script).map(({ configuration }) => quorumOf(configuration))
        for (let i = 1; i < passed.length; i++)
          for (let yes = 0; yes < 32; yes++) {
            const says = (id: string) => ((yes >> 'abcde'.indexOf(id)) & 1) === 1
            const both = [voteResult(passed[i - 1]!, says), voteResult(passed[i]!, (id) => !says(id))]
            expect(both).not.toEqual(['won', 'won'])
          }
      }),
    )
  })

  test('is the same when it comes back from a disk', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        const { configuration, progress } = walk(script).at(-1)!
        expect(membershipOf(configuration, 5)).toEqual({ configuration, progress })
      }),
    )
  })

  test.each([
    {
      name: 'one voter of three goes without a joint configuration',
      transition: 'auto',
      ops: ['removeNode b'],
      isRefused: false,
    },
    {
      name: 'the last voter can not go',
      transition: 'implicit',
      ops: ['removeNode a', 'removeNode b', 'removeNode c'],
      isRefused: true,
    },
    { name: 'what is not joint can not be left', transition: 'auto', ops: [], isRefused: true },
  ] as const)('$name', ({ transition, ops, isRefused }) => {
    const members = ops.map((op) => ({ kind: 'removeNode' as const, id: op.split(' ')[1]! }))
    const change = { transition, changes: members, context: new Uint8Array(0) }
    expect(isLeaving(change)).toBe(ops.length === 0)
    expect(changed(start, change, 5).ok).toBe(!isRefused)
  })
})
