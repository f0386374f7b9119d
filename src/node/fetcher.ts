/**
 * The fetcher: brings bodies here from whoever has them, index pages first, then the sectors below each, so that whatever is
 * here of a body can be found, and a transfer that was cut goes on where it was.
 *
 * Nothing is kept that does not fit its hash. What is under way from one device is bounded by how fast it answers, so that on
 * a slow path heartbeats find their way between two answers.
 * @module
 */
import { type Bytes, type Fault, equal, keyOf, refused } from '../core/bytes/bytes.ts'
import { type Body, diffBodies, hashInObjectId, objectId } from '../core/block/block.ts'
import type { BlockId } from '../core/path/path.ts'
import { type Answer, type Question, wantedCountMax } from '../core/message/message.ts'
import type { Platform } from '../port/platform.ts'
import type { Change } from '../port/store.ts'
import type { PeerId } from './peers.ts'
import { type ClusterPlace, inPlace } from './place.ts'

/** Questions to one device at a time. */
const questionCountMax = 2
/** Of a body's sectors: those that are asked for, and as many that are hashed and written meanwhile. */
const partCountMax = 2 * questionCountMax
/** An answer that takes less makes the next question larger, one that takes more makes it smaller. */
const quickMs = 500
const slowMs = 1500

export interface FetcherOptions {
  readonly platform: Pick<Platform, 'store' | 'clock' | 'crypto' | 'discard'>
  readonly place: ClusterPlace
  ask(to: PeerId, question: Question): Promise<Answer | null>
  /** A device gave what does not fit its hash. */
  onReport(id: PeerId, fault: Fault): void
}

/** Objects by their hashes. */
export type Given = ReadonlyMap<string, Bytes>
const noneGiven: Given = new Map()
/** Whether so many octets more may be kept. */
export type MayKeep = (sizeBytes: number) => Promise<boolean>
const always: MayKeep = async () => true

interface Supply {
  /** null: nobody, and it is only looked for here. */
  readonly source: PeerId | null
  readonly given: Given
  readonly mayKeep: MayKeep
}

interface Pace {
  /** Objects asked for at a time. */
  countMax: number
  runningCount: number
  readonly waiting: (() => void)[]
}

export class Fetcher {
  readonly #options: FetcherOptions
  readonly #paces = new Map<PeerId, Pace>()

  constructor(options: FetcherOptions) {
    this.#options = options
  }

  /**
   * Brings a body here.
   * @param base a version that is whole here; what they share is not looked at
   * @param sources who may have it, in the order in which they are asked
   * @param given objects that need not be asked for
   * @returns whether it is whole here now
   */
  async fetch(
    block: BlockId,
    body: Body,
    base: Body | null,
    sources: readonly PeerId[],
    given: Given = noneGiven,
    mayKeep: MayKeep = always,
  ): Promise<boolean> {
    for (const source of sources) if (await this.#fetchFrom({ source, given, mayKeep }, block, body, base)) return true
    return false
  }

  /** Whether it is whole here already. */
  isHere(block: BlockId, body: Body, base: Body | null): Promise<boolean> {
    return this.#fetchFrom({ source: null, given: noneGiven, mayKeep: always }, block, body, base)
  }

  async #fetchFrom(supply: Supply, block: BlockId, body: Body, base: Body | null): Promise<boolean> {
    const { source } = supply
    const steps = diffBodies(body, base === null ? [] : [base])
    let answer: readonly (Bytes | null)[] = []
    /** Not kept before the walk has gone on over them, which it does only where they fit. */
    let pages: { readonly key: Bytes; readonly value: Bytes }[] = []
    for (;;) {
      const { done, value } = steps.next(answer)
      if (done === true && !value.ok) {
        if (pages.length > 0 && source !== null) this.#options.onReport(source, unfitting)
        return false
      }
      if (!(await this.#keep(supply, pages))) return false
      pages = []
      if (done === true) return true
      if (value.kind === 'found') {
        const sectors = value.found.filter(({ kind }) => kind === 'sector').map((sector) => objectId(block, sector))
        if (!(await this.#fetchSectors(supply, sectors))) return false
        continue
      }
      const keys = value.pages.map((page) => objectId(block, page))
      const held = await this.#read(keys)
      const missing = keys.filter((_, at) => held[at] === null)
      const got = await this.#obtainRest(supply, missing)
      // A walk passes over a page that it does not get, and the body would look whole.
      if (got.some((page) => page === null)) return false
      pages = missing.map((key, at) => ({ key, value: got[at]! }))
      answer = held.map((page) => page ?? got.shift()!)
    }
  }

  async #fetchSectors(supply: Supply, keys: readonly Bytes[]): Promise<boolean> {
    let start = 0
    let isGood = true
    const fetchInTurn = async (): Promise<void> => {
      while (isGood && start < keys.length) {
        const part = keys.slice(start, (start += wantedCountMax))
        isGood = (await this.#fetchPart(supply, part)) && isGood
      }
    }
    await Promise.all(Array.from({ length: partCountMax }, fetchInTurn))
    return isGood
  }

  async #fetchPart(supply: Supply, part: readonly Bytes[]): Promise<boolean> {
    const { source } = supply
    const held = await this.#read(part)
    const missing = part.filter((_, at) => held[at] === null)
    this.#options.platform.discard(...held.filter((octets) => octets !== null))
    if (missing.length === 0) return true
    const got = await this.#obtainRest(supply, missing)
    const sectors = got.flatMap((value, at) => (value === null ? [] : [{ key: missing[at]!, value }]))
    const hashes = await this.#options.platform.crypto.hash(sectors.map(({ value }) => value))
    if (sectors.some(({ key }, at) => !equal(hashInObjectId(key), hashes[at]!))) {
      if (source !== null) this.#options.onReport(source, unfitting)
      return false
    }
    return (await this.#keep(supply, sectors)) && sectors.length === missing.length
  }

  async #obtainRest({ source, given }: Supply, keys: readonly Bytes[]): Promise<(Bytes | null)[]> {
    const here = keys.map((key) => given.get(keyOf(hashInObjectId(key))) ?? null)
    const missing = keys.filter((_, at) => here[at] === null)
    const rest = source === null ? missing.map(() => null) : await this.obtain(source, missing)
    return here.map((octets) => octets ?? rest.shift()!)
  }

  /** Objects from a device, unchecked and not kept. @param keys as `objectId` makes them */
  async obtain(source: PeerId, keys: readonly Bytes[]): Promise<(Bytes | null)[]> {
    const got: (Bytes | null)[] = []
    while (got.length < keys.length) {
      const pace = await this.#enter(source)
      const part = keys.slice(got.length, got.length + pace.countMax)
      const startedMs = this.#options.platform.clock.monotonicMs()
      const answer = await this.#options.ask(source, { tag: 'objects', value: part })
      this.#leave(pace, this.#options.platform.clock.monotonicMs() - startedMs)
      const values = answer?.tag === 'objects' && answer.value.length === part.length ? answer.value : null
      got.push(...part.map((_, at) => values?.[at] ?? null))
      if (values === null) return [...got, ...keys.slice(got.length).map(() => null)]
    }
    return got
  }

  async #enter(source: PeerId): Promise<Pace> {
    let pace = this.#paces.get(source)
    if (pace === undefined) this.#paces.set(source, (pace = { countMax: 1, runningCount: 0, waiting: [] }))
    if (pace.runningCount === questionCountMax) await new Promise<void>((resolve) => pace.waiting.push(resolve))
    else pace.runningCount++
    return pace
  }

  #leave(pace: Pace, tookMs: number): void {
    if (tookMs < quickMs) pace.countMax = Math.min(wantedCountMax, 2 * pace.countMax)
    else if (tookMs > slowMs) pace.countMax = Math.max(1, pace.countMax >> 1)
    const next = pace.waiting.shift()
    // The place goes to who waits.
    if (next === undefined) pace.runningCount--
    else next()
  }

  #read(keys: readonly Bytes[]): Promise<readonly (Bytes | null)[]> {
    const { platform, place } = this.#options
    return platform.store.readMany(
      'object',
      keys.map((key) => inPlace(place, key)),
    )
  }

  /** @returns whether it may be */
  async #keep(
    { mayKeep }: Supply,
    objects: readonly { readonly key: Bytes; readonly value: Bytes }[],
  ): Promise<boolean> {
    if (objects.length === 0) return true
    if (!(await mayKeep(objects.reduce((sum, { value }) => sum + value.length, 0)))) return false
    const { platform, place } = this.#options
    const changes = objects.map(({ key, value }): Change => ({
      kind: 'put',
      table: 'object',
      key: inPlace(place, key),
      value,
    }))
    await platform.store.write(changes, 'relaxed')
    platform.discard(...objects.map(({ value }) => value))
    return true
  }
}

const unfitting = refused(
  'objectUnfitting',
  'A device gave a piece of a file that is not what it should be. It was not kept, and the connection was closed.',
).fault
