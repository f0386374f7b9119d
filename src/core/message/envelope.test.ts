import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, decode, encode, equal, must, toHex, utf8 } from '../bytes/bytes.ts'
import { damaged } from '../crypto/testing/damage.ts'
import type { Configuration, Entry } from '../raft/raft.ts'
import { type Dismissal, attestationOf } from '../tree/tree.ts'
import { rendezvous } from '../tree/testing/abroad.ts'
import { alice, aliceCap, dismissedBy, ownerSet, person } from '../tree/testing/forest.ts'
import {
  type Answer,
  type Bulk,
  type Control,
  type ControlBody,
  type Question,
  type SentMessage,
  configurationWire,
  decodeBulk,
  decodeControl,
  encodeBulk,
  encodeControl,
  entryWire,
  objectSizeBytesMax,
  wantedCountMax,
} from './message.ts'

const octetsOf = (octet: number, sizeBytes: number): Bytes => new Uint8Array(sizeBytes).fill(octet)
const place = { treeId: octetsOf(1, 32), clusterId: octetsOf(2, 16), generation: 1 }
const control = (body: ControlBody): Control => ({ ...place, body })
const ask = (question: Question): Bulk => ({ ...place, body: { tag: 'ask', value: { number: 7, question } } })
const answer = (given: Answer): Bulk => ({ ...place, body: { tag: 'answer', value: { number: 7, answer: given } } })

const configuration: Configuration = {
  voters: ['a', 'b'],
  votersOutgoing: ['a'],
  learners: ['c'],
  learnersNext: [],
  autoLeave: true,
}
const entries: readonly Entry[] = [
  { kind: 'command', term: 2, index: 4, data: utf8('batch') },
  {
    kind: 'configuration',
    term: 2,
    index: 5,
    change: { transition: 'auto', changes: [{ kind: 'addLearner', id: 'c' }], context: new Uint8Array() },
  },
]
const ends = { from: 'a', to: 'b', term: 2 } as const
const messages: readonly SentMessage[] = [
  { kind: 'append', ...ends, previousIndex: 3, previousTerm: 1, entries, commitIndex: 3 },
  { kind: 'appendResponse', ...ends, index: 5, rejection: null },
  { kind: 'appendResponse', ...ends, index: 5, rejection: { hintIndex: 2, hintTerm: 1 } },
  { kind: 'vote', ...ends, lastIndex: 5, lastTerm: 2, isTransfer: false },
  { kind: 'preVote', ...ends, lastIndex: 5, lastTerm: 2, isTransfer: true },
  { kind: 'voteResponse', ...ends, isGranted: true },
  { kind: 'preVoteResponse', ...ends, isGranted: false },
  { kind: 'heartbeat', ...ends, commitIndex: 3, readRound: 0 },
  { kind: 'heartbeatResponse', ...ends, readRound: 0 },
  { kind: 'snapshot', ...ends, snapshot: { index: 5, term: 2, configuration, data: utf8('root') } },
  { kind: 'transferLeadership', ...ends, transferee: 'b' },
  { kind: 'timeoutNow', ...ends },
  { kind: 'readIndex', from: 'a', to: 'b', incarnation: 9, request: 1 },
  { kind: 'readIndexResponse', ...ends, incarnation: 9, request: 1, index: 5 },
]
const statement = {
  ...{ ...place, term: 2, index: 5, stateRoot: octetsOf(8, 32), revocationSequence: 0, stampMs: 1000 },
  ...{ voters: [octetsOf(7, 32)], votersOutgoing: [] },
}
const attestation = attestationOf(statement, [{ voter: octetsOf(7, 32), signature: octetsOf(9, 64) }])
const controls: readonly Control[] = [
  ...messages.map((value) => control({ tag: 'raft', value })),
  control({ tag: 'here', value: { nodeId: 'a', stampMs: 1000, reportVersion: 3, clockMs: 1001 } }),
  control({ tag: 'propose', value: { batch: utf8('batch') } }),
  control({ tag: 'attest', value: { index: 5 } }),
  control({ tag: 'vouch', value: { index: 5, signature: octetsOf(9, 64) } }),
  control({ tag: 'attested', value: attestation }),
  control({ tag: 'excerpt', value: { root: octetsOf(8, 32) } }),
  control({ tag: 'equivocation', value: { proof: utf8('proof') } }),
]
const body = { bodyRoot: octetsOf(6, 32), sizeBytes: 12 }
const { dismissal } = dismissedBy(person(3), alice, aliceCap).value as { dismissal: Dismissal }
const bulks: readonly Bulk[] = [
  ask({ tag: 'objects', value: [octetsOf(5, 56)] }),
  ask({ tag: 'rows', value: { index: 5, stateRoot: octetsOf(8, 32), after: null } }),
  ask({
    tag: 'stage',
    value: { requestId: octetsOf(4, 16), position: 0, block: octetsOf(3, 16), body, objects: [octetsOf(5, 40)] },
  }),
  answer({ tag: 'objects', value: [utf8('sector'), null] }),
  answer({ tag: 'rows', value: { rows: [{ key: utf8('key'), value: utf8('value') }], isLast: true } }),
  ask({ tag: 'lacks', value: { after: octetsOf(3, 16) } }),
  answer({ tag: 'lacks', value: { reportVersion: 3, isKept: true, blocks: [octetsOf(3, 16)], isLast: true } }),
  answer({ tag: 'staged', value: {} }),
  answer({ tag: 'none', value: {} }),
  ask({ tag: 'generation', value: { setHash: null } }),
  ask({ tag: 'generation', value: { setHash: octetsOf(4, 32) } }),
  answer({
    tag: 'generation',
    value: {
      takeOver: { body: utf8('body'), signature: { tag: 'recovery', value: { signature: octetsOf(7, 64) } } },
      sets: [
        { set: ownerSet, proof: null },
        {
          set: { ...ownerSet, sequence: 1, previousHash: octetsOf(4, 32) },
          proof: { wrapsHash: octetsOf(5, 32), signature: { tag: 'recovery', value: { signature: octetsOf(6, 64) } } },
        },
      ],
      snapshot: { index: 5, term: 2, configuration, data: utf8('root') },
    },
  }),
  ask({ tag: 'devices', value: {} }),
  answer({ tag: 'devices', value: [{ principal: octetsOf(9, 32), transportId: octetsOf(10, 32) }] }),
  ask({ tag: 'farewells', value: {} }),
  answer({ tag: 'farewells', value: [{ dismissal, chain: [aliceCap] }] }),
  ask({ tag: 'excerpt', value: { requestIds: [octetsOf(4, 16)] } }),
  answer({
    tag: 'excerpt',
    value: {
      generation: 1,
      takeOver: null,
      stampMs: 1000,
      root: octetsOf(8, 32),
      decided: [
        { requestId: octetsOf(4, 16), stampMs: 900, fault: null },
        { requestId: octetsOf(5, 16), stampMs: 950, fault: 'raceLost' },
      ],
    },
  }),
  ask({ tag: 'excerptRows', value: { root: octetsOf(8, 32), known: octetsOf(7, 32), after: utf8('key') } }),
  ask({ tag: 'propose', value: { batch: utf8('batch') } }),
  answer({ tag: 'proposed', value: { faults: [null, 'raceLost'] } }),
  ask({ tag: 'rendezvous', value: {} }),
  answer({ tag: 'rendezvous', value: rendezvous() }),
  ask({ tag: 'compromised', value: {} }),
]

test('golden', async () => {
  const octets = [
    ...controls.map(encodeControl),
    ...bulks.map(encodeBulk),
    encode(configurationWire, configuration),
    ...entries.map((entry) => encode(entryWire, entry)),
  ]
  await expect(octets.map((each) => `${toHex(each)}\n`).join('')).toMatchFileSnapshot('golden.txt')
})

test('what is sent arrives', () => {
  for (const each of controls) expect(must(decodeControl(encodeControl(each)))).toEqual(each)
  for (const each of bulks) expect(must(decodeBulk(encodeBulk(each)))).toEqual(each)
  expect(must(decode(configurationWire, encode(configurationWire, configuration), 4096))).toEqual(configuration)
})

describe('what is damaged is refused, or is another envelope that re-encodes to the same octets', () => {
  test('control', () => {
    const arbitrary = fc.constantFrom(...controls).chain((each) => damaged(encodeControl(each)))
    fc.assert(
      fc.property(arbitrary, (octets) => {
        const decoded = decodeControl(octets)
        return !decoded.ok || equal(encodeControl(decoded.value), octets)
      }),
      { numRuns: 500 },
    )
  })
  test('bulk', () => {
    const arbitrary = fc.constantFrom(...bulks).chain((each) => damaged(encodeBulk(each)))
    fc.assert(
      fc.property(arbitrary, (octets) => {
        const decoded = decodeBulk(octets)
        return !decoded.ok || equal(encodeBulk(decoded.value), octets)
      }),
      { numRuns: 500 },
    )
  })
})

test('nothing that is larger than it may be is read', () => {
  const many = Array.from({ length: wantedCountMax + 1 }, () => octetsOf(5, 56))
  expect(() => encodeBulk(ask({ tag: 'objects', value: many }))).toThrow(RangeError)
  expect(() => encodeBulk(answer({ tag: 'objects', value: [new Uint8Array(objectSizeBytesMax + 1)] }))).toThrow(
    RangeError,
  )
  const long = new Uint8Array(2 * 1024 * 1024)
  for (const decoded of [decodeControl(long), decodeBulk(long)])
    expect(decoded.ok ? null : decoded.fault.code).toBe('formatTooLong')
})
