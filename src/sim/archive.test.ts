/**
 * Archives of a tree that several devices share: who vouches for one is told before it is used.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, fromHex } from '../core/bytes/bytes.ts'
import { createSimBlob } from './blob.ts'
import { type Life, type SimDevice, readAll } from './device.ts'
import { Family, content, value } from './testing/family.ts'

async function exported(family: Family, life: Life): Promise<Bytes> {
  const id = await family.run(life, life.node.api.beginExport(family.request()))
  return family.run(life, readAll(life.node.api, id))
}
const recovering = async (family: Family, archive: Bytes, takesUnattested = false) => {
  const clean = await family.startAlone('clean')
  const blob = createSimBlob(archive, clean.process)
  const { api } = clean.node
  const signers = await family.run(clean, api.recover('q', blob, family.words, 'Clean', takesUnattested))
  return { signers, names: [...clean.page.items.values()].map(({ name }) => name) }
}

describe('an archive', () => {
  test('by one of three devices that decide together is signed by most of them', async () => {
    const family = await Family.of(1, 'laptop', 'phone', 'desk')
    const [laptop, phone] = family.lives as [Life, Life, Life]
    await family.allVote()
    await family.add(laptop, 'letter', content(3000))
    await family.comeTogether()
    const { signers, names } = await recovering(family, await exported(family, phone))
    expect(names).toContain('letter')
    expect(signers.length).toBeGreaterThanOrEqual(2)
    expect(['Laptop', 'phone', 'desk']).toEqual(expect.arrayContaining([...signers]))
  })

  test('of two devices, of which one decides, is signed by that one, whichever exports it', async () => {
    const family = await Family.of(2, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await family.add(laptop, 'letter', content(3000))
    await family.comeTogether()
    for (const life of [laptop, phone])
      expect((await recovering(family, await exported(family, life))).signers).toEqual(['Laptop'])
  })

  test('that one device made alone says so before it is used, and whose word it is', async () => {
    const family = await Family.of(3, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await family.add(laptop, 'letter', content(3000))
    await family.comeTogether()
    await family.cutOff(1)
    await family.add(phone, 'alone', content(500))
    const archive = await exported(family, phone)
    await expect(recovering(family, archive)).rejects.toMatchObject({
      code: 'archiveOfOne',
      message: expect.stringContaining('Only “phone” has signed this archive'),
    })
    const taken = await recovering(family, archive, true)
    expect(taken.signers).toEqual([])
    expect(taken.names).toEqual(expect.arrayContaining(['letter', 'alone']))
  })

  const start = async (family: Family, device: SimDevice) => value(await family.scheduler.run(device.start()))
  const recoverOn = (family: Family, life: Life, archive: Bytes) =>
    family.run(life, life.node.api.recover(family.request(), createSimBlob(archive, life.process), family.words, 'B'))

  test('that is refused leaves nothing of itself beside the next one', async () => {
    const family = await Family.of(4, 'laptop')
    const [laptop] = family.lives as [Life]
    await family.add(laptop, 'letter', content(3000))
    const early = await exported(family, laptop)
    await family.add(laptop, 'later letter', content(3000))
    const late = await exported(family, laptop)

    const browser = family.newDevice('browser')
    const life = await start(family, browser)
    browser.signer.brokenChance = 1
    await expect(recoverOn(family, life, late)).rejects.toMatchObject({ code: 'signatureInvalid' })
    browser.signer.brokenChance = 0
    // Until whatever goes on by itself has been done.
    await family.scheduler.run(family.scheduler.sleep(60_000))
    for (const table of ['raft', 'log', 'state', 'holding', 'object'] as const)
      expect([...browser.disk.rows(table, fromHex(laptop.page.tree.treeId)!)], table).toEqual([])
    await recoverOn(family, life, early)
    life.process.kill()
    const { page } = await start(family, browser)
    const names = [...page.items.values()].map(({ name }) => name)
    expect(names).toContain('letter')
    expect(names).not.toContain('later letter')
  })

  test('of a tree that this browser was removed from is refused with what to do', async () => {
    const family = await Family.of(5, 'laptop')
    const [laptop] = family.lives as [Life]
    const browser = family.newDevice('browser')
    await family.admit(browser)
    const line = (await family.run(laptop, laptop.node.api.devices())).find(({ isThis }) => !isThis)!
    await family.run(laptop, laptop.node.api.removeDevice('remove', line.principal))
    const archive = await exported(family, laptop)
    const life = await start(family, browser)
    await expect(recoverOn(family, life, archive)).rejects.toMatchObject({
      code: 'recoverRemoved',
      message: expect.stringContaining('another browser profile'),
    })
    expect(life.page.tree.isPlanted).toBe(false)
  })
})
