/**
 * A real Chromium with a profile of its own on disk, and what it is pointed at: built pages under the site's own headers.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Page, chromium } from '@playwright/test'
import { build } from 'vite'
import { serveSite } from '../relay/server.ts'

/** Programs of this repository run at its root. */
const root = process.cwd()
const benchFolder = join(root, '.cache', 'bench')

interface HouseTools {
  readonly siteFolder: string
  buildIfChanged(): Promise<void>
  ensureChromium(): Promise<string>
}
/** The scripts find the repository by where they lie themselves, so they must not be bundled into this program. */
const tools = (await import(pathToFileURL(join(root, 'src', 'tool', 'lib.mjs')).href)) as HouseTools

/** The built site's folder. */
export async function builtSite(): Promise<string> {
  await tools.buildIfChanged()
  return tools.siteFolder
}

/** The folder of the built pages `page.html` and `bare.html`. */
export async function builtBench(): Promise<string> {
  const sources = join(root, 'src', 'bench')
  await build({
    configFile: false,
    root: sources,
    base: './',
    publicDir: false,
    logLevel: 'warn',
    worker: { format: 'es' },
    build: {
      target: 'es2022',
      outDir: benchFolder,
      emptyOutDir: true,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: { input: [join(sources, 'page.html'), join(sources, 'bare.html')] },
    },
  })
  return benchFolder
}

export interface Served {
  readonly origin: string
  close(): Promise<void>
}

export async function serve(folder: string): Promise<Served> {
  const server = await serveSite({ folder, host: '127.0.0.1', port: 0, origins: [] })
  return { origin: `http://localhost:${server.port}`, close: () => server.close() }
}

/** Visits an address in a browser that has never been anywhere. Not in a private window: there storage is another. */
export async function visit<T>(address: string, use: (page: Page) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'blocktree-bench-'))
  const context = await chromium.launchPersistentContext(folder, { executablePath: await tools.ensureChromium() })
  try {
    const page = context.pages()[0] ?? (await context.newPage())
    await page.goto(address)
    return await use(page)
  } finally {
    await context.close()
    await rm(folder, { recursive: true, force: true })
  }
}
