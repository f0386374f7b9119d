/**
 * The device that decides is gone: another one goes on without it, by the passkey, and nothing is lost when it comes back.
 */
import type { Page } from '@playwright/test'
import type { VirtualAuthenticator, VirtualCredential } from './browser.ts'
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { expectNothing } from './tool/axe.ts'
import { choose, decidersAt, threeDevices } from './tool/deciding.ts'
import { joinByLink } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { nodeIdOf } from './tool/stored.ts'
import { addText, itemNamed, snapshotOf, stateRootOf, textOf, writeText } from './tool/tree.ts'

test.use({ hasRelay: true })

/** As a platform does that syncs passkeys. */
async function syncTo(page: Page, credentials: readonly VirtualCredential[]): Promise<VirtualAuthenticator> {
  const to = await virtualAuthenticator(page)
  for (const credential of credentials)
    await to.devtools.send('WebAuthn.addCredential', { authenticatorId: to.authenticatorId, credential })
  return to
}

const visitDevices = async (page: Page): Promise<void> =>
  page.getByRole('link', { name: 'Devices', exact: true }).click()
const lineOf = (page: Page, device: string) =>
  page.getByRole('list', { name: 'Devices of this tree' }).getByRole('listitem').filter({ hasText: device })

const isTold = (page: Page, text: string): Promise<void> =>
  expect(page.getByRole('region', { name: 'Messages' }).getByRole('listitem').filter({ hasText: text })).toBeVisible()

/** Of all files that are there. */
async function textsIn(page: Page): Promise<readonly string[]> {
  const files = (await snapshotOf(page)).items.filter(({ kind, trashedAtMs }) => kind === 'file' && !trashedAtMs)
  return (await Promise.all(files.map(({ id }) => textOf(page, id)))).toSorted()
}

async function areAlike(one: Page, other: Page, texts: readonly string[]): Promise<void> {
  for (const page of [one, other]) {
    await expect.poll(() => textsIn(page)).toEqual(expect.arrayContaining([...texts]))
    await expect.poll(async () => (await snapshotOf(page)).tree.waiting).toBeNull()
  }
  await expect.poll(async () => (await stateRootOf(one)) === (await stateRootOf(other))).toBe(true)
}

test(
  'another device goes on without it, and what it alone had seen comes back with it',
  { tag: '@wide' },
  async ({ newProfile }) => {
    test.setTimeout(240_000)
    const [desk, pocket] = [await newProfile(), await newProfile()]
    let [laptop, phone] = [await desk.open(), await pocket.open('./#/join')]
    const authenticator = await virtualAuthenticator(laptop)
    await plant(laptop, { owner: 'Ada', device: 'Laptop' })
    await joinByLink(laptop, phone, 'Phone')
    const { rootId } = (await snapshotOf(laptop)).tree
    const planId = await addText(laptop, rootId, 'plan.txt', 'as agreed')
    await expect.poll(() => itemNamed(phone, 'plan.txt')).toMatchObject({ copyCount: 2 })

    await test.step('the laptop alone, and then gone', async () => {
      await pocket.close()
      await writeText(laptop, planId, 'as the laptop wants it')
      await addText(laptop, rootId, 'late.txt', 'seen by the laptop alone')
    })
    const credentials = await authenticator.credentials()
    await desk.close()

    await test.step('the phone waits, and then goes on', async () => {
      await pocket.reopen()
      phone = await pocket.open()
      await addText(phone, rootId, 'road.txt', 'of the road')
      await expect(phone.getByText('1 change kept here, waiting for Laptop')).toBeVisible()
      const own = await syncTo(phone, credentials)
      await visitDevices(phone)
      await expect(phone.getByRole('heading', { name: 'Laptop is away' })).toBeVisible()
      await expectNothing(phone, 'a device that decides is away')
      await phone.getByRole('button', { name: 'It is gone for good' }).click()
      await expectNothing(phone, 'the question whether to go on without it')
      const goOn = phone.getByRole('button', { name: 'Go on with this device' })
      await own.setUserVerified(false)
      await goOn.click()
      await expect(phone.getByRole('alert')).toBeVisible()
      expect((await snapshotOf(phone)).tree.decider).toMatchObject({ quorum: 'away', generation: 1 })
      // A provider that failed once goes on failing.
      await own.remove()
      await syncTo(phone, credentials)
      await goOn.click()
      await expect(phone.getByRole('dialog', { name: 'Go on without Laptop?' })).toBeHidden()
      await isTold(phone, 'This device confirms every change')
      await expect(phone.getByRole('heading', { name: 'Laptop is away' })).toBeHidden()
      await expect(lineOf(phone, 'Phone')).toContainText('Confirms every change')
      expect((await snapshotOf(phone)).tree.decider).toMatchObject({ quorum: 'here', generation: 2 })
      await expect.poll(() => itemNamed(phone, 'road.txt')).toMatchObject({ isWaiting: false })
      await writeText(phone, planId, 'as the phone wants it')
      await expect.poll(async () => (await snapshotOf(phone)).tree.waiting).toBeNull()
    })

    await test.step('the laptop comes back, and follows', async () => {
      await desk.reopen()
      laptop = await desk.open()
      await isTold(laptop, 'Phone went on without the device that confirmed every change')
      await areAlike(laptop, phone, [
        'as the laptop wants it',
        'as the phone wants it',
        'of the road',
        'seen by the laptop alone',
      ])
      await visitDevices(laptop)
      await expect(lineOf(laptop, 'Laptop')).toContainText('Follows every change')
      await expect(laptop.getByText('Once a device went on without')).toBeVisible()
      await addText(laptop, rootId, 'back.txt', 'of the laptop again')
      await expect.poll(() => itemNamed(phone, 'back.txt')).toMatchObject({ copyCount: 2, isWaiting: false })
    })

    await test.step('it is let decide again', async () => {
      await phone.getByRole('button', { name: 'Let Laptop confirm changes' }).click()
      await expect(lineOf(phone, 'Laptop')).toContainText('Confirms every change')
      await expect.poll(async () => (await snapshotOf(laptop)).tree.decider.quorum).toBe('here')
      await addText(phone, rootId, 'last.txt', 'decided by the laptop')
      await expect.poll(() => itemNamed(laptop, 'last.txt')).toMatchObject({ isWaiting: false })
    })
  },
)

test('what it kept is wiped: it comes back as a new device', { tag: '@wide' }, async ({ newProfile }) => {
  test.setTimeout(240_000)
  const [desk, pocket] = [await newProfile(), await newProfile()]
  const [laptop, phone] = [await desk.open(), await pocket.open('./#/join')]
  const authenticator = await virtualAuthenticator(laptop)
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  await joinByLink(laptop, phone, 'Phone')
  const { rootId } = (await snapshotOf(laptop)).tree
  await addText(laptop, rootId, 'plan.txt', 'as agreed')
  await expect.poll(() => itemNamed(phone, 'plan.txt')).toMatchObject({ copyCount: 2 })
  await syncTo(phone, await authenticator.credentials())

  await laptop.evaluate(() => {
    // What the browser does when its owner deletes the data of a site.
    document.querySelector('bt-shell')!.remove()
  })
  const devtools = await laptop.context().newCDPSession(laptop)
  const origin = new URL(laptop.url()).origin
  await laptop.goto('about:blank')
  await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' })

  await phone.goto('./#/devices')
  await phone.getByRole('button', { name: 'It is gone for good' }).click()
  await phone.getByRole('button', { name: 'Go on with this device' }).click()
  await isTold(phone, 'This device confirms every change')

  await laptop.goto('./#/join')
  await joinByLink(phone, laptop, 'Laptop anew')
  await expect.poll(() => itemNamed(laptop, 'plan.txt')).toMatchObject({ copyCount: 2 })
  await phone.getByRole('button', { name: 'Done' }).click()
  await expect(lineOf(phone, 'Laptop anew')).toContainText('Connected directly')
  await phone.getByRole('button', { name: 'Remove Laptop', exact: true }).click()
  await phone.getByRole('button', { name: 'Remove it' }).click()
  await expect.poll(async () => (await snapshotOf(laptop)).tree.deviceCount).toBe(2)
  await addText(laptop, rootId, 'anew.txt', 'of the laptop')
  await expect.poll(() => itemNamed(phone, 'anew.txt')).toMatchObject({ copyCount: 2, isWaiting: false })
})

test(
  'what one of three deciders kept is wiped, but for its keys: it decides again',
  { tag: '@wide' },
  async ({ newProfile, problems }) => {
    test.setTimeout(240_000)
    const pages = await threeDevices([await newProfile(), await newProfile(), await newProfile()])
    const [laptop, phone, desk] = pages
    await choose(laptop, ['Laptop', 'Phone', 'Desk'])
    for (const page of pages) await expect.poll(() => decidersAt(page)).toEqual(['Desk', 'Laptop', 'Phone'])
    const { rootId } = (await snapshotOf(laptop)).tree
    await addText(phone, rootId, 'plan.txt', 'as agreed')
    await expect.poll(() => itemNamed(phone, 'plan.txt')).toMatchObject({ copyCount: 3, isWaiting: false })
    const { principal } = (await snapshotOf(phone)).tree
    const earlier = await nodeIdOf(phone)

    await test.step('the votes that it gave are forgotten with its log', async () => {
      // A document of the site that no node runs in, and that names no icon.
      problems.allow(/favicon\.ico/)
      await phone.goto('./manifest.webmanifest')
      await phone.evaluate(
        () =>
          new Promise<void>((resolve, reject) => {
            const request = indexedDB.deleteDatabase('blocktree-main')
            request.addEventListener('success', () => resolve())
            request.addEventListener('error', () => reject(request.error!))
          }),
      )
      await addText(laptop, rootId, 'without.txt', 'by the two others')
      await expect.poll(() => itemNamed(desk, 'without.txt')).toMatchObject({ isWaiting: false })
    })

    await test.step('it joins again, and is the same device under another name of its own', async () => {
      await phone.goto('./#/join')
      await joinByLink(laptop, phone, 'Phone')
      await expect.poll(() => decidersAt(phone)).toEqual(['Desk', 'Laptop', 'Phone'])
      await expect.poll(() => itemNamed(phone, 'without.txt')).toMatchObject({ copyCount: 3, isWaiting: false })
      expect((await snapshotOf(phone)).tree).toMatchObject({ principal, deviceCount: 3 })
      expect(await nodeIdOf(phone)).not.toBe(earlier)
    })

    await test.step('it and another one are enough', async () => {
      await desk.close()
      await addText(phone, rootId, 'enough.txt', 'by the phone and the laptop')
      await expect.poll(() => itemNamed(laptop, 'enough.txt')).toMatchObject({ copyCount: 2, isWaiting: false })
      await expect.poll(async () => (await stateRootOf(phone)) === (await stateRootOf(laptop))).toBe(true)
    })
  },
)
