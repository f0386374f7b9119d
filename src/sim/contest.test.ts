import { describe, expect, test } from 'vitest'
import type { Item } from '../node/api.ts'
import { Contest, type Contested } from './contest.ts'
import { Random } from './random.ts'

const octets = (sizeBytes: number) => new Uint8Array(sizeBytes).fill(sizeBytes)
const file = (id: string, sizeBytes: number, more: Partial<Item> = {}): Item => ({
  id,
  parentId: 'root',
  kind: 'file',
  name: `contested ${id}`,
  sizeBytes,
  createdAtMs: 1,
  modifiedAtMs: 1,
  trashedAtMs: null,
  copyCount: 1,
  isWaiting: false,
  ...more,
})
const write = (id: string, sizeBytes: number, ...seen: readonly number[]): Contested => ({
  deed: { kind: 'writeFile', id, content: octets(sizeBytes) },
  seenSizes: new Set(seen),
})

describe('what was answered is missed', () => {
  test.each<{ name: string; done: readonly Contested[]; seen: readonly Item[]; finding: string | null }>([
    { name: 'not where it is', done: [write('a', 10, 5)], seen: [file('a', 10)], finding: null },
    {
      name: 'not where it stands beside',
      done: [write('a', 10, 5)],
      seen: [file('a', 7), file('b', 10)],
      finding: null,
    },
    { name: 'where it is nowhere', done: [write('a', 10, 5)], seen: [file('a', 7)], finding: 'nowhere' },
    {
      name: 'not where somebody wrote over it who had seen it',
      done: [write('a', 10, 5), write('a', 11, 10)],
      seen: [file('a', 11)],
      finding: null,
    },
    {
      name: 'where somebody wrote over it who had seen another',
      done: [write('a', 10, 5), write('a', 11, 5)],
      seen: [file('a', 11)],
      finding: 'nowhere',
    },
    {
      name: 'where it lies in the trash',
      done: [write('a', 10, 5)],
      seen: [file('a', 10, { trashedAtMs: 2 })],
      finding: 'trash',
    },
    {
      name: 'not where somebody put it there who had seen it',
      done: [write('a', 10, 5), { deed: { kind: 'trash', id: 'a' }, seenSizes: new Set([10]) }],
      seen: [file('a', 10, { trashedAtMs: 2 })],
      finding: null,
    },
    {
      name: 'where its folder was put there by one who had not',
      done: [write('a', 10, 5), { deed: { kind: 'trash', id: 'f' }, seenSizes: new Set([5]) }],
      seen: [file('a', 10, { parentId: 'f' }), file('f', 0, { kind: 'folder', trashedAtMs: 2 })],
      finding: 'trash',
    },
  ])('$name', ({ done, seen, finding }) => {
    const contest = new Contest(Random.fromSeed(1), 'root')
    for (const contested of done) contest.ended(contested, 'a')
    const contents = seen
      .filter(({ kind }) => kind === 'file')
      .map(({ id, sizeBytes }) => [id, octets(sizeBytes)] as const)
    const findings = contest.judgeContents(new Map(seen.map((item) => [item.id, item])), new Map(contents)).join()
    if (finding === null) expect(findings).toBe('')
    else expect(findings).toContain(finding)
  })

  test('not where nobody was answered', () => {
    const contest = new Contest(Random.fromSeed(1), 'root')
    contest.ended(write('a', 10, 5), null)
    expect(contest.judgeContents(new Map(), new Map())).toEqual([])
  })
})
