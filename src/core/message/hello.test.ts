import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, concat, encode, equal, must, record, toHex, u53, bytesOf } from '../bytes/bytes.ts'
import { ed25519PublicKey, signEd25519, verifyClaim, x25519PublicKey } from '../crypto/crypto.ts'
import { damaged } from '../crypto/testing/damage.ts'
import { noRevocation } from '../tree/tree.ts'
import {
  type HelloOffer,
  type HelloPath,
  type Introduction,
  decodeOffer,
  decodeProof,
  encodeOffer,
  encodeProof,
  helloMessage,
  newOffer,
} from './message.ts'

const octetsOf = (octet: number, sizeBytes = 32): Bytes => new Uint8Array(sizeBytes).fill(octet)

interface Side {
  readonly path: HelloPath
  readonly offer: HelloOffer
  readonly own: Introduction
  readonly secret: Bytes
}
const side = (isDialler: boolean): Side => {
  const [own, peer] = isDialler ? [1, 2] : [2, 1]
  const secret = octetsOf(10 + own)
  const credential = {
    suite: 1 as const,
    signingKey: ed25519PublicKey(secret),
    kemKey: x25519PublicKey(octetsOf(20 + own)),
  }
  return {
    path: {
      isDialler,
      ownTransport: octetsOf(30 + own),
      peerTransport: octetsOf(30 + peer),
      fingerprints: { own: octetsOf(40 + own), peer: octetsOf(40 + peer) },
    },
    offer: newOffer(octetsOf(50 + own)),
    own: { treeId: octetsOf(60), credential, buildId: '0.1.0', revocationHead: noRevocation },
    secret,
  }
}
const [phone, laptop] = [side(true), side(false)]

const prove = ({ path, offer, own, secret }: Side, peerOffer: HelloOffer): Bytes =>
  encodeProof(own, signEd25519(secret, helloMessage(path, offer, peerOffer, own)))
/** Whether `to` takes the proof for one of this connection. */
const believes = (to: Side, proof: Bytes, peerOffer: HelloOffer): boolean => {
  const decoded = decodeProof(proof, to.path, to.offer, peerOffer)
  return decoded.ok && verifyClaim(decoded.value.claim)
}

test('golden', () => {
  expect(toHex(encodeOffer(phone.offer))).toBe(
    '846a68656c6c6f4f66666572010158203333333333333333333333333333333333333333333333333333333333333333',
  )
  expect(toHex(helloMessage(phone.path, phone.offer, laptop.offer, phone.own))).toMatchInlineSnapshot(
    `"11626c6f636b747265652f312f68656c6c6f8c6568656c6c6f01f558201f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f58202020202020202020202020202020202020202020202020202020202020202020825820292929292929292929292929292929292929292929292929292929292929292958202a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a846a68656c6c6f4f66666572010158203333333333333333333333333333333333333333333333333333333333333333846a68656c6c6f4f6666657201015820343434343434343434343434343434343434343434343434343434343434343458203c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c856a63726564656e7469616c0101582066be7e332c7a453332bd9d0a7f7db055f5c5ef1a06ada66d98b39fb6810c473a5820bce059bf5b2ab7a91f3e863acf0c84d3ebbe04ca8490094b052b5b15afab174365302e312e30820058200000000000000000000000000000000000000000000000000000000000000000"`,
  )
  expect(toHex(prove(phone, laptop.offer))).toMatchInlineSnapshot(
    `"876a68656c6c6f50726f6f660158203c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c856a63726564656e7469616c0101582066be7e332c7a453332bd9d0a7f7db055f5c5ef1a06ada66d98b39fb6810c473a5820bce059bf5b2ab7a91f3e863acf0c84d3ebbe04ca8490094b052b5b15afab174365302e312e30820058200000000000000000000000000000000000000000000000000000000000000000584075c7072bb029caf8d02dd87292ea67736af0033336acef5a931b8e6252e3c7f965e0234b9266a2db5826390231b08318aa9943327938c9a49d7c35133e5b9c06"`,
  )
})

test('each side believes the other, and learns who it is', () => {
  for (const [from, to] of [
    [phone, laptop],
    [laptop, phone],
  ] as const) {
    const proof = prove(from, to.offer)
    expect(believes(to, proof, from.offer)).toBe(true)
    expect(must(decodeProof(proof, to.path, to.offer, from.offer)).peer).toEqual(from.own)
    expect(must(decodeOffer(encodeOffer(from.offer)))).toEqual(from.offer)
  }
})

describe('a proof is not believed', () => {
  const proof = prove(phone, laptop.offer)
  const other = octetsOf(99)
  const changed = (path: Partial<HelloPath>): Side => ({ ...laptop, path: { ...laptop.path, ...path } })
  const own = laptop.path.fingerprints!.own
  const peer = laptop.path.fingerprints!.peer
  test.each([
    { name: 'over another certificate of the peer', to: changed({ fingerprints: { own, peer: other } }) },
    { name: 'over another certificate of this side', to: changed({ fingerprints: { own: other, peer } }) },
    { name: 'over a relayed path', to: changed({ fingerprints: null }) },
    { name: 'from another transport', to: changed({ peerTransport: other }) },
    { name: 'to another transport', to: changed({ ownTransport: other }) },
    { name: 'of the same role', to: changed({ isDialler: true }) },
    { name: 'of an earlier connection', to: { ...laptop, offer: newOffer(other) } },
  ])('$name', ({ to }) => expect(believes(to, proof, phone.offer)).toBe(false))

  test('with another nonce of its own', () => expect(believes(laptop, proof, newOffer(other))).toBe(false))

  test('that is sent back to its author', () => {
    const mirrored: Side = {
      ...phone,
      path: { ...phone.path, peerTransport: phone.path.ownTransport, fingerprints: { own: other, peer: other } },
    }
    expect(believes(mirrored, prove(mirrored, phone.offer), phone.offer)).toBe(false)
  })

  test.each(['treeId', 'buildId', 'revocationHead', 'credential'] as const)('with another %s', (field) => {
    const values = {
      treeId: other,
      buildId: '0.2.0',
      revocationHead: { sequence: 1, hash: other },
      credential: { ...phone.own.credential, kemKey: other },
    }
    const signature = proof.slice(-64)
    const said = encodeProof({ ...phone.own, [field]: values[field] }, signature)
    expect(believes(laptop, said, phone.offer)).toBe(false)
  })

  test('cut, extended or flipped', () => {
    fc.assert(
      fc.property(damaged(proof), (octets) => !believes(laptop, octets, phone.offer)),
      { numRuns: 300 },
    )
  })
})

test('an offer that is cut, extended or flipped is refused, or says another nonce', () => {
  const offer = encodeOffer(phone.offer)
  fc.assert(
    fc.property(damaged(offer), (octets) => {
      const decoded = decodeOffer(octets)
      return !decoded.ok || (octets.length === offer.length && !equal(decoded.value.nonce, phone.offer.nonce))
    }),
  )
})

test.each([
  { version: 0, code: 'helloTooOld' },
  { version: 2, code: 'helloTooNew' },
])('a device of wire version $version is told what to do', ({ version, code }) => {
  const offerWire = record('helloOffer', 1, { wireVersion: u53, nonce: bytesOf(32) })
  const decoded = decodeOffer(encode(offerWire, { wireVersion: version, nonce: octetsOf(1) }))
  expect(decoded.ok ? null : [decoded.fault.code, decoded.fault.remote !== undefined]).toEqual([code, true])
})

test('what is longer than any hello is not read', () => {
  const long = concat(encodeOffer(phone.offer), new Uint8Array(2000))
  for (const decoded of [decodeOffer(long), decodeProof(long, laptop.path, laptop.offer, phone.offer)])
    expect(decoded.ok ? null : decoded.fault.code).toBe('formatTooLong')
})
