/**
 * Changes that a test makes itself, in place of an outbox.
 * @module
 */
import type { Bytes } from '../../core/bytes/bytes.ts'
import { principalOf } from '../../core/crypto/crypto.ts'
import type { SignedRecord } from '../../core/block/block.ts'
import { type Change, requestIdOf } from '../../core/tree/tree.ts'

/** @param doer in whose name another device asks; null: the author */
export function changeOf(requestSeed: Bytes, records: readonly SignedRecord[], doer: Bytes | null = null) {
  const requestId = requestIdOf(doer ?? principalOf(records[0]!.fields.author), requestSeed)
  const value: Change = { requestId, requestSeed, doer, records }
  return { tag: 'change' as const, value }
}
