/**
 * The pieces of an archive: its frames sealed, so that who finds it learns of nobody who may read, nor how much of what there is.
 * @module
 */
import { type Bytes, RefusedError, concat } from '../core/bytes/bytes.ts'
import {
  archiveCut,
  archiveDamaged,
  archiveNonce,
  archivePieceCountOf,
  archivePieceSizeBytes,
  archiveTagSizeBytes,
  sealedArchiveSizeOf,
} from '../core/tree/tree.ts'
import type { Platform } from '../port/platform.ts'

/** Sealed and opened at a time. */
const spanSizeBytes = 16 * archivePieceSizeBytes

export interface ArchiveKey {
  readonly key: Bytes
  /** Of the head: associated data of every piece. */
  readonly check: Bytes
  /** Of the padded frames. */
  readonly sizeBytes: number
}

/** Seals frames, and zeros behind them up to the padded size. */
export async function* sealPieces(
  { crypto }: Platform,
  archiveKey: ArchiveKey,
  frames: AsyncGenerator<Bytes>,
): AsyncGenerator<Bytes> {
  const { sizeBytes } = archiveKey
  let start = 0
  let span = new Uint8Array(Math.min(spanSizeBytes, sizeBytes))
  let filled = 0
  const seal = async (): Promise<Bytes> => {
    const plans = plansOf(archiveKey, start).map(({ at, endAt, ...plan }) => ({
      ...plan,
      plaintext: span.slice(at, endAt),
    }))
    const sealed = await crypto.seal(plans)
    start += span.length
    span = new Uint8Array(Math.min(spanSizeBytes, sizeBytes - start))
    filled = 0
    return concat(...sealed.map(({ ciphertext }) => ciphertext))
  }
  for await (const frame of frames)
    for (let taken = 0; taken < frame.length;) {
      const part = frame.subarray(taken, taken + span.length - filled)
      span.set(part, filled)
      filled += part.length
      taken += part.length
      if (filled === span.length) yield await seal()
    }
  while (start < sizeBytes) yield await seal()
}

/** The frames of a sealed archive at any place, opened span by span. Rejects with `archiveDamaged` where a piece does not open. */
export class OpenedArchive {
  readonly #archive: Blob
  readonly #headSizeBytes: number
  readonly #crypto: Platform['crypto']
  readonly #archiveKey: ArchiveKey
  #start = -1
  #span: Bytes = new Uint8Array()

  constructor(archive: Blob, headSizeBytes: number, crypto: Platform['crypto'], archiveKey: ArchiveKey) {
    this.#archive = archive
    this.#headSizeBytes = headSizeBytes
    this.#crypto = crypto
    this.#archiveKey = archiveKey
  }

  get size(): number {
    return this.#archiveKey.sizeBytes
  }

  /** Fewer octets where the archive ends before. */
  async bytesAt(start: number, end: number): Promise<Bytes> {
    const parts: Bytes[] = []
    for (let at = start; at < Math.min(end, this.size);) {
      const spanStart = at - (at % spanSizeBytes)
      if (spanStart !== this.#start) await this.#open(spanStart)
      const part = this.#span.slice(at - spanStart, Math.min(end - spanStart, this.#span.length))
      parts.push(part)
      at += part.length
    }
    return concat(...parts)
  }

  async #open(start: number): Promise<void> {
    const plans = plansOf(this.#archiveKey, start)
    const from = this.#headSizeBytes + sealedArchiveSizeOf(start)
    const sealed = new Uint8Array(
      await this.#archive
        .slice(from, from + plans.length * (archivePieceSizeBytes + archiveTagSizeBytes))
        .arrayBuffer(),
    )
    const ciphertexts = plans.map(({ at, endAt }, piece) => {
      const sealedAt = at + piece * archiveTagSizeBytes
      return sealed.slice(sealedAt, sealedAt + endAt - at + archiveTagSizeBytes)
    })
    const hashes = await this.#crypto.hash(ciphertexts)
    const opened = await this.#crypto.open(
      plans.map(({ at: _at, endAt: _endAt, ...plan }, piece) => ({
        ...plan,
        ciphertext: ciphertexts[piece]!,
        hash: hashes[piece]!,
      })),
    )
    const pieces = opened.filter((piece) => piece !== null)
    if (pieces.length < plans.length) throw new RefusedError(archiveDamaged().fault)
    this.#start = start
    this.#span = concat(...pieces)
  }
}

/** An archive that was cut or made longer is told by its size. */
export function checkArchiveSize(archive: Blob, headSizeBytes: number, sizeBytes: number): void {
  const expected = headSizeBytes + sealedArchiveSizeOf(sizeBytes)
  if (archive.size < expected) throw new RefusedError(archiveCut().fault)
  if (archive.size > expected) throw new RefusedError(archiveDamaged().fault)
}

/** The pieces of the span that begins at an octet of the frames, each by its place in the span. */
function plansOf({ key, check, sizeBytes }: ArchiveKey, start: number) {
  const pieceCount = archivePieceCountOf(sizeBytes)
  const spanSize = Math.min(spanSizeBytes, sizeBytes - start)
  return Array.from({ length: Math.ceil(spanSize / archivePieceSizeBytes) }, (_, piece) => ({
    key,
    associatedData: check,
    nonce: archiveNonce(start / archivePieceSizeBytes + piece, pieceCount),
    at: piece * archivePieceSizeBytes,
    endAt: Math.min((piece + 1) * archivePieceSizeBytes, spanSize),
  }))
}
