/**
 * Uploads that did not come to their end: what of a large file was sealed and stored already stays, and whoever adds the same
 * file to the same folder again goes on from there (U13).
 * @module
 */
import {
  type Bytes,
  type Decoded,
  bytesOf,
  decode,
  encode,
  equal,
  record,
  textUpTo,
  toHex,
  u53,
} from '../core/bytes/bytes.ts'
import { type BlockId, blockIdWire, nameSizeBytesMax } from '../core/path/path.ts'
import {
  type Content,
  type Lasting,
  type Site,
  isLarge,
  pieceSizeBytes,
  releaseUpload,
  uploadIdSizeBytes,
} from './bodies.ts'
import { inPlace, placePrefixSizeBytes } from './place.ts'
import { scanAll } from './read/scan.ts'

/** After which nobody is expected to choose the file again. */
const keptMs = 7 * 24 * 60 * 60 * 1000

const noteWire = record('upload', 1, {
  block: blockIdWire,
  folder: blockIdWire,
  name: textUpTo(nameSizeBytesMax),
  sizeBytes: u53,
  /** The block's first, under which its sectors are sealed. */
  key: bytesOf(32),
  begunAtMs: u53,
})
type Note = Decoded<typeof noteWire>
const noteSizeBytesMax = 4096

export interface Interrupted extends Pick<Note, 'folder' | 'name' | 'sizeBytes'> {
  /** Hexadecimal. */
  readonly id: string
  readonly storedBytes: number
}

/** What a file is added as, whose upload may outlive the process. */
export interface Upload extends Pick<Note, 'block' | 'key'> {
  readonly lasting: Lasting
}

interface Held {
  readonly upload: Bytes
  readonly note: Note
  rowCount: number
}

export class Uploads {
  readonly #site: Site
  readonly #nowMs: () => number
  #held: readonly Held[]

  private constructor(site: Site, nowMs: () => number, held: readonly Held[]) {
    this.#site = site
    this.#nowMs = nowMs
    this.#held = held
  }

  /** Deletes what earlier uploads left behind that nobody can go on with; run before the first new one. */
  static async open(site: Site, nowMs: () => number): Promise<Uploads> {
    const { place, platform } = site
    const held = new Map<string, Held>()
    const left = new Map<string, Bytes>()
    for await (const { key, value } of scanAll(platform.store, 'staging', inPlace(place))) {
      const upload = key.slice(placePrefixSizeBytes, placePrefixSizeBytes + uploadIdSizeBytes)
      const id = toHex(upload)
      // The note of an upload comes before its rows.
      if (key.length === placePrefixSizeBytes + uploadIdSizeBytes) {
        const note = decode(noteWire, value, noteSizeBytesMax)
        if (note.ok && nowMs() - note.value.begunAtMs < keptMs) held.set(id, { upload, note: note.value, rowCount: 0 })
        else left.set(id, upload)
      } else if (held.has(id)) held.get(id)!.rowCount++
      else left.set(id, upload)
    }
    for (const upload of left.values()) await releaseUpload(site, upload)
    return new Uploads(site, nowMs, [...held.values()])
  }

  get interrupted(): readonly Interrupted[] {
    return this.#held.map(({ upload, note: { folder, name, sizeBytes }, rowCount }) => ({
      ...{ id: toHex(upload), folder, name, sizeBytes },
      storedBytes: Math.min(sizeBytes, rowCount * pieceSizeBytes),
    }))
  }

  /**
   * The upload of a file: one that was interrupted, which nobody else finds from then on, or a new one. Whether it is the same content
   * is found piece by piece. null where it is over in a moment, and of what nobody could choose again.
   * @param block of a new one
   */
  begin(block: BlockId, folder: BlockId, name: string, content: Content): Upload | null {
    const { size: sizeBytes, lastModified } = content
    if (!isLarge(content) || lastModified === undefined) return null
    const known = this.#held.find(
      ({ note }) => equal(note.folder, folder) && note.name === name && note.sizeBytes === sizeBytes,
    )
    if (known !== undefined) {
      this.#held = this.#held.filter((each) => each !== known)
      const { note, ...lasting } = known
      return { ...note, lasting: { ...lasting, note: null } }
    }
    const { random } = this.#site.platform
    const key = random.bytes(32)
    const begunAtMs = this.#nowMs()
    const note = encode(noteWire, { block, folder, name, sizeBytes, key, begunAtMs })
    return { block, key, lasting: { upload: random.bytes(uploadIdSizeBytes), note, rowCount: 0 } }
  }

  /** One of this life that came to nothing: what is stored of it, if anything, can be gone on with. */
  async comeBack({ lasting: { upload } }: Upload): Promise<void> {
    const prefix = inPlace(this.#site.place, upload)
    let note: Note | null = null
    let rowCount = 0
    for await (const { key, value } of scanAll(this.#site.platform.store, 'staging', prefix)) {
      const noted = key.length === prefix.length ? decode(noteWire, value, noteSizeBytesMax) : null
      if (noted?.ok === true) note = noted.value
      else rowCount++
    }
    if (note !== null) this.#held = [...this.#held, { upload, note, rowCount }]
  }

  /** Deletes what is stored of one; of one that is not there any more nothing. */
  async forget(id: string): Promise<void> {
    const known = this.#held.find(({ upload }) => toHex(upload) === id)
    if (known === undefined) return
    this.#held = this.#held.filter((each) => each !== known)
    await releaseUpload(this.#site, known.upload)
  }
}
