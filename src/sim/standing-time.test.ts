/**
 * A clock that leaps on the only device that decides: time stands still until somebody says that the clock is right.
 */
import { describe, expect, test } from 'vitest'
import { createSimBlob } from './blob.ts'
import { type Life, readAll, settle } from './device.ts'
import { Family, content, standing, value } from './testing/family.ts'

const dayMs = 24 * 60 * 60 * 1000
/** From 2026. */
const until2099Ms = 73 * 365 * dayMs
const agoMs = (family: Family, life: Life, name: string): number =>
  family.nowMs - [...life.page.items.values()].find((item) => item.name === name)!.modifiedAtMs

/** The laptop decides alone, whose site and whose other device are away. */
async function scene(seed: number): Promise<{ readonly family: Family; readonly laptop: Life }> {
  const family = await Family.of(seed, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  await family.comeTogether()
  phone.process.kill()
  await family.until('the phone is gone', () => standing(laptop).peers.every(({ path }) => path === null))
  family.devices[0]!.siteNowMs = async () => null
  return { family, laptop }
}

async function hasAll(family: Family, ...names: readonly string[]): Promise<void> {
  await family.comeTogether()
  for (const { page } of family.lives)
    expect([...page.items.values()].map(({ name }) => name)).toEqual(expect.arrayContaining([...names]))
}

test('what is done under a clock in 2099 ends nothing, and all go on from it when the clock is right', async () => {
  const { family, laptop } = await scene(1)
  const endsBefore = (await family.run(laptop, laptop.node.api.devices())).map(({ expiresAtMs }) => expiresAtMs)
  family.devices[0]!.wall.jump(until2099Ms)
  await family.add(laptop, 'one', content(70_000))
  await family.add(laptop, 'other', content(100))
  expect(laptop.page.tree.standingTime).toMatchObject({ clockMs: family.nowMs })
  expect(laptop.page.tree.expiring).toBeNull()
  family.devices[0]!.wall.jump(-until2099Ms)
  await family.until('time goes on', () => laptop.page.tree.standingTime === null)
  const phone = await family.restart(1)
  await family.add(phone, 'of the phone', content(10))
  await family.add(laptop, 'of the laptop', content(20))
  await hasAll(family, 'one', 'other', 'of the phone', 'of the laptop')
  const lines = await family.run(phone, phone.node.api.devices())
  expect(lines.map(({ expiresAtMs }) => expiresAtMs)).toEqual(endsBefore)
  expect(agoMs(family, phone, 'of the laptop')).toBeLessThan(dayMs)
  // Permissions end as ever.
  for (const { wall } of family.devices) wall.jump(366 * dayMs)
  await family.until('the laptop knows its clock to be right', () => laptop.page.tree.standingTime === null)
  await expect(family.add(phone, 'late', content(30))).rejects.toMatchObject({ code: 'writecapExpired' })
})

describe('after a week alone', () => {
  test('nobody sees anything of it where the site says that the clock is right', async () => {
    const { family, laptop } = await scene(2)
    const [device] = family.devices
    device!.siteNowMs = async () => family.nowMs - 1000
    const heard: unknown[] = []
    await family.run(
      laptop,
      laptop.node.api.watch((event) => {
        if ('tree' in event) heard.push(event.tree.standingTime)
      }),
    )
    device!.wall.jump(7 * dayMs)
    await family.add(laptop, 'note', content(100))
    expect(agoMs(family, laptop, 'note')).toBeLessThan(1000)
    expect(new Set(heard)).toEqual(new Set([null]))
  })

  test('a site that does not answer holds nobody up', async () => {
    const { family, laptop } = await scene(3)
    const [device] = family.devices
    device!.siteNowMs = () => new Promise(() => {})
    device!.wall.jump(7 * dayMs)
    const beganMs = family.scheduler.nowMs
    await family.add(laptop, 'note', content(100))
    await family.add(laptop, 'another', content(100))
    expect(family.scheduler.nowMs - beganMs).toBeLessThan(2000)
    expect(agoMs(family, laptop, 'note')).toBeGreaterThan(6 * dayMs)
  })

  test('what waits for the site is not lost where the node is closed', async () => {
    const { family, laptop } = await scene(4)
    const [device] = family.devices
    device!.siteNowMs = () => new Promise(() => {})
    device!.wall.jump(7 * dayMs)
    const { api } = laptop.node
    const blob = createSimBlob(content(100), laptop.process)
    const adding = settle(laptop.process, api.addFile('a', laptop.page.tree.rootId, 'note', blob))
    await family.scheduler.run(family.scheduler.sleep(500))
    await family.run(laptop, laptop.node.close())
    await expect(family.scheduler.run(adding)).resolves.toMatchObject({ kind: 'done' })
  })

  test('time stands where the site is away, and goes on when it is there', async () => {
    const { family, laptop } = await scene(5)
    const [device] = family.devices
    device!.wall.jump(7 * dayMs)
    await family.add(laptop, 'note', content(100))
    const { standingTime } = laptop.page.tree
    expect(standingTime!.clockMs - standingTime!.changedAtMs).toBeGreaterThan(6 * dayMs)
    device!.siteNowMs = async () => family.nowMs
    await family.until('time goes on', () => laptop.page.tree.standingTime === null)
    await family.add(laptop, 'another', content(100))
    expect(agoMs(family, laptop, 'another')).toBeLessThan(1000)
  })

  test('it goes on when the owner says that the clock is right', async () => {
    const { family, laptop } = await scene(6)
    family.devices[0]!.wall.jump(7 * dayMs)
    await family.add(laptop, 'note', content(100))
    expect(laptop.page.tree.standingTime).not.toBeNull()
    await family.run(laptop, laptop.node.api.confirmClock())
    expect(laptop.page.tree.standingTime).toBeNull()
    await family.add(laptop, 'another', content(100))
    expect(agoMs(family, laptop, 'another')).toBeLessThan(1000)
    expect(laptop.page.tree.standingTime).toBeNull()
  })

  test.each([
    ['agrees', 7 * dayMs, true],
    ['does not', 0, false],
  ])('with another device whose clock %s', async (_, otherJumpMs, goesOn) => {
    const { family, laptop } = await scene(7)
    const [device, other] = family.devices
    device!.wall.jump(7 * dayMs)
    other!.wall.jump(otherJumpMs)
    await family.add(laptop, 'note', content(100))
    expect(laptop.page.tree.standingTime).not.toBeNull()
    await family.restart(1)
    await family.comeTogether()
    await family.add(laptop, 'another', content(100))
    expect(laptop.page.tree.standingTime === null).toBe(goesOn)
    expect(agoMs(family, laptop, 'another') < 1000).toBe(goesOn)
    await hasAll(family, 'note', 'another')
  })
})

test('one that is put out gives its vote away before, however far its clock is ahead', async () => {
  const family = await Family.of(8, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  await family.comeTogether()
  const [device] = family.devices
  device!.siteNowMs = async () => null
  device!.wall.jump(until2099Ms)
  await family.add(laptop, 'before', content(100))
  await family.comeTogether()
  await family.run(phone, phone.node.api.removeDevice(family.request(), laptop.page.tree.principal))
  await family.add(phone, 'afterwards', content(100))
  expect(standing(phone)).toMatchObject({ isLeader: true, keptCount: 0 })
})

test('where others can go on without it they do, by their own clocks', async () => {
  const family = await Family.of(10, 'laptop', 'phone', 'desk')
  const [laptop, phone] = family.lives as [Life, Life]
  await family.allVote()
  await family.comeTogether()
  const [device] = family.devices
  device!.siteNowMs = async () => null
  device!.wall.jump(until2099Ms)
  const others = family.lives.slice(1)
  // A clock that leaps looks like a sleep, after which it leads no more.
  await family.until('another one leads', () => others.some((life) => standing(life).isLeader))
  const leader = others.find((life) => standing(life).isLeader)!
  await family.run(leader, leader.node.api.handOver(laptop.page.tree.principal))
  await family.until('it leads again', () => standing(laptop).isLeader)
  await family.add(phone, 'note', content(100))
  await family.until('another one leads', () => others.some((life) => standing(life).isLeader))
  await hasAll(family, 'note')
  expect(laptop.page.tree.standingTime).toBeNull()
})

test('a tree that is restored goes on by the clock, whenever it was exported', async () => {
  const { family, laptop } = await scene(9)
  const exportId = await family.run(laptop, laptop.node.api.beginExport(family.request()))
  const archive = await family.run(laptop, readAll(laptop.node.api, exportId))
  const device = family.newDevice('clean')
  device.siteNowMs = async () => null
  device.wall.jump(family.devices[0]!.wall.offsetMs + 7 * dayMs - device.wall.offsetMs)
  const clean = value(await family.scheduler.run(device.start()))
  const blob = createSimBlob(archive, clean.process)
  await family.run(clean, clean.node.api.recover(family.request(), blob, family.words, 'Clean'))
  await family.add(clean, 'note', content(100))
  expect(clean.page.tree.standingTime).toBeNull()
  expect(agoMs(family, clean, 'note')).toBeLessThan(-6 * dayMs)
})
