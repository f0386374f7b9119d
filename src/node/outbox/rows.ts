/**
 * The outbox as it lies in the store.
 *
 * Every write of it also marks up to where the log is known to be committed, so that after a restart the tree is at least as new
 * as the one that the deeds were done over, although nobody else can be reached who would say so.
 * @module
 */
import {
  type Bytes,
  type Decoded,
  bool,
  bytesOf,
  bytesUpTo,
  concat,
  decode,
  encode,
  fromU64be,
  must,
  nullable,
  record,
  textUpTo,
  tuple,
  u53,
  u64be,
} from '../../core/bytes/bytes.ts'
import { trusted } from '../../core/cap/cap.ts'
import {
  type Batch,
  type Folded,
  type Operation,
  type TreeState,
  batchSizeBytesMax,
  decodeBatch,
  encodeBatch,
  foldBatch,
} from '../../core/tree/tree.ts'
import type { Change, StoreReader } from '../../port/store.ts'
import { type ClusterPlace, inPlace } from '../place.ts'
import { scanAll } from '../read/scan.ts'
import { deedWire } from './deed.ts'

const table = 'outbox'
const kinds = { mark: 1, kept: 2 } as const

const keptWire = record('kept', 1, {
  /** By which the page knows the deed. */
  requestId: textUpTo(512),
  deed: deedWire,
  /** Of the keys that it gives to blocks. */
  seed: bytesOf(32),
  /** By this device's clock, milliseconds since 1970. */
  madeAtMs: u53,
  /** Stamp of the newest of others that the person saw. */
  sinceMs: u53,
  /** Whose deed it was, where it is brought along from another generation; else null. */
  author: nullable(bytesOf(32)),
  /** Of its record there; 0 where it is not brought along. */
  version: u53,
  /** How many operations of this deed the tree has decided. */
  turn: u53,
  /** Whether one of them was taken; what follows it tidies up. */
  isTaken: bool,
  /** The batch of the operation that goes next; null while it has to be made. */
  batch: nullable(bytesUpTo(batchSizeBytesMax)),
  /** Why the tree refused it for good, and in a sentence; null for what waits. */
  fault: nullable(tuple({ code: textUpTo(64), local: textUpTo(512) })),
})

/** A deed that this device keeps until its tree has taken it. */
export interface Kept extends Omit<Decoded<typeof keptWire>, 'batch'> {
  /** Its place among the others. */
  readonly sequence: number
  readonly operation: Operation | null
}

const keyOfKept = (sequence: number): Bytes => concat(Uint8Array.of(kinds.kept), u64be(sequence))
const markKey = (place: ClusterPlace): Bytes => inPlace(place, Uint8Array.of(kinds.mark))

export function keptRow(place: ClusterPlace, kept: Kept): Change {
  const batch = kept.operation === null ? null : encodeBatch(batchOf(kept.operation, kept.madeAtMs))
  return {
    kind: 'put',
    table,
    key: inPlace(place, keyOfKept(kept.sequence)),
    value: encode(keptWire, { ...kept, batch }),
  }
}

export const keptGone = (place: ClusterPlace, sequence: number): Change => ({
  kind: 'delete',
  table,
  key: inPlace(place, keyOfKept(sequence)),
})

const markWire = record('mark', 1, {
  /** In the log of that generation. */
  commitIndex: u53,
  generation: u53,
  /** Rises with every write. */
  revision: u53,
})
export type Mark = Decoded<typeof markWire>

export const markRow = (place: ClusterPlace, mark: Mark): Change => ({
  kind: 'put',
  table,
  key: markKey(place),
  value: encode(markWire, mark),
})

export async function readMark(store: StoreReader, place: ClusterPlace): Promise<Mark> {
  const row = await store.read(table, markKey(place))
  return row === null ? { commitIndex: 0, generation: 0, revision: 0 } : must(decode(markWire, row, 64))
}

/** In the order in which they were done. */
export async function readKept(store: StoreReader, place: ClusterPlace): Promise<readonly Kept[]> {
  const kept: Kept[] = []
  const prefix = inPlace(place, Uint8Array.of(kinds.kept))
  for await (const { key, value } of scanAll(store, table, prefix)) {
    const { batch, ...fields } = must(decode(keptWire, value, batchSizeBytesMax + 64 * 1024))
    const [operation] = batch === null ? [] : must(decodeBatch(batch)).operations
    kept.push({ ...fields, sequence: fromU64be(key, prefix.length)!, operation: operation ?? null })
  }
  return kept
}

const batchOf = (operation: Operation, stampMs: number): Batch => ({ stampMs, operations: [operation] })

/** A state with an operation on top, by its author's clock. */
export const foldOver = (state: TreeState, operation: Operation, madeAtMs: number): Folded =>
  // It passed gate 1 when it was made, and rows are sealed at rest.
  foldBatch(state, trusted(batchOf(operation, madeAtMs)))

/** The state with a deed on top, as its author sees it; null where it does not fit there. */
export function foldKept(state: TreeState, { operation, madeAtMs }: Kept): Folded | null {
  const folded = operation === null ? null : foldOver(state, operation, madeAtMs)
  return folded?.outcomes[0]!.ok === true ? folded : null
}
