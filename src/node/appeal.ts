/**
 * The appeal of a device that was put out by what another one said, and not by its own log.
 *
 * The other one may have been put out itself, earlier, and this device be the last to hear of it. So it goes on looking for the others,
 * tells them who it is, and asks those that take it for a device of the tree who was put out, and nothing more. Where it is the one that
 * said so, this device was not: else who knows of the one removal would know of the other. Who only knows of less than the one that
 * said so knows nothing against it.
 * @module
 */
import { type Bytes, type Check, equal, ok } from '../core/bytes/bytes.ts'
import { type Bulk, type Farewell, decodeBulk, encodeBulk } from '../core/message/message.ts'
import { type TreeState, summaryOf } from '../core/tree/tree.ts'
import type { Connection, Lane } from '../port/net.ts'
import { Exchange } from './exchange.ts'
import { type PeerId, Peers, type PeersOptions } from './peers.ts'
import type { ClusterPlace } from './place.ts'
import { isNewsNow } from './removal.ts'

/** They are looked for so long, and so long not: longer each time, since mostly it is true. */
const roundMs = 30_000
const pauseMs = { first: 60_000, max: 15 * 60_000 }

export interface AppealOptions extends Omit<PeersOptions, 'onUp' | 'onDown' | 'onFrame' | 'farewells'> {
  readonly place: ClusterPlace
  readonly state: TreeState
  /** By which this device was put out. */
  readonly farewell: Farewell
  /** Another device takes this one for one of its own, and knows that the one that said so was put out. */
  onOverruled(): void
}

export class Appeal {
  readonly #options: AppealOptions
  readonly #exchange: Exchange
  #peers: Peers | null = null
  #cancel = (): void => {}

  constructor(options: AppealOptions) {
    this.#options = options
    this.#exchange = new Exchange({
      clock: options.platform.clock,
      send: async (to, body) => this.#send(to, body),
      answer: async () => ({ tag: 'none', value: {} }),
    })
    this.#begin(pauseMs.first)
  }

  accept(connection: Connection, first: Bytes): void {
    if (this.#peers === null) connection.close()
    else this.#peers.accept(connection, first)
  }

  retry(): void {
    this.#peers?.retry()
  }

  close(): void {
    this.#cancel()
    this.#peers?.close()
    this.#peers = null
  }

  /** With new connections each time: whether one is welcome is said at the beginning of one. */
  #begin(restMs: number): void {
    this.#peers = new Peers({
      ...this.#options,
      onUp: (id) => void this.#ask(id).catch(() => {}),
      onDown: (id) => this.#exchange.onDown(id),
      onFrame: (id, lane, frame) => this.#onFrame(id, lane, frame),
    })
    const { clock } = this.#options.platform
    this.#cancel = clock.after(roundMs, () => {
      this.close()
      this.#cancel = clock.after(restMs, () => this.#begin(Math.min(2 * restMs, pauseMs.max)))
    })
  }

  async #ask(id: PeerId): Promise<void> {
    this.#exchange.onUp(id)
    const answer = await this.#exchange.ask(id, { tag: 'farewells', value: {} })
    if (answer?.tag !== 'farewells') return
    for (const told of answer.value) {
      if (!(await this.#isAgainst(told))) continue
      if (this.#peers !== null) this.#options.onOverruled()
      return
    }
  }

  /** Whether it tells of one by whose permission this device was put out; of keys of the root nobody tells, so of anyone. */
  async #isAgainst(told: Farewell): Promise<boolean> {
    const { state, platform, farewell } = this.#options
    const { device } = told.dismissal.fields
    const isOfSigner = farewell.chain.length === 0 || farewell.chain.some(({ holder }) => equal(holder, device))
    return isOfSigner && (await isNewsNow(state, platform, told))
  }

  #send(to: PeerId, body: Bulk['body']): void {
    const { place, state } = this.#options
    const generation = summaryOf(state)?.generation ?? 0
    this.#peers?.send(to, 'bulk', encodeBulk({ ...place, generation, body }))
  }

  #onFrame(from: PeerId, lane: Lane, frame: Bytes): Check {
    const decoded = lane === 'bulk' ? decodeBulk(frame) : null
    if (decoded?.ok !== true || decoded.value.body.tag !== 'answer') return ok
    return this.#exchange.receive(from, decoded.value.body)
  }
}
