/**
 * The network by libp2p: signalling and fallback through relays, and WebRTC between the devices. Loaded when it is needed, and
 * only after the stand-in for `RTCPeerConnection` is in place.
 * @module
 */
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPairFromSeed, publicKeyFromRaw } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Connection as Path, PeerId, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { type Bytes, type Fault, accepted, copy, refused } from '../../core/bytes/bytes.ts'
import type { Binding, Connection, Lane, Net, NetOptions, RelayAddress, TransportId } from '../../port/net.ts'
import { type OpenConnection, openConnection } from './connection.ts'
import { isNear, near, nearAddress } from './near.ts'
import type { Abuse, RtcShim, ShimConnection } from './shim.ts'

const protocols: Readonly<Record<Lane, string>> = { control: '/blocktree/1/control', bulk: '/blocktree/1/bulk' }
/** One each of a connection; more are let in to be seen. Also where a path is relayed: that is what it is for. */
const laneOptions = { maxInboundStreams: 8, maxOutboundStreams: 1, runOnLimitedConnection: true }

const connectionCountMax = 64
/** A pair of devices that can reach each other directly does so in a fraction of this. */
const directDialTimeoutMs = 5000
const relayedDialTimeoutMs = 5000
const relayTimeoutMs = 5000
/** One that failed at once may have met the peer's own dial, or a channel that closed too soon. */
const directDialCount = 2
/** Between the two lanes of a peer that dials. */
const pairingTimeoutMs = 10_000
const sweepPeriodMs = 1000
/** So long after its time a sweep tells that this thread has slept; a busy one is late by far less. */
const sleptMs = 3000
/** Of a path without lanes: it carried the signalling of another one, or its peer says nothing. */
const idleMsMax = 20_000
const streamCountMax = 32
const relayRetryMsMin = 1000
const relayRetryMsMax = 30_000

/** @param secret Ed25519, 32 octets */
export async function joinNetwork(shim: RtcShim, secret: Bytes, options: NetOptions): Promise<Net> {
  const { admits, onConnection, onDropped, onReachable, relays, stun } = options
  const privateKey = await generateKeyPairFromSeed('Ed25519', secret)
  const libp2p = await createLibp2p({
    privateKey,
    addresses: { listen: [] },
    transports: [
      webSockets(),
      near(() => shim.isCut),
      circuitRelayTransport({ reservationCompletionTimeout: relayTimeoutMs }),
      webRTC({
        // libp2p would ask four servers of strangers.
        rtcConfiguration: { iceServers: stun.length > 0 ? [{ urls: [...stun] }] : [] },
        // A message is not interrupted by another channel's, so a large one would keep a heartbeat waiting.
        dataChannel: { maxMessageSize: 64 * 1024, maxBufferedAmount: 1024 * 1024 },
      }),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxInboundStreams: 4 * streamCountMax, maxOutboundStreams: 4 * streamCountMax })],
    connectionManager: {
      maxConnections: connectionCountMax,
      inboundStreamProtocolNegotiationTimeout: 5000,
      // Who is dialled again, and when, is for the node to say.
      reconnectRetries: 0,
    },
    // A relay may be this computer, and a page of plain http has plain sockets. Nobody else chooses what is dialled.
    connectionGater: {
      denyDialMultiaddr: () => false,
      denyInboundRelayedConnection: (_relay, dialler) => {
        const peer = transportIdOf(dialler)
        return peer === null || !admits(peer)
      },
    },
    services: {
      identify: identify(),
      listening: (components: { readonly transportManager: { listen(addresses: Multiaddr[]): Promise<void> } }) => ({
        at: (address: Multiaddr) => components.transportManager.listen([address]),
      }),
    },
  })
  const relayIds = new Set(relays.map(({ peerId }) => peerId))
  /** By the path that carries them: both sides may have dialled, and then meet twice on one. */
  const connections = new Map<Path, readonly OpenConnection[]>()
  const connectionsOn = (path: Path): readonly OpenConnection[] => connections.get(path) ?? []
  /** Said goodbye on; there is nothing more to be had of them. */
  const leaving = new Set<Path>()
  /** The lanes that peers opened. */
  const halves = new Map<Path, { readonly sinceMs: number; readonly streams: Partial<Record<Lane, Stream>> }>()
  let isOver = false

  const join = (path: Path, streams: Readonly<Record<Lane, Stream>>, isDialler: boolean): OpenConnection | null => {
    const peer = transportIdOf(path.remotePeer)
    const binding = bindingOf(shim, path, streams)
    if (!peer || !binding) {
      path.abort(new Error('unbound'))
      return null
    }
    const connection = openConnection({
      path,
      streams,
      peer,
      isDialler,
      binding,
      onTaken: (stream) => shim.taken(channelOf(stream)),
      onHello: () => shim.widen(channelOf(streams.control)),
      onDropped: (fault) => onDropped(peer, fault),
    })
    connections.set(path, [...connectionsOn(path), connection])
    void connection.closed.then(async () => {
      leaving.add(path)
      await ended(path)
      connections.delete(path)
      leaving.delete(path)
    })
    return connection
  }

  const accept = (lane: Lane, stream: Stream, path: Path): void => {
    const half = halves.get(path) ?? { sinceMs: performance.now(), streams: {} }
    // A lane is opened once in the life of a path.
    if (half.streams[lane]) return drop(path, tooManyStreams)
    half.streams[lane] = stream
    halves.set(path, half)
    const { control, bulk } = half.streams
    const connection = control && bulk ? join(path, { control, bulk }, false) : null
    if (connection) onConnection(connection)
  }
  for (const [lane, protocol] of Object.entries(protocols))
    await libp2p.handle(protocol, (stream, path) => accept(lane as Lane, stream, path), laneOptions)
  libp2p.addEventListener('connection:close', ({ detail }) => halves.delete(detail))

  const drop = (path: Path, fault: Fault): void => {
    const [first] = connectionsOn(path)
    if (first) return first.drop(fault)
    path.abort(new Error(fault.code))
    const peer = transportIdOf(path.remotePeer)
    if (peer) onDropped(peer, fault)
  }
  shim.onAbuse = (abused: ShimConnection, abuse: Abuse) => {
    const path = libp2p
      .getConnections()
      .find(({ streams }) => streams.some((stream) => shim.connectionOf(channelOf(stream)) === abused))
    if (path) drop(path, abuse === 'unreadable' ? unreadable : tooManyStreams)
  }
  shim.onMended = () => onReachable([...reachableAt])
  let sweptAtMs = Date.now()
  const hasSlept = (): boolean => {
    // The one clock that goes on while a device sleeps; where it is set instead, some connections are made anew.
    const passedMs = Date.now() - sweptAtMs
    sweptAtMs += passedMs
    return passedMs > sweepPeriodMs + sleptMs
  }
  const sweep = (): void => {
    const nowMs = performance.now()
    // Whatever was open may be dead without anybody having been told, and silence would tell only after seconds more.
    if (hasSlept())
      for (const path of libp2p.getConnections()) {
        for (const connection of connectionsOn(path)) connection.close(slept)
        if (!connections.has(path)) path.abort(new Error(slept.code))
      }
    for (const path of libp2p.getConnections()) {
      if (relayIds.has(path.remotePeer.toString())) continue
      if (path.streams.length > streamCountMax) drop(path, tooManyStreams)
      if (connections.has(path)) continue
      const half = halves.get(path)
      if (half && nowMs - half.sinceMs > pairingTimeoutMs) drop(path, halfOpen)
      else if (!half && Date.now() - path.timeline.open > idleMsMax) void path.close().catch(() => {})
    }
  }
  const sweeping = setInterval(sweep, sweepPeriodMs)

  // Relays: a place at each is kept, so that others can dial this device there.
  const reachableAt = new Set<RelayAddress>()
  const toRelay = async (relay: RelayAddress): Promise<Path> => {
    relayIds.add(relay.peerId)
    shim.routeSocket(relay.url)
    return libp2p.dial(multiaddr(addressOf(relay)), { signal: AbortSignal.timeout(relayTimeoutMs) })
  }
  const keepReachable = async (relay: RelayAddress): Promise<void> => {
    for (let delayMs = relayRetryMsMin; !isOver; delayMs = Math.min(2 * delayMs, relayRetryMsMax)) {
      try {
        const path = await toRelay(relay)
        await libp2p.services.listening.at(multiaddr(`${addressOf(relay)}/p2p-circuit`))
        reachableAt.add(relay)
        onReachable([...reachableAt])
        delayMs = relayRetryMsMin
        await ended(path)
      } catch {
        // Not there, or full: both are tried again.
      }
      if (isOver) return
      if (reachableAt.delete(relay)) onReachable([...reachableAt])
      await pause(delayMs * (1 + Math.random()))
    }
  }
  for (const relay of relays) void keepReachable(relay)

  const lanesOn = async (path: Path): Promise<Connection> => {
    // The other side was faster; its connection was told of, and nobody is given one twice.
    if (connections.has(path)) throw new Error('connected')
    const signal = AbortSignal.timeout(relayedDialTimeoutMs)
    const openLane = (lane: Lane): Promise<Stream> => path.newStream(protocols[lane], { ...laneOptions, signal })
    const [control, bulk] = await Promise.all([openLane('control'), openLane('bulk')])
    const connection = join(path, { control, bulk }, true)
    if (!connection) throw new Error('unbound')
    return connection
  }
  const dialDirectly = async (addresses: Multiaddr[]): Promise<Connection | null> => {
    for (let count = 0; count < directDialCount; count++) {
      const signal = AbortSignal.timeout(directDialTimeoutMs)
      try {
        return await lanesOn(await libp2p.dial(addresses, { signal }))
      } catch {
        // What did not come about in all that time will not the next time either.
        if (signal.aborted) break
      }
    }
    return null
  }
  const dialNear = async (id: PeerId): Promise<Connection | null> => {
    if (!(await isNear(id))) return null
    try {
      return await dialDirectly([nearAddress(id)])
    } finally {
      // Of no more use; and one that the other side has lost would be tried first the next time.
      for (const path of libp2p.getConnections(id)) if (isSignalling(path)) void path.close().catch(() => {})
    }
  }
  const dialThrough = async (id: PeerId, via: readonly RelayAddress[]): Promise<Connection | null> => {
    const addresses = via.map((relay) => multiaddr(`${addressOf(relay)}/p2p-circuit/p2p/${id}`))
    const isUsable = (path: Path): boolean => path.status === 'open' && isRelayed(path) && !isSignalling(path)
    try {
      const signal = AbortSignal.timeout(relayedDialTimeoutMs)
      return await lanesOn(libp2p.getConnections(id).find(isUsable) ?? (await libp2p.dial(addresses, { signal })))
    } catch {
      return null
    }
  }

  return {
    transportId: copy(privateKey.publicKey.raw),
    async dial(peer, through) {
      const id = peerIdFromPublicKey(publicKeyFromRaw(peer))
      await Promise.all([...leaving].filter(({ remotePeer }) => remotePeer.equals(id)).map(ended))
      if ([...connections.keys()].some(({ remotePeer }) => remotePeer.equals(id))) return connectedAlready
      const found = await dialNear(id)
      if (found) return accepted(found)
      const tried = await Promise.allSettled(through.map(toRelay))
      const via = through.filter((_, index) => tried[index]!.status === 'fulfilled')
      if (via.length === 0) return relaysAway
      const addresses = via.map((relay) => multiaddr(`${addressOf(relay)}/p2p-circuit/webrtc/p2p/${id}`))
      const connection = (await dialDirectly(addresses)) ?? (await dialThrough(id, via))
      return connection ? accepted(connection) : peerAway
    },
    isBeside: (peer) => isNear(peerIdFromPublicKey(publicKeyFromRaw(peer))),
    async close() {
      isOver = true
      clearInterval(sweeping)
      for (const connection of [...connections.values()].flat()) connection.close()
      await pause(goodbyeMs)
      await libp2p.stop()
    },
  }
}

const goodbyeMs = 200
const pause = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs))
const ended = (path: Path): Promise<void> =>
  new Promise((resolve) => {
    if (path.status !== 'open') resolve()
    path.addEventListener('close', () => resolve())
  })

/** libp2p's own notation, which has no path: see `routeSocket`. */
function addressOf({ url, peerId }: RelayAddress): string {
  const { protocol, hostname, port } = new URL(url)
  const isSecure = protocol === 'wss:'
  const host = hostname.startsWith('[') ? `/ip6/${hostname.slice(1, -1)}` : `/${hostKind(hostname)}/${hostname}`
  return `${host}/tcp/${port || (isSecure ? 443 : 80)}/${isSecure ? 'tls/ws' : 'ws'}/p2p/${peerId}`
}
const hostKind = (hostname: string): string => (/^[\d.]+$/.test(hostname) ? 'ip4' : 'dns')

/** Null for a peer whose key is not of the kind that all of ours have. */
function transportIdOf(peerId: PeerId): TransportId | null {
  return peerId.type === 'Ed25519' ? copy(peerId.publicKey.raw) : null
}

/** libp2p leaves a direct path to its DTLS, and encrypts one through a relay by Noise. */
const isRelayed = ({ encryption }: Path): boolean => encryption === '/noise'

/** Inside this browser only the signalling of a direct path goes another way. */
const isSignalling = ({ remoteAddr }: Path): boolean => remoteAddr.getComponents().length === 1

/** The data channel under a stream of libp2p; it keeps it to itself, and without it no direct connection is bound or used. */
const channelOf = (stream: Stream): unknown => (stream as { readonly channel?: unknown }).channel

/** Null where it can not be said what the path is between. */
function bindingOf(shim: RtcShim, path: Path, streams: Readonly<Record<Lane, Stream>>): Binding | null {
  if (isRelayed(path)) return { kind: 'relayed' }
  const control = shim.connectionOf(channelOf(streams.control))
  if (!control || control !== shim.connectionOf(channelOf(streams.bulk)) || !control.fingerprints) return null
  const { own, peer } = control.fingerprints
  return { kind: 'direct', ownFingerprint: own, peerFingerprint: peer }
}

const relaysAway = refused(
  'relaysAway',
  'No relay answers, and without one the other device cannot be found. Check the network; it is tried again.',
)
const connectedAlready = refused(
  'connectedAlready',
  'This device is connected with that one already. Wait a moment, then try again.',
)
const peerAway = refused('peerAway', 'The other device cannot be reached now. It may be asleep or without network.')
const slept = refused('slept', 'This device was asleep, so its connections are made anew.').fault
const tooManyStreams = refused(
  'tooManyStreams',
  'The other device opened more channels than any program of ours does, so the connection to it was closed.',
).fault
const unreadable = refused(
  'unreadable',
  'The other device sent what cannot be read, so the connection to it was closed.',
).fault
const halfOpen = refused(
  'halfOpen',
  'The other device began a connection and did not complete it, so it was closed.',
).fault
