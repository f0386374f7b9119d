/**
 * The outbox: what was done on this device and its tree has not taken yet (design §7).
 *
 * Every deed goes through here. Where this device alone decides, its operation goes straight into the log. Else the deed is
 * *kept*: durable, with the operation that was signed for it, unless it brings no body and the tree takes it at once. What a person
 * sees is the committed state with all that is kept folded over it. As soon as somebody is there who takes changes, the operations
 * are given in their order; one that does not fit any more is made anew from its deed, over the state as it is by then. A deed leaves
 * when the tree shows what it wanted. One that the tree refuses for good after somebody was told that it is kept stays in
 * *quarantine*.
 *
 * The tree remembers its decision about each operation by request and turn. A turn ends with that decision and not before, so of
 * all operations that were ever given for one turn a single one can take effect.
 * @module
 */
import {
  type Bytes,
  BlocktreeError,
  type Fault,
  RefusedError,
  StoreDamagedError,
  equal,
  keyOf,
  nodeStopped,
  refused,
} from '../core/bytes/bytes.ts'
import type { Body } from '../core/block/block.ts'
import type { BlockId } from '../core/path/path.ts'
import { type TreeState, contentOf, deadGraceMs, requestOf, summaryOf } from '../core/tree/tree.ts'
import type { Platform } from '../port/platform.ts'
import type { Change } from '../port/store.ts'
import type { Folded } from './cluster/options.ts'
import type { Doomed, Holdings } from './holdings.ts'
import { type Deed, blocksOf, bodyOfDeed } from './outbox/deed.ts'
import { type Decision, type Decisions, decidedBy, decidedIn } from './outbox/decisions.ts'
import { isSameChange, isUpkeep, showsEffect } from './outbox/effect.ts'
import { Giver } from './outbox/giver.ts'
import { Journal } from './outbox/journal.ts'
import { Maker, type MakerOptions, raceCodes } from './outbox/maker.ts'
import { type Answer, Overlay, Pending } from './outbox/overlay.ts'
import { Quarantine, bodiesIn } from './outbox/quarantine.ts'
import type { Phase, Step } from './outbox/rebase.ts'
import { Passage, firstSequence } from './outbox/passage.ts'
import { type Kept, keptGone, keptRow, readKept, readMark } from './outbox/rows.ts'
import { doneOverAnew, isListed } from './outbox/seen.ts'
import { bodyOf } from './read/content.ts'
import { standingOf } from './request.ts'

/** How long a person waits for the other devices before he is told that it is kept here. */
const patienceMs = 2000
/** So long the tree may take what brings no body before it is written here: mostly it never need be. */
const graceMs = 100
/** How often it is looked whether somebody is there by now. */
const retryMs = 1000
/** Lost races of one deed, before something else must be wrong. */
const turnCountMax = 32

/** What an operation is refused for when nobody has decided. */
const awayCodes: ReadonlySet<string> = new Set(['leaderAway', 'othersDecide', 'outcomeUnknown'])

/** Tells what the cluster folds. */
export interface Feed {
  /** The committed state has changed. @param folded null where it came whole */
  onApplied(touched: readonly Bytes[], folded: Folded | null): void
  /** A state is going to come whole: nothing of it is shown before this has resolved. */
  onArriving(after: TreeState): Promise<void>
  /** The committed state is about to come whole, perhaps from another generation. @returns what becomes durable with it */
  onInstalling(before: TreeState, after: TreeState): readonly Change[]
}

/** How much of what others did a person could see. */
export interface Sight {
  /** Of the newest. */
  readonly stampMs: number
  /** How often the tree had taken something in that was not done here, in this life of the node. */
  readonly foreignCount: number
  readonly generation: number
}

export interface OutboxOptions extends MakerOptions {
  readonly platform: Pick<Platform, 'store' | 'crypto' | 'random' | 'discard' | 'clock'>
  readonly holdings: Holdings
  readonly feed: Feed
  /** Something went wrong that only our own mistake can cause. */
  readonly onFailure: (error: unknown) => void
}

export class Outbox {
  readonly #options: OutboxOptions
  readonly #journal: Journal
  readonly #maker: Maker
  readonly #overlay: Overlay
  readonly #giver: Giver
  readonly #passage: Passage
  readonly quarantine: Quarantine
  #sequence: number
  /** Of what was shown last. */
  #touched: readonly Bytes[] = []
  #foreign: Bytes[] = []
  /** How often the tree took something in that was not done here, or not so. */
  #foreignCount = 0
  #isRefreshing = false
  #isWorking = false
  #isClosed = false
  #putOutFault: Fault | null = null
  #cancelRetry = (): void => {}
  /** What is shown has changed in these keys. */
  onShown: (shown: TreeState, touched: readonly Bytes[]) => void = () => {}
  /** A deed has come to its end after whoever asked for it went on. */
  onSettled: (deed: Deed) => void = () => {}

  private constructor(options: OutboxOptions, journal: Journal, kept: readonly Kept[]) {
    const { cluster, feed } = options
    this.#options = options
    this.#journal = journal
    this.#maker = new Maker(options)
    this.#overlay = new Overlay(
      () => cluster.state,
      (state, each) => this.#maker.fold(state, each),
    )
    this.#giver = new Giver(cluster, this.#overlay, this.#maker, () => this.#work())
    this.#sequence = kept.at(-1)?.sequence ?? firstSequence
    this.quarantine = new Quarantine(kept.filter(({ fault }) => fault !== null))
    for (const each of kept) if (each.fault === null) this.#overlay.append(Pending.asItLay(each, options.principal))
    this.#passage = new Passage(options, this.#overlay, this.#maker, this.quarantine)
    feed.onArriving = (after) => this.#passage.prepare(after)
    feed.onApplied = (touched, folded) => this.#onApplied(touched, folded)
    feed.onInstalling = (before, after) =>
      this.#passage.leave(before, after).map((each) => keptRow(options.place, each))
    this.#decideAll(decidedIn(cluster.state, this.#overlay.entries))
    this.#touched = this.#overlay.touched
    this.#work()
  }

  static async open(options: OutboxOptions): Promise<Outbox> {
    const { platform, place, cluster } = options
    const mark = await readMark(platform.store, place)
    const committed = () => ({ commitIndex: cluster.base.index, generation: cluster.identity.generation })
    const journal = new Journal(platform.store, place, committed, mark)
    const kept = await readKept(platform.store, place)
    await options.ring.openNew(kept.flatMap(({ operation }) => operation ?? []))
    return new Outbox(options, journal, kept)
  }

  /** What a person sees: the committed state, and what is kept over it. */
  get shown(): TreeState {
    return this.#overlay.shown
  }

  /** Whether what is shown of a file is its author's alone so far. */
  hasNewContent(block: BlockId): boolean {
    const { state } = this.#options.cluster
    if (this.shown === state) return false
    const hash = (of: TreeState) => contentOf(of, block)?.content.hash
    return hash(this.shown) !== hash(state)
  }

  /** What this device knows now of what others did. */
  get sight(): Sight {
    return {
      stampMs: summaryOf(this.#options.cluster.state)?.stampMs ?? 0,
      foreignCount: this.#foreignCount,
      generation: this.#options.cluster.identity.generation,
    }
  }

  get keptCount(): number {
    return this.#overlay.entries.length
  }

  /** What a person was told is kept here and that the tree has not taken yet: the keys of the rows that it changes, by deed. */
  get waiting(): readonly (readonly Bytes[])[] {
    return this.#overlay.waiting
  }

  /** The tree takes nothing of this device any more, for a reason that stays. */
  putOut(fault: Fault): void {
    this.#putOutFault = fault
    for (const entry of this.#overlay.entries) this.#refuse(entry, fault)
  }
  #throwIfPutOut(): void {
    if (this.#putOutFault !== null) throw new RefusedError(this.#putOutFault)
  }

  /** Bodies of a block that are here because a deed needs them. */
  bodiesOf(block: BlockId): readonly Body[] {
    const pending = this.#overlay.entries.map(({ kept }) => kept)
    return [...bodiesIn(pending, block), ...this.quarantine.bodiesOf(block)]
  }

  /** Whether of something that is kept here a part may be with others: it was written over what was not whole here. */
  isPartial(block: BlockId): boolean {
    const { cluster, holdings } = this.#options
    const now = bodyOf(cluster.state, block)
    return this.bodiesOf(block).some((body) => !holdings.isWhole(block, body, now))
  }

  close(): void {
    this.#isClosed = true
    this.#cancelRetry()
    for (const entry of this.#overlay.entries) if (entry.isDurable) entry.answer('kept')
  }

  // --- deeds ----------------------------------------------------------------------------------------------------------------

  /** How a request ended that was asked for before; null where it never was. */
  answerOf(requestId: string): Promise<Answer> | null {
    const { cluster, principal } = this.#options
    return this.#answerBy(requestId, standingOf(cluster.state, principal, requestId).isTaken)
  }

  /** The block that a request made which was asked for before; null where that is not known. */
  blockOf(requestId: string): BlockId | null {
    const { cluster, principal } = this.#options
    const deed = (
      this.#overlay.find(requestId)?.kept ?? this.quarantine.list.find((kept) => kept.requestId === requestId)
    )?.deed
    if (deed !== undefined) return 'block' in deed.value ? deed.value.block : null
    return standingOf(cluster.state, principal, requestId).block
  }

  #answerBy(requestId: string, isTaken: boolean): Promise<Answer> | null {
    const entry = this.#overlay.find(requestId)
    if (entry !== null) return entry.written.then(() => this.#answerFor(entry))
    if (isTaken) return Promise.resolve('taken')
    return this.quarantine.list.some((kept) => kept.requestId === requestId) ? Promise.resolve('kept') : null
  }

  /**
   * Does something to the tree. Resolves when the tree has taken it, or when it is kept here and nobody is there who would take it.
   * Rejects with RefusedError where the tree does not take it, and then nothing is changed.
   * @param attached rows that it needs, durable no later than the deed
   * @param sight where the person began with it some time ago: what he saw then
   */
  async submit(
    requestId: string,
    deed: Deed,
    attached: readonly Change[] = [],
    sight: Sight = this.sight,
  ): Promise<Answer> {
    const { cluster, platform, principal } = this.#options
    const standing = standingOf(cluster.state, principal, requestId)
    const kept: Kept = {
      sequence: 0,
      requestId,
      deed,
      seed: platform.random.bytes(32),
      madeAtMs: platform.clock.nowMs(),
      sinceMs: sight.stampMs,
      author: null,
      version: 0,
      turn: standing.turn,
      isTaken: false,
      operation: null,
      fault: null,
    }
    const isTaken = standing.isTaken && showsEffect(cluster.state, kept, standing.block)
    const known = this.#answerBy(requestId, isTaken)
    if (known !== null) return known
    this.#throwIfPutOut()
    const isAlone = cluster.isSoleVoter && this.#overlay.entries.length === 0
    const rest = isAlone ? await this.#decideAlone(kept, attached, sight) : kept
    return rest === null ? 'taken' : this.#keep(rest, attached, sight)
  }

  /** Straight into the log. @returns what is left to do where that was not all; null where it was */
  async #decideAlone(kept: Kept, attached: readonly Change[], { foreignCount }: Sight): Promise<Kept | null> {
    const { cluster } = this.#options
    const made = await this.#maker.make(this.#maker.step(cluster.state, kept, 'first'), kept)
    if (made?.operation == null) return made
    const outcome = await cluster.propose(made.operation, attached).catch((error: unknown) => {
      if (error instanceof BlocktreeError && awayCodes.has(error.code)) return refused(error.code, error.message)
      throw error
    })
    if (!outcome.ok) {
      if (awayCodes.has(outcome.fault.code)) return made
      if (raceCodes.has(outcome.fault.code)) return { ...made, turn: made.turn + 1, operation: null }
      throw new RefusedError(outcome.fault)
    }
    // What was taken may have been another change that took the request for itself.
    if (!showsEffect(cluster.state, made, null)) return { ...made, turn: made.turn + 1, operation: null }
    const isAll = foreignCount === this.#foreignCount || this.#maker.step(cluster.state, kept, 'taken').kind === 'done'
    return isAll ? null : { ...made, turn: made.turn + 1, isTaken: true, operation: null }
  }

  /** Durable, or taken, whichever comes first; then the others may take their time. */
  async #keep(kept: Kept, attached: readonly Change[], sight: Sight): Promise<Answer> {
    const entry = await this.#pendingOf(kept, sight)
    if (entry === null) {
      // What it wants is there; perhaps by another deed that is kept.
      const step = this.#maker.step(this.#options.cluster.state, kept, 'again')
      return step.kind === 'done' ? 'taken' : 'kept'
    }
    if (this.#isClosed) throw nodeStopped()
    const known = this.#overlay.find(kept.requestId)
    if (known !== null) return known.written.then(() => this.#answerFor(known))
    if (sight.generation !== this.#options.cluster.identity.generation) entry.kept = this.#passage.carried(entry.kept)
    this.#overlay.append(entry)
    const decided = entry.asks()
    entry.written = this.#write(entry, attached)
    this.#work()
    const written = entry.written.then(
      () => void (entry.isDurable = entry.hasRow),
      (error: unknown) => void (entry.failure = { error }),
    )
    const answer = await Promise.race([written, decided])
    if (answer !== undefined) return answer
    this.#endFailed()
    if (entry.failure !== null || entry.isAnswered) return decided
    this.#throwIfPutOut()
    this.#refresh()
    this.#work()
    if (!kept.isTaken) return this.#answerFor(entry)
    entry.isAnswered = true
    return 'taken'
  }

  async #write(entry: Pending, attached: readonly Change[]): Promise<void> {
    const { cluster, place, platform } = this.#options
    if (bodyOfDeed(entry.kept.deed) === null && entry.kept.operation !== null && cluster.isReachable) {
      await new Promise<void>((resolve) => {
        const cancel = platform.clock.after(graceMs, resolve)
        const stop = (): void => (cancel(), resolve())
        entry.asks().then(stop, stop)
      })
      if (!this.#overlay.entries.includes(entry)) return
    }
    entry.hasRow = true
    await this.#journal.write([keptRow(place, entry.kept), ...attached])
  }

  /** What could not be written stays only as long as the others may decide it. */
  #endFailed(): void {
    for (const entry of this.#overlay.entries) {
      if (entry.failure === null || entry.isGiven) continue
      this.#overlay.remove(entry)
      entry.reject(entry.failure.error)
    }
  }

  /** With its operation over all that was done here; null where nothing is to do. */
  async #pendingOf(kept: Kept, { foreignCount }: Sight): Promise<Pending | null> {
    const isUndisturbed = kept.turn === 0 && foreignCount === this.#foreignCount
    for (let phase: Phase = isUndisturbed ? 'first' : 'again'; ; phase = 'again') {
      const over = this.#overlay.tip
      const made = kept.isTaken ? kept : await this.#makeOver(over, kept, phase)
      if (made === null) return null
      // Where another deed on this device was faster, it is made over that.
      if (this.#overlay.tip !== over) continue
      const refusal = this.#maker.refusal(over, made)
      if (refusal !== null) throw new RefusedError(refusal)
      const entry = new Pending({ ...made, sequence: ++this.#sequence }, this.#options.principal)
      return Object.assign(entry, { madeOver: foreignCount, madeFor: over, isFirst: phase === 'first' })
    }
  }

  /** Without its operation where that can only be made later. */
  async #makeOver(over: TreeState, kept: Kept, phase: Phase): Promise<Kept | null> {
    try {
      return await this.#maker.makeChecked(this.#maker.step(over, kept, phase), kept)
    } catch (error) {
      if (error instanceof RefusedError && error.code === 'keyAwaited') return { ...kept, operation: null }
      throw error
    }
  }

  /** Tries again what is in quarantine, as if it were done now; where the tree refuses it again, it goes back there. */
  async retry(sequence: number): Promise<void> {
    this.#throwIfPutOut()
    const { cluster, place, principal } = this.#options
    const kept = this.quarantine.claim(sequence)
    const { turn } = standingOf(cluster.state, kept.author ?? principal, kept.requestId)
    const again: Kept = { ...kept, sequence: ++this.#sequence, turn, operation: null, fault: null }
    try {
      await this.#journal.write([keptGone(place, sequence), keptRow(place, again)])
    } catch (error) {
      this.quarantine.disclaim(kept)
      throw error
    }
    this.quarantine.drop(kept)
    this.#overlay.append(Pending.asItLay(again, principal))
    this.#refresh()
    this.#work()
  }

  /** Gives up what is in quarantine. */
  async discard(sequence: number): Promise<void> {
    const kept = this.quarantine.claim(sequence)
    this.quarantine.drop(kept)
    this.#letGo(kept)
    // Whoever comes back later finds it gone.
    await this.#journal.write([])
    this.#refresh()
  }

  #answerFor(entry: Pending): Promise<Answer> {
    if (entry.isAnswered) return Promise.resolve('kept')
    const answer = entry.asks()
    if (!this.#options.cluster.isReachable) this.#answerKept(entry)
    else this.#options.platform.clock.after(patienceMs, () => this.#answerKept(entry))
    return answer
  }

  #answerKept(entry: Pending): void {
    if (entry.isAnswered) return
    entry.answer('kept')
    this.#refreshSoon()
  }

  // --- operations -----------------------------------------------------------------------------------------------------------

  /** Makes what does not fit anew, then gives what fits. */
  #work(): void {
    if (this.#isWorking || this.#isClosed) return
    this.#isWorking = true
    const goOn = (): void => {
      this.#isWorking = false
      this.#cancelRetry()
      this.#endFailed()
      if (this.#overlay.entries.length === 0 || this.#isClosed) return
      this.#giver.give(this.#foreignCount)
      this.#cancelRetry = this.#options.platform.clock.after(retryMs, () => this.#work())
    }
    this.#remakeAll().then(goOn, this.#options.onFailure)
  }

  async #remakeAll(): Promise<void> {
    const failed = new Set<Pending>()
    const next = (): Pending | undefined => this.#overlay.unfit.find((entry) => !failed.has(entry))
    for (let entry = next(); entry !== undefined && !this.#isClosed; entry = next())
      if (!(await this.#remake(entry))) failed.add(entry)
  }

  /** @returns false where it is to be tried again later */
  async #remake(entry: Pending): Promise<boolean> {
    const { kept } = entry
    const over = this.#overlay.stateBefore(entry)
    const madeOver = this.#foreignCount
    const step = this.#maker.step(over, kept, kept.isTaken ? 'taken' : 'again', this.#overlay.doneAfter(entry))
    if (step.kind === 'seal') {
      // Two versions that were written one after the other are one where both lost.
      if (this.#overlay.doneBefore(entry).some((deed) => isSameFile(deed, kept.deed))) return false
      void this.#seal(entry, step)
      return true
    }
    try {
      const made = await this.#maker.makeChecked(step, kept)
      if (entry.kept !== kept) return true
      // What was done before to the same block may come to nothing yet, where another device brings it too, as it was before.
      const isOpen =
        kept.author !== null && this.#overlay.doneBefore(entry).some((deed) => isOfSameBlock(deed, kept.deed))
      if (made === null && isOpen) return false
      if (made === null) this.#settle(entry)
      else this.#remade(entry, made, madeOver, over)
      return true
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      // The next signature may be a better one, and the key may be there by then.
      if (error.code === 'signatureInvalid' || error.code === 'keyAwaited') return false
      if (entry.kept === kept) this.#refuse(entry, { code: error.code, local: error.message })
      return true
    }
  }

  #remade(entry: Pending, made: Kept, madeOver: number, madeFor: TreeState): void {
    entry.kept = made
    Object.assign(entry, { madeOver, madeFor, isFirst: false })
    this.#journal.note([keptRow(this.#options.place, made)])
    this.#overlay.changed()
    this.#refreshSoon()
  }

  async #seal(entry: Pending, step: Extract<Step, { kind: 'seal' }>): Promise<void> {
    const { kept } = entry
    const isAsItWas = (): boolean => entry.kept === kept && this.#overlay.entries.includes(entry)
    entry.isBusy = true
    // Where nothing came of it, not at once again.
    let goesOn = false
    try {
      const sealed = await this.#maker.seal(kept, step)
      if (sealed === null) return
      if (!isAsItWas()) {
        goesOn = true
        return await sealed.abandon()
      }
      const { holdings, place } = this.#options
      const idle = this.#idleBodyOf(kept.deed)
      const doomed = idle === null ? [] : [holdings.doomedRow(idle)]
      const anew = this.#doneOverAnew(entry, sealed.kept)
      const withRow = [...anew].filter(([{ hasRow }]) => hasRow)
      const rows = [sealed.kept, ...withRow.map(([, next]) => next)].map((each) => keptRow(place, each))
      await this.#journal.write([...rows, ...sealed.written.attached, ...doomed]).catch(async (error: unknown) => {
        await sealed.abandon()
        throw error
      })
      goesOn = true
      if (!isAsItWas()) {
        // It was decided, or refused, while that was written.
        this.#journal.note([entry, ...withRow.map(([each]) => each)].map((each) => this.#rowOf(each)))
        return await sealed.abandon()
      }
      const made = bodyOfDeed(sealed.kept.deed)
      if (made !== null) holdings.made(made.block, made.body)
      entry.kept = sealed.kept
      for (const [each, next] of anew) {
        if (this.#overlay.entries.includes(each)) this.#change(each, { ...each.kept, deed: next.deed })
        else if (each.hasRow) this.#journal.note([this.#rowOf(each)])
      }
      this.#overlay.changed()
      if (idle !== null) holdings.doomed(idle)
    } catch (error) {
      // On a full disk it waits, and where others have a part of it that are away; a store that is closed stops the node by itself.
      const isAway = error instanceof BlocktreeError && error.code === 'contentAway'
      if (isAway && isAsItWas() && this.#isBaseForgotten(kept)) this.#refuse(entry, baseForgotten)
      else if (error instanceof StoreDamagedError) this.#refuse(entry, { code: error.code, local: error.message })
      else if (!(error instanceof BlocktreeError)) this.#options.onFailure(error)
    } finally {
      entry.isBusy = false
      if (goesOn) this.#work()
    }
  }

  /** Whether what a deed was written over is kept by nobody any more. */
  #isBaseForgotten({ deed, sinceMs }: Kept): boolean {
    const { state } = this.#options.cluster
    if (deed.tag !== 'writeFile' || (summaryOf(state)?.stampMs ?? 0) - sinceMs <= deadGraceMs) return false
    const { block, base } = deed.value
    const now = bodyOf(state, block)?.bodyRoot
    return !(now !== undefined && equal(now, base)) && !isListed(state, block, base)
  }

  /** What stands of a deed on the disk by now: what is written late may tell what it was before. */
  #rowOf(entry: Pending): Change {
    const { place } = this.#options
    const { sequence } = entry.kept
    const quarantined = this.quarantine.list.find((kept) => kept.sequence === sequence)
    if (quarantined !== undefined) return keptRow(place, quarantined)
    return this.#overlay.entries.includes(entry) ? keptRow(place, entry.kept) : keptGone(place, sequence)
  }

  /** What was done over a content that has another root now, as it reads then. */
  #doneOverAnew(entry: Pending, sealed: Kept): ReadonlyMap<Pending, Kept> {
    const [from, to] = [bodyOfDeed(entry.kept.deed), bodyOfDeed(sealed.deed)]
    const anew = new Map<Pending, Kept>()
    if (from === null || to === null || !equal(from.block, to.block)) return anew
    for (const each of this.#overlay.entriesAfter(entry)) {
      const deed = doneOverAnew(each.kept.deed, from.body.bodyRoot, to.body.bodyRoot)
      if (deed !== each.kept.deed) anew.set(each, { ...each.kept, deed })
    }
    return anew
  }

  /** Its row follows, where it has one. */
  #change(entry: Pending, kept: Kept): void {
    entry.kept = kept
    const note = (): void => this.#journal.note([keptRow(this.#options.place, entry.kept)])
    if (entry.isDurable) note()
    else if (entry.hasRow) entry.written.then(note).catch(() => {})
  }

  /** The body of a deed that is over, unless the tree shows it. */
  #idleBodyOf(deed: Deed): Doomed | null {
    const own = bodyOfDeed(deed)
    if (own === null || own.body.sizeBytes === 0) return null
    const now = contentOf(this.#options.cluster.state, own.block)?.content.fields.bodyRoot
    return now !== undefined && equal(now, own.body.bodyRoot) ? null : own
  }

  // --- what becomes of them -------------------------------------------------------------------------------------------------

  #onApplied(touched: readonly Bytes[], folded: Folded | null): void {
    if (folded === null) this.#passage.arrive((entry, kept) => this.#change(entry, kept))
    if (folded === null || folded.operations.some((_, at) => !folded.isOwn(at))) this.#foreignCount++
    if (this.#overlay.entries.length === 0 && this.#touched.length === 0) {
      return this.onShown(this.#options.cluster.state, touched)
    }
    this.#foreign.push(...touched)
    this.#refreshSoon()
    const { state } = this.#options.cluster
    this.#decideAll(folded === null ? decidedIn(state, this.#overlay.entries) : decidedBy(folded))
  }

  #decideAll(decisions: Decisions): void {
    for (const entry of this.#overlay.entries) {
      const decision = decisions.get(entry.operationKey)
      if (decision !== undefined) this.#decide(entry, decision)
    }
  }

  #decide(entry: Pending, decision: Decision): void {
    const { outcome } = decision
    if (!outcome.ok && !this.#maker.isPassing(outcome.fault, entry.kept)) return this.#refuse(entry, outcome.fault)
    const isTaken = outcome.ok && this.#isTaken(entry, decision)
    entry.nextTurn(isTaken)
    this.#overlay.changed()
    if (!isTaken) {
      const { fault } = outcome.ok ? takenOtherwise : outcome
      if (entry.kept.turn >= turnCountMax) this.#refuse(entry, fault)
      return
    }
    // What was made anew is news to what was done after it, as others' doings are.
    if (!entry.isFirst) this.#foreignCount++
    const { state } = this.#options.cluster
    const isUndisturbed = entry.isFirst && entry.madeOver === this.#foreignCount
    const later = this.#overlay.doneAfter(entry)
    if (isUndisturbed || this.#maker.step(state, entry.kept, 'taken', later).kind === 'done') this.#settle(entry)
    else entry.answer('taken')
  }

  /** Whether it was this very operation that took effect, or the tree shows what the deed wanted: else another one took its request. */
  #isTaken({ kept, operationId }: Pending, { outcome, operation }: Decision): boolean {
    const isThisOne = operation !== null && isSameChange(operation, kept.operation)
    if (kept.isTaken || (isThisOne && outcome.ok && !outcome.repeated)) return true
    const { state } = this.#options.cluster
    return showsEffect(state, kept, requestOf(state, operationId)?.block ?? null)
  }

  /** The tree shows what the deed wanted, or nothing is left of it to be wanted. */
  #settle(entry: Pending): void {
    const isBackground = entry.isAnswered
    this.#remove(entry)
    entry.answer('taken')
    if (isBackground) this.onSettled(entry.kept.deed)
  }

  #refuse(entry: Pending, fault: Fault): void {
    const { kept, isAnswered } = entry
    // What tidies up after a deed that was taken, and what another device can do as well, is no loss.
    const isLoss = isAnswered && !kept.isTaken && !isUpkeep(kept.deed)
    entry.reject(new RefusedError(fault))
    if (!isLoss) return this.#remove(entry)
    const quarantined: Kept = { ...kept, fault: { code: fault.code, local: fault.local } }
    this.#overlay.remove(entry)
    this.quarantine.add(quarantined)
    this.#journal.note([keptRow(this.#options.place, quarantined)])
    this.#refreshSoon()
  }

  #remove(entry: Pending): void {
    this.#overlay.remove(entry)
    if (entry.isDurable) this.#letGo(entry.kept)
    // Its row is on its way.
    else if (entry.hasRow) entry.written.then(() => this.#letGo(entry.kept)).catch(() => {})
    this.#refreshSoon()
  }

  #letGo({ sequence, deed }: Kept): void {
    const { holdings, place } = this.#options
    const idle = this.#idleBodyOf(deed)
    this.#journal.note([keptGone(place, sequence), ...(idle === null ? [] : [holdings.doomedRow(idle)])])
    if (idle !== null) holdings.doomed(idle)
  }

  /** What is shown follows what is committed a moment later, when all that came together has been folded. */
  #refreshSoon(): void {
    if (this.#isRefreshing) return
    this.#isRefreshing = true
    queueMicrotask(() => {
      this.#isRefreshing = false
      if (this.#isClosed) return
      this.#refresh()
      this.#work()
    })
  }

  #refresh(): void {
    const overlaid = this.#overlay.touched
    const keys = new Map([...this.#foreign, ...this.#touched, ...overlaid].map((key) => [keyOf(key), key]))
    this.#foreign = []
    this.#touched = overlaid
    this.onShown(this.#overlay.shown, [...keys.values()])
  }
}

const baseForgotten = refused(
  'baseForgotten',
  'This was written into a file that was changed elsewhere long ago, and no device has the rest of it any more.',
).fault

const takenOtherwise = refused(
  'requestTaken',
  'Another device asks for its own changes in the name of this one, so this was not saved. Look at your devices, then try it again.',
)

const isOfSameBlock = (one: Deed, other: Deed): boolean =>
  blocksOf(one).own.some((block) => blocksOf(other).own.some((each) => equal(each, block)))

const isSameFile = (one: Deed, other: Deed): boolean =>
  one.tag === 'writeFile' && other.tag === 'writeFile' && isOfSameBlock(one, other)
