/**
 * What an operation seals, and under which keys.
 *
 * The fold has no keys: it compares their epochs. Two devices may each give a folder its next key at once, under one number, so a
 * record that was made over the one key fits over the other as well, and nobody could read it there. So its author looks whether it
 * opens over what is decided before he gives it away.
 * @module
 */
import { equal } from '../../core/bytes/bytes.ts'
import type { SignedRecord } from '../../core/block/block.ts'
import { type BlockId, blockIdOf, parentPath } from '../../core/path/path.ts'
import { type Operation, type TreeState, accessOf, entryOf } from '../../core/tree/tree.ts'
import type { KeyRing } from '../read/key-ring.ts'

/** Blocks that get another key than the one they had. */
export const rekeyedBy = (operation: Operation): readonly BlockId[] =>
  recordsOf(operation).flatMap((signed) =>
    signed.kind === 'access' && signed.fields.keyEpoch > 1 ? [blockIdOf(signed.fields.path)] : [],
  )

/** Blocks under whose keys it seals. */
export const sealedUnder = (operation: Operation): readonly BlockId[] =>
  recordsOf(operation).flatMap((signed) => {
    const { kind, fields } = signed
    if (kind === 'content') return [blockIdOf(fields.path)]
    const folder = kind === 'access' ? parentPath(fields.path) : kind === 'entry' ? fields.parent : null
    return folder === null ? [] : [blockIdOf(folder)]
  })

const recordsOf = ({ tag, value }: Operation): readonly SignedRecord[] => (tag === 'change' ? value.records : [])

/**
 * Whether what it seals can be read where it is to stand.
 * @param before the state that it was folded over
 * @param after the state that came of it
 */
export const opensIn = (ring: KeyRing, before: TreeState, after: TreeState, operation: Operation): boolean =>
  recordsOf(operation).every((signed) => recordOpens(ring, before, after, signed))

/** What a record passes on as it found it is none of its doing. */
function recordOpens(ring: KeyRing, before: TreeState, after: TreeState, signed: SignedRecord): boolean {
  if (signed.kind === 'entry') {
    const known = entryOf(before, signed.fields.child)?.entry.fields
    const isKept = known !== undefined && equal(known.sealedName, signed.fields.sealedName)
    return isKept || ring.opensName(after, signed)
  }
  if (signed.kind === 'access') {
    const { path, wrappedKey } = signed.fields
    const known = accessOf(before, blockIdOf(path))?.fields.wrappedKey
    if (wrappedKey === null || (known != null && equal(known, wrappedKey))) return true
    return ring.opensKey(after, signed)
  }
  return true
}
