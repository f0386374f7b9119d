/**
 * Where keys are kept: a database of their own, since the store's rows are sealed under a key that must be read first.
 *
 * `CryptoKey`s go in as they are; the browser writes them to its own files and hands out handles, never octets.
 * @module
 */
import { type IDBPDatabase, deleteDB, openDB } from 'idb'
import { StoreClosedError, StoreFullError } from '../../core/bytes/bytes.ts'

/** A few named values, structured-cloned. Rejects with StoreFullError or StoreClosedError. */
export interface KeyDatabase {
  /** undefined where there is none. */
  get(name: string): Promise<unknown>
  /** Keeps `value` unless there is one already; durable when it resolves. Two workers that call at once end with one value. */
  addIfAbsent(name: string, value: unknown): Promise<void>
  delete(name: string): Promise<void>
}

const version = 1
const table = 'key'

export function openKeyDatabase(profile: string): KeyDatabase {
  /** Keys are read once a start, so no connection stays open to stand in somebody's way. */
  async function withDatabase<T>(use: (database: IDBPDatabase) => Promise<T>): Promise<T> {
    try {
      const database = await openDB(`blocktree-keys-${profile}`, version, {
        upgrade: (fresh) => void fresh.createObjectStore(table),
      })
      try {
        return await use(database)
      } finally {
        database.close()
      }
    } catch (error) {
      throw meaningOf(error)
    }
  }

  const strict = { durability: 'strict' } as const
  return {
    get: (name) => withDatabase(async (database) => (await database.get(table, name)) as unknown),
    addIfAbsent: (name, value) =>
      withDatabase(async (database) => {
        const transaction = database.transaction(table, 'readwrite', strict)
        // One transaction reads and writes: transactions of one store run one after another, so the first one wins.
        if ((await transaction.store.getKey(name)) === undefined) await transaction.store.put(value, name)
        await transaction.done
      }),
    delete: (name) =>
      withDatabase(async (database) => {
        const transaction = database.transaction(table, 'readwrite', strict)
        await transaction.store.delete(name)
        await transaction.done
      }),
  }
}

/** Without its keys nothing of a profile can be read any more. */
export const removeKeyDatabase = (profile: string): Promise<void> => deleteDB(`blocktree-keys-${profile}`)

/** IndexedDB reports by name; the classes behind the names differ between browsers and years. */
function meaningOf(error: unknown): unknown {
  switch ((error as { readonly name?: unknown } | null)?.name) {
    case 'QuotaExceededError':
      return new StoreFullError()
    case 'InvalidStateError':
    case 'AbortError':
    case 'UnknownError':
      return new StoreClosedError()
    default:
      return error
  }
}
