/**
 * Files opened from the tree: whatever is in them reaches nothing of the tree, nothing of its host, and nobody else.
 */
import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { contentHeaders } from '../src/edge/web/headers.ts'
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { downloadFile, openFile, rowOf } from './tool/files.ts'
import { type HostileFile, hostileFiles } from './tool/hostile.ts'
import { plant } from './tool/planting.ts'
import { type Stranger, openStranger } from './tool/stranger.ts'
import { addText, isServed, itemNamed, nodeOf, snapshotOf } from './tool/tree.ts'

/** What the browser itself writes down about each attempt that it stops. */
const stopped = /securitypolicyviolation|Content Security Policy|sandboxed|Blocked script execution|\/t\/|XSLT/

async function openTree(page: Page): Promise<string> {
  await isServed(page)
  return (await snapshotOf(page)).tree.rootId
}

/** What a script would find at hand in an opened file, if one ran; asked by the test's own way in. */
const reachOf = (tab: Page, home: string): Promise<Readonly<Record<string, string>>> =>
  tab.evaluate(async (home) => {
    const tried = async (reach: () => unknown): Promise<string> => {
      try {
        await reach()
        return 'reached'
      } catch (error) {
        return (error as Error).name
      }
    }
    return {
      origin: self.origin,
      ran: String(document.querySelector('[data-ran]') !== null),
      opener: String(window.opener),
      referrer: document.referrer,
      indexedDB: await tried(() => indexedDB.open('blocktree-main')),
      localStorage: await tried(() => localStorage.length),
      caches: await tried(() => caches.keys()),
      cookie: await tried(() => document.cookie),
      serviceWorker: await tried(() => navigator.serviceWorker.controller),
      locks: await tried(() => navigator.locks.query()),
      home: await tried(() => fetch(home)),
      worker: await tried(() => new Worker(`${home}service.worker.js`)),
    }
  }, home)
const nothing = {
  origin: 'null',
  ran: 'false',
  opener: 'null',
  referrer: '',
  indexedDB: 'SecurityError',
  localStorage: 'SecurityError',
  caches: 'SecurityError',
  cookie: 'SecurityError',
  serviceWorker: 'SecurityError',
  locks: 'SecurityError',
  home: 'TypeError',
  worker: 'SecurityError',
}

test.describe('files of others', () => {
  let stranger: Stranger
  test.beforeEach(async () => {
    stranger = await openStranger()
  })
  test.afterEach(() => stranger.close())

  test('do what they are made for where nothing holds them back', async ({ profile, baseURL, problems }) => {
    test.setTimeout(120_000)
    problems.allow(/./)
    const files = hostileFiles(stranger.origin, baseURL!)
    const naked = await openStranger(new Map(files.map((file) => [`/${file.name}`, file])))
    for (const file of files) {
      if (file.reaches.length === 0) continue
      const wanted = file.reaches.map((path) => `GET /${path}`)
      // A file that sends its tab elsewhere may do so before all that it names was asked for; then it is opened again. Tabs stay
      // open: a browser that closes one which still goes somewhere sometimes refuses to open the next.
      await expect(async () => {
        const tab = await profile.context.newPage()
        await tab.goto(`${naked.origin}/${file.name}`, { waitUntil: 'commit' })
        await expect.poll(() => stranger.requests, { timeout: 5000 }).toEqual(expect.arrayContaining(wanted))
      }).toPass({ timeout: 40_000 })
    }
    await naked.close()
  })

  test('reach nothing when they are opened', async ({ tabs, baseURL, problems, requests }) => {
    test.setTimeout(120_000)
    problems.allow(stopped)
    problems.allow(/404.*(favicon\.ico|fence)/)
    const page = await tabs.open()
    const rootId = await openTree(page)
    const files = hostileFiles(stranger.origin, baseURL!)
    for (const { name, body } of files) await addText(page, rootId, name, body)
    const askedBefore = requests.length

    for (const file of files) {
      const tab = await openFile(page, file.name)
      expect(tab.url()).toBe(`${baseURL}t/${(await itemNamed(page, file.name))!.id}`)
      // A browser shows PDF by a program of its own, which is no page that could be asked.
      if (file.type !== 'application/pdf') {
        await hasSettled(tab, file)
        expect.soft(await reachOf(tab, baseURL!), file.name).toEqual(nothing)
      }
      await tab.close()
    }

    // Whoever came later than these two would have come first.
    const fence = await tabs.context.newPage()
    await fence.goto(`${stranger.origin}/fence`)
    await page.evaluate(() => fetch('fence'))
    await expect.poll(() => stranger.requests).toContain('GET /fence')
    expect(stranger.requests.filter((request) => request !== 'GET /favicon.ico')).toEqual(['GET /fence'])
    // The browser asks by itself for a newer program after opening any address, and for a picture beside a PDF; neither
    // tells what was opened.
    const own = ['GET /service.worker.js', 'GET /favicon.ico']
    expect(requests.slice(askedBefore).filter((request) => !own.includes(request))).toEqual(['GET /fence'])
  })
})

/** Clicks what waits for a click, and waits until the page has nothing more to load. */
async function hasSettled(tab: Page, file: HostileFile): Promise<void> {
  if (file.name === 'attack.html') {
    await tab.locator('#ping').click()
    for (const id of ['#form', '#away'])
      await tab.evaluate((id) => document.querySelector<HTMLFormElement>(id)!.submit(), id)
  }
  await tab.waitForLoadState('networkidle')
  // A browser shows nothing of a text whose transformation it was not given.
  if (!/^(style|transform)/.test(file.name)) await expect(tab.getByText('shown').first()).toBeVisible()
  expect(await tab.evaluate(() => [...document.images].filter(({ naturalWidth }) => naturalWidth > 0).length)).toBe(0)
}

test('a file comes with its name, in parts, and is kept by nobody', async ({ tabs, baseURL, problems }) => {
  problems.allow(/\/t\//)
  const page = await tabs.open()
  const rootId = await openTree(page)
  const text = 'naïve 文書 🌳\n'.repeat(20_000)
  const name = 'naïve 文書 “x” (1).txt'
  await addText(page, rootId, name, text)
  const download = await downloadFile(page, name)
  expect(download.suggestedFilename()).toBe(name)
  expect(await readFile(await download.path(), 'utf8')).toBe(text)

  const address = `${baseURL}t/${(await itemNamed(page, name))!.id}`
  const tab = await tabs.context.newPage()
  const shown = (await tab.goto(address))!
  expect(shown.fromServiceWorker()).toBe(true)
  for (const [header, value] of Object.entries(contentHeaders))
    expect(shown.headers()[header.toLowerCase()]).toBe(value)
  await expect(tab.getByText('naïve 文書 🌳').first()).toBeVisible()

  const octets = new TextEncoder().encode(text)
  const asked = await page.evaluate(async (address) => {
    const answers = [{ method: 'HEAD' }, { headers: { Range: 'bytes=7-70006' } }, { headers: { Range: 'bytes=-9' } }]
    return Promise.all(
      answers.map(async (init) => {
        const response = await fetch(address, init)
        const { headers, status } = response
        const [length, range, cache] = ['Content-Length', 'Content-Range', 'Cache-Control'].map((each) =>
          headers.get(each),
        )
        return { status, length, range, cache, octets: [...new Uint8Array(await response.arrayBuffer())] }
      }),
    )
  }, address)
  const size = octets.length
  const cache = 'no-store'
  expect(asked).toEqual([
    { status: 200, length: `${size}`, range: null, cache, octets: [] },
    { status: 206, length: '70000', range: `bytes 7-70006/${size}`, cache, octets: [...octets.subarray(7, 70_007)] },
    {
      status: 206,
      length: '9',
      range: `bytes ${size - 9}-${size - 1}/${size}`,
      cache,
      octets: [...octets.subarray(-9)],
    },
  ])
  const kept = await page.evaluate(async () => {
    const stores = await Promise.all((await caches.keys()).map((key) => caches.open(key)))
    const requests = await Promise.all(stores.map((store) => store.keys()))
    return requests.flat().map(({ url }) => url)
  })
  expect(kept.length).toBeGreaterThan(2)
  expect(kept.filter((url) => url.includes('/t/'))).toEqual([])
})

test('a download that cannot be had leaves the page as it is, and says why', async ({ tabs, baseURL, problems }) => {
  problems.allow(/503.*\/t\//)
  const page = await tabs.open()
  const rootId = await openTree(page)
  const id = await addText(page, rootId, 'gone.txt', 'no longer there')
  await expect(rowOf(page, 'gone.txt')).toBeVisible()
  // The page is behind: it still shows what another tab has deleted for good.
  const node = await nodeOf(page)
  await page.evaluate(() => {
    const shell = document.querySelector('bt-shell')!
    const { model } = shell
    Object.defineProperty(shell, 'model', { get: () => model, set: () => {} })
  })
  await node.evaluate(async ({ api }, id) => {
    await api.trash(crypto.randomUUID(), id)
    await api.purge(crypto.randomUUID(), id)
  }, id)
  await rowOf(page, 'gone.txt').click()
  await page.locator('bt-item-sheet').getByRole('button', { name: 'Download', exact: true }).click()
  await expect(page.getByRole('list').getByText('This file is not there any more.')).toBeVisible()
  await expect(rowOf(page, 'gone.txt')).toBeVisible()

  // Where such an address is opened by itself, the way back is there.
  const tab = await tabs.context.newPage()
  await tab.goto(`${baseURL}t/${id}?as=phone`)
  await tab.getByRole('link', { name: 'Back to your tree' }).click()
  await expect(tab.getByRole('tree')).toBeVisible()
  expect(tab.url()).toBe(`${baseURL}#as=phone`)
})

test(
  'with no tab open the service worker answers from what the device holds, and says so',
  { tag: '@wide' },
  async ({ profile, baseURL, requests, problems }) => {
    problems.allow(/404.*nosuchfile/)
    const page = await profile.open()
    const rootId = await openTree(page)
    await virtualAuthenticator(page)
    await plant(page, { owner: 'Ada' })
    const root = (await snapshotOf(page)).tree.rootId
    expect(root).not.toBe(rootId)
    const text = 'held by this device\n'.repeat(9000)
    const id = await addText(page, root, 'held.txt', text)
    const address = `${baseURL}t/${id}`
    const fresh = await profile.context.newPage()
    expect((await fresh.goto(address))!.headers()).not.toHaveProperty('blocktree-may-be-stale')

    // Also after a start of the browser, when no thread of the tree has ever run.
    for (const leave of [() => page.close(), () => profile.reopen()]) {
      await leave()
      const askedBefore = requests.length
      const alone = await profile.context.newPage()
      const answer = (await alone.goto(address))!
      expect(answer.status()).toBe(200)
      expect(answer.headers()['blocktree-may-be-stale']).toBeTruthy()
      expect(answer.headers()['content-security-policy']).toContain('sandbox')
      expect(await alone.evaluate(() => document.body.textContent)).toBe(text)
      expect(requests.slice(askedBefore).filter((request) => request.includes('/t/'))).toEqual([])
      expect(profile.context.pages().flatMap((tab) => tab.workers())).toEqual([])
      await alone.close()
    }
    // What is not there is said in a sentence, not asked of the host.
    const alone = await profile.context.newPage()
    expect((await alone.goto(`${baseURL}t/nosuchfile`))!.status()).toBe(404)
    await expect(alone.getByText(/\w+ .*\./)).toBeVisible()
    expect(requests.filter((request) => request.includes('/t/'))).toEqual([])
  },
)

test(
  'without a service worker in charge the page says why it opens nothing',
  { tag: '@wide' },
  async ({ tabs, requests }) => {
    const page = await tabs.open()
    const rootId = await openTree(page)
    await addText(page, rootId, 'waiting.txt', 'shown')
    // As a person does by holding Shift.
    const devtools = await tabs.context.newCDPSession(page)
    await devtools.send('Page.reload', { ignoreCache: true })
    await page.waitForFunction(() => navigator.serviceWorker.controller === null)
    await snapshotOf(page)
    await rowOf(page, 'waiting.txt').click()
    await page.locator('bt-item-sheet').getByRole('button', { name: 'Open', exact: true }).click()
    await expect(
      page.getByRole('list').getByText(/service worker.*not in charge of this tab yet: reload/),
    ).toBeVisible()
    expect(tabs.context.pages().filter((tab) => tab.url().includes('/t/'))).toEqual([])
    expect(requests.filter((request) => request.includes('/t/'))).toEqual([])
    await page.locator('bt-notices').getByRole('button', { name: 'Reload' }).click()
    await isServed(page)
    const tab = await openFile(page, 'waiting.txt')
    await expect(tab.getByText('shown')).toBeVisible()
  },
)
