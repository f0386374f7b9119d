/**
 * `npm run e2e -- [arguments of Playwright]`: the journeys alone, on the site as it is now.
 * @module
 */
import { join } from 'node:path'
import { buildIfChanged, ensureChromium, installIfMissing, main, root, run } from './lib.mjs'

await main(async () => {
  await installIfMissing()
  const chromium = await ensureChromium()
  await buildIfChanged()
  const cli = join(root, 'node_modules', '@playwright', 'test', 'cli.js')
  const { status } = await run(
    'Going through the site',
    process.execPath,
    [cli, 'test', '--reporter=list', ...process.argv.slice(2)],
    { env: { BLOCKTREE_CHROMIUM: chromium }, isShown: true, mayFail: true },
  )
  process.exitCode = status
})
