/**
 * Writes of the outbox: those that are asked for while one is under way go together in the next, and each marks how far the log is
 * known to be committed.
 * @module
 */
import type { Change, StorePort } from '../../port/store.ts'
import type { ClusterPlace } from '../place.ts'
import { note } from '../note.ts'
import { type Mark, markRow } from './rows.ts'

interface Waiting {
  readonly changes: readonly Change[]
  resolve(): void
  reject(error: unknown): void
}

export class Journal {
  readonly #store: StorePort
  readonly #place: ClusterPlace
  readonly #committed: () => Omit<Mark, 'revision'>
  #revision: number
  #waiting: Waiting[] = []
  #isWriting = false

  /** @param committed what is folded here */
  constructor(store: StorePort, place: ClusterPlace, committed: () => Omit<Mark, 'revision'>, { revision }: Mark) {
    this.#store = store
    this.#place = place
    this.#committed = committed
    this.#revision = revision
  }

  /** Resolves when the changes are durable. */
  write(changes: readonly Change[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject })
      if (!this.#isWriting) void this.#writeWaiting()
    })
  }

  /** Changes that may be lost, if need be, since the log tells the same. Only of rows that are durable already. */
  note(changes: readonly Change[]): void {
    note(this.#store, [...changes, this.#mark()])
  }

  async #writeWaiting(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting
      this.#waiting = []
      try {
        await this.#store.write([...waiting.flatMap(({ changes }) => changes), this.#mark()], 'strict')
        for (const { resolve } of waiting) resolve()
      } catch (error) {
        for (const { reject } of waiting) reject(error)
      }
    }
    this.#isWriting = false
  }

  #mark(): Change {
    return markRow(this.#place, { ...this.#committed(), revision: ++this.#revision })
  }
}
