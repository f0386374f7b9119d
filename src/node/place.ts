/**
 * Keys of the store. Everything that belongs to a tree is keyed [tree, cluster, …], and a device holds many of both.
 * @module
 */
import { type Bytes, concat, u64be } from '../core/bytes/bytes.ts'
import { type ObjectName, objectId } from '../core/block/block.ts'
import type { BlockId, TreeId } from '../core/path/path.ts'

/** A cluster is named by the directory that it is attached at. */
export interface ClusterPlace {
  readonly treeId: TreeId
  readonly clusterId: BlockId
}

export const placePrefix = ({ treeId, clusterId }: ClusterPlace): Bytes => concat(treeId, clusterId)
/** Length of that prefix: a tree id and a block id. */
export const placePrefixSizeBytes = 48

export const inPlace = (place: ClusterPlace, ...parts: readonly Uint8Array[]): Bytes =>
  concat(placePrefix(place), ...parts)
/** A sector or index page. */
export const objectKey = (place: ClusterPlace, block: BlockId, name: ObjectName): Bytes =>
  inPlace(place, objectId(block, name))
export const logKey = (place: ClusterPlace, index: number): Bytes => inPlace(place, u64be(index))
