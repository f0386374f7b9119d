/**
 * What a cluster writes: changes of the store for what Raft wants durable, for checkpoints, and for snapshots that arrived. Each
 * list is one transaction, so a crash sees all or nothing of it.
 * @module
 */
import { type Bytes, encode } from '../../core/bytes/bytes.ts'
import { type AuthenticatedMap, entries as entriesOf, get, root } from '../../core/merkle/merkle.ts'
import { entryWire } from '../../core/message/message.ts'
import type { HardState, Ready } from '../../core/raft/raft.ts'
import type { Change } from '../../port/store.ts'
import { type ClusterPlace, inPlace, logKey, placePrefix, placePrefixSizeBytes } from '../place.ts'
import {
  type Identity,
  checkpointKey,
  checkpointWire,
  hardStateKey,
  hardStateWire,
  identityKey,
  identityWire,
} from '../read/held-state.ts'
import type { Base, MemoryLog } from './memory-log.ts'

/**
 * Entries and hard state of a Ready; a new leader's entries replace those of an older term from the first on.
 * @param isShared whether there are others: a device that starts while it is alone shows no more than it knows to be committed
 */
export function readyChanges(
  place: ClusterPlace,
  log: MemoryLog,
  { hardState, entries, committed }: Pick<Ready, 'hardState' | 'entries' | 'committed'>,
  isShared: boolean,
): Change[] {
  const changes: Change[] = []
  const first = entries[0]
  if (first !== undefined && first.index <= log.lastIndex())
    changes.push({
      kind: 'deleteAll',
      table: 'log',
      prefix: placePrefix(place),
      from: logKey(place, first.index).slice(placePrefixSizeBytes),
    })
  for (const entry of entries)
    changes.push({ kind: 'put', table: 'log', key: logKey(place, entry.index), value: encode(entryWire, entry) })
  // A commit index may be forgotten, but not one that changed who votes: after a restart this node would count by those of
  // before, and might elect itself beside a leader that it has helped to elect.
  const changesMembers = committed.some(({ kind }) => kind === 'configuration')
  const next = hardState ?? log.hardState
  const isAlong = isShared && hardState !== null && entries.length > 0
  if (changesMembers || isAlong || changesVoteOrTerm(next, log.hardState)) changes.push(hardStateRow(place, next))
  return changes
}

const changesVoteOrTerm = (next: HardState, last: HardState): boolean =>
  next.term !== last.term || next.votedFor !== last.votedFor

export const hardStateRow = (place: ClusterPlace, hardState: HardState): Change => ({
  kind: 'put',
  table: 'raft',
  key: hardStateKey(place),
  value: encode(hardStateWire, hardState),
})

export const identityRow = (place: ClusterPlace, identity: Identity): Change => ({
  kind: 'put',
  table: 'raft',
  key: identityKey(place),
  value: encode(identityWire, identity),
})

const baseRow = (place: ClusterPlace, base: Base, map: AuthenticatedMap): Change => ({
  kind: 'put',
  table: 'raft',
  key: checkpointKey(place),
  value: encode(checkpointWire, { ...base, stateRoot: root(map) }),
})

/**
 * Rows that changed, and where they stand.
 * @param compacted entries from the first index on go, and the second stays: by its term what comes after it is checked
 */
export function checkpointChanges(
  place: ClusterPlace,
  base: Base,
  map: AuthenticatedMap,
  dirty: Iterable<Bytes>,
  compacted: { readonly from: number; readonly to: number },
): Change[] {
  const changes: Change[] = []
  for (const key of dirty) {
    const value = get(map, key)
    const at = inPlace(place, key)
    changes.push(
      value === null ? { kind: 'delete', table: 'state', key: at } : { kind: 'put', table: 'state', key: at, value },
    )
  }
  for (let old = compacted.from; old < compacted.to; old++)
    changes.push({ kind: 'delete', table: 'log', key: logKey(place, old) })
  changes.push(baseRow(place, base, map))
  return changes
}

/** A snapshot takes the place of state and log. */
export function installChanges(
  place: ClusterPlace,
  base: Base,
  map: AuthenticatedMap,
  hardState: HardState | null,
): Change[] {
  const prefix = placePrefix(place)
  const changes: Change[] = [
    { kind: 'deleteAll', table: 'state', prefix },
    { kind: 'deleteAll', table: 'log', prefix },
  ]
  for (const [key, value] of entriesOf(map))
    changes.push({ kind: 'put', table: 'state', key: inPlace(place, key), value })
  changes.push(baseRow(place, base, map))
  if (hardState !== null) changes.push(hardStateRow(place, hardState))
  return changes
}

/** Keys whose rows are not the same in both. */
export function differingKeys(before: AuthenticatedMap, after: AuthenticatedMap): readonly Bytes[] {
  const keys: Bytes[] = []
  for (const [key] of entriesOf(before)) if (get(after, key) === null) keys.push(key)
  for (const [key, value] of entriesOf(after)) if (get(before, key) !== value) keys.push(key)
  return keys
}
