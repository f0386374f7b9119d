/**
 * Who decides about a tree: chosen by its owner at any of the devices, all at once, under crashes and partitions; and what the tree
 * chooses itself where nobody has.
 */
import { describe, expect, test } from 'vitest'
import type { Life } from './device.ts'
import { Family, content, standing } from './testing/family.ts'

const dayMs = 24 * 60 * 60 * 1000

/** Names of those who vote, as a device knows them. */
function votersAt(family: Family, life: Life): readonly string[] {
  const { voters } = standing(life)
  return family.devices.flatMap(({ name }, at) => (voters.includes(standing(family.lives[at]!).nodeId) ? [name] : []))
}
const leaders = (family: Family): readonly string[] =>
  family.devices.flatMap(({ name }, at) => (isLeading(family.lives[at]!) ? [name] : []))
const isLeading = (life: Life): boolean => life.process.isAlive && standing(life).isLeader
const alive = (family: Family): readonly Life[] => family.lives.filter(({ process }) => process.isAlive)

/** Everybody who is alive knows that just these vote, and one of them leads. */
const untilDecided = (family: Family, ...names: readonly string[]): Promise<void> =>
  family.until(`${names.join(', ')} decide`, () => {
    const [leader, ...others] = leaders(family)
    const isKnown = alive(family).every((life) => votersAt(family, life).join() === names.join())
    return isKnown && leader !== undefined && others.length === 0 && names.includes(leader)
  })

const principalsOf = async (family: Family, names: readonly string[], at: Life): Promise<readonly string[]> =>
  (await family.run(at, at.node.api.devices())).filter(({ name }) => names.includes(name)).map((line) => line.principal)

async function appoint(family: Family, at: Life, ...names: readonly string[]): Promise<void> {
  await family.run(at, at.node.api.appoint(family.request(), await principalsOf(family, names, at)))
}

/** What is written here is taken by those who decide, and not only kept. */
async function goesOn(family: Family, life: Life, name: string): Promise<void> {
  await family.add(life, name, content(100))
  await family.until(`${name} is taken`, () => standing(life).keptCount === 0)
}

const hasAll = (family: Family): Promise<void> =>
  family.until('all have all', () =>
    family.lives.every(
      (life) =>
        standing(life).appliedIndex === standing(family.lives[0]!).appliedIndex && standing(life).keptCount === 0,
    ),
  )

async function familyOf(seed: number, ...names: readonly string[]): Promise<Family> {
  const family = await Family.of(seed, 'laptop', ...names)
  await hasAll(family)
  return family
}

describe('the owner chooses who decides', () => {
  test('three at once, from a device that follows; then any one of them may go', async () => {
    const family = await familyOf(1, 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    const seen = new Set<number>()
    family.network.tap = () => void seen.add(standing(laptop).voters.length)
    await appoint(family, phone, 'Laptop', 'phone', 'desk')
    await untilDecided(family, 'laptop', 'phone', 'desk')
    // Of two neither could do without the other.
    expect([...seen]).toEqual([1, 3])
    for (const life of family.lives) expect(life.page.tree.decider.appointed).toHaveLength(3)
    laptop.process.kill()
    await goesOn(family, phone, 'without the laptop')
    await family.restart(0)
    await untilDecided(family, 'laptop', 'phone', 'desk')
    desk.process.kill()
    await goesOn(family, phone, 'without the desk')
  })

  test('one that does not lead yet, and back, while all go on writing', async () => {
    const family = await familyOf(2, 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    for (const [round, name] of ['desk', 'phone', 'laptop', 'desk'].entries()) {
      const chosen = appoint(family, [laptop, phone, desk][round % 3]!, name === 'laptop' ? 'Laptop' : name)
      const written = family.lives.map((life, at) => family.add(life, `round ${round} of ${at}`, content(100)))
      await Promise.all([chosen, ...written])
      await untilDecided(family, name)
      await hasAll(family)
    }
    expect(laptop.page.items.size).toBe(1 + 12)
  })

  test('some in the place of others, jointly', async () => {
    const family = await familyOf(3, 'phone', 'desk', 'tablet', 'watch')
    const [laptop, phone, desk, tablet] = family.lives as [Life, Life, Life, Life]
    await appoint(family, laptop, 'Laptop', 'phone', 'desk')
    await untilDecided(family, 'laptop', 'phone', 'desk')
    await appoint(family, tablet, 'desk', 'tablet', 'watch')
    await untilDecided(family, 'desk', 'tablet', 'watch')
    laptop.process.kill()
    phone.process.kill()
    await goesOn(family, desk, 'by the new ones')
  })

  test('one that is away is awaited: nothing changes until it is there, and nobody waits in vain', async () => {
    const family = await familyOf(4, 'phone', 'desk')
    const [laptop, phone] = family.lives as [Life, Life]
    await family.cutOff(2)
    await appoint(family, phone, 'Laptop', 'phone', 'desk')
    for (let minute = 0; minute < 3; minute++) {
      await family.scheduler.run(family.scheduler.sleep(60_000))
      expect(votersAt(family, laptop)).toEqual(['laptop'])
      await goesOn(family, phone, `minute ${minute}`)
    }
    await family.comeTogether()
    await untilDecided(family, 'laptop', 'phone', 'desk')
  })

  test('is taken back as long as it waits', async () => {
    const family = await familyOf(5, 'phone', 'desk')
    const [laptop, phone] = family.lives as [Life, Life]
    await family.cutOff(2)
    await appoint(family, phone, 'Laptop', 'desk')
    await appoint(family, laptop)
    expect(laptop.page.tree.decider.appointed).toBeNull()
    await family.comeTogether()
    await family.scheduler.run(family.scheduler.sleep(60_000))
    expect(votersAt(family, laptop)).toEqual(['laptop'])
  })

  test('not without a majority of those who decide, which only the root can overrule', async () => {
    const family = await familyOf(6, 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    await appoint(family, laptop, 'Laptop', 'phone', 'desk')
    await untilDecided(family, 'laptop', 'phone', 'desk')
    await family.cutOff(0)
    await family.until('it knows', () => laptop.page.tree.decider.quorum === 'away')
    await expect(appoint(family, laptop, 'Laptop')).rejects.toMatchObject({ code: 'decidersAway' })
    const isTaken = () => [phone, desk].some(isLeading) && phone.page.tree.decider.quorum !== 'away'
    await family.until('the others go on without it', isTaken)
    await appoint(family, phone, 'phone')
    await family.until('the others have agreed', () => votersAt(family, desk).join() === 'phone')
    expect(standing(laptop).voters).toHaveLength(3)
    await goesOn(family, desk, 'meanwhile')
    await family.comeTogether()
    await untilDecided(family, 'phone')
  })

  test('ends where one of them is put out, and where another takes over', async () => {
    const family = await familyOf(7, 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    await appoint(family, laptop, 'phone')
    await untilDecided(family, 'phone')
    const [gone] = await principalsOf(family, ['phone'], laptop)
    await family.run(laptop, laptop.node.api.removeDevice(family.request(), gone!))
    await family.comeTogetherWithout(1)
    expect(laptop.page.tree.decider.appointed).toBeNull()
    expect(votersAt(family, laptop)).not.toContain('phone')
    await goesOn(family, desk, 'without the phone')
    phone.process.kill()
    await appoint(family, desk, 'Laptop')
    await family.until('it decides', () => standing(laptop).isLeader && votersAt(family, laptop).join() === 'laptop')
    laptop.process.kill()
    await family.until('it is missed', () => desk.page.tree.decider.quorum === 'away')
    await family.run(desk, desk.node.api.beginTakeOver())
    await family.run(desk, desk.node.api.finishTakeOver(family.request(), family.words))
    expect(desk.page.tree.decider.appointed).toBeNull()
    await goesOn(family, desk, 'taken over')
  })

  test('does not bring back one that is on its way out, whoever puts it out', async () => {
    for (const [at, votes] of [
      [0, 1],
      [2, 1],
      [2, 3],
    ] as const) {
      const family = await familyOf(40 + at + votes, 'phone', 'desk')
      const [laptop, phone] = family.lives as [Life, Life]
      await appoint(family, laptop, 'phone', ...(votes === 3 ? ['Laptop', 'desk'] : []))
      await untilDecided(family, ...(votes === 3 ? ['laptop', 'phone', 'desk'] : ['phone']))
      const by = family.lives[at]!
      // Between its last vote and its end there is time for the one who leads to look who should vote.
      for (const { store } of family.lives) store.faults.slowness = 150
      let returnedCount = 0
      let didVote = true
      family.network.tap = () => {
        const votesNow = standing(by).voters.includes(standing(phone).nodeId)
        if (votesNow && !didVote) returnedCount++
        didVote = votesNow
      }
      const [gone] = await principalsOf(family, ['phone'], by)
      await family.run(by, by.node.api.removeDevice(family.request(), gone!))
      await family.comeTogetherWithout(1)
      expect(returnedCount).toBe(0)
      expect(votersAt(family, by)).not.toContain('phone')
      for (const { store } of family.lives) store.faults.slowness = 1
      await goesOn(family, by, 'without the phone')
    }
  })

  test('waits for one that is to vote again to be none of them before it is put out', async () => {
    const family = await familyOf(41, 'phone', 'desk')
    const [laptop] = family.lives as [Life]
    await appoint(family, laptop, 'phone')
    await untilDecided(family, 'phone')
    // The next one leads, and gives the vote back to whom the owner chose, before it hears that he is put out.
    for (const { store } of family.lives) store.faults.slowness = 170
    const [gone] = await principalsOf(family, ['phone'], laptop)
    await family.run(laptop, laptop.node.api.removeDevice(family.request(), gone!))
    await family.comeTogetherWithout(1)
    expect(votersAt(family, laptop)).toEqual(['laptop'])
  })

  test('holds against hand-overs, and against what the tree would choose', async () => {
    const family = await familyOf(8, 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    await appoint(family, laptop, 'Laptop')
    await expect(family.run(laptop, laptop.node.api.handOver(null))).rejects.toMatchObject({ code: 'handOverChosen' })
    for (const device of family.devices) device.wall.jump(dayMs)
    await family.scheduler.run(family.scheduler.sleep(60_000))
    expect(votersAt(family, laptop)).toEqual(['laptop'])
    await appoint(family, phone)
    await untilDecided(family, 'laptop', 'phone', 'desk')
    await appoint(family, phone, 'Laptop', 'phone')
    await untilDecided(family, 'laptop', 'phone')
    await family.run(laptop, laptop.node.api.handOver(null))
    expect([standing(laptop).isLeader, standing(phone).isLeader]).toEqual([false, true])
    await untilDecided(family, 'laptop', 'phone')
    const [deskId] = await principalsOf(family, ['desk'], phone)
    await expect(family.run(phone, phone.node.api.handOver(deskId!))).rejects.toMatchObject({ code: 'handOverChosen' })
    await goesOn(family, desk, 'afterwards')
  })

  test('is carried out whoever dies amid the change, at whichever write', async () => {
    for (let writeCount = 0; writeCount < 12; writeCount++) {
      const family = await familyOf(100 + writeCount, 'phone', 'desk')
      const [laptop, phone] = family.lives as [Life, Life]
      await appoint(family, phone, 'phone', 'desk', ...(writeCount % 2 === 0 ? ['Laptop'] : []))
      const at = writeCount % 3
      const when = writeCount % 4 < 2 ? ('before' as const) : ('after' as const)
      family.lives[at]!.store.faults.crash = { writeCount: Math.floor(writeCount / 3), when }
      const strikes = (): boolean => !family.lives[at]!.process.isAlive
      for (let round = 0; !strikes() && round < 20; round++) {
        void laptop.node.api.createFolder(family.request(), laptop.page.tree.rootId, `${round}`).catch(() => {})
        await family.scheduler.run(family.scheduler.sleep(250))
      }
      expect(strikes()).toBe(true)
      await family.restart(at)
      await untilDecided(family, ...(writeCount % 2 === 0 ? ['laptop'] : []), 'phone', 'desk')
      await family.comeTogether()
      await goesOn(family, family.lives[2]!, 'in the end')
    }
  })
})

describe('a voter that is asleep', () => {
  test('gives way to a device that is awake, and follows when it is back', async () => {
    const family = await familyOf(20, 'phone', 'desk', 'tablet')
    const [laptop, phone, desk, tablet] = family.lives as [Life, Life, Life, Life]
    await family.cutOff(3)
    for (const device of family.devices) device.wall.jump(dayMs)
    await family.until('three vote', () => votersAt(family, laptop).join() === 'laptop,phone,desk')
    await family.comeTogether()
    phone.process.kill()
    await family.scheduler.run(family.scheduler.sleep(10 * 60_000))
    expect(votersAt(family, laptop)).toEqual(['laptop', 'phone', 'desk'])
    await family.until('another has its place', () => votersAt(family, laptop).join() === 'laptop,desk,tablet')
    // What comes after the change is decided by those after it.
    await goesOn(family, laptop, 'with one asleep')
    desk.process.kill()
    await goesOn(family, tablet, 'with another one asleep')
    await family.restart(1)
    await family.restart(2)
    await family.comeTogether()
    await untilDecided(family, 'laptop', 'desk', 'tablet')
  })

  test('keeps its vote where nobody could take it: fewer than half are never dropped to', async () => {
    const family = await familyOf(21, 'phone', 'desk')
    const [laptop, phone] = family.lives as [Life, Life]
    for (const device of family.devices) device.wall.jump(dayMs)
    await untilDecided(family, 'laptop', 'phone', 'desk')
    phone.process.kill()
    await family.scheduler.run(family.scheduler.sleep(60 * 60_000))
    expect(votersAt(family, laptop)).toHaveLength(3)
    await goesOn(family, laptop, 'by two of three')
  })
})

test('one that leads by a clock that is an hour ahead is replaced, and follows', async () => {
  const family = await familyOf(8, 'phone', 'desk')
  const [laptop, phone, desk] = family.lives as [Life, Life, Life]
  await appoint(family, laptop, 'Laptop', 'phone', 'desk')
  await untilDecided(family, 'laptop', 'phone', 'desk')
  family.devices[1]!.wall.jump(60 * 60_000)
  await family.until('it asked whether it has been replaced', () => !isLeading(phone) && leaders(family).length === 1)
  const leader = family.lives.find(isLeading)!
  const [line] = (await family.run(leader, leader.node.api.devices())).filter(({ name }) => name === 'phone')
  await family.run(leader, leader.node.api.handOver(line!.principal))
  expect(isLeading(phone)).toBe(true)
  await family.add(phone, 'by the clock that is ahead', content(100))
  await goesOn(family, laptop, 'by another')
  await hasAll(family)
  expect(isLeading(phone)).toBe(false)
  for (const life of [laptop, phone, desk]) expect(life.page.items.size).toBe(3)
})

test('what the only one decided by a clock that is ahead holds, and all go on from there', async () => {
  const family = await familyOf(9, 'phone', 'desk')
  const [laptop, phone, desk] = family.lives as [Life, Life, Life]
  phone.process.kill()
  family.devices[0]!.wall.jump(60 * 60_000)
  await family.add(laptop, 'an hour ahead', content(100))
  family.devices[0]!.wall.jump(-60 * 60_000)
  await family.until('the desk has it', () => desk.page.items.size === 1)
  // To whom it comes as a whole state.
  await family.letInAlone('tablet')
  await family.restart(1)
  await appoint(family, laptop, 'Laptop', 'phone', 'desk')
  await untilDecided(family, 'laptop', 'phone', 'desk')
  await goesOn(family, laptop, 'by all three')
  await hasAll(family)
  laptop.process.kill()
  await goesOn(family, desk, 'by the others')
})
