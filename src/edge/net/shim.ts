/**
 * `RTCPeerConnection` in the node worker, where browsers have none: a stand-in whose real half lives in the page, while its data
 * channels come over here. libp2p takes it from the global scope and is not changed.
 *
 * It also guards what libp2p leaves open: how many channels a peer may open, how much may pile up that nobody reads, and which
 * certificates a connection is between. And here the cord cuts: channels and sockets that send nothing and hear nothing.
 * @module
 */
import type { Bytes } from '../../core/bytes/bytes.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Call, Cut, FromPage, RtcMessage, ToPage } from './protocol.ts'

/** A peer of ours has two lanes and, for a moment, a few streams of libp2p itself. */
const channelCountMax = 32
/** Within `arrivalPeriodMs`; a channel that is closed at once is work too. */
const arrivalCountMax = 128
const arrivalPeriodMs = 10_000
/** What a channel may bring before somebody has taken it; above the window of a lane and libp2p's own heads. */
const untakenBytesMax = { stranger: 256 * 1024, device: 6 * 1024 * 1024 }

/** How a peer broke the rules of channels. */
export type Abuse = 'tooManyStreams' | 'unreadable'

export interface RtcShim {
  /** The connection that a data channel made here belongs to; null for any other value. */
  connectionOf(channel: unknown): ShimConnection | null
  /** What a channel has brought so far was taken by its reader. */
  taken(channel: unknown): void
  /** Whoever is at the other end of a channel has said who he is: more may pile up. */
  widen(channel: unknown): void
  /** Told before the connection is closed for it. */
  set onAbuse(told: (connection: ShimConnection, abuse: Abuse) => void)
  /** Whether the cord is cut between this device and others that it reaches directly. */
  readonly isCut: boolean
  /** Told when the cord is whole again. */
  set onMended(told: () => void)
  /** Sockets to this host and port go to this very address: those of libp2p have no path. */
  routeSocket(url: string): void
}

/** Resolves with the port to the page. To be called at the top of the worker, since the port comes first of all. */
export const receiveRtc = (): Promise<readonly [RtcMessage, MessagePort]> =>
  new Promise((resolve) => {
    const onMessage = ({ data, ports: [port] }: MessageEvent<RtcMessage>): void => {
      if (data.kind !== 'rtc' || !port) return
      removeEventListener('message', onMessage)
      resolve([data, port])
    }
    addEventListener('message', onMessage)
  })

/** Defines what libp2p looks for. To be called once, before libp2p is loaded: it takes the classes when it is evaluated. */
export function installRtc({ lockName }: RtcMessage, port: MessagePort): RtcShim {
  let onAbuse: RtcShim['onAbuse'] = () => {}
  let onMended = (): void => {}
  const link = new Link(port, {
    abused: (connection, abuse) => onAbuse(connection, abuse),
    mended: () => onMended(),
  })
  void navigator.locks.request(lockName, () => {
    port.postMessage({ kind: 'held' } satisfies ToPage)
    return new Promise<never>(() => {})
  })
  Object.assign(globalThis, {
    RTCPeerConnection: class extends ShimConnection {
      constructor(configuration: RTCConfiguration = {}) {
        super(link, configuration)
      }
    },
    RTCSessionDescription: Plain,
    RTCIceCandidate: Plain,
    WebSocket: class extends GatedSocket {
      constructor(url: string) {
        super(link, link.routes.get(new URL(url).host) ?? url)
      }
    },
  })
  return {
    connectionOf: (channel) => (channel instanceof ShimChannel ? channel.connection : null),
    taken(channel) {
      if (channel instanceof ShimChannel) channel.untakenBytes = 0
    },
    widen(channel) {
      if (channel instanceof ShimChannel) channel.connection.untakenBytesMax = untakenBytesMax.device
    },
    set onAbuse(told: RtcShim['onAbuse']) {
      onAbuse = told
    },
    get isCut() {
      return link.cut.direct
    },
    set onMended(told: () => void) {
      onMended = told
    },
    routeSocket: (url) => void link.routes.set(new URL(url).host, url),
  }
}

/** What the browser's own classes of these names are to libp2p: their members, and a way into JSON. */
class Plain {
  constructor(members: object) {
    Object.assign(this, members)
  }
  toJSON(): object {
    return { ...this }
  }
}

interface Answer {
  readonly resolve: (description: RTCSessionDescriptionInit | null) => void
  readonly reject: (error: Error) => void
}

interface LinkEvents {
  abused(connection: ShimConnection, abuse: Abuse): void
  mended(): void
}

/** The port to the page, and all that hangs on it. */
class Link {
  readonly connections = new Map<number, ShimConnection>()
  readonly sockets = new Set<GatedSocket>()
  /** Host and port → address. */
  readonly routes = new Map<string, string>()
  cut: Cut = { direct: false, relayed: false }
  readonly events: LinkEvents
  private readonly port: MessagePort
  private readonly answers = new Map<number, Answer>()
  private lastId = 0

  constructor(port: MessagePort, events: LinkEvents) {
    this.port = port
    this.events = events
    port.addEventListener('message', ({ data }: MessageEvent<FromPage>) => this.hear(data))
    port.start()
  }
  say(message: ToPage): void {
    this.port.postMessage(message)
  }
  newId(): number {
    return ++this.lastId
  }
  call(connection: number, call: Call): Promise<RTCSessionDescriptionInit | null> {
    const id = this.newId()
    return new Promise((resolve, reject) => {
      this.answers.set(id, { resolve, reject })
      this.say({ kind: 'call', connection, id, call })
    })
  }
  private hear(message: FromPage): void {
    switch (message.kind) {
      case 'cut':
        this.cut = message.cut
        if (!message.cut.direct) for (const connection of this.connections.values()) connection.endIfLost()
        if (!message.cut.relayed) for (const socket of this.sockets) socket.endIfLost()
        if (!message.cut.direct && !message.cut.relayed) this.events.mended()
        this.say({ kind: 'cut', id: message.id })
        return
      case 'answer':
        this.answers.get(message.id)?.resolve(message.description)
        this.answers.delete(message.id)
        return
      case 'failure':
        this.answers.get(message.id)?.reject(new Error(message.message))
        this.answers.delete(message.id)
        return
      case 'state':
        return this.connections.get(message.connection)?.changed(message.state)
      case 'candidate':
        return this.connections.get(message.connection)?.found(message.candidate)
      case 'channel': {
        const connection = this.connections.get(message.connection)
        if (!connection) return message.dataChannel.close()
        return message.channel === null
          ? connection.opened(message.dataChannel)
          : connection.channels.get(message.channel)?.attach(message.dataChannel)
      }
    }
  }
}

/** Calls what was set as `on…` too, as the browser's own objects do. */
class Source extends EventTarget {
  protected tell(type: string, members: object = {}): void {
    const event = Object.assign(new Event(type), members)
    ;(this as unknown as Record<string, ((event: Event) => void) | null | undefined>)[`on${type}`]?.(event)
    this.dispatchEvent(event)
  }
}

export class ShimConnection extends Source {
  connectionState: RTCPeerConnectionState = 'new'
  localDescription: RTCSessionDescriptionInit | null = null
  remoteDescription: RTCSessionDescriptionInit | null = null
  readonly channels = new Map<number, ShimChannel>()
  /** Of each channel. */
  untakenBytesMax = untakenBytesMax.stranger
  private readonly link: Link
  private readonly id: number
  private arrivedCount = 0
  private arrivalsSinceMs = 0
  private hasLost = false

  constructor(link: Link, configuration: RTCConfiguration) {
    super()
    this.link = link
    this.id = link.newId()
    link.connections.set(this.id, this)
    link.say({ kind: 'make', connection: this.id, configuration })
  }
  /** Of both certificates; null where a description does not name just one. */
  get fingerprints(): { readonly own: Bytes; readonly peer: Bytes } | null {
    const own = fingerprintOf(this.localDescription)
    const peer = fingerprintOf(this.remoteDescription)
    return own && peer && { own, peer }
  }
  get isCut(): boolean {
    return this.link.cut.direct
  }

  createDataChannel(label: string, options: RTCDataChannelInit = {}): ShimChannel {
    const id = this.link.newId()
    const channel = new ShimChannel(this, label)
    this.channels.set(id, channel)
    channel.addEventListener('close', () => this.channels.delete(id), { once: true })
    this.link.say({ kind: 'channel', connection: this.id, channel: id, label, options })
    return channel
  }
  async createOffer(): Promise<RTCSessionDescriptionInit | null> {
    return this.link.call(this.id, { method: 'createOffer' })
  }
  async createAnswer(): Promise<RTCSessionDescriptionInit | null> {
    return this.link.call(this.id, { method: 'createAnswer' })
  }
  async setLocalDescription({ type, sdp = '' }: RTCSessionDescriptionInit): Promise<void> {
    const description = { type, sdp }
    this.localDescription = await this.link.call(this.id, { method: 'setLocalDescription', description })
  }
  async setRemoteDescription({ type, sdp = '' }: RTCSessionDescriptionInit): Promise<void> {
    const description = { type, sdp }
    this.remoteDescription = await this.link.call(this.id, { method: 'setRemoteDescription', description })
  }
  async addIceCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    await this.link.call(this.id, { method: 'addIceCandidate', candidate: { ...candidate } })
  }
  close(): void {
    if (this.connectionState === 'closed') return
    this.connectionState = 'closed'
    this.link.connections.delete(this.id)
    this.link.say({ kind: 'close', connection: this.id })
    for (const channel of this.channels.values()) channel.ended()
    this.channels.clear()
  }

  changed(state: RTCPeerConnectionState): void {
    if (this.connectionState === 'closed') return
    this.connectionState = state
    this.tell('connectionstatechange')
  }
  found(candidate: RTCIceCandidateInit | null): void {
    this.tell('icecandidate', { candidate: candidate && new Plain(candidate) })
  }
  opened(dataChannel: RTCDataChannel): void {
    const nowMs = performance.now()
    if (nowMs - this.arrivalsSinceMs > arrivalPeriodMs) {
      this.arrivalsSinceMs = nowMs
      this.arrivedCount = 0
    }
    const id = this.link.newId()
    const channel = new ShimChannel(this, dataChannel.label)
    this.channels.set(id, channel)
    channel.addEventListener('close', () => this.channels.delete(id), { once: true })
    channel.attach(dataChannel)
    if (++this.arrivedCount > arrivalCountMax || this.channels.size > channelCountMax)
      return this.abused('tooManyStreams')
    // Both sides of libp2p's dial close this one; where the dialled side is first, the dialler waits for it in vain until its
    // dial times out (@libp2p/webrtc 6.0.33, initiate-connection). So it is left to the dialler.
    if (dataChannel.label === 'init') channel.close = () => {}
    this.tell('datachannel', { channel })
  }
  abused(abuse: Abuse): void {
    if (this.connectionState === 'closed') return
    this.link.events.abused(this, abuse)
    this.fail()
  }
  lost(): void {
    this.hasLost = true
  }
  /** Nothing can be said any more about what was lost, so the connection is over. */
  endIfLost(): void {
    if (this.hasLost) this.fail()
  }
  private fail(): void {
    this.changed('failed')
    this.close()
  }
}

/** A data channel that may not be here yet: the real one follows a message later. */
class ShimChannel extends Source {
  readonly connection: ShimConnection
  readonly label: string
  readonly protocol = ''
  binaryType = 'arraybuffer'
  onmessage: ((event: MessageEvent<ArrayBuffer>) => void) | null = null
  /** What has arrived since its reader last took something. */
  untakenBytes = 0
  private real: RTCDataChannel | null = null
  private isOver = false
  private thresholdBytes = 0

  constructor(connection: ShimConnection, label: string) {
    super()
    this.connection = connection
    this.label = label
  }
  get id(): number | null {
    return this.real?.id ?? null
  }
  get readyState(): RTCDataChannelState {
    return this.isOver ? 'closed' : (this.real?.readyState ?? 'connecting')
  }
  get bufferedAmount(): number {
    return this.real?.bufferedAmount ?? 0
  }
  get bufferedAmountLowThreshold(): number {
    return this.thresholdBytes
  }
  set bufferedAmountLowThreshold(thresholdBytes: number) {
    this.thresholdBytes = thresholdBytes
    if (this.real) this.real.bufferedAmountLowThreshold = thresholdBytes
  }
  send(octets: Bytes): void {
    if (this.connection.isCut) this.connection.lost()
    else this.real?.send(octets)
  }
  close(): void {
    if (this.real && !this.connection.isCut) return this.real.close()
    // The peer must not be told while the cord is cut.
    if (this.real) this.connection.lost()
    this.ended()
  }

  attach(real: RTCDataChannel): void {
    if (this.isOver) return real.close()
    this.real = real
    real.binaryType = 'arraybuffer'
    real.bufferedAmountLowThreshold = this.thresholdBytes
    real.addEventListener('message', (event) => this.hears(() => this.heard(event)))
    real.addEventListener('open', () => this.tell('open'))
    real.addEventListener('error', (event) => this.hears(() => this.tell('error', { error: event.error })))
    real.addEventListener('close', () => this.hears(() => this.ended()))
    real.addEventListener('bufferedamountlow', () => this.tell('bufferedamountlow'))
    if (real.readyState === 'open') this.tell('open')
    else if (real.readyState === 'closed') this.ended()
  }
  ended(): void {
    if (this.isOver) return
    this.isOver = true
    this.tell('close')
  }
  /** Nothing comes through a cord that is cut, not even that the other end is gone. */
  private hears(what: () => void): void {
    if (this.connection.isCut) this.connection.lost()
    else what()
  }
  private heard(event: MessageEvent<ArrayBuffer | string>): void {
    const { data } = event
    this.untakenBytes += typeof data === 'string' ? Infinity : data.byteLength
    if (this.untakenBytes > this.connection.untakenBytesMax) return this.connection.abused('unreadable')
    this.onmessage?.(event as MessageEvent<ArrayBuffer>)
  }
}

/** A socket that the cord can cut. */
class GatedSocket extends WebSocket {
  private readonly link: Link
  private hasLost = false

  constructor(link: Link, url: string) {
    super(url)
    this.link = link
    link.sockets.add(this)
    this.addEventListener('close', () => link.sockets.delete(this), { once: true })
    // First of all listeners, so that the others hear nothing.
    const drop = (event: Event): void => {
      if (!link.cut.relayed) return
      event.stopImmediatePropagation()
      this.hasLost = true
    }
    this.addEventListener('open', drop)
    this.addEventListener('message', drop)
  }
  override send(data: string | Blob | BufferSource): void {
    if (this.link.cut.relayed) this.hasLost = true
    else super.send(data)
  }
  override close(code?: number, reason?: string): void {
    if (!this.link.cut.relayed) return super.close(code, reason)
    // The relay must not be told while the cord is cut.
    this.hasLost = true
    this.dispatchEvent(new CloseEvent('close', { code: 1000 }))
    this.link.sockets.add(this)
  }
  endIfLost(): void {
    if (this.hasLost) super.close()
  }
}
