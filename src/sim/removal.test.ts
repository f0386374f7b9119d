/**
 * Devices that go: removed by another one, or leaving by themselves (design §4, §10; ).
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, concat, equal, fromHex } from '../core/bytes/bytes.ts'
import { heldContent } from '../node/read/read-only.ts'
import { owingBlocks } from '../node/removal.ts'
import type { TransportId } from '../port/net.ts'
import { createSimBlob } from './blob.ts'
import { createSimulatedCrypto } from './crypto.ts'
import { type Life, settle } from './device.ts'
import { Random } from './random.ts'
import { Family, content, standing, takeOver, value } from './testing/family.ts'
import { Guest, dayMs } from './testing/guest.ts'
import { isOpenedBy, keysWithin, stateOf } from './testing/knowledge.ts'
import { farewellBy, farewellThrough, sayFarewell } from './testing/rogue.ts'

const closed = { isNameOpen: false, isContentOpen: false }
const principalAt = (family: Family, at: number): string => family.lives[at]!.page.tree.principal
const remove = (family: Family, by: Life, at: number): Promise<void> =>
  family.run(by, by.node.api.removeDevice(family.request(), principalAt(family, at)))

describe('a device that is removed', () => {
  test('has no key for anything that is written from then on, in whatever folder', async () => {
    const family = await Family.of(1, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    const { api } = laptop.node
    const { rootId } = laptop.page.tree
    const outer = await family.run(laptop, api.createFolder('o', rootId, 'outer'))
    const inner = await family.run(laptop, api.createFolder('i', outer, 'inner'))
    const old = await family.add(laptop, 'old', content(90_000), inner)
    const still = await family.add(laptop, 'still', content(80_000), inner)
    await family.comeTogether()
    const before = await keysWithin(family, 1, await stateOf(family, phone), new Map())

    await remove(family, laptop, 1)
    await family.until('the phone hears of it', () => phone.page.tree.removed !== null)
    expect(phone.page.tree.removed).toEqual({ by: 'Laptop' })
    const fresh = await family.add(laptop, 'fresh', content(70_000), inner)
    const top = await family.add(desk, 'top', content(60_000))
    await family.write(desk, old, content(91_000))
    await family.run(desk, desk.node.api.rename('r', still, 'still, and renamed'))
    const moved = await family.add(laptop, 'moved', content(50_000))
    await family.run(laptop, api.move('m', moved, inner))
    await family.until('the desk has all', () => standing(desk).lackingCount === 0 && desk.page.items.has(moved))

    const state = await stateOf(family, laptop)
    const found = await keysWithin(family, 1, state, before)
    const opened = (id: string) => family.scheduler.run(isOpenedBy(found, laptop, state, id))
    for (const id of [fresh, top, moved]) expect(await opened(id)).toEqual(closed)
    // A name or a content that it could read stays as readable as it was.
    expect(await opened(old)).toEqual({ isNameOpen: true, isContentOpen: false })
    expect(await opened(still)).toEqual({ isNameOpen: false, isContentOpen: true })
    for (const life of [laptop, desk]) {
      expect(equal(await family.read(life, old), content(91_000))).toBe(true)
      expect(equal(await family.read(life, still), content(80_000))).toBe(true)
      for (const [id, size] of [
        [fresh, 70_000],
        [top, 60_000],
        [moved, 50_000],
      ] as const)
        expect(equal(await family.read(life, id), content(size))).toBe(true)
      expect(life.page.items.get(still)!.name).toBe('still, and renamed')
    }
    expect(phone.page.items.has(fresh)).toBe(false)
  })

  test('is counted no more among those who hold something', async () => {
    const family = await Family.of(7, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    const file = await family.add(laptop, 'file', content(1000))
    const shownAt = (life: Life): number | undefined => life.page.items.get(file)?.copyCount
    await family.until('all have it', () => family.lives.every((life) => shownAt(life) === 3))
    await remove(family, laptop, 1)
    await family.until('the two others say so', () => [laptop, desk].every((life) => shownAt(life) === 2))
    await family.until('and it knows of nobody else', () => shownAt(phone) === 1)
  })

  test('has no key to what is written later over what is brought along from another generation, where it could read', async () => {
    const winners = new Set<string>()
    for (const seed of [21, 22, 23, 24]) {
      const family = await Family.of(seed, 'laptop', 'phone', 'desk')
      const [laptop, phone] = family.lives as [Life, Life]
      const { rootId } = laptop.page.tree
      await family.comeTogether()
      await family.cutOff(1)
      const folder = await family.run(laptop, laptop.node.api.createFolder(family.request(), rootId, 'folder'))
      const file = await family.add(laptop, 'file', content(70_000), folder)
      await family.until('the desk has it', () => standing(family.lives[2]!).lackingCount === 0)
      const before = await keysWithin(family, 2, await stateOf(family, laptop), new Map())
      await family.until('nobody decides', () => phone.page.tree.decider.quorum === 'away')
      await family.run(phone, phone.node.api.beginTakeOver())
      await family.run(phone, phone.node.api.finishTakeOver(family.request(), family.words))
      await remove(family, phone, 2)
      family.rejoin(0, 1)
      const isBrought = (): boolean => phone.page.items.has(file) && standing(laptop).keptCount === 0
      await family.until('the laptop has brought its own', isBrought)
      winners.add(laptop.page.tree.decider.deviceName ?? '')
      await family.write(phone, file, content(80_000))
      const beside = await family.add(phone, 'beside', content(60_000), folder)
      const state = await stateOf(family, phone)
      const found = await keysWithin(family, 2, state, before)
      for (const id of [file, beside])
        expect(await family.scheduler.run(isOpenedBy(found, phone, state, id))).toMatchObject({ isContentOpen: false })
      await family.until('the laptop has it', () => laptop.page.items.get(file)?.sizeBytes === 80_000)
      expect(equal(await family.read(laptop, file), content(80_000))).toBe(true)
    }
    expect([...winners]).toEqual(['phone'])
  })

  describe('has no key to what is written later over what came from an outbox, where it could read it in another generation', () => {
    /** @param giver who adds a file, and never hears that it was taken */
    async function see(family: Family, giver: Life, transport: TransportId, folder: string): Promise<void> {
      const [laptop, desk, tablet] = family.lives as [Life, Life, Life]
      const part = (at: number): void => {
        family.network.block(transport, family.transport(at))
        family.network.block(family.transport(at), transport)
      }
      part(2)
      await family.cutOff(2)
      const known = new Set(laptop.page.items.keys())
      const blob = createSimBlob(content(70_000), giver.process)
      const adding = settle(giver.process, giver.node.api.addFile(family.request(), folder, 'file', blob))
      const isTaken = (): boolean => [...laptop.page.items.keys()].some((id) => !known.has(id))
      while (!isTaken()) await family.scheduler.run(family.scheduler.sleep(1))
      part(0)
      part(1)
      const file = await family.scheduler.run(adding).then(value)
      await family.until('the desk has it', () => desk.page.items.has(file))
      await family.until('the desk has it whole', () => standing(desk).lackingCount === 0)
      const before = await keysWithin(family, 1, await stateOf(family, laptop), new Map())
      expect(standing(giver).keptCount).toBe(1)

      await takeOver(family, 2)
      await remove(family, tablet, 1)
      family.network.unblock(transport, family.transport(2))
      family.network.unblock(family.transport(2), transport)
      await family.until('it was brought', () => tablet.page.items.has(file) && standing(giver).keptCount === 0)
      await family.until('the tablet holds it', () => standing(tablet).lackingCount === 0)
      expect(equal(await family.read(tablet, file), content(70_000))).toBe(true)
      await family.write(tablet, file, content(80_000))
      const state = await stateOf(family, tablet)
      const found = await keysWithin(family, 1, state, before)
      expect(await family.scheduler.run(isOpenedBy(found, tablet, state, file))).toMatchObject({ isContentOpen: false })
      await family.until('the giver has it', () => giver.page.items.get(file)?.sizeBytes === 80_000)
      expect(equal(await family.read(giver, file), content(80_000))).toBe(true)
    }

    test.for([21, 22, 23])('of a device (seed %i)', async (seed) => {
      const family = await Family.of(seed, 'laptop', 'desk', 'tablet', 'phone')
      const [laptop, , , phone] = family.lives as [Life, Life, Life, Life]
      const folder = await family.run(laptop, laptop.node.api.createFolder('f', laptop.page.tree.rootId, 'folder'))
      await family.comeTogether()
      await see(family, phone, family.transport(3), folder)
    })
    test.for([21, 22, 23])('of one that is limited to a folder (seed %i)', async (seed) => {
      const family = await Family.of(seed, 'laptop', 'desk', 'tablet')
      const guest = await Guest.of(family, 'camera', {}, family.lives[2])
      await family.comeTogether()
      await see(family, guest.life, guest.transport, guest.life.page.tree.rootId)
    })
  })

  test('hears of it, by the log or by a farewell, while it is still connected', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6])
      for (const names of [['laptop', 'phone'] as const, ['laptop', 'phone', 'desk'] as const]) {
        const family = await Family.of(seed, ...names)
        const [laptop, phone] = family.lives as [Life, Life]
        await remove(family, laptop, 1)
        await family.until('it is told', () => phone.page.tree.removed !== null)
      }
  })

  test('was away: hears of it when it comes back, and keeps what it had and what it had done', async () => {
    const family = await Family.of(2, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const old = await family.add(laptop, 'old', content(1000))
    await family.comeTogether()
    await family.cutOff(1)
    const own = await family.add(phone, 'own', content(500))
    await remove(family, laptop, 1)
    expect(laptop.page.tree.deviceCount).toBe(1)
    const fresh = await family.add(laptop, 'fresh', content(600))
    expect(phone.page.tree.removed).toBeNull()
    family.network.heal()
    await family.until('the phone hears of it', () => phone.page.tree.removed !== null)
    for (const start of [async () => phone, () => family.restart(1)]) {
      const life = await start()
      expect(life.page.tree).toMatchObject({ removed: { by: 'Laptop' }, quarantinedCount: 1, isPlanted: true })
      expect(equal(await family.read(life, old), content(1000))).toBe(true)
      expect(life.page.items.get(old)!.copyCount).toBe(1)
      expect(life.page.items.has(fresh)).toBe(false)
      const [kept] = await family.run(life, life.node.api.quarantine())
      expect(kept).toMatchObject({ name: 'own', reason: expect.stringContaining('was removed from the tree') })
      expect(equal(await family.read(life, kept!.id), content(500))).toBe(true)
      const { rootId } = life.page.tree
      const refusals: readonly (() => Promise<unknown>)[] = [
        () => life.node.api.createFolder(family.request(), rootId, 'late'),
        () => life.node.api.retryQuarantined(kept!.id),
        () => life.node.api.removeDevice(family.request(), laptop.page.tree.principal),
      ]
      for (const refused of refusals)
        await expect(family.run(life, refused())).rejects.toMatchObject({ code: 'deviceDismissed' })
    }
    expect(laptop.page.items.has(own)).toBe(false)
    // Where no node runs it is still read, and here what came since.
    for (const [life, at, id, sizeBytes] of [
      [family.lives[1]!, 1, old, 1000],
      [laptop, 0, fresh, 600],
    ] as const)
      expect(equal(await readWithoutNode(family, life, at, id), content(sizeBytes))).toBe(true)
  })

  test('what another device wrote meanwhile, and keeps, goes under keys that it never had', async () => {
    const family = await Family.of(3, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    const folder = await family.run(laptop, laptop.node.api.createFolder('f', laptop.page.tree.rootId, 'folder'))
    const old = await family.add(laptop, 'old', content(90_000), folder)
    const moved = await family.add(laptop, 'moved', content(50_000), folder)
    await family.comeTogether()
    const before = await keysWithin(family, 1, await stateOf(family, phone), new Map())
    await family.cutOff(2)
    await family.write(desk, moved, content(51_000))
    const kept = await family.add(desk, 'kept', content(70_000), folder)
    await family.write(desk, old, content(91_000))
    await family.run(desk, desk.node.api.rename('r', folder, 'renamed'))
    await remove(family, laptop, 1)
    // It has a new key already when what was sealed under the old one arrives.
    await family.run(laptop, laptop.node.api.move('m', moved, laptop.page.tree.rootId))
    family.network.heal()
    await family.until('the laptop has all', () => {
      const item = laptop.page.items.get(old)
      const isWritten = item?.sizeBytes === 91_000 && laptop.page.items.get(moved)?.sizeBytes === 51_000
      return laptop.page.items.has(kept) && isWritten && standing(desk).keptCount === 0
    })
    const state = await stateOf(family, laptop)
    const found = await keysWithin(family, 1, state, before)
    const opened = (id: string) => family.scheduler.run(isOpenedBy(found, laptop, state, id))
    for (const id of [kept, moved]) expect(await opened(id)).toEqual(closed)
    expect(await opened(old)).toEqual({ isNameOpen: true, isContentOpen: false })
    expect(laptop.page.items.get(folder)!.name).toBe('renamed')
    for (const life of [laptop, desk]) {
      expect(equal(await family.read(life, kept), content(70_000))).toBe(true)
      expect(equal(await family.read(life, moved), content(51_000))).toBe(true)
      expect(equal(await family.read(life, old), content(91_000))).toBe(true)
    }
  })

  test('is out, and what follows is under new keys, at whatever write the one that removes it dies', async () => {
    let wasHalfDone = false
    for (let writeCount = 0; writeCount < 5; writeCount++) {
      const family = await Family.of(4, 'laptop', 'phone')
      const [laptop, phone] = family.lives as [Life, Life]
      await family.comeTogether()
      const before = await keysWithin(family, 1, await stateOf(family, phone), new Map())
      laptop.store.faults.crash = { writeCount, when: 'after' }
      const asked = laptop.node.api.removeDevice('remove', principalAt(family, 1))
      await family.scheduler.run(settle(laptop.process, asked))
      wasHalfDone ||= owingBlocks(await stateOf(family, { ...laptop, store: family.storeOf(0) })).length > 0
      const again = await family.restart(0)
      await remove(family, again, 1)
      expect(again.page.tree.deviceCount).toBe(1)
      const fresh = await family.add(again, 'fresh', content(70_000))
      const state = await stateOf(family, again)
      expect(owingBlocks(state)).toEqual([])
      const found = await keysWithin(family, 1, state, before)
      expect(await family.scheduler.run(isOpenedBy(found, again, state, fresh))).toEqual(closed)
    }
    // Else no life ended between the two.
    expect(wasHalfDone).toBe(true)
  })

  test('new keys are given by whoever comes next, where the one that removed it never comes back', async () => {
    const family = await Family.of(5, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    await family.allVote()
    await family.comeTogether()
    const before = await keysWithin(family, 1, await stateOf(family, phone), new Map())
    // So that the desk, which stays, is not the one that leads.
    await family.until('one leads', () => family.lives.some((life) => standing(life).isLeader))
    const asked = settle(desk.process, desk.node.api.removeDevice('remove', principalAt(family, 1)))
    await family.until('it is out', () => laptop.page.tree.deviceCount === 2)
    desk.process.kill()
    await family.scheduler.run(asked)
    await family.restart(2)
    await family.until('the two are together', () => standing(laptop).peers.every(({ path }) => path !== null))
    const fresh = await family.add(laptop, 'fresh', content(70_000))
    await family.until('it is taken', () => standing(laptop).keptCount === 0)
    const state = await stateOf(family, laptop)
    const found = await keysWithin(family, 1, state, before)
    expect(await family.scheduler.run(isOpenedBy(found, laptop, state, fresh))).toEqual(closed)
  })

  test('new keys come with the whole state as well, to one who was away for long', async () => {
    const family = await Family.of(11, 'laptop', 'phone', 'desk')
    const [laptop, , desk] = family.lives as [Life, Life, Life]
    await family.comeTogether()
    await family.cutOff(2)
    await remove(family, laptop, 1)
    const { rootId } = laptop.page.tree
    const fresh = await family.add(laptop, 'fresh', content(70_000))
    // More than a leader keeps of its log for those who were away.
    for (let count = 0; count < 1100; count++)
      await family.run(laptop, laptop.node.api.createFolder(family.request(), rootId, `folder ${count}`))
    family.network.heal()
    await family.until('the desk has it', () => desk.page.items.get(fresh)?.copyCount === 2)
    expect([...desk.page.items.values()].filter(({ name }) => name === '\ufffd')).toEqual([])
    expect(equal(await family.read(desk, fresh), content(70_000))).toBe(true)
    const own = await family.add(desk, 'own', content(10), rootId)
    await family.until('the laptop has it', () => laptop.page.items.get(own)?.name === 'own')
  })

  test('is not heard in another’s name: a farewell that nobody of the tree signed is nothing', async () => {
    const family = await Family.of(6, 'laptop', 'phone')
    const [laptop] = family.lives as [Life, Life]
    await expect(
      family.run(laptop, laptop.node.api.removeDevice('x', laptop.page.tree.treeId.replaceAll(' ', ''))),
    ).rejects.toMatchObject({ code: 'deviceUnknown' })
  })
})

describe('a device that another one says was removed', () => {
  /** From here on one device of bad faith is at the place of another, and says so to whoever dials it. */
  async function lie(family: Family, by: number, about: Life, sign = farewellBy): Promise<void> {
    family.lives[by]!.process.kill()
    const farewell = await sign(family.devices[by]!, await stateOf(family, about), principalOf(about))
    const options = { device: family.devices[by]!, transport: family.transport(by) }
    await sayFarewell(family, { ...options, target: about, targetTransport: family.transport(0) }, farewell)
  }
  const idOf = ({ page }: Life): string => page.tree.principal.replaceAll(' ', '')
  const principalOf = (life: Life): Bytes => fromHex(idOf(life))!

  test('whose own time had ended, goes on', async () => {
    const family = await Family.of(31, 'laptop', 'phone')
    const [laptop] = family.lives as [Life, Life]
    await family.comeTogether()
    // The phone has 365 days, the laptop 400.
    for (const { wall } of family.devices) wall.jump(366 * dayMs)
    await lie(family, 1, laptop)
    await family.scheduler.run(family.scheduler.sleep(5 * 60_000))
    const again = await family.restart(0)
    expect(again.page.tree.removed).toBeNull()
    await family.add(again, 'note', content(10))
  })

  test('which was removed before while this one was away, hears from a third one that it is not so', async () => {
    const family = await Family.of(32, 'laptop', 'phone', 'desk')
    const [laptop, , desk] = family.lives as [Life, Life, Life]
    await family.comeTogether()
    await family.cutOff(2)
    const own = await family.add(desk, 'own', content(500))
    await remove(family, laptop, 1)
    await lie(family, 1, desk)
    family.rejoin(1, 2)
    await family.until('it is believed, as nothing here speaks against it', () => desk.page.tree.removed !== null)
    // Nobody else is there yet, at whatever start.
    const out = await family.restart(2)
    await family.scheduler.run(family.scheduler.sleep(60_000))
    expect(out.page.tree).toMatchObject({ removed: { by: 'phone' }, quarantinedCount: 1 })

    family.rejoin(0, 2)
    await family.until('it stops, to begin anew', () => out.page.stopped !== null)
    const again = await family.restart(2)
    await family.until('it has come to know of the removal', () => again.page.tree.deviceCount === 2)
    await family.scheduler.run(family.scheduler.sleep(5 * 60_000))
    expect(again.page.tree.removed).toBeNull()
    const [kept] = await family.run(again, again.node.api.quarantine())
    await family.run(again, again.node.api.retryQuarantined(kept!.id))
    await family.until('the laptop has what was kept', () => laptop.page.items.has(own))
  })

  test('is not put out by the same word again before the log has come', async () => {
    const family = await Family.of(35, 'laptop', 'phone', 'desk', 'tablet')
    const [laptop, , desk, tablet] = family.lives as [Life, Life, Life, Life]
    await family.comeTogether()
    await family.cutOff(2)
    await remove(family, laptop, 1)
    await family.until('the tablet knows', () => tablet.page.tree.deviceCount === 3)
    laptop.process.kill()
    await lie(family, 1, desk)
    family.rejoin(1, 2)
    await family.until('it is believed', () => desk.page.tree.removed !== null)
    family.rejoin(2, 3)
    await family.until('it stops, to begin anew', () => desk.page.stopped !== null)
    family.part(2, 3)
    const again = await family.restart(2)
    await family.scheduler.run(family.scheduler.sleep(5 * 60_000))
    expect(again.page).toMatchObject({ stopped: null, tree: { removed: null, deviceCount: 4 } })
  })

  test('in a name that it made up, hears from a third one that it is not so, also at a later start', async () => {
    const family = await Family.of(38, 'laptop', 'phone', 'desk')
    const [laptop, , desk] = family.lives as [Life, Life, Life]
    await family.comeTogether()
    await family.cutOff(2)
    await remove(family, laptop, 1)
    const helper = family.newDevice('nobody')
    await lie(family, 1, desk, (...said) => farewellThrough(helper, ...said))
    family.rejoin(1, 2)
    await family.until('it is believed', () => desk.page.tree.removed !== null)
    const out = await family.restart(2)
    expect(out.page.tree.removed).not.toBeNull()
    family.rejoin(0, 2)
    await family.until('it stops, to begin anew', () => out.page.stopped !== null)
  })

  test('and is a guest, hears from another one that it is not so', async () => {
    const family = await Family.of(37, 'laptop', 'phone', 'desk')
    const [laptop] = family.lives as [Life, Life, Life]
    const guest = await Guest.of(family, 'tablet')
    await guest.untilConnected()
    await guest.cutOff()
    await remove(family, laptop, 1)
    await lie(family, 1, guest.life)
    guest.rejoin(1)
    await family.until('it is believed', () => guest.life.page.tree.removed !== null)
    guest.rejoin(0)
    await family.until('it stops, to begin anew', () => guest.life.page.stopped !== null)
    await guest.restart()
    await guest.untilConnected()
    expect(guest.life.page.tree.removed).toBeNull()
  })

  test('hears nothing against it from a third one that is only behind', async () => {
    const family = await Family.of(36, 'laptop', 'phone', 'desk', 'tablet')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life, Life]
    await family.comeTogether()
    await family.cutOff(2)
    await remove(family, laptop, 3)
    await family.until('the phone knows of the one', () => phone.page.tree.deviceCount === 3)
    await family.cutOff(1)
    await remove(family, laptop, 2)
    family.rejoin(0, 2)
    await family.until('the desk hears of the other', () => desk.page.tree.removed !== null)
    family.part(0, 2)
    family.rejoin(1, 2)
    const isMet = (): boolean => standing(phone).peers.some(({ id, path }) => id === idOf(desk) && path !== null)
    await family.until('the phone meets the desk', isMet)
    await family.scheduler.run(family.scheduler.sleep(60_000))
    expect(desk.page).toMatchObject({ stopped: null, tree: { removed: { by: 'Laptop' } } })
  })

  test('by one whose time has ended since, is told so by who brings it', async () => {
    const family = await Family.of(33, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    await family.comeTogether()
    await family.cutOff(2)
    await remove(family, phone, 2)
    await family.until('the laptop knows', () => laptop.page.tree.deviceCount === 2)
    phone.process.kill()
    for (const { wall } of family.devices) wall.jump(366 * dayMs)
    family.rejoin(0, 2)
    await family.until('the desk hears of it', () => desk.page.tree.removed !== null)
    expect(desk.page.tree.removed).toEqual({ by: 'Laptop' })
  })

  test('by one that was removed itself since, hears of it', async () => {
    const family = await Family.of(34, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    await family.comeTogether()
    await family.cutOff(2)
    await remove(family, phone, 2)
    await remove(family, laptop, 1)
    family.rejoin(0, 2)
    await family.until('the desk hears of it', () => desk.page.tree.removed !== null)
    await family.scheduler.run(family.scheduler.sleep(5 * 60_000))
    expect((await family.restart(2)).page.tree.removed).not.toBeNull()
  })
})

describe('a device that decides', () => {
  test('hands over first where it is the only one, and hears of it', async () => {
    const family = await Family.of(7, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    const old = await family.add(laptop, 'old', content(100_000))
    await family.comeTogether()
    await remove(family, phone, 0)
    await family.until('the laptop hears of it', () => laptop.page.tree.removed !== null)
    expect(laptop.page.tree.removed).toEqual({ by: 'phone' })
    expect(standing(phone)).toMatchObject({ isLeader: true })
    expect(standing(phone).voters).toHaveLength(1)
    const fresh = await family.add(desk, 'fresh', content(70_000))
    await family.until('the phone has it', () => phone.page.items.get(fresh)?.copyCount === 2)
    expect(equal(await family.read(phone, fresh), content(70_000))).toBe(true)
    for (const start of [async () => laptop, () => family.restart(0)]) {
      const life = await start()
      expect(equal(await family.read(life, old), content(100_000))).toBe(true)
      expect(life.page.items.has(fresh)).toBe(false)
      expect(life.page.tree.removed).toEqual({ by: 'phone' })
    }
  })

  test('is not missed where votes are counted: three decide, one of them goes', async () => {
    const family = await Family.of(8, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    await family.allVote()
    await remove(family, desk, 1)
    await family.until('the phone hears of it', () => phone.page.tree.removed !== null)
    await family.until('one decides, as wherever two are left', () => standing(laptop).voters.length === 1)
    expect(standing(laptop).voters).not.toContain(standing(phone).nodeId)
    await family.add(desk, 'fresh', content(10))
  })
})

describe('a device that leaves by itself', () => {
  test('is out, and says so', async () => {
    const family = await Family.of(9, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await remove(family, phone, 1)
    await family.until('both know', () => phone.page.tree.removed !== null && laptop.page.tree.deviceCount === 1)
    expect(phone.page.tree.removed).toEqual({ by: null })
    await family.until('the laptop has given new keys', () => standing(laptop).keptCount === 0)
    expect(owingBlocks(await stateOf(family, laptop))).toEqual([])
  })

  test('gives its vote away first; where nobody is there to take it, and as the last one, it stays', async () => {
    const family = await Family.of(10, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await family.cutOff(1)
    await family.until('the laptop knows it', () => standing(laptop).peers.every(({ path }) => path === null))
    await expect(remove(family, laptop, 0)).rejects.toMatchObject({ code: 'nobodyTakesOver' })
    await family.comeTogether()
    await remove(family, laptop, 0)
    await family.until('both know', () => laptop.page.tree.removed !== null && phone.page.tree.deviceCount === 1)
    await family.add(phone, 'fresh', content(10))
    await expect(remove(family, phone, 1)).rejects.toMatchObject({ code: 'deviceLast' })
    await family.add(phone, 'more', content(10))
  })
})

async function readWithoutNode(family: Family, { store }: Life, at: number, id: string): Promise<Bytes> {
  const open = heldContent({
    store,
    keys: family.devices[at]!.keys,
    crypto: createSimulatedCrypto(Random.fromSeed(1)),
    discard() {},
  })
  const read = async (): Promise<Bytes> => {
    const parts: Bytes[] = []
    for await (const piece of (await open(id)).pieces) parts.push(piece)
    return concat(...parts)
  }
  return family.scheduler.run(read())
}
