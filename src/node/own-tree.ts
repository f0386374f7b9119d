/**
 * A tree on this node: its cluster, the keys that open it and the author that writes in it.
 * @module
 */
import { type Bytes, RefusedError, StoreDamagedError, toHex } from '../core/bytes/bytes.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import { type BlockId, type TreeId, rootBlockId } from '../core/path/path.ts'
import {
  type Operation,
  type TreeState,
  accessOf,
  deviceDismissed,
  deviceOf,
  devicesOf,
  generationOf,
  summaryOf,
} from '../core/tree/tree.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import { Arrears } from './arrears.ts'
import { Author } from './author.ts'
import { Cluster } from './cluster.ts'
import type { Applied } from './cluster/options.ts'
import { type People, openPeople } from './founding.ts'
import { type GuestOptions, GuestReplica, limitedOnly } from './guest/guest-replica.ts'
import { type Visit, readVisit } from './guest/visit.ts'
import { Holdings } from './holdings.ts'
import { type Feed, Outbox } from './outbox.ts'
import type { ClusterPlace } from './place.ts'
import type { ObjectStore, Reading } from './read/content.ts'
import { KeyRing, baseOf } from './read/key-ring.ts'
import { type Obtain, objectsFrom, obtainNothing } from './read/objects.ts'
import { Records } from './records.ts'
import type { Replica } from './replica.ts'
import { Uploads } from './uploads.ts'

/** What a device holds of a tree before it can read it. */
export interface HeldTree {
  readonly cluster: Replica
  readonly holdings: Holdings
  /** Where this device is a guest in the tree; null where the tree is its owner's. */
  readonly visit: Visit | null
}

export interface JoiningTree extends HeldTree {
  readonly feed: Feed & {
    ring: KeyRing | null
    /** A state that comes whole and is being installed. */
    arriving: TreeState | null
  }
}

export interface TreeOptions {
  readonly platform: Platform
  readonly keys: NodeKeys
  readonly treeId: TreeId
  readonly onApplied: Applied
  readonly onFailure: (error: unknown) => void
}

export class OwnTree {
  readonly platform: Platform
  readonly place: ClusterPlace
  readonly cluster: Replica
  readonly visit: Visit | null
  readonly holdings: Holdings
  readonly ring: KeyRing
  readonly author: Author
  readonly outbox: Outbox
  readonly arrears: Arrears
  readonly uploads: Uploads
  readonly #elsewhere: Elsewhere

  private constructor(
    { platform, treeId }: TreeOptions,
    held: HeldTree,
    ring: KeyRing,
    author: Author,
    outbox: Outbox,
    arrears: Arrears,
    uploads: Uploads,
    elsewhere: Elsewhere,
  ) {
    this.platform = platform
    this.place = placeOf(treeId)
    this.cluster = held.cluster
    this.visit = held.visit
    this.holdings = held.holdings
    this.ring = ring
    this.author = author
    this.outbox = outbox
    this.uploads = uploads
    this.arrears = arrears
    this.#elsewhere = elsewhere
  }

  /** null where this device does not hold the tree. */
  static async open(options: TreeOptions): Promise<OwnTree | null> {
    const opening = await openingOf(options)
    const { visit } = opening
    const cluster = visit === null ? await Cluster.open(opening.options) : await GuestReplica.open(opening.options)
    if (cluster === null) return null
    const held = { ...opening, cluster }
    return OwnTree.isReadable(options, held) ? OwnTree.unlock(options, held) : null
  }

  /** Takes part in a tree of which this device holds nothing yet. */
  static async join(options: TreeOptions, generation: number): Promise<JoiningTree> {
    const opening = await openingOf(options)
    if (opening.visit !== null) return { ...opening, cluster: await GuestReplica.open(opening.options) }
    const known = await Cluster.open(opening.options)
    return { ...opening, cluster: known ?? (await Cluster.join(opening.options, generation)) }
  }

  /** Whether the device has what it needs to read the tree. */
  static isReadable({ keys: nodeKeys }: TreeOptions, { cluster: { state } }: HeldTree): boolean {
    const own = principalOf(nodeKeys.credential)
    return deviceOf(state, own) !== null && accessOf(state, baseOf(state, own)) !== null
  }

  /** For a tree that is readable; once, since from then on what is done here goes through what this gives. */
  static async unlock(options: TreeOptions, held: JoiningTree): Promise<OwnTree> {
    const { platform, keys: nodeKeys, treeId, onFailure } = options
    const { cluster, holdings, feed } = held
    const principal = principalOf(nodeKeys.credential)
    const device = deviceOf(cluster.state, principal)
    if (device === null) throw new StoreDamagedError('no writecap for this device')
    const author = new Author(nodeKeys, () => (deviceOf(cluster.state, principal) ?? device).writecapHash)
    const ring = new KeyRing(treeId, nodeKeys, baseOf(cluster.state, principal))
    feed.ring = ring
    await ring.unlock(() => cluster.state)
    if (feed.arriving !== null) await ring.openOf(feed.arriving)
    const records = new Records(ring, author, platform)
    const place = placeOf(treeId)
    const uploads = await Uploads.open({ platform, place }, () => platform.clock.nowMs())
    const elsewhere = elsewhereOf(platform, holdings)
    const { objects } = elsewhere
    const outbox = await Outbox.open({
      platform,
      place,
      cluster,
      holdings,
      objects,
      ring,
      records,
      principal,
      feed,
      onFailure,
    })
    elsewhere.isPartial = (block) => isShared(cluster.state) && outbox.isPartial(block)
    const arrears = await Arrears.open({ store: platform.store, clock: platform.clock, place, cluster, onFailure })
    const { onInstalling } = feed
    feed.onInstalling = (before, after) => [...onInstalling(before, after), ...arrears.bring(before, after)]
    return new OwnTree(options, held, ring, author, outbox, arrears, uploads, elsewhere)
  }
  /**
   * Makes the tree's cluster on this device with `first` as its first operation. Where that is refused nothing goes on, but rows lie
   * here that are for the caller to delete.
   * @param base the state that the operation continues; null for a tree that begins here
   */
  static async begin(options: TreeOptions, first: Operation, base: TreeState | null): Promise<OwnTree> {
    const opening = await openingOf(options)
    const cluster = await Cluster.found(opening.options, generationOf(first), base)
    try {
      const outcome = await cluster.propose(first)
      if (!outcome.ok) throw new RefusedError(outcome.fault)
      return await OwnTree.unlock(options, { ...opening, cluster, visit: null })
    } catch (error) {
      await cluster.close()
      throw error
    }
  }

  /** As a person sees it: what is committed, and over it what was done here and is not yet. */
  get state(): TreeState {
    return this.outbox.shown
  }
  /** As every device of the tree has it, sooner or later. */
  get committed(): TreeState {
    return this.cluster.state
  }
  /** What contents are read with, as the tree is now. */
  get reading(): Reading {
    const { place, state, ring } = this
    const { crypto, discard } = this.platform
    return { store: this.#elsewhere.objects, crypto, discard, place, sectorKeys: ring.sectorKeys.bind(ring, state) }
  }
  /** Objects from other devices, where there are any. */
  set obtain(obtain: Obtain) {
    this.#elsewhere.obtain = obtain
  }
  get treeId(): TreeId {
    return this.place.treeId
  }
  /** What a device calls itself; null where it is none of the tree, or its name can not be read here. */
  deviceName(principal: Bytes): string | null {
    const row = deviceOf(this.state, principal)
    return row && this.ring.deviceNameOf(this.state, row.device)
  }
  /** As the root has named them; null where that does not open here. */
  get people(): People | null {
    const { treeId, committed, ring } = this
    const { profileKeyEpoch, sealedProfile } = summaryOf(committed)!
    if (this.#people?.sealed === sealedProfile) return this.#people.opened
    const rootKey = ring.keyOf(committed, rootBlockId(treeId), profileKeyEpoch)
    const opened = rootKey === null ? null : openPeople(rootKey, treeId, sealedProfile)
    if (opened !== null) this.#people = { sealed: sealedProfile, opened }
    return opened
  }
  /** They are told with every change, so what was opened is remembered. */
  #people: { readonly sealed: Bytes; readonly opened: People } | null = null

  /** Whether other devices hold the tree too. */
  get isShared(): boolean {
    return isShared(this.committed)
  }
  /** Of a guest: whether it was told that its folder is not where it was. */
  get isFolderGone(): boolean {
    return this.cluster instanceof GuestReplica && this.cluster.isFolderGone
  }
  /** The tree's cluster, of which a guest is no member: for what is about the whole tree. */
  get ownCluster(): Cluster {
    if (this.cluster instanceof Cluster) return this.cluster
    throw limitedOnly()
  }

  /** This device was put out: what it has stays as it is, and what it kept for the tree goes into quarantine. */
  putOut(): void {
    this.outbox.putOut(putOutFault)
    this.cluster.halt(new RefusedError(putOutFault))
  }

  close(): Promise<void> {
    this.arrears.close()
    this.outbox.close()
    return this.cluster.close()
  }

  /** Takes nothing more and writes nothing more. */
  halt(error: unknown): void {
    this.arrears.close()
    this.outbox.close()
    this.cluster.halt(error)
  }
}

/** Objects of this device, and of others as soon as there are any. */
interface Elsewhere {
  obtain: Obtain
  /** Whether a part of what is kept here for a block may be there. */
  isPartial: (block: BlockId) => boolean
  readonly objects: ObjectStore
}

function elsewhereOf({ store }: Platform, holdings: Holdings): Elsewhere {
  const elsewhere: Elsewhere = {
    obtain: obtainNothing,
    isPartial: () => false,
    objects: objectsFrom({
      store,
      obtain: (keys) => elsewhere.obtain(keys),
      isLacking: (block: BlockId) => holdings.isLacking(block) || elsewhere.isPartial(block),
      away: contentAway,
    }),
  }
  return elsewhere
}

const contentAway =
  'This file is not on this device yet, and no device that has it can be reached now. It can be opened when one is there.'

/** Why a device that was put out changes nothing any more. */
const putOutFault = deviceDismissed().fault

export const placeOf = (treeId: TreeId): ClusterPlace => ({ treeId, clusterId: rootBlockId(treeId) })

async function openingOf({ platform, treeId, keys: nodeKeys, onApplied, onFailure }: TreeOptions) {
  const place = placeOf(treeId)
  const principal = principalOf(nodeKeys.credential)
  const [holdings, visit] = await Promise.all([
    Holdings.open(platform.store, place, principal),
    readVisit(platform.store, treeId),
  ])
  const feed: JoiningTree['feed'] = {
    ring: null,
    arriving: null,
    async onArriving() {},
    onInstalling: () => [],
    onApplied() {},
  }
  const options: GuestOptions = {
    platform,
    own: principal,
    place,
    principal: toHex(principal),
    onComing: (operations) => feed.ring?.openNew(operations) ?? null,
    isPutOut: (state) => (deviceOf(state, principal)?.dismissed ?? null) !== null,
    onArriving: async (state) => {
      feed.arriving = state
      await feed.ring?.openOf(state)
      // What is not known to be here could not be brought along.
      await holdings.untilSeen()
      await feed.onArriving(state)
    },
    onApplied: (before, state, touched, folded) => {
      if (folded === null) {
        feed.arriving = null
        holdings.installed()
      } else holdings.onApplied(before, state, touched, folded, isShared(state))
      feed.onApplied(touched, folded)
      onApplied(before, state, touched, folded)
    },
    onInstalling: (before, after, dropped) => [
      ...feed.onInstalling(before, after),
      ...holdings.installing(before, after, dropped),
    ],
    onFailure,
  }
  return { holdings, feed, options, visit }
}

/** Whether a tree has more devices than one; asked with every entry, and mostly of the same rows. */
export function isShared(state: TreeState): boolean {
  let count = 0
  for (const { dismissed } of devicesOf(state)) if (dismissed === null && ++count > 1) return true
  return false
}
