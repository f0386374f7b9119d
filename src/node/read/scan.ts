/**
 * Rows of the store, however many.
 * @module
 */
import type { Bytes } from '../../core/bytes/bytes.ts'
import type { Row, StoreReader, Table } from '../../port/store.ts'

/** Read at once. */
const scanCount = 2048

export async function* scanAll(store: StoreReader, table: Table, prefix: Bytes): AsyncGenerator<Row> {
  for (let after: Bytes | undefined; ;) {
    const rows = await store.scan(table, prefix, scanCount, after)
    yield* rows
    after = rows.at(-1)?.key
    if (rows.length < scanCount) return
  }
}
