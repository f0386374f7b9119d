/**
 * What a device holds of a cluster, as it lies in the store: the rows of the last checkpoint, and the log that goes on from it.
 * @module
 */
import {
  type Bytes,
  StoreDamagedError,
  bytesOf,
  bytesUpTo,
  decode,
  encode,
  equal,
  listOf,
  must,
  nullable,
  record,
  textUpTo,
  u53,
  type Decoded,
} from '../../core/bytes/bytes.ts'
import type { Checked } from '../../core/cap/cap.ts'
import { type AuthenticatedMap, emptyMap, root, set } from '../../core/merkle/merkle.ts'
import type { CommandEntry, HardState } from '../../core/raft/raft.ts'
import { type Batch, type TreeState, batchSizeBytesMax, decodeBatch, foldBatch } from '../../core/tree/tree.ts'
import type { Row, StoreReader, Table } from '../../port/store.ts'
import { type ClusterPlace, inPlace, logKey, placePrefix } from '../place.ts'

export const hardStateWire = record('hardState', 1, { term: u53, votedFor: nullable(textUpTo(64)), commitIndex: u53 })
export const entryWire = record('logEntry', 1, { term: u53, index: u53, data: bytesUpTo(batchSizeBytesMax) })
/** Where the rows of the `state` table stand: the snapshot that the log goes on from. */
export const checkpointWire = record('checkpoint', 1, {
  index: u53,
  term: u53,
  voters: listOf(textUpTo(64), 16),
  stateRoot: bytesOf(32),
})

export const hardStateKey = (place: ClusterPlace): Bytes => inPlace(place, Uint8Array.of(1))
export const checkpointKey = (place: ClusterPlace): Bytes => inPlace(place, Uint8Array.of(2))

/** Read at once. */
const scanCount = 2048

export interface HeldState {
  readonly checkpoint: Decoded<typeof checkpointWire>
  /** As of the checkpoint. */
  readonly state: TreeState
  /** What is in the log after it. */
  readonly entries: readonly CommandEntry[]
  readonly hardState: HardState | null
}

/** null where the device holds nothing of the cluster. Throws StoreDamagedError where the rows are not what the checkpoint says. */
export async function readHeldState(store: StoreReader, place: ClusterPlace): Promise<HeldState | null> {
  const checkpointRow = await store.read('raft', checkpointKey(place))
  if (checkpointRow === null) return null
  const checkpoint = must(decode(checkpointWire, checkpointRow, 4096))
  const prefix = placePrefix(place)
  let map: AuthenticatedMap = emptyMap
  for await (const { key, value } of scanAll(store, 'state', prefix)) map = set(map, key.slice(prefix.length), value)
  if (!equal(root(map), checkpoint.stateRoot)) throw new StoreDamagedError('the state of the tree')
  const entries: CommandEntry[] = []
  for await (const { value } of scanAll(store, 'log', prefix)) {
    entries.push({ kind: 'command', ...must(decode(entryWire, value, batchSizeBytesMax + 64)) })
  }
  const hardStateRow = await store.read('raft', hardStateKey(place))
  const hardState = hardStateRow === null ? null : must(decode(hardStateWire, hardStateRow, 4096))
  return { checkpoint, state: { treeId: place.treeId, map }, entries, hardState }
}

/** Whether neither a checkpoint nor a log entry has come since this was read. */
export async function isNewest(
  store: StoreReader,
  place: ClusterPlace,
  { checkpoint, entries }: HeldState,
): Promise<boolean> {
  const row = await store.read('raft', checkpointKey(place))
  if (row === null || !equal(row, encode(checkpointWire, checkpoint))) return false
  const lastIndex = entries.at(-1)?.index ?? checkpoint.index
  return (await store.scan('log', placePrefix(place), 1, logKey(place, lastIndex))).length === 0
}

/** The state with the log folded on top: all that a node would know after its next start. */
export function newestState({ state, entries }: HeldState): TreeState {
  let newest = state
  for (const { data } of entries) {
    if (data.length > 0) newest = foldBatch(newest, must(decodeBatch(data as Bytes)) as Checked<Batch>).state
  }
  return newest
}

async function* scanAll(store: StoreReader, table: Table, prefix: Bytes): AsyncGenerator<Row> {
  for (let after: Bytes | undefined; ;) {
    const rows = await store.scan(table, prefix, scanCount, after)
    yield* rows
    after = rows.at(-1)?.key
    if (rows.length < scanCount) return
  }
}
