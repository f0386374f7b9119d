/**
 * A tree whose voter is gone: taken over by another device, and what becomes of the voter that comes back.
 */
import { describe, expect, test } from 'vitest'
import { equal, fromHex, toHex } from '../core/bytes/bytes.ts'
import { doerOf } from '../core/block/block.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import { rootPath } from '../core/path/path.ts'
import { contentOf, deviceOf, encodeBatch, requestOf } from '../core/tree/tree.ts'
import type { Item } from '../node/api.ts'
import { Author } from '../node/author.ts'
import { idFromText } from '../node/read/view.ts'
import { operationSeedOf } from '../node/request.ts'
import { createSimBlob } from './blob.ts'
import { type Life, settle } from './device.ts'
import { changeOf } from './testing/change.ts'
import { Family, content, standing, takeOver } from './testing/family.ts'
import { stateOf } from './testing/knowledge.ts'
import { Rogue } from './testing/rogue.ts'

const named = ({ page }: Life, name: string): Item | undefined =>
  [...page.items.values()].find((item) => item.name === name && item.trashedAtMs === null)
const names = ({ page }: Life): readonly string[] =>
  [...page.items.values()]
    .filter(({ trashedAtMs, parentId }) => trashedAtMs === null && parentId !== null)
    .map(({ name }) => name)
    .toSorted()

const anyTime: unknown = expect.any(Number)

/** All are in one generation, hold the same and keep nothing. */
async function comeTogether(family: Family): Promise<void> {
  family.network.heal()
  await family.until('all are in one generation', () => {
    const generations = family.lives.map(({ page }) => page.tree.decider.generation)
    return new Set(generations).size === 1 && family.lives.every((life) => life.page.tree.decider.quorum !== 'away')
  })
  await family.comeTogether()
  // An entry that came after all that was kept may still be on its way to some.
  for (let attempt = 0; attempt < 10 && (await rootsOf(family)).size > 1; attempt++)
    await family.scheduler.run(family.scheduler.sleep(1000))
  expect((await rootsOf(family)).size).toBe(1)
}

async function rootsOf(family: Family): Promise<ReadonlySet<string>> {
  const roots = new Set<string>()
  for (const life of family.lives) roots.add((await family.run(life, life.node.api.storage())).stateRoot)
  return roots
}

describe('a sole voter that is gone', () => {
  test('is said to be away, and a device that was let in decides in its place', async () => {
    const family = await Family.of(1, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    const early = await family.add(laptop, 'early', content(120_000))
    await family.until('all have it', () => family.lives.every((life) => life.page.items.get(early)?.copyCount === 3))
    expect(phone.page.tree.decider).toMatchObject({ quorum: 'reachable', generation: 1, deviceName: 'Laptop' })
    await expect(family.run(phone, phone.node.api.beginTakeOver())).rejects.toMatchObject({ code: 'takeOverNeedless' })
    laptop.process.kill()
    const kept = await family.add(phone, 'kept', content(9000))
    await family.until('it is missed', () => phone.page.tree.decider.quorum === 'away')
    expect(phone.page.tree.decider).toMatchObject({ deviceName: 'Laptop', generation: 1 })
    expect(phone.page.tree.decider.lastSeenAtMs).toBeGreaterThan(0)
    await takeOver(family, 1)
    expect(phone.page.tree.decider).toMatchObject({ quorum: 'here', generation: 2, deviceName: 'phone' })
    await family.until(
      'the third follows',
      () => desk.page.tree.decider.generation === 2 && standing(phone).keptCount === 0,
    )
    await family.until('the third has it', () => desk.page.items.get(kept)?.copyCount === 2)
    expect(equal(await family.read(desk, early), content(120_000))).toBe(true)
    const later = await family.add(desk, 'later', content(70_000))
    await family.until('the phone has it', () => phone.page.items.get(later)?.copyCount === 2)
  })

  test('learns of it when it comes back, and what only it had is not lost', async () => {
    const family = await Family.of(2, 'laptop', 'phone')
    const [laptop] = family.lives as [Life, Life]
    const { rootId } = laptop.page.tree
    const shared = await family.add(laptop, 'shared.txt', content(5000))
    const quiet = await family.add(laptop, 'quiet.txt', content(5500))
    const moved = await family.add(laptop, 'moved.txt', content(5600))
    const gone = await family.add(laptop, 'gone.txt', content(5700))
    await family.until('the phone has all', () => family.lives[1]!.page.items.get(gone)?.copyCount === 2)
    await family.cutOff(0)
    // On the one side.
    const folder = await family.run(laptop, laptop.node.api.createFolder(family.request(), rootId, 'folder'))
    const alone = await family.add(laptop, 'alone.txt', content(150_000), folder)
    await family.write(laptop, shared, content(6001))
    await family.write(laptop, quiet, content(6501))
    await family.run(laptop, laptop.node.api.move(family.request(), moved, folder))
    const wandered = await family.add(laptop, 'wandered.txt', content(7000))
    await family.run(laptop, laptop.node.api.move(family.request(), wandered, folder))
    await family.run(laptop, laptop.node.api.trash(family.request(), gone))
    // On the other.
    const phone = family.lives[1]!
    await takeOver(family, 1)
    await family.write(phone, shared, content(6002))
    await family.add(phone, 'elsewhere.txt', content(300))
    await comeTogether(family)
    expect(standing(laptop)).toMatchObject({ isLeader: false, keptCount: 0, quarantinedCount: 0 })
    for (const life of family.lives) {
      expect(equal(await family.read(life, shared), content(6002))).toBe(true)
      const copy = [...life.page.items.values()].find(({ name }) => name.startsWith('shared (from Laptop, '))
      expect(equal(await family.read(life, copy!.id), content(6001))).toBe(true)
      expect(equal(await family.read(life, quiet), content(6501))).toBe(true)
      expect(equal(await family.read(life, alone), content(150_000))).toBe(true)
      expect(life.page.items.get(alone)?.parentId).toBe(folder)
      expect(life.page.items.get(moved)?.parentId).toBe(folder)
      expect(life.page.items.get(gone)?.trashedAtMs).not.toBeNull()
      const back = [...life.page.items.values()].find(({ name }) => name.startsWith('wandered'))
      expect(equal(await family.read(life, back!.id), content(7000))).toBe(true)
      expect(named(life, 'elsewhere.txt')).toBeDefined()
    }
    expect(names(laptop)).toEqual(names(phone))
  })

  test('what it deleted stays deleted, as it was called and where it stood, also where another device brings it', async () => {
    for (let writeCount = 0; writeCount < 6; writeCount++) {
      const family = await Family.of(9, 'laptop', 'phone', 'desk')
      const [laptop, phone] = family.lives as [Life, Life]
      const { rootId } = laptop.page.tree
      const folder = await family.run(laptop, laptop.node.api.createFolder(family.request(), rootId, 'folder'))
      const old = await family.add(laptop, 'old.txt', content(4000))
      await family.until('all have it', () => family.lives.every((life) => life.page.items.get(old)?.copyCount === 3))
      await family.cutOff(2)
      const fresh = await family.add(laptop, 'fresh.txt', content(5000))
      for (const id of [old, fresh]) {
        await family.run(laptop, laptop.node.api.move(family.request(), id, folder))
        await family.run(laptop, laptop.node.api.rename(family.request(), id, `renamed ${id}`))
        await family.run(laptop, laptop.node.api.trash(family.request(), id))
      }
      const isGoneAt = ({ page }: Life): boolean => [old, fresh].every((id) => page.items.get(id)?.trashedAtMs != null)
      await family.until('the phone has it all', () => isGoneAt(phone) && standing(phone).lackingCount === 0)
      await takeOver(family, 2)
      laptop.store.faults.crash = { writeCount, when: 'after' }
      family.network.heal()
      await family.until(
        'the phone has brought it',
        () => phone.page.tree.decider.generation === 2 && standing(phone).keptCount === 0,
      )
      await family.restart(0)
      await comeTogether(family)
      for (const { page } of family.lives)
        for (const id of [old, fresh])
          expect(page.items.get(id)).toMatchObject({ name: `renamed ${id}`, parentId: folder, trashedAtMs: anyTime })
    }
  })

  test('brings what only it had, though a device of bad faith had its request taken there for something else', async () => {
    const family = await Family.of(33, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    await family.comeTogether()
    await family.cutOff(0)
    const alone = await family.add(laptop, 'alone', content(150_000))
    const state = await stateOf(family, laptop)
    await takeOver(family, 1)
    desk.process.kill()
    family.lives.pop()
    const { content: record } = contentOf(state, idFromText(alone)!)!
    const keys = await family.devices[2]!.keys.node()
    const { writecapHash } = deviceOf(state, principalOf(keys.credential))!
    const folder = await new Author(keys, () => writecapHash).sign('entry', {
      ...{ parent: rootPath(state.treeId), child: new Uint8Array(16).fill(8), kind: 'directory', version: 1 },
      ...{ previousHash: null, sealedName: new Uint8Array(64), nameKeyEpoch: 1, trashed: false, movedFrom: null },
      origin: null,
    })
    const seed = operationSeedOf(`returned addFile ${toHex(record.hash)}`, 0)
    const burned = changeOf(seed, [folder], doerOf(record))
    const rogue = await Rogue.start(family, {
      ...{ device: family.devices[2]!, transport: family.transport(2), target: phone },
      targetTransport: family.transport(1),
    })
    const batch = encodeBatch({ stampMs: 0, operations: [burned] })
    const before = phone.page.items.size
    rogue.say({ tag: 'propose', value: { batch } }, standing(phone).generation)
    await family.until('it is taken', () => phone.page.items.size > before)
    family.rejoin(0, 1)
    await family.until('the phone has the file', () => phone.page.items.get(alone)?.copyCount === 2)
    expect(equal(await family.read(phone, alone), content(150_000))).toBe(true)
    expect(requestOf(await stateOf(family, phone), burned.value.requestId)).toMatchObject({ fault: null })
  })

  test('goes on showing what was done on it, from one moment to the next', async () => {
    const family = await Family.of(16, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const { rootId } = laptop.page.tree
    const file = await family.add(laptop, 'file.txt', content(4000))
    await family.until('the phone has it', () => phone.page.items.get(file)?.copyCount === 2)
    await family.cutOff(0)
    await family.write(laptop, file, content(4001))
    await family.run(laptop, laptop.node.api.rename(family.request(), file, 'renamed.txt'))
    const folder = await family.run(laptop, laptop.node.api.createFolder(family.request(), rootId, 'folder'))
    const fresh = await family.add(laptop, 'fresh.txt', content(4002), folder)
    await takeOver(family, 1)
    const { page } = laptop
    const shown = new Set<string>()
    const look = (): void => {
      const [one, other] = [page.items.get(file), page.items.get(fresh)]
      shown.add(`${one?.name} ${one?.sizeBytes} ${other?.name} ${other?.parentId === folder}`)
    }
    void laptop.node.api.watch(() => look())
    await comeTogether(family)
    look()
    expect([...shown]).toEqual(['renamed.txt 4001 fresh.txt true'])
    for (const life of family.lives)
      expect(life.page.items.get(file)).toMatchObject({ name: 'renamed.txt', sizeBytes: 4001 })
  })

  test('brings folders in their turn, also where one signature in two breaks', async () => {
    const family = await Family.of(25, 'laptop', 'phone')
    const [laptop] = family.lives as [Life, Life]
    const { api } = laptop.node
    await family.cutOff(0)
    const ids = [laptop.page.tree.rootId]
    for (const name of ['1', '2', '3', '4', '5', '6', '7', '8'])
      ids.push(await family.run(laptop, api.createFolder(family.request(), ids.at(-1)!, name)))
    await takeOver(family, 1)
    family.network.heal()
    await family.untilMet(laptop)
    family.devices[0]!.signer.brokenChance = 0.5
    await family.until('it is back', () => laptop.page.tree.decider.generation === 2)
    await family.scheduler.run(family.scheduler.sleep(3000))
    family.devices[0]!.signer.brokenChance = 0
    await comeTogether(family)
    for (const { page } of family.lives)
      for (const [at, id] of ids.slice(1).entries()) expect(page.items.get(id)?.parentId).toBe(ids[at])
  })

  test('brings a file that was emptied, which had been empty before', async () => {
    const family = await Family.of(23, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const file = await family.add(laptop, 'file.txt', content(0))
    await family.write(laptop, file, content(4001))
    await family.until('the phone has it', () => phone.page.items.get(file)?.copyCount === 2)
    await family.cutOff(0)
    await family.write(laptop, file, content(0))
    await takeOver(family, 1)
    await comeTogether(family)
    for (const life of family.lives) {
      expect(names(life)).toEqual(['file.txt'])
      expect(life.page.items.get(file)!.sizeBytes).toBe(0)
    }
  })

  test('brings a deletion by another, which gives way to what its author had not seen', async () => {
    const family = await Family.of(24, 'desk', 'laptop', 'phone')
    const [desk, laptop, phone] = family.lives as [Life, Life, Life]
    const { rootId } = desk.page.tree
    const folder = await family.run(desk, desk.node.api.createFolder(family.request(), rootId, 'folder'))
    await family.until('all have it', () => family.lives.every((life) => life.page.items.has(folder)))
    await family.cutOff(2)
    await family.run(laptop, laptop.node.api.trash(family.request(), folder))
    await family.until('the desk knows', () => desk.page.items.get(folder)!.trashedAtMs !== null)
    laptop.process.kill()
    await takeOver(family, 2)
    family.network.heal()
    await family.until('the desk is back', () => standing(desk).generation === standing(phone).generation)
    expect(standing(desk).keptCount).toBeGreaterThan(0)
    const file = await family.add(phone, 'file.txt', content(4000), folder)
    await family.until('the desk has brought all', () => standing(desk).keptCount === 0)
    for (const { page } of [desk, phone]) {
      expect(page.items.get(file)!.trashedAtMs).toBeNull()
      expect(page.items.get(page.items.get(file)!.parentId!)!.trashedAtMs).toBeNull()
    }
  })

  test('brings what was written as the power failed, however often it starts before it could look for that', async () => {
    for (const againMs of [0, 1, 3, 10, 30]) {
      const family = await Family.of(27, 'laptop', 'phone')
      const [laptop] = family.lives as [Life, Life]
      await family.cutOff(0)
      await takeOver(family, 1)
      const file = await family.add(laptop, 'alone.txt', content(150_000))
      const { disk } = family.devices[0]!
      laptop.process.kill()
      disk.losePower(disk.relaxedCount)
      await family.restart(0)
      await family.scheduler.run(family.scheduler.sleep(againMs))
      await family.restart(0)
      await comeTogether(family)
      for (const life of family.lives) expect(equal(await family.read(life, file), content(150_000))).toBe(true)
    }
  })

  test('brings a deletion, which gives way to what came into the file after it', async () => {
    const family = await Family.of(26, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    const file = await family.add(laptop, 'file.txt', content(4000))
    await family.comeTogether()
    await family.cutOff(2)
    await family.cutOff(1)
    await family.write(desk, file, content(5000))
    await family.run(laptop, laptop.node.api.trash(family.request(), file))
    family.rejoin(0, 2)
    while (laptop.page.items.get(file)!.sizeBytes !== 5000) await family.scheduler.run(family.scheduler.sleep(1))
    // Before it brings back what it has written into.
    for (const life of [laptop, desk]) life.process.kill()
    await takeOver(family, 1)
    family.network.heal()
    const back = await family.restart(0)
    await family.until('it has brought all', () => {
      const [there, here] = [standing(phone), standing(back)]
      return there.generation === here.generation && here.keptCount === 0
    })
    for (const { page } of [phone, back])
      expect(page.items.get(file)).toMatchObject({ sizeBytes: 5000, trashedAtMs: null })
  })

  test('brings in its turn what was done one after the other, also where a signature breaks', async () => {
    const family = await Family.of(20, 'laptop', 'phone')
    const [laptop] = family.lives as [Life, Life]
    await family.cutOff(0)
    const file = await family.add(laptop, 'file.txt', content(4000))
    await family.write(laptop, file, content(4001))
    await takeOver(family, 1)
    family.network.heal()
    await family.untilMet(laptop)
    family.devices[0]!.signer.brokenChance = 1
    await family.until('it is back', () => laptop.page.tree.decider.generation === 2)
    await family.scheduler.run(family.scheduler.sleep(3000))
    expect(standing(laptop).keptCount).toBe(2)
    family.devices[0]!.signer.brokenChance = 0
    await comeTogether(family)
    for (const life of family.lives) {
      expect(names(life)).toEqual(['file.txt'])
      expect(equal(await family.read(life, file), content(4001))).toBe(true)
    }
  })

  test('brings what was being written as it came back, to a file that had been deleted elsewhere before', async () => {
    const family = await Family.of(17, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const file = await family.add(laptop, 'file.txt', content(4000))
    await family.until('the phone has it', () => phone.page.items.get(file)?.copyCount === 2)
    await family.cutOff(0)
    await takeOver(family, 1)
    await family.run(phone, phone.node.api.trash(family.request(), file))
    await family.add(laptop, 'later', content(10))
    laptop.store.faults.slowness = 500
    const blob = createSimBlob(content(8_000_000), laptop.process)
    const asked = settle(laptop.process, laptop.node.api.writeFile(family.request(), file, blob))
    family.network.heal()
    await family.until('it is back', () => standing(laptop).generation === standing(phone).generation)
    expect(laptop.page.jobs.size).toBe(1)
    laptop.store.faults.slowness = 1
    await family.scheduler.run(asked)
    await comeTogether(family)
    for (const life of family.lives)
      expect(life.page.items.get(file)).toMatchObject({ sizeBytes: 8_000_000, trashedAtMs: null })
  })

  test('leaves nothing behind of a file that was being added when the vote was about to be handed over', async () => {
    const family = await Family.of(18, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const rowCount = (at: number, table: 'log' | 'object'): number =>
      [...family.devices[at]!.disk.rows(table, new Uint8Array())].length
    const [logCount, objectCount] = [rowCount(0, 'log'), rowCount(0, 'object')]
    const millisecond = (): Promise<void> => family.scheduler.run(family.scheduler.sleep(1))
    void settle(laptop.process, laptop.node.api.handOver(null))
    while (rowCount(0, 'log') === logCount) await millisecond()
    const blob = createSimBlob(content(5000), laptop.process)
    void settle(laptop.process, laptop.node.api.addFile(family.request(), laptop.page.tree.rootId, 'added', blob))
    while (standing(laptop).voters.length < 2) await millisecond()
    family.part(0, 1)
    while (rowCount(0, 'object') === objectCount) await millisecond()
    laptop.process.kill()
    await takeOver(family, 1)
    const back = await family.restart(0)
    await comeTogether(family)
    expect(names(back)).toEqual([])
    expect(names(phone)).toEqual([])
    await family.scheduler.run(family.scheduler.sleep(5000))
    expect(rowCount(0, 'object')).toBe(rowCount(1, 'object'))
  })

  test.each(['a file', 'a name'])(
    'dies before it has written %s: no other device has a record of that',
    async (what) => {
      const family = await Family.of(15, 'laptop', 'phone')
      const [laptop, phone] = family.lives as [Life, Life]
      const file = await family.add(laptop, 'file.txt', content(4000))
      await family.until('the phone has it', () => phone.page.items.get(file)?.copyCount === 2)
      const logCount = (): number => [...family.devices[1]!.disk.rows('log', new Uint8Array())].length
      const before = logCount()
      laptop.store.faults.slowness = 1000
      const blob = createSimBlob(content(4001), laptop.process)
      const { api } = laptop.node
      const isFile = what === 'a file'
      const asked = isFile
        ? api.writeFile(family.request(), file, blob)
        : api.rename(family.request(), file, 'renamed.txt')
      void settle(laptop.process, asked)
      await family.scheduler.run(family.scheduler.sleep(1500))
      laptop.process.kill()
      expect(logCount()).toBe(before)
      await takeOver(family, 1)
      expect(equal(await family.read(phone, file), content(4000))).toBe(true)
      await family.restart(0)
      await comeTogether(family)
    },
  )

  test('brings a file that was moved and one that was written, and what was written elsewhere stays beside it', async () => {
    const family = await Family.of(11, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    const file = await family.add(laptop, 'file.txt', content(4000))
    const { rootId } = laptop.page.tree
    const folder = await family.run(laptop, laptop.node.api.createFolder(family.request(), rootId, 'folder'))
    await family.until('all have it', () => family.lives.every((life) => life.page.items.get(file)?.copyCount === 3))
    await family.cutOff(2)
    await family.run(laptop, laptop.node.api.move(family.request(), file, folder))
    await family.until('the phone has it', () => phone.page.items.get(file)?.parentId === folder)
    await family.write(phone, file, content(4001))
    await family.until('the laptop has it', () => laptop.page.items.get(file)?.sizeBytes === 4001)
    await takeOver(family, 2)
    await family.write(desk, file, content(4002))
    await comeTogether(family)
    for (const life of family.lives) {
      const files = [...life.page.items.values()].filter(({ kind }) => kind === 'file')
      expect(new Set(files.map(({ sizeBytes }) => sizeBytes))).toEqual(new Set([4001, 4002]))
      expect(life.page.items.get(file)).toMatchObject({ sizeBytes: 4002, parentId: folder })
    }
  })

  test('brings what another wrote before that one comes, and then deletes: it stays deleted', async () => {
    const family = await Family.of(14, 'laptop', 'phone', 'desk')
    const [laptop, phone] = family.lives as [Life, Life]
    const file = await family.add(laptop, 'file.txt', content(4000))
    await family.until('all have it', () => family.lives.every((life) => life.page.items.get(file)?.copyCount === 3))
    await family.cutOff(2)
    await family.write(phone, file, content(4001))
    await family.until('the laptop has it', () => laptop.page.items.get(file)?.copyCount === 2)
    laptop.process.kill()
    await family.until('nobody decides', () => phone.page.tree.decider.quorum === 'away')
    await family.run(phone, phone.node.api.trash(family.request(), file))
    expect(standing(phone).keptCount).toBe(1)
    await takeOver(family, 2)
    family.network.heal()
    for (const other of [0, 2]) family.part(1, other)
    const back = await family.restart(0)
    await family.until('it has brought it', () => {
      const { generation } = back.page.tree.decider
      return generation === 2 && standing(back).keptCount === 0 && back.page.items.get(file)?.sizeBytes === 4001
    })
    await comeTogether(family)
    for (const life of family.lives) expect(life.page.items.get(file)!.trashedAtMs).not.toBeNull()
  })

  test('is followed by one that gave it a change and had no answer: it is given again, as it is by then', async () => {
    const family = await Family.of(22, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    const file = await family.add(laptop, 'file.txt', content(4000))
    await family.until('all have it', () => family.lives.every((life) => life.page.items.get(file)?.copyCount === 3))
    await family.cutOff(2)
    await family.add(laptop, 'more.txt', content(100))
    await family.until('the phone has more', () => named(phone, 'more.txt') !== undefined)
    family.network.block(family.transport(1), family.transport(0))
    void settle(phone.process, phone.node.api.rename(family.request(), file, 'by phone'))
    await family.scheduler.run(family.scheduler.sleep(1000))
    laptop.process.kill()
    await family.cutOff(1)
    await takeOver(family, 2)
    await family.run(desk, desk.node.api.rename(family.request(), file, 'by desk'))
    await family.restart(0)
    await comeTogether(family)
    expect(names(phone)).toEqual(['by phone', 'more.txt'])
  })

  test('is followed by one that wrote and then deleted, which it had not heard of: it stays deleted', async () => {
    const family = await Family.of(21, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    const file = await family.add(laptop, 'file.txt', content(4000))
    await family.until('all have it', () => family.lives.every((life) => life.page.items.get(file)?.copyCount === 3))
    await family.cutOff(2)
    await family.write(phone, file, content(200_000))
    await family.until('the laptop has it', () => laptop.page.items.get(file)?.copyCount === 2)
    family.network.block(family.transport(1), family.transport(0))
    void settle(phone.process, phone.node.api.trash(family.request(), file))
    await family.scheduler.run(family.scheduler.sleep(1000))
    laptop.process.kill()
    await takeOver(family, 2)
    family.network.heal()
    await family.until('the phone follows', () => standing(phone).generation === standing(desk).generation)
    await family.restart(0)
    await comeTogether(family)
    for (const life of family.lives)
      expect(life.page.items.get(file)).toMatchObject({ sizeBytes: 200_000, trashedAtMs: anyTime })
  })

  test('is followed by one that deleted a folder: what came into it meanwhile stays', async () => {
    const family = await Family.of(19, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const { rootId } = laptop.page.tree
    const folder = await family.run(laptop, laptop.node.api.createFolder(family.request(), rootId, 'folder'))
    const file = await family.add(laptop, 'file.txt', content(4000), folder)
    await family.until('the phone has it', () => phone.page.items.get(file)?.copyCount === 2)
    const before = standing(phone).appliedIndex
    family.network.block(family.transport(1), family.transport(0))
    void settle(phone.process, phone.node.api.trash(family.request(), folder))
    await family.write(laptop, file, content(4001))
    await family.until('the phone has heard of it', () => standing(phone).appliedIndex > before)
    laptop.process.kill()
    await takeOver(family, 1)
    await family.restart(0)
    await comeTogether(family)
    for (const life of family.lives) {
      expect(equal(await family.read(life, file), content(4001))).toBe(true)
      expect(life.page.items.get(file)!.trashedAtMs).toBeNull()
      expect(life.page.items.get(folder)!.trashedAtMs).toBeNull()
    }
  })

  test('has given the outcome of what it took, whichever write it dies after on its return', async () => {
    for (let writeCount = 0; writeCount < 12; writeCount++) {
      const family = await Family.of(3, 'laptop', 'phone')
      const [laptop, phone] = family.lives as [Life, Life]
      const shared = await family.add(laptop, 'shared.txt', content(5000))
      await family.until('the phone has it', () => phone.page.items.get(shared)?.copyCount === 2)
      await family.cutOff(0)
      await family.add(laptop, 'alone.txt', content(100_000))
      await family.write(laptop, shared, content(6001))
      await takeOver(family, 1)
      await family.write(phone, shared, content(6002))
      await family.until('it is at rest', () => standing(laptop).keptCount === 0)
      laptop.store.faults.crash = { writeCount, when: 'after' }
      family.network.heal()
      await family.until(
        'it died, or is done',
        () => !laptop.process.isAlive || (standing(laptop).keptCount === 0 && !standing(laptop).isLeader),
      )
      await family.restart(0)
      await comeTogether(family)
      const sizes = [...family.lives[0]!.page.items.values()].map(({ sizeBytes }) => sizeBytes)
      expect(sizes.filter((sizeBytes) => sizeBytes > 0).toSorted((one, other) => one - other)).toEqual([
        6001, 6002, 100_000,
      ])
    }
  })
})

test('a device that was let in by the one that was taken over belongs to the tree still, and so does what it wrote', async () => {
  const family = await Family.of(6, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  await family.cutOff(1)
  const desk = await family.letInAlone('desk')
  await family.add(desk, 'by desk', content(70_000))
  laptop.process.kill()
  await takeOver(family, 1)
  await family.add(phone, 'by phone', content(100))
  await family.restart(0)
  await comeTogether(family)
  for (const life of family.lives) {
    expect(life.page.tree.deviceCount).toBe(3)
    expect(names(life)).toEqual(['by desk', 'by phone'])
  }
})

test('a device that was let in by the one that was taken over, and asked for suite 2 since, belongs to the tree still', async () => {
  const family = await Family.of(6, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  await family.cutOff(1)
  const desk = await family.letInAlone('desk')
  await family.run(desk, desk.node.api.useHybrid())
  await family.add(desk, 'by desk', content(70_000))
  laptop.process.kill()
  await takeOver(family, 1)
  await family.add(phone, 'by phone', content(100))
  await family.restart(0)
  await comeTogether(family)
  for (const life of family.lives) {
    expect(life.page.tree.deviceCount).toBe(3)
    expect(names(life)).toEqual(['by desk', 'by phone'])
  }
})

test('a device that asked the one that was taken over for keys in suite 2 has asked for them still', async () => {
  const family = await Family.of(7, 'laptop', 'phone', 'desk')
  const [laptop, , desk] = family.lives as [Life, Life, Life]
  const desksKey = async () => {
    const { fields } = deviceOf(
      await stateOf(family, family.lives[1]!),
      fromHex(desk.page.tree.principal.replaceAll(' ', ''))!,
    )!.device
    return fields.hybridKey
  }
  await family.cutOff(1)
  await family.run(desk, desk.node.api.useHybrid())
  laptop.process.kill()
  await takeOver(family, 1)
  expect(await desksKey()).toBe(null)
  await family.restart(0)
  await comeTogether(family)
  expect(await desksKey()).not.toBe(null)
})

test.each([
  { order: 'its author first', first: 0, second: 2, isAtOnce: false },
  { order: 'the other first', first: 2, second: 0, isAtOnce: false },
  { order: 'both at once', first: 2, second: 0, isAtOnce: true },
])(
  'what a third device brings along does not undo what its author has done since: $order',
  async ({ first, second, isAtOnce }) => {
    const family = await Family.of(7, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    const file = await family.add(laptop, 'file', content(500))
    await family.until('all have it', () => family.lives.every((life) => life.page.items.get(file)?.copyCount === 3))
    await family.cutOff(1)
    await family.run(laptop, laptop.node.api.rename(family.request(), file, 'one'))
    const fresh = await family.add(laptop, 'fresh', content(600))
    await family.until(
      'the third has all',
      () => desk.page.items.get(fresh)?.copyCount === 2 && standing(desk).lackingCount === 0,
    )
    expect(named(desk, 'one')).toBeDefined()
    desk.process.kill()
    await family.run(laptop, laptop.node.api.rename(family.request(), file, 'two'))
    await family.run(laptop, laptop.node.api.rename(family.request(), fresh, 'fresher'))
    await family.write(laptop, fresh, content(700))
    laptop.process.kill()
    await takeOver(family, 1)
    family.network.heal()
    if (isAtOnce) phone.store.faults.slowness = 300
    for (const at of [first, second]) {
      const life = await family.restart(at)
      await family.until('it is back', () => standing(life).generation === standing(phone).generation)
      if (!isAtOnce) await family.until('it has brought all', () => standing(life).keptCount === 0)
    }
    await comeTogether(family)
    for (const life of family.lives) {
      // An older version may stand beside it, since nobody can say here that its author had it when he wrote the next.
      expect(names(life).filter((name) => !name.includes('(from '))).toEqual(['fresher', 'two'])
      expect(equal(await family.read(life, fresh), content(700))).toBe(true)
    }
  },
)

describe('a tree that two devices take over at once', () => {
  test('has one generation in the end, and nothing that either took is lost', async () => {
    const family = await Family.of(4, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    const shared = await family.add(laptop, 'shared.txt', content(5000))
    await family.until('all have it', () => family.lives.every((life) => life.page.items.get(shared)?.copyCount === 3))
    await family.cutOff(1)
    await family.cutOff(0)
    await family.cutOff(2)
    await family.add(laptop, 'by laptop', content(1001))
    await takeOver(family, 1)
    await takeOver(family, 2)
    await family.add(phone, 'by phone', content(1002))
    await family.add(desk, 'by desk', content(1003))
    await family.write(phone, shared, content(5002))
    await family.write(desk, shared, content(5003))
    await comeTogether(family)
    for (const life of family.lives) {
      expect(life.page.tree.decider.generation).toBe(2)
      expect(names(life).filter((name) => name.startsWith('by'))).toEqual(['by desk', 'by laptop', 'by phone'])
      const sizes = [...life.page.items.values()]
        .filter(({ name }) => name.startsWith('shared'))
        .map((item) => item.sizeBytes)
      expect(sizes.toSorted((one, other) => one - other)).toEqual([5002, 5003])
    }
  })

  test('brings back what a device deleted and brought back, though the others have the deletion alone', async () => {
    const winners = new Set<string>()
    for (const seed of [51, 52, 53, 54]) {
      const family = await Family.of(seed, 'laptop', 'phone', 'desk')
      const [laptop, phone, desk] = family.lives as [Life, Life, Life]
      const file = await family.add(laptop, 'file.txt', content(5000))
      await family.comeTogether()
      void settle(phone.process, phone.node.api.trash('once', file))
      const isTrashed = ({ page }: Life): boolean => page.items.get(file)!.trashedAtMs !== null
      while (!isTrashed(laptop)) await family.scheduler.run(family.scheduler.sleep(1))
      family.part(0, 1)
      family.part(1, 2)
      await family.until('the third knows of it', () => isTrashed(desk))
      await family.cutOff(0)
      await takeOver(family, 1)
      await takeOver(family, 2)
      await family.run(phone, phone.node.api.restore(family.request(), file))
      await family.until('nothing is kept', () => standing(phone).keptCount === 0)
      await comeTogether(family)
      winners.add(phone.page.tree.decider.deviceName ?? '')
      for (const life of family.lives) expect(isTrashed(life)).toBe(false)
    }
    expect([...winners].toSorted()).toEqual(['desk', 'phone'])
  })

  test('has every content that the one that stays refers to, though it was written over and left elsewhere', async () => {
    const winners = new Set<string>()
    for (const seed of [41, 42, 43, 44]) {
      const family = await Family.of(seed, 'laptop', 'phone', 'desk')
      const [laptop, phone, desk] = family.lives as [Life, Life, Life]
      const file = await family.add(laptop, 'file.txt', content(5000))
      await family.until('all have it', () => family.lives.every((life) => life.page.items.get(file)?.copyCount === 3))
      await family.cutOff(2)
      for (const [from, to] of [
        [0, 1],
        [1, 0],
      ] as const)
        family.network.linkBetween(family.transport(from), family.transport(to)).bytesPerMs = 50
      await family.write(laptop, file, content(3_000_000))
      await family.until('the phone knows of it', () => standing(phone).lackingCount === 1)
      await family.cutOff(1)
      await takeOver(family, 1)
      await family.write(laptop, file, content(5001))
      await takeOver(family, 2)
      family.rejoin(0, 2)
      await family.until('the laptop follows the desk', () => standing(laptop).generation === standing(desk).generation)
      await family.until('and has brought its own', () => standing(laptop).keptCount === 0)
      await family.scheduler.run(family.scheduler.sleep(5000))
      const { generation } = standing(phone)
      await comeTogether(family)
      winners.add(standing(desk).generation === generation ? 'phone' : 'desk')
      for (const life of family.lives) expect(equal(await family.read(life, file), content(5001))).toBe(true)
    }
    expect(winners).toContain('phone')
  })

  test('tells what its author did later from what others brought of it into the other generation', async () => {
    const winners = new Set<string>()
    // Chance says whose generation stays.
    for (let seed = 51; seed < 53 || (winners.size < 2 && seed < 67); seed++) {
      const family = await Family.of(seed, 'desk', 'laptop', 'phone')
      const [desk, laptop, phone] = family.lives as [Life, Life, Life]
      const old = await family.add(laptop, 'old', content(5000))
      await family.until('all have it', () => family.lives.every((life) => life.page.items.get(old)?.copyCount === 3))
      await family.cutOff(2)
      const fresh = await family.add(laptop, 'fresh', content(5001))
      await family.run(laptop, laptop.node.api.rename(family.request(), old, 'older'))
      await family.write(laptop, old, content(5002))
      await family.until('the desk has it', () => desk.page.items.get(old)?.sizeBytes === 5002)
      await family.until('whole', () => standing(desk).lackingCount === 0)
      await family.cutOff(1)
      await takeOver(family, 1)
      await family.run(laptop, laptop.node.api.rename(family.request(), fresh, 'later'))
      await family.run(laptop, laptop.node.api.rename(family.request(), old, 'oldest'))
      await family.write(laptop, fresh, content(6001))
      await family.write(laptop, old, content(6002))
      await takeOver(family, 2)
      family.rejoin(0, 2)
      await family.until('the desk follows the phone', () => standing(desk).generation === standing(phone).generation)
      await family.until('and has brought all', () => standing(desk).keptCount === 0)
      const { generation } = standing(laptop)
      await comeTogether(family)
      winners.add(standing(desk).generation === generation ? 'laptop' : 'phone')
      for (const life of family.lives) {
        expect(names(life)).toEqual(['later', 'oldest'])
        expect(life.page.items.get(fresh)).toMatchObject({ name: 'later', sizeBytes: 6001 })
        expect(life.page.items.get(old)).toMatchObject({ sizeBytes: 6002 })
      }
    }
    expect(winners).toEqual(new Set(['laptop', 'phone']))
  })

  test('can read what was added under a key that another generation gave a folder, and the one that stays gave it another', async () => {
    const winners = new Set<string>()
    for (const seed of [61, 62, 63, 64]) {
      const family = await Family.of(seed, 'laptop', 'phone', 'desk', 'tablet')
      const [laptop, phone, desk, tablet] = family.lives as [Life, Life, Life, Life]
      const createFolder = (name: string): Promise<string> =>
        family.run(laptop, laptop.node.api.createFolder(family.request(), laptop.page.tree.rootId, name))
      const [folder, home] = [await createFolder('folder'), await createFolder('home')]
      await family.comeTogether()
      await family.cutOff(0)
      family.part(1, 2)
      family.part(2, 3)
      for (const [at, life] of [
        [1, phone],
        [2, desk],
      ] as const) {
        await takeOver(family, at)
        await family.run(life, life.node.api.move(family.request(), folder, home))
      }
      await family.until('it follows the phone', () => tablet.page.items.get(folder)?.parentId === home)
      await family.cutOff(3)
      const file = await family.add(tablet, 'added', content(5000), folder)
      await family.run(tablet, tablet.node.api.createFolder(family.request(), folder, 'created'))
      await comeTogether(family)
      winners.add(phone.page.tree.decider.deviceName ?? '')
      for (const life of family.lives) {
        expect(names(life)).toEqual(['added', 'created', 'folder', 'home'])
        expect(equal(await family.read(life, file), content(5000))).toBe(true)
      }
    }
    expect(winners).toContain('desk')
  })

  test('is followed by a device that missed both, and by one that missed one of two in a row', async () => {
    const family = await Family.of(5, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    await family.cutOff(0)
    await family.add(laptop, 'by laptop', content(1001))
    await takeOver(family, 1)
    await family.until('the third follows', () => desk.page.tree.decider.generation === 2)
    await family.add(phone, 'by phone', content(1002))
    await family.until('the third has it', () => named(desk, 'by phone') !== undefined)
    await family.cutOff(1)
    await family.add(phone, 'by phone alone', content(1003))
    await takeOver(family, 2)
    await family.add(desk, 'by desk', content(1004))
    await comeTogether(family)
    for (const life of family.lives) {
      expect(life.page.tree.decider.generation).toBe(3)
      expect(names(life)).toEqual(['by desk', 'by laptop', 'by phone', 'by phone alone'])
    }
  })
})
