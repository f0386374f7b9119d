import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, toHex } from '../bytes/bytes.ts'
import { verdictOf } from '../bytes/testing/verdict.ts'
import { nameOfClaim, signEd25519, verifyClaim } from '../crypto/crypto.ts'
import { octetsOf } from '../crypto/testing/damage.ts'
import { alice, mallory } from '../tree/testing/forest.ts'
import { type RecordSignature, claimOfSignature, recordGroup, signedTogetherCountMax } from './signature.ts'

const hashOf = (fill: number): Bytes => new Uint8Array(32).fill(fill)
const hashes = (count: number) => Array.from({ length: count }, (_, at) => hashOf(at + 1))
const counts = Array.from({ length: signedTogetherCountMax }, (_, at) => at + 1)

/** What was signed here: nothing else can verify, and thousands of verdicts that say so take seconds. */
const messages = new Set<string>()
// Each claim is verified once, in earnest.
const verdicts = new Map<string, boolean>()

function signed(count: number, author = alice): readonly RecordSignature[] {
  const { message, partsOf } = recordGroup(hashes(count))
  messages.add(toHex(message))
  return partsOf(signEd25519(author.secret, message))
}
function isValid(hash: Bytes, signature: RecordSignature, author = alice): boolean {
  const claim = claimOfSignature(author.credential, hash, signature)
  if (!claim.ok || !messages.has(toHex(claim.value.message))) return false
  const name = nameOfClaim(claim.value)
  const verdict = verdicts.get(name) ?? verifyClaim(claim.value)
  verdicts.set(name, verdict)
  return verdict
}

describe('of records that are signed together', () => {
  test.each(counts)('%i: each stands by itself', (count) => {
    const signatures = signed(count)
    for (const [at, hash] of hashes(count).entries()) expect(isValid(hash, signatures[at]!)).toBe(true)
    const claims = signatures.map((signature, at) => claimOfSignature(alice.credential, hashOf(at + 1), signature))
    expect(new Set(claims.map((claim) => claim.ok && toHex(claim.value.message))).size).toBe(1)
  })

  test.each(counts)('%i: no record stands in the place of another, nor one that was not signed', (count) => {
    const signatures = signed(count)
    for (const [at, hash] of [...hashes(count), hashOf(99)].entries())
      for (const [index, signature] of signatures.entries())
        if (index !== at) expect(isValid(hash, signature)).toBe(false)
  })

  test.each(counts)('%i: neither count nor index nor way can be told otherwise', (count) => {
    const [first] = signed(count)
    const { way } = first!
    for (const other of [0, ...counts, 17, 2 ** 40])
      if (other !== count) expect(isValid(hashOf(1), { ...first!, count: other })).toBe(false)
    for (const other of [1, 2, count - 1, count, 2 ** 40])
      if (other > 0) expect(isValid(hashOf(1), { ...first!, index: other })).toBe(false)
    expect(isValid(hashOf(1), { ...first!, way: [...way, hashOf(1)] })).toBe(false)
    if (way.length > 0) expect(isValid(hashOf(1), { ...first!, way: way.slice(1) })).toBe(false)
  })

  test('a count above sixteen, or one that no way belongs to, is refused before anything is verified', () => {
    const [first] = signed(1)
    const verdict = (change: Partial<RecordSignature>) =>
      verdictOf(claimOfSignature(alice.credential, hashOf(1), { ...first!, ...change }))
    expect(verdict({})).toBe('ok')
    // The last of seventeen is but one step below the root.
    expect(verdict({ count: 17, index: 16, way: [hashOf(2)] })).toBe('signatureInvalid')
    expect(verdict({ count: 2, index: 1, way: [hashOf(2)] })).toBe('ok')
    expect(verdict({ count: 2, index: 2, way: [hashOf(2)] })).toBe('signatureInvalid')
    expect(verdict({ count: 2, index: 1, way: [] })).toBe('signatureInvalid')
  })

  test('no other author, and no other signature', () => {
    const [first] = signed(3)
    expect(isValid(hashOf(1), first!, mallory)).toBe(false)
    expect(isValid(hashOf(1), { ...first!, signature: signed(4)[0]!.signature })).toBe(false)
  })

  test('a node of the tree can not pass as a record', () => {
    const [first, , third, fourth] = signed(4)
    const inner = fourth!.way[1]!
    fc.assert(
      fc.property(octetsOf(32), (neighbour) => {
        expect(isValid(inner, { ...third!, count: 2, index: 0, way: [neighbour] })).toBe(false)
      }),
    )
    expect(isValid(inner, { ...first!, count: 2, index: 0, way: [first!.way[1]!] })).toBe(false)
  })
})

test('none or more than sixteen at once are our mistake', () => {
  expect(() => recordGroup([])).toThrow('expected 1..16, got 0')
  expect(() => recordGroup(hashes(17))).toThrow('expected 1..16, got 17')
})
