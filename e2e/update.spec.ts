/**
 * A newer release of the page waits until the person says so, and is then there after one reload, in every tab.
 */
import { createHash } from 'node:crypto'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { type Server, serveSite } from '../src/relay/server.ts'
import { expect, siteFolder, test } from './fixture.ts'
import { createFolder, isServed, snapshotOf } from './tool/tree.ts'

/** The built site again, with a mark in its page, which its service worker knows by the new hash. */
async function writeNextRelease(folder: string): Promise<void> {
  await cp(siteFolder, folder, { recursive: true })
  const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
  const page = await readFile(join(folder, 'index.html'), 'utf8')
  const nextPage = page.replace('</head>', '<meta name="release" content="next" /></head>')
  const script = await readFile(join(folder, 'service.worker.js'), 'utf8')
  const nextScript = script.replace(hashOf(page), hashOf(nextPage))
  expect(nextScript, 'the service worker names the page with its hash').not.toBe(script)
  await writeFile(join(folder, 'index.html'), nextPage)
  await writeFile(join(folder, 'service.worker.js'), nextScript)
}

const serve = (folder: string, port: number): Promise<Server> =>
  serveSite({ folder, host: '127.0.0.1', port, origins: [] })
const releaseOf = (page: Page): Promise<string> =>
  page.evaluate(() => document.querySelector<HTMLMetaElement>('meta[name=release]')?.content ?? 'first')

/**
 * Puts the service worker that is in charge now to rest. A browser does so with one that has had nothing to do for half a minute, and
 * lets the next one in at the latest then; but never where it is watched, as it is by a test.
 */
async function restOfService(page: Page): Promise<() => Promise<void>> {
  const devtools = await page.context().newCDPSession(page)
  const inCharge = new Promise<string>((resolve) =>
    devtools.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
      for (const { versionId, status } of versions) if (status === 'activated') resolve(versionId)
    }),
  )
  await devtools.send('ServiceWorker.enable')
  const versionId = await inCharge
  return async () => void (await devtools.send('ServiceWorker.stopWorker', { versionId }))
}

test('an update waits for the person, then comes with one reload', async ({ page, problems }, info) => {
  // Between the two releases the host is away for an instant.
  problems.allow(/ERR_CONNECTION_REFUSED/)
  const nextFolder = info.outputPath('next')
  await writeNextRelease(nextFolder)
  let server = await serve(siteFolder, 0)
  try {
    const { port } = server
    let loads = 0
    page.on('load', () => loads++)
    await page.goto(`http://localhost:${port}/`)
    await isServed(page)
    const { tree } = await snapshotOf(page)
    await createFolder(page, tree.rootId, 'kept')
    await server.close()
    server = await serve(nextFolder, port)
    await page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()))

    const offer = page.getByRole('button', { name: 'Use it now' })
    await expect(offer).toBeVisible()
    await expect(page.getByText('A new version is ready.')).toBeVisible()
    // Nobody is thrown out of the old one, not even by a reload of his own; nor is there one for the first to be in charge.
    expect(loads).toBe(1)
    expect(await releaseOf(page)).toBe('first')
    await page.reload()
    await expect(offer).toBeVisible()
    expect(await releaseOf(page)).toBe('first')

    loads = 0
    const rest = await restOfService(page)
    await offer.click()
    await expect
      .poll(async () => {
        await rest()
        return releaseOf(page).catch(() => 'between')
      })
      .toBe('next')
    await expect(page.getByRole('treeitem', { name: /^kept/ })).toBeVisible()
    await expect(offer).toHaveCount(0)
    await isServed(page)
    expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).waiting)).toBeNull()
    expect(loads).toBe(1)
  } finally {
    await server.close()
  }
})

test('the other tabs come along: at once, or where something is typed when the person says so', async ({
  context,
  problems,
}, info) => {
  problems.allow(/ERR_CONNECTION_REFUSED/)
  const nextFolder = info.outputPath('next')
  await writeNextRelease(nextFolder)
  let server = await serve(siteFolder, 0)
  try {
    const { port } = server
    const openTab = async (): Promise<Page> => {
      const tab = await context.newPage()
      await tab.goto(`http://localhost:${port}/`)
      await isServed(tab)
      return tab
    }
    // The first of them has the node.
    const idle = await openTab()
    await createFolder(idle, (await snapshotOf(idle)).tree.rootId, 'kept')
    const typing = await openTab()
    const searching = await openTab()
    const asking = await openTab()
    await server.close()
    server = await serve(nextFolder, port)
    await asking.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()))
    const tabs = [idle, typing, searching, asking]
    for (const tab of tabs) await expect(tab.getByRole('button', { name: 'Use it now' })).toBeVisible()
    await typing.getByRole('button', { name: 'Add', exact: true }).first().click()
    await typing.getByRole('button', { name: 'New folder' }).click()
    const name = typing.getByRole('textbox', { name: 'Name of the folder' })
    await name.fill('half a na')
    const search = searching.getByRole('searchbox', { name: 'Search names' })
    await search.fill('ke')

    const rest = await restOfService(asking)
    await asking.getByRole('button', { name: 'Use it now' }).click()
    for (const tab of [asking, idle])
      await expect
        .poll(async () => {
          await rest()
          return releaseOf(tab).catch(() => 'between')
        })
        .toBe('next')
    for (const tab of [typing, searching]) {
      await expect(tab.getByText('Another tab has let the new version in.')).toBeVisible()
      expect(await releaseOf(tab)).toBe('first')
    }
    await expect(search).toHaveValue('ke')
    await expect(name).toHaveValue('half a na')
    await name.press('Enter')
    await expect(typing.getByRole('treeitem', { name: /^half a na/ })).toBeVisible()
    await typing.locator('bt-offer').getByRole('button', { name: 'Reload' }).click()
    // Whoever goes to another view leaves what is in this one.
    await searching.getByRole('link', { name: 'Storage' }).click()
    for (const tab of [typing, searching]) await expect.poll(() => releaseOf(tab).catch(() => 'between')).toBe('next')
    await expect(searching.getByRole('heading', { name: 'Storage' })).toBeVisible()
    await searching.getByRole('link', { name: 'Tree', exact: true }).click()
    for (const tab of tabs) {
      await expect(tab.getByRole('treeitem', { name: /^kept/ })).toBeVisible()
      await expect(tab.locator('bt-offer').getByText('new version')).toHaveCount(0)
    }
  } finally {
    await server.close()
  }
})
