/**
 * The passkeys of a tree's owner on real browsers: a second one that waits, is stopped, counts, and goes on where the first one is
 * lost; and the card where none is left.
 */
import type { Page } from '@playwright/test'
import type { VirtualAuthenticator } from './browser.ts'
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { expectNothing } from './tool/axe.ts'
import { putBack } from './tool/clock.ts'
import { agreeToJoin, joinByLink, letIn, readLink, showCode, typeDigits } from './tool/joining.ts'
import { answerCard, exportArchive, plant, readCard } from './tool/planting.ts'
import { snapshotOf } from './tool/tree.ts'

test.use({ hasRelay: true })

const hourMs = 3_600_000

const setPresent = ({ devtools, authenticatorId }: VirtualAuthenticator, enabled: boolean) =>
  devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })

const told = (page: Page, text: string) =>
  page.getByRole('region', { name: 'Messages' }).getByRole('listitem').filter({ hasText: text })

const rootOf = async (page: Page) => (await snapshotOf(page)).tree.root!

async function openKeys(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Storage', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Who signs for this tree' })).toBeVisible()
}

/** Makes a passkey on a security key, beside the provider that signs for it. */
async function addSecond(page: Page, first: VirtualAuthenticator, key: VirtualAuthenticator): Promise<void> {
  await openKeys(page)
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  // A person touches one of them; the other one would answer that it has no such passkey.
  await setPresent(first, false)
  await setPresent(key, true)
  await page.getByRole('button', { name: 'Make the passkey' }).click()
  const sign = page.getByRole('button', { name: 'Sign for it' })
  await expect(sign).toBeVisible()
  await setPresent(key, false)
  await setPresent(first, true)
  await sign.click()
  await expect(told(page, 'The passkey was added. It counts in 72 hours.').first()).toBeVisible()
  await expect(page.getByRole('listitem').filter({ hasText: 'A new passkey' })).toBeVisible()
}

const securityKey = { transport: 'usb', defaultBackupEligibility: false, defaultBackupState: false } as const

test('a second passkey waits, is stopped, and counts where the first one is lost', async ({ newProfile }) => {
  test.setTimeout(180_000)
  const laptop = await (await newProfile()).open()
  await putBack(laptop, 73 * hourMs)
  const first = await virtualAuthenticator(laptop)
  const card = await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  const phone = await (await newProfile()).open('./#/join')
  await putBack(phone, 73 * hourMs)
  await joinByLink(laptop, phone, 'Phone')
  await laptop.getByRole('button', { name: 'Done' }).click()

  const key = await virtualAuthenticator(laptop, securityKey)
  await addSecond(laptop, first, key)
  const list = laptop.getByRole('region', { name: 'Who signs for this tree' })
  await expect(list.getByText('Bound to one device or security key')).toBeVisible()
  await expect(list.getByText('Synced: its account may copy it')).toBeVisible()
  await expect(list.getByText(/in 72 hours/)).toBeVisible()
  await expectNothing(laptop, 'a passkey that waits')

  // Every device is told, and any of them stops it.
  await expect(told(phone, 'A passkey was added that will sign for this tree')).toBeVisible()
  await phone.getByRole('button', { name: 'Stop it' }).click()
  await expect(told(phone, 'The new passkey was stopped.')).toBeVisible()
  await expect(list.getByText('A new passkey')).toBeHidden()
  expect((await rootOf(laptop)).passkeys).toHaveLength(1)

  await addSecond(laptop, first, key)
  await Promise.all([laptop, phone].map((page) => page.reload()))
  await first.devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: first.authenticatorId })
  await setPresent(key, true)
  expect((await rootOf(laptop)).passkeys.map(({ isSynced }) => isSynced)).toEqual([true, false])
  const tablet = await (await newProfile()).open('./#/join')
  await readLink(tablet, await showCode(laptop), 'Tablet')
  await letIn(laptop, await agreeToJoin(tablet), 'Tablet')
  await expect(tablet.getByRole('heading', { name: 'Your tree is here' })).toBeVisible()
  await laptop.getByRole('button', { name: 'Done' }).click()
  for (const page of [laptop, phone, tablet])
    await expect.poll(async () => (await rootOf(page)).passkeys.length).toBe(2)
  expect(await key.credentials()).not.toHaveLength(0)

  // The card takes out what is lost.
  await openKeys(laptop)
  await laptop.getByRole('button', { name: 'Remove Passkey 1' }).click()
  await laptop.getByRole('textbox', { name: /twelve words/i }).fill(card.join(' '))
  await laptop.getByRole('button', { name: 'Remove it' }).click()
  await expect(told(laptop, 'The passkey was removed.')).toBeVisible()
  for (const page of [laptop, phone, tablet])
    await expect.poll(async () => (await rootOf(page)).passkeys.map(({ isSynced }) => isSynced)).toEqual([false])

  // And it can be looked up for ever.
  await laptop.getByRole('link', { name: 'Devices', exact: true }).click()
  await laptop.getByRole('link', { name: 'What was allowed, and when' }).click()
  const changes = laptop.getByRole('listitem').filter({ hasText: 'Who signs for this tree was changed' })
  await expect(changes).toHaveCount(2)
  await expect(changes.first()).toContainText('1 passkey removed')
  await expect(changes.last()).toContainText('1 passkey added')
})

test('on a clean browser the card and one device bring the tree back, with another passkey', async ({ newProfile }) => {
  test.setTimeout(120_000)
  const old = await (await newProfile()).open()
  const lost = await virtualAuthenticator(old)
  const card = await plant(old, { owner: 'Ada', device: 'Old laptop' })
  await lost.remove()
  const clean = await (await newProfile()).open('./#/join')
  await readLink(clean, await showCode(old), 'New laptop')
  await typeDigits(old, await agreeToJoin(clean))
  await old.getByRole('radio', { name: /^My own device/ }).check()
  await old.getByRole('button', { name: 'Use the recovery card' }).click()
  await old.getByRole('textbox', { name: /twelve words/i }).fill(card.join(' '))
  await old.getByRole('button', { name: 'Yes, it is my own device' }).click()
  await expect(clean.getByRole('heading', { name: 'Your tree is here' })).toBeVisible()
  await clean
    .getByRole('button', { name: 'Go to the tree' })
    .or(clean.getByRole('link', { name: 'Go to the tree' }))
    .click()

  await virtualAuthenticator(clean)
  await openKeys(clean)
  await clean.getByRole('button', { name: 'Remove Passkey 1' }).click()
  await clean.getByRole('textbox', { name: /twelve words/i }).fill(card.join(' '))
  await clean.getByRole('button', { name: 'Remove it' }).click()
  await expect(told(clean, 'The passkey was removed.')).toBeVisible()
  expect((await rootOf(clean)).passkeys).toEqual([])
  await clean.getByRole('button', { name: 'Add a passkey' }).click()
  await clean.getByRole('button', { name: 'Make the passkey' }).click()
  await clean.getByRole('textbox', { name: /twelve words/i }).fill(card.join(' '))
  await clean.getByRole('button', { name: 'Sign for it' }).click()
  await expect(told(clean, 'The passkey was added, and counts from now on.')).toBeVisible()
  for (const page of [clean, old]) await expect.poll(async () => (await rootOf(page)).passkeys.length).toBe(1)
  expect((await rootOf(clean)).passkeys[0]!.prfSalt).not.toBeNull()
})

test('a new card takes the place of one that somebody saw', async ({ newProfile }, info) => {
  test.setTimeout(180_000)
  const laptop = await (await newProfile()).open()
  await virtualAuthenticator(laptop)
  const seen = await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  const drawAnother = async (): Promise<string[]> => {
    await openKeys(laptop)
    await laptop.getByRole('link', { name: 'Replace the recovery card' }).click()
    await expect(laptop.getByText('A lost card cannot be replaced')).toBeVisible()
    await expectNothing(laptop, 'before a new card')
    await laptop.getByRole('button', { name: 'Make a new card' }).click()
    const words = await readCard(laptop)
    await answerCard(laptop, words)
    return words
  }
  const signs = async (words: readonly string[]): Promise<void> => {
    await laptop.getByRole('textbox', { name: /twelve words/i }).fill(words.join(' '))
    await laptop.getByRole('button', { name: 'Replace the card' }).click()
  }
  const card = await drawAnother()
  expect(card).not.toEqual(seen)
  await expectNothing(laptop, 'the words of the old card')
  await signs(seen)
  await expect(laptop.getByRole('heading', { name: 'The card is replaced' })).toBeVisible()

  await drawAnother()
  await signs(seen)
  await expect(laptop.getByRole('alert')).toContainText('This is an earlier card of this tree')
  await expectNothing(laptop, 'an earlier card')
  await laptop.getByRole('link', { name: 'Cancel' }).click()

  const archive = await exportArchive(laptop, info.outputPath('tree.bt'))
  const clean = await (await newProfile()).open('./#/recover')
  await clean.locator('input[accept=".bt"]').setInputFiles(archive)
  const recover = async (words: readonly string[]): Promise<void> => {
    await clean.getByLabel('The twelve words of its recovery card').fill(words.join(' '))
    await clean.getByRole('button', { name: 'Recover the tree' }).click()
  }
  await recover(seen)
  await expect(clean.getByRole('alert')).toContainText('do not open this archive')
  await recover(card)
  await expect(clean.getByText('The tree is back, every block of it checked')).toBeVisible({ timeout: 60_000 })
})
