/**
 * Revocations that are heard of before the log brings them: whoever decides could keep one back, and one that was put out could
 * go on as if it were not.
 *
 * Each hello names the revocation head. Whoever knows of fewer asks for the dismissals themselves. They count for what is in them,
 * and not for who brings them; from then on those devices are none of the tree here, whatever the log says.
 * @module
 */
import { type Fault, decode, encode, must, refused, toHex } from '../core/bytes/bytes.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import { type Answer, type Farewell, type Question, farewellCountMax, farewellsWire } from '../core/message/message.ts'
import { type RevocationHead, type TreeState, devicesOf, summaryOf } from '../core/tree/tree.ts'
import type { Platform } from '../port/platform.ts'
import type { PeerId } from './peers.ts'
import { type ClusterPlace, inPlace } from './place.ts'
import { claimsNow, farewellTo } from './removal.ts'

export interface RevocationsOptions {
  readonly platform: Pick<Platform, 'crypto' | 'store'>
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

export class Revocations {
  readonly #options: RevocationsOptions
  readonly #heard = new Map<PeerId, Farewell>()

  constructor(options: RevocationsOptions) {
    this.#options = options
    void this.#recall().catch(() => {})
  }

  isPutOut(id: PeerId): boolean {
    return this.#heard.has(id)
  }

  /** A device has said how many were put out. */
  async onHead(from: PeerId, { sequence }: RevocationHead): Promise<void> {
    const { state, ask, platform, place } = this.#options
    if (sequence <= (summaryOf(state())?.revocationHead.sequence ?? 0)) return
    const answer = await ask(from, { tag: 'farewells', value: {} })
    if (answer?.tag !== 'farewells' || !(await this.#take(answer.value))) return
    const value = encode(farewellsWire, [...this.#heard.values()].slice(-farewellCountMax))
    await platform.store.write([{ kind: 'put', table: 'raft', key: keptKey(place), value }], 'strict')
  }

  /** Those that are known here, the newest first where they are too many. */
  answer(): Answer {
    const state = this.#options.state()
    const rows = [...devicesOf(state)].flatMap(({ device, dismissed }) =>
      dismissed === null ? [] : [{ device, dismissed }],
    )
    const newest = rows.toSorted((one, other) => other.dismissed.atMs - one.dismissed.atMs).slice(0, farewellCountMax)
    const value = newest.map(({ device }) => farewellTo(state, principalOf(device.fields.credential))!)
    return { tag: 'farewells', value }
  }

  /** @returns whether any of it is new, and holds */
  async #take(farewells: readonly Farewell[]): Promise<boolean> {
    const { platform, principal, state, onHeard } = this.#options
    if (summaryOf(state()) === null) return false
    const news: PeerId[] = []
    for (const farewell of farewells) {
      const { device } = farewell.dismissal.fields
      const id = toHex(device)
      if (id === principal || this.#heard.has(id)) continue
      const claims = claimsNow(state(), farewell, device)
      if (!claims.ok || !(await platform.crypto.verify(claims.value)).every(Boolean)) continue
      this.#heard.set(id, farewell)
      news.push(id)
    }
    if (news.length > 0) onHeard(news, putOut.fault)
    return news.length > 0
  }

  async #recall(): Promise<void> {
    const { platform, place } = this.#options
    const row = await platform.store.read('raft', keptKey(place))
    if (row !== null) await this.#take(must(decode(farewellsWire, row, keptSizeBytesMax)))
  }
}

const putOut = refused(
  'deviceDismissed',
  'This device was removed from the tree, as another one of yours could prove. Nothing is taken from it any more.',
)
