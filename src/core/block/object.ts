/**
 * What the objects of bodies are kept and asked for by: sectors and index pages.
 *
 * An object is named by its block, its place in the body and its hash, so that what one body consists of another one has in the same
 * place or not at all. So whoever makes up a body of hashes that he has read names other objects than those, and can not have them
 * deleted with his, and what may be deleted is found by comparing bodies place by place.
 * @module
 */
import { type Bytes, concat, u64be } from '../bytes/bytes.ts'
import { type BlockId, blockIdSizeBytes } from '../path/path.ts'
import type { SectorLeaf } from './sector.ts'

/** An object of a body, by where it stands and by its hash. */
export interface ObjectName {
  /** Of a page; -1 of a sector. */
  readonly level: number
  /** Among those of its level. */
  readonly index: number
  readonly hash: Bytes
}

export const sectorName = (index: number, { hash }: SectorLeaf): ObjectName => ({ level: -1, index, hash })

const placeSizeBytes = 8
const hashSizeBytes = 32
export const objectIdSizeBytes = blockIdSizeBytes + placeSizeBytes + hashSizeBytes

/** Block ‖ place ‖ hash. No body has 2^48 sectors. */
export const objectId = (block: BlockId, { level, index, hash }: ObjectName): Bytes =>
  concat(block, u64be((level + 1) * 2 ** 48 + index), hash)

export const hashInObjectId = (id: Bytes): Bytes => id.subarray(objectIdSizeBytes - hashSizeBytes)
