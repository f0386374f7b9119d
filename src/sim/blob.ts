/**
 * Content that a person hands to the node: a Blob whose bytes arrive in virtual time.
 * @module
 */
import { type Bytes, copy } from '../core/bytes/bytes.ts'
import type { Process } from './process.ts'

/** What of the Blob interface a node reads content with. */
class SimBlob implements Pick<Blob, 'size' | 'type' | 'slice' | 'arrayBuffer'> {
  readonly type = ''
  readonly lastModified: number | undefined
  readonly #octets: Bytes
  readonly #process: Process
  readonly #isReadable: () => boolean

  constructor(octets: Bytes, process: Process, isReadable: () => boolean, modifiedAtMs?: number) {
    this.lastModified = modifiedAtMs
    this.#octets = octets
    this.#process = process
    this.#isReadable = isReadable
  }

  get size(): number {
    return this.#octets.length
  }

  slice(start = 0, end = this.size): Blob {
    return new SimBlob(this.#octets.subarray(start, end) as Bytes, this.#process, this.#isReadable) as unknown as Blob
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return new Promise((resolve, reject) => {
      this.#process.post(1, () => {
        if (this.#isReadable()) resolve(copy(this.#octets).buffer)
        else reject(new UnreadableError('The file was changed or removed after it was chosen.'))
      })
    })
  }
}

/** As browsers reject where a chosen file changed on disk. */
class UnreadableError extends Error {
  override name = 'NotReadableError'
}

/**
 * @param isReadable asked at each read; false: the file behind the Blob has changed
 * @param modifiedAtMs of a file; absent: what has no file behind it
 */
export const createSimBlob = (
  octets: Bytes,
  process: Process,
  isReadable: () => boolean = () => true,
  modifiedAtMs?: number,
): Blob => new SimBlob(octets, process, isReadable, modifiedAtMs) as unknown as Blob
