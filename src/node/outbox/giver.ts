/**
 * Gives what is kept to whoever leads: one group at a time, in the order in which it was done, so that each finds before it what it
 * was done over. Who waits for a large body to be brought to the voters is overtaken by those that are about something else.
 * @module
 */
import { keyOf } from '../../core/bytes/bytes.ts'
import { type Operation, batchSizeBytesMax, operationSizeBytes } from '../../core/tree/tree.ts'
import type { Replica } from '../replica.ts'
import { bodyOfDeed } from './deed.ts'
import type { Maker } from './maker.ts'
import type { Overlay, Pending } from './overlay.ts'
import { rekeyedBy, sealedUnder } from './sealed.ts'

const givenCountMax = 256
const givenSizeBytesMax = batchSizeBytesMax / 2
/** Bodies that are brought to the voters at a time. */
const stagingCountMax = 16

export class Giver {
  readonly #cluster: Replica
  readonly #overlay: Overlay
  readonly #maker: Maker
  readonly #onEnd: () => void
  #stagingCount = 0

  /** @param onEnd called when something may be done that could not be done before */
  constructor(cluster: Replica, overlay: Overlay, maker: Maker, onEnd: () => void) {
    this.#cluster = cluster
    this.#overlay = overlay
    this.#maker = maker
    this.#onEnd = onEnd
  }

  /** @param foreignCount how much of others has been folded */
  give(foreignCount: number): void {
    const { entries } = this.#overlay
    if (!this.#cluster.isReachable || entries.some(({ isGiven }) => isGiven)) return
    const group: { readonly entry: Pending; readonly operation: Operation }[] = []
    let sizeBytes = 0
    /** Blocks of what is overtaken. */
    const waiting = new Set<string>()
    /** Blocks that get another key in this group. */
    const rekeyed = new Set<string>()
    let state = this.#cluster.state
    for (const entry of entries) {
      const { operation, deed } = entry.kept
      const block = 'block' in deed.value ? keyOf(deed.value.block) : null
      // What brings no body may be decided while it is still being written here.
      const isWritten = entry.isDurable || (bodyOfDeed(deed) === null && entry.failure === null)
      const isReady = isWritten && !entry.isBusy && !(block !== null && waiting.has(block))
      const folded = isReady ? this.#maker.fold(state, entry.kept) : null
      if (operation === null || !isReady || (folded === null && !this.#overlay.isStubborn(entry))) {
        waiting.add(block ?? '')
        continue
      }
      if (!entry.isStaged) {
        this.#stage(entry, operation)
        waiting.add(block ?? '')
        continue
      }
      // What deletes does not overtake what is to be deleted.
      if (waiting.size > 0 && deed.tag === 'trash') break
      if (deed.tag === 'purge' && !this.#isFresh(entry, foreignCount)) break
      // Another device may give that block a key in the same instant, and only one of the two is in force then.
      if (sealedUnder(operation).some((under) => rekeyed.has(keyOf(under)))) break
      sizeBytes += operationSizeBytes(operation)
      if (group.length === givenCountMax || (group.length > 0 && sizeBytes > givenSizeBytesMax)) break
      group.push({ entry, operation })
      for (const each of rekeyedBy(operation)) rekeyed.add(keyOf(each))
      state = folded?.state ?? state
    }
    if (group.length === 0) return
    for (const { entry } of group) entry.isGiven = true
    void this.#cluster.give(group.map(({ operation }) => operation)).then(() => {
      for (const { entry, operation } of group) if (entry.kept.operation === operation) entry.isGiven = false
      this.#onEnd()
    })
  }

  /** What is deleted for good is judged by a state in which all that was done before it is decided, and others with it. */
  #isFresh(entry: Pending, foreignCount: number): boolean {
    if (entry !== this.#overlay.entries[0]) return false
    if (entry.madeOver === foreignCount) return true
    entry.kept = { ...entry.kept, operation: null }
    this.#overlay.changed()
    this.#onEnd()
    return false
  }

  #stage(entry: Pending, operation: Operation): void {
    if (this.#stagingCount === stagingCountMax) return
    this.#stagingCount++
    entry.isBusy = true
    const bodyRoot = bodyOfDeed(entry.kept.deed)!.body.bodyRoot
    void this.#cluster.stage(operation).then((check) => {
      this.#stagingCount--
      entry.isBusy = false
      if (!check.ok || entry.kept.operation !== operation) return
      entry.stagedRoot = bodyRoot
      this.#onEnd()
    })
  }
}
