/**
 * All devices of a tree renewed with one touch of the passkey, after their 400 days have ended: also the one that was away.
 */
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { expectNothing } from './tool/axe.ts'
import { putBack } from './tool/clock.ts'
import { joinByLink } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { addText, itemNamed, snapshotOf } from './tool/tree.ts'

test.use({ hasRelay: true })

const dayMs = 86_400_000

test('devices whose time has ended are renewed by one signature, also one that is away', async ({
  newProfile,
}, info) => {
  test.setTimeout(180_000)
  const [laptopProfile, phoneProfile] = [await newProfile(), await newProfile()]
  const laptop = await laptopProfile.open()
  const authenticator = await virtualAuthenticator(laptop)
  await putBack(laptop, 401 * dayMs)
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  const phone = await phoneProfile.open('./#/join')
  await putBack(phone, 401 * dayMs)
  await joinByLink(laptop, phone, 'Phone')
  await laptop.getByRole('button', { name: 'Done' }).click()
  const { rootId } = (await snapshotOf(phone)).tree
  await addText(phone, rootId, 'early.txt', 'in time')
  await expect.poll(() => itemNamed(laptop, 'early.txt')).toBeTruthy()
  await phone.close()

  await laptop.reload()
  const messages = laptop.getByRole('region', { name: 'Messages' })
  await messages.getByRole('button', { name: 'See the devices' }).click()
  await expect(laptop.getByText(/The time of 2 devices ends soon or has ended/)).toBeVisible()
  await laptop.setViewportSize({ width: 390, height: 844 })
  await expectNothing(laptop, 'devices whose time has ended')

  const signedBefore = (await authenticator.credentials())[0]!.signCount
  await laptop.getByRole('button', { name: 'Renew all' }).click()
  const sheet = laptop.getByRole('dialog', { name: 'Renew your devices' })
  for (const name of ['Laptop', 'Phone']) await expect(laptop.getByRole('checkbox', { name })).toBeChecked()
  await expectNothing(laptop, 'the question which devices to renew')
  await laptop.screenshot({ path: info.outputPath('question.png') })
  await laptop.getByRole('button', { name: 'Go on' }).click()
  const preview = laptop.getByRole('list', { name: 'What you sign' }).getByRole('listitem')
  await expect(preview).toHaveText([/^Laptop: until .+, in place of .+/, /^Phone: until .+, in place of .+/])
  await expectNothing(laptop, 'what is signed to renew devices')
  await laptop.screenshot({ path: info.outputPath('preview.png') })
  await laptop.getByRole('button', { name: 'Renew them' }).press('Enter')
  await expect(messages.getByText('2 devices have more time.').first()).toBeVisible()
  await expect(sheet).toBeHidden()
  expect((await authenticator.credentials())[0]!.signCount).toBe(signedBefore + 1)
  await expect(laptop.getByText(/ends soon or has ended/)).toBeHidden()
  expect((await snapshotOf(laptop)).tree.expiring).toBeNull()

  const back = await phoneProfile.open()
  await expect.poll(async () => (await snapshotOf(back)).tree.expiring).toBeNull()
  await addText(back, rootId, 'late.txt', 'taken again')
  await expect.poll(() => itemNamed(laptop, 'late.txt')).toMatchObject({ isWaiting: false })
  expect((await snapshotOf(back)).tree.quarantinedCount).toBe(0)
})
