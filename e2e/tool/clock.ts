/**
 * The clock of a device, as a person sets it.
 * @module
 */
import type { Page } from '@playwright/test'
import { snapshotOf } from './tree.ts'

/** Puts back the clocks of a page and of the node that it hosts; a reload brings them to the present. @param byMs negative: ahead */
export async function putBack(page: Page, byMs: number): Promise<void> {
  // The node is there.
  await snapshotOf(page)
  const shift = (ms: number): void => {
    const now = Date.now.bind(Date)
    Date.now = () => now() - ms
  }
  await page.evaluate(shift, byMs)
  for (const worker of page.workers()) await worker.evaluate(shift, byMs)
}
