/**
 * Two owners with two devices each, by their pages alone: a folder of the one is a link in the other's tree, is seen on both of that
 * one's devices as it is now, and is seen no more when it is taken back.
 */
import type { Locator, Page } from '@playwright/test'
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { expectNothing, phone as phoneSize } from './tool/axe.ts'
import { joinByLink, showCode, typeDigits } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { addText, createFolder, itemNamed, snapshotOf, textOf } from './tool/tree.ts'

test.use({ hasRelay: true })

const deskSize = { width: 1280, height: 800 }
const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name })
const heading = (page: Page, name: string): Locator => page.getByRole('heading', { name })
const goTo = (page: Page, route: string) => page.evaluate((route) => void (location.hash = route), route)
/** The id of what the page shows of the other tree. */
const farId = (page: Page): Promise<string> => page.evaluate(() => location.hash.split('far=')[1]!)

test('a folder shared across two trees by a link is seen on both devices, and when it is taken back on neither', async ({
  tabs,
}, info) => {
  test.setTimeout(240_000)
  const [laptop, phone, desk, tablet] = [
    await tabs.open(),
    await tabs.open('./#/join&as=phone'),
    await tabs.open('./#/&as=desk'),
    await tabs.open('./#/join&as=tablet'),
  ]
  for (const page of [laptop, phone, desk, tablet]) await page.setViewportSize(phoneSize)
  for (const page of [laptop, desk]) await virtualAuthenticator(page)
  await laptop.bringToFront()
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  const { rootId } = (await snapshotOf(laptop)).tree
  const photos = await createFolder(laptop, rootId, 'photos')
  const summer = await createFolder(laptop, photos, 'summer')
  await addText(laptop, summer, 'sea.txt', 'blue')
  await addText(laptop, rootId, 'secret.txt', 'not for Ben')
  await joinByLink(laptop, phone, 'Phone')
  await desk.bringToFront()
  await plant(desk, { owner: 'Ben', device: 'Desk' })
  await joinByLink(desk, tablet, 'Tablet')

  await test.step('one owner shows a code, the other keeps what is shared', async () => {
    await laptop.bringToFront()
    const link = await showCode(laptop)
    await desk.bringToFront()
    await goTo(desk, '#/join&as=desk')
    await expectNothing(desk, 'where what somebody shares is kept')
    await desk.getByRole('textbox', { name: 'Or paste the link' }).fill(link)
    await button(desk, 'Use it').click()
    await button(desk, 'Keep it in my tree').click()
    await expect(heading(desk, 'Keep what this tree shares?')).toBeVisible()
    await expect(desk.getByText('Ada', { exact: true })).toBeVisible()
    await desk.screenshot({ path: info.outputPath('confirm.png') })
    await button(desk, 'Keep it in my tree').click()
    const digits = desk.getByLabel(/^Digits:/)
    await expect(digits).toBeVisible()
    await laptop.bringToFront()
    await typeDigits(laptop, (await digits.getAttribute('aria-label'))!.replaceAll(/\D/g, ''))
    await expect(heading(laptop, 'Share a folder with Ben’s tree?')).toBeVisible()
    await expect(laptop.getByRole('radio')).toHaveCount(0)
    await laptop.getByLabel('Its folder').selectOption('photos')
    await expectNothing(laptop, 'what is shared with another tree')
    await button(laptop, 'Go on').click()
    await laptop.screenshot({ path: info.outputPath('share.png') })
    await button(laptop, 'Yes, let it in').click()
    await expect(heading(laptop, 'Ben’s tree has its folder')).toBeVisible()
    await expect(heading(desk, 'It is in your tree')).toBeVisible()
    expect(await itemNamed(desk, 'photos')).toMatchObject({ kind: 'link' })
  })

  await test.step('it leads down to a file, through real connections', async () => {
    await desk.bringToFront()
    await desk.getByRole('link', { name: 'Open it' }).click()
    await expect(heading(desk, 'photos')).toBeVisible()
    await button(desk, 'summer').click()
    await expect(button(desk, /^sea\.txt/)).toBeVisible()
    await expectNothing(desk, 'a folder in another tree')
    await desk.screenshot({ path: info.outputPath('far.png') })
    const [opened] = await Promise.all([tabs.context.waitForEvent('page'), button(desk, /^sea\.txt/).click()])
    await expect(opened.locator('body')).toHaveText('blue')
    await opened.close()
    expect(await itemNamed(desk, 'secret.txt')).toBeUndefined()
  })

  await test.step('the other device of its owner follows it, too, and sees what changes', async () => {
    await tablet.bringToFront()
    await tablet.setViewportSize(deskSize)
    await goTo(tablet, '#/&as=tablet')
    await tablet.getByRole('searchbox').fill('photos')
    await tablet.getByRole('treeitem', { name: /^photos, link/ }).click()
    await tablet.getByRole('link', { name: 'Open it' }).click()
    await button(tablet, 'summer').click()
    await expect(button(tablet, /^sea\.txt/)).toBeVisible()
    const linkId = (await farId(tablet)).split('.')[0]!
    await addText(laptop, summer, 'hill.txt', 'green')
    await expect(button(tablet, /^hill\.txt/)).toBeVisible()
    const hill = await itemNamed(laptop, 'hill.txt')
    expect(await textOf(tablet, `${linkId}.${hill!.id}`)).toBe('green')
    await tablet.screenshot({ path: info.outputPath('far-tablet.png') })
    await button(tablet, 'Put a link to summer in my tree').click()
    await expect(tablet.getByRole('status').getByText(/^A link to summer is in .* now$/)).toBeVisible()
    expect(await itemNamed(tablet, 'summer')).toMatchObject({ kind: 'link' })
    await tablet.getByRole('link', { name: 'Back to your tree' }).click()
    await tablet.getByRole('searchbox').fill('summer')
    await tablet.getByRole('treeitem', { name: /^summer, link/ }).click()
    await tablet.getByRole('link', { name: 'Open it' }).click()
    await expect(button(tablet, /^hill\.txt/)).toBeVisible()
  })

  await test.step('it is taken back, and seen no more', async () => {
    await laptop.bringToFront()
    await button(laptop, 'Done').click()
    await button(laptop, 'Remove Ben’s tree').click()
    await expect(button(laptop, 'Remove it')).toBeEnabled()
    await button(laptop, 'Remove it').click()
    for (const page of [desk, tablet]) {
      await page.bringToFront()
      await expect(page.getByRole('alert')).toContainText('is not shared with you any more')
      await expect(button(page, /^sea\.txt/)).toHaveCount(0)
    }
    await expectNothing(tablet, 'what is shared no more')
    await tablet.screenshot({ path: info.outputPath('taken-back.png') })
    await button(tablet, 'Try again').click()
    await expect(tablet.getByRole('alert')).toContainText('is not shared with you any more')
    await tablet.getByRole('link', { name: 'Back to your tree' }).click()
    await expect(tablet.getByRole('treeitem', { name: /^photos, link/ })).toBeVisible()
  })
})
