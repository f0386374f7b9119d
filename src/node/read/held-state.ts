/**
 * What a device holds of a cluster, as it lies in the store: the rows of the last checkpoint, and the log that goes on from it.
 * @module
 */
import {
  type Bytes,
  StoreDamagedError,
  bytesOf,
  decode,
  encode,
  equal,
  must,
  nullable,
  record,
  u53,
  type Decoded,
} from '../../core/bytes/bytes.ts'
import { trusted } from '../../core/cap/cap.ts'
import type { Principal } from '../../core/crypto/crypto.ts'
import { type AuthenticatedMap, emptyMap, root, set } from '../../core/merkle/merkle.ts'
import { configurationWire, entryWire, nodeIdWire } from '../../core/message/message.ts'
import type { Entry, HardState } from '../../core/raft/raft.ts'
import { type TreeState, batchSizeBytesMax, decodeBatch, deviceOf, foldBatch } from '../../core/tree/tree.ts'
import type { StoreReader } from '../../port/store.ts'
import { type Kept, foldKept, readMark } from '../outbox/rows.ts'
import { type ClusterPlace, inPlace, logKey, placePrefix } from '../place.ts'
import { scanAll } from './scan.ts'

export const hardStateWire = record('hardState', 1, { term: u53, votedFor: nullable(nodeIdWire), commitIndex: u53 })
/** Where the rows of the `state` table stand: the snapshot that the log goes on from. */
export const checkpointWire = record('checkpoint', 1, {
  index: u53,
  term: u53,
  configuration: configurationWire,
  stateRoot: bytesOf(32),
})

/** Under which name this device takes part, drawn when its storage of the cluster began; and in which generation of it. */
export const identityWire = record('identity', 1, { nodeId: nodeIdWire, generation: u53 })
export type Identity = Decoded<typeof identityWire>

export const hardStateKey = (place: ClusterPlace): Bytes => inPlace(place, Uint8Array.of(1))
export const checkpointKey = (place: ClusterPlace): Bytes => inPlace(place, Uint8Array.of(2))
export const identityKey = (place: ClusterPlace): Bytes => inPlace(place, Uint8Array.of(3))

const checkpointSizeBytesMax = 64 * 1024

export interface HeldState {
  readonly checkpoint: Decoded<typeof checkpointWire>
  /** As of the checkpoint. */
  readonly state: TreeState
  /** What is in the log, from some place before the checkpoint or right behind it. */
  readonly entries: readonly Entry[]
  /** As it was stored, but for a commit index that the outbox has marked since. */
  readonly hardState: HardState | null
  /** Of the outbox. */
  readonly revision: number
}

/** null where the device holds nothing of the cluster. Throws StoreDamagedError where the rows are not what the checkpoint says. */
export async function readHeldState(store: StoreReader, place: ClusterPlace): Promise<HeldState | null> {
  const checkpointRow = await store.read('raft', checkpointKey(place))
  if (checkpointRow === null) return null
  const checkpoint = must(decode(checkpointWire, checkpointRow, checkpointSizeBytesMax))
  const prefix = placePrefix(place)
  let map: AuthenticatedMap = emptyMap
  for await (const { key, value } of scanAll(store, 'state', prefix)) map = set(map, key.slice(prefix.length), value)
  if (!equal(root(map), checkpoint.stateRoot)) throw new StoreDamagedError('the state of the tree')
  const entries = await readEntries(store, prefix, checkpoint.index)
  const hardStateRow = await store.read('raft', hardStateKey(place))
  const stored = hardStateRow === null ? null : must(decode(hardStateWire, hardStateRow, 4096))
  const mark = await readMark(store, place)
  const isOfThisLog = mark.generation === (await readIdentity(store, place))?.generation
  const commitIndex = isOfThisLog ? Math.min(mark.commitIndex, entries.at(-1)?.index ?? checkpoint.index) : 0
  const hardState = stored && { ...stored, commitIndex: Math.max(stored.commitIndex, commitIndex) }
  return { checkpoint, state: { treeId: place.treeId, map }, entries, hardState, revision: mark.revision }
}

/** Those that follow each other up to the last. What lies before a gap was left behind when entries were dropped. */
async function readEntries(store: StoreReader, prefix: Bytes, checkpointIndex: number): Promise<readonly Entry[]> {
  let entries: Entry[] = []
  for await (const { value } of scanAll(store, 'log', prefix)) {
    const entry = must(decode(entryWire, value, batchSizeBytesMax + 64))
    if (entries.length > 0 && entry.index !== entries.at(-1)!.index + 1) entries = []
    entries.push(entry)
  }
  if ((entries[0]?.index ?? 0) > checkpointIndex + 1) throw new StoreDamagedError('the log')
  return entries
}

/** Whether neither a checkpoint nor a log entry has come since this was read, and the outbox is the same. */
export async function isNewest(
  store: StoreReader,
  place: ClusterPlace,
  { checkpoint, entries, revision }: HeldState,
): Promise<boolean> {
  if ((await readMark(store, place)).revision !== revision) return false
  const row = await store.read('raft', checkpointKey(place))
  if (row === null || !equal(row, encode(checkpointWire, checkpoint))) return false
  const lastIndex = entries.at(-1)?.index ?? checkpoint.index
  return (await store.scan('log', placePrefix(place), 1, logKey(place, lastIndex))).length === 0
}

/**
 * The state with the log folded on top, as far as it is known to be committed: all of it where one device alone decides. A node
 * may know more after its next start, never less.
 * @param kept what this device did and the tree has not taken yet, which goes on top of it all
 * @param own who this device is: what came after it was put out it never took
 */
export function newestState(
  { checkpoint, state, entries, hardState }: HeldState,
  kept: readonly Kept[] = [],
  own: Principal | null = null,
): TreeState {
  const { voters, votersOutgoing } = checkpoint.configuration
  const isOneDeciding = voters.length === 1 && votersOutgoing.length === 0
  const commitIndex = isOneDeciding ? Infinity : Math.max(checkpoint.index, hardState?.commitIndex ?? 0)
  let newest = state
  for (const entry of entries) {
    if (own !== null && deviceOf(newest, own)?.dismissed) break
    if (entry.kind === 'configuration' && entry.index > checkpoint.index) break
    if (entry.kind !== 'command' || entry.data.length === 0) continue
    if (entry.index <= checkpoint.index || entry.index > commitIndex) continue
    // It passed gate 1 before it came into the log, and the log is sealed at rest.
    newest = foldBatch(newest, trusted(must(decodeBatch(entry.data as Bytes)))).state
  }
  for (const each of kept) if (each.fault === null) newest = foldKept(newest, each)?.state ?? newest
  return newest
}

/** null where this device takes no part in the cluster. */
export async function readIdentity(store: StoreReader, place: ClusterPlace): Promise<Identity | null> {
  const row = await store.read('raft', identityKey(place))
  return row === null ? null : must(decode(identityWire, row, 4096))
}
