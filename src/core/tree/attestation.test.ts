import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, encode, equal, must } from '../bytes/bytes.ts'
import { ed25519Message, principalOf, signEd25519, verifyClaim } from '../crypto/crypto.ts'
import { checkedWhere, rights } from '../cap/cap.ts'
import { damaged } from '../crypto/testing/damage.ts'
import { root as rootOf } from '../merkle/merkle.ts'
import { rootBlockId } from '../path/path.ts'
import {
  type Attestation,
  type Statement,
  attestationDomain,
  attestationOf,
  attestationWire,
  checkAttestation,
  claimsOfAttestation,
  contradict,
  decodeAttestation,
  decodeEquivocation,
  encodeAttestation,
  encodeEquivocation,
  equivocationOf,
  equivocationsIn,
  inOrder,
  statementBody,
  statementOf,
} from './attestation.ts'
import { emptyTree, summaryOf } from './state.ts'
import {
  type Person,
  alice,
  change,
  childPath,
  commit,
  dismissedByRoot,
  endMs,
  founded,
  hash,
  id,
  mallory,
  newDirectory,
  ownerCap,
  person,
  root,
  treeId,
  withDevice,
} from './testing/forest.ts'

const [phone, laptop, guest] = [person(3), person(4), person(5)]
const mail = childPath(root, id(1))
const clusterId = rootBlockId(treeId)
const of = ({ credential }: Person) => principalOf(credential)

/** Three own devices until `endMs`, and a guest that writes in a folder. */
const state = [phone, laptop].reduce(
  (grown, one) => withDevice(grown, one),
  withDevice(commit(founded(), [change(newDirectory(root, id(1)))]).state, guest, ownerCap(guest, mail, rights.write)),
)
/** An entry from which on these decide; while they are changing, both halves. */
const placeOf = (voters: readonly Person[], votersOutgoing: readonly Person[] = []) => ({
  ...{ term: 2, index: 7, voters: inOrder(voters.map(of)), votersOutgoing: inOrder(votersOutgoing.map(of)) },
})
const statement = statementOf(state, clusterId, placeOf([alice, phone, laptop]))!
const other: Statement = { ...statement, stateRoot: hash(1) }

const vote = ({ secret, credential }: Person, said: Statement = statement) => ({
  voter: principalOf(credential),
  signature: signEd25519(secret, ed25519Message(attestationDomain, statementBody(said))),
})
const by = (people: readonly Person[], said: Statement = statement): Attestation =>
  attestationOf(
    said,
    people.map((one) => vote(one, said)),
  )

function verdict(attestation: Attestation, nowMs = 1000, newest = state): string {
  const claims = claimsOfAttestation(newest, attestation)
  if (!claims.ok) return claims.fault.code
  const checked = checkedWhere(attestation, claims.value.map(verifyClaim))
  if (!checked.ok) return checked.fault.code
  const check = checkAttestation(newest, checked.value, nowMs)
  return check.ok ? 'ok' : check.fault.code
}

test('says what follows from the log', () => {
  expect(statement).toEqual({
    treeId,
    clusterId,
    generation: 1,
    term: 2,
    index: 7,
    stateRoot: rootOf(state.map),
    revocationSequence: 0,
    stampMs: summaryOf(state)!.stampMs,
    voters: inOrder([alice, phone, laptop].map(of)),
    votersOutgoing: [],
  })
  const { state: after } = commit(state, [dismissedByRoot(guest)])
  expect(statementOf(after, clusterId, placeOf([alice]))!.revocationSequence).toBe(1)
  expect(statementOf(emptyTree(treeId), clusterId, placeOf([]))).toBeNull()
})

describe('a majority', () => {
  test.each<{ name: string; people: readonly Person[]; halves?: readonly Person[][]; verdict: string }>([
    { name: 'all of three', people: [alice, phone, laptop], verdict: 'ok' },
    { name: 'two of three', people: [laptop, phone], verdict: 'ok' },
    { name: 'one of three', people: [alice], verdict: 'attestationShort' },
    { name: 'nobody', people: [], verdict: 'attestationShort' },
    { name: 'the only voter', people: [alice], halves: [[alice]], verdict: 'ok' },
    { name: 'one of two', people: [alice], halves: [[alice, phone]], verdict: 'attestationShort' },
    {
      name: 'two of four',
      people: [alice, phone],
      halves: [[alice, phone, laptop, guest]],
      verdict: 'attestationShort',
    },
    {
      name: 'one voter and a device that listens',
      people: [alice, laptop],
      halves: [[alice, phone]],
      verdict: 'attestationShort',
    },
    { name: 'of both halves', people: [alice, laptop], halves: [[alice, laptop], [laptop]], verdict: 'ok' },
    {
      name: 'of the new half alone',
      people: [alice, phone],
      halves: [[alice, phone], [laptop]],
      verdict: 'attestationShort',
    },
    {
      name: 'of the old half alone',
      people: [laptop],
      halves: [[alice, phone], [laptop]],
      verdict: 'attestationShort',
    },
    { name: 'of a configuration that is not joint', people: [alice], halves: [[alice], []], verdict: 'ok' },
    { name: 'of nobody', people: [alice, phone, laptop], halves: [[]], verdict: 'attestationShort' },
    {
      name: 'with one who may not write there',
      people: [alice, guest],
      halves: [[alice, guest]],
      verdict: 'attestationShort',
    },
  ])('$name: $verdict', ({ people, halves = [[alice, phone, laptop]], verdict: expected }) =>
    expect(verdict(by(people, statementOf(state, clusterId, placeOf(halves[0]!, halves[1]))!))).toBe(expected),
  )

  test('is counted by heads, however often one signs', () => {
    const twice = attestationOf(statement, [vote(alice), vote(alice)])
    expect(twice.votes).toHaveLength(1)
    const forced = { ...twice, votes: [vote(alice), vote(alice)] }
    expect(verdict(forced)).toBe('attestationShort')
    expect(decodeAttestation(encode(attestationWire, forced)).ok).toBe(false)
  })

  test('counts who may still write: not who was dismissed or ran out since', () => {
    const { state: without } = commit(state, [dismissedByRoot(phone)])
    expect(verdict(by([alice, phone]), 1000, without)).toBe('attestationShort')
    expect(verdict(by([alice, laptop]), 1000, without)).toBe('ok')
    expect(verdict(by([alice, phone, laptop]), 1000, without)).toBe('ok')
    expect(verdict(by([alice, phone]), endMs - 1)).toBe('ok')
    expect(verdict(by([alice, phone]), endMs)).toBe('attestationShort')
  })

  test('vouches for a cluster at a folder, by who may write there', () => {
    const inMail = { ...statement, clusterId: id(1), voters: [of(guest)] }
    expect(verdict(by([guest], inMail))).toBe('ok')
    expect(verdict(by([guest], { ...inMail, clusterId: id(9) }))).toBe('placeUnknown')
  })
})

test.each<[string, Attestation, string]>([
  ['of a stranger', by([alice, mallory]), 'voterUnknown'],
  ['of another tree', by([alice, phone], { ...statement, treeId: hash(1) }), 'attestationForeign'],
  [
    'with a signature of another statement',
    attestationOf(statement, [vote(alice), vote(phone, other)]),
    'signatureInvalid',
  ],
  [
    'with a signature of another voter',
    attestationOf(statement, [vote(alice), { ...vote(phone), signature: vote(laptop).signature }]),
    'signatureInvalid',
  ],
])('refused: %s', (_name, attestation, fault) => expect(verdict(attestation)).toBe(fault))

test.each(Object.keys(statement) as (keyof Statement)[])('another %s is another statement', (field) => {
  const value = statement[field]
  const flipped = (value: Bytes): Bytes => value.map((octet) => octet ^ 1)
  const changed = typeof value === 'number' ? value + 1 : value instanceof Uint8Array ? flipped(value) : [of(mallory)]
  expect(equal(statementBody({ ...statement, [field]: changed }), statementBody(statement))).toBe(false)
})

describe('equivocation', () => {
  const sides = (left: Statement, right: Statement) =>
    [left, right].map((said) => ({ statement: said, signature: vote(phone, said).signature })) as [
      { statement: Statement; signature: Bytes },
      { statement: Statement; signature: Bytes },
    ]
  const proof = equivocationOf(phone.credential, ...sides(statement, other))!
  const holds = (octets: Uint8Array): boolean => {
    const decoded = decodeEquivocation(octets)
    return decoded.ok && decoded.value.claims.map(verifyClaim).every(Boolean)
  }

  test('is proved by two signatures, to anyone', () => {
    const decoded = must(decodeEquivocation(encodeEquivocation(proof)))
    expect(decoded.equivocation).toEqual(proof)
    expect(decoded.claims).toHaveLength(2)
    expect(holds(encodeEquivocation(proof))).toBe(true)
  })

  test.each<[string, Partial<Statement>, boolean]>([
    ['another root', { stateRoot: hash(2) }, true],
    ['another time', { stampMs: 5 }, true],
    ['another term of the same entry', { term: 3 }, true],
    ['another count of revocations', { revocationSequence: 4 }, true],
    ['the same', {}, false],
    ['a later entry', { index: 8, stateRoot: hash(2) }, false],
    ['another generation', { generation: 2, stateRoot: hash(2) }, false],
    ['another cluster', { clusterId: id(1), stateRoot: hash(2) }, false],
    ['another tree', { treeId: hash(9), stateRoot: hash(2) }, false],
  ])('of one entry only: %s', (_name, changes, isLie) => {
    const said = { ...statement, ...changes }
    expect(contradict(statement, said)).toBe(isLie)
    expect(equivocationOf(phone.credential, ...sides(statement, said)) !== null).toBe(isLie)
  })

  test('two statements that do not contradict each other accuse nobody', () => {
    const [first, second] = sides(statement, { ...statement, index: 8 }).map(({ statement: said, signature }) => ({
      body: statementBody(said),
      signature,
    }))
    const decoded = decodeEquivocation(encodeEquivocation({ ...proof, first: first!, second: second! }))
    expect(decoded).toMatchObject({ ok: false, fault: { code: 'equivocationUnproved' } })
  })

  test('nobody is accused by the signature of another', () => {
    expect(holds(encodeEquivocation({ ...proof, signingKey: laptop.credential.signingKey }))).toBe(false)
    const forged = { ...proof.second, signature: vote(laptop, other).signature }
    expect(holds(encodeEquivocation({ ...proof, second: forged }))).toBe(false)
  })

  test('is in any two majorities that contradict each other', () => {
    const people = [alice, phone, laptop]
    const majorities = fc.subarray(people, { minLength: 2 })
    fc.assert(
      fc.property(majorities, majorities, (left, right) => {
        const found = equivocationsIn(state, by(left), by(right, other))
        expect(found.map(({ signingKey }) => signingKey)).toEqual(
          by(left)
            .votes.filter(({ voter }) => right.some((one) => equal(of(one), voter)))
            .map(({ voter }) => people.find((one) => equal(of(one), voter))!.credential.signingKey),
        )
        return found.length > 0 && found.every((one) => holds(encodeEquivocation(one)))
      }),
      { numRuns: 10 },
    )
    expect(equivocationsIn(state, by(people), by(people))).toEqual([])
  })

  test('a proof that was damaged proves nothing', () => {
    fc.assert(
      fc.property(damaged(encodeEquivocation(proof)), (octets) => !holds(octets)),
      { numRuns: 200 },
    )
  })
})

test('an attestation survives the wire, and damaged is refused or another one', () => {
  const attestation = by([alice, phone, laptop])
  const octets = encodeAttestation(attestation)
  expect(must(decodeAttestation(octets))).toEqual(attestation)
  fc.assert(
    fc.property(damaged(octets), (bad) => {
      const decoded = decodeAttestation(bad)
      return !decoded.ok || (equal(encodeAttestation(decoded.value), bad) && verdict(decoded.value) !== 'ok')
    }),
    { numRuns: 200 },
  )
  expect(decodeAttestation(new Uint8Array(10 ** 6))).toMatchObject({ fault: { code: 'formatTooLong' } })
})
