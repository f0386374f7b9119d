/**
 * The change from one generation of a cluster to the next: another state and another log take the place of those that a device
 * holds, under another name, in one write (design §7).
 * @module
 */
import { type Bytes, encode } from '../../core/bytes/bytes.ts'
import type { AuthenticatedMap } from '../../core/merkle/merkle.ts'
import { entryWire } from '../../core/message/message.ts'
import type { Entry, HardState } from '../../core/raft/raft.ts'
import type { TreeState } from '../../core/tree/tree.ts'
import type { Change } from '../../port/store.ts'
import { type ClusterPlace, logKey } from '../place.ts'
import type { Identity } from '../read/held-state.ts'
import { identityRow, installChanges } from './durable.ts'
import type { Base } from './memory-log.ts'

/** What a device goes on with. */
export interface Succession {
  readonly identity: Identity
  /** Where the state stands in the log. */
  readonly base: Base
  readonly map: AuthenticatedMap
  /** Commands that follow it. */
  readonly commands: readonly Bytes[]
}

/** What a device holds when nothing is under way. */
export interface Held {
  /** All that is certain to have been committed. */
  readonly state: TreeState
  /** Commands in its log of which that can not be said. */
  readonly open: readonly Bytes[]
}

/** What goes on as soon as it is decided. @returns null where it goes on as before */
export type Decide = (held: Held) => Succession | null

export const hardStateOf = ({ base: { index, term } }: Succession): HardState => ({
  term,
  votedFor: null,
  commitIndex: index,
})

export const entriesOf = ({ base: { index, term }, commands }: Succession): readonly Entry[] =>
  commands.map((data, at) => ({ kind: 'command', term, index: index + 1 + at, data }))

export const successionChanges = (place: ClusterPlace, next: Succession): readonly Change[] => [
  ...installChanges(place, next.base, next.map, hardStateOf(next)),
  identityRow(place, next.identity),
  ...entriesOf(next).map((entry): Change => ({
    kind: 'put',
    table: 'log',
    key: logKey(place, entry.index),
    value: encode(entryWire, entry),
  })),
]
