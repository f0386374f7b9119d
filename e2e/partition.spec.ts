/**
 * Three browsers in three networks: one that is cut off keeps what is done there while the two others go on, three that are cut off
 * from each other decide nothing, and what all did is there when they are joined again. Where the computer has no networks of their
 * own for them, they are cut off by the cord of the page.
 */
import type { Page } from '@playwright/test'
import { test as base, expect } from './fixture.ts'
import { onCord } from './tool/cord.ts'
import { type Three, choose, decidersAt, threeDevices } from './tool/deciding.ts'
import { type Namespaces, makeNamespaces } from './tool/namespaces.ts'
import { type Document, addText, itemNamed, snapshotOf, stateRootOf } from './tool/tree.ts'

/** `CORD=1` goes the way of computers that let nobody have networks of their own. */
const isCordWanted = process.env['CORD'] !== undefined

const test = base.extend<{ readonly networks: Namespaces | null }>({
  networks: async ({ launchOptions }, use, info) => {
    const made = isCordWanted
      ? 'the cord is wanted'
      : await makeNamespaces(3, launchOptions.executablePath ?? 'chromium')
    if (typeof made !== 'string') {
      await use(made)
      return made.remove()
    }
    info.annotations.push({ type: 'cut by the cord', description: made })
    await use(null)
  },
  siteHost: ({ networks }, use) => use(networks?.host ?? '127.0.0.1'),
})
test.use({ hasRelay: true })

interface Parting {
  readonly pages: Three<Document>
  /** Nothing comes out of the device of that number, nor into it. */
  cut(at: number): Promise<void>
  join(at: number): Promise<void>
}

const byNetwork = (networks: Namespaces, pages: Three<Document>): Parting => ({
  pages,
  cut: async (at) => networks.cut(at),
  join: async (at) => networks.join(at),
})

async function byCord(tabs: Three<Page>): Promise<Parting> {
  const corded = [await onCord(tabs[0]), await onCord(tabs[1]), await onCord(tabs[2])] as const
  return {
    pages: [corded[0].frame, corded[1].frame, corded[2].frame],
    cut: (at) => corded[at]!.cut(),
    join: (at) => corded[at]!.join(),
  }
}

const quorumAt = async (page: Document): Promise<string> => (await snapshotOf(page)).tree.decider.quorum
const write = async (page: Document, name: string): Promise<unknown> =>
  addText(page, (await snapshotOf(page)).tree.rootId, name, name)
const isWaiting = async (page: Document, name: string): Promise<boolean | undefined> =>
  (await itemNamed(page, name))?.isWaiting
/** A path that is dead is given up after some seconds, and a lost leader is replaced after as many more. */
const patient = { timeout: 60_000 }

test('one of three is cut off, then each from each, and all is there when they are joined', async ({
  networks,
  newProfile,
}) => {
  test.setTimeout(300_000)
  const profileAt = (at: number) => newProfile(networks?.args, networks?.programs[at])
  const tabs = await threeDevices([await profileAt(0), await profileAt(1), await profileAt(2)])
  await choose(tabs[1], ['Laptop', 'Phone', 'Desk'])
  for (const tab of tabs) await expect.poll(() => decidersAt(tab)).toEqual(['Desk', 'Laptop', 'Phone'])
  const { pages, cut, join } = networks === null ? await byCord(tabs) : byNetwork(networks, tabs)

  const together = async (): Promise<void> => {
    for (const at of pages.keys()) await join(at)
    for (const page of pages) await expect.poll(async () => (await snapshotOf(page)).tree.waiting, patient).toBeNull()
    await expect.poll(async () => new Set(await Promise.all(pages.map(stateRootOf))).size, patient).toBe(1)
  }

  await test.step('the one that leads is cut off', async () => {
    let alone = -1
    const findLeader = async (): Promise<number> => {
      const quorums = await Promise.all(pages.map(quorumAt))
      return (alone = quorums.includes('away') ? -1 : quorums.indexOf('here'))
    }
    await expect.poll(findLeader, patient).toBeGreaterThanOrEqual(0)
    const [one, other] = pages.filter((_, at) => at !== alone) as [Document, Document]
    await cut(alone)
    await write(pages[alone]!, 'of the lonely')
    await write(one, 'of the two')
    await expect.poll(() => isWaiting(one, 'of the two'), patient).toBe(false)
    await expect.poll(() => itemNamed(other, 'of the two'), patient).toMatchObject({ isWaiting: false })
    await expect.poll(() => quorumAt(pages[alone]!), patient).toBe('away')
    expect(await isWaiting(pages[alone]!, 'of the lonely')).toBe(true)
    expect(await itemNamed(pages[alone]!, 'of the two')).toBeUndefined()
    await together()
    for (const page of pages)
      for (const name of ['of the lonely', 'of the two'])
        await expect.poll(() => itemNamed(page, name), patient).toMatchObject({ isWaiting: false, copyCount: 3 })
  })

  await test.step('each from each: nobody decides, and nothing is lost', async () => {
    for (const at of pages.keys()) await cut(at)
    for (const page of pages) await expect.poll(() => quorumAt(page), patient).toBe('away')
    for (const [at, page] of pages.entries()) await write(page, `alone ${at}`)
    for (const [at, page] of pages.entries()) expect(await isWaiting(page, `alone ${at}`)).toBe(true)
    await together()
    for (const page of pages)
      for (const at of pages.keys())
        await expect
          .poll(() => itemNamed(page, `alone ${at}`), patient)
          .toMatchObject({ isWaiting: false, copyCount: 3 })
  })
})
