/**
 * All threads of the built site at work: page, node worker, service worker, and the disk below them.
 */
import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import type { NodeConnection } from '../src/edge/tab/page.ts'
import { contentHeaders, pageHeaders } from '../src/edge/web/headers.ts'
import type { Item } from '../src/node/api.ts'
import { type Tabs, expect, test } from './fixture.ts'

/** Opens the page and waits until its node answers and the service worker serves it. */
async function open(tabs: Tabs): Promise<Page> {
  const page = await tabs.open()
  await isServed(page)
  return page
}
async function isServed(page: Page): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated')
  await itemsOf(page)
}
const itemsOf = (page: Page): Promise<readonly Item[]> =>
  page.evaluate(() => {
    const { node } = document.querySelector('bt-shell') as unknown as { node: NodeConnection }
    return new Promise<readonly Item[]>((resolve) => {
      const stop = node.watch((event) => {
        if (event.kind !== 'snapshot') return
        queueMicrotask(() => stop())
        resolve(event.items)
      })
    })
  })
const rootOf = async (page: Page): Promise<string> =>
  (await itemsOf(page)).find(({ parentId }) => parentId === null)!.id
async function createFolder(page: Page, name: string): Promise<string> {
  const rootId = await rootOf(page)
  return page.evaluate(
    async ([rootId, name]) => {
      const { node } = document.querySelector('bt-shell') as unknown as { node: NodeConnection }
      return node.api.createFolder(crypto.randomUUID(), rootId, name)
    },
    [rootId, name] as const,
  )
}
/** Adds a file whose octet at position p is p mod 251. */
async function addFile(page: Page, name: string, sizeBytes: number): Promise<string> {
  const rootId = await rootOf(page)
  return page.evaluate(
    async ({ rootId, name, sizeBytes }) => {
      const { node } = document.querySelector('bt-shell') as unknown as { node: NodeConnection }
      const content = Uint8Array.from({ length: sizeBytes }, (_, at) => at % 251)
      return node.api.addFile(crypto.randomUUID(), rootId, name, new Blob([content]))
    },
    { rootId, name, sizeBytes },
  )
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly sizeBytes: number
  /** Position of the first octet that is not as `addFile` made it; -1 where all are. */
  readonly wrongAt: number
}
/** Fetches content from inside the page. @param startByte where in the file the answer is to begin */
const fetchContent = (
  page: Page,
  address: string,
  headers: Record<string, string> = {},
  startByte = 0,
): Promise<Answer> =>
  page.evaluate(
    async ({ address, headers, startByte }) => {
      const response = await fetch(address, { headers })
      const octets = new Uint8Array(await response.arrayBuffer())
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        sizeBytes: octets.length,
        wrongAt: octets.findIndex((octet, at) => octet !== (startByte + at) % 251),
      }
    },
    { address, headers, startByte },
  )

test('page, node, strict write, and back after a reload', async ({ tabs }) => {
  const page = await open(tabs)
  const worker = page.workers()[0]!
  await worker.evaluate(() => {
    const seen: string[] = []
    const { transaction } = IDBDatabase.prototype
    IDBDatabase.prototype.transaction = function (stores, mode, options) {
      const tables = [stores].flat()
      if (mode === 'readwrite' && (tables.includes('raft') || tables.includes('log')))
        seen.push(`${options?.durability}`)
      return transaction.call(this, stores, mode, options)
    }
    Object.assign(globalThis, { seen })
  })
  const id = await createFolder(page, 'kept')
  await addFile(page, 'a file', 200_000)
  const seen = await worker.evaluate(() => (globalThis as never as { seen: string[] }).seen)
  expect(seen.length).toBeGreaterThan(0)
  expect(new Set(seen)).toEqual(new Set(['strict']))
  await page.reload()
  expect((await itemsOf(page)).find((item) => item.id === id)?.name).toBe('kept')
})

test('sends the strict headers from the host and from the service worker alike', async ({ tabs, baseURL }) => {
  const page = await open(tabs)
  const scripts = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => /\.(js|css)$/.test(name)),
  )
  for (const address of [baseURL!, ...scripts.filter((name) => !name.includes('service.worker'))]) {
    const fromHost = (await tabs.context.request.get(address)).headers()
    await tabs.context.setOffline(true)
    const fromWorker = await page.evaluate(async (url) => Object.fromEntries((await fetch(url)).headers), address)
    await tabs.context.setOffline(false)
    for (const [name, value] of Object.entries(pageHeaders)) {
      expect.soft(fromHost[name.toLowerCase()], `${name} of ${address} from the host`).toBe(value)
      expect.soft(fromWorker[name.toLowerCase()], `${name} of ${address} from the service worker`).toBe(value)
    }
  }
  await page.reload()
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
})

test.describe('content', () => {
  test('comes whole, in parts and as a download, sandboxed', async ({ tabs, problems }) => {
    problems.allow(/status of (404|416)/)
    const page = await open(tabs)
    const sizeBytes = 3_000_001
    const id = await addFile(page, 'naïve (1).html', sizeBytes)
    const whole = await fetchContent(page, `t/${id}`)
    expect(whole).toMatchObject({ status: 200, sizeBytes, wrongAt: -1 })
    for (const [name, value] of Object.entries(contentHeaders)) expect(whole.headers[name.toLowerCase()]).toBe(value)
    expect(whole.headers['content-type']).toBe('text/html; charset=utf-8')

    const part = await fetchContent(page, `t/${id}`, { Range: 'bytes=1000000-1999999' }, 1_000_000)
    expect(part).toMatchObject({ status: 206, sizeBytes: 1_000_000, wrongAt: -1 })
    expect(part.headers['content-range']).toBe(`bytes 1000000-1999999/${sizeBytes}`)
    const end = await fetchContent(page, `t/${id}`, { Range: 'bytes=-5' }, sizeBytes - 5)
    expect(end).toMatchObject({ status: 206, sizeBytes: 5, wrongAt: -1 })
    expect((await fetchContent(page, `t/${id}`, { Range: `bytes=${sizeBytes}-` })).status).toBe(416)
    expect((await fetchContent(page, 't/nosuchfile')).status).toBe(404)

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.evaluate((id) => {
        const link = document.createElement('a')
        link.href = `t/${id}?download`
        link.click()
      }, id),
    ])
    expect(download.suggestedFilename()).toBe('naïve (1).html')
    const saved = await readFile(await download.path())
    expect(saved.length).toBe(sizeBytes)
    expect(saved.findIndex((octet, at) => octet !== at % 251)).toBe(-1)
  })

  test('never comes from the host', async ({ tabs, requests, problems }) => {
    problems.allow(/status of (404|405)/)
    const page = await open(tabs)
    const tab = await tabs.open('t/nosuchfile')
    expect(await tab.textContent('body')).toContain('not there')
    expect(await tab.evaluate(() => origin)).toBe('null')
    await page.evaluate(() => fetch('t/nosuchfile', { method: 'POST', body: 'x' }))
    expect(requests.filter((request) => request.includes('/t/'))).toEqual([])
    // The control: what is asked of the host is counted.
    await page.evaluate(() => fetch('t', { cache: 'no-store' }))
    expect(requests).toContain('GET /t')
  })

  test('goes on when the tab that hosts the node closes in the middle', { tag: '@wide' }, async ({ tabs }) => {
    const host = await open(tabs)
    const sizeBytes = 12_000_000
    const id = await addFile(host, 'a.bin', sizeBytes)
    const guest = await open(tabs)
    await guest.evaluate(async (id) => {
      const reader = (await fetch(`t/${id}`)).body!.getReader()
      const first = await reader.read()
      Object.assign(window, { reader, octets: [first.value] })
    }, id)
    await host.close()
    const read = await guest.evaluate(async () => {
      const { reader, octets } = window as never as {
        reader: ReadableStreamDefaultReader<Uint8Array>
        octets: Uint8Array<ArrayBuffer>[]
      }
      for (let next = await reader.read(); !next.done; next = await reader.read()) octets.push(next.value as never)
      const whole = new Uint8Array(await new Blob(octets).arrayBuffer())
      return { sizeBytes: whole.length, wrongAt: whole.findIndex((octet, at) => octet !== at % 251) }
    })
    expect(read).toEqual({ sizeBytes, wrongAt: -1 })
  })

  test('comes from what this device holds when no tab has the tree open', async ({ tabs, problems }) => {
    problems.allow(/status of 503/)
    const page = await open(tabs)
    const id = await addFile(page, 'a.txt', 100_000)
    const tab = await tabs.context.newPage()
    const address = new URL(`t/${id}`, page.url()).href
    await page.close()
    const response = await tab.goto(address)
    expect(response?.status()).toBe(200)
    expect(response?.headers()['blocktree-may-be-stale']).toBeDefined()
    expect(response?.headers()['content-security-policy']).toBe(contentHeaders['Content-Security-Policy'])
    // A read by the service worker neither takes the profile from anybody nor makes another.
    const other = await tab.goto(`${address}?as=nobody`)
    expect(other?.status()).toBe(503)
    const again = await open(tabs)
    expect((await itemsOf(again)).map(({ name }) => name)).toContain('a.txt')
    const databases = await again.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))
    expect(databases.filter((name) => name?.includes('nobody'))).toEqual([])
  })
})
