/**
 * What the devices that decide have signed about the tree, at every device of it.
 */
import { expect, test } from 'vitest'
import type { Life } from './device.ts'
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
