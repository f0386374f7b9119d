/**
 * Three browsers that decide together: their owner chooses that in the page, any one of them sleeps or goes, and the others go on.
 */
import type { Page } from '@playwright/test'
import type { Profile } from './browser.ts'
import { expect, test } from './fixture.ts'
import { expectNothing } from './tool/axe.ts'
import { choose, decidersAt, threeDevices } from './tool/deciding.ts'
import { addText, itemNamed, snapshotOf, stateRootOf } from './tool/tree.ts'

test.use({ hasRelay: true })

const section = (page: Page) => page.getByRole('region', { name: 'Who decides' })
const sheet = (page: Page) => page.locator('bt-deciders-sheet')

/** What is written here the others decide, though this device's leader may be gone. */
async function goesOn(page: Page, name: string): Promise<void> {
  const { rootId } = (await snapshotOf(page)).tree
  await addText(page, rootId, name, 'decided')
  await expect.poll(() => itemNamed(page, name), { timeout: 40_000 }).toMatchObject({ isWaiting: false })
}

const leads = async (page: Page): Promise<boolean> => (await snapshotOf(page)).tree.decider.quorum === 'here'

test('the owner chooses who decides, and then any one of three may sleep or go', async ({ newProfile }) => {
  test.setTimeout(300_000)
  const profiles = [await newProfile(), await newProfile(), await newProfile()] as [Profile, Profile, Profile]
  const pages = await threeDevices(profiles)
  const [, phone] = pages

  await test.step('chosen on one that follows, with what follows said first', async () => {
    await phone.goto('./#/devices')
    await expect(section(phone)).toContainText('Laptop confirms every change')
    await section(phone).getByRole('button', { name: 'Choose who decides' }).click()
    await sheet(phone).getByRole('checkbox', { name: 'Laptop' }).uncheck()
    await sheet(phone).getByRole('button', { name: 'Let these decide' }).click()
    await expect(sheet(phone).getByRole('alert')).toHaveText('Choose at least one device.')
    await sheet(phone).getByRole('checkbox', { name: 'Laptop' }).check()
    await sheet(phone).getByRole('checkbox', { name: 'Phone' }).check()
    await expect(sheet(phone)).toContainText('Both are needed')
    await sheet(phone).getByRole('checkbox', { name: 'Desk' }).check()
    await expect(sheet(phone)).toContainText('Any two of them are enough, so one may be away.')
    await expectNothing(phone, 'the choice who decides')
    await sheet(phone).getByRole('button', { name: 'Let these decide' }).click()
    await expect(phone.getByRole('dialog', { name: 'Who decides' })).toBeHidden()
    for (const page of pages) await expect.poll(() => decidersAt(page)).toEqual(['Desk', 'Laptop', 'Phone'])
    await expect(section(phone)).toContainText('You chose that.')
    await phone.getByRole('link', { name: 'What was allowed, and when' }).click()
    const told = phone.getByRole('listitem').filter({ hasText: 'Who decides was chosen on Phone' })
    for (const name of ['Laptop', 'Phone', 'Desk', 'decide']) await expect(told).toContainText(name)
    await phone.getByRole('link', { name: 'Back to the devices' }).click()
  })

  /** Which leads now, and the two others. */
  const apart = async (): Promise<{ leader: number; others: readonly Page[] }> => {
    let leader = -1
    await expect
      .poll(async () => (leader = (await Promise.all(pages.map(leads))).indexOf(true)), { timeout: 40_000 })
      .toBeGreaterThanOrEqual(0)
    return { leader, others: pages.filter((_, at) => at !== leader) }
  }

  await test.step('the leader’s browser is frozen', async () => {
    const { leader, others } = await apart()
    process.kill(-profiles[leader]!.processId, 'SIGSTOP')
    try {
      await goesOn(others[0]!, 'amid the sleep')
      await goesOn(others[1]!, 'amid it, too')
    } finally {
      process.kill(-profiles[leader]!.processId, 'SIGCONT')
    }
    await expect.poll(() => itemNamed(pages[leader]!, 'amid it, too')).toMatchObject({ copyCount: 3 })
  })

  await test.step('the leader’s tab is closed, and opened again', async () => {
    const { leader, others } = await apart()
    await pages[leader]!.close()
    await goesOn(others[0]!, 'without the tab')
    pages[leader] = await profiles[leader]!.open('./#/devices')
    await expect.poll(() => itemNamed(pages[leader]!, 'without the tab')).toMatchObject({ copyCount: 3 })
    await expect
      .poll(async () => new Set(await Promise.all(pages.map(stateRootOf))).size, { message: 'all have the same' })
      .toBe(1)
  })

  await test.step('fewer than half change nothing, and are told how to go on', async () => {
    await Promise.all([pages[0]!, pages[2]!].map((page) => page.close()))
    const page = pages[1]!
    await page.goto('./#/devices')
    await expect.poll(async () => (await snapshotOf(page)).tree.decider.quorum, { timeout: 40_000 }).toBe('away')
    await section(page).getByRole('button', { name: 'Choose who decides' }).click()
    await expect(sheet(page)).toContainText('two of them must agree on who does from now on. Only Phone is there.')
    await expectNothing(page, 'a choice that can not be made')
    await sheet(page).getByRole('button', { name: 'They are gone for good' }).click()
    await expect(page.getByRole('button', { name: 'Go on with this device' })).toBeVisible()
    await page.getByRole('button', { name: 'Wait for it' }).click()
  })

  await test.step('a choice that waits for one is taken back', async () => {
    pages[0] = await profiles[0].open('./#/devices')
    const page = pages[0]
    await expect.poll(async () => (await snapshotOf(page)).tree.decider.quorum, { timeout: 40_000 }).not.toBe('away')
    await choose(page, ['Laptop'])
    for (const each of [page, pages[1]!]) await expect.poll(() => decidersAt(each)).toEqual(['Laptop'])
    await choose(page, ['Laptop', 'Phone', 'Desk'])
    await expect(section(page)).toContainText('Waiting for Desk to be there.')
    await goesOn(page, 'while it waits')
    await section(page).getByRole('button', { name: 'Leave it as it is' }).click()
    await expect(section(page)).not.toContainText('Waiting for')
    await section(page).getByRole('button', { name: 'Choose who decides' }).click()
    await sheet(page).getByRole('button', { name: 'Leave it to the tree' }).click()
    await expect(section(page)).toContainText('The tree sees to that by itself')
  })
})
