/**
 * Random chains beside a naive model of the paper's rules, by verdict and by code. The model knows chains as texts and numbers and
 * shares nothing with what it judges, which gets their octets.
 */
import { encode as cborEncode } from 'cborg'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bytes, utf8 } from '../bytes/bytes.ts'
import { sha256, verifyClaim } from '../crypto/crypto.ts'
import type { AnswerChange } from '../crypto/testing/authenticator.ts'
import type { IdPath } from '../path/path.ts'
import { person } from '../tree/testing/forest.ts'
import { type Writecap, type WritecapSignature, rights, writecapDomain, writecapWire } from './cap.ts'
import { bodyOf, id, judge, ownersTree, signatureOf } from './testing/chains.ts'

// --- what both are told ----------------------------------------------------------------------------------------------------

/** One grant in words: `place` is `tree/3/1/…`, `by` a person's number or one of the root's keys. */
interface Told {
  readonly place: string
  readonly to: number
  readonly may: string
  readonly untilMs: number
  readonly by: number | 'passkey' | 'recovery'
  /** What is wrong with its signature. */
  readonly flaw: '' | 'signature' | 'challenge' | 'verification' | 'origin'
}
interface Question {
  readonly chain: readonly Told[]
  readonly place: string
  readonly nowMs: number
  readonly act: string
}

// --- the model ---------------------------------------------------------------------------------------------------------------

/** Paper §2, "A writecap is valid…", with the limits and rights of the specification. */
function model({ chain, place, nowMs, act }: Question): string {
  if (chain.length < 1 || chain.length > 8) return 'chainLength'
  for (const { by, flaw } of chain) {
    if (by !== 'passkey') continue
    if (flaw === 'verification') return 'passkeyNotVerified'
    if (flaw === 'challenge') return 'passkeyWrongChallenge'
    if (flaw === 'origin') return 'passkeyWrongOrigin'
  }
  if (chain.some(({ flaw }) => flaw !== '')) return 'signatureInvalid'
  const holders = [chain[0]!.to]
  for (let link = 1; link < chain.length; link++) {
    const [lower, upper] = [chain[link - 1]!, chain[link]!]
    if (lower.by !== upper.to) return 'issuerNotHolder'
    if (holders.includes(upper.to)) return 'holderRepeated'
    if (!upper.may.includes('grant')) return 'grantMissing'
    if (lower.untilMs > upper.untilMs) return 'expiryWidened'
    holders.push(upper.to)
  }
  for (const link of chain) if (!`${place}/`.startsWith(`${link.place}/`)) return 'pathOutsideScope'
  for (const { untilMs } of chain) if (untilMs <= nowMs) return 'writecapExpired'
  if (typeof chain.at(-1)!.by === 'number' || !`${place}/`.startsWith('tree/')) return 'issuerNotOwner'
  return chain.every(({ may }) => may.includes(act)) ? 'ok' : 'rightMissing'
}

// --- the same as octets --------------------------------------------------------------------------------------------------------

const people = Array.from({ length: 12 }, (_, at) => person(200 + at))
function pathOf(place: string): IdPath {
  const [tree = '', ...components] = place.split('/')
  return {
    treeId: tree === 'tree' ? ownersTree : sha256(utf8(tree)),
    ids: components.map((component) => id(Number(component))),
  }
}
const bitsOf = (may: string): number =>
  may.split(' ').reduce((bits, right) => bits | (rights[right as keyof typeof rights] ?? 0), 0)
const answerChanges: Readonly<Record<string, AnswerChange>> = {
  challenge: { client: { challenge: 'another' } },
  verification: { flags: 0x01 },
  origin: { client: { origin: 'https://evil.example' } },
}

const noSignature = new Uint8Array(64)

function signatureTold({ by, flaw }: Told, body: Bytes, isSigned: boolean): WritecapSignature {
  const signer = typeof by === 'number' ? people[by]! : by
  if (by === 'passkey') {
    const signed = signatureOf(signer, body, writecapDomain, answerChanges[flaw])
    if (flaw !== 'signature' || signed.tag !== 'root') return signed
    const { tag, value } = signed.value
    return { tag: 'root', value: { tag, value: { ...value, signature: value.signature.toReversed() } } as never }
  }
  if (isSigned) return signatureOf(signer, body, flaw === '' ? writecapDomain : 'blocktree/1/device')
  return by === 'recovery'
    ? { tag: 'root', value: { tag: 'recovery', value: { signature: noSignature } } }
    : { tag: 'node', value: noSignature }
}

/** @param isSigned in earnest; else a signature is good that has no flaw */
function judged({ chain, place, nowMs, act }: Question, isSigned: boolean): string {
  const links = chain.map((told): Pick<Writecap, 'body' | 'signature'> => {
    const terms = { scope: pathOf(told.place), rights: bitsOf(told.may), expiresAtMs: told.untilMs }
    const body = bodyOf(typeof told.by === 'number' ? people[told.by]! : told.by, people[told.to]!, terms)
    return { body, signature: signatureTold(told, body, isSigned) }
  })
  const octets = cborEncode(links.map((link) => writecapWire.pack(link as Writecap)))
  let at = 0
  const verify = isSigned ? verifyClaim : () => chain[at++]!.flaw === ''
  return judge(octets, { path: pathOf(place), nowMs, right: bitsOf(act) }, verify)
}

// --- chance --------------------------------------------------------------------------------------------------------------------

const allowed = Object.keys(rights)
const nowMs = 1_800_000_000_000

const valid: fc.Arbitrary<Question> = fc.integer({ min: 1, max: 8 }).chain((length) =>
  fc
    .record({
      holders: fc.shuffledSubarray([...people.keys()].slice(0, 10), { minLength: length, maxLength: length }),
      components: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 6 }),
      depths: fc.array(fc.nat(6), { minLength: length, maxLength: length }),
      moreMs: fc.array(fc.nat(2), { minLength: length, maxLength: length }),
      mays: fc.array(fc.subarray(allowed), { minLength: length, maxLength: length }),
      root: fc.constantFrom('passkey' as const, 'recovery' as const),
      act: fc.constantFrom(...allowed),
    })
    .map(({ holders, components, depths, moreMs, mays, root, act }) => ({
      chain: holders.map((to, at) => ({
        place: ['tree', ...components.slice(0, depths[at])].join('/'),
        to,
        may: [...mays[at]!, act, ...(at > 0 ? ['grant'] : [])].join(' '),
        untilMs: moreMs.slice(0, at + 1).reduce((sum, ms) => sum + ms, nowMs + 1),
        by: holders[at + 1] ?? root,
        flaw: '' as const,
      })),
      place: ['tree', ...components].join('/'),
      nowMs,
      act,
    })),
)

type Defect = (question: Question, at: number) => Question
const inLink =
  (change: (link: Told) => Partial<Told>): Defect =>
  (question, at) => {
    const link = question.chain[at]!
    return { ...question, chain: question.chain.with(at, { ...link, ...change(link) }) }
  }
const inRoot =
  (change: (link: Told) => Partial<Told>): Defect =>
  (question) =>
    inLink(change)(question, question.chain.length - 1)
const ofLinks =
  (change: (chain: readonly Told[], at: number) => readonly Told[]): Defect =>
  (question, at) => ({ ...question, chain: change(question.chain, at) })
const without = (may: string, right: string): string =>
  may
    .split(' ')
    .filter((other) => other !== right)
    .join(' ')
const flawOfPasskey = (flaw: Told['flaw']) => inRoot(({ by }) => ({ flaw: by === 'passkey' ? flaw : 'signature' }))
const stranger = 11

const defects: Readonly<Record<string, Defect>> = {
  none: (question) => question,
  'a bad signature': inLink(() => ({ flaw: 'signature' })),
  'a passkey that signed something else': flawOfPasskey('challenge'),
  'a passkey that did not verify its user': flawOfPasskey('verification'),
  'a passkey elsewhere': flawOfPasskey('origin'),
  'a link left out': ofLinks((chain, at) => chain.toSpliced(at, 1)),
  'two links in each other’s place': ofLinks((chain, at) =>
    at + 1 < chain.length ? chain.toSpliced(at, 2, chain[at + 1]!, chain[at]!) : chain,
  ),
  'a link twice': ofLinks((chain, at) => chain.toSpliced(at, 0, chain[at]!)),
  'a foreign link': ofLinks((chain, at) => chain.toSpliced(at, 0, { ...chain[at]!, to: stranger, by: stranger })),
  'a link to oneself': ofLinks((chain, at) => chain.toSpliced(at, 0, { ...chain[at]!, by: chain[at]!.to })),
  'too many links': ofLinks((chain) => [...chain, ...chain, ...Array.from({ length: 8 }, () => chain[0]!)]),
  'another holder': inLink(() => ({ to: stranger })),
  'another issuer': inLink(() => ({ by: stranger })),
  'the root in the middle': inLink(() => ({ by: 'recovery' })),
  'a node in the place of the root': inRoot(() => ({ by: stranger })),
  'a circle': ({ chain, ...question }, at) => {
    const upper = chain[at + 1]
    const circled =
      upper && chain.with(at, { ...chain[at]!, by: chain[0]!.to }).with(at + 1, { ...upper, to: chain[0]!.to })
    return { ...question, chain: circled ?? chain }
  },
  'none that may grant': inLink(({ may }) => ({ may: without(may, 'grant') })),
  'another right': (question, at) => inLink(({ may }) => ({ may: without(may, question.act) }))(question, at),
  'more time': inLink(({ untilMs }) => ({ untilMs: untilMs + 100 })),
  'no time': inLink(() => ({ untilMs: nowMs })),
  'too late': (question) => ({ ...question, nowMs: question.chain[0]!.untilMs }),
  'a sibling': inLink(({ place }) => ({ place: `${place}1` })),
  'a place within': inLink(({ place }) => ({ place: `${place}/1/1/1/1/1/1/1` })),
  'another tree': inLink(({ place }) => ({ place: place.replace('tree', 'other') })),
  'a block further down': (question) => ({
    ...question,
    place: question.place.split('/').slice(0, -1).join('/') || 'tree',
  }),
  'a block beside': (question) => ({ ...question, place: `${question.place}1` }),
}

/** With one defect, or with two, of which the rule that comes first is to be reported. */
const names = fc.constantFrom(...Object.keys(defects))
const questions: fc.Arbitrary<Question> = fc
  .tuple(valid, names, fc.oneof(fc.constant('none'), names), fc.nat(), fc.nat())
  .map(([question, first, second, ...places]) =>
    [first, second].reduce((changed, defect, index) => {
      const { length } = changed.chain
      return length === 0 ? changed : defects[defect]!(changed, places[index]! % length)
    }, question),
  )

test('the verdict is the model’s, on thousands of chains', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(questions, (question) => {
      const expected = model(question)
      seen.add(expected)
      expect(judged(question, false)).toBe(expected)
    }),
    { numRuns: 4000 },
  )
  // None of the model's answers stays untried.
  expect([...seen].toSorted()).toEqual(answers)
})
const answers = [
  ...['chainLength', 'expiryWidened', 'grantMissing', 'holderRepeated', 'issuerNotHolder', 'issuerNotOwner', 'ok'],
  ...['passkeyNotVerified', 'passkeyWrongChallenge', 'passkeyWrongOrigin', 'pathOutsideScope', 'rightMissing'],
  ...['signatureInvalid', 'writecapExpired'],
]

test('and where every signature is real', () => {
  fc.assert(
    fc.property(questions, (question) => {
      expect(judged(question, true)).toBe(model(question))
    }),
    { numRuns: 150 },
  )
})
