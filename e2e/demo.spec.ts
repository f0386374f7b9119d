/**
 * The pretend phone beside the page: a second profile in a frame, with a node of its own and real WebRTC between the two.
 */
import type { Frame, FrameLocator, Page } from '@playwright/test'
import { expect, isProving, proved, test, virtualAuthenticator } from './fixture.ts'
import { expectNothing } from './tool/axe.ts'
import { agreeToJoin, approveAsOwn, typeDigits } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { addText, hashOf, isServed, itemNamed, nodeOf, snapshotOf } from './tool/tree.ts'

interface Phone {
  /** What a person sees of it. */
  readonly screen: FrameLocator
  /** Its page. */
  readonly frame: Frame
}

async function phoneOf(page: Page): Promise<Phone> {
  const title = 'The screen of the pretend phone'
  const handle = await page.getByTitle(title).elementHandle()
  return { screen: page.frameLocator(`iframe[title="${title}"]`), frame: (await handle!.contentFrame())! }
}

/** From the code on the screen to the digits that were typed in. */
async function joinWithPhone(page: Page): Promise<Phone> {
  await page.getByRole('button', { name: 'Scan it with the phone' }).click()
  const phone = await phoneOf(page)
  await expect(phone.screen.getByLabel('What should this device be called?')).toHaveValue('Pretend phone')
  await phone.screen.getByRole('button', { name: 'Continue' }).click()
  await typeDigits(page, await agreeToJoin(phone.screen))
  return phone
}

const asList = (where: Page | FrameLocator) => where.getByRole('button', { name: 'List', exact: true }).click()

/** A file on either side is seen on the other, and one that is added while the cord is pulled is seen when it is back. */
async function shareAndCut(page: Page, { screen, frame }: Phone): Promise<void> {
  await expect(page.getByText('Both hold the tree.')).toBeVisible()
  await screen.getByRole('link', { name: 'Go to the tree' }).click()
  await page.getByRole('link', { name: 'Tree', exact: true }).click()
  await asList(screen)
  await asList(page)
  const { rootId } = (await snapshotOf(page)).tree
  await addText(page, rootId, 'to the phone.txt', 'dear')
  await expect(screen.getByRole('treeitem', { name: /to the phone/ })).toBeVisible()
  const id = await addText(frame, rootId, 'from the phone.txt', 'dear too')
  await expect(page.getByRole('treeitem', { name: /from the phone/ })).toBeVisible()
  await expect.poll(() => itemNamed(page, 'from the phone.txt')).toMatchObject({ copyCount: 2 })
  expect(await hashOf(page, id)).toBe(await hashOf(frame, id))
  // The service worker finds the node of the frame, too.
  const address = `t/${id}?as=${new URLSearchParams(new URL(frame.url()).hash).get('as')}`
  expect(await frame.evaluate(async (address) => (await fetch(address)).text(), address)).toBe('dear too')

  await page.getByRole('button', { name: 'Pull the cord' }).click()
  await expect(page.getByText('The phone is offline')).toBeVisible()
  await addText(page, rootId, 'while it was pulled.txt', 'wait')
  await page.getByRole('link', { name: 'Devices', exact: true }).click()
  await page.getByRole('button', { name: 'Done' }).click()
  const devices = page.getByRole('list', { name: 'Devices of this tree' })
  const line = devices.getByRole('listitem').filter({ hasText: 'Pretend phone' })
  await expect(line).toContainText('Away, last seen', { timeout: 30_000 })
  expect(await itemNamed(frame, 'while it was pulled.txt')).toBeUndefined()
  await page.getByRole('button', { name: 'Put the cord back' }).click()
  await expect(screen.getByRole('treeitem', { name: /while it was pulled/ })).toBeVisible({ timeout: 30_000 })
  await expect(line).toContainText('Connected directly')
}

for (const hasRelay of [false, true])
  test.describe(hasRelay ? 'with a relay' : 'without any relay', { tag: hasRelay ? '@wide' : [] }, () => {
    test.use({ hasRelay })

    test(
      proved('a pretend phone joins, holds the tree, and catches up after its cord was pulled'),
      async ({ profile }) => {
        test.setTimeout(180_000)
        const page = await profile.open()
        await virtualAuthenticator(page)
        await plant(page, { owner: 'Ada', device: 'Laptop' })
        await page.getByRole('button', { name: 'Show me with a pretend phone' }).click()
        await page.getByRole('button', { name: 'Show the code' }).click()
        await expect(page.getByRole('heading', { name: 'Scan this with the new device' })).toBeVisible()
        const phone = await joinWithPhone(page)
        await approveAsOwn(page)
        await shareAndCut(page, phone)

        await test.step('it decides nothing that would end with it', async () => {
          // As when this page is hidden.
          const handedOver = (await nodeOf(page)).evaluate(({ api }) => api.handOver(null))
          await expect(handedOver).rejects.toThrow('this one goes on deciding')
        })
        await test.step('it is put away, kept, and there again', async () => {
          await page.getByRole('button', { name: 'Put the phone away' }).click()
          await page.getByRole('button', { name: 'Keep it' }).click()
          await expect(page.getByRole('complementary', { name: 'Pretend phone' })).toHaveCount(0)
          await page.goto('./#/&pretend')
          await expect(page.getByText('Both hold the tree.')).toBeVisible()
          const { screen } = await phoneOf(page)
          await asList(screen)
          await expect(screen.getByRole('treeitem', { name: /to the phone/ })).toBeVisible()
        })
        await test.step('what it stored is deleted, and its line stays', async () => {
          await page.getByRole('button', { name: 'Put the phone away' }).click()
          await page.getByRole('button', { name: 'Delete what it stored' }).click()
          await expect(page.getByRole('complementary', { name: 'Pretend phone' })).toHaveCount(0)
          const names = (await page.evaluate(() => indexedDB.databases())).map(({ name }) => name)
          expect(names).toContain('blocktree-main')
          expect(names.filter((name) => name?.includes('phone'))).toEqual([])
          expect((await snapshotOf(page)).tree).toMatchObject({ isPlanted: true, deviceCount: 2 })
        })
      },
    )
  })

test('who was here once tries it without the host', { tag: '@wide' }, async ({ profile, site, problems }) => {
  test.setTimeout(120_000)
  problems.allow(/ERR_CONNECTION_REFUSED/)
  const page = await profile.open()
  await isServed(page)
  const isKept = () => page.evaluate(async () => (await caches.match('./relay.json')) !== undefined)
  await expect.poll(isKept).toBe(true)
  await site.stop()
  await page.getByRole('button', { name: 'Show me with a pretend phone' }).click()
  await page.getByRole('button', { name: 'Plant it and show the code' }).click()
  await joinWithPhone(page)
  await page.getByRole('button', { name: 'Let the phone in' }).click()
  await expect(page.getByText('Both hold the tree.')).toBeVisible()
})

test(proved('who has planted nothing tries it with a tree apart'), { tag: '@wide' }, async ({ profile }) => {
  test.setTimeout(120_000)
  const page = await profile.open()
  const own = (await snapshotOf(page)).tree
  const begunAtMs = Date.now()
  await page.getByRole('button', { name: 'Show me with a pretend phone' }).click()
  await page.getByRole('button', { name: 'Plant it and show the code' }).click()
  const { screen } = await joinWithPhone(page)
  await page.getByRole('button', { name: 'Let the phone in' }).click()
  await expect(page.getByText('Both hold the tree.')).toBeVisible()
  await screen.getByRole('link', { name: 'Go to the tree' }).click()
  await expect(screen.getByText('Welcome.txt').first()).toBeVisible()
  const syncedAfterMs = Date.now() - begunAtMs
  test
    .info()
    .annotations.push(
      { type: 'required', description: 'first sync within 20 s' },
      { type: 'measured', description: `after ${syncedAfterMs} ms` },
    )
  if (isProving) expect(syncedAfterMs).toBeLessThan(20_000)

  await expectNothing(page, 'the devices, and a pretend phone that holds the tree')
  await page.getByRole('button', { name: 'Pull the cord' }).click()
  await expectNothing(page, 'a cord that is pulled')
  await page.getByRole('button', { name: 'Put the phone away' }).click()
  await expectNothing(page, 'what becomes of the phone')
  await page.getByRole('button', { name: 'Delete both' }).click()
  await expect(page.getByRole('button', { name: 'Plant it' })).toBeVisible()
  expect((await snapshotOf(page)).tree).toEqual(own)
  await expect
    .poll(async () => (await page.evaluate(() => indexedDB.databases())).map(({ name }) => name))
    .toHaveLength(2)
  const names = new Set((await page.evaluate(() => indexedDB.databases())).map(({ name }) => name))
  expect(names).toEqual(new Set(['blocktree-main', 'blocktree-keys-main']))
})
