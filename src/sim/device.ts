/**
 * A simulated device: a disk, a wall clock and keys that outlive the node's processes, and the lives of the node on it.
 * @module
 */
import { type Bytes, type Fault, concat } from '../core/bytes/bytes.ts'
import type { Job, NodeApi, NodeEvent, Item, TreeStatus } from '../node/api.ts'
import { type Node, runNode } from '../node/node.ts'
import type { PeerId } from '../node/peers.ts'
import type { Discard, KeysPort, Platform } from '../port/platform.ts'
import { WallClock, createSimClock } from './clock.ts'
import { createSimulatedCrypto } from './crypto.ts'
import type { Disk } from './disk.ts'
import { createSimulatedKeys } from './keys.ts'
import { Process } from './process.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { SimStore, type StoreEvents } from './store.ts'
import type { SimNetwork } from './net.ts'
import type { Trace } from './trace.ts'

const simNetworkOptions = {
  meeting: async () => ({ relays: [{ url: 'ws://relay.test', peerId: 'relay' }], stun: [] }),
  buildId: 'simulated',
}

export interface World {
  readonly scheduler: Scheduler
  readonly trace: Trace
  readonly random: Random
}

/** How a call of the page ended. */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly code: string; readonly error: Error }
  /** The process died; what became of the call is unknown. */
  | { readonly kind: 'lost' }

/** A node from its start to its end, with what its page has heard from it. */
export interface Life {
  readonly number: number
  readonly process: Process
  readonly store: SimStore
  readonly node: Node
  readonly page: Page
}

/** What may be wrong with the node's own hands in one life; for the signer, how likely a signature comes out broken. */
export interface SignerFaults {
  brokenChance: number
}

/** Changes the platform before a node gets it: how the simulator's own test plants a bug. */
export type Sabotage = (platform: Platform, process: Process) => Platform

export interface DeviceOptions {
  readonly sabotage?: Sabotage | undefined
  /** Whether a new tree begins with a file that greets its owner. */
  readonly welcomes?: boolean
  /** Where it finds other devices; absent: it stands alone. */
  readonly network?: SimNetwork
  /** How many lives the device has had on an earlier disk. */
  readonly livesBefore?: number
  /** The true algorithms, of crypto and of its keys. */
  readonly isReal?: boolean
  /** It blames another device. */
  readonly onReport?: (id: PeerId, fault: Fault) => void
}

export class SimDevice {
  readonly disk: Disk
  readonly wall = new WallClock()
  /** What the host of its site says that the time is. */
  siteNowMs: NonNullable<Platform['siteNowMs']> = async () => this.wall.offsetMs + this.#world.scheduler.nowMs
  readonly signer: SignerFaults = { brokenChance: 0 }
  readonly #world: World
  readonly #events: StoreEvents & { onBrokenSignature(): void }
  readonly #sabotage: Sabotage
  readonly #welcomes: boolean
  readonly #isReal: boolean
  readonly #network: SimNetwork | undefined
  readonly #onReport: NonNullable<DeviceOptions['onReport']>
  readonly #keys: KeysPort
  readonly name: string
  #lifeCount = 0

  constructor(
    world: World,
    name: string,
    disk: Disk,
    events: StoreEvents & { onBrokenSignature(): void },
    {
      sabotage = (platform) => platform,
      welcomes = false,
      network,
      livesBefore = 0,
      isReal = false,
      onReport = () => {},
    }: DeviceOptions = {},
  ) {
    this.#world = world
    this.name = name
    this.disk = disk
    this.#events = events
    this.#sabotage = sabotage
    this.#welcomes = welcomes
    this.#isReal = isReal
    this.#network = network
    this.#onReport = onReport
    this.#lifeCount = livesBefore
    this.#keys = createSimulatedKeys(world.random.fork(name).fork('keys').bytes(32), isReal)
  }

  get keys(): KeysPort {
    return this.#keys
  }

  /** How many lives have begun. */
  get lifeCount(): number {
    return this.#lifeCount
  }

  /**
   * Starts a node on this disk; one that runs already is superseded.
   * @param prepare sets faults of the store before the node first uses it
   */
  async start(prepare: (store: SimStore, process: Process) => void = () => {}): Promise<Outcome<Life>> {
    const { scheduler, trace } = this.#world
    const number = ++this.#lifeCount
    const random = this.#world.random.fork(this.name).fork(`life ${number}`)
    const process = new Process(scheduler)
    const store = new SimStore(this.disk, process, random.fork('store'), trace, this.#events)
    prepare(store, process)
    const platform = this.#sabotage(
      {
        store,
        clock: createSimClock(process, this.wall),
        random: random.fork('node'),
        crypto: createSimulatedCrypto(random.fork('crypto'), this.#isReal),
        keys: {
          ...this.#keys,
          node: async () => ({ ...(await this.#keys.node()), sign: this.#signerOf(random.fork('signer')) }),
        },
        discard: overwrite,
        siteNowMs: () => this.siteNowMs(),
        ...(this.#network && { net: this.#network.port(process, await this.#keys.transportId()) }),
      },
      process,
    )
    trace.tell(scheduler.nowMs, `${this.name}: life ${number} begins`)
    const network = { ...simNetworkOptions, onReport: this.#onReport }
    const started = await settle(
      process,
      runNode(platform, { deviceName: this.name, welcomes: this.#welcomes, network }),
    )
    if (started.kind !== 'done') {
      if (started.kind === 'failed') process.kill()
      trace.tell(scheduler.nowMs, `${this.name}: life ${number} does not begin: ${describeOutcome(started)}`)
      return started
    }
    const page = new Page(process)
    const node = started.value
    const watching = await settle(
      process,
      node.api.watch((event) => page.hear(event)),
    )
    if (watching.kind !== 'done') return watching
    return { kind: 'done', value: { number, process, store, node, page } }
  }

  #signerOf(random: Random): (message: Bytes) => Promise<Bytes> {
    return async (message) => {
      const keys = await this.#keys.node()
      const signature = await keys.sign(message)
      if (this.signer.brokenChance > 0 && random.chance(this.signer.brokenChance)) {
        this.#events.onBrokenSignature()
        // Not the outer octets: those would already fail by form.
        signature[random.between(2, 20)]! ^= 1 << random.below(8)
      }
      return signature
    }
  }
}

/** Whoever reads after all what he gave away gets what nobody wrote. */
const overwrite: Discard = (...spent) => {
  for (const octets of spent) octets.fill(0xdd)
}

/** The page of one life: mirrors what the node tells its watcher. */
export class Page {
  readonly items = new Map<string, Item>()
  readonly jobs = new Map<string, Job>()
  /** The reason, once the node has said that it stopped. */
  stopped: string | null = null
  readonly #process: Process
  #tree: TreeStatus | null = null

  constructor(process: Process) {
    this.#process = process
  }

  get tree(): TreeStatus {
    if (this.#tree === null) throw new Error('the page has heard nothing yet')
    return this.#tree
  }

  hear(event: NodeEvent): void {
    if (!this.#process.isAlive) return
    switch (event.kind) {
      case 'snapshot':
        this.#tree = event.tree
        this.items.clear()
        this.jobs.clear()
        for (const item of event.items) this.items.set(item.id, item)
        for (const job of event.jobs) this.jobs.set(job.id, job)
        break
      case 'changed':
        this.#tree = event.tree
        for (const item of event.upserted) this.items.set(item.id, item)
        for (const id of event.removedIds) this.items.delete(id)
        break
      case 'job':
        this.jobs.set(event.job.id, event.job)
        break
      case 'jobEnded':
        this.jobs.delete(event.id)
        break
      case 'stopped':
        this.stopped = event.code
    }
  }
}

/** Waits for an answer of a process, or for its end. */
export function settle<T>(process: Process, answer: Promise<T>): Promise<Outcome<T>> {
  return new Promise((resolve) => {
    void process.died.then(() => resolve({ kind: 'lost' }))
    answer.then(
      (value) => resolve(process.isAlive ? { kind: 'done', value } : { kind: 'lost' }),
      (error: unknown) => {
        if (!process.isAlive) return resolve({ kind: 'lost' })
        const known = error instanceof Error ? error : new Error(String(error))
        resolve({ kind: 'failed', code: codeOf(known), error: known })
      },
    )
  })
}

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : error.name)

export function describeOutcome(outcome: Outcome<unknown>): string {
  if (outcome.kind === 'failed') return `${outcome.code} (${outcome.error.message})`
  return outcome.kind
}

/** Reads a content, or an export, to its end. */
export async function readAll(api: NodeApi, id: string, startByte?: number, endByte?: number): Promise<Bytes> {
  const head = await api.openContent(id, startByte, endByte)
  const chunks: Uint8Array[] = []
  for (;;) {
    const chunk = await api.nextChunk(head.streamId)
    if (chunk === null) break
    chunks.push(chunk)
  }
  await api.closeContent(head.streamId)
  return concat(...chunks)
}
