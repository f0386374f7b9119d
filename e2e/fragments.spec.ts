/**
 * A file becomes fragments in workers, most of them are destroyed, and it comes back; the page stays at hand meanwhile.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from '@playwright/test'
import { expect, isProving, proved, test } from './fixture.ts'
import { findings } from './tool/axe.ts'
import { hashOf as contentHash, itemNamed } from './tool/tree.ts'

const sizeMiB = isProving ? 50 : 12
const sizeBytes = sizeMiB * 1024 * 1024
const hashOf = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

let folder: string
let path: string
let octets: Uint8Array
test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blocktree-fragments-'))
  path = join(folder, 'large.bin')
  octets = new Uint8Array(sizeBytes)
  for (let at = 0, x = 1; at < sizeBytes; at++) {
    x = Math.imul(x, 1_664_525) + 1_013_904_223
    octets[at] = x >>> 24
  }
  await writeFile(path, octets)
})
test.afterAll(() => rm(folder, { recursive: true }))

async function open(page: Page): Promise<void> {
  await page.goto('./#/fragments')
  await expect(page.getByRole('heading', { name: 'Fragments', exact: true })).toBeVisible()
}

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** Microseconds that the task took of the processor. */
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

/**
 * Traces the tasks of pages' main threads.
 * @returns ends it: the time of the processor that the longest task took, in milliseconds. On a machine that has much else to
 *   do, the time by the clock says more of that than of the page
 */
async function traceTasks(browser: Browser, page: Page): Promise<() => Promise<number>> {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] })
  return async () => {
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] }
    const placeOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`
    const isMain = ({ name, args }: TraceEvent): boolean => name === 'thread_name' && args?.name === 'CrRendererMain'
    const mains = new Set(traceEvents.filter(isMain).map(placeOf))
    const tasks = traceEvents.filter((event) => event.name.endsWith('RunTask') && mains.has(placeOf(event)))
    expect(tasks.length).toBeGreaterThan(100)
    return Math.max(...tasks.map(({ tdur }) => (tdur ?? 0) / 1000))
  }
}

async function bringBack(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Bring the file back' }).click()
  const save = page.getByRole('link', { name: 'Save it' })
  await expect(save).toBeVisible({ timeout: 60_000 })
  const [download] = await Promise.all([page.waitForEvent('download'), save.click()])
  return hashOf(await readFile(await download.path()))
}

test(
  proved(`${sizeMiB} MiB become 40 fragments, 24 are destroyed, and the file comes back`),
  async ({ browser, page }) => {
    test.setTimeout(180_000)
    await open(page)
    const longestMs = await traceTasks(browser, page)
    await page.getByLabel('Or one from this device').setInputFiles(path)
    await expect(page.getByText('40 left, 16 needed')).toBeVisible({ timeout: 90_000 })
    await page.getByRole('button', { name: 'Destroy 24 at random' }).click()
    await expect(page.getByText('16 left, 16 needed')).toBeVisible()
    await page.getByRole('button', { name: 'Bring the file back' }).click()
    await expect(page.getByText('The file is back, with the same hash')).toBeVisible({ timeout: 60_000 })
    const taskMs = await longestMs()
    expect(await bringBack(page)).toBe(hashOf(octets))
    // What is moved to a worker comes back: once more from the same fragments.
    expect(await bringBack(page)).toBe(hashOf(octets))
    test
      .info()
      .annotations.push(
        { type: 'required', description: 'no task of the page over 50 ms' },
        { type: 'measured', description: `longest ${taskMs} ms` },
      )
    if (isProving) expect(taskMs).toBeLessThanOrEqual(50)
  },
)

test(
  'a block of the tree becomes fragments and comes back from as many as are needed',
  { tag: '@wide' },
  async ({ page }) => {
    await page.goto('./')
    await expect(page.getByText('Welcome.txt').first()).toBeVisible()
    const id = (await itemNamed(page, 'Welcome.txt'))!.id
    const hash = await contentHash(page, id)
    await open(page)
    await page.getByLabel('A file of this tree').selectOption('Welcome.txt')
    await page.getByRole('button', { name: 'Destroy 24 at random' }).click()
    expect(await bringBack(page)).toBe(hash)
  },
)

test('one fragment less than needed, and it is told that the file is gone', { tag: '@wide' }, async ({ page }) => {
  await open(page)
  const small = join(folder, 'small.txt')
  await writeFile(small, 'a few words')
  await page.getByLabel('Or one from this device').setInputFiles(small)
  await page.getByRole('button', { name: 'Destroy 24 at random' }).click()
  expect(await bringBack(page)).toBe(hashOf(Buffer.from('a few words')))
  const next = page.getByRole('button', { name: /^Destroy fragment \d+$/ }).and(page.locator(':enabled'))
  await next.first().focus()
  await page.keyboard.press('Enter')
  await expect(page.getByText('Only 15 left')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Bring the file back' })).toBeDisabled()
  expect(await findings(page, null)).toEqual([])
})

test('making fragments can be cancelled', { tag: '@wide' }, async ({ page }) => {
  await open(page)
  // So large that it cannot be over before.
  const larger = join(folder, 'larger.bin')
  await writeFile(larger, new Uint8Array(50 * 1024 * 1024))
  await page.getByLabel('Or one from this device').setInputFiles(larger)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('progressbar')).toBeHidden()
  await expect(page.getByText('left, 16 needed')).toBeHidden()
})
