/**
 * Five ways to spend 200 writes, which differ in what a crash puts at risk.
 * @module
 */
import type { Deed, Model, PendingDeed } from '../checker.ts'
import { ClusterWorkload, type ContentSizes } from '../cluster-workload.ts'
import type { Random } from '../random.ts'
import { type Habits, Workload } from '../workload.ts'

/** What people do, and what of it is open. */
export interface Deeds {
  /** Such as can be done together. @param at the device at which they will be done */
  draw(at: number, countMax: number): readonly Deed[]
  readonly pending: readonly PendingDeed[]
  /** @param id null where nobody knows whether it took effect */
  ended(at: number, pending: PendingDeed, id: string | null, isRefused: boolean): void
  /** Everything that was open is decided. */
  resolved(): void
}

/** What is done to the devices as often as 20 writes are done, beside them. */
export type Turn = 'none' | 'handOver' | 'remove' | 'part'

export interface CrashWorkload {
  readonly name: string
  readonly deviceCount: number
  readonly voterCount: number
  readonly turn: Turn
  /** How many transactions lie between two crashes of one course; null: it has but one. */
  readonly crashesEvery: number | null
  readonly deedsOf: (model: Model, random: Random) => Deeds
}

const none = {
  createFolder: 0,
  addFile: 0,
  writeFile: 0,
  editFile: 0,
  rename: 0,
  move: 0,
  trash: 0,
  restore: 0,
  purge: 0,
} satisfies Habits['weights']
const ofSmallFiles: Habits = {
  weights: {
    ...none,
    createFolder: 15,
    addFile: 40,
    writeFile: 15,
    rename: 15,
    move: 15,
    trash: 12,
    restore: 5,
    purge: 6,
  },
  largeCount: 0,
}
const ofLargeEdits: Habits = {
  weights: { ...none, addFile: 6, writeFile: 4, editFile: 40, trash: 3, purge: 3 },
  largeCount: 12,
}

/** Long contents are at risk at one device as at several. */
const sharedSizes: ContentSizes = { empty: 2, small: 90, sectors: 6, large: 0 }

/** Of one person at one device. */
class OwnDeeds implements Deeds {
  readonly #model: Model
  readonly #workload: Workload
  #open: PendingDeed[] = []

  constructor(model: Model, random: Random, habits: Habits) {
    this.#model = model
    this.#workload = new Workload(model, random, habits)
  }

  get pending(): readonly PendingDeed[] {
    return this.#open
  }

  draw(_at: number, countMax: number): readonly Deed[] {
    return this.#workload.draw(countMax)
  }

  ended(_at: number, pending: PendingDeed, id: string | null, isRefused: boolean): void {
    if (id !== null) this.#model.apply(pending.deed, id)
    else if (!isRefused) this.#open.push(pending)
  }

  resolved(): void {
    this.#open = []
  }
}

/** Of several people, of whom none touches what another has touched since they met. */
function sharedDeeds(model: Model, random: Random): Deeds {
  const workload = new ClusterWorkload(model, random, sharedSizes)
  return {
    draw: (at, countMax) => Array.from({ length: countMax }, () => workload.draw(at)).filter((deed) => deed !== null),
    get pending() {
      return workload.pending
    },
    ended: (at, pending, id, isRefused) => workload.ended(at, pending, id, isRefused),
    resolved: () => workload.resolved(),
  }
}

/** Long enough for several devices to come together again. */
const crashesEvery = 100

export const crashWorkloads: readonly CrashWorkload[] = [
  {
    name: 'files',
    deviceCount: 1,
    voterCount: 1,
    turn: 'none',
    crashesEvery: null,
    deedsOf: (model, random) => new OwnDeeds(model, random, ofSmallFiles),
  },
  {
    name: 'edits',
    deviceCount: 1,
    voterCount: 1,
    turn: 'none',
    crashesEvery: null,
    deedsOf: (model, random) => new OwnDeeds(model, random, ofLargeEdits),
  },
  { name: 'leaders', deviceCount: 3, voterCount: 3, turn: 'handOver', crashesEvery, deedsOf: sharedDeeds },
  { name: 'removal', deviceCount: 3, voterCount: 1, turn: 'remove', crashesEvery, deedsOf: sharedDeeds },
  { name: 'outbox', deviceCount: 2, voterCount: 1, turn: 'part', crashesEvery, deedsOf: sharedDeeds },
]
