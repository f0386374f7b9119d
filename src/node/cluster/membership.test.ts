import { describe, expect, test } from 'vitest'
import { type NodeId, emptyConfiguration } from '../../core/raft/raft.ts'
import { type Electorate, wantedChange, wantedLeader } from './membership.ts'

const peer = (name: string): string => name.padEnd(64, '0')
const node = (name: string): NodeId => `${peer(name)}-1`
const nameOf = (id: string): string => id.split('0')[0]!

interface Situation {
  /** The first one leads. */
  readonly voters: readonly string[]
  readonly learners?: readonly string[]
  readonly appointed?: readonly string[]
  readonly away?: readonly string[]
  readonly lagging?: readonly string[]
  /** Those that have been away for a quarter of an hour. */
  readonly asleep?: readonly string[]
  readonly steady?: readonly string[]
}

function electorateOf({ voters, learners = [], appointed, away = [], lagging = [], asleep = [], steady }: Situation) {
  const others = [...voters.slice(1), ...learners].filter((name) => !away.includes(name) && !asleep.includes(name))
  const electorate: Electorate = {
    configuration: { ...emptyConfiguration, voters: voters.map(node), learners: learners.map(node) },
    leader: node(voters[0]!),
    present: new Map(others.map((name) => [peer(name), node(name)])),
    isDevice: () => true,
    isSteady: (id) => steady?.includes(nameOf(id)) ?? true,
    isCaughtUp: (id) => !lagging.includes(nameOf(id)),
    appointed: appointed === undefined ? null : new Set(appointed.map(peer)),
    awayMs: (id) => (asleep.includes(nameOf(id)) ? 15 * 60_000 : away.includes(nameOf(id)) ? 15 * 60_000 - 1 : 0),
  }
  return electorate
}
const kinds: Readonly<Record<string, string>> = { addVoter: '+', addLearner: '-', removeNode: 'x' }

/** `+b -c`: b votes from then on, and c does no more. */
const change = (situation: Situation): string =>
  (wantedChange(electorateOf(situation))?.changes ?? []).map(({ kind, id }) => `${kinds[kind]}${nameOf(id)}`).join(' ')
const leader = (situation: Situation): string => nameOf(wantedLeader(electorateOf(situation)) ?? 'nobody')

describe('those who were appointed', () => {
  test.each([
    { title: 'come in together', voters: ['a'], learners: ['b', 'c'], appointed: ['a', 'b', 'c'], wanted: '+b +c' },
    { title: 'let the others go', voters: ['a', 'b', 'c'], appointed: ['a'], wanted: '-b -c' },
    {
      title: 'come and go in one change',
      ...{ voters: ['a', 'b', 'c'], learners: ['d', 'e'], appointed: ['a', 'd', 'e'], wanted: '+d +e -b -c' },
    },
    { title: 'do not let go who leads', voters: ['a'], learners: ['b'], appointed: ['b'], wanted: '+b' },
    { title: 'let go who led before', voters: ['b', 'a'], appointed: ['b'], wanted: '-a' },
    { title: 'are as they are to be', voters: ['a', 'b'], learners: ['c'], appointed: ['a', 'b'], wanted: '' },
    {
      title: 'wait for one that is away',
      ...{ voters: ['a'], learners: ['b', 'c'], appointed: ['a', 'b', 'c'], away: ['c'], wanted: '' },
    },
    {
      title: 'wait for one that lacks something',
      ...{ voters: ['a'], learners: ['b', 'c'], appointed: ['a', 'b', 'c'], lagging: ['b'], wanted: '' },
    },
    {
      title: 'wait for one that is no member yet',
      voters: ['a'],
      learners: ['b'],
      appointed: ['a', 'b', 'c'],
      wanted: '',
    },
    {
      title: 'wait where fewer than a majority of them would be there',
      ...{ voters: ['a', 'b', 'c', 'd', 'e'], appointed: ['a', 'b', 'c'], away: ['b', 'c'], wanted: '' },
    },
    {
      title: 'do not wait for one that votes already and is away',
      ...{ voters: ['a', 'b', 'c'], learners: ['d', 'e'], appointed: ['a', 'b', 'd'], away: ['b'], wanted: '+d -c' },
    },
    {
      title: 'stay although one of them is asleep',
      ...{ voters: ['a', 'b', 'c'], learners: ['d'], appointed: ['a', 'b', 'c'], asleep: ['b'], wanted: '' },
    },
  ])('$title', ({ wanted, ...situation }) => {
    expect(change(situation)).toBe(wanted)
  })

  test.each([
    { title: 'one of them, as soon as it votes', voters: ['a', 'b'], appointed: ['b'], leads: 'b' },
    { title: 'nobody else where one of them leads', voters: ['a', 'b'], appointed: ['a', 'b'], leads: 'nobody' },
    { title: 'none that does not vote', voters: ['a'], learners: ['b'], appointed: ['b'], leads: 'nobody' },
    { title: 'none that is away', voters: ['a', 'b', 'c'], appointed: ['b', 'c'], away: ['b'], leads: 'c' },
    { title: 'none that lacks something', voters: ['a', 'b'], appointed: ['b'], lagging: ['b'], leads: 'nobody' },
    { title: 'whoever does, where nobody was appointed', voters: ['a', 'b'], leads: 'nobody' },
  ])('lead: $title', ({ leads, ...situation }) => {
    expect(leader(situation)).toBe(leads)
  })
})

describe('what the tree chooses itself', () => {
  test.each([
    { title: 'three where three are steady', voters: ['a'], learners: ['b', 'c', 'd'], wanted: '+b +c' },
    { title: 'one of two', voters: ['a', 'b'], learners: [], wanted: '-b' },
    { title: 'one where not three are steady', voters: ['a'], learners: ['b', 'c'], steady: ['a', 'b'], wanted: '' },
    {
      title: 'none that is away, or lacks something',
      ...{ voters: ['a'], learners: ['b', 'c', 'd', 'e'], away: ['b'], lagging: ['c'], wanted: '+d +e' },
    },
    {
      title: 'one that is awake for one that is asleep',
      ...{ voters: ['a', 'b', 'c'], learners: ['d', 'e'], asleep: ['c'], wanted: '+d -c' },
    },
    {
      title: 'nothing else where one is away for a while',
      ...{ voters: ['a', 'b', 'c'], learners: ['d'], away: ['c'], wanted: '' },
    },
    {
      title: 'nothing less where nobody can take the place',
      ...{ voters: ['a', 'b', 'c'], learners: ['d'], asleep: ['c'], lagging: ['d'], wanted: '' },
    },
  ])('$title', ({ wanted, ...situation }) => {
    expect(change(situation)).toBe(wanted)
  })
})
