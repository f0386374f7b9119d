/**
 * A device that is limited to a folder, by the pages alone: what the approval names, what the guest sees and may, and more time.
 */
import { expect, proved, test, virtualAuthenticator } from './fixture.ts'
import { expectNothing } from './tool/axe.ts'
import { rowOf } from './tool/files.ts'
import { agreeToJoin, readLink, showCode, typeDigits } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { addText, hashOf, itemNamed, nodeOf, snapshotOf } from './tool/tree.ts'

test.use({ hasRelay: true })

test(proved('a device is limited to one folder, sees only that, and gets more time'), async ({ tabs }, info) => {
  test.setTimeout(180_000)
  const [laptop, camera] = [await tabs.open(), await tabs.open('./#/join&as=camera')]
  for (const page of [laptop, camera]) await page.setViewportSize({ width: 390, height: 844 })
  await virtualAuthenticator(laptop)
  await laptop.bringToFront()
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  const { rootId } = (await snapshotOf(laptop)).tree
  await addText(laptop, rootId, 'secret.txt', 'not for the camera')
  await readLink(camera, await showCode(laptop), 'Camera')
  await typeDigits(laptop, await agreeToJoin(camera))

  await test.step('the approval asks, has no answer of its own, and names what is granted', async () => {
    const own = laptop.getByRole('radio', { name: /^My own device/ })
    const limited = laptop.getByRole('radio', { name: /^Limited to one folder/ })
    for (const choice of [own, limited]) await expect(choice).not.toBeChecked()
    await expect(laptop.getByRole('button', { name: /^Yes/ })).toHaveCount(0)
    await limited.check()
    await expectNothing(laptop, 'what a limited device gets')
    await laptop.screenshot({ path: info.outputPath('choice.png') })
    await expect(laptop.getByLabel('Its folder')).toHaveValue('')
    await laptop.getByRole('button', { name: 'Go on' }).click()
    await expect(laptop.getByRole('alert')).toContainText('read and write')
    await laptop.getByRole('radio', { name: 'Read and write' }).check()
    await laptop.getByRole('button', { name: 'Go on' }).click()
    await expect(laptop.getByText('New: devices / Camera')).toBeVisible()
    await expect(laptop.getByText('Nothing yet')).toBeVisible()
    await expectNothing(laptop, 'what is granted to a limited device')
    await laptop.screenshot({ path: info.outputPath('terms.png') })
    await laptop.getByRole('button', { name: 'Yes, let it in' }).click()
    await expect(laptop.getByRole('heading', { name: 'Camera has its folder' })).toBeVisible()
  })

  await expect(camera.getByRole('heading', { name: 'Your tree is here' })).toBeVisible()
  await expect.poll(async () => (await snapshotOf(camera)).tree.limited).toMatchObject({ folderName: 'Camera' })
  const guest = (await snapshotOf(camera)).tree
  expect(guest).toMatchObject({ ownerName: 'Ada', limited: { mayWrite: true } })
  await addText(camera, guest.rootId, 'photo.txt', 'of the sea')
  await expect.poll(() => itemNamed(laptop, 'photo.txt')).toMatchObject({ parentId: guest.rootId })
  const photo = await itemNamed(laptop, 'photo.txt')
  expect(await hashOf(laptop, photo!.id)).toBe(await hashOf(camera, photo!.id))
  expect(await itemNamed(camera, 'secret.txt')).toBeUndefined()

  await test.step('whoever moves something there is told first who will read it', async () => {
    await laptop.getByRole('link', { name: 'Tree', exact: true }).click()
    await rowOf(laptop, 'secret.txt').click()
    await laptop.getByRole('button', { name: 'Move', exact: true }).click()
    await laptop.getByRole('button', { name: 'devices', exact: true }).click()
    await expect(laptop.getByText('can be read by')).toHaveCount(0)
    await laptop.getByRole('button', { name: 'Camera', exact: true }).click()
    await expect(laptop.getByText('There it can be read by Camera too.')).toBeVisible()
    await expectNothing(laptop, 'a move into a shared folder')
    await laptop.screenshot({ path: info.outputPath('audience.png') })
    await laptop.keyboard.press('Escape')
    await laptop.getByRole('link', { name: 'Devices', exact: true }).click()
  })

  await test.step('its own page says whose guest it is', async () => {
    await camera.getByRole('link', { name: 'Devices', exact: true }).click()
    await expect(camera.getByRole('heading', { name: 'You are a guest in Ada’s tree' })).toBeVisible()
    await expect(camera.getByRole('button', { name: 'Add a device' })).toHaveCount(0)
    await expectNothing(camera, 'the page of a guest')
    await camera.screenshot({ path: info.outputPath('guest.png') })
  })

  await test.step('it gets more time', async () => {
    await laptop.getByRole('button', { name: 'Done' }).click()
    await laptop.getByRole('button', { name: 'Give Camera more time' }).click()
    const sheet = laptop.getByRole('dialog', { name: 'More time for Camera?' })
    await expect(sheet).toBeVisible()
    const until = laptop.getByLabel('Until')
    await until.fill((await until.getAttribute('max'))!)
    await expectNothing(laptop, 'more time for a device')
    await laptop.screenshot({ path: info.outputPath('extend.png') })
    await laptop.getByRole('button', { name: 'Go on' }).click()
    await laptop.getByRole('button', { name: 'Give it that time' }).click()
    await expect(sheet).toBeHidden()
    const before = guest.limited!.expiresAtMs
    await expect.poll(async () => (await snapshotOf(camera)).tree.limited!.expiresAtMs).toBeGreaterThan(before)
    await laptop.screenshot({ path: info.outputPath('devices.png') })
  })

  await test.step('it hears what became of its folder', async () => {
    await camera.getByRole('link', { name: 'Tree', exact: true }).click()
    const node = await nodeOf(laptop)
    await node.evaluate(({ api }, id) => api.trash(crypto.randomUUID(), id), guest.rootId)
    await expect(camera.getByText('“Camera” was put into the trash on another device.')).toBeVisible()
    await node.evaluate(({ api }, id) => api.purge(crypto.randomUUID(), id), guest.rootId)
    await expect(camera.getByText('“Camera” was moved or deleted on another device.')).toBeVisible()
    await expect(camera.getByRole('treeitem', { name: /^photo/ })).toBeVisible()
    await camera.screenshot({ path: info.outputPath('gone.png') })
    await expectNothing(camera, 'the tree of a guest whose folder is gone')
    await camera.getByRole('button', { name: 'What now?' }).click()
    await expect(camera.getByText('To go on, ask to be let in again.')).toBeVisible()
    await camera.screenshot({ path: info.outputPath('gone-devices.png') })
  })
})
