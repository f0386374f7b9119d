/**
 * The built page is alive, under strict headers; and what watches over all other tests sees what it is to see.
 */
import type { Page } from '@playwright/test'
import { pageHeaders } from '../src/edge/web/headers.ts'
import { expect, test, virtualAuthenticator } from './fixture.ts'

test('the page loads and draws itself', async ({ page, requests }) => {
  const response = await page.goto('./')
  for (const [name, value] of Object.entries(pageHeaders)) expect(response!.headers()[name.toLowerCase()]).toBe(value)
  await page.waitForFunction(() => customElements.get('bt-shell'))
  await expect
    .poll(() => page.evaluate(() => document.querySelector('bt-shell')?.shadowRoot?.childElementCount))
    .toBeGreaterThan(0)
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
  expect(requests).toContain('GET /')
})

test.describe('under a path of its own', () => {
  test.use({ sitePath: '/some/tree/' })
  test('the page loads, and asks for nothing outside', async ({ page, baseURL, requests }) => {
    await page.goto('./')
    await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated')
    expect(baseURL).toMatch(/\/some\/tree\/$/)
    expect(requests.filter((request) => !request.startsWith('GET /some/tree/'))).toEqual([])
  })
})

/** Each makes a test fail that does not allow it. No later one can be taken for what an earlier one is told of late. */
const breaches: readonly { name: string; seen: RegExp; commit: (page: Page) => Promise<unknown> }[] = [
  {
    name: 'markup made of text',
    seen: /securitypolicyviolation require-trusted-types-for/,
    commit: (page) =>
      page.evaluate(() => {
        try {
          document.body.innerHTML = '<b>bold</b>'
        } catch {}
      }),
  },
  {
    name: 'an inline script',
    seen: /securitypolicyviolation (script-src|require-trusted-types-for)/,
    commit: (page) =>
      page.evaluate(() => {
        const script = document.createElement('script')
        script.append('globalThis.isBreached = true')
        document.body.append(script)
      }),
  },
  {
    name: 'a request to a stranger',
    seen: /securitypolicyviolation connect-src/,
    commit: (page) => page.evaluate(() => fetch('https://stranger.example/').catch(() => {})),
  },
  {
    name: 'a style beside the sheets',
    seen: /securitypolicyviolation style-src/,
    commit: (page) => page.evaluate(() => document.body.setAttribute('style', 'color: red')),
  },
  {
    name: 'an error of a script',
    seen: /^error: .*planted in a script/,
    commit: (page) =>
      page.evaluate(() => {
        setTimeout(() => {
          throw new Error('planted in a script')
        })
      }),
  },
  {
    name: 'an error in a worker',
    seen: /^console: error in a worker .*planted in a worker/,
    commit: (page) =>
      page.workers()[0]!.evaluate(() => {
        setTimeout(() => {
          throw new Error('planted in a worker')
        })
      }),
  },
  {
    name: 'an error that is written down',
    seen: /^console: written down/,
    // oxlint-disable-next-line no-console -- it is the breach
    commit: (page) => page.evaluate(() => console.error('written down')),
  },
]
test('the guard sees what it is to see', async ({ page, problems }) => {
  await page.goto('./')
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated')
  await expect.poll(() => page.workers().length).toBeGreaterThan(0)
  expect(problems.found).toEqual([])
  for (const { name, seen, commit } of breaches)
    await test.step(name, async () => {
      const before = problems.found.length
      await commit(page)
      await expect.poll(() => problems.found.slice(before), name).toContainEqual(expect.stringMatching(seen))
      expect(await page.evaluate(() => 'isBreached' in globalThis)).toBe(false)
    })
  problems.allow(/./)
})

test('a killed browser opens its profile again', { tag: '@wide' }, async ({ profile }) => {
  const page = await profile.open()
  await page.evaluate(() => localStorage.setItem('kept', 'yes'))
  await profile.reopen()
  const before = profile.processId
  const again = await profile.open()
  expect(await again.evaluate(() => localStorage.getItem('kept'))).toBe('yes')
  await profile.kill()
  expect(profile.processId).not.toBe(before)
  expect(() => process.kill(before, 0)).toThrow()
  await profile.open()
})

test('a page gets a passkey, with a secret of its own', async ({ page }) => {
  await page.goto('./')
  const authenticator = await virtualAuthenticator(page)
  const made = await page.evaluate(async () => {
    const credential = (await navigator.credentials.create({
      publicKey: {
        challenge: new Uint8Array(32),
        rp: { name: 'Blocktree' },
        user: { id: new Uint8Array(16), name: 'Ada', displayName: 'Ada' },
        pubKeyCredParams: [
          { type: 'public-key', alg: -7 },
          { type: 'public-key', alg: -257 },
        ],
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        extensions: { prf: { eval: { first: new Uint8Array(32) } } },
      },
    })) as PublicKeyCredential
    const { prf } = credential.getClientExtensionResults()
    return prf?.results?.first.byteLength
  })
  expect(made).toBe(32)
  expect(await authenticator.credentials()).toHaveLength(1)
})
