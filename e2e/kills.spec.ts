/**
 * Three browsers that decide together and write without pause: whichever is killed the moment one of its writes is answered as saved,
 * all that was answered is at once with the two that are left, and with all three when it is back.
 */
import type { JSHandle, Page } from '@playwright/test'
import type { Profile } from './browser.ts'
import { expect, isProving, proved, test } from './fixture.ts'
import { type Three, choose, decidersAt, threeDevices } from './tool/deciding.ts'
import { createFolder, deleteForGood, hashesOf, nodeOf, snapshotOf, stateRootOf } from './tool/tree.ts'

test.use({ hasRelay: true })

/** Writes of one device that nobody waits for. */
interface Row {
  /** Resolves with the ids of all that a majority of the devices has taken, as the writer was told, as soon as it is so many. */
  until(count: number): Promise<string[]>
  /** Nothing new begins. Resolves with the ids of all that was answered, when nothing is under way any more. */
  end(): Promise<string[]>
}

/** The last one is too large to travel with the question whether it may come. */
const sizesBytes = [3000, 30_000, 100_000]
/** Writes of a device that are under way at a time. */
const laneCount = 3

/** Adds files to a folder that have their hash for a name. */
async function begin(page: Page, folderId: string): Promise<JSHandle<Row>> {
  const node = await nodeOf(page)
  return node.evaluateHandle(
    (node, { folderId, sizesBytes, laneCount }): Row => {
      const taken: string[] = []
      const kept: string[] = []
      let isOver = false
      let onTaken = (): void => {}
      const isWaiting = (id: string): Promise<boolean | undefined> =>
        new Promise((resolve) => {
          const stop = node.watch((event) => {
            if (event.kind !== 'snapshot') return
            queueMicrotask(() => stop())
            resolve(event.items.find((item) => item.id === id)?.isWaiting)
          })
        })
      const write = async (sizeBytes: number): Promise<void> => {
        const octets = new Uint8Array(sizeBytes)
        for (let at = 0; at < sizeBytes; at += 65536) crypto.getRandomValues(octets.subarray(at, at + 65536))
        const hash = [...new Uint8Array(await crypto.subtle.digest('SHA-256', octets))]
        const name = hash.map((octet) => octet.toString(16).padStart(2, '0')).join('')
        const id = await node.api.addFile(crypto.randomUUID(), folderId, name, new Blob([octets]))
        // Where no majority is there the answer says that it is kept here, and it is shown as what waits.
        const list = (await isWaiting(id)) === false ? taken : kept
        list.push(id)
        onTaken()
      }
      const lane = async (first: number): Promise<void> => {
        for (let at = first; !isOver; at++) await write(sizesBytes[at % sizesBytes.length]!)
      }
      const lanes = Promise.all(Array.from({ length: laneCount }, (_, at) => lane(at)))
      return {
        until: (count) =>
          new Promise((resolve) => {
            onTaken = () => {
              if (taken.length >= count) resolve([...taken])
            }
            onTaken()
          }),
        async end() {
          isOver = true
          await lanes
          return [...taken, ...kept]
        },
      }
    },
    { folderId, sizesBytes, laneCount },
  )
}

/** A leader that fell silent is replaced after some seconds, and on a busy machine after as many more. */
const patient = { timeout: 60_000, intervals: [100, 200] }

interface File {
  readonly id: string
  readonly name: string
}

/** What lies in a folder, as soon as all of `ids` is among it and no other device is awaited for it. */
async function filesIn(page: Page, folderId: string, ids: readonly string[]): Promise<readonly File[]> {
  let files: readonly File[] = []
  const lacking = async (): Promise<readonly string[]> => {
    const items = (await snapshotOf(page)).items.filter(({ parentId }) => parentId === folderId)
    files = items
    const taken = new Set(items.flatMap(({ id, isWaiting }) => (isWaiting ? [] : [id])))
    return ids.filter((id) => !taken.has(id))
  }
  await expect.poll(lacking, patient).toEqual([])
  return files
}

/** All of `ids` is there with its octets, and what nobody was told of is there whole or not at all. */
async function checkFiles(page: Page, folderId: string, ids: readonly string[]): Promise<void> {
  const files = await filesIn(page, folderId, ids)
  const found = files.map(({ id }) => id)
  expect(await hashesOf(page, found)).toEqual(files.map(({ name }) => name))
}

async function leaderAmong(pages: readonly Page[]): Promise<number> {
  let leader = -1
  const find = async (): Promise<number> => {
    const quorums = await Promise.all(pages.map(async (page) => (await snapshotOf(page)).tree.decider.quorum))
    return (leader = quorums.includes('away') ? -1 : quorums.indexOf('here'))
  }
  await expect.poll(find, patient).toBeGreaterThanOrEqual(0)
  return leader
}

const killCount = isProving ? 500 : 20
/** What other rounds wrote is deleted: were all kept, the last rounds would take several times as long as the first. */
const lastingEvery = 25

test(proved(`${killCount} kills amid replicated writes lose nothing`), async ({ newProfile }, info) => {
  test.setTimeout(180_000 + killCount * 30_000)
  const profiles: Three<Profile> = [await newProfile(), await newProfile(), await newProfile()]
  const pages = await threeDevices(profiles)
  await choose(pages[0], ['Laptop', 'Phone', 'Desk'])
  for (const page of pages) await expect.poll(() => decidersAt(page)).toEqual(['Desk', 'Laptop', 'Phone'])
  const { rootId } = (await snapshotOf(pages[0])).tree

  const lasting = new Map<string, readonly string[]>()
  let answeredCount = 0
  let folderId = await createFolder(pages[0], rootId, 'round 0')
  for (let index = 0; index < killCount; index++) {
    const leader = await leaderAmong(pages)
    // In turn the one that leads, and either of the two that follow.
    const victim = (leader + [0, 1, 0, 2][index % 4]!) % 3
    const left = pages.filter((_, at) => at !== victim)
    for (const page of pages) await filesIn(page, rootId, [folderId])
    const rows = await Promise.all(pages.map((page) => begin(page, folderId)))
    const taken = await rows[victim]!.evaluate((row, count) => row.until(count), 1 + (index % 7))
    const killed = profiles[victim]!.kill()
    await Promise.all(left.map((page) => checkFiles(page, folderId, taken)))

    const comesBack = async (): Promise<void> => {
      await killed
      const [page] = profiles[victim]!.context.pages()
      await page!.goto('./#/devices')
      pages[victim] = page!
    }
    const others = rows.filter((_, at) => at !== victim)
    const [ends] = await Promise.all([Promise.all(others.map((row) => row.evaluate((row) => row.end()))), comesBack()])
    const answered = [...taken, ...ends.flat()]
    await Promise.all(pages.map((page) => checkFiles(page, folderId, answered)))
    await expect.poll(async () => new Set(await Promise.all(pages.map(stateRootOf))).size, patient).toBe(1)

    answeredCount += answered.length
    if (index % lastingEvery === 0) lasting.set(folderId, answered)
    else await deleteForGood(left[0]!, folderId)
    folderId = await createFolder(left[0]!, rootId, `round ${index + 1}`)
    if (isProving && (index + 1) % 25 === 0) process.stdout.write(`  ${index + 1} of ${killCount} kills\n`)
  }
  for (const [id, answered] of lasting) for (const page of pages) await checkFiles(page, id, answered)
  info.annotations.push(
    { type: 'required', description: 'all that was acknowledged is with those that are left, and then with all' },
    { type: 'measured', description: `all of ${answeredCount} writes` },
  )
})
