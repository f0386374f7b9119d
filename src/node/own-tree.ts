/**
 * A tree on this node: its cluster, the keys that open it and the author that writes in it.
 * @module
 */
import { type Bytes, RefusedError, StoreDamagedError, concat, toHex, u64be, utf8 } from '../core/bytes/bytes.ts'
import { digest, principalOf } from '../core/crypto/crypto.ts'
import type { SignedRecord } from '../core/block/block.ts'
import { type BlockId, type TreeId, blockIdSizeBytes, rootBlockId } from '../core/path/path.ts'
import {
  type Operation,
  type TreeState,
  accessOf,
  deviceOf,
  devicesOf,
  keys,
  openDeviceName,
  readRow,
  requestIdSizeBytes,
  requestOf,
} from '../core/tree/tree.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import type { Change } from '../port/store.ts'
import { Author } from './author.ts'
import { Cluster } from './cluster.ts'
import type { Applied, Folded } from './cluster/options.ts'
import { Holdings } from './holdings.ts'
import type { ClusterPlace } from './place.ts'
import type { ObjectStore, Reading } from './read/content.ts'
import { KeyRing } from './read/key-ring.ts'

/** What a device holds of a tree before it can read it. */
export interface HeldTree {
  readonly cluster: Cluster
  readonly holdings: Holdings
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
  readonly cluster: Cluster
  readonly holdings: Holdings
  readonly ring: KeyRing
  readonly author: Author
  /** Where readers find objects; on other devices too, where there are any. */
  objects: ObjectStore

  private constructor({ platform, treeId, keys }: TreeOptions, { cluster, holdings }: HeldTree, ring: KeyRing) {
    this.platform = platform
    this.place = placeOf(treeId)
    this.cluster = cluster
    this.holdings = holdings
    this.ring = ring
    this.objects = platform.store
    const device = deviceOf(cluster.state, principalOf(keys.credential))
    if (device === null) throw new StoreDamagedError('no writecap for this device')
    this.author = new Author(keys, device.writecapHash)
  }

  /** null where this device does not hold the tree. */
  static async open(options: TreeOptions): Promise<OwnTree | null> {
    const holdings = await holdingsOf(options)
    const cluster = await Cluster.open(clusterOptions(options, holdings))
    return cluster === null ? null : OwnTree.unlock(options, { cluster, holdings })
  }

  /** Takes part in a tree of which this device holds nothing yet. */
  static async join(options: TreeOptions, generation: number): Promise<HeldTree> {
    const holdings = await holdingsOf(options)
    const known = await Cluster.open(clusterOptions(options, holdings))
    return { holdings, cluster: known ?? (await Cluster.join(clusterOptions(options, holdings), generation)) }
  }

  /** null as long as the device does not have what it needs to read the tree. */
  static async unlock(options: TreeOptions, held: HeldTree): Promise<OwnTree | null> {
    const { state } = held.cluster
    const isKnown = deviceOf(state, principalOf(options.keys.credential)) !== null
    if (!isKnown || accessOf(state, rootBlockId(options.treeId)) === null) return null
    return new OwnTree(options, held, await KeyRing.unlock(state, options.keys))
  }

  /**
   * Makes the tree's cluster on this device with `first` as its first operation.
   * @param base the state that the operation continues; null for a tree that begins here
   */
  static async begin(options: TreeOptions, first: Operation, base: TreeState | null): Promise<OwnTree> {
    const holdings = await holdingsOf(options)
    const cluster = await Cluster.found(clusterOptions(options, holdings), base)
    const outcome = await cluster.propose(first)
    if (!outcome.ok) throw new RefusedError(outcome.fault)
    return new OwnTree(options, { cluster, holdings }, await KeyRing.unlock(cluster.state, options.keys))
  }

  get state(): TreeState {
    return this.cluster.state
  }
  /** What contents are read with, as the tree is now. */
  get reading(): Reading {
    const { place, state, ring, objects } = this
    const { crypto, discard } = this.platform
    return { store: objects, crypto, discard, place, state, ring }
  }
  get treeId(): TreeId {
    return this.place.treeId
  }
  /** Whether a passkey can bring back the root's KEM secret, not the recovery card alone. */
  get hasPasskeyWrap(): boolean {
    return (readRow(this.state, 'wraps', keys.wraps)?.byPasskey.length ?? 0) > 0
  }
  /** What a device calls itself; null where it is none of the tree, or its name can not be read here. */
  deviceName(principal: Bytes): string | null {
    const fields = deviceOf(this.state, principal)?.device.fields
    const key = fields && this.ring.keyOf(this.state, fields.nameBlock, fields.nameKeyEpoch)
    return fields && key ? openDeviceName(key, fields) : null
  }
  /** Whether other devices hold the tree too. */
  get isShared(): boolean {
    return isShared(this.state)
  }
  get rootId(): BlockId {
    return rootBlockId(this.treeId)
  }

  /** Proposes records that are taken all together; rejects with RefusedError where the tree does not take them. */
  async change(requestId: Bytes, records: readonly SignedRecord[], attached: readonly Change[] = []): Promise<void> {
    const outcome = await this.cluster.propose({ tag: 'change', value: { requestId, records } }, attached)
    if (!outcome.ok) throw new RefusedError(outcome.fault)
  }

  /** Whether a request took effect already, in this life of the node or an earlier one. */
  isDone(requestId: Bytes): boolean {
    return requestOf(this.state, requestId)?.fault === null
  }
}

export const placeOf = (treeId: TreeId): ClusterPlace => ({ treeId, clusterId: rootBlockId(treeId) })

const clusterOptions = ({ platform, treeId, keys, onApplied, onFailure }: TreeOptions, holdings: Holdings) => ({
  platform,
  place: placeOf(treeId),
  principal: toHex(principalOf(keys.credential)),
  onApplied: (before: TreeState, state: TreeState, touched: readonly Bytes[], folded: Folded | null) => {
    if (folded === null) holdings.onInstalled(before, state)
    else holdings.onApplied(before, state, touched, folded, isShared(state))
    onApplied(before, state, touched, folded)
  },
  onFailure,
})

const holdingsOf = ({ platform, treeId, keys }: TreeOptions): Promise<Holdings> =>
  Holdings.open(platform.store, placeOf(treeId), principalOf(keys.credential))

/** Whether a tree has more devices than one; asked with every entry, and mostly of the same rows. */
function isShared(state: TreeState): boolean {
  let count = 0
  for (const { dismissed } of devicesOf(state)) if (dismissed === null && ++count > 1) return true
  return false
}

/** A page's request id as the fold remembers it; `part` tells the steps of a longer job apart. */
export const requestIdOf = (requestId: string, part = 0): Bytes =>
  digest('blocktree/1/request', utf8(requestId), u64be(part)).slice(0, requestIdSizeBytes)

/** The id of the block that a request makes: a repeated request means the same block. */
export const blockIdOfRequest = (treeId: TreeId, requestId: string): BlockId =>
  digest('blocktree/1/blockOfRequest', concat(treeId, utf8(requestId))).slice(0, blockIdSizeBytes)
