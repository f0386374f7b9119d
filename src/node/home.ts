/**
 * What is open of the tree that the person works in.
 * @module
 */
import type { Dismissal } from '../core/tree/tree.ts'
import type { Files } from './files.ts'
import type { Hold } from './hold.ts'
import type { OwnTree } from './own-tree.ts'
import type { TreeView } from './read/view.ts'
import type { Renewing } from './renewing.ts'
import type { Resealing } from './resealing.ts'
import type { Replication } from './replication.ts'
import type { Visiting } from './guest/visiting.ts'
import type { Sweeper } from './sweep.ts'

export interface Home {
  readonly tree: OwnTree
  readonly view: TreeView
  readonly files: Files
  readonly sweeper: Sweeper
  readonly hold: Hold
  readonly renewing: Renewing
  readonly resealing: Resealing
  /** null while no other device has the tree, or there is no network. */
  replication: Replication | Visiting | null
  /** Where this device was put out of the tree. */
  dismissal: Dismissal | null
}
