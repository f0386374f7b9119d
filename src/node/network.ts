/**
 * The node's network: opened when this device has others to talk to, and told what a connection is for.
 * @module
 */
import { BlocktreeError, type Fault, equal, refusalOf, toHex } from '../core/bytes/bytes.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import { type Farewell, type Introduction, type JoinFrame, decodeJoinFrame } from '../core/message/message.ts'
import type { TreeId } from '../core/path/path.ts'
import { type TreeState, noRevocation, summaryOf } from '../core/tree/tree.ts'
import type { Connection, Net, NetPort, RelayAddress, TransportId } from '../port/net.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import { Appeal } from './appeal.ts'
import { Cluster } from './cluster.ts'
import { type KnownTransports, knownTransports, otherDevices } from './devices.ts'
import { GuestReplica } from './guest/guest-replica.ts'
import { guestsOf } from './guest/hosting.ts'
import { Visiting } from './guest/visiting.ts'
import { firstFrame } from './meet.ts'
import type { HeldTree } from './own-tree.ts'
import { placeOf } from './own-tree.ts'
import type { Device, PeerId } from './peers.ts'
import type { Recount } from './read/view.ts'
import { farewellNow } from './removal.ts'
import { Replication } from './replication.ts'
import { Reports } from './reports.ts'
import { Strangers } from './strangers.ts'

/** Between two attempts to open the network for those who wait for it. */
const againMs = 10_000

/** Where devices find each other, as the host of the site says. */
export interface Meeting {
  readonly relays: readonly RelayAddress[]
  /** `stun:` addresses. */
  readonly stun: readonly string[]
}

export interface NetworkOptions {
  /** Asked until it has answered, when the network is opened. Rejects where that is not to be had now. */
  readonly meeting: () => Promise<Meeting>
  /** Which program this is, for a person. */
  readonly buildId: string
  /** Told of each report, also of one that a newer one takes the place of. */
  readonly onReport?: (id: PeerId, fault: Fault) => void
}

export interface Member {
  readonly held: HeldTree
  readonly untilSwept: () => Promise<void>
  /** Who is known to be a device before the tree says so. */
  readonly introduced: readonly Device[]
  /** Who is connected has changed, or who holds what. @param recount null: only who is connected */
  onChanged(recount: Recount | null): void
  /** Another device says that this one was put out. Whether that holds is still to be checked. */
  onFarewell(farewell: Farewell): void
}

/** The network as it is open. */
export interface OpenNetwork {
  readonly net: Net
  readonly relays: readonly RelayAddress[]
}

type Commitment = Extract<JoinFrame, { tag: 'commit' }>['value']

export class Network {
  readonly buildId: string
  readonly #platform: Platform
  readonly #keys: NodeKeys
  readonly #meeting: NetworkOptions['meeting']
  readonly #port: NetPort | undefined
  #open: Promise<OpenNetwork> | null = null
  #current: Replication | Visiting | Appeal | null = null
  /** How often replicating was ended: opening the network takes time, in which somebody may think better of it. */
  #leftCount = 0
  #onAway!: () => void
  /** Resolves where the network could not be opened at once, and those who replicate wait for it. */
  readonly away = new Promise<void>((resolve) => (this.#onAway = resolve))
  #isClosed = false
  /** Of whoever has to do with the tree that is replicated. */
  #known: () => KnownTransports = nobodyKnown
  readonly #strangers: Strangers
  /** Whoever was put out is told so when he dials, also in a crowd of strangers; but he may be one who attacks. */
  readonly #dismissed: Strangers
  readonly reports: Reports
  /** Somebody who has read an invitation wants to join. */
  onJoin: (connection: Connection, commitment: Commitment) => void = (connection) => connection.close()
  /** Whether an invitation is open: then anybody may be the one who has read it. */
  isInviting: () => boolean = () => false

  constructor(platform: Platform, keys: NodeKeys, { meeting, buildId, onReport }: NetworkOptions) {
    this.#platform = platform
    this.#port = platform.net
    this.#keys = keys
    this.#meeting = meeting
    this.#strangers = new Strangers(platform.clock)
    this.#dismissed = new Strangers(platform.clock)
    this.reports = new Reports(platform.clock, onReport)
    this.buildId = buildId
  }

  /** null where the platform has no network. */
  async open(): Promise<OpenNetwork | null> {
    if (this.#port === undefined || this.#isClosed) return null
    this.#open ??= this.#openPort(this.#port).catch((error: unknown) => {
      // Whoever wants it next tries again.
      this.#open = null
      throw error
    })
    return this.#open
  }

  /** Tries again until it is open; null where that is not wanted any more, and where there is none. */
  async #openAtLast(): Promise<OpenNetwork | null> {
    const leftCount = this.#leftCount
    const isOver = (): boolean => this.#isClosed || leftCount !== this.#leftCount
    while (!isOver()) {
      const opened = await this.open().catch(refusalOf)
      if (isOver()) break
      if (opened === null || 'net' in opened) return opened
      this.#onAway()
      await new Promise<void>((resolve) => void this.#platform.clock.after(againMs, resolve))
    }
    return null
  }

  async #openPort(port: NetPort): Promise<OpenNetwork> {
    const { relays, stun } = await this.#meeting()
    const net = await port.open({
      relays,
      stun,
      admits: (peer) => this.#admits(peer),
      onConnection: (connection) => void this.#accept(connection),
      onDropped: (peer, fault) => this.#onDropped(peer, fault),
      onReachable: () => this.#current?.retry(),
    })
    return { net, relays }
  }

  #admits(peer: TransportId): boolean {
    const isPeer = ({ transportId }: Device): boolean => equal(transportId, peer)
    const { devices, dismissed } = this.#known()
    if (devices.some(isPeer) || this.isInviting()) return true
    return (dismissed.some(isPeer) ? this.#dismissed : this.#strangers).admit()
  }

  /** Of a stranger there is nothing to tell: he came to nothing, as they all do. */
  #onDropped(peer: TransportId, fault: Fault): void {
    const device = this.#known().devices.find(({ transportId }) => equal(transportId, peer))
    if (device !== undefined) this.reports.tell(toHex(device.principal), fault)
  }

  async #accept(connection: Connection): Promise<void> {
    const first = await firstFrame(this.#platform, connection)
    if (first === null) return
    const asked = decodeJoinFrame(first)
    if (asked.ok && asked.value.tag === 'commit') this.onJoin(connection, asked.value.value)
    else if (this.#current !== null) this.#current.accept(connection, first)
    else connection.close()
  }

  /** Replicates a tree from here on; whatever was replicated before is not any more. null where there is no network. */
  async replicate(
    treeId: TreeId,
    { held, untilSwept, introduced, onChanged, onFarewell }: Member,
  ): Promise<Replication | Visiting | null> {
    const open = await this.#openAtLast()
    if (open === null) return null
    this.#current?.close()
    const { cluster, holdings } = held
    this.#known = () => knownTransports(cluster.state, introduced)
    const own = principalOf(this.#keys.credential)
    const { clock } = this.#platform
    const options = {
      ...this.#commonOf(open, treeId, () => cluster.state),
      place: placeOf(treeId),
      holdings,
      principal: toHex(own),
      untilSwept,
      farewells: {
        to: ({ treeId: named, credential: who }: Introduction) =>
          equal(named, treeId) ? farewellNow(cluster.state, this.#keys, principalOf(who), clock.nowMs()) : null,
        onHeard: onFarewell,
      },
      onChanged,
    }
    const members = () => otherDevices(cluster.state, own, introduced)
    if (cluster instanceof GuestReplica)
      return (this.#current = new Visiting({ ...options, cluster, devices: members }))
    if (!(cluster instanceof Cluster)) throw new Error('a replica of a kind that is not known')
    return (this.#current = new Replication({
      ...options,
      cluster,
      keys: this.#keys,
      devices: () => [...members(), ...guestsOf(cluster.state, clock.nowMs())],
    }))
  }

  /** What is said to whichever device of a tree. */
  #commonOf(open: OpenNetwork, treeId: TreeId, state: () => TreeState) {
    return {
      platform: this.#platform,
      ...open,
      introduction: (): Introduction => ({
        treeId,
        credential: this.#keys.credential,
        buildId: this.buildId,
        revocationHead: summaryOf(state())?.revocationHead ?? noRevocation,
      }),
      onReport: (id: PeerId, fault: Fault) => this.reports.tell(id, fault),
    }
  }

  /** Looks for others who know that this device was not put out; whatever was replicated before is not any more. */
  async appeal(state: TreeState, farewell: Farewell, onOverruled: () => void): Promise<void> {
    this.leave()
    const open = await this.#openAtLast()
    // This device may have gone on to something else meanwhile.
    if (open === null || this.#current !== null) return
    this.#known = () => knownTransports(state, [])
    const devices = () => otherDevices(state, principalOf(this.#keys.credential))
    const { treeId } = state
    const common = this.#commonOf(open, treeId, () => state)
    this.#current = new Appeal({ ...common, place: placeOf(treeId), devices, state, farewell, onOverruled })
  }

  /** Replicates nothing any more. */
  leave(): void {
    this.#leftCount++
    this.#current?.close()
    this.#current = null
    this.#known = nobodyKnown
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#current?.close()
    const open = await this.#open?.catch(() => null)
    await open?.net.close()
  }
}

const nobodyKnown = (): KnownTransports => ({ devices: [], dismissed: [] })

export const networkMissing = (): BlocktreeError =>
  new BlocktreeError(
    'networkMissing',
    'This browser has no WebRTC, by which devices talk to each other. Use another one.',
  )
