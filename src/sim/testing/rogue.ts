/**
 * A device of bad faith: it has the keys of one that belongs, or belonged, to the tree, and says whatever it likes to another.
 * @module
 */
import { fromHex } from '../../core/bytes/bytes.ts'
import {
  type Answer,
  type ControlBody,
  type Question,
  decodeBulk,
  encodeBulk,
  encodeControl,
} from '../../core/message/message.ts'
import { type RevocationHead, noRevocation } from '../../core/tree/tree.ts'
import { placeOf } from '../../node/own-tree.ts'
import { Peers } from '../../node/peers.ts'
import type { TransportId } from '../../port/net.ts'
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
}

export class Rogue {
  /** What it says when it is asked; null: nothing. */
  answer: (question: Question) => Answer | null = () => ({ tag: 'none', value: {} })
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
  static async start(
    family: Family,
    { device, transport, target, targetTransport, revocationHead = noRevocation }: RogueOptions,
  ): Promise<Rogue> {
    const process = new Process(family.scheduler)
    const random = Random.fromSeed(99)
    const { keys, wall } = device
    const { credential } = await keys.node()
    const net = await family.scheduler.run(
      family.network.port(process, transport).open({
        relays,
        stun: [],
        onConnection: (connection) => connection.close(),
        admits: () => true,
        onDropped() {},
        onReachable() {},
      }),
    )
    const treeId = fromHex(target.page.tree.treeId)!
    const peers = (rogue: Rogue) =>
      new Peers({
        platform: {
          clock: createSimClock(process, wall),
          random: random.fork('node'),
          crypto: createSimulatedCrypto(random.fork('crypto')),
          keys,
        },
        net,
        relays,
        introduction: () => ({ treeId, credential, buildId: 'rogue', revocationHead }),
        devices: () => [{ principal: fromHex(rogue.#target)!, transportId: targetTransport }],
        onUp() {},
        onDown: () => void rogue.#dropCount++,
        onFrame: (_id, lane, frame) => {
          const decoded = lane === 'bulk' ? decodeBulk(frame) : null
          if (decoded?.ok && decoded.value.body.tag === 'answer') rogue.#answers.push(decoded.value.body.value.answer)
          if (decoded?.ok && decoded.value.body.tag === 'ask') rogue.#reply(decoded.value.body.value)
          return { ok: true }
        },
        onReport() {},
      })
    const rogue = new Rogue(family, peers, target)
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
  /** @returns the answer; null where the connection ends instead */
  async ask(question: Question, generation = 1): Promise<Answer | null> {
    const before = [this.#answers.length, this.#dropCount]
    const body = { tag: 'ask' as const, value: { number: 7, question } }
    this.#peers.send(this.#target, 'bulk', encodeBulk({ ...this.#place, generation, body }))
    await this.#family.until('an end', () => this.#answers.length > before[0]! || this.#dropCount > before[1]!)
    return this.#dropCount > before[1]! ? null : this.#answers.at(-1)!
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
