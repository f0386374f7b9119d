/**
 * What the tree has yet to learn from this device about its devices: who was let in, who was put out and who was given more time in a
 * generation that was left and that the next does not know of (design §7). Kept, beside the outbox, until the tree has decided about each.
 * @module
 */
import {
  BlocktreeError,
  type Bytes,
  type Decoded,
  assertNever,
  decode,
  encode,
  listOf,
  must,
  tuple,
  union,
} from '../core/bytes/bytes.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import { type Writecap, writecapWire } from '../core/cap/cap.ts'
import {
  type DeviceRow,
  type SignedDevice,
  type TreeState,
  chainOf,
  checkIssuedNow,
  deviceCountMax,
  deviceOf,
  deviceRecordWire,
  devicesOf,
  dismissalWire,
  sharedUntilMs,
  summaryOf,
} from '../core/tree/tree.ts'
import type { ClockPort } from '../port/platform.ts'
import type { Change, StorePort } from '../port/store.ts'
import { note } from './note.ts'
import { type ClusterPlace, inPlace } from './place.ts'
import type { Replica } from './replica.ts'

const sizeBytesMax = 1024 * 1024
const retryMs = 2000
/** Far more devices than a person lets in and puts out while one of his is away. */
const arrearCountMax = 16 * deviceCountMax

const arrearsWire = listOf(
  union({
    admission: tuple({ device: deviceRecordWire, writecap: writecapWire }),
    dismissal: dismissalWire,
    extension: writecapWire,
  }),
  arrearCountMax,
)
type Arrear = Decoded<typeof arrearsWire>[number]

const keyOfArrears = (place: ClusterPlace): Bytes => inPlace(place, Uint8Array.of(4))

function rowOf(place: ClusterPlace, arrears: readonly Arrear[]): Change {
  const key = keyOfArrears(place)
  return arrears.length === 0
    ? { kind: 'delete', table: 'raft', key }
    : { kind: 'put', table: 'raft', key, value: encode(arrearsWire, arrears) }
}

/** @param sharedMs stamp of the newest that both states have */
function arrearsBetween(before: TreeState, after: TreeState, sharedMs: number): readonly Arrear[] {
  return [...devicesOf(before)].flatMap((row): readonly Arrear[] => {
    const known = deviceOf(after, principalOf(row.device.fields.credential))
    if (row.dismissed === null && known !== null) return extensionOf(before, row, after)
    if (row.dismissed === null) return row.admittedAtMs > sharedMs ? admissionOf(before, row) : []
    const isNews = row.dismissed.atMs > sharedMs && known !== null && known.dismissed === null
    return isNews ? [{ tag: 'dismissal', value: row.dismissed.dismissal }] : []
  })
}

/** A limited device is let in again by its owner, who says for which folder. */
function admissionOf(state: TreeState, { device, standing, writecapHash }: DeviceRow): readonly Arrear[] {
  const chain = standing === 'own' ? chainOf(state, writecapHash) : null
  return chain === null ? [] : [{ tag: 'admission', value: { device, writecap: chain[0]! } }]
}

/** Of two permissions of a device the one that ends later was given later. */
function extensionOf(before: TreeState, { writecapHash }: DeviceRow, after: TreeState): readonly Arrear[] {
  const writecap = chainOf(before, writecapHash)?.[0]
  const arrear = writecap && { tag: 'extension' as const, value: writecap }
  return arrear === undefined || isSettled(after, arrear) ? [] : [arrear]
}

type Admit = (device: SignedDevice, writecap: Writecap) => Promise<void>

export interface ArrearsOptions {
  readonly store: StorePort
  readonly clock: ClockPort
  readonly place: ClusterPlace
  readonly cluster: Replica
  readonly onFailure: (error: unknown) => void
}

export class Arrears {
  readonly #options: ArrearsOptions
  #list: readonly Arrear[]
  #isWorking = false
  #isClosed = false
  #cancelRetry = (): void => {}
  /** Lets a device in that the root has approved. */
  #admit: Admit | null = null

  private constructor(options: ArrearsOptions, list: readonly Arrear[]) {
    this.#options = options
    this.#list = list
  }

  static async open(options: ArrearsOptions): Promise<Arrears> {
    const row = await options.store.read('raft', keyOfArrears(options.place))
    return new Arrears(options, row === null ? [] : must(decode(arrearsWire, row, sizeBytesMax)))
  }

  /** One generation is left for another. @returns what becomes durable with that */
  bring(before: TreeState, after: TreeState): readonly Change[] {
    const brought = arrearsBetween(before, after, sharedUntilMs(before, after))
    if (brought.length === 0) return []
    this.#list = [...this.#list, ...brought]
    this.#workSoon()
    return [rowOf(this.#options.place, this.#list)]
  }

  /** From now on it is said as soon as somebody is there who takes it. */
  begin(admit: Admit): void {
    this.#admit = admit
    this.#workSoon()
  }

  close(): void {
    this.#isClosed = true
    this.#cancelRetry()
  }

  #workSoon(): void {
    this.#cancelRetry()
    if (this.#isClosed || this.#list.length === 0) return
    this.#cancelRetry = this.#options.clock.after(retryMs, () => this.#work())
  }

  #work(): void {
    if (this.#isWorking || this.#isClosed) return
    this.#isWorking = true
    void this.#sayAll().then(() => {
      this.#isWorking = false
      this.#workSoon()
    }, this.#options.onFailure)
  }

  #say(arrear: Arrear, admit: Admit): Promise<unknown> {
    const { cluster } = this.#options
    switch (arrear.tag) {
      case 'admission':
        return admit(arrear.value.device, arrear.value.writecap)
      case 'dismissal':
        return cluster.propose({ tag: 'dismiss', value: { dismissal: arrear.value } })
      case 'extension':
        return cluster.propose({ tag: 'extend', value: { writecap: arrear.value } })
      default:
        return assertNever(arrear)
    }
  }

  async #sayAll(): Promise<void> {
    const { cluster, store, place } = this.#options
    for (const arrear of this.#list) {
      if (!cluster.isReachable || this.#isClosed || this.#admit === null) return
      // Refused or not: what shows in the tree is what counts.
      await this.#say(arrear, this.#admit).catch((error: unknown) => {
        if (!(error instanceof BlocktreeError)) throw error
      })
      if (!isSettled(cluster.state, arrear)) continue
      this.#list = this.#list.filter((each) => each !== arrear)
      note(store, [rowOf(place, this.#list)])
    }
  }
}

function isSettled(state: TreeState, { tag, value }: Arrear): boolean {
  if (tag === 'admission') return deviceOf(state, principalOf(value.device.fields.credential)) !== null
  if (tag === 'extension') return isExtended(state, value)
  const row = deviceOf(state, value.fields.device)
  return row === null || row.dismissed !== null
}

/** Also where it can not come about any more. */
function isExtended(state: TreeState, writecap: Writecap): boolean {
  const row = deviceOf(state, writecap.holder)
  if (row === null || row.dismissed !== null || !checkIssuedNow(state, [writecap]).ok) return true
  const nowMs = Math.max(chainOf(state, row.writecapHash)?.[0]?.expiresAtMs ?? 0, summaryOf(state)?.stampMs ?? 0)
  return writecap.expiresAtMs <= nowMs
}
