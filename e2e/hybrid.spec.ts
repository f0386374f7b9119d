/**
 * A device that asks for keys in suite 2 (U25), in a browser: its arithmetic comes when it is needed, and the tree opens with it.
 */
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { expectNothing } from './tool/axe.ts'
import { joinByLink } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { addRandomFile, hashOf, itemNamed, snapshotOf } from './tool/tree.ts'

test.use({ hasRelay: true })

test('keys that outlast quantum computers are turned on once, and a phone that joins reads the tree', async ({
  tabs,
}) => {
  test.setTimeout(120_000)
  const [laptop, phone] = [await tabs.open(), await tabs.open('./#/join&as=phone')]
  await virtualAuthenticator(laptop)
  await laptop.bringToFront()
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  const { rootId } = (await snapshotOf(laptop)).tree
  const sea = await addRandomFile(laptop, rootId, 'sea.bin', 200_000)
  // On one device, and all ask from then on, also those that come later.
  await laptop.getByRole('link', { name: 'Storage', exact: true }).click()
  const section = laptop.getByRole('region', { name: 'Keys that outlast quantum computers' })
  await expectNothing(laptop, 'before it is turned on')
  await section.getByRole('button', { name: 'Turn it on for all my devices' }).click()
  await expect(section.getByText('It is on.')).toBeVisible()
  await joinByLink(laptop, phone, 'Phone')
  await expect.poll(() => itemNamed(phone, 'sea.bin')).toBeDefined()
  await laptop.getByRole('button', { name: 'Done' }).click()
  await laptop.getByRole('link', { name: 'Storage', exact: true }).click()
  await expect(section.getByText('It is on, on all your devices.')).toBeVisible()
  await expectNothing(laptop, 'turned on')
  expect(await hashOf(phone, sea.id)).toBe(sea.hash)
  await phone.reload()
  await expect.poll(() => itemNamed(phone, 'sea.bin')).toBeDefined()
  const own = await addRandomFile(phone, rootId, 'own.bin', 3000)
  await expect.poll(() => itemNamed(laptop, 'own.bin')).toBeDefined()
  expect(await hashOf(laptop, own.id)).toBe(own.hash)
})
