/**
 * The rest of the keys after a removal: all that lies above what got new ones at once.
 *
 * Nothing needs it to go on, since whoever writes somewhere renews what is owed there first. It is done in the background by the
 * device that decides, folders before what they hold, and nothing remembers how far it is: what is left shows in the state. So it
 * goes on after every restart, and on another device where that one decides from then on.
 * @module
 */
import { CancelledError, toHex } from '../core/bytes/bytes.ts'
import { type BlockId, rootBlockId } from '../core/path/path.ts'
import { type TreeState, accessOf, childrenOf, isRenewable, summaryOf } from '../core/tree/tree.ts'
import type { JobHandle, Jobs } from './jobs.ts'
import { blockCountPerDeed } from './outbox/deed.ts'
import type { OwnTree } from './own-tree.ts'

/** Of the records in one change, which has room for twice as much. */
const sizeBytesPerDeed = 512 * 1024
/** Folders that are looked into before others get their turn. */
const folderCountPerTurn = 256

export class Renewing {
  readonly #tree: OwnTree
  #isRunning = false
  /** After so many removals every block was given its key; of an earlier life nothing is known. */
  #doneCount = 0

  constructor(tree: OwnTree) {
    this.#tree = tree
  }

  /** Whether this device is to give keys that it does not give already. */
  get isDue(): boolean {
    const { cluster, visit } = this.#tree
    const isAsked = !this.#isRunning && this.#doneCount < this.#removalCount
    return isAsked && visit === null && cluster.position.isLeader
  }

  get #removalCount(): number {
    return summaryOf(this.#tree.committed)?.revocationHead.sequence ?? 0
  }

  /**
   * Resolves when nothing is owed any more, when this device can not go on now, or when somebody has cancelled, after which the next
   * start goes on.
   * @param blockCount how many there are, for showing how far it is
   */
  async run(jobs: Jobs, blockCount: number): Promise<void> {
    this.#isRunning = true
    try {
      await jobs.run('renew', 'renew', '', blockCount, (job) => this.#untilDone(job))
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error
      this.#doneCount = this.#removalCount
    } finally {
      this.#isRunning = false
    }
  }

  async #untilDone(job: JobHandle): Promise<void> {
    // Another device may be removed meanwhile.
    for (let count = this.#removalCount; this.#doneCount < count; count = this.#removalCount) {
      if (!(await this.#renewAll(job))) return
      this.#doneCount = count
    }
  }

  /** @returns whether all is done */
  async #renewAll(job: JobHandle): Promise<boolean> {
    let doneCount = 0
    for (let level: readonly BlockId[] = [rootBlockId(this.#tree.treeId)]; level.length > 0;) {
      for (const blocks of portionsOf(this.#tree.committed, level)) {
        await job.turn()
        const request = `renew ${toHex(this.#tree.platform.random.bytes(16))}`
        if ((await this.#tree.outbox.submit(request, { tag: 'renew', value: { blocks } })) === 'kept') return false
      }
      job.advance((doneCount += level.length))
      level = await this.#above(level, job)
    }
    return true
  }

  /** What lies in the folders of a level. */
  async #above(level: readonly BlockId[], job: JobHandle): Promise<readonly BlockId[]> {
    const found: BlockId[] = []
    for (const [at, block] of level.entries()) {
      if (at % folderCountPerTurn === folderCountPerTurn - 1) await job.turn()
      for (const { entry } of childrenOf(this.#tree.committed, block)) found.push(entry.fields.child)
    }
    return found
  }
}

/** Those that are to get a key, as many at a time as one change has room for. */
function* portionsOf(state: TreeState, blocks: readonly BlockId[]): Generator<readonly BlockId[]> {
  let portion: BlockId[] = []
  let sizeBytes = 0
  for (const block of blocks) {
    if (!isRenewable(state, block)) continue
    const sizeOfNext = recordSizeBytes(state, block)
    if (portion.length === blockCountPerDeed || sizeBytes + sizeOfNext > sizeBytesPerDeed) {
      yield portion
      portion = []
      sizeBytes = 0
    }
    portion.push(block)
    sizeBytes += sizeOfNext
  }
  if (portion.length > 0) yield portion
}

/** At most, of one that lies as deep as a folder can: every key that the block has had is in it. */
const recordSizeBytes = (state: TreeState, block: BlockId): number =>
  2048 + 80 * (accessOf(state, block)?.fields.keyEpoch ?? 0)
