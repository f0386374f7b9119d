/**
 * One course of a workload, and crashes in it at storage transactions that are chosen by their number.
 *
 * The same course is run for each transaction of it and for each side of that, so no instant is left to chance at which a process
 * can die: between two transactions a process changes nothing that outlives it. Afterwards all goes on, and in the end is compared.
 * @module
 */
import { type Bytes, equal, fromHex, toHex } from '../../core/bytes/bytes.ts'
import { principalOf } from '../../core/crypto/crypto.ts'
import { entries, root } from '../../core/merkle/merkle.ts'
import { owesKey, rowKind } from '../../core/tree/tree.ts'
import { placeOf } from '../../node/own-tree.ts'
import type { PeerId } from '../../node/peers.ts'
import { newestState, readHeldState } from '../../node/read/held-state.ts'
import type { TransportId } from '../../port/net.ts'
import { Audit } from '../audit.ts'
import { weighDisk } from '../ballast.ts'
import { createSimBlob } from '../blob.ts'
import { Model, type PendingDeed, compareContent, compareItems, resolvePending } from '../checker.ts'
import { ClusterAudit } from '../cluster-audit.ts'
import { cleanRefusals, handOverRefusals } from '../cluster-workload.ts'
import { createSimulatedCrypto } from '../crypto.ts'
import { type Life, type Sabotage, SimDevice, describeOutcome, readAll, settle } from '../device.ts'
import { Disk } from '../disk.ts'
import { letIn, plant } from '../family.ts'
import { openedBy } from '../knowledge.ts'
import { SimNetwork } from '../net.ts'
import { Random } from '../random.ts'
import { Scheduler, StalledError } from '../scheduler.ts'
import type { StoreFaults } from '../store.ts'
import { Trace } from '../trace.ts'
import { describeDeed, perform } from '../workload.ts'
import type { CrashWorkload, Deeds } from './workloads.ts'

/**
 * Before: the power fails, so there is nothing of the transaction, nor of the relaxed ones before it that no strict one has followed.
 * After: the process dies before anybody hears of it; there is all of the transaction, all before it, and a beginning of those that wait
 * behind it. What else a crash may leave is what one of these leaves at an earlier transaction.
 */
export const crashSides = ['before', 'after'] as const
export interface Crash {
  /** Of the transactions of all devices, counted from the first write on; 0: the first. */
  readonly transaction: number
  readonly side: (typeof crashSides)[number]
  /** So many transactions later the next one comes, and so on; null: none does, and soon after it the course is over. */
  readonly every: number | null
}

export interface CrashOptions {
  readonly workload: CrashWorkload
  readonly writeCount: number
  /** null: none, to count the transactions. */
  readonly crash: Crash | null
  /** Resolves when no microtask is left. */
  readonly drain: () => Promise<void>
  readonly sabotage?: Sabotage
}

export interface CrashReport {
  readonly violations: readonly string[]
  readonly story: readonly string[]
  readonly hash: string
  readonly acknowledgedCount: number
  /** On all devices, from the first write on until nothing is left to be done. */
  readonly transactionCount: number
  readonly crashCount: number
}

export async function runCrash(options: CrashOptions): Promise<CrashReport> {
  const scheduler = new Scheduler(options.drain)
  const run = new CrashRun(options, scheduler)
  try {
    await scheduler.run(run.run(), 2_000_000)
  } catch (error) {
    if (!(error instanceof FoundError))
      run.note(error instanceof StalledError ? `stalled: ${error.message}` : String((error as Error).stack))
  }
  return run.report()
}

/** Ends a run at the first violation; what comes after it proves nothing. */
class FoundError extends Error {
  override name = 'FoundError'
}

const seed = 1
const minuteMs = 60_000
/** All that takes longer is stuck. */
const patienceMs = 15 * minuteMs
const writesPerTurn = 20
/** So many more come after a crash; what has come together by then has forgotten it. */
const writesAfter = 20
/** At one device at once. */
const deedCountMax = 4
const names = ['laptop', 'phone', 'desk']

class CrashRun {
  readonly #options: CrashOptions
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #trace = new Trace()
  readonly #violations: string[] = []
  readonly #network: SimNetwork
  readonly #devices: readonly SimDevice[]
  readonly #lives: Life[] = []
  readonly #transports: TransportId[] = []
  readonly #removed = new Set<number>()
  /** Who is being removed, or was. */
  #dismissed: PeerId | null = null
  #isCounting = false
  /** One for all devices, so that it counts the transactions of all. */
  #countdown: StoreFaults['crash'] = null
  #transactionCount = 0
  #crashCount = 0
  #writeCountEnd = Infinity
  #isApart = false
  #turnCount = 0
  #requestCount = 0
  #acknowledgedCount = 0
  #model!: Model
  #deeds!: Deeds
  #clusterAudit!: ClusterAudit
  #audit: Audit | null = null
  #treeId!: Bytes

  constructor(options: CrashOptions, scheduler: Scheduler) {
    this.#options = options
    this.#scheduler = scheduler
    const random = (this.#random = Random.fromSeed(seed).fork(options.workload.name))
    this.#network = new SimNetwork(scheduler, random.fork('network'), this.#trace)
    const isAlone = options.workload.deviceCount === 1
    const events = { onCrash: () => this.#onCrash(), onFull() {}, onSuperseded() {}, onBrokenSignature() {} }
    this.#devices = names.slice(0, options.workload.deviceCount).map(
      (name) =>
        new SimDevice({ scheduler, trace: this.#trace, random }, name, new Disk(), events, {
          ...(isAlone ? {} : { network: this.#network }),
          sabotage: options.sabotage,
          onReport: (id, fault) => {
            const isTold = fault.code === 'deviceDismissed' && id === this.#dismissed
            if (!isTold) this.note(`${name} blames another: ${fault.code} (${fault.local})`)
          },
        }),
    )
    if (isAlone)
      this.#audit = new Audit(this.#devices[0]!.disk, {
        crypto: createSimulatedCrypto(random.fork('audit')),
        life: () => this.#devices[0]!.lifeCount,
        onViolation: (what) => this.note(what),
        isStrictAsked: options.sabotage === undefined,
      })
  }

  report(): CrashReport {
    return {
      violations: this.#violations,
      story: this.#trace.story,
      hash: this.#trace.hash,
      acknowledgedCount: this.#acknowledgedCount,
      transactionCount: this.#transactionCount,
      crashCount: this.#crashCount,
    }
  }

  note(violation: string): void {
    this.#violations.push(violation)
    this.#tell(`VIOLATION: ${violation}`)
  }

  async run(): Promise<void> {
    await this.#comeTogether()
    this.#arm()
    while (this.#acknowledgedCount < Math.min(this.#options.writeCount, this.#writeCountEnd)) {
      if (this.#acknowledgedCount >= this.#turnCount * writesPerTurn) await this.#turn()
      await this.#round()
      this.#failOnViolation()
    }
    this.#rejoin()
    await this.#untilSettled()
    await this.#until('nothing is left to be done', () => this.#present.every(({ page }) => page.jobs.size === 0))
    this.#isCounting = false
    this.#crashIn(null)
    await this.#lastLook()
  }

  // --- devices ------------------------------------------------------------------------------------------------------------

  async #comeTogether(): Promise<void> {
    for (const device of this.#devices) {
      this.#transports.push(await device.keys.transportId())
      this.#lives.push((await this.#start(device))!)
    }
    const [host, ...guests] = this.#lives
    const words = await this.#within(plant(host!), 'planting')
    const { treeId, rootId } = host!.page.tree
    this.#treeId = fromHex(treeId)!
    const crypto = createSimulatedCrypto(this.#random.fork('cluster audit'))
    this.#clusterAudit = new ClusterAudit(this.#treeId, crypto, (what) => this.note(what))
    for (const { name, disk } of this.#devices) this.#clusterAudit.observe(name, disk)
    this.#network.tap = this.#clusterAudit.tap
    const { offsetMs } = this.#devices[0]!.wall
    for (const [at, guest] of guests.entries()) {
      const nowMs = offsetMs + this.#scheduler.nowMs
      await this.#within(letIn(host!, guest, this.#devices[at + 1]!, this.#treeId, words, nowMs), 'joining')
    }
    await this.#untilSettled()
    await this.#allVote(host!)
    await this.#untilSettled()
    this.#model = new Model(rootId)
    this.#deeds = this.#options.workload.deedsOf(this.#model, this.#random.fork('workload'))
  }

  async #allVote(host: Life): Promise<void> {
    const { voters, learners } = standing(host)
    const { voterCount } = this.#options.workload
    if (voters.length === voterCount) return
    // All at once: two would be one again.
    host.node.membership.letVote(learners.slice(0, voterCount - voters.length).map((id) => fromHex(id.slice(0, 64))!))
    await this.#until('all vote', () => standing(host).voters.length === voterCount)
  }

  /** From now on transactions count. */
  #arm(): void {
    this.#isCounting = true
    this.#crashIn(this.#options.crash?.transaction ?? null)
    for (const { disk } of this.#devices) {
      disk.flush()
      disk.observe(() => void (this.#isCounting && this.#transactionCount++))
    }
  }

  #crashIn(transactionCount: number | null): void {
    const { crash } = this.#options
    this.#countdown = transactionCount === null ? null : { writeCount: transactionCount, when: crash!.side }
    for (const { store } of this.#lives) store.faults.crash = this.#countdown
  }

  #onCrash(): void {
    this.#crashCount++
    const { every } = this.#options.crash!
    if (every === null) this.#writeCountEnd = this.#acknowledgedCount + writesAfter
    this.#crashIn(every === null ? null : every - 1)
  }

  get #present(): readonly Life[] {
    return this.#lives.filter((_, at) => !this.#removed.has(at))
  }

  /** @returns null where it died over it */
  async #start(device: SimDevice): Promise<Life | null> {
    const starting = device.start((store) => (store.faults.crash = this.#countdown))
    const started = await this.#within(starting, 'the start of a node')
    if (started.kind === 'failed') throw this.#giveUp(`${device.name} does not start: ${describeOutcome(started)}`)
    return started.kind === 'done' ? started.value : null
  }

  /** One that died starts again. @returns whether there was one */
  async #revive(): Promise<boolean> {
    const at = this.#lives.findIndex(({ process }, other) => !process.isAlive && !this.#removed.has(other))
    if (at < 0) return false
    const device = this.#devices[at]!
    for (let life: Life | null = null; life === null;) {
      await this.#scheduler.sleep(this.#random.spread(1, 4000))
      if (this.#options.crash?.side === 'before') device.disk.losePower(device.disk.relaxedCount)
      life = await this.#start(device)
      if (life !== null) this.#lives[at] = life
    }
    return true
  }

  // --- the course ---------------------------------------------------------------------------------------------------------

  async #round(): Promise<void> {
    const random = this.#random
    const at = random.pick([...this.#lives.keys()].filter((each) => !this.#removed.has(each)))
    const life = this.#lives[at]!
    const deeds = this.#deeds.draw(at, random.between(1, deedCountMax))
    const asked = deeds.map(async (deed) => {
      const pending = { deed, requestId: `request ${++this.#requestCount}`, isCareless: false }
      await this.#scheduler.sleep(random.spread(1, 60))
      await this.#ask(at, life, pending)
      return pending.requestId
    })
    const requestIds = new Set(await this.#within(Promise.all(asked), 'a deed'))
    await this.#scheduler.sleep(random.spread(1, 1000))
    if (!(await this.#revive())) return
    // Some of it is asked for again, under the same name; of the rest it shows whether it was done.
    for (const pending of this.#deeds.pending.filter(({ requestId }) => requestIds.has(requestId)))
      if (random.chance(0.5)) await this.#within(this.#ask(at, this.#lives[at]!, pending), 'a repeated deed')
    if (!this.#isApart) await this.#compareAll()
  }

  async #ask(at: number, life: Life, pending: PendingDeed): Promise<void> {
    const { deed, requestId } = pending
    this.#tell(`${requestId} at ${names[at]}: ${describeDeed(deed)}`)
    const blobOf = (content: Bytes): Blob => createSimBlob(content, life.process)
    const outcome = await settle(life.process, perform(life.node.api, requestId, deed, blobOf))
    this.#tell(`${requestId}: ${describeOutcome(outcome)}`)
    if (outcome.kind === 'done') this.#acknowledgedCount++
    const isRefused = outcome.kind === 'failed'
    // Of what another device made the news may not have come yet.
    if (isRefused && !(this.#devices.length > 1 && cleanRefusals.has(outcome.code)))
      this.note(`${describeDeed(deed)} was refused: ${describeOutcome(outcome)}`)
    this.#deeds.ended(at, pending, outcome.kind === 'done' ? outcome.value : null, isRefused)
  }

  async #turn(): Promise<void> {
    this.#turnCount++
    this.#rejoin()
    if (this.#devices.length > 1) await this.#compareAll()
    switch (this.#options.workload.turn) {
      case 'none':
        return
      case 'handOver':
        return this.#handOver()
      case 'remove':
        if (this.#turnCount === 2) await this.#remove()
        return
      case 'part':
        this.#isApart = true
        this.#tell('the devices do not reach each other')
        for (const one of this.#transports)
          for (const other of this.#transports) if (one !== other) this.#network.block(one, other)
    }
  }

  #rejoin(): void {
    this.#isApart = false
    this.#network.heal()
  }

  async #handOver(): Promise<void> {
    const leader = this.#lives.find((life) => life.process.isAlive && standing(life).isLeader)
    if (leader === undefined) return
    const outcome = await this.#within(settle(leader.process, leader.node.api.handOver(null)), 'handing over')
    this.#tell(`the vote is handed over: ${describeOutcome(outcome)}`)
    if (outcome.kind === 'failed' && !handOverRefusals.has(outcome.code))
      this.note(`the vote could not be handed over: ${describeOutcome(outcome)}`)
  }

  /** The last device is put out, and the keys that it had are renewed by and by. */
  async #remove(): Promise<void> {
    const at = this.#lives.length - 1
    const { principal } = this.#lives[at]!.page.tree
    this.#dismissed = principal.replaceAll(' ', '')
    const requestId = `request ${++this.#requestCount}`
    for (let isDone = false; !isDone;) {
      const { process, node } = this.#lives[0]!
      const outcome = await this.#within(settle(process, node.api.removeDevice(requestId, principal)), 'a removal')
      this.#tell(`${names[at]} is removed: ${describeOutcome(outcome)}`)
      if (outcome.kind === 'failed') throw this.#giveUp(`a removal was refused: ${describeOutcome(outcome)}`)
      isDone = outcome.kind === 'done'
      if (!isDone) await this.#revive()
    }
    this.#removed.add(at)
    this.#lives[at]!.process.kill()
  }

  // --- comparing ----------------------------------------------------------------------------------------------------------

  /** What was open is decided by what shows, and all devices show what the model says. */
  async #compareAll(): Promise<void> {
    await this.#untilSettled()
    const [first] = this.#present
    for (const { requestId, hasHappened } of resolvePending(this.#model, this.#deeds.pending, first!.page.items)) {
      this.#tell(`${requestId} turns out to have ${hasHappened ? '' : 'not '}happened`)
      if (hasHappened) this.#acknowledgedCount++
    }
    this.#deeds.resolved()
    for (const [at, life] of this.#lives.entries()) {
      if (this.#removed.has(at) || !life.process.isAlive) continue
      for (const finding of compareItems(this.#model, life.page.items)) this.note(`at ${names[at]} ${finding}`)
      if (standing(life).quarantinedCount > 0) this.note(`at ${names[at]} something was refused for good`)
      await this.#compareState(at, life)
    }
    // What all have seen, none that starts again may have forgotten.
    if (this.#devices.length > 1) for (const { disk } of this.#devices) disk.flush()
    this.#failOnViolation()
  }

  /** With the states of others at the same index. */
  async #compareState(at: number, { process, node }: Life): Promise<void> {
    const standing = () => node.membership.standing()
    for (;;) {
      const { generation, appliedIndex } = standing()
      const report = await this.#within(settle(process, node.api.storage()), 'a report')
      if (report.kind === 'failed') this.note(`no report: ${describeOutcome(report)}`)
      if (report.kind !== 'done') return
      // What goes on by itself may write meanwhile.
      if (standing().appliedIndex !== appliedIndex) continue
      return this.#clusterAudit.onState(names[at]!, generation, appliedIndex, report.value.stateRoot)
    }
  }

  /** Everything at rest, and once more after all have started again: every octet at every device. */
  async #lastLook(): Promise<void> {
    await this.#compareAll()
    for (const life of this.#present) life.process.kill()
    while (await this.#revive());
    await this.#scheduler.sleep(minuteMs)
    await this.#compareAll()
    const files = [...this.#model.items.values()].filter(({ content }) => content !== null)
    for (const life of this.#present) {
      for (const file of files) {
        const read = await this.#within(settle(life.process, readAll(life.node.api, file.id)), 'reading')
        if (read.kind !== 'done') this.note(`"${file.name}" cannot be read: ${describeOutcome(read)}`)
        else
          for (const finding of compareContent(file, [file.content!], read.value, 0, file.content!.length))
            this.note(finding)
      }
    }
    await this.#lookAtDisks()
    this.#failOnViolation()
  }

  async #lookAtDisks(): Promise<void> {
    const [{ store }] = this.#present as [Life]
    const held = await this.#within(readHeldState(store, placeOf(this.#treeId)), 'a look at a disk')
    const state = newestState(held!)
    const owing = [...entries(state.map, Uint8Array.of(rowKind.access))].filter(([row]) => owesKey(state, row.slice(1)))
    if (owing.length > 0) this.note(`${owing.length} keys are still owed`)
    await this.#lookFromOutside()
    if (this.#audit === null) return
    for (const finding of await weighDisk(this.#devices[0]!.disk, state)) this.note(finding)
    const replayed = this.#audit.stateOf(toHex(this.#treeId))
    if (toHex(root(replayed!.map)) !== toHex(root(state.map)))
      this.note('a replay of the durable log gives another state')
  }

  /** Whoever was removed opens nothing that came since. */
  async #lookFromOutside(): Promise<void> {
    const [life] = this.#present as [Life]
    const { state, putOut } = this.#clusterAudit.endOf(standing(life).generation)
    if (putOut.length !== this.#removed.size) this.note(`${putOut.length} devices were put out`)
    for (const at of this.#removed) {
      const node = await this.#devices[at]!.keys.node()
      const principal = principalOf(node.credential)
      const one = putOut.find((each) => equal(each.principal, principal))!
      const opened = await this.#within(openedBy(one, node, life.store, state), 'a look from outside')
      for (const what of opened) this.note(`${names[at]} was removed and opens ${what}`)
    }
  }

  #untilSettled(): Promise<void> {
    return this.#until('all hold the same', () => {
      const standings = this.#present.map(standing)
      const { appliedIndex, generation } = standings[0]!
      return (
        standings.some(({ isLeader }) => isLeader) &&
        standings.every(
          (each) =>
            each.generation === generation &&
            each.appliedIndex === appliedIndex &&
            each.lackingCount === 0 &&
            each.keptCount === 0,
        )
      )
    })
  }

  // --- helpers ------------------------------------------------------------------------------------------------------------

  /** Whoever dies meanwhile starts again. */
  async #until(what: string, isTrue: () => boolean): Promise<void> {
    const endMs = this.#scheduler.nowMs + patienceMs
    for (;;) {
      await this.#revive()
      if (isTrue()) return
      if (this.#scheduler.nowMs > endMs) throw this.#giveUp(`it never came about that ${what}`)
      await this.#scheduler.sleep(200)
    }
  }

  async #within<T>(work: Promise<T>, what: string): Promise<T> {
    let cancel = (): void => {}
    const stuck = new Promise<never>((_, reject) => {
      cancel = this.#scheduler.after(patienceMs, () => reject(this.#giveUp(`${what} never ends`)))
    })
    try {
      return await Promise.race([work, stuck])
    } finally {
      cancel()
    }
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

const standing = (life: Life) => life.node.membership.standing()
