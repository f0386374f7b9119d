/**
 * Every engine comes to the same verdicts on signatures that libraries disagree on: those that are frozen beside the core.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'
import { build } from 'vite'
import { findFirefox, inFirefox } from './firefox.ts'
import type { Verdicts } from './verdicts.entry.ts'

const casesPath = fileURLToPath(new URL('../../shared/vectors/cctv/ed25519vectors.json', import.meta.url))
const golden = readFileSync(new URL('../src/core/crypto/cctv.golden.txt', import.meta.url), 'utf8').trim()

test.skip(!existsSync(casesPath), 'the vectors of C2SP/CCTV are not here')

let script: string
test.beforeAll(async () => {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      lib: { entry: fileURLToPath(new URL('verdicts.entry.ts', import.meta.url)), formats: ['es'] },
    },
  })
  const [output] = Array.isArray(built) ? built : [built]
  script = 'output' in output! ? output.output[0].code : ''
})

/** Serves the page while `show` shows it. @returns what it told */
async function told(show: (url: string, answered: Promise<Verdicts>) => Promise<Verdicts>): Promise<Verdicts> {
  const files: Readonly<Record<string, readonly [type: string, content: () => string | Buffer]>> = {
    '/': ['text/html', () => '<!doctype html><script type="module" src="page.js"></script>'],
    '/page.js': ['text/javascript', () => script],
    '/cases.json': ['application/json', () => readFileSync(casesPath)],
  }
  const server = createServer()
  const answered = new Promise<Verdicts>((resolve) =>
    server.on('request', (request, response) => {
      if (request.method !== 'POST') {
        const file = files[request.url ?? '']
        response.writeHead(file ? 200 : 404, { 'content-type': file?.[0] ?? 'text/plain' })
        return void response.end(file?.[1]())
      }
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        response.end()
        resolve(JSON.parse(Buffer.concat(parts).toString()) as Verdicts)
      })
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await show(`http://localhost:${(server.address() as AddressInfo).port}/`, answered)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('Chromium says what is frozen', async ({ page }) => {
  const verdicts = await told(async (url, answered) => {
    await page.goto(url)
    return answered
  })
  expect(verdicts).toEqual({ engine: expect.stringMatching(/Chrom/), isNative: true, byPort: golden, byCore: golden })
})

test('Firefox says what is frozen', async () => {
  const program = findFirefox()
  test.skip(program === null, 'no Firefox is here; BLOCKTREE_FIREFOX may name one')
  const verdicts = await told((url, answered) => inFirefox(program!, url, () => answered))
  expect(verdicts).toEqual({ engine: expect.stringMatching(/Firefox/), isNative: true, byPort: golden, byCore: golden })
})
