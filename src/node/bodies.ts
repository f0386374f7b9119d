/**
 * Bodies on their way into the store: content is cut, sealed and written piece by piece, so that memory stays bounded whatever
 * its size, and a lease tells the next start what to delete where the record that needs them never came.
 * @module
 */
import { type Bytes, decode, encode, listOf, bytesOf, must, u64be } from '../core/bytes/bytes.ts'
import type { SectorKeys } from '../core/crypto/crypto.ts'
import {
  type Body,
  type BodyWriter,
  type Page,
  type SectorLeaf,
  diffBodies,
  emptyBody,
  emptyBodyWriter,
  finishBody,
  objectIdSizeBytes,
  planSeal,
  replaceSectors,
  sealedSectors,
  sectorName,
  sectorSaltSizeBytes,
  sectorSizeBytes,
  writeSectors,
} from '../core/block/block.ts'
import type { BlockId } from '../core/path/path.ts'
import type { Platform } from '../port/platform.ts'
import type { Change, Row, StorePort } from '../port/store.ts'
import { type Rewriting, composed, runsOf } from './edits.ts'
import type { JobHandle } from './jobs.ts'
import { type ClusterPlace, inPlace, objectKey } from './place.ts'
import { type Reading, readContent, walk } from './read/content.ts'

/** Read, sealed and written at a time. */
const sectorCountPerPiece = 16
const pieceSizeBytes = sectorCountPerPiece * sectorSizeBytes

type Put = Extract<Change, { kind: 'put' }>

/** The objects that one staging row holds a lease on; pages may come with sectors. */
const leaseWire = listOf(bytesOf(objectIdSizeBytes), 4096)
const leaseSizeBytesMax = 4096 * 64

/** Where bodies are made: on this device, for blocks of one cluster. */
export interface Site {
  readonly platform: Pick<Platform, 'store' | 'crypto' | 'random' | 'discard'>
  readonly place: ClusterPlace
}

/** What a body is made from: a `Blob`, or anything that is read by slices like one. */
export interface Content {
  readonly size: number
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> }
}

export const contentOfBytes = (octets: Bytes): Content => ({
  size: octets.length,
  slice: (start, end) => ({ arrayBuffer: async () => octets.slice(start, end).buffer }),
})

/** The content of a body that is there already, each slice opened when it is asked for. */
export const contentOfBody = (reading: Reading, block: BlockId, body: Body): Content => ({
  size: body.sizeBytes,
  slice: (start, end) => ({
    async arrayBuffer() {
      const whole = new Uint8Array(Math.min(end, body.sizeBytes) - start)
      let offset = 0
      for await (const piece of readContent(reading, block, body, start, start + whole.length)) {
        whole.set(piece, offset)
        offset += piece.length
      }
      return whole.buffer
    },
  }),
})

export interface WrittenBody {
  readonly bodyRoot: Bytes
  readonly sizeBytes: number
  /** To travel with the record: a small body itself, or the end of the lease on one that is stored already. */
  readonly attached: readonly Change[]
  /** What the lease is held under; null for a small body, which needs none. */
  readonly upload: Bytes | null
  /** Keys of the objects that were made for it, where it has others from the body before it; null where all of it was. */
  readonly made: readonly Bytes[] | null
}

/**
 * Seals a content into objects. Small ones are handed back to become durable together with their record; larger ones are
 * written as they come, under a lease.
 * @param content read in order, never held as a whole
 */
export async function writeBody(
  site: Site,
  block: BlockId,
  keyEpoch: number,
  keys: SectorKeys,
  content: Content,
  job: JobHandle,
): Promise<WrittenBody> {
  const making = new Making(site, content.size > pieceSizeBytes)
  const { upload } = making
  let writer: BodyWriter = emptyBodyWriter
  try {
    let piece = content.size === 0 ? null : readPiece(content, 0)
    for (let start = 0; piece !== null;) {
      const plaintext = await piece
      // What is over in a moment would wait for itself.
      if (upload === null) job.check()
      else await job.turn()
      const next = start + plaintext.length
      // The next piece is read while this one is sealed and written.
      piece = next < content.size ? readPiece(content, next) : null
      // Where this one fails nobody waits for the next any more.
      piece?.catch(() => {})
      const sealed = await sealRun(site, block, keyEpoch, keys, start / sectorSizeBytes, plaintext)
      const progress = writeSectors(writer, sealed.leaves)
      writer = progress.writer
      await making.put([...sealed.changes, ...progress.pages.map((page) => putPage(site.place, block, page))])
      if (upload !== null) site.platform.discard(plaintext, ...sealed.changes.map(({ value }) => value))
      job.advance((start = next))
    }
    const { body, pages } = finishBody(writer, content.size)
    await making.put(pages.map((page) => putPage(site.place, block, page)))
    return { ...body, attached: making.end(), upload, made: null }
  } catch (error) {
    if (upload !== null) await releaseUpload(site, upload)
    throw error
  }
}

/**
 * Seals what a body becomes when parts of it are written over, or it is cut or made longer: the sectors that are touched, and the
 * pages above them. All else is that of the body before.
 * @param reading of that body: what is not here of it comes from elsewhere
 */
export async function rewriteBody(
  site: Site,
  reading: Reading,
  block: BlockId,
  keyEpoch: number,
  keys: SectorKeys,
  rewriting: Rewriting,
  job: JobHandle,
): Promise<WrittenBody> {
  const runs = runsOf(rewriting, sectorCountPerPiece)
  const touchedCount = runs.reduce((sum, { sectorCount }) => sum + sectorCount, 0)
  const making = new Making(site, touchedCount > sectorCountPerPiece)
  const { upload } = making
  const changed = new Map<number, SectorLeaf>()
  const made: Bytes[] = []
  const put = async (objects: readonly Put[]): Promise<void> => {
    made.push(...objects.map(({ key }) => key))
    await making.put(objects)
  }
  try {
    job.setTotal(touchedCount * sectorSizeBytes)
    let doneCount = 0
    for (const run of runs) {
      if (upload === null) job.check()
      else await job.turn()
      const plaintext = await composed(rewriting, run, (start, end) =>
        contentOfBody(reading, block, rewriting.base).slice(start, end).arrayBuffer(),
      )
      const sealed = await sealRun(site, block, keyEpoch, keys, run.firstIndex, plaintext)
      for (const [at, leaf] of sealed.leaves.entries()) changed.set(run.firstIndex + at, leaf)
      await put(sealed.changes)
      if (upload !== null) site.platform.discard(plaintext, ...sealed.changes.map(({ value }) => value))
      job.advance((doneCount += run.sectorCount) * sectorSizeBytes)
    }
    const rebuilding = walk(reading, block, replaceSectors(rewriting.base, changed, rewriting.sizeBytes))
    let step = await rebuilding.next()
    for (; step.done !== true; step = await rebuilding.next())
      await put(step.value.map((page) => putPage(site.place, block, page)))
    return { ...step.value, attached: making.end(), upload, made }
  } catch (error) {
    if (upload !== null) await releaseUpload(site, upload)
    throw error
  }
}

/**
 * Seals the content of a body for another block, or under another key: what is no hole, so that what nobody wrote takes neither room
 * nor time.
 * @param reading of that body
 */
export async function copyBody(
  site: Site,
  reading: Reading,
  source: { readonly block: BlockId; readonly body: Body },
  block: BlockId,
  keyEpoch: number,
  keys: SectorKeys,
  job: JobHandle,
): Promise<WrittenBody> {
  const content = contentOfBody(reading, source.block, source.body)
  const ranges: { startByte: number; endByte: number }[] = []
  for await (const sectors of walk(reading, source.block, sealedSectors(source.body)))
    for (const { index, sizeBytes } of sectors) {
      const startByte = index * sectorSizeBytes
      const last = ranges.at(-1)
      if (last?.endByte === startByte) last.endByte += sizeBytes
      else ranges.push({ startByte, endByte: startByte + sizeBytes })
    }
  const edits = ranges.map(({ startByte, endByte }) => ({
    startByte,
    endByte,
    content: { slice: (start: number, end: number) => content.slice(startByte + start, startByte + end) },
  }))
  const rewriting = { base: emptyBody, edits, sizeBytes: source.body.sizeBytes }
  return await rewriteBody(site, reading, block, keyEpoch, keys, rewriting, job)
}

/**
 * Deletes what was stored for a body whose record was refused: what its lease names, and what became durable together with the
 * refused record, whose lease had then ended.
 */
export async function abandonBody(
  site: Site,
  block: BlockId,
  { bodyRoot, sizeBytes, upload, made }: WrittenBody,
): Promise<void> {
  if (made === null) await deleteBody(site, block, { bodyRoot, sizeBytes })
  else
    await site.platform.store.write(
      made.map((key): Change => ({ kind: 'delete', table: 'object', key })),
      'relaxed',
    )
  if (upload !== null) await releaseUpload(site, upload)
}

/** Deletes all that a body consists of; it shares nothing of it with another one. */
export async function deleteBody({ platform: { store }, place }: Site, block: BlockId, body: Body): Promise<void> {
  for await (const objects of walk({ store, place }, block, diffBodies(body, []))) {
    await store.write(
      objects.map((object): Change => ({ kind: 'delete', table: 'object', key: objectKey(place, block, object) })),
      'relaxed',
    )
  }
}

async function readPiece(content: Content, start: number): Promise<Bytes> {
  return new Uint8Array(await content.slice(start, start + pieceSizeBytes).arrayBuffer())
}

async function sealRun(
  site: Site,
  block: BlockId,
  keyEpoch: number,
  keys: SectorKeys,
  firstIndex: number,
  plaintext: Bytes,
) {
  const salt = site.platform.random.bytes(sectorSaltSizeBytes)
  const sealed = await site.platform.crypto.seal(planSeal(keys, site.place.treeId, block, firstIndex, salt, plaintext))
  const leaves = sealed.map(({ hash }): SectorLeaf => ({ hash, keyEpoch, salt }))
  return {
    leaves,
    changes: sealed.map(({ ciphertext }, at): Put => ({
      kind: 'put',
      table: 'object',
      key: objectKey(site.place, block, sectorName(firstIndex + at, leaves[at]!)),
      value: ciphertext,
    })),
  }
}

const putPage = (place: ClusterPlace, block: BlockId, page: Page): Put => ({
  kind: 'put',
  table: 'object',
  key: objectKey(place, block, page),
  value: page.octets,
})

/** Where the objects of one body go while it is made. */
class Making {
  /** null: they are few, and travel with the record. */
  readonly upload: Bytes | null
  readonly #lease: Lease | null
  readonly #held: Put[] = []

  constructor({ platform: { random, store }, place }: Site, isLarge: boolean) {
    this.upload = isLarge ? random.bytes(16) : null
    this.#lease = this.upload === null ? null : new Lease(store, place, this.upload)
  }

  async put(objects: readonly Put[]): Promise<void> {
    if (this.#lease === null) this.#held.push(...objects)
    else await this.#lease.write(objects)
  }

  /** What has to become durable with the record. */
  end(): readonly Change[] {
    return this.#lease?.end() ?? this.#held
  }
}

/** What was stored and is not referred to yet. */
class Lease {
  readonly #store: StorePort
  readonly #place: ClusterPlace
  readonly #upload: Bytes
  #rowCount = 0

  constructor(store: StorePort, place: ClusterPlace, upload: Bytes) {
    this.#store = store
    this.#place = place
    this.#upload = upload
  }

  /** Relaxed, since the record that comes last is strict and makes all before it durable. */
  async write(objects: readonly Put[]): Promise<void> {
    const prefix = inPlace(this.#place).length
    const keys = objects.map(({ key }) => key.slice(prefix))
    const row: Change = {
      kind: 'put',
      table: 'staging',
      key: this.#key(this.#rowCount++),
      value: encode(leaseWire, keys),
    }
    await this.#store.write([...objects, row], 'relaxed')
  }

  end(): readonly Change[] {
    return Array.from({ length: this.#rowCount }, (_, at): Change => ({
      kind: 'delete',
      table: 'staging',
      key: this.#key(at),
    }))
  }

  #key(at: number): Bytes {
    return inPlace(this.#place, this.#upload, u64be(at))
  }
}

const releaseUpload = (site: Site, upload: Bytes): Promise<void> => release(site, inPlace(site.place, upload))

/** Deletes what uploads of an earlier life left behind, whose leases neither a record nor the outbox has ended; run before the first new one. */
export const releaseStaged = (site: Site): Promise<void> => release(site, inPlace(site.place))

async function release({ platform: { store }, place }: Site, prefix: Bytes): Promise<void> {
  for (;;) {
    const rows: readonly Row[] = await store.scan('staging', prefix, 64)
    if (rows.length === 0) return
    const changes: Change[] = []
    for (const { key, value } of rows) {
      for (const object of must(decode(leaseWire, value, leaseSizeBytesMax)))
        changes.push({ kind: 'delete', table: 'object', key: inPlace(place, object) })
      changes.push({ kind: 'delete', table: 'staging', key })
    }
    await store.write(changes, 'relaxed')
  }
}
