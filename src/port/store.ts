/**
 * The store: an ordered map from byte strings to byte strings in a few tables, with atomic writes.
 *
 * Rows of every table but `object` are sealed at rest under a key that never leaves the device; `object` holds what is
 * ciphertext already. Keys are composed so that binary order is the wanted order; none contains a name.
 * @module
 */
import type { Bytes } from '../core/bytes/bytes.ts'

/**
 * - `node`     what this device knows of itself: profile, trees it holds, jobs that go on after a restart
 * - `raft`     term, vote and commit of each cluster: key tree ‖ cluster
 * - `log`      Raft entries: key tree ‖ cluster ‖ index (8 octets, big endian)
 * - `state`    the applied fold: key tree ‖ cluster ‖ key of the authenticated map
 * - `staging`  leases of uploads that are not yet referenced: key tree ‖ cluster ‖ upload ‖ sequence
 * - `holding`  bodies that are kept for a change to come, that are not here yet, or that are to go: key tree ‖ cluster ‖ …
 * - `outbox`   what was done here and the tree has not taken yet: key tree ‖ cluster ‖ …
 * - `object`   sectors and index pages by hash: key tree ‖ cluster ‖ hash
 */
export type Table = 'node' | 'raft' | 'log' | 'state' | 'staging' | 'holding' | 'outbox' | 'object'

export type Change =
  | { readonly kind: 'put'; readonly table: Table; readonly key: Bytes; readonly value: Bytes }
  | { readonly kind: 'delete'; readonly table: Table; readonly key: Bytes }
  /** Deletes every row whose key begins with `prefix` and is at least `prefix ‖ from`, where `from` is given. */
  | { readonly kind: 'deleteAll'; readonly table: Table; readonly prefix: Bytes; readonly from?: Bytes }

export interface Row {
  readonly key: Bytes
  readonly value: Bytes
}

/**
 * `strict`: on the medium when the promise resolves, and with it every write before it, since a profile has one log of writes.
 * `relaxed`: a loss of power may take back the newest writes, never a part of one.
 * `noted`: the same, by who goes on without waiting: what its memory holds is ahead of the disk, and so the store closes where it
 * cannot be written.
 */
export type Durability = 'strict' | 'relaxed' | 'noted'

/** Whether no other write may follow one that failed, since only a start from disk makes memory and disk one again. */
export const isAhead = (changes: readonly Change[], durability: Durability): boolean =>
  durability === 'noted' || changes.some(({ table }) => table === 'raft' || table === 'log')

/**
 * Whether a write brings objects. Those leave some room to what brings none: a deletion is a change of the tree, and is written
 * before it gives room, so on a disk that contents have filled to the last octet nothing could be deleted.
 */
export const bringsObjects = (changes: readonly Change[]): boolean =>
  changes.some(({ kind, table }) => kind === 'put' && table === 'object')

/** What is enough to read, beside whoever writes. */
export type StoreReader = Pick<StorePort, 'read' | 'readMany' | 'scan'>

export interface StorePort {
  /**
   * Applies all changes or none. Resolves when they are as durable as asked.
   * Rejects with StoreFullError, what `bringsObjects` before there is no room at all; with StoreClosedError; or with
   * StoreSupersededError where a newer node owns the profile.
   * Writes take effect in the order of the calls.
   */
  write(changes: readonly Change[], durability: Durability): Promise<void>
  read(table: Table, key: Bytes): Promise<Bytes | null>
  /** In one transaction, in the order of the keys. */
  readMany(table: Table, keys: readonly Bytes[]): Promise<readonly (Bytes | null)[]>
  /** Rows whose key begins with `prefix`, ascending, at most `countMax`, after the key `after` where given. */
  scan(table: Table, prefix: Bytes, countMax: number, after?: Bytes): Promise<readonly Row[]>
  usage(): Promise<{ readonly usedBytes: number; readonly quotaBytes: number }>
  /** Resolves once, when the store can not be used any more, with the reason. */
  readonly closed: Promise<Error>
}
