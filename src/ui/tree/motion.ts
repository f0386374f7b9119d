/**
 * What moves in the picture: cells that grow, cells that find their new place, and a write that runs down to its node.
 *
 * All by the Web Animations API, which needs no style attributes, and none of it where a person asked for less motion.
 * @module
 */
import type { Item } from '../../node/api.ts'
import type { Rect } from './layout.ts'

export const keyOf = (rect: Rect): string => (rect.kind === 'item' ? rect.item.id : `+${rect.parentId}`)

const settleMs = 280
const growMs = 460
const brightMs = 1500
const stepMs = 130
const easing = 'cubic-bezier(0.2, 0.8, 0.2, 1)'

export const wantsMotion = (): boolean => !matchMedia('(prefers-reduced-motion: reduce)').matches

/**
 * @param cellOf the drawn cell of a rectangle
 * @param before where the cells were at the last drawing
 */
export function settle(
  rects: readonly Rect[],
  before: ReadonlyMap<string, Rect>,
  cellOf: (key: string) => Element | undefined,
): void {
  for (const rect of rects) {
    const cell = cellOf(keyOf(rect))
    const was = before.get(keyOf(rect))
    if (!cell) continue
    if (!was) {
      cell.animate([{ transform: 'scaleY(0)', opacity: 0 }, {}], {
        duration: growMs,
        delay: before.size === 0 ? rect.depth * stepMs : 0,
        easing,
        fill: 'backwards',
      })
    } else if (was.x !== rect.x || was.y !== rect.y || was.width !== rect.width || was.height !== rect.height) {
      // The origin of a cell's transform is the middle of its foot.
      const dx = was.x + was.width / 2 - (rect.x + rect.width / 2)
      const dy = was.y + was.height - (rect.y + rect.height)
      const scale = `scale(${was.width / rect.width}, ${was.height / rect.height})`
      cell.animate([{ transform: `translate(${dx}px, ${dy}px) ${scale}` }, {}], { duration: settleMs, easing })
    }
  }
}

/** A write: its cell brightens, then each cell below, down to the ground where the node is. */
export function brighten(
  written: readonly Item[],
  items: ReadonlyMap<string, Item>,
  cellOf: (key: string) => Element | undefined,
): void {
  const delays = new Map<string, number>()
  for (const item of written) {
    let delay = 0
    for (let id: string | null = item.id; id !== null; id = items.get(id)?.parentId ?? null) {
      delays.set(id, Math.max(delay, delays.get(id) ?? 0))
      delay += stepMs
      if (delay > 64 * stepMs) break
    }
  }
  for (const [id, delay] of delays)
    cellOf(id)
      ?.querySelector('.glow')
      ?.animate([{ opacity: 0 }, { opacity: 0.85, offset: 0.12 }, { opacity: 0 }], {
        duration: brightMs,
        delay,
        easing: 'ease-out',
      })
}
