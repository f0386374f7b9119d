/**
 * What a key means in the list, by the tree pattern of the ARIA Authoring Practices.
 *
 * Pure: the element does what is answered.
 * @module
 */
import type { Row } from './rows.ts'

export type Steering =
  | { readonly kind: 'goTo'; readonly index: number }
  | { readonly kind: 'unfold'; readonly isUnfolded: boolean }
  | { readonly kind: 'open' | 'rename' | 'trash' | 'actions' | 'stay' }

/**
 * @param index of the current row
 * @param shownCount how many of the rows are drawn
 * @param mayUnfold not in the hits of a search
 * @returns null where the key has no meaning here
 */
export function steer(
  key: string,
  rows: readonly Row[],
  index: number,
  shownCount: number,
  mayUnfold: boolean,
): Steering | null {
  const row = rows[index]
  if (!row) return null
  const goTo = (target: number): Steering => ({
    kind: 'goTo',
    index: Math.min(Math.max(0, target), Math.min(rows.length, shownCount) - 1),
  })
  switch (key) {
    case 'ArrowDown':
      return goTo(index + 1)
    case 'ArrowUp':
      return goTo(index - 1)
    case 'Home':
      return goTo(0)
    case 'End':
      return goTo(rows.length - 1)
    case 'ArrowRight':
      if (!mayUnfold || row.item.kind !== 'folder') return { kind: 'stay' }
      return row.isUnfolded ? goTo(index + 1) : { kind: 'unfold', isUnfolded: true }
    case 'ArrowLeft': {
      if (row.isUnfolded) return { kind: 'unfold', isUnfolded: false }
      const parent = rows.findIndex(({ item }) => item.id === row.item.parentId)
      return parent < 0 ? { kind: 'stay' } : goTo(parent)
    }
    case 'Enter':
      return { kind: 'open' }
    case ' ':
      return { kind: 'actions' }
    case 'F2':
      return { kind: 'rename' }
    case 'Delete':
    case 'Backspace':
      return { kind: 'trash' }
    default:
      return null
  }
}

const typingEndsMs = 700

/** Letters typed one after the other, as far as they belong together. */
export class TypeAhead {
  #typed = ''
  #typedAtMs = Number.NEGATIVE_INFINITY

  /** Another key was meant: the next letter begins anew, however soon it comes. */
  end(): void {
    this.#typed = ''
  }

  /** @returns the row to go to; -1 where no name begins like this */
  press(key: string, rows: readonly Row[], index: number, nowMs: number): number {
    if ([...key].length !== 1) return -1
    if (nowMs - this.#typedAtMs > typingEndsMs) this.#typed = ''
    this.#typedAtMs = nowMs
    this.#typed += key
    // One letter goes on to the next such name; more letters may stay where they are.
    return rowBeginning(rows, index + (this.#typed === key ? 1 : 0), this.#typed)
  }
}

function rowBeginning(rows: readonly Row[], from: number, typed: string): number {
  const wanted = typed.toLocaleLowerCase()
  for (let step = 0; step < rows.length; step++) {
    const index = (from + step) % rows.length
    if (rows[index]!.item.name.toLocaleLowerCase().startsWith(wanted)) return index
  }
  return -1
}
