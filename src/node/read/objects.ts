/**
 * Objects as readers of files want them: from this device, else from whoever has them.
 * @module
 */
import { BlocktreeError, type Bytes } from '../../core/bytes/bytes.ts'
import { type BlockId, blockIdSizeBytes } from '../../core/path/path.ts'
import type { StoreReader } from '../../port/store.ts'
import { placePrefixSizeBytes } from '../place.ts'
import type { ObjectStore } from './content.ts'

/** Objects from elsewhere. @param keys as `objectId` makes them @returns null for what nobody gives */
export type Obtain = (keys: readonly Bytes[]) => Promise<readonly (Bytes | null)[]>

export interface ObjectSource {
  readonly store: Pick<StoreReader, 'readMany'>
  readonly obtain: Obtain
  /** Whether it is known that a block's body is not here, or not whole. */
  isLacking(block: BlockId): boolean
  /** What a person is told where nobody gives what is lacking. */
  readonly away: string
}

/** Rejects with `contentAway` where something is lacking that nobody gives. What else is not found is damage, and is null. */
export const objectsFrom = ({ store, obtain, isLacking, away }: ObjectSource): ObjectStore => ({
  async readMany(table, keys) {
    const held = await store.readMany(table, keys)
    const missing = keys.filter((_, at) => held[at] === null)
    if (missing.length === 0) return held
    // By the time that nobody has given it, it may be gone from the tree, which knows nothing of it then.
    const wasLacking = keys.map((key) => isLacking(blockOf(key)))
    const got = [...(await obtain(missing.map((key) => key.slice(placePrefixSizeBytes))))]
    const found = held.map((octets) => octets ?? got.shift()!)
    for (const [at, key] of keys.entries())
      if (found[at] === null && (wasLacking[at] === true || isLacking(blockOf(key))))
        throw new BlocktreeError('contentAway', away)
    return found
  },
})

export const obtainNothing: Obtain = async (keys) => keys.map(() => null)

const blockOf = (key: Bytes): BlockId => key.slice(placePrefixSizeBytes, placePrefixSizeBytes + blockIdSizeBytes)
