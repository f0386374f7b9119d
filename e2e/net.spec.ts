/**
 * Two devices in two browsers of their own, which are the same for all journeys and forget each: both lanes directly, through a relay, without one, and against peers and relays of
 * bad faith.
 */
import type { Browser, BrowserContext, Page } from '@playwright/test'
import { expect, isProving, proved } from './fixture.ts'
import type { Attack } from './net/hostile.ts'
import { type Host, ask, dialFrom, happened, happenings, open, test as base } from './net/host.ts'
import type { NetBench } from './net/page.ts'
import type { Dialled, Happening, Manner } from './net/partner.worker.ts'

declare const bench: NetBench

interface Device {
  readonly page: Page
  readonly id: string
  /** Opens a further tab of the same device. @param address relative to the site */
  openTab(address?: string): Promise<Page>
}

interface Fixtures {
  /** In the one browser and in the other by turns. */
  readonly newDevice: () => Promise<Device>
}
interface WorkerFixtures {
  readonly otherBrowser: Browser
}

const test = base.extend<Fixtures, WorkerFixtures>({
  otherBrowser: [
    async ({ playwright, browserName, launchOptions }, use) => {
      const browser = await playwright[browserName].launch({ ...launchOptions, headless: true })
      await use(browser)
      await browser.close()
    },
    { scope: 'worker' },
  ],
  baseURL: ({ host }, use) => use(host.url),
  newDevice: async ({ host, browser, otherBrowser, problems }, use) => {
    const contexts: BrowserContext[] = []
    await use(async () => {
      const context = await [browser, otherBrowser][contexts.length % 2]!.newContext({ baseURL: host.url })
      contexts.push(context)
      await problems.watch(context)
      const openTab = async (address = './'): Promise<Page> => {
        const page = await context.newPage()
        await page.goto(address)
        return page
      }
      const page = await openTab()
      return { page, id: await open(page, host), openTab }
    })
    for (const context of contexts) await context.close()
  },
})

const dial = (from: Device, to: Device, host: Host, manner: Manner = 'honest'): Promise<Dialled> =>
  dialFrom(from.page, to.id, host, manner)

const measured = (description: string): void => void test.info().annotations.push({ type: 'measured', description })
const cut = (page: Page, direct: boolean, relayed: boolean): Promise<void> =>
  page.evaluate(([direct, relayed]) => bench.host!.cut({ direct, relayed }), [direct, relayed] as const)

const dialCount = isProving ? 10 : 3
const pouredMiB = isProving ? 10 : 4

test(
  proved('talks both ways on both lanes, directly, and bulk does not keep control waiting'),
  { tag: '@wide' },
  async ({ host, newDevice }) => {
    const [phone, laptop] = [await newDevice(), await newDevice()]
    const tookMs: number[] = []
    for (let count = 0; count < dialCount; count++) {
      const { code, isRelayed, tookMs: took } = await dial(phone, laptop, host)
      expect([code, isRelayed]).toEqual(['met', false])
      tookMs.push(Math.round(took))
      if (count < dialCount - 1) await phone.page.evaluate(() => bench.partner.hangUp())
      await expect.poll(() => happened(laptop.page, 'closed')).toHaveLength(Math.min(count + 1, dialCount - 1))
    }
    for (const { page } of [phone, laptop])
      for (const lane of ['control', 'bulk'] as const) await ask(page, lane, 100_000)

    for (const turn of ['first', 'second']) {
      const [pouredMs, ...askedMs] = await phone.page.evaluate(
        async (sizeBytes) => {
          const poured = bench.partner.pour(sizeBytes)
          const asked: number[] = []
          let isOver = false
          void poured.finally(() => (isOver = true))
          while (!isOver) asked.push(await bench.partner.ask('control', 10))
          return [await poured, ...asked]
        },
        pouredMiB * 1024 * 1024,
      )
      const sorted = askedMs.toSorted((one, other) => one - other)
      const medianMs = sorted[sorted.length >> 1]!
      const slowestMs = sorted.at(-1)!
      measured(
        `${turn} ${pouredMiB} MiB: ${((pouredMiB * 1000) / pouredMs!).toFixed(1)} MiB/s; control meanwhile ${medianMs.toFixed()} ms, at most ${slowestMs.toFixed()}`,
      )
      // Were it to wait for what is under way on bulk, there would be an answer for every few megabytes.
      expect(askedMs.length).toBeGreaterThan(pouredMiB)
    }
    measured(`${dialCount} dials with their hellos: ${tookMs.join(', ')} ms`)
  },
)

test('goes on without the relay, and is found again when it is back', { tag: '@wide' }, async ({ host, newDevice }) => {
  const [phone, laptop] = [await newDevice(), await newDevice()]
  expect(await dial(phone, laptop, host)).toMatchObject({ code: 'met', isRelayed: false })
  await host.stopRelay()
  await expect.poll(() => happened(phone.page, 'reachable')).toEqual(['1', '0'])
  for (const { page } of [phone, laptop]) for (const lane of ['control', 'bulk'] as const) await ask(page, lane)
  await phone.page.evaluate(() => bench.partner.hangUp())
  await expect.poll(() => happened(laptop.page, 'closed')).toEqual(['peerLeft'])
  expect((await dial(phone, laptop, host)).code).toBe('relaysAway')

  await host.startRelay()
  for (const { page } of [phone, laptop]) await expect.poll(() => happened(page, 'reachable')).toEqual(['1', '0', '1'])
  expect(await dial(laptop, phone, host)).toMatchObject({ code: 'met', isRelayed: false })
  await ask(phone.page, 'control')
})

// Silence is believed only after many seconds, and here it comes twice.
const ofLength = isProving ? test : test.skip
ofLength(
  proved('notices a silent cut, goes through the relay, and directly again when it is mended'),
  async ({ host, newDevice }) => {
    const [phone, laptop] = [await newDevice(), await newDevice()]
    await dial(phone, laptop, host)
    await cut(phone.page, true, false)
    const cutAtMs = Date.now()
    for (const { page } of [phone, laptop]) await expect.poll(() => happened(page, 'closed')).toEqual(['peerSilent'])
    measured(`silence noticed on both sides after ${Date.now() - cutAtMs} ms`)
    const relayed = await dial(phone, laptop, host)
    expect(relayed).toMatchObject({ code: 'met', isRelayed: true })
    measured(`relayed after ${relayed.tookMs.toFixed()} ms`)
    for (const { page } of [phone, laptop])
      for (const lane of ['control', 'bulk'] as const) await ask(page, lane, 100_000)
    const pouredMs = await phone.page.evaluate(() => bench.partner.pour(4 * 1024 * 1024))
    measured(`through the relay ${((4 * 1000) / pouredMs).toFixed(1)} MiB/s`)

    await cut(phone.page, false, false)
    await phone.page.evaluate(() => bench.partner.hangUp())
    await expect.poll(() => happened(laptop.page, 'closed')).toEqual(['peerSilent', 'peerLeft'])
    expect(await dial(phone, laptop, host)).toMatchObject({ code: 'met', isRelayed: false })
    await ask(laptop.page, 'bulk')
  },
)

ofLength(proved('with the cord pulled is alone, and comes back'), async ({ host, newDevice }) => {
  const [phone, laptop] = [await newDevice(), await newDevice()]
  await dial(phone, laptop, host)
  await cut(phone.page, true, true)
  for (const { page } of [phone, laptop]) await expect.poll(() => happened(page, 'closed')).toEqual(['peerSilent'])
  expect((await dial(phone, laptop, host)).code).toMatch(/relaysAway|peerAway/)
  await cut(phone.page, false, false)
  await expect.poll(() => happened(phone.page, 'reachable'), { timeout: 40_000 }).toContain('0')
  await expect.poll(async () => (await happened(phone.page, 'reachable')).at(-1), { timeout: 40_000 }).toBe('1')
  expect(await dial(laptop, phone, host)).toMatchObject({ code: 'met' })
})

test(
  'is the same device in the next tab when the hosting one is closed, and dials again',
  { tag: '@wide' },
  async ({ host, newDevice }) => {
    const [phone, laptop] = [await newDevice(), await newDevice()]
    await dial(phone, laptop, host)
    const next = await phone.openTab()
    await phone.page.close()
    expect(await open(next, host)).toBe(phone.id)
    await expect.poll(() => happened(laptop.page, 'closed')).toHaveLength(1)
    expect(await dial({ ...phone, page: next }, laptop, host)).toMatchObject({ code: 'met', isRelayed: false })
    for (const page of [next, laptop.page]) await ask(page, 'bulk')
  },
)

test(
  'a hello that is forged, replayed, or said over rewritten descriptions is refused',
  { tag: '@wide' },
  async ({ host, newDevice }) => {
    const [phone, laptop] = [await newDevice(), await newDevice()]
    // The proof that can be said again.
    expect((await dial(phone, laptop, host)).code).toBe('met')
    await phone.page.evaluate(() => bench.partner.hangUp())
    await expect.poll(() => happened(laptop.page, 'closed')).toHaveLength(1)
    for (const [at, manner] of (['forged', 'replayed'] as const).entries())
      await test.step(manner, async () => {
        expect((await dial(phone, laptop, host, manner)).code).toBe('peerLeft')
        await expect
          .poll(() => happened(laptop.page, 'refused'))
          .toEqual(['helloForged', 'helloForged'].slice(0, at + 1))
      })
    await test.step('rewritten', async () => {
      const tampered = await phone.openTab('./#tampered')
      await phone.page.close()
      await open(tampered, host)
      expect(await dial({ ...phone, page: tampered }, laptop, host)).toMatchObject({
        code: 'peerLeft',
        isRelayed: false,
      })
      await expect.poll(() => happened(laptop.page, 'refused')).toHaveLength(3)
      const last = (await happenings(laptop.page)).findLast(({ what }) => what === 'refused')!
      expect(last.code).toBe('helloForged')
      expect(last.sentence).toContain('in between')
      expect(await happened(tampered, 'met')).toEqual([])
    })
    expect(await happened(laptop.page, 'met')).toHaveLength(1)
  },
)

test(
  proved('a peer of bad faith is dropped, reported, and no trouble to others'),
  { tag: '@wide' },
  async ({ host, newDevice }) => {
    test.setTimeout(120_000)
    const [victim, friend] = [await newDevice(), await newDevice()]
    await dial(friend, victim, host)
    interface Case {
      readonly kind: Attack
      readonly isDirect: boolean
      readonly what: Happening['what']
      readonly code: string
    }
    /** @returns waits until the victim has ended it */
    const begin = async ({ kind, isDirect, what, code }: Case): Promise<() => Promise<void>> => {
      const tab = await friend.openTab('./#hostile')
      await tab.waitForFunction(() => 'bench' in globalThis)
      const countOf = async (): Promise<number> =>
        (await happened(victim.page, what)).filter((each) => each === code).length
      const before = await countOf()
      const args = [victim.id, host.relays[0]!, kind, isDirect] as const
      const attack = tab.evaluate((args) => bench.attack(...args), args)
      return async () => {
        await expect.poll(countOf, { timeout: 30_000 }).toBeGreaterThan(before)
        // The connection that stood before is untouched.
        expect(await happened(victim.page, 'closed')).toEqual([])
        await ask(friend.page, 'bulk', 100_000)
        await Promise.all([tab.close(), attack.catch(() => {})])
      }
    }
    // These two are waited for as long as an honest peer may take, and the others have their turns meanwhile.
    const half = await begin({ kind: 'half', isDirect: true, what: 'dropped', code: 'halfOpen' })
    const trickle = await begin({ kind: 'trickle', isDirect: true, what: 'refused', code: 'helloLate' })
    const cases: readonly Case[] = [
      { kind: 'gigabyte', isDirect: true, what: 'dropped', code: 'frameInvalid' },
      { kind: 'gigabyte', isDirect: false, what: 'dropped', code: 'frameInvalid' },
      { kind: 'megabyte', isDirect: true, what: 'dropped', code: 'frameInvalid' },
      { kind: 'forgery', isDirect: true, what: 'refused', code: 'helloForged' },
      { kind: 'garbage', isDirect: true, what: 'dropped', code: 'frameInvalid' },
      { kind: 'noise', isDirect: true, what: 'dropped', code: 'unreadable' },
      { kind: 'flood', isDirect: true, what: 'dropped', code: 'windowIgnored' },
      { kind: 'flood', isDirect: false, what: 'dropped', code: 'windowIgnored' },
      { kind: 'streams', isDirect: true, what: 'dropped', code: 'tooManyStreams' },
      { kind: 'streams', isDirect: false, what: 'dropped', code: 'tooManyStreams' },
    ]
    const shown = cases.filter(({ isDirect }) => isProving || isDirect)
    for (const each of shown)
      await test.step(`${each.kind}, ${each.isDirect ? 'directly' : 'through the relay'}`, async () => {
        await (
          await begin(each)
        )()
      })
    await test.step('half, directly', half)
    await test.step('trickle, directly', trickle)
  },
)
