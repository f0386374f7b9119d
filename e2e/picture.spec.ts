/**
 * The README's pictures, taken of the built site: `PICTURE=1 npm run e2e -- e2e/picture.spec.ts`.
 */
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { agreeToJoin } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { addText, createFolder, snapshotOf } from './tool/tree.ts'

test.skip(process.env.PICTURE !== '1', 'only on request, since they are written into public/')

const take = (page: Page, name: string): Promise<unknown> =>
  page.screenshot({ path: fileURLToPath(new URL(`../public/${name}`, import.meta.url)), animations: 'disabled' })

test('a planted tree, for the README', async ({ profile }) => {
  const page = await profile.open()
  await page.setViewportSize({ width: 1280, height: 800 })
  await virtualAuthenticator(page)
  await plant(page, { owner: 'Anna', device: 'Laptop' })
  const { tree } = await snapshotOf(page)
  for (const [folder, inside] of [
    ['mail', ['inbox', 'outbox']],
    ['photos', ['2025', '2026']],
    ['work', ['plans', 'letters', 'taxes']],
  ] as const) {
    const parentId = await createFolder(page, tree.rootId, folder)
    for (const name of inside) {
      const childId = await createFolder(page, parentId, name)
      await addText(page, childId, `${name}.txt`, name)
    }
  }
  await expect(page.getByText('taxes').first()).toBeVisible()
  await page.mouse.move(0, 0)
  await take(page, 'picture.png')
})

test('a phone that joins, for the README', async ({ profile }) => {
  const page = await profile.open()
  await page.setViewportSize({ width: 1280, height: 800 })
  await virtualAuthenticator(page)
  await plant(page, { owner: 'Anna', device: 'Laptop' })
  await page.getByRole('button', { name: 'Show me with a pretend phone' }).click()
  await page.getByRole('button', { name: 'Show the code' }).click()
  await page.getByRole('button', { name: 'Scan it with the phone' }).click()
  const phone = page.frameLocator('iframe[title="The screen of the pretend phone"]')
  await phone.getByRole('button', { name: 'Continue' }).click()
  const digits = await agreeToJoin(phone)
  await page.getByRole('textbox', { name: 'Four digits' }).fill(digits)
  await page.mouse.move(0, 0)
  await take(page, 'picture-join.png')
})
