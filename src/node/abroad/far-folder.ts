/**
 * A folder in another owner's tree, as a link of this one reads it: the devices of that tree are called, under the link's own
 * credential, and say what is in the folder now.
 *
 * Nothing of it is kept on this device. So what was taken back is seen no more, and with nobody of that tree around nothing is seen.
 * @module
 */
import { type Bytes, type Check, type Fault, RefusedError, equal, ok, refused, toHex } from '../../core/bytes/bytes.ts'
import { principalOf } from '../../core/crypto/crypto.ts'
import {
  type Answer,
  type Bulk,
  type Farewell,
  type Question,
  decodeBulk,
  decodeControl,
  encodeBulk,
} from '../../core/message/message.ts'
import type { BlockId, TreeId } from '../../core/path/path.ts'
import {
  type LinkSite,
  type LinkThere,
  type Rendezvous,
  type TreeState,
  accessOf,
  checkRendezvous,
  checkRendezvousAuthor,
  claimOfRendezvous,
  deviceOf,
  entryOf,
  noRevocation,
  parentOf,
  summaryOf,
} from '../../core/tree/tree.ts'
import type { Lane, Net, RelayAddress } from '../../port/net.ts'
import type { NodeKeys, Platform } from '../../port/platform.ts'
import { otherDevices } from '../devices.ts'
import { type AskOptions, Exchange } from '../exchange.ts'
import { Fetcher } from '../fetcher.ts'
import { GuestReplica } from '../guest/guest-replica.ts'
import { placeOf } from '../own-tree.ts'
import { type PeerId, Peers } from '../peers.ts'
import type { ClusterPlace } from '../place.ts'
import type { ObjectStore, Reading } from '../read/content.ts'
import { KeyRing, baseOf } from '../read/key-ring.ts'
import { objectsFrom } from '../read/objects.ts'
import { TreeView } from '../read/view.ts'
import { claimsNow } from '../removal.ts'
import { createNoStore } from './no-store.ts'

/** How long whoever follows waits for devices that are called and say nothing. */
const patienceMs = 30_000
/** How long a device of the other tree may take to hear that the link is compromised. */
const heardWithinMs = 10_000

export interface FarFolderOptions {
  readonly platform: Platform
  readonly net: Net
  readonly buildId: string
  /** The link's. */
  readonly keys: NodeKeys
  /** What the link says. */
  readonly there: LinkThere
  /** Whether a device knows the link's secret that was put out since. @param admittedAtMs when the other tree has let the link in */
  isCompromised(admittedAtMs: number): boolean
  /** Something in it is being read. */
  onUsed(): void
  onReport(id: PeerId, fault: Fault): void
  /** What is in the folder, or whether it can be seen, has changed. */
  onChanged(): void
  /** Where the tree is met, or the key of the folder, is another than the link says. */
  onLearned(): void
}

export class FarFolder {
  readonly #options: FarFolderOptions
  readonly #place: ClusterPlace
  readonly #own: Bytes
  readonly #platform: Platform
  readonly #replica: GuestReplica
  readonly #exchange: Exchange
  readonly #peers: Peers
  readonly #fetcher: Fetcher
  readonly #objects: ObjectStore
  #rendezvous: Rendezvous
  #keyEpoch: number
  #ring: KeyRing | null = null
  #view: TreeView | null = null
  /** Who was told that the link is compromised, of those that are connected; and when each has heard it. */
  readonly #warned = new Map<PeerId, Promise<unknown>>()
  /** What is asked for. */
  readonly #looks = new Set<Promise<void>>()
  /** Who wants to know whether it can be seen. */
  #waiting: (() => void)[] = []
  #end: Fault | null = null

  private constructor(options: FarFolderOptions, replica: GuestReplica) {
    this.#options = options
    const { platform, net, keys, there } = options
    this.#place = placeOf(there.path.treeId)
    this.#own = principalOf(keys.credential)
    this.#rendezvous = there.rendezvous
    this.#keyEpoch = there.keyEpoch
    this.#platform = { ...platform, keys: { ...platform.keys, node: async () => keys }, store: createNoStore() }
    this.#replica = replica
    this.#exchange = new Exchange({
      clock: platform.clock,
      send: (to, body) => this.#send(to, body),
      // A link holds nothing that anybody could ask for.
      answer: async () => ({ tag: 'none', value: {} }),
    })
    const ask = (to: PeerId, question: Question, how?: AskOptions): Promise<Answer | null> =>
      this.#exchange.ask(to, question, how)
    this.#fetcher = new Fetcher({ platform: this.#platform, place: this.#place, ask, onReport: options.onReport })
    this.#objects = objectsFrom({
      store: this.#platform.store,
      obtain: async (objects) => {
        const found = await this.#obtain(objects)
        if (!found.includes(null)) return found
        // In its first hour only the device gives contents that let the link in; it may be on its way here.
        await this.#peers.untilTried()
        const missing = objects.filter((_, at) => found[at] === null)
        const late = [...(await this.#obtain(missing))]
        return found.map((octets) => octets ?? late.shift()!)
      },
      isLacking: () => true,
      away: devicesAway.fault.local,
    })
    const relays = (): readonly RelayAddress[] => this.#rendezvous.fields.relays
    const { treeId } = this.#place
    this.#peers = new Peers({
      platform: this.#platform,
      net,
      get relays() {
        return relays()
      },
      introduction: () => ({
        treeId,
        credential: keys.credential,
        buildId: options.buildId,
        revocationHead: summaryOf(this.#replica.state)?.revocationHead ?? noRevocation,
      }),
      devices: () => otherDevices(this.#replica.state, this.#own, this.#rendezvous.fields.devices),
      farewells: { to: () => null, onHeard: (farewell) => void this.#onFarewell(farewell) },
      isCaller: true,
      onUp: (id) => this.#onUp(id),
      onDown: (id) => this.#onDown(id),
      onFrame: (id, lane, frame) => this.#onFrame(id, lane, frame),
      onReport: options.onReport,
    })
    this.#replica.connect({
      ask,
      connected: () => this.#peers.connected,
      stageAt: async () => devicesAway,
      drop: (host, fault) => this.#peers.drop(host, fault),
      report: (host, fault) => options.onReport(host, fault),
    })
  }

  static async open(options: FarFolderOptions): Promise<FarFolder> {
    const { keys, there, platform } = options
    const own = principalOf(keys.credential)
    let folder: FarFolder | null = null
    const replica = await GuestReplica.open({
      platform: { ...platform, store: createNoStore() },
      place: placeOf(there.path.treeId),
      own,
      principal: toHex(own),
      onArriving: async (state) => folder!.#unlock(state),
      onInstalling: () => [],
      onApplied: (_before, state, touched) => folder!.#onApplied(state, touched),
      onFailure: () => folder!.#conclude(devicesAway.fault),
    })
    return (folder = new FarFolder(options, replica))
  }

  // --- what is there --------------------------------------------------------------------------------------------------------

  /** Resolves when what is in the folder is known as it is now. Rejects with a sentence where that can not be had. */
  async meet(): Promise<void> {
    let hasTried = false
    const giveUp = (): void => {
      hasTried = true
      this.#tell()
    }
    if (this.#peers.connected.length === 0) this.#peers.retry()
    void this.#peers.untilTried().then(() => Promise.all(this.#looks).then(giveUp))
    const stopWaiting = this.#platform.clock.after(patienceMs, giveUp)
    while (this.#end === null && !this.#isSeen && !hasTried)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    stopWaiting()
    if (this.#end !== null) throw new RefusedError(this.#end)
    if (this.#isSeen && this.#isTrashed) throw new RefusedError(folderTrashed.fault)
    if (this.#isSeen) return
    const isReached = this.#peers.connected.length > 0
    throw new RefusedError((isReached ? (this.#isOlder ? olderShown : folderGone) : devicesAway).fault)
  }

  /** Whether it can be followed no more for good, as far as this device has heard. */
  get hasEnded(): boolean {
    return this.#end !== null
  }
  get #isSeen(): boolean {
    return this.#peers.connected.length > 0 && this.#view !== null && !this.#replica.isFolderGone && !this.#isOlder
  }
  /** The folder itself, or one on the way there. */
  get #isTrashed(): boolean {
    const { state } = this.#replica
    for (let at: BlockId | null = this.#ring!.base; at !== null; at = parentOf(state, at))
      if ((entryOf(state, at)?.trashedAtMs ?? null) !== null) return true
    return false
  }
  /** A device that shows an earlier key of the folder than the link has seen shows what was. */
  get #isOlder(): boolean {
    return this.#view !== null && this.#keyEpochNow < this.#options.there.keyEpoch
  }
  get #keyEpochNow(): number {
    return accessOf(this.#replica.state, this.#ring!.base)?.fields.keyEpoch ?? 0
  }

  get treeId(): TreeId {
    return this.#place.treeId
  }
  get site(): LinkSite {
    return { state: this.#replica.state, reach: this.#ring!.base }
  }
  get view(): TreeView {
    return this.#view!
  }
  get reading(): Reading {
    const { crypto, discard } = this.#options.platform
    const { state } = this.#replica
    return {
      store: this.#objects,
      crypto,
      discard,
      place: this.#place,
      sectorKeys: this.#ring!.sectorKeys.bind(this.#ring, state),
    }
  }
  /** What the link would say that is made now. */
  get learned(): Pick<LinkThere, 'rendezvous' | 'keyEpoch'> {
    return { rendezvous: this.#rendezvous, keyEpoch: this.#keyEpoch }
  }

  /**
   * Tells the devices of the other tree where somebody knows the link's secret who was put out of this one: only their owner can take
   * the link back. Resolves when they have heard it.
   */
  async warn(): Promise<void> {
    const row = deviceOf(this.#replica.state, this.#own)
    if (row === null || !this.#options.isCompromised(row.admittedAtMs)) return
    for (const id of this.#peers.connected) {
      if (this.#warned.has(id)) continue
      this.#warned.set(id, this.#exchange.ask(id, { tag: 'compromised', value: {} }, { timeoutMs: heardWithinMs }))
    }
    await Promise.all(this.#warned.values())
  }

  close(): void {
    this.#conclude(closed)
  }

  #conclude(fault: Fault): void {
    if (this.#end !== null) return
    this.#end = fault
    this.#peers.close()
    void this.#replica.close()
    this.#ring?.close()
    this.#tell()
    // Who has seen nothing of it yet is told by what he asked.
    if (fault !== closed && this.#view !== null) this.#options.onChanged()
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  // --- what comes of it -----------------------------------------------------------------------------------------------------

  async #unlock(state: TreeState): Promise<void> {
    this.#ring ??= new KeyRing(state.treeId, this.#options.keys, baseOf(state, this.#own))
    await this.#ring.openOf(state)
  }

  #onApplied(state: TreeState, touched: readonly Bytes[]): void {
    if (this.#end !== null) return
    if (this.#view === null) this.#view = new TreeView(state, this.#ring!, [])
    else this.#view.update(state, touched, [])
    this.#peers.refresh()
    if (this.#keyEpochNow > this.#keyEpoch) {
      this.#keyEpoch = this.#keyEpochNow
      this.#options.onLearned()
    }
    this.#options.onChanged()
  }

  #onUp(id: PeerId): void {
    this.#exchange.onUp(id)
    this.#look(() => this.#replica.look(id), id)
    void this.#learn(id)
  }

  #onDown(id: PeerId): void {
    this.#exchange.onDown(id)
    this.#warned.delete(id)
    if (this.#end === null) this.#options.onChanged()
  }

  #look(look: () => Promise<void>, id: PeerId): void {
    const looked = this.#looked(look, id).finally(() => this.#looks.delete(looked))
    this.#looks.add(looked)
  }

  async #looked(look: () => Promise<void>, id: PeerId): Promise<void> {
    const wasGone = this.#replica.isFolderGone
    const { state } = this.#replica
    await look().catch(() => {})
    if (this.#isOlder) this.#options.onReport(id, olderShown.fault)
    this.#tell()
    void this.warn()
    if (this.#replica.isFolderGone !== wasGone && this.#end === null) this.#options.onChanged()
    // Who is a device of the tree may have changed.
    if (this.#replica.state !== state) void this.#learn(id)
  }

  /** Where the tree is met from now on; what does not hold is as if it had not been said. */
  async #learn(id: PeerId): Promise<void> {
    // By what of the tree is here it is judged who may say so.
    if (this.#view === null || this.#end !== null) return
    const answer = await this.#exchange.ask(id, { tag: 'rendezvous', value: {} })
    if (answer?.tag !== 'rendezvous') return
    const checked = await this.#check(answer.value)
    if (!checked.ok) return this.#options.onReport(id, checked.fault)
    this.#rendezvous = answer.value
    this.#options.onLearned()
  }

  async #check(said: Rendezvous): Promise<Check> {
    const nowMs = this.#platform.clock.nowMs()
    const fits = checkRendezvous(said, this.#place.treeId, this.#rendezvous, nowMs)
    if (!fits.ok) return fits
    const entitled = checkRendezvousAuthor(this.#replica.state, said, nowMs)
    if (!entitled.ok) return entitled
    const [isSigned] = await this.#platform.crypto.verify([claimOfRendezvous(said)])
    return isSigned ? ok : rendezvousForged
  }

  async #onFarewell(farewell: Farewell): Promise<void> {
    if (await this.#isTrue(farewell)) this.#conclude(takenBack.fault)
  }

  /**
   * Of a tree of which nothing has come yet nobody can tell here whose word counts in it. Then it is told as it was said, which costs no
   * more than a sentence: the next time that the link is followed its devices are called again.
   */
  async #isTrue(farewell: Farewell): Promise<boolean> {
    const { state } = this.#replica
    const { treeId, device } = farewell.dismissal.fields
    if (summaryOf(state) === null) return equal(treeId, this.#place.treeId) && equal(device, this.#own)
    const claims = claimsNow(state, farewell, this.#own, this.#platform.clock.nowMs())
    return claims.ok && (await this.#platform.crypto.verify(claims.value)).every(Boolean)
  }

  async #obtain(keys: readonly Bytes[]): Promise<readonly (Bytes | null)[]> {
    this.#options.onUsed()
    const found: (Bytes | null)[] = keys.map(() => null)
    for (const source of this.#peers.connected) {
      const missing = keys.flatMap((_, at) => (found[at] === null ? [at] : []))
      if (missing.length === 0) break
      const got = await this.#fetcher.obtain(
        source,
        missing.map((at) => keys[at]!),
      )
      missing.forEach((at, position) => (found[at] = got[position] ?? null))
    }
    return found
  }

  async #send(to: PeerId, body: Bulk['body']): Promise<void> {
    const { generation } = this.#replica.identity
    this.#peers.send(to, 'bulk', encodeBulk({ ...this.#place, generation, body }))
    await this.#peers.drained(to, 'bulk')
  }

  #onFrame(from: PeerId, lane: Lane, frame: Bytes): Check {
    const decoded = lane === 'control' ? decodeControl(frame) : decodeBulk(frame)
    if (!decoded.ok) return decoded
    const { treeId, clusterId, body } = decoded.value
    if (!equal(treeId, this.#place.treeId) || !equal(clusterId, this.#place.clusterId)) return foreign
    if (body.tag === 'ask' || body.tag === 'answer') return this.#exchange.receive(from, body)
    if (body.tag === 'excerpt') this.#look(() => this.#replica.onTold(from, body.value.root), from)
    return ok
  }
}

const devicesAway = refused(
  'linkAway',
  'What this link leads to is in somebody else’s tree, none of whose devices lets this one in now: they are away, or the time for which it was shared is over. Try again when one of them is there, or ask its owner.',
)
const takenBack = refused(
  'linkTakenBack',
  'What this link leads to is not shared with you any more, as the tree that it is in says. Ask its owner, or delete the link.',
)
const folderTrashed = refused(
  'linkInTrash',
  'What this link leads to is in the trash of the tree that it is in. Ask its owner to bring it back.',
)
const folderGone = refused(
  'linkFolderGone',
  'What this link leads to was moved or deleted in the tree that it is in. Ask its owner to share it again.',
)
const olderShown = refused(
  'linkOlder',
  'A device of the other tree showed an older state than this link has seen, so it was not used. Try again when another one is there.',
)
const rendezvousForged = refused(
  'signatureInvalid',
  'What a device said of where its tree is met bears no signature that is valid.',
)
const foreign = refused('envelopeForeign', 'A device spoke of another tree than the one it was met for.')
const closed: Fault = refused('linkClosed', 'This link is not followed any more; open it again.').fault
