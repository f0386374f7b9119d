/**
 * The disk of a member: its log, its hard state, and the newest snapshot; and what a loss of power takes back.
 *
 * Every write is one transaction. A strict one reaches the medium together with all before it; a relaxed one may be lost.
 * @module
 */
import type { Configuration, Entry, HardState, LogReader, Ready, Snapshot } from '../../core/raft/raft.ts'
import type { Random } from '../random.ts'

export type Stored = Pick<Ready, 'hardState' | 'entries' | 'snapshot'>

/** Never changed, only replaced. */
interface Image {
  readonly hardState: HardState
  /** The log goes on from it; at index 0 what every member was told of the group's beginning. */
  readonly installed: Snapshot
  readonly held: readonly Entry[]
}

const written = (image: Image, { hardState, entries, snapshot }: Stored): Image => {
  const installed = snapshot ?? image.installed
  const held = snapshot === null ? image.held : []
  const [first] = entries
  return {
    hardState: hardState ?? image.hardState,
    installed,
    held: first === undefined ? held : [...held.slice(0, first.index - installed.index - 1), ...entries],
  }
}
/** A snapshot takes the place of the log up to it. */
const compacted = (image: Image, installed: Snapshot): Image => ({
  ...image,
  installed,
  held: image.held.slice(installed.index - image.installed.index),
})

export class GroupDisk {
  /** Of the life that may write. */
  epoch = 0
  /** Has no room, and takes nothing. */
  isFull = false
  #image: Image
  /** As it was before each write that may still be lost; the first is what is durable. */
  #before: Image[] = []

  /** @param configuration the founders' */
  constructor(configuration: Configuration) {
    const installed = { index: 0, term: 0, configuration, data: new Uint8Array(0) }
    this.#image = { hardState: { term: 0, votedFor: null, commitIndex: 0 }, installed, held: [] }
  }

  /** What a life finds at its start. */
  open(): GroupLog {
    this.epoch++
    return new GroupLog(this, this.#image)
  }

  write(write: Stored, isStrict: boolean): void {
    if (this.isFull) return
    this.#before.push(this.#image)
    this.#image = written(this.#image, write)
    if (isStrict) this.#before = []
  }
  compact(snapshot: Snapshot): void {
    this.#image = compacted(this.#image, snapshot)
    this.#before = []
  }

  /** Takes back some of the last writes, or none. @returns how many */
  losePower(random: Random): number {
    const before = this.#before
    const lostCount = before.length > 0 && random.chance(0.7) ? random.between(1, before.length) : 0
    if (lostCount > 0) this.#image = before.at(-lostCount)!
    this.#before = []
    return lostCount
  }
}

/** The log as one life knows it; another life on the same disk changes nothing of that. */
export class GroupLog implements LogReader {
  readonly #disk: GroupDisk
  readonly #epoch: number
  #image: Image

  constructor(disk: GroupDisk, image: Image) {
    this.#disk = disk
    this.#epoch = disk.epoch
    this.#image = image
  }

  /** Whether no later life has the disk. */
  get isNewest(): boolean {
    return this.#disk.epoch === this.#epoch
  }
  get isFull(): boolean {
    return this.#disk.isFull
  }
  get installed(): Snapshot {
    return this.#image.installed
  }

  initialState() {
    return { hardState: this.#image.hardState, configuration: this.installed.configuration }
  }
  firstIndex(): number {
    return this.installed.index + 1
  }
  lastIndex(): number {
    return this.installed.index + this.#image.held.length
  }
  term(index: number): number | null {
    if (index === this.installed.index) return this.installed.term
    return this.#image.held[index - this.firstIndex()]?.term ?? null
  }
  entries(from: number, to: number): readonly Entry[] | null {
    const first = this.firstIndex()
    return from < first ? null : this.#image.held.slice(from - first, to - first)
  }
  snapshot(): Snapshot | null {
    return this.installed.index === 0 ? null : this.installed
  }

  write(write: Stored, isStrict: boolean): void {
    this.#image = written(this.#image, write)
    this.#disk.write(write, isStrict)
  }
  compact(snapshot: Snapshot): void {
    this.#image = compacted(this.#image, snapshot)
    this.#disk.compact(snapshot)
  }
}
