/**
 * The pages of joining, in every state that a node may tell them of: each without a finding of axe, and with nothing that runs off
 * the side.
 */
import type { Page } from '@playwright/test'
import type { Inviting, Joining } from '../src/node/api.ts'
import { expect, proved, test } from './fixture.ts'
import { expectNothing } from './tool/axe.ts'
import { isServed } from './tool/tree.ts'

type Told = { readonly inviting: Inviting | null } | { readonly joining: Joining | null }

/** Shows the state as if the node had told of it; the node of this page has nobody to join or to let in. */
const tell = (page: Page, told: Told): Promise<void> =>
  page.evaluate((told) => {
    const shell = document.querySelector('bt-shell')!
    shell.model = { ...shell.model, ...told }
  }, told)
async function expectFine(page: Page, heading: string | RegExp, state: string): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
  await expectNothing(page, state)
  const main = page.locator('main')
  expect(
    await main.evaluate((main) => main.scrollWidth - main.clientWidth),
    `${state}: nothing runs off the side`,
  ).toBe(0)
}

const longName = `${'A device with a name that its owner did not want to end'.repeat(2)} ${'x'.repeat(90)}`
const fingerprint = '9f31 c04a 77be 01d2 5a6e 88f0 13c7 e4b9 2d60 fa15 c3e8 704b 96a1 5fd3 b82e 0c47'
const code = 'h2ludml0YXRpb24B'.repeat(12)
const message = 'This ended, with a sentence that says what happened and what to do.'

test(proved('letting a device in: axe finds nothing'), async ({ page }) => {
  test.setTimeout(240_000)
  await page.goto('./#/devices')
  await isServed(page)
  await expectFine(page, 'Devices', 'the devices of a tree that is not planted')
  const approval = {
    deviceName: longName,
    principal: fingerprint,
    isLink: false,
    limited: null,
    readable: { folderCount: 12, fileCount: 1234, sizeBytes: 5e9 },
    expiresAtMs: Date.now() + 3e10,
  }
  const states: readonly (readonly [RegExp | string, Inviting])[] = [
    ['Scan this with the new device', { stage: 'code', code, expiresAtMs: Date.now() + 3e6 }],
    [/^Type the four digits that/, { stage: 'digits', deviceName: longName, principal: fingerprint }],
    [/^Let A device .* in\?/, { stage: 'approval', ...approval, challenge: null, credentialIds: [] }],
    ['Letting it in', { stage: 'admitting', deviceName: longName }],
    [/is one of your devices/, { stage: 'admitted', deviceName: longName, isLimited: false }],
    ['No device was added', { stage: 'ended', code: 'joinDigitsWrong', message }],
  ]
  for (const [heading, inviting] of states) {
    await tell(page, { inviting })
    await expectFine(page, heading, `letting a device in: ${inviting.stage}`)
    if (inviting.stage === 'code')
      await expect(page.getByText('A phone cannot reach this address'), 'the host is this computer alone').toBeVisible()
    if (inviting.stage === 'approval') {
      await page.getByRole('radio', { name: /^Limited to one folder/ }).check()
      await expect(page.getByLabel('Its folder')).toBeVisible()
      await expectFine(page, heading, 'letting a device in: what a limited one gets')
      await page.getByRole('button', { name: 'Go on' }).click()
      await expect(page.getByRole('alert')).toContainText('read and write')
    }
    if (inviting.stage === 'digits') {
      await page.getByLabel('Four digits').fill('482')
      await page.keyboard.press('Enter')
      await expect(page.getByRole('alert')).toBeVisible()
      await expectFine(page, heading, 'letting a device in: too few digits')
    }
  }
})

test(proved('joining: axe finds nothing'), { tag: '@wide' }, async ({ page }) => {
  test.setTimeout(240_000)
  await page.goto('./#/join')
  await isServed(page)
  await expectFine(page, 'Join your tree', 'the ways of reading a code')
  await page.getByLabel('Or paste the link').fill('https://elsewhere.example/')
  await page.keyboard.press('Enter')
  await expectFine(page, 'Join your tree', 'a link that is no invitation')
  await page.getByLabel('Or paste the link').fill(`https://tree.example/#/join&code=${code}`)
  await page.keyboard.press('Enter')
  await expectFine(page, 'The code was read', 'the name of the device')
  await page.getByLabel('What should this device be called?').fill(' ')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toBeVisible()
  const states: readonly (readonly [RegExp | string, Joining])[] = [
    ['Reaching the other device', { stage: 'connecting' }],
    [
      'Join this tree?',
      { stage: 'confirm', ownerName: longName, deviceName: longName, treeId: fingerprint, isLink: false },
    ],
    [/^Type these on A device/, { stage: 'digits', digits: '4821', asked: null }],
    ['The owner is asked to let you in', { stage: 'digits', digits: '4821', asked: 'notGiven' }],
    ['You are in', { stage: 'fetching', ownerName: longName }],
    ['Your tree is here', { stage: 'joined', ownerName: longName }],
    [
      'Keep what this tree shares?',
      { stage: 'confirm', ownerName: longName, deviceName: longName, treeId: fingerprint, isLink: true },
    ],
    ['It is in your tree', { stage: 'kept', ownerName: longName, linkId: 'link', name: longName }],
    ['This device did not join', { stage: 'ended', code: 'joinExpired', message }],
  ]
  for (const [heading, joining] of states) {
    await tell(page, { joining })
    await expectFine(page, heading, `joining: ${joining.stage}`)
  }
})

for (const [name, userAgent, heading, insisting] of [
  [
    'an in-app browser',
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36 Instagram 345.0',
    'Open this in your browser',
    'Join in here anyway',
  ],
  [
    'Safari of a phone outside the home screen',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'First to the home screen',
    'Join in this browser anyway',
  ],
] as const)
  test.describe(name, () => {
    test.use({ userAgent })
    test(proved('is told what to do first'), { tag: '@wide' }, async ({ page }) => {
      await page.goto(`./#/join&code=${code}`)
      await expectFine(page, heading, name)
      await page.getByRole('button', { name: insisting }).click()
      await expect(page.getByRole('heading', { name: 'The code was read' })).toBeVisible()
    })
  })
