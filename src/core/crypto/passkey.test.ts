import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, concat, encode, must, toBase64url, toHex, utf8 } from '../bytes/bytes.ts'
import {
  type CredentialSet,
  type RootSignature,
  credentialSetHash,
  credentialSetWire,
  decodeCredentialSet,
  decodeRootSignature,
  recoveryFromEntropy,
  recoverySign,
  rootChallenge,
  rootClaim,
  rootSignatureOf,
  rootSignatureWire,
  sha256,
  treeIdOf,
  unlockCheckOf,
  unlockKeyOf,
  verifyClaim,
} from './crypto.ts'
import { type AnswerChange, answerOf, host, origin, passkey } from './testing/authenticator.ts'
import { damaged, decodeFault } from './testing/damage.ts'

const recovery = recoveryFromEntropy(new Uint8Array(16).fill(1))
const { member: one } = passkey(1)
const set: CredentialSet = {
  sequence: 0,
  members: [one, passkey(2).member],
  rpIdHash: sha256(utf8(host)),
  origins: [origin, `${origin}:8443`],
  rootKemKey: new Uint8Array(32).fill(4),
  recoveryKey: recovery.signingPublicKey,
  nextRecoveryHash: recovery.nextPublicKeyHash,
  previousHash: null,
}
const encodedSet = encode(credentialSetWire, set)
const domain = 'blocktree/1/writecap'
const body = utf8('who may write where')

/** What the second member answers, or another; each part can be another than it should. */
const assertion = ({ seed = 2, ...change }: AnswerChange & { seed?: number } = {}) =>
  answerOf(passkey(seed), domain, body, change)

function verdict(rootSignature: RootSignature, about: Uint8Array = body, purpose = domain): string {
  const claim = rootClaim(set, purpose, about, rootSignature)
  return claim.ok ? String(verifyClaim(claim.value)) : claim.fault.code
}
const signature = must(rootSignatureOf(set, assertion()))

describe('a passkey signs as root', () => {
  test('its answer to the challenge is a signature of the body', () => {
    expect(signature).toMatchObject({ tag: 'passkey', value: { memberIndex: 1 } })
    expect(verdict(signature)).toBe('true')
  })

  test('of this body and for this purpose alone', () => {
    expect(verdict(signature, utf8('something else'))).toBe('passkeyWrongChallenge')
    expect(verdict(signature, body, 'blocktree/1/revocation')).toBe('passkeyWrongChallenge')
  })

  test('whatever half of its range the authenticator draws s from', () => {
    for (let i = 0; i < 12; i++) {
      const answer = must(rootSignatureOf(set, assertion({ client: { noise: i } })))
      expect(verdict(answer)).toBe('true')
    }
  })

  test('members that the browser adds to the client data do not matter', () => {
    const grease = { other_keys_can_be_added_here: 'do not compare clientDataJSON against a template' }
    expect(verdict(must(rootSignatureOf(set, assertion({ client: grease }))))).toBe('true')
  })

  test('extensions that the flags announce are part of what was signed', () => {
    const answer = assertion({ flags: 0x85, tail: Uint8Array.of(0xa0) })
    expect(verdict(must(rootSignatureOf(set, answer)))).toBe('true')
  })

  test.each([
    ['made at registration', { client: { type: 'webauthn.create' } }, 'passkeyMalformed'],
    ['another challenge', { client: { challenge: toBase64url(new Uint8Array(32)) } }, 'passkeyWrongChallenge'],
    [
      'the challenge with padding',
      { client: { challenge: `${toBase64url(rootChallenge(domain, body))}=` } },
      'passkeyWrongChallenge',
    ],
    ['another origin', { client: { origin: 'https://tree.example.evil' } }, 'passkeyWrongOrigin'],
    ['another port', { client: { origin: 'https://tree.example:1' } }, 'passkeyWrongOrigin'],
    ['no origin', { client: { origin: undefined } }, 'passkeyWrongOrigin'],
    ['an origin in a list', { client: { origin: ['https://tree.example'] } }, 'passkeyWrongOrigin'],
    ['inside another site', { client: { crossOrigin: true } }, 'passkeyCrossOrigin'],
    ['crossOrigin as text', { client: { crossOrigin: 'false' } }, 'passkeyCrossOrigin'],
    ['crossOrigin null', { client: { crossOrigin: null } }, 'passkeyCrossOrigin'],
    ['under another site', { client: { topOrigin: 'https://other.example' } }, 'passkeyCrossOrigin'],
    ['no user', { flags: 0x04 }, 'passkeyNotVerified'],
    ['user not verified', { flags: 0x01 }, 'passkeyNotVerified'],
    ['another host', { rpId: 'other.example' }, 'passkeyWrongHost'],
    ['a new credential inside', { flags: 0x45 }, 'passkeyMalformed'],
    ['octets that no flag announces', { tail: Uint8Array.of(0) }, 'passkeyMalformed'],
    ['a flag without octets', { flags: 0x85 }, 'passkeyMalformed'],
    ['no JSON', { clientText: '{' }, 'passkeyMalformed'],
    ['a JSON list', { clientText: '[]' }, 'passkeyMalformed'],
    ['JSON null', { clientText: 'null' }, 'passkeyMalformed'],
  ] as const)('%s is refused, though the signature is good', (_, changes, code) => {
    expect(verdict(must(rootSignatureOf(set, assertion(changes))))).toBe(code)
  })

  test('a passkey that is no member is refused', () => {
    expect(rootSignatureOf(set, assertion({ seed: 9 }))).toMatchObject({ ok: false, fault: { code: 'passkeyUnknown' } })
    const stranger = assertion({ seed: 9 })
    const disguised = must(rootSignatureOf(set, { ...stranger, credentialId: set.members[1]!.credentialId }))
    expect(verdict(disguised)).toBe('false')
    if (signature.tag !== 'passkey') throw new Error('unreachable')
    expect(verdict({ tag: 'passkey', value: { ...signature.value, memberIndex: 2 } })).toBe('passkeyUnknown')
    expect(verdict({ tag: 'passkey', value: { ...signature.value, memberIndex: 0 } })).toBe('false')
  })

  test('client data over 1024 octets is refused', () => {
    expect(rootSignatureOf(set, assertion({ client: { padding: 'x'.repeat(1024) } }))).toMatchObject({ ok: false })
  })

  test('authenticator data cut short is refused', () => {
    if (signature.tag !== 'passkey') throw new Error('unreachable')
    const { authenticatorData } = signature.value
    for (let sizeBytes = 0; sizeBytes < 37; sizeBytes++) {
      const value = { ...signature.value, authenticatorData: authenticatorData.slice(0, sizeBytes) }
      expect(verdict({ tag: 'passkey', value })).toBe('passkeyMalformed')
    }
  })
})

describe('the recovery key signs as root', () => {
  const answer: RootSignature = {
    tag: 'recovery',
    value: { signature: recoverySign(recovery.signingSecret, domain, body) },
  }
  test('for this body and purpose alone', () => {
    expect(verdict(answer)).toBe('true')
    expect(verdict(answer, utf8('something else'))).toBe('false')
    expect(verdict(answer, body, 'blocktree/1/revocation')).toBe('false')
  })

  test('and is all there is in a set without passkeys', () => {
    const bare: CredentialSet = { ...set, members: [], rpIdHash: null, origins: [] }
    expect(must(decodeCredentialSet(encode(credentialSetWire, bare)))).toEqual(bare)
    expect(must(rootClaim(bare, domain, body, answer)).publicKey).toEqual(recovery.signingPublicKey)
    expect(rootClaim(bare, domain, body, signature)).toMatchObject({ ok: false, fault: { code: 'passkeyUnknown' } })
  })
})

describe('root signature as octets', () => {
  const octets = encode(rootSignatureWire, signature)
  test('comes back', () => expect(must(decodeRootSignature(octets))).toEqual(signature))

  test('damaged it is refused or no longer verifies', () => {
    fc.assert(
      fc.property(damaged(octets), (bad) => {
        const decoded = decodeRootSignature(bad)
        if (decoded.ok) expect(verdict(decoded.value)).not.toBe('true')
        else expect(decoded.fault.code).toMatch(decodeFault)
      }),
    )
  })
})

describe('credential set', () => {
  test('comes back, with a golden hash that is the tree’s id', () => {
    expect(must(decodeCredentialSet(encodedSet))).toEqual(set)
    expect(treeIdOf(set)).toEqual(credentialSetHash(set))
    expect(toHex(treeIdOf(set))).toBe('3e04016b9af217eaa4dbbad6a8d24565d08550e6583c71960eb53be7cedf0a6c')
  })

  test('damaged octets are refused, or are another tree', () => {
    fc.assert(
      fc.property(damaged(encodedSet), (octets) => {
        const decoded = decodeCredentialSet(octets)
        if (decoded.ok) expect(credentialSetHash(decoded.value)).not.toEqual(credentialSetHash(set))
        else expect(decoded.fault.code).toMatch(decodeFault)
      }),
    )
  })

  test('a tree is named by its first set only', () => {
    const second: CredentialSet = { ...set, sequence: 1, previousHash: credentialSetHash(set) }
    expect(must(decodeCredentialSet(encode(credentialSetWire, second)))).toEqual(second)
    expect(() => treeIdOf(second)).toThrow(RangeError)
  })

  const contradictions: [string, Partial<CredentialSet>][] = [
    ['members without a host', { rpIdHash: null }],
    ['members without an origin', { origins: [] }],
    ['a host without members', { members: [], origins: [] }],
    ['origins without members', { members: [], rpIdHash: null }],
    ['one passkey twice', { members: [one, one] }],
    ['one origin twice', { origins: ['https://tree.example', 'https://tree.example'] }],
    ['a passkey without id', { members: [{ ...one, credentialId: new Uint8Array(0) }] }],
    ['a first set with a predecessor', { previousHash: new Uint8Array(32) }],
    ['a later set without one', { sequence: 1 }],
  ]
  test.each(contradictions)('%s is never made', (_, change) => {
    expect(() => encode(credentialSetWire, { ...set, ...change })).toThrow(RangeError)
  })

  test('a set that names no Ed25519 or P-256 key is refused', () => {
    const identity = concat(Uint8Array.of(1), new Uint8Array(31))
    expect(decodeCredentialSet(encode(credentialSetWire, { ...set, recoveryKey: identity }))).toMatchObject({
      ok: false,
    })
    const offCurve: Bytes = concat(Uint8Array.of(5), new Uint8Array(32))
    const members = [{ ...one, publicKey: offCurve }]
    expect(decodeCredentialSet(encode(credentialSetWire, { ...set, members }))).toMatchObject({ ok: false })
  })
})

test('what unlocks and what checks it have nothing in common', () => {
  const prf = new Uint8Array(32).fill(6)
  expect(unlockKeyOf(prf)).not.toEqual(unlockCheckOf(prf))
  expect(unlockKeyOf(prf)).not.toEqual(unlockKeyOf(new Uint8Array(32)))
})
