/**
 * All devices renewed by one word of the root: what was away gets its new day when it is back, and whoever is shown such a permission
 * alone can tell that the root gave it (design §4).
 */
import { expect, test } from 'vitest'
import { equal } from '../core/bytes/bytes.ts'
import { createSimBlob } from './blob.ts'
import { type Life, readAll } from './device.ts'
import { Family, content, standing } from './testing/family.ts'
import { Guest, dayMs } from './testing/guest.ts'

const refusedWith = (code: string) => expect.objectContaining({ code })
/** Time goes by for all of them, whether they are there or not. */
const passDays = (family: Family, count: number, ...others: readonly Guest[]): void => {
  for (const { wall } of [...family.devices, ...others.map(({ device }) => device)]) wall.jump(count * dayMs)
}
const linesOf = (family: Family, life: Life) => family.run(life, life.node.api.devices())
/** Until when each has its time, by name. */
const termsSeenBy = async (family: Family, life: Life) =>
  new Map((await linesOf(family, life)).map(({ name, expiresAtMs }) => [name, expiresAtMs]))

async function renewAll(family: Family, by: Life, untilMs: number): Promise<void> {
  const { api } = by.node
  const extensions = (await linesOf(family, by)).map(({ principal }) => ({ principal, expiresAtMs: untilMs }))
  expect(await family.run(by, api.beginExtension(extensions))).toEqual({ challenge: null, credentialIds: [] })
  await family.run(by, api.finishExtension(family.request(), extensions, family.words))
}

test('one word renews all, also what was away and had run out meanwhile', async () => {
  const family = await Family.of(1, 'laptop', 'phone', 'desk')
  const [laptop, phone, desk] = family.lives as [Life, Life, Life]
  const guest = await Guest.of(family, 'camera')
  await family.comeTogether()
  expect(laptop.page.tree.expiring).toBeNull()
  // The guest does not meet it either.
  for (const other of [family.transport(0), family.transport(2), guest.transport]) {
    family.network.block(family.transport(1), other)
    family.network.block(other, family.transport(1))
  }
  await family.until('it is alone', () => standing(phone).peers.every(({ path }) => path === null))
  const kept = await family.add(phone, 'kept', content(70_000))
  expect(phone.page.items.get(kept)).toMatchObject({ isWaiting: true })

  // The devices that were let in have 365 days.
  passDays(family, 310, guest)
  await family.add(laptop, 'note', content(10))
  const [firstAtMs] = [...(await termsSeenBy(family, laptop))]
    .filter(([name]) => name === 'phone')
    .map(([, end]) => end)
  expect(laptop.page.tree.expiring).toEqual({ deviceCount: 2, firstAtMs })
  await family.until('the desk tells it, too', () => desk.page.tree.expiring !== null)
  passDays(family, 56, guest)
  await expect(family.add(desk, 'late', content(20))).rejects.toEqual(refusedWith('writecapExpired'))

  const untilMs = family.nowMs + 400 * dayMs
  await renewAll(family, laptop, untilMs)
  expect(laptop.page.tree.expiring).toBeNull()
  expect([...new Set((await termsSeenBy(family, laptop)).values())]).toEqual([untilMs])
  await family.until('the desk hears of it', () => desk.page.tree.expiring === null)
  const again = await family.add(desk, 'again', content(30))

  await family.comeTogether()
  for (const life of family.lives) {
    expect([...new Set((await termsSeenBy(family, life)).values())]).toEqual([untilMs])
    expect(standing(life)).toMatchObject({ quarantinedCount: 0 })
    for (const [id, sizeBytes] of [
      [kept, 70_000],
      [again, 30],
    ] as const)
      expect(equal(await family.read(life, id), content(sizeBytes))).toBe(true)
  }
  await family.run(phone, phone.node.api.rename('r', kept, 'kept and taken'))
  await guest.untilConnected()
  await family.until('the guest is told', () => guest.life.page.tree.limited?.expiresAtMs === untilMs)
  const photo = await family.add(guest.life, 'photo', content(40))
  await family.until('the laptop has it', () => laptop.page.items.get(photo)?.copyCount !== undefined)
  for (const at of family.lives.keys()) {
    const life = await family.restart(at)
    expect(life.page.items.get(kept)).toMatchObject({ name: 'kept and taken' })
  }
})

test('a device that comes when the log begins anew takes such a state whole, and so does one that recovers it', async () => {
  const family = await Family.of(2, 'laptop', 'phone')
  const [laptop] = family.lives as [Life]
  const old = await family.add(laptop, 'old', content(500))
  await family.comeTogether()
  passDays(family, 366)
  await renewAll(family, laptop, family.nowMs + 400 * dayMs)
  // By a permission of which the signature stands for others, too.
  const fresh = await family.add(laptop, 'fresh', content(600))
  await family.comeTogether()

  const exportId = await family.run(laptop, laptop.node.api.beginExport('x'))
  const archive = await family.run(laptop, readAll(laptop.node.api, exportId))
  const clean = await family.startAlone('clean')
  const blob = createSimBlob(archive, clean.process)
  await family.run(clean, clean.node.api.recover('q', blob, family.words, 'Clean'))
  expect(equal(await family.read(clean, fresh), content(600))).toBe(true)

  await family.cutOff(0)
  const phone = family.lives[1]!
  await family.until('the phone may take over', () => phone.page.tree.decider.quorum === 'away')
  await family.scheduler.run(family.scheduler.sleep(60_000))
  await family.run(phone, phone.node.api.beginTakeOver())
  await family.run(phone, phone.node.api.finishTakeOver('t', family.words))
  await family.comeTogether()
  for (const life of family.lives)
    for (const [id, sizeBytes] of [
      [old, 500],
      [fresh, 600],
    ] as const)
      expect(equal(await family.read(life, id), content(sizeBytes))).toBe(true)
})

test('what was given in a generation that others left is given in the next one, too', async () => {
  const family = await Family.of(4, 'laptop', 'phone', 'desk')
  const [laptop, phone] = family.lives as [Life, Life]
  await family.comeTogether()
  await family.cutOff(1)
  const untilMs = family.nowMs + 400 * dayMs
  await renewAll(family, laptop, untilMs)
  await family.until('the phone may take over', () => phone.page.tree.decider.quorum === 'away')
  await family.run(phone, phone.node.api.finishTakeOver('t', family.words))
  expect((await termsSeenBy(family, phone)).get('desk')).toBeLessThan(untilMs)
  family.network.heal()
  await family.until('all are in one generation', () =>
    family.lives.every(({ page }) => page.tree.decider.generation === phone.page.tree.decider.generation),
  )
  await family.scheduler.run(family.scheduler.sleep(10_000))
  await family.comeTogether()
  for (const life of family.lives) expect([...new Set((await termsSeenBy(family, life)).values())]).toEqual([untilMs])
})

test('what can not be given to all is given to none', async () => {
  const family = await Family.of(3, 'laptop', 'phone', 'desk')
  const [laptop, , desk] = family.lives as [Life, Life, Life]
  const { api } = laptop.node
  const untilMs = family.nowMs + 400 * dayMs
  const termOf = ({ page }: Life, expiresAtMs = untilMs) => ({ principal: page.tree.principal, expiresAtMs })
  const all = family.lives.map((life) => termOf(life))
  const before = await termsSeenBy(family, laptop)
  await family.run(laptop, api.removeDevice('r', desk.page.tree.principal))
  const begin = (extensions: Parameters<typeof api.beginExtension>[0]) =>
    family.run(laptop, api.beginExtension(extensions))
  await expect(begin(all)).rejects.toEqual(refusedWith('deviceDismissed'))
  await expect(begin([])).rejects.toEqual(refusedWith('termsWrong'))
  await expect(begin([termOf(laptop, untilMs + dayMs)])).rejects.toEqual(refusedWith('termWrong'))
  await expect(family.run(laptop, api.finishExtension('f', all.slice(0, 2), ['no', 'card']))).rejects.toMatchObject({
    code: expect.stringContaining('recoveryWord'),
  })
  for (const [name, end] of await termsSeenBy(family, laptop)) expect(end).toBe(before.get(name))
})
