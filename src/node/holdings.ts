/**
 * Holdings: which bodies this device truly has, where several devices share a tree.
 *
 * A body that the fold refers to is here or it is *lacking*. It is here where that is known when the fold refers to it, since it was
 * staged, left, or made in this life of the node; all else is lacking until it was fetched, or looked for and found, and nothing is
 * deleted of its block meanwhile. Before any record refers to it, a body is *staged* for the request
 * that will: fetched, durable, and kept until the fold has decided the request, or for a day of the fold's time. A body that the
 * fold refused, or whose grace is over, is *doomed* until the sweeper has deleted it. A body that a generation had when it was left
 * is *left* for a day: somebody may have taken over with an earlier state of that one. Rows of all four are written as the fold goes, so they are never behind a checkpoint; and how far they go is written too, so that what is folded again after a restart
 * changes nothing.
 * @module
 */
import {
  type Bytes,
  bool,
  bytesOf,
  compare,
  concat,
  decode,
  encode,
  equal,
  keyOf,
  must,
  nullable,
  tuple,
  u53,
  u64be,
} from '../core/bytes/bytes.ts'
import { type Body, doerOf } from '../core/block/block.ts'
import { type Principal, principalOf } from '../core/crypto/crypto.ts'
import { entries } from '../core/merkle/merkle.ts'
import { type BlockId, blockIdOf, blockIdSizeBytes } from '../core/path/path.ts'
import {
  type Operation,
  type TreeState,
  contentOf,
  decodeRow,
  keys,
  rowKind,
  readRow,
  summaryOf,
} from '../core/tree/tree.ts'
import type { Change, StorePort, Table } from '../port/store.ts'
import type { Folded } from './cluster/options.ts'
import { note } from './note.ts'
import { type ClusterPlace, inPlace } from './place.ts'
import { scanAll } from './read/scan.ts'

/** How long a staged body waits for its record, and one that was left for whoever has a record of it, by the stamps of the fold. */
const stagedLifeMs = 24 * 60 * 60 * 1000
/** How long what is here of a guest's that is not whole waits for it to go on, by this device's own time: the fold's may stand still. */
const partLifeMs = 60 * 60 * 1000

const bodyWire = tuple({ bodyRoot: bytesOf(32), sizeBytes: u53 })
const stagedWire = tuple({
  block: bytesOf(blockIdSizeBytes),
  body: bodyWire,
  guest: nullable(bytesOf(32)),
  stampMs: u53,
  isWhole: bool,
})
const lackingWire = tuple({ body: bodyWire, base: nullable(bodyWire) })
const leftWire = tuple({ body: bodyWire, stampMs: u53, isReplaced: bool })
const rowSizeBytesMax = 512
const kinds = { staged: 1, lacking: 2, doomed: 3, folded: 4, left: 5, unseen: 6, told: 7 } as const
const foldedKey = Uint8Array.of(kinds.folded)
const table: Table = 'holding'

/** A body that the fold refers to and that is not whole here. */
export interface Lacking {
  readonly block: BlockId
  readonly body: Body
  /** An earlier version that was whole here: what they share need not be fetched. */
  readonly base: Body | null
}

/** What its author asks to keep for a request, at a position of its records. */
export interface Staging {
  readonly requestId: Bytes
  readonly position: number
  readonly block: BlockId
  readonly body: Body
  /** Who asks, where it is a guest. */
  readonly guest: Principal | null
  readonly stampMs: number
}

interface Staged extends Omit<Staging, 'requestId' | 'position'> {
  readonly key: Bytes
  readonly isWhole: boolean
  /** When its author asked last, by this device's own time; null where that was in a life before. */
  readonly askedAtMs: number | null
}

/** What a generation had when it was left. */
interface Left {
  readonly block: BlockId
  readonly body: Body
  readonly stampMs: number
  /** Somebody had written over it who had seen it. */
  readonly isReplaced: boolean
}

export interface Doomed {
  readonly block: BlockId
  readonly body: Body
}

export class Holdings {
  readonly #store: StorePort
  readonly #place: ClusterPlace
  readonly #principal: Bytes
  readonly #lacking = new Map<string, Lacking>()
  readonly #staged = new Map<string, Staged>()
  /** The same, by their blocks. */
  readonly #stagedIn = new Map<string, Map<string, Staged>>()
  /** How many there are of each guest. */
  readonly #stagedCounts = new Map<string, number>()
  readonly #doomed = new Map<string, Doomed>()
  /** Bodies that were made in this life and are whole, until the fold refers to them. */
  readonly #made = new Set<string>()
  /** Blocks whose lacking bodies may be here all the same: this device wrote them, maybe before it lost its storage. */
  readonly #unseen = new Set<string>()
  readonly #untilSeen: (() => void)[] = []
  /** By their blocks. */
  readonly #left = new Map<string, readonly Left[]>()
  #reportVersion = 1
  /** That was durable with all that it says is here. */
  #settledVersion = 0
  /** Of the newest batch whose rows are written: what it refers to and is not lacking is here. */
  #foldedStampMs = 0
  /** How many bodies of a block are on their way. */
  readonly #coming = new Map<string, number>()
  /** When a body is to be fetched, the lowest first; null: not at all. */
  rankOf: (lacking: Lacking) => number | null = () => 0
  /** What goes together with a state that comes whole, while that is found out. */
  #collected: Change[] | null = null
  /** By a state that is not in force yet. */
  readonly #doomedSoon: Doomed[] = []
  /** Called when a body begins to be lacking. */
  onLacking: () => void = () => {}
  /** Called when a body is no longer lacking. */
  onFound: () => void = () => {}
  /** Called when a body is doomed, with nobody here who would clean up after it. */
  onDoomed: () => void = () => {}

  private constructor(store: StorePort, place: ClusterPlace, principal: Bytes) {
    this.#store = store
    this.#place = place
    this.#principal = principal
  }

  /** @param principal this device's */
  static async open(store: StorePort, place: ClusterPlace, principal: Bytes): Promise<Holdings> {
    const holdings = new Holdings(store, place, principal)
    const prefix = inPlace(place)
    for await (const { key, value } of scanAll(store, table, prefix)) holdings.#load(key.slice(prefix.length), value)
    // What is doomed may be deleted in part, where the life before ended amid that.
    for (const doomed of holdings.#doomed.values()) holdings.#dropBase(doomed)
    return holdings
  }

  #load(key: Bytes, value: Bytes): void {
    const rest = key.slice(1)
    const block = rest.slice(0, blockIdSizeBytes)
    switch (key[0]) {
      case kinds.staged:
        this.#setStaged(keyOf(rest), { key, askedAtMs: null, ...must(decode(stagedWire, value, rowSizeBytesMax)) })
        break
      case kinds.lacking:
        this.#lacking.set(keyOf(block), { block, ...must(decode(lackingWire, value, rowSizeBytesMax)) })
        break
      case kinds.left:
        this.#left.set(keyOf(block), [
          ...this.#leftOf(block),
          { block, ...must(decode(leftWire, value, rowSizeBytesMax)) },
        ])
        break
      case kinds.unseen:
        this.#unseen.add(keyOf(block))
        break
      case kinds.folded:
        this.#foldedStampMs = must(decode(u53, value, rowSizeBytesMax))
        break
      case kinds.doomed:
        this.#doomed.set(keyOf(rest), { block, body: must(decode(bodyWire, value, rowSizeBytesMax)) })
    }
  }

  /** Rises whenever what is lacking changes. */
  get reportVersion(): number {
    return this.#reportVersion
  }
  get lacking(): ReadonlyMap<string, Lacking> {
    return this.#lacking
  }
  isLacking(block: BlockId): boolean {
    return this.#lacking.has(keyOf(block))
  }

  /** Whether what is lacking of a block may be here all the same, as nobody has looked yet. */
  isUnseen(block: BlockId): boolean {
    return this.#unseen.has(keyOf(block))
  }

  nextUnseen(): Lacking | null {
    const [name] = this.#unseen
    return name === undefined ? null : this.#lacking.get(name)!
  }
  /** Resolves when it is known of all that is lacking that it is. */
  untilSeen(): Promise<void> {
    return this.#unseen.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#untilSeen.push(resolve))
  }

  /** A body is whole here that was made for a change to come; before anybody is asked for that. */
  made(block: BlockId, body: Body): void {
    this.#made.add(nameOf(block, body))
  }
  /** It is going to be deleted. */
  unmade(block: BlockId, body: Body): void {
    this.#made.delete(nameOf(block, body))
  }
  /** Whether it is known that a body is whole here. @param inForce of the block, in the state up to which this goes */
  isWhole(block: BlockId, body: Body, inForce: Body | null): boolean {
    const isInForce = inForce !== null && equal(inForce.bodyRoot, body.bodyRoot) && !this.isLacking(block)
    return body.sizeBytes === 0 || isInForce || this.#made.has(nameOf(block, body))
  }

  /** Of what is lacking: a version that is whole here and shares objects with it. */
  baseOf(block: BlockId): Body | null {
    return this.#lacking.get(keyOf(block))?.base ?? null
  }

  /** What is to be fetched first of those that may be. */
  nextWanted(isOpen: (lacking: Lacking) => boolean): Lacking | null {
    let best: { readonly lacking: Lacking; readonly rank: number } | null = null
    for (const lacking of this.#lacking.values()) {
      const rank = this.rankOf(lacking)
      if (rank !== null && (best === null || rank < best.rank) && isOpen(lacking)) best = { lacking, rank }
    }
    return best?.lacking ?? null
  }
  /** Whether a body of a block is on its way, or is going to be. */
  isComing(block: BlockId): boolean {
    const lacking = this.#lacking.get(keyOf(block))
    const isWanted = lacking !== undefined && (this.isUnseen(block) || this.rankOf(lacking) !== null)
    return isWanted || this.#coming.has(keyOf(block))
  }
  /** A fetch begins. The answer ends it. */
  coming(block: BlockId): () => void {
    const name = keyOf(block)
    this.#coming.set(name, (this.#coming.get(name) ?? 0) + 1)
    return () => {
      const count = this.#coming.get(name)! - 1
      if (count > 0) this.#coming.set(name, count)
      else this.#coming.delete(name)
      // What waited to be deleted until it was known what it shares with this one.
      this.onDoomed()
    }
  }

  /** Resolves when all that is not lacking by now is durable: somebody is going to rely on it, and may delete his own. */
  async settle(): Promise<void> {
    const version = this.#reportVersion
    if (version === this.#settledVersion) return
    // A strict write takes with it everything written before.
    const key = inPlace(this.#place, Uint8Array.of(kinds.told))
    await this.#store.write([{ kind: 'put', table, key, value: encode(u53, version) }], 'strict')
    this.#settledVersion = version
  }

  /** Blocks in the order of their ids, after one. */
  lackingAfter(after: BlockId | null, countMax: number): readonly BlockId[] {
    return [...this.#lacking.values()]
      .map(({ block }) => block)
      .filter((block) => after === null || compare(block, after) > 0)
      .sort(compare)
      .slice(0, countMax)
  }

  /** Bodies of a block that are kept for changes to come. */
  stagedBodies(block: BlockId): readonly { readonly body: Body; readonly isWhole: boolean }[] {
    return [...(this.#stagedIn.get(keyOf(block))?.values() ?? [])]
  }
  /** How many bodies are kept for changes of a guest to come. */
  stagedCountOf(guest: Principal): number {
    return this.#stagedCounts.get(keyOf(guest)) ?? 0
  }

  /** Bodies of a block that another generation had, and that are needed where somebody goes on from an earlier state of that one. */
  leftBodies(block: BlockId): readonly Body[] {
    return this.#leftOf(block).map(({ body }) => body)
  }
  /** Roots of those that somebody had written over who had seen them. */
  replacedRoots(block: BlockId): readonly Bytes[] {
    return this.#leftOf(block).flatMap(({ body, isReplaced }) => (isReplaced ? [body.bodyRoot] : []))
  }
  #leftOf(block: BlockId): readonly Left[] {
    return this.#left.get(keyOf(block)) ?? []
  }

  // --- staging --------------------------------------------------------------------------------------------------------------

  /** Keeps a body for a request, whole or not. @param nowMs by this device's own time @returns whether it is whole already */
  async stage({ requestId, position, ...staging }: Staging, nowMs: number): Promise<boolean> {
    const name = concat(requestId, u64be(position))
    const known = this.#staged.get(keyOf(name))
    if (known !== undefined && equal(known.body.bodyRoot, staging.body.bodyRoot)) {
      this.#setStaged(keyOf(name), { ...known, askedAtMs: nowMs })
      return known.isWhole
    }
    // Its author has sealed it anew before anybody decided.
    if (known !== undefined) this.#unstage(keyOf(name), known, true)
    const staged = { key: concat(Uint8Array.of(kinds.staged), name), ...staging, isWhole: false, askedAtMs: nowMs }
    this.#setStaged(keyOf(name), staged)
    this.#note([this.#stagedRow(staged)])
    return false
  }

  /** A body is whole here; durable when this resolves, with everything written before. @returns whether it is still the one that is kept */
  async stagedWhole(request: Bytes, position: number, { bodyRoot }: Body): Promise<boolean> {
    const name = keyOf(concat(request, u64be(position)))
    const known = this.#staged.get(name)
    // The fold was faster, or forgot it; or its author has staged another one meanwhile.
    if (known === undefined || !equal(known.body.bodyRoot, bodyRoot)) return false
    await this.#store.write([this.#stagedRow({ ...known, isWhole: true })], 'strict')
    const now = this.#staged.get(name)
    if (now === undefined || !equal(now.body.bodyRoot, bodyRoot)) return false
    this.#setStaged(name, { ...now, isWhole: true })
    return true
  }

  /** Lets go of what nobody referred to in a day, and of what nobody went on with. @param nowMs by this device's own time */
  expire(state: TreeState, nowMs: number): void {
    const stampMs = summaryOf(state)?.stampMs ?? 0
    for (const [name, staged] of this.#staged) {
      const isPart = staged.guest !== null && !staged.isWhole
      const isLeft = isPart && staged.askedAtMs !== null && nowMs - staged.askedAtMs > partLifeMs
      if (isLeft || stampMs - staged.stampMs > stagedLifeMs) this.#unstage(name, staged, true)
      else if (staged.askedAtMs === null) this.#setStaged(name, { ...staged, askedAtMs: nowMs })
    }
    for (const [name, all] of this.#left) {
      const over = all.filter((left) => stampMs - left.stampMs > stagedLifeMs)
      if (over.length === 0) continue
      if (over.length === all.length) this.#left.delete(name)
      else
        this.#left.set(
          name,
          all.filter((left) => !over.includes(left)),
        )
      this.#note(over.map((left): Change => ({ kind: 'delete', table, key: this.#leftKey(left) })))
      for (const left of over) this.#doom(left, true)
    }
  }

  #leave(left: Left): void {
    const { block, body, stampMs, isReplaced } = left
    if (body.sizeBytes === 0) return
    const others = this.#leftOf(block).filter((other) => !equal(other.body.bodyRoot, body.bodyRoot))
    this.#left.set(keyOf(block), [...others, left])
    this.#note([
      { kind: 'put', table, key: this.#leftKey(left), value: encode(leftWire, { body, stampMs, isReplaced }) },
    ])
  }

  #leftKey({ block, body }: Left): Bytes {
    return inPlace(this.#place, Uint8Array.of(kinds.left), block, body.bodyRoot)
  }

  #stagedRow({ key, block, body, guest, stampMs, isWhole }: Staged): Change {
    const value = encode(stagedWire, { block, body, guest, stampMs, isWhole })
    return { kind: 'put', table, key: inPlace(this.#place, key), value }
  }

  #setStaged(name: string, staged: Staged): void {
    this.#dropStaged(name)
    this.#staged.set(name, staged)
    const block = keyOf(staged.block)
    this.#stagedIn.set(block, (this.#stagedIn.get(block) ?? new Map<string, Staged>()).set(name, staged))
    if (staged.guest !== null) this.#stagedCounts.set(keyOf(staged.guest), this.stagedCountOf(staged.guest) + 1)
  }

  #dropStaged(name: string): void {
    const staged = this.#staged.get(name)
    if (staged === undefined) return
    this.#staged.delete(name)
    const block = keyOf(staged.block)
    const beside = this.#stagedIn.get(block)!
    beside.delete(name)
    if (beside.size === 0) this.#stagedIn.delete(block)
    if (staged.guest !== null) this.#stagedCounts.set(keyOf(staged.guest), this.stagedCountOf(staged.guest) - 1)
  }

  #unstage(name: string, staged: Staged, isDoomed: boolean): void {
    this.#dropStaged(name)
    this.#note([{ kind: 'delete', table, key: inPlace(this.#place, staged.key) }])
    if (isDoomed) this.#doom(staged, true)
  }

  // --- what the fold says ---------------------------------------------------------------------------------------------------

  /** @param isShared whether other devices hold the tree too: else everything that the fold refers to was written here */
  onApplied(before: TreeState, state: TreeState, touched: readonly Bytes[], folded: Folded, isShared: boolean): void {
    const stampMs = summaryOf(state)?.stampMs ?? 0
    if (isShared && stampMs > this.#foldedStampMs) {
      for (const key of touched) {
        if (key[0] === rowKind.content) this.#onContent(before, state, key.slice(1))
        else if (key[0] === rowKind.dead) this.#onDead(before, state, key)
      }
      if (touched.some(([kind]) => kind === rowKind.content)) this.#noteFolded(stampMs)
    }
    this.#settle(state, folded)
  }

  #noteFolded(stampMs: number): void {
    this.#foldedStampMs = stampMs
    this.#note([{ kind: 'put', table, key: inPlace(this.#place, foldedKey), value: encode(u53, stampMs) }])
  }

  #onContent(before: TreeState, state: TreeState, block: BlockId): void {
    const row = contentOf(state, block)
    const was = contentOf(before, block)?.content.fields
    if (row === null) return this.#found(block)
    const now = row.content.fields
    if (was !== undefined && equal(was.bodyRoot, now.bodyRoot)) return
    const body = { bodyRoot: now.bodyRoot, sizeBytes: now.sizeBytes }
    const isBody = (of: { readonly body: Body }): boolean => equal(of.body.bodyRoot, body.bodyRoot)
    const isStaged = this.stagedBodies(block).some((staged) => staged.isWhole && isBody(staged))
    const isLeft = this.#leftOf(block).some((left) => !left.isReplaced && isBody(left))
    const isMade = this.#made.delete(nameOf(block, body))
    if (body.sizeBytes === 0 || isStaged || isLeft || isMade) return this.#found(block)
    const wasWhole = was === undefined ? null : { bodyRoot: was.bodyRoot, sizeBytes: was.sizeBytes }
    const base = this.isLacking(block) ? this.baseOf(block) : wasWhole
    const isOwn = [doerOf(row.content), principalOf(now.author)].some((who) => equal(who, this.#principal))
    this.#lack({ block, body, base }, isOwn)
  }

  /**
   * A state comes whole: what it refers to and the one before it did not is not here.
   * @param dropped operations that never took effect: what came with them serves nobody
   * @returns what becomes durable together with it; then follows `installed`
   */
  installing(before: TreeState, state: TreeState, dropped: readonly Operation[]): readonly Change[] {
    const changes: Change[] = (this.#collected = [])
    this.#compare(before, state)
    for (const operation of dropped) for (const doomed of contentsOf(operation)) this.#doom(doomed, true)
    this.#collected = null
    return changes
  }

  /** The state is in force. */
  installed(): void {
    for (const each of this.#doomedSoon.splice(0)) this.doomed(each)
  }

  #compare(before: TreeState, state: TreeState): void {
    const stampMs = summaryOf(state)?.stampMs ?? 0
    const listed = new Set([...entries(state.map, keys.deads)].map(([key]) => keyOf(deadRootOf(key))))
    for (const [key] of entries(before.map, keys.contents)) {
      const block = key.slice(1)
      const { bodyRoot, sizeBytes } = contentOf(before, block)!.content.fields
      if (isInForce(state, block, bodyRoot) || listed.has(keyOf(bodyRoot))) continue
      const body = { bodyRoot, sizeBytes }
      if (this.isLacking(block)) this.#doom({ block, body }, true)
      else this.#leave({ block, body, stampMs, isReplaced: false })
    }
    for (const [key, row] of entries(before.map, keys.deads)) {
      const { sizeBytes } = decodeRow('dead', row)
      const body = { bodyRoot: deadRootOf(key), sizeBytes }
      const block = deadBlockOf(key)
      const isThere = isInForce(state, block, body.bodyRoot) || listed.has(keyOf(body.bodyRoot))
      if (!isThere) this.#leave({ block, body, stampMs, isReplaced: true })
    }
    for (const { block } of this.#lacking.values()) if (contentOf(state, block) === null) this.#found(block)
    for (const [key] of entries(state.map, keys.contents)) this.#onContent(before, state, key.slice(1))
    this.#noteFolded(stampMs)
  }

  /** The grace of a body that was left behind is over when the fold no longer lists it. */
  #onDead(before: TreeState, state: TreeState, key: Bytes): void {
    const sizeBytes = deadSizeOf(before, key)
    if (sizeBytes === null || deadSizeOf(state, key) !== null) return
    this.#doom({ block: deadBlockOf(key), body: { bodyRoot: deadRootOf(key), sizeBytes } }, true)
  }

  #settle(state: TreeState, { operations, outcomes, isOwn }: Folded): void {
    operations.forEach((operation, at) => {
      if (operation.tag !== 'change') return
      const { requestId, records } = operation.value
      const outcome = outcomes[at]!
      if (outcome.ok && !outcome.repeated && this.#staged.size === 0) return
      records.forEach((record, position) => {
        if (record.kind !== 'content') return
        const name = keyOf(concat(requestId, u64be(position)))
        const staged = this.#staged.get(name)
        const isOther = staged !== undefined && !equal(staged.body.bodyRoot, record.fields.bodyRoot)
        if (staged !== undefined) this.#unstage(name, staged, isOther)
        // Who waits here for the outcome may try again with the same body, and else deletes it; the note is for the next start.
        const { path, bodyRoot, sizeBytes } = record.fields
        const block = blockIdOf(path)
        // One that repeats another need not bring the same body.
        const isIn = outcome.ok && (!outcome.repeated || isInForce(state, block, bodyRoot))
        const body = { bodyRoot, sizeBytes }
        if (isIn) this.#made.delete(nameOf(block, body))
        else this.#doom({ block, body }, !isOwn(at))
      })
    })
  }

  /** To be written together with what lets go of a body, so that a crash finds both or neither. */
  doomedRow({ block, body }: Doomed): Change {
    const key = inPlace(this.#place, Uint8Array.of(kinds.doomed), block, body.bodyRoot)
    const value = encode(bodyWire, { bodyRoot: body.bodyRoot, sizeBytes: body.sizeBytes })
    return { kind: 'put', table, key, value }
  }

  /** Nothing needs a body any more; its row is written. */
  doomed({ block, body }: Doomed): void {
    if (body.sizeBytes === 0) return
    this.#doomed.set(nameOf(block, body), { block, body })
    this.#made.delete(nameOf(block, body))
    this.onDoomed()
  }

  #doom(doomed: Doomed, isForSweeper: boolean): void {
    if (doomed.body.sizeBytes === 0) return
    this.#note([this.doomedRow(doomed)])
    if (!isForSweeper) return
    if (this.#collected === null) this.doomed(doomed)
    else this.#doomedSoon.push(doomed)
  }

  /** Takes over what is doomed, to delete it. */
  takeDoomed(): readonly Doomed[] {
    const doomed = [...this.#doomed.values()]
    this.#doomed.clear()
    return doomed
  }

  /** The objects of a doomed body are gone, as far as nothing else needs them. */
  gone({ block, body }: Doomed): readonly Change[] {
    const key = inPlace(this.#place, Uint8Array.of(kinds.doomed), block, body.bodyRoot)
    const bare = this.#dropBase({ block, body })
    return [...(bare === null ? [] : [this.#lackingRow(bare)]), { kind: 'delete', table, key }]
  }

  /** @returns what is lacking with nothing to start from, where it had just that */
  #dropBase({ block, body }: Doomed): Lacking | null {
    const lacking = this.#lacking.get(keyOf(block))
    if (lacking?.base == null || !equal(lacking.base.bodyRoot, body.bodyRoot)) return null
    const bare = { ...lacking, base: null }
    this.#lacking.set(keyOf(block), bare)
    return bare
  }

  /** Octets of contents that are whole here. */
  heldBytes(state: TreeState): number {
    return sizeOfContents(state, (block) => !this.isLacking(block))
  }

  // --- what is here ---------------------------------------------------------------------------------------------------------

  #lack(lacking: Lacking, isUnseen: boolean): void {
    this.#lacking.set(keyOf(lacking.block), lacking)
    this.#reportVersion++
    if (isUnseen) this.#unseen.add(keyOf(lacking.block))
    const key = this.#unseenKey(lacking.block)
    const unseen: readonly Change[] = isUnseen
      ? [{ kind: 'put', table, key, value: new Uint8Array() }]
      : this.#unseenNoMore(lacking.block)
    this.#note([this.#lackingRow(lacking), ...unseen])
    this.onLacking()
  }

  #lackingRow({ block, body, base }: Lacking): Change {
    const key = inPlace(this.#place, Uint8Array.of(kinds.lacking), block)
    return { kind: 'put', table, key, value: encode(lackingWire, { body, base }) }
  }

  #found(block: BlockId): void {
    if (!this.#lacking.delete(keyOf(block))) return
    const unseen = this.#unseenNoMore(block)
    this.#reportVersion++
    this.onFound()
    const key = inPlace(this.#place, Uint8Array.of(kinds.lacking), block)
    this.#note([{ kind: 'delete', table, key }, ...unseen])
  }

  /** It was looked whether a body is here. */
  seen({ block, body }: Lacking): void {
    const lacking = this.#lacking.get(keyOf(block))
    if (lacking !== undefined && equal(lacking.body.bodyRoot, body.bodyRoot)) this.#note(this.#unseenNoMore(block))
  }

  /** @returns what is to be written with what else is known of it then */
  #unseenNoMore(block: BlockId): readonly Change[] {
    if (!this.#unseen.delete(keyOf(block))) return []
    if (this.#unseen.size === 0) for (const resolve of this.#untilSeen.splice(0)) resolve()
    return [{ kind: 'delete', table, key: this.#unseenKey(block) }]
  }
  #unseenKey(block: BlockId): Bytes {
    return inPlace(this.#place, Uint8Array.of(kinds.unseen), block)
  }

  /** A body is whole here now. */
  fetched({ block, body }: Lacking): void {
    const lacking = this.#lacking.get(keyOf(block))
    if (lacking !== undefined && equal(lacking.body.bodyRoot, body.bodyRoot)) this.#found(block)
  }

  /** Others keep a body that the fold refers to. */
  letGo(block: BlockId, body: Body): void {
    this.#lack({ block, body, base: null }, false)
    this.#doom({ block, body }, true)
  }

  #note(changes: readonly Change[]): void {
    if (this.#collected === null) note(this.#store, changes)
    else this.#collected.push(...changes)
  }
}

/** Octets of the contents of a tree that meet a condition. */
export function sizeOfContents(state: TreeState, isMeant: (block: BlockId, stampMs: number) => boolean): number {
  let sizeBytes = 0
  for (const [key] of entries(state.map, keys.contents)) {
    const { content, stampMs } = contentOf(state, key.slice(1))!
    if (isMeant(key.slice(1), stampMs)) sizeBytes += content.fields.sizeBytes
  }
  return sizeBytes
}

const nameOf = (block: BlockId, { bodyRoot }: Body): string => keyOf(concat(block, bodyRoot))

/** The bodies that an operation brings. */
function contentsOf(operation: Operation): readonly Doomed[] {
  if (operation.tag !== 'change') return []
  return operation.value.records.flatMap((record) => {
    if (record.kind !== 'content') return []
    const { path, bodyRoot, sizeBytes } = record.fields
    return [{ block: blockIdOf(path), body: { bodyRoot, sizeBytes } }]
  })
}

const isInForce = (state: TreeState, block: BlockId, bodyRoot: Bytes): boolean => {
  const now = contentOf(state, block)?.content.fields.bodyRoot
  return now !== undefined && equal(now, bodyRoot)
}

const deadSizeOf = (state: TreeState, key: Bytes): number | null => readRow(state, 'dead', key)?.sizeBytes ?? null

const deadBlockOf = (key: Bytes): BlockId => key.slice(9, 9 + blockIdSizeBytes)

/** The root of the body that a row of the fold's list of the dead names. */
const deadRootOf = (key: Bytes): Bytes => key.slice(9 + blockIdSizeBytes)
