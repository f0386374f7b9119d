import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, must, toHex } from '../bytes/bytes.ts'
import { ed25519PublicKey, signEd25519, x25519PublicKey } from '../crypto/crypto.ts'
import { damaged } from '../crypto/testing/damage.ts'
import { rendezvous } from '../tree/testing/abroad.ts'
import { alice, aliceCap, device } from '../tree/testing/forest.ts'
import {
  type JoinTranscript,
  commitmentOf,
  decodeInvitation,
  decodeJoinFrame,
  encodeInvitation,
  encodeJoinFrame,
  joinRequestMessage,
  joinSession,
  newInvitation,
  openJoin,
  sealJoin,
  wireVersion,
} from './message.ts'

const octetsOf = (octet: number, sizeBytes = 32): Bytes => new Uint8Array(sizeBytes).fill(octet)

const [inviterSecret, newcomerSecret] = [octetsOf(1), octetsOf(2)]
const relay = { url: 'wss://relay.example/relay', peerId: '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf' }
const invitation = newInvitation(ed25519PublicKey(octetsOf(3)), inviterSecret, octetsOf(4, 16), null)
const transcript: JoinTranscript = {
  newcomerTransport: octetsOf(5),
  inviterTransport: octetsOf(6),
  fingerprints: { newcomer: octetsOf(7), inviter: octetsOf(8) },
  invitation,
  inviterNonce: octetsOf(9),
  newcomerKey: x25519PublicKey(newcomerSecret),
  newcomerNonce: octetsOf(10),
}
const atInviter = (seen: JoinTranscript = transcript) => must(joinSession(inviterSecret, seen.newcomerKey, seen))
const atNewcomer = (seen: JoinTranscript = transcript) => must(joinSession(newcomerSecret, seen.invitation.key, seen))
const card = { treeId: octetsOf(11), ownerName: 'Ada', deviceName: 'Laptop' }

test('golden', async () => {
  const examples = {
    invitation: encodeInvitation(invitation),
    'invitation with a relay': encodeInvitation({ ...invitation, relay }),
    commit: encodeJoinFrame({
      tag: 'commit',
      value: { wireVersion, token: invitation.token, commitment: commitmentOf(octetsOf(12), octetsOf(13)) },
    }),
    end: encodeJoinFrame({ tag: 'end', value: { reason: 'digitsWrong' } }),
    'hash of the transcript': atNewcomer().hash,
    card: sealJoin(atInviter(), 'card', card),
    nonce: encodeJoinFrame({ tag: 'nonce', value: { nonce: octetsOf(9) } }),
    reveal: encodeJoinFrame({ tag: 'reveal', value: { key: octetsOf(12), nonce: octetsOf(13), sealed: octetsOf(14) } }),
    ready: encodeJoinFrame({ tag: 'ready', value: {} }),
    grant: encodeJoinFrame({ tag: 'grant', value: { sealed: octetsOf(14) } }),
    accept: encodeJoinFrame({ tag: 'accept', value: { sealed: octetsOf(14) } }),
    admitted: encodeJoinFrame({ tag: 'admitted', value: { sealed: octetsOf(14) } }),
    'what is sealed in reveal': sealJoin(atNewcomer(), 'reveal', {
      credential: alice.credential,
      deviceName: 'Phone',
      buildId: 'build',
      isLink: false,
      signature: signEd25519(alice.secret, joinRequestMessage(atNewcomer())),
    }),
    'what is sealed in grant': sealJoin(atInviter(), 'grant', {
      writecap: aliceCap,
      nameBlock: octetsOf(15, 16),
      nameKeyEpoch: 1,
      nameKey: octetsOf(16),
      placeName: 'Mail',
    }),
    'what is sealed in accept': sealJoin(atNewcomer(), 'accept', { device: device(alice) }),
    'what is sealed in admitted': sealJoin(atInviter(), 'admitted', {
      generation: 1,
      devices: [{ principal: octetsOf(17), transportId: ed25519PublicKey(octetsOf(18)) }],
      rendezvous: rendezvous(),
    }),
  }
  const text = Object.entries(examples).map(([name, octets]) => `${name}\n${toHex(octets)}\n`)
  const whole = `${text.join('\n')}\ndigits\n${atNewcomer().digits}\n`
  await expect(whole).toMatchFileSnapshot('joining.golden.txt')
})

test('an invitation fits into a code that a phone reads from a screen', () => {
  // Base64url, behind an origin and a route of 60 characters.
  expect(60 + Math.ceil((encodeInvitation({ ...invitation, relay }).length * 4) / 3)).toBeLessThanOrEqual(300)
})

describe('the two sides', () => {
  test('come out at the same where they saw the same, and read what is sealed to them', () => {
    expect(atInviter()).toEqual(atNewcomer())
    expect(atInviter().digits).toMatch(/^[0-9]{4}$/)
    expect(must(openJoin(atNewcomer(), 'card', sealJoin(atInviter(), 'card', card)))).toEqual(card)
  })

  test.each<[string, Partial<JoinTranscript>]>([
    ['the newcomer’s transport', { newcomerTransport: octetsOf(99) }],
    ['the inviter’s transport', { inviterTransport: octetsOf(99) }],
    ['the newcomer’s certificate', { fingerprints: { newcomer: octetsOf(99), inviter: octetsOf(8) } }],
    ['the inviter’s certificate', { fingerprints: { newcomer: octetsOf(7), inviter: octetsOf(99) } }],
    ['a path through the relay', { fingerprints: null }],
    ['the token', { invitation: { ...invitation, token: octetsOf(99, 16) } }],
    ['the inviter’s nonce', { inviterNonce: octetsOf(99) }],
    ['the newcomer’s nonce', { newcomerNonce: octetsOf(99) }],
  ])('differ in everything where they saw differ %s', (_, change) => {
    const [mine, theirs] = [atInviter(), atNewcomer({ ...transcript, ...change })]
    expect(theirs.hash).not.toEqual(mine.hash)
    expect(theirs.keys).not.toEqual(mine.keys)
    expect(openJoin(theirs, 'card', sealJoin(mine, 'card', card))).toMatchObject({ ok: false })
  })

  test('have no use for what was sealed for another purpose, or for the other way', () => {
    const sealed = sealJoin(atInviter(), 'card', card)
    expect(openJoin(atNewcomer(), 'grant', sealed).ok).toBe(false)
    expect(openJoin(atNewcomer(), 'reveal', sealed).ok).toBe(false)
  })

  test('a key of low order is refused', () =>
    expect(joinSession(inviterSecret, new Uint8Array(32), transcript)).toMatchObject({
      ok: false,
      fault: { code: 'joinForged' },
    }))

  test('digits are spread evenly', () => {
    const counts = new Map<string, number>()
    for (let nonce = 0; nonce < 200; nonce++) {
      const first = atInviter({ ...transcript, inviterNonce: octetsOf(nonce) }).digits[0]!
      counts.set(first, (counts.get(first) ?? 0) + 1)
    }
    expect(counts.size).toBe(10)
  })
})

describe('from outside', () => {
  const frames = [
    encodeJoinFrame({ tag: 'commit', value: { wireVersion, token: octetsOf(1, 16), commitment: octetsOf(2) } }),
    encodeJoinFrame({ tag: 'reveal', value: { key: octetsOf(1), nonce: octetsOf(2), sealed: octetsOf(3, 200) } }),
    encodeJoinFrame({ tag: 'asked', value: { state: 'notGiven' } }),
    encodeJoinFrame({ tag: 'end', value: { reason: 'denied' } }),
  ]

  test.each(frames)('a frame is taken in its one form alone', (frame) => {
    expect(decodeJoinFrame(frame).ok).toBe(true)
    fc.assert(
      fc.property(damaged(frame), (octets) => {
        const decoded = decodeJoinFrame(octets)
        if (decoded.ok) expect(encodeJoinFrame(decoded.value)).toEqual(octets)
      }),
    )
  })

  test('an invitation is taken in its one form alone', () => {
    const octets = encodeInvitation({ ...invitation, relay })
    expect(must(decodeInvitation(octets))).toEqual({ ...invitation, relay })
    fc.assert(
      fc.property(damaged(octets), (other) => {
        const decoded = decodeInvitation(other)
        if (decoded.ok) expect(encodeInvitation(decoded.value)).toEqual(other)
        else expect(decoded.fault.code).toBe('invitationDamaged')
      }),
    )
  })

  test('another version is told in words', () => {
    const frame = encodeJoinFrame({
      tag: 'commit',
      value: { wireVersion: wireVersion + 1, token: octetsOf(1, 16), commitment: octetsOf(2) },
    })
    expect(decodeJoinFrame(frame)).toMatchObject({ ok: false, fault: { code: 'joinVersion' } })
  })

  test('a sealed content is refused with any bit changed', () => {
    const sealed = sealJoin(atInviter(), 'card', card)
    for (let at = 0; at < sealed.length; at++) {
      const other = sealed.slice()
      other[at]! ^= 1 << (at % 8)
      expect(openJoin(atNewcomer(), 'card', other).ok).toBe(false)
    }
  })
})
