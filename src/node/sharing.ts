/**
 * Sharing bodies: staged with the voters before a record refers to them, fetched by whoever lacks them, and counted.
 * @module
 */
import { type Bytes, type Check, type Fault, concat, keyOf, ok, refused } from '../core/bytes/bytes.ts'
import { type Body, diffBodies, sectorSizeBytes } from '../core/block/block.ts'
import type { Principal } from '../core/crypto/crypto.ts'
import { type BlockId, blockIdOf } from '../core/path/path.ts'
import { type Answer, type Question, lackingCountMax } from '../core/message/message.ts'
import type { Configuration } from '../core/raft/raft.ts'
import { type Operation, type TreeState, contentOf, summaryOf } from '../core/tree/tree.ts'
import type { Platform } from '../port/platform.ts'
import { peerOf } from './cluster/membership.ts'
import { Fetcher, type MayKeep } from './fetcher.ts'
import { type Holdings, type Lacking, sizeOfContents } from './holdings.ts'
import type { PeerId } from './peers.ts'
import { type ClusterPlace, objectKey } from './place.ts'
import { walk } from './read/content.ts'
import type { Obtain } from './read/objects.ts'
import type { Recount } from './read/view.ts'

const fetchCountMax = 2
/** Until a body is tried again that nobody could give. */
const retryMs = 5000
/** How long an author waits for a majority of voters that can not be reached. */
const patienceMs = 20_000

export interface SharingOptions {
  readonly platform: Pick<Platform, 'store' | 'clock' | 'crypto' | 'discard'>
  readonly place: ClusterPlace
  readonly principal: PeerId
  readonly holdings: Holdings
  readonly state: () => TreeState
  readonly configuration: () => Configuration
  /** Who is connected. */
  readonly peers: () => readonly PeerId[]
  ask(to: PeerId, question: Question): Promise<Answer | null>
  /** Resolves when each device is connected, or has not answered. */
  untilTried(): Promise<void>
  onReport(id: PeerId, fault: Fault): void
  /** What is known of who holds what has changed. */
  onCounted(recount: Recount): void
  /** Resolves when nothing is being deleted, so that what is staged from then on stays. */
  untilSwept(): Promise<void>
}

/** What a device has said of itself. */
interface Report {
  stampMs: number
  /** null where it has to be asked for again. */
  version: number | null
  /** null where it was never told. */
  lacks: ReadonlySet<string> | null
  /** It voted when it said so, and lets nothing go while it does. */
  isKept: boolean
  isAsking: boolean
}

interface StagedBody {
  readonly position: number
  readonly block: BlockId
  readonly body: Body
  /** Of a small body, all that it consists of. */
  readonly objects: readonly Bytes[]
}

type StageQuestion = Extract<Question, { tag: 'stage' }>['value']

export interface StagingTerms {
  readonly guest: Principal | null
  readonly mayKeep: MayKeep
}
const freely: StagingTerms = { guest: null, mayKeep: async () => true }

export class Sharing {
  readonly #options: SharingOptions
  readonly #fetcher: Fetcher
  readonly #reports = new Map<PeerId, Report>()
  /** What is being brought here for a request, by who has it. */
  readonly #staging = new Map<string, Promise<boolean>>()
  readonly #running = new Set<string>()
  readonly #triedAtMs = new Map<string, number>()
  #cancelRetry: (() => void) | null = null
  #isClosed = false
  #isLooking = false

  constructor(options: SharingOptions) {
    this.#options = options
    this.#fetcher = new Fetcher(options)
  }

  close(): void {
    this.#isClosed = true
    this.#cancelRetry?.()
  }

  // --- staging --------------------------------------------------------------------------------------------------------------

  /** Author: resolves when a majority of the voters holds what an operation refers to. Here it is kept by the outbox. */
  async stage(operation: Operation): Promise<Check> {
    const bodies = await Promise.all(this.#bodiesOf(operation).map((staged) => this.#withObjects(staged)))
    if (bodies.length === 0 || operation.tag !== 'change') return ok
    return this.#untilMajority(operation.value.requestId, bodies)
  }

  /** A guest: resolves when a member holds it, which then sees to the majority. */
  async stageAt(host: PeerId, operation: Operation): Promise<Check> {
    if (operation.tag !== 'change') return ok
    const bodies = await Promise.all(this.#bodiesOf(operation).map((staged) => this.#withObjects(staged)))
    return (await this.#askToStage(host, operation.value.requestId, bodies)) ? ok : quorumAway
  }

  /** A small body comes along with the question: to ask back for it would be one more way there and back. */
  async #withObjects(staged: Omit<StagedBody, 'objects'>): Promise<StagedBody> {
    const { block, body } = staged
    if (body.sizeBytes > sectorSizeBytes) return { ...staged, objects: [] }
    // What can not be read here is asked back for, and told there as missing.
    return { ...staged, objects: await this.#objectsIn(block, body).catch(() => []) }
  }

  async #objectsIn(block: BlockId, body: Body): Promise<readonly Bytes[]> {
    const { platform, place } = this.#options
    const { store } = platform
    const keys: Bytes[] = []
    for await (const found of walk({ store, place }, block, diffBodies(body, [])))
      keys.push(...found.map((object) => objectKey(place, block, object)))
    const objects = await store.readMany('object', keys)
    return objects.filter((octets) => octets !== null)
  }

  #bodiesOf(operation: Operation): readonly Omit<StagedBody, 'objects'>[] {
    if (operation.tag !== 'change') return []
    return operation.value.records.flatMap((record, position) => {
      if (record.kind !== 'content' || record.fields.sizeBytes === 0) return []
      const { path, bodyRoot, sizeBytes } = record.fields
      const block = blockIdOf(path)
      const now = contentOf(this.#options.state(), block)?.content.fields
      const isNew = now === undefined || keyOf(now.bodyRoot) !== keyOf(bodyRoot)
      return isNew ? [{ position, block, body: { bodyRoot, sizeBytes } }] : []
    })
  }

  #untilMajority(requestId: Bytes, bodies: readonly StagedBody[]): Promise<Check> {
    const { clock } = this.#options.platform
    const holders = new Set<PeerId>([this.#options.principal])
    const asked = new Set<PeerId>()
    let answeredAtMs = clock.monotonicMs()
    return new Promise((resolve) => {
      let cancel = (): void => {}
      const settle = (check: Check): void => {
        cancel()
        resolve(check)
      }
      const tryAgain = (): void => {
        if (this.#isMajority(holders)) return settle(ok)
        if (this.#isClosed || (asked.size === 0 && clock.monotonicMs() - answeredAtMs > patienceMs))
          return settle(quorumAway)
        cancel()
        cancel = clock.after(1000, tryAgain)
        for (const voter of this.#voters())
          if (!holders.has(voter) && !asked.has(voter) && this.#options.peers().includes(voter)) void ask(voter)
      }
      const ask = async (voter: PeerId): Promise<void> => {
        asked.add(voter)
        const isHeld = await this.#askToStage(voter, requestId, bodies)
        asked.delete(voter)
        if (isHeld) {
          holders.add(voter)
          answeredAtMs = clock.monotonicMs()
        }
        if (this.#isMajority(holders)) settle(ok)
      }
      tryAgain()
    })
  }

  async #askToStage(voter: PeerId, requestId: Bytes, bodies: readonly StagedBody[]): Promise<boolean> {
    for (const staged of bodies) {
      const answer = await this.#options.ask(voter, { tag: 'stage', value: { requestId, ...staged } })
      if (answer?.tag !== 'staged') return false
    }
    return true
  }

  #voters(): readonly PeerId[] {
    const { voters, votersOutgoing } = this.#options.configuration()
    return [...new Set([...voters, ...votersOutgoing].map(peerOf))]
  }

  /** In both halves of a joint configuration. */
  #isMajority(holders: ReadonlySet<PeerId>): boolean {
    const { voters, votersOutgoing } = this.#options.configuration()
    return [voters, votersOutgoing].every(
      (half) => half.length === 0 || 2 * half.filter((id) => holders.has(peerOf(id))).length > half.length,
    )
  }

  /** Voter: fetches a body from its author and keeps it for the request. @param terms of one who may not bring whatever it likes */
  async onStage(from: PeerId, question: StageQuestion, { guest, mayKeep }: StagingTerms = freely): Promise<Answer> {
    const { holdings, untilSwept, platform } = this.#options
    const { requestId, position, block, body } = question
    // Whatever comes of it, nothing of it is deleted while more of it is written.
    const hasCome = holdings.coming(block)
    try {
      await untilSwept()
      const staging = { requestId, position, block, body, guest, stampMs: this.#stampMs }
      if (await holdings.stage(staging, platform.clock.monotonicMs())) return { tag: 'staged', value: {} }
      // Who was given up on is asked again, and may be at it still.
      const name = `${from} ${position} ${keyOf(concat(requestId, body.bodyRoot))}`
      const fetching = this.#staging.get(name) ?? this.#fetchStaged(from, question, mayKeep)
      this.#staging.set(name, fetching)
      const isHere = await fetching.finally(() => this.#staging.delete(name))
      return isHere && (await holdings.stagedWhole(requestId, position, body))
        ? { tag: 'staged', value: {} }
        : { tag: 'none', value: {} }
    } finally {
      hasCome()
    }
  }

  async #fetchStaged(from: PeerId, { block, body, objects }: StageQuestion, mayKeep: MayKeep): Promise<boolean> {
    const { holdings, state, platform } = this.#options
    const now = contentOf(state(), block)?.content.fields
    const base = holdings.isLacking(block) ? holdings.baseOf(block) : (now ?? null)
    // Of a larger body the few that come along might stand in any number of places, each of which takes room.
    const carried = body.sizeBytes > sectorSizeBytes ? [] : objects
    const hashes = await platform.crypto.hash(carried)
    const given = new Map(hashes.map((hash, at) => [keyOf(hash), carried[at]!]))
    return this.#fetcher.fetch(block, body, base, [from], given, mayKeep)
  }

  get #stampMs(): number {
    return summaryOf(this.#options.state())?.stampMs ?? 0
  }

  // --- fetching -------------------------------------------------------------------------------------------------------------

  /** Goes on with what is lacking and wanted, as long as somebody can give it. */
  fetchLacking(): void {
    if (this.#isClosed) return
    const { holdings, platform } = this.#options
    if (holdings.nextUnseen() !== null) void this.#look()
    const nowMs = platform.clock.monotonicMs()
    const isOpen = ({ block }: Lacking): boolean => {
      const name = keyOf(block)
      const triedAtMs = this.#triedAtMs.get(name)
      const isKnown = !this.#running.has(name) && !holdings.isUnseen(block)
      return isKnown && (triedAtMs === undefined || nowMs - triedAtMs >= retryMs)
    }
    while (this.#running.size < fetchCountMax) {
      const next = holdings.nextWanted(isOpen)
      if (next === null) break
      void this.#fetchOne(keyOf(next.block), next)
    }
    this.#cancelRetry?.()
    const isWaiting = holdings.nextWanted(() => true) !== null
    this.#cancelRetry = isWaiting ? platform.clock.after(retryMs, () => this.fetchLacking()) : null
  }

  /** Whether what this device wrote, maybe in another life, is here. */
  async #look(): Promise<void> {
    const { holdings, onCounted, untilSwept } = this.#options
    if (this.#isLooking) return
    this.#isLooking = true
    for (let next = holdings.nextUnseen(); next !== null && !this.#isClosed; next = holdings.nextUnseen()) {
      const { block, body } = next
      const hasCome = holdings.coming(block)
      await untilSwept()
      const isHere = await this.#fetcher.isHere(block, body, holdings.baseOf(block)).catch(() => false)
      if (isHere) holdings.fetched(next)
      else holdings.seen(next)
      hasCome()
      onCounted({ block })
    }
    this.#isLooking = false
    this.fetchLacking()
  }

  async #fetchOne(name: string, lacking: Lacking): Promise<void> {
    const { holdings, onCounted, platform, untilSwept } = this.#options
    const { block, body } = lacking
    this.#running.add(name)
    const hasCome = holdings.coming(block)
    await untilSwept()
    // What was a base may be swept now.
    const base = holdings.baseOf(block)
    const isWhole = await this.#fetcher.fetch(block, body, base, this.#holdersOf(block)).catch(() => false)
    this.#running.delete(name)
    if (isWhole) {
      this.#triedAtMs.delete(name)
      holdings.fetched(lacking)
      onCounted({ block })
    } else this.#triedAtMs.set(name, platform.clock.monotonicMs())
    hasCome()
    this.fetchLacking()
  }

  /** Who is connected and holds a body, or may hold it; who said that he lacks it comes last, since he may have got it meanwhile. */
  #holdersOf(block: BlockId): readonly PeerId[] {
    const name = keyOf(block)
    const lacks = (id: PeerId): number => (this.#reports.get(id)?.lacks?.has(name) === true ? 1 : 0)
    return this.#options.peers().toSorted((left, right) => lacks(left) - lacks(right))
  }

  /**
   * Objects from whoever has them, where this device lacks their blocks. Those that are on their way to being connected are waited for.
   * @param keys as `objectId` makes them
   * @returns null for what nobody gives
   */
  readonly obtain: Obtain = async (keys) => {
    const found = await this.#obtainNow(keys)
    if (!found.includes(null)) return found
    await this.#options.untilTried()
    const missing = keys.filter((_, at) => found[at] === null)
    const late = [...(await this.#obtainNow(missing))]
    return found.map((octets) => octets ?? late.shift()!)
  }

  async #obtainNow(keys: readonly Bytes[]): Promise<readonly (Bytes | null)[]> {
    const found: (Bytes | null)[] = keys.map(() => null)
    for (const source of this.#options.peers()) {
      const missing = keys.flatMap((_, at) => (found[at] === null ? [at] : []))
      if (missing.length === 0) break
      const got = await this.#fetcher.obtain(
        source,
        missing.map((at) => keys[at]!),
      )
      missing.forEach((at, position) => (found[at] = got[position] ?? null))
    }
    return found
  }

  // --- counting -------------------------------------------------------------------------------------------------------------

  /** What a device said holds on while it is away; when it is back, it may have begun anew. */
  onUp(id: PeerId): void {
    const report = this.#reports.get(id)
    if (report !== undefined) this.#reports.set(id, { ...report, version: null, isAsking: false })
    this.fetchLacking()
  }

  /** Who is no device of the tree any more holds nothing that counts. */
  onDevices(isDevice: (id: PeerId) => boolean): void {
    const gone = [...this.#reports.keys()].filter((id) => !isDevice(id))
    for (const id of gone) this.#reports.delete(id)
    if (gone.length > 0) this.#options.onCounted('all')
  }

  /** A device is here, and says up to where its report holds. */
  onHere(from: PeerId, stampMs: number, version: number): void {
    const report = this.#reports.get(from)
    if (report?.version === version) {
      const beforeMs = report.stampMs
      report.stampMs = stampMs
      if (stampMs !== beforeMs) this.#options.onCounted({ afterMs: Math.min(beforeMs, stampMs) })
    } else if (report?.isAsking !== true) void this.#askWhatIsLacking(from, stampMs)
  }

  async #askWhatIsLacking(from: PeerId, stampMs: number): Promise<void> {
    const before = this.#reports.get(from)
    const asking: Report = before ?? { stampMs: 0, version: null, lacks: null, isKept: false, isAsking: true }
    asking.isAsking = true
    this.#reports.set(from, asking)
    const lacks = new Set<string>()
    let version: number | null = null
    for (let after: BlockId | null = null; ;) {
      const answer: Answer | null = await this.#options.ask(from, { tag: 'lacks', value: { after } })
      // What changes while it is told is asked again at the next word of him.
      if (answer?.tag !== 'lacks' || (version !== null && answer.value.reportVersion !== version)) break
      version = answer.value.reportVersion
      for (const block of answer.value.blocks) lacks.add(keyOf(block))
      after = answer.value.blocks.at(-1) ?? null
      if (!answer.value.isLast && after !== null) continue
      // It may have been removed meanwhile.
      if (this.#reports.get(from) !== asking) return
      this.#reports.set(from, { stampMs, version, lacks, isKept: answer.value.isKept, isAsking: false })
      this.#options.onCounted('all')
      this.fetchLacking()
      return
    }
    asking.isAsking = false
  }

  /** Another one whenever what this device would say of what it lacks, or of whether it keeps the rest, is another. */
  get reportVersion(): number {
    return 2 * this.#options.holdings.reportVersion + Number(this.#votes)
  }
  get #votes(): boolean {
    const { configuration, principal } = this.#options
    return configuration().voters.some((voter) => peerOf(voter) === principal)
  }

  async lacksFor({ after }: Extract<Question, { tag: 'lacks' }>['value']): Promise<Answer> {
    const { holdings } = this.#options
    const { reportVersion } = this
    const isKept = this.#votes
    const blocks = holdings.lackingAfter(after, lackingCountMax)
    await holdings.settle()
    return { tag: 'lacks', value: { reportVersion, isKept, blocks, isLast: blocks.length < lackingCountMax } }
  }

  /** How many devices hold a block with its body, if any, as far as they have said so. @param stampMs since when it is as it is */
  copyCount(block: BlockId, stampMs: number): number {
    const name = keyOf(block)
    let count = this.#options.holdings.isLacking(block) ? 0 : 1
    for (const report of this.#reports.values()) if (hasIn(report, name, stampMs)) count++
    return count
  }

  /**
   * Whether a device that votes has said, since it does and as far as is known with nothing to add, that it holds a block as it is since
   * a stamp. So of two that have no room for it the one does not rely on the other that is about to let it go.
   */
  isOnVoter(block: BlockId, stampMs: number): boolean {
    const name = keyOf(block)
    return this.#voters().some((voter) => {
      const report = this.#reports.get(voter)
      const isNow = report !== undefined && report.isKept && report.version !== null && !report.isAsking
      return isNow && hasIn(report, name, stampMs)
    })
  }

  /** Octets of contents that a device holds, as far as it has said so; null where it has not yet. */
  heldBytes(id: PeerId): number | null {
    const report = this.#reports.get(id)
    return report === undefined || report.lacks === null
      ? null
      : sizeOfContents(this.#options.state(), (block, stampMs) => hasIn(report, keyOf(block), stampMs))
  }
}

/** @param block as a map's key @param stampMs of its content record */
const hasIn = ({ lacks, stampMs: toldAtMs }: Report, block: string, stampMs: number): boolean =>
  lacks !== null && stampMs <= toldAtMs && !lacks.has(block)

const quorumAway = refused(
  'quorumAway',
  'Too few of the devices that keep this tree can be reached now, so nothing was changed. Try again when they are there.',
)
