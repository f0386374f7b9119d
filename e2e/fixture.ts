/**
 * What every browser test stands on: the built site behind its real server, and a guard that fails a test on any error or
 * breach of policy that it did not allow.
 *
 * `page` and `context` are guarded and forget everything; `profile` is kept on disk and survives its browser.
 * @module
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, test as base, expect } from '@playwright/test'
import { serveSite } from '../src/relay/server.ts'
import { type Profile, openProfile } from './browser.ts'

export { expect }
export { virtualAuthenticator } from './browser.ts'

/** Where the built site lies. */
export const siteFolder = process.env['BLOCKTREE_SITE'] ?? fileURLToPath(new URL('../dist', import.meta.url))

/** Collects what goes wrong in the pages and workers of a test. */
export interface Problems {
  /** Errors that match belong to the test. */
  allow(pattern: RegExp): void
  readonly found: readonly string[]
}

interface Fixtures {
  readonly problems: Problems & { watch(context: BrowserContext): Promise<void> }
  /** Under which the site is served, with a slash at both ends. */
  readonly sitePath: string
  /** Everything that reached the static host, as `GET /path?query`. */
  readonly requests: readonly string[]
  /** Makes a further browser with a folder of its own. */
  readonly newProfile: () => Promise<Profile>
  readonly profile: Profile
  readonly site: { readonly url: string; readonly requests: readonly string[] }
}

export const test = base.extend<Fixtures>({
  sitePath: ['/', { option: true }],
  site: async ({ sitePath }, use) => {
    if (!existsSync(siteFolder)) throw new Error('The site is not built: run "npm run build" first.')
    const requests: string[] = []
    const onRequest = (method: string, target: string): void => void requests.push(`${method} ${target}`)
    const server = await serveSite({
      folder: siteFolder,
      host: '127.0.0.1',
      port: 0,
      base: sitePath,
      origins: [],
      onRequest,
    })
    // Numbers can not have passkeys.
    await use({ url: `http://localhost:${server.port}${sitePath}`, requests })
    await server.close()
  },
  baseURL: ({ site }, use) => use(site.url),
  requests: ({ site }, use) => use(site.requests),

  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what it needs from here: nothing.
  problems: async ({}, use) => {
    const allowed: RegExp[] = []
    const found: string[] = []
    await use({
      found,
      allow: (pattern) => void allowed.push(pattern),
      async watch(context) {
        context.on('weberror', (error) => found.push(`error: ${error.error().stack ?? error.error().message}`))
        context.on('console', (message) => {
          if (message.type() === 'error') found.push(`console: ${message.text()} (${message.location().url})`)
        })
        await context.addInitScript(tellOfTheSilent)
      },
    })
    expect(found.filter((problem) => !allowed.some((pattern) => pattern.test(problem)))).toEqual([])
  },
  context: async ({ context, problems }, use) => {
    await problems.watch(context)
    await use(context)
  },

  newProfile: async ({ baseURL, launchOptions, problems }, use) => {
    const removals: (() => Promise<void>)[] = []
    await use(async () => {
      const [profile, remove] = await openProfile({ baseURL: baseURL!, launchOptions, watch: problems.watch })
      removals.push(remove)
      return profile
    })
    for (const remove of removals) await remove()
  },
  profile: async ({ newProfile }, use) => use(await newProfile()),
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
