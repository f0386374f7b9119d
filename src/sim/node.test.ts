/**
 * The node as a person uses it, on the simulated platform: files, planting, export, recovery, and archives that lie.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, concat, equal, fromHex, must, toHex, utf8 } from '../core/bytes/bytes.ts'
import { ed25519Message, principalOf, sha256 } from '../core/crypto/crypto.ts'
import { decodeFault } from '../core/crypto/testing/damage.ts'
import { emptyMap, root, set } from '../core/merkle/merkle.ts'
import {
  type Attestation,
  type DeviceRow,
  type Statement,
  archiveDomain,
  archiveHeaderBody,
  archiveMagic,
  archivePieceSizeBytes,
  archiveTagSizeBytes,
  attestationDomain,
  attestationOf,
  decodeHeader,
  decodeRow,
  dismissalBody,
  encodeArchiveHead,
  encodeRow,
  inOrder,
  rowKind,
  statementBody,
} from '../core/tree/tree.ts'
import { placeOf } from '../node/own-tree.ts'
import { newestState, readHeldState } from '../node/read/held-state.ts'
import { weighDisk } from './ballast.ts'
import { createSimBlob } from './blob.ts'
import { type Life, type Outcome, SimDevice, type World, readAll, settle } from './device.ts'
import { plant } from './family.ts'
import { twinSign } from './crypto.ts'
import { Disk } from './disk.ts'
import { Process } from './process.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { SimStore } from './store.ts'
import { headOf, opened, resealed } from './testing/archive.ts'
import { drain } from './testing/drain.ts'
import { Trace } from './trace.ts'

const dayMs = 24 * 60 * 60 * 1000
const quiet = { onCrash() {}, onFull() {}, onSuperseded() {}, onBrokenSignature() {} }

/** Devices that share one time. */
class Place {
  readonly scheduler = new Scheduler(drain)
  readonly #world: World

  constructor(seed = 1) {
    this.#world = { scheduler: this.scheduler, trace: new Trace(), random: Random.fromSeed(seed) }
  }

  device(name: string): SimDevice {
    return new SimDevice(this.#world, name, new Disk(), quiet)
  }
  async start(device: SimDevice): Promise<Life> {
    return value(await this.scheduler.run(device.start()))
  }
  /** Runs until the call is answered; a refusal throws its error. */
  async ask<T>(life: Life, call: Promise<T>): Promise<T> {
    return value(await this.scheduler.run(settle(life.process, call)))
  }
  blob(life: Life, octets: Bytes): Blob {
    return createSimBlob(octets, life.process)
  }
}

function value<T>(outcome: Outcome<T>): T {
  if (outcome.kind === 'done') return outcome.value
  throw outcome.kind === 'failed' ? outcome.error : new Error('the process died')
}

/** An archive by its own exporter in which a device's row says something else, and all adds up to it. */
function withDeviceRow(archive: Bytes, words: readonly string[], change: (row: DeviceRow) => DeviceRow): Bytes {
  const [head, ...rest] = opened(archive, words).frames
  const frames = rest.map((frame) =>
    frame.tag !== 'rows'
      ? frame
      : {
          tag: frame.tag,
          value: frame.value.map(({ key, value }) =>
            key[0] === rowKind.device
              ? { key, value: encodeRow('device', change(decodeRow('device', value))) }
              : { key, value },
          ),
        },
  )
  const rows = frames.flatMap((frame) => (frame.tag === 'rows' ? frame.value : []))
  const map = rows.reduce((filled, { key, value }) => set(filled, key, value), emptyMap)
  const { header } = must(decodeHeader(head!))
  const body = archiveHeaderBody({ ...header, stateRoot: root(map) })
  const signature = twinSign(header.exporter.signingKey, ed25519Message(archiveDomain, body))
  return resealed(archive, words, [{ tag: 'header', value: { body, signature } }, ...frames])
}

/** An archive by its own exporter with something else that vouches for it. */
function attestedOtherwise(archive: Bytes, words: readonly string[], change: Attesting): Bytes {
  const [head, ...frames] = opened(archive, words).frames
  const { header } = must(decodeHeader(head!))
  const { signingKey } = header.exporter
  const sign = (said: Statement): Attestation => {
    const signature = twinSign(signingKey, ed25519Message(attestationDomain, statementBody(said)))
    return attestationOf(said, [{ voter: principalOf(header.exporter), signature }])
  }
  const body = archiveHeaderBody({ ...header, attestation: change(header.attestation!, sign) })
  const signature = twinSign(signingKey, ed25519Message(archiveDomain, body))
  return resealed(archive, words, [{ tag: 'header', value: { body, signature } }, ...frames])
}
type Attesting = (before: Attestation, sign: (said: Statement) => Attestation) => Attestation | null

/** The row of a device that says to have left, and never did. */
function dismissedFalsely(row: DeviceRow): DeviceRow {
  const { treeId, credential: author } = row.device.fields
  const issuer = { tag: 'node' as const, value: { author, writecapHash: row.writecapHash } }
  const fields = { treeId, device: principalOf(author), issuer }
  const signature = { tag: 'node' as const, value: row.device.signature }
  return { ...row, dismissed: { dismissal: { fields, body: dismissalBody(fields), signature }, atMs: 1 } }
}

/** Octets between the end and where the padding of this very size ends. */
function behindTheEnd(archive: Bytes, words: readonly string[], octet: 0 | 1): Bytes {
  const { frames, paddingBytes } = opened(archive, words)
  // A zero more than fits is what makes the padded size another one.
  const behind = octet === 1 ? Uint8Array.of(1) : new Uint8Array(paddingBytes + 1)
  return resealed(archive, words, frames, behind)
}

const sealedPieceBytes = archivePieceSizeBytes + archiveTagSizeBytes
function withSwappedPieces(archive: Bytes): Bytes {
  const start = headOf(archive).endByte
  const pieceAt = (index: number) =>
    archive.slice(start + index * sealedPieceBytes, start + (index + 1) * sealedPieceBytes)
  return concat(archive.slice(0, start), pieceAt(1), pieceAt(0), archive.slice(start + 2 * sealedPieceBytes))
}

/** Its pieces under a head that says another time. */
function withHeadOf(archive: Bytes): Bytes {
  const { head, endByte } = headOf(archive)
  const other = encodeArchiveHead({ ...head, exportedAtMs: head.exportedAtMs + 1 })
  return concat(archiveMagic, other.octets, archive.slice(endByte))
}

/** A tree with a folder, a file of several sectors, a small one and an empty one; planted with the card alone. */
async function planted(seed = 1) {
  const place = new Place(seed)
  const device = place.device('laptop')
  const life = await place.start(device)
  const { api } = life.node
  const { rootId } = life.page.tree
  const large = Random.fromSeed(2).bytes(200_000)
  const folder = await place.ask(life, api.createFolder('r1', rootId, 'mail'))
  const largeId = await place.ask(life, api.addFile('r2', folder, 'large.bin', place.blob(life, large)))
  const smallId = await place.ask(life, api.addFile('r3', folder, 'small.txt', place.blob(life, utf8('hello'))))
  await place.ask(life, api.addFile('r4', rootId, 'empty', place.blob(life, new Uint8Array())))
  const card = await place.ask(life, api.beginPlanting('Anna', 'Laptop', null))
  await place.ask(
    life,
    api.confirmCard(
      card.plantingId,
      card.askedPositions.map((position) => card.words[position]!),
    ),
  )
  await place.ask(life, api.finishPlanting('p1', card.plantingId, null))
  return { place, device, life, api, large, largeId, smallId, folder, words: card.words }
}

async function exported() {
  const all = await planted()
  const exportId = await all.place.ask(all.life, all.api.beginExport('x1'))
  return { ...all, archive: await all.place.ask(all.life, readAll(all.api, exportId)) }
}

describe('planting', () => {
  test('moves the local content in, byte by byte the same, and frees the source', async () => {
    const { place, life, api, large, largeId, device } = await planted()
    expect(life.page.tree).toMatchObject({ isPlanted: true, ownerName: 'Anna', deviceName: 'Laptop' })
    expect(equal(await place.ask(life, readAll(api, largeId)), large)).toBe(true)
    const trees = new Set(
      [...device.disk.rows('object', new Uint8Array())].map(({ key }) => String(key.subarray(0, 32))),
    )
    expect(trees.size).toBe(1)
  })
  test('survives the death of the process at every moment of it', async () => {
    for (let writeCount = 0; writeCount < 16; writeCount++) {
      const place = new Place()
      const device = place.device('laptop')
      const first = await place.start(device)
      const content = Random.fromSeed(3).bytes(70_000)
      const id = await place.ask(
        first,
        first.node.api.addFile('r1', first.page.tree.rootId, 'kept', place.blob(first, content)),
      )
      const card = await place.ask(first, first.node.api.beginPlanting('Anna', 'Laptop', null))
      await place.ask(
        first,
        first.node.api.confirmCard(
          card.plantingId,
          card.askedPositions.map((position) => card.words[position]!),
        ),
      )
      first.store.faults.crash = { writeCount, when: writeCount % 2 === 0 ? 'before' : 'after' }
      await place.scheduler.run(settle(first.process, first.node.api.finishPlanting('p1', card.plantingId, null)))
      const again = await place.start(device)
      await place.scheduler.run(place.scheduler.sleep(60_000))
      expect(equal(await place.ask(again, readAll(again.node.api, id)), content)).toBe(true)
    }
  })
  describe('of what was here', () => {
    /** A device that is not planted yet, with files of so many octets by their names. */
    async function filled(sizes: Readonly<Record<string, number>>) {
      const place = new Place()
      const device = place.device('laptop')
      const life = await place.start(device)
      const ids: Record<string, string> = {}
      for (const [name, sizeBytes] of Object.entries(sizes))
        ids[name] = await place.ask(
          life,
          life.node.api.addFile(name, life.page.tree.rootId, name, place.blob(life, octetsOf(name, sizeBytes))),
        )
      return { place, device, life, ids }
    }
    const octetsOf = (name: string, sizeBytes: number): Bytes => Random.fromSeed(name.length).bytes(sizeBytes)
    const until = async (place: Place, isTrue: () => boolean): Promise<void> => {
      const endMs = place.scheduler.nowMs + 60_000
      while (!isTrue()) {
        if (place.scheduler.nowMs > endMs) throw new Error('it never came about')
        await place.scheduler.run(place.scheduler.sleep(1))
      }
    }
    /** While something large is still on its way. */
    async function caughtMovingIn(place: Place, life: Life, id: string): Promise<void> {
      life.store.faults.slowness = 10
      void settle(life.process, plant(life))
      await until(place, () => life.page.tree.isPlanted && life.page.items.has(id))
      life.store.faults.slowness = 1
    }
    const readBack = (place: Place, life: Life, id: string) => place.ask(life, readAll(life.node.api, id))

    test('what has come is the new tree’s own: it is written and deleted there while the rest is still on its way', async () => {
      const sizes = { 'a gone': 100, 'b written': 100_000, 'c large': 3_000_000 }
      const { place, device, life, ids } = await filled(sizes)
      await caughtMovingIn(place, life, ids['b written']!)
      const { api } = life.node
      await place.ask(life, api.writeFile('w', ids['b written']!, place.blob(life, utf8('since'))))
      await place.ask(life, api.trash('t', ids['a gone']!))
      await place.ask(life, api.purge('d', ids['a gone']!))
      expect(life.page.items.has(ids['c large']!)).toBe(false)
      life.process.kill()
      // Longer than the tree remembers what was asked for.
      device.wall.jump(3 * dayMs)
      const again = await place.start(device)
      await until(place, () => again.page.items.has(ids['c large']!))
      await place.scheduler.run(place.scheduler.sleep(60_000))
      expect(equal(await readBack(place, again, ids['b written']!), utf8('since'))).toBe(true)
      expect(equal(await readBack(place, again, ids['c large']!), octetsOf('c large', 3_000_000))).toBe(true)
      expect(again.page.items.has(ids['a gone']!)).toBe(false)
      expect(again.page.tree.aside).toBeNull()
      expect([...device.disk.rows('node', utf8('moved'))]).toEqual([])
    })

    test('a file whose folder came and was deleted comes without it', async () => {
      const { place, device, life } = await filled({})
      const { api } = life.node
      const folder = await place.ask(life, api.createFolder('f', life.page.tree.rootId, 'folder'))
      const blob = place.blob(life, octetsOf('large', 3_000_000))
      const id = await place.ask(life, api.addFile('l', folder, 'large', blob))
      await caughtMovingIn(place, life, folder)
      await place.ask(life, api.trash('t', folder))
      await place.ask(life, api.purge('d', folder))
      life.process.kill()
      const again = await place.start(device)
      await until(place, () => again.page.items.has(id))
      expect(again.page.items.get(id)!.parentId).toBe(again.page.tree.rootId)
      expect(again.page.items.has(folder)).toBe(false)
    })

    test('nobody cancels it', async () => {
      const { place, life, ids } = await filled({ one: 3_000_000, two: 3_000_000 })
      life.store.faults.slowness = 10
      const planting = settle(life.process, plant(life))
      await until(place, () => [...life.page.jobs.values()].some(({ kind }) => kind === 'plant'))
      await place.ask(life, life.node.api.cancel('plant'))
      expect((await place.scheduler.run(planting)).kind).toBe('done')
      for (const id of Object.values(ids)) expect(life.page.items.has(id)).toBe(true)
      expect(life.page.tree.aside).toBeNull()
    })

    test('a file that is damaged holds up no other, and stays where it can be seen and comes once it can', async () => {
      const { place, device, life, ids } = await filled({ 'a whole': 3000 })
      const before = new Set([...device.disk.rows('object', new Uint8Array())].map(({ key }) => toHex(key)))
      const blob = place.blob(life, octetsOf('b damaged', 200_000))
      const id = await place.ask(life, life.node.api.addFile('d', life.page.tree.rootId, 'b damaged', blob))
      const piece = [...device.disk.rows('object', new Uint8Array())].find(({ key }) => !before.has(toHex(key)))!
      const more = place.blob(life, octetsOf('c whole', 300_000))
      ids['c whole'] = await place.ask(life, life.node.api.addFile('c', life.page.tree.rootId, 'c whole', more))
      device.disk.apply([{ kind: 'delete', table: 'object', key: piece.key }], 'strict')
      await place.ask(life, plant(life))

      for (const start of [async () => life, () => place.start(device)]) {
        const now = await start()
        await until(place, () => now.page.tree.aside !== null)
        const trouble = expect.stringContaining('a piece of a file is missing')
        expect(now.page.tree).toMatchObject({ isPlanted: true, aside: { fileCount: 1, trouble } })
        expect(await place.ask(now, now.node.api.aside())).toMatchObject([{ name: 'b damaged', sizeBytes: 200_000 }])
        expect(equal(await readBack(place, now, ids['a whole']!), octetsOf('a whole', 3000))).toBe(true)
        expect(equal(await readBack(place, now, ids['c whole']!), octetsOf('c whole', 300_000))).toBe(true)
        expect(now.page.items.has(id)).toBe(false)
        const bringing = place.ask(now, now.node.api.bringAside('again'))
        await expect(bringing).rejects.toMatchObject({ code: 'storeDamaged' })
        expect(now.page.tree.aside).toMatchObject({ fileCount: 1, trouble })
      }

      device.disk.apply([{ kind: 'put', table: 'object', ...piece }], 'strict')
      const healed = await place.start(device)
      await until(place, () => healed.page.items.has(id))
      await place.scheduler.run(place.scheduler.sleep(1000))
      expect(equal(await readBack(place, healed, id), octetsOf('b damaged', 200_000))).toBe(true)
      expect(healed.page.tree.aside).toBeNull()
    })

    test('takes no more room than its largest file, and waits where there is not even that', async () => {
      const { place, device, life, ids } = await filled({ one: 3_000_000, other: 3_000_000 })
      device.disk.quotaBytes = device.disk.usedBytes + 1_000_000
      await place.ask(life, plant(life))
      const trouble = expect.stringContaining('out of space')
      expect(life.page.tree).toMatchObject({ isPlanted: true, aside: { fileCount: 2, trouble } })
      const [file] = await place.ask(life, life.node.api.aside())
      expect(equal(await readBack(place, life, file!.id), octetsOf('one', 3_000_000))).toBe(true)
      device.disk.quotaBytes = device.disk.usedBytes + 4_000_000
      await place.ask(life, life.node.api.bringAside('again'))
      expect(life.page.tree.aside).toBeNull()
      for (const [name, id] of Object.entries(ids))
        expect(equal(await readBack(place, life, id), octetsOf(name, 3_000_000))).toBe(true)
    })
  })
  test('wants the three words of the card', async () => {
    const place = new Place()
    const life = await place.start(place.device('laptop'))
    const card = await place.ask(life, life.node.api.beginPlanting('Anna', 'Laptop', null))
    await expect(place.ask(life, life.node.api.confirmCard(card.plantingId, ['a', 'b', 'c']))).rejects.toMatchObject({
      code: 'cardMismatch',
    })
    await expect(place.ask(life, life.node.api.finishPlanting('p', card.plantingId, null))).rejects.toMatchObject({
      code: 'cardUnconfirmed',
    })
  })
})

describe('recovery', () => {
  test('brings everything back on a clean device, and again after a restart of it', async () => {
    const { place, archive, words, large, largeId, smallId } = await exported()
    const phone = place.device('phone')
    const life = await place.start(phone)
    await place.ask(life, life.node.api.recover('q1', place.blob(life, archive), words, 'Phone'))
    expect(life.page.tree).toMatchObject({ isPlanted: true, ownerName: 'Anna', deviceName: 'Phone' })
    expect(equal(await place.ask(life, readAll(life.node.api, largeId)), large)).toBe(true)
    await place.ask(life, life.node.api.rename('q2', smallId, 'renamed'))
    await place.ask(life, life.node.close())
    const again = await place.start(phone)
    expect(again.page.items.get(smallId)?.name).toBe('renamed')
    expect(equal(await place.ask(again, readAll(again.node.api, largeId)), large)).toBe(true)
  })
  test('refuses the card of another tree, words that are no card, and a profile that is planted', async () => {
    const { place, archive, life: owner, api } = await exported()
    const other = await planted(7)
    const life = await place.start(place.device('phone'))
    const recover = (words: readonly string[]) =>
      place.ask(life, life.node.api.recover('q', place.blob(life, archive), words, 'Phone'))
    await expect(recover(other.words)).rejects.toMatchObject({ code: 'cardForeign' })
    await expect(recover(['one', 'two'])).rejects.toMatchObject({ code: 'recoveryWordCount' })
    await expect(
      place.ask(owner, api.recover('q', place.blob(owner, archive), other.words, 'Phone')),
    ).rejects.toMatchObject({ code: 'recoverPlanted' })
  })
  test('refuses every archive that was cut, extended or bent, with a typed error, and stays as it was', async () => {
    const { place, archive, words } = await exported()
    const life = await place.start(place.device('phone'))
    const recover = async (bent: Bytes): Promise<string> => {
      const outcome = await place.scheduler.run(
        settle(life.process, life.node.api.recover('q', place.blob(life, bent), words, 'Phone')),
      )
      return outcome.kind === 'failed' ? outcome.code : outcome.kind
    }
    const typed = new RegExp(`^archive(Foreign|Cut|Damaged)$|${decodeFault.source}`)
    expect(await recover(utf8('no archive'))).toBe('archiveForeign')
    expect(await recover(archiveMagic)).toBe('archiveCut')
    expect(await recover(concat(archive, Uint8Array.of(0)))).toMatch(typed)
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const bent = Uint8Array.from(archive)
        bent[at]! ^= mask
        expect(await recover(bent)).toMatch(typed)
        expect(await recover(archive.slice(0, at))).toMatch(typed)
      }),
      { numRuns: 40 },
    )
    expect(life.page.tree.isPlanted).toBe(false)
    expect(await recover(archive)).toBe('done')
  }, 60_000)
  test.each<[string, (archive: Bytes, words: readonly string[]) => Bytes, string]>([
    ['the same again', (archive, words) => resealed(archive, words, opened(archive, words).frames), 'done'],
    ['something behind the end', (archive, words) => behindTheEnd(archive, words, 1), 'archiveDamaged'],
    ['more zeros than belong there', (archive, words) => behindTheEnd(archive, words, 0), 'archiveDamaged'],
    [
      'no end',
      (archive, words) => resealed(archive, words, opened(archive, words).frames.slice(0, -1)),
      'archiveDamaged',
    ],
    ['its pieces in another order', (archive) => withSwappedPieces(archive), 'archiveDamaged'],
    ['the pieces of another export', (archive) => withHeadOf(archive), 'archiveDamaged'],
    [
      'another time than its exporter signed',
      (archive, words) => resealed(archive, words, opened(archive, words).frames, undefined, 1),
      'archiveDamaged',
    ],
  ])('of what whoever has the card may seal: %s', async (_name, change, code) => {
    const { place, archive, words } = await exported()
    const life = await place.start(place.device('phone'))
    const blob = place.blob(life, change(archive, words))
    const outcome = await place.scheduler.run(settle(life.process, life.node.api.recover('q', blob, words, 'Phone')))
    expect(outcome.kind === 'failed' ? outcome.code : outcome.kind).toBe(code)
  })

  describe('of what its writers may write no more', () => {
    const recovering = async (change: Attesting, dayCount: number, takesUnattested = false): Promise<string> => {
      const { place, archive, words } = await exported()
      const phone = place.device('phone')
      phone.wall.jump(dayCount * dayMs)
      const life = await place.start(phone)
      const blob = place.blob(life, attestedOtherwise(archive, words, change))
      const call = life.node.api.recover('q', blob, words, 'Phone', takesUnattested)
      const outcome = await place.scheduler.run(settle(life.process, call))
      expect(life.page.tree.isPlanted).toBe(outcome.kind === 'done')
      return outcome.kind === 'failed' ? outcome.code : outcome.kind
    }
    test.each<[string, Attesting, string]>([
      ['by the one that decided', (before) => before, 'done'],
      ['by nobody', () => null, 'archiveUnattested'],
      [
        'about another state',
        ({ statement }, sign) => sign({ ...statement, stateRoot: sha256(statement.stateRoot) }),
        'archiveUnattested',
      ],
      [
        'by one of two',
        ({ statement }, sign) =>
          sign({ ...statement, voters: inOrder([...statement.voters, sha256(statement.stateRoot)]) }),
        'archiveUnattested',
      ],
      [
        'by one that does not decide',
        ({ statement }, sign) => sign({ ...statement, voters: [sha256(statement.stateRoot)] }),
        'archiveUnattested',
      ],
      [
        'with one bit another',
        ({ statement, votes: [vote] }) =>
          attestationOf(statement, [{ ...vote!, signature: vote!.signature.map((octet, at) => octet ^ +(at === 9)) }]),
        'archiveUnattested',
      ],
    ])('takes what is signed, or what its owner says is right: %s', async (_name, change, code) => {
      expect(await recovering(change, 300)).toBe('done')
      expect(await recovering(change, 500)).toBe(code)
      expect(await recovering(change, 500, true)).toBe('done')
    })
  })

  test('tells who finds it of which tree it is and how large, and nothing of who may read', async () => {
    const { place, archive, words, device, life } = await exported()
    const { credential } = await device.keys.node()
    const found = toHex(archive)
    const [rows] = opened(archive, words).frames.filter(({ tag }) => tag === 'rows')
    const secrets = [principalOf(credential), credential.signingKey, credential.kemKey]
    const inside = rows!.tag === 'rows' ? rows!.value.map(({ value }) => toHex(value)).join(' ') : ''
    for (const secret of secrets) {
      expect(inside).toContain(toHex(secret))
      expect(found).not.toContain(toHex(secret))
    }
    const summary = await place.ask(life, life.node.api.inspectArchive(place.blob(life, archive)))
    expect(summary).toEqual({
      treeId: life.page.tree.treeId,
      exportedAtMs: headOf(archive).head.exportedAtMs,
      sizeBytes: archive.length,
    })
  })

  test('has the size of another tree that is a little larger', async () => {
    const sizeOf = async (name: string, sizeBytes: number): Promise<[exact: number, archive: number]> => {
      const { place, life, api, words } = await planted(3)
      await place.ask(
        life,
        api.addFile('more', life.page.tree.rootId, name, place.blob(life, new Uint8Array(sizeBytes))),
      )
      const exportId = await place.ask(life, api.beginExport('x'))
      const archive = await place.ask(life, readAll(api, exportId))
      return [headOf(archive).head.sizeBytes - opened(archive, words).paddingBytes, archive.length]
    }
    const [one, other] = [await sizeOf('more', 40_000), await sizeOf('letters of Ben', 40_100)]
    expect(other[0]).toBe(one[0] + 100)
    expect(other[1]).toBe(one[1])
  })

  test.each<[string, (row: DeviceRow) => DeviceRow, string]>([
    ['as it was', (row) => row, 'done'],
    [
      'that the device did not sign',
      (row) => ({ ...row, device: { ...row.device, signature: row.device.signature.map((octet) => octet ^ 1) } }),
      'archiveDamaged',
    ],
    [
      'under a permission that nobody gave',
      (row) => ({ ...row, writecapHash: sha256(row.writecapHash) }),
      'archiveDamaged',
    ],
    ['of a device that nobody put out', (row) => dismissedFalsely(row), 'archiveDamaged'],
  ])('finds out a row of a device %s, though all adds up', async (_name, change, code) => {
    const { place, archive, words } = await exported()
    const life = await place.start(place.device('phone'))
    const forged = withDeviceRow(archive, words, change)
    const outcome = await place.scheduler.run(
      settle(life.process, life.node.api.recover('q', place.blob(life, forged), words, 'Phone')),
    )
    expect(outcome.kind === 'failed' ? outcome.code : outcome.kind).toBe(code)
  })
})

describe('files', () => {
  test('a move takes a folder with all that is in it; everything is readable at once and later', async () => {
    const { place, life, api, folder, large, largeId } = await planted()
    const target = await place.ask(life, api.createFolder('m1', life.page.tree.rootId, 'archive'))
    await place.ask(life, api.move('m2', folder, target))
    expect(life.page.items.get(folder)?.parentId).toBe(target)
    expect(equal(await place.ask(life, readAll(api, largeId)), large)).toBe(true)
    await place.ask(life, api.writeFile('m3', largeId, place.blob(life, utf8('new version'))))
    expect(equal(await place.ask(life, readAll(api, largeId)), utf8('new version'))).toBe(true)
    await expect(place.ask(life, api.move('m4', target, folder))).rejects.toMatchObject({ code: 'moveIntoItself' })
  })
  test('of two folders that are moved into each other at once one is, and the other is told', async () => {
    const { place, life } = await planted()
    const { api } = life.node
    const { rootId } = life.page.tree
    const one = await place.ask(life, api.createFolder('one', rootId, 'one'))
    const other = await place.ask(life, api.createFolder('other', rootId, 'other'))
    const moves = [api.move('in', one, other), api.move('out', other, one)].map((move) => place.ask(life, move))
    const [first, second] = await Promise.allSettled(moves)
    expect(first).toMatchObject({ status: 'fulfilled' })
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'moveIntoItself' } })
    expect([one, other].map((id) => life.page.items.get(id)?.parentId)).toEqual([other, rootId])
  })

  test('a small file gives way to nothing, least of all to itself', async () => {
    const { place, life } = await planted()
    const { rootId } = life.page.tree
    const sinceMs = place.scheduler.nowMs
    await place.ask(life, life.node.api.addFile('small', rootId, 'note', place.blob(life, utf8('hello'))))
    // Of the simulated disk and no more; what gives way waits for 250 ms.
    expect(place.scheduler.nowMs - sinceMs).toBeLessThan(150)
  })

  test('two deeds that want one name get two', async () => {
    const { place, life, api } = await planted()
    const { rootId } = life.page.tree
    await place.ask(life, Promise.all([api.createFolder('n1', rootId, 'same'), api.createFolder('n2', rootId, 'same')]))
    expect(
      [...life.page.items.values()]
        .map(({ name }) => name)
        .filter((name) => name.startsWith('same'))
        .toSorted(),
    ).toEqual(['same', 'same (2)'])
  })
  test('a write that loses its race leaves nothing behind, whenever the process dies', async () => {
    for (let writeCount = 0; writeCount < 12; writeCount++) {
      const place = new Place()
      const device = place.device('laptop')
      const first = await place.start(device)
      const { api } = first.node
      const { rootId } = first.page.tree
      const source = await place.ask(first, api.createFolder('r1', rootId, 'source'))
      const target = await place.ask(first, api.createFolder('r2', rootId, 'target'))
      const file = await place.ask(first, api.addFile('r3', source, 'file', place.blob(first, utf8('before'))))
      first.store.faults.crash = { writeCount, when: 'after' }
      // The move gives the file another place and another key while its new content is signed for the old ones.
      const deeds = [
        api.move('r4', source, target),
        api.writeFile('r5', file, place.blob(first, utf8('after it all'))),
        api.move('r6', file, rootId),
      ]
      await place.scheduler.run(Promise.all(deeds.map((deed) => settle(first.process, deed))))
      if (!first.process.isAlive) await place.start(device)
      await place.scheduler.run(place.scheduler.sleep(60_000))
      const audit = new Process(place.scheduler)
      const reader = new SimStore(device.disk, audit, Random.fromSeed(1), new Trace(), quiet)
      const treeId = fromHex(first.page.tree.treeId)!
      const held = await place.scheduler.run(readHeldState(reader, placeOf(treeId)))
      expect(await weighDisk(device.disk, newestState(held!)), `after ${writeCount} writes`).toEqual([])
    }
  })
  test('a request that is repeated takes effect once', async () => {
    const { place, life, api } = await planted()
    const { rootId } = life.page.tree
    const first = await place.ask(life, api.createFolder('again', rootId, 'once'))
    expect(await place.ask(life, api.createFolder('again', rootId, 'once'))).toBe(first)
    expect([...life.page.items.values()].filter(({ name }) => name === 'once')).toHaveLength(1)
  })
  test('deleting for good frees the space, also of what a stream was reading', async () => {
    const { place, life, api, folder, largeId, device } = await planted()
    const head = await place.ask(life, api.openContent(largeId))
    await place.ask(life, api.nextChunk(head.streamId))
    await place.ask(life, api.trash('t1', folder))
    await place.ask(life, api.purge('t2', null))
    await place.ask(life, api.closeContent(head.streamId))
    await place.scheduler.run(place.scheduler.sleep(1000))
    expect([...device.disk.rows('object', new Uint8Array())]).toHaveLength(0)
  })
  test('ranges are read from the middle of a file', async () => {
    const { place, life, api, large, largeId } = await planted()
    expect(equal(await place.ask(life, readAll(api, largeId, 65_530, 140_000)), large.subarray(65_530, 140_000))).toBe(
      true,
    )
    await expect(place.ask(life, api.openContent(largeId, 300_000))).rejects.toMatchObject({ code: 'rangeWrong' })
  })
})

describe('the trash', () => {
  /** A device with one folder in its trash, and how to start it again a while later. */
  async function withTrash() {
    const place = new Place()
    const device = place.device('laptop')
    const life = await place.start(device)
    const id = await place.ask(life, life.node.api.createFolder('r1', life.page.tree.rootId, 'old'))
    await place.ask(life, life.node.api.trash('t1', id))
    const startAfter = async (days: number): Promise<Life> => {
      device.wall.jump(days * dayMs)
      const next = await place.start(device)
      await place.scheduler.run(place.scheduler.sleep(60_000))
      return next
    }
    return { place, id, startAfter }
  }

  test('is emptied of what has lain there for thirty days of use', async () => {
    const { id, startAfter } = await withTrash()
    for (let count = 1; count <= 59; count++) expect((await startAfter(0.5)).page.items.has(id)).toBe(true)
    expect((await startAfter(0.5)).page.items.has(id)).toBe(false)
  })
  test('is not emptied by a clock that leaps, whatever is done at that date', async () => {
    const { place, id, startAfter } = await withTrash()
    const leapt = await startAfter(400)
    await place.ask(leapt, leapt.node.api.createFolder('r2', leapt.page.tree.rootId, 'at a wrong date'))
    for (let day = 0; day < 25; day++) expect((await startAfter(1)).page.items.has(id)).toBe(true)
    const back = await startAfter(-425)
    expect(back.page.items.has(id)).toBe(true)
  })
})
