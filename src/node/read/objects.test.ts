import { expect, test } from 'vitest'
import type { Bytes } from '../../core/bytes/bytes.ts'
import { objectId } from '../../core/block/block.ts'
import { type ClusterPlace, objectKey } from '../place.ts'
import { objectsFrom } from './objects.ts'

const filled = (octet: number, sizeBytes: number): Bytes => new Uint8Array(sizeBytes).fill(octet)
const place: ClusterPlace = { treeId: filled(1, 32), clusterId: filled(2, 16) }
const block = filled(3, 16)
const name = { level: 0, index: 0, hash: filled(4, 32) }
const key = objectKey(place, block, name)

test('what leaves the tree while it is asked for is away, and no damage', async () => {
  let isInTree = true
  const asked: Bytes[] = []
  const objects = objectsFrom({
    store: { readMany: async (_table, keys) => keys.map(() => null) },
    obtain: async (keys) => {
      asked.push(...keys)
      isInTree = false
      return keys.map(() => null)
    },
    isLacking: () => isInTree,
    away: 'It is away.',
  })
  await expect(objects.readMany('object', [key])).rejects.toMatchObject({ code: 'contentAway' })
  expect(asked).toEqual([objectId(block, name)])
  // Of what was here, what is not found is damage.
  expect(await objects.readMany('object', [key])).toEqual([null])
})
