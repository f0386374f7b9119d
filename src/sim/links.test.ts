/**
 * Symbolic links on the real node: between devices that are together and apart, on a guest, and through all that happens to a tree.
 */
import { describe, expect, test } from 'vitest'
import { equal } from '../core/bytes/bytes.ts'
import type { Item } from '../node/api.ts'
import { createSimBlob } from './blob.ts'
import { type Life, readAll } from './device.ts'
import { plant } from './family.ts'
import { Family, content, standing } from './testing/family.ts'
import { Guest } from './testing/guest.ts'

const link = (family: Family, life: Life, name: string, targetId: string, parentId = life.page.tree.rootId) =>
  family.run(life, life.node.api.addLink(family.request(), parentId, name, targetId))
const folder = (family: Family, life: Life, name: string, parentId = life.page.tree.rootId) =>
  family.run(life, life.node.api.createFolder(family.request(), parentId, name))
const follow = (family: Family, life: Life, id: string) => family.run(life, life.node.api.followLink(id))
const refusedWith = (code: string) => expect.objectContaining({ code })
const shown = ({ page }: Life): readonly Item[] =>
  [...page.items.values()].filter(({ trashedAtMs }) => trashedAtMs === null)
const links = (life: Life): readonly string[] =>
  shown(life)
    .filter(({ kind }) => kind === 'link')
    .map(({ name }) => name)
    .toSorted()

/** Two devices, a folder with a file, and a link to that. */
async function scene() {
  const family = await Family.of(1, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  const photos = await folder(family, laptop, 'photos')
  const sea = await family.add(laptop, 'sea.jpg', content(70_000), photos)
  const toSea = await link(family, laptop, 'to the sea', sea)
  const arrives = (id: string) => family.until('both have it', () => phone.page.items.get(id)?.copyCount === 2)
  await arrives(toSea)
  return { family, laptop, phone, photos, sea, toSea, arrives }
}

describe('a link', () => {
  test('leads to the same on each device, whatever its target is called and wherever that stands', async () => {
    const { family, laptop, phone, photos, sea, toSea, arrives } = await scene()
    const { api } = phone.node
    expect(phone.page.items.get(toSea)).toMatchObject({ kind: 'link', name: 'to the sea', sizeBytes: 0 })
    const toPhotos = await link(family, phone, 'photos too', photos, photos)
    const toLink = await link(family, phone, 'by another', toSea)
    await family.run(phone, api.rename(family.request(), sea, 'ocean.jpg'))
    await family.run(phone, api.move(family.request(), sea, phone.page.tree.rootId))
    // The link itself is moved, and its content gets another key.
    await family.run(phone, api.move(family.request(), toSea, photos))
    await arrives(toLink)
    await family.comeTogether()
    for (const life of [laptop, phone]) {
      expect(await follow(family, life, toSea)).toBe(sea)
      expect(await follow(family, life, toLink)).toBe(sea)
      expect(await follow(family, life, toPhotos)).toBe(photos)
      expect(await follow(family, life, sea)).toBe(sea)
    }
  })

  test('says where its target is deleted, and leaves it alone when it is deleted itself', async () => {
    const { family, laptop, phone, sea, toSea } = await scene()
    const { api } = laptop.node
    await family.run(laptop, api.trash(family.request(), sea))
    await family.comeTogether()
    for (const life of [laptop, phone])
      await expect(follow(family, life, toSea)).rejects.toEqual(refusedWith('linkInTrash'))
    await expect(link(family, phone, 'late', sea)).rejects.toEqual(refusedWith('itemGone'))
    await family.run(laptop, api.restore(family.request(), sea))
    await family.comeTogether()
    expect(await follow(family, phone, toSea)).toBe(sea)

    const second = await link(family, laptop, 'another', sea)
    await family.run(laptop, api.trash(family.request(), second))
    await family.run(laptop, api.purge(family.request(), null))
    expect(equal(await family.read(laptop, sea), content(70_000))).toBe(true)
    await family.run(laptop, api.trash(family.request(), sea))
    await family.run(laptop, api.purge(family.request(), null))
    await family.comeTogether()
    for (const life of [laptop, phone])
      await expect(follow(family, life, toSea)).rejects.toEqual(refusedWith('linkDangling'))
  })

  test('is no file: nothing reads or writes what is in it as one', async () => {
    const { family, laptop, sea, toSea } = await scene()
    await expect(family.read(laptop, toSea)).rejects.toEqual(refusedWith('itemGone'))
    await expect(family.write(laptop, toSea, content(10))).rejects.toEqual(refusedWith('linkFixed'))
    expect(await follow(family, laptop, toSea)).toBe(sea)
  })

  test('made, moved, renamed and deleted on two devices apart, loses nothing', async () => {
    const { family, laptop, phone, photos, sea, toSea } = await scene()
    const toPhotos = await link(family, laptop, 'to photos', photos)
    await family.comeTogether()
    await family.cutOff(1)
    await family.run(laptop, laptop.node.api.rename(family.request(), toSea, 'by laptop'))
    await family.run(laptop, laptop.node.api.trash(family.request(), toPhotos))
    const one = await link(family, laptop, 'twin', sea)
    await family.run(phone, phone.node.api.rename(family.request(), toSea, 'by phone'))
    await family.run(phone, phone.node.api.move(family.request(), toPhotos, photos))
    const other = await link(family, phone, 'twin', photos)
    expect(await follow(family, phone, other)).toBe(photos)
    family.network.heal()
    await family.untilConnected()
    await family.comeTogether()
    expect(links(phone)).toEqual(links(laptop))
    expect(links(laptop)).toEqual(['by phone', 'to photos', 'twin', expect.stringMatching(/^twin \(from phone, /)])
    for (const life of [laptop, phone]) {
      expect(await follow(family, life, one)).toBe(sea)
      expect(await follow(family, life, other)).toBe(photos)
      expect(await follow(family, life, toSea)).toBe(sea)
    }
  })
})

describe('a link comes along', () => {
  test('into the tree that is planted, and out of its archive', async () => {
    const family = new Family(1, [])
    const life = await family.startAlone('laptop')
    const sea = await family.add(life, 'sea.jpg', content(500))
    const toSea = await link(family, life, 'to the sea', sea)
    const toRoot = await link(family, life, 'to all', life.page.tree.rootId)
    const words = await family.run(life, plant(life))
    expect(await follow(family, life, toSea)).toBe(sea)
    expect(await follow(family, life, toRoot)).toBe(life.page.tree.rootId)
    const exportId = await family.run(life, life.node.api.beginExport(family.request()))
    const archive = await family.run(life, readAll(life.node.api, exportId))
    const phone = await family.startAlone('phone')
    const blob = createSimBlob(archive, phone.process)
    await family.run(phone, phone.node.api.recover(family.request(), blob, words, 'Phone'))
    expect(await follow(family, phone, toSea)).toBe(sea)
    expect(await follow(family, phone, toRoot)).toBe(phone.page.tree.rootId)
  })

  test('with the device that made it while another one took the tree over', async () => {
    const { family, laptop, phone, photos, sea } = await scene()
    await family.cutOff(0)
    const alone = await link(family, laptop, 'alone', sea)
    const wandered = await link(family, laptop, 'wandered', photos)
    await family.run(laptop, laptop.node.api.move(family.request(), wandered, photos))
    await family.until('nobody decides', () => phone.page.tree.decider.quorum === 'away')
    await family.run(phone, phone.node.api.beginTakeOver())
    await family.run(phone, phone.node.api.finishTakeOver(family.request(), family.words))
    family.network.heal()
    await family.until('both are in one generation', () => laptop.page.tree.decider.generation === 2)
    await family.comeTogether()
    for (const life of [laptop, phone]) {
      expect(await follow(family, life, alone)).toBe(sea)
      expect(await follow(family, life, wandered)).toBe(photos)
      expect(life.page.items.get(wandered)).toMatchObject({ kind: 'link', parentId: photos })
    }
  })
})

describe('on a guest, a link', () => {
  test('leads as far as its folder and no further, and the owner sees where it leads', async () => {
    const family = await Family.of(1, 'laptop')
    const [laptop] = family.lives as [Life]
    const secret = await family.add(laptop, 'secret', content(500))
    const guest = await Guest.of(family, 'camera')
    await guest.untilConnected()
    const home = shown(laptop).find(({ name }) => name === 'camera')!
    const inside = await family.add(laptop, 'inside', content(300), home.id)
    const toSecret = await link(family, laptop, 'to the secret', secret, home.id)
    const toInside = await link(family, laptop, 'to the inside', inside, home.id)
    const { life } = guest
    await family.until('the guest has them', () => life.page.items.has(toSecret) && life.page.items.has(toInside))
    expect(await follow(family, life, toInside)).toBe(inside)
    await expect(follow(family, life, toSecret)).rejects.toEqual(refusedWith('linkOutOfReach'))
    await expect(link(family, life, 'mine', secret)).rejects.toEqual(refusedWith('itemGone'))
    const own = await link(family, life, 'mine', inside)
    await family.until('the laptop has it', () => standing(laptop).lackingCount === 0 && laptop.page.items.has(own))
    expect(await follow(family, laptop, own)).toBe(inside)
    expect(await follow(family, laptop, toSecret)).toBe(secret)

    // Everything in the folder gets another key, and the links in it lead where they led.
    const principal = life.page.tree.principal
    await family.run(laptop, laptop.node.api.removeDevice(family.request(), principal))
    await family.until('all is renewed', () => laptop.page.jobs.size === 0)
    expect(await follow(family, laptop, own)).toBe(inside)
    expect(await follow(family, laptop, toSecret)).toBe(secret)
  })
})
