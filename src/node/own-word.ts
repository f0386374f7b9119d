/**
 * What this device has said last about the state of its tree, durable before anybody hears of it.
 *
 * Two states signed for one entry are a proof against whoever signed them (`equivocations.ts`). A device that ended in between, and
 * that whoever decides then leads to another state at that entry, must not give that proof: it signs nothing about an entry
 * that it has signed something else about, and nothing about an earlier one.
 * @module
 */
import { type Bytes, bytesUpTo, decode, encode, equal, must, record, u53 } from '../core/bytes/bytes.ts'
import { type Statement, statementBody, statementSizeBytesMax } from '../core/tree/tree.ts'
import type { Platform } from '../port/platform.ts'
import { type ClusterPlace, inPlace } from './place.ts'

const wordWire = record('saidHere', 1, { generation: u53, index: u53, body: bytesUpTo(statementSizeBytesMax) })
const wordSizeBytesMax = statementSizeBytesMax + 64
const wordKey = (place: ClusterPlace): Bytes => inPlace(place, Uint8Array.of(8))

export class OwnWord {
  readonly #store: Platform['store']
  readonly #place: ClusterPlace
  #recalled: Promise<void> | null = null
  #said: { readonly generation: number; readonly index: number; readonly body: Bytes } | null = null
  #written: Promise<void> = Promise.resolve()

  constructor(store: Platform['store'], place: ClusterPlace) {
    this.#store = store
    this.#place = place
  }

  /** @returns whether it may be signed; from then on nothing else is. Rejects where that can not be remembered */
  async give(statement: Statement): Promise<boolean> {
    await (this.#recalled ??= this.#recall())
    const { generation, index } = statement
    const body = statementBody(statement)
    if (this.#said === null || !equal(this.#said.body, body)) {
      if (!this.#isLater(statement)) return false
      this.#said = { generation, index, body }
      const value = encode(wordWire, this.#said)
      this.#written = this.#store.write([{ kind: 'put', table: 'raft', key: wordKey(this.#place), value }], 'strict')
    }
    await this.#written
    return true
  }

  #isLater({ generation, index }: Statement): boolean {
    const said = this.#said
    return said === null || generation > said.generation || (generation === said.generation && index > said.index)
  }

  async #recall(): Promise<void> {
    const row = await this.#store.read('raft', wordKey(this.#place))
    if (row !== null) this.#said = must(decode(wordWire, row, wordSizeBytesMax))
  }
}
