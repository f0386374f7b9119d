/**
 * Equivocations: proofs that a device signed two states of the tree for one entry of its log, as no program of ours does.
 *
 * One that decides could lead two others to two trees, and neither would see it in its own. As soon as what it signed for one comes
 * to the other, the two signatures prove it. Whoever brought them is to be thanked. The proof is kept here, told to everybody, and
 * shown beside the device; it needs no word of anybody to be believed.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Fault,
  bytesUpTo,
  decode,
  encode,
  equal,
  listOf,
  must,
  ok,
  refused,
  toHex,
} from '../core/bytes/bytes.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import type { ControlBody } from '../core/message/message.ts'
import {
  type Equivocation,
  type TreeState,
  decodeEquivocation,
  devicesOf,
  encodeEquivocation,
  equivocationSizeBytesMax,
} from '../core/tree/tree.ts'
import type { Platform } from '../port/platform.ts'
import type { PeerId } from './peers.ts'
import { type ClusterPlace, inPlace } from './place.ts'

export interface EquivocationsOptions {
  readonly platform: Pick<Platform, 'crypto' | 'store'>
  readonly place: ClusterPlace
  readonly state: () => TreeState
  /** Who is connected. */
  peers(): readonly PeerId[]
  send(to: PeerId, body: ControlBody): boolean
  onReport(id: PeerId, fault: Fault): void
}

/** More liars than that are no family. */
const proofCountMax = 64
const keptWire = listOf(bytesUpTo(equivocationSizeBytesMax), proofCountMax)
const keptSizeBytesMax = proofCountMax * (equivocationSizeBytesMax + 8)
const keptKey = (place: ClusterPlace): Bytes => inPlace(place, Uint8Array.of(7))

export class Equivocations {
  readonly #options: EquivocationsOptions
  /** Resolves when what is kept is known: what is written after it has all of it. */
  readonly #recalled: Promise<void>
  /** The first against each device. */
  readonly #proofs = new Map<PeerId, Bytes>()

  constructor(options: EquivocationsOptions) {
    this.#options = options
    this.#recalled = this.#recall().catch(() => {})
  }

  /** Tells a device that has come all that is known here. */
  onUp(peer: PeerId): void {
    for (const proof of this.#proofs.values()) this.#options.send(peer, { tag: 'equivocation', value: { proof } })
  }

  /** What was signed shows it, as this device has found itself; that the signatures hold it knows. */
  onFound(found: readonly Equivocation[]): Promise<void> {
    return this.#take(found.map(encodeEquivocation))
  }

  /** Another device tells of one. @returns what is wrong with its word */
  async onTold(proof: Bytes): Promise<Check> {
    const decoded = decodeEquivocation(proof)
    if (!decoded.ok) return decoded
    const verdicts = await this.#options.platform.crypto.verify(decoded.value.claims)
    if (!verdicts.every(Boolean)) return forged
    await this.#take([proof])
    return ok
  }

  async #take(proofs: readonly Bytes[]): Promise<void> {
    await this.#recalled
    const { platform, place, peers, send } = this.#options
    const news = proofs.filter((proof) => this.#learn(proof))
    if (news.length === 0) return
    for (const peer of peers()) for (const proof of news) send(peer, { tag: 'equivocation', value: { proof } })
    const value = encode(keptWire, [...this.#proofs.values()])
    await platform.store.write([{ kind: 'put', table: 'raft', key: keptKey(place), value }], 'strict')
  }

  /** @returns whether it is the first against a device of the tree */
  #learn(proof: Bytes): boolean {
    const { state, onReport } = this.#options
    const { signingKey } = must(decodeEquivocation(proof)).equivocation
    const row = [...devicesOf(state())].find(({ device }) => equal(device.fields.credential.signingKey, signingKey))
    const id = row && toHex(principalOf(row.device.fields.credential))
    if (id === undefined || this.#proofs.has(id) || this.#proofs.size === proofCountMax) return false
    this.#proofs.set(id, proof)
    onReport(id, equivocated.fault)
    return true
  }

  async #recall(): Promise<void> {
    const { platform, place } = this.#options
    const row = await platform.store.read('raft', keptKey(place))
    if (row !== null) for (const proof of must(decode(keptWire, row, keptSizeBytesMax))) this.#learn(proof)
  }
}

const forged = refused(
  'equivocationForged',
  'This device accused another one of having signed two states of the tree, and its proof does not hold. The connection to it was closed.',
)
const equivocated = refused(
  'deviceEquivocated',
  'This device signed two different states of the tree for one moment: two signatures by it prove that. Remove it, and compare on your other devices what the tree is.',
)
