/**
 * With its host gone for good the tree goes on: at the root of a site and below a path.
 */
import { randomBytes } from 'node:crypto'
import { type Server, serveSite } from '../src/relay/server.ts'
import { expect, isProving, proved, siteFolder, test, virtualAuthenticator } from './fixture.ts'
import { downloadFile, hashOnDisk, openFile, pickFiles, rowOf } from './tool/files.ts'
import { plant } from './tool/planting.ts'
import { hashOf, isServed, itemNamed, snapshotOf } from './tool/tree.ts'

for (const base of ['/', '/some/tree/'])
  test.describe(`at ${base}`, () => {
    let server: Server
    let requests: string[]
    let url: string
    test.beforeEach(async () => {
      requests = []
      const onRequest = (method: string, target: string): void => void requests.push(`${method} ${target}`)
      server = await serveSite({ folder: siteFolder, host: '127.0.0.1', port: 0, base, origins: [], onRequest })
      url = `http://localhost:${server.port}${base}`
    })
    test.afterEach(() => server.close().catch(() => {}))

    test(
      proved('it can be installed, and from the second visit on everything works without the host'),
      { tag: base === '/' ? [] : '@wide' },
      async ({ profile, problems }) => {
        test.setTimeout(120_000)
        // The browser looks for a newer program, and finds nobody.
        problems.allow(/ERR_CONNECTION_REFUSED/)
        let page = await profile.open(url)
        await isServed(page)
        await virtualAuthenticator(page)
        await plant(page, { owner: 'Ada' })
        await pickFiles(page, { name: 'before.txt', mimeType: 'text/plain', buffer: Buffer.from('added before') })
        await expect(rowOf(page, 'before.txt')).toBeVisible()
        expect(
          requests.filter((request) => !request.startsWith(`GET ${base}`) && request !== 'GET /favicon.ico'),
        ).toEqual([])
        expect(requests.filter((request) => request.includes('/t/'))).toEqual([])
        await test.step('it can be installed', async () => {
          const devtools = await profile.context.newCDPSession(page)
          expect((await devtools.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([])
          const manifest = await devtools.send('Page.getAppManifest')
          expect(manifest.errors).toEqual([])
          expect(manifest.url).toMatch(/manifest\.webmanifest$/)
          expect(manifest.manifest?.startUrl?.startsWith(url)).toBe(true)
          expect(manifest.manifest?.scope).toBe(url)
        })
        await server.close()
        await expect(fetch(url)).rejects.toThrow()

        const unanswered: string[] = []
        const watchNetwork = (): void =>
          void profile.context.on('requestfailed', (request) => {
            // A download ends the navigation that led to it.
            if (request.failure()?.errorText !== 'net::ERR_ABORTED') unanswered.push(request.url())
          })
        watchNetwork()
        // A reload, another tab, another start of the browser.
        const visits = [
          () => page.reload(),
          async () => (page = await profile.open(url)),
          async () => {
            await profile.reopen()
            watchNetwork()
            page = await profile.open(`${url}?from=homescreen`)
          },
        ]
        // Below a path all of them, since there more can go wrong.
        const isShort = !isProving && base === '/'
        const made: string[] = []
        for (const [at, visit] of visits.slice(isShort ? -1 : 0).entries()) {
          await visit()
          await expect(rowOf(page, 'before.txt')).toBeVisible()
          expect((await snapshotOf(page)).tree).toMatchObject({ isPlanted: true, ownerName: 'Ada' })
          const opened = await openFile(page, 'before.txt')
          expect(opened.url()).toContain(`${base}t/`)
          await expect(opened.getByText('added before')).toBeVisible()
          await opened.close()

          const name = `offline ${at}.bin`
          made.push(name)
          const content = randomBytes(300_000)
          await pickFiles(page, { name, mimeType: 'application/octet-stream', buffer: content })
          await expect(rowOf(page, name)).toBeVisible()
          const hash = await hashOf(page, (await itemNamed(page, name))!.id)
          expect(await hashOnDisk(await (await downloadFile(page, name)).path())).toBe(hash)
        }
        await page.reload()
        const names = (await snapshotOf(page)).items.map((item) => item.name)
        expect(names).toEqual(expect.arrayContaining(['before.txt', ...made]))
        expect(unanswered).toEqual([])
        // An address that the shell does not know ends at the shell, not at the browser's error.
        await page.goto(`${url}no/such/page`)
        expect(page.url()).toBe(url)
      },
    )
  })
