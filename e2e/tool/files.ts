/**
 * Files in the page, as a person handles them.
 * @module
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Download, Locator, Page } from '@playwright/test'

/** Adds files by the browser's picker; those of the disk are named by their paths. */
export async function pickFiles(page: Page, files: Parameters<Locator['setInputFiles']>[0]): Promise<void> {
  await page.getByRole('button', { name: 'Add', exact: true }).first().click()
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Files from this device' }).click()
  await (await chooser).setFiles(files)
}

/** The line of a file or folder in the list. */
export const rowOf = (page: Page, name: string): Locator => page.getByRole('treeitem').filter({ hasText: name })

async function act(page: Page, name: string, action: string): Promise<void> {
  await rowOf(page, name).click()
  // What a sheet shows is not inside its dialog in the document, but lent to it.
  await page.locator('bt-item-sheet').getByRole('button', { name: action, exact: true }).click()
}

/** Opens a file. @returns the tab that it is in */
export async function openFile(page: Page, name: string): Promise<Page> {
  const opened = page.context().waitForEvent('page')
  await act(page, name, 'Open')
  const tab = await opened
  await tab.waitForLoadState()
  return tab
}

export async function downloadFile(page: Page, name: string): Promise<Download> {
  const begun = page.waitForEvent('download')
  await act(page, name, 'Download')
  return begun
}

/** SHA-256 of a file on disk, hexadecimal. */
export async function hashOnDisk(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array)
  return hash.digest('hex')
}
