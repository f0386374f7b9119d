/**
 * The sweeper: deletes the objects of bodies that the fold has listed as left behind, and of those that became durable together
 * with a record which the fold then refused, where the node died before its author could delete them.
 *
 * On a device that alone holds the tree the only readers to wait for are its own open streams. What an earlier life did not get
 * to is found in the list again at the start; an object that is gone already costs one look.
 * @module
 */
import { type Bytes, equal } from '../core/bytes/bytes.ts'
import { type Body, diffBodies } from '../core/block/block.ts'
import { entries } from '../core/merkle/merkle.ts'
import { type BlockId, blockIdOf, blockIdSizeBytes } from '../core/path/path.ts'
import { keys, readRow, rowKind } from '../core/tree/tree.ts'
import type { Change } from '../port/store.ts'
import type { OwnTree } from './own-tree.ts'
import { objectKey } from './place.ts'
import { bodyOf, walk } from './read/content.ts'
import type { Streams } from './read/streams.ts'

const sweepDelayMs = 200
/** Deleted at a time. */
const removalCountMax = 512

interface Dead {
  readonly block: BlockId
  readonly body: Body
}

export class Sweeper {
  readonly #tree: OwnTree
  readonly #streams: Streams
  #dead: Dead[] = []
  #isSweeping = false
  #isDue = false
  #isComing = false

  constructor(tree: OwnTree, streams: Streams) {
    this.#tree = tree
    this.#streams = streams
    streams.onEnd = () => void this.#sweep()
  }

  start(): void {
    for (const operation of this.#tree.cluster.refusedBefore)
      for (const record of operation.tag === 'change' ? operation.value.records : [])
        if (record.kind === 'content') this.#dead.push({ block: blockIdOf(record.fields.path), body: record.fields })
    this.onApplied([...entries(this.#tree.state.map, keys.deads)].map(([key]) => key))
  }

  onApplied(touched: readonly Bytes[]): void {
    for (const key of touched) {
      // Read at once: the fold forgets the list a day later by its stamps, and a clock may leap by more than that in between.
      const row = key[0] === rowKind.dead ? readRow(this.#tree.state, 'dead', key) : null
      if (row === null) continue
      const block = key.slice(9, 9 + blockIdSizeBytes)
      this.#dead.push({ block, body: { bodyRoot: key.slice(9 + blockIdSizeBytes), sizeBytes: row.sizeBytes } })
    }
    if (this.#dead.length > 0) this.#sweepSoon()
  }

  /** A writer is answered before its leavings are swept, and what many writers leave is swept together. */
  #sweepSoon(): void {
    if (this.#isComing) return
    this.#isComing = true
    this.#tree.platform.clock.after(sweepDelayMs, () => {
      this.#isComing = false
      void this.#sweep()
    })
  }

  async #sweep(): Promise<void> {
    this.#isDue = true
    if (this.#isSweeping) return
    this.#isSweeping = true
    try {
      // A stream that ends while others are swept makes another round due.
      while (this.#isDue) {
        this.#isDue = false
        const round = this.#dead
        this.#dead = []
        let removals: Change[] = []
        const remove = async (): Promise<void> => {
          if (removals.length > 0) await this.#tree.platform.store.write(removals, 'relaxed')
          removals = []
        }
        for (const dead of round) {
          if (this.#isBeingRead(dead)) this.#dead.push(dead)
          else
            for await (const some of this.#removalsOf(dead)) {
              removals.push(...some)
              if (removals.length >= removalCountMax) await remove()
            }
        }
        await remove()
      }
    } catch {
      // A store that fails stops the node by itself; the list is read again at the next start.
    } finally {
      this.#isSweeping = false
    }
  }

  #isBeingRead({ block, body }: Dead): boolean {
    const read = this.#streams.bodiesBeingRead(block)
    return this.#streams.isReadingAll || read.some(({ bodyRoot }) => equal(bodyRoot, body.bodyRoot))
  }

  /** What the version in force, or one that somebody is reading, shares with the dead body stays. */
  async *#removalsOf({ block, body }: Dead): AsyncGenerator<readonly Change[]> {
    const { state, platform, place } = this.#tree
    const current = bodyOf(state, block)
    const others = [...(current === null ? [] : [current]), ...this.#streams.bodiesBeingRead(block)]
    for await (const objects of walk({ store: platform.store, place }, block, diffBodies(body, others)))
      yield objects.map(({ hash }) => ({ kind: 'delete', table: 'object', key: objectKey(place, block, hash) }))
  }
}
