/**
 * Visiting: a guest among the members of a tree that it meets. It asks what its folder is now, fetches contents, and gives what was
 * done here; to anything but questions for its own bodies it does not answer.
 * @module
 */
import { type Bytes, type Check, equal, ok, refused } from '../../core/bytes/bytes.ts'
import {
  type Answer,
  type Bulk,
  type Question,
  decodeBulk,
  decodeControl,
  encodeBulk,
} from '../../core/message/message.ts'
import { blockIdSizeBytes } from '../../core/path/path.ts'
import { emptyConfiguration } from '../../core/raft/raft.ts'
import type { Connection, Lane } from '../../port/net.ts'
import { type AskOptions, Exchange } from '../exchange.ts'
import { type PeerId, Peers, type PeerStatus } from '../peers.ts'
import { inPlace } from '../place.ts'
import type { ReplicationOptions } from '../replication.ts'
import { Sharing } from '../sharing.ts'
import { type GuestReplica, answerMs } from './guest-replica.ts'

export type VisitingOptions = Omit<ReplicationOptions, 'cluster' | 'keys'> & { readonly cluster: GuestReplica }

export class Visiting {
  readonly #options: VisitingOptions
  readonly #exchange: Exchange
  readonly #peers: Peers
  readonly sharing: Sharing

  constructor(options: VisitingOptions) {
    this.#options = options
    const { platform, net, relays, introduction, devices, farewells, cluster, holdings, place } = options
    this.#exchange = new Exchange({
      clock: platform.clock,
      send: (to, body) => this.#send(to, body),
      answer: (_from, question) => this.#answer(question),
    })
    const ask = (to: PeerId, question: Question, how?: AskOptions): Promise<Answer | null> =>
      this.#exchange.ask(to, question, how)
    this.#peers = new Peers({
      ...{ platform, net, relays, introduction, devices, farewells },
      onUp: (id) => this.#onUp(id),
      onDown: (id) => this.#onDown(id),
      onFrame: (id, lane, frame) => this.#onFrame(id, lane, frame),
      onReport: options.onReport,
    })
    this.sharing = new Sharing({
      ...{ platform, place, principal: options.principal, holdings },
      // What somebody began to read may have left the folder since.
      ask: async (to, question) => (this.#isOfFolder(question) ? ask(to, question, howToAsk(question)) : null),
      state: () => cluster.state,
      configuration: () => emptyConfiguration,
      peers: () => cluster.hostsInStep,
      untilTried: () => this.#peers.untilTried().then(() => cluster.untilLooked()),
      onReport: (id, fault) => this.#peers.drop(id, fault),
      onCounted: options.onChanged,
      untilSwept: options.untilSwept,
    })
    holdings.onLacking = () => this.sharing.fetchLacking()
    cluster.connect({
      ask,
      connected: () => this.#peers.connected,
      stageAt: (host, operation) => this.sharing.stageAt(host, operation),
      drop: (host, fault) => this.#peers.drop(host, fault),
      report: (host, fault) => options.onReport(host, fault),
    })
    this.sharing.fetchLacking()
  }

  get statuses(): readonly PeerStatus[] {
    return this.#peers.statuses
  }

  accept(connection: Connection, first: Bytes): void {
    this.#peers.accept(connection, first)
  }

  /** Whether a member says something on being asked. */
  async answers(id: PeerId): Promise<boolean> {
    return (await this.#exchange.ask(id, { tag: 'excerpt', value: { requestIds: [] } })) !== null
  }

  /** It decides nothing that it could hand over. */
  async isBeside(): Promise<boolean> {
    return false
  }

  refresh(): void {
    this.#peers.refresh()
  }

  retry(): void {
    this.#peers.retry()
  }

  /** What a guest holds counts for nobody else. */
  saySoon(): void {}
  onApplied(): void {}

  /**
   * What is in the tree a member has, since a change counts only once the majority that decides holds what it refers to; unless the
   * folder is gone, when nobody says what became of it.
   */
  copyCount(block: Bytes): number {
    const { holdings, cluster } = this.#options
    return (holdings.isLacking(block) ? 0 : 1) + (cluster.isFolderGone ? 0 : 1)
  }
  isSafe(): boolean {
    return !this.#options.cluster.isFolderGone
  }
  heldBytes(): number | null {
    return null
  }
  get isMemberUp(): boolean {
    return this.#peers.connected.length > 0
  }
  get newestAttested(): null {
    return null
  }
  async attestedSoon(): Promise<null> {
    return null
  }

  close(): void {
    this.sharing.close()
    this.#peers.close()
  }

  #onUp(id: PeerId): void {
    this.#exchange.onUp(id)
    void this.#looked((cluster) => cluster.look(id)).then(() => this.sharing.onUp(id))
    this.#options.onChanged('all')
  }

  #onDown(id: PeerId): void {
    this.#exchange.onDown(id)
    this.#options.cluster.onDown(id)
    this.#options.onChanged('all')
  }

  /** A look that fails stops the node by itself. What a member says again and again is news only where something follows from it that no row tells. */
  async #looked(look: (cluster: GuestReplica) => Promise<void>): Promise<void> {
    const { cluster, onChanged } = this.#options
    const wasGone = cluster.isFolderGone
    await look(cluster).catch(() => {})
    if (cluster.isFolderGone !== wasGone) onChanged('all')
  }

  async #send(to: PeerId, body: Bulk['body']): Promise<void> {
    const { place, cluster } = this.#options
    this.#peers.send(to, 'bulk', encodeBulk({ ...place, generation: cluster.identity.generation, body }))
    await this.#peers.drained(to, 'bulk')
  }

  #onFrame(from: PeerId, lane: Lane, frame: Bytes): Check {
    const { place, cluster } = this.#options
    const decoded = lane === 'control' ? decodeControl(frame) : decodeBulk(frame)
    if (!decoded.ok) return decoded
    const { treeId, clusterId, body } = decoded.value
    if (!equal(treeId, place.treeId) || !equal(clusterId, place.clusterId)) return foreign
    if (body.tag === 'ask' || body.tag === 'answer') return this.#exchange.receive(from, body)
    if (body.tag === 'excerpt') void this.#looked(() => cluster.onTold(from, body.value.root))
    return ok
  }

  #isOfFolder({ tag, value }: Question): boolean {
    return tag !== 'objects' || value.every((key) => this.#options.cluster.isInFolder(key.slice(0, blockIdSizeBytes)))
  }

  async #answer(question: Question): Promise<Answer> {
    const { platform, place } = this.#options
    if (question.tag !== 'objects') return { tag: 'none', value: {} }
    const keys = question.value.map((key) => inPlace(place, key))
    return { tag: 'objects', value: await platform.store.readMany('object', keys) }
  }
}

/** Of many members another one may take what the first says nothing to. */
const howToAsk = ({ tag }: Question): AskOptions => (tag === 'stage' ? { timeoutMs: answerMs } : {})

const foreign = refused('envelopeForeign', 'A device spoke of another tree than the one it was met for.')
