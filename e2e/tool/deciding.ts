/**
 * Three devices with one tree, and who of them decides.
 * @module
 */
import type { Page } from '@playwright/test'
import { type Profile, virtualAuthenticator } from '../browser.ts'
import { expect } from '../fixture.ts'
import { joinByLink } from './joining.ts'
import { plant } from './planting.ts'
import { nodeOf } from './tree.ts'

export type Three<T> = [T, T, T]

/** Plants on the first and lets the two others in: Laptop, Phone and Desk, each at its devices. */
export async function threeDevices([first, second, third]: Three<Profile>): Promise<Three<Page>> {
  const laptop = await first.open()
  const [phone, desk] = [await second.open('./#/join'), await third.open('./#/join')]
  await virtualAuthenticator(laptop)
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  await joinByLink(laptop, phone, 'Phone')
  await joinByLink(laptop, desk, 'Desk')
  await laptop.getByRole('button', { name: 'Done' }).click()
  for (const page of [phone, desk]) await page.goto('./#/devices')
  return [laptop, phone, desk]
}

/** As a device knows it now, by name. */
export async function decidersAt(page: Page): Promise<readonly string[]> {
  const node = await nodeOf(page)
  return node.evaluate(async ({ api }) => {
    const lines = await api.devices()
    return lines.flatMap(({ name, role }) => (role === 'voter' ? [name] : [])).toSorted()
  })
}

/** On the page of the devices, through its sheet; the others are left out. */
export async function choose(page: Page, names: readonly string[]): Promise<void> {
  await page.getByRole('region', { name: 'Who decides' }).getByRole('button', { name: 'Choose who decides' }).click()
  const sheet = page.locator('bt-deciders-sheet')
  for (const name of ['Laptop', 'Phone', 'Desk'])
    await sheet.getByRole('checkbox', { name }).setChecked(names.includes(name))
  await sheet.getByRole('button', { name: 'Let these decide' }).click()
  await expect(page.getByRole('dialog', { name: 'Who decides' })).toBeHidden()
}
