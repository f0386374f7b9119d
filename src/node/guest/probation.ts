/**
 * The first hour of a guest: it gets contents from the device alone that approved it, and not more than a bound. So the bound
 * holds for the whole tree, and a code that got into wrong hands costs little before its owner notices.
 * @module
 */
import { type Bytes, concat, decode, encode, equal, must, toHex, u53, utf8 } from '../../core/bytes/bytes.ts'
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
  /** Octets that each guest was given, as far as they were asked for in this life of the node. */
  readonly #given = new Map<string, number>()

  /** @param own this device's principal */
  constructor(platform: Pick<Platform, 'store' | 'clock'>, place: ClusterPlace, own: Bytes) {
    this.#platform = platform
    this.#place = place
    this.#own = own
  }

  /** Whether a guest may have so much more now; what it may is counted, durable before it gets it. One call at a time for a guest. */
  async take({ device, admittedAtMs, approver }: DeviceRow, sizeBytes: number): Promise<boolean> {
    const { store, clock } = this.#platform
    if (clock.nowMs() >= admittedAtMs + probationMs) return true
    if (!equal(approver, this.#own)) return false
    const principal = principalOf(device.fields.credential)
    const name = toHex(principal)
    const key = inPlace(this.#place, concat(utf8('probation'), principal))
    const given = (this.#given.get(name) ?? (await this.#read(key))) + sizeBytes
    if (given > probationBytesMax) return false
    this.#given.set(name, given)
    await store.write([{ kind: 'put', table: 'raft', key, value: encode(u53, given) }], 'strict')
    return true
  }

  async #read(key: Bytes): Promise<number> {
    const row = await this.#platform.store.read('raft', key)
    return row === null ? 0 : must(decode(u53, row, 16))
  }
}
