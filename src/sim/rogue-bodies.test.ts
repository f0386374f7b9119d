/**
 * Bodies that a device of bad faith makes up of the objects of others, to have them deleted together with its own. Whatever becomes of
 * such a body, nothing is lost that another one consists of.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, bytesUpTo, concat, encode, equal, fromHex, keyOf, record } from '../core/bytes/bytes.ts'
import {
  type Body,
  type Leaf,
  type Page,
  type SignedRecord,
  emptyBodyWriter,
  finishBody,
  hashInObjectId,
  isSealed,
  objectId,
  readBody,
  sectorName,
  sectorSizeBytes,
  writeSectors,
} from '../core/block/block.ts'
import { digest, sha256 } from '../core/crypto/crypto.ts'
import type { Answer } from '../core/message/message.ts'
import { type IdPath, childPath, rootPath } from '../core/path/path.ts'
import { contentOf, decodeRow, encodeBatch, rowKind } from '../core/tree/tree.ts'
import { Author } from '../node/author.ts'
import { placeOf } from '../node/own-tree.ts'
import { inPlace, placePrefixSizeBytes } from '../node/place.ts'
import { walk } from '../node/read/content.ts'
import { idFromText } from '../node/read/view.ts'
import type { Life } from './device.ts'
import { changeOf } from './testing/change.ts'
import { Family, content, standing } from './testing/family.ts'
import { Guest, dayMs } from './testing/guest.ts'
import { stateOf } from './testing/knowledge.ts'
import { Rogue } from './testing/rogue.ts'

const mib = 1024 * 1024
const octets = (octet: number, sizeBytes: number): Bytes => new Uint8Array(sizeBytes).fill(octet)

/** A body as anybody can make one up of leaves. */
function bodyOfLeaves(leaves: readonly Leaf[], sizeBytes: number) {
  const { writer, pages } = writeSectors(emptyBodyWriter, leaves)
  const finished = finishBody(writer, sizeBytes)
  return { body: finished.body, pages: [...pages, ...finished.pages] }
}

/** It may read a block, and has what it consists of. */
class Forger {
  readonly rogue: Rogue
  readonly block: Bytes
  readonly leaves: Leaf[] = []
  readonly #objects = new Map<string, Bytes>()
  #requestCount = 0

  private constructor(rogue: Rogue, block: Bytes) {
    this.rogue = rogue
    this.block = block
    rogue.answer = (question): Answer =>
      question.tag === 'objects'
        ? { tag: 'objects', value: question.value.map((key) => this.#objects.get(keyOf(hashInObjectId(key))) ?? null) }
        : { tag: 'none', value: {} }
  }

  static async of(rogue: Rogue, treeId: Bytes, block: Bytes, body: Body): Promise<Forger> {
    const forger = new Forger(rogue, block)
    const place = placeOf(treeId)
    const store = {
      readMany: (_table: 'object', keys: readonly Bytes[]) =>
        forger.#obtain(keys.map((key) => key.slice(placePrefixSizeBytes))),
    }
    for await (const sectors of walk({ store, place }, block, readBody(body))) {
      forger.leaves.push(...sectors.map(({ leaf }) => leaf))
      const keys = sectors.filter(isSealed).map(({ index, leaf }) => objectId(block, sectorName(index, leaf)))
      for (let at = 0; at < keys.length; at += 8) await forger.#obtain(keys.slice(at, at + 8))
    }
    return forger
  }

  async #obtain(keys: readonly Bytes[]): Promise<readonly (Bytes | null)[]> {
    const answer = await this.rogue.ask({ tag: 'objects', value: keys })
    if (answer?.tag !== 'objects' || answer.value.includes(null)) throw new Error('it is not given')
    keys.forEach((key, at) => this.#objects.set(keyOf(hashInObjectId(key)), answer.value[at]!))
    return answer.value
  }

  /** Makes up a body of what it has. */
  forge(leaves: readonly Leaf[]): Body {
    const { body, pages } = bodyOfLeaves(leaves, leaves.length * sectorSizeBytes)
    this.#keep(pages)
    return body
  }
  #keep(pages: readonly Page[]): void {
    for (const page of pages) this.#objects.set(keyOf(page.hash), page.octets)
  }
  /** Makes up a body that ends in a hole, which no program of ours takes, with sectors of its own before. */
  forgeDamaged(): Body {
    const leaves = Array.from({ length: 128 }, (_, at): Leaf => {
      const sealed = octets(at, 100)
      this.#objects.set(keyOf(sha256(sealed)), sealed)
      return { hash: sha256(sealed), keyEpoch: 1, salt: octets(1, 16) }
    })
    const { body, pages } = bodyOfLeaves(leaves, 128 * sectorSizeBytes)
    this.#keep(pages)
    const hashes = concat(body.bodyRoot, new Uint8Array(32))
    const bodyRoot = digest('blocktree/1/hashPage', hashes)
    this.#objects.set(keyOf(bodyRoot), encode(record('hashPage', 1, { hashes: bytesUpTo(64) }), { hashes }))
    return { bodyRoot, sizeBytes: 129 * sectorSizeBytes }
  }

  stage(requestId: Bytes, body: Body): Promise<Answer | null> {
    const value = { requestId, position: 0, block: this.block, body, objects: [] }
    return this.rogue.ask({ tag: 'stage', value })
  }
  /** As its author does who has sealed a body anew: the one before is let go of. */
  async replaceStaged(body: Body): Promise<void> {
    const requestId = octets(++this.#requestCount, 16)
    expect(await this.stage(requestId, body)).toMatchObject({ tag: 'staged' })
    await this.stage(requestId, { ...body, bodyRoot: octets(1, 32) })
  }
  async propose(record: SignedRecord<'content'>): Promise<Answer | null> {
    const { bodyRoot, sizeBytes } = record.fields
    const change = changeOf(octets(100 + ++this.#requestCount, 16), [record])
    expect(await this.stage(change.value.requestId, { bodyRoot, sizeBytes })).toMatchObject({ tag: 'staged' })
    return this.rogue.ask({ tag: 'propose', value: { batch: encodeBatch({ stampMs: 0, operations: [change] }) } })
  }
}

/** Two devices with a film in a folder, and one of bad faith that may write in the folder. */
async function scene(seed: number, sizeBytes: number) {
  const family = await Family.of(seed, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  const guest = await Guest.of(family, 'camera')
  await guest.untilConnected()
  await family.add(guest.life, 'own', content(10))
  const folder = [...laptop.page.items.values()].find(({ name }) => name === 'camera')!
  const id = await family.add(laptop, 'film', content(sizeBytes), folder.id)
  await family.until('all have it', () => laptop.page.items.get(id)?.copyCount === 2)
  const treeId = fromHex(laptop.page.tree.treeId)!
  const limit = childPath(childPath(rootPath(treeId), idFromText(folder.parentId!)!), idFromText(folder.id)!)
  const path: IdPath = childPath(limit, idFromText(id)!)
  const keys = await guest.device.keys.node()
  guest.life.process.kill()
  const { device, transport } = guest
  const rogue = await Rogue.start(family, { device, transport, target: laptop, targetTransport: family.transport(0) })
  const records = await recordsTold(rogue)
  const film = records.find(({ block }) => equal(block, idFromText(id)!))!.record
  const writecapHash = records.find(({ block }) => !equal(block, idFromText(id)!))!.record.fields.writecapHash
  const { bodyRoot } = film.fields
  const forger = await Forger.of(rogue, treeId, idFromText(id)!, { bodyRoot, sizeBytes })
  const recordOf = (body: Body, previous: SignedRecord, version: number, cap = writecapHash) =>
    new Author(keys, () => cap).sign('content', {
      ...{ path, version, previousHash: previous.hash, ...body, keyEpoch: film.fields.keyEpoch },
      ...{ resealed: false, origin: null },
    })
  const rowsAt = (at: number): readonly string[] =>
    [...family.devices[at]!.disk.rows('object', inPlace(placeOf(treeId), idFromText(id)!))].map(({ key }) => keyOf(key))
  const before = [0, 1].map(rowsAt)
  /** Everywhere, when all is deleted that is going to be, there is what the film consists of. */
  const expectWhole = async (): Promise<void> => {
    await family.scheduler.run(family.scheduler.sleep(10_000))
    for (const at of [0, 1]) expect(rowsAt(at)).toEqual(expect.arrayContaining([...before[at]!]))
    expect(equal(await family.read(laptop, id), content(sizeBytes))).toBe(true)
  }
  return { family, laptop, phone, forger, film, recordOf, expectWhole, rowsAt }
}

async function recordsTold(rogue: Rogue) {
  const offer = await rogue.ask({ tag: 'excerpt', value: { requestIds: [] } })
  if (offer?.tag !== 'excerpt') throw new Error('no excerpt')
  const answer = await rogue.ask({ tag: 'excerptRows', value: { root: offer.value.root, known: null, after: null } })
  if (answer?.tag !== 'rows') throw new Error('no rows')
  return answer.value.rows
    .filter(({ key }) => key[0] === rowKind.content)
    .map(({ key, value }) => ({ block: key.slice(1), record: decodeRow('content', value).content }))
}

describe('no sector of a file is lost where somebody who may read it', () => {
  test.each([
    { what: 'swapped', from: (leaves: readonly Leaf[]) => leaves.toReversed() },
    { what: 'in one page more', from: (leaves: readonly Leaf[]) => [...leaves, ...leaves] },
    { what: 'all in one place', from: (leaves: readonly Leaf[]) => leaves.map(() => leaves[0]!) },
    { what: 'further on', from: (leaves: readonly Leaf[]) => leaves.map((_, at) => leaves[Math.max(0, at - 1)]!) },
  ])('has a body of its sectors staged and let go of: $what', async ({ from }) => {
    const { forger, expectWhole } = await scene(1, 100_000)
    await forger.replaceStaged(forger.forge(from(forger.leaves)))
    await expectWhole()
  })

  test('has one staged that is damaged, and what came of it goes', async () => {
    const { family, forger, expectWhole, rowsAt } = await scene(5, 100_000)
    const body = forger.forgeDamaged()
    expect(await forger.stage(octets(9, 16), body)).toEqual({ tag: 'none', value: {} })
    expect(rowsAt(0).length).toBeGreaterThan(129)
    await forger.stage(octets(9, 16), { ...body, bodyRoot: octets(1, 32) })
    await expectWhole()
    expect(rowsAt(0)).toEqual(rowsAt(1))
    // Nor is it noted any more that it is to go.
    const noted = [...family.devices[0]!.disk.rows('holding', new Uint8Array())]
    expect(noted.filter(({ key }) => equal(key.slice(-32), body.bodyRoot))).toEqual([])
  })

  test('proposes a body that is one of its pages in another place, and has no right to', async () => {
    const { forger, film, recordOf, expectWhole } = await scene(2, 9 * mib)
    const body = forger.forge(forger.leaves.slice(128))
    const answer = await forger.propose(await recordOf(body, film, film.fields.version + 1, octets(7, 32)))
    expect(answer).toEqual({ tag: 'proposed', value: { faults: ['writecapUnknown'] } })
    await expectWhole()
  })

  test('writes a body of its sectors in other places, and then the one that was there', async () => {
    const { family, laptop, phone, forger, film, recordOf, expectWhole } = await scene(3, 100_000)
    const { version, bodyRoot, sizeBytes } = film.fields
    const done = { tag: 'proposed', value: { faults: [null] } }
    const forged = await recordOf(forger.forge(forger.leaves.toReversed()), film, version + 1)
    expect(await forger.propose(forged)).toEqual(done)
    const again = await recordOf({ bodyRoot, sizeBytes }, forged, version + 2)
    expect(await forger.propose(again)).toEqual(done)
    for (const { wall } of family.devices) wall.jump(2 * dayMs)
    for (const name of ['later', 'later still']) await family.add(laptop, name, content(1))
    await family.until('a day is over', () => [...phone.page.items.values()].some(({ name }) => name === 'later still'))
    await expectWhole()
  })
})

test('a member of bad faith has a body made up of the sectors of a file staged and let go of, and the file stays', async () => {
  const family = await Family.of(4, 'laptop', 'phone', 'tablet')
  const [laptop, , tablet] = family.lives as [Life, Life, Life]
  const id = await family.add(laptop, 'film', content(100_000))
  await family.until('all have it', () => laptop.page.items.get(id)?.copyCount === 3)
  const treeId = fromHex(laptop.page.tree.treeId)!
  const block = idFromText(id)!
  family.lives.pop()
  const { fields } = contentOf(await stateOf(family, tablet), block)!.content
  tablet.process.kill()
  const rogue = await Rogue.start(family, {
    ...{ device: family.devices[2]!, transport: family.transport(2) },
    ...{ target: laptop, targetTransport: family.transport(0) },
  })
  const forger = await Forger.of(rogue, treeId, block, fields)
  await forger.replaceStaged(forger.forge(forger.leaves.toReversed()))
  await family.scheduler.run(family.scheduler.sleep(10_000))
  expect(standing(laptop).lackingCount).toBe(0)
  await family.cutOff(0)
  expect(equal(await family.read(laptop, id), content(100_000))).toBe(true)
})
