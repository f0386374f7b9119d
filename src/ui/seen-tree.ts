/**
 * What the page remembers of the tree that it saw last, beside the node's database: a browser that deletes the database leaves
 * nothing in it that could tell, and a new tree would stand there as if nothing had been.
 *
 * Pure.
 * @module
 */

export interface SeenTree {
  /** Hexadecimal. */
  readonly treeId: string
  readonly isPlanted: boolean
}

/** Whether a tree that is there when the page opens stands in the place of one that was lost. A tree that was planted meanwhile took it over. */
export const isInPlaceOf = (now: SeenTree, seen: SeenTree | null): boolean =>
  seen !== null && seen.treeId !== now.treeId && !now.isPlanted
