/**
 * A tree that was planted with a passkey comes back whole from an archive and the card, in a browser that never saw it.
 */
import type { Page } from '@playwright/test'
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { answerCard, beginPlanting, exportArchive, readCard } from './tool/planting.ts'
import { addRandomFile, addText, createFolder, hashOf, isServed, nodeOf, snapshotOf } from './tool/tree.ts'

/** The whole tree by its paths: kinds, sizes, hashes, and what is in the trash. */
async function pictureOf(page: Page): Promise<ReadonlyMap<string, string>> {
  const { items } = await snapshotOf(page)
  const byId = new Map(items.map((item) => [item.id, item]))
  const pathOf = (id: string | null): string => {
    const item = id === null ? undefined : byId.get(id)
    return item === undefined || item.parentId === null ? '' : `${pathOf(item.parentId)}/${item.name}`
  }
  const picture = new Map<string, string>()
  for (const { id, kind, sizeBytes, trashedAtMs } of items) {
    const content = kind === 'file' ? ` of ${sizeBytes} octets, ${await hashOf(page, id)}` : ''
    picture.set(pathOf(id), `${kind}${content}${trashedAtMs === null ? '' : ', in the trash'}`)
  }
  return picture
}

test('planted with three prompts at most, moved in, archived, and brought back whole', async ({
  page,
  profile: away,
}, info) => {
  test.setTimeout(120_000)
  await page.goto('./')
  const local = await snapshotOf(page)
  const { rootId } = local.tree
  const letters = await createFolder(page, rootId, 'letters')
  const deeper = await createFolder(page, letters, 'naïve 文書')
  await addText(page, deeper, 'a.txt', 'dear Ada')
  await addRandomFile(page, deeper, 'large.bin', 5_300_000)
  await addRandomFile(page, letters, 'empty', 0)
  await createFolder(page, deeper, 'nothing in it')
  const trashed = await addRandomFile(page, letters, 'given up', 70_000)
  const node = await nodeOf(page)
  await node.evaluate(({ api }, id) => api.trash(crypto.randomUUID(), id), trashed.id)
  const before = await pictureOf(page)

  const authenticator = await virtualAuthenticator(page)
  await page.evaluate(() => {
    const prompts: string[] = []
    for (const kind of ['create', 'get'] as const) {
      const ask = navigator.credentials[kind]
      navigator.credentials[kind] = function (options?: never) {
        prompts.push(kind)
        return ask.call(navigator.credentials, options)
      } as never
    }
    Object.assign(window, { prompts })
  })
  await beginPlanting(page, { owner: 'Ada', device: 'Laptop' })
  await page.getByRole('button', { name: 'Make a passkey' }).click()
  const words = await readCard(page)
  expect(new Set(words).size).toBeGreaterThan(9)
  await answerCard(page, words, (word) => (word === 'zoo' ? 'zone' : 'zoo'))
  await expect(page.getByRole('alert')).toContainText('not the one on the card. Compare them and try again')
  await answerCard(page, words)
  // Checked once, the card is not shown again.
  await expect(page.getByRole('button', { name: 'Show the card again' })).toHaveCount(0)
  await page.getByRole('button', { name: 'Sign and plant' }).click()
  await expect(page.getByRole('heading', { name: 'Your tree is planted' })).toBeVisible({ timeout: 60_000 })
  const prompts = await page.evaluate(() => (window as never as { prompts: string[] }).prompts)
  expect(prompts.length).toBeLessThanOrEqual(3)
  expect(prompts.toSorted()[0]).toBe('create')
  const credentials = await authenticator.credentials()
  expect(credentials).toHaveLength(1)
  expect(credentials[0]).toMatchObject({ rpId: 'localhost', isResidentCredential: true })

  const planted = await snapshotOf(page)
  expect(planted.tree.treeId).not.toBe(local.tree.treeId)
  expect(planted.tree.root).toMatchObject({ passkeys: [{ isSynced: true, prfSalt: expect.anything() }], pending: null })
  const moved = await pictureOf(page)
  expect(Object.fromEntries(moved)).toEqual(Object.fromEntries(before))

  const archive = await exportArchive(page, info.outputPath('tree.bt'))
  const other = await away.open('./#/recover')
  await isServed(other)
  await other.locator('input[accept=".bt"]').setInputFiles(archive)
  await other.getByLabel('The twelve words of its recovery card').fill(words.join(' '))
  await other.getByLabel('And this device?').fill('Desktop')
  await other.getByRole('button', { name: 'Recover the tree' }).click()
  await expect(other.getByText('The tree is back, every block of it checked')).toBeVisible({ timeout: 60_000 })
  // And it stays: the new device is its holder now.
  await away.kill()
  const again = await away.open()
  await isServed(again)
  expect(Object.fromEntries(await pictureOf(again))).toEqual(Object.fromEntries(before))
  const { tree, items } = await snapshotOf(again)
  expect(tree).toMatchObject({ treeId: planted.tree.treeId, isPlanted: true, ownerName: 'Ada', deviceName: 'Desktop' })
  expect(items.map(({ id }) => id).toSorted()).toEqual(planted.items.map(({ id }) => id).toSorted())
  await addText(again, tree.rootId, 'written here.txt', 'goes on')
  expect((await snapshotOf(again)).items.map(({ name }) => name)).toContain('written here.txt')
})
