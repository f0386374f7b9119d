/**
 * Devices that go: put out by another one, undone right after they came, or leaving; by their pages alone, over real WebRTC.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Page, TestInfo } from '@playwright/test'
import { expect, isProving, proved, test, virtualAuthenticator } from './fixture.ts'
import { expectNothing } from './tool/axe.ts'
import { hashOnDisk, pickFiles, rowOf } from './tool/files.ts'
import {
  agreeToJoin,
  approveAsLimited,
  approveAsOwn,
  joinByLink,
  letIn,
  readLink,
  showCode,
  typeDigits,
} from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { keepTrees } from './tool/stored.ts'
import { growFolders, owingCount, removeOther } from './tool/removing.ts'
import { addText, createFolder, hashOf, itemNamed, nodeOf, snapshotOf, writeText } from './tool/tree.ts'

test.use({ hasRelay: true })

const deviceLine = (page: Page, name: string) =>
  page.getByRole('list', { name: 'Devices of this tree' }).getByRole('listitem').filter({ hasText: name })
const saysRemoved = (page: Page, how: string) =>
  expect(page.locator('main').getByText(`${how} What is here stays readable`).first()).toBeVisible()
/** For a person to look at, on request: at both sizes and in both schemes. */
async function pictures(page: Page, info: TestInfo, name: string): Promise<void> {
  if (process.env.PICTURE !== '1') return
  for (const size of [
    { width: 390, height: 844 },
    { width: 1280, height: 800 },
  ])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(size)
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: info.outputPath(`${name}-${size.width}-${colorScheme}.png`) })
    }
}
/** What a page is told when it tries to change the tree. */
const refusalOf = async (page: Page, rootId: string): Promise<string> =>
  (await nodeOf(page)).evaluate(
    ({ api }, rootId) =>
      api.createFolder(crypto.randomUUID(), rootId, 'late').then(
        () => 'taken',
        (error: Error) => error.message,
      ),
    rootId,
  )

test(proved('a device is removed, keeps what it had, and gets nothing new'), async ({ tabs }, info) => {
  test.setTimeout(180_000)
  const [laptop, phone] = [await tabs.open(), await tabs.open('./#/join&as=phone')]
  await virtualAuthenticator(laptop)
  await laptop.bringToFront()
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  const { rootId } = (await snapshotOf(laptop)).tree
  await addText(laptop, rootId, 'letter.txt', 'dear')
  await joinByLink(laptop, phone, 'Phone')
  await expect.poll(() => itemNamed(phone, 'letter.txt')).toMatchObject({ copyCount: 2 })
  await laptop.getByRole('button', { name: 'Done' }).click()

  await test.step('it is asked first, and can be left at that', async () => {
    const open = laptop.getByRole('button', { name: 'Remove Phone' })
    await open.click()
    await expect(laptop.getByRole('dialog', { name: 'Remove Phone?' })).toBeVisible()
    await expect(laptop.getByText('1 folder gets a new key at once, and in the background 2 files.')).toBeVisible()
    await expect(laptop.getByText('Laptop and you with your passkey or recovery card.')).toBeVisible()
    await expectNothing(laptop, 'the question whether to remove a device')
    await pictures(laptop, info, 'question')
    await laptop.keyboard.press('Escape')
    await expect(laptop.getByRole('dialog')).toBeHidden()
    await expect(open).toBeFocused()
    await expect(deviceLine(laptop, 'Phone')).toBeVisible()
  })
  await laptop.getByRole('button', { name: 'Remove Phone' }).press('Enter')
  // Off until the tree has told what it would do, and a key on a button that is off does nothing.
  await expect(laptop.getByRole('button', { name: 'Remove it' })).toBeEnabled()
  await laptop.getByRole('button', { name: 'Remove it' }).press('Enter')
  await expect(laptop.getByRole('status').getByText('Phone was removed')).toBeAttached()
  await expect(deviceLine(laptop, 'Phone')).toHaveCount(0)
  await expect(laptop.getByRole('button', { name: 'Leave the tree' })).toHaveCount(0)

  await test.step('all of it is told on a page of its own', async () => {
    const link = laptop.getByRole('link', { name: 'What was allowed, and when' })
    await link.press('Enter')
    await expect(laptop.getByRole('heading', { name: 'What was allowed, and when' })).toBeVisible()
    const now = laptop.getByRole('region', { name: 'Who can read and write now' })
    await expect(now.getByRole('heading', { level: 3 })).toHaveText(['Ada, by passkey or recovery card', 'Laptop'])
    const past = laptop.getByRole('region', { name: 'What happened, the newest first' })
    await expect(past.getByRole('heading', { level: 3 })).toHaveText([
      'Phone was removed',
      'Phone was let in',
      'The tree was planted on Laptop',
    ])
    await expect(past.getByRole('listitem').first()).toContainText('By Laptop')
    await expectNothing(laptop, 'what was allowed')
    await pictures(laptop, info, 'audit')
    await laptop.getByRole('link', { name: 'Back to the devices' }).press('Enter')
    await expect(link).toBeVisible()
  })

  await saysRemoved(phone, 'Laptop removed this device from the tree.')
  await expectNothing(phone, 'a device that was removed')
  await addText(laptop, rootId, 'secret.txt', 'not for the phone')
  for (const start of [async () => {}, async () => void (await phone.reload())]) {
    await start()
    await saysRemoved(phone, 'Laptop removed this device from the tree.')
    const letter = await itemNamed(phone, 'letter.txt')
    expect(await hashOf(phone, letter!.id)).toBe(await hashOf(laptop, letter!.id))
    expect(await itemNamed(phone, 'secret.txt')).toBeUndefined()
    expect(await refusalOf(phone, rootId)).toContain('was removed from the tree')
  }
  await phone.getByRole('link', { name: 'Devices', exact: true }).click()
  await saysRemoved(phone, 'Laptop removed this device from the tree.')
  await expect(phone.getByRole('button', { name: 'Add a device' })).toHaveCount(0)
})

test('what a device did before it heard of its removal is kept there, and comes back as a file', async ({
  tabs,
  profile,
}, info) => {
  test.setTimeout(240_000)
  const [laptop, first] = [await tabs.open(), await profile.open('./#/join')]
  await virtualAuthenticator(laptop)
  await laptop.bringToFront()
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  const { rootId } = (await snapshotOf(laptop)).tree
  const letterId = await addText(laptop, rootId, 'letter.txt', 'dear')
  await joinByLink(laptop, first, 'Phone')
  await expect.poll(() => itemNamed(first, 'letter.txt')).toMatchObject({ copyCount: 2 })
  const before = await hashOf(laptop, letterId)

  const address = new URL('./#/devices', laptop.url()).href
  await laptop.goto('about:blank')
  await first.goto('./')
  const buffer = randomBytes(200_000)
  await pickFiles(first, { name: 'photo.bin', mimeType: 'application/octet-stream', buffer })
  await expect(rowOf(first, 'photo.bin')).toBeVisible()
  await writeText(first, letterId, 'dear, and more')
  await createFolder(first, rootId, 'trip')
  expect((await snapshotOf(first)).tree.waiting).toMatchObject({ changeCount: 3 })
  await profile.reopen()
  await laptop.goto(address)
  await laptop.getByRole('button', { name: 'Remove Phone' }).click()
  await laptop.getByRole('button', { name: 'Remove it' }).click()
  await expect(deviceLine(laptop, 'Phone')).toHaveCount(0)

  const phone = await profile.open()
  await saysRemoved(phone, 'Laptop removed this device from the tree.')
  await expect(rowOf(phone, 'letter.txt')).toBeVisible()
  await expect(rowOf(phone, 'photo.bin')).toHaveCount(0)
  await expect(phone.getByRole('button', { name: 'Add', exact: true })).toHaveCount(0)
  expect(await hashOf(phone, letterId)).toBe(before)
  await test.step('the page about devices tells of it before the data are deleted', async () => {
    await phone.getByRole('link', { name: 'Devices', exact: true }).click()
    await expect(phone.getByText('download what you want to keep of 3 changes')).toBeVisible()
    await expectNothing(phone, 'the devices of one that was removed, with something in quarantine')
    await pictures(phone, info, 'devices')
    await phone.getByRole('link', { name: 'Tree', exact: true }).click()
  })
  await pictures(phone, info, 'offer')
  await phone.getByRole('button', { name: 'See 3 changes that the tree did not take' }).click()
  const lines = phone.locator('bt-quarantine-page').getByRole('listitem')
  await expect(lines).toHaveCount(3)
  for (const text of ['New file: photo.bin', 'New version: letter.txt', 'New folder: trip'])
    await expect(lines.filter({ hasText: text })).toBeVisible()
  await expect(phone.getByText('the tree takes nothing more from it')).toBeVisible()
  await expect(phone.getByRole('button', { name: /^Try again/ })).toHaveCount(0)
  await expectNothing(phone, 'the quarantine of a device that was removed')
  await pictures(phone, info, 'quarantine')

  const download = async (deed: string, name: string): Promise<string> => {
    const begun = phone.waitForEvent('download')
    await phone.getByRole('button', { name: `Download: ${deed}` }).click()
    const path = info.outputPath(name)
    await (await begun).saveAs(path)
    return path
  }
  const photo = await download('New file: photo.bin', 'photo.bin')
  const letter = await download('New version: letter.txt', 'letter, later.txt')
  expect(await readFile(photo)).toEqual(buffer)
  expect(await readFile(letter, 'utf8')).toBe('dear, and more')
  await test.step('what is not wanted is given up, and the rest outlives a reload', async () => {
    await phone.getByRole('button', { name: 'Give up: New folder: trip' }).click()
    await phone.getByRole('button', { name: 'Give it up', exact: true }).last().click()
    await expect(lines).toHaveCount(2)
    await phone.reload()
    await expect(lines).toHaveCount(2)
  })

  await test.step('another device adds a file that was saved', async () => {
    await laptop.getByRole('link', { name: 'Tree', exact: true }).click()
    await pickFiles(laptop, letter)
    await expect(rowOf(laptop, 'letter, later.txt')).toBeVisible()
    expect(await hashOf(laptop, (await itemNamed(laptop, 'letter, later.txt'))!.id)).toBe(await hashOnDisk(letter))
    expect(await hashOf(laptop, letterId)).toBe(before)
  })
  await test.step('or the same one does, when it has joined anew', async () => {
    const devtools = await phone.context().newCDPSession(phone)
    await devtools.send('Storage.clearDataForOrigin', { origin: new URL(phone.url()).origin, storageTypes: 'all' })
    await phone.goto('about:blank')
    await phone.goto('./#/join')
    await joinByLink(laptop, phone, 'Phone again')
    await phone.goto('./')
    await pickFiles(phone, photo)
    await expect.poll(() => itemNamed(laptop, 'photo.bin')).toMatchObject({ copyCount: 2 })
    expect(await hashOf(laptop, (await itemNamed(laptop, 'photo.bin'))!.id)).toBe(await hashOnDisk(photo))
    expect(await itemNamed(phone, 'letter, later.txt')).toBeDefined()
  })
})

test(
  'an addition is undone with one tap, and a device leaves that keeps the tree in order',
  { tag: '@wide' },
  async ({ tabs }) => {
    test.setTimeout(240_000)
    const [laptop, phone] = [await tabs.open(), await tabs.open('./#/join&as=phone')]
    await virtualAuthenticator(laptop)
    await laptop.bringToFront()
    await plant(laptop, { owner: 'Ada', device: 'Laptop' })
    const { rootId } = (await snapshotOf(laptop)).tree
    await joinByLink(laptop, phone, 'Phone')
    await test.step('undo, on another device than the one that approved', async () => {
      const tablet = await tabs.open('./#/join&as=tablet')
      await joinByLink(laptop, tablet, 'Tablet')
      const notices = phone.getByRole('region', { name: 'Messages' })
      const added = notices.getByRole('listitem').filter({ hasText: 'Tablet was added' })
      await added.getByRole('button', { name: 'Undo' }).click()
      await expect(notices.getByRole('listitem').filter({ hasText: 'Tablet was removed' })).toBeVisible()
      await saysRemoved(tablet, 'Phone removed this device from the tree.')
      await expect.poll(async () => (await snapshotOf(laptop)).tree.deviceCount).toBe(2)
      await tablet.close()
    })
    await laptop.getByRole('button', { name: 'Done' }).click()
    await laptop.getByRole('button', { name: 'Leave the tree' }).click()
    await laptop.getByRole('button', { name: 'Leave', exact: true }).click()
    await saysRemoved(laptop, 'This device left the tree.')
    await expect.poll(async () => (await snapshotOf(phone)).tree.deviceCount).toBe(1)
    const id = await addText(phone, rootId, 'after.txt', 'without the laptop')
    expect(await hashOf(phone, id)).toMatch(/^[0-9a-f]{64}$/)
    expect(await itemNamed(laptop, 'after.txt')).toBeUndefined()
  },
)

test(
  'two with one code, and an approval that was tampered with, change nothing',
  { tag: '@wide' },
  async ({ tabs }) => {
    test.setTimeout(180_000)
    const [laptop, phone, other] = [
      await tabs.open(),
      await tabs.open('./#/join&as=phone'),
      await tabs.open('./#/join&as=other'),
    ]
    await virtualAuthenticator(laptop)
    await laptop.bringToFront()
    await plant(laptop, { owner: 'Ada', device: 'Laptop' })
    const areUnchanged = await keepTrees([laptop, 'main'], [phone, 'phone'], [other, 'other'])
    const link = await showCode(laptop)
    await readLink(phone, link, 'Phone')
    await expect(phone.getByRole('button', { name: 'Join this tree' })).toBeVisible()
    await readLink(other, link, 'Other')
    await expect(other.getByText('This code was used before, or is not shown any more')).toBeVisible()
    await expect(laptop.getByText('A code was scanned that is not shown any more')).toBeVisible()
    expect((await snapshotOf(other)).tree.isPlanted).toBe(false)
    await areUnchanged()
    const digits = await agreeToJoin(phone)

    await test.step('the page hands the passkey something else to sign', async () => {
      await laptop.evaluate(() => {
        const { passkey } = document.querySelector('bt-shell')!
        const { sign } = passkey
        passkey.sign = (asked) => {
          passkey.sign = sign
          return sign.call(passkey, { ...asked, challenge: crypto.getRandomValues(new Uint8Array(32)) })
        }
      })
      await typeDigits(laptop, digits)
      await approveAsOwn(laptop)
      await expect(laptop.getByRole('alert')).toContainText('signed something else than what it was asked for')
      await areUnchanged()
      await expect(phone.getByLabel(/^Digits:/)).toBeVisible()
      await expect(phone.getByText('does not let this one in, so it was refused')).toBeVisible()
    })
    await laptop.getByRole('button', { name: 'No', exact: true }).click()
    await expect(phone.getByText('The owner of the tree said no')).toBeVisible()
    await areUnchanged()
    await phone.getByRole('button', { name: 'Begin anew' }).click()
    await readLink(phone, await showCode(laptop), 'Phone')
    await letIn(laptop, await agreeToJoin(phone), 'Phone')
  },
)

/** As many as get their keys in more time than a kill takes. */
const folderCount = 3000
const blockCount = isProving ? 10_000 : 2500

test(
  proved(`in a tree of ${blockCount} blocks a removal is over at once, and every key is new soon after`),
  { tag: '@wide' },
  async ({ tabs }, info) => {
    test.setTimeout(600_000)
    const [laptop, phone] = [await tabs.open(), await tabs.open('./#/join&as=phone')]
    await virtualAuthenticator(laptop)
    await laptop.bringToFront()
    await plant(laptop, { owner: 'Ada', device: 'Laptop' })
    await growFolders(laptop, (await snapshotOf(laptop)).tree.rootId, blockCount)
    await joinByLink(laptop, phone, 'Phone')
    const { removedAfterMs, renewedAfterMs } = await removeOther(laptop)
    const rate = Math.round((blockCount * 1000) / renewedAfterMs)
    info.annotations.push(
      { type: 'required', description: 'over in less than 1 s' },
      { type: 'measured', description: `${removedAfterMs.toFixed(0)} ms; then ${rate} blocks a second got new keys` },
    )
    if (isProving) expect(removedAfterMs).toBeLessThan(1000)
  },
)

const removalCount = isProving ? 10 : 1
test(
  proved(
    `a browser that is killed ${2 * removalCount} times amid new keys gives the rest of them after its next starts`,
  ),
  { tag: '@wide' },
  async ({ tabs, profile }) => {
    test.setTimeout(240_000 + removalCount * 60_000)
    let laptop = await profile.open()
    await virtualAuthenticator(laptop)
    await plant(laptop, { owner: 'Ada', device: 'Laptop' })
    const { treeId, rootId } = (await snapshotOf(laptop)).tree
    const letterId = await addText(laptop, rootId, 'letter.txt', 'dear')
    const hash = await hashOf(laptop, letterId)
    const camera = await tabs.open('./#/join&as=camera')
    await readLink(camera, await showCode(laptop), 'Camera')
    await typeDigits(laptop, await agreeToJoin(camera))
    await approveAsLimited(laptop)
    await expect(camera.getByRole('heading', { name: 'Your tree is here' })).toBeVisible()
    const guest = (await snapshotOf(camera)).tree.principal
    await camera.close()
    const phones: string[] = []
    for (let at = 0; at < removalCount; at++) {
      const phone = await tabs.open(`./#/join&as=phone${at}`)
      await laptop.getByRole('button', { name: 'Done' }).click()
      await joinByLink(laptop, phone, `Phone ${at}`)
      phones.push((await snapshotOf(phone)).tree.principal)
      await phone.close()
    }
    await growFolders(laptop, rootId, folderCount)
    // What a removal of the guest would take tells how many keys are owed: it has a folder of its own, and no others.
    const ownCount = await owingCount(laptop, guest)
    expect(ownCount).toBeLessThan(10)

    for (const other of phones) {
      const node = await nodeOf(laptop)
      await node.evaluate(({ api }, other) => api.removeDevice(crypto.randomUUID(), other), other)
      let owing = folderCount
      for (let killCount = 0; killCount < 2; killCount++) {
        const leftCount = Math.floor(owing - (Math.random() * owing) / 3)
        await expect.poll(() => owingCount(laptop, guest), { intervals: [0] }).toBeLessThan(leftCount)
        await profile.kill()
        laptop = await profile.open()
        owing = await owingCount(laptop, guest)
        expect(owing).toBeGreaterThan(ownCount)
      }
      await expect.poll(() => owingCount(laptop, guest), { timeout: 60_000 }).toBe(ownCount)
    }
    const { tree, items } = await snapshotOf(laptop)
    expect(tree).toMatchObject({ treeId, deviceCount: 1 })
    expect(items.filter(({ kind }) => kind === 'folder').length).toBeGreaterThanOrEqual(folderCount)
    expect(await hashOf(laptop, letterId)).toBe(hash)
  },
)
