/**
 * The first hour of a guest: it gets contents from the device alone that approved it, and not more than a bound. So the bound
 * holds for the whole tree, and a code that got into wrong hands costs little before its owner notices. Of what it brings each device
 * keeps as much.
 * @module
 */
import { type Bytes, concat, decode, encode, equal, keyOf, must, u53, utf8 } from '../../core/bytes/bytes.ts'
import { principalOf } from '../../core/crypto/crypto.ts'
import type { DeviceRow } from '../../core/tree/tree.ts'
import type { Platform } from '../../port/platform.ts'
import { type ClusterPlace, inPlace } from '../place.ts'

const probationMs = 60 * 60_000
export const probationBytesMax = 64 * 1024 * 1024

export class Probation {
  readonly #platform: Pick<Platform, 'store' | 'clock'>
  readonly #place: ClusterPlace
  readonly #own: Bytes
  /** Octets that each guest was given or has brought, as far as they were asked for in this life of the node. */
  readonly #counts = new Map<string, number>()
  readonly #isFull = new Set<string>()
  #turn: Promise<unknown> = Promise.resolve()

  /** @param own this device's principal */
  constructor(platform: Pick<Platform, 'store' | 'clock'>, place: ClusterPlace, own: Bytes) {
    this.#platform = platform
    this.#place = place
    this.#own = own
  }

  /** Whether a guest may have so much more now; what it may is counted, durable before it gets it. */
  take(row: DeviceRow, sizeBytes: number): Promise<boolean> {
    if (this.#isOver(row)) return Promise.resolve(true)
    return equal(row.approver, this.#own) ? this.#count('probation', row, sizeBytes) : Promise.resolve(false)
  }

  /** Whether more may come of what a guest brings: once something was too much it is asked for nothing until its hour is over. */
  mayBring(row: DeviceRow): boolean {
    return this.#isOver(row) || !this.#isFull.has(keyOf(principalOf(row.device.fields.credential)))
  }

  /** Whether so much more may be kept of it. */
  async bring(row: DeviceRow, sizeBytes: number): Promise<boolean> {
    if (this.#isOver(row) || (await this.#count('brought', row, sizeBytes))) return true
    this.#isFull.add(keyOf(principalOf(row.device.fields.credential)))
    return false
  }

  #isOver({ admittedAtMs }: DeviceRow): boolean {
    return this.#platform.clock.nowMs() >= admittedAtMs + probationMs
  }

  /** One after another: what is asked for at the same time counts together. */
  #count(what: 'probation' | 'brought', { device }: DeviceRow, sizeBytes: number): Promise<boolean> {
    const key = inPlace(this.#place, concat(utf8(what), principalOf(device.fields.credential)))
    const counted = this.#turn.then(async () => {
      const count = (this.#counts.get(keyOf(key)) ?? (await this.#read(key))) + sizeBytes
      if (count > probationBytesMax) return false
      this.#counts.set(keyOf(key), count)
      await this.#platform.store.write([{ kind: 'put', table: 'raft', key, value: encode(u53, count) }], 'strict')
      return true
    })
    this.#turn = counted.catch(() => {})
    return counted
  }

  async #read(key: Bytes): Promise<number> {
    const row = await this.#platform.store.read('raft', key)
    return row === null ? 0 : must(decode(u53, row, 16))
  }
}
