/**
 * Sealing and opening sectors as files are written and read, against nothing but the arithmetic: AES-256-GCM under one key
 * that is imported once, and SHA-256 of the same bytes.
 *
 * Ours also draws a salt, derives a key and imports it for every piece, and builds the Merkle tree when sealing; when
 * opening it verifies every index page against the body's root and every ciphertext against its page. Neither side touches
 * the disk, and both give back the memory of each piece as a node does, so that none measures how fast the machine finds more.
 * @module
 */
import { type Bytes, equal, keyOf, must } from '../core/bytes/bytes.ts'
import {
  type Body,
  type SealedSector,
  type SectorLeaf,
  emptyBodyWriter,
  finishBody,
  isSealed,
  planOpen,
  planSeal,
  readBody,
  sectorSaltSizeBytes,
  sectorSizeBytes,
  writeSectors,
} from '../core/block/block.ts'
import { blockKeySchedule } from '../core/crypto/crypto.ts'
import { createCrypto } from '../edge/crypto/crypto.ts'
import { createRandom } from '../edge/random/random.ts'
import { discard } from '../edge/rpc/discard.ts'
import type { Discard } from '../port/platform.ts'
import { type Comparison, alternate } from './alternate.ts'

/** As `node/bodies.ts` and `node/read/content.ts` do: a piece is sealed or opened at a time, its sectors at once. */
const sectorCountPerPiece = 16
const contentSizeBytes = 64 * 1024 * 1024
const roundCount = 15

const crypto = createCrypto()
const random = createRandom()
const treeId = random.bytes(32)
const blockId = random.bytes(16)

interface SealedBody {
  readonly body: Body
  /** Pages by their hash. */
  readonly pages: ReadonlyMap<string, Bytes>
  /** In the order of the sectors, as the baseline has them: looking them up is the store's, not the ciphers'. */
  readonly ciphertexts: readonly Bytes[]
}

export async function sealSectors(): Promise<Comparison> {
  const content = contentOf(contentSizeBytes)
  const blockKey = random.bytes(32)
  const raw = await rawCipher()
  const times = await alternate(
    { work: async () => void (await seal(content, blockKey, discard)) },
    { work: async () => void (await raw.seal(content, false)) },
    roundCount,
  )
  return ratesOf(times)
}

export async function openSectors(): Promise<Comparison> {
  const content = contentOf(contentSizeBytes)
  const blockKey = random.bytes(32)
  const sealed = await seal(content, blockKey)
  const raw = await rawCipher()
  const rawSealed = await raw.seal(content, true)
  let openedCount = 0
  await open(sealed, blockKey, (...sectors) => {
    for (const sector of sectors)
      if (!equal(sector, sectorOf(content, openedCount++))) throw new Error('what was opened is not what was sealed')
  })
  if (openedCount !== content.length / sectorSizeBytes) throw new Error('not all that was sealed was opened')
  const times = await alternate(
    { work: () => open(sealed, blockKey, discard) },
    { work: () => raw.open(rawSealed) },
    roundCount,
  )
  return ratesOf(times)
}

const ratesOf = ({ oursMs, baselineMs }: { readonly oursMs: number; readonly baselineMs: number }): Comparison => ({
  ours: contentSizeBytes / 1000 / oursMs,
  baseline: contentSizeBytes / 1000 / baselineMs,
  note: `${contentSizeBytes / 2 ** 20} MiB, ${roundCount} rounds`,
})

function contentOf(sizeBytes: number): Bytes {
  const content = new Uint8Array(sizeBytes)
  // No source of chance gives more than 64 KiB at a time.
  for (let start = 0; start < sizeBytes; start += sectorSizeBytes) content.set(random.bytes(sectorSizeBytes), start)
  return content
}
const sectorOf = (content: Bytes, index: number): Bytes =>
  content.subarray(index * sectorSizeBytes, (index + 1) * sectorSizeBytes)

/** @param done takes the ciphertexts of a piece where they are not to be kept */
async function seal(content: Bytes, blockKey: Bytes, done?: Discard): Promise<SealedBody> {
  const keys = blockKeySchedule(blockKey)
  const stored = new Map<string, Bytes>()
  const ciphertexts: Bytes[] = []
  let writer = emptyBodyWriter
  for (let start = 0; start < content.length; start += sectorCountPerPiece * sectorSizeBytes) {
    const salt = random.bytes(sectorSaltSizeBytes)
    const piece = content.subarray(start, start + sectorCountPerPiece * sectorSizeBytes)
    const sealed = await crypto.seal(planSeal(keys, treeId, blockId, start / sectorSizeBytes, salt, piece))
    if (done === undefined) ciphertexts.push(...sealed.map(({ ciphertext }) => ciphertext))
    const leaves = sealed.map(({ hash }): SectorLeaf => ({ hash, keyEpoch: 1, salt }))
    done?.(...sealed.map(({ ciphertext }) => ciphertext))
    const progress = writeSectors(writer, leaves)
    for (const { hash, octets } of progress.pages) stored.set(keyOf(hash), octets)
    writer = progress.writer
  }
  const { body, pages } = finishBody(writer, content.length)
  for (const { hash, octets } of pages) stored.set(keyOf(hash), octets)
  keys.wipe()
  return { body, pages: stored, ciphertexts }
}

/** @param done takes the sectors of a piece, in their order */
async function open({ body, pages, ciphertexts }: SealedBody, blockKey: Bytes, done: Discard): Promise<void> {
  const keys = blockKeySchedule(blockKey)
  const openPiece = async (sectors: readonly SealedSector[]): Promise<void> => {
    const pieces = sectors.map(({ index }) => ciphertexts[index]!)
    const plans = must(planOpen(() => keys, treeId, blockId, sectors, pieces))
    done(...(await crypto.open(plans)).map((plaintext) => plaintext!))
  }
  const walk = readBody(body)
  for (let step = walk.next([]); !step.done;) {
    if (step.value.kind === 'need') {
      step = walk.next(step.value.pages.map(({ hash }) => pages.get(keyOf(hash)) ?? null))
      continue
    }
    const found = step.value.found.filter(isSealed)
    for (let at = 0; at < found.length; at += sectorCountPerPiece)
      await openPiece(found.slice(at, at + sectorCountPerPiece))
    step = walk.next([])
  }
  keys.wipe()
}

/** WebCrypto itself at its best: no key but one, nothing derived, as many sectors at once as ours. */
async function rawCipher() {
  const { subtle } = globalThis.crypto
  const key = await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  const parameters = (index: number): AesGcmParams => {
    const iv = new Uint8Array(12)
    new DataView(iv.buffer).setUint32(8, index)
    return { name: 'AES-GCM', iv }
  }
  const byPieces = async (
    count: number,
    work: (index: number) => Promise<ArrayBuffer>,
    done: (piece: readonly ArrayBuffer[]) => void,
  ): Promise<void> => {
    for (let first = 0; first < count; first += sectorCountPerPiece)
      done(await Promise.all(Array.from({ length: sectorCountPerPiece }, (_, at) => work(first + at))))
  }
  const giveBack = (piece: readonly ArrayBuffer[]): void => discard(...piece.map((buffer) => new Uint8Array(buffer)))
  return {
    async seal(content: Bytes, isKept: boolean): Promise<readonly ArrayBuffer[]> {
      const kept: ArrayBuffer[] = []
      await byPieces(
        content.length / sectorSizeBytes,
        async (index) => {
          const ciphertext = await subtle.encrypt(parameters(index), key, sectorOf(content, index))
          await subtle.digest('SHA-256', ciphertext)
          return ciphertext
        },
        isKept ? (piece) => kept.push(...piece) : giveBack,
      )
      return kept
    },
    open: (sealed: readonly ArrayBuffer[]): Promise<void> =>
      byPieces(
        sealed.length,
        async (index) => {
          const hash = subtle.digest('SHA-256', sealed[index]!)
          const plaintext = await subtle.decrypt(parameters(index), key, sealed[index]!)
          await hash
          return plaintext
        },
        giveBack,
      ),
  }
}
