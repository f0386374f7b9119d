/**
 * An invitation is read with a real camera's pipeline: what it sees is a clip that is drawn here. And by the other ways, and never
 * left in the address.
 */
import { writeFile } from 'node:fs/promises'
import { type BrowserContext, type Page, chromium } from '@playwright/test'
import { encodeQR } from 'qr'
import { toBase64url } from '../src/core/bytes/bytes.ts'
import { encodeInvitation, newInvitation } from '../src/core/message/message.ts'
import { contextOptions } from './browser.ts'
import { expect, test } from './fixture.ts'
import { cameraArguments, clipOf, sceneOf } from './tool/camera.ts'

const octets = (sizeBytes: number, seed: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: sizeBytes }, (_, at) => (at * 151 + seed * 37) % 256)
const relay = { url: 'wss://relay.example:8443/relay', peerId: '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp' }
const code = toBase64url(encodeInvitation(newInvitation(octets(32, 1), octets(32, 2), octets(16, 3), relay)))
const link = `https://tree.example:8443/#/join&code=${code}`

const codeWasRead = (page: Page) => expect(page.getByRole('heading', { name: 'The code was read' })).toBeVisible()

test.describe('a camera', () => {
  /** Opens the page for joining where the camera sees one scene after the other. */
  const withCamera = test.extend<{ see: (...texts: readonly string[]) => Promise<Page> }>({
    see: async ({ launchOptions, baseURL, problems }, use, info) => {
      const contexts: BrowserContext[] = []
      await use(async (...texts) => {
        const clip = info.outputPath('camera.y4m')
        await writeFile(clip, clipOf(texts.map(sceneOf), 15))
        const args = [...(launchOptions.args ?? []), ...cameraArguments(clip)]
        const browser = await chromium.launch({ ...launchOptions, args })
        const context = await browser.newContext({ ...contextOptions, baseURL: baseURL! })
        contexts.push(context)
        await problems.watch(context)
        const page = await context.newPage()
        await page.goto('./#/join')
        return page
      })
      for (const context of contexts) await context.browser()!.close()
    },
  })

  withCamera('sees an invitation', async ({ see, requests }) => {
    const page = await see(link)
    await page.getByRole('button', { name: 'Scan with the camera' }).click()
    await codeWasRead(page)
    await expect(page.getByLabel('What should this device be called?')).toHaveValue('Linux computer')
    expect(await cameraIsOn(page)).toBe(false)
    expect(requests.filter((request) => request.includes(code))).toEqual([])
    await page.getByRole('button', { name: 'Read another code' }).click()
    await expect(page.getByRole('button', { name: 'Scan with the camera' })).toBeVisible()
  })

  withCamera('passes over a code that is none, and says so', { tag: '@wide' }, async ({ see }) => {
    const page = await see('https://elsewhere.example/', link)
    // Held fast, so that the next scene does not come before it was seen what is said of this one.
    const said = page.getByText('That code is no invitation to a tree')
    const seen = said.waitFor({ state: 'attached' })
    await page.getByRole('button', { name: 'Scan with the camera' }).click()
    await seen
    await codeWasRead(page)
  })

  withCamera('is off when it is no longer wanted', { tag: '@wide' }, async ({ see }) => {
    const page = await see('https://elsewhere.example/')
    await page.getByRole('button', { name: 'Scan with the camera' }).click()
    await expect(page.getByText('That code is no invitation to a tree')).toBeVisible()
    expect(await cameraIsOn(page)).toBe(true)
    await page.getByRole('button', { name: 'Stop the camera' }).click()
    await expect(page.getByRole('button', { name: 'Scan with the camera' })).toBeVisible()
    expect(await cameraIsOn(page)).toBe(false)
    await page.getByRole('button', { name: 'Scan with the camera' }).click()
    await expect.poll(() => cameraIsOn(page)).toBe(true)
    const video = await page.locator('bt-scan-view video').elementHandle()
    const track = await video!.evaluateHandle(
      (video) => ((video as HTMLVideoElement).srcObject as MediaStream).getTracks()[0]!,
    )
    await page.getByRole('link', { name: 'Tree', exact: true }).click()
    await expect.poll(() => track.evaluate((track) => track.readyState)).toBe('ended')
  })

  /** Whether the page shows what a camera sees. */
  const cameraIsOn = (page: Page): Promise<boolean> =>
    page.evaluate(() => {
      const shadowOf = (element: Element | null | undefined): ShadowRoot | null => element?.shadowRoot ?? null
      const inside = ['bt-shell', 'bt-join-page', 'bt-scan-view'].reduce<ParentNode | null>(
        (parent, name) => shadowOf(parent?.querySelector(name)),
        document,
      )
      return inside?.querySelector('video')?.srcObject instanceof MediaStream
    })
})

test(
  'without a camera there are other ways: a picture of the code, and the link',
  { tag: '@wide' },
  async ({ page }) => {
    await page.goto('./#/join')
    const alert = page.getByRole('alert')
    await page.getByRole('button', { name: 'Scan with the camera' }).click()
    await expect(alert).toContainText('Read the code another way')

    const photo = page.locator('input[type=file][accept="image/*"]')
    const pictureOf = async (text: string) => ({ name: 'photo.gif', mimeType: 'image/gif', buffer: gifOf(text) })
    await photo.setInputFiles({ name: 'photo.gif', mimeType: 'image/gif', buffer: Buffer.from('no picture at all') })
    await expect(alert).toContainText('no picture that the browser can show')
    await photo.setInputFiles(await pictureOf('https://elsewhere.example/'))
    await expect(alert).toContainText('no invitation to a tree')
    await photo.setInputFiles(await pictureOf(link))
    await codeWasRead(page)

    await page.getByRole('button', { name: 'Read another code' }).click()
    await page.getByLabel('Or paste the link').fill('https://elsewhere.example/')
    await page.getByRole('button', { name: 'Use it' }).click()
    await expect(alert).toContainText('no invitation to a tree')
    await page.getByLabel('Or paste the link').fill(link)
    await page.keyboard.press('Enter')
    await codeWasRead(page)
  },
)
const gifOf = (text: string): Buffer => Buffer.from(encodeQR(text, 'gif', { ecc: 'medium', border: 4, scale: 3 }))

test('the code of a link is taken out of the address at once, and goes to nobody', async ({ page, requests }) => {
  await page.addInitScript(() => {
    const replace = history.replaceState.bind(history)
    // Whatever is asked of a host before the address is clean is noted.
    history.replaceState = (...given) => {
      document.documentElement.dataset['before'] = String(
        document.querySelector('bt-shell')?.shadowRoot?.childElementCount ?? 0,
      )
      replace(...given)
    }
  })
  await page.goto(`./#/join&as=phone&code=${code}`)
  await codeWasRead(page)
  expect(new URL(page.url()).hash).toBe('#/join&as=phone')
  expect(await page.evaluate(() => document.documentElement.dataset['before']), 'nothing was drawn before').toBe('0')
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Join your tree' })).toBeVisible()

  // Also where it comes while the page is open, and for another profile.
  await page.evaluate((code) => (location.hash = `#/join&as=phone&code=${code}`), code)
  await codeWasRead(page)
  expect(new URL(page.url()).hash).toBe('#/join&as=phone')
  await page.evaluate((code) => (location.hash = `#/join&as=tablet&code=${code}`), code)
  await expect.poll(() => new URL(page.url()).hash).toBe('#/join&as=tablet')
  await codeWasRead(page)
  expect(requests.filter((request) => request.includes(code.slice(0, 40)))).toEqual([])
})
