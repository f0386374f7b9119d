/**
 * Case 30: a valid chain with any single bit changed is refused, at whatever gate, and nothing throws. Chains of three links whose
 * last is signed by a passkey, or by the recovery key.
 */
import { expect, test } from 'vitest'
import { type Bytes, encode } from '../bytes/bytes.ts'
import { type Claim, nameOfClaim, verifyClaim } from '../crypto/crypto.ts'
import { writecapWire } from './cap.ts'
import { alice, carol, grant, grantAll, judge, mallory, octetsOf, toAlice, toBob, toCarol } from './testing/chains.ts'

// Most flips leave two of the three claims as they were; each claim is verified once, in earnest.
const verdicts = new Map<string, boolean>()
function verify(claim: Claim): boolean {
  const name = nameOfClaim(claim)
  const known = verdicts.get(name) ?? verifyClaim(claim)
  verdicts.set(name, known)
  return known
}

/** The codes that the chain has with each of its bits flipped, from an octet on. */
function codesOf(octets: Bytes, from: number): ReadonlySet<string> {
  const codes = new Set<string>()
  for (let bit = 8 * from; bit < 8 * octets.length; bit++) {
    octets[bit >> 3]! ^= 1 << (bit & 7)
    codes.add(judge(octets, {}, verify))
    octets[bit >> 3]! ^= 1 << (bit & 7)
  }
  return codes
}

const formats = ['formatInvalid', 'formatMismatch', 'keyInvalid', 'suiteUnknown', 'versionUnknown']
const answers = ['Malformed', 'NotVerified', 'Unknown', 'WrongChallenge', 'WrongHost', 'WrongOrigin']

test('every bit under a passkey', () => {
  const octets = octetsOf(toCarol, toBob, toAlice)
  expect(judge(octets, {}, verify)).toBe('ok')
  expect([...codesOf(octets, 0)].toSorted()).toEqual(
    [...formats, ...answers.map((code) => `passkey${code}`), 'credentialSetUnknown', 'signatureInvalid'].toSorted(),
  )
})

test('every bit of a link that a passkey signed with others', () => {
  const top = grantAll('passkey', [mallory, alice, carol])[1]!
  const octets = octetsOf(toCarol, toBob, top)
  expect(judge(octets, {}, verify)).toBe('ok')
  expect([...codesOf(octets, octets.length - encode(writecapWire, top).length)].toSorted()).toEqual(
    [
      ...['formatInvalid', 'formatMismatch', 'versionUnknown', 'credentialSetUnknown', 'signatureInvalid'],
      ...answers.map((code) => `passkey${code}`),
    ].toSorted(),
  )
})

// The links below it are octet for octet those of the chain above, whose every bit was flipped.
test('every bit of a link by the recovery key', () => {
  const top = grant('recovery', alice)
  const octets = octetsOf(toCarol, toBob, top)
  expect(judge(octets, {}, verify)).toBe('ok')
  expect([...codesOf(octets, octets.length - encode(writecapWire, top).length)].toSorted()).toEqual(
    ['formatInvalid', 'formatMismatch', 'versionUnknown', 'credentialSetUnknown', 'signatureInvalid'].toSorted(),
  )
})
