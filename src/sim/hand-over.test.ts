/**
 * The vote moves among the devices of a tree: handed over before one goes to sleep, given to three as soon as there are three.
 */
import { describe, expect, test } from 'vitest'
import { equal, toHex } from '../core/bytes/bytes.ts'
import { decodeControl } from '../core/message/message.ts'
import type { Life } from './device.ts'
import { type Waiting, letInByCode } from './family.ts'
import { Family, content, standing, value } from './testing/family.ts'

const dayMs = 24 * 60 * 60 * 1000

const votersOf = (life: Life): number => standing(life).voters.length
const isVoter = (life: Life): boolean => standing(life).voters.includes(standing(life).nodeId)
const principalOf = async (family: Family, life: Life): Promise<string> =>
  (await family.run(life, life.node.api.devices())).find(({ isThis }) => isThis)!.principal

/** Everything that the first has is everywhere. */
const atRest = (family: Family): Promise<void> =>
  family.until('all have all', () =>
    family.lives.every(
      (life) =>
        standing(life).appliedIndex === standing(family.lives[0]!).appliedIndex && standing(life).keptCount === 0,
    ),
  )

describe('a device that hands over', () => {
  test('lets the other decide from then on, and goes on writing by it', async () => {
    const family = await Family.of(1, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const early = await family.add(laptop, 'early', content(80_000))
    await family.until('the phone has it', () => phone.page.items.get(early)?.copyCount === 2)
    const startedMs = family.scheduler.nowMs
    await family.run(laptop, laptop.node.api.handOver(null))
    expect(family.scheduler.nowMs - startedMs).toBeLessThan(1500)
    expect([isVoter(laptop), isVoter(phone)]).toEqual([false, true])
    // Who decides from now on may hear last that this is so.
    await family.until('it decides alone', () => votersOf(phone) === 1)
    await family.until('both say so', () => laptop.page.tree.decider.deviceName === 'phone')
    await family.until('it is told there', () => phone.page.tree.decider.quorum === 'here')
    const later = await family.add(laptop, 'later', content(90_000))
    laptop.process.kill()
    expect(equal(await family.read(phone, later), content(90_000))).toBe(true)
    await family.add(phone, 'alone', content(100))
    expect(standing(phone).keptCount).toBe(0)
    const back = await family.restart(0)
    await family.untilConnected()
    await atRest(family)
    expect([...back.page.items.values()].filter(({ kind }) => kind === 'file')).toHaveLength(3)
  })

  test('another lets a device in, which finds the one that decides', async () => {
    const family = await Family.of(30, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const early = await family.add(laptop, 'early', content(80_000))
    await atRest(family)
    const desk = await family.letInAlone('desk', phone)
    await family.comeTogether()
    expect(equal(await family.read(desk, early), content(80_000))).toBe(true)
    expect([isVoter(laptop), isVoter(phone), isVoter(desk)]).toEqual([true, false, false])
  })

  test('another lets a device in again and is told where the one that decides falls asleep meanwhile', async () => {
    const family = await Family.of(32, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    // It belongs to the tree, and does not know of it.
    const desk = family.newDevice('desk')
    desk.wall.jump(family.devices[0]!.wall.offsetMs - desk.wall.offsetMs)
    const life = value(await family.scheduler.run(desk.start()))
    await family.admit(desk)
    await atRest(family)
    const waiting: Waiting = {
      run: (on, work) => family.run(on, work),
      until: (what, isTrue) => family.until(what, isTrue),
    }
    const letIn = (afterwards?: () => Promise<void>) =>
      letInByCode(waiting, phone, { life, name: 'desk' }, family.words, { kind: 'own' }, afterwards)
    expect(await letIn(async () => laptop.process.freeze(2 * 60_000))).toBe(false)
    await family.until('it is awake', () => standing(phone).peers.some(({ path }) => path !== null))
    expect(await letIn()).toBe(true)
  })

  test('is followed by one that was away when the other came', async () => {
    const family = await Family.of(31, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await atRest(family)
    await family.cutOff(1)
    const desk = await family.letInAlone('desk')
    const file = await family.add(laptop, 'all', content(100))
    await family.until('the desk has all', () => laptop.page.items.get(file)?.copyCount === 2)
    await family.run(laptop, laptop.node.api.handOver(await principalOf(family, desk)))
    await family.comeTogether()
    expect([isVoter(laptop), isVoter(phone), isVoter(desk)]).toEqual([false, false, true])
  })

  test('names who is to decide, and gets the vote back', async () => {
    const family = await Family.of(2, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    await atRest(family)
    await family.run(laptop, laptop.node.api.handOver(await principalOf(family, desk)))
    expect([isVoter(laptop), isVoter(phone), isVoter(desk)]).toEqual([false, false, true])
    await expect(family.run(laptop, laptop.node.api.handOver(await principalOf(family, phone)))).rejects.toMatchObject({
      code: 'notLeading',
    })
    await family.run(laptop, laptop.node.api.handOver(null))
    await atRest(family)
    await family.run(desk, desk.node.api.handOver(await principalOf(family, laptop)))
    expect([isVoter(laptop), isVoter(desk), votersOf(laptop)]).toEqual([true, false, 1])
  })

  test('gives it to the one that was named, also where its page is hidden meanwhile', async () => {
    const family = await Family.of(34, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    await atRest(family)
    const { api } = laptop.node
    const chosen = api.handOver(await principalOf(family, desk))
    const hidden = api.handOver(null)
    const [named, other] = await family.run(laptop, Promise.allSettled([chosen, hidden]))
    expect(named.status).toBe('fulfilled')
    expect(other).toMatchObject({ status: 'rejected', reason: { code: 'handOverTwice' } })
    expect([isVoter(laptop), isVoter(phone), isVoter(desk)]).toEqual([false, false, true])
  })

  test('keeps the vote where nobody is there, and where the other does not answer', async () => {
    const family = await Family.of(3, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await atRest(family)
    family.network.tap = (lane, frame) => {
      const sent = lane === 'control' ? decodeControl(frame) : null
      if (sent?.ok === true && sent.value.body.tag === 'raft' && sent.value.body.value.kind === 'timeoutNow')
        phone.process.freeze(20_000)
    }
    await expect(family.run(laptop, laptop.node.api.handOver(null))).rejects.toMatchObject({ code: 'handOverBetween' })
    family.network.tap = () => {}
    // Its vote is needed to take it back, so that waits until it answers.
    await family.until('it is as it was', () => votersOf(laptop) === 1 && isVoter(laptop) && standing(laptop).isLeader)
    await family.cutOff(1)
    await expect(family.run(laptop, laptop.node.api.handOver(null))).rejects.toMatchObject({ code: 'handOverAway' })
    await family.add(laptop, 'alone', content(100))
    expect(standing(laptop).keptCount).toBe(0)
  })

  test('by itself gives it to none that comes and goes with it', async () => {
    const family = await Family.of(3, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    await atRest(family)
    for (const at of [0, 1]) family.network.beside.add(toHex(family.transport(at)))
    await family.run(laptop, laptop.node.api.handOver(null))
    expect([isVoter(laptop), isVoter(phone), isVoter(desk)]).toEqual([false, false, true])
    await family.run(desk, desk.node.api.handOver(laptop.page.tree.principal))
    await family.cutOff(2)
    await expect(family.run(laptop, laptop.node.api.handOver(null))).rejects.toMatchObject({ code: 'handOverAway' })
    // Who is named gets it all the same.
    await family.run(laptop, laptop.node.api.handOver(phone.page.tree.principal))
    expect(isVoter(phone)).toBe(true)
  })

  test('loses nothing that is written meanwhile, on either side', async () => {
    const family = await Family.of(4, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await atRest(family)
    const written = new Map<string, number>()
    for (let round = 0; round < 6; round++) {
      const [from, to] = round % 2 === 0 ? [laptop, phone] : [phone, laptop]
      const work = [from, to, from, to].map((life, at) => {
        const sizeBytes = 1000 * (round + 1) + at + (at === 3 ? 70_000 : 0)
        return family.add(life, `file ${round} ${at}`, content(sizeBytes)).then((id) => written.set(id, sizeBytes))
      })
      const moved = family.run(from, from.node.api.handOver(null)).catch((error: Error & { code?: string }) => {
        expect(['handOverAway', 'handOverSlow', 'handOverBetween']).toContain(error.code)
      })
      await Promise.all([...work, moved])
      await family.until('one decides', () => [laptop, phone].filter(isVoter).length === 1)
      await atRest(family)
    }
    expect(written.size).toBe(24)
    for (const life of family.lives)
      for (const [id, sizeBytes] of written) {
        await family.until('it is there', () => life.page.items.get(id)?.copyCount === 2)
        expect(equal(await family.read(life, id), content(sizeBytes))).toBe(true)
      }
  })
})

describe('three devices', () => {
  test('vote all as soon as each has been there for a day, and then do without any one', async () => {
    const family = await Family.of(5, 'laptop', 'phone', 'desk')
    const [laptop, phone, desk] = family.lives as [Life, Life, Life]
    await atRest(family)
    await family.scheduler.run(family.scheduler.sleep(60_000))
    expect(votersOf(laptop)).toBe(1)
    for (const device of family.devices) device.wall.jump(dayMs)
    await family.until('all vote', () => family.lives.every((life) => votersOf(life) === 3))
    await family.run(laptop, laptop.node.api.handOver(null))
    expect(votersOf(laptop)).toBe(3)
    expect(standing(laptop).isLeader).toBe(false)
    laptop.process.kill()
    await family.until('one leads', () => [phone, desk].some((life) => standing(life).isLeader))
    await family.add(phone, 'without', content(100))
    expect(standing(phone).keptCount).toBe(0)
  })
})
