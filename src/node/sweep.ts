/**
 * The sweeper: deletes the objects of bodies that the fold has listed as left behind.
 *
 * On a device that alone holds the tree the only readers to wait for are its own open streams. What an earlier life did not get
 * to is found in the list again at the start; an object that is gone already costs one look.
 * @module
 */
import { type Bytes, equal } from '../core/bytes/bytes.ts'
import { type Body, diffBodies } from '../core/block/block.ts'
import { entries } from '../core/merkle/merkle.ts'
import { blockIdSizeBytes } from '../core/path/path.ts'
import { keys, readRow, rowKind } from '../core/tree/tree.ts'
import type { Change } from '../port/store.ts'
import type { OwnTree } from './own-tree.ts'
import { objectKey } from './place.ts'
import { bodyOf, walk } from './read/content.ts'
import type { Streams } from './read/streams.ts'

export class Sweeper {
  readonly #tree: OwnTree
  readonly #streams: Streams
  #dead: Bytes[] = []
  #isSweeping = false
  #isDue = false

  constructor(tree: OwnTree, streams: Streams) {
    this.#tree = tree
    this.#streams = streams
    streams.onEnd = () => void this.#sweep()
  }

  start(): void {
    this.onApplied([...entries(this.#tree.state.map, keys.deads)].map(([key]) => key))
  }

  onApplied(touched: readonly Bytes[]): void {
    this.#dead.push(...touched.filter((key) => key[0] === rowKind.dead))
    if (this.#dead.length > 0) void this.#sweep()
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
        for (const key of round) if (!(await this.#sweepOne(key))) this.#dead.push(key)
      }
    } catch {
      // A store that fails stops the node by itself; the list is read again at the next start.
    } finally {
      this.#isSweeping = false
    }
  }

  /** false where somebody still reads the body. */
  async #sweepOne(key: Bytes): Promise<boolean> {
    if (this.#streams.isReadingAll) return false
    const { state, platform, place } = this.#tree
    const row = readRow(state, 'dead', key)
    if (row === null) return true
    const block = key.slice(9, 9 + blockIdSizeBytes)
    const dead: Body = { bodyRoot: key.slice(9 + blockIdSizeBytes), sizeBytes: row.sizeBytes }
    if (this.#streams.bodiesBeingRead(block).some(({ bodyRoot }) => equal(bodyRoot, dead.bodyRoot))) return false
    // What the version in force, or one that somebody is reading, shares with the dead body stays.
    const current = bodyOf(state, block)
    const others = [...(current === null ? [] : [current]), ...this.#streams.bodiesBeingRead(block)]
    for await (const objects of walk({ store: platform.store, place }, block, diffBodies(dead, others))) {
      const changes = objects.map(({ hash }): Change => ({
        kind: 'delete',
        table: 'object',
        key: objectKey(place, block, hash),
      }))
      await platform.store.write(changes, 'relaxed')
    }
    return true
  }
}
