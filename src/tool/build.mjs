/**
 * `npm run build`: the site into `dist`, from a fresh clone on.
 * @module
 */
import { buildAll, installIfMissing, main } from './lib.mjs'

await main(async () => {
  await installIfMissing()
  await buildAll()
})
