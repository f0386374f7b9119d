/**
 * What axe finds in a page: as it is now, or at both sizes, in both schemes and with text at 200 %.
 * @module
 */
import type { Page } from '@playwright/test'
import axe from 'axe-core'
import { expect, isProving } from '../fixture.ts'

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

export const phone = { width: 390, height: 844 }
const desk = { width: 1280, height: 800 }

const rulesOfLook = ['color-contrast', 'link-in-text-block', 'target-size', 'scrollable-region-focusable']

const all = [
  { size: phone, colorScheme: 'dark', text: '200%' },
  { size: desk, colorScheme: 'light', text: '100%' },
  { size: phone, colorScheme: 'light', text: '100%' },
  { size: desk, colorScheme: 'dark', text: '200%' },
] as const
/** Already the first two show each size, each scheme, and text at 200 % where it has the least room. */
const looks = isProving ? all : all.slice(0, 2)

/** That axe finds nothing in the state that the page is in now. @param state as it is called where something is found */
export async function expectNothing(page: Page, state: string): Promise<void> {
  for (const look of looks) {
    const { size, colorScheme, text } = look
    await page.setViewportSize(size)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate((text) => (document.documentElement.style.fontSize = text), text)
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))))
    // What neither a colour nor the size of text changes has been looked at by then.
    const isSeen = all.findIndex((each) => each.size === size) !== all.indexOf(look)
    const found = await findings(page, isSeen ? rulesOfLook : null)
    expect(found, `${state}, ${size.width} px, ${colorScheme}, text at ${text}`).toEqual([])
    const widest = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(widest, `${state}: nothing runs off the side`).toBeLessThanOrEqual(size.width)
  }
  await page.evaluate(() => document.documentElement.style.removeProperty('font-size'))
  await page.setViewportSize(desk)
}
