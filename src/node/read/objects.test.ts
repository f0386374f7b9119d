import { expect, test } from 'vitest'
import { type Bytes, concat } from '../../core/bytes/bytes.ts'
import { type ClusterPlace, objectKey } from '../place.ts'
import { objectsFrom } from './objects.ts'

const filled = (octet: number, sizeBytes: number): Bytes => new Uint8Array(sizeBytes).fill(octet)
const place: ClusterPlace = { treeId: filled(1, 32), clusterId: filled(2, 16) }
const block = filled(3, 16)
const key = objectKey(place, block, filled(4, 32))

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
  expect(asked).toEqual([concat(block, filled(4, 32))])
  // Of what was here, what is not found is damage.
  expect(await objects.readMany('object', [key])).toEqual([null])
})
