/**
 * What every store must do: run against IndexedDB in a real browser and against the simulated disk.
 *
 * The cases name no test framework, so that they also run inside a page: each throws where the store is wrong.
 * @module
 */
import { type Bytes, compare, equal, toHex, utf8 } from '../../core/bytes/bytes.ts'
import type { Change, Row, StorePort, Table } from '../store.ts'

export type OpenStore = StorePort & { close(): void }

export interface StoreCase {
  readonly name: string
  /** @param open opens the store of one disk that is empty at first; a second opening supersedes the first */
  run(open: () => Promise<OpenStore>): Promise<void>
}

const tables: readonly Table[] = ['node', 'raft', 'log', 'state', 'staging', 'holding', 'outbox', 'object']

export const storeCases: readonly StoreCase[] = [
  {
    name: 'gives back in every table what was written, and null for what was not',
    async run(open) {
      const store = await open()
      await store.write(
        tables.map((table) => put(table, 'key', `value in ${table}`)),
        'strict',
      )
      for (const table of tables) {
        same(await store.read(table, utf8('key')), utf8(`value in ${table}`))
        same(await store.read(table, utf8('other')), null)
      }
    },
  },
  {
    name: 'reads many in the order of the keys, with gaps and repetitions',
    async run(open) {
      const store = await open()
      await store.write([put('state', 'a', '1'), put('state', 'b', '2'), put('state', 'c', '')], 'relaxed')
      const read = await store.readMany('state', ['b', 'missing', 'a', 'b', 'c'].map(utf8))
      const expected = [utf8('2'), null, utf8('1'), utf8('2'), new Uint8Array()]
      claim(read.length === expected.length, 'one answer a key')
      read.forEach((value, position) => same(value, expected[position]!))
    },
  },
  {
    name: 'scans a prefix in binary order, bounded, after a key',
    async run(open) {
      const store = await open()
      const keys = [
        [1],
        [1, 0],
        [1, 0, 255],
        [1, 2],
        [1, 255],
        [1, 255, 255],
        [2],
        [255],
        [255, 255],
        [255, 255, 7],
      ].map((octets) => Uint8Array.from(octets))
      const shuffled = [...keys].sort((left, right) => compare(left.toReversed(), right.toReversed()))
      await store.write(
        shuffled.map((key) => ({ kind: 'put', table: 'log', key, value: key })),
        'strict',
      )
      const scanned = async (prefix: number[], countMax = 100, after?: number[]): Promise<string> => {
        const rows: readonly Row[] = await store.scan(
          'log',
          Uint8Array.from(prefix),
          countMax,
          after && Uint8Array.from(after),
        )
        for (const row of rows) same(row.value, row.key)
        return rows.map(({ key }) => toHex(key)).join(' ')
      }
      is(await scanned([1]), '01 0100 0100ff 0102 01ff 01ffff')
      is(await scanned([1], 2), '01 0100')
      is(await scanned([1], 2, [1, 0]), '0100ff 0102')
      is(await scanned([1], 9, [1, 1]), '0102 01ff 01ffff')
      is(await scanned([1], 9, [1, 255, 255]), '')
      is(await scanned([1], 9, [9]), '')
      is(await scanned([1], 0), '')
      is(await scanned([1, 255]), '01ff 01ffff')
      is(await scanned([255]), 'ff ffff ffff07')
      is(await scanned([255, 255], 9, [255, 255]), 'ffff07')
      is(await scanned([], 3), '01 0100 0100ff')
      is(await scanned([3]), '')
    },
  },
  {
    name: 'deletes a row, a prefix, and a prefix from a key on',
    async run(open) {
      const store = await open()
      const keys = ['a', 'a/1', 'a/2', 'a/3', 'b', 'b/1']
      const left = async (): Promise<string> =>
        (await store.scan('log', new Uint8Array(), 100)).map(({ value }) => String.fromCharCode(...value)).join(' ')
      await store.write(
        keys.map((key) => put('log', key, key)),
        'strict',
      )
      await store.write([{ kind: 'delete', table: 'log', key: utf8('b') }], 'strict')
      is(await left(), 'a a/1 a/2 a/3 b/1')
      await store.write([{ kind: 'deleteAll', table: 'log', prefix: utf8('a/'), from: utf8('2') }], 'strict')
      is(await left(), 'a a/1 b/1')
      await store.write([{ kind: 'deleteAll', table: 'log', prefix: utf8('a') }], 'strict')
      is(await left(), 'b/1')
      await store.write([{ kind: 'deleteAll', table: 'log', prefix: new Uint8Array() }], 'strict')
      is(await left(), '')
    },
  },
  {
    name: 'applies the changes of one write in their order',
    async run(open) {
      const store = await open()
      await store.write(
        [
          put('raft', 'kept', 'old'),
          put('raft', 'gone', 'x'),
          { kind: 'deleteAll', table: 'raft', prefix: new Uint8Array() },
          put('raft', 'kept', 'new'),
        ],
        'strict',
      )
      same(await store.read('raft', utf8('kept')), utf8('new'))
      same(await store.read('raft', utf8('gone')), null)
    },
  },
  {
    name: 'takes writes in the order of the calls, however large they are',
    async run(open) {
      const store = await open()
      const values = Array.from({ length: 24 }, (_, index) => new Uint8Array(index % 3 === 0 ? 200_000 : 1).fill(index))
      const ended: number[] = []
      await Promise.all(
        values.map(async (value, index) => {
          await store.write(
            [
              { kind: 'put', table: 'state', key: utf8('one key'), value },
              { kind: 'put', table: 'log', key: Uint8Array.of(index), value: Uint8Array.of(index) },
            ],
            index % 2 === 0 ? 'strict' : 'relaxed',
          )
          ended.push(index)
        }),
      )
      same(await store.read('state', utf8('one key')), values.at(-1)!)
      is(ended.join(), values.map((_, index) => index).join())
      is((await store.scan('log', new Uint8Array(), 100)).length, values.length)
    },
  },
  {
    name: 'stores of a view its own octets only, and hands out copies',
    async run(open) {
      const store = await open()
      const buffer = new Uint8Array(1000).fill(7)
      for (const table of ['state', 'object'] as const) {
        await store.write([{ kind: 'put', table, key: utf8('view'), value: buffer.subarray(10, 13) }], 'relaxed')
        const read = (await store.read(table, utf8('view')))!
        same(read, Uint8Array.of(7, 7, 7))
        is(read.buffer.byteLength, 3)
        read.fill(0)
        same(await store.read(table, utf8('view')), Uint8Array.of(7, 7, 7))
      }
    },
  },
  {
    name: 'has after a reopening what was written strictly before',
    async run(open) {
      const store = await open()
      await store.write([put('node', 'profile', 'phone'), put('object', 'hash', 'sector')], 'strict')
      store.close()
      const reopened = await open()
      same(await reopened.read('node', utf8('profile')), utf8('phone'))
      same(await reopened.read('object', utf8('hash')), utf8('sector'))
    },
  },
  {
    name: 'refuses every write of an opening that a newer one has superseded',
    async run(open) {
      const old = await open()
      await old.write([put('raft', 'term', '1')], 'strict')
      const current = await open()
      await current.write([put('raft', 'term', '2')], 'strict')
      const refusals = await Promise.allSettled([
        old.write([put('raft', 'term', '1 again')], 'strict'),
        old.write([put('state', 'queued behind it', 'x')], 'relaxed'),
        old.write([{ kind: 'deleteAll', table: 'raft', prefix: new Uint8Array() }], 'strict'),
      ])
      for (const refusal of refusals) is(nameOf(refusal), 'StoreSupersededError')
      is((await old.closed).name, 'StoreSupersededError')
      same(await current.read('raft', utf8('term')), utf8('2'))
      same(await current.read('state', utf8('queued behind it')), null)
      await current.write([put('raft', 'term', '3')], 'strict')
      same(await current.read('raft', utf8('term')), utf8('3'))
    },
  },
  {
    name: 'says that it is closed, to writers and to who waits for it',
    async run(open) {
      const store = await open()
      store.close()
      const [refusal] = await Promise.allSettled([store.write([put('state', 'a', 'b')], 'strict')])
      is(nameOf(refusal), 'StoreClosedError')
      is((await store.closed).name, 'StoreClosedError')
    },
  },
  {
    name: 'tells how much is used of how much',
    async run(open) {
      const store = await open()
      const { usedBytes, quotaBytes } = await store.usage()
      claim(usedBytes >= 0 && quotaBytes > usedBytes, `0 <= ${usedBytes} < ${quotaBytes}`)
    },
  },
]

const put = (table: Table, key: string, value: string): Change => ({
  kind: 'put',
  table,
  key: utf8(key),
  value: utf8(value),
})

function claim(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`the store broke: ${what}`)
}
function is<T extends string | number>(actual: T, expected: T): void {
  claim(actual === expected, `expected ${expected}, got ${actual}`)
}
function same(actual: Bytes | null, expected: Bytes | null): void {
  const isSame = actual && expected ? equal(actual, expected) : actual === expected
  claim(isSame, `expected ${expected && toHex(expected).slice(0, 80)}, got ${actual && toHex(actual).slice(0, 80)}`)
}
const nameOf = (settled: PromiseSettledResult<void>): string =>
  settled.status === 'rejected' ? (settled.reason as Error).name : 'no error'
