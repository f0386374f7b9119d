/**
 * What axe finds in a page as it is now.
 * @module
 */
import type { Page } from '@playwright/test'
import axe from 'axe-core'

/** Told to the browser once for each document: its half a megabyte is more work than what it then does. */
async function load(page: Page): Promise<void> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source)
}

/**
 * @param rules those that are asked, all where it is null
 * @returns a line for each rule that is broken
 */
export async function findings(page: Page, rules: readonly string[] | null): Promise<readonly string[]> {
  await load(page)
  return page.evaluate(async (rules) => {
    const { axe } = globalThis as unknown as { readonly axe: typeof import('axe-core') }
    const runOnly = rules === null ? {} : { runOnly: { type: 'rule' as const, values: [...rules] } }
    const { violations } = await axe.run(document, { resultTypes: ['violations'], ...runOnly })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join('; ')}`)
  }, rules)
}
