/**
 * A browser that deleted what the node kept is not passed over in silence.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import type { Profile } from './browser.ts'
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { plant } from './tool/planting.ts'
import { createFolder, isServed, snapshotOf } from './tool/tree.ts'

/** What Chromium does itself to a database that it finds damaged. */
async function loseDatabase(profile: Profile): Promise<void> {
  await profile.close()
  await rm(join(profile.folder, 'Default', 'IndexedDB'), { recursive: true, force: true })
  await profile.reopen()
}

async function opened(profile: Profile): Promise<Page> {
  const page = await profile.open()
  await isServed(page)
  return page
}

test(
  'a tree that is gone is told of until its owner knows; a planted one can be brought back',
  { tag: '@wide' },
  async ({ profile }) => {
    let page = await opened(profile)
    await createFolder(page, (await snapshotOf(page)).tree.rootId, 'kept')
    await loseDatabase(profile)

    page = await opened(profile)
    await expect(page.getByText('This browser has deleted the tree that was here, with all')).toBeVisible()
    await page.reload()
    await page.getByRole('button', { name: 'I understand' }).click()
    await expect(page.getByRole('button', { name: 'Plant it' })).toBeVisible()
    await page.reload()
    await expect(page.getByRole('button', { name: 'Plant it' })).toBeVisible()

    await virtualAuthenticator(page)
    await plant(page, { owner: 'Ada' })
    await loseDatabase(profile)
    page = await opened(profile)
    await page.getByRole('button', { name: 'Bring it back' }).click()
    await expect(page.getByRole('heading', { name: 'Recover a tree' })).toBeVisible()
  },
)
