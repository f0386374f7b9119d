/**
 * Old contents under new keys after a removal, by the page alone: what it would take, the doing, and that all stays readable.
 */
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { expectNothing } from './tool/axe.ts'
import { joinByLink } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { addText, hashOf, itemNamed, nodeOf, snapshotOf } from './tool/tree.ts'

test.use({ hasRelay: true })

test('after a removal old contents are encrypted again, and cost is told first', async ({ tabs }, info) => {
  test.setTimeout(180_000)
  const [laptop, phone, desk] = [
    await tabs.open(),
    await tabs.open('./#/join&as=phone'),
    await tabs.open('./#/join&as=desk'),
  ]
  await virtualAuthenticator(laptop)
  await laptop.bringToFront()
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  const { rootId } = (await snapshotOf(laptop)).tree
  const text = 'dear '.repeat(60_000)
  await addText(laptop, rootId, 'letter.txt', text)
  await joinByLink(laptop, phone, 'Phone')
  await laptop.getByRole('button', { name: 'Done' }).click()
  await joinByLink(laptop, desk, 'Desk')
  await laptop.getByRole('button', { name: 'Done' }).click()
  await expect.poll(() => itemNamed(desk, 'letter.txt')).toMatchObject({ copyCount: 3 })
  const letter = (await itemNamed(laptop, 'letter.txt'))!
  const before = await hashOf(laptop, letter.id)

  await laptop.getByRole('link', { name: 'Storage', exact: true }).click()
  await laptop.getByRole('button', { name: 'See what it would take' }).click()
  await expect(laptop.getByText('All contents are sealed under keys that no removed device has.')).toBeVisible()
  await laptop.getByRole('link', { name: 'Devices', exact: true }).click()
  await laptop.getByRole('button', { name: 'Remove Phone' }).click()
  await laptop.getByRole('button', { name: 'Remove it' }).click()
  await expect(laptop.getByRole('button', { name: 'Remove Phone' })).toHaveCount(0)

  await laptop.getByRole('link', { name: 'Storage', exact: true }).click()
  const look = laptop.getByRole('button', { name: /^(See what it would take|Look again)$/ })
  const cost = laptop.getByRole('list', { name: 'What it would take' }).getByRole('listitem')
  // The keys come first, in the background.
  await expect(async () => {
    await look.click()
    await expect(cost.first()).toContainText('301 kB', { timeout: 2000 })
  }).toPass()
  await expect(cost).toHaveCount(3)
  await expect(cost.last()).toContainText('What a removed device holds already it keeps')
  await laptop.setViewportSize({ width: 390, height: 844 })
  await expectNothing(laptop, 'what it would take to encrypt old contents again')
  await laptop.screenshot({ path: info.outputPath('cost.png') })
  await laptop.getByRole('button', { name: 'Encrypt them again' }).press('Enter')
  const preview = async () => (await nodeOf(laptop)).evaluate(({ api }) => api.previewResealing())
  await expect.poll(preview).toMatchObject({ fileCount: 0, sizeBytes: 0, isWanted: false })
  await laptop.getByRole('button', { name: 'Look again' }).click()
  await expect(laptop.getByText('All contents are sealed under keys that no removed device has.')).toBeVisible()

  await expect
    .poll(() => itemNamed(desk, 'letter.txt'))
    .toMatchObject({ copyCount: 2, modifiedAtMs: letter.modifiedAtMs })
  for (const page of [laptop, desk]) {
    await page.reload()
    expect(await hashOf(page, letter.id)).toBe(before)
  }
})
