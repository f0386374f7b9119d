/**
 * Joining through the page, as two people do it, or one with a device in each hand.
 * @module
 */
import type { FrameLocator, Page } from '@playwright/test'
import type { Inviting } from '../../src/node/api.ts'
import { expect } from '../fixture.ts'
import { nodeOf } from './tree.ts'

/** From any view, also where a code is shown or one has ended. @returns the link that the code on the screen says */
export async function showCode(page: Page): Promise<string> {
  await page.getByRole('link', { name: 'Devices', exact: true }).click()
  const shown = page.getByRole('heading', { name: 'Scan this with the new device' })
  const begin = page.getByRole('button', { name: /^(Add a device|Show a new code|Add another one)$/ })
  await expect(shown.or(begin)).toBeVisible()
  if (await begin.isVisible()) await begin.click()
  await expect(shown).toBeVisible()
  const node = await nodeOf(page)
  const code = await node.evaluate(
    (node) =>
      new Promise<string>((resolve) => {
        const stop = node.watch((event) => {
          const inviting: Inviting | null =
            event.kind === 'snapshot' || event.kind === 'inviting' ? event.inviting : null
          if (inviting?.stage !== 'code') return
          queueMicrotask(() => stop())
          resolve(inviting.code)
        })
      }),
  )
  return new URL(`./#/join&code=${code}`, page.url()).href
}

/** From the code to the question whose tree it is. */
export async function readLink(page: Page, link: string, name: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Or paste the link' }).fill(link)
  await page.getByRole('button', { name: 'Use it' }).click()
  await nameAndGoOn(page, name)
}

export async function nameAndGoOn(page: Page, name: string): Promise<void> {
  await page.getByLabel('What should this device be called?').fill(name)
  await page.getByRole('button', { name: 'Continue' }).click()
}

/** @returns the digits that the newcomer shows */
export async function agreeToJoin(page: Page | FrameLocator): Promise<string> {
  const agree = page.getByRole('button', { name: 'Join this tree' })
  await expect(agree.or(page.getByRole('alert'))).toBeVisible()
  // Else what went wrong would be told as a button that is not there.
  expect(await page.getByRole('alert').allInnerTexts()).toEqual([])
  await agree.click()
  const digits = page.getByLabel(/^Digits:/)
  await expect(digits).toBeVisible()
  return (await digits.getAttribute('aria-label'))!.replaceAll(/\D/g, '')
}

export async function typeDigits(page: Page, digits: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Four digits' }).fill(digits)
  await page.getByRole('button', { name: 'Compare' }).click()
}

/** Answers what the device is to be, and signs. */
export async function approveAsOwn(page: Page): Promise<void> {
  await page.getByRole('radio', { name: /^My own device/ }).check()
  await page.getByRole('button', { name: 'Yes, it is my own device' }).click()
}

/** Answers that the device is to write in a folder of its own, and signs. */
export async function approveAsLimited(page: Page): Promise<void> {
  await page.getByRole('radio', { name: /^Limited to one folder/ }).check()
  await page.getByRole('radio', { name: 'Read and write' }).check()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'Yes, let it in' }).click()
}

/** From the digits to the end, on the device that has the passkey's provider. */
export async function letIn(page: Page, digits: string, name: string): Promise<void> {
  await typeDigits(page, digits)
  await approveAsOwn(page)
  await expect(page.getByRole('heading', { name: `${name} is one of your devices` })).toBeVisible()
}

/** Lets a device in. @param laptop has the passkey's provider @param phone shows the page for joining */
export async function joinByLink(laptop: Page, phone: Page, name: string): Promise<void> {
  await readLink(phone, await showCode(laptop), name)
  await letIn(laptop, await agreeToJoin(phone), name)
  // One of ten thousand blocks takes its time to be verified.
  await expect(phone.getByRole('heading', { name: 'Your tree is here' })).toBeVisible({ timeout: 120_000 })
}
