/**
 * One simulated device with one person, from its first start to a last look at everything, under faults; all by one seed.
 *
 * It goes in rounds: trouble is armed, a few deeds run at once, their outcomes go into the model, and what shows is compared with
 * it. A node that died, stopped or was replaced is started again from its disk, and what was left unanswered is partly asked
 * again under the same request, partly decided by what is seen.
 * @module
 */
import { type Bytes, toHex } from '../core/bytes/bytes.ts'
import { root } from '../core/merkle/merkle.ts'
import { Audit } from './audit.ts'
import { weighDisk } from './ballast.ts'
import { createSimBlob } from './blob.ts'
import {
  type Deed,
  type Findings,
  Model,
  type ModelItem,
  type PendingDeed,
  compareContent,
  compareItems,
  resolvePending,
} from './checker.ts'
import { createSimulatedCrypto } from './crypto.ts'
import { type Life, type Outcome, type Sabotage, SimDevice, describeOutcome, readAll, settle } from './device.ts'
import { type BitFlip, Disk } from './disk.ts'
import { type Armed, type FaultCounts, arm, noFaults } from './nemesis.ts'
import { Random } from './random.ts'
import { Scheduler, StalledError } from './scheduler.ts'
import { Trace } from './trace.ts'
import { Workload, clashCodes, describeDeed, perform } from './workload.ts'

export interface SimulationOptions {
  readonly seed: number
  /** Resolves when no microtask is left. */
  readonly drain: () => Promise<void>
  /** The run goes on until both are reached. */
  readonly minutes: number
  readonly acknowledgedCount: number
  /** A bug to be found. */
  readonly sabotage?: Sabotage
  readonly isStrictAsked?: boolean
}

export interface Report {
  readonly seed: number
  /** Of everything that happened; equal for equal seeds. */
  readonly hash: string
  readonly violations: readonly string[]
  readonly story: readonly string[]
  readonly faults: FaultCounts
  readonly acknowledgedCount: number
  readonly simulatedMs: number
  readonly eventCount: number
  readonly lifeCount: number
  readonly entryCount: number
  readonly recoveredCount: number
}

export async function simulate(options: SimulationOptions): Promise<Report> {
  const scheduler = new Scheduler(options.drain)
  const simulation = new Simulation(options, scheduler)
  try {
    await scheduler.run(simulation.run())
  } catch (error) {
    if (!(error instanceof FoundError))
      simulation.note(error instanceof StalledError ? `stalled: ${error.message}` : String((error as Error).stack))
  }
  return simulation.report()
}

/** Ends a run at the first violation; what comes after it proves nothing. */
class FoundError extends Error {
  override name = 'FoundError'
}

const minuteMs = 60_000
/** No deed on a healthy device takes longer. */
const patienceMs = 10 * minuteMs
/** What a refusal for lack of room must have left untouched: deeds that are one write. */
const singleWriteDeeds: ReadonlySet<string> = new Set([
  'createFolder',
  'addFile',
  'writeFile',
  'editFile',
  'rename',
  'trash',
])
const stopCodes: ReadonlySet<string> = new Set(['nodeStopped', 'internal'])

class Simulation {
  readonly #options: SimulationOptions
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #trace = new Trace()
  readonly #counts = noFaults()
  readonly #violations: string[] = []
  readonly #device: SimDevice
  readonly #audit: Audit
  #life!: Life
  #usurper: Promise<Outcome<Life>> | null = null
  #model!: Model
  #workload!: Workload
  #requestCount = 0
  #acknowledgedCount = 0
  #recoveredCount = 0
  #roundCount = 0
  #plantsAtRound: number
  #words: readonly string[] | null = null

  constructor(options: SimulationOptions, scheduler: Scheduler) {
    this.#options = options
    this.#scheduler = scheduler
    const random = (this.#random = Random.fromSeed(options.seed))
    this.#plantsAtRound = random.chance(0.75) ? random.between(0, 60) : Infinity
    const disk = new Disk()
    const world = { scheduler, trace: this.#trace, random }
    this.#device = new SimDevice(
      world,
      'phone',
      disk,
      {
        onCrash: (when) => this.#counts[when === 'before' ? 'crashBefore' : 'crashAfter']++,
        onFull: () => this.#counts.quota++,
        onSuperseded: () => this.#counts.superseded++,
        onBrokenSignature: () => this.#counts.brokenSignature++,
      },
      { sabotage: options.sabotage },
    )
    this.#audit = new Audit(disk, {
      crypto: createSimulatedCrypto(random.fork('audit')),
      life: () => this.#device.lifeCount,
      onViolation: (what) => this.note(what),
      isStrictAsked: options.isStrictAsked ?? true,
    })
  }

  report(): Report {
    return {
      seed: this.#options.seed,
      hash: this.#trace.hash,
      violations: this.#violations,
      story: this.#trace.story,
      faults: this.#counts,
      acknowledgedCount: this.#acknowledgedCount,
      simulatedMs: this.#scheduler.nowMs,
      eventCount: this.#scheduler.eventCount,
      lifeCount: this.#device.lifeCount,
      entryCount: this.#audit.entryCount,
      recoveredCount: this.#recoveredCount,
    }
  }

  note(violation: string): void {
    this.#violations.push(violation)
    this.#tell(`VIOLATION: ${violation}`)
  }

  async run(): Promise<void> {
    await this.#startAgain()
    this.#model = new Model(this.#life.page.tree.rootId)
    this.#workload = new Workload(this.#model, this.#random.fork('workload'))
    const { minutes, acknowledgedCount } = this.#options
    while (this.#scheduler.nowMs < minutes * minuteMs || this.#acknowledgedCount < acknowledgedCount) {
      if (this.#roundCount++ >= this.#plantsAtRound && !this.#life.page.tree.isPlanted) await this.#plant()
      else await this.#round()
      this.#failOnViolation()
      await this.#scheduler.sleep(this.#random.spread(20, 30_000))
    }
    await this.#lastLook()
  }

  // --- rounds -------------------------------------------------------------------------------------------------------------

  async #round(): Promise<void> {
    const random = this.#random
    const life = this.#life
    const armed = arm(random, {
      device: this.#device,
      life,
      scheduler: this.#scheduler,
      trace: this.#trace,
      counts: this.#counts,
      usurp: () => this.#usurp(),
    })
    const isQuiet = random.chance(0.2)
    const areCareless = random.chance(0.15)
    const deeds = this.#workload.draw(random.between(isQuiet ? 0 : 1, 4), areCareless)
    const begun = deeds.map(async (deed): Promise<PendingDeed | null> => {
      const pending = { deed, requestId: `request ${++this.#requestCount}`, isCareless: areCareless }
      await this.#scheduler.sleep(random.spread(1, 60))
      const { outcome, excused } = await this.#ask(life, pending, armed)
      return this.#judge(pending, outcome, new Set([...armed.excused, ...excused]))
    })
    const reading = this.#readSome(life, deeds, armed.excused)
    const pending = (await this.#within(armed.patienceMs, Promise.all(begun), 'a deed')).filter((deed) => deed !== null)
    await this.#within(armed.patienceMs, reading, 'reading')
    if (isQuiet) await this.#scheduler.sleep(random.spread(1, 10_000))
    armed.lift()
    // What struck in the last instant has to reach the node.
    await this.#scheduler.sleep(1)
    while (life.process.isAlive && life.process.isFrozen) await this.#scheduler.sleep(minuteMs)
    await this.#settleRound(life, pending, armed)
  }

  async #ask(
    life: Life,
    { deed, requestId }: PendingDeed,
    armed: Armed,
  ): Promise<{ outcome: Outcome<string>; excused: readonly string[] }> {
    const isUnreadable = armed.troubles.has('unreadable') && this.#random.chance(0.5)
    const blobOf = (content: Bytes): Blob =>
      createSimBlob(content, life.process, () => {
        if (isUnreadable) this.#counts.unreadable++
        return !isUnreadable
      })
    this.#tell(`${requestId}: ${describeDeed(deed)}`)
    const asked = settle(life.process, perform(life.node.api, requestId, deed, blobOf))
    if (!armed.troubles.has('cancelled'))
      return { outcome: await asked, excused: isUnreadable ? ['NotReadableError'] : [] }
    await this.#scheduler.sleep(this.#random.below(30))
    await settle(life.process, life.node.api.cancel(requestId))
    const outcome = await asked
    if (outcome.kind === 'failed' && outcome.code === 'cancelled') this.#counts.cancelled++
    return { outcome, excused: ['cancelled', ...(isUnreadable ? ['NotReadableError'] : [])] }
  }

  /** Takes an outcome into the model. @returns the deed where its fate is open */
  #judge(pending: PendingDeed, outcome: Outcome<string>, excused: ReadonlySet<string>): PendingDeed | null {
    this.#tell(`${pending.requestId}: ${describeOutcome(outcome)}`)
    if (outcome.kind === 'lost') return pending
    if (outcome.kind === 'done') {
      this.#acknowledge(pending, outcome.value)
      return null
    }
    const isClash = pending.isCareless && clashCodes.includes(outcome.code)
    if (!excused.has(outcome.code) && !isClash)
      this.note(`${describeDeed(pending.deed)} was refused: ${describeOutcome(outcome)}`)
    // Whether a deed of several steps was refused at the first or at a later one is not for the page to know.
    const isClean =
      singleWriteDeeds.has(pending.deed.kind) && !stopCodes.has(outcome.code) && outcome.code !== 'storeClosed'
    return isClean && outcome.code !== 'storeSuperseded' && outcome.code !== 'storeDamaged' ? null : pending
  }

  #acknowledge({ deed, isCareless }: PendingDeed, id: string): void {
    this.#acknowledgedCount++
    this.#model.apply(deed, id, isCareless)
  }

  async #settleRound(life: Life, pending: readonly PendingDeed[], armed: Armed): Promise<void> {
    if (armed.flip !== null) return this.#liveWithDamage(armed.flip, pending)
    if (this.#usurper !== null) return this.#followUsurper(life, pending)
    if (this.#random.chance(0.03) && life.page.stopped === null && life.process.isAlive) await this.#closeNicely(life)
    if (life.process.isAlive && life.page.stopped === null) {
      this.#decide(pending)
      await this.#compareAll()
      return
    }
    await this.#startAgain(pending)
  }

  /** The unanswered deeds that are not asked again are decided by what shows now. */
  #decide(pending: readonly PendingDeed[]): void {
    for (const { requestId, hasHappened } of resolvePending(this.#model, pending, this.#life.page.items))
      this.#tell(`${requestId} turns out to have ${hasHappened ? '' : 'not '}happened`)
  }

  async #compareAll(): Promise<void> {
    const { page } = this.#life
    const replay = (): string => {
      const replayed = this.#audit.stateOf(page.tree.treeId)
      return replayed === null ? 'none' : toHex(root(replayed.map))
    }
    let replayedRoot: string
    let stateRoot: string
    // What goes on by itself may write meanwhile.
    do {
      replayedRoot = replay()
      stateRoot = await this.#stateRoot()
    } while (replay() !== replayedRoot)
    this.#trace.note(this.#scheduler.nowMs, stateRoot)
    this.#found(compareItems(this.#model, page.items))
    if (replayedRoot !== stateRoot)
      this.note(
        `the node shows state ${stateRoot.slice(0, 16)}, a replay of its durable log gives ${replayedRoot.slice(0, 16)}`,
      )
  }

  /** What the node says that it is at; or, in words, why it does not. */
  async #stateRoot(): Promise<string> {
    const { process, node } = this.#life
    const report = await settle(process, node.api.storage())
    return report.kind === 'done' ? report.value.stateRoot : describeOutcome(report)
  }

  /** Reads a file, whole or a part, while deeds run; one that is overwritten meanwhile is what it was or what it becomes. */
  async #readSome(life: Life, deeds: readonly Deed[], excused: ReadonlySet<string>): Promise<void> {
    const [file] = this.#someFiles(1)
    if (file === undefined) return
    const sizeBytes = file.content!.length
    const startByte = this.#random.chance(0.5) ? 0 : this.#random.below(sizeBytes + 1)
    const endByte = this.#random.chance(0.5) ? sizeBytes : this.#random.between(startByte, sizeBytes)
    await this.#scheduler.sleep(this.#random.below(40))
    const read = await settle(life.process, readAll(life.node.api, file.id, startByte, endByte))
    const written = deeds
      .filter((deed) => deed.kind === 'writeFile' || deed.kind === 'editFile')
      .filter(({ id }) => id === file.id)
    const isPurged = deeds.some((deed) => deed.kind === 'purge')
    const also = [...(isPurged ? ['itemGone'] : []), ...(written.length > 0 ? ['rangeWrong'] : [])]
    const versions = [file.content!, ...written.map(({ content }) => content)]
    this.#judgeReading(file, versions, read, startByte, endByte, new Set([...excused, ...also]))
  }

  #judgeReading(
    file: ModelItem,
    versions: readonly Bytes[],
    read: Outcome<Bytes>,
    startByte: number,
    endByte: number,
    excused: ReadonlySet<string>,
  ): void {
    if (read.kind === 'lost') return
    this.#trace.note(this.#scheduler.nowMs, `read ${file.id}`, read.kind === 'done' ? read.value : undefined)
    if (read.kind === 'done') this.#found(compareContent(file, versions, read.value, startByte, endByte))
    else if (!excused.has(read.code))
      this.note(`the file "${file.name}" (${file.id}) cannot be read: ${describeOutcome(read)}`)
  }

  async #readWhole(file: ModelItem, excused: ReadonlySet<string> = new Set()): Promise<void> {
    const { process, node } = this.#life
    const read = await this.#within(0, settle(process, readAll(node.api, file.id)), 'reading')
    this.#judgeReading(file, [file.content!], read, 0, file.content!.length, excused)
  }

  // --- ends and beginnings of lives ---------------------------------------------------------------------------------------

  /** Starts the node from its disk, however often that takes; then asks again, decides and compares. */
  async #startAgain(pending: readonly PendingDeed[] = [], excused: ReadonlySet<string> = new Set()): Promise<void> {
    const random = this.#random
    for (;;) {
      this.#endLife()
      await this.#scheduler.sleep(random.spread(1, 4000))
      const hasTrouble = random.chance(0.15)
      const started = await this.#within(
        0,
        this.#device.start((store) => {
          if (hasTrouble)
            store.faults.crash = { writeCount: random.below(4), when: random.pick(['before', 'after'] as const) }
        }),
        'the start of the node',
      )
      if (started.kind === 'failed' && !excused.has(started.code))
        throw this.#giveUp(`the node does not start: ${describeOutcome(started)}`)
      if (started.kind !== 'done') continue
      this.#life = started.value
      this.#life.store.faults.crash = null
      if (this.#model === undefined) return
      const rest = await this.#askAgain(pending)
      if (rest === null) continue
      this.#decide(rest)
      return this.#compareAll()
    }
  }

  /** @returns the deeds that were left alone; null where the node died over it */
  async #askAgain(pending: readonly PendingDeed[]): Promise<readonly PendingDeed[] | null> {
    const rest: PendingDeed[] = []
    for (const deed of pending) {
      if (this.#random.chance(0.5)) {
        rest.push(deed)
        continue
      }
      this.#tell(`${deed.requestId} is asked again`)
      const blobOf = (content: Bytes): Blob => createSimBlob(content, this.#life.process)
      const asked = settle(this.#life.process, perform(this.#life.node.api, deed.requestId, deed.deed, blobOf))
      const open = this.#judge(deed, await this.#within(0, asked, 'a repeated deed'), new Set())
      if (open !== null) rest.push(open)
    }
    return this.#life.process.isAlive ? rest : null
  }

  /** The process goes, if it has not yet, and perhaps the power with it. */
  #endLife(): void {
    const { disk } = this.#device
    this.#life?.process.kill()
    if (disk.relaxedCount === 0 || !this.#random.chance(0.7)) return
    const count = this.#random.between(1, disk.relaxedCount)
    this.#counts.lostRelaxed += count
    this.#tell(`the power fails: ${count} of ${disk.relaxedCount} relaxed writes are lost`)
    disk.losePower(count)
  }

  async #closeNicely(life: Life): Promise<void> {
    this.#tell('the node is closed')
    const closed = await this.#within(0, settle(life.process, life.node.close()), 'closing')
    if (closed.kind === 'failed') this.note(`the node does not close: ${describeOutcome(closed)}`)
    life.process.kill()
  }

  /** A second worker opens the same profile while the first still runs. */
  #usurp(): void {
    if (this.#usurper !== null || !this.#life.process.isAlive) return
    this.#tell('another worker takes the profile over')
    this.#usurper = this.#device.start()
    // The old one would live on for as long as its tab; long enough to be refused is enough.
    const old = this.#life.process
    this.#scheduler.after(3000, () => old.kill())
  }

  async #followUsurper(life: Life, pending: readonly PendingDeed[]): Promise<void> {
    const started = await this.#within(0, this.#usurper!, 'the start of the second node')
    this.#usurper = null
    life.process.kill()
    if (started.kind === 'failed') throw this.#giveUp(`the second node does not start: ${describeOutcome(started)}`)
    if (started.kind === 'lost') return this.#startAgain(pending)
    this.#life = started.value
    const rest = await this.#askAgain(pending)
    if (rest === null) return this.#startAgain(pending)
    this.#decide(rest)
    await this.#compareAll()
  }

  /** A damaged disk may stop the node or hide a file, loudly; it never shows anything that is not so. Then it is healed. */
  async #liveWithDamage(flip: BitFlip, pending: readonly PendingDeed[]): Promise<void> {
    const second = this.#usurper === null ? null : await this.#within(0, this.#usurper, 'the start of the second node')
    this.#usurper = null
    if (second?.kind === 'done') second.value.process.kill()
    this.#endLife()
    const started = await this.#within(0, this.#device.start(), 'the start of the node')
    if (started.kind === 'failed' && started.code !== 'storeDamaged')
      this.note(`with a bit of table "${flip.table}" flipped the node does not start: ${describeOutcome(started)}`)
    if (started.kind === 'done') {
      this.#life = started.value
      if (pending.length === 0) await this.#compareAll()
      const open = new Set(pending.map(({ deed }) => ('id' in deed ? deed.id : '')))
      for (const file of this.#someFiles(6).filter(({ id }) => !open.has(id)))
        await this.#readWhole(file, new Set(['storeDamaged', 'nodeStopped', 'streamClosed']))
    }
    flip.heal()
    await this.#startAgain(pending)
  }

  // --- planting, and the end ----------------------------------------------------------------------------------------------

  /** Founds the person's tree; what was kept before moves in, whatever happens meanwhile. */
  async #plant(): Promise<void> {
    const random = this.#random
    const { node, process, page } = this.#life
    const { api } = node
    this.#tell('the tree is planted')
    const planted = (async () => {
      const card = await api.beginPlanting('Ada', 'Phone', null)
      this.#words = card.words
      await api.confirmCard(
        card.plantingId,
        card.askedPositions.map((position) => card.words[position]!),
      )
      await this.#scheduler.sleep(random.below(50))
      if (random.chance(0.7))
        this.#life.store.faults.crash = {
          writeCount: random.spread(1, 120) - 1,
          when: random.pick(['before', 'after'] as const),
        }
      await api.finishPlanting(`request ${++this.#requestCount}`, card.plantingId, null)
    })()
    const outcome = await this.#within(0, settle(process, planted), 'planting')
    this.#life.store.faults.crash = null
    this.#tell(`planting: ${describeOutcome(outcome)}`)
    if (outcome.kind === 'failed') this.note(`planting was refused: ${describeOutcome(outcome)}`)
    if (outcome.kind === 'done') {
      if (!page.tree.isPlanted) this.note('planting was acknowledged, but the tree is not planted')
      return this.#moveModel()
    }
    // Whatever the disk holds now: the old tree as it was, or the new one with all that moves in.
    for (;;) {
      this.#endLife()
      const hasTrouble = random.chance(0.4)
      const started = await this.#within(
        0,
        this.#device.start((store) => {
          if (hasTrouble)
            store.faults.crash = {
              writeCount: random.spread(1, 60) - 1,
              when: random.pick(['before', 'after'] as const),
            }
        }),
        'the start of the node',
      )
      if (started.kind === 'failed')
        throw this.#giveUp(`after planting the node does not start: ${describeOutcome(started)}`)
      if (started.kind !== 'done') continue
      this.#life = started.value
      await this.#within(0, this.#untilIdle(), 'moving in')
      if (!this.#life.process.isAlive) continue
      this.#life.store.faults.crash = null
      return this.#moveModel()
    }
  }

  async #untilIdle(): Promise<void> {
    const { page, process } = this.#life
    // A page hears of a job a quarter of a second after it began, and after a start it begins when its tree is open.
    do await this.#scheduler.sleep(2000)
    while (process.isAlive && page.stopped === null && page.jobs.size > 0)
  }

  async #moveModel(): Promise<void> {
    const { rootId, isPlanted } = this.#life.page.tree
    this.#tell(`the tree is ${isPlanted ? '' : 'not '}planted`)
    if (isPlanted) this.#acknowledgedCount++
    this.#model.replant(rootId)
    await this.#compareAll()
  }

  /** Everything at rest: every byte of every file, on this device, on a copy of its disk, and from an export. */
  async #lastLook(): Promise<void> {
    await this.#startAgain()
    this.#failOnViolation()
    await this.#within(0, this.#untilIdle(), 'unfinished work')
    for (const file of this.#someFiles(Infinity)) await this.#readWhole(file)
    await this.#scheduler.sleep(minuteMs)
    await this.#compareAll()
    const state = this.#audit.stateOf(this.#life.page.tree.treeId)
    if (state !== null) this.#found(await weighDisk(this.#device.disk, state))
    const stateRoot = await this.#stateRoot()
    await this.#closeNicely(this.#life)
    await this.#startAgain()
    if ((await this.#stateRoot()) !== stateRoot) this.note('the state is another one after closing and opening')
    this.#failOnViolation()
    if (this.#words !== null && this.#life.page.tree.isPlanted && this.#random.chance(0.25))
      await this.#recoverElsewhere(this.#words)
    this.#failOnViolation()
  }

  /** An export and the card's words bring back the whole tree on a device that never saw it. */
  async #recoverElsewhere(words: readonly string[]): Promise<void> {
    const { node, process } = this.#life
    const exporting = (async () => {
      const exportId = await node.api.beginExport('export')
      return readAll(node.api, exportId)
    })()
    const archive = await this.#within(0, settle(process, exporting), 'the export')
    if (archive.kind !== 'done') return this.note(`the tree cannot be exported: ${describeOutcome(archive)}`)
    this.#trace.note(this.#scheduler.nowMs, 'archive', archive.value)
    const world = { scheduler: this.#scheduler, trace: this.#trace, random: this.#random }
    const quiet = { onCrash() {}, onFull() {}, onSuperseded() {}, onBrokenSignature() {} }
    const laptop = new SimDevice(world, 'laptop', new Disk(), quiet, { welcomes: true })
    const there = await this.#recoverOn(laptop, archive.value, words)
    if (there === null) return
    this.#recoveredCount++
    this.#found(compareItems(this.#model, there.page.items).map((finding) => `after recovery ${finding}`))
    for (const file of this.#someFiles(Infinity)) {
      const read = await this.#within(0, settle(there.process, readAll(there.node.api, file.id)), 'reading')
      if (read.kind !== 'done') this.note(`after recovery "${file.name}" cannot be read: ${describeOutcome(read)}`)
      else this.#found(compareContent(file, [file.content!], read.value, 0, file.content!.length))
    }
    there.process.kill()
  }

  /** As often as it takes, since the process may die over it and leave a half of the tree behind. */
  async #recoverOn(laptop: SimDevice, archive: Bytes, words: readonly string[]): Promise<Life | null> {
    for (let attempt = 0; ; attempt++) {
      const started = await this.#within(0, laptop.start(), 'the start of the second device')
      if (started.kind !== 'done') {
        this.note(`a second device does not start: ${describeOutcome(started)}`)
        return null
      }
      const { process, store, node, page } = started.value
      if (page.tree.isPlanted) {
        await this.#scheduler.sleep(minuteMs)
        return started.value
      }
      if (attempt < 3 && this.#random.chance(0.6))
        store.faults.crash = {
          writeCount: this.#random.spread(1, 40) - 1,
          when: this.#random.pick(['before', 'after'] as const),
        }
      const blob = createSimBlob(archive, process)
      const recovering = node.api.recover(`recover ${attempt}`, blob, words, 'Laptop')
      const recovered = await this.#within(0, settle(process, recovering), 'recovery')
      this.#tell(`recovery: ${describeOutcome(recovered)}`)
      if (recovered.kind === 'done') return started.value
      if (recovered.kind === 'failed') {
        this.note(`the export cannot be recovered: ${describeOutcome(recovered)}`)
        return null
      }
      laptop.disk.losePower(this.#random.below(laptop.disk.relaxedCount + 1))
    }
  }

  #someFiles(countMax: number): readonly ModelItem[] {
    const files = [...this.#model.items.values()].filter(({ content }) => content !== null)
    if (files.length <= countMax) return files
    return Array.from({ length: countMax }, () => this.#random.pick(files))
  }

  // --- helpers ------------------------------------------------------------------------------------------------------------

  /** Waits, but not for ever: what has not ended long after it should have is stuck. */
  async #within<T>(extraMs: number, promise: Promise<T>, what: string): Promise<T> {
    let cancel = (): void => {}
    const stuck = new Promise<never>((_, reject) => {
      cancel = this.#scheduler.after(patienceMs + extraMs, () => reject(this.#giveUp(`${what} never ends`)))
    })
    try {
      return await Promise.race([promise, stuck])
    } finally {
      cancel()
    }
  }

  #found(findings: Findings): void {
    for (const finding of findings) this.note(finding)
  }

  #giveUp(violation: string): FoundError {
    this.note(violation)
    return new FoundError()
  }

  #failOnViolation(): void {
    if (this.#violations.length > 0) throw new FoundError()
  }

  #tell(line: string): void {
    this.#trace.tell(this.#scheduler.nowMs, line)
  }
}
