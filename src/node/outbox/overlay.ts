/**
 * What is kept, folded over the committed state in the order in which it was done.
 * @module
 */
import { type Bytes, equal, keyOf } from '../../core/bytes/bytes.ts'
import type { Folded, TreeState } from '../../core/tree/tree.ts'
import { operationIdOf } from '../request.ts'
import { type Deed, blocksOf, bodyOfDeed } from './deed.ts'
import type { Kept } from './rows.ts'

/** How a deed ended for who asked for it: the tree has taken it, or this device keeps it until then. */
export type Answer = 'taken' | 'kept'

interface Caller {
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/** A kept deed in the life of one node. */
export class Pending {
  /** What of it was last written, or is being written. */
  kept: Kept
  isDurable = false
  /** Its row is in the store, or on its way there. */
  hasRow = false
  /** Resolves when it is durable, or need not be any more. */
  written: Promise<void> = Promise.resolve()
  /** Why it could not be made durable. */
  failure: { readonly error: unknown } | null = null
  /** On its way to whoever leads. */
  isGiven = false
  /** Root of the body that a majority of the voters holds; null where they hold none of its. */
  stagedRoot: Bytes | null = null
  /** Work on it goes on, and no other may begin. */
  isBusy = false
  /** Somebody was told that it is kept. */
  isAnswered = false
  /** How much of others had been folded when its operation was made; null where that is not known. */
  madeOver: number | null = null
  /** The state over which its operation was made; null where that was another life of the node. */
  madeFor: TreeState | null = null
  /** Its operation is the one that was made when the person did it. */
  isFirst = false
  readonly #callers: Caller[] = []
  /** What it makes of the state before it; null where it does not fit there. */
  folded: Folded | null = null
  readonly #own: Bytes
  #operation: { readonly id: Bytes; readonly key: string } | null = null

  /** @param own this device's principal */
  constructor(kept: Kept, own: Bytes) {
    this.kept = kept
    this.#own = own
  }

  /** One that lay in the store; somebody may have been told of it. */
  static asItLay(kept: Kept, own: Bytes): Pending {
    const pending = new Pending(kept, own)
    pending.isDurable = true
    pending.hasRow = true
    pending.isAnswered = true
    return pending
  }

  /** Whether a majority of the voters holds its body, as it is sealed by now, or it has none. */
  get isStaged(): boolean {
    const bodyRoot = bodyOfDeed(this.kept.deed)?.body.bodyRoot
    return bodyRoot === undefined || (this.stagedRoot !== null && equal(this.stagedRoot, bodyRoot))
  }

  /** By which the tree knows the operation of this turn. */
  get operationId(): Bytes {
    return this.#identified.id
  }
  get operationKey(): string {
    return this.#identified.key
  }
  get #identified(): { readonly id: Bytes; readonly key: string } {
    if (this.#operation !== null) return this.#operation
    const { author, requestId, turn } = this.kept
    const id = operationIdOf(author ?? this.#own, requestId, turn)
    return (this.#operation = { id, key: keyOf(id) })
  }

  /** The tree has decided its operation: the next one, if any, has another id and has to be staged anew. */
  nextTurn(isTaken: boolean): void {
    this.kept = { ...this.kept, turn: this.kept.turn + 1, isTaken: this.kept.isTaken || isTaken, operation: null }
    this.#operation = null
    this.isGiven = false
    this.stagedRoot = null
  }

  asks(): Promise<Answer> {
    return new Promise((resolve, reject) => this.#callers.push({ resolve, reject }))
  }
  answer(answer: Answer): void {
    this.isAnswered = true
    for (const { resolve } of this.#callers.splice(0)) resolve(answer)
  }
  reject(error: unknown): void {
    for (const { reject } of this.#callers.splice(0)) reject(error)
  }
}

export class Overlay {
  readonly #committed: () => TreeState
  readonly #fold: (state: TreeState, kept: Kept) => Folded | null
  #entries: readonly Pending[] = []
  /** Over which the entries were folded last. */
  #base: TreeState

  /** @param fold null for what does not fit */
  constructor(committed: () => TreeState, fold: (state: TreeState, kept: Kept) => Folded | null) {
    this.#committed = committed
    this.#fold = fold
    this.#base = committed()
  }

  get entries(): readonly Pending[] {
    return this.#entries
  }
  find(requestId: string): Pending | null {
    return this.#entries.find(({ kept }) => kept.requestId === requestId) ?? null
  }

  /** With everything that was done here, also what is not durable yet. */
  get tip(): TreeState {
    return this.#stateBefore(this.#entries.length)
  }

  /** With everything that is durable: what a person sees. */
  get shown(): TreeState {
    const end = this.#entries.findIndex(({ isDurable }) => !isDurable)
    return this.#stateBefore(end < 0 ? this.#entries.length : end)
  }

  /** What has to be made anew, the oldest first. Whatever needs a block that is not as it was left by then waits for that. */
  get unfit(): readonly Pending[] {
    this.#refold()
    const open = new Set<string>()
    return this.#entries.filter((entry) => {
      if (entry.folded !== null) return false
      const { own, needed } = blocksOf(entry.kept.deed)
      const isWaiting = [...own, ...needed].some((block) => open.has(keyOf(block)))
      for (const block of own) open.add(keyOf(block))
      return !isWaiting && entry.isDurable && !entry.isGiven && !entry.isBusy && !this.isStubborn(entry)
    })
  }

  /** Made for the very state that it does not fit: for another reason than that others were faster, so the tree is to say which. */
  isStubborn(entry: Pending): boolean {
    const { operation } = entry.kept
    return entry.folded === null && operation !== null && entry.madeFor === this.stateBefore(entry)
  }

  /** The keys in which what is shown differs from what is committed, and perhaps others. */
  get touched(): readonly Bytes[] {
    this.#refold()
    return this.#entries.flatMap(({ isDurable, folded }) => (isDurable ? (folded?.touched ?? []) : []))
  }

  /** The keys of the rows that each deed changes which somebody was told is kept. */
  get waiting(): readonly (readonly Bytes[])[] {
    this.#refold()
    return this.#entries.flatMap(({ isDurable, isAnswered, kept, folded }) =>
      isDurable && isAnswered && !kept.isTaken ? [folded?.touched ?? []] : [],
    )
  }

  stateBefore(entry: Pending): TreeState {
    return this.#stateBefore(this.#entries.indexOf(entry))
  }

  /** What was done here after an entry, as far as it is certain to stay. */
  doneAfter(entry: Pending): readonly Deed[] {
    return this.entriesAfter(entry).flatMap(({ isDurable, kept }) => (isDurable ? [kept.deed] : []))
  }

  entriesAfter(entry: Pending): readonly Pending[] {
    return this.#entries.slice(this.#entries.indexOf(entry) + 1)
  }

  doneBefore(entry: Pending): readonly Deed[] {
    return this.#entries.slice(0, this.#entries.indexOf(entry)).map(({ kept }) => kept.deed)
  }

  append(entry: Pending): void {
    const before = this.tip
    entry.folded = this.#fold(before, entry.kept)
    this.#entries = [...this.#entries, entry]
  }

  /** What was done before all that is here. */
  prepend(entries: readonly Pending[]): void {
    if (entries.length === 0) return
    this.#entries = [...entries, ...this.#entries]
    this.changed()
  }

  remove(entry: Pending): void {
    this.#entries = this.#entries.filter((each) => each !== entry)
    this.changed()
  }

  /** An entry has another operation than before. */
  changed(): void {
    this.#isStale = true
  }
  #isStale = false

  #stateBefore(at: number): TreeState {
    this.#refold()
    for (let before = at - 1; before >= 0; before--) {
      const { folded } = this.#entries[before]!
      if (folded !== null) return folded.state
    }
    return this.#base
  }

  #refold(): void {
    const committed = this.#committed()
    if (!this.#isStale && committed === this.#base) return
    this.#isStale = false
    this.#base = committed
    let state = committed
    for (const entry of this.#entries) {
      entry.folded = this.#fold(state, entry.kept)
      state = entry.folded?.state ?? state
    }
  }
}
