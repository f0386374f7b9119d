/**
 * The simulated network: the twin of the real one (`edge/net`) between the devices of a run.
 *
 * A connection is two lanes, each ordered and never further ahead of its reader than the window. Both lanes of a direction share
 * one link that takes time for every octet, so a careless node lets bulk stand in the way of control here as on a slow phone.
 * What is sent into a partition waits, as the real path repeats it, until the link heals or one side gives up on the other's
 * silence. Beyond what a real path does, messages of the control lane may be lost, repeated and overtaken.
 * @module
 */
import { type Fault, type Result, accepted, copy, equal, refused, toHex } from '../core/bytes/bytes.ts'
import { frameSizeBytesMax } from '../core/message/message.ts'
import type { Connection, Net, NetOptions, NetPort, RelayAddress, TransportId } from '../port/net.ts'
import {
  type Link,
  type NetFaultCounts,
  type NetFaults,
  type NetWorld,
  type Posted,
  SimConnection,
  netFaultNames,
  silenceMs,
} from './connection.ts'
import type { Process } from './process.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Trace } from './trace.ts'

interface Station {
  readonly id: TransportId
  readonly process: Process
  readonly options: NetOptions
}

const healthy: NetFaults = {
  dialRefusedChance: 0,
  dialDelayMsMax: 0,
  relayedChance: 0,
  lossChance: 0,
  repeatChance: 0,
  reorderChance: 0,
  corruptChance: 0,
}
/** A real path carries 15 MB/s between two tabs of one computer (`facts/webrtc.md` §2). */
const healthyLink = { latencyMs: 2, jitterMs: 8, bytesPerMs: 10_000 }
const dialMs = { min: 50, max: 550 }
const dialTimeoutMs = 10_000
const saidCountMax = 200
const saidSizeBytesMax = 64 * 1024

export class SimNetwork implements NetWorld {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly trace: Trace
  readonly faults: NetFaults = { ...healthy }
  tap: NetWorld['tap'] = () => {}
  onPosted: NetWorld['onPosted'] = (posted) => {
    if (posted.frame.length <= saidSizeBytesMax) this.#said.push(posted)
    if (this.#said.length > saidCountMax) this.#said.shift()
  }
  readonly counts = Object.fromEntries(netFaultNames.map((name) => [name, 0])) as NetFaultCounts
  /** Those that are in one browser. */
  readonly beside = new Set<string>()
  readonly #stations = new Map<string, Station>()
  readonly #links = new Map<string, Link>()
  readonly #connections = new Set<SimConnection>()
  readonly #dials = new Set<string>()
  /** Some of the last frames that were sent, and by whom. */
  readonly #said: Posted[] = []

  constructor(scheduler: Scheduler, random: Random, trace: Trace) {
    this.scheduler = scheduler
    this.random = random
    this.trace = trace
  }

  /** The network as one life of a device sees it. */
  port(process: Process, id: TransportId): NetPort {
    return { open: async (options) => this.#join({ id, process, options }) }
  }

  linkBetween(from: TransportId, to: TransportId): Link {
    const name = `${toHex(from)}>${toHex(to)}`
    let link = this.#links.get(name)
    if (link === undefined) {
      link = { ...healthyLink, isBlocked: false, freeAtMs: 0 }
      this.#links.set(name, link)
    }
    return link
  }

  /** Nothing gets from one device to the other any more; the way back is another matter. */
  block(from: TransportId, to: TransportId): void {
    const link = this.linkBetween(from, to)
    if (link.isBlocked) return
    link.isBlocked = true
    for (const connection of this.#between(from, to)) this.#endIfSilent(connection, to, () => link.isBlocked)
  }

  unblock(from: TransportId, to: TransportId): void {
    const link = this.linkBetween(from, to)
    link.isBlocked = false
    for (const connection of this.#between(from, to)) connection.release()
  }

  /** Ends every fault of the network. */
  heal(): void {
    Object.assign(this.faults, healthy)
    for (const link of this.#links.values()) Object.assign(link, healthyLink, { isBlocked: false })
    for (const connection of this.#connections) connection.release()
  }

  /** Breaks one connection, as a change of the network's address does; both sides notice at once. */
  cut(from: TransportId, to: TransportId): void {
    for (const connection of this.#between(from, to)) {
      this.counts.cutAtOnce++
      connection.lose(null, pathLost)
    }
  }

  /** A device says what no program of ours does: what another has said, more than anybody takes, or its own words altered. */
  lie(from: TransportId, kind: 'replayed' | 'oversized' | 'altered'): void {
    const { random } = this
    const isOwn = kind === 'altered'
    const known = this.#said.filter((each) => isOwn === equal(each.from, from))
    if (kind !== 'oversized' && known.length === 0) return
    const { lane, frame } =
      kind === 'oversized'
        ? { lane: 'control' as const, frame: new Uint8Array(frameSizeBytesMax + 1) }
        : random.pick(known)
    const said = copy(frame)
    if (isOwn) said[random.below(said.length)]! ^= 1 << random.below(8)
    for (const connection of this.#connections) if (connection.sideOf(from)?.lie(lane, said) === true) return
  }

  #between(from: TransportId, to: TransportId): readonly SimConnection[] {
    return [...this.#connections].filter((connection) => connection.joins(from, to))
  }

  #join(station: Station): Net {
    const name = toHex(station.id)
    this.#stations.set(name, station)
    station.process.onKill(() => this.#vanished(station))
    station.process.onFreeze(() => this.#fellSilent(station))
    station.process.post(this.random.between(5, 400), () => station.options.onReachable(station.options.relays))
    return {
      transportId: station.id,
      dial: (peer, relays) => this.#dial(station, peer, relays),
      isBeside: async (peer) => this.beside.has(toHex(peer)) && this.beside.has(toHex(station.id)),
      close: async () => {
        if (this.#stations.get(name) === station) this.#stations.delete(name)
        for (const connection of this.#connections) connection.endOf(station.process)?.close()
      },
    }
  }

  /** A tab that is closed mostly takes its sockets with it; a computer without power says nothing. */
  #vanished(station: Station): void {
    if (this.#stations.get(toHex(station.id)) === station) this.#stations.delete(toHex(station.id))
    for (const connection of this.#connections) {
      if (connection.endOf(station.process) === null) continue
      const isNoticed = this.random.chance(0.5)
      this.counts[isNoticed ? 'cutAtOnce' : 'cutSilent']++
      const delayMs = isNoticed ? 5 : this.random.between(silenceMs.min, silenceMs.max)
      this.scheduler.after(delayMs, () => connection.lose(null, isNoticed ? pathLost : peerSilent))
    }
  }

  #fellSilent(station: Station): void {
    for (const connection of this.#connections)
      if (connection.endOf(station.process) !== null)
        this.#endIfSilent(connection, connection.peerOf(station.id), () => station.process.isFrozen)
  }

  /** @param listener the side that hears nothing as long as the cause lasts */
  #endIfSilent(connection: SimConnection, listener: TransportId, lasts: () => boolean): void {
    const heardCount = connection.heardCount(listener)
    this.scheduler.after(this.random.between(silenceMs.min, silenceMs.max), () => {
      if (!lasts() || !this.#connections.has(connection)) return
      // Something came meanwhile, so the silence is a younger one.
      if (connection.heardCount(listener) !== heardCount) return this.#endIfSilent(connection, listener, lasts)
      this.counts.cutSilent++
      connection.lose(listener, peerSilent)
    })
  }

  async #dial(station: Station, peer: TransportId, relays: readonly RelayAddress[]): Promise<Result<Connection>> {
    const { random, faults, counts, scheduler } = this
    const name = `${toHex(station.id)}>${toHex(peer)}`
    const pause = (delayMs: number): Promise<void> =>
      new Promise((resolve) => station.process.post(delayMs, () => resolve()))
    if (relays.length === 0) return relaysAway
    this.#dials.add(name)
    if (faults.dialDelayMsMax > 0) {
      counts.dialDelayed++
      await pause(random.between(1, faults.dialDelayMsMax))
    }
    await pause(random.between(dialMs.min, dialMs.max))
    if (random.chance(faults.dialRefusedChance)) {
      counts.dialRefused++
      this.#dials.delete(name)
      return peerAway
    }
    const other = this.#stations.get(toHex(peer))
    const isThere = other !== undefined && other.process.isAlive && !other.process.isFrozen
    const isBlocked = this.linkBetween(station.id, peer).isBlocked || this.linkBetween(peer, station.id).isBlocked
    if (!isThere || isBlocked) {
      await pause(isThere ? dialTimeoutMs : random.between(100, 1000))
      this.#dials.delete(name)
      return peerAway
    }
    this.#dials.delete(name)
    if (!other.options.admits(station.id)) return peerAway
    if (this.#dials.has(`${toHex(peer)}>${toHex(station.id)}`)) counts.doubleDial++
    const isRelayed = random.chance(faults.relayedChance)
    if (isRelayed) counts.relayed++
    const connection = new SimConnection(this, station, other, isRelayed)
    this.#connections.add(connection)
    connection.onEnd = () => this.#connections.delete(connection)
    this.trace.note(scheduler.nowMs, `joined ${name}`)
    other.process.post(1, () => other.options.onConnection(connection.acceptor))
    return accepted(connection.dialler)
  }
}

const relaysAway = refused('relaysAway', 'No relay answers, and without one the other device cannot be found.')
const peerAway = refused('peerAway', 'The other device cannot be reached now. It may be asleep or without network.')
const pathLost: Fault = refused('pathLost', 'The connection to the other device broke.').fault
const peerSilent: Fault = refused('peerSilent', 'The other device does not answer any more.').fault
