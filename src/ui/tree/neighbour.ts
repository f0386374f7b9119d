/**
 * From cell to cell by the arrow keys: up into a folder, down out of it, sideways along the row.
 * @module
 */
import type { Rect } from './layout.ts'

/** @returns undefined where there is none in this direction, or the key is no arrow */
export function neighbour(rects: readonly Rect[], at: Rect, key: string): Rect | undefined {
  const middle = at.x + at.width / 2
  const isOver = (rect: Rect) => rect.x <= middle && middle <= rect.x + rect.width
  const row = rects.filter((rect) => rect.depth === at.depth)
  switch (key) {
    case 'ArrowUp':
      return rects.find((rect) => rect.depth === at.depth + 1 && rect.x >= at.x && rect.x < at.x + at.width)
    case 'ArrowDown':
      return rects.find((rect) => rect.depth === at.depth - 1 && isOver(rect))
    case 'ArrowRight':
      return row[row.indexOf(at) + 1]
    case 'ArrowLeft':
      return row[row.indexOf(at) - 1]
    default:
      return undefined
  }
}
