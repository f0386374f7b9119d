/**
 * Replication: a tree's cluster among the devices of that tree. Carries what they say to each other to whom it concerns.
 * @module
 */
import { type Bytes, type Check, type Fault, equal, ok, refused } from '../core/bytes/bytes.ts'
import {
  type Answer,
  type ControlBody,
  type Introduction,
  type Question,
  decodeBulk,
  decodeControl,
  encodeBulk,
  encodeControl,
} from '../core/message/message.ts'
import { summaryOf } from '../core/tree/tree.ts'
import type { Connection, Lane, Net, RelayAddress } from '../port/net.ts'
import type { Platform } from '../port/platform.ts'
import type { Cluster, ClusterLink } from './cluster.ts'
import { Exchange } from './exchange.ts'
import { type Device, type PeerId, Peers, type PeerStatus } from './peers.ts'
import { type ClusterPlace, inPlace } from './place.ts'

/** How often a device says again that it is here. */
const herePeriodMs = 5000

export interface ReplicationOptions {
  readonly platform: Platform
  readonly net: Net
  readonly relays: readonly RelayAddress[]
  readonly place: ClusterPlace
  readonly cluster: Cluster
  readonly introduction: () => Introduction
  /** The other devices of the tree. */
  readonly devices: () => readonly Device[]
  onReport(id: PeerId, fault: Fault): void
}

export class Replication {
  readonly #options: ReplicationOptions
  readonly #exchange: Exchange
  readonly #peers: Peers
  #cancelHere = (): void => {}

  constructor(options: ReplicationOptions) {
    this.#options = options
    const { platform, net, relays, introduction, devices, cluster } = options
    this.#exchange = new Exchange({
      clock: platform.clock,
      send: (to, body) => this.#sendBulk(to, body),
      answer: (from, question) => this.#answer(from, question),
    })
    this.#peers = new Peers({
      platform,
      net,
      relays,
      introduction,
      devices,
      onUp: (id) => this.#onUp(id),
      onDown: (id) => this.#onDown(id),
      onFrame: (id, lane, frame) => this.#onFrame(id, lane, frame),
      onReport: options.onReport,
    })
    const link: ClusterLink = {
      send: (to, body) => this.#sendControl(to, body),
      ask: (to, question) => this.#exchange.ask(to, question),
      isUp: (id) => this.#peers.isUp(id),
      isDevice: (id) => this.#peers.isDevice(id),
      stage: async () => ok,
    }
    cluster.connect(link)
    this.#sayHereAgain()
  }

  get statuses(): readonly PeerStatus[] {
    return this.#peers.statuses
  }

  accept(connection: Connection): void {
    this.#peers.accept(connection)
  }

  /** The devices of the tree may have changed. */
  refresh(): void {
    this.#peers.refresh()
  }

  close(): void {
    this.#cancelHere()
    this.#peers.close()
  }

  #onUp(id: PeerId): void {
    this.#exchange.onUp(id)
    this.#sayHere(id)
  }

  #onDown(id: PeerId): void {
    this.#exchange.onDown(id)
    this.#options.cluster.onDown(id)
  }

  #sayHere(to: PeerId): void {
    const { cluster } = this.#options
    const stampMs = summaryOf(cluster.state)?.stampMs ?? 0
    this.#sendControl(to, { tag: 'here', value: { nodeId: cluster.identity.nodeId, stampMs } })
  }

  #sayHereAgain(): void {
    this.#cancelHere = this.#options.platform.clock.after(herePeriodMs, () => {
      for (const { id, path } of this.#peers.statuses) if (path !== null) this.#sayHere(id)
      this.#sayHereAgain()
    })
  }

  #sendControl(to: PeerId, body: ControlBody): boolean {
    const { place, cluster } = this.#options
    return this.#peers.send(to, 'control', encodeControl({ ...place, generation: cluster.identity.generation, body }))
  }

  async #sendBulk(to: PeerId, body: Parameters<Exchange['receive']>[1]): Promise<void> {
    const { place, cluster } = this.#options
    this.#peers.send(to, 'bulk', encodeBulk({ ...place, generation: cluster.identity.generation, body }))
    await this.#peers.drained(to, 'bulk')
  }

  async #onFrame(from: PeerId, lane: Lane, frame: Bytes): Promise<Check> {
    const { place, cluster } = this.#options
    const decoded = lane === 'control' ? decodeControl(frame) : decodeBulk(frame)
    if (!decoded.ok) return decoded
    const { treeId, clusterId, generation } = decoded.value
    if (!equal(treeId, place.treeId) || !equal(clusterId, place.clusterId)) return foreign
    // Another generation has another log; what is of one means nothing in the other.
    if (generation !== cluster.identity.generation) return ok
    return lane === 'control'
      ? this.#onControl(from, decoded.value.body as ControlBody)
      : this.#exchange.receive(from, decoded.value.body as Parameters<Exchange['receive']>[1])
  }

  #onControl(from: PeerId, body: ControlBody): Check | Promise<Check> {
    const { cluster } = this.#options
    switch (body.tag) {
      case 'raft':
        return cluster.onRaft(from, body.value)
      case 'here':
        return cluster.onHere(from, body.value.nodeId)
      case 'propose':
        return cluster.onPropose(from, body.value.batch)
      case 'declined':
        cluster.onDeclined(body.value.requestId, body.value.code, body.value.sentence)
        return ok
      case 'lacking':
        return ok
    }
  }

  async #answer(from: PeerId, question: Question): Promise<Answer> {
    const { platform, place, cluster } = this.#options
    switch (question.tag) {
      case 'rows':
        return cluster.rowsFor(from, question.value)
      case 'objects': {
        const keys = question.value.map((key) => inPlace(place, key))
        return { tag: 'objects', value: await platform.store.readMany('object', keys) }
      }
      case 'stage':
        return { tag: 'none', value: {} }
    }
  }
}

const foreign = refused('envelopeForeign', 'A device spoke of another tree than the one it was met for.')
