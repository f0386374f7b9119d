import { expect, test } from 'vitest'
import { emptyBody, sectorSizeBytes } from '../core/block/block.ts'
import { runsOf } from './edits.ts'

test('of many edits each is looked at where it is, in the order in which they are made', () => {
  const count = 4096
  let lookCount = 0
  const edits = Array.from({ length: count }, (_, at) => ({
    get startByte() {
      lookCount++
      // Far from each other, and not in the order of their places.
      return 2 * ((at * 1021) % count) * sectorSizeBytes
    },
    get endByte() {
      return this.startByte + (at < 2 ? 3 * sectorSizeBytes : 10)
    },
    content: new Blob(),
  }))
  const sizeBytes = 2 * count * sectorSizeBytes
  const runs = runsOf({ base: emptyBody, edits, sizeBytes }, 16)
  expect(lookCount).toBeLessThan(100 * count)
  for (const { firstIndex, sectorCount, edits: within } of runs) {
    const [start, end] = [firstIndex * sectorSizeBytes, (firstIndex + sectorCount) * sectorSizeBytes]
    if (firstIndex < 2048) expect(within).toEqual(edits.filter((each) => each.startByte < end && each.endByte > start))
  }
  expect(runs.filter(({ edits: within }) => within.length === 2)).toHaveLength(2)
})
