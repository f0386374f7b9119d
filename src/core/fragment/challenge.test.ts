import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, ok, refused, utf8 } from '../bytes/bytes.ts'
import { digest } from '../crypto/crypto.ts'
import { decodeFault } from '../crypto/testing/damage.ts'
import { plainDigestMany, rootOfLevels } from '../merkle/merkle.ts'
import {
  type Challenge,
  type ChallengeAnswer,
  type ProvedLeaf,
  answerBy,
  answerChallenge,
  decodeAnswer,
  decodeChallenge,
  detectionProbability,
  encodeAnswer,
  encodeChallenge,
  fragmentTree,
  interactiveLeafCount,
  leafSizeBytes,
  provedLeafOf,
  publicLeafCount,
  verifyAnswer,
  verifyInTime,
} from './fragment.ts'

const hashOf = (name: string): Bytes => digest('blocktree/1/test', utf8(name))
const leafCount = 100
const octets = Uint8Array.from({ length: leafCount * leafSizeBytes }, (_, at) => Math.imul(at, 2_654_435_761) >>> 24)
const levels = fragmentTree(octets, plainDigestMany)
const root = rootOfLevels(levels)
const read = (index: number): ProvedLeaf => provedLeafOf(octets, levels, index)

const asked = (form: Challenge['form'], nonce: string, changes: Partial<Challenge> = {}): Challenge => ({
  form,
  nonce: hashOf(nonce),
  storer: hashOf('bob'),
  root,
  sizeBytes: octets.length,
  leafCount: form === 'public' ? publicLeafCount : interactiveLeafCount,
  ...changes,
})
const failed = { ok: false, fault: { code: 'challengeFailed' } }

describe.each(['interactive', 'public'] as const)('the %s form', (form) => {
  test('is passed by who has the fragment', () => {
    fc.assert(
      fc.property(fc.string(), (nonce) => {
        const challenge = asked(form, nonce)
        expect(verifyAnswer(challenge, answerBy(challenge, read))).toEqual(ok)
      }),
      { numRuns: 20 },
    )
  })

  test('is bound to nonce, storer and fragment', () => {
    const answer = answerBy(asked(form, 'now'), read)
    for (const other of [
      asked(form, 'another time'),
      asked(form, 'now', { storer: hashOf('carol') }),
      asked(form, 'now', { root: hashOf('another fragment') }),
      asked(form === 'public' ? 'interactive' : 'public', 'now', { leafCount: answer.leaves.length }),
    ])
      expect(verifyAnswer(other, answer)).toMatchObject(failed)
  })

  test('fails on a leaf that was changed, left out, or taken from elsewhere', () => {
    const challenge = asked(form, 'now')
    const { leaves } = answerBy(challenge, read)
    const withFirst = (first: ProvedLeaf): ChallengeAnswer => ({ leaves: [first, ...leaves.slice(1)] })
    const changed = leaves[0]!.content.slice()
    changed[0]! ^= 1
    for (const answer of [
      { leaves: leaves.slice(1) },
      { leaves: [...leaves, leaves[0]!] },
      withFirst({ ...leaves[0]!, content: changed }),
      withFirst({ ...leaves[0]!, content: changed.subarray(1) }),
      withFirst({ ...leaves[0]!, proof: leaves[0]!.proof.slice(1) }),
      withFirst(leaves[1]!),
    ])
      expect(verifyAnswer(challenge, answer)).toMatchObject(failed)
  })

  // "walks the path from this leaf back to the root … and updates a hash value using the data in each node": whoever keeps just
  // the nodes passes that. Here the leaf itself is in the answer.
  test('is failed by a storer that keeps only the hashes, 3 % of the space', () => {
    // All nodes above follow from the hashes of the leaves.
    expect(levels[0]!.length / octets.length).toBeCloseTo(0.03, 2)
    const guess = (index: number): ProvedLeaf => ({ ...read(index), content: new Uint8Array(leafSizeBytes) })
    for (let trial = 0; trial < 200; trial++) {
      const challenge = asked(form, `trial ${trial}`)
      expect(verifyAnswer(challenge, answerBy(challenge, guess))).toMatchObject(failed)
    }
  })

  test('survives the wire', () => {
    const challenge = asked(form, 'now')
    const answer = answerBy(challenge, read)
    expect(decodeChallenge(encodeChallenge(challenge))).toEqual({ ok: true, value: challenge })
    expect(decodeAnswer(encodeAnswer(answer))).toEqual({ ok: true, value: answer })
  })
})

test('an answer that anyone can verify takes about 5 KB', () => {
  const size = encodeAnswer(answerBy(asked('public', 'now'), read)).length
  expect(size).toBeGreaterThan(4096)
  expect(size).toBeLessThan(6000)
})

test('who lost a share is caught as often as stated, in 10,000 trials', () => {
  for (const { lostShare, leaves } of [
    { lostShare: 0.1, leaves: 4 },
    { lostShare: 0.1, leaves: 30 },
    { lostShare: 0.02, leaves: 30 },
  ]) {
    const lost = (index: number): boolean => index < lostShare * leafCount
    let caughtCount = 0
    for (let trial = 0; trial < 10_000; trial++) {
      const challenge = asked('public', `trial ${trial}`, { leafCount: leaves })
      const asking = answerChallenge(challenge)
      // The leaves do not matter here, only which are asked; verifying is tested above.
      let step = asking.next()
      let isCaught = false
      while (!step.done) {
        isCaught ||= lost(step.value)
        step = asking.next(nothing)
      }
      if (isCaught) caughtCount += 1
    }
    const expected = detectionProbability(lostShare, leaves)
    const deviation = Math.sqrt((expected * (1 - expected)) / 10_000)
    expect(Math.abs(caughtCount / 10_000 - expected)).toBeLessThan(4 * deviation)
  }
})
const nothing: ProvedLeaf = { content: new Uint8Array(leafSizeBytes), proof: [] }

test('outsourcing a sequential challenge of 30 steps costs 30 round trips', () => {
  // The helper answers any set of questions in one round; who has nothing can only ask what he knows that he is asked.
  const rounds = (challenge: Challenge): number => {
    const fetched = new Map<number, ProvedLeaf>()
    for (let count = 0; ; count++) {
      const asking = answerChallenge(challenge)
      const wanted = new Set<number>()
      let step = asking.next()
      // In the public form every question is known at once: he may go on with any leaf in place of one that he lacks.
      while (!step.done) {
        const known = fetched.get(step.value)
        if (known === undefined) wanted.add(step.value)
        if (known === undefined && challenge.form === 'interactive') break
        step = asking.next(known ?? nothing)
      }
      if (wanted.size === 0) return count
      for (const index of wanted) fetched.set(index, read(index))
    }
  }
  const distinctCount = (challenge: Challenge): number => {
    const indices = new Set<number>()
    answerBy(challenge, (index) => {
      indices.add(index)
      return read(index)
    })
    return indices.size
  }
  // A leaf that is asked twice has been fetched already, so a nonce is looked for that asks for none twice.
  let trial = 0
  while (distinctCount(asked('interactive', `trial ${trial}`)) < 30) trial += 1
  expect(rounds(asked('interactive', `trial ${trial}`))).toBe(30)
  expect(rounds(asked('public', 'now'))).toBe(1)
})

test('an answer that comes too late, or before the question, does not count', () => {
  const challenge = asked('interactive', 'now')
  const answer = answerBy(challenge, read)
  expect(verifyInTime(challenge, answer, 1000, 1500, 500)).toEqual(ok)
  for (const answeredAtMs of [1501, 999])
    expect(verifyInTime(challenge, answer, 1000, answeredAtMs, 500)).toMatchObject({
      ok: false,
      fault: { code: 'challengeLate' },
    })
})

test('any octets as challenge or answer are refused, or are one', () => {
  const code = new RegExp(`${decodeFault.source}|^challengeInvalid$`)
  const good = [encodeChallenge(asked('public', 'now')), encodeAnswer(answerBy(asked('public', 'now'), read))]
  const damaged = fc.tuple(fc.constantFrom(...good), fc.nat(), fc.nat(255), fc.nat(3)).map(([from, at, value, cut]) => {
    const copied = from.slice(0, from.length - cut)
    copied[at % copied.length] = value
    return copied
  })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), (given) => {
      for (const decoded of [decodeChallenge(given), decodeAnswer(given)])
        if (!decoded.ok) expect(decoded.fault.code).toMatch(code)
      const answer = decodeAnswer(given)
      if (answer.ok) {
        const verdict = verifyAnswer(asked('public', 'now'), answer.value)
        if (!verdict.ok) expect(verdict).toMatchObject(refused('challengeFailed', expect.any(String) as never))
      }
    }),
    { numRuns: 1000 },
  )
  expect(decodeAnswer(new Uint8Array(10 ** 6))).toMatchObject({ ok: false, fault: { code: 'formatTooLong' } })
})
