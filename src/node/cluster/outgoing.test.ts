import { beforeEach, expect, test } from 'vitest'
import type { Message } from '../../core/raft/raft.ts'
import { Outgoing } from './outgoing.ts'

const ends = { from: 'n1', to: 'n2', term: 3 }
const news: Message = { kind: 'append', ...ends, previousIndex: 7, previousTerm: 3, entries: [], commitIndex: 7 }
const entry = { kind: 'command', term: 3, index: 8, data: new Uint8Array(1) } as const
const append: Message = { ...news, entries: [entry] }
const heartbeat: Message = { kind: 'heartbeat', ...ends, commitIndex: 7, readRound: 0 }

let sent: Message[]
let turns: (() => void)[]
let outgoing: Outgoing
beforeEach(() => {
  sent = []
  turns = []
  outgoing = new Outgoing({ send: (message) => sent.push(message), soon: (callback) => turns.push(callback) })
})
const turn = (): void => turns.splice(0).forEach((callback) => callback())

test('what is held leaves in a turn of its own, once', () => {
  outgoing.hold(news)
  outgoing.hold({ ...news, to: 'n3' })
  expect(sent).toEqual([])
  turn()
  expect(sent).toEqual([news, { ...news, to: 'n3' }])
  outgoing.flush()
  expect(sent).toHaveLength(2)
  outgoing.hold(news)
  turn()
  expect(sent).toHaveLength(3)
})

test.each<{ name: string; held: Message; later: Message; expected: 'one' | 'both' }>([
  { name: 'news are overtaken by entries', held: news, later: append, expected: 'one' },
  { name: 'and by newer news', held: news, later: { ...news, commitIndex: 8 }, expected: 'one' },
  { name: 'and by those of a later term', held: news, later: { ...append, term: 4 }, expected: 'one' },
  { name: 'not by older ones', held: news, later: { ...append, commitIndex: 6 }, expected: 'both' },
  { name: 'nor by an older leader', held: news, later: { ...append, term: 2 }, expected: 'both' },
  { name: 'nor by a heartbeat, which may tell less', held: news, later: heartbeat, expected: 'both' },
  { name: 'entries are never overtaken', held: append, later: { ...append, commitIndex: 8 }, expected: 'both' },
])('$name', ({ held, later, expected }) => {
  outgoing.hold(held)
  outgoing.send(later)
  expect(sent).toEqual(expected === 'one' ? [later] : [held, later])
  turn()
  expect(sent).toHaveLength(expected === 'one' ? 1 : 2)
})

test('what goes to another one overtakes nothing', () => {
  outgoing.hold(news)
  outgoing.send({ ...append, to: 'n3' })
  turn()
  expect(sent).toEqual([{ ...append, to: 'n3' }, news])
})
