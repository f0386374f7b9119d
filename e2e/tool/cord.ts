/**
 * Devices whose cord can be pulled: what is done to a pretend phone's, to devices of browsers of their own.
 * @module
 */
import type { Frame, Page } from '@playwright/test'

export interface Corded {
  /** The device's page, in a frame of one that is another device, which has no tree to share. */
  readonly frame: Frame
  /** Nothing comes out of that device, nor into it, and nobody is told. */
  cut(): Promise<void>
  join(): Promise<void>
}

interface Shell {
  readonly pretend: { setCord(frame: Window, isPulled: boolean): Promise<void> }
}

/** The device that is open in a page goes on in a frame of that page: the page around it has its cord. */
export async function onCord(page: Page): Promise<Corded> {
  // Between two addresses of the site that differ in what follows the hash alone, the page would stay the same device for a moment.
  await page.goto('about:blank')
  await page.goto('./#/&as=around')
  const handle = await page.evaluateHandle(async () => {
    const made = document.createElement('iframe')
    // What nobody sees is slowed down by the browser.
    Object.assign(made.style, { position: 'fixed', inset: '0', width: '100%', height: '100%' })
    made.src = './#/devices'
    const isLoaded = new Promise((resolve) => made.addEventListener('load', resolve, { once: true }))
    document.body.append(made)
    await isLoaded
    return made
  })
  const setCord = (isPulled: boolean): Promise<void> =>
    handle.evaluate((made, isPulled) => {
      const { pretend } = document.querySelector('bt-shell') as unknown as Shell
      return pretend.setCord(made.contentWindow!, isPulled)
    }, isPulled)
  return {
    frame: (await handle.contentFrame())!,
    cut: () => setCord(true),
    join: () => setCord(false),
  }
}
