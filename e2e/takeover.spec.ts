/**
 * The tab that holds the node goes away while another one works through it.
 */
import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { expect, isProving, proved, test } from './fixture.ts'
import { pickFiles, rowOf } from './tool/files.ts'
import { createFolder, hashOf, isServed, itemNamed, nodeOf, snapshotOf } from './tool/tree.ts'

const leaving: readonly { how: string; leave: (page: Page) => Promise<unknown> }[] = [
  { how: 'is closed', leave: (page) => page.close() },
  {
    how: 'crashes',
    async leave(page) {
      const devtools = await page.context().newCDPSession(page)
      const isGone = page.waitForEvent('crash')
      // It is not there any more to answer.
      devtools.send('Page.crash').catch(() => {})
      await isGone
    },
  },
]
// The same end for the other tab; one of the two shows it in a short run.
for (const { how, leave } of isProving ? leaving : leaving.slice(0, 1))
  test(
    proved(`the holding tab ${how} amid a write and an upload of the other`),
    async ({ profile, problems }, info) => {
      problems.allow(/crashed/)
      const content = randomBytes(50 << 20)
      const path = info.outputPath('upload.bin')
      await writeFile(path, content)

      const holder = await profile.open()
      await isServed(holder)
      const { rootId } = (await snapshotOf(holder)).tree
      const other = await profile.open()
      await snapshotOf(other)
      expect([holder.workers().length, other.workers().length]).toEqual([1, 0])

      await pickFiles(other, path)
      const progress = other.getByRole('progressbar', { name: 'Adding upload.bin' })
      await expect.poll(async () => Number(await progress.getAttribute('value'))).toBeGreaterThan(0)
      const node = await nodeOf(other)
      // The same octets again and again, so that its hash is known without them.
      const written = await node.evaluateHandle(({ api }, rootId) => {
        let isAcknowledged = false
        const content = new Blob(Array.from({ length: 100 }, () => new Uint8Array(60_000).fill(7)))
        const id = api.addFile(crypto.randomUUID(), rootId, 'in flight', content)
        void id.then(() => (isAcknowledged = true))
        return { id, isAcknowledged: () => isAcknowledged }
      }, rootId)
      expect(await written.evaluate((written) => written.isAcknowledged())).toBe(false)
      expect(await itemNamed(other, 'upload.bin')).toBeUndefined()

      const leftAtMs = performance.now()
      const left = leave(holder)
      await createFolder(other, rootId, 'written after')
      const tookMs = performance.now() - leftAtMs
      await left
      info.annotations.push(
        { type: 'required', description: 'the next write saved in under 2 s' },
        { type: 'measured', description: `${tookMs.toFixed(0)} ms` },
      )
      if (isProving) expect(tookMs).toBeLessThan(2000)

      await expect(rowOf(other, 'upload.bin')).toBeVisible()
      const upload = (await itemNamed(other, 'upload.bin'))!
      expect(await hashOf(other, upload.id)).toBe(createHash('sha256').update(content).digest('hex'))
      const id = await written.evaluate((written) => written.id)
      expect(await hashOf(other, id)).toBe(createHash('sha256').update(new Uint8Array(6_000_000).fill(7)).digest('hex'))
      const { items } = await snapshotOf(other)
      expect(items.find((item) => item.id === id)).toMatchObject({ name: 'in flight', sizeBytes: 6_000_000 })
      // Each once: what was repeated took effect once.
      expect(
        items
          .map(({ name }) => name)
          .filter((name) => /upload|flight|after/.test(name))
          .toSorted(),
      ).toEqual(['in flight', 'upload.bin', 'written after'])
      expect(other.workers()).toHaveLength(1)
    },
  )
