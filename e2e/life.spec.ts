/**
 * A device whose tab the browser or the computer puts to sleep: the others know at once, and when it wakes it goes on as if it had
 * just been opened.
 */
import type { Page } from '@playwright/test'
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { joinByLink } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { addText, itemNamed, snapshotOf } from './tool/tree.ts'

test.use({ hasRelay: true })

const lineOf = (page: Page, device: string) =>
  page.getByRole('list', { name: 'Devices of this tree' }).getByRole('listitem').filter({ hasText: device })

test('a tab that sleeps is away, and there again when it wakes', { tag: '@wide' }, async ({ newProfile }) => {
  test.setTimeout(180_000)
  const pocket = await newProfile()
  const [laptop, phone] = [await (await newProfile()).open(), await pocket.open('./#/join')]
  await virtualAuthenticator(laptop)
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  await joinByLink(laptop, phone, 'Phone')
  const { rootId } = (await snapshotOf(laptop)).tree
  await laptop.getByRole('button', { name: 'Done' }).click()
  const line = lineOf(laptop, 'Phone')
  await expect(line).toContainText('Connected directly')

  const wakesWith = async (name: string, wake: () => Promise<unknown>): Promise<void> => {
    await addText(laptop, rootId, name, 'written meanwhile')
    await wake()
    await expect.poll(() => itemNamed(phone, name)).toMatchObject({ copyCount: 2 })
    await expect(line).toContainText('Connected directly')
    await addText(phone, rootId, `answer to ${name}`, 'awake')
    await expect.poll(() => itemNamed(laptop, `answer to ${name}`)).toMatchObject({ copyCount: 2 })
  }

  await test.step('told by the browser that it is frozen', async () => {
    // A page that is tested counts as visible and is never frozen, so it is told without being it.
    const tell = (name: string) => phone.evaluate((name) => void document.dispatchEvent(new Event(name)), name)
    await tell('freeze')
    await expect(line).toContainText('Away')
    await wakesWith('frozen.txt', () => tell('resume'))
  })
  await test.step('the whole computer asleep', async () => {
    const signal = (name: 'SIGSTOP' | 'SIGCONT') => process.kill(-pocket.processId, name)
    signal('SIGSTOP')
    try {
      await expect(line).toContainText('Away')
    } finally {
      await wakesWith('asleep.txt', async () => signal('SIGCONT'))
    }
  })
  await test.step('gone elsewhere, and back', async () => {
    await phone.goto('about:blank')
    await expect(line).toContainText('Away')
    await wakesWith('elsewhere.txt', () => phone.goBack())
  })
})

test('a device whose page is hidden gives its vote to one that is there, and not for a change of tabs', async ({
  newProfile,
}) => {
  test.setTimeout(120_000)
  const pocket = await newProfile()
  const laptop = await pocket.open()
  const phone = await (await newProfile()).open('./#/join')
  await virtualAuthenticator(laptop)
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  await joinByLink(laptop, phone, 'Phone')
  const { rootId } = (await snapshotOf(laptop)).tree
  const isSaved = async (page: Page, name: string): Promise<void> => {
    await addText(page, rootId, name, 'some text')
    await expect.poll(() => itemNamed(page, name)).toMatchObject({ copyCount: 2 })
  }
  await isSaved(laptop, 'first.txt')
  const quorumAt = async (page: Page) => (await snapshotOf(page)).tree.decider.quorum
  const hide = (page: Page): Promise<void> =>
    page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    })

  const other = await pocket.open()
  await expect(other.getByRole('treeitem', { name: /first/ })).toBeVisible()
  await hide(laptop)
  await other.evaluate(() => void document.dispatchEvent(new Event('visibilitychange')))
  await expect.poll(() => other.workers().length).toBe(1)
  await isSaved(other, 'second.txt')
  expect([await quorumAt(other), await quorumAt(phone)]).toEqual(['here', 'reachable'])

  await hide(other)
  await expect.poll(() => quorumAt(phone)).toBe('here')
  await isSaved(phone, 'third.txt')
})
