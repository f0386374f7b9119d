/**
 * Where the cells of the upright tree stand: an icicle with its root at the bottom.
 *
 * Pure: a folder, a width and a height in, rectangles out. A row above a cell belongs to what lies in it; widths follow the
 * number of leaves that it carries, not bytes; no cell is narrower than a finger, so siblings without room fold into one cell
 * that counts them and shows them as twigs. Coordinates are CSS pixels, y downward, as in SVG.
 * @module
 */
import type { Item, ItemKind } from '../../node/api.ts'

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

/** More leaves than this widen a cell no further: they fold anyway, and its siblings want to be read too. */
const weightMax = 12
/** Twigs are shorter than cells, so that a crown thins out upward. */
const twigHeightRatio = 0.7
/** A twig is no narrower; what finds no room beside its siblings is only counted. */
const twigWidthMinPx = 5

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
  /** The first of them. */
  readonly firstId: string
  readonly foldedCount: number
  /** What they would look like, with all that grows on them: to be seen, not to be touched. */
  readonly twigs: readonly Twig[]
}
export interface Twig extends Place {
  readonly kind: ItemKind
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
    const row = rowAbove(tree, children, { ...below, y, height: rowHeightPx }, cellWidthMinPx)
    if (rects.length + row.length > cellCountMax) break
    rects.push(...row)
  }
  return rects
}

/** @param room of the row: that of the cell below, moved up */
function rowAbove(tree: LayoutTree, children: readonly Item[], room: Place, cellWidthMinPx: number): Rect[] {
  const roomFor = Math.max(1, Math.floor(room.width / cellWidthMinPx))
  const shown = children.length <= roomFor ? children : children.slice(0, roomFor - 1)
  const folded = children.slice(shown.length)
  const weights = shown.map((item) => leafCount(tree, item.id, weightMax))
  if (folded.length > 0) weights.push(1)

  const places = shareOut(room, weights, cellWidthMinPx)
  const row = shown.map((item, at): Rect => ({ kind: 'item', item, ...places[at]! }))
  const last = places[shown.length]
  if (last) {
    const { id: firstId, parentId } = folded[0]!
    const height = last.height * twigHeightRatio
    const twigs = twigsOf(tree, folded, { ...last, y: last.y + last.height - height, height })
    row.push({ kind: 'fold', parentId: parentId!, firstId, foldedCount: folded.length, twigs, ...last })
  }
  return row
}

/** Everyone has the narrowest width for certain; only what remains is shared out by weight. */
function shareOut(room: Place, weights: readonly number[], widthMinPx: number): readonly Place[] {
  const minimum = Math.min(widthMinPx, room.width / weights.length)
  const shared = room.width - minimum * weights.length
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0)
  let x = room.x
  return weights.map((weight) => {
    const width = minimum + (shared * weight) / weightSum
    const place = { x, y: room.y, width, height: room.height, depth: room.depth + 1 }
    x += width
    return place
  })
}

/** @param room of the first row of twigs; `depth` counts on from there */
function twigsOf(tree: LayoutTree, items: readonly Item[], room: Place): readonly Twig[] {
  const shown = items.slice(0, Math.floor(room.width / twigWidthMinPx))
  const places = shareOut(
    { ...room, depth: room.depth - 1 },
    shown.map((item) => leafCount(tree, item.id, weightMax)),
    0,
  )
  return shown.flatMap((item, at) => {
    const place = places[at]!
    const above = { ...place, y: place.y - place.height, depth: place.depth + 1 }
    const children = tree.children.get(item.id) ?? []
    return [{ kind: item.kind, ...place }, ...(above.y < 0 ? [] : twigsOf(tree, children, above))]
  })
}

/** Of a file or an empty folder 1, else of what lies in it; counted up to a limit, so that a large tree costs no more. */
function leafCount(tree: LayoutTree, id: string, countMax: number): number {
  const children = tree.children.get(id) ?? []
  let count = 0
  for (const child of children) {
    count += leafCount(tree, child.id, countMax - count)
    if (count >= countMax) return countMax
  }
  return Math.max(1, count)
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
