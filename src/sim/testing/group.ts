/**
 * A group of clusters on simulated devices that know each other from the start, for tests of replication without the node around it.
 * @module
 */
import { type Bytes, toHex, utf8 } from '../../core/bytes/bytes.ts'
import { digest, ed25519PublicKey, principalOf } from '../../core/crypto/crypto.ts'
import { type TreeId, rootPath } from '../../core/path/path.ts'
import {
  type Operation,
  type TreeState,
  deviceOf,
  firstGeneration,
  noRevocation,
  requestIdSizeBytes,
} from '../../core/tree/tree.ts'
import { Author } from '../../node/author.ts'
import { Cluster } from '../../node/cluster.ts'
import type { Folded } from '../../node/cluster/options.ts'
import { Holdings } from '../../node/holdings.ts'
import { placeOf } from '../../node/own-tree.ts'
import { foundLocalTree } from '../../node/planting.ts'
import type { Device, PeerId } from '../../node/peers.ts'
import { Replication } from '../../node/replication.ts'
import type { Connection } from '../../port/net.ts'
import type { NodeKeys, Platform } from '../../port/platform.ts'
import { WallClock, createSimClock } from '../clock.ts'
import { createSimulatedCrypto } from '../crypto.ts'
import { Disk } from '../disk.ts'
import { createSimulatedKeys } from '../keys.ts'
import { SimNetwork } from '../net.ts'
import { Process } from '../process.ts'
import { firstFrame } from '../../node/meet.ts'
import { Random } from '../random.ts'
import { Scheduler } from '../scheduler.ts'
import { SimStore } from '../store.ts'
import { Trace } from '../trace.ts'
import { changeOf } from './change.ts'
import { drain } from './drain.ts'

const relays = [{ url: 'ws://relay.test', peerId: 'relay' }]
const quiet = { onCrash() {}, onFull() {}, onSuperseded() {} }

/** One device of the group, over all its lives. */
export class GroupMember {
  readonly name: string
  readonly disk = new Disk()
  readonly wall = new WallClock()
  readonly keys: NodeKeys
  readonly device: Device
  process!: Process
  platform!: Platform
  cluster!: Cluster
  replication!: Replication
  readonly reports: string[] = []
  failure: unknown = null
  #lifeCount = 0
  readonly #group: Group

  constructor(group: Group, name: string, keys: NodeKeys) {
    this.#group = group
    this.name = name
    this.keys = keys
    this.device = {
      principal: principalOf(keys.credential),
      transportId: ed25519PublicKey(digest('blocktree/1/simulated/name', utf8(name))),
    }
  }

  get id(): PeerId {
    return toHex(this.device.principal)
  }

  async start(): Promise<void> {
    const { scheduler, trace, random, network, treeId } = this.#group
    const own = random.fork(this.name).fork(++this.#lifeCount)
    const process = (this.process = new Process(scheduler))
    this.failure = null
    this.platform = {
      store: new SimStore(this.disk, process, own.fork('store'), trace, quiet),
      clock: createSimClock(process, this.wall),
      random: own.fork('node'),
      crypto: createSimulatedCrypto(own.fork('crypto')),
      keys: {
        node: () => Promise.resolve(this.keys),
        transportId: () => Promise.resolve(this.device.transportId),
        useHybrid: () => Promise.reject(new Error('not asked for here')),
      },
      discard: () => {},
      keptEntryCount: this.#group.keptEntryCount,
    }
    const holdings = await Holdings.open(this.platform.store, placeOf(treeId), this.device.principal)
    const options = {
      platform: this.platform,
      place: placeOf(treeId),
      principal: this.id,
      onApplied: (before: TreeState, state: TreeState, touched: readonly Bytes[], folded: Folded | null) => {
        if (folded === null) holdings.installed()
        else holdings.onApplied(before, state, touched, folded, true)
      },
      onInstalling: (before: TreeState, after: TreeState, dropped: readonly Operation[]) =>
        holdings.installing(before, after, dropped),
      onFailure: (error: unknown) => (this.failure = error),
    }
    this.cluster = (await Cluster.open(options)) ?? (await this.#group.begin(this, options))
    let accept = (connection: Connection): void => connection.close()
    const net = await network.port(process, this.device.transportId).open({
      relays,
      stun: [],
      onConnection: (connection) => accept(connection),
      admits: () => true,
      onDropped: () => {},
      onReachable: () => {},
    })
    this.replication = new Replication({
      platform: this.platform,
      keys: this.keys,
      net,
      relays,
      place: placeOf(treeId),
      cluster: this.cluster,
      holdings,
      principal: this.id,
      untilSwept: () => Promise.resolve(),
      onChanged: () => {},
      introduction: () => ({
        treeId,
        credential: this.keys.credential,
        buildId: 'test',
        revocationHead: noRevocation,
      }),
      devices: () => this.#group.members.filter((member) => member !== this).map(({ device }) => device),
      onReport: (_id, fault) => this.reports.push(fault.code),
    })
    accept = (connection) =>
      void firstFrame(this.platform, connection).then((first) => first && this.replication.accept(connection, first))
  }
}

export class Group {
  readonly scheduler = new Scheduler(drain)
  readonly trace = new Trace()
  readonly random: Random
  readonly network: SimNetwork
  readonly members: GroupMember[] = []
  treeId!: TreeId
  /** As `Platform` has it, from the next start of each. */
  keptEntryCount = 1024
  #founding: Awaited<ReturnType<typeof foundLocalTree>> | null = null

  private constructor(seed: number) {
    this.random = Random.fromSeed(seed)
    this.network = new SimNetwork(this.scheduler, this.random.fork('network'), this.trace)
  }

  /** The first of the names founds; the others begin blank. */
  static async of(seed: number, ...names: readonly string[]): Promise<Group> {
    const group = new Group(seed)
    for (const name of names) {
      const keys = await createSimulatedKeys(group.random.fork(name).bytes(32)).node()
      group.members.push(new GroupMember(group, name, keys))
    }
    await group.scheduler.run(group.#start())
    return group
  }

  async #start(): Promise<void> {
    const first = this.members[0]!
    const platform = {
      random: this.random.fork('founding'),
      clock: createSimClock(new Process(this.scheduler), first.wall),
    }
    const crypto = createSimulatedCrypto(this.random.fork('founding crypto'))
    this.#founding = await foundLocalTree(
      {
        ...platform,
        crypto,
        keys: { transportId: () => Promise.resolve(first.device.transportId) },
      } as unknown as Platform,
      first.keys,
      'first',
    )
    this.treeId = this.#founding.treeId
    for (const member of this.members) await member.start()
  }

  async begin(member: GroupMember, options: Parameters<typeof Cluster.join>[0]): Promise<Cluster> {
    if (member !== this.members[0]) return Cluster.join(options, 1)
    const cluster = await Cluster.found(options, firstGeneration, null)
    const outcome = await cluster.propose(this.#founding!.operation)
    if (!outcome.ok) throw new Error(outcome.fault.local)
    return cluster
  }

  /** A change that nothing refuses, signed by the one that founded. */
  async change(count: number): Promise<ReturnType<typeof changeOf>> {
    const { keys, cluster, device } = this.members[0]!
    const seed = new Uint8Array(requestIdSizeBytes)
    new DataView(seed.buffer).setUint32(0, count)
    const author = new Author(keys, () => deviceOf(cluster.state, device.principal)!.writecapHash)
    const entry = await author.sign('entry', {
      ...{ parent: rootPath(this.treeId), child: seed, kind: 'directory', version: 1, previousHash: null },
      ...{ sealedName: new Uint8Array(64), nameKeyEpoch: 1, trashed: false, movedFrom: null, origin: null },
    })
    return changeOf(seed, [entry])
  }

  /** Waits until something holds. */
  async until(what: string, isTrue: () => boolean, limitMs = 10 * 60_000): Promise<void> {
    const endMs = this.scheduler.nowMs + limitMs
    while (!isTrue()) {
      if (this.scheduler.nowMs > endMs) throw new Error(`never came about: ${what}`)
      await this.scheduler.run(this.scheduler.sleep(100))
    }
  }

  get leader(): GroupMember | null {
    return this.members.find(({ process, cluster }) => process.isAlive && cluster.position.isLeader) ?? null
  }

  /** Makes every member a voter, all at once: two would be one again. */
  async allVote(): Promise<void> {
    const leads = this.members[0]!.cluster
    const others = this.members.slice(1).map(({ cluster }) => cluster)
    const ids = others.map(({ identity }) => identity.nodeId)
    await this.until('all are learners', () => {
      const { learners } = leads.members.configuration
      return ids.every((id) => learners.includes(id))
    })
    await this.until('all have caught up', () =>
      others.every(({ position }) => position.appliedIndex >= leads.position.appliedIndex),
    )
    const check = leads.changeMembers(ids.map((id) => ({ kind: 'addVoter', id })))
    if (!check.ok) throw new Error(check.fault.local)
    await this.until('all vote', () => {
      const { voters, votersOutgoing } = leads.members.configuration
      return votersOutgoing.length === 0 && ids.every((id) => voters.includes(id))
    })
  }
}
