/**
 * With its host gone for good the tree goes on: at the root of a site and below a path.
 */
import { randomBytes } from 'node:crypto'
import { type Server, serveSite } from '../src/relay/server.ts'
import { expect, siteFolder, test, virtualAuthenticator } from './fixture.ts'
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

    test('everything works without the host from the second visit on', async ({ profile, problems }) => {
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
      await server.close()
      await expect(fetch(url)).rejects.toThrow()

      // A reload, another tab, another start of the browser.
      const visits = [
        () => page.reload(),
        async () => (page = await profile.open(url)),
        async () => {
          await profile.reopen()
          page = await profile.open(`${url}?from=homescreen`)
        },
      ]
      for (const [at, visit] of visits.entries()) {
        await visit()
        await expect(rowOf(page, 'before.txt')).toBeVisible()
        expect((await snapshotOf(page)).tree).toMatchObject({ planted: true, ownerName: 'Ada' })
        const opened = await openFile(page, 'before.txt')
        expect(opened.url()).toContain(`${base}t/`)
        await expect(opened.getByText('added before')).toBeVisible()
        await opened.close()

        const name = `offline ${at}.bin`
        const content = randomBytes(300_000)
        await pickFiles(page, { name, mimeType: 'application/octet-stream', buffer: content })
        await expect(rowOf(page, name)).toBeVisible()
        const hash = await hashOf(page, (await itemNamed(page, name))!.id)
        expect(await hashOnDisk(await (await downloadFile(page, name)).path())).toBe(hash)
      }
      await page.reload()
      const names = (await snapshotOf(page)).items.map((item) => item.name)
      expect(names).toEqual(expect.arrayContaining(['before.txt', 'offline 0.bin', 'offline 1.bin', 'offline 2.bin']))
    })

    test('it can be installed', async ({ profile }) => {
      const page = await profile.open(url)
      await isServed(page)
      const devtools = await profile.context.newCDPSession(page)
      expect((await devtools.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([])
      const manifest = await devtools.send('Page.getAppManifest')
      expect(manifest.errors).toEqual([])
      expect(manifest.manifest?.startUrl?.startsWith(url)).toBe(true)
      expect(manifest.manifest?.scope).toBe(url)
    })
  })
