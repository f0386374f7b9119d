/**
 * A new journal for the browser's own database, at every start.
 *
 * Chromium keeps IndexedDB in LevelDB, whose journal may end in half a record when the browser is killed. The next start passes
 * that over and goes on writing behind it; the start after that meets half a record in the middle, takes the whole database for
 * corrupt and deletes it. (Seen twice in a hundred kills of Chromium 156, as "Got corruption" and "recovering from a corrupted
 * (and deleted) database".) A journal is left behind when more has been written than the table in memory holds, which is 4 MiB;
 * so this much is written first, before anything that matters.
 * @module
 */
import { StoreFullError } from '../../core/bytes/bytes.ts'
import { type Database, meaningOf } from './database.ts'

/** Below the 64 KiB from which Chromium puts a value into a file of its own, beside the journal. */
const fillerSizeBytes = 60_000
/** Under 1 MiB, above which a transaction is written in parts that can be undone, and so twice. */
const fillerCountPerWrite = 15
const writeCount = 6

/** Writes 5.4 MB and deletes them. Nothing of it needs to be durable, so nothing waits for the disk. */
export async function beginNewJournal(database: Database): Promise<void> {
  try {
    await fill(database)
  } catch (error) {
    // On a full disk there is none, and the tree opens all the same: it may be opened to make room.
    if (!(meaningOf(error) instanceof StoreFullError)) throw error
  }
  await database.clear('filler')
}

async function fill(database: Database): Promise<void> {
  const filler = new Uint8Array(fillerSizeBytes)
  for (let write = 0; write < writeCount; write++) {
    const { store, done } = database.transaction('filler', 'readwrite', { durability: 'relaxed' })
    const keys = Array.from({ length: fillerCountPerWrite }, (_, at) => write * fillerCountPerWrite + at)
    await Promise.all([...keys.map((key) => store.put(filler, key)), done])
  }
}
