/**
 * A link on two screens, by the pages alone: made on one, followed on the other, also after its target was renamed and moved, and
 * what is said when that is gone.
 */
import type { Locator, Page } from '@playwright/test'
import { expect, proved, test, virtualAuthenticator } from './fixture.ts'
import { expectNothing, phone as phoneSize } from './tool/axe.ts'
import { joinByLink } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { addText, createFolder, itemNamed, nodeOf, snapshotOf } from './tool/tree.ts'

test.use({ hasRelay: true })

const desk = { width: 1280, height: 800 }
const row = (page: Page, name: string | RegExp): Locator => page.getByRole('treeitem', { name })
const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name })
/** What the sheet of a link says. */
const said = (page: Page): Locator => page.locator('bt-link-view').getByRole('status')

test(proved('a link made on one screen leads on the other'), async ({ tabs }, info) => {
  test.setTimeout(180_000)
  const [laptop, phone] = [await tabs.open(), await tabs.open('./#/join&as=phone')]
  const picture = async (page: Page, name: string): Promise<void> => {
    for (const size of [phoneSize, desk])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize(size)
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await page.screenshot({ path: info.outputPath(`${name}-${size.width}-${colorScheme}.png`) })
      }
    await page.setViewportSize(desk)
  }
  await laptop.setViewportSize(desk)
  await virtualAuthenticator(laptop)
  await laptop.bringToFront()
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  const { rootId } = (await snapshotOf(laptop)).tree
  const photos = await createFolder(laptop, rootId, 'photos')
  const sea = await addText(laptop, photos, 'sea.txt', 'blue')
  await joinByLink(laptop, phone, 'Phone')
  const node = await nodeOf(laptop)
  const goTo = (page: Page, route: string) => page.evaluate((route) => void (location.hash = route), route)

  await test.step('it is made where a person would look for it, by keyboard', async () => {
    await laptop.bringToFront()
    await goTo(laptop, '#/')
    await row(laptop, /^photos/).press('ArrowRight')
    await row(laptop, /^sea\.txt/).press('Space')
    await button(laptop, 'Make a link').press('Enter')
    await expect(laptop.getByRole('dialog').getByRole('heading')).toHaveText('A link to sea.txt')
    await laptop.getByRole('button', { name: 'Up', exact: true }).press('Enter')
    await expectNothing(laptop, 'where the link is put')
    await picture(laptop, 'make')
    await button(laptop, /^Put the link in/).press('Enter')
    await expect(row(laptop, 'sea.txt, link')).toBeVisible()
    await expect(laptop.getByRole('list').getByText(/^A link to sea\.txt is in /)).toBeVisible()
    await picture(laptop, 'tree')
  })

  await test.step('on the other screen it says where it leads, and leads there', async () => {
    await phone.bringToFront()
    await phone.setViewportSize(desk)
    await goTo(phone, '#/&as=phone')
    await row(phone, /^sea\.txt, link/).press('Enter')
    await expect(said(phone)).toContainText('Ada’s tree / photos / sea.txt')
    await expectNothing(phone, 'a link')
    await picture(phone, 'link')
    await button(phone, 'Go to sea.txt').press('Enter')
    await expect(phone.getByRole('button', { name: 'Open', exact: true })).toBeVisible()
    await phone.keyboard.press('Escape')
    await expect(row(phone, /^sea\.txt, file/)).toBeVisible()
  })

  await test.step('its target is renamed and moved, and it leads there all the same', async () => {
    const away = await createFolder(laptop, rootId, 'away')
    await node.evaluate(
      async ({ api }, [sea, away]) => {
        await api.rename(crypto.randomUUID(), sea, 'ocean.txt')
        await api.move(crypto.randomUUID(), sea, away)
      },
      [sea, away] as const,
    )
    await expect.poll(() => itemNamed(phone, 'ocean.txt')).toMatchObject({ parentId: away })
    await phone.getByRole('searchbox').fill('sea.txt')
    await row(phone, /^sea\.txt, link/).click()
    await expect(said(phone)).toContainText('Ada’s tree / away / ocean.txt')
  })

  await test.step('its target goes, while somebody looks', async () => {
    await node.evaluate(({ api }, sea) => api.trash(crypto.randomUUID(), sea), sea)
    await expect(said(phone)).toContainText('is in the trash')
    await expectNothing(phone, 'a link that leads nowhere')
    await picture(phone, 'nowhere')
    await expect(button(phone, /^Go to/)).toHaveCount(0)
  })

  await test.step('the link is deleted, and nothing else is', async () => {
    await node.evaluate(({ api }, sea) => api.restore(crypto.randomUUID(), sea), sea)
    await expect(button(phone, 'Go to ocean.txt')).toBeVisible()
    await phone.getByRole('button', { name: 'Delete', exact: true }).click()
    await expect.poll(async () => (await itemNamed(laptop, 'sea.txt'))?.trashedAtMs).toEqual(expect.any(Number))
    expect(await itemNamed(laptop, 'ocean.txt')).toMatchObject({ trashedAtMs: null })
  })
})
