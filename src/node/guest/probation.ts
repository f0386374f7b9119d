/**
 * The first hour of a guest: it gets contents from the device alone that approved it, or follows it where that one was put
 * out, and not more than a bound from each. So the bound holds for the whole tree, and a code that got into wrong hands costs little before its owner notices. Of what it brings each device
 * keeps as much.
 * @module
 */
import { type Bytes, concat, decode, encode, equal, keyOf, must, u53, utf8 } from '../../core/bytes/bytes.ts'
import type { Body } from '../../core/block/block.ts'
import { principalOf } from '../../core/crypto/crypto.ts'
import { type DeviceRow, type TreeState, deviceOf, devicesOf } from '../../core/tree/tree.ts'
import type { Platform } from '../../port/platform.ts'
import { type ClusterPlace, inPlace } from '../place.ts'

const probationMs = 60 * 60_000
export const probationBytesMax = 64 * 1024 * 1024
/** Of bodies it is known how much has come: as many as a few guests bring at a time. */
const arrivedCountMax = 64

const nameOf = ({ device }: DeviceRow, { bodyRoot }: Body): string =>
  keyOf(concat(principalOf(device.fields.credential), bodyRoot))

/** Whoever approved it; once that one was put out, the first of the owner's devices in the order of the state. */
function giverOf(state: TreeState, { approver }: DeviceRow): Bytes {
  if (deviceOf(state, approver)?.dismissed === null) return approver
  const heir = [...devicesOf(state)].find(({ standing, dismissed }) => standing === 'own' && dismissed === null)
  return heir === undefined ? approver : principalOf(heir.device.fields.credential)
}

/** What it was given, and what it has brought. */
type Counted = 'probation' | 'brought'

export class Probation {
  readonly #platform: Pick<Platform, 'store' | 'clock'>
  readonly #place: ClusterPlace
  readonly #own: Bytes
  /** Octets that each guest was given or has brought, as far as they were asked for in this life of the node. */
  readonly #counts = new Map<string, number>()
  /** Of bodies that came last: what was cut off goes on where it was. */
  readonly #arrived = new Map<string, number>()
  #turn: Promise<unknown> = Promise.resolve()

  /** @param own this device's principal */
  constructor(platform: Pick<Platform, 'store' | 'clock'>, place: ClusterPlace, own: Bytes) {
    this.#platform = platform
    this.#place = place
    this.#own = own
  }

  /** Whether a guest may have so much more now; what it may is counted, durable before it gets it. */
  take(state: TreeState, row: DeviceRow, sizeBytes: number): Promise<boolean> {
    if (this.#isOver(row)) return Promise.resolve(true)
    return equal(giverOf(state, row), this.#own) ? this.#count('probation', row, sizeBytes) : Promise.resolve(false)
  }

  /**
   * Whether a body that a guest brings has room: one that is too large is not begun, and leaves that to others.
   * @param heldBytes of what it may share with what is here
   */
  async mayBring(row: DeviceRow, body: Body, heldBytes: number): Promise<boolean> {
    if (this.#isOver(row)) return true
    const toComeBytes = body.sizeBytes - heldBytes - (this.#arrived.get(nameOf(row, body)) ?? 0)
    return (await this.#countIn(this.#keyOf('brought', row))) + Math.max(0, toComeBytes) <= probationBytesMax
  }

  /** Whether so much more may be kept of it. */
  async bring(row: DeviceRow, body: Body, sizeBytes: number): Promise<boolean> {
    if (this.#isOver(row)) return true
    if (!(await this.#count('brought', row, sizeBytes))) return false
    const name = nameOf(row, body)
    const arrivedBytes = (this.#arrived.get(name) ?? 0) + sizeBytes
    this.#arrived.delete(name)
    this.#arrived.set(name, arrivedBytes)
    const [oldest] = this.#arrived.keys()
    if (this.#arrived.size > arrivedCountMax) this.#arrived.delete(oldest!)
    return true
  }

  #isOver({ admittedAtMs }: DeviceRow): boolean {
    return this.#platform.clock.nowMs() >= admittedAtMs + probationMs
  }

  /** One after another: what is asked for at the same time counts together. */
  #count(what: Counted, row: DeviceRow, sizeBytes: number): Promise<boolean> {
    const key = this.#keyOf(what, row)
    const counted = this.#turn.then(async () => {
      const count = (await this.#countIn(key)) + sizeBytes
      if (count > probationBytesMax) return false
      this.#counts.set(keyOf(key), count)
      await this.#platform.store.write([{ kind: 'put', table: 'raft', key, value: encode(u53, count) }], 'strict')
      return true
    })
    this.#turn = counted.catch(() => {})
    return counted
  }

  #keyOf(what: Counted, { device }: DeviceRow): Bytes {
    return inPlace(this.#place, concat(utf8(what), principalOf(device.fields.credential)))
  }

  async #countIn(key: Bytes): Promise<number> {
    const known = this.#counts.get(keyOf(key))
    if (known !== undefined) return known
    const row = await this.#platform.store.read('raft', key)
    return row === null ? 0 : must(decode(u53, row, 16))
  }
}
