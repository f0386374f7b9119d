/**
 * An authenticator and its browser in software, for tests: it signs what a passkey signs, also where it should not.
 * @module
 */
import { p256 } from '@noble/curves/nist.js'
import { type Bytes, concat, toBase64url, utf8 } from '../../bytes/bytes.ts'
import { type CredentialMember, rootChallenge, sha256 } from '../crypto.ts'

export interface Passkey {
  readonly secret: Bytes
  readonly member: CredentialMember
}

/** A passkey made from one octet. */
export function passkey(octet: number): Passkey {
  const { secretKey, publicKey } = p256.keygen(new Uint8Array(48).fill(octet))
  return {
    secret: Uint8Array.from(secretKey),
    member: {
      credentialId: new Uint8Array(16).fill(octet),
      publicKey: Uint8Array.from(publicKey),
      synced: true,
    },
  }
}

export const host = 'tree.example'
export const origin = `https://${host}`
export const userPresent = 0x01
export const userVerified = 0x04

/** What can be another than it should in an answer. */
export interface AnswerChange {
  /** Members of the client data. */
  readonly client?: Readonly<Record<string, unknown>>
  /** In the place of the client data. */
  readonly clientText?: string
  readonly flags?: number
  readonly rpId?: string
  /** Behind the counter. */
  readonly tail?: Uint8Array
}

/** What authenticator and browser answer where `body` is to be signed for the purpose `domain`. */
export function answerOf({ secret, member }: Passkey, domain: string, body: Uint8Array, change: AnswerChange = {}) {
  const client = {
    type: 'webauthn.get',
    challenge: toBase64url(rootChallenge(domain, body)),
    origin,
    crossOrigin: false,
    ...change.client,
  }
  const clientDataJson = utf8(change.clientText ?? JSON.stringify(client))
  const authenticatorData = concat(
    sha256(utf8(change.rpId ?? host)),
    Uint8Array.of(change.flags ?? userPresent | userVerified, 0, 0, 0, 7),
    change.tail ?? new Uint8Array(0),
  )
  const message = concat(authenticatorData, sha256(clientDataJson))
  const compact = p256.sign(message, secret, { lowS: false })
  const signature = p256.Signature.fromBytes(compact, 'compact').toBytes('der')
  return { credentialId: member.credentialId, authenticatorData, clientDataJson, signature }
}
