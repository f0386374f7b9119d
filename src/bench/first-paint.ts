/**
 * What a first visit costs: how much code comes before the first paint, and how long that paint takes.
 * @module
 */
import { readFile, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Page } from '@playwright/test'
import { median } from './alternate.ts'
import { type Served, visit } from './browser.ts'

const visitCount = 5

/**
 * The page with the scripts, module preloads and styles that it names, and whatever those scripts import at once.
 * @returns octets, each file compressed by itself as a host sends it
 */
export async function codeSizeBytes(siteFolder: string): Promise<number> {
  const page = await readFile(join(siteFolder, 'index.html'), 'utf8')
  const named: string[] = []
  for (const [, attributes = ''] of page.matchAll(/<(?:script|link)\b([^>]*)>/g)) {
    const address = /\b(?:src|href)="([^"]+)"/.exec(attributes)?.[1]
    const isLoaded = /\bsrc=|\brel="(?:modulepreload|stylesheet)"/.test(attributes)
    if (isLoaded && address && !/^[a-z]+:/.test(address)) named.push(address)
  }
  return compressedSizeBytes(siteFolder, ['index.html', ...named])
}

/** The script in which the node runs, with all that it imports before it begins, and what it loads to find others. */
export async function workerSizeBytes(siteFolder: string): Promise<{ alone: number; withNetwork: number }> {
  const scripts = await readdir(join(siteFolder, 'assets'))
  const sizeOf = (pattern: RegExp): Promise<number> =>
    compressedSizeBytes(
      siteFolder,
      scripts.filter((name) => pattern.test(name)).map((name) => join('assets', name)),
    )
  return { alone: await sizeOf(/^node\.worker.*\.js$/), withNetwork: await sizeOf(/^(node\.worker|libp2p).*\.js$/) }
}

async function compressedSizeBytes(siteFolder: string, named: readonly string[]): Promise<number> {
  const files = new Map<string, Buffer>()
  const add = async (path: string): Promise<void> => {
    if (files.has(path)) return
    const content = await readFile(join(siteFolder, path))
    files.set(path, content)
    if (!path.endsWith('.js')) return
    for (const imported of staticImports(content.toString())) await add(join(dirname(path), imported))
  }
  for (const path of named) await add(path)
  let sizeBytes = 0
  for (const content of files.values()) sizeBytes += gzipSync(content, { level: 9 }).length
  return sizeBytes
}

/** Relative modules that a built script imports before it runs. */
const staticImports = (script: string): string[] =>
  [...script.matchAll(/(?:\bfrom|\bimport)\s*["'](\.[^"']+\.js)["']/g)].map(([, path]) => path!)

/** Both medians in milliseconds, each visit in a browser that was never used before. */
export async function firstPaints(site: Served, bare: Served): Promise<{ siteMs: number; bareMs: number }> {
  const siteMs: number[] = []
  const bareMs: number[] = []
  for (let count = 0; count < visitCount; count++) {
    siteMs.push(await visit(`${site.origin}/`, firstPaintMs))
    bareMs.push(await visit(`${bare.origin}/bare.html`, firstPaintMs))
  }
  return { siteMs: median(siteMs), bareMs: median(bareMs) }
}

async function firstPaintMs(page: Page): Promise<number> {
  const paint = await page.waitForFunction(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
  )
  return (await paint.jsonValue())!
}
