/**
 * What goes wrong around the tree: each time a sentence that says what happened and what to do, and nothing that was said to
 * be saved is lost.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Page, Worker } from '@playwright/test'
import type { Profile } from './browser.ts'
import { type Tabs, expect, isProving, test, virtualAuthenticator } from './fixture.ts'
import { pickFiles, rowOf } from './tool/files.ts'
import { exportArchive, plant, plantByCard } from './tool/planting.ts'
import {
  type Added,
  addRandomFile,
  createFolder,
  hashOf,
  isServed,
  nodeOf,
  snapshotOf,
  deleteForGood,
} from './tool/tree.ts'

interface Kept {
  readonly page: Page
  readonly rootId: string
  readonly treeId: string
  readonly kept: Added
}
/** A planted tree with a file in it. */
async function openPlanted(tabs: Tabs): Promise<Kept> {
  const page = await tabs.open()
  await isServed(page)
  await virtualAuthenticator(page)
  await plant(page, { owner: 'Ada' })
  const { rootId, treeId } = (await snapshotOf(page)).tree
  return { page, rootId, treeId, kept: await addRandomFile(page, rootId, 'kept.bin', 2_500_000) }
}
async function isKept(page: Page, { treeId, kept }: Kept): Promise<void> {
  expect((await snapshotOf(page)).tree.treeId).toBe(treeId)
  expect(await hashOf(page, kept.id)).toBe(kept.hash)
}

/** From now on everything that the page says to a person in its states and alerts, in its order. */
async function listen(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.evaluate(() => {
    const heard: string[] = []
    const known = new Set<ShadowRoot>()
    const hear = (root: ShadowRoot): void => {
      if (!known.has(root)) {
        known.add(root)
        const options = { subtree: true, childList: true, characterData: true, attributes: true }
        new MutationObserver(() => hear(root)).observe(root, options)
      }
      for (const line of root.querySelectorAll<HTMLElement>('[role=status], [role=alert]')) {
        const text = line.innerText.trim()
        if (text !== '' && heard.at(-1) !== text) heard.push(text)
      }
      for (const { shadowRoot } of root.querySelectorAll('*'))
        if (shadowRoot && !known.has(shadowRoot)) hear(shadowRoot)
    }
    hear(document.querySelector('bt-shell')!.shadowRoot!)
    Object.assign(window, { heard })
  })
  return () => page.evaluate(() => (window as never as { heard: string[] }).heard)
}

/** A planted tree, in a browser that has so much room beside it. */
async function openWithRoom(profile: Profile, baseURL: string, roomBytes: number) {
  const home = await openPlanted(profile)
  // The browser asks how much room there is when it first opens a database, and trusts the answer for a while.
  await profile.reopen()
  const { origin } = new URL(baseURL)
  const blank = await profile.context.newPage()
  const devtools = await profile.context.newCDPSession(blank)
  const { usage } = await devtools.send('Storage.getUsageAndQuota', { origin })
  await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + roomBytes })
  const page = await profile.open()
  await isKept(page, home)
  return { home, page, lift: () => devtools.send('Storage.overrideQuotaForOrigin', { origin }) }
}

test('a full disk is told, loses nothing, and is forgotten when there is room', async ({ profile, baseURL }) => {
  test.setTimeout(120_000)
  const { home, page, lift } = await openWithRoom(profile, baseURL!, 5_000_000)
  const { rootId } = home

  const content = randomBytes(12_000_000)
  await pickFiles(page, { name: 'too large.bin', mimeType: 'application/octet-stream', buffer: content })
  const alert = page.getByRole('alert').filter({ hasText: 'too large.bin' })
  await expect(alert).toContainText('out of space')
  await expect(alert).toContainText('Free some space or empty the trash, then try again')
  await isKept(page, home)

  // No content finds room any more; then no change does either, and the node can not go on before there is some.
  const saved: string[] = []
  const untilRefused = async (kind: string, one: (name: string) => Promise<unknown>): Promise<void> => {
    for (let count = 0; ; count++) {
      expect(count).toBeLessThan(5000)
      const refusal = await one(`${kind} ${count}`).then(
        () => null,
        (error: Error) => error.message,
      )
      if (refusal !== null) return expect(refusal).toContain('out of space')
      saved.push(`${kind} ${count}`)
    }
  }
  for (const [kind, sizeBytes] of [
    ['large', 500_000],
    ['small', 5000],
  ] as const)
    await untilRefused(kind, (name) => addRandomFile(page, rootId, name, sizeBytes))
  await untilRefused('folder', (name) => createFolder(page, rootId, name))
  await expect(page.getByRole('main').getByText('out of space')).toBeVisible()

  await lift()
  // It is tried again and again, with pauses of up to ten seconds.
  await expect(rowOf(page, 'kept.bin')).toBeVisible({ timeout: 30_000 })
  await page.locator('bt-failures').getByRole('button', { name: 'Try again' }).click()
  await expect(rowOf(page, 'too large.bin')).toBeVisible()
  await createFolder(page, rootId, 'after')
  await page.reload()
  await isKept(page, home)
  const names = new Set((await snapshotOf(page)).items.map(({ name }) => name))
  for (const name of [...saved, 'after', 'too large.bin']) expect.soft(names.has(name), name).toBe(true)
})

if (isProving)
  test('a disk that contents have filled takes what is deleted, and has room at once @prove', async ({
    profile,
    baseURL,
  }) => {
    test.setTimeout(300_000)
    // The browser's database needs a few MiB more now and then while it tidies up, which is less than what is kept free of this.
    const { home, page } = await openWithRoom(profile, baseURL!, 320_000_000)
    const { rootId } = home

    const add = (name: string, sizeBytes: number): Promise<string | null> =>
      addRandomFile(page, rootId, name, sizeBytes).then(
        ({ id }) => id,
        (error: Error) => {
          expect(error.message).toContain('out of space')
          return null
        },
      )
    const ids: string[] = []
    for (const sizeBytes of [10_000_000, 1_000_000, 50_000])
      for (let id = await add('0', sizeBytes); id !== null; id = await add(`${ids.length}`, sizeBytes)) {
        ids.push(id)
        expect(ids.length).toBeLessThan(500)
      }
    expect(ids.length).toBeGreaterThan(20)
    const doomed = ids.slice(0, 12)
    for (const id of doomed) await deleteForGood(page, id)
    await expect.poll(() => add('again', 10_000_000), { timeout: 60_000 }).not.toBeNull()
    await isKept(page, home)
    const left = new Set((await snapshotOf(page)).items.map(({ id }) => id))
    expect(ids.filter((id) => left.has(id))).toEqual(ids.slice(doomed.length))
  })

test('a node that stops or is robbed is told, and the tree goes on', { tag: '@wide' }, async ({ tabs, problems }) => {
  test.setTimeout(120_000)
  problems.allow(/planted|favicon/)
  const ends: readonly { name: string; sentence: RegExp; end: (worker: Worker) => Promise<unknown> }[] = [
    {
      name: 'its worker is killed',
      sentence: /stopped .*started again\. What was saved is safe/,
      end: (worker) => worker.evaluate(() => self.close()),
    },
    {
      name: 'its worker fails',
      sentence: /stopped .*planted.*started again\. What was saved is safe/,
      end: (worker) =>
        worker.evaluate(() => {
          setTimeout(() => {
            throw new RangeError('planted')
          })
        }),
    },
    {
      name: 'the browser closes its database',
      sentence: /closed the storage of this page\. Everything that was marked as saved is safe/,
      end: (worker) =>
        worker.evaluate(() => {
          const { transaction } = IDBDatabase.prototype
          IDBDatabase.prototype.transaction = function (...args) {
            this.close()
            return transaction.apply(this, args)
          }
        }),
    },
    {
      name: 'its lock is stolen',
      sentence: /went away; your tree is being opened again/,
      async end() {
        const thief = await tabs.open('./icon.svg')
        await thief.evaluate(
          () =>
            new Promise((held) => {
              const hold = (): Promise<never> => new Promise(() => held(null))
              navigator.locks.request('node:main', { steal: true }, hold).catch(() => {})
            }),
        )
        await page.bringToFront()
      },
    },
  ]
  const home = await openPlanted(tabs)
  const { page, rootId } = home
  for (const { name, sentence, end } of ends)
    await test.step(name, async () => {
      // A page that saw too many ends starts no further worker.
      await page.reload()
      await isKept(page, home)
      const heard = await listen(page)
      await end(page.workers()[0]!)
      await createFolder(page, rootId, `after ${name}`)
      await expect(rowOf(page, `after ${name}`)).toBeVisible()
      await expect.poll(async () => (await heard()).join('\n')).toMatch(sentence)
      await isKept(page, home)
    })
})

test('a database of a newer program is left alone, and the page says what to do', async ({ tabs, problems }) => {
  problems.allow(/favicon|503/)
  const home = await openPlanted(tabs)
  await home.page.close()
  const later = await tabs.open('./icon.svg')
  const bump = (version: number) =>
    later.evaluate(
      (version) =>
        new Promise<void>((resolve, reject) => {
          const opening = indexedDB.open('blocktree-main', version)
          opening.addEventListener('success', () => {
            opening.result.close()
            resolve()
          })
          opening.addEventListener('error', () => reject(opening.error))
        }),
      version,
    )
  await bump(1000)
  const page = await tabs.open()
  const alert = page.getByRole('alert')
  await expect(alert).toContainText('This tree cannot be opened here')
  await expect(alert).toContainText('newer version of Blocktree. Reload the page to get that version.')
  const node = await nodeOf(page)
  expect(await node.evaluate(({ api }) => api.storage().catch(({ code }) => code))).toBe('storeTooNew')
  // Nothing of it was touched.
  const answer = (await later.goto(new URL(`./t/${home.kept.id}`, page.url()).href))!
  expect(answer.status()).toBe(503)
  await expect(later.getByText('newer version of Blocktree')).toBeVisible()
})

test(
  'an archive that is not one, not whole or not as it was is refused, each with its sentence',
  { tag: '@wide' },
  async ({ page: home, newContext }, info) => {
    test.setTimeout(120_000)
    await home.goto('./')
    const words = await plantByCard(home, { owner: 'Ada' })
    const { rootId } = (await snapshotOf(home)).tree
    await addRandomFile(home, rootId, 'sea.bin', 1_500_000)
    const foreign = await (await newContext()).newPage()
    await foreign.goto('./')
    const otherWords = await plantByCard(foreign, { owner: 'Bob' })
    const archive = await exportArchive(home, info.outputPath('tree.bt'))
    const whole = await readFile(archive)
    const without = (from: number, to = whole.length): Uint8Array =>
      Uint8Array.from([...whole.subarray(0, from), ...whole.subarray(to)])
    const flipped = (at: number): Uint8Array => Uint8Array.from(whole).fill(whole[at]! ^ 0x10, at, at + 1)

    const foreignSentence = /not a Blocktree archive\. Choose the file/
    const cutSentence = /not complete; the copy was cut short\. Copy it again/
    const damagedSentence = /is damaged, so nothing of it was used\. Copy it again/
    const bad: readonly { name: string; octets: Uint8Array; sentence: RegExp }[] = [
      { name: 'empty', octets: new Uint8Array(), sentence: foreignSentence },
      { name: 'a picture', octets: randomBytes(5000), sentence: foreignSentence },
      { name: 'with another beginning', octets: Uint8Array.from(whole).fill(1, 0, 4), sentence: foreignSentence },
      { name: 'cut in its head', octets: whole.subarray(0, 30), sentence: cutSentence },
      { name: 'cut in its records', octets: whole.subarray(0, 2000), sentence: cutSentence },
      { name: 'cut in its contents', octets: whole.subarray(0, whole.length - 500_000), sentence: cutSentence },
      { name: 'cut at its end', octets: whole.subarray(0, whole.length - 1), sentence: cutSentence },
      { name: 'longer', octets: Uint8Array.from([...whole, 0]), sentence: damagedSentence },
      { name: 'with another head', octets: flipped(60), sentence: damagedSentence },
      { name: 'with another content', octets: flipped(whole.length - 700_000), sentence: damagedSentence },
      { name: 'with a hole', octets: without(900_000, 900_001), sentence: /is damaged|not complete/ },
    ]
    const page = await (await newContext()).newPage()
    await page.goto('./#/recover')
    const before = await snapshotOf(page)
    const local = await addRandomFile(page, before.tree.rootId, 'local.bin', 3000)
    const choose = page.locator('input[accept=".bt"]')
    const card = page.getByLabel('The twelve words of its recovery card')
    const recover = page.getByRole('button', { name: 'Recover the tree' })
    for (const { name, octets, sentence } of bad)
      await test.step(name, async () => {
        await choose.setInputFiles({ name: `${name}.bt`, mimeType: '', buffer: Buffer.from(octets) })
        await expect(recover.or(page.getByRole('alert'))).toBeVisible()
        // Damage that the head does not show comes out when the card opens it.
        if (await recover.isVisible()) {
          await card.fill(words.join(' '))
          await recover.click()
        }
        await expect(page.getByRole('alert')).toHaveText(sentence)
        if (sentence === foreignSentence || octets.length < 40) await expect(recover).toHaveCount(0)
        expect((await snapshotOf(page)).tree.treeId).toBe(before.tree.treeId)
        expect(await hashOf(page, local.id)).toBe(local.hash)
      })

    await choose.setInputFiles(archive)
    await card.fill(otherWords.join(' '))
    await recover.click()
    await expect(page.getByRole('alert')).toHaveText(/valid card, but do not open this archive: .* Find that one/)
    await card.fill(words.with(3, words[3] === 'zoo' ? 'zone' : 'zoo').join(' '))
    await recover.click()
    await expect(page.getByRole('alert')).toBeVisible()
    expect((await snapshotOf(page)).tree.treeId).toBe(before.tree.treeId)
  },
)
