/**
 * Nothing that was said to be saved is lost when all processes of the browser are killed at that very moment.
 */
import { readdir, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import type { Profile } from './browser.ts'
import { expect, isProving, proved, test, virtualAuthenticator } from './fixture.ts'
import { plant } from './tool/planting.ts'
import { type Snapshot, createFolder, hashesOf, isServed, nodeOf, snapshotOf } from './tool/tree.ts'

/** What a round was told to be saved. */
interface Round {
  readonly folderId: string
  readonly folderName: string
  /** By id, hashes of files that lie in the folder. */
  readonly files: readonly { readonly id: string; readonly name: string; readonly hash: string }[]
  readonly trashedId: string
  /** Of what was written behind all this, which nobody was told of. */
  readonly restId: string
}

/** Larger than what is written together with its record, so that it is written piece by piece before. */
const largeSizeBytes = 1_300_000
const sizesBytes = [0, 100_000, largeSizeBytes]

/**
 * Does a round's deeds one after another while a second row of them, which nobody waits for, goes on behind them.
 * @param gone of which everything is deleted
 * @returns as soon as the last one is saved
 */
async function work(page: Page, index: number, before: Round | undefined, gone: Round | undefined): Promise<Round> {
  const { tree } = await snapshotOf(page)
  const node = await nodeOf(page)
  const { rootId } = tree
  return node.evaluate(
    async ({ api }, { rootId, index, before, gone, sizesBytes }) => {
      const made = async (sizeBytes: number) => {
        const octets = new Uint8Array(sizeBytes)
        for (let at = 0; at < sizeBytes; at += 65536) crypto.getRandomValues(octets.subarray(at, at + 65536))
        const hash = [...new Uint8Array(await crypto.subtle.digest('SHA-256', octets))]
        return { blob: new Blob([octets]), hash: hash.map((octet) => octet.toString(16).padStart(2, '0')).join('') }
      }
      const id = (): string => crypto.randomUUID()
      const folderId = await api.createFolder(id(), rootId, `begun ${index}`)
      const restId = await api.createFolder(id(), folderId, 'unawaited')
      const unawaited = async (): Promise<void> => {
        for (let count = 0; ; count++) {
          // The name says what the content must be, should it be found after the kill.
          const { blob, hash } = await made(count % 4 === 3 ? 1_200_000 : 30_000)
          await api.addFile(id(), restId, `unawaited ${hash}`, blob)
        }
      }
      void unawaited()
      if (before) {
        await api.trash(id(), before.trashedId)
        await api.purge(id(), before.trashedId)
        // It was looked through after the kill, and would make the tree so large that drawing it takes longer than all else.
        await api.trash(id(), before.restId)
        await api.purge(id(), before.restId)
      }
      if (gone) {
        await api.trash(id(), gone.folderId)
        await api.purge(id(), gone.folderId)
      }
      const files = []
      for (const sizeBytes of sizesBytes) {
        const { blob, hash } = await made(sizeBytes)
        // Comes to its place by another name and another folder.
        const fileId = await api.addFile(id(), rootId, `added ${index} ${sizeBytes}`, blob)
        await api.move(id(), fileId, folderId)
        await api.rename(id(), fileId, `moved ${sizeBytes}`)
        files.push({ id: fileId, name: `moved ${sizeBytes}`, hash })
      }
      const folderName = `done ${index}`
      await api.rename(id(), folderId, folderName)
      const { blob: trashed } = await made(10_000)
      const trashedId = await api.addFile(id(), folderId, 'trashed', trashed)
      await api.trash(id(), trashedId)
      const { blob, hash } = await made(50_000)
      files.push({ id: await api.addFile(id(), folderId, 'last', blob), name: 'last', hash })
      return { folderId, folderName, files, trashedId, restId }
    },
    { rootId, index, before, gone, sizesBytes },
  )
}

/** In few assertions: each one costs more than what it compares. */
function checkItems({ items }: Snapshot, rounds: readonly Round[]): void {
  const byId = new Map(items.map((item) => [item.id, item]))
  const found: unknown[] = []
  const wanted: unknown[] = []
  for (const { folderId, folderName, files } of rounds) {
    found.push(byId.get(folderId)?.name)
    wanted.push(folderName)
    for (const { id, name } of files) {
      const item = byId.get(id)
      found.push([item?.name, item?.parentId, item?.trashedAtMs])
      wanted.push([name, folderId, null])
    }
  }
  expect(found).toEqual(wanted)
  const { trashedId } = rounds.at(-1)!
  expect(byId.get(trashedId)?.trashedAtMs).toEqual(expect.any(Number))
}

async function checkContents(page: Page, { items }: Snapshot, round: Round): Promise<void> {
  // What nobody was told of is there whole or not at all.
  const unawaited = items.filter(({ parentId }) => parentId === round.restId)
  const ids = [...round.files, ...unawaited].map(({ id }) => id)
  const hashes = await hashesOf(page, ids)
  expect(hashes).toEqual([
    ...round.files.map(({ hash }) => hash),
    ...unawaited.map(({ name }) => name.slice('unawaited '.length)),
  ])
}

/** What Chromium's own database writes into; only the newest may still be unfinished. */
async function newestJournal(profile: Profile): Promise<string> {
  const folder = join(profile.folder, 'Default', 'IndexedDB')
  const database = (await readdir(folder)).find((name) => name.endsWith('.leveldb'))!
  const journals = (await readdir(join(folder, database))).filter((name) => name.endsWith('.log')).toSorted()
  return join(folder, database, journals.at(-1)!)
}

test('a journal of the browser that a kill tore in its last record costs nothing', async ({ profile }) => {
  let page = await profile.open()
  await isServed(page)
  const { tree } = await snapshotOf(page)
  const kept = await createFolder(page, tree.rootId, 'kept')
  await createFolder(page, tree.rootId, 'half written')
  await profile.kill()
  const journal = await newestJournal(profile)
  await truncate(journal, (await stat(journal)).size - 5)

  // The first start passes over the half record; the second one finds it amid what the first wrote, unless that went elsewhere.
  page = await profile.open()
  await isServed(page)
  const later = await createFolder(page, tree.rootId, 'later')
  await profile.kill()
  page = await profile.open()
  await isServed(page)
  const snapshot = await snapshotOf(page)
  expect(snapshot.tree.treeId).toBe(tree.treeId)
  expect(snapshot.items.map(({ id }) => id)).toEqual(expect.arrayContaining([kept, later]))
})

/** Twice as many are struck amid what several devices write (`kills.spec.ts`). */
const killCount = isProving ? 250 : 10
const keptCount = 5
const lastingEvery = 25

/** In the tab that a browser begins with: a second one of each browser would cost as much as a round's deeds. */
async function open({ context }: Profile): Promise<Page> {
  const [page] = context.pages()
  await page!.goto('./')
  return page!
}

test(proved(`${killCount} kills right after "saved" lose nothing`), async ({ profile }) => {
  test.setTimeout(60_000 + killCount * 15_000)
  let page = await open(profile)
  await virtualAuthenticator(page)
  await plant(page, { owner: 'Ada' })
  const { treeId } = (await snapshotOf(page)).tree
  /** The last few, and some that stay to the end: were it all, the last would take several times as long as the first. */
  const rounds = new Map<number, Round>()
  for (let index = 0; index < killCount; index++) {
    const goneIndex = index - keptCount
    const gone = goneIndex % lastingEvery === 0 ? undefined : rounds.get(goneIndex)
    const round = await work(page, index, rounds.get(index - 1), gone)
    await profile.kill()
    page = await open(profile)
    const snapshot = await snapshotOf(page)
    expect(snapshot.tree).toMatchObject({ treeId, isPlanted: true, ownerName: 'Ada' })
    rounds.set(index, round)
    if (gone !== undefined) {
      rounds.delete(goneIndex)
      expect(snapshot.items.some(({ id }) => id === gone.folderId)).toBe(false)
    }
    checkItems(snapshot, [...rounds.values()])
    await checkContents(page, snapshot, round)
    if (isProving && (index + 1) % 25 === 0) process.stdout.write(`  ${index + 1} of ${killCount} kills\n`)
  }
  const snapshot = await snapshotOf(page)
  for (const round of rounds.values()) await checkContents(page, snapshot, round)
})
