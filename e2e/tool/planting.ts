/**
 * Planting through the page, as a person does it.
 * @module
 */
import type { Page } from '@playwright/test'
import { expect } from '../fixture.ts'

export interface Names {
  readonly owner: string
  readonly device?: string
}

/** From any view to the step that offers a passkey. */
export async function beginPlanting(page: Page, { owner, device }: Names): Promise<void> {
  await page.getByRole('link', { name: 'Tree', exact: true }).click()
  await page.getByRole('button', { name: 'Plant it' }).click()
  await page.getByLabel('What should your devices call you?').fill(owner)
  if (device) await page.getByLabel('And this device?').fill(device)
  await page.getByRole('button', { name: 'Continue' }).click()
}

/** @returns the twelve words that the page shows */
export async function readCard(page: Page): Promise<string[]> {
  await expect(page.getByRole('heading', { name: 'Your recovery card' })).toBeVisible()
  const words = await page.getByRole('list', { name: 'The twelve words' }).getByRole('listitem').allInnerTexts()
  expect(words).toHaveLength(12)
  await page.getByRole('button', { name: 'I have them' }).click()
  return words
}

/** Types the asked words. @param spoil what is typed instead of a word, by its position from 0 */
export async function answerCard(page: Page, words: readonly string[], spoil = (word: string) => word): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Check your card' })).toBeVisible()
  const asked = page.getByRole('textbox', { name: /^Word \d+$/ })
  await expect(asked).toHaveCount(3)
  for (const field of await asked.all()) {
    const position = Number((await field.getAttribute('name'))!.slice('word-'.length))
    await field.fill(spoil(words[position]!))
  }
  await page.getByRole('button', { name: 'Check' }).click()
}

/** Plants with a passkey, which the page must have a provider of. @returns the twelve words */
export async function plant(page: Page, names: Names): Promise<string[]> {
  await beginPlanting(page, names)
  await page.getByRole('button', { name: 'Make a passkey' }).click()
  const words = await readCard(page)
  await answerCard(page, words)
  await page.getByRole('button', { name: 'Sign and plant' }).click()
  await expect(page.getByRole('heading', { name: 'Your tree is planted' })).toBeVisible({ timeout: 60_000 })
  await page.getByRole('link', { name: 'Go to the tree' }).click()
  return words
}

/** Plants with the recovery card as the only root. @returns the twelve words */
export async function plantByCard(page: Page, names: Names): Promise<string[]> {
  await beginPlanting(page, names)
  await page.getByRole('button', { name: 'Go on with the card alone' }).click()
  const words = await readCard(page)
  await answerCard(page, words)
  await page.getByRole('button', { name: 'Plant the tree' }).click()
  await expect(page.getByRole('heading', { name: 'Your tree is planted' })).toBeVisible({ timeout: 60_000 })
  await page.getByRole('link', { name: 'Go to the tree' }).click()
  return words
}

/** Saves the planted tree as an archive. @returns the path */
export async function exportArchive(page: Page, path: string): Promise<string> {
  await page.getByRole('link', { name: 'Storage' }).click()
  const begun = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save an archive' }).click()
  await (await begun).saveAs(path)
  return path
}
