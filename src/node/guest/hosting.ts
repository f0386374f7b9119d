/**
 * Hosting: what a member of the cluster does for guests, the devices that are limited to a folder (design §10).
 *
 * A guest is told of its folder and of nothing else, gives changes of its own in its folder and nothing else, and whatever it says
 * beside that ends the connection with it. The member sees to the rest in its place: that a majority holds a body, that whoever leads
 * gets a change, and that the guest hears when something in its folder is another than before.
 * @module
 */
import { type Bytes, type Check, type Fault, type Result, accepted, equal, refused } from '../../core/bytes/bytes.ts'
import { checkRight, rights } from '../../core/cap/cap.ts'
import { type Principal, principalOf } from '../../core/crypto/crypto.ts'
import { type AuthenticatedMap, emptyMap, get, remove, root, set } from '../../core/merkle/merkle.ts'
import type { Answer, ControlBody, Question } from '../../core/message/message.ts'
import { type BlockId, type IdPath, blockIdOf, blockIdSizeBytes, rootBlockId } from '../../core/path/path.ts'
import {
  type DeviceRow,
  type Operation,
  type Outcome,
  type Rendezvous,
  type TreeState,
  chainOf,
  checkDevice,
  checkOfGuest,
  concernsGuest,
  contentOf,
  decisionsOn,
  decodeBatch,
  deviceOf,
  devicesOf,
  excerptFor,
  isOfLink,
  isWithin,
  keys,
  limitOf,
  parentOf,
  readRow,
  requestOf,
  summaryOf,
} from '../../core/tree/tree.ts'
import type { Platform } from '../../port/platform.ts'
import type { Cluster } from '../cluster.ts'
import { differingKeys } from '../cluster/durable.ts'
import { rowsAfter } from '../cluster/snapshots.ts'
import type { Holdings } from '../holdings.ts'
import { type Device, type PeerId, principalIn } from '../peers.ts'
import { type ClusterPlace, inPlace } from '../place.ts'
import type { Sharing } from '../sharing.ts'
import { Pace, weightOf } from './pace.ts'
import { Probation } from './probation.ts'

export interface HostingOptions {
  readonly platform: Pick<Platform, 'store' | 'clock'>
  readonly place: ClusterPlace
  /** This device's. */
  readonly principal: Bytes
  readonly cluster: Pick<Cluster, 'state' | 'identity' | 'check' | 'stage' | 'giveForGuest'>
  readonly holdings: Holdings
  readonly sharing: Pick<Sharing, 'onStage'>
  /** Where the tree is met, signed by this device. */
  rendezvous(): Promise<Rendezvous>
  send(to: PeerId, body: ControlBody): boolean
  /** It did what it may not. */
  drop(id: PeerId, fault: Fault): void
  /** Its owner has to know of it. */
  report(id: PeerId, fault: Fault): void
}

interface Guest {
  readonly principal: Principal
  readonly row: DeviceRow
  readonly limit: IdPath
}

interface Offer {
  readonly excerpt: TreeState
  readonly root: Bytes
  news: { readonly since: Offer; readonly rows: AuthenticatedMap } | null
}

const proposingCountMax = 4

/** The newest, and those before it that a guest may still have, or whose rows may be on their way. */
const offerCountMax = 4
/** Bodies that are kept for changes of a guest to come; its outbox prepares a quarter of that at a time. */
export const stagedCountMax = 1024
/** What is left free of the store, of what guests bring: a full one would stop the node. */
const freeShare = 0.1
/** Until it is looked again how much is free. */
const looksEveryBytes = 16 * 1024 * 1024

export class Hosting {
  readonly #options: HostingOptions
  readonly #probation: Probation
  readonly #pace: Pace
  /** How many questions of each wait for what becomes of the one before. */
  readonly #proposing = new Map<PeerId, { count: number; last: Promise<void> }>()
  /** Who is connected, and what it was offered; the newest last. Without any where that has to be found anew. */
  readonly #present = new Map<PeerId, { offers: readonly Offer[]; isStale: boolean }>()

  constructor(options: HostingOptions) {
    this.#options = options
    this.#pace = new Pace(options.platform.clock)
    this.#probation = new Probation(options.platform, options.place, options.principal)
  }

  /** Whether a peer is a guest, and not a member. */
  isGuest(id: PeerId): boolean {
    return limitOf(this.#options.cluster.state, principalIn(id)) !== null
  }

  onUp(id: PeerId): void {
    this.#present.set(id, { offers: [], isStale: true })
    this.#say(id)
  }

  onDown(id: PeerId): void {
    this.#present.delete(id)
  }

  /** The tree has changed. */
  onApplied(before: TreeState, after: TreeState, touched: readonly Bytes[]): void {
    for (const [id, present] of this.#present) {
      const limit = limitOf(after, principalIn(id))
      if (limit !== null && concernsGuest(before, after, limit, touched)) present.isStale = true
    }
  }

  /** Tells each what it may see now. */
  sayAll(): void {
    for (const id of this.#present.keys()) this.#say(id)
  }

  #say(id: PeerId): void {
    const offer = this.#offerTo(id)
    if (offer !== null) this.#options.send(id, { tag: 'excerpt', value: { root: offer.root } })
  }

  /** null where it is no guest, or gone. */
  #offerTo(id: PeerId): Offer | null {
    const present = this.#present.get(id)
    if (present === undefined) return null
    const newest = present.offers.at(-1)
    if (newest !== undefined && !present.isStale) return newest
    const excerpt = excerptFor(this.#options.cluster.state, principalIn(id))
    if (excerpt === null) return null
    present.isStale = false
    const offer = newest === undefined ? offerOf(excerpt) : offerAfter(newest, excerpt)
    if (offer === newest) return newest
    present.offers = [...present.offers.slice(1 - offerCountMax), offer]
    return offer
  }

  #heldOffer(id: PeerId, wanted: Bytes): Offer | null {
    return this.#present.get(id)?.offers.find((each) => equal(each.root, wanted)) ?? null
  }

  /** On control a guest has nothing to say: it votes on nothing, and is no part of what the members tell each other. */
  onControl(): Check {
    return notOfGuest
  }

  async answer(from: PeerId, question: Question): Promise<Answer> {
    const guest = this.#guest(from)
    if (!guest.ok) return this.#drop(from, guest.fault)
    if (!mayAsk(guest.value, question)) return this.#drop(from, notOfGuest.fault)
    switch (question.tag) {
      case 'excerpt':
        return this.#excerptFor(from, question.value.requestIds)
      case 'excerptRows': {
        const { root: wanted, known, after } = question.value
        const offer = this.#heldOffer(from, wanted)
        if (offer === null || known === null) return offer === null ? nothing : rowsAfter(offer.excerpt.map, after)
        const since = this.#heldOffer(from, known)
        return since === null ? nothing : rowsAfter(newsSince(since, offer), after)
      }
      case 'objects':
        return this.#objectsFor(from, guest.value, question.value)
      case 'stage':
        return this.#stage(from, guest.value, question.value)
      case 'propose':
        return this.#proposeInTurn(from, question.value.batch)
      case 'rendezvous':
        return { tag: 'rendezvous', value: await this.#options.rendezvous() }
      case 'compromised':
        this.#options.report(from, linkCompromised.fault)
        return nothing
      case 'rows':
      case 'lacks':
      case 'devices':
      case 'farewells':
      case 'generation':
        return this.#drop(from, notOfGuest.fault)
    }
  }

  #guest(id: PeerId): Result<Guest> {
    const { cluster, platform } = this.#options
    const principal = principalIn(id)
    const row = checkDevice(cluster.state, principal, platform.clock.nowMs())
    if (!row.ok) return row
    const limit = limitOf(cluster.state, principal)
    return limit === null ? notOfGuest : accepted({ principal, row: row.value, limit })
  }

  #drop(id: PeerId, fault: Fault): Answer {
    this.#options.drop(id, fault)
    return nothing
  }

  #excerptFor(from: PeerId, requestIds: readonly Bytes[]): Answer {
    const { cluster } = this.#options
    const offer = this.#offerTo(from)
    const summary = summaryOf(cluster.state)
    if (offer === null || summary === null) return nothing
    const { generation, stampMs } = summary
    const decided = decisionsOn(cluster.state, requestIds)
    const takeOver = readRow(cluster.state, 'takeOver', keys.takeOver(generation))
    return { tag: 'excerpt', value: { generation, takeOver, stampMs, root: offer.root, decided } }
  }

  // --- contents -------------------------------------------------------------------------------------------------------------

  async #objectsFor(from: PeerId, guest: Guest, keys: readonly Bytes[]): Promise<Answer> {
    const { platform, place } = this.#options
    const blocks = keys.map((key) => key.slice(0, blockIdSizeBytes))
    if (blocks.some((block) => !this.#wasOffered(from, guest, block))) return this.#drop(from, notOfGuest.fault)
    const found = await platform.store.readMany(
      'object',
      keys.map((key) => inPlace(place, key)),
    )
    // What was in the folder a moment ago may be there no more.
    const given = found.map((octets, at) => (this.#isIn(guest, blocks[at]!) ? octets : null))
    const sizeBytes = given.reduce((sum, octets) => sum + (octets?.length ?? 0), 0)
    const isAllowed = await this.#probation.take(this.#options.cluster.state, guest.row, sizeBytes)
    return { tag: 'objects', value: isAllowed ? given : given.map(() => null) }
  }

  #isIn({ limit }: Guest, block: BlockId): boolean {
    return isWithin(this.#options.cluster.state, blockIdOf(limit), block)
  }

  #wasOffered(from: PeerId, guest: Guest, block: BlockId): boolean {
    const offers = this.#present.get(from)?.offers ?? []
    return this.#isIn(guest, block) || offers.some(({ excerpt }) => isWithin(excerpt, blockIdOf(guest.limit), block))
  }

  // --- changes --------------------------------------------------------------------------------------------------------------

  async #stage(from: PeerId, guest: Guest, question: Extract<Question, { tag: 'stage' }>['value']): Promise<Answer> {
    const { cluster, holdings, sharing } = this.#options
    const { state } = cluster
    const { block, body } = question
    if (!mayWrite(state, guest.row)) return this.#drop(from, notOfGuest.fault)
    if (equal(block, rootBlockId(state.treeId))) return this.#drop(from, notOfGuest.fault)
    // What it brought may have been moved out of its folder before it heard that it was taken.
    if (parentOf(state, block) !== null && !this.#wasOffered(from, guest, block)) return nothing
    const isFull = holdings.stagedCountOf(guest.principal) >= stagedCountMax
    if (!this.#isHeld(block, body.bodyRoot)) {
      // Of an edit nobody knows how much is new.
      const heldBytes = contentOf(state, block)?.content.fields.sizeBytes ?? 0
      if (isFull || !(await this.#probation.mayBring(guest.row, body, heldBytes))) return nothing
      if (!(await this.#hasRoom())) return nothing
    } else if (isFull) return { tag: 'staged', value: {} }
    let unseenBytes = 0
    const mayKeep = async (sizeBytes: number): Promise<boolean> => {
      unseenBytes += sizeBytes
      if (unseenBytes > looksEveryBytes) {
        if (!(await this.#hasRoom())) return false
        unseenBytes = 0
      }
      return this.#probation.bring(guest.row, body, sizeBytes)
    }
    return sharing.onStage(from, question, { guest: guest.principal, mayKeep })
  }

  async #hasRoom(): Promise<boolean> {
    const { usedBytes, quotaBytes } = await this.#options.platform.store.usage()
    // Not every browser says how much there is, and not every one says the truth: then the store itself is the bound.
    return quotaBytes === 0 || usedBytes < (1 - freeShare) * quotaBytes
  }

  /** One after the other, as an outbox gives them; nothing where more wait than any program of ours gives. */
  async #proposeInTurn(from: PeerId, octets: Bytes): Promise<Answer> {
    const waiting = this.#proposing.get(from) ?? { count: 0, last: Promise.resolve() }
    if (waiting.count === proposingCountMax) return nothing
    this.#proposing.set(from, waiting)
    waiting.count++
    const proposed = waiting.last.then(() => {
      if (!this.#present.has(from)) return nothing
      // By then it may be a device no more.
      const guest = this.#guest(from)
      return guest.ok ? this.#propose(from, guest.value, octets) : this.#drop(from, guest.fault)
    })
    waiting.last = proposed.then(noop, noop).then(() => {
      if (--waiting.count === 0) this.#proposing.delete(from)
    })
    return proposed
  }

  async #propose(from: PeerId, { principal, row, limit }: Guest, octets: Bytes): Promise<Answer> {
    const { cluster } = this.#options
    const batch = decodeBatch(octets)
    if (!batch.ok) return this.#drop(from, batch.fault)
    const { operations } = batch.value
    if (operations.some(({ tag }) => tag === 'change') && !mayWrite(cluster.state, row))
      return this.#drop(from, notOfGuest.fault)
    for (const operation of operations) {
      const own = checkOfGuest(operation, principal, limit)
      if (!own.ok) return this.#drop(from, own.fault)
    }
    const known = operations.map((operation) => decidedIn(cluster.state, operation))
    const open = operations.filter((_, at) => known[at] === null)
    if (!this.#pace.allows(from, weightOf(open))) return nothing
    for (const operation of open) {
      const passed = await cluster.check(operation)
      if (!passed.ok) return this.#drop(from, passed.fault)
      if (!this.#isStaged(operation)) return nothing
      const staged = await cluster.stage(operation)
      if (!staged.ok) return nothing
    }
    const outcomes = await cluster.giveForGuest(open)
    // One that changes nothing, since it came twice in the same instant, is in the log all the same.
    this.#pace.spend(from, weightOf(open.filter((_, at) => outcomes[at] !== null)))
    if (outcomes.some((outcome) => outcome === null)) return nothing
    const given = new Map(open.map((operation, at) => [operation, faultOf(outcomes[at]!)]))
    const faults = operations.map((operation, at) => known[at]?.fault ?? given.get(operation) ?? null)
    return { tag: 'proposed', value: { faults } }
  }

  /** Whether all bodies that an operation refers to are whole here, so that this device can give them in its author's place. */
  #isStaged(operation: Operation): boolean {
    const { cluster } = this.#options
    if (operation.tag !== 'change') return true
    return operation.value.records.every((signed) => {
      if (signed.kind !== 'content' || signed.fields.sizeBytes === 0) return true
      const { path, bodyRoot } = signed.fields
      const block = blockIdOf(path)
      const now = contentOf(cluster.state, block)?.content.fields.bodyRoot
      return (now !== undefined && equal(now, bodyRoot)) || this.#isHeld(block, bodyRoot)
    })
  }

  #isHeld(block: BlockId, bodyRoot: Bytes): boolean {
    const staged = this.#options.holdings.stagedBodies(block)
    return staged.some(({ body, isWhole }) => isWhole && equal(body.bodyRoot, bodyRoot))
  }
}

/** Made of the one before, so that only what is new is hashed. @returns the one before where nothing is */
function offerAfter(before: Offer, { treeId, map: wanted }: TreeState): Offer {
  let { map } = before.excerpt
  for (const key of differingKeys(map, wanted)) {
    const row = get(wanted, key)
    map = row === null ? remove(map, key) : set(map, key, row)
  }
  return map === before.excerpt.map ? before : offerOf({ treeId, map })
}

const offerOf = (excerpt: TreeState): Offer => ({ excerpt, root: root(excerpt.map), news: null })

/** The rows that differ, empty for one that is gone. Asked for piece by piece, so the last are remembered. */
function newsSince(known: Offer, wanted: Offer): AuthenticatedMap {
  if (wanted.news?.since === known) return wanted.news.rows
  let rows: AuthenticatedMap = emptyMap
  for (const key of differingKeys(known.excerpt.map, wanted.excerpt.map))
    rows = set(rows, key, get(wanted.excerpt.map, key) ?? gone)
  wanted.news = { since: known, rows }
  return rows
}
const gone = new Uint8Array()

const faultOf = (outcome: Outcome): string | null => (outcome.ok ? null : outcome.fault.code)
const nothing: Answer = { tag: 'none', value: {} }

/** What has become of an operation, as a state shows it: that one need not come into the log again. null where it shows nothing. */
function decidedIn(state: TreeState, operation: Operation): { readonly fault: string | null } | null {
  if (operation.tag === 'change') return requestOf(state, operation.value.requestId)
  if (operation.tag !== 'revise') return null
  const { hash, fields } = operation.value.device
  const known = deviceOf(state, principalOf(fields.credential))?.device.hash
  return known !== undefined && equal(known, hash) ? { fault: null } : null
}

/** A link reads, and has to know where the tree is met; a device that is limited gives changes, and is dialled. */
function mayAsk({ row }: Guest, { tag }: Question): boolean {
  const isOfDevices = tag === 'stage' || tag === 'propose'
  const isOfLinks = tag === 'rendezvous' || tag === 'compromised'
  return isOfLink(row.device.fields) ? !isOfDevices : !isOfLinks
}

/** A device that only reads stages nothing, and proposes what it says of itself alone. */
function mayWrite(state: TreeState, { writecapHash }: DeviceRow): boolean {
  const chain = chainOf(state, writecapHash)
  return chain !== null && checkRight(chain, rights.write).ok
}

const noop = (): void => {}

/** Whether a link to the tree may follow itself from wherever it is: one whose time has not ended. */
export function mayCall(state: TreeState, principal: Bytes, nowMs: number): boolean {
  const row = checkDevice(state, principal, nowMs)
  return row.ok && row.value.standing === 'limited' && isOfLink(row.value.device.fields)
}

/** Devices that are limited to a folder, and whose time has not ended. */
export function guestsOf(state: TreeState, nowMs: number): readonly Device[] {
  const guests: Device[] = []
  for (const { device, standing, dismissed } of devicesOf(state)) {
    if (standing !== 'limited' || dismissed !== null || isOfLink(device.fields)) continue
    const principal = principalOf(device.fields.credential)
    if (checkDevice(state, principal, nowMs).ok) guests.push({ principal, transportId: device.fields.transportId })
  }
  return guests
}

const linkCompromised = refused(
  'linkCompromised',
  'A device that can still read by this link was removed from its owner’s tree. Remove the link here, and share the folder anew.',
)
const notOfGuest = refused(
  'beyondFolder',
  'A device that has one folder asked for something beside it. Nothing was changed, and the connection was closed.',
  'This device has one folder of the tree, and may ask for nothing beside it.',
)
