/**
 * Two devices with one tree in two browsers: how soon one sees what the other does, and what happens when the host goes away.
 */
import type { Page } from '@playwright/test'
import { expect, isProving, proved, test, virtualAuthenticator } from './fixture.ts'
import { joinByLink } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { quantile } from './tool/quantile.ts'

test.use({ hasRelay: true })

const changeCount = isProving ? 40 : 5
const laterCount = isProving ? 20 : 2

/** From its next document on, a page can close its direct paths and refuse all others: `refuseDirect()`. */
const canRefuse = (): void => {
  const made = new Set<RTCPeerConnection>()
  let isRefused = false
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      made.add(this)
    }
    override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      if (isRefused) throw new DOMException('refused', 'OperationError')
      await super.setRemoteDescription(description)
    }
  }
  Object.assign(globalThis, {
    refuseDirect() {
      isRefused = true
      for (const connection of made) connection.close()
    },
  })
}

/** Makes a folder on one device. @returns milliseconds from the press of the button until the page of the other shows it */
async function seenAfterMs(from: Page, to: Page, name: string): Promise<number> {
  const shown = to.evaluate(
    (name) =>
      new Promise<number>((resolve) => {
        const look = (): void => {
          const rows: ParentNode[] = [document]
          for (let row; (row = rows.pop());)
            for (const element of row.querySelectorAll('*')) {
              if (element.getAttribute('role') === 'treeitem' && element.textContent.includes(name))
                return resolve(Date.now())
              if (element.shadowRoot) rows.push(element.shadowRoot)
            }
          requestAnimationFrame(look)
        }
        look()
      }),
    name,
  )
  await from.getByRole('button', { name: 'Add', exact: true }).click()
  await from.getByRole('button', { name: 'New folder' }).click()
  await from.getByLabel('Name of the folder').fill(name)
  const begun = from.evaluate(
    () =>
      new Promise<number>((resolve) =>
        // As the person does it, before the page hears of it.
        window.addEventListener('click', () => resolve(Date.now()), { capture: true, once: true }),
      ),
  )
  await from.getByRole('button', { name: 'Create' }).click()
  const begunAtMs = await begun
  return (await shown) - begunAtMs
}

test(
  proved('what one device does the other shows, with the host and without'),
  { tag: '@wide' },
  async ({ newProfile, site }) => {
    test.setTimeout(600_000)
    const [desk, pocket] = [await newProfile(), await newProfile()]
    await pocket.context.addInitScript(canRefuse)
    const [laptop, phone] = [await desk.open(), await pocket.open('./#/join')]
    await virtualAuthenticator(laptop)
    await plant(laptop, { owner: 'Ada', device: 'Laptop' })
    await joinByLink(laptop, phone, 'Phone')
    await laptop.getByRole('button', { name: 'Done' }).click()
    for (const page of [laptop, phone]) await page.getByRole('link', { name: 'Tree', exact: true }).click()

    const eachWay = async (count: number, when: string): Promise<void> => {
      for (const [from, to, way] of [
        [laptop, phone, 'to the phone'],
        [phone, laptop, 'to the laptop'],
      ] as const) {
        const tookMs: number[] = []
        for (let index = 0; index < count; index++) tookMs.push(await seenAfterMs(from, to, `${when} ${way} ${index}`))
        const [medianMs, lateMs] = [quantile(tookMs, 0.5), quantile(tookMs, 0.95)]
        test.info().annotations.push({
          type: 'measured',
          description: `${when}, ${way}: median ${medianMs} ms, p95 ${lateMs} ms of ${count}`,
        })
        if (!isProving) continue
        expect(medianMs, `${when}, ${way}: median`).toBeLessThan(1000)
        expect(lateMs, `${when}, ${way}: p95`).toBeLessThan(2000)
      }
    }
    await eachWay(changeCount, 'with the host')
    await site.stop()
    await eachWay(laterCount, 'without the host')
    await site.start()
    await eachWay(laterCount, 'with the host again')

    await phone.evaluate(() => (globalThis as unknown as { refuseDirect(): void }).refuseDirect())
    const lineOf = (page: Page, device: string) =>
      page.getByRole('list', { name: 'Devices of this tree' }).getByRole('listitem').filter({ hasText: device })
    for (const [page, other] of [
      [laptop, 'Phone'],
      [phone, 'Laptop'],
    ] as const) {
      await page.getByRole('link', { name: 'Devices', exact: true }).click()
      await expect(lineOf(page, other)).toContainText('Connected through the relay', { timeout: 60_000 })
      await page.getByRole('link', { name: 'Tree', exact: true }).click()
    }
    await eachWay(laterCount, 'through the relay')
  },
)
