/**
 * Where the cells of the upright tree stand: an icicle with its root at the bottom.
 *
 * Pure: a folder, a width and a height in, rectangles out. A row above a cell belongs to what lies in it; widths follow the
 * number of children, not bytes; no cell is narrower than a finger, so siblings without room fold into one cell that counts
 * them. Coordinates are CSS pixels, y downward, as in SVG.
 * @module
 */
import type { Item } from '../../node/api.ts'

export interface LayoutOptions {
  /** No cell is narrower. */
  readonly cellWidthMinPx: number
  readonly rowHeightPx: number
  /** The ground's own, thicker row. */
  readonly groundHeightPx: number
  readonly cellCountMax: number
}

export const layoutDefaults: LayoutOptions = {
  cellWidthMinPx: 44,
  rowHeightPx: 56,
  groundHeightPx: 88,
  cellCountMax: 500,
}

/** More children than this widen a cell no further: they fold anyway, and its siblings want to be read too. */
const weightMax = 12

interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** 0 for the ground. */
  readonly depth: number
}
export interface ItemRect extends Place {
  readonly kind: 'item'
  readonly item: Item
}
/** Stands for siblings that have no room. */
export interface FoldRect extends Place {
  readonly kind: 'fold'
  readonly parentId: string
  readonly foldedCount: number
}
export type Rect = ItemRect | FoldRect

/** What the layout asks of the tree; `children` in the order in which they stand from left to right. */
export interface LayoutTree {
  readonly items: ReadonlyMap<string, Item>
  readonly children: ReadonlyMap<string, readonly Item[]>
}

/**
 * @param groundId the folder that stands at the bottom
 * @returns the ground first, then row by row upward, from left to right; empty where the ground is not in the tree
 */
export function layout(
  tree: LayoutTree,
  groundId: string,
  width: number,
  height: number,
  options: Partial<LayoutOptions> = {},
): readonly Rect[] {
  const { cellWidthMinPx, rowHeightPx, groundHeightPx, cellCountMax } = { ...layoutDefaults, ...options }
  const ground = tree.items.get(groundId)
  if (!ground || width <= 0) return []

  const rects: Rect[] = [
    { kind: 'item', item: ground, x: 0, y: height - groundHeightPx, width, height: groundHeightPx, depth: 0 },
  ]
  // `rects` is its own queue: every row is complete before the next begins, so a full picture lacks its crown, not a side.
  for (let next = 0; next < rects.length; next++) {
    const below = rects[next]!
    if (below.kind === 'fold') continue
    const children = tree.children.get(below.item.id) ?? []
    const y = below.y - rowHeightPx
    if (children.length === 0 || y < 0) continue
    const row = rowAbove(tree, children, below, cellWidthMinPx)
    if (rects.length + row.length > cellCountMax) break
    rects.push(...row.map((place): Rect => ({ ...place, y, height: rowHeightPx, depth: below.depth + 1 })))
  }
  return rects
}

type Unplaced<R> = R extends Rect ? Omit<R, 'y' | 'height' | 'depth'> : never

function rowAbove(
  tree: LayoutTree,
  children: readonly Item[],
  below: ItemRect,
  cellWidthMinPx: number,
): Unplaced<Rect>[] {
  const roomFor = Math.max(1, Math.floor(below.width / cellWidthMinPx))
  const shown = children.length <= roomFor ? children : children.slice(0, roomFor - 1)
  const foldedCount = children.length - shown.length
  const cellCount = shown.length + (foldedCount > 0 ? 1 : 0)

  const weights = shown.map((item) => Math.min(Math.max(1, tree.children.get(item.id)?.length ?? 0), weightMax))
  const weightSum = weights.reduce((sum, weight) => sum + weight, foldedCount > 0 ? 1 : 0)
  // Everyone has the narrowest width for certain; only what remains is shared out by weight.
  const minimum = Math.min(cellWidthMinPx, below.width / cellCount)
  const shared = below.width - minimum * cellCount

  let x = below.x
  const place = (weight: number) => {
    const width = minimum + (shared * weight) / weightSum
    const at = x
    x += width
    return { x: at, width }
  }
  const row: Unplaced<Rect>[] = shown.map((item, position) => ({ kind: 'item', item, ...place(weights[position]!) }))
  if (foldedCount > 0) row.push({ kind: 'fold', parentId: below.item.id, foldedCount, ...place(1) })
  return row
}

/** How many rows stand on the ground, at most `depthMax`. */
export function depthOf(tree: LayoutTree, groundId: string, depthMax: number): number {
  let row: readonly string[] = [groundId]
  for (let depth = 0; depth < depthMax; depth++) {
    row = row.flatMap((id) => (tree.children.get(id) ?? []).map((child) => child.id))
    if (row.length === 0) return depth
  }
  return depthMax
}
