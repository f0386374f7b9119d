/**
 * The clock of the only device: where it leaps, the site says whether it is right, or the owner does.
 */
import { expect, test } from './fixture.ts'
import { expectNothing, phone } from './tool/axe.ts'
import { putBack } from './tool/clock.ts'
import { plantByCard } from './tool/planting.ts'
import { addText, itemNamed, snapshotOf } from './tool/tree.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

test('a clock that is days ahead ends nothing until its owner says that it is right', async ({ page }, info) => {
  await page.setViewportSize(phone)
  await page.goto('./')
  const { rootId } = (await snapshotOf(page)).tree
  await putBack(page, -7 * dayMs)
  await addText(page, rootId, 'doubted.txt', 'dated as before')
  const messages = page.getByRole('region', { name: 'Messages' })
  await expect(messages.getByText('Nothing in it ends').first()).toBeVisible()
  const { modifiedAtMs } = (await itemNamed(page, 'doubted.txt'))!
  expect(Math.abs(modifiedAtMs - Date.now())).toBeLessThan(hourMs)
  await page.screenshot({ path: info.outputPath('doubted.png') })
  await expectNothing(page, 'the question whether the clock is right')
  await messages.getByRole('button', { name: 'The clock is right' }).press('Enter')
  await expect(messages.getByText('Time goes on').first()).toBeVisible()
  await expect(messages.getByText('Nothing in it ends')).toHaveCount(0)
  await addText(page, rootId, 'right.txt', 'dated by the clock')
  const later = (await itemNamed(page, 'right.txt'))!
  expect(later.modifiedAtMs - Date.now()).toBeGreaterThan(6 * dayMs)
  expect((await snapshotOf(page)).tree.standingTime).toBeNull()
})

test('who comes back after a week sees nothing of it', async ({ page, requests }) => {
  await page.goto('./')
  // A tree that begins a week ago.
  await putBack(page, 7 * dayMs)
  await plantByCard(page, { owner: 'Ada' })
  const { rootId } = (await snapshotOf(page)).tree
  await page.reload()
  await addText(page, rootId, 'now.txt', 'today')
  expect(requests).toContain('HEAD /')
  const { modifiedAtMs } = (await itemNamed(page, 'now.txt'))!
  expect(Math.abs(modifiedAtMs - Date.now())).toBeLessThan(hourMs)
  await expect(page.getByRole('button', { name: 'The clock is right' })).toHaveCount(0)
})
