/**
 * Readers on the real node: who asks for suite 2 is given keys in it (U25), and a guest learns of no other.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, fromHex, toHex } from '../core/bytes/bytes.ts'
import { withoutHybrid } from '../core/crypto/crypto.ts'
import { isFor, readersOf } from '../core/cap/cap.ts'
import { accessOf, deviceOf } from '../core/tree/tree.ts'
import { rootBlockId } from '../core/path/path.ts'
import { placeOf } from '../node/own-tree.ts'
import { placePrefix } from '../node/place.ts'
import { idFromText } from '../node/read/view.ts'
import { heldContent } from '../node/read/read-only.ts'
import type { NodeKeys } from '../port/platform.ts'
import { createSimulatedCrypto } from './crypto.ts'
import type { Life } from './device.ts'
import { Random } from './random.ts'
import { Family, content } from './testing/family.ts'
import { Guest } from './testing/guest.ts'
import { stateOf } from './testing/knowledge.ts'

const principalIn = ({ page }: Life): Bytes => fromHex(page.tree.principal.replaceAll(' ', ''))!
const treeIn = ({ page }: Life): Bytes => fromHex(page.tree.treeId)!
const useHybrid = (family: Family, life: Life) => family.run(life, life.node.api.useHybrid())

/** In which suite a device was given the key of a block. */
async function suiteOf(family: Family, host: Life, block: Bytes, reader: Life): Promise<number | undefined> {
  const state = await stateOf(family, host)
  return accessOf(state, block)!.fields.readcaps.find((readcap) => isFor(readcap, principalIn(reader)))?.suite
}

describe('suite 2', () => {
  test('a newcomer that asks for it is given its folder in it, reads, writes, and goes on after a restart', async () => {
    const family = await Family.of(1, 'laptop')
    const [laptop] = family.lives as [Life]
    const folder = await family.run(laptop, laptop.node.api.createFolder('f', laptop.page.tree.rootId, 'shared'))
    const old = await family.add(laptop, 'old', content(90_000), folder)
    const guest = await Guest.newcomer(family, 'camera')
    await useHybrid(family, guest.life)
    expect(await guest.join(laptop, { folderId: folder })).toBe(true)
    await guest.untilConnected()
    expect(await suiteOf(family, laptop, idFromText(folder)!, guest.life)).toBe(2)
    expect(await family.read(guest.life, old)).toEqual(content(90_000))
    await guest.restart()
    await guest.untilConnected()
    const own = await family.add(guest.life, 'own', content(500))
    await family.until('the laptop has it', () => guest.life.page.items.get(own)?.isWaiting === false)
    expect(await family.read(laptop, own)).toEqual(content(500))
  })

  test('is off unless asked for; once one device asks all do, and have it from the next key on', async () => {
    const family = await Family.of(2, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    const root = rootBlockId(treeIn(laptop))
    expect(laptop.page.tree.hybridCount).toBe(0)
    await family.cutOff(2)
    await useHybrid(family, phone)
    await family.until('the laptop follows', () => laptop.page.tree.hybridCount === 2)
    await family.comeTogether()
    // And who was away.
    await family.until('all have said so', () => family.lives.every(({ page }) => page.tree.hybridCount === 3))
    expect(deviceOf(await stateOf(family, laptop), principalIn(phone))!.device.fields.hybridKey).toHaveLength(1216)
    expect(await suiteOf(family, laptop, root, phone)).toBe(1)
    await family.run(laptop, laptop.node.api.removeDevice(family.request(), desk.page.tree.principal))
    const fresh = await family.add(laptop, 'fresh', content(700))
    await family.until('the phone has it', () => phone.page.items.get(fresh)?.copyCount === 2)
    expect(await suiteOf(family, laptop, root, phone)).toBe(2)
    expect(await suiteOf(family, laptop, root, laptop)).toBe(2)
    expect(await family.read(phone, fresh)).toEqual(content(700))
    // Asked again it has nothing more to say.
    await useHybrid(family, phone)
    expect(deviceOf(await stateOf(family, laptop), principalIn(phone))!.device.fields.version).toBe(2)
  })

  test('is asked for by whoever comes to a tree where it is, and by nobody for a guest that asks', async () => {
    const family = await Family.of(6, 'laptop')
    const [laptop] = family.lives as [Life]
    const guest = await Guest.newcomer(family, 'camera')
    await useHybrid(family, guest.life)
    await guest.join(laptop)
    const phone = await family.letInAlone('phone')
    await family.comeTogether()
    expect(phone.page.tree.hybridCount).toBe(0)
    await useHybrid(family, laptop)
    const tablet = await Guest.of(family, 'tablet')
    const desk = await family.letInAlone('desk')
    await family.until('all ask', () => desk.page.tree.hybridCount === 3)
    const asks = async () =>
      deviceOf(await stateOf(family, laptop), principalIn(tablet.life))!.device.fields.hybridKey !== null
    await tablet.untilConnected()
    await family.until('its folder is there', () => tablet.life.page.tree.isPlanted)
    expect(await asks()).toBe(true)
  })
})

test('who asks for keys by one that is none holds nobody else up: there are new keys after a removal, and none for it', async () => {
  const family = await Family.of(5, 'laptop', 'phone', 'desk')
  const [laptop, , desk] = family.lives as [Life, Life, Life]
  const root = rootBlockId(treeIn(laptop))
  const none = new Uint8Array(1216).fill(255)
  Object.assign(await family.devices[1]!.keys.node(), { hybridKey: () => Promise.resolve(none) })
  const phone = await family.restart(1)
  await useHybrid(family, phone)
  await family.comeTogether()
  await family.run(laptop, laptop.node.api.removeDevice(family.request(), desk.page.tree.principal))
  const fresh = await family.add(laptop, 'fresh', content(700))
  expect(await family.read(laptop, fresh)).toEqual(content(700))
  const state = await stateOf(family, laptop)
  expect(deviceOf(state, principalIn(phone))!.device.fields.hybridKey).toEqual(none)
  expect(accessOf(state, root)!.fields.keyEpoch).toBe(2)
  expect(readersOf(accessOf(state, root)!.fields.readcaps)).toEqual([treeIn(laptop), principalIn(laptop)])
})

test('where the arithmetic of suite 2 is not at hand, as in the service worker, a sentence says what to do', async () => {
  const family = await Family.of(4, 'laptop')
  const [laptop] = family.lives as [Life]
  const guest = await Guest.newcomer(family, 'camera')
  await useHybrid(family, guest.life)
  await guest.join(laptop)
  const note = await family.add(guest.life, 'note', content(100))
  const nodeKeys = await guest.device.keys.node()
  guest.life.process.kill()
  const open: NodeKeys['open'] = (suite, ...message) =>
    suite === 2 ? withoutHybrid() : nodeKeys.open(suite, ...message)
  const read = heldContent({
    store: family.storeIn(guest.device.disk),
    keys: { ...guest.device.keys, node: () => Promise.resolve({ ...nodeKeys, open }) },
    crypto: createSimulatedCrypto(Random.fromSeed(1)),
    discard: () => {},
  })
  const answer = family.scheduler.run(read(note).catch((error: unknown) => error))
  expect(await answer).toMatchObject({ code: 'suiteUnavailable', message: expect.stringContaining('Open Blocktree') })
})

test('of two guests in one folder neither has a word of the other on its disk', async () => {
  const family = await Family.of(3, 'laptop')
  const [laptop] = family.lives as [Life]
  const folder = await family.run(laptop, laptop.node.api.createFolder('f', laptop.page.tree.rootId, 'shared'))
  const [camera, tablet] = [
    await Guest.of(family, 'camera', { folderId: folder }),
    await Guest.of(family, 'tablet', { folderId: folder }),
  ]
  const note = await family.add(laptop, 'note', content(100), folder)
  for (const guest of [camera, tablet])
    await family.until('each has it', () => guest.life.page.items.get(note)?.copyCount === 2)
  const prefix = placePrefix(placeOf(treeIn(laptop)))
  for (const [guest, other] of [
    [camera, tablet],
    [tablet, camera],
  ] as const) {
    const { credential } = await other.device.keys.node()
    const rows = await family.scheduler.run(guest.life.store.scan('state', prefix, 1000))
    const all = rows.map(({ key, value }) => toHex(key) + toHex(value)).join(' ')
    for (const name of [principalIn(other.life), credential.kemKey, credential.signingKey])
      expect(all).not.toContain(toHex(name))
    expect(all).toContain(toHex(principalIn(guest.life)))
  }
  const state = await stateOf(family, laptop)
  expect(accessOf(state, idFromText(folder)!)!.fields.readcaps).toHaveLength(2)
})
