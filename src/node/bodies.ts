/**
 * Bodies on their way into the store: content is cut, sealed and written piece by piece, so that memory stays bounded whatever
 * its size, and a lease tells the next start what lies there for a record that never came: to be deleted, or to go on with.
 * @module
 */
import {
  type Bytes,
  CancelledError,
  type Decoded,
  RefusedError,
  StoreFullError,
  bytesOf,
  decode,
  encode,
  equal,
  listOf,
  nullable,
  record,
  u64be,
} from '../core/bytes/bytes.ts'
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
export const pieceSizeBytes = sectorCountPerPiece * sectorSizeBytes

type Put = Extract<Change, { kind: 'put' }>

/** What one staging row holds a lease on: objects, the sectors of a piece before the pages that it filled. */
const leaseWire = record('lease', 1, {
  /** Of the sectors; null where there is no whole piece among the objects. */
  salt: nullable(bytesOf(sectorSaltSizeBytes)),
  objects: listOf(bytesOf(objectIdSizeBytes), 4096),
})
const leaseSizeBytesMax = 4096 * 64
export const uploadIdSizeBytes = 16

/** Where bodies are made: on this device, for blocks of one cluster. */
export interface Site {
  readonly platform: Pick<Platform, 'store' | 'crypto' | 'random' | 'discard'>
  readonly place: ClusterPlace
}

/** What a body is made from: a `Blob`, or anything that is read by slices like one. */
export interface Content {
  readonly size: number
  /** Of a file of this device: when it was last changed, milliseconds since 1970. */
  readonly lastModified?: number
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

/** An upload with a note of it, by which the next process finds what this one did not live to finish. */
export interface Lasting {
  readonly upload: Bytes
  /** Written with the first piece; null where it lies there. */
  readonly note: Bytes | null
  /** So many rows of its lease are there: one for each piece, and what may have come last. */
  readonly rowCount: number
}

/** Whether a content is written as it comes, before its record. */
export const isLarge = ({ size }: Content): boolean => size > pieceSizeBytes

/**
 * Seals a content into objects. Small ones are handed back to become durable together with their record; larger ones are
 * written as they come, under a lease.
 * @param content read in order, never held as a whole
 * @param lasting of a large content, where it may go on in another process
 */
export async function writeBody(
  site: Site,
  block: BlockId,
  keyEpoch: number,
  keys: SectorKeys,
  content: Content,
  job: JobHandle,
  lasting: Lasting | null = null,
): Promise<WrittenBody> {
  const making = new Making(site, isLarge(content), lasting)
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
      const seal = (salt: Bytes) => sealRun(site, block, keyEpoch, keys, start / sectorSizeBytes, plaintext, salt)
      const stored = await making.pieceAt(start / pieceSizeBytes, seal)
      const salt = site.platform.random.bytes(sectorSaltSizeBytes)
      const sealed = stored ?? (await seal(salt))
      const progress = writeSectors(writer, sealed.leaves)
      writer = progress.writer
      const pages = progress.pages.map((page) => putPage(site.place, block, page))
      if (stored === null) await making.put([...sealed.changes, ...pages], salt)
      if (upload !== null) site.platform.discard(plaintext, ...sealed.changes.map(({ value }) => value))
      job.advance((start = next))
    }
    const { body, pages } = finishBody(writer, content.size)
    // Behind the pieces lies what an earlier process closed the body with.
    const isClosed = making.rowCount > Math.ceil(content.size / pieceSizeBytes)
    if (!isClosed) await making.put(pages.map((page) => putPage(site.place, block, page)))
    return { ...body, attached: making.end(), upload, made: null }
  } catch (error) {
    const goesOn = lasting !== null && !isGivenUp(error)
    if (upload !== null && !goesOn) await releaseUpload(site, upload)
    throw error
  }
}

/** Whether nobody will want what is stored: it was cancelled, or refused, or there is no room for it. */
const isGivenUp = (error: unknown): boolean =>
  error instanceof CancelledError || error instanceof RefusedError || error instanceof StoreFullError

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
      const salt = site.platform.random.bytes(sectorSaltSizeBytes)
      const sealed = await sealRun(site, block, keyEpoch, keys, run.firstIndex, plaintext, salt)
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

interface SealedRun {
  readonly leaves: readonly SectorLeaf[]
  readonly changes: readonly Put[]
}

async function sealRun(
  site: Site,
  block: BlockId,
  keyEpoch: number,
  keys: SectorKeys,
  firstIndex: number,
  plaintext: Bytes,
  salt: Bytes,
): Promise<SealedRun> {
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

  constructor({ platform: { random, store }, place }: Site, isLeased: boolean, lasting: Lasting | null = null) {
    this.upload = isLeased ? (lasting?.upload ?? random.bytes(uploadIdSizeBytes)) : null
    this.#lease = this.upload === null ? null : new Lease(store, place, this.upload, lasting)
  }

  /** @param salt of the sectors of a whole piece */
  async put(objects: readonly Put[], salt: Bytes | null = null): Promise<void> {
    if (this.#lease === null) this.#held.push(...objects)
    else await this.#lease.write(objects, salt)
  }

  /** So many rows its lease has; 0 where it has none. */
  get rowCount(): number {
    return this.#lease?.rowCount ?? 0
  }

  /**
   * A piece that an earlier process has stored, sealed again: nothing of what is stored has to be read for that, and what is not the
   * same is stored nowhere, so that no two contents are seen under one nonce. From the first piece on that is another one all that was
   * stored is deleted.
   * @returns null where it is to be stored
   */
  async pieceAt(index: number, seal: (salt: Bytes) => Promise<SealedRun>): Promise<SealedRun | null> {
    if (this.#lease === null || index >= this.rowCount) return null
    const row = await this.#lease.rowAt(index)
    const again = row === null || row.salt === null ? null : await seal(row.salt)
    const isSame = again?.changes.every(({ key }, at) => {
      const object = row!.objects[at]
      return object !== undefined && equal(object, key.subarray(-objectIdSizeBytes))
    })
    if (isSame === true) return again
    await this.#lease.cut(index)
    return null
  }

  /** What has to become durable with the record. */
  end(): readonly Change[] {
    return this.#lease?.end() ?? this.#held
  }
}

type LeaseRow = Decoded<typeof leaseWire>

/** What was stored and is not referred to yet. */
class Lease {
  readonly #store: StorePort
  readonly #place: ClusterPlace
  readonly #upload: Bytes
  readonly #isLasting: boolean
  #note: Bytes | null
  #rowCount: number

  constructor(store: StorePort, place: ClusterPlace, upload: Bytes, lasting: Lasting | null) {
    this.#store = store
    this.#place = place
    this.#upload = upload
    this.#isLasting = lasting !== null
    this.#note = lasting?.note ?? null
    this.#rowCount = lasting?.rowCount ?? 0
  }

  /** Relaxed, since the record that comes last is strict and makes all before it durable. */
  async write(objects: readonly Put[], salt: Bytes | null): Promise<void> {
    const prefix = inPlace(this.#place).length
    const row = { salt, objects: objects.map(({ key }) => key.slice(prefix)) }
    const rows: Put[] = [
      { kind: 'put', table: 'staging', key: this.#key(this.#rowCount++), value: encode(leaseWire, row) },
    ]
    if (this.#note !== null) rows.push({ kind: 'put', table: 'staging', key: this.#noteKey, value: this.#note })
    this.#note = null
    await this.#store.write([...objects, ...rows], 'relaxed')
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** null where it can not be read. */
  async rowAt(index: number): Promise<LeaseRow | null> {
    const row = await this.#store.read('staging', this.#key(index))
    const lease = row === null ? null : decode(leaseWire, row, leaseSizeBytesMax)
    return lease?.ok === true ? lease.value : null
  }

  /** Deletes all that came in a row or after it. */
  async cut(index: number): Promise<void> {
    for (; this.#rowCount > index; this.#rowCount--) {
      const key = this.#key(this.#rowCount - 1)
      const row = await this.#store.read('staging', key)
      await this.#store.write(
        [...(row === null ? [] : leasedBy(this.#place, row)), { kind: 'delete', table: 'staging', key }],
        'relaxed',
      )
    }
  }

  end(): readonly Change[] {
    const keys = Array.from({ length: this.#rowCount }, (_, at) => this.#key(at))
    if (this.#isLasting) keys.push(this.#noteKey)
    return keys.map((key): Change => ({ kind: 'delete', table: 'staging', key }))
  }

  get #noteKey(): Bytes {
    return inPlace(this.#place, this.#upload)
  }

  #key(at: number): Bytes {
    return inPlace(this.#place, this.#upload, u64be(at))
  }
}

/** Deletes what an upload has stored, whose lease neither a record nor the outbox has ended, and what was noted of it. */
export async function releaseUpload({ platform: { store }, place }: Site, upload: Bytes): Promise<void> {
  const prefix = inPlace(place, upload)
  for (;;) {
    const rows: readonly Row[] = await store.scan('staging', prefix, 64)
    if (rows.length === 0) return
    const changes = rows.flatMap(({ key, value }): readonly Change[] => [
      ...(key.length === prefix.length ? [] : leasedBy(place, value)),
      { kind: 'delete', table: 'staging', key },
    ])
    await store.write(changes, 'relaxed')
  }
}

/** Of a row that another version of this program wrote nobody knows what it names, and no tree stays closed for that. */
function leasedBy(place: ClusterPlace, row: Bytes): readonly Change[] {
  const lease = decode(leaseWire, row, leaseSizeBytesMax)
  const objects = lease.ok ? lease.value.objects : []
  return objects.map((object) => ({ kind: 'delete', table: 'object', key: inPlace(place, object) }))
}
