/**
 * A peer of bad faith: libp2p as our own devices have it, and on it what none of them would say. It runs in a window, where
 * libp2p has connections of its own.
 * @module
 */
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Connection, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { type Libp2p, createLibp2p } from 'libp2p'
import { concat, fromHex } from '../../src/core/bytes/bytes.ts'
import { ed25519PublicKey, x25519PublicKey } from '../../src/core/crypto/crypto.ts'
import { encodeOffer, encodeProof, helloNonceSizeBytes, newOffer } from '../../src/core/message/message.ts'
import { noRevocation } from '../../src/core/tree/tree.ts'
import type { RelayAddress } from '../../src/port/net.ts'

/** What it does to its peer. */
export type Attack =
  /** A frame of a gigabyte is announced. */
  | 'gigabyte'
  /** Frames as long as only a device may send, from one who has not said who he is. */
  | 'megabyte'
  /** A hello with a signature that does not hold. */
  | 'forgery'
  /** Octets that are no frames. */
  | 'garbage'
  /** Octets that are not even messages of libp2p. */
  | 'noise'
  /** Data without end that nobody has room for. */
  | 'flood'
  /** A frame that comes by one octet now and then. */
  | 'trickle'
  | 'streams'
  /** One lane and no other. */
  | 'half'

const lane = (name: 'control' | 'bulk'): string => `/blocktree/1/${name}`
const options = { maxOutboundStreams: 100_000, runOnLimitedConnection: true }

async function node(): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen: [] },
    transports: [webSockets(), circuitRelayTransport(), webRTC({ rtcConfiguration: { iceServers: [] } })],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxOutboundStreams: 100_000 })],
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify() },
  })
}

const attacks: Readonly<Record<Attack, (path: Connection) => Promise<void>>> = {
  async gigabyte(path) {
    const { control } = await lanes(path)
    control.send(Uint8Array.of(0x40, 0, 0, 0, 0))
  },
  async megabyte(path) {
    const { bulk } = await lanes(path)
    await pour(bulk, 1_000_000, 50)
  },
  async forgery(path) {
    const { control } = await lanes(path)
    const secret = chance(32)
    const credential = { suite: 1, signingKey: ed25519PublicKey(secret), kemKey: x25519PublicKey(secret) } as const
    const own = { treeId: chance(32), credential, buildId: 'test', revocationHead: noRevocation }
    // Told apart from one that can not be a signature at all.
    const signature = concat(ed25519PublicKey(chance(32)), new Uint8Array(32).fill(1))
    for (const said of [encodeOffer(newOffer(chance(helloNonceSizeBytes))), encodeProof(own, signature)])
      control.send(dataFrame(said))
    while (path.status === 'open') await pause(5)
  },
  async garbage(path) {
    const { bulk } = await lanes(path)
    bulk.send(crypto.getRandomValues(new Uint8Array(60_000)).with(0, 255))
  },
  async noise(path) {
    const { bulk } = await lanes(path)
    const { channel } = bulk as unknown as { readonly channel: RTCDataChannel }
    for (let count = 0; count < 400 && channel.readyState === 'open'; count++) {
      channel.send(crypto.getRandomValues(new Uint8Array(60_000)).fill(255, 0, 16))
      while (channel.bufferedAmount > 1_000_000 && channel.readyState === 'open') await pause(5)
    }
  },
  async flood(path) {
    const { bulk } = await lanes(path)
    await pour(bulk, 16_000, 3000)
  },
  async trickle(path) {
    const { control } = await lanes(path)
    control.send(Uint8Array.of(0, 0, 0x10, 0, 0))
    while (control.status === 'open') {
      await pause(2000)
      if (control.status === 'open') control.send(Uint8Array.of(0))
    }
  },
  async streams(path) {
    const opened: Promise<unknown>[] = []
    for (let count = 0; count < 10_000 && path.status === 'open'; count++) {
      opened.push(path.newStream(lane('control'), options).catch(() => {}))
      if (count % 50 === 0) await pause(1)
    }
    await Promise.all(opened)
  },
  async half(path) {
    await path.newStream(lane('control'), options)
  },
}
/** Frames of data, one after the other. */
async function pour(stream: Stream, payloadSizeBytes: number, frameCount: number): Promise<void> {
  const frame = new Uint8Array(5 + payloadSizeBytes)
  new DataView(frame.buffer).setUint32(0, 1 + payloadSizeBytes)
  for (let count = 0; count < frameCount && stream.status === 'open'; count++)
    if (!stream.send(frame)) await stream.onDrain()
}
/** u32be length ‖ u8 kind 0 ‖ body. */
function dataFrame(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(5 + body.length)
  new DataView(frame.buffer).setUint32(0, 1 + body.length)
  frame.set(body, 5)
  return frame
}
const chance = (sizeBytes: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(sizeBytes))
const pause = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs))
const lanes = async (path: Connection): Promise<Record<'control' | 'bulk', Stream>> => ({
  control: await path.newStream(lane('control'), options),
  bulk: await path.newStream(lane('bulk'), options),
})

/** @param isDirect else through the relay */
export async function attack(peer: string, relay: RelayAddress, kind: Attack, isDirect: boolean): Promise<void> {
  await strike(await node(), peer, relay, kind, isDirect)
}

/** One attack after the other, as fast as they are let in. @param onEnd called after each that was */
export async function attackUntil(
  isOver: () => boolean,
  onEnd: () => void,
  ...[peer, relay, kind]: readonly [peer: string, relay: RelayAddress, kind: Attack]
): Promise<void> {
  const libp2p = await node()
  while (!isOver())
    try {
      const path = await strike(libp2p, peer, relay, kind, true)
      for (let waitedMs = 0; path.status === 'open' && waitedMs < endedMsMax; waitedMs += 10) await pause(10)
      path.abort(new Error('over'))
      onEnd()
    } catch {
      // Not let in; at full speed means to ask again.
    }
  await libp2p.stop()
}
/** So long its peer may take to end what it has begun. */
const endedMsMax = 2000

async function strike(
  libp2p: Libp2p,
  peer: string,
  relay: RelayAddress,
  kind: Attack,
  isDirect: boolean,
): Promise<Connection> {
  const id = peerIdFromPublicKey(publicKeyFromRaw(fromHex(peer)!))
  const { hostname, port } = new URL(relay.url)
  const address = `/dns/${hostname}/tcp/${port}/ws/p2p/${relay.peerId}`
  await libp2p.dial(multiaddr(address))
  const path = await libp2p.dial(multiaddr(`${address}/p2p-circuit/${isDirect ? 'webrtc/' : ''}p2p/${id}`))
  // Its peer ends it in the midst, and is asked how.
  await attacks[kind](path).catch(() => {})
  return path
}
