/**
 * Revocations that are heard of before the log brings them: whoever decides could keep one back, and one that was put out could
 * go on as if it were not.
 *
 * Each hello names the revocation head. Whoever has another one asks for the dismissals themselves: as many may be other ones. They
 * count for what is in them, and not for who brings them; from then on those devices are none of the tree here, whatever the log says,
 * unless it says that who signed them was put out.
 *
 * What a device says of the others in its own name nobody else may know of: it may have been put out itself, and this device be the
 * last to hear. So it keeps nobody away until another device says the same, and is forgotten with this life of the node.
 * @module
 */
import { type Fault, decode, encode, equal, must, refused, toHex } from '../core/bytes/bytes.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import { type Answer, type Farewell, type Question, farewellCountMax, farewellsWire } from '../core/message/message.ts'
import { type RevocationHead, type TreeState, devicesOf, limitOf, summaryOf } from '../core/tree/tree.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import type { PeerId } from './peers.ts'
import { type ClusterPlace, inPlace } from './place.ts'
import { checkIssuerNow, farewellNow, isNewsNow } from './removal.ts'

export interface RevocationsOptions {
  readonly platform: Pick<Platform, 'crypto' | 'store' | 'clock'>
  readonly keys: NodeKeys
  readonly place: ClusterPlace
  /** This device's principal: it hears of its own end by a farewell. */
  readonly principal: PeerId
  readonly state: () => TreeState
  ask(to: PeerId, question: Question): Promise<Answer | null>
  /** These were put out. */
  onHeard(ids: readonly PeerId[], fault: Fault): void
}

const keptKey = (place: ClusterPlace) => inPlace(place, Uint8Array.of(6))
const keptSizeBytesMax = 2 * 1024 * 1024

interface Heard {
  readonly farewell: Farewell
  /** Nobody but who signed it has said so. */
  readonly isOwnWord: boolean
}

export class Revocations {
  readonly #options: RevocationsOptions
  readonly #heard = new Map<PeerId, Heard>()
  /** Resolves when what is kept is known: what is written after it has all of it. */
  readonly #recalled: Promise<void>

  constructor(options: RevocationsOptions) {
    this.#options = options
    this.#recalled = this.#recall().catch(() => {})
  }

  isPutOut(id: PeerId): boolean {
    const heard = this.#heard.get(id)
    return heard !== undefined && !heard.isOwnWord && this.#counts(heard)
  }

  #counts({ farewell }: Heard): boolean {
    const { state, platform } = this.#options
    return checkIssuerNow(state(), farewell, platform.clock.nowMs()).ok
  }

  /** A device has said by its head who was put out, as far as it knows. */
  async onHead(from: PeerId, { hash }: RevocationHead): Promise<void> {
    const { ask, platform, place, state } = this.#options
    const own = summaryOf(state())?.revocationHead
    if (own === undefined || equal(hash, own.hash)) return
    const answer = await ask(from, { tag: 'farewells', value: {} })
    if (answer?.tag !== 'farewells' || !(await this.#hear(answer.value, from))) return
    await this.#recalled
    const told = [...this.#heard.values()].flatMap(({ farewell, isOwnWord }) => (isOwnWord ? [] : [farewell]))
    const value = encode(farewellsWire, told.slice(-farewellCountMax))
    await platform.store.write([{ kind: 'put', table: 'raft', key: keptKey(place), value }], 'strict')
  }

  /**
   * Those that are known here, the newest first where they are too many, as they count now: whoever hears them counts them.
   * @param isToGuest which is told of own devices alone, as by its excerpt
   */
  async answer(isToGuest: boolean): Promise<Answer> {
    const { keys, platform } = this.#options
    const state = this.#options.state()
    const nowMs = platform.clock.nowMs()
    const rows = [...devicesOf(state)].flatMap(({ device, dismissed }) =>
      dismissed === null || (isToGuest && limitOf(state, principalOf(device.fields.credential)) !== null)
        ? []
        : [{ device, dismissed }],
    )
    const newest = rows.toSorted((one, other) => other.dismissed.atMs - one.dismissed.atMs).slice(0, farewellCountMax)
    const principals = newest.map(({ device }) => principalOf(device.fields.credential))
    const told = await Promise.all(principals.map((principal) => farewellNow(state, keys, principal, nowMs)))
    return { tag: 'farewells', value: told.flatMap((farewell) => farewell ?? []) }
  }

  /** @returns whether any of it is new, and holds */
  async #hear(farewells: readonly Farewell[], from: PeerId): Promise<boolean> {
    const held: Heard[] = []
    for (const farewell of farewells)
      if (await this.#holds(farewell)) held.push({ farewell, isOwnWord: signerOf(farewell) === from })
    return this.#take(held)
  }

  /** Whether it tells of a device that is one by the state here, and is right. */
  async #holds(farewell: Farewell): Promise<boolean> {
    const state = this.#options.state()
    return summaryOf(state) !== null && (await isNewsNow(state, this.#options.platform, farewell))
  }

  /** @returns whether any of it is new */
  #take(heard: readonly Heard[]): boolean {
    const { principal, onHeard } = this.#options
    const ids = new Set<PeerId>()
    for (const each of heard) {
      const id = toHex(each.farewell.dismissal.fields.device)
      const before = this.#heard.get(id)
      const known = before !== undefined && this.#counts(before) ? before : null
      const isOwnWord = each.isOwnWord && (known === null || signerOf(known.farewell) === signerOf(each.farewell))
      const isNews = known === null || (known.isOwnWord && !isOwnWord)
      if (id === principal || !isNews) continue
      this.#heard.set(id, { ...each, isOwnWord })
      ids.add(id)
    }
    const news = [...ids].filter((id) => this.isPutOut(id))
    if (news.length > 0) onHeard(news, putOut.fault)
    return ids.size > 0
  }

  async #recall(): Promise<void> {
    const { platform, place } = this.#options
    const row = await platform.store.read('raft', keptKey(place))
    if (row === null) return
    const held: Heard[] = []
    for (const farewell of must(decode(farewellsWire, row, keptSizeBytesMax)))
      if (await this.#holds(farewell)) held.push({ farewell, isOwnWord: false })
    this.#take(held)
  }
}

/** The device of the tree by whose permission it was signed; null where the root signed. */
const signerOf = ({ chain }: Farewell): PeerId | null => {
  const given = chain.at(-1)
  return given === undefined ? null : toHex(given.holder)
}

const putOut = refused(
  'deviceDismissed',
  'This device was removed from the tree, as another one of yours could prove. Nothing is taken from it any more.',
)
