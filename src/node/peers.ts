/**
 * Peers: one authenticated connection with each other device of a tree, kept up as long as that device can be reached.
 *
 * Both sides dial, the one with the smaller transport id at once and the other a little later, so that two connections at a
 * time are rare; where they come about both sides keep the same one.
 * @module
 */
import { type Bytes, type Check, type Fault, compare, equal, fromHex, ok, refused, toHex } from '../core/bytes/bytes.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import type { Introduction } from '../core/message/message.ts'
import type { Connection, Lane, Net, RelayAddress, TransportId } from '../port/net.ts'
import type { Awaitable, Platform } from '../port/platform.ts'
import { type Farewells, meet } from './meet.ts'

/** Another device of the tree. */
export interface Device {
  readonly principal: Bytes
  readonly transportId: TransportId
}

/** A device's principal, hexadecimal; of a caller a number is behind it, since it may call from several places at once. */
export type PeerId = string

/** The principal, hexadecimal. */
export const nameIn = (id: PeerId): string => id.slice(0, principalLength)
export const principalIn = (id: PeerId): Bytes => fromHex(nameIn(id))!
const principalLength = 64

export interface PeerStatus {
  readonly id: PeerId
  /** null where it is not connected now. */
  readonly path: 'direct' | 'relayed' | null
  /** null where nothing was heard of it in this life of the node. */
  readonly lastSeenAtMs: number | null
}

export interface PeersOptions {
  readonly platform: Pick<Platform, 'clock' | 'random' | 'crypto' | 'keys'>
  readonly net: Net
  readonly relays: readonly RelayAddress[]
  /** Who this device is. */
  readonly introduction: () => Introduction
  /** Who else is a device of the tree now. */
  readonly devices: () => readonly Device[]
  readonly farewells?: Farewells | undefined
  /** Whether one that is no device may call, from wherever it is. Absent: nobody may. */
  readonly mayCall?: (principal: Bytes) => boolean
  /** The others wait to be dialled. */
  readonly isCaller?: boolean
  /** @param peer what it said of itself */
  onUp(id: PeerId, peer: Introduction): void
  onDown(id: PeerId): void
  /** One frame after the other of a lane. @returns what is wrong with it: its sender is dropped */
  onFrame(id: PeerId, lane: Lane, frame: Bytes): Awaitable<Check>
  /** A device did what no program of ours does. */
  onReport(id: PeerId, fault: Fault): void
}

const redialMs = { first: 500, afterOther: 2500, min: 1000, max: 60_000 }
/** Callers at a time; whoever comes then takes the place of the first. */
const callerCountMax = 32
/** Of these, of one device: another of its pages, and some that are not known to be over yet. */
const callsPerDeviceMax = 4
/** How often a peer that was dropped is tried: as if it had not answered for so long. */
const droppedCount = 6

interface Link {
  readonly id: PeerId
  readonly device: Device
  connection: Connection | null
  isDialling: boolean
  /** The peer has not taken what was sent; a message of control is lost rather than queued for ever. */
  isControlFull: boolean
  failedCount: number
  cancelDial: () => void
  lastSeenAtMs: number | null
}

export class Peers {
  readonly #options: PeersOptions
  readonly #links = new Map<PeerId, Link>()
  /** Those of them that called. */
  readonly #callers = new Set<Link>()
  #callCount = 0
  /** Who waits until each was tried. */
  #untilTried: (() => void)[] = []
  #isClosed = false

  constructor(options: PeersOptions) {
    this.#options = options
    this.refresh()
  }

  get statuses(): readonly PeerStatus[] {
    const devices = [...this.#links.values()].filter((link) => !this.#callers.has(link))
    return devices.map(({ id, connection, lastSeenAtMs }) => ({
      id,
      path: connection === null ? null : connection.isRelayed ? 'relayed' : 'direct',
      lastSeenAtMs,
    }))
  }

  get connected(): readonly PeerId[] {
    return [...this.#links.values()].filter(({ connection }) => connection !== null).map(({ id }) => id)
  }

  /** Resolves when each device is connected, or has not answered since it last was. */
  untilTried(): Promise<void> {
    return new Promise((resolve) => {
      this.#untilTried.push(resolve)
      this.#tellTried()
    })
  }

  #tellTried(): void {
    const isTried = ({ connection, failedCount }: Link): boolean => connection !== null || failedCount > 0
    if (!this.#isClosed && ![...this.#links.values()].every(isTried)) return
    for (const resolve of this.#untilTried.splice(0)) resolve()
  }

  isDevice(id: PeerId): boolean {
    return this.#links.has(id)
  }

  isUp(id: PeerId): boolean {
    return this.#links.get(id)?.connection != null
  }

  /** The devices of the tree may have changed. */
  refresh(): void {
    if (this.#isClosed) return
    const devices = new Map(this.#options.devices().map((device) => [toHex(device.principal), device]))
    for (const link of this.#links.values()) {
      if (this.#callers.has(link)) {
        if (!this.#mayCall(link.device.principal)) link.connection?.close(deviceGone.fault)
        continue
      }
      const device = devices.get(link.id)
      if (device !== undefined && equal(device.transportId, link.device.transportId)) continue
      this.#links.delete(link.id)
      link.cancelDial()
      link.connection?.close(deviceGone.fault)
    }
    for (const [id, device] of devices) {
      if (this.#links.has(id)) continue
      const link = linkWith(id, device)
      this.#links.set(id, link)
      this.#dialSoon(link)
    }
    this.#tellTried()
  }

  #mayCall(principal: Bytes): boolean {
    return this.#options.mayCall?.(principal) === true
  }

  #callerOf(principal: Bytes, transportId: TransportId): Link {
    // One that calls again and again takes the places of its own calls, and not those of others.
    const own = [...this.#callers].filter(({ device }) => equal(device.principal, principal))
    const [first] = own.length === callsPerDeviceMax ? own : this.#callers
    if (first !== undefined && (own.length === callsPerDeviceMax || this.#callers.size === callerCountMax)) {
      first.connection?.close(deviceGone.fault)
      this.#hangUp(first)
    }
    const link = linkWith(`${toHex(principal)}~${++this.#callCount}`, { principal, transportId })
    this.#links.set(link.id, link)
    this.#callers.add(link)
    return link
  }

  #hangUp(link: Link): void {
    this.#callers.delete(link)
    this.#links.delete(link.id)
  }

  /** Others are reached another way than before: who did not answer is tried at once, not when his turn comes. */
  retry(): void {
    for (const link of this.#links.values()) {
      if (link.failedCount === 0) continue
      link.failedCount = 0
      this.#dialSoon(link)
    }
  }

  /** Takes in a connection that a device dialled. @param first what it said */
  accept(connection: Connection, first: Bytes): void {
    void this.#meet(connection, null, first)
  }

  /** @returns whether it is on its way; what is not may be said again later */
  send(id: PeerId, lane: Lane, frame: Bytes): boolean {
    const link = this.#links.get(id)
    const connection = link?.connection
    if (link === undefined || connection == null || (lane === 'control' && link.isControlFull)) return false
    if (!connection.send(lane, frame) && lane === 'control') {
      link.isControlFull = true
      void connection.drained('control').then(() => {
        if (link.connection === connection) link.isControlFull = false
      })
    }
    return true
  }

  /** Resolves when the peer has taken what was sent, and when it is gone. */
  drained(id: PeerId, lane: Lane): Promise<void> {
    return this.#links.get(id)?.connection?.drained(lane) ?? Promise.resolve()
  }

  /** Ends the connection with a device that does what it may not. */
  drop(id: PeerId, fault: Fault): void {
    const link = this.#links.get(id)
    if (link === undefined) return
    this.#options.onReport(toHex(link.device.principal), fault)
    link.failedCount = Math.max(link.failedCount, droppedCount)
    link.connection?.close(fault)
  }

  close(): void {
    this.#isClosed = true
    for (const link of this.#links.values()) {
      link.cancelDial()
      link.connection?.close()
    }
    this.#links.clear()
    this.#tellTried()
  }

  #dialSoon(link: Link): void {
    const { net, platform, isCaller = false } = this.#options
    if (this.#isClosed || this.#links.get(link.id) !== link || link.connection !== null || link.isDialling) return
    if (this.#callers.has(link)) return
    const { failedCount } = link
    const isFirst = compare(net.transportId, link.device.transportId) < 0
    const backoffMs = Math.min(redialMs.max, redialMs.min * 2 ** failedCount)
    const firstMs = isCaller ? 0 : isFirst ? redialMs.first : redialMs.afterOther
    const delayMs = failedCount > 0 ? backoffMs : firstMs
    link.cancelDial()
    link.cancelDial = platform.clock.after(delayMs * (0.5 + this.#fraction()), () => void this.#dial(link))
  }

  async #dial(link: Link): Promise<void> {
    if (link.connection !== null || link.isDialling || this.#isClosed) return
    link.isDialling = true
    const { net, relays } = this.#options
    const dialled = await net.dial(link.device.transportId, relays)
    const isMet = dialled.ok && (await this.#meet(dialled.value, link))
    link.isDialling = false
    if (!isMet) link.failedCount++
    this.#tellTried()
    this.#dialSoon(link)
  }

  /** @returns whether the device is connected with now */
  async #meet(connection: Connection, expected: Link | null, first: Bytes | null = null): Promise<boolean> {
    const { platform, net, introduction, farewells } = this.#options
    const own = introduction()
    const linkOf = (peer: Introduction): Link | null => {
      const link = this.#links.get(toHex(principalOf(peer.credential)))
      const isIt =
        link !== undefined && equal(peer.treeId, own.treeId) && equal(link.device.transportId, connection.peer)
      return isIt && (expected === null || expected === link) ? link : null
    }
    const isCall = (peer: Introduction): boolean =>
      expected === null && equal(peer.treeId, own.treeId) && this.#mayCall(principalOf(peer.credential))
    const isKnown = (peer: Introduction): Check => (linkOf(peer) !== null || isCall(peer) ? ok : deviceUnknown)
    const met = await meet(platform, connection, net.transportId, own, isKnown, first, farewells)
    const peer = met.ok ? met.value : null
    if (peer !== null && isCall(peer) && !this.#isClosed) {
      this.#up(this.#callerOf(principalOf(peer.credential), connection.peer), connection, peer)
      return true
    }
    const link = peer && linkOf(peer)
    if (peer === null || link === null || this.#isClosed) {
      connection.close(this.#isClosed ? undefined : deviceUnknown.fault)
      return false
    }
    if (link.connection !== null) {
      if (this.#isBetter(link.connection, connection)) {
        connection.close(duplicate)
        return true
      }
      link.connection.close(duplicate)
      this.#down(link, link.connection)
    }
    this.#up(link, connection, peer)
    return true
  }

  /** Whether the first of two connections with a device is kept; the other side finds the same. */
  #isBetter(held: Connection, other: Connection): boolean {
    if (held.isRelayed !== other.isRelayed) return other.isRelayed
    // One who dials a second time knows that the first is over.
    if (held.isDialler === other.isDialler) return false
    return held.isDialler === compare(this.#options.net.transportId, held.peer) < 0
  }

  #up(link: Link, connection: Connection, peer: Introduction): void {
    link.connection = connection
    link.isControlFull = false
    link.failedCount = 0
    link.cancelDial()
    link.lastSeenAtMs = this.#options.platform.clock.nowMs()
    this.#options.onUp(link.id, peer)
    this.#tellTried()
    for (const lane of ['control', 'bulk'] as const) void this.#listen(link, connection, lane)
    void connection.closed.then(() => this.#down(link, connection))
  }

  #down(link: Link, connection: Connection): void {
    if (link.connection !== connection) return
    link.connection = null
    this.#options.onDown(link.id)
    if (this.#callers.has(link)) this.#hangUp(link)
    else this.#dialSoon(link)
  }

  async #listen(link: Link, connection: Connection, lane: Lane): Promise<void> {
    for (;;) {
      const frame = await connection.receive(lane)
      if (frame === null || link.connection !== connection) return
      link.lastSeenAtMs = this.#options.platform.clock.nowMs()
      const check = await this.#options.onFrame(link.id, lane, frame)
      if (!check.ok && link.connection === connection) this.drop(link.id, check.fault)
    }
  }

  #fraction(): number {
    const [high, low] = this.#options.platform.random.bytes(2)
    return (high! * 256 + low!) / 65_536
  }
}

const linkWith = (id: PeerId, device: Device): Link => ({
  id,
  device,
  connection: null,
  isDialling: false,
  isControlFull: false,
  failedCount: 0,
  cancelDial: () => {},
  lastSeenAtMs: null,
})

const deviceUnknown = refused(
  'deviceUnknown',
  'A device connected that does not belong to this tree. Nothing was shown to it.',
  'That device does not know this one. Join its tree first.',
)
const deviceGone = refused('deviceGone', 'This device does not belong to the tree any more.')
const duplicate: Fault = refused(
  'connectionDouble',
  'Two connections with one device came about; one was closed.',
).fault
