/**
 * Requests of the page as the tree knows them. The tree remembers what it decided about each, so that one which is asked for twice
 * takes effect once.
 * @module
 */
import { type Bytes, concat, u64be, utf8 } from '../core/bytes/bytes.ts'
import { digest } from '../core/crypto/crypto.ts'
import { type BlockId, type TreeId, blockIdSizeBytes } from '../core/path/path.ts'
import { type TreeState, requestIdSizeBytes, requestOf } from '../core/tree/tree.ts'

/**
 * The id of an operation that is proposed for a request.
 * @param turn how many operations for the same request the tree has decided before
 */
export const operationIdOf = (requestId: string, turn: number): Bytes =>
  digest('blocktree/1/request', utf8(requestId), u64be(turn)).slice(0, requestIdSizeBytes)

/** The id of the block that a request makes: a repeated request means the same block. */
export const blockIdOfRequest = (treeId: TreeId, requestId: string): BlockId =>
  digest('blocktree/1/blockOfRequest', concat(treeId, utf8(requestId))).slice(0, blockIdSizeBytes)

export interface RequestStanding {
  /** Whether an operation for it took effect, in this life of the node or an earlier one. */
  readonly isTaken: boolean
  /** Of the operation that comes next. */
  readonly turn: number
}

/** What the tree has decided of a request. */
export function standingOf(state: TreeState, requestId: string): RequestStanding {
  for (let turn = 0; ; turn++) {
    const decided = requestOf(state, operationIdOf(requestId, turn))
    // A turn follows only one that was decided, so behind one that the tree does not know there is none.
    if (decided === null) return { isTaken: false, turn }
    if (decided.fault === null) return { isTaken: true, turn: turn + 1 }
  }
}
