/**
 * Three browsers in three networks: one that is cut off keeps what is done there while the two others go on, three that are cut off
 * from each other decide nothing, and what all did is there when they are joined again.
 */
import type { Page } from '@playwright/test'
import { test as base, expect } from './fixture.ts'
import { choose, decidersAt, threeDevices } from './tool/deciding.ts'
import { type Namespaces, makeNamespaces } from './tool/namespaces.ts'
import { addText, itemNamed, snapshotOf, stateRootOf } from './tool/tree.ts'

const test = base.extend<{ readonly networks: Namespaces | string }>({
  networks: async ({ launchOptions }, use) => {
    const made = await makeNamespaces(3, launchOptions.executablePath ?? 'chromium')
    await use(made)
    if (typeof made !== 'string') await made.remove()
  },
  siteHost: ({ networks }, use) => use(typeof networks === 'string' ? '127.0.0.1' : networks.host),
})
test.use({ hasRelay: true })

const quorumAt = async (page: Page): Promise<string> => (await snapshotOf(page)).tree.decider.quorum
const write = async (page: Page, name: string): Promise<unknown> =>
  addText(page, (await snapshotOf(page)).tree.rootId, name, name)
const isWaiting = async (page: Page, name: string): Promise<boolean | undefined> =>
  (await itemNamed(page, name))?.isWaiting
/** A path that is dead is given up after some seconds, and a lost leader is replaced after as many more. */
const patient = { timeout: 60_000 }

test('one of three is cut off, then each from each, and all is there when they are joined', async ({
  networks,
  newProfile,
}) => {
  test.setTimeout(300_000)
  test.skip(typeof networks === 'string', String(networks))
  if (typeof networks === 'string') return
  const { programs, args } = networks
  const pages = await threeDevices([
    await newProfile(args, programs[0]),
    await newProfile(args, programs[1]),
    await newProfile(args, programs[2]),
  ])
  await choose(pages[1], ['Laptop', 'Phone', 'Desk'])
  for (const page of pages) await expect.poll(() => decidersAt(page)).toEqual(['Desk', 'Laptop', 'Phone'])

  const together = async (): Promise<void> => {
    for (const at of pages.keys()) networks.join(at)
    for (const page of pages) await expect.poll(async () => (await snapshotOf(page)).tree.waiting, patient).toBeNull()
    await expect.poll(async () => new Set(await Promise.all(pages.map(stateRootOf))).size, patient).toBe(1)
  }

  await test.step('the one that leads is cut off', async () => {
    const quorums = await Promise.all(pages.map(quorumAt))
    const alone = quorums.indexOf('here')
    const [one, other] = pages.filter((_, at) => at !== alone) as [Page, Page]
    networks.cut(alone)
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
    for (const at of pages.keys()) networks.cut(at)
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
