/**
 * The store over IndexedDB: one database a profile, one object store a table.
 *
 * Three rules hold for every write. It takes effect in the order of the calls, although sealing is asynchronous: each begins
 * when the one before has ended. It asks in its own transaction whether its epoch is over, so that a worker which was replaced
 * while it slept changes nothing. And after a failed write no other follows where what the memory of this node holds is then
 * ahead of the disk: one of `raft` or `log`, and one that nobody waits for.
 * @module
 */
import { unwrap } from 'idb'
import {
  type Bytes,
  StoreClosedError,
  StoreFullError,
  StoreSupersededError,
  compare,
  concat,
} from '../../core/bytes/bytes.ts'
import {
  type Change,
  type Durability,
  type Row,
  type StorePort,
  type Table,
  bringsObjects,
  isAhead,
} from '../../port/store.ts'
import { type Database, meaningOf, openDatabase, openExistingDatabase } from './database.ts'
import { beginNewJournal } from './journal.ts'
import { Reserve } from './reserve.ts'
import { isSealed, openRow, sealRow } from './row.ts'

export interface Store extends StorePort {
  /** Which opening of the profile this is, counted from 1. */
  readonly epoch: number
  close(): void
}
export type StoreReader = Omit<StorePort, 'write'> & { close(): void }

export interface Opening {
  readonly profile: string
  /** AES-256-GCM, not extractable. */
  readonly deviceKey: CryptoKey
}

/** Opens for writing; from here on every other opening of the profile is refused with StoreSupersededError. */
export async function openStore({ profile, deviceKey }: Opening): Promise<Store> {
  const closing = closingOf()
  const database = await openDatabase(profile, () => closing.close(new StoreClosedError()))
  const epoch = await takeOver(database)
  const reserve = new Reserve(database)
  let last: Promise<unknown> = Promise.resolve()

  const write = (changes: readonly Change[], durability: Durability): Promise<void> => {
    const written = Promise.all([sealAll(deviceKey, changes), last]).then(async ([sealed]) => {
      if (closing.reason) throw afterwards(closing.reason)
      if (bringsObjects(changes)) await reserve.keep()
      await apply(database, epoch, sealed, durability).catch(async (error: unknown) => {
        if (!(error instanceof StoreFullError) || bringsObjects(changes) || !(await reserve.letGo())) throw error
        await apply(database, epoch, sealed, durability)
      })
    })
    const settled = written.catch((error: unknown) => {
      const isFatal = error instanceof StoreSupersededError || error instanceof StoreClosedError
      if (isFatal || isAhead(changes, durability)) closing.close(error as Error)
    })
    // Without their values, each of which would hold the one before.
    last = Promise.all([last, settled]).then(() => {})
    return written
  }
  return { epoch, write, ...readerOf(database, deviceKey, closing) }
}

/**
 * Opens for reading beside whoever writes; null where the profile holds nothing yet.
 * @param deviceKey asked for only where there is something, since asking makes a key
 */
export async function openStoreReadOnly(
  profile: string,
  deviceKey: () => Promise<CryptoKey>,
): Promise<StoreReader | null> {
  const closing = closingOf()
  const database = await openExistingDatabase(profile, () => closing.close(new StoreClosedError()))
  return database && readerOf(database, await deviceKey(), closing)
}

interface Closing {
  reason: Error | null
  readonly closed: Promise<Error>
  /** Only the first reason counts. */
  close(reason: Error): void
}
function closingOf(): Closing {
  let resolve: (reason: Error) => void
  const closing: Closing = {
    reason: null,
    closed: new Promise((resolved) => (resolve = resolved)),
    close(reason) {
      closing.reason ??= reason
      resolve(closing.reason)
    },
  }
  return closing
}
/** A full disk is the reason of one refusal; that nothing is written any more is the reason of all later ones. */
const afterwards = (reason: Error): Error => (reason instanceof StoreSupersededError ? reason : new StoreClosedError())

async function takeOver(database: Database): Promise<number> {
  try {
    await beginNewJournal(database)
    const transaction = database.transaction('owner', 'readwrite', { durability: 'strict' })
    const epoch = ((await transaction.store.get('epoch')) ?? 0) + 1
    const { store } = transaction
    await Promise.all([store.put(epoch, 'epoch'), store.put(epoch, epoch - 1), transaction.done])
    return epoch
  } catch (error) {
    throw meaningOf(error)
  }
}

/** A whole state has many thousands: between two slices this thread sees to what has come meanwhile, such as a heartbeat. */
const sealedAtOnce = 256

/** Before the transaction opens, since one that waits for anything but its own requests commits itself. */
async function sealAll(deviceKey: CryptoKey, changes: readonly Change[]): Promise<readonly Change[]> {
  const sealed: Change[] = []
  const seal = async (change: Change): Promise<Change> => {
    if (change.kind !== 'put') return change
    const { table, key, value } = change
    return { ...change, value: isSealed(table) ? await sealRow(deviceKey, table, key, value) : whole(value) }
  }
  for (let start = 0; start < changes.length; start += sealedAtOnce)
    sealed.push(...(await Promise.all(changes.slice(start, start + sealedAtOnce).map(seal))))
  return sealed
}

/** IndexedDB clones the buffer behind a view, not the view: a slice of a large message would store all of the message. */
const whole = (value: Bytes): Bytes => (value.byteLength === value.buffer.byteLength ? value : value.slice())

function apply(database: Database, epoch: number, changes: readonly Change[], durability: Durability): Promise<void> {
  return new Promise((resolve, reject) => {
    const used = [...new Set(changes.map(({ table }) => table))]
    const begin = (): IDBTransaction =>
      (unwrap(database) as unknown as IDBDatabase).transaction(['owner', ...used], 'readwrite', {
        durability: durability === 'strict' ? 'strict' : 'relaxed',
      })
    let transaction: IDBTransaction
    try {
      transaction = begin()
    } catch (error) {
      return reject(meaningOf(error))
    }
    transaction.addEventListener('complete', () => resolve())
    // Only here is the cause known: `error` events of single requests come before it is set.
    transaction.addEventListener('abort', () =>
      reject(
        transaction.error?.name === 'ConstraintError'
          ? new StoreSupersededError()
          : meaningOf(transaction.error ?? { name: 'AbortError' }),
      ),
    )

    // A row that is there already cannot be added, and who fails to takes the whole transaction along. So nothing need be asked
    // first: the commit goes out with the changes, also where this thread is too busy to hear an answer, or frozen: an open
    // transaction would keep the profile from whoever takes it over.
    try {
      const owner = transaction.objectStore('owner')
      owner.add(epoch, epoch)
      const stores = new Map(used.map((table) => [table, transaction.objectStore(table)]))
      for (const change of changes) {
        const store = stores.get(change.table)!
        if (change.kind === 'put') store.put(change.value, change.key)
        else if (change.kind === 'delete') store.delete(change.key)
        else {
          const range = rangeOf(change.prefix, change.from)
          if (range) store.delete(range)
        }
      }
      owner.delete(epoch)
      transaction.commit()
    } catch (error) {
      // A value that can not be cloned, or no memory for it: what was asked for before would commit by itself.
      reject(meaningOf(error))
      transaction.abort()
    }
  })
}

function readerOf(database: Database, deviceKey: CryptoKey, closing: Closing): StoreReader {
  const reading = async <T>(read: () => Promise<T>): Promise<T> => {
    try {
      return await read()
    } catch (error) {
      throw meaningOf(error)
    }
  }
  const openOne = async (table: Table, key: Bytes, row: Bytes | undefined): Promise<Bytes | null> => {
    if (row === undefined) return null
    return isSealed(table) ? openRow(deviceKey, table, key, row) : row
  }
  return {
    closed: closing.closed,
    close() {
      database.close()
      closing.close(new StoreClosedError())
    },
    read: (table, key) => reading(async () => openOne(table, key, await database.get(table, key))),
    readMany: (table, keys) =>
      reading(async () => {
        const { store } = database.transaction(table)
        const rows = await Promise.all(keys.map((key) => store.get(key)))
        return Promise.all(keys.map((key, position) => openOne(table, key, rows[position])))
      }),
    scan: (table, prefix, countMax, after) =>
      reading(async () => {
        const range = rangeOf(prefix, undefined, after)
        if (!range || countMax === 0) return []
        const { store } = database.transaction(table)
        const [keys, rows] = await Promise.all([store.getAllKeys(range, countMax), store.getAll(range, countMax)])
        return Promise.all(
          keys.map(async (stored, position): Promise<Row> => {
            const key = new Uint8Array(stored as ArrayBuffer)
            return { key, value: (await openOne(table, key, rows[position]))! }
          }),
        )
      }),
    async usage() {
      const { usage = 0, quota = 0 } = await navigator.storage.estimate()
      return { usedBytes: usage, quotaBytes: quota }
    },
  }
}

/** The keys that begin with `prefix`, from `prefix ‖ from` on, or after the key `after`; null where there can be none. */
function rangeOf(prefix: Bytes, from?: Bytes, after?: Bytes): IDBKeyRange | null {
  let lower = from ? concat(prefix, from) : prefix
  const isPastLower = after !== undefined && compare(after, lower) >= 0
  if (isPastLower) lower = after
  const upper = successorOf(prefix)
  if (!upper) return IDBKeyRange.lowerBound(lower, isPastLower)
  return compare(lower, upper) < 0 ? IDBKeyRange.bound(lower, upper, isPastLower, true) : null
}

/** The first key behind all that begin with `prefix`; null where nothing lies behind them. */
function successorOf(prefix: Bytes): Bytes | null {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 255) length--
  if (length === 0) return null
  const successor = prefix.slice(0, length)
  successor[length - 1]!++
  return successor
}
