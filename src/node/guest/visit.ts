/**
 * What a guest was told when it was let in, and that no key of its own opens: whose tree it visits, and what its folder is called.
 * That there is such a row says that this device is a guest in that tree.
 * @module
 */
import {
  type Bytes,
  type Decoded,
  concat,
  decode,
  encode,
  must,
  record,
  textUpTo,
  utf8,
} from '../../core/bytes/bytes.ts'
import type { TreeId } from '../../core/path/path.ts'
import type { Change, StoreReader } from '../../port/store.ts'

const visitWire = record('visit', 1, { ownerName: textUpTo(256), folderName: textUpTo(256) })
export type Visit = Decoded<typeof visitWire>

const visitKey = (treeId: TreeId): Bytes => concat(utf8('visit'), treeId)

/** null where this device is no guest in a tree. */
export async function readVisit(store: StoreReader, treeId: TreeId): Promise<Visit | null> {
  const row = await store.read('node', visitKey(treeId))
  return row === null ? null : must(decode(visitWire, row, 4096))
}

/** @param visit null: it is a device of its owner's */
export function visitRow(treeId: TreeId, visit: Visit | null): Change {
  const key = visitKey(treeId)
  if (visit === null) return { kind: 'delete', table: 'node', key }
  const { ownerName, folderName } = visit
  return { kind: 'put', table: 'node', key, value: encode(visitWire, { ownerName, folderName }) }
}
