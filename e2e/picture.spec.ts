/**
 * The README's picture, taken of the built site: `PICTURE=1 npm run e2e -- e2e/picture.spec.ts`.
 */
import { fileURLToPath } from 'node:url'
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { plant } from './tool/planting.ts'
import { addText, createFolder, snapshotOf } from './tool/tree.ts'

test('a planted tree, for the README', async ({ profile }) => {
  test.skip(process.env.PICTURE !== '1', 'only on request, since it writes public/picture.png')
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
  await page.screenshot({
    path: fileURLToPath(new URL('../public/picture.png', import.meta.url)),
    animations: 'disabled',
  })
})
