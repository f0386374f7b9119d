/**
 * Whether a state shows what a deed wanted, whoever says that it was taken.
 *
 * Another change may have taken the deed's request for itself, and what a person did lies perhaps on this device alone. So a deed is
 * let go by what the tree holds, never by a word about it.
 * @module
 */
import { type Bytes, equal } from '../../core/bytes/bytes.ts'
import { type SignedRecord, doerOf } from '../../core/block/block.ts'
import { principalOf } from '../../core/crypto/crypto.ts'
import { entries } from '../../core/merkle/merkle.ts'
import { type BlockId, blockIdOf } from '../../core/path/path.ts'
import {
  type Operation,
  type TreeState,
  accessOf,
  contentOf,
  decodeRow,
  entryOf,
  holdsAsIn,
  keys,
  limitOf,
} from '../../core/tree/tree.ts'
import { type Deed, bodyOfDeed } from './deed.ts'
import type { Kept } from './rows.ts'
import { isListed } from './seen.ts'

/** Whether two operations are of the very same records. */
export function isSameChange(one: Operation, other: Operation | null): boolean {
  if (one.tag !== 'change' || other?.tag !== 'change') return false
  const records = other.value.records
  return (
    one.value.records.length === records.length &&
    one.value.records.every(({ hash }, at) => equal(hash, records[at]!.hash))
  )
}

/** @param block what the tree says that the request was about */
export function showsEffect(state: TreeState, { deed, operation, author }: Kept, block: BlockId | null): boolean {
  const records = operation?.tag === 'change' ? operation.value.records : []
  const own = bodyOfDeed(deed)
  if (own === null || isUpkeep(deed)) {
    const isMade = deed.tag !== 'createFolder' || author !== null || wasMade(state, deed.value.block, records, block)
    return isMade && records.every((signed) => isThereOrOver(state, signed))
  }
  if (own.body.sizeBytes === 0) return wasMade(state, own.block, records, block)
  if (holdsAsIn(state, own.block, own.body.bodyRoot) || isListed(state, own.block, own.body.bodyRoot)) return true
  if (records.some((signed) => signed.kind === 'content' && isWrittenOver(state, signed))) return true
  return author !== null && block !== null && wasBrought(state, block, author, own.body.sizeBytes)
}

/** What another device can do as well, and does where it is still to be done. */
export const isUpkeep = ({ tag, value }: Deed): boolean =>
  tag === 'rekey' || tag === 'renew' || tag === 'arrive' || (tag === 'writeFile' && value.isSame)

/**
 * Whether a block that holds nothing is there, or was there: with it nothing is lost, and whoever deleted it or moved it out of sight
 * is not to find it again. A guest is not told which block its request was about.
 */
function wasMade(state: TreeState, made: BlockId, records: readonly SignedRecord[], subject: BlockId | null): boolean {
  if (entryOf(state, made) !== null) return true
  if (subject !== null) return equal(subject, made)
  const maker = records[0]?.fields.author
  return maker !== undefined && limitOf(state, principalOf(maker)) !== null
}

/** Whether a record is in force, or was followed by another, or its block is gone for good. */
function isThereOrOver(state: TreeState, signed: SignedRecord): boolean {
  const { kind, fields } = signed
  switch (kind) {
    case 'entry': {
      const now = entryOf(state, fields.child)?.entry
      return now === undefined || now.fields.version >= fields.version
    }
    case 'removal': {
      const now = entryOf(state, fields.child)?.entry
      return now === undefined || !equal(now.hash, fields.previousHash)
    }
    case 'access': {
      const now = accessOf(state, blockIdOf(fields.path))
      return now === null || now.fields.version >= fields.version
    }
    case 'content': {
      const now = contentOf(state, blockIdOf(fields.path))?.content
      return now === undefined || now.fields.version >= fields.version
    }
  }
}

/** Whether whoever wrote what is in force says that he did it over this one. */
function isWrittenOver(state: TreeState, { fields, hash }: SignedRecord<'content'>): boolean {
  const previousHash = contentOf(state, blockIdOf(fields.path))?.content.fields.previousHash
  return previousHash != null && equal(previousHash, hash)
}

/** Whether one of the owner's devices has brought along, and signed in its author's name, what it had sealed anew. */
function wasBrought(state: TreeState, block: BlockId, author: Bytes, sizeBytes: number): boolean {
  const now = contentOf(state, block)?.content
  if (now !== undefined) return equal(doerOf(now), author) && now.fields.sizeBytes === sizeBytes
  return [...entries(state.map, keys.deads)].some(
    ([key, row]) => equal(key.slice(9, 9 + block.length), block) && decodeRow('dead', row).sizeBytes === sizeBytes,
  )
}
