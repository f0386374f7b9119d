/**
 * The store over IndexedDB in a real browser: the suite of every store, and what only this one can get wrong.
 */
import { fileURLToPath } from 'node:url'
import { type Page, expect, test } from '@playwright/test'
import { build } from 'vite'
import { storeCases } from '../src/port/testing/store-suite.ts'
import type { StoreBench } from './store.entry.ts'

declare const bench: StoreBench

let script: string
test.beforeAll(async () => {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      lib: { entry: fileURLToPath(new URL('store.entry.ts', import.meta.url)), formats: ['es'] },
    },
  })
  const [output] = Array.isArray(built) ? built : [built]
  script = 'output' in output! ? output.output[0].code : ''
})

test.beforeEach(async ({ page }) => {
  await page.route('https://store.example/', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
  )
  await page.goto('https://store.example/')
  await page.addScriptTag({ type: 'module', content: script })
  await page.waitForFunction(() => 'bench' in globalThis)
})

test('does what every store must do', async ({ page }) => {
  expect(storeCases.length).toBeGreaterThan(0)
  for (const { name } of storeCases)
    await test.step(name, async () => {
      expect.soft(await page.evaluate((name) => bench.runCase(name), name), name).toBe('passed')
    })
})

test('passes on how durable a write is to be', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const seen: string[] = []
    const { transaction } = IDBDatabase.prototype
    IDBDatabase.prototype.transaction = function (stores, mode, options) {
      if (mode === 'readwrite') seen.push(`${[stores].flat().join()} ${options?.durability}`)
      return transaction.call(this, stores, mode, options)
    }
    const store = await bench.openStore({ profile: 'p', deviceKey: await bench.makeKey() })
    const put = (table: 'raft' | 'log' | 'object') =>
      ({ kind: 'put', table, key: bench.octets('k'), value: bench.octets('v') }) as const
    await store.write([put('raft'), put('log')], 'strict')
    await store.write([put('object')], 'relaxed')
    return seen
  })
  expect(seen.filter((write) => !write.startsWith('filler'))).toEqual([
    'owner strict',
    'owner,raft,log strict',
    'owner,object relaxed',
  ])
})

test('changes nothing where one of the changes can not be stored at all', async ({ page }) => {
  const found = await page.evaluate(async () => {
    const store = await bench.openStore({ profile: 'p', deviceKey: await bench.makeKey() })
    const put = (key: string, value: string) =>
      ({ kind: 'put', table: 'object', key: bench.octets(key), value: bench.octets(value) }) as const
    await store.write([put('a', 'before')], 'strict')
    const { put: putInto } = IDBObjectStore.prototype
    let count = 0
    IDBObjectStore.prototype.put = function (value, key) {
      if (this.name === 'object' && ++count === 2) throw new DOMException('out of memory', 'DataCloneError')
      return putInto.call(this, value, key)
    }
    const failed = await store.write([put('a', 'after'), put('b', 'after')], 'strict').then(
      () => 'written',
      () => 'failed',
    )
    IDBObjectStore.prototype.put = putInto
    const rows = await store.readMany('object', [bench.octets('a'), bench.octets('b')])
    const values = rows.map((row) => row && new TextDecoder().decode(row))
    await store.write([put('b', 'later')], 'strict')
    return { failed, values }
  })
  expect(found).toEqual({ failed: 'failed', values: ['before', null] })
})

test('seals the rows of a large write in slices, between which the thread is free', async ({ page }) => {
  const found = await page.evaluate(async () => {
    const store = await bench.openStore({ profile: 'p', deviceKey: await bench.makeKey() })
    const { encrypt } = SubtleCrypto.prototype
    const sealed = { atOnce: 0, mostAtOnce: 0 }
    SubtleCrypto.prototype.encrypt = async function (...all) {
      sealed.mostAtOnce = Math.max(sealed.mostAtOnce, ++sealed.atOnce)
      return encrypt.apply(this, all).finally(() => sealed.atOnce--)
    }
    const value = bench.octets('value')
    const rows = Array.from({ length: 3000 }, (_, at) => {
      return { kind: 'put', table: 'state', key: bench.octets(`${at}`), value } as const
    })
    await store.write(rows, 'strict')
    SubtleCrypto.prototype.encrypt = encrypt
    return { ...sealed, count: (await store.scan('state', bench.octets(''), 5000)).length }
  })
  expect(found).toEqual({ atOnce: 0, mostAtOnce: 256, count: 3000 })
})

test('leaves nothing readable at rest, and refuses rows that were changed or moved', async ({ page }) => {
  const found = await page.evaluate(async () => {
    const deviceKey = await bench.makeKey()
    const store = await bench.openStore({ profile: 'p', deviceKey })
    const marker = 'names of everything that grows'
    const tables = ['node', 'raft', 'log', 'state', 'staging', 'holding', 'outbox', 'object'] as const
    await store.write(
      tables.flatMap((table) =>
        ['first', 'second'].map((key) => ({
          kind: 'put' as const,
          table,
          key: bench.octets(key),
          value: bench.octets(marker),
        })),
      ),
      'strict',
    )
    const raw = await bench.rawDatabase('p')
    const readable: string[] = []
    for (const table of tables) {
      const row = await bench.settled(raw.transaction(table).objectStore(table).get(bench.octets('first')))
      if (new TextDecoder('latin1').decode(row).includes(marker)) readable.push(table)
    }
    const replace = async (key: string, change: (row: Uint8Array) => Uint8Array): Promise<void> => {
      const rows = raw.transaction('state', 'readwrite').objectStore('state')
      const row = await bench.settled(rows.get(bench.octets('first')))
      await bench.settled(rows.put(change(row), bench.octets(key)))
    }
    const errors: string[] = []
    const read = (): Promise<string> => bench.nameOfError(store.read('state', bench.octets('second')))
    errors.push(await read())
    await replace('second', (row) => row)
    errors.push(await read())
    for (const at of [0, 12, 20, -1]) {
      await replace('second', (row) => row.with(at, row.at(at)! ^ 1))
      errors.push(await read())
    }
    await replace('second', (row) => row.subarray(0, 5))
    errors.push(await read(), await bench.nameOfError(store.scan('state', new Uint8Array(), 9)))
    const other = (await bench.openStoreReadOnly('p', bench.makeKey))!
    errors.push(await bench.nameOfError(other.read('node', bench.octets('first'))))
    return { readable, errors }
  })
  // The control: what is not sealed here is found by the same search.
  expect(found.readable).toEqual(['object'])
  expect(found.errors).toEqual(['none', ...Array.from({ length: 8 }, () => 'StoreDamagedError')])
})

test('says that the disk is full, keeps nothing of that write, and goes on when there is room', async ({ page }) => {
  const setQuota = await quotaOf(page)
  await setQuota(20_000_000)
  await page.evaluate(async () => {
    const store = await bench.openStore({ profile: 'p', deviceKey: await bench.makeKey() })
    Object.assign(globalThis, { store })
  })
  const write = (sizeBytes: number): Promise<string> =>
    page.evaluate((sizeBytes) => {
      const { store } = globalThis as never as { store: Awaited<ReturnType<StoreBench['openStore']>> }
      const value = bench.noise(sizeBytes)
      return bench.nameOfError(
        store.write(
          [
            { kind: 'put', table: 'state', key: bench.octets('small'), value: bench.octets('x') },
            { kind: 'put', table: 'object', key: bench.octets('large'), value },
          ],
          'strict',
        ),
      )
    }, sizeBytes)
  expect(await write(24_000_000)).toBe('StoreFullError')
  const kept = await page.evaluate(() => {
    const { store } = globalThis as never as { store: Awaited<ReturnType<StoreBench['openStore']>> }
    return store.read('state', bench.octets('small'))
  })
  expect(kept).toBeNull()
  expect(await write(1000)).toBe('none')
  await setQuota(undefined)
  expect(await write(24_000_000)).toBe('none')
})

test('objects leave room for what deletes them', async ({ page }) => {
  const setQuota = await quotaOf(page)
  await setQuota(200_000_000)
  const fates = await page.evaluate(async () => {
    const store = await bench.openStore({ profile: 'p', deviceKey: await bench.makeKey() })
    const put = (table: 'object' | 'log', at: number, sizeBytes: number) =>
      ({ kind: 'put', table, key: bench.octets(`${at}`), value: bench.noise(sizeBytes) }) as const
    let count = 0
    let objects = 'none'
    for (const sizeBytes of [4_000_000, 100_000, 4000])
      for (objects = 'none'; count < 500 && objects === 'none'; count++)
        objects = await bench.nameOfError(store.write([put('object', count, sizeBytes)], 'strict'))
    return { count, objects, log: await bench.nameOfError(store.write([put('log', 0, 1_000_000)], 'strict')) }
  })
  expect(fates).toMatchObject({ objects: 'StoreFullError', log: 'none' })
  expect(fates.count).toBeGreaterThan(40)
})

for (const [what, table, durability] of [
  ['of the log', 'log', 'strict'],
  ['that nobody waits for', 'holding', 'noted'],
] as const)
  test(`writes nothing more after a failed write ${what}`, async ({ page }) => {
    const setQuota = await quotaOf(page)
    await setQuota(3_000_000)
    await page.evaluate(async () => {
      const deviceKey = await bench.makeKey()
      Object.assign(globalThis, { deviceKey, store: await bench.openStore({ profile: 'p', deviceKey }) })
    })
    const errors = await page.evaluate(
      async ([table, durability]) => {
        const { store } = globalThis as never as { store: Awaited<ReturnType<StoreBench['openStore']>> }
        const put = (table: 'log' | 'state' | 'holding', sizeBytes: number) =>
          ({ kind: 'put', table, key: bench.octets('k'), value: new Uint8Array(sizeBytes).fill(7) }) as const
        const writes = [
          store.write([put(table, 8_000_000)], durability),
          store.write([put('state', 1)], 'relaxed'),
          store.write([put('log', 1)], 'strict'),
        ]
        const names = await Promise.all(writes.map(bench.nameOfError))
        return [...names, (await store.closed).name, String(await store.read('state', bench.octets('k')))]
      },
      [table, durability] as const,
    )
    expect(errors).toEqual(['StoreFullError', 'StoreClosedError', 'StoreClosedError', 'StoreFullError', 'null'])
    await setQuota(undefined)
    const reopened = await page.evaluate(async () => {
      const { deviceKey } = globalThis as never as { deviceKey: CryptoKey }
      const store = await bench.openStore({ profile: 'p', deviceKey })
      const value = bench.octets('v')
      return bench.nameOfError(store.write([{ kind: 'put', table: 'log', key: bench.octets('k'), value }], 'strict'))
    })
    expect(reopened).toBe('none')
  })

test('refuses a database of a newer program, to write and to read', async ({ page }) => {
  const errors = await page.evaluate(async () => {
    ;(await bench.rawDatabase('p', 99)).close()
    const deviceKey = await bench.makeKey()
    return [
      await bench.nameOfError(bench.openStore({ profile: 'p', deviceKey })),
      await bench.nameOfError(bench.openStoreReadOnly('p', async () => deviceKey)),
    ]
  })
  expect(errors).toEqual(['StoreTooNewError', 'StoreTooNewError'])
})

test('lets go of the database for one who deletes it, and says so', async ({ page }) => {
  const told = await page.evaluate(async () => {
    const deviceKey = await bench.makeKey()
    const store = await bench.openStore({ profile: 'p', deviceKey })
    const reader = (await bench.openStoreReadOnly('p', async () => deviceKey))!
    await bench.settled(indexedDB.deleteDatabase('blocktree-p'))
    const value = bench.octets('v')
    const write = store.write([{ kind: 'put', table: 'state', key: bench.octets('k'), value }], 'strict')
    return [
      (await store.closed).name,
      (await reader.closed).name,
      await bench.nameOfError(write),
      await bench.nameOfError(reader.read('state', bench.octets('k'))),
    ]
  })
  expect(told).toEqual(Array.from({ length: 4 }, () => 'StoreClosedError'))
})

test('tells that the browser took the data away', async ({ page }) => {
  await page.evaluate(async () => {
    const store = await bench.openStore({ profile: 'p', deviceKey: await bench.makeKey() })
    Object.assign(globalThis, { told: store.closed.then(({ name }) => name) })
  })
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Storage.clearDataForOrigin', { origin: 'https://store.example', storageTypes: 'indexeddb' })
  expect(await page.evaluate(() => (globalThis as never as { told: Promise<string> }).told)).toBe('StoreClosedError')
})

test('reads beside a writer without taking the profile from it, and makes no database', async ({ page }) => {
  const told = await page.evaluate(async () => {
    const deviceKey = await bench.makeKey()
    const before = await bench.openStoreReadOnly('p', async () => deviceKey)
    const databaseCount = (await indexedDB.databases()).length
    const store = await bench.openStore({ profile: 'p', deviceKey })
    const reader = (await bench.openStoreReadOnly('p', async () => deviceKey))!
    const key = bench.octets('k')
    await store.write([{ kind: 'put', table: 'state', key, value: bench.octets('v') }], 'strict')
    const read = new TextDecoder().decode((await reader.read('state', key))!)
    return { before, databaseCount, read, canWrite: 'write' in reader }
  })
  expect(told).toEqual({ before: null, databaseCount: 0, read: 'v', canWrite: false })
})

/**
 * Before the first write: Chromium asks what is left once, and counts down by itself for a while.
 * @returns sets how much the page's origin may store; undefined lifts it
 */
async function quotaOf(page: Page): Promise<(quotaSize: number | undefined) => Promise<unknown>> {
  const devtools = await page.context().newCDPSession(page)
  return (quotaSize) =>
    devtools.send('Storage.overrideQuotaForOrigin', {
      origin: 'https://store.example',
      ...(quotaSize === undefined ? {} : { quotaSize }),
    })
}
