/**
 * A device that keeps a part of a tree: it lists all of it, and what it says that it has, it has.
 */
import { open } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import type { Item } from '../src/node/api.ts'
import { expect, isProving, proved, test, virtualAuthenticator } from './fixture.ts'
import { expectNothing } from './tool/axe.ts'
import { pickFiles } from './tool/files.ts'
import { folderSizeBytes } from './tool/folder.ts'
import { joinByLink } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { hashesOf, nodeOf, snapshotOf, stateRootOf } from './tool/tree.ts'

test.use({ hasRelay: true })

// A phone with 2 GB and a tree of 20 GB, or a thousandth of both.
const fileCount = 40
const fileSizeBytes = isProving ? 500_000_000 : 500_000
const quotaBytes = isProving ? 2_000_000_000 : 2_000_000
/** Three fit: what is stored of each is a little more than its content. */
const heldCount = 3

const storageOf = async (page: Page) => (await nodeOf(page)).evaluate(({ api }) => api.storage())
const isFilm = ({ name }: Item): boolean => name.startsWith('film ')
const sizeOf = (items: readonly Item[]): number => items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
/** Names of the films that more than one device has. */
const sharedIn = async (page: Page): Promise<readonly string[]> =>
  (await snapshotOf(page)).items.filter((item) => isFilm(item) && item.copyCount > 1).map(({ name }) => name)

test(
  proved(`a phone keeps ${quotaBytes / 1e6} MB of a tree of ${(fileCount * fileSizeBytes) / 1e6} MB, and says so`),
  { tag: '@wide' },
  async ({ newProfile }, info) => {
    test.setTimeout(isProving ? 3_600_000 : 180_000)
    const [desk, pocket] = [await newProfile(), await newProfile()]
    const [laptop, first] = [await desk.open(), await pocket.open('./#/join')]
    await virtualAuthenticator(laptop)
    await plant(laptop, { owner: 'Ada', device: 'Laptop' })
    await joinByLink(laptop, first, 'Phone')
    await first.getByRole('link', { name: 'Storage', exact: true }).click()
    if (isProving) await first.getByLabel('Keep on this device').selectOption({ label: 'At most 2 GB' })
    else await (await nodeOf(first)).evaluate(({ api }, quotaBytes) => api.setHoldQuota(quotaBytes), quotaBytes)
    await expect.poll(async () => (await storageOf(first)).holdQuotaBytes).toBe(quotaBytes)
    await pocket.close()

    // Sparse on the disk that they come from; each begins with what tells it from the others.
    const paths: string[] = []
    for (let index = 0; index < fileCount; index++) {
      const path = info.outputPath(`film ${String(index).padStart(2, '0')}.bin`)
      const file = await open(path, 'w')
      await file.write(`film ${index}`)
      await file.truncate(fileSizeBytes)
      await file.close()
      paths.push(path)
    }
    await laptop.getByRole('button', { name: 'Done' }).click()
    await laptop.getByRole('link', { name: 'Tree', exact: true }).click()
    for (const [index, path] of paths.entries()) {
      await pickFiles(laptop, path)
      const isThere = async () => (await snapshotOf(laptop)).items.some(({ name }) => name === path.split('/').at(-1))
      await expect.poll(isThere, { message: `file ${index}`, timeout: 300_000 }).toBe(true)
    }

    await pocket.reopen()
    const phone = await pocket.open()
    await expect.poll(async () => (await sharedIn(phone)).length, { timeout: 1_200_000 }).toBe(heldCount)
    const { items } = await snapshotOf(phone)
    const films = items.filter(isFilm).toSorted((one, other) => (one.name < other.name ? -1 : 1))
    expect(films.map(({ sizeBytes }) => sizeBytes)).toEqual(Array.from({ length: fileCount }, () => fileSizeBytes))
    expect(await stateRootOf(phone)).toBe(await stateRootOf(laptop))

    const held = films.slice(-heldCount)
    expect(await sharedIn(phone)).toEqual(expect.arrayContaining(held.map(({ name }) => name)))
    await expect.poll(() => sharedIn(laptop)).toEqual(expect.arrayContaining(held.map(({ name }) => name)))
    // What is older and small comes after the films.
    const heldBytes = sizeOf(items) - sizeOf(films.slice(0, -heldCount))
    await expect.poll(async () => (await storageOf(phone)).heldBytes).toBe(heldBytes)
    const report = await storageOf(phone)
    expect(report).toMatchObject({ holdQuotaBytes: quotaBytes, isVoter: false })
    expect(report.treeBytes).toBe(sizeOf(items))
    const onDiskBytes = await folderSizeBytes(pocket.folder)
    info.annotations.push(
      { type: 'required', description: 'everything listed, what it holds is true' },
      {
        type: 'measured',
        description: `${fileCount} listed, ${report.heldBytes / 1e6} of ${report.treeBytes / 1e6} MB held, ${Math.round(onDiskBytes / 1e6)} MB on disk`,
      },
    )
    if (isProving) expect(onDiskBytes).toBeLessThan(1.1 * quotaBytes)
    await phone.getByRole('link', { name: 'Storage', exact: true }).click()
    await expect(phone.getByText('of contents are on this device')).toBeVisible()
    await expectNothing(phone, 'a part of the tree is here')

    // With nobody to ask, what it said that it has can be read, and of the rest it says why not.
    const hashes = await hashesOf(
      laptop,
      held.map(({ id }) => id),
    )
    await desk.close()
    expect(
      await hashesOf(
        phone,
        held.map(({ id }) => id),
      ),
    ).toEqual(hashes)
    await expect(hashesOf(phone, [films[0]!.id])).rejects.toThrow('This file is not on this device yet')
  },
)
