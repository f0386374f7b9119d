/**
 * Ballast: what lies on a disk and serves nobody, and what is referred to and does not lie there.
 * @module
 */
import { type Bytes, keyOf } from '../core/bytes/bytes.ts'
import { diffBodies } from '../core/block/block.ts'
import { entries } from '../core/merkle/merkle.ts'
import { rootBlockId } from '../core/path/path.ts'
import { type TreeState, decodeRow, keys } from '../core/tree/tree.ts'
import { type ClusterPlace, objectKey } from '../node/place.ts'
import { walk } from '../node/read/content.ts'
import type { Findings } from './checker.ts'
import { type Disk, tableNames } from './disk.ts'

/** Looks at a disk whose node has nothing left to do; the one tree on it is in this state. */
export async function weighDisk(disk: Disk, state: TreeState): Promise<Findings> {
  const place: ClusterPlace = { treeId: state.treeId, clusterId: rootBlockId(state.treeId) }
  const live = new Set<string>()
  const store = {
    readMany: async (_table: 'object', at: readonly Bytes[]) => {
      // A walk passes over a page that is not there.
      for (const key of at) live.add(keyOf(key))
      return at.map((key) => disk.get('object', key)?.value ?? null)
    },
  }
  for (const [key, octets] of entries(state.map, keys.contents)) {
    const block = key.slice(1)
    const { bodyRoot, sizeBytes } = decodeRow('content', octets).content.fields
    for await (const objects of walk({ store, place }, block, diffBodies({ bodyRoot, sizeBytes }, [])))
      for (const object of objects) live.add(keyOf(objectKey(place, block, object)))
  }
  const lying = [...disk.rows('object', new Uint8Array())].map(({ key }) => keyOf(key))
  const uselessCount = lying.filter((key) => !live.has(key)).length
  const missingCount = live.size - (lying.length - uselessCount)
  const stagedCount = [...disk.rows('staging', new Uint8Array())].length
  const foreign = tableNames
    .filter((table) => table !== 'node')
    .flatMap((table) => [...disk.rows(table, new Uint8Array())])
    .filter(({ key }) => !state.treeId.every((octet, at) => key[at] === octet))
  return [
    ...(missingCount > 0 ? [`${missingCount} objects that files refer to are not on the disk`] : []),
    ...(uselessCount > 0 ? [`${uselessCount} objects lie on the disk that no file refers to`] : []),
    ...(stagedCount > 0 ? [`${stagedCount} leases of uploads that ended long ago lie on the disk`] : []),
    ...(foreign.length > 0 ? [`${foreign.length} rows of a tree that is gone lie on the disk`] : []),
  ]
}
