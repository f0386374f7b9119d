/**
 * A tree is planted in every way that a browser allows, saved as an archive, and brought back from it in another browser.
 */
import type { Page } from '@playwright/test'
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { answerCard, beginPlanting, plant, plantByCard, readCard } from './tool/planting.ts'
import { addRandomFile, createFolder, hashOf, isServed, itemNamed, snapshotOf } from './tool/tree.ts'

const planted = (page: Page) =>
  expect(page.getByRole('heading', { name: 'Your tree is planted' })).toBeVisible({ timeout: 60_000 })

test.describe('the passkey', () => {
  test('is asked for again after its prompt failed', { tag: '@wide' }, async ({ page }) => {
    await page.goto('./')
    const authenticator = await virtualAuthenticator(page, { isUserVerified: false })
    await beginPlanting(page, { owner: 'Ada' })
    await expect(page.getByText('works on this computer’s localhost only')).toBeVisible()
    await page.getByRole('button', { name: 'Make a passkey' }).click()
    const alert = page.getByRole('alert')
    await expect(alert).toContainText('was closed, was not answered, or found no fitting passkey. Nothing was changed')
    await expect(alert).toContainText('try again')
    await expect(page.getByRole('button', { name: 'Go on with the card alone' })).toBeEnabled()
    expect((await snapshotOf(page)).tree.isPlanted).toBe(false)
    // After a failure the made provider fails for ever; a person's does not.
    await authenticator.remove()
    await virtualAuthenticator(page)
    await page.getByRole('button', { name: 'Make a passkey' }).click()
    await answerCard(page, await readCard(page))
    await page.getByRole('button', { name: 'Sign and plant' }).click()
    await planted(page)
    expect((await snapshotOf(page)).tree.root).toMatchObject({ passkeys: [{ isSynced: true }] })
  })

  test('that will not sign gives way to a second card', { tag: '@wide' }, async ({ page }) => {
    await page.goto('./')
    const authenticator = await virtualAuthenticator(page)
    await beginPlanting(page, { owner: 'Ada' })
    await page.getByRole('button', { name: 'Make a passkey' }).click()
    const first = await readCard(page)
    await answerCard(page, first)
    await authenticator.setUserVerified(false)
    await page.getByRole('button', { name: 'Sign and plant' }).click()
    await expect(page.getByRole('alert')).toContainText('try again')
    await page.getByRole('button', { name: 'Go on with the card alone' }).click()
    await expect(page.getByText('Throw the earlier one away')).toBeVisible()
    const second = await readCard(page)
    expect(second).not.toEqual(first)
    await answerCard(page, second)
    await page.getByRole('button', { name: 'Plant the tree' }).click()
    await planted(page)
    expect((await snapshotOf(page)).tree.root?.passkeys).toEqual([])
  })

  test('without a secret of its own plants too', { tag: '@wide' }, async ({ page }) => {
    await page.goto('./')
    await virtualAuthenticator(page, { hasPrf: false })
    await plant(page, { owner: 'Ada' })
    expect((await snapshotOf(page)).tree.root).toMatchObject({ passkeys: [{ isSynced: true, prfSalt: null }] })
  })

  test('cannot be had at an address of numbers, which the page says', async ({ page, baseURL }) => {
    await page.goto(baseURL!.replace('localhost', '127.0.0.1'))
    await beginPlanting(page, { owner: 'Ada' })
    await expect(page.getByText('The recovery card alone will hold the root key')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Make a passkey' })).toHaveCount(0)
  })
})

test('a step of planting that is not wanted, not answered or answered wrongly changes nothing', async ({ page }) => {
  await page.goto('./')
  await beginPlanting(page, { owner: 'Ada' })
  await test.step('left in the middle', async () => {
    await page.getByRole('button', { name: 'Go on with the card alone' }).click()
    await readCard(page)
    await page.getByRole('link', { name: 'Tree', exact: true }).click()
    await expect(page.getByRole('button', { name: 'Plant it' })).toBeVisible()
    expect((await snapshotOf(page)).tree).toMatchObject({ isPlanted: false, ownerName: '' })
  })
  await test.step('a prompt that nobody answers can be cancelled', async () => {
    // The browser waits for a provider of passkeys, of which there is none.
    await beginPlanting(page, { owner: 'Ada' })
    await page.getByRole('button', { name: 'Make a passkey' }).click()
    // Not a press: where its own window is open, even out of sight, Chromium gives the page none.
    await page.getByRole('button', { name: 'Cancel' }).dispatchEvent('click')
    await expect(page.getByRole('button', { name: 'Make a passkey' })).toBeEnabled()
    await page.getByRole('button', { name: 'Go on with the card alone' }).click()
  })
  await test.step('after a wrong word the card can be looked at again', async () => {
    const words = await readCard(page)
    await answerCard(page, words, () => 'zebra')
    await expect(page.getByRole('alert')).toBeVisible()
    await page.getByRole('button', { name: 'Show the card again' }).click()
    expect(await readCard(page)).toEqual(words)
    await answerCard(page, words)
  })
  await page.getByRole('button', { name: 'Plant the tree' }).click()
  await planted(page)
})

test(
  'an archive and the card bring the tree back in another browser',
  { tag: '@wide' },
  async ({ page, newContext }, info) => {
    await page.goto('./')
    const { tree } = await snapshotOf(page)
    const folderId = await createFolder(page, tree.rootId, 'photos')
    await addRandomFile(page, folderId, 'before.bin', 200_000)
    const words = await plantByCard(page, { owner: 'Ada', device: 'Laptop' })
    const photos = (await itemNamed(page, 'photos'))!
    const { hash } = await addRandomFile(page, photos.id, 'sea.bin', 3_000_000)

    await page.getByRole('link', { name: 'Storage' }).click()
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save an archive' }).click()
    const download = await downloading
    expect(download.suggestedFilename()).toMatch(/\.bt$/)
    const archive = info.outputPath('tree.bt')
    await download.saveAs(archive)

    const other = await (await newContext()).newPage()
    await other.goto('./#/recover')
    await other.locator('input[accept=".bt"]').setInputFiles(archive)
    await expect(other.getByText('Fingerprint')).toBeVisible()
    const card = other.getByLabel('The twelve words of its recovery card')
    const recover = other.getByRole('button', { name: 'Recover the tree' })
    await card.fill(words.slice(0, 11).join(' '))
    await recover.click()
    await expect(other.getByRole('alert')).toContainText('twelve words')
    await card.fill([...words.slice(1), words[0]].join(' '))
    await recover.click()
    await expect(other.getByRole('alert')).toBeVisible()
    expect((await snapshotOf(other)).tree.isPlanted).toBe(false)

    // As it is read from paper: numbered, in lines, with capitals.
    await card.fill(words.map((word, at) => `${at + 1}. ${word.toUpperCase()}`).join('\n'))
    await other.getByLabel('And this device?').fill('Desktop')
    await recover.click()
    await expect(other.getByText('The tree is back')).toBeVisible({ timeout: 60_000 })
    await other.getByRole('link', { name: 'Go to the tree' }).click()
    await expect(other.getByRole('treeitem', { name: /^photos/ })).toBeVisible()
    expect((await snapshotOf(other)).tree).toMatchObject({ isPlanted: true, ownerName: 'Ada', deviceName: 'Desktop' })
    expect(await hashOf(other, (await itemNamed(other, 'sea.bin'))!.id)).toBe(hash)
    expect((await itemNamed(other, 'before.bin'))?.sizeBytes).toBe(200_000)

    await other.getByRole('link', { name: 'Storage' }).click()
    await other.goto('./#/recover')
    await expect(other.getByText('There is already a planted tree')).toBeVisible()
  },
)

test('an archive whose node went away is prepared anew, and the page stays', async ({ page }) => {
  await page.goto('./')
  await isServed(page)
  await plantByCard(page, { owner: 'Ada', device: 'Laptop' })
  await page.getByRole('link', { name: 'Storage' }).click()
  const save = page.getByRole('button', { name: 'Save an archive' })
  const ready = page.getByRole('button', { name: 'Download the archive' })
  for (const button of [save, ready]) {
    const download = page.waitForEvent('download')
    await button.click()
    await (await download).cancel()
  }
  // As a browser does with a page that sleeps; another one follows, which has prepared nothing.
  const { tree } = await snapshotOf(page)
  await page.workers()[0]!.evaluate(() => self.close())
  expect((await snapshotOf(page)).tree.treeId).toBe(tree.treeId)
  await ready.click()
  await expect(page.getByRole('alert')).toHaveText(/archive .* not there any more.* Save it again\./)
  const download = page.waitForEvent('download')
  await save.click()
  expect((await download).suggestedFilename()).toMatch(/\.bt$/)
})
