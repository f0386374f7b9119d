/**
 * The database of one profile: its tables, how it is opened, and what IndexedDB's errors mean here.
 * @module
 */
import { type DBSchema, type IDBPDatabase, deleteDB, openDB } from 'idb'
import { StoreClosedError, StoreFullError, StoreTooNewError } from '../../core/bytes/bytes.ts'
import type { Table } from '../../port/store.ts'

/** Raised with every change of the tables below; an older program then refuses with StoreTooNewError. */
const version = 3

export const tables = [
  'node',
  'raft',
  'log',
  'state',
  'staging',
  'holding',
  'outbox',
  'object',
] as const satisfies readonly Table[]

type Rows = { readonly [T in Table]: { key: Uint8Array<ArrayBuffer> | ArrayBuffer; value: Uint8Array<ArrayBuffer> } }
export interface Schema extends DBSchema, Rows {
  /**
   * `epoch`: how often the profile was opened for writing; whoever raised it last owns the profile. And a row for each earlier
   * epoch, which says by its key that this one is over.
   */
  owner: { key: 'epoch' | number; value: number }
  /** What takes up room for an instant at every start (`journal.ts`), and what keeps some free (`reserve.ts`). */
  filler: { key: number; value: Uint8Array<ArrayBuffer> }
}
export type Database = IDBPDatabase<Schema>

/** @param onClosed called once when the connection is lost: closed by the browser, or wanted by a newer version */
export async function openDatabase(profile: string, onClosed: () => void): Promise<Database> {
  try {
    const database: Database = await openDB<Schema>(`blocktree-${profile}`, version, {
      upgrade(database) {
        for (const name of [...tables, 'owner', 'filler'] as const)
          if (!database.objectStoreNames.contains(name)) database.createObjectStore(name)
      },
      blocking() {
        // A newer program, or one who clears this site's data, waits for us.
        database.close()
        onClosed()
      },
      terminated: onClosed,
    })
    return database
  } catch (error) {
    throw meaningOf(error)
  }
}

/** Opens what is there, at most as new as this program; null where the profile has no database, and then makes none. */
export async function openExistingDatabase(profile: string, onClosed: () => void): Promise<Database | null> {
  let isThere = true
  try {
    const database: Database = await openDB<Schema>(`blocktree-${profile}`, undefined, {
      upgrade(_database, _oldVersion, _newVersion, transaction) {
        isThere = false
        transaction.abort()
      },
      blocking() {
        database.close()
        onClosed()
      },
      terminated: onClosed,
    })
    if (database.version > version) {
      database.close()
      throw new StoreTooNewError()
    }
    return database
  } catch (error) {
    if (!isThere) return null
    throw meaningOf(error)
  }
}

/** Removes all that a profile has stored; whoever has it open is told to close. */
export const removeDatabase = (profile: string): Promise<void> => deleteDB(`blocktree-${profile}`)

/** IndexedDB reports by name; the classes behind the names differ between browsers and years. */
export function meaningOf(error: unknown): unknown {
  switch ((error as { readonly name?: unknown } | null)?.name) {
    case 'QuotaExceededError':
      return new StoreFullError()
    case 'VersionError':
      return new StoreTooNewError()
    case 'InvalidStateError':
    case 'AbortError':
    case 'UnknownError':
    case 'NotFoundError':
      return new StoreClosedError()
    default:
      return error
  }
}
