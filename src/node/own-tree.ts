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
  keys,
  readRow,
  requestIdSizeBytes,
  requestOf,
} from '../core/tree/tree.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import type { Change } from '../port/store.ts'
import { Author } from './author.ts'
import { type Applied, Cluster } from './cluster.ts'
import type { ClusterPlace } from './place.ts'
import type { Reading } from './read/content.ts'
import { KeyRing } from './read/key-ring.ts'

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
  readonly ring: KeyRing
  readonly author: Author

  private constructor({ platform, treeId, keys }: TreeOptions, cluster: Cluster, ring: KeyRing) {
    this.platform = platform
    this.place = placeOf(treeId)
    this.cluster = cluster
    this.ring = ring
    const access = accessOf(cluster.state, rootBlockId(treeId))
    if (access === null) throw new StoreDamagedError('no root block')
    // The node that wrote the root's access record did so under its own writecap for the whole tree.
    this.author = new Author(keys, access.fields.writecapHash)
  }

  /** null where this device does not hold the tree. */
  static async open(options: TreeOptions): Promise<OwnTree | null> {
    const cluster = await Cluster.open(clusterOptions(options))
    if (cluster === null || accessOf(cluster.state, rootBlockId(options.treeId)) === null) return null
    return new OwnTree(options, cluster, await KeyRing.unlock(cluster.state, options.keys))
  }

  /**
   * Makes the tree's cluster on this device with `first` as its first operation.
   * @param base the state that the operation continues; null for a tree that begins here
   */
  static async begin(options: TreeOptions, first: Operation, base: TreeState | null): Promise<OwnTree> {
    const cluster = await Cluster.found(clusterOptions(options), base)
    const outcome = await cluster.propose(first)
    if (!outcome.ok) throw new RefusedError(outcome.fault)
    return new OwnTree(options, cluster, await KeyRing.unlock(cluster.state, options.keys))
  }

  get state(): TreeState {
    return this.cluster.state
  }
  /** What contents are read with, as the tree is now. */
  get reading(): Reading {
    const { place, state, ring } = this
    const { store, crypto, discard } = this.platform
    return { store, crypto, discard, place, state, ring }
  }
  get treeId(): TreeId {
    return this.place.treeId
  }
  /** Whether a passkey can bring back the root's KEM secret, not the recovery card alone. */
  get hasPasskeyWrap(): boolean {
    return (readRow(this.state, 'wraps', keys.wraps)?.byPasskey.length ?? 0) > 0
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

const clusterOptions = ({ platform, treeId, keys, onApplied, onFailure }: TreeOptions) => ({
  platform,
  place: placeOf(treeId),
  principal: toHex(principalOf(keys.credential)),
  onApplied,
  onFailure,
})

/** A page's request id as the fold remembers it; `part` tells the steps of a longer job apart. */
export const requestIdOf = (requestId: string, part = 0): Bytes =>
  digest('blocktree/1/request', utf8(requestId), u64be(part)).slice(0, requestIdSizeBytes)

/** The id of the block that a request makes: a repeated request means the same block. */
export const blockIdOfRequest = (treeId: TreeId, requestId: string): BlockId =>
  digest('blocktree/1/blockOfRequest', concat(treeId, utf8(requestId))).slice(0, blockIdSizeBytes)
