import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { must } from '../bytes/bytes.ts'
import { verdictOf } from '../bytes/testing/verdict.ts'
import {
  type Membership,
  changeSimply,
  changed,
  enterJoint,
  isJoint,
  isLeaving,
  isVoter,
  leaveJoint,
  membershipOf,
  quorumOf,
  voterIds,
} from './configuration.ts'
import {
  type Configuration,
  type ConfigurationChange,
  type MemberChange,
  checkMessage,
  emptyConfiguration,
} from './message.ts'
import { newProgress } from './progress.ts'
import { voteResult } from './quorum.ts'

const context = new Uint8Array(0)
const changes: fc.Arbitrary<ConfigurationChange> = fc.record({
  transition: fc.constantFrom('auto', 'implicit', 'explicit'),
  changes: fc.array(
    fc.record({
      kind: fc.constantFrom('addVoter', 'addLearner', 'removeNode', 'updateNode'),
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    }),
    { maxLength: 4 },
  ),
  context: fc.constant(context),
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
})

/** Members as one writes them: voters, the outgoing half, learners, learners to be. */
const members = (words: string): Configuration => {
  const list = (mark: string) => [...(new RegExp(`${mark}(\\w*)`).exec(words)?.[1] ?? '')]
  return {
    voters: [...(/^\w*/.exec(words)?.[0] ?? '')],
    votersOutgoing: list('&'),
    learners: list('~'),
    learnersNext: list('>'),
    autoLeave: words.endsWith('!'),
  }
}
const kindOf = { '+': 'addVoter', '~': 'addLearner', '-': 'removeNode', '=': 'updateNode' } as const
/** Changes as one writes them: +d for a voter more, ~d for a learner, -d for one less, =d for nothing. */
const changeOf = (words: string): MemberChange[] =>
  [...words.matchAll(/([-+~=])(\w)/g)].map(([, kind, id]) => ({ kind: kindOf[kind as keyof typeof kindOf], id: id! }))
const of = (words: string) => membershipOf(members(words), 5)

describe('a change of members', () => {
  test.each([
    { from: 'abc', by: '+d', to: 'abcd' },
    { from: 'abc', by: '-b', to: 'ac' },
    { from: 'abc', by: '=a', to: 'abc' },
    { from: 'abc', by: '+a', to: 'abc' },
    { from: 'abc', by: '~d', to: 'abc~d' },
    { from: 'abc', by: '~b', to: 'ac~b' },
    { from: 'abc~d', by: '+d', to: 'abcd' },
    { from: 'abc~d', by: '~d', to: 'abc~d' },
    { from: 'abc~d', by: '-d', to: 'abc' },
    { from: 'abc', by: '-x', to: 'abc' },
    { from: 'bc', by: '+a', to: 'abc' },
    // More than one, or one that is to be joint: both halves decide until it is left.
    { from: 'abc', by: '+d +e', to: 'abcde&abc!' },
    { from: 'abc', by: '-c +d', to: 'abd&abc!' },
    { from: 'abc', by: '+d', transition: 'implicit', to: 'abcd&abc!' },
    { from: 'abc', by: '+d', transition: 'explicit', to: 'abcd&abc' },
    { from: 'abc', by: '~d', transition: 'explicit', to: 'abc&abc~d' },
    // A voter of the outgoing half can not be a learner yet.
    { from: 'abc', by: '~b', transition: 'explicit', to: 'ac&abc>b' },
    { from: 'abc', by: '~b -b', transition: 'explicit', to: 'ac&abc' },
    { from: 'abc', by: '~b +b', transition: 'explicit', to: 'abc&abc' },
    { from: 'abc~d', by: '+d -a', transition: 'explicit', to: 'bcd&abc' },
    { from: 'ac&abc>b', by: '', to: 'ac~b' },
    { from: 'bcd&abc', by: '', to: 'bcd' },
    { from: 'ab&abc~d!', by: '', to: 'ab~d' },
  ] as const)('$from $by gives $to', ({ from, by, to, ...rest }) => {
    const transition = 'transition' in rest ? rest.transition : 'auto'
    const result = must(changed(of(from), { transition, changes: changeOf(by), context }, 5))
    expect(result.configuration).toEqual(members(to))
    expect([...result.progress.keys()]).toEqual([...of(to).progress.keys()])
  })

  test.each([
    ['raftAlreadyJoint', () => enterJoint(of('ab&abc'), changeOf('+d'), false, 5)],
    ['raftNoVoters', () => enterJoint(of(''), changeOf('+d'), false, 5)],
    ['raftNotJoint', () => leaveJoint(of('abc'))],
    ['raftJointFirst', () => changeSimply(of('ab&abc'), changeOf('+d'), 5)],
    ['raftTooManyVoters', () => changeSimply(of('abc'), changeOf('+d +e'), 5)],
    ['raftTooManyVoters', () => changeSimply(of('abc'), changeOf('-c +d'), 5)],
    ['raftRemovedAllVoters', () => changeSimply(of('a'), changeOf('-a'), 5)],
    ['raftRemovedAllVoters', () => enterJoint(of('abc'), changeOf('-a -b -c'), true, 5)],
  ] as const)('is refused: %s', (code, change) => expect(verdictOf(change())).toBe(code))

  test('of a kind that is none is a mistake of the host', () => {
    const unknown = { kind: 'promote', id: 'd' } as unknown as MemberChange
    expect(() => changeSimply(of('abc'), [unknown], 5)).toThrow('Unhandled case "promote"')
  })

  test.each([
    { by: '', transition: 'auto', isLeft: true },
    { by: '', transition: 'explicit', isLeft: false },
    { by: '+d', transition: 'auto', isLeft: false },
  ] as const)('"$by" ($transition) leaves a joint configuration: $isLeft', ({ by, transition, isLeft }) => {
    const change = { transition, changes: changeOf(by), context }
    expect(isLeaving(change)).toBe(isLeft)
    expect(verdictOf(changed(of('ab&abc'), change, 5)) === 'ok').toBe(isLeft)
  })
})

describe('what a leader knows of a member', () => {
  const known = { ...newProgress(3, 4, false), state: 'replicate' } as const
  const knowing = (words: string): Membership => {
    const { configuration, progress } = of(words)
    const all = [...progress].map(([id, { isLearner }]) => [id, { ...known, isLearner }] as const)
    return { configuration, progress: new Map(all) }
  }

  test.each([
    { lastIndex: 5, nextIndex: 5 },
    { lastIndex: 0, nextIndex: 1 },
  ])('begins with a probe from the end of a log of $lastIndex, and with a chance to say a word', (end) => {
    for (const [by, isLearner] of [
      ['+d', false],
      ['~d', true],
    ] as const) {
      const { progress } = must(changeSimply(of('abc'), changeOf(by), end.lastIndex))
      const begun = { ...newProgress(0, end.nextIndex, isLearner), isRecentlyActive: true }
      expect(progress.get('d')).toEqual(begun)
    }
  })

  test.each([
    { name: 'a learner that becomes a voter', from: 'abc~d', by: '+d', id: 'd', isLearner: false },
    { name: 'a voter that becomes a learner', from: 'abc', by: '~b', id: 'b', isLearner: true },
    { name: 'a learner that is one already', from: 'abc~d', by: '~d', id: 'd', isLearner: true },
  ])('stays known of $name', ({ from, by, id, isLearner }) => {
    expect(must(changeSimply(knowing(from), changeOf(by), 9)).progress.get(id)).toEqual({ ...known, isLearner })
  })

  test('stays known of a voter of the outgoing half, who is a learner when that is left', () => {
    const joint = must(enterJoint(knowing('abc'), changeOf('~b -c'), false, 9))
    expect(joint.progress.get('b')).toEqual(known)
    expect(joint.progress.get('c')).toEqual(known)
    const left = must(leaveJoint(joint))
    expect(left.progress.get('b')).toEqual({ ...known, isLearner: true })
    expect(left.progress.has('c')).toBe(false)
  })
})

test('who votes in either half is a voter, listed once and in order', () => {
  const configuration = members('bd&abc~e>a')
  expect(voterIds(configuration)).toEqual(['a', 'b', 'c', 'd'])
  expect([...'abcdex'].filter((id) => isVoter(configuration, id))).toEqual(['a', 'b', 'c', 'd'])
  expect(quorumOf(configuration)).toEqual([
    ['b', 'd'],
    ['a', 'b', 'c'],
  ])
  expect([isJoint(configuration), isJoint(members('abc'))]).toEqual([true, false])
})
