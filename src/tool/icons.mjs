/**
 * Draws the icons of the installed app from `public/icon.svg`: `node src/tool/icons.mjs`, after that file was changed.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { ensureChromium, main, root } from './lib.mjs'

/** A maskable icon is cut to any shape by the system, so its ground reaches into the corners. */
const icons = [
  { name: 'icon-192.png', sizePx: 192, isMaskable: false },
  { name: 'icon-512.png', sizePx: 512, isMaskable: false },
  { name: 'icon-maskable-192.png', sizePx: 192, isMaskable: true },
  { name: 'icon-maskable-512.png', sizePx: 512, isMaskable: true },
]

await main(async () => {
  const drawing = await readFile(join(root, 'public', 'icon.svg'), 'utf8')
  const args = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const browser = await chromium.launch({ executablePath: await ensureChromium(), args })
  for (const { name, sizePx, isMaskable } of icons) {
    const page = await browser.newPage({ viewport: { width: sizePx, height: sizePx } })
    const svg = isMaskable ? drawing.replace(/ rx="112"/, '') : drawing
    await page.setContent(`<style>body{margin:0}svg{display:block;width:100vw;height:100vh}</style>${svg}`)
    await writeFile(join(root, 'public', name), await page.screenshot({ omitBackground: true }))
    await page.close()
  }
  await browser.close()
})
