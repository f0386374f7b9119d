/**
 * Folding ahead of the commit: what a batch will do is worked out while the disk is still writing it.
 *
 * The fold is pure, so its result holds whenever the batch is applied to the very state it was worked out from, and for nothing
 * else. Nobody sees it before the batch is committed.
 * @module
 */
import type { Checked } from '../../core/cap/cap.ts'
import { type Batch, type Folded, type TreeState, foldBatch } from '../../core/tree/tree.ts'

export class FoldAhead {
  #before: TreeState | null = null
  #batch: Checked<Batch> | null = null
  #folded: Folded | null = null

  prepare(before: TreeState, batch: Checked<Batch>): void {
    this.#folded = foldBatch(before, batch)
    this.#before = before
    this.#batch = batch
  }

  fold(before: TreeState, batch: Checked<Batch>): Folded {
    const folded = this.#before === before && this.#batch === batch ? this.#folded! : foldBatch(before, batch)
    this.#folded = this.#before = this.#batch = null
    return folded
  }
}
