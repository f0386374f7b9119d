/**
 * Archives of a tree that several devices share: who vouches for one is told before it is used.
 */
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../core/bytes/bytes.ts'
import { createSimBlob } from './blob.ts'
import { type Life, readAll } from './device.ts'
import { Family, content } from './testing/family.ts'

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
})
