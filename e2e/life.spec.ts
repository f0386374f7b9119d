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
