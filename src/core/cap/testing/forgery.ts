/**
 * Octets of chains with one thing wrong that no encoder would write. Where a body is another, its issuer has signed it as it is.
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { decode as cborDecode, encode as cborEncode } from 'cborg'
import { type Bytes, concat, fromHex, must, toHex } from '../../bytes/bytes.ts'
import { ed25519Message, signEd25519 } from '../../crypto/crypto.ts'
import { type Writecap, type WritecapBody, writecapBody, writecapDomain, writecapOf, writecapWire } from '../cap.ts'
import { type Signer, bob, signatureOf, toAlice, toBob, toCarol } from './chains.ts'

/** What CBOR holds, with whatever no format of ours has. */
export type Item = unknown

/** A link with other fields, signed anew. */
export function reissued(link: Writecap, signer: Signer, change: Partial<WritecapBody>): Writecap {
  const body = writecapBody({ ...link, ...change })
  return must(writecapOf(body, signatureOf(signer, body)))
}

/** The chain of Carol, Bob and Alice as an item. */
export const carolsItem = (): Item[] => [toCarol, toBob, toAlice].map((link) => writecapWire.pack(link))
const withLink = (link: Item): Uint8Array => cborEncode(carolsItem().with(0, link))

/** The chain of Carol with another body of her own link. */
export const withBody = (body: Uint8Array): Uint8Array =>
  withLink([body, ['node', signEd25519(bob.secret, ed25519Message(writecapDomain, body))]])

/** Positions in a body. */
export const at = { kind: 0, version: 1, scope: 2, holder: 3, rights: 4, expiresAtMs: 5, issuer: 6 } as const
export const carolsFields = (): Item[] => cborDecode(toCarol.body) as Item[]
export const withField = (position: number, value: Item): Uint8Array =>
  withBody(cborEncode(carolsFields().with(position, value)))

/** Positions in the credential of an issuer. */
export const inCredential = { suite: 2, signingKey: 3 } as const
export function withIssuer(position: number, value: Item): Uint8Array {
  const [tag, credential] = carolsFields()[at.issuer] as [string, Item[]]
  return withField(at.issuer, [tag, credential.with(position, value)])
}

export const hex = (text: string): Bytes => fromHex(text.replaceAll(' ', ''))!

/** One place of Carol's body written otherwise; `from` stands there once. */
export function rewritten(from: string, into: string): Uint8Array {
  const parts = toHex(toCarol.body).split(from.replaceAll(' ', ''))
  if (parts.length !== 2) throw new Error(`expected ${from} once, found it ${parts.length - 1} times`)
  return withBody(hex(parts.join(into)))
}

/** The chain of Carol with another signature of her own link. */
export const withSignature = (signature: Item, tag = 'node'): Uint8Array => withLink([toCarol.body, [tag, signature]])
export const carolsSignature = (): Bytes => toCarol.signature.value as Bytes

/** The chain of Alice, which a passkey signed, with another one of the four parts of what it answered. */
export const inAnswer = { memberIndex: 0, authenticatorData: 1, clientDataJson: 2, signature: 3 } as const
export function withAnswer(position: number, change: (part: Item) => Item): Uint8Array {
  const [body, [root, [passkey, answer]]] = writecapWire.pack(toAlice) as never as [Item, [Item, [Item, Item[]]]]
  return cborEncode([[body, [root, [passkey, answer.with(position, change(answer[position]))]]]])
}

// --- second forms of a signature -----------------------------------------------------------------------------------------

const groupOrder = ed25519.Point.Fn.ORDER
const littleEndian = (value: bigint): Bytes => hex(value.toString(16).padStart(64, '0')).reverse()
const numberOf = (octets: Uint8Array): bigint => BigInt(`0x${toHex(octets.slice().reverse())}`)

/** S + L: fits the equation as S does. */
export const plusOrder = (signature: Bytes): Bytes =>
  concat(signature.subarray(0, 32), littleEndian(numberOf(signature.subarray(32)) + groupOrder))

/** n - s: fits as s does. */
export function upperHalf(signature: Bytes): Bytes {
  const s = p256.Point.Fn.ORDER - BigInt(`0x${toHex(signature.subarray(32))}`)
  return concat(signature.subarray(0, 32), hex(s.toString(16).padStart(64, '0')))
}

/** Bob's signature of Carol's body with the identity as R, which fits the equation, written as `encodedR`. */
export function signedWithIdentity(encodedR: Bytes): Bytes {
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(bob.secret)
  const k = numberOf(sha512(concat(encodedR, pointBytes, ed25519Message(writecapDomain, toCarol.body)))) % groupOrder
  return concat(encodedR, littleEndian((k * scalar) % groupOrder))
}
export const identity = hex(`01 ${'00'.repeat(31)}`)
/** y = p + 1, which a lenient reader takes for 1. */
export const identityOtherwise = hex(`ee ${'ff'.repeat(30)} 7f`)

/** All points of an order below 16 and their second forms. */
export const smallOrderKeys = [
  `01${'00'.repeat(31)}`,
  `01${'00'.repeat(30)}80`,
  `ee${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  `ec${'ff'.repeat(31)}`,
  '00'.repeat(32),
  `${'00'.repeat(31)}80`,
  `ed${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
]
/** Bob's key and a point of order 8: with the cofactor Bob's signatures fit it. */
export const mixedOrderKey: Bytes = Uint8Array.from(
  ed25519.Point.fromBytes(bob.credential.signingKey).add(ed25519.Point.fromHex(smallOrderKeys[12]!)).toBytes(),
)
