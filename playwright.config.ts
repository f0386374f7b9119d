/**
 * How the built site is tried in a real browser. It must have been built; the fixture serves it.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from '@playwright/test'
import { browserArguments, contextOptions, isMeasuring, isProving } from './e2e/browser.ts'
import { findChromium } from './src/tool/lib.mjs'

const executablePath = await findChromium()
if (!executablePath) throw new Error('No Chromium was found: name one by BLOCKTREE_CHROMIUM=/path/to/chromium.')

export default defineConfig({
  testDir: 'e2e',
  // By its whole path: the repository itself may lie in a folder of that name.
  testIgnore: isMeasuring ? [] : join(import.meta.dirname, 'e2e', 'bench', '**'),
  // Journeys wait for much that costs nothing, so two go side by side; what is measured goes alone.
  workers: isProving || isMeasuring ? 1 : Math.min(2, availableParallelism()),
  // Before a person what fails once has failed; on a shared machine of CI a journey gets a second try, and is named for it.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  outputDir: '.cache/e2e',
  reporter: [['line'], ['json', { outputFile: '.cache/e2e.json' }]],
  use: {
    headless: true,
    actionTimeout: 20_000,
    launchOptions: { executablePath, args: browserArguments },
    contextOptions,
  },
})
