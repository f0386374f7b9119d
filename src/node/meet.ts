/**
 * Meeting a peer: the hello over a new connection, before anything else is received from it.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Fault,
  type Refused,
  type Result,
  accepted,
  refused,
} from '../core/bytes/bytes.ts'
import {
  type Farewell,
  type HelloPath,
  type Introduction,
  decodeFarewell,
  decodeOffer,
  decodeProof,
  encodeFarewell,
  encodeOffer,
  encodeProof,
  helloForged,
  helloMessage,
  helloNonceSizeBytes,
  newOffer,
} from '../core/message/message.ts'
import type { Connection, TransportId } from '../port/net.ts'
import type { Awaitable, Platform } from '../port/platform.ts'

/** Of the whole hello; two round trips over the slowest path take a tenth of it. */
const helloTimeoutMs = 10_000

/** What is said, instead of who one is, to a device that was put out of the tree. */
export interface Farewells {
  /** null for who never was a device of it. */
  to(peer: Introduction): Awaitable<Farewell | null>
  /** Said to this device. Whether it holds is still to be checked. */
  onHeard(farewell: Farewell): void
}

const noFarewells: Farewells = { to: () => null, onHeard() {} }

/**
 * Both sides call it once, first of all. The one that dialled speaks first, so that it may also ask for something else.
 * @param own who this device is to the peer
 * @param heard of the peer's frames the first, where it was received already
 * @param farewells for one who is welcome no more, or where this side is
 * @param isKnown whether one who has proved himself is welcome. It is asked before this side, where it was dialled, tells who it
 *   is
 * @returns who the peer is; the connection is closed where that is refused
 */
export async function meet(
  platform: Pick<Platform, 'clock' | 'random' | 'crypto' | 'keys'>,
  connection: Connection,
  ownTransport: TransportId,
  own: Introduction,
  isKnown: (peer: Introduction) => Awaitable<Check>,
  heard: Bytes | null = null,
  farewells: Farewells = noFarewells,
): Promise<Result<Introduction>> {
  const stopWaiting = platform.clock.after(helloTimeoutMs, () => connection.close(late.fault))
  const met = await hello(platform, connection, ownTransport, own, isKnown, heard, farewells)
  stopWaiting()
  if (!met.ok) connection.close(met.fault)
  return met
}

/** What a peer that dialled wants first; null where it said nothing in time, and the connection is closed. */
export async function firstFrame({ clock }: Pick<Platform, 'clock'>, connection: Connection): Promise<Bytes | null> {
  const stopWaiting = clock.after(helloTimeoutMs, () => connection.close(late.fault))
  const frame = await connection.receive('control')
  stopWaiting()
  return frame
}

const late = refused('helloLate', 'The other device did not say who it is in time, so the connection was closed.')

async function hello(
  { random, crypto, keys }: Pick<Platform, 'random' | 'crypto' | 'keys'>,
  connection: Connection,
  ownTransport: TransportId,
  own: Introduction,
  isKnown: (peer: Introduction) => Awaitable<Check>,
  heard: Bytes | null,
  farewells: Farewells,
): Promise<Result<Introduction>> {
  const path = pathOf(connection, ownTransport)
  const ownOffer = newOffer(random.bytes(helloNonceSizeBytes))
  if (connection.isDialler) connection.send('control', encodeOffer(ownOffer))
  const offered = heard === null ? await nextFrame(connection) : accepted(heard)
  const peerOffer = offered.ok ? decodeOffer(offered.value) : offered
  if (!peerOffer.ok) return peerOffer
  if (!connection.isDialler) connection.send('control', encodeOffer(ownOffer))

  const prove = async (): Promise<void> => {
    const { sign } = await keys.node()
    const signature = await sign(helloMessage(path, ownOffer, peerOffer.value, own))
    connection.send('control', encodeProof(own, signature))
  }
  if (connection.isDialler) await prove()
  const proved = await nextFrame(connection)
  const proof = proved.ok ? decodeProof(proved.value, path, ownOffer, peerOffer.value) : proved
  if (!proof.ok) {
    const farewell = proved.ok && connection.isDialler ? decodeFarewell(proved.value) : proof
    if (farewell.ok) farewells.onHeard(farewell.value)
    return proof
  }
  const { claim, peer } = proof.value
  const [isProved] = await crypto.verify([claim])
  if (!isProved) return helloForged
  const known = await isKnown(peer)
  if (!known.ok) {
    const farewell = connection.isDialler ? null : await farewells.to(peer)
    if (farewell !== null) connection.send('control', encodeFarewell(farewell))
    await connection.drained('control')
    return known
  }
  if (!connection.isDialler) await prove()
  return accepted(peer)
}

const pathOf = ({ isDialler, peer, binding }: Connection, ownTransport: TransportId): HelloPath => ({
  isDialler,
  ownTransport,
  peerTransport: peer,
  fingerprints: binding.kind === 'direct' ? { own: binding.ownFingerprint, peer: binding.peerFingerprint } : null,
})

async function nextFrame(connection: Connection): Promise<Result<Bytes>> {
  const frame = await connection.receive('control')
  return frame ? accepted(frame) : because(await connection.closed)
}

const because = (fault: Fault): Refused => ({ ok: false, fault })
