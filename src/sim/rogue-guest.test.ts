/**
 * A guest of bad faith: it has the keys of a device that was limited to a folder, and says to a member of the cluster whatever it
 * likes. The tree stays as it was, and nothing beside the folder is told to it.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { type Bytes, concat, equal, fromHex, u64be } from '../core/bytes/bytes.ts'
import { type SignedRecord, emptyBodyWriter, finishBody, writeSectors } from '../core/block/block.ts'
import { principalOf, sha256 } from '../core/crypto/crypto.ts'
import type { ControlBody, Question } from '../core/message/message.ts'
import { type IdPath, childPath, rootPath } from '../core/path/path.ts'
import {
  type Operation,
  type RowKind,
  type RowOf,
  decodeRow,
  encodeBatch,
  keys as rowKeys,
  rowKind,
} from '../core/tree/tree.ts'
import { Author } from '../node/author.ts'
import { stagedCountMax } from '../node/guest/hosting.ts'
import { placeOf } from '../node/own-tree.ts'
import { principalIn } from '../node/peers.ts'
import { inPlace } from '../node/place.ts'
import { idFromText } from '../node/read/view.ts'
import type { NodeKeys } from '../port/platform.ts'
import type { Life } from './device.ts'
import { changeOf } from './testing/change.ts'
import { Family, content, standing } from './testing/family.ts'
import { Guest } from './testing/guest.ts'
import { Rogue } from './testing/rogue.ts'

type Scene = Awaited<ReturnType<typeof scene>>
interface Row {
  readonly key: Bytes
  readonly value: Bytes
}

/** All that the rogue is told of the tree. */
async function rowsOf({ rogue }: Scene): Promise<readonly Row[]> {
  await rogue.untilUp()
  const offer = await rogue.ask({ tag: 'excerpt', value: { requestIds: [] } })
  if (offer?.tag !== 'excerpt') throw new Error('no excerpt')
  const answer = await rogue.ask({ tag: 'excerptRows', value: { root: offer.value.root, known: null, after: null } })
  if (answer?.tag !== 'rows') throw new Error('no rows')
  expect(answer.value.isLast).toBe(true)
  return answer.value.rows
}

const sizesOf = (rows: readonly Row[]) => rows.map(({ key, value }) => `${key[0]} ${value.length}`).toSorted()

const octets = (octet: number, sizeBytes: number): Bytes => new Uint8Array(sizeBytes).fill(octet)

/** A tree with a file beside the folder, a guest in the folder, and the rogue in its place. */
async function scene(secretName = 'secret', secretSizeBytes = 500, mayWrite = true) {
  const family = await Family.of(1, 'laptop')
  const [laptop] = family.lives as [Life]
  const secret = await family.add(laptop, secretName, content(secretSizeBytes))
  const guest = await Guest.of(family, 'camera', { mayWrite })
  await guest.untilConnected()
  const within = [...laptop.page.items.values()].find(({ name }) => name === 'camera')!.id
  const by = mayWrite ? guest.life : laptop
  const mine = await family.add(by, 'mine', content(300), within)
  await family.until('the laptop has it', () => laptop.page.items.has(mine))
  const keys = await guest.device.keys.node()
  const treeId = fromHex(laptop.page.tree.treeId)!
  const folder = [...laptop.page.items.values()].find(({ name }) => name === 'camera')!
  const limit = childPath(childPath(rootPath(treeId), idFromText(folder.parentId!)!), idFromText(folder.id)!)
  const stateRoot = async () => (await family.run(laptop, laptop.node.api.storage())).stateRoot
  const before = await stateRoot()
  guest.life.process.kill()
  const { device, transport } = guest
  const rogue = await Rogue.start(family, { device, transport, target: laptop, targetTransport: family.transport(0) })
  return { family, laptop, rogue, secret, mine, keys, treeId, limit, stateRoot, before }
}

describe('a guest of bad faith', () => {
  let place: Scene
  beforeAll(async () => {
    place = await scene()
  }, 60_000)

  const vote = { kind: 'vote', term: 99, lastIndex: 1e6, lastTerm: 98, isTransfer: true } as const
  const own = () => place.keys.credential
  const nodeId = () => `${Buffer.from(principalOf(own())).toString('hex')}-0000000000000001`
  const said: readonly (readonly [string, () => ControlBody])[] = [
    [
      'that it is here, as a member',
      () => ({ tag: 'here', value: { nodeId: nodeId(), stampMs: 1, reportVersion: 1, clockMs: 1 } }),
    ],
    [
      'that it leads',
      () => ({
        tag: 'raft',
        value: { kind: 'heartbeat', from: nodeId(), to: 'x', term: 99, commitIndex: 1, readRound: 0 },
      }),
    ],
    ['that it wants votes', () => ({ tag: 'raft', value: { ...vote, from: nodeId(), to: 'x' } })],
    ['a batch, as a member does', () => ({ tag: 'propose', value: { batch: octets(1, 20) } })],
    ['what is to be attested', () => ({ tag: 'attest', value: { index: 1 } })],
    ['a signature for the tree', () => ({ tag: 'vouch', value: { index: 1, signature: octets(1, 64) } })],
    ['what a guest is told', () => ({ tag: 'excerpt', value: { root: octets(1, 32) } })],
  ]
  test.each(said)('says %s', async (_, body) => {
    for (const generation of [1, 2]) await place.rogue.untilDropped(() => place.rogue.say(body(), generation))
    expect(await place.stateRoot()).toBe(place.before)
  })

  const blockOf = (id: string) => idFromText(id)!
  const staging = (block: Bytes): Question => ({
    tag: 'stage',
    value: {
      requestId: octets(9, 16),
      position: 0,
      block,
      body: { bodyRoot: octets(1, 32), sizeBytes: 10 },
      objects: [],
    },
  })
  const asked: readonly (readonly [string, () => Question])[] = [
    ['the rows of the tree', () => ({ tag: 'rows', value: { index: 1, stateRoot: octets(1, 32), after: null } })],
    ['what is lacking', () => ({ tag: 'lacks', value: { after: null } })],
    ['the generation', () => ({ tag: 'generation', value: { setHash: null } })],
    ['who the devices are', () => ({ tag: 'devices', value: {} })],
    ['a body beside its folder', () => ({ tag: 'objects', value: [concat(blockOf(place.secret), octets(1, 40))] })],
    ['a body of nothing', () => ({ tag: 'objects', value: [octets(3, 56)] })],
    [
      'one body of its own and one beside it',
      () => ({
        tag: 'objects',
        value: [concat(blockOf(place.mine), octets(1, 40)), concat(blockOf(place.secret), octets(1, 40))],
      }),
    ],
    ['to keep a body for the root', () => staging(placeOf(place.treeId).clusterId)],
    ['octets that are no batch', () => ({ tag: 'propose', value: { batch: octets(1, 20) } })],
  ]
  test.each(asked)('asks for %s', async (_, question) => {
    for (const generation of [1, 2]) {
      await place.rogue.untilUp()
      expect(await place.rogue.ask(question(), generation)).toBeNull()
    }
    expect(await place.stateRoot()).toBe(place.before)
  })

  test('gets no body kept for a file beside its folder', async () => {
    await place.rogue.untilUp()
    expect(await place.rogue.ask(staging(blockOf(place.secret)))).toEqual({ tag: 'none', value: {} })
  })

  test('gets no rows of an excerpt that is not its own', async () => {
    await place.rogue.untilUp()
    const wanted = { root: octets(1, 32), known: null, after: null }
    expect(await place.rogue.ask({ tag: 'excerptRows', value: wanted })).toEqual({ tag: 'none', value: {} })
  })

  test('learns of what is beside its folder neither a size nor a count', async () => {
    const told = sizesOf(await rowsOf(place))
    expect(told.filter((row) => row.startsWith(`${rowKind.content} `)).length).toBe(1)
    const other = await scene('something else that is kept here', 300_000)
    await other.family.add(other.laptop, 'and one more', content(70_000))
    await Guest.of(other.family, 'tablet')
    expect(sizesOf(await rowsOf(other))).toEqual(told)
  })

  test('proposes what is beside its folder, or not its own', async () => {
    const { rogue, keys, treeId, limit, mine } = place
    const entryIn = (parent: typeof limit) => entryOf(keys, parent)
    const change = async (parent: typeof limit) => changeOf(octets(6, 16), [await entryIn(parent)])
    const forged = await entryIn(limit)
    const operations: readonly Operation[] = [
      await change(rootPath(treeId)),
      await change({ ...limit, ids: limit.ids.slice(0, 1) }),
      { tag: 'change', value: { requestId: octets(6, 16), requestSeed: octets(6, 16), doer: null, records: [] } },
      changeOf(
        octets(6, 16),
        [await entryIn(limit)],
        principalIn(place.laptop.page.tree.principal.replaceAll(' ', '')),
      ),
      changeOf(octets(6, 16), [{ ...forged, signature: { ...forged.signature, signature: octets(1, 64) } }]),
    ]
    for (const operation of operations) {
      await rogue.untilUp()
      const batch = encodeBatch({ stampMs: 0, operations: [operation] })
      expect(await rogue.ask({ tag: 'propose', value: { batch } })).toBeNull()
    }
    expect(await place.stateRoot()).toBe(place.before)

    // In its folder, but under a permission that nobody gave: that the tree judges, and it is told.
    await rogue.untilUp()
    const batch = encodeBatch({ stampMs: 0, operations: [await change(limit)] })
    expect(await rogue.ask({ tag: 'propose', value: { batch } })).toEqual({
      tag: 'proposed',
      value: { faults: ['writecapUnknown'] },
    })
    expect(place.laptop.page.items.get(mine)?.name).toBe('mine')
    expect([...place.laptop.page.items.values()].filter(({ name }) => name === '\ufffd')).toEqual([])
  })
})

describe('what is to be kept for a guest of bad faith', () => {
  const minuteMs = 60_000
  const staging = (request: number, block: Bytes): Question => ({
    tag: 'stage',
    value: {
      ...{ requestId: concat(octets(9, 8), u64be(request)), position: 0, block },
      body: { bodyRoot: concat(octets(1, 24), u64be(request)), sizeBytes: 10 },
      objects: [],
    },
  })
  /** Of a body whose one sector comes along; its page is given on being asked for it. */
  const wholeStaging = (rogue: Rogue): Question => {
    const sealed = octets(6, 100)
    const leaf = { hash: sha256(sealed), keyEpoch: 1, salt: octets(0, 16) }
    const { body, pages } = finishBody(writeSectors(emptyBodyWriter, [leaf]).writer, sealed.length)
    rogue.answer = () => ({ tag: 'objects', value: pages.map((page) => page.octets) })
    const objects = [sealed]
    return { tag: 'stage', value: { requestId: octets(8, 16), position: 0, block: octets(3, 16), body, objects } }
  }
  const rowsIn = ({ family, treeId }: Scene): number =>
    [...family.devices[0]!.disk.rows('holding', inPlace(placeOf(treeId)))].length

  test('is nothing where it may only read', async () => {
    const place = await scene('secret', 500, false)
    const before = rowsIn(place)
    for (const block of [octets(3, 16), idFromText(place.mine)!]) {
      await place.rogue.untilUp()
      expect(await place.rogue.ask(staging(1, block))).toBeNull()
    }
    expect(rowsIn(place)).toBe(before)
  })

  test('is so many bodies and no more, and what never came not for long, also after a restart', async () => {
    const place = await scene()
    const { family, rogue } = place
    const whole = wholeStaging(rogue)
    expect(await rogue.ask(whole)).toMatchObject({ tag: 'staged' })
    rogue.answer = () => ({ tag: 'none', value: {} })
    const before = rowsIn(place)
    for (let request = 1; request < stagedCountMax + 20; request++)
      expect(await rogue.ask(staging(request, concat(octets(4, 8), u64be(request))))).toEqual({
        tag: 'none',
        value: {},
      })
    expect(rowsIn(place)).toBe(before + stagedCountMax - 1)
    // What is whole takes no more room.
    expect(await rogue.ask(whole)).toMatchObject({ tag: 'staged' })
    await family.scheduler.run(family.scheduler.sleep(50 * minuteMs))
    expect(rowsIn(place)).toBe(before + stagedCountMax - 1)
    await family.restart(0)
    await family.scheduler.run(family.scheduler.sleep(30 * minuteMs))
    expect(rowsIn(place)).toBe(before + stagedCountMax - 1)
    await family.scheduler.run(family.scheduler.sleep(32 * minuteMs))
    expect(rowsIn(place)).toBe(before)
    await rogue.untilUp()
    expect(await rogue.ask(staging(1, octets(4, 16)))).toEqual({ tag: 'none', value: {} })
    expect(rowsIn(place)).toBe(before + 1)
  })
})

const entryOf = (keys: NodeKeys, parent: IdPath) =>
  new Author(keys, () => octets(7, 32)).sign('entry', {
    ...{ parent, child: octets(5, 16), kind: 'directory', version: 1, previousHash: null },
    ...{ sealedName: octets(5, 64), nameKeyEpoch: 1, trashed: false, movedFrom: null, origin: null },
  })

const proposing = (...operations: readonly Operation[]): Question => ({
  tag: 'propose',
  value: { batch: encodeBatch({ stampMs: 0, operations }) },
})

test('a guest that gives more than a person does has to wait, and what it gives at once waits for each other', async () => {
  const { family, rogue, keys, limit } = await scene()
  const entry = await entryOf(keys, limit)
  const many = (seed: number) => proposing(changeOf(octets(seed, 16), Array<typeof entry>(1024).fill(entry)))
  expect(await rogue.ask(many(1))).toMatchObject({ tag: 'proposed' })
  expect(await rogue.ask(many(2))).toMatchObject({ tag: 'proposed' })
  expect(await rogue.ask(many(3))).toEqual({ tag: 'none', value: {} })
  await family.scheduler.run(family.scheduler.sleep(512_000))
  expect(await rogue.ask(many(3))).toMatchObject({ tag: 'proposed' })
  await family.scheduler.run(family.scheduler.sleep(512_000))
  const few = Array.from({ length: 16 }, (_, at) => proposing(changeOf(octets(11 + at, 16), [entry])))
  const tags = (await rogue.askAtOnce(few)).map(({ tag }) => tag)
  expect(tags.filter((tag) => tag === 'proposed').length).toBeGreaterThanOrEqual(4)
  expect(tags.filter((tag) => tag === 'none').length).toBeGreaterThan(0)
})

describe('a guest that gives the same again and again', () => {
  const appliedIndex = ({ laptop }: Scene) => standing(laptop).appliedIndex
  const proposed = (...faults: readonly (string | null)[]) => ({ tag: 'proposed', value: { faults } })
  async function rowAt<K extends RowKind>(place: Scene, kind: K, at: Bytes): Promise<RowOf<K>> {
    const { value } = (await rowsOf(place)).find(({ key }) => equal(key, at))!
    return decodeRow(kind, value)
  }
  const deviceRow = (place: Scene) => rowAt(place, 'device', rowKeys.device(principalOf(place.keys.credential)))
  /** The next change of its file: into the trash, and back. */
  async function changesOf(place: Scene) {
    const { writecapHash } = await deviceRow(place)
    const author = new Author(place.keys, () => writecapHash)
    const at = rowKeys.entry(place.limit.ids.at(-1)!, idFromText(place.mine)!)
    let { entry } = await rowAt(place, 'entry', at)
    return async (): Promise<SignedRecord<'entry'>> => {
      const { version, trashed } = entry.fields
      const next = { ...entry.fields, version: version + 1, previousHash: entry.hash, trashed: !trashed }
      return (entry = await author.sign('entry', next))
    }
  }

  test('is told what was decided, and nothing of it comes into the log again', async () => {
    const place = await scene()
    const { rogue } = place
    const next = await (await changesOf(place))()
    const taken = changeOf(octets(21, 16), [next])
    const late = changeOf(octets(22, 16), [next])
    expect(await rogue.ask(proposing(taken))).toEqual(proposed(null))
    expect(await rogue.ask(proposing(late))).toEqual(proposed('raceLost'))
    const before = appliedIndex(place)
    for (let time = 0; time < 20; time++)
      expect(await rogue.ask(proposing(late, taken))).toEqual(proposed('raceLost', null))
    expect(appliedIndex(place)).toBe(before)
    const another = changeOf(octets(23, 16), [next])
    expect(await rogue.ask(proposing(taken, another, late))).toEqual(proposed(null, 'raceLost', 'raceLost'))
  })

  test('which is what stands of itself, though it may only read, comes no further', async () => {
    const place = await scene('secret', 500, false)
    const { device } = await deviceRow(place)
    const before = appliedIndex(place)
    const many = Array<Operation>(400).fill({ tag: 'revise', value: { device } })
    for (let time = 0; time < 10; time++)
      expect(await place.rogue.ask(proposing(...many))).toEqual(proposed(...many.map(() => null)))
    expect(appliedIndex(place)).toBe(before)
  })

  test('in one question, pays for each', async () => {
    const place = await scene()
    const next = await changesOf(place)
    const tags: unknown[] = []
    for (const seed of [24, 25, 26]) {
      const same = changeOf(octets(seed, 16), [await next()])
      tags.push((await place.rogue.ask(proposing(...Array<Operation>(1000).fill(same))))?.tag)
    }
    expect(tags).toEqual(['proposed', 'proposed', 'none'])
  })
})

test('a guest is told of no decision by a host that knows of none', async () => {
  const family = await Family.of(3, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  const guest = await Guest.of(family, 'camera')
  await family.comeTogether()
  const keys = await guest.device.keys.node()
  const folder = [...phone.page.items.values()].find(({ name }) => name === 'camera')!
  const treeId = fromHex(phone.page.tree.treeId)!
  const limit = childPath(childPath(rootPath(treeId), idFromText(folder.parentId!)!), idFromText(folder.id)!)
  guest.life.process.kill()
  laptop.process.kill()
  const { device, transport } = guest
  const rogue = await Rogue.start(family, { device, transport, target: phone, targetTransport: family.transport(1) })
  await family.until('nobody decides', () => phone.page.tree.decider.quorum === 'away')
  expect(await rogue.ask(proposing(changeOf(octets(6, 16), [await entryOf(keys, limit)])))).toEqual({
    tag: 'none',
    value: {},
  })
})

test('a guest that only reads gives no changes', async () => {
  const { rogue, keys, limit, stateRoot, before } = await scene('secret', 500, false)
  expect(await rogue.ask(proposing(changeOf(octets(6, 16), [await entryOf(keys, limit)])))).toBeNull()
  expect(await stateRoot()).toBe(before)
})
