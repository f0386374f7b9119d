/**
 * What the devices that decide have signed about the tree, at every device of it.
 */
import { expect, test } from 'vitest'
import { equal, fromHex, must } from '../core/bytes/bytes.ts'
import { decodeHeader } from '../core/tree/tree.ts'
import type { Life } from './device.ts'
import { opened } from './testing/archive.ts'
import { Family, content, standing } from './testing/family.ts'

/** Until all know that so many devices have signed the newest entry. @returns its index */
async function untilAttested(family: Family, voteCount: number): Promise<number> {
  const index = (): number => standing(family.lives[0]!).appliedIndex
  await family.until(`${voteCount} have signed the newest entry`, () =>
    family.lives.every((life) => {
      const { appliedIndex, attested } = standing(life)
      return appliedIndex === index() && attested?.index === index() && attested.voteCount === voteCount
    }),
  )
  const reports = []
  for (const life of family.lives) reports.push(await family.run(life, life.node.api.storage()))
  for (const { attested, stateRoot } of reports) {
    expect(attested).toMatchObject({ deviceCount: voteCount, agrees: true })
    expect(stateRoot).toBe(reports[0]!.stateRoot)
  }
  return index()
}

test('the one that decides signs for all, and a device that was away or died hears of it', async () => {
  const family = await Family.of(1, 'laptop', 'phone')
  const [laptop] = family.lives as [Life, Life]
  const before = await untilAttested(family, 1)
  await family.cutOff(1)
  await family.add(laptop, 'meanwhile', content(1000))
  await family.comeTogether()
  expect(await untilAttested(family, 1)).toBeGreaterThan(before)
  await family.cutOff(1)
  await family.restart(1)
  await family.until('it is read from the disk', () => (standing(family.lives[1]!).attested?.index ?? 0) > before)
  family.network.heal()
  await family.untilConnected()
  await untilAttested(family, 1)
})

test('of three that decide all sign, and two where the third is away', async () => {
  const family = await Family.of(2, 'laptop', 'phone', 'desk')
  // Who is no newcomer any more decides too.
  for (const { wall } of family.devices) wall.jump(25 * 60 * 60 * 1000)
  await family.until('three decide', () => standing(family.lives[0]!).voters.length === 3)
  await untilAttested(family, 3)
  const away = family.lives.findIndex((life) => !standing(life).isLeader)
  await family.cutOff(away)
  const there = family.lives.filter((_, at) => at !== away)
  await family.add(there[0]!, 'meanwhile', content(1000))
  await family.until('two have signed', () =>
    there.every((life) => {
      const { appliedIndex, attested } = standing(life)
      return attested?.index === appliedIndex && attested.voteCount === 2
    }),
  )
  await family.comeTogether()
  await family.add(there[1]!, 'together', content(1000))
  await untilAttested(family, 3)
})

test('a new generation is signed anew', async () => {
  const family = await Family.of(3, 'laptop', 'phone')
  await untilAttested(family, 1)
  family.lives[0]!.process.kill()
  const phone = family.lives[1]!
  await family.until('it is away', () => phone.page.tree.decider.quorum === 'away')
  expect(standing(phone).attested).not.toBeNull()
  await family.run(phone, phone.node.api.beginTakeOver())
  await family.run(phone, phone.node.api.finishTakeOver('take over', family.words))
  expect(standing(phone).attested).toBeNull()
  await family.restart(0)
  await family.untilConnected()
  await untilAttested(family, 1)
})

test('what a removed device has written comes to a newcomer with what vouches for it', async () => {
  const family = await Family.of(4, 'laptop', 'phone', 'tablet')
  const [, phone, tablet] = family.lives as [Life, Life, Life]
  const letter = content(3000)
  const id = await family.add(tablet, 'letter', letter)
  await family.comeTogether()
  await family.run(phone, phone.node.api.removeDevice('r', tablet.page.tree.principal))
  family.lives.pop()
  tablet.process.kill()
  await family.comeTogether()
  family.lives[0]!.process.kill()
  await family.until('it is away', () => phone.page.tree.decider.quorum === 'away')
  await family.run(phone, phone.node.api.beginTakeOver())
  await family.run(phone, phone.node.api.finishTakeOver('take over', family.words))
  // The log of the new generation has nothing from before, so all of it comes as a state.
  const newcomer = await family.letInAlone('desk', phone)
  await family.until('the letter is there', () => newcomer.page.items.get(id)?.name === 'letter')
  expect(equal(await family.read(newcomer, id), letter)).toBe(true)
})

test('an archive is vouched for by those who decide, though another device makes it', async () => {
  const family = await Family.of(5, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  await family.add(laptop, 'letter', content(3000))
  await family.comeTogether()
  const exported = async () => {
    const request = family.request()
    const exportId = await family.run(phone, phone.node.api.beginExport(request))
    const { header } = must(decodeHeader(opened(await family.read(phone, exportId), family.words).frames[0]!))
    return header
  }
  const { attestation, stateRoot } = await exported()
  expect(attestation?.statement.stateRoot).toEqual(stateRoot)
  expect(attestation?.votes.map(({ voter }) => voter)).toEqual([
    fromHex(laptop.page.tree.principal.replaceAll(' ', ''))!,
  ])
  // With nobody around it still has what was signed last.
  await family.cutOff(1)
  expect((await exported()).attestation?.statement.stateRoot).toEqual(stateRoot)
  // What nobody has decided goes along, and nothing vouches for it.
  await family.add(phone, 'note', content(10))
  const alone = await exported()
  expect(alone.attestation).toBeNull()
  expect(alone.itemCount).toBe(2)
})
