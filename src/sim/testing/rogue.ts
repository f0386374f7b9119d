/**
 * A device of bad faith: it has the keys of one that belongs, or belonged, to the tree, and says whatever it likes to another.
 * @module
 */
import { type Bytes, fromHex, must } from '../../core/bytes/bytes.ts'
import { type Chain, writecapBody, writecapDomain, writecapOf } from '../../core/cap/cap.ts'
import { ed25519Message, principalOf } from '../../core/crypto/crypto.ts'
import {
  type Answer,
  type ControlBody,
  type Farewell,
  type Question,
  decodeBulk,
  decodeControl,
  encodeBulk,
  encodeControl,
} from '../../core/message/message.ts'
import {
  type Operation,
  type RevocationHead,
  type TreeState,
  chainOf,
  decodeBatch,
  deviceOf,
  dismissalBody,
  dismissalDomain,
  noRevocation,
} from '../../core/tree/tree.ts'
import { firstFrame } from '../../node/meet.ts'
import { placeOf } from '../../node/own-tree.ts'
import { Peers } from '../../node/peers.ts'
import type { ClusterPlace } from '../../node/place.ts'
import type { Connection, Lane, TransportId } from '../../port/net.ts'
import type { NodeKeys } from '../../port/platform.ts'
import { createSimClock } from '../clock.ts'
import { createSimulatedCrypto } from '../crypto.ts'
import type { Life, SimDevice } from '../device.ts'
import { Process } from '../process.ts'
import { Random } from '../random.ts'
import type { Family } from './family.ts'

const relays = [{ url: 'ws://relay.test', peerId: 'relay' }]

export interface RogueOptions {
  /** Whose keys it has. */
  readonly device: SimDevice
  readonly transport: TransportId
  /** To whom it speaks. */
  readonly target: Life
  readonly targetTransport: TransportId
  readonly revocationHead?: RevocationHead
  /** What it says when it is asked, from the beginning. */
  readonly answer?: Rogue['answer']
}

/** What a device signs now to put another one out, under the permission that it has in a state. */
export async function farewellBy(device: SimDevice, state: TreeState, other: Bytes): Promise<Farewell> {
  const keys = await device.keys.node()
  return farewellUnder(chainIn(state, keys), keys, other)
}

/** The same, signed by keys that got their permission from that device, and from nobody else. */
export async function farewellThrough(
  helper: SimDevice,
  device: SimDevice,
  state: TreeState,
  other: Bytes,
): Promise<Farewell> {
  const [keys, { credential, sign }] = await Promise.all([helper.keys.node(), device.keys.node()])
  const chain = chainIn(state, { credential })
  const { scope, rights, expiresAtMs } = chain[0]!
  const issuer = { tag: 'node' as const, value: credential }
  const granted = writecapBody({ scope, rights, expiresAtMs, issuer, holder: principalOf(keys.credential) })
  const signature = await sign(ed25519Message(writecapDomain, granted))
  return farewellUnder([must(writecapOf(granted, { tag: 'node', value: signature })), ...chain], keys, other)
}

const chainIn = (state: TreeState, { credential }: Pick<NodeKeys, 'credential'>): Chain =>
  chainOf(state, deviceOf(state, principalOf(credential))!.writecapHash)!

async function farewellUnder(chain: Chain, { credential, sign }: NodeKeys, other: Bytes): Promise<Farewell> {
  const [{ hash, scope }] = chain as readonly [Chain[number]]
  const issuer = { tag: 'node' as const, value: { author: credential, writecapHash: hash } }
  const fields = { treeId: scope.treeId, device: other, issuer }
  const body = dismissalBody(fields)
  const signature = { tag: 'node' as const, value: await sign(ed25519Message(dismissalDomain, body)) }
  return { dismissal: { fields, body, signature }, chain }
}

/** What a device of bad faith has in common, whatever it says. */
async function openedBy(
  family: Family,
  { device, transport, target, revocationHead = noRevocation }: RogueOptions,
  onConnection: (connection: Connection) => void,
) {
  const process = new Process(family.scheduler)
  const random = Random.fromSeed(99)
  const { keys, wall } = device
  const { credential } = await keys.node()
  const platform = {
    clock: createSimClock(process, wall),
    random: random.fork('node'),
    crypto: createSimulatedCrypto(random.fork('crypto')),
    keys,
  }
  const net = await family.scheduler.run(
    family.network.port(process, transport).open({
      ...{ relays, stun: [], onConnection },
      admits: () => true,
      onDropped() {},
      onReachable() {},
    }),
  )
  const treeId = fromHex(target.page.tree.treeId)!
  const introduction = () => ({ treeId, credential, buildId: 'rogue', revocationHead })
  return { platform, net, relays, introduction, onReport() {} }
}

/** It waits until it is dialled, and then says that the other one was put out. */
export async function sayFarewell(family: Family, options: RogueOptions, farewell: Farewell): Promise<void> {
  const common = await openedBy(family, options, (connection) => void accept(connection))
  const peers = new Peers({
    ...common,
    devices: () => [],
    farewells: { to: () => farewell, onHeard() {} },
    onUp() {},
    onDown() {},
    onFrame: () => ({ ok: true }),
  })
  const accept = async (connection: Connection): Promise<void> => {
    const first = await firstFrame(common.platform, connection)
    if (first !== null) peers.accept(connection, first)
  }
}

export class Rogue {
  /** What it says when it is asked; null: nothing. */
  answer: (question: Question) => Answer | null = () => ({ tag: 'none', value: {} })
  /** What it was given to decide. */
  readonly proposed: Operation[] = []
  readonly #family: Family
  readonly #peers: Peers
  readonly #target: string
  readonly #place: ReturnType<typeof placeOf>
  readonly #answers: Answer[] = []
  #dropCount = 0

  private constructor(family: Family, peers: (rogue: Rogue) => Peers, target: Life) {
    this.#family = family
    this.#target = target.page.tree.principal.replaceAll(' ', '')
    this.#place = placeOf(fromHex(target.page.tree.treeId)!)
    this.#peers = peers(this)
  }

  /** The program that ran on the device before is to be gone. */
  static async start(family: Family, options: RogueOptions): Promise<Rogue> {
    const { target, targetTransport } = options
    const common = await openedBy(family, options, (connection) => connection.close())
    const peers = (rogue: Rogue) =>
      new Peers({
        ...common,
        devices: () => [{ principal: fromHex(rogue.#target)!, transportId: targetTransport }],
        onUp() {},
        onDown: () => void rogue.#dropCount++,
        onFrame: (_id, lane, frame) => {
          const control = lane === 'control' ? decodeControl(frame) : null
          if (control?.ok && control.value.body.tag === 'propose')
            rogue.proposed.push(...must(decodeBatch(control.value.body.value.batch)).operations)
          const decoded = lane === 'bulk' ? decodeBulk(frame) : null
          if (decoded?.ok && decoded.value.body.tag === 'answer') rogue.#answers.push(decoded.value.body.value.answer)
          if (decoded?.ok && decoded.value.body.tag === 'ask') rogue.#reply(decoded.value.body.value)
          return { ok: true }
        },
      })
    const rogue = new Rogue(family, peers, target)
    rogue.answer = options.answer ?? rogue.answer
    await rogue.untilUp()
    return rogue
  }

  get isUp(): boolean {
    return this.#peers.isUp(this.#target)
  }
  untilUp(): Promise<void> {
    return this.#family.until('the rogue is connected', () => this.isUp)
  }

  say(body: ControlBody, generation = 1): void {
    this.#peers.send(this.#target, 'control', encodeControl({ ...this.#place, generation, body }))
  }
  /** As if it had been met for another tree, or another cluster of this one. */
  sayElsewhere(lane: Lane, place: Partial<ClusterPlace>): void {
    const envelope = { ...this.#place, ...place, generation: 1 }
    const frame =
      lane === 'control'
        ? encodeControl({ ...envelope, body: { tag: 'excerpt', value: { root: new Uint8Array(32) } } })
        : encodeBulk({
            ...envelope,
            body: { tag: 'ask', value: { number: 7, question: { tag: 'farewells', value: {} } } },
          })
    this.#peers.send(this.#target, lane, frame)
  }
  /** @returns the answer; null where the connection ends instead */
  async ask(question: Question, generation = 1): Promise<Answer | null> {
    const before = [this.#answers.length, this.#dropCount]
    const body = { tag: 'ask' as const, value: { number: 7, question } }
    this.#peers.send(this.#target, 'bulk', encodeBulk({ ...this.#place, generation, body }))
    await this.#family.until('an end', () => this.#answers.length > before[0]! || this.#dropCount > before[1]!)
    return this.#dropCount > before[1]! ? null : this.#answers.at(-1)!
  }
  /** Without waiting for one before the next. @returns the answers as they came */
  async askAtOnce(questions: readonly Question[]): Promise<readonly Answer[]> {
    const before = this.#answers.length
    for (const question of questions) {
      const body = { tag: 'ask' as const, value: { number: 7, question } }
      this.#peers.send(this.#target, 'bulk', encodeBulk({ ...this.#place, generation: 1, body }))
    }
    await this.#family.until('all answers', () => this.#answers.length === before + questions.length)
    return this.#answers.slice(before)
  }
  async untilDropped(deed: () => unknown): Promise<void> {
    await this.untilUp()
    const before = this.#dropCount
    await deed()
    await this.#family.until('it is dropped', () => this.#dropCount > before)
  }

  #reply({ number, question }: { readonly number: number; readonly question: Question }): void {
    const answer = this.answer(question)
    if (answer === null) return
    const body = { tag: 'answer' as const, value: { number, answer } }
    this.#peers.send(this.#target, 'bulk', encodeBulk({ ...this.#place, generation: 1, body }))
  }
}
