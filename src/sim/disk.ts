/**
 * A simulated disk: what stays when a process dies, and what of it a loss of power takes back.
 *
 * There are two images of the rows. The *volatile* one has every completed write; it is what a store reads. The *durable* one
 * is what a loss of power leaves; it is kept as the list of relaxed writes that would have to be undone to get there. A strict
 * write reaches the medium together with everything before it, as in a log that is synced, so it empties that list.
 * @module
 */
import { type Bytes, copy, keyOf } from '../core/bytes/bytes.ts'
import type { Change, Durability, Row, Table } from '../port/store.ts'
import type { Random } from './random.ts'

export const tableNames = [
  'node',
  'raft',
  'log',
  'state',
  'staging',
  'holding',
  'outbox',
  'object',
] as const satisfies readonly Table[]

interface StoredRow extends Row {
  /** A row sealed at rest whose octets have changed no longer opens. */
  readonly isDamaged: boolean
}
interface Undo {
  readonly table: Table
  readonly key: string
  readonly row: StoredRow | null
}
export interface BitFlip {
  readonly table: Table
  readonly key: Bytes
  /** Puts the octets back, where the row has not been written meanwhile. */
  readonly heal: () => void
}

export class Disk {
  /** The newest instance of the store; older ones may not write. */
  epoch = 0
  quotaBytes = 2 ** 40
  readonly #tables = Object.fromEntries(tableNames.map((table) => [table, new SortedRows()])) as Record<
    Table,
    SortedRows
  >
  readonly #relaxed: (readonly Undo[])[] = []
  readonly #observers = new Set<(changes: readonly Change[], durability: Durability) => void>()
  #usedBytes = 0

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** Relaxed writes that a loss of power may still take back. */
  get relaxedCount(): number {
    return this.#relaxed.length
  }

  get(table: Table, key: Bytes): StoredRow | null {
    return this.#tables[table].get(keyOf(key))
  }

  *rows(table: Table, prefix: Bytes, after?: Bytes): Generator<StoredRow> {
    const rows = this.#tables[table]
    const prefixKey = keyOf(prefix)
    const afterKey = after === undefined ? null : keyOf(after)
    let at = afterKey !== null && afterKey >= prefixKey ? rows.firstAfter(afterKey) : rows.firstFrom(prefixKey)
    for (; at < rows.keys.length && rows.keys[at]!.startsWith(prefixKey); at++) yield rows.get(rows.keys[at]!)!
  }

  /** How many octets the disk will hold more after these changes, at most. */
  growthOf(changes: readonly Change[]): number {
    let growthBytes = 0
    for (const change of changes)
      if (change.kind === 'put')
        growthBytes += sizeOf(change.key, change.value) - rowSize(this.#tables[change.table].get(keyOf(change.key)))
    return growthBytes
  }

  apply(changes: readonly Change[], durability: Durability): void {
    const undos: Undo[] = []
    for (const change of changes) {
      switch (change.kind) {
        case 'put': {
          const row = { key: copy(change.key), value: copy(change.value), isDamaged: false }
          undos.push(this.#set(change.table, keyOf(change.key), row))
          break
        }
        case 'delete':
          undos.push(this.#set(change.table, keyOf(change.key), null))
          break
        case 'deleteAll': {
          const from = keyOf(change.prefix) + (change.from === undefined ? '' : keyOf(change.from))
          const doomed = [...this.rows(change.table, change.prefix)]
            .map(({ key }) => keyOf(key))
            .filter((key) => key >= from)
          for (const key of doomed) undos.push(this.#set(change.table, key, null))
        }
      }
    }
    if (durability === 'strict') this.#relaxed.length = 0
    else this.#relaxed.push(undos)
    for (const observer of this.#observers) observer(changes, durability)
  }

  /**
   * The power fails: the newest relaxed writes never reached the medium, the others did.
   * @param takenBackCount how many, at most `relaxedCount`
   */
  losePower(takenBackCount: number): void {
    for (let i = 0; i < takenBackCount; i++)
      for (const { table, key, row } of this.#relaxed.pop()!.toReversed()) this.#set(table, key, row)
    this.#relaxed.length = 0
  }

  /** So much later that everything has reached the medium. */
  flush(): void {
    this.#relaxed.length = 0
  }

  /** Changes one bit of one row, as a failing medium does. null where the tables are empty. */
  flipBit(random: Random, tables: readonly Table[]): BitFlip | null {
    const filled = tables.filter((name) => this.#tables[name].keys.length > 0)
    if (filled.length === 0) return null
    const table = random.pick(filled)
    const key = random.pick(this.#tables[table].keys)
    const row = this.#tables[table].get(key)!
    if (row.value.length === 0 || row.isDamaged) return null
    const value = copy(row.value)
    value[random.below(value.length)]! ^= 1 << random.below(8)
    const flipped = { key: row.key, value, isDamaged: true }
    this.#set(table, key, flipped)
    return {
      table,
      key: row.key,
      heal: () => {
        if (this.#tables[table].get(key) === flipped) this.#set(table, key, row)
      },
    }
  }

  /** Another disk with the same durable rows, as a copy of the profile's folder would be. */
  clone(): Disk {
    const clone = new Disk()
    for (const table of tableNames)
      for (const row of this.rows(table, new Uint8Array())) clone.#set(table, keyOf(row.key), row)
    for (const undos of this.#relaxed.toReversed())
      for (const { table, key, row } of undos.toReversed()) clone.#set(table, key, row)
    return clone
  }

  /** Tells of every write after it took effect. @returns what ends it */
  observe(observer: (changes: readonly Change[], durability: Durability) => void): () => void {
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }

  #set(table: Table, key: string, row: StoredRow | null): Undo {
    const rows = this.#tables[table]
    const before = rows.get(key)
    this.#usedBytes += rowSize(row) - rowSize(before)
    if (row === null) rows.delete(key)
    else rows.set(key, row)
    return { table, key, row: before }
  }
}

const sizeOf = (key: Bytes, value: Bytes): number => key.length + value.length
const rowSize = (row: Row | null): number => (row === null ? 0 : sizeOf(row.key, row.value))

/** A map with its keys in order. Keys are octets as characters, whose order is that of the octets. */
class SortedRows {
  readonly keys: string[] = []
  readonly #rows = new Map<string, StoredRow>()

  get(key: string): StoredRow | null {
    return this.#rows.get(key) ?? null
  }

  set(key: string, row: StoredRow): void {
    if (!this.#rows.has(key)) this.keys.splice(this.firstFrom(key), 0, key)
    this.#rows.set(key, row)
  }

  delete(key: string): void {
    if (this.#rows.delete(key)) this.keys.splice(this.firstFrom(key), 1)
  }

  /** Position of the first key that is `key` or more. */
  firstFrom(key: string): number {
    let low = 0
    let high = this.keys.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.keys[middle]! < key) low = middle + 1
      else high = middle
    }
    return low
  }

  firstAfter(key: string): number {
    const at = this.firstFrom(key)
    return this.keys[at] === key ? at + 1 : at
  }
}
