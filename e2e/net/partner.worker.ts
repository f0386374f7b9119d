/**
 * A node worker that only converses: it meets whoever it is joined with, answers on both lanes, and keeps a list of what
 * happened. It can also be a peer of bad faith.
 * @module
 */
import { type Bytes, fromHex, ok, toHex } from '../../src/core/bytes/bytes.ts'
import type { Introduction } from '../../src/core/message/message.ts'
import { noRevocation } from '../../src/core/tree/tree.ts'
import { createClock } from '../../src/edge/clock/clock.ts'
import { createCrypto } from '../../src/edge/crypto/crypto.ts'
import { createKeys } from '../../src/edge/keys/keys.ts'
import { createNet, receiveRtc } from '../../src/edge/net/net.ts'
import { createRandom } from '../../src/edge/random/random.ts'
import { openStore } from '../../src/edge/store/store.ts'
import { hostNode } from '../../src/edge/tab/worker.ts'
import type { NodeApi } from '../../src/node/api.ts'
import { meet } from '../../src/node/meet.ts'
import { Strangers } from '../../src/node/strangers.ts'
import type { Connection, Lane, Net, NetPort, RelayAddress } from '../../src/port/net.ts'
import type { NodeKeys, Platform } from '../../src/port/platform.ts'

/** Something that happened, in the order in which it did. */
export interface Happening {
  readonly what: 'met' | 'refused' | 'closed' | 'dropped' | 'reachable'
  readonly code: string
  readonly sentence: string
  readonly isRelayed: boolean
}
export interface Dialled {
  readonly code: string
  readonly isRelayed: boolean
  readonly tookMs: number
}
/** How a hello is said: as it should be, signed by a key of somebody else, or with the proof of an earlier connection. */
export type Manner = 'honest' | 'forged' | 'replayed'

const treeId = new Uint8Array(32).fill(7)
/** First octets of frames. */
const mark = { question: 1, answer: 2, load: 3, end: 4, sum: 5 } as const
const loadSizeBytes = 256 * 1024

class PartnerNode {
  private readonly port: NetPort
  private readonly platform: Pick<Platform, 'clock' | 'random' | 'crypto' | 'keys'>
  private readonly list: Happening[] = []
  private net: Net | null = null
  private current: Connection | null = null
  private readonly answered = new Map<Lane, (frame: Bytes) => void>()
  /** The transports of those whom it has met. */
  private readonly known = new Set<string>()
  private readonly strangers: Strangers
  private loadBytes = 0
  private proof: Uint8Array | null = null

  constructor(port: NetPort, platform: Pick<Platform, 'clock' | 'random' | 'crypto' | 'keys'>) {
    this.port = port
    this.platform = platform
    this.strangers = new Strangers(platform.clock)
  }
  async open(relays: readonly RelayAddress[]): Promise<string> {
    this.net = await this.port.open({
      relays,
      stun: [],
      admits: (peer) => this.known.has(toHex(peer)) || this.strangers.admit(),
      onConnection: (connection) => void this.converse(connection, 'honest'),
      onDropped: (_peer, fault) => this.note('dropped', fault.code, fault.local),
      onReachable: (now) => this.note('reachable', String(now.length), ''),
    })
    return toHex(this.net.transportId)
  }
  async dial(peer: string, relays: readonly RelayAddress[], manner: Manner = 'honest'): Promise<Dialled> {
    const startedMs = performance.now()
    const dialled = await this.net!.dial(fromHex(peer)!, relays)
    if (!dialled.ok) return { code: dialled.fault.code, isRelayed: false, tookMs: performance.now() - startedMs }
    const code = await this.converse(dialled.value, manner)
    return { code, isRelayed: dialled.value.isRelayed, tookMs: performance.now() - startedMs }
  }
  async happenings(): Promise<readonly Happening[]> {
    return this.list
  }
  /** @returns milliseconds until the answer */
  async ask(lane: Lane, sizeBytes: number): Promise<number> {
    const startedMs = performance.now()
    await this.exchange(lane, new Uint8Array(1 + sizeBytes).with(0, mark.question))
    return performance.now() - startedMs
  }
  /** Sends so much on the bulk lane. @returns milliseconds until the peer says that it has it all */
  async pour(sizeBytes: number): Promise<number> {
    const startedMs = performance.now()
    const piece = new Uint8Array(loadSizeBytes).fill(mark.load)
    for (let sentBytes = 0; sentBytes < sizeBytes; sentBytes += piece.length)
      if (!this.current!.send('bulk', piece)) await this.current!.drained('bulk')
    const sum = await this.exchange('bulk', Uint8Array.of(mark.end))
    if (new DataView(sum.buffer).getFloat64(1) !== sizeBytes) throw new Error('"sum" expected all that was sent')
    return performance.now() - startedMs
  }
  /** The same again and again. @returns milliseconds of each */
  async askAgain(lane: Lane, sizeBytes: number, count: number): Promise<readonly number[]> {
    const tookMs: number[] = []
    while (tookMs.length < count) tookMs.push(await this.ask(lane, sizeBytes))
    return tookMs
  }
  async hangUp(): Promise<void> {
    this.current?.close()
  }

  private exchange(lane: Lane, frame: Uint8Array): Promise<Bytes> {
    return new Promise((resolve) => {
      this.answered.set(lane, resolve)
      this.current!.send(lane, frame)
    })
  }
  private async converse(connection: Connection, manner: Manner): Promise<string> {
    const { keys } = this.platform
    const platform =
      manner === 'forged' ? { ...this.platform, keys: { ...keys, node: () => this.forgedKeys() } } : this.platform
    const { credential } = await this.platform.keys.node()
    const own: Introduction = { treeId, credential, buildId: 'test', revocationHead: noRevocation }
    const spoken = this.recorded(connection, manner)
    const met = await meet(platform, spoken, this.net!.transportId, own, () => ok)
    if (!met.ok) {
      this.note('refused', met.fault.code, met.fault.local, connection.isRelayed)
      return met.fault.code
    }
    this.known.add(toHex(connection.peer))
    this.note('met', toHex(met.value.credential.signingKey), '', connection.isRelayed)
    this.current = connection
    void connection.closed.then((fault) => this.note('closed', fault.code, fault.local, connection.isRelayed))
    for (const lane of ['control', 'bulk'] as const) void this.answer(connection, lane)
    return 'met'
  }
  /** Remembers the first proof that is sent, and sends it again where that is wanted. */
  private recorded(connection: Connection, manner: Manner): Connection {
    let sentCount = 0
    return {
      ...connection,
      send: (lane, frame) => {
        const isProof = ++sentCount === 2
        const earlier = this.proof
        if (isProof) this.proof ??= frame
        return connection.send(lane, isProof && manner === 'replayed' && earlier ? earlier : frame)
      },
    }
  }
  private async forgedKeys(): Promise<NodeKeys> {
    const stranger = await createKeys('stranger').node()
    return { ...stranger, credential: (await this.platform.keys.node()).credential }
  }
  private async answer(connection: Connection, lane: Lane): Promise<void> {
    for (let frame = await connection.receive(lane); frame; frame = await connection.receive(lane)) {
      if (frame[0] === mark.load) this.loadBytes += frame.length
      else if (frame[0] === mark.question) connection.send(lane, frame.with(0, mark.answer))
      else if (frame[0] === mark.end) connection.send(lane, this.sum())
      else this.answered.get(lane)?.(frame)
    }
  }
  private sum(): Uint8Array {
    const frame = new Uint8Array(9)
    frame[0] = mark.sum
    new DataView(frame.buffer).setFloat64(1, this.loadBytes)
    this.loadBytes = 0
    return frame
  }
  private note(what: Happening['what'], code: string, sentence: string, isRelayed = false): void {
    this.list.push({ what, code, sentence, isRelayed })
  }
}
export type Partner = Pick<PartnerNode, 'open' | 'dial' | 'happenings' | 'ask' | 'askAgain' | 'pour' | 'hangUp'>

const rtc = receiveRtc()
hostNode(async (profile) => {
  const keys = createKeys(profile)
  const store = await openStore({ profile, deviceKey: await keys.deviceKey() })
  const platform = { keys, clock: createClock(), random: createRandom(), crypto: createCrypto() }
  const partner = new PartnerNode(createNet(rtc, keys.transportSecret), platform)
  return {
    api: partner as unknown as NodeApi,
    epoch: store.epoch,
    closed: store.closed,
    close: async () => store.close(),
  }
})
