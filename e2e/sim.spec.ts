/**
 * The simulator page: devices that agree, are disturbed by hand, and agree again.
 */
import type { Locator, Page } from '@playwright/test'
import { expect, test } from './fixture.ts'
import { expectNothing } from './tool/axe.ts'

const stage = (page: Page): Locator => page.getByRole('group', { name: 'Devices' })
const device = (page: Page, name: string | RegExp): Locator => stage(page).getByRole('button', { name })
const figure = async (page: Page, name: string): Promise<number> =>
  Number(await page.locator('dl > div').filter({ hasText: name }).locator('dd').textContent())
const story = (page: Page, text: string | RegExp): Locator =>
  page.getByRole('listitem').filter({ hasText: text }).first()

async function open(page: Page, rest = ''): Promise<void> {
  await page.goto(`./#/sim${rest}`)
  await expect(page.getByRole('heading', { name: 'Watch devices agree' })).toBeVisible()
  await expect(device(page, /leads/)).toHaveCount(1)
}

test('devices agree, go on without the one that led, and have it back', async ({ page }) => {
  await open(page, '&seed=3&devices=5')
  await expect(stage(page).getByRole('button')).toHaveCount(5)
  await page.getByRole('radio', { name: '10×' }).check()
  await expect.poll(() => figure(page, 'Answered to people')).toBeGreaterThan(3)
  const name = (await device(page, /leads/).locator('.name').textContent())!
  await device(page, /leads/).click()
  await page.getByRole('button', { name: 'Close the tab' }).click()
  await expect(device(page, `${name}: closed`)).toBeVisible()
  await expect(device(page, /leads/)).toHaveCount(1)
  await expect.poll(() => figure(page, 'Leaders so far')).toBe(2)
  const answered = await figure(page, 'Answered to people')
  await expect.poll(() => figure(page, 'Answered to people')).toBeGreaterThan(answered + 3)
  await page.getByRole('button', { name: 'Open it again' }).click()
  await expect(device(page, `${name}: votes`)).toBeVisible()
  expect(await figure(page, 'Broken rules')).toBe(0)
})

test('what is done on a device that is cut off waits until the network is joined again', async ({ page }) => {
  await open(page, '&seed=4&devices=3')
  await page.getByRole('button', { name: 'People write' }).click()
  await device(page, /votes/).first().click()
  const name = (await stage(page).locator('[aria-pressed=true] .name').textContent())!
  await page.getByRole('button', { name: 'Cut it off' }).click()
  await expect(device(page, `${name}: votes, cut off`)).toBeVisible()
  await page.getByRole('radio', { name: '10×' }).check()
  await page.getByRole('button', { name: 'Add a file' }).click()
  await expect(page.getByText(/waits? here until the others can be reached/)).toBeVisible()
  await expect(story(page, `${name} keeps`)).toBeVisible()
  await page.getByRole('button', { name: 'Join the network again' }).click()
  await expect(page.getByText(/waits? here until the others can be reached/)).toBeHidden()
  await expect(page.getByText(/shows 1 file\./)).toBeVisible()
})

test('time can be stopped, and begin again in the same play', async ({ page }) => {
  await open(page, '&seed=9&devices=4')
  await page.getByRole('radio', { name: 'Pause' }).check()
  const clock = page.locator('dl > div').filter({ hasText: 'Simulated time' }).locator('dd')
  const frames = () =>
    page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  // What was on its way when it was stopped is still shown.
  for (let count = 0; count < 20; count++) await frames()
  const stopped = await clock.textContent()
  for (let count = 0; count < 20; count++) await frames()
  expect(await clock.textContent()).toBe(stopped)
  await page.getByRole('button', { name: 'Begin again' }).click()
  await expect(device(page, /leads/)).toHaveCount(1)
  await page.getByRole('combobox', { name: 'Devices' }).selectOption('7')
  await expect(page).toHaveURL(/#\/sim&seed=9&devices=7$/)
  await expect(stage(page).getByRole('button')).toHaveCount(7)
  await expect(device(page, /listens/)).toHaveCount(2)
})

test('a device is put to sleep, and another writes slowly', async ({ page }) => {
  await open(page, '&seed=9&devices=3')
  await page.getByRole('radio', { name: '10×' }).check()
  await device(page, /leads/).click()
  await page.getByRole('button', { name: 'Let it sleep' }).click()
  await expect(device(page, /asleep/)).toHaveCount(1)
  // Those that are awake choose another one.
  await expect(device(page, /leads/)).toHaveCount(1)
  await expect(device(page, /asleep/)).toHaveCount(0, { timeout: 60_000 })
  await device(page, /leads/).click()
  await page.getByRole('button', { name: 'Slow its disk' }).click()
  await expect(device(page, /leads, slow disk/)).toHaveCount(1)
  const before = await figure(page, 'Answered to people')
  await expect.poll(() => figure(page, 'Answered to people')).toBeGreaterThan(before)
  expect(await figure(page, 'Broken rules')).toBe(0)
})

test('the address is passed on without the profile, also where the browser copies nothing', async ({ page }) => {
  await open(page, '&seed=9&devices=3&as=other')
  await page.evaluate(() => (navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'))))
  await page.getByRole('button', { name: 'Copy the address' }).click()
  await expect(page.getByText(/did not allow copying.*#\/sim&seed=9&devices=3$/)).toBeVisible()
})

test('trouble comes by itself, and breaks no rule', { tag: '@wide' }, async ({ page }) => {
  await open(page, '&seed=11&devices=5&trouble')
  await page.getByRole('radio', { name: '10×' }).check()
  await expect.poll(() => figure(page, 'Leaders so far'), { timeout: 60_000 }).toBeGreaterThan(2)
  expect(await figure(page, 'Broken rules')).toBe(0)
})

test('is usable by everybody, in the light and in the dark, on a phone and beside it', async ({ page }) => {
  await open(page, '&seed=7&devices=7&trouble')
  await page.getByRole('radio', { name: '10×' }).check()
  await expect.poll(() => figure(page, 'Leaders so far')).toBeGreaterThan(1)
  await device(page, /cut off|closed|asleep/)
    .first()
    .click()
  await page.getByRole('radio', { name: 'Pause' }).check()
  await expectNothing(page, 'a stage amid its trouble')
  const pictures = process.env['PICTURES']
  if (pictures === undefined) return
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [390, 1280]) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 844 })
      await page.screenshot({ path: `${pictures}/sim-${width}-${colorScheme}.png`, fullPage: true })
    }
})
