/**
 * Writing 64 blocks of 4 KiB at once as a node does, against raw IndexedDB that puts byte-identical records in one strict
 * transaction.
 *
 * Ours is the whole node on the platform of a browser: each block is sealed, signed, checked by gate 1, logged, made durable,
 * folded and shown to a watcher before its writer is answered. What such a batch puts into its database is noted, and the
 * baseline puts the same keys and values into another.
 * @module
 */
import { deleteDB, openDB, unwrap } from 'idb'
import { type Bytes, equal } from '../core/bytes/bytes.ts'
import type { NodeApi } from '../node/api.ts'
import { type Comparison, alternate, median } from './alternate.ts'
import { contentOf, profile, random, rootIdOf, startNode } from './node.ts'

const blockCount = 64
const blockSizeBytes = 4096
/** So many, and as many before, that the database is past the state in which it holds everything in memory. */
const roundCount = 100

const usedTables = ['log', 'object']

interface Put {
  readonly table: string
  readonly key: Bytes
  readonly value: Bytes
}
/** An engine keeps what it made of an array when it first met it; a record that is written for the first time has nothing of that. */
const freshCopy = ({ table, key, value }: Put): Put => ({ table, key: key.slice(), value: value.slice() })

export async function writeBatches(): Promise<Comparison> {
  const { api, idle, close } = await startNode()
  const files = await makeFiles(api)
  const baseline = await openRaw()
  let contents: Uint8Array<ArrayBuffer>[] = []
  let puts: readonly Put[] = []
  let fresh: readonly Put[] = []
  const putCounts: number[] = []
  const logCounts: number[] = []

  const drawContents = (): void => {
    contents = files.map(() => random.bytes(blockSizeBytes))
  }
  async function writeAll(): Promise<void> {
    const writes = files.map((id, at) => api.writeFile(globalThis.crypto.randomUUID(), id, contentOf(contents[at]!)))
    await Promise.all(writes)
  }

  const times = await alternate(
    {
      async prepare() {
        // Another batch of the same kind, for what it puts: taking notes costs time that is not the node's.
        const recorder = recordPuts(`blocktree-${profile}`)
        drawContents()
        await writeAll()
        puts = recorder.stop()
        drawContents()
        await idle()
      },
      work: writeAll,
    },
    {
      async prepare() {
        await idle()
        putCounts.push(puts.length)
        logCounts.push(puts.filter(({ table }) => table === 'log').length)
        fresh = puts.map(freshCopy)
      },
      work: () => baseline.write(fresh),
    },
    roundCount,
  )
  // A row that was not written, or a round that was not noted whole, would flatter us.
  if (putCounts.some((count) => count < 2 * blockCount + 1)) throw new Error('a round put fewer records than it wrote')
  for (const [at, id] of files.entries())
    if (!equal(await readAll(api, id), contents[at]!)) throw new Error('what was written is not what is read')
  await close()
  await baseline.close()
  return {
    ours: (blockCount * 1000) / times.oursMs,
    baseline: (blockCount * 1000) / times.baselineMs,
    note: `${median(putCounts)} records in ${median(logCounts)} log entries, ${roundCount} rounds`,
  }
}

async function makeFiles(api: NodeApi): Promise<readonly string[]> {
  const folder = await api.createFolder(globalThis.crypto.randomUUID(), await rootIdOf(api), 'bench')
  return Promise.all(
    Array.from({ length: blockCount }, (_, at) =>
      api.addFile(globalThis.crypto.randomUUID(), folder, `block ${at}`, contentOf(random.bytes(blockSizeBytes))),
    ),
  )
}

async function readAll(api: NodeApi, id: string): Promise<Uint8Array> {
  const { streamId } = await api.openContent(id)
  const piece = await api.nextChunk(streamId)
  await api.closeContent(streamId)
  return piece ?? new Uint8Array(0)
}

/** Notes what is put into one database. */
function recordPuts(databaseName: string) {
  const puts: Put[] = []
  const { prototype } = IDBObjectStore
  const { put } = prototype
  prototype.put = function (this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
    if (key instanceof Uint8Array && value instanceof Uint8Array && this.transaction.db.name === databaseName)
      puts.push({ table: this.name, key: key as Bytes, value: value as Bytes })
    return put.call(this, value, key)
  }
  return {
    stop(): readonly Put[] {
      prototype.put = put
      return puts
    },
  }
}

/** Nothing between the caller and the database: no promise a record, and the commit is not waited for by anyone but us. */
async function openRaw() {
  const name = `raw-${profile}`
  const wrapped = await openDB(name, 1, {
    upgrade(database) {
      for (const table of usedTables) database.createObjectStore(table)
    },
  })
  const database = unwrap(wrapped)
  return {
    write: (puts: readonly Put[]): Promise<void> =>
      new Promise((resolve, reject) => {
        const transaction = database.transaction(usedTables, 'readwrite', { durability: 'strict' })
        transaction.addEventListener('complete', () => resolve())
        transaction.addEventListener('abort', () =>
          reject(transaction.error ?? new Error('the transaction was aborted')),
        )
        const stores = new Map(usedTables.map((table) => [table, transaction.objectStore(table)]))
        for (const { table, key, value } of puts) stores.get(table)!.put(value, key)
        transaction.commit()
      }),
    async close() {
      wrapped.close()
      await deleteDB(name)
    },
  }
}
