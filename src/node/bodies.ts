/**
 * Bodies on their way into the store: content is cut, sealed and written piece by piece, so that memory stays bounded whatever
 * its size, and a lease tells the next start what to delete where the record that needs them never came.
 * @module
 */
import { type Bytes, decode, encode, keyOf, listOf, bytesOf, must, u64be } from '../core/bytes/bytes.ts'
import type { SectorKeys } from '../core/crypto/crypto.ts'
import {
  type Body,
  type BodyWriter,
  type Page,
  type SectorLeaf,
  diffBodies,
  emptyBodyWriter,
  finishBody,
  planSeal,
  sectorSaltSizeBytes,
  sectorSizeBytes,
  writeSectors,
} from '../core/block/block.ts'
import type { BlockId } from '../core/path/path.ts'
import type { Platform } from '../port/platform.ts'
import type { Change, Row, StorePort } from '../port/store.ts'
import type { JobHandle } from './jobs.ts'
import { type ClusterPlace, inPlace, objectKey } from './place.ts'
import { type Reading, readContent, walk } from './read/content.ts'

/** Read, sealed and written at a time. */
const pieceSizeBytes = 16 * sectorSizeBytes

type Put = Extract<Change, { kind: 'put' }>

/** Block and hash of the objects that one staging row holds a lease on; pages may come with sectors. */
const leaseWire = listOf(bytesOf(48), 4096)
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
  const upload = content.size <= pieceSizeBytes ? null : site.platform.random.bytes(16)
  const lease = upload === null ? null : new Lease(site.platform.store, site.place, upload)
  let writer: BodyWriter = emptyBodyWriter
  try {
    let piece = content.size === 0 ? null : readPiece(content, 0)
    let changes: Put[] = []
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
      const sealed = await sealPiece(site, block, keyEpoch, keys, start / sectorSizeBytes, plaintext)
      const progress = writeSectors(writer, sealed.leaves)
      writer = progress.writer
      changes = [...sealed.changes, ...progress.pages.map((page) => putPage(site.place, block, page))]
      if (lease !== null) {
        await lease.write(changes)
        site.platform.discard(plaintext, ...sealed.changes.map(({ value }) => value))
      }
      job.advance((start = next))
    }
    const { body, pages } = finishBody(writer, content.size)
    const last = pages.map((page) => putPage(site.place, block, page))
    if (lease === null) return { ...body, attached: [...changes, ...last], upload }
    await lease.write(last)
    return { ...body, attached: lease.end(), upload }
  } catch (error) {
    if (upload !== null) await releaseUpload(site, upload)
    throw error
  }
}

/**
 * Deletes what was stored for a body whose record was refused: what its lease names, and what became durable together with the
 * refused record, whose lease had then ended.
 */
export async function abandonBody(
  site: Site,
  block: BlockId,
  { bodyRoot, sizeBytes, upload }: WrittenBody,
): Promise<void> {
  const { store } = site.platform
  for await (const objects of walk({ store, place: site.place }, block, diffBodies({ bodyRoot, sizeBytes }, []))) {
    await store.write(
      objects.map(({ hash }): Change => ({ kind: 'delete', table: 'object', key: objectKey(site.place, block, hash) })),
      'relaxed',
    )
  }
  if (upload !== null) await releaseUpload(site, upload)
}

async function readPiece(content: Content, start: number): Promise<Bytes> {
  return new Uint8Array(await content.slice(start, start + pieceSizeBytes).arrayBuffer())
}

async function sealPiece(
  site: Site,
  block: BlockId,
  keyEpoch: number,
  keys: SectorKeys,
  firstIndex: number,
  plaintext: Bytes,
) {
  const salt = site.platform.random.bytes(sectorSaltSizeBytes)
  const sealed = await site.platform.crypto.seal(planSeal(keys, site.place.treeId, block, firstIndex, salt, plaintext))
  return {
    leaves: sealed.map(({ hash }): SectorLeaf => ({ hash, keyEpoch, salt })),
    changes: sealed.map(({ hash, ciphertext }): Put => ({
      kind: 'put',
      table: 'object',
      key: objectKey(site.place, block, hash),
      value: ciphertext,
    })),
  }
}

const putPage = (place: ClusterPlace, block: BlockId, { hash, octets }: Page): Put => ({
  kind: 'put',
  table: 'object',
  key: objectKey(place, block, hash),
  value: octets,
})

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

/** What bodies of a block consist of, as far as their pages are here. */
export async function objectsOf(
  { platform, place }: Site,
  block: BlockId,
  bodies: readonly Body[],
): Promise<ReadonlySet<string>> {
  const hashes = new Set<string>()
  for (const body of bodies)
    for await (const objects of walk({ store: platform.store, place }, block, diffBodies(body, [])))
      for (const { hash } of objects) hashes.add(keyOf(hash))
  return hashes
}
