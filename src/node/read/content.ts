/**
 * Content on its way out: sectors found through verified pages, fetched, opened and handed over in order, a piece at a time.
 *
 * The signed body root vouches for every octet; nothing that does not fit it is ever handed over. Works over the store and
 * crypto ports alone, so the service worker can answer with it when no node runs.
 * @module
 */
import { BlocktreeError, type Bytes, StoreDamagedError, concat } from '../../core/bytes/bytes.ts'
import {
  type Body,
  type LocatedSector,
  type Walk,
  isSealed,
  planOpen,
  readBody,
  sealedSectors,
  sectorName,
  sectorSizeBytes,
} from '../../core/block/block.ts'
import type { SectorKeys } from '../../core/crypto/crypto.ts'
import type { BlockId } from '../../core/path/path.ts'
import { type TreeState, contentOf } from '../../core/tree/tree.ts'
import type { CryptoPort, Discard } from '../../port/platform.ts'
import { type ClusterPlace, objectKey } from '../place.ts'

/** Sectors opened at a time: 1 MiB. */
const sectorCountPerPiece = 16

/** What reads objects; keys carry the place. */
export interface ObjectStore {
  readMany(table: 'object', keys: readonly Bytes[]): Promise<readonly (Bytes | null)[]>
}

export interface Reading {
  readonly store: ObjectStore
  readonly crypto: CryptoPort
  readonly discard: Discard
  readonly place: ClusterPlace
  /** What opens sectors that were sealed under a key of a block; null where this device can not reach it. */
  readonly sectorKeys: (block: BlockId, keyEpoch: number) => SectorKeys | null
}

/** The body of a file as its content record signs it; null for what is no file. */
export function bodyOf(state: TreeState, block: BlockId): Body | null {
  const fields = contentOf(state, block)?.content.fields
  return fields === undefined ? null : { bodyRoot: fields.bodyRoot, sizeBytes: fields.sizeBytes }
}

/** The octets from `startByte` up to `endByte` in pieces of up to 1 MiB. Throws StoreDamagedError where the device lost some. */
export async function* readContent(
  reading: Reading,
  block: BlockId,
  body: Body,
  startByte: number,
  endByte: number,
): AsyncGenerator<Bytes> {
  let pending: LocatedSector[] = []
  for await (const sectors of walk(reading, block, readBody(body, startByte, endByte))) {
    pending.push(...sectors)
    while (pending.length >= sectorCountPerPiece) {
      yield await openPiece(reading, block, pending.slice(0, sectorCountPerPiece), startByte, endByte)
      pending = pending.slice(sectorCountPerPiece)
    }
  }
  if (pending.length > 0) yield await openPiece(reading, block, pending, startByte, endByte)
}

/** All but the holes, in pieces of up to 1 MiB, with the indexes of their sectors. */
export async function* readSealed(
  reading: Reading,
  block: BlockId,
  body: Body,
): AsyncGenerator<{ readonly indexes: readonly number[]; readonly octets: Bytes }> {
  for await (const sectors of walk(reading, block, sealedSectors(body)))
    for (let at = 0; at < sectors.length; at += sectorCountPerPiece) {
      const piece = sectors.slice(at, at + sectorCountPerPiece)
      const indexes = piece.map(({ index }) => index)
      yield { indexes, octets: await openPiece(reading, block, piece, 0, body.sizeBytes) }
    }
}

/** Answers a walk's needs from the store. @returns the walk's own result */
export async function* walk<Found, Value>(
  { store, place }: Pick<Reading, 'store' | 'place'>,
  block: BlockId,
  steps: Walk<Found, Value>,
): AsyncGenerator<readonly Found[], Value> {
  let answer: readonly (Bytes | null)[] = []
  for (;;) {
    const { done, value } = steps.next(answer)
    if (done === true) {
      if (!value.ok) throw new StoreDamagedError(value.fault.code)
      return value.value
    }
    if (value.kind === 'need')
      answer = await store.readMany(
        'object',
        value.pages.map((page) => objectKey(place, block, page)),
      )
    else yield value.found
  }
}

async function openPiece(
  reading: Reading,
  block: BlockId,
  sectors: readonly LocatedSector[],
  startByte: number,
  endByte: number,
): Promise<Bytes> {
  const { store, crypto, discard, place, sectorKeys } = reading
  const sealed = sectors.filter(isSealed)
  const stored = await store.readMany(
    'object',
    sealed.map(({ index, leaf }) => objectKey(place, block, sectorName(index, leaf))),
  )
  const ciphertexts = stored.map((ciphertext) => {
    if (ciphertext === null) throw new StoreDamagedError('a piece of a file is missing')
    return ciphertext
  })
  const keysOf = (keyEpoch: number) => sectorKeys(block, keyEpoch)
  const plans = planOpen(keysOf, place.treeId, block, sealed, ciphertexts)
  if (!plans.ok) {
    const { code, local } = plans.fault
    throw code === 'keyOutOfReach' ? new BlocktreeError(code, local) : new StoreDamagedError(code)
  }
  const opened = (await crypto.open(plans.value)).map((plaintext) => {
    if (plaintext === null) throw new StoreDamagedError('a piece of a file')
    return plaintext
  })
  let openedCount = 0
  const parts = sectors.map((sector) => (isSealed(sector) ? opened[openedCount++]! : new Uint8Array(sector.sizeBytes)))
  const whole = concat(...parts)
  discard(...ciphertexts, ...opened)
  const firstByte = sectors[0]!.index * sectorSizeBytes
  return whole.subarray(Math.max(0, startByte - firstByte), Math.min(whole.length, endByte - firstByte))
}
