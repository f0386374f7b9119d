/**
 * Requests of the page as the tree knows them. The tree remembers what it decided about each, so that one which is asked for twice
 * takes effect once.
 * @module
 */
import { type Bytes, concat, u64be, utf8 } from '../core/bytes/bytes.ts'
import { type Principal, digest } from '../core/crypto/crypto.ts'
import { type BlockId, type TreeId, blockIdSizeBytes } from '../core/path/path.ts'
import { type TreeState, requestIdOf, requestIdSizeBytes, requestOf } from '../core/tree/tree.ts'

/**
 * The seed of the id of an operation that is proposed for a request.
 * @param turn how many operations for the same request the tree has decided before
 */
export const operationSeedOf = (requestId: string, turn: number): Bytes =>
  digest('blocktree/1/requestSeed', utf8(requestId), u64be(turn)).slice(0, requestIdSizeBytes)

/** The id. @param doer whose request it is */
export const operationIdOf = (doer: Principal, requestId: string, turn: number): Bytes =>
  requestIdOf(doer, operationSeedOf(requestId, turn))

/** The id of the block that a request makes: a repeated request means the same block. */
export const blockIdOfRequest = (treeId: TreeId, requestId: string): BlockId =>
  digest('blocktree/1/blockOfRequest', concat(treeId, utf8(requestId))).slice(0, blockIdSizeBytes)

export interface RequestStanding {
  /** Whether an operation for it took effect, in this life of the node or an earlier one. */
  readonly isTaken: boolean
  /** What that was about. */
  readonly block: BlockId | null
  /** Of the operation that comes next. */
  readonly turn: number
}

/** What the tree says that it has decided of a request. */
export function standingOf(state: TreeState, doer: Principal, requestId: string): RequestStanding {
  for (let turn = 0; ; turn++) {
    const decided = requestOf(state, operationIdOf(doer, requestId, turn))
    // A turn follows only one that was decided, so behind one that the tree does not know there is none.
    if (decided === null) return { isTaken: false, block: null, turn }
    if (decided.fault === null) return { isTaken: true, block: decided.block, turn: turn + 1 }
  }
}
