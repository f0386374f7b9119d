import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Item, ItemKind } from '../../node/api.ts'
import { type LayoutOptions, type LayoutTree, type Rect, depthOf, layout } from './layout.ts'

/** A tree in brackets: `root(photos(a b) mail note)`; whoever has brackets is a folder. */
function grow(text: string): LayoutTree {
  const items = new Map<string, Item>()
  const children = new Map<string, Item[]>()
  const line: string[] = []
  for (const [, name, bracket] of text.matchAll(/([^\s()]*)([()]?)/g)) {
    if (name) {
      const parentId = line.at(-1) ?? null
      const kind: ItemKind = bracket === '(' ? 'folder' : 'file'
      const item = {
        id: name,
        parentId,
        kind,
        name,
        sizeBytes: 0,
        createdAtMs: 0,
        modifiedAtMs: 0,
        trashedAtMs: null,
        copyCount: 1,
        isWaiting: false,
      }
      items.set(name, item)
      if (parentId !== null) children.set(parentId, [...(children.get(parentId) ?? []), item])
      if (bracket === '(') line.push(name)
    }
    if (bracket === ')') line.pop()
  }
  return { items, children }
}

const options = { cellWidthMinPx: 44, rowHeightPx: 50, groundHeightPx: 100, cellCountMax: 500 }

/** One line a row, from the crown down to the ground: `a 0-100 | +3 100-144`. */
function draw(rects: readonly Rect[]): string[] {
  const rows = new Map<number, string[]>()
  for (const rect of rects) {
    const label = rect.kind === 'item' ? rect.item.name : `+${rect.foldedCount}`
    const row = rows.get(rect.y) ?? []
    row.push(`${label} ${Math.round(rect.x)}-${Math.round(rect.x + rect.width)}`)
    rows.set(rect.y, row)
  }
  return [...rows].toSorted(([left], [right]) => left - right).map(([y, row]) => `${y}: ${row.join(' | ')}`)
}

interface Row {
  readonly name: string
  readonly tree: string
  readonly ground?: string
  readonly width: number
  readonly height: number
  readonly options?: Partial<LayoutOptions>
  readonly rows: readonly string[]
}
const table: readonly Row[] = [
  { name: 'only the root', tree: 'root()', width: 390, height: 400, rows: ['300: root 0-390'] },
  {
    name: 'one file as wide as the root',
    tree: 'root(note)',
    width: 390,
    height: 400,
    rows: ['250: note 0-390', '300: root 0-390'],
  },
  {
    name: 'siblings share equally',
    tree: 'root(a b c)',
    width: 300,
    height: 400,
    rows: ['250: a 0-100 | b 100-200 | c 200-300', '300: root 0-300'],
  },
  {
    name: 'a folder with more children is wider, beyond the narrowest width',
    tree: 'root(a(1 2 3) b)',
    width: 288,
    height: 400,
    // 2 x 44 for certain, the other 200 as 3 to 1.
    rows: ['200: 1 0-65 | 2 65-129 | 3 129-194', '250: a 0-194 | b 194-288', '300: root 0-288'],
  },
  {
    name: 'a folder with more leaves is wider, however deep they are',
    tree: 'root(a(1(2 3 4)) b)',
    width: 288,
    height: 400,
    rows: ['150: 2 0-65 | 3 65-129 | 4 129-194', '200: 1 0-194', '250: a 0-194 | b 194-288', '300: root 0-288'],
  },
  {
    name: 'what has no room folds into a count',
    tree: 'root(a b c d e f)',
    width: 176,
    height: 400,
    rows: ['250: a 0-44 | b 44-88 | c 88-132 | +3 132-176', '300: root 0-176'],
  },
  {
    name: 'a narrow folder shows only a count',
    tree: 'root(a(1 2 3) b)',
    width: 100,
    height: 400,
    rows: ['200: +3 0-53', '250: a 0-53 | b 53-100', '300: root 0-100'],
  },
  {
    name: 'an only child needs no count',
    tree: 'root(a)',
    width: 30,
    height: 400,
    rows: ['250: a 0-30', '300: root 0-30'],
  },
  {
    name: 'rows end where the height ends',
    tree: 'root(a(b(c)))',
    width: 200,
    height: 249,
    rows: ['49: b 0-200', '99: a 0-200', '149: root 0-200'],
  },
  {
    name: 'another ground',
    tree: 'root(a(b(c)) d)',
    ground: 'b',
    width: 200,
    height: 200,
    rows: ['50: c 0-200', '100: b 0-200'],
  },
  { name: 'a ground that is gone', tree: 'root(a)', ground: 'x', width: 200, height: 200, rows: [] },
  {
    name: 'a full picture lacks its crown, never a side',
    tree: 'root(a(1 2) b(3 4))',
    width: 400,
    height: 400,
    options: { cellCountMax: 4 },
    rows: ['250: a 0-200 | b 200-400', '300: root 0-400'],
  },
]

describe('the upright tree', () => {
  test.each(table)('$name', ({ tree, ground = 'root', width, height, options: own, rows }) =>
    expect(draw(layout(grow(tree), ground, width, height, { ...options, ...own }))).toEqual(rows),
  )

  test('what folds grows on as twigs, in widths of their own, up to where the picture ends', () => {
    const tree = grow('root(a(1(x y z) 2 3(w)) b)')
    const fold = layout(tree, 'root', 100, 250, options).find((rect) => rect.kind === 'fold')
    const twigs = fold?.kind === 'fold' ? fold.twigs : []
    expect(twigs.map(({ kind, x, y, width }) => `${y}: ${kind} ${Math.round(x)}-${Math.round(x + width)}`)).toEqual([
      '65: folder 0-32',
      '30: file 0-11',
      '30: file 11-22',
      '30: file 22-32',
      '65: file 32-43',
      '65: folder 43-54',
      '30: file 43-54',
    ])
  })

  test('a crowd widens its cell only so far', () => {
    const crowd = Array.from({ length: 100 }, (_, at) => `n${at}`).join(' ')
    expect(draw(layout(grow(`root(a(${crowd}) b)`), 'root', 748, 150, options))).toEqual([
      '0: a 0-653 | b 653-748',
      '50: root 0-748',
    ])
  })

  test.each([
    ['root()', 0],
    ['root(a b)', 1],
    ['root(a(b(c)) d)', 3],
    ['root(a(b(c(d(e)))))', 4],
  ])('%s is %d rows deep, counted up to 4', (tree, depth) => expect(depthOf(grow(tree), 'root', 4)).toBe(depth))

  test('cells lie within the cell below, beside each other, never under a finger, and count everybody', () => {
    const names = fc.letrec((tie) => ({
      node: fc.oneof({ maxDepth: 4 }, fc.constant(''), fc.array(tie('node'), { minLength: 1, maxLength: 12 })),
    })).node
    let serial = 0
    const write = (node: unknown): string =>
      node === '' ? `n${serial++}` : `n${serial++}(${(node as unknown[]).map(write).join(' ')})`
    fc.assert(
      fc.property(
        names,
        fc.integer({ min: 44, max: 2000 }),
        fc.integer({ min: 100, max: 1200 }),
        (shape, width, height) => {
          serial = 0
          const tree = grow(`root(${write(shape)})`)
          const rects = layout(tree, 'root', width, height, options)
          expect(rects.length).toBeLessThanOrEqual(500)
          const byId = new Map(rects.flatMap((rect) => (rect.kind === 'item' ? [[rect.item.id, rect] as const] : [])))
          const counted = new Map<string, number>()
          for (const rect of rects.slice(1)) {
            expect(rect.width).toBeGreaterThanOrEqual(44 - 1e-6)
            expect(rect.y).toBeGreaterThanOrEqual(0)
            const parentId = rect.kind === 'item' ? rect.item.parentId! : rect.parentId
            const below = byId.get(parentId)!
            expect(rect.y + rect.height).toBe(below.y)
            expect(rect.x).toBeGreaterThanOrEqual(below.x - 1e-6)
            expect(rect.x + rect.width).toBeLessThanOrEqual(below.x + below.width + 1e-6)
            counted.set(parentId, (counted.get(parentId) ?? 0) + (rect.kind === 'item' ? 1 : rect.foldedCount))
          }
          for (const [parentId, count] of counted) expect(count).toBe(tree.children.get(parentId)!.length)
        },
      ),
      { numRuns: 200 },
    )
  })
})
