/**
 * Room that no object takes, so that on a full disk there is some for the changes by which objects are deleted.
 *
 * What a browser says of the room that is left is no help: from 138 on Chromium tells a site of min(10 GiB, the size of the disk)
 * more than it uses, however little there is ("Predictable reported storage quota"). So the room is taken by a row that nobody
 * reads. It is there before the first object of this life is written, and goes when another write finds the disk full. A
 * transaction that only deletes passes on any disk, and since its value is large, it lies in a file of its own, which is gone at
 * once. Every start gives it up as well, being a write.
 * @module
 */
import { type Database, meaningOf } from './database.ts'

/** Hundreds of deletions, and what the browser's database needs meanwhile to tidy up. */
const sizeBytes = 8 * 2 ** 20
/** Beside those of the journal, with which it is cleared. */
const key = -1

export class Reserve {
  readonly #database: Database
  #isKept = false

  constructor(database: Database) {
    this.#database = database
  }

  /** Rejects with StoreFullError where there is no room for it. */
  async keep(): Promise<void> {
    if (this.#isKept) return
    try {
      const { store, done } = this.#database.transaction('filler', 'readwrite', { durability: 'relaxed' })
      await Promise.all([store.put(noise(), key), done])
      this.#isKept = true
    } catch (error) {
      throw meaningOf(error)
    }
  }

  /** @returns false where there is none */
  async letGo(): Promise<boolean> {
    if (!this.#isKept) return false
    this.#isKept = false
    try {
      await this.#database.delete('filler', key)
      return true
    } catch (error) {
      throw meaningOf(error)
    }
  }
}

/** Zeros would take up nothing: browsers compress what they store. */
function noise(): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(sizeBytes)
  for (let at = 0; at < sizeBytes; at += 65536) crypto.getRandomValues(octets.subarray(at, at + 65536))
  return octets
}
