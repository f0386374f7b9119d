/**
 * Signalling inside one browser: two profiles of one site find each other without any relay, for the same WebRTC as elsewhere.
 *
 * A transport of libp2p for the address `/p2p/<id>`, which says who is dialled and not where; so `/webrtc/p2p/<id>` is a direct
 * connection that is arranged here. Who is there is known by a lock, which a browser takes back from a worker that died.
 * @module
 */
import {
  type ComponentLogger,
  type Connection,
  type DialTransportOptions,
  type Listener,
  type PeerId,
  type Transport,
  type Upgrader,
  transportSymbol,
} from '@libp2p/interface'
import { AbstractMultiaddrConnection } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'

interface Components {
  readonly peerId: PeerId
  readonly upgrader: Upgrader
  readonly logger: ComponentLogger
}

/** To all of this site in this browser. */
interface Call {
  readonly from: string
  readonly to: string
  /** Name of the channel on which the two go on. */
  readonly channelName: string
}
type Spoken = { readonly kind: 'open' | 'end' } | { readonly kind: 'octets'; readonly octets: Uint8Array }

const callsChannel = 'near'
/** Held by the one whom others of this browser can dial. */
const presenceLock = (peerId: string): string => `near:${peerId}`
/** So libp2p does not take it for the connection itself; only signalling goes over it. */
const limits = { seconds: 30 }

/** Whether a device has its node in this browser now. */
export async function isNear(peer: PeerId): Promise<boolean> {
  const { held = [] } = await navigator.locks.query()
  return held.some(({ name }) => name === presenceLock(peer.toString()))
}

/** What is dialled to have a direct connection with a device in this browser. */
export const nearAddress = (peer: PeerId): Multiaddr => multiaddr(`/webrtc/p2p/${peer}`)

/** @param isCut whether nothing comes through, and nothing may be told of it */
export const near =
  (isCut: () => boolean) =>
  (components: Components): Transport =>
    new Near(components, isCut)

class Near implements Transport {
  readonly [transportSymbol] = true as const
  readonly [Symbol.toStringTag] = 'near'
  readonly #components: Components
  readonly #isCut: () => boolean
  readonly #stopped = new AbortController()
  #calls: BroadcastChannel | null = null

  constructor(components: Components, isCut: () => boolean) {
    this.#components = components
    this.#isCut = isCut
  }

  start(): void {
    this.#calls = new BroadcastChannel(callsChannel)
    this.#calls.addEventListener('message', ({ data }: MessageEvent<Call>) => void this.#answer(data))
    const isOver = new Promise<void>((resolve) => this.#stopped.signal.addEventListener('abort', () => resolve()))
    const { signal } = this.#stopped
    navigator.locks.request(presenceLock(this.#ownId), { signal }, () => isOver).catch(() => {})
  }
  stop(): void {
    this.#stopped.abort()
    this.#calls?.close()
  }

  async dial(address: Multiaddr, { upgrader, signal }: DialTransportOptions): Promise<Connection> {
    if (this.#isCut()) throw new Error('nobody answered')
    const [{ value: to = '' } = {}] = address.getComponents()
    const channelName = `near:${crypto.randomUUID()}`
    const line = this.#lineTo(to, address, channelName, 'outbound')
    try {
      this.#calls?.postMessage({ from: this.#ownId, to, channelName } satisfies Call)
      await line.opened(signal)
      return await upgrader.upgradeOutbound(line, { limits, signal })
    } catch (error) {
      line.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }
  dialFilter = (addresses: Multiaddr[]): Multiaddr[] =>
    addresses.filter((address) => /^\/p2p\/[^/]+$/.test(address.toString()))
  listenFilter = (): Multiaddr[] => []
  createListener(): Listener {
    throw new Error('"near" listens to no address')
  }

  get #ownId(): string {
    return this.#components.peerId.toString()
  }
  #lineTo(peer: string, address: Multiaddr, channelName: string, direction: 'inbound' | 'outbound'): Line {
    const log = this.#components.logger.forComponent('near')
    const line = new Line({ remoteAddr: address, direction, log }, new BroadcastChannel(channelName), this.#isCut)
    // Who dies says nothing. His lock tells.
    const isOver = new AbortController()
    const { signal } = isOver
    navigator.locks
      .request(presenceLock(peer), { mode: 'shared', signal }, () => line.onTransportClosed())
      .catch(() => {})
    line.addEventListener('close', () => isOver.abort())
    return line
  }
  async #answer({ from, to, channelName }: Call): Promise<void> {
    if (to !== this.#ownId || this.#isCut()) return
    const line = this.#lineTo(from, multiaddr(`/p2p/${from}`), channelName, 'inbound')
    line.open()
    await this.#components.upgrader
      .upgradeInbound(line, { limits, signal: this.#stopped.signal })
      .catch((error: unknown) => line.abort(error instanceof Error ? error : new Error(String(error))))
  }
}

/** Octets between two nodes of one browser. */
class Line extends AbstractMultiaddrConnection {
  readonly #channel: BroadcastChannel
  readonly #isCut: () => boolean
  #onOpen = (): void => {}
  readonly #isOpen = new Promise<void>((resolve) => (this.#onOpen = resolve))

  constructor(
    init: ConstructorParameters<typeof AbstractMultiaddrConnection>[0],
    channel: BroadcastChannel,
    isCut: () => boolean,
  ) {
    super(init)
    this.#channel = channel
    this.#isCut = isCut
    channel.addEventListener('message', ({ data }: MessageEvent<Spoken>) => this.#hear(data))
    this.addEventListener('close', () => channel.close())
  }

  open(): void {
    this.#say({ kind: 'open' })
  }
  /** Resolves when the other side has answered. */
  opened(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(new Error('nobody answered')), { once: true }),
    )
    const closed = new Promise<never>((_, reject) =>
      this.addEventListener('close', () => reject(new Error('the other side is gone')), { once: true }),
    )
    return Promise.race([this.#isOpen, aborted, closed])
  }

  sendData(data: Parameters<AbstractMultiaddrConnection['sendData']>[0]) {
    this.#say({ kind: 'octets', octets: data.subarray() })
    return { sentBytes: data.byteLength, canSendMore: true }
  }
  sendReset(): void {
    this.#say({ kind: 'end' })
  }
  async sendClose(): Promise<void> {
    this.#say({ kind: 'end' })
  }
  sendPause(): void {}
  sendResume(): void {}

  #say(spoken: Spoken): void {
    if (!this.#isCut()) this.#channel.postMessage(spoken)
    else this.#lost()
  }
  #hear(spoken: Spoken): void {
    if (this.#isCut()) this.#lost()
    else if (spoken.kind === 'open') this.#onOpen()
    else if (spoken.kind === 'octets') this.onData(spoken.octets)
    else this.onTransportClosed()
  }
  /** A stream with a gap is of no use to anybody. */
  #lost(): void {
    queueMicrotask(() => this.onTransportClosed())
  }
}
