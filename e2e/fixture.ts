/**
 * What every browser test stands on: the built site behind its real server, and a guard that fails a test on any error or
 * breach of policy that it did not allow.
 *
 * All are guarded. `page`, `context` and `newContext` forget everything; `tabs` are of a profile on disk that many journeys
 * share; `profile` is one of the journey's own, which survives its browser.
 * @module
 */
import { appendFileSync, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type BrowserContext,
  type ConsoleMessage,
  type Page,
  type WebError,
  test as base,
  expect,
} from '@playwright/test'
import { serveSite, startRelay } from '../src/relay/server.ts'
import { type Profile, contextOptions, isProving, openProfile } from './browser.ts'

export { expect }
export { isProving, virtualAuthenticator } from './browser.ts'

/*
 * Journeys with the tag `@wide` go other ways to what shorter ones show. `npm test` leaves them out, to be done in the time of a
 * coffee; `npm run e2e` takes them, and so does CI.
 */

/** The title of a journey whose short form runs in `npm test`. */
export const proved = (title: string): string => (isProving ? `${title} @prove` : title)

/** Where the built site lies. */
export const siteFolder = process.env['BLOCKTREE_SITE'] ?? fileURLToPath(new URL('../dist', import.meta.url))

/** Collects what goes wrong in the pages and workers of a test. */
export interface Problems {
  /** Errors that match belong to the test. */
  allow(pattern: RegExp): void
  readonly found: readonly string[]
}

/** A browser with a profile on disk, for journeys that neither end it nor look into its folder. */
export interface Tabs {
  readonly context: BrowserContext
  /** Opens a tab. @param address relative to the site */
  open(address?: string): Promise<Page>
}

interface Site {
  readonly url: string
  readonly requests: readonly string[]
  /** Neither site nor relay answers from here on. */
  stop(): Promise<void>
  /** At the same address, as the same relay. */
  start(): Promise<void>
}
interface WorkerFixtures {
  readonly lastingProfile: Profile
}
interface Fixtures {
  readonly problems: Problems & {
    /** From before its first page on. */
    watch(context: BrowserContext): Promise<void>
    /** Where its documents are told already to tell of the silent. @returns ends it */
    listen(context: BrowserContext): () => void
  }
  /** Under which the site is served, with a slash at both ends. */
  readonly sitePath: string
  /** At which address of this computer the site is served; its name is always `localhost`. */
  readonly siteHost: string
  /** Whether devices find each other by the host of the site. */
  readonly hasRelay: boolean
  /** Where all that is plain to the relay is written down; empty: nowhere. */
  readonly relayRecord: string
  /** Everything that reached the static host, as `GET /path?query`. */
  readonly requests: readonly string[]
  /**
   * Makes a further browser with a folder of its own.
   * @param more arguments that it is started with besides the usual ones
   * @param program that starts it, in place of the browser's own
   */
  readonly newProfile: (more?: readonly string[], program?: string) => Promise<Profile>
  readonly profile: Profile
  /** Every journey comes to it with an origin of its own, so that nothing of another is there. */
  readonly tabs: Tabs
  /** Makes a further device in the browser of `page`. */
  readonly newContext: () => Promise<BrowserContext>
  readonly site: Site
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  sitePath: ['/', { option: true }],
  siteHost: ['127.0.0.1', { option: true }],
  hasRelay: [false, { option: true }],
  relayRecord: ['', { option: true }],
  site: async ({ sitePath, siteHost, hasRelay, relayRecord }, use) => {
    if (!existsSync(siteFolder)) throw new Error('The site is not built: run "npm run build" first.')
    const requests: string[] = []
    const relayFolder = await mkdtemp(join(tmpdir(), 'blocktree-relay-'))
    const onRequest = (method: string, target: string): void => void requests.push(`${method} ${target}`)
    const serve = async (port: number): Promise<{ readonly port: number; stop(): Promise<void> }> => {
      const keyFile = join(relayFolder, 'relay.key')
      const onSeen = relayRecord && ((octets: Uint8Array) => appendFileSync(relayRecord, octets))
      const relay = hasRelay ? await startRelay({ keyFile, ...(onSeen && { onSeen }) }) : null
      const server = await serveSite({
        folder: siteFolder,
        host: siteHost,
        port,
        base: sitePath,
        origins: [],
        onRequest,
        ...(relay && { relay }),
      })
      return {
        port: server.port,
        async stop() {
          await server.close()
          await relay?.close()
        },
      }
    }
    let served: Awaited<ReturnType<typeof serve>> | null = await serve(0)
    const { port } = served
    const stop = async (): Promise<void> => {
      await served?.stop()
      served = null
    }
    // Numbers can not have passkeys.
    const url = `http://localhost:${port}${sitePath}`
    await use({ url, requests, stop, start: async () => void (served = await serve(port)) })
    await stop()
    await rm(relayFolder, { recursive: true })
  },
  baseURL: ({ site }, use) => use(site.url),
  requests: ({ site }, use) => use(site.requests),

  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what it needs from here: nothing.
  problems: async ({}, use) => {
    const allowed: RegExp[] = []
    const found: string[] = []
    const listen = (context: BrowserContext): (() => void) => {
      const onError = (error: WebError): void =>
        void found.push(`error: ${error.error().stack ?? error.error().message}`)
      const onMessage = (message: ConsoleMessage): void => {
        if (message.type() === 'error') found.push(`console: ${message.text()} (${message.location().url})`)
      }
      context.on('weberror', onError).on('console', onMessage)
      return () => void context.off('weberror', onError).off('console', onMessage)
    }
    await use({
      found,
      allow: (pattern) => void allowed.push(pattern),
      listen,
      async watch(context) {
        listen(context)
        await context.addInitScript(tellOfTheSilent)
      },
    })
    expect(found.filter((problem) => !allowed.some((pattern) => pattern.test(problem)))).toEqual([])
  },
  context: async ({ context, problems }, use) => {
    await problems.watch(context)
    await use(context)
  },

  newContext: async ({ browser, baseURL, problems }, use) => {
    const contexts: BrowserContext[] = []
    await use(async () => {
      const context = await browser.newContext({ ...contextOptions, baseURL: baseURL! })
      contexts.push(context)
      await problems.watch(context)
      return context
    })
    for (const context of contexts) await context.close()
  },

  newProfile: async ({ baseURL, launchOptions, problems }, use) => {
    const removals: (() => Promise<void>)[] = []
    await use(async (more = [], program = launchOptions.executablePath) => {
      const args = [...(launchOptions.args ?? []), ...more]
      const options = { ...launchOptions, args, ...(program && { executablePath: program }) }
      const [profile, remove] = await openProfile({
        baseURL: baseURL!,
        launchOptions: options,
        watch: problems.watch,
      })
      removals.push(remove)
      return profile
    })
    for (const remove of removals) await remove()
  },
  profile: async ({ newProfile }, use) => use(await newProfile()),

  lastingProfile: [
    async ({ launchOptions }, use) => {
      const watch = async (context: BrowserContext): Promise<void> =>
        void (await context.addInitScript(tellOfTheSilent))
      const [profile, remove] = await openProfile({ launchOptions, watch })
      await use(profile)
      await remove()
    },
    { scope: 'worker' },
  ],
  tabs: async ({ lastingProfile: { context }, baseURL, problems }, use) => {
    const stopListening = problems.listen(context)
    await use({
      context,
      async open(address = './') {
        const page = await context.newPage()
        await page.goto(new URL(address, baseURL).href)
        return page
      },
    })
    const [first, ...others] = context.pages()
    for (const page of others) await page.close()
    stopListening()
    await context.setOffline(false)
    await context.unrouteAll()
    const devtools = await context.newCDPSession(first!)
    await devtools.send('Storage.clearDataForOrigin', { origin: new URL(baseURL!).origin, storageTypes: 'all' })
    await devtools.detach()
  },
})

/** Runs in every document before its own scripts: some of what goes wrong there is told to the page alone. */
function tellOfTheSilent(): void {
  /* oxlint-disable no-console -- the guard reads it */
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) =>
    console.error('securitypolicyviolation', effectiveDirective, blockedURI, sample),
  )
  // Who ends a worker as soon as it failed keeps the browser from saying why.
  globalThis.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args)
      this.addEventListener('error', ({ message, filename }) => console.error('error in a worker', message, filename))
    }
  }
}
