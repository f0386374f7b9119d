/**
 * One node a profile, many tabs: who hosts it, and what becomes of calls when that changes.
 */
import type { Page, Worker } from '@playwright/test'
import type { NodeConnection } from '../src/edge/tab/page.ts'
import type { Item } from '../src/node/api.ts'
import { type Tabs, expect, test } from './fixture.ts'

declare global {
  interface Window {
    /** State and sentence of the page's node, as they came. */
    states: [state: string, sentence: string][]
    items: Map<string, Item>
    rootId: string
    /** How many snapshots the page was given. */
    snapshotCount: number
  }
}

/** Opens a tab that notes what its node says. */
async function openTab(tabs: Tabs, address = './'): Promise<Page> {
  const page = await tabs.open(address)
  await page.evaluate(() => {
    const { node } = document.querySelector('bt-shell') as unknown as { node: NodeConnection }
    window.states = []
    window.items = new Map()
    window.snapshotCount = 0
    node.onState((state, sentence) => window.states.push([state, sentence]))
    node.watch((event) => {
      if (event.kind === 'snapshot') {
        window.snapshotCount++
        window.rootId = event.tree.rootId
        window.items = new Map(event.items.map((item) => [item.id, item]))
      } else if (event.kind === 'changed') for (const item of event.upserted) window.items.set(item.id, item)
    })
  })
  return page
}
const stateOf = (page: Page): Promise<string | undefined> => page.evaluate(() => window.states.at(-1)?.[0])
const isIn = (page: Page, state: string): Promise<void> => expect.poll(() => stateOf(page)).toBe(state)
const namesIn = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...window.items.values()]
      .map(({ name }) => name)
      .filter((name) => /^[a-z] /.test(name))
      .toSorted(),
  )

const createFolder = (page: Page, name: string): Promise<string> =>
  page.evaluate(async (name) => {
    const { node } = document.querySelector('bt-shell') as unknown as { node: NodeConnection }
    return node.api.createFolder(crypto.randomUUID(), window.rootId, name)
  }, name)
const hasSnapshot = (page: Page): Promise<void> =>
  expect.poll(() => page.evaluate(() => window.snapshotCount)).toBeGreaterThan(0)

async function openPair(tabs: Tabs): Promise<[host: Page, guest: Page, worker: Worker]> {
  const host = await openTab(tabs)
  await isIn(host, 'here')
  const guest = await openTab(tabs)
  await isIn(guest, 'elsewhere')
  await Promise.all([hasSnapshot(host), hasSnapshot(guest)])
  return [host, guest, host.workers()[0]!]
}
/** As if the tab had come to the front. */
const comeToFront = (page: Page): Promise<unknown> =>
  page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))

test('two tabs have one node, and each sees what the other does', async ({ tabs }) => {
  const [host, guest] = await openPair(tabs)
  expect(host.workers()).toHaveLength(1)
  expect(guest.workers()).toHaveLength(0)
  await createFolder(guest, 'a by the guest')
  await createFolder(host, 'b by the host')
  for (const page of [host, guest]) await expect.poll(() => namesIn(page)).toEqual(['a by the guest', 'b by the host'])
})

test('two profiles have two nodes', { tag: '@wide' }, async ({ tabs }) => {
  const one = await openTab(tabs)
  await isIn(one, 'here')
  const other = await openTab(tabs, './#as=phone')
  await isIn(other, 'here')
  await Promise.all([hasSnapshot(one), hasSnapshot(other)])
  await createFolder(other, 'a of the phone')
  await expect.poll(() => namesIn(other)).toEqual(['a of the phone'])
  expect(await namesIn(one)).toEqual([])
  expect(await one.evaluate(() => window.rootId)).not.toBe(await other.evaluate(() => window.rootId))
})

test('the host closes: the other tab answers and what was under way ends well', async ({ tabs }) => {
  const [host, guest] = await openPair(tabs)
  const added = guest.evaluate(async () => {
    const { node } = document.querySelector('bt-shell') as unknown as { node: NodeConnection }
    const content = new Blob(Array.from({ length: 20 }, () => new Uint8Array(1 << 20).fill(7)))
    return node.api.addFile(crypto.randomUUID(), window.rootId, 'a large file', content)
  })
  await host.close()
  await createFolder(guest, 'b written after')
  const id = await added
  await isIn(guest, 'here')
  await expect.poll(() => namesIn(guest)).toEqual(['a large file', 'b written after'])
  expect(await guest.evaluate((id) => window.items.get(id)?.sizeBytes, id)).toBe(20 << 20)
})

test('a hidden host hands over to a visible tab, and goes on through it', { tag: '@wide' }, async ({ tabs }) => {
  const [host, guest] = await openPair(tabs)
  await host.evaluate(() => Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true }))
  await comeToFront(guest)
  await isIn(guest, 'here')
  await isIn(host, 'elsewhere')
  expect(host.workers()).toHaveLength(0)
  await createFolder(host, 'a through the new host')
  for (const page of [host, guest]) await expect.poll(() => namesIn(page)).toEqual(['a through the new host'])
})

test('a host that was asked twice leaves no door behind', async ({ tabs }) => {
  const [host, guest] = await openPair(tabs)
  const doors = (): Promise<number> =>
    guest.evaluate(async () => {
      const { held = [] } = await navigator.locks.query()
      return held.filter(({ name }) => name?.startsWith('door:')).length
    })
  await expect.poll(doors).toBe(1)
  await host.evaluate(() => {
    Object.assign(window, { toldCount: 0 })
    navigator.serviceWorker.addEventListener('message', ({ data }) => {
      if (data.kind === 'youAre') (window as never as { toldCount: number }).toldCount++
    })
  })
  await comeToFront(guest)
  await expect.poll(() => host.evaluate(() => (window as never as { toldCount: number }).toldCount)).toBe(1)
  expect(await doors()).toBe(1)
  await host.evaluate(() => Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true }))
  await comeToFront(guest)
  await isIn(guest, 'here')
  await isIn(host, 'elsewhere')
  await createFolder(host, 'a through the new door')
  await expect.poll(() => namesIn(host)).toEqual(['a through the new door'])
  await expect.poll(doors).toBe(1)
})

test('a visible host stays', { tag: '@wide' }, async ({ tabs }) => {
  const [host, guest] = await openPair(tabs)
  const answered = guest.evaluate(
    () =>
      new Promise((resolve) => {
        new BroadcastChannel('node:main').addEventListener(
          'message',
          ({ data }) => data.kind === 'answer' && resolve(data.stays),
        )
      }),
  )
  await comeToFront(guest)
  expect(await answered).toBe(true)
  await createFolder(guest, 'a still elsewhere')
  expect([await stateOf(host), await stateOf(guest)]).toEqual(['here', 'elsewhere'])
})

test('a frozen host is robbed, and what its worker still writes is refused', async ({ tabs }) => {
  const [host, guest, worker] = await openPair(tabs)
  // The worker stops between sealing a record and writing it, until it is told to go on.
  await worker.evaluate(() => {
    const { encrypt } = SubtleCrypto.prototype
    const { transaction } = IDBDatabase.prototype
    const channel = new BroadcastChannel('test')
    const goOn = new Promise((resolve) => {
      channel.addEventListener('message', ({ data }) => data === 'go on' && resolve(null))
    })
    SubtleCrypto.prototype.encrypt = async function (...args) {
      channel.postMessage('held')
      await goOn
      return encrypt.apply(this, args)
    }
    IDBDatabase.prototype.transaction = function (...args) {
      const begun = transaction.apply(this, args)
      begun.addEventListener('abort', () => channel.postMessage('refused'))
      return begun
    }
  })
  await guest.evaluate(() => {
    const channel = new BroadcastChannel('test')
    const heard: unknown[] = []
    channel.addEventListener('message', ({ data }) => heard.push(data))
    Object.assign(window, { heard, channel })
  })
  const heard = (): Promise<string[]> => guest.evaluate(() => (window as never as { heard: string[] }).heard)
  const left = createFolder(host, 'a left behind')
  await expect.poll(heard).toContain('held')
  // The page of the host freezes: it waits for an answer that does not come before the test says so.
  let release = (): void => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  await tabs.context.route('**/frozen', async (route) => {
    await released
    await route.fulfill({ body: '' })
  })
  const frozen = host.evaluate(() => {
    const request = new XMLHttpRequest()
    request.open('GET', 'frozen', false)
    request.send()
  })
  await tabs.context.waitForEvent('request', (request) => request.url().endsWith('/frozen'))
  await comeToFront(guest)
  await isIn(guest, 'here')
  await createFolder(guest, 'b of the new owner')
  expect(await heard()).not.toContain('refused')
  await guest.evaluate(() => (window as never as { channel: BroadcastChannel }).channel.postMessage('go on'))
  await expect.poll(heard).toContain('refused')
  expect(await namesIn(guest)).toEqual(['b of the new owner'])

  // Awake again, the robbed page finds its call unanswered and repeats it where the node is now: it takes effect once.
  release()
  await frozen
  await left
  await isIn(host, 'elsewhere')
  expect(host.workers()).toHaveLength(0)
  for (const page of [host, guest])
    await expect.poll(() => namesIn(page)).toEqual(['a left behind', 'b of the new owner'])
})

test('a worker that dies without a word is started again', { tag: '@wide' }, async ({ tabs }) => {
  const [host, guest, worker] = await openPair(tabs)
  await createFolder(guest, 'a before')
  await worker.evaluate(() => self.close())
  await createFolder(guest, 'b after')
  await isIn(guest, 'elsewhere')
  await isIn(host, 'here')
  for (const page of [host, guest]) await expect.poll(() => namesIn(page)).toEqual(['a before', 'b after'])
  expect(await host.evaluate(() => window.snapshotCount)).toBe(2)
})

test('a worker that fails is started again, and the page says why', async ({ tabs, problems }) => {
  problems.allow(/planted/)
  const [host, , worker] = await openPair(tabs)
  await worker.evaluate(() => {
    setTimeout(() => {
      throw new RangeError('planted')
    })
  })
  await expect
    .poll(() => host.evaluate(() => window.states.map(([, sentence]) => sentence).join()))
    .toContain('planted')
  await isIn(host, 'here')
  await createFolder(host, 'a after')
})

test('a host whose node no longer starts gives it to a tab that can', async ({ tabs }) => {
  const [host, guest, worker] = await openPair(tabs)
  await createFolder(host, 'a before')
  // As after an update that took the old program away.
  await host.evaluate(() => {
    window.Worker = class {
      constructor() {
        throw new TypeError('planted')
      }
    } as never
  })
  await worker.evaluate(() => self.close())
  await isIn(guest, 'here')
  await isIn(host, 'elsewhere')
  await createFolder(host, 'b after')
  for (const page of [host, guest]) await expect.poll(() => namesIn(page)).toEqual(['a before', 'b after'])
})

test('what a closed tab had open is closed at the node', { tag: '@wide' }, async ({ tabs }) => {
  const [host, guest] = await openPair(tabs)
  const openStreams = (page: Page): Promise<string> =>
    page.evaluate(async () => {
      const { node } = document.querySelector('bt-shell') as unknown as { node: NodeConnection }
      const file = [...window.items.values()].find(({ name }) => name === 'a file')!
      try {
        for (let count = 0; count < 300; count++) await node.api.openContent(file.id)
        return 'no bound'
      } catch (error) {
        return (error as { code: string }).code
      }
    })
  await host.evaluate(async () => {
    const { node } = document.querySelector('bt-shell') as unknown as { node: NodeConnection }
    await node.api.addFile(crypto.randomUUID(), window.rootId, 'a file', new Blob(['content']))
  })
  await expect.poll(() => namesIn(guest)).toEqual(['a file'])
  expect(await openStreams(guest)).toBe('tooManyStreams')
  const opens = (): Promise<boolean> =>
    host.evaluate(async () => {
      const { node } = document.querySelector('bt-shell') as unknown as { node: NodeConnection }
      const file = [...window.items.values()].find(({ name }) => name === 'a file')!
      return node.api.openContent(file.id).then(
        () => true,
        () => false,
      )
    })
  expect(await opens()).toBe(false)
  await guest.close()
  await expect.poll(opens).toBe(true)
})
