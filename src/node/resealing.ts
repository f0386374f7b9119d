/**
 * Old contents under new keys, where their owner wants that after a removal: lazily only what is written goes under them.
 *
 * What lies under an earlier key than the one in force shows in the bodies themselves, so nothing remembers how far it is: only that
 * it is wanted, until nothing is left or somebody cancels. Nobody wrote what is sealed anew, so it gives way to whoever writes.
 * @module
 */
import { BlocktreeError, type ByteRange, type Bytes, CancelledError, concat, keyOf, utf8 } from '../core/bytes/bytes.ts'
import { blockKeySchedule } from '../core/crypto/crypto.ts'
import { pageEntryCountMax, sealedSectors, sectorSizeBytes } from '../core/block/block.ts'
import { entries } from '../core/merkle/merkle.ts'
import { type BlockId, type TreeId, blockIdSizeBytes } from '../core/path/path.ts'
import { type TreeState, accessOf, isKeyOwed, keys } from '../core/tree/tree.ts'
import type { Change, StorePort } from '../port/store.ts'
import { type Content, abandonBody, writeBody } from './bodies.ts'
import type { Files } from './files.ts'
import { type JobHandle, type Jobs, unwatched } from './jobs.ts'
import type { OwnTree } from './own-tree.ts'
import { bodyOf, walk } from './read/content.ts'

/** Before what those have who are away, or what nobody takes now, is tried again; and how soon a cancellation is heard meanwhile. */
const [retryCount, retryEveryMs] = [15, 2000]
/** Written once to see how fast this device is. */
const probeSizeBytes = 2 * 1024 * 1024

/** What of a content lies under an earlier key. */
interface Old {
  readonly ranges: readonly ByteRange[]
  readonly sizeBytes: number
  /** Sectors, and the pages that name them. */
  readonly objectCount: number
}

/** What it would take to seal all of it anew. */
export interface Cost {
  readonly fileCount: number
  readonly sizeBytes: number
  readonly objectCount: number
  /** So many more are on other devices alone, which are away now. */
  readonly awayCount: number
  /** By what this device was measured to do just now. */
  readonly seconds: number
}

/** How one pass over the tree has ended. */
type Pass = 'clean' | 'some' | 'stuck'

export class Resealing {
  readonly #tree: OwnTree
  readonly #files: Files
  #isWanted: boolean
  #isRunning = false
  /** Contents of which nothing is old, as they were found last, with the key that they were measured by. */
  readonly #clean = new Map<string, string>()

  /** @param isWanted as an earlier life has left it */
  constructor(tree: OwnTree, files: Files, isWanted: boolean) {
    this.#tree = tree
    this.#files = files
    this.#isWanted = isWanted
  }

  get isWanted(): boolean {
    return this.#isWanted
  }

  /** Whether this device is to seal something that it does not seal already. */
  get isDue(): boolean {
    return this.#isWanted && !this.#isRunning && this.#tree.visit === null
  }

  /** From now on, also after a restart, until nothing is left to be done or somebody cancels. */
  async want(): Promise<void> {
    await this.#note(true)
  }

  async cost(): Promise<Cost> {
    const extent = await this.#extent()
    const seconds = extent.sizeBytes === 0 ? 0 : extent.sizeBytes / (await this.#bytesPerSecond())
    return { ...extent, seconds }
  }

  async #extent(): Promise<Omit<Cost, 'seconds'>> {
    let [fileCount, sizeBytes, objectCount, awayCount] = [0, 0, 0, 0]
    for (const block of this.#blocks()) {
      const old = await this.#oldOf(block).catch((error: unknown) => {
        if (error instanceof BlocktreeError) return null
        throw error
      })
      if (old === null) awayCount++
      if (old === null || old.sizeBytes === 0) continue
      fileCount++
      sizeBytes += old.sizeBytes
      objectCount += old.objectCount
    }
    return { fileCount, sizeBytes, objectCount, awayCount }
  }

  /** Resolves when nothing is left, or when somebody has cancelled. */
  async run(jobs: Jobs): Promise<void> {
    this.#isRunning = true
    try {
      await jobs.run('reseal', 'reseal', '', 0, (job) => this.#untilClean(job))
      await this.#note(false)
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error
      await this.#note(false)
    } finally {
      this.#isRunning = false
    }
  }

  async #untilClean(job: JobHandle): Promise<void> {
    job.setTotal((await this.#extent()).sizeBytes)
    let doneBytes = 0
    const onDone = (sizeBytes: number): void => job.advance((doneBytes += sizeBytes))
    // What was written meanwhile over something old may have some of that in it.
    for (;;) {
      const pass = await this.#pass(job, () => doneBytes, onDone)
      if (pass === 'clean') return
      for (let count = 0; pass === 'stuck' && count < retryCount; count++) {
        await new Promise<void>((resolve) => this.#tree.platform.clock.after(retryEveryMs, resolve))
        job.check()
      }
    }
  }

  async #pass(job: JobHandle, doneBytes: () => number, onDone: (sizeBytes: number) => void): Promise<Pass> {
    let pass: Pass = 'clean'
    for (const block of this.#blocks()) {
      const found = this.#versionOf(block)
      if (this.#clean.get(keyOf(block)) === found) continue
      await job.turn()
      try {
        const { ranges, sizeBytes } = await this.#oldOf(block)
        if (sizeBytes === 0) {
          if (this.#versionOf(block) === found) this.#clean.set(keyOf(block), found)
          continue
        }
        // What this device has done to it itself, and nobody has taken yet, comes first.
        if (this.#tree.outbox.hasNewContent(block)) {
          pass = 'stuck'
          continue
        }
        const inner = { ...job, setTotal() {}, advance: (bytes: number) => job.advance(doneBytes() + bytes) }
        // Nobody is there who takes it, so nobody would take more.
        if ((await this.#files.reseal(block, ranges, inner)) === 'kept') return 'stuck'
        onDone(sizeBytes)
        if (pass === 'clean') pass = 'some'
      } catch (error) {
        if (!(error instanceof BlocktreeError) || error instanceof CancelledError) throw error
        // Its octets are away, or it is gone: others are done meanwhile.
        pass = 'stuck'
      }
    }
    return pass
  }

  #blocks(): readonly BlockId[] {
    return [...entries(this.#tree.committed.map, keys.contents)].map(([key]) => key.slice(1))
  }

  #versionOf(block: BlockId): string {
    const { committed } = this.#tree
    return `${keyEpochWanted(committed, block)} ${keyOf(bodyOf(committed, block)?.bodyRoot ?? new Uint8Array())}`
  }

  /** What of a content is not under the key in force, or not under the one that it owes. */
  async #oldOf(block: BlockId): Promise<Old> {
    const { committed, reading } = this.#tree
    const body = bodyOf(committed, block)
    const keyEpoch = keyEpochWanted(committed, block)
    const ranges: { startByte: number; endByte: number }[] = []
    const pages = new Set<number>()
    let [sizeBytes, objectCount] = [0, 0]
    if (body === null || keyEpoch <= 1) return { ranges, sizeBytes, objectCount }
    for await (const sectors of walk(reading, block, sealedSectors(body)))
      for (const { index, leaf, sizeBytes: sectorBytes } of sectors) {
        if (leaf === null || leaf.keyEpoch >= keyEpoch) continue
        const startByte = index * sectorSizeBytes
        const last = ranges.at(-1)
        if (last?.endByte === startByte) last.endByte += sectorBytes
        else ranges.push({ startByte, endByte: startByte + sectorBytes })
        pages.add(Math.floor(index / pageEntryCountMax))
        sizeBytes += sectorBytes
        objectCount++
      }
    return { ranges, sizeBytes, objectCount: objectCount + pages.size }
  }

  /** Seals and writes something that nobody needs, and deletes it again. */
  async #bytesPerSecond(): Promise<number> {
    const { random, clock } = this.#tree.platform
    const sectorKeys = blockKeySchedule(random.bytes(32))
    const block = random.bytes(blockIdSizeBytes)
    const sinceMs = clock.monotonicMs()
    const written = await writeBody(this.#tree, block, 1, sectorKeys, probe, unwatched)
    const durationMs = Math.max(1, clock.monotonicMs() - sinceMs)
    sectorKeys.wipe()
    await abandonBody(this.#tree, block, written)
    return (probeSizeBytes * 1000) / durationMs
  }

  async #note(isWanted: boolean): Promise<void> {
    const { platform, treeId } = this.#tree
    const at = { table: 'node', key: wishKey(treeId) } as const
    const wish: Change = isWanted ? { kind: 'put', ...at, value: new Uint8Array() } : { kind: 'delete', ...at }
    await platform.store.write([wish], 'strict')
    this.#isWanted = isWanted
  }
}

const keyEpochWanted = (state: TreeState, block: BlockId): number =>
  (accessOf(state, block)?.fields.keyEpoch ?? 0) + (isKeyOwed(state, block) ? 1 : 0)

const wishKey = (treeId: TreeId): Bytes => concat(utf8('resealing'), treeId)

/** Whether an earlier life was asked for it, and did not come to an end. */
export const isResealingWanted = async (store: StorePort, treeId: TreeId): Promise<boolean> =>
  (await store.read('node', wishKey(treeId))) !== null

const probe: Content = {
  size: probeSizeBytes,
  slice: (start, end) => ({ arrayBuffer: async () => new ArrayBuffer(end - start) }),
}
