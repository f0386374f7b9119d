import { describe, expect, test } from 'vitest'
import { type Bytes, concat, encode, u64be } from '../core/bytes/bytes.ts'
import { emptyMap, root, set } from '../core/merkle/merkle.ts'
import { encodeBatch } from '../core/tree/tree.ts'
import { entryWire } from '../core/message/message.ts'
import { emptyConfiguration } from '../core/raft/raft.ts'
import { checkpointKey, checkpointWire, hardStateKey, hardStateWire } from '../node/read/held-state.ts'
import { logKey } from '../node/place.ts'
import type { Change } from '../port/store.ts'
import { Audit } from './audit.ts'
import { createSimulatedCrypto } from './crypto.ts'
import { Disk } from './disk.ts'
import { Random } from './random.ts'

const place = { treeId: new Uint8Array(32).fill(7), clusterId: new Uint8Array(16).fill(9) }

function setUp(isStrictAsked = true) {
  const disk = new Disk()
  const violations: string[] = []
  const world = { life: 1 }
  const audit = new Audit(disk, {
    crypto: createSimulatedCrypto(Random.fromSeed(1)),
    life: () => world.life,
    onViolation: (what) => violations.push(what),
    isStrictAsked,
  })
  const write = (...changes: Change[]): void => disk.apply(changes, 'strict')
  return { disk, violations, world, audit, write }
}

const put = (table: 'raft' | 'log', key: Bytes, value: Bytes): Change => ({ kind: 'put', table, key, value })
const hardState = (term: number, votedFor: string | null = 'me'): Change =>
  put('raft', hardStateKey(place), encode(hardStateWire, { term, votedFor, commitIndex: 0 }))
const entry = (index: number, term: number, data: Bytes = new Uint8Array()): Change =>
  put('log', logKey(place, index), encode(entryWire, { kind: 'command', term, index, data }))
const checkpoint = (index: number, term: number, stateRoot: Bytes = root(emptyMap)): Change =>
  put(
    'raft',
    checkpointKey(place),
    encode(checkpointWire, { index, term, configuration: { ...emptyConfiguration, voters: ['me'] }, stateRoot }),
  )

describe('the audit finds nothing', () => {
  test('in elections, entries, checkpoints and their compaction', () => {
    const { write, violations, world, audit } = setUp()
    write(checkpoint(0, 0))
    write(hardState(1))
    write(entry(1, 1), entry(2, 1, encodeBatch({ stampMs: 5, operations: [] })))
    write(checkpoint(2, 1), { kind: 'delete', table: 'log', key: logKey(place, 1) })
    world.life = 2
    write(hardState(2), entry(3, 2))
    write({ kind: 'deleteAll', table: 'log', prefix: place.treeId })
    expect(violations).toEqual([])
    expect(audit.entryCount).toBe(3)
  })
})

describe('the audit finds', () => {
  const cases: readonly { name: string; finding: string; act: (field: ReturnType<typeof setUp>) => void }[] = [
    {
      name: 'a term that goes back',
      finding: 'the term went back',
      act: ({ write }) => (write(hardState(3)), write(hardState(2))),
    },
    {
      name: 'a second vote in one term',
      finding: 'the vote of term 3 was changed',
      act: ({ write }) => (write(hardState(3, 'me')), write(hardState(3, 'you'))),
    },
    { name: 'an entry whose term was not stored', finding: 'while term 0 was', act: ({ write }) => write(entry(1, 1)) },
    {
      name: 'two leaders of one term',
      finding: 'both led in term 1',
      act: ({ write, world }) => {
        write(hardState(1), entry(1, 1))
        world.life = 2
        write(entry(2, 1))
      },
    },
    {
      name: 'a committed entry that changes',
      finding: 'the committed entry 1 changed',
      act: ({ write }) => (write(hardState(2), entry(1, 1)), write(entry(1, 2))),
    },
    {
      name: 'a gap',
      finding: 'entry 2 was stored behind entry 0',
      act: ({ write }) => write(hardState(1), entry(2, 1)),
    },
    {
      name: 'a stamp that goes back',
      finding: 'the stamp of entry 2 went back',
      act: ({ write }) =>
        write(
          hardState(1),
          entry(1, 1, encodeBatch({ stampMs: 5, operations: [] })),
          entry(2, 1, encodeBatch({ stampMs: 4, operations: [] })),
        ),
    },
    {
      name: 'a state beyond the log',
      finding: 'the state was stored up to entry 2, the log only up to 1',
      act: ({ write }) => (write(hardState(1), entry(1, 1)), write(checkpoint(2, 1))),
    },
    {
      name: 'a state that no replay gives',
      finding: 'is not what a replay of the log gives',
      act: ({ write }) => (
        write(hardState(1), entry(1, 1)),
        write(checkpoint(1, 1, root(set(emptyMap, u64be(1), u64be(2)))))
      ),
    },
    {
      name: 'committed entries deleted',
      finding: 'that no checkpoint stands for',
      act: ({ write }) => (
        write(hardState(1), entry(1, 1)),
        write({ kind: 'delete', table: 'log', key: logKey(place, 1) })
      ),
    },
    {
      name: 'an entry that holds no batch',
      finding: 'holds no batch',
      act: ({ write }) => write(hardState(1), entry(1, 1, concat(u64be(1)))),
    },
    {
      name: 'a relaxed write of the log',
      finding: 'without waiting for the medium',
      act: ({ disk }) => disk.apply([hardState(1)], 'relaxed'),
    },
  ]
  test.each(cases)('$name', ({ act, finding }) => {
    const field = setUp()
    act(field)
    expect(field.violations.join('\n')).toContain(finding)
  })
})
