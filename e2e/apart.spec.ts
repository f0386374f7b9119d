/**
 * Two devices that are apart for a while: what is done on the one that does not decide is kept, seen and told as what it is, and
 * where both did the same thing both versions are there in the end.
 */
import type { Page } from '@playwright/test'
import type { Profile } from './browser.ts'
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { joinByLink } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { addText, createFolder, itemNamed, snapshotOf, stateRootOf, textOf, writeText } from './tool/tree.ts'

test.use({ hasRelay: true })

const textNamed = async (page: Page, name: string): Promise<string | null> => {
  const item = await itemNamed(page, name)
  return item === undefined ? null : textOf(page, item.id)
}

/** Of all files whose names begin so. */
async function textsNamed(page: Page, start: string): Promise<readonly string[]> {
  const { items } = await snapshotOf(page)
  const named = items.filter(({ kind, name }) => kind === 'file' && name.startsWith(start))
  return (await Promise.all(named.map(({ id }) => textOf(page, id)))).toSorted()
}

test('what two devices do apart is all there when they meet', { tag: '@wide' }, async ({ newProfile }) => {
  test.setTimeout(240_000)
  const [desk, pocket]: Profile[] = [await newProfile(), await newProfile()]
  let [laptop, phone] = [await desk!.open(), await pocket!.open('./#/join')]
  await virtualAuthenticator(laptop)
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  await joinByLink(laptop, phone, 'Phone')
  const { rootId } = (await snapshotOf(laptop)).tree
  const planId = await addText(laptop, rootId, 'plan.txt', 'as agreed')
  await expect.poll(() => itemNamed(phone, 'plan.txt')).toMatchObject({ copyCount: 2, isWaiting: false })
  await laptop.close()

  await test.step('the phone alone', async () => {
    await writeText(phone, planId, 'as the phone wants it')
    await addText(phone, rootId, 'list.txt', 'of the phone')
    await phone.goto('./#/')
    await expect(phone.getByText('2 changes kept here, waiting for Laptop')).toBeVisible()
    await expect(phone.getByRole('treeitem').filter({ hasText: 'list.txt' })).toContainText('waiting')
  })
  await test.step('killed, it still has them, and goes on', async () => {
    await pocket!.kill()
    phone = await pocket!.open()
    await expect(phone.getByText('2 changes kept here, waiting for Laptop')).toBeVisible()
    expect(await textNamed(phone, 'plan.txt')).toBe('as the phone wants it')
    expect(await itemNamed(phone, 'list.txt')).toMatchObject({ isWaiting: true, copyCount: 1 })
    const folderId = await createFolder(phone, rootId, 'of the road')
    await addText(phone, folderId, 'road.txt', 'far')
    await expect(phone.getByText('4 changes kept here, waiting for Laptop')).toBeVisible()
    await pocket!.close()
  })
  await test.step('the laptop alone', async () => {
    laptop = await desk!.open()
    await writeText(laptop, planId, 'as the laptop wants it')
    await addText(laptop, rootId, 'list.txt', 'of the laptop')
  })
  await test.step('together', async () => {
    await pocket!.reopen()
    phone = await pocket!.open()
    await expect(phone.getByText('Saved on 2 devices')).toBeVisible()
    for (const page of [laptop, phone]) {
      await expect.poll(async () => (await snapshotOf(page)).items.every(({ copyCount }) => copyCount === 2)).toBe(true)
      // Which of two keeps the plain name is for the tree to decide, and one that lost it is sealed anew first; both come to be there.
      await expect.poll(() => textsNamed(page, 'plan')).toEqual(['as the laptop wants it', 'as the phone wants it'])
      await expect.poll(() => textsNamed(page, 'list')).toEqual(['of the laptop', 'of the phone'])
      expect(await textsNamed(page, 'road')).toEqual(['far'])
      await expect.poll(async () => (await snapshotOf(page)).tree.waiting).toBeNull()
    }
    await expect.poll(async () => (await stateRootOf(phone)) === (await stateRootOf(laptop))).toBe(true)
    await phone.getByRole('link', { name: 'Storage', exact: true }).click()
    await expect(phone.getByText('On 2 devices', { exact: true })).toBeVisible()
  })
})
