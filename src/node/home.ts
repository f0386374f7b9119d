/**
 * What is open of the tree that the person works in.
 * @module
 */
import type { Dismissal } from '../core/tree/tree.ts'
import { Files } from './files.ts'
import { Hold } from './hold.ts'
import type { OwnTree } from './own-tree.ts'
import type { Streams } from './read/streams.ts'
import { TreeView } from './read/view.ts'
import { Renewing } from './renewing.ts'
import { Resealing } from './resealing.ts'
import type { Replication } from './replication.ts'
import type { Visiting } from './guest/visiting.ts'
import { Sweeper } from './sweep.ts'

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

interface HomeOptions {
  readonly streams: Streams
  /** This device's, hexadecimal. */
  readonly principal: string
  readonly quotaBytes: () => number | null
  /** Somebody asked in an earlier life that old contents go under new keys, and it is not done. */
  readonly isResealing: boolean
}

/** What is opened of a tree, before anything of it has begun to work. */
export function homeOf(tree: OwnTree, options: HomeOptions): Home {
  const { streams, principal, quotaBytes, isResealing } = options
  const { cluster, holdings } = tree
  const view = new TreeView(tree.state, tree.ring, tree.outbox.waiting.flat())
  const sweeper = new Sweeper(tree, streams)
  const files = new Files(tree, view, streams)
  const hold = new Hold({ clock: tree.platform.clock, cluster, holdings, principal, quotaBytes })
  const renewing = new Renewing(tree)
  const resealing = new Resealing(tree, files, isResealing)
  return { tree, view, files, sweeper, hold, renewing, resealing, replication: null, dismissal: null }
}
