/**
 * A link into another tree for the core's tests, as a node would make it.
 * @module
 */
import { type Bytes } from '../../bytes/bytes.ts'
import { ed25519Message, principalOf, signEd25519 } from '../../crypto/crypto.ts'
import type { IdPath } from '../../path/path.ts'
import { linkThere } from '../link.ts'
import {
  type Rendezvous,
  type RendezvousBody,
  rendezvousBody,
  rendezvousDomain,
  rendezvousLifeMs,
} from '../rendezvous.ts'
import { alice, aliceCap, treeId } from './forest.ts'

export const meetingMs = 500_000
export const relay = {
  url: 'wss://relay.example/relay',
  peerId: '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf',
}
export const alicePlace = { principal: principalOf(alice.credential), transportId: alice.transportId }

/** Where the tree is met, at `meetingMs`. */
export function rendezvous(change: Partial<RendezvousBody> = {}, author = alice): Rendezvous {
  const fields = {
    treeId,
    sequence: meetingMs,
    expiresAtMs: meetingMs + rendezvousLifeMs,
    devices: [alicePlace],
    relays: [relay],
    author: author.credential,
    writecapHash: aliceCap.hash,
    ...change,
  }
  const body = rendezvousBody(fields)
  return { fields, body, signature: signEd25519(author.secret, ed25519Message(rendezvousDomain, body)) }
}

export const linkInto = (path: IdPath, sealedSecret: Bytes = new Uint8Array(72)): Bytes =>
  linkThere({ path, sealedSecret, secretKeyEpoch: 1, keyEpoch: 1, rendezvous: rendezvous() })
