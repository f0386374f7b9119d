/**
 * A host of bad faith: it has the keys of a device of the owner's own, and tells a guest of the folder whatever it likes. The guest
 * goes on with those that tell the truth, and loses nothing.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, fromHex, keyOf, must } from '../core/bytes/bytes.ts'
import { remove, root, set } from '../core/merkle/merkle.ts'
import { type Answer, type Question, decisionCountMax } from '../core/message/message.ts'
import { type TreeState, decodeBatch, encodeRow, excerptFor, keys, summaryOf } from '../core/tree/tree.ts'
import { rowsAfter } from '../node/cluster/snapshots.ts'
import { idFromText } from '../node/read/view.ts'
import type { Life } from './device.ts'
import { Family, content, standing } from './testing/family.ts'
import { Guest, dayMs } from './testing/guest.ts'
import { stateOf } from './testing/knowledge.ts'
import { Rogue } from './testing/rogue.ts'

type Told = Extract<Answer, { tag: 'excerpt' }>['value']
const octets = (octet: number, sizeBytes: number): Bytes => new Uint8Array(sizeBytes).fill(octet)
const noAnswer: Answer = { tag: 'none', value: {} }

type Change = (question: Question) => Partial<Told>

/** One of the family, whose program is gone, tells a guest of the folder as it is in a state, but for what is changed. */
function hostAt(
  { family, guest, at }: { readonly family: Family; readonly guest: Guest; readonly at: number },
  state: TreeState,
  change: Change,
  answer: Rogue['answer'] = () => noAnswer,
): Promise<Rogue> {
  const { map } = excerptFor(state, fromHex(guest.life.page.tree.principal.replaceAll(' ', ''))!)!
  const { generation, stampMs } = summaryOf(state)!
  family.network.unblock(guest.transport, family.transport(at))
  family.network.unblock(family.transport(at), guest.transport)
  return Rogue.start(family, {
    ...{ device: family.devices[at]!, transport: family.transport(at) },
    ...{ target: guest.life, targetTransport: guest.transport },
    answer: (question) => {
      if (question.tag === 'excerptRows')
        return question.value.known === null ? rowsAfter(map, question.value.after) : noAnswer
      if (question.tag !== 'excerpt') return answer(question)
      const told = { generation, takeOver: null, stampMs, root: root(map), decided: [] }
      return { tag: 'excerpt', value: { ...told, ...change(question) } }
    },
  })
}

/** A guest that has written a note meets the phone alone, which is of bad faith. */
async function scene(seed: number) {
  const family = await Family.of(seed, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  const guest = await Guest.of(family, 'camera')
  await guest.untilConnected()
  const note = await family.add(guest.life, 'note', content(300))
  await family.until('both have it', () => [laptop, phone].every(({ page }) => page.items.has(note)))
  await guest.cutOff()
  phone.process.kill()
  const host = (state: TreeState, change: Change, answer?: Rogue['answer']) =>
    hostAt({ family, guest, at: 1 }, state, change, answer)
  /** The laptop is there again, and at the next start as well. */
  const goesOn = async (): Promise<void> => {
    family.network.heal()
    for (const start of [async () => {}, () => guest.restart()]) {
      await start()
      const other = laptop.page.tree.principal.replaceAll(' ', '')
      await family.until('the guest meets the laptop', () =>
        standing(guest.life).peers.some(({ id, path }) => id === other && path !== null),
      )
      const id = await family.add(guest.life, family.request(), content(400))
      await family.until('the laptop has it', () => laptop.page.items.get(id)?.copyCount !== undefined)
      await family.until('the guest knows', () => standing(guest.life).keptCount === 0)
      const late = await family.add(laptop, family.request(), content(500), laptop.page.items.get(id)!.parentId!)
      await family.until('the guest sees it', () => guest.life.page.items.has(late))
    }
  }
  return { family, laptop, guest, note, host, goesOn }
}
const staged: Answer = { tag: 'staged', value: {} }
/** All that it is asked about was taken. */
const takenIn =
  (state: TreeState): Change =>
  (question) => {
    const { stampMs } = summaryOf(state)!
    const requestIds = question.tag === 'excerpt' ? question.value.requestIds : []
    return { decided: requestIds.map((requestId) => ({ requestId, stampMs, fault: null })) }
  }
const waitMs = (family: Family, ms: number) => family.scheduler.run(family.scheduler.sleep(ms))

describe('a guest that is told', () => {
  test.each(['control', 'bulk'] as const)(
    'of another tree on %s ends the connection, and goes on with who does not',
    async (lane) => {
      const { family, laptop, host, goesOn } = await scene(50)
      const rogue = await host(await stateOf(family, laptop), () => ({}))
      for (const elsewhere of [{ treeId: octets(9, 32) }, { clusterId: octets(9, 16) }])
        await rogue.untilDropped(() => rogue.sayElsewhere(lane, elsewhere))
      await goesOn()
    },
  )

  const lies: readonly (readonly [string, (state: TreeState) => Partial<Told>])[] = [
    ['of a time that will never come', () => ({ stampMs: Number.MAX_SAFE_INTEGER })],
    ['of a generation that nobody has begun', () => ({ generation: Number.MAX_SAFE_INTEGER })],
    [
      'of a time and of a decision',
      () => ({
        stampMs: Number.MAX_SAFE_INTEGER,
        decided: [{ requestId: octets(9, 16), stampMs: 5, fault: null }],
      }),
    ],
  ]
  test.each(lies)('%s goes on with who tells the truth', async (_, lie) => {
    const { family, laptop, host, goesOn } = await scene(51)
    const state = await stateOf(family, laptop)
    const rogue = await host(state, () => lie(state))
    await waitMs(family, 60_000)
    expect(rogue).toBeDefined()
    await goesOn()
  })

  test('of a generation that nobody has begun, by an excerpt as well, goes on', async () => {
    const { family, laptop, host, goesOn } = await scene(57)
    const { treeId, map } = await stateOf(family, laptop)
    const summary = { ...summaryOf({ treeId, map })!, generation: Number.MAX_SAFE_INTEGER }
    await host({ treeId, map: set(map, keys.summary, encodeRow('summary', summary)) }, () => ({}))
    await waitMs(family, 60_000)
    await goesOn()
  })

  test('that what it wrote was taken, which the folder does not show, keeps it', async () => {
    const { family, laptop, guest, host, goesOn } = await scene(52)
    const photo = await family.add(guest.life, 'photo', content(70_000))
    const state = await stateOf(family, laptop)
    await host(state, takenIn(state), ({ tag }) => (tag === 'stage' ? staged : noAnswer))
    await family.until('it is told', () => standing(guest.life).keptCount === 0)
    await waitMs(family, 60_000)
    const [kept] = await family.run(guest.life, guest.life.node.api.quarantine())
    expect(kept).toMatchObject({ name: 'photo', reason: expect.stringContaining('not in the folder') })
    expect(await family.read(guest.life, kept!.id)).toEqual(content(70_000))

    await goesOn()
    const [again] = await family.run(guest.life, guest.life.node.api.quarantine())
    await family.run(guest.life, guest.life.node.api.retryQuarantined(again!.id))
    await family.until('the laptop has it', () => laptop.page.items.get(photo)?.name === 'photo')
  })

  test('what the folder was, by one whose time has ended, does not use it', async () => {
    const { family, laptop, guest, note, host, goesOn } = await scene(53)
    const early = await stateOf(family, laptop)
    family.network.heal()
    await guest.untilConnected()
    const later = await family.add(laptop, 'later', content(20), laptop.page.items.get(note)!.parentId!)
    await family.until('the guest sees it', () => guest.life.page.items.has(later))
    await guest.cutOff()
    // The phone has 365 days, the guest as many as its owner gave it.
    for (const { wall } of [...family.devices, guest.device]) wall.jump(366 * dayMs)
    const { stampMs } = summaryOf(early)!
    await host(early, () => ({ stampMs: stampMs + 366 * dayMs }))
    await waitMs(family, 60_000)
    expect(guest.life.page.items.has(later)).toBe(true)
    const untilMs = family.nowMs + 30 * dayMs
    const extensions = [{ principal: guest.life.page.tree.principal, expiresAtMs: untilMs }]
    await family.run(laptop, laptop.node.api.beginExtension(extensions))
    await family.run(laptop, laptop.node.api.finishExtension(family.request(), extensions, family.words))
    family.network.heal()
    await family.until('the guest has more time', () => guest.life.page.tree.limited?.expiresAtMs === untilMs)
    expect(guest.life.page.items.has(later)).toBe(true)
    await goesOn()
  })
})

test('a guest hears that a host was removed, whatever that says of when it was', async () => {
  const { family, laptop, guest, note, host } = await scene(69)
  const early = await stateOf(family, laptop)
  const phone = family.lives[1]!.page.tree.principal
  await family.run(laptop, laptop.node.api.removeDevice('r', phone))
  const later = await family.add(laptop, 'later', content(20), laptop.page.items.get(note)!.parentId!)
  let isAsked = false
  const rogue = await host(early, () => {
    isAsked = true
    return { stampMs: family.nowMs + 110_000 }
  })
  rogue.say({ tag: 'excerpt', value: { root: octets(1, 32) } })
  await family.until('it tells of the folder', () => isAsked)
  family.network.heal()
  await family.until('the guest sees it', () => guest.life.page.items.has(later))
  const isPeer = () => standing(guest.life).peers.some(({ id }) => id === phone.replaceAll(' ', ''))
  await family.until('the phone is no device any more', () => !isPeer())
  expect(rogue.isUp).toBe(false)
})

test('a guest that knows that a device was removed takes nothing that does not say so', async () => {
  const family = await Family.of(70, 'laptop', 'phone', 'tablet')
  const [laptop, , tablet] = family.lives as [Life, Life, Life]
  const guest = await Guest.of(family, 'camera')
  const early = await stateOf(family, laptop)
  const phone = family.lives[1]!.page.tree.principal
  const isPeer = () => standing(guest.life).peers.some(({ id }) => id === phone.replaceAll(' ', ''))
  await family.until('the guest knows the phone', isPeer)
  await family.run(laptop, laptop.node.api.removeDevice('r', phone))
  await family.until('the guest hears of it', () => !isPeer())
  await guest.cutOff()
  tablet.process.kill()
  const readmitted: boolean[] = []
  const rogue = await hostAt({ family, guest, at: 2 }, early, () => {
    readmitted.push(isPeer())
    return { stampMs: family.nowMs + 110_000 }
  })
  for (const octet of [1, 2, 3]) {
    const { length } = readmitted
    rogue.say({ tag: 'excerpt', value: { root: octets(octet, 32) } })
    await family.until('it tells of the folder', () => readmitted.length > length)
  }
  expect(readmitted).not.toContain(true)
})

test('a guest whose folder is there for one device may write in it, though another says that it is gone', async () => {
  const { family, laptop, guest, note, host } = await scene(77)
  const folder = laptop.page.items.get(note)!.parentId!
  const isFolder = (standing: string) => () => guest.life.page.tree.limited?.folder === standing
  const state = await stateOf(family, laptop)
  const gone = { ...state, map: remove(state.map, keys.place(idFromText(folder)!)) }
  const rogue = await host(gone, () => ({ stampMs: family.nowMs }))
  rogue.say({ tag: 'excerpt', value: { root: octets(1, 32) } })
  await family.until('it is told that it is gone', isFolder('gone'))
  family.network.heal()
  await family.until('it is told that it is there', isFolder('there'))
  const last = await family.add(guest.life, 'last', content(30))
  await family.until('the laptop has it', () => laptop.page.items.has(last))
  let toldCount = 0
  const answer = rogue.answer
  rogue.answer = (question) => {
    if (question.tag === 'excerpt') toldCount++
    return answer(question)
  }
  for (const octet of [2, 3, 4]) {
    const before = toldCount
    rogue.say({ tag: 'excerpt', value: { root: octets(octet, 32) } })
    await family.until('it tells it again', () => toldCount > before)
    await family.until('it is there', isFolder('there'))
  }
})

test('a guest asks who does not take the body of a change whether it was taken', async () => {
  const { family, laptop, guest, host } = await scene(71)
  const state = await stateOf(family, laptop)
  laptop.process.kill()
  await host(state, takenIn(state), ({ tag }) => (tag === 'stage' ? staged : noAnswer))
  await hostAt({ family, guest, at: 0 }, state, takenIn(state))
  await family.add(guest.life, 'photo', content(400)).catch(() => {})
  await family.until('it is told', () => standing(guest.life).keptCount === 0)
})

test('a guest asks what became of all that it had kept, however much that is', async () => {
  const { family, laptop, guest, host } = await scene(72)
  const { api } = guest.life.node
  const numbers = Array.from({ length: decisionCountMax + 1 }, (_, at) => at)
  const { rootId } = guest.life.page.tree
  await family.run(guest.life, Promise.all(numbers.map((at) => api.createFolder(`f${at}`, rootId, `folder ${at}`))))
  const keptCount = standing(guest.life).keptCount
  await guest.restart()
  const asked = new Set<string>()
  await host(await stateOf(family, laptop), (question) => {
    const requestIds = question.tag === 'excerpt' ? question.value.requestIds : []
    for (const requestId of requestIds) asked.add(keyOf(requestId))
    return {}
  })
  await family.until('it has asked for all', () => asked.size === keptCount)
  expect(keptCount).toBeGreaterThan(decisionCountMax)
})

test('a guest does not wait for the word of a device whose time has ended', async () => {
  const family = await Family.of(67, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  const guest = await Guest.of(family, 'camera')
  // The phone has 365 days.
  for (const { wall } of [...family.devices, guest.device]) wall.jump(366 * dayMs)
  const untilMs = family.nowMs + 30 * dayMs
  const extensions = [{ principal: guest.life.page.tree.principal, expiresAtMs: untilMs }]
  await family.run(laptop, laptop.node.api.beginExtension(extensions))
  await family.run(laptop, laptop.node.api.finishExtension(family.request(), extensions, family.words))
  await family.until('the guest has more time', () => guest.life.page.tree.limited?.expiresAtMs === untilMs)
  await guest.cutOff()
  await family.add(guest.life, 'photo', content(400))
  const state = await stateOf(family, laptop)
  laptop.process.kill()
  family.network.heal()
  const id = phone.page.tree.principal.replaceAll(' ', '')
  const isPhoneUp = () => standing(guest.life).peers.some((peer) => peer.id === id && peer.path !== null)
  await family.until('the guest meets the phone', isPhoneUp)
  await hostAt({ family, guest, at: 0 }, state, takenIn(state), ({ tag }) => (tag === 'stage' ? staged : noAnswer))
  await family.until('it is told', () => standing(guest.life).keptCount === 0)
  expect(isPhoneUp()).toBe(true)
  const [kept] = await family.run(guest.life, guest.life.node.api.quarantine())
  expect(kept).toMatchObject({ name: 'photo', reason: expect.stringContaining('not in the folder') })
})

test('a guest does not wait for the word of a device that is behind', async () => {
  const family = await Family.of(78, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  const guest = await Guest.of(family, 'camera')
  await family.comeTogether()
  await guest.untilConnected()
  family.part(0, 1)
  const folder = [...laptop.page.items.values()].find(({ name }) => name === 'camera')!.id
  const late = await family.add(laptop, 'late', content(20), folder)
  await family.until('the guest sees it', () => guest.life.page.items.has(late))
  await guest.cutOff()
  await family.add(guest.life, 'photo', content(400))
  const state = await stateOf(family, laptop)
  laptop.process.kill()
  guest.rejoin(1)
  const id = phone.page.tree.principal.replaceAll(' ', '')
  const isPhoneUp = () => standing(guest.life).peers.some((peer) => peer.id === id && peer.path !== null)
  await family.until('the guest meets the phone', isPhoneUp)
  await hostAt({ family, guest, at: 0 }, state, takenIn(state), ({ tag }) => (tag === 'stage' ? staged : noAnswer))
  await family.until('it is told', () => standing(guest.life).keptCount === 0)
  expect(isPhoneUp()).toBe(true)
  expect(phone.page.items.has(late)).toBe(false)
})

describe('a guest that is told the truth', () => {
  test('by a clock less than a day ahead of its own, goes on', async () => {
    const family = await Family.of(55, 'laptop')
    const [laptop] = family.lives as [Life]
    const guest = await Guest.of(family, 'camera')
    guest.device.wall.jump(-60 * 60_000)
    await guest.restart()
    const id = await family.add(guest.life, 'photo', content(400))
    await family.until('the guest knows', () => standing(guest.life).keptCount === 0)
    expect(laptop.page.items.has(id)).toBe(true)
  })

  test('of a generation that the root began, goes on in it, and so does one that comes then', async () => {
    const family = await Family.of(56, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    const guest = await Guest.of(family, 'camera')
    await family.comeTogether()
    await guest.untilConnected()
    laptop.process.kill()
    await family.until('nobody decides', () => phone.page.tree.decider.quorum === 'away')
    await family.run(phone, phone.node.api.beginTakeOver())
    await family.run(phone, phone.node.api.finishTakeOver(family.request(), family.words))
    const late = await Guest.of(family, 'tablet', {}, phone)
    for (const { life } of [guest, late]) {
      const id = await family.add(life, 'photo', content(400))
      await family.until('the guest knows', () => standing(life).keptCount === 0)
      expect(phone.page.items.has(id)).toBe(true)
    }
  })
})

describe('a guest with a host that says nothing', () => {
  /** The laptop comes, and what is written then is there soon. */
  async function untilTaken({ family, laptop, guest }: Awaited<ReturnType<typeof scene>>, withinMs: number) {
    const id = await family.add(guest.life, 'photo', content(400))
    family.network.heal()
    const endMs = family.scheduler.nowMs + withinMs
    await family.until('the laptop has it', () => laptop.page.items.get(id)?.copyCount !== undefined)
    const late = await family.add(laptop, 'late', content(500), laptop.page.items.get(id)!.parentId!)
    await family.until('the guest sees it', () => guest.life.page.items.has(late))
    expect(family.scheduler.nowMs).toBeLessThan(endMs)
  }

  test('of what is in the folder, whatever it says of its own, hears of others', async () => {
    const place = await scene(61)
    const state = await stateOf(place.family, place.laptop)
    const rogue = await place.host(state, () => ({ root: octets(8, 32) }))
    rogue.answer = () => null
    for (const octet of [1, 2, 3]) rogue.say({ tag: 'excerpt', value: { root: octets(octet, 32) } })
    await waitMs(place.family, 10_000)
    await untilTaken(place, 30_000)
  })

  test('of what is in the folder, ends the connection with it', async () => {
    const place = await scene(68)
    const rogue = await place.host(await stateOf(place.family, place.laptop), () => ({}))
    rogue.answer = () => null
    await rogue.untilDropped(() => rogue.say({ tag: 'excerpt', value: { root: octets(1, 32) } }))
  })

  test('and takes nothing, gives to others', async () => {
    const place = await scene(62)
    await place.host(
      await stateOf(place.family, place.laptop),
      () => ({}),
      ({ tag }) => (tag === 'stage' ? { tag: 'staged', value: {} } : null),
    )
    await waitMs(place.family, 10_000)
    await untilTaken(place, 150_000)
  })

  test('and takes nothing for long, gives once as long as there is no other', async () => {
    const place = await scene(66)
    let proposedCount = 0
    await place.host(
      await stateOf(place.family, place.laptop),
      () => ({}),
      ({ tag }) => {
        if (tag === 'propose') proposedCount++
        return tag === 'stage' ? { tag: 'staged', value: {} } : tag === 'propose' ? null : noAnswer
      },
    )
    const { family, guest } = place
    await family.add(guest.life, 'early', content(400))
    await family.until('it is given', () => proposedCount > 0)
    await waitMs(family, 5 * 60_000)
    expect(proposedCount).toBe(1)
    await untilTaken(place, 150_000)
  })

  test('and takes nothing now, gives little and seldom until somebody takes it', async () => {
    const place = await scene(73)
    const { family, laptop, guest } = place
    const counts: number[] = []
    await place.host(
      await stateOf(family, laptop),
      () => ({}),
      ({ tag, value }) => {
        if (tag === 'propose') counts.push(must(decodeBatch(value.batch)).operations.length)
        return tag === 'stage' ? staged : noAnswer
      },
    )
    for (let count = 0; count < 20; count++) await family.add(guest.life, family.request(), content(400))
    await family.until('it is given', () => counts.length > 0)
    counts.length = 0
    await waitMs(family, 60_000)
    expect(counts.length).toBeLessThan(100)
    expect(counts.at(-1)).toBe(1)
    family.network.heal()
    await family.until('the guest knows', () => standing(guest.life).keptCount === 0)
    expect(standing(guest.life).quarantinedCount).toBe(0)
  })

  test('and says of all that it was decided, which the tree does not show, gives to others', async () => {
    const { family, laptop, guest, host } = await scene(76)
    let isGiven = false
    await host(
      await stateOf(family, laptop),
      () => ({}),
      ({ tag, value }) => {
        if (tag !== 'propose') return noAnswer
        isGiven = true
        const { length } = must(decodeBatch(value.batch)).operations
        return { tag: 'proposed', value: { faults: Array<null>(length).fill(null) } }
      },
    )
    family.network.heal()
    const other = laptop.page.tree.principal.replaceAll(' ', '')
    await family.until('the guest meets the laptop', () =>
      standing(guest.life).peers.some(({ id, path }) => id === other && path !== null),
    )
    const { node, page } = guest.life
    const id = await family.run(guest.life, node.api.createFolder('c', page.tree.rootId, 'new'))
    await family.until('the laptop has it', () => laptop.page.items.has(id))
    expect(isGiven).toBe(true)
    await family.until('the guest knows', () => standing(guest.life).keptCount === 0)
  })

  test('and stages nothing, stages at others', async () => {
    const place = await scene(63)
    const rogue = await place.host(
      await stateOf(place.family, place.laptop),
      () => ({}),
      ({ tag }) => (tag === 'stage' ? null : noAnswer),
    )
    expect(rogue.isUp).toBe(true)
    const { family, guest } = place
    for (let count = 0; count < 20; count++) await family.add(guest.life, family.request(), content(400))
    await untilTaken(place, 150_000)
    await family.until('the guest knows', () => standing(guest.life).keptCount === 0)
  })
})

test('a guest waits for a host as long as that asks back for what it is to hold', async () => {
  const { family, laptop, guest, host } = await scene(65)
  let askedCount = 0
  const rogue = await host(
    await stateOf(family, laptop),
    () => ({}),
    ({ tag }) => {
      if (tag !== 'stage') return noAnswer
      askedCount++
      return null
    },
  )
  await family.add(guest.life, 'photo', content(400))
  await family.until('it was asked', () => askedCount > 0)
  for (let count = 0; count < 5; count++) {
    await waitMs(family, 30_000)
    await rogue.ask({ tag: 'objects', value: [octets(7, 56)] })
  }
  expect(askedCount).toBe(1)
  await family.until('it is asked again', () => askedCount === 2)
})

describe('a guest with a host that has no room', () => {
  test('stages at others', async () => {
    const { family, laptop, guest, host } = await scene(64)
    let refusedCount = 0
    await host(
      await stateOf(family, laptop),
      () => ({}),
      ({ tag }) => {
        if (tag === 'stage') refusedCount++
        return noAnswer
      },
    )
    const id = await family.add(guest.life, 'photo', content(400))
    await family.until('it was asked', () => refusedCount > 0)
    family.network.heal()
    await family.until('the laptop has it', () => laptop.page.items.get(id)?.copyCount !== undefined)
    await family.until('the guest knows', () => standing(guest.life).keptCount === 0)
  })
})
