/**
 * The partner page (`page.ts`) built and served by a host of its own, with a relay.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { build } from 'vite'
import type { RelayAddress } from '../../src/port/net.ts'
import type { Relay } from '../../src/relay/relay.ts'
import { type Server, serveSite, startRelay } from '../../src/relay/server.ts'
import { expect, test as base } from '../fixture.ts'
import type { NetBench } from './page.ts'
import type { Dialled, Happening, Manner } from './partner.worker.ts'

declare const bench: NetBench

export interface Host {
  readonly url: string
  readonly relays: readonly RelayAddress[]
  stopRelay(): Promise<void>
  startRelay(): Promise<void>
}

interface Fixtures {
  readonly host: Host
}
interface WorkerFixtures {
  /** A folder with the site, and room for the relay's key. */
  readonly built: string
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  built: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what it needs from here: nothing.
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'blocktree-net-'))
      await build({
        root: fileURLToPath(new URL('.', import.meta.url)),
        configFile: false,
        base: './',
        logLevel: 'error',
        build: { outDir: join(folder, 'site'), target: 'es2022', modulePreload: { polyfill: false }, minify: false },
        worker: { format: 'es' },
      })
      await use(folder)
      await rm(folder, { recursive: true })
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  host: async ({ built: folder }, use) => {
    const keyFile = join(folder, 'relay.key')
    let relay: Relay
    let server: Server
    const start = async (port: number): Promise<void> => {
      relay = await startRelay({ keyFile })
      server = await serveSite({ folder: join(folder, 'site'), host: '127.0.0.1', port, origins: [], relay })
    }
    const stop = async (): Promise<void> => {
      await server.close()
      await relay.close()
    }
    await start(0)
    const { port } = server!
    const url = `http://localhost:${port}/`
    await use({
      url,
      relays: [{ url: `ws://localhost:${port}/relay`, peerId: relay!.peerId }],
      stopRelay: stop,
      startRelay: () => start(port),
    })
    await stop().catch(() => {})
  },
})

/** Joins the network, and waits until others can find it. @returns its transport id */
export async function open(page: Page, { relays }: Host): Promise<string> {
  await page.waitForFunction(() => 'bench' in globalThis)
  const id = await page.evaluate((relays) => bench.partner.open(relays), relays)
  await expect.poll(() => happened(page, 'reachable')).not.toEqual([])
  return id
}
export const happenings = (page: Page): Promise<readonly Happening[]> => page.evaluate(() => bench.partner.happenings())
export const happened = async (page: Page, what: Happening['what']): Promise<readonly string[]> =>
  (await happenings(page)).filter((happening) => happening.what === what).map(({ code }) => code)

/** @param id of the partner that is dialled */
export const dialFrom = (page: Page, id: string, { relays }: Host, manner: Manner = 'honest'): Promise<Dialled> =>
  page.evaluate(([id, relays, manner]) => bench.partner.dial(id, relays, manner), [id, relays, manner] as const)

/** @returns milliseconds until the answer */
export const ask = (page: Page, lane: 'control' | 'bulk', sizeBytes = 100): Promise<number> =>
  page.evaluate(([lane, sizeBytes]) => bench.partner.ask(lane, sizeBytes), [lane, sizeBytes] as const)
