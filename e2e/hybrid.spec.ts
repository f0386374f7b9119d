/**
 * A device that asks for keys in suite 2 (U25), in a browser: its arithmetic comes when it is needed, and the tree opens with it.
 */
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { joinByLink } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { addRandomFile, hashOf, itemNamed, nodeOf, snapshotOf } from './tool/tree.ts'

test.use({ hasRelay: true })

test('a phone that asks for keys that outlive quantum computers reads the tree by one', async ({ tabs }) => {
  test.setTimeout(120_000)
  const [laptop, phone] = [await tabs.open(), await tabs.open('./#/join&as=phone')]
  await virtualAuthenticator(laptop)
  await laptop.bringToFront()
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  const { rootId } = (await snapshotOf(laptop)).tree
  const sea = await addRandomFile(laptop, rootId, 'sea.bin', 200_000)
  const node = await nodeOf(phone)
  await node.evaluate(({ api }) => api.useHybrid())
  await joinByLink(laptop, phone, 'Phone')
  await expect.poll(() => itemNamed(phone, 'sea.bin')).toBeDefined()
  expect(await hashOf(phone, sea.id)).toBe(sea.hash)
  await phone.reload()
  await expect.poll(() => itemNamed(phone, 'sea.bin')).toBeDefined()
  const own = await addRandomFile(phone, rootId, 'own.bin', 3000)
  await expect.poll(() => itemNamed(laptop, 'own.bin')).toBeDefined()
  expect(await hashOf(laptop, own.id)).toBe(own.hash)
})
