/**
 * Replication: a tree's cluster among the devices of that tree. Carries what they say to each other to whom it concerns.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Fault,
  assertNever,
  equal,
  fromHex,
  ok,
  refused,
  toHex,
} from '../core/bytes/bytes.ts'
import {
  type Answer,
  type Bulk,
  type ControlBody,
  type Introduction,
  type Question,
  decodeBulk,
  decodeControl,
  encodeBulk,
  encodeControl,
} from '../core/message/message.ts'
import type { BlockId } from '../core/path/path.ts'
import { type TreeState, deviceOf, summaryOf } from '../core/tree/tree.ts'
import type { Connection, Lane, Net, RelayAddress } from '../port/net.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import type { Cluster } from './cluster.ts'
import type { ClusterLink } from './cluster/options.ts'
import type { GivenState } from './cluster/snapshots.ts'
import { type Attested, Attesting } from './attesting.ts'
import { otherDevices } from './devices.ts'
import { Equivocations } from './equivocations.ts'
import { Exchange } from './exchange.ts'
import { Generations } from './generations.ts'
import { Hosting, mayCall } from './guest/hosting.ts'
import type { Holdings } from './holdings.ts'
import type { Farewells } from './meet.ts'
import { type Device, type PeerId, Peers, type PeerStatus } from './peers.ts'
import { type ClusterPlace, inPlace } from './place.ts'
import type { Recount } from './read/view.ts'
import { rendezvousFor } from './rendezvous.ts'
import { Revocations } from './revocations.ts'
import { Sharing } from './sharing.ts'

/** How often a device says again that it is here, and how soon after it has more to say. */
const herePeriodMs = 5000
const hereSoonMs = 250

export interface ReplicationOptions {
  readonly platform: Platform
  readonly keys: NodeKeys
  readonly net: Net
  readonly relays: readonly RelayAddress[]
  readonly place: ClusterPlace
  readonly cluster: Cluster
  readonly holdings: Holdings
  /** This device's principal. */
  readonly principal: PeerId
  /** Resolves when nothing is being deleted. */
  readonly untilSwept: () => Promise<void>
  readonly introduction: () => Introduction
  /** The other devices of the tree. */
  readonly devices: () => readonly Device[]
  readonly farewells?: Farewells
  onReport(id: PeerId, fault: Fault): void
  /** Who is connected has changed, or who holds what. @param recount null: only who is connected */
  onChanged(recount: Recount | null): void
}

export class Replication {
  readonly #options: ReplicationOptions
  readonly #exchange: Exchange
  readonly #peers: Peers
  readonly #generations: Generations
  readonly #revocations: Revocations
  readonly #equivocations: Equivocations
  readonly #hosting: Hosting
  readonly sharing: Sharing
  readonly attesting: Attesting
  /** Devices that another one has named, which was at a stamp that this one is behind. */
  #introduced: { readonly by: PeerId; readonly stampMs: number; readonly devices: readonly Device[] } | null = null
  /** Of the newest batch here, when a device said last where it is. */
  readonly #stampAtHere = new Map<PeerId, number>()
  #cancelHere = (): void => {}
  #cancelSoon: (() => void) | null = null

  constructor(options: ReplicationOptions) {
    this.#options = options
    const { platform, net, relays, introduction, farewells, cluster, holdings, place } = options
    this.#revocations = new Revocations({
      platform,
      keys: options.keys,
      place,
      principal: options.principal,
      state: () => cluster.state,
      ask: (to, question) => this.#exchange.ask(to, question),
      onHeard: (ids, fault) => {
        for (const id of ids) if (this.#peers.isUp(id)) options.onReport(id, fault)
        this.refresh()
      },
    })
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
      devices: () => this.#devices(),
      farewells,
      mayCall: (principal) =>
        !this.#revocations.isPutOut(toHex(principal)) && mayCall(cluster.state, principal, platform.clock.nowMs()),
      onUp: (id, peer) => this.#onUp(id, peer),
      onDown: (id) => this.#onDown(id),
      onFrame: (id, lane, frame) => this.#onFrame(id, lane, frame),
      onReport: options.onReport,
    })
    this.sharing = new Sharing({
      platform,
      place,
      principal: options.principal,
      holdings,
      state: () => cluster.state,
      configuration: () => cluster.members.configuration,
      peers: () => this.#members,
      ask: (to, question) => this.#exchange.ask(to, question),
      untilTried: () => this.#peers.untilTried(),
      onReport: (id, fault) => this.#peers.drop(id, fault),
      onCounted: options.onChanged,
      untilSwept: options.untilSwept,
    })
    this.#generations = new Generations({
      platform,
      cluster,
      principal: options.principal,
      ask: (to, question, how) => this.#exchange.ask(to, question, how),
      refuse: (id, fault) => this.#refuse(id, fault),
    })
    this.attesting = new Attesting({
      platform,
      sign: (message) => options.keys.sign(message),
      place,
      cluster,
      principal: options.principal,
      peers: () => this.#members,
      send: (to, body) => this.#sendControl(to, body),
      onEquivocations: (proofs) => void this.#equivocations.onFound(proofs).catch(() => {}),
    })
    this.#equivocations = new Equivocations({
      ...{ platform, place, onReport: options.onReport },
      state: () => cluster.state,
      peers: () => this.#members,
      send: (to, body) => this.#sendControl(to, body),
    })
    this.#hosting = new Hosting({
      ...{ platform, place, principal: fromHex(options.principal)!, cluster, holdings, sharing: this.sharing },
      send: (to, body) => this.#sendControl(to, body),
      drop: (id, fault) => this.#peers.drop(id, fault),
      report: options.onReport,
      rendezvous: () => rendezvousFor(cluster.state, options),
    })
    holdings.onLacking = () => this.sharing.fetchLacking()
    holdings.onFound = () => this.saySoon()
    const link: ClusterLink = {
      send: (to, body) => this.#sendControl(to, body),
      ask: (to, question) => this.#exchange.ask(to, question),
      refuse: (id, fault) => this.#refuse(id, fault),
      isUp: (id) => this.#peers.isUp(id),
      isDevice: (id) => this.#peers.isDevice(id) && !this.#hosting.isGuest(id),
      onMembers: () => options.onChanged(null),
      onEntry: () => this.attesting.onApplied(),
      attested: () => this.attesting.state,
      wantAttested: () => this.attesting.want(),
      stage: (operation) => this.sharing.stage(operation),
    }
    cluster.connect(link)
    this.sharing.fetchLacking()
    this.#sayHereAgain()
  }

  get statuses(): readonly PeerStatus[] {
    return this.#peers.statuses
  }

  /** Who is connected and takes part in the cluster. */
  get #members(): readonly PeerId[] {
    return this.#peers.connected.filter((id) => !this.#hosting.isGuest(id))
  }

  accept(connection: Connection, first: Bytes): void {
    this.#peers.accept(connection, first)
  }

  /** Resolves when a device says something on being asked, or is known to be gone. @returns whether it did */
  async answers(id: PeerId): Promise<boolean> {
    return (await this.#exchange.ask(id, { tag: 'lacks', value: { after: null } })) !== null
  }

  /** Whether a device comes and goes with this one. */
  async isBeside(id: PeerId): Promise<boolean> {
    const { net, devices } = this.#options
    const device = devices().find(({ principal }) => toHex(principal) === id)
    return device !== undefined && net.isBeside(device.transportId)
  }

  /** The devices of the tree may have changed. */
  refresh(): void {
    this.#peers.refresh()
    this.sharing.onDevices((id) => this.#peers.isDevice(id))
  }

  /** Something was folded, or fetched: others count what is held here. */
  saySoon(): void {
    this.#cancelSoon ??= this.#options.platform.clock.after(hereSoonMs, () => {
      this.#cancelSoon = null
      this.#sayHereToAll()
    })
  }

  /** The network is another one than before. */
  retry(): void {
    this.#peers.retry()
  }

  /** The tree has changed. */
  onApplied(before: TreeState, after: TreeState, touched: readonly Bytes[]): void {
    this.#hosting.onApplied(before, after, touched)
    this.saySoon()
  }

  copyCount(block: BlockId, stampMs: number): number {
    return this.sharing.copyCount(block, stampMs)
  }
  isSafe(block: BlockId, stampMs: number): boolean {
    return this.sharing.isOnVoter(block, stampMs)
  }
  heldBytes(id: PeerId): number | null {
    return this.sharing.heldBytes(id)
  }
  /** Whether somebody is connected who could decide. */
  get isMemberUp(): boolean {
    return this.#members.length > 0
  }
  get newestAttested(): Attested | null {
    return this.attesting.newest
  }
  attestedSoon(): Promise<GivenState | null> {
    return this.attesting.soon()
  }

  close(): void {
    this.#cancelHere()
    this.#cancelSoon?.()
    this.#options.cluster.disconnect()
    this.attesting.close()
    this.sharing.close()
    this.#peers.close()
  }

  /** A clock may be wrong on either side, so nobody is dropped for a stamp. */
  #refuse(id: PeerId, fault: Fault): void {
    if (fault.code === 'stampAhead') this.#options.onReport(id, fault)
    else this.#peers.drop(id, fault)
  }

  #onUp(id: PeerId, { revocationHead }: Introduction): void {
    this.#exchange.onUp(id)
    if (this.#hosting.isGuest(id)) this.#hosting.onUp(id)
    else {
      this.#sayHere(id)
      void this.#revocations.onHead(id, revocationHead).catch(() => {})
      this.sharing.onUp(id)
      this.attesting.onUp(id)
      this.#equivocations.onUp(id)
    }
    this.#options.onChanged(null)
  }

  #onDown(id: PeerId): void {
    this.#exchange.onDown(id)
    this.#hosting.onDown(id)
    this.#generations.onDown(id)
    this.#options.cluster.onDown(id)
    this.#options.onChanged(null)
  }

  #sayHere(to: PeerId): void {
    const { cluster, platform } = this.#options
    const { nodeId } = cluster.identity
    const stampMs = summaryOf(cluster.state)?.stampMs ?? 0
    const { reportVersion } = this.sharing
    this.#sendControl(to, {
      tag: 'here',
      value: { nodeId, stampMs, reportVersion, clockMs: platform.clock.nowMs() },
    })
  }

  #sayHereToAll(): void {
    for (const id of this.#members) this.#sayHere(id)
    this.#hosting.sayAll()
  }

  #sayHereAgain(): void {
    this.#cancelHere = this.#options.platform.clock.after(herePeriodMs, () => {
      // The time of some may have ended.
      this.#peers.refresh()
      this.#sayHereToAll()
      this.#options.holdings.expire(this.#options.cluster.state, this.#options.platform.clock.monotonicMs())
      this.#sayHereAgain()
    })
  }

  #sendControl(to: PeerId, body: ControlBody): boolean {
    const { place, cluster } = this.#options
    return this.#peers.send(to, 'control', encodeControl({ ...place, generation: cluster.identity.generation, body }))
  }

  async #sendBulk(to: PeerId, body: Bulk['body']): Promise<void> {
    const { place, cluster } = this.#options
    this.#peers.send(to, 'bulk', encodeBulk({ ...place, generation: cluster.identity.generation, body }))
    await this.#peers.drained(to, 'bulk')
  }

  async #onFrame(from: PeerId, lane: Lane, frame: Bytes): Promise<Check> {
    const { place, cluster } = this.#options
    const decoded = lane === 'control' ? decodeControl(frame) : decodeBulk(frame)
    if (!decoded.ok) return decoded
    const { treeId, clusterId, generation, body } = decoded.value
    if (!equal(treeId, place.treeId) || !equal(clusterId, place.clusterId)) return foreign
    if (this.#hosting.isGuest(from)) return this.#onGuest(from, body)
    const isOfThis = generation === cluster.identity.generation
    if (body.tag === 'ask' || body.tag === 'answer')
      return isOfThis || isForAll(body) ? this.#exchange.receive(from, body) : ok
    if (isOfThis) return this.#onControl(from, body)
    // Another generation has another log; what is of one means nothing in the other.
    if (body.tag === 'here' && generation > cluster.identity.generation) this.#generations.onLater(from)
    return ok
  }

  #onGuest(from: PeerId, body: ControlBody | Bulk['body']): Check {
    return body.tag === 'ask' || body.tag === 'answer' ? this.#exchange.receive(from, body) : this.#hosting.onControl()
  }

  #onControl(from: PeerId, body: ControlBody): Check | Promise<Check> {
    const { cluster } = this.#options
    switch (body.tag) {
      case 'raft':
        return cluster.onRaft(from, body.value)
      case 'here':
        this.sharing.onHere(from, body.value.stampMs, body.value.reportVersion)
        this.#followIfBehind(from, body.value.stampMs)
        return cluster.onHere(from, body.value.nodeId, body.value.clockMs)
      case 'propose':
        return cluster.onPropose(body.value.batch)
      case 'attest':
        return this.attesting.onAttest(from, body.value.index)
      case 'vouch':
        return this.attesting.onVouch(from, body.value.index, body.value.signature)
      case 'attested':
        return this.attesting.onAttested(from, body.value)
      case 'equivocation':
        return this.#equivocations.onTold(body.value.proof)
      case 'excerpt':
        return notForMembers
      default:
        return assertNever(body)
    }
  }

  /** Whoever leads may be a device that the state here does not know yet; one that knows it tells where it is found. */
  #followIfBehind(from: PeerId, stampMs: number): void {
    const ownMs = summaryOf(this.#options.cluster.state)?.stampMs ?? 0
    const isStuck = stampMs > ownMs && this.#stampAtHere.get(from) === ownMs
    this.#stampAtHere.set(from, ownMs)
    if (isStuck && this.#isKnown(from)) void this.#askForDevices(from, stampMs)
  }

  async #askForDevices(from: PeerId, stampMs: number): Promise<void> {
    const answer = await this.#exchange.ask(from, { tag: 'devices', value: {} })
    if (answer?.tag !== 'devices') return
    this.#introduced = { by: from, stampMs, devices: answer.value }
    this.#peers.refresh()
  }

  /**
   * With those that another named, as far as the tree itself does not say who they are: no longer than until it must, and only while
   * the other is one of them. Else whoever was put out could leave somebody here.
   */
  #devices(): readonly Device[] {
    const { cluster, devices, principal } = this.#options
    const known = devices().filter((device) => !this.#revocations.isPutOut(toHex(device.principal)))
    const introduced = this.#introduced
    const isBehind = introduced !== null && (summaryOf(cluster.state)?.stampMs ?? 0) < introduced.stampMs
    if (!isBehind || !this.#isKnown(introduced.by)) return known
    const named = new Set([principal, ...known.map((device) => toHex(device.principal))])
    const isNew = (device: Device): boolean =>
      !named.has(toHex(device.principal)) &&
      !this.#revocations.isPutOut(toHex(device.principal)) &&
      deviceOf(cluster.state, device.principal) === null
    return [...known, ...introduced.devices.filter(isNew)]
  }

  /** Whether the tree itself says that a device is one of its own. */
  #isKnown(id: PeerId): boolean {
    return !this.#revocations.isPutOut(id) && this.#options.devices().some(({ principal }) => toHex(principal) === id)
  }

  async #answer(from: PeerId, question: Question): Promise<Answer> {
    const { platform, place, cluster } = this.#options
    if (question.tag === 'farewells') return this.#revocations.answer(this.#hosting.isGuest(from))
    if (this.#hosting.isGuest(from)) return this.#hosting.answer(from, question)
    switch (question.tag) {
      case 'generation':
        return this.#generations.answer(from, question.value)
      case 'rows':
        return this.#generations.rowsFor(from, question.value) ?? cluster.rowsFor(from, question.value)
      case 'objects': {
        const keys = question.value.map((key) => inPlace(place, key))
        return { tag: 'objects', value: await platform.store.readMany('object', keys) }
      }
      case 'devices':
        return { tag: 'devices', value: otherDevices(cluster.state, fromHex(this.#options.principal)!) }
      case 'lacks':
        return this.sharing.lacksFor(question.value)
      case 'stage':
        return this.sharing.onStage(from, question.value)
      case 'excerpt':
      case 'excerptRows':
      case 'propose':
      case 'rendezvous':
      case 'compromised':
        this.#peers.drop(from, notForMembers.fault)
        return { tag: 'none', value: {} }
    }
  }
}

/** Objects and rows are what their hashes say, whatever log brought them about. */
const isForAll = (body: Bulk['body']): boolean =>
  body.tag === 'answer' || ['generation', 'devices', 'farewells', 'rows', 'objects'].includes(body.value.question.tag)

const notForMembers = refused(
  'notForMembers',
  'A device that has the whole tree asked like one that has a folder, so the connection was closed.',
)
const foreign = refused('envelopeForeign', 'A device spoke of another tree than the one it was met for.')
