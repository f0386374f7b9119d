/**
 * The sweeper: deletes the objects of bodies that the fold has listed as left behind, and of those that were stored for a record
 * which the fold then refused, where nobody on this node cleans up after it.
 *
 * On a device that alone holds the tree the only readers to wait for are its own open streams. Where others hold it too, somebody
 * may be reading an old version from here, so it stays until the fold no longer lists it, a day later; but for one that was sealed
 * anew, under a key that somebody does not have who was put out. What an earlier life did
 * not get to is found again at the start, in the list or among the doomed; an object that is gone already costs one look.
 * @module
 */
import { type Bytes, equal } from '../core/bytes/bytes.ts'
import { type Body, doomedObjects } from '../core/block/block.ts'
import { entries } from '../core/merkle/merkle.ts'
import { type BlockId, blockIdSizeBytes } from '../core/path/path.ts'
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
  #sweeping: Promise<void> = Promise.resolve()

  constructor(tree: OwnTree, streams: Streams) {
    this.#tree = tree
    this.#streams = streams
    streams.onEnd = () => void this.#sweep()
  }

  start(): void {
    const { holdings, committed } = this.#tree
    holdings.onDoomed = () => this.#takeDoomed()
    this.#takeDoomed()
    this.onApplied([...entries(committed.map, keys.deads)].map(([key]) => key))
  }

  onApplied(touched: readonly Bytes[]): void {
    const { isShared } = this.#tree
    for (const key of touched) {
      // Read at once: the fold forgets the list a day later by its stamps, and a clock may leap by more than that in between.
      const dead = key[0] === rowKind.dead ? this.#deadAt(key) : null
      if (dead !== null && !isShared) this.#dead.push(dead)
    }
    if (this.#dead.length > 0) this.#sweepSoon()
  }

  /** Resolves when nothing is being deleted. */
  untilSwept(): Promise<void> {
    return this.#sweeping
  }

  #takeDoomed(): void {
    this.#dead.push(...this.#tree.holdings.takeDoomed())
    if (this.#dead.length > 0) this.#sweepSoon()
  }

  #deadAt(key: Bytes): Dead | null {
    const row = readRow(this.#tree.committed, 'dead', key)
    const block = key.slice(9, 9 + blockIdSizeBytes)
    const body = row && { bodyRoot: key.slice(9 + blockIdSizeBytes), sizeBytes: row.sizeBytes }
    return body && { block, body }
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

  #sweep(): Promise<void> {
    this.#isDue = true
    if (!this.#isSweeping) this.#sweeping = this.#sweepRounds()
    return this.#sweeping
  }

  async #sweepRounds(): Promise<void> {
    this.#isSweeping = true
    let round: readonly Dead[] = []
    try {
      // A stream that ends while others are swept makes another round due.
      while (this.#isDue) {
        this.#isDue = false
        round = this.#dead
        this.#dead = []
        let removals: Change[] = []
        const remove = async (): Promise<void> => {
          if (removals.length > 0) await this.#tree.platform.store.write(removals, 'relaxed')
          removals = []
        }
        for (const dead of round) {
          if (this.#mustWait(dead)) {
            this.#dead.push(dead)
            continue
          }
          const found = this.#removalsOf(dead)
          let step = await found.next()
          for (; step.done !== true; step = await found.next()) {
            removals.push(...step.value)
            if (removals.length >= removalCountMax) await remove()
          }
          // Where something had to stay for damage the next start tries again.
          if (step.value) removals.push(...this.#tree.holdings.gone(dead))
        }
        await remove()
      }
    } catch {
      // On a full disk the next round tries again; a store that is closed stops the node by itself.
      this.#dead.push(...round.filter((dead) => !this.#dead.includes(dead)))
    } finally {
      this.#isSweeping = false
    }
  }

  /** While it is read; and while what it may share objects with is still on its way, so that this can not be said yet. */
  #mustWait({ block, body }: Dead): boolean {
    const { holdings } = this.#tree
    const read = this.#streams.bodiesBeingRead(block)
    return (
      this.#streams.isReadingAll ||
      holdings.isComing(block) ||
      read.some(({ bodyRoot }) => equal(bodyRoot, body.bodyRoot))
    )
  }

  /**
   * What the version in force shares with the dead body stays, and what one that is read, staged, left, kept or not yet due shares with it.
   * @returns whether nothing had to stay for damage
   */
  async *#removalsOf({ block, body }: Dead): AsyncGenerator<readonly Change[], boolean> {
    const { committed, platform, place, holdings, outbox, isShared } = this.#tree
    const current = bodyOf(committed, block)
    const base = holdings.baseOf(block)
    const listed = isShared ? [...entries(committed.map, keys.deads)].map(([key]) => this.#deadAt(key)!) : []
    const others = [
      ...(current === null || holdings.isLacking(block) ? [] : [current]),
      ...this.#streams.bodiesBeingRead(block),
      ...holdings.stagedBodies(block).map((staged) => staged.body),
      ...holdings.leftBodies(block),
      ...(base === null || equal(base.bodyRoot, body.bodyRoot) ? [] : [base]),
      ...outbox.bodiesOf(block),
      ...listed.filter((dead) => equal(dead.block, block)).map((dead) => dead.body),
    ]
    // Where others hold the tree too, some of these may never have come here whole.
    const doomed = isShared ? doomedObjects(body, [], others) : doomedObjects(body, others, [])
    const found = walk({ store: platform.store, place }, block, doomed)
    let step = await found.next()
    for (; step.done !== true; step = await found.next())
      yield step.value.map((object) => ({ kind: 'delete', table: 'object', key: objectKey(place, block, object) }))
    return step.value
  }
}
