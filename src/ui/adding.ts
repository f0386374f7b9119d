/**
 * The queue of files on their way into the tree: folders first, then a few files at a time.
 * @module
 */
import type { InterruptedUpload, NodeApi } from '../node/api.ts'
import type { Entry } from './entries.ts'
import { codeOf, sentenceOf } from './fault.ts'
import { type JobsById, type Model, childrenOf } from './model.ts'

/** More at once only share the same disk. */
const sidesMax = 3

interface Waiting {
  readonly batch: Batch
  readonly entry: Entry
}
/** A file that did not get in, and why. */
export interface Failed extends Waiting {
  readonly sentence: string
}
/** What one drop or one choice brought. */
class Batch {
  readonly targetId: string
  /** Folders of this batch by their path; a path is created once, whoever needs it first. */
  readonly folderIds = new Map<string, Promise<string>>()
  addedCount = 0
  readonly settled: (addedCount: number) => void
  leftCount: number
  constructor(targetId: string, count: number, settled: (addedCount: number) => void) {
    this.targetId = targetId
    this.leftCount = count
    this.settled = settled
  }
}

/** Of what was interrupted, what is not on its way again. */
export function standingStill(interrupted: readonly InterruptedUpload[], jobs: JobsById): readonly InterruptedUpload[] {
  const comingIn = new Set([...jobs.values()].flatMap(({ kind, title }) => (kind === 'add' ? [title] : [])))
  return interrupted.filter(({ name }) => !comingIn.has(name))
}

export class Adding extends EventTarget {
  readonly #api: NodeApi
  readonly #model: () => Model
  #waiting: Waiting[] = []
  #failed: readonly Failed[] = []
  #interrupted: readonly InterruptedUpload[] = []
  #runningCount = 0

  constructor(api: NodeApi, model: () => Model) {
    super()
    this.#api = api
    this.#model = model
  }

  get waitingCount(): number {
    return this.#waiting.length
  }
  get failed(): readonly Failed[] {
    return this.#failed
  }
  /** What an earlier node did not live to take in. */
  get interrupted(): readonly InterruptedUpload[] {
    return this.#interrupted
  }

  /** Asks the node what was interrupted; of one that can not be asked now the next one knows. */
  async lookForInterrupted(): Promise<void> {
    this.#interrupted = await this.#api.interruptedUploads().catch(() => this.#interrupted)
    this.#tell()
  }
  async giveUp(id: string): Promise<void> {
    await this.#api.forgetUpload(id).catch(() => {})
    await this.lookForInterrupted()
  }

  /** @returns how many of the entries are in the tree, when the last has been tried */
  add(targetId: string, entries: readonly Entry[]): Promise<number> {
    return new Promise((resolve) => {
      if (entries.length === 0) return resolve(0)
      const batch = new Batch(targetId, entries.length, resolve)
      this.#waiting.push(...entries.map((entry) => ({ batch, entry })))
      this.#go()
    })
  }

  /** Forgets what has not begun; what runs has its own way to be cancelled. */
  cancelWaiting(): void {
    const dropped = this.#waiting
    this.#waiting = []
    for (const { batch } of dropped) this.#settle(batch)
    this.#tell()
  }

  retryFailed(): void {
    const again = this.#failed
    this.#failed = []
    for (const { batch, entry } of again) {
      // A folder that could not be made is made anew.
      batch.folderIds.clear()
      batch.leftCount++
      this.#waiting.push({ batch, entry })
    }
    this.#go()
  }

  forgetFailed(): void {
    this.#failed = []
    this.#tell()
  }

  #go(): void {
    while (this.#runningCount < sidesMax && this.#waiting.length > 0) {
      this.#runningCount++
      void this.#run(this.#waiting.shift()!)
    }
    this.#tell()
  }

  async #run(next: Waiting): Promise<void> {
    const { batch, entry } = next
    try {
      const folders = entry.open ? entry.folders : [...entry.folders, entry.name]
      const folderId = await this.#folder(batch, folders)
      if (entry.open) await this.#api.addFile(crypto.randomUUID(), folderId, entry.name, await entry.open())
      batch.addedCount++
    } catch (error) {
      if (codeOf(error) !== 'cancelled') this.#failed = [...this.#failed, { ...next, sentence: sentenceOf(error) }]
    }
    this.#runningCount--
    if (this.#interrupted.length > 0) void this.lookForInterrupted()
    this.#settle(batch)
    this.#go()
  }

  /** The folder at this path below the target: the one that is there, or a new one. */
  #folder(batch: Batch, names: readonly string[]): Promise<string> {
    if (names.length === 0) return Promise.resolve(batch.targetId)
    // No name contains a slash, so the joined path is unambiguous.
    const path = names.join('/')
    const known = batch.folderIds.get(path)
    if (known) return known
    const made = this.#folder(batch, names.slice(0, -1)).then((parentId) => {
      const name = names.at(-1)!.normalize('NFC')
      const there = childrenOf(this.#model(), parentId).find((item) => item.kind === 'folder' && item.name === name)
      return there?.id ?? this.#api.createFolder(crypto.randomUUID(), parentId, name)
    })
    batch.folderIds.set(path, made)
    return made
  }

  #settle(batch: Batch): void {
    batch.leftCount--
    if (batch.leftCount === 0) batch.settled(batch.addedCount)
  }
  #tell(): void {
    this.dispatchEvent(new Event('change'))
  }
}
