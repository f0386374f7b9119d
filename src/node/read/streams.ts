/**
 * Open streams: what a page or the service worker is in the middle of reading, pulled piece by piece.
 *
 * A stream keeps the version that it began with, also where the file changes or goes meanwhile.
 * @module
 */
import { BlocktreeError, type Bytes, equal, toHex } from '../../core/bytes/bytes.ts'
import type { Body } from '../../core/block/block.ts'
import type { BlockId } from '../../core/path/path.ts'
import type { ContentHead } from '../api.ts'
import type { OwnTree } from '../own-tree.ts'
import { sequenceOf } from '../outbox/quarantine.ts'
import { type Reading, bodyOf, readContent } from './content.ts'
import { mediaTypeOf } from './media-type.ts'
import { type TreeView, idFromText } from './view.ts'

/** Somebody who opens more than this without closing is not reading. */
const streamCountMax = 256

interface Stream {
  readonly pieces: AsyncGenerator<Bytes>
  /** What must stay while it is read; null for what is made on the way. */
  readonly reads: { readonly block: BlockId; readonly body: Body } | null
}

/** A content, and what it is read with. */
export interface Readable {
  readonly name: string
  readonly block: BlockId
  readonly body: Body
  readonly reading: Reading
}

/** Something readable that is no file of the tree, such as an export. */
export interface Offer {
  readonly name: string
  readonly mediaType: string
  readonly sizeBytes: number
  readonly open: () => AsyncGenerator<Bytes>
}

export class Streams {
  readonly #streams = new Map<string, Stream>()
  readonly #offers = new Map<string, Offer>()
  readonly #uses = new Set<{ readonly block: BlockId; readonly body: Body }>()
  #count = 0
  /** Called when a stream ends, for whoever waits to delete what it read. */
  onEnd: () => void = () => {}

  /** @returns the id under which the offer can be opened */
  offer(id: string, offer: Offer): void {
    this.#offers.set(id, offer)
  }

  open(
    { tree, view }: { readonly tree: OwnTree; readonly view: TreeView },
    id: string,
    startByte = 0,
    endByte?: number,
  ): ContentHead {
    const offer = this.#offers.get(id)
    if (offer !== undefined) {
      const streamId = this.#nextId()
      this.#streams.set(streamId, { pieces: offer.open(), reads: null })
      const { name, mediaType, sizeBytes } = offer
      return { streamId, name, mediaType, version: id, sizeBytes, startByte: 0, endByte: sizeBytes }
    }
    return this.openAt(this.#found(tree, view, id), startByte, endByte)
  }

  openAt({ name, block, body, reading }: Readable, startByte = 0, endByte?: number): ContentHead {
    const streamId = this.#nextId()
    const end = Math.min(endByte ?? body.sizeBytes, body.sizeBytes)
    if (!Number.isSafeInteger(startByte) || startByte < 0 || startByte > end) {
      throw new BlocktreeError('rangeWrong', 'This part of the file does not exist.')
    }
    this.#streams.set(streamId, {
      pieces: readContent(reading, block, body, startByte, end),
      reads: { block, body },
    })
    return {
      streamId,
      name,
      mediaType: mediaTypeOf(name),
      version: toHex(body.bodyRoot),
      sizeBytes: body.sizeBytes,
      startByte,
      endByte: end,
    }
  }

  #nextId(): string {
    if (this.#streams.size >= streamCountMax)
      throw new BlocktreeError('tooManyStreams', 'Too many files are open at once; close some.')
    return `s${++this.#count}`
  }

  #found(tree: OwnTree, view: TreeView, id: string): Readable {
    const quarantined = tree.outbox.quarantine.contentOf(sequenceOf(id))
    if (quarantined !== null) return { ...quarantined, reading: { ...tree.reading, ...quarantined } }
    const block = idFromText(id)
    const item = view.get(id)
    const body = block === null ? null : bodyOf(tree.state, block)
    if (block === null || item?.kind !== 'file' || body === null)
      throw new BlocktreeError('itemGone', 'This file is not there any more.')
    return { name: item.name, block, body, reading: tree.reading }
  }

  async next(streamId: string): Promise<Uint8Array | null> {
    const stream = this.#streams.get(streamId)
    if (stream === undefined) throw new BlocktreeError('streamClosed', 'Reading was interrupted; open the file again.')
    const { done, value } = await stream.pieces.next()
    if (done !== true) return value
    this.close(streamId)
    return null
  }

  close(streamId: string): void {
    if (this.#streams.delete(streamId)) this.onEnd()
  }

  closeAll(): void {
    this.#streams.clear()
    this.#offers.clear()
  }

  /** Something is made from a version. The answer ends that. */
  use(block: BlockId, body: Body): () => void {
    const use = { block, body }
    this.#uses.add(use)
    return () => {
      this.#uses.delete(use)
      this.onEnd()
    }
  }

  /** Whether somebody is in the middle of something that reads all of the tree. */
  get isReadingAll(): boolean {
    return [...this.#streams.values()].some(({ reads }) => reads === null)
  }

  /** Versions of a block that somebody is in the middle of. */
  bodiesBeingRead(block: BlockId): readonly Body[] {
    const read = [...this.#streams.values()].flatMap(({ reads }) => reads ?? [])
    return [...read, ...this.#uses].flatMap((each) => (equal(each.block, block) ? [each.body] : []))
  }
}
