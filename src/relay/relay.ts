/**
 * The relay: where devices find each other, and the path that carries them where no direct one can be had.
 *
 * A circuit relay of libp2p (https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md) behind one path of the site's own
 * port. What it passes on is encrypted between the two ends; it holds no authority and sees sizes and times.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { connect, isIPv4 } from 'node:net'
import { dirname } from 'node:path'
import type { Duplex } from 'node:stream'
import type { ConnectionEncrypter, StreamMessageEvent } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface RelayOptions {
  /** Where its key is kept; made where there is none. Devices know a relay by this key, so it outlives restarts. */
  readonly keyFile: string
  /** Given every octet that is plain to the relay, both ways: to show what it can see. */
  readonly onSeen?: (octets: Uint8Array) => void
}

export interface Relay {
  /** As libp2p writes it. */
  readonly peerId: string
  /** How many devices can be reached through it now. */
  readonly reachableCount: number
  /** Takes over a socket whose client asked for an upgrade. */
  accept(request: IncomingMessage, socket: Duplex, head: Uint8Array): void
  /** Ends all connections too. */
  close(): Promise<void>
}

/** Of all devices together; each holds one socket. */
const socketCountMax = 2048
/** Of all devices in one network, so that nobody shuts the others out. */
const socketsPerNetworkMax = 256
const reservationCountMax = 1024
/** Devices ask again before that, by their own clocks; one that went away without a word loses its place when it answers no more. */
const reservationTtlMs = 7 * 24 * 60 * 60_000
/** One relayed connection may carry a tree of this size, as the fallback of a pair of devices that no direct path joins. */
const dataPerConnectionBytesMax = 1n << 36n
const connectionDurationMsMax = 24 * 60 * 60_000
/** Streams of one device: each relayed connection that it has takes one, identify two for a moment. */
const streamsPerDeviceMax = 256

/** @throws what the system says where the key can not be kept, with its `code` */
export async function startRelay({ keyFile, onSeen }: RelayOptions): Promise<Relay> {
  const secret = await keptSecret(keyFile)
  addWithResolvers()
  // Loaded when a relay is wanted: a server of files alone does without.
  const [{ createLibp2p }, { circuitRelayServer }, { generateKeyPairFromSeed }, { identify }] = await Promise.all([
    import('libp2p'),
    import('@libp2p/circuit-relay-v2'),
    import('@libp2p/crypto/keys'),
    import('@libp2p/identify'),
  ])
  const [{ noise }, { webSockets }, { yamux }] = await Promise.all([
    import('@libp2p/noise'),
    import('@libp2p/websockets'),
    import('@libp2p/yamux'),
  ])
  const libp2p = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', secret),
    // On this computer alone; the site's server hands every socket on. So no device is told this address.
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'], announceFilter: () => [] },
    transports: [webSockets()],
    connectionEncrypters: [onSeen === undefined ? noise() : seenBy(noise(), onSeen)],
    streamMuxers: [yamux({ maxInboundStreams: streamsPerDeviceMax, maxOutboundStreams: streamsPerDeviceMax })],
    connectionManager: {
      maxConnections: socketCountMax,
      // Those who have not said yet who they are: with fewer, a network that connects and says nothing keeps all others out.
      maxIncomingPendingConnections: socketCountMax,
      // Counted by address, and here all have the same one.
      inboundConnectionThreshold: socketCountMax,
      reconnectRetries: 0,
    },
    // It waits to be dialled.
    connectionGater: { denyDialMultiaddr: () => true },
    services: {
      identify: identify(),
      // What only the transports know: the port that the system chose.
      listening: ({ transportManager }: { readonly transportManager: { getAddrs(): Multiaddr[] } }) => ({
        port: () =>
          Number(
            transportManager
              .getAddrs()[0]!
              .getComponents()
              .find(({ name }) => name === 'tcp')!.value,
          ),
      }),
      relay: circuitRelayServer({
        maxInboundHopStreams: streamsPerDeviceMax,
        maxOutboundStopStreams: streamsPerDeviceMax,
        reservations: {
          maxReservations: reservationCountMax,
          reservationTtl: reservationTtlMs,
          defaultDataLimit: dataPerConnectionBytesMax,
          defaultDurationLimit: connectionDurationMsMax,
        },
      }),
    },
  })
  const port = libp2p.services.listening.port()
  // A place lasts as long as its connection: without one it is of no use to anybody. libp2p's own timers outlive places and each
  // refresh: they would take its place from a device that is there, and end what is relayed to it.
  const { reservations } = libp2p.services.relay
  const put = reservations.set.bind(reservations)
  reservations.set = (peer, place) => {
    place.signal.clear()
    return put(peer, { ...place, signal: endless() })
  }
  libp2p.addEventListener('peer:disconnect', ({ detail }) => void reservations.delete(detail))
  const sockets = new Set<Duplex>()
  const perNetwork = new Map<string, number>()
  const socketsIn = (network: string): number => perNetwork.get(network) ?? 0
  const count = (network: string, by: 1 | -1): void => {
    perNetwork.set(network, socketsIn(network) + by)
    if (socketsIn(network) === 0) perNetwork.delete(network)
  }
  return {
    peerId: libp2p.peerId.toString(),
    get reachableCount() {
      return reservations.size
    },
    accept(request, socket, head) {
      socket.on('error', () => socket.destroy())
      if (request.headers.upgrade?.toLowerCase() !== 'websocket') return refuse(socket, '426 Upgrade Required')
      const network = networkOf(request.socket.remoteAddress ?? '')
      const isCrowded = network !== null && socketsIn(network) >= socketsPerNetworkMax
      if (sockets.size >= socketCountMax || isCrowded) return refuse(socket, '503 Service Unavailable')
      sockets.add(socket)
      if (network !== null) count(network, 1)
      const inner = connect(port, '127.0.0.1')
      inner.write(upgradeRequest(request))
      inner.write(head)
      inner.pipe(socket)
      socket.pipe(inner)
      socket.once('close', () => {
        sockets.delete(socket)
        if (network !== null) count(network, -1)
        inner.destroy()
      })
      inner.once('error', () => inner.destroy()).once('close', () => socket.destroy())
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await libp2p.stop()
    },
  }
}

/** Of a place that no timer ends. */
const endless = () => Object.assign(new AbortController().signal, { reset() {}, clear() {} })

type MakeEncrypter<Components> = (components: Components) => ConnectionEncrypter

/** The same encryption; what it opens and what it is to close is shown. */
const seenBy =
  <Components>(make: MakeEncrypter<Components>, onSeen: (octets: Uint8Array) => void): MakeEncrypter<Components> =>
  (components) => {
    const encrypter = make(components)
    const secureInbound = encrypter.secureInbound.bind(encrypter)
    return Object.assign(encrypter, {
      async secureInbound(...args: Parameters<ConnectionEncrypter['secureInbound']>) {
        const secured = await secureInbound(...args)
        const { connection } = secured
        const send = connection.send.bind(connection)
        // A listener would set going what waits until its real one is there.
        const dispatch = connection.dispatchEvent.bind(connection)
        connection.send = (data) => {
          onSeen(data.subarray())
          return send(data)
        }
        connection.dispatchEvent = (event: Event) => {
          if (event.type === 'message') onSeen((event as StreamMessageEvent).data.subarray())
          return dispatch(event)
        }
        return secured
      },
    })
  }

/** An IPv4 address, or the 56 bits of an IPv6 address that one house has; null within one's own networks, where a proxy may stand for everybody. */
export function networkOf(address: string): string | null {
  const v4 = address.replace(/^::ffff:(?=[\d.]+$)/, '')
  if (isIPv4(v4)) return /^(127|10|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(v4) ? null : v4
  const [head = '', tail] = address.replace(/%.*$/, '').split('::')
  const [first, last] = [head, tail ?? ''].map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(Math.max(0, 8 - first!.length - last!.length)).fill('0')
  const groups = tail === undefined ? first! : [...first!, ...zeros, ...last!]
  const digits = groups.map((group) => group.padStart(4, '0')).join('')
  return address === '::1' || /^f[cd]|^fe80:/.test(address) ? null : digits.slice(0, 56 / 4)
}

const refuse = (socket: Duplex, status: string): void =>
  void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())

/** The same request for libp2p's own server; of its headers only what opens a WebSocket (RFC 6455 §4.1). */
function upgradeRequest({ headers }: IncomingMessage): string {
  const opening = Object.entries(headers).filter(([name]) => name.startsWith('sec-websocket-'))
  const lines = [['Host', 'relay'], ['Upgrade', 'websocket'], ['Connection', 'Upgrade'], ...opening]
  return `GET / HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

const secretSizeBytes = 32

async function keptSecret(keyFile: string): Promise<Uint8Array> {
  await mkdir(dirname(keyFile), { recursive: true })
  // Only if there is none; of two that start at once the first one's counts.
  await writeFile(keyFile, randomBytes(secretSizeBytes), { flag: 'wx', mode: 0o600 }).catch((error: Error) => {
    if (!('code' in error) || error.code !== 'EEXIST') throw error
  })
  const secret = await readFile(keyFile)
  if (secret.length === secretSizeBytes) return Uint8Array.from(secret)
  throw new Error(`"${keyFile}" expected a key of ${secretSizeBytes} octets, got ${secret.length}`)
}

/** libp2p uses it, and Node has it from version 22 on. */
function addWithResolvers(): void {
  const withResolvers = (): unknown => {
    const parts: Record<string, unknown> = {}
    parts['promise'] = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }))
    return parts
  }
  if (!('withResolvers' in Promise)) Object.assign(Promise, { withResolvers })
}
