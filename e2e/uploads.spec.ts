/**
 * Files on their way in, by the page alone: a large one goes on where it was when its browser was killed, and a new version takes the
 * place of what was in a file.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Page } from '@playwright/test'
import { expect, test } from './fixture.ts'
import { expectNothing } from './tool/axe.ts'
import { hashOnDisk, pickFiles, rowOf } from './tool/files.ts'
import { hashOf, isServed, itemNamed, nodeOf } from './tool/tree.ts'

const mib = 1024 * 1024

async function fileAt(path: string, octets: Uint8Array): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, octets)
  return path
}

/** Chooses a file by a button that opens the browser's picker. */
async function choose(page: Page, button: string, path: string): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: button, exact: true }).click()
  await (await chooser).setFiles(path)
}

const storedBytes = async (page: Page): Promise<number> => {
  const node = await nodeOf(page)
  return node.evaluate(async ({ api }) => (await api.interruptedUploads())[0]?.storedBytes ?? 0)
}

test('a large file goes on where it was when the browser was killed', async ({ profile }, info) => {
  test.setTimeout(180_000)
  const film = await fileAt(info.outputPath('film.bin'), randomBytes(160 * mib))
  const other = await fileAt(info.outputPath('other', 'film.bin'), randomBytes(5))
  const first = await profile.open()
  await isServed(first)
  await pickFiles(first, film)
  const progress = first.getByRole('progressbar', { name: 'Adding film.bin' })
  await expect(progress).toBeVisible()
  await expect.poll(() => progress.evaluate((bar) => (bar as HTMLProgressElement).value)).toBeGreaterThan(16 * mib)
  await profile.kill()

  const page = await profile.open()
  await isServed(page)
  await expect(page.getByText(/^Adding film\.bin to Your tree was interrupted\. .* are here already\.$/)).toBeVisible()
  expect(await itemNamed(page, 'film.bin')).toBeUndefined()
  const stored = await storedBytes(page)
  expect(stored).toBeGreaterThan(16 * mib)
  await expectNothing(page, 'an upload that was interrupted')
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 844 })
    await page.screenshot({ path: info.outputPath(`interrupted-${width}.png`) })
  }
  await choose(page, 'Choose it again: film.bin', other)
  await expect(page.getByRole('alert')).toContainText('That is another file')
  await choose(page, 'Choose it again: film.bin', film)
  await expect(rowOf(page, 'film.bin')).toBeVisible({ timeout: 60_000 })
  await expect(page.getByText(/was interrupted/)).toHaveCount(0)
  const { id } = (await itemNamed(page, 'film.bin'))!
  expect(await hashOf(page, id)).toBe(await hashOnDisk(film))

  await test.step('and one that nobody wants any more is given up', async () => {
    const second = await fileAt(info.outputPath('second.bin'), randomBytes(160 * mib))
    await pickFiles(page, second)
    const again = page.getByRole('progressbar', { name: 'Adding second.bin' })
    await expect.poll(() => again.evaluate((bar) => (bar as HTMLProgressElement).value)).toBeGreaterThan(4 * mib)
    await profile.kill()
    const last = await profile.open()
    await last.getByRole('button', { name: 'Give it up: second.bin' }).click()
    await expect(last.getByText(/was interrupted/)).toHaveCount(0)
    await last.reload()
    await isServed(last)
    await expect(rowOf(last, 'film.bin')).toBeVisible()
    expect(await storedBytes(last)).toBe(0)
  })
})

test('a new version takes the place of what was in a file', async ({ page }, info) => {
  await page.goto('./')
  await isServed(page)
  const before = await fileAt(info.outputPath('letter.txt'), Buffer.from('dear'))
  const after = await fileAt(info.outputPath('letter in its end.txt'), Buffer.from('dear Ben, good bye'))
  await pickFiles(page, before)
  await rowOf(page, 'letter.txt').click()
  const { id } = (await itemNamed(page, 'letter.txt'))!
  await page.getByRole('button', { name: 'New version', exact: true }).click()
  await expect(page.getByText(/takes the place of what is in letter\.txt now/)).toBeVisible()
  await choose(page, 'Choose a file', after)
  await expect(page.getByText('letter in its end.txt')).toBeVisible()
  await expectNothing(page, 'a new version')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.screenshot({ path: info.outputPath('new-version.png') })
  await page.getByRole('button', { name: 'Replace the content' }).click()
  await expect(page.getByText('letter.txt has its new content').first()).toBeVisible()
  await expect.poll(() => itemNamed(page, 'letter.txt')).toMatchObject({ id, sizeBytes: 18 })
  expect(await hashOf(page, id)).toBe(await hashOnDisk(after))
})
