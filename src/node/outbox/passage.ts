/**
 * The passage from one generation into another: what the outbox takes along (design §7).
 *
 * Both generations go on from one state. What was committed in the one that is left, and the other does not have, is brought there
 * as deeds before all that is kept. All of it is made over the state that comes before that is shown, so that nothing a person has
 * seen is gone for a while.
 * @module
 */
import { RefusedError, keyOf } from '../../core/bytes/bytes.ts'
import type { BlockId } from '../../core/path/path.ts'
import { type TreeState, requestOf, sharedUntilMs } from '../../core/tree/tree.ts'
import type { Holdings } from '../holdings.ts'
import { standingOf } from '../request.ts'
import { type Deed, blocksOf } from './deed.ts'
import { showsEffect } from './effect.ts'
import type { Maker, MakerOptions } from './maker.ts'
import { type Overlay, Pending } from './overlay.ts'
import type { Quarantine } from './quarantine.ts'
import { returnedDeeds } from './returned.ts'
import type { Kept } from './rows.ts'

/** Of a deed; there is room before it for what was done in another generation. */
export const firstSequence = 2 ** 40
/** Deeds that are made over another generation before it is shown: a second's work. */
const preparedCountMax = 256

export interface PassageOptions extends Pick<MakerOptions, 'cluster' | 'ring' | 'platform' | 'principal'> {
  readonly holdings: Holdings
}

export class Passage {
  readonly #options: PassageOptions
  readonly #overlay: Overlay
  readonly #maker: Maker
  readonly #quarantine: Quarantine
  /** By their requests: deeds with the operations that they have over a state that is going to come. */
  #prepared: ReadonlyMap<string, Kept> = new Map()
  #brought: readonly Pending[] = []
  /** As they become durable with the state that comes. */
  #readied: ReadonlyMap<Pending, Readied> = new Map()
  #isUnderWay = false
  #generation: number
  /** Stamp of the newest that all generations have which this life of the node has been in. */
  #sharedMs = Infinity

  constructor(options: PassageOptions, overlay: Overlay, maker: Maker, quarantine: Quarantine) {
    this.#options = options
    this.#overlay = overlay
    this.#maker = maker
    this.#quarantine = quarantine
    this.#generation = options.cluster.identity.generation
  }

  /** A deed by what its author had seen in a generation that was left: the stamps there say nothing in the next. */
  carried(kept: Kept): Kept {
    return carriedUntil(kept, this.#sharedMs)
  }

  /** A state is going to come. Resolves when what will be done over it has been made. */
  async prepare(after: TreeState): Promise<void> {
    this.#prepared = new Map()
    const before = this.#options.cluster.state
    const sharedMs = sharedUntilMs(before, after)
    if (sharedMs === Infinity) return
    const undecided = this.#overlay.entries.filter(({ operationId }) => requestOf(after, operationId) === null)
    const carried = undecided.map(({ kept }) => carriedUntil(kept, sharedMs))
    const all = [...this.#returned(before, after, sharedMs), ...carried]
    const prepared = new Map<string, Kept>()
    let state = after
    /** Blocks that are not as they will be; what needs them is made later. */
    const open = new Set<string>()
    for (const [at, kept] of all.slice(0, preparedCountMax).entries()) {
      const { own, needed } = blocksOf(kept.deed)
      const later = all.slice(at + 1).map(({ deed }) => deed)
      const isWaiting = [...own, ...needed].some((block) => open.has(keyOf(block)))
      const made = isWaiting ? kept : await this.#made(state, kept, later)
      const folded = isWaiting ? null : this.#maker.fold(state, made)
      if (folded === null) for (const block of own) open.add(keyOf(block))
      else prepared.set(kept.requestId, made)
      state = folded?.state ?? state
    }
    this.#prepared = prepared
  }

  /** As it is where nothing can be made of it now. */
  async #made(state: TreeState, kept: Kept, later: readonly Deed[]): Promise<Kept> {
    if (this.#maker.fold(state, kept) !== null) return kept
    const step = this.#maker.step(state, kept, kept.isTaken ? 'taken' : 'again', later)
    try {
      return (await this.#maker.makeChecked(step, kept)) ?? kept
    } catch (error) {
      if (error instanceof RefusedError) return kept
      throw error
    }
  }

  /** A state is about to be in force. @returns what becomes durable with it; nothing where it is of the same generation */
  leave(before: TreeState, after: TreeState): readonly Kept[] {
    const sharedMs = sharedUntilMs(before, after)
    if (sharedMs === Infinity) return []
    this.#isUnderWay = true
    this.#sharedMs = Math.min(this.#sharedMs, sharedMs)
    const brought = this.#returned(before, after, sharedMs).map((kept): Kept => {
      const made = this.#prepared.get(kept.requestId)
      return made?.turn === kept.turn ? { ...made, sequence: kept.sequence } : kept
    })
    this.#brought = brought.map((kept) => Pending.asItLay(kept, this.#options.principal))
    const held = this.#overlay.entries.filter(({ isDurable }) => isDurable)
    this.#readied = new Map(held.map((entry) => [entry, { from: entry.kept, kept: this.#ready(entry) }]))
    return [...brought, ...[...this.#readied.values()].map(({ kept }) => kept)]
  }

  /** With the operation that was made for it, where it is still the same deed. */
  #ready({ kept }: Pending): Kept {
    const made = this.#prepared.get(kept.requestId)
    const isOfIt = made !== undefined && made.turn === kept.turn && made.deed === kept.deed
    return { ...this.carried(kept), operation: isOfIt ? made.operation : kept.operation }
  }

  /** What was committed here, and another generation does not have. */
  #returned(before: TreeState, after: TreeState, sharedMs: number): readonly Kept[] {
    const { holdings, ring, platform } = this.#options
    const held = [...this.#quarantine.list, ...this.#overlay.entries.map(({ kept }) => kept)]
    const known = new Set(held.map(({ requestId }) => requestId))
    const isHere = (block: BlockId): boolean => !holdings.isLacking(block)
    const replacedBefore = (block: BlockId) => holdings.replacedRoots(block)
    const returned = returnedDeeds({ before, after, sharedMs, ring, isHere, replacedBefore })
      .filter(({ requestId }) => !known.has(requestId))
      .flatMap((each): readonly Kept[] => {
        const { isTaken, block, turn } = standingOf(after, each.author, each.requestId)
        const rest = { sinceMs: sharedMs, turn, isTaken: false, operation: null, fault: null }
        const kept = { ...each, ...rest, sequence: 0, seed: platform.random.bytes(32) }
        return isTaken && showsEffect(after, kept, block) ? [] : [kept]
      })
    const end = Math.min(...held.map(({ sequence }) => sequence), firstSequence)
    return returned.map((each, at) => ({ ...each, sequence: end - returned.length + at }))
  }

  /** A state that came whole is in force. @param write sees to the row of an entry that did not become durable with it */
  arrive(write: (entry: Pending, kept: Kept) => void): void {
    const { generation } = this.#options.cluster.identity
    if (generation !== this.#generation) {
      this.#generation = generation
      // Others decide now, who hold nothing of it yet and were given nothing.
      for (const entry of this.#overlay.entries) Object.assign(entry, { isGiven: false, stagedRoot: null })
    }
    if (this.#isUnderWay) {
      for (const entry of this.#overlay.entries) {
        const readied = this.#readied.get(entry)
        Object.assign(entry, { isFirst: false, madeOver: null, madeFor: null })
        if (readied?.from === entry.kept) entry.kept = readied.kept
        else write(entry, this.#ready(entry))
      }
      this.#overlay.prepend(this.#brought)
    }
    this.#overlay.changed()
    this.#prepared = new Map()
    this.#brought = []
    this.#readied = new Map()
    this.#isUnderWay = false
  }
}

interface Readied {
  readonly from: Kept
  readonly kept: Kept
}

const carriedUntil = (kept: Kept, sharedMs: number): Kept => ({ ...kept, sinceMs: Math.min(kept.sinceMs, sharedMs) })
