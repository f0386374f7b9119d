/**
 * Several simulated devices with one tree, under every fault of network, processes and disks; all by one seed.
 *
 * Rounds of trouble, in which people at several devices do things at once, alternate with calm: the faults end, and then all
 * devices must come to the same state, hold every body, and show all that was ever acknowledged.
 * @module
 */
import { type Bytes, type Fault, fromHex, fromU64be, toHex } from '../core/bytes/bytes.ts'
import { entries, root } from '../core/merkle/merkle.ts'
import { type TreeState, deadGraceMs, keys } from '../core/tree/tree.ts'
import type { TransportId } from '../port/net.ts'
import { createSimBlob } from './blob.ts'
import { weighDisk } from './ballast.ts'
import { type Deed, Model, type PendingDeed, compareContent, compareItems, resolvePending } from './checker.ts'
import { WallClock } from './clock.ts'
import { ClusterAudit } from './cluster-audit.ts'
import { ClusterGuests } from './cluster-guests.ts'
import { type ClusterFaultCounts, armCluster, noClusterFaults } from './cluster-nemesis.ts'
import {
  type ClusterDeedCounts,
  ClusterWorkload,
  appointRefusals,
  cleanRefusals,
  contestRefusals,
  handOverRefusals,
  noClusterDeeds,
  openRefusals,
  takeOverRefusals,
} from './cluster-workload.ts'
import type { NetFaultCounts } from './connection.ts'
import { type Life, type Outcome, type Sabotage, SimDevice, describeOutcome, readAll, settle } from './device.ts'
import { Contest, type Contested, uncontested } from './contest.ts'
import { createSimulatedCrypto } from './crypto.ts'
import { type BitFlip, Disk } from './disk.ts'
import { letIn, plant } from './family.ts'
import { compareEnds, followAll, targetsIn } from './link-ends.ts'
import { SimNetwork } from './net.ts'
import type { PeerId } from '../node/peers.ts'
import { newestState, readHeldState } from '../node/read/held-state.ts'
import { placeOf } from '../node/own-tree.ts'
import { Random } from './random.ts'
import { Scheduler, StalledError } from './scheduler.ts'
import { Trace } from './trace.ts'
import { describeDeed, perform } from './workload.ts'

export interface ClusterRunOptions {
  readonly seed: number
  /** Resolves when no microtask is left. */
  readonly drain: () => Promise<void>
  /** Times of trouble, each with a calm after it. */
  readonly stormCount: number
  /** Simulated: more storms come until then, with a rest after each. */
  readonly durationMsMin?: number
  readonly sabotage?: Sabotage
  /** With the true algorithms instead of their twins: some fifty times slower. */
  readonly isReal?: boolean
}

export interface ClusterReport {
  readonly seed: number
  readonly hash: string
  readonly violations: readonly string[]
  readonly story: readonly string[]
  readonly faults: ClusterFaultCounts & NetFaultCounts
  readonly deeds: ClusterDeedCounts
  readonly deviceCount: number
  readonly acknowledgedCount: number
  readonly entryCount: number
  readonly simulatedMs: number
  readonly eventCount: number
}

class FoundError extends Error {
  override name = 'FoundError'
}

const restMsMax = 10 * 60_000
const minuteMs = 60_000
/** Guests have their permission for some days. */
const sleepCountMax = 2
/** All that was cut off by then has been found again: redials come once a minute at least. */
const calmMs = 15 * minuteMs
const roundsPerStorm = 8
/** By the count of devices. */
const voterCounts: Readonly<Record<number, readonly number[]>> = { 2: [1], 3: [1, 3], 4: [1, 3], 5: [5] }
/** An hour has some hundreds of entries: with the usual number no log would ever be shortened. */
const keptEntryCounts = [2, 16, 64, 1024]
const names = ['laptop', 'phone', 'desk', 'tablet', 'watch']

export async function runCluster(options: ClusterRunOptions): Promise<ClusterReport> {
  const scheduler = new Scheduler(options.drain)
  const run = new ClusterRun(options, scheduler)
  try {
    await scheduler.run(run.run(), 600_000)
  } catch (error) {
    if (!(error instanceof FoundError))
      run.note(error instanceof StalledError ? `stalled: ${error.message}` : String((error as Error).stack))
  }
  return run.report()
}

class ClusterRun {
  readonly #options: ClusterRunOptions
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #trace = new Trace()
  readonly #counts = noClusterFaults()
  readonly #deeds = noClusterDeeds()
  readonly #linkRandom: Random
  readonly #appointRandom: Random
  readonly #sleepRandom: Random
  #sleptMs = 0
  /** Guests who have lied, by their principals: they are blamed for it. */
  readonly #liars = new Set<string>()
  #sleepCount = 0
  /** Whose disk had a bit flipped, by their principals: what they give of it is refused, and they are named with it. */
  readonly #damaged = new Set<string>()
  readonly #flips: { readonly device: SimDevice; readonly flip: BitFlip }[] = []
  readonly #removalRandom: Random
  readonly #violations: string[] = []
  readonly #network: SimNetwork
  readonly #devices: SimDevice[] = []
  readonly #lives: (Life | null)[] = []
  readonly #transports: TransportId[] = []
  readonly #voterCount: number
  #audit!: ClusterAudit
  #model!: Model
  readonly #keptEntryCount: number
  #workload!: ClusterWorkload
  #guests!: ClusterGuests
  #contest!: Contest
  /** At each device one contested deed follows the other, so that what a person does, he does with what he has just done before him. */
  readonly #contending: Promise<void>[] = []
  #treeId!: Bytes
  /** Of the card. */
  #words: readonly string[] = []
  readonly #callOffs: (() => void)[] = []
  /** A clock that is right. */
  readonly #wall = new WallClock()
  #requestCount = 0
  #acknowledgedCount = 0

  constructor(options: ClusterRunOptions, scheduler: Scheduler) {
    this.#options = options
    this.#scheduler = scheduler
    const random = (this.#random = Random.fromSeed(options.seed))
    this.#linkRandom = random.fork('links')
    this.#appointRandom = random.fork('appointments')
    this.#sleepRandom = random.fork('sleep')
    this.#removalRandom = random.fork('removals')
    this.#network = new SimNetwork(scheduler, random.fork('network'), this.#trace)
    this.#keptEntryCount = random.fork('log').pick(keptEntryCounts)
    const deviceCount = random.pick([2, 3, 3, 4, 5])
    this.#voterCount = random.pick(voterCounts[deviceCount]!)
    for (const name of names.slice(0, deviceCount)) this.#devices.push(this.#newDevice(name))
  }

  #newDevice(name: string, livesBefore = 0): SimDevice {
    const world = { scheduler: this.#scheduler, trace: this.#trace, random: this.#random }
    const events = {
      onCrash: (when: 'before' | 'after') => void this.#counts[when === 'before' ? 'crashBefore' : 'crashAfter']++,
      onFull: () => void this.#counts.quota++,
      onSuperseded() {},
      onBrokenSignature: () => void this.#counts.brokenSignature++,
    }
    const { sabotage = (platform) => platform } = this.#options
    return new SimDevice(world, name, new Disk(), events, {
      network: this.#network,
      sabotage: (platform, process) => sabotage({ ...platform, keptEntryCount: this.#keptEntryCount }, process),
      livesBefore,
      isReal: this.#isReal,
      onReport: (id, fault) => this.#onReport(name, id, fault),
    })
  }

  /** All devices are honest, so none has cause to blame another, but for a clock that is wrong, or a disk that it has not seen yet. */
  #onReport(name: string, id: PeerId, fault: Fault): void {
    const isTold = fault.code === 'deviceDismissed' && this.#guests.isLeaving(id)
    if (this.#liars.has(id) && fault.code !== 'stampAhead') return void this.#counts.byzantine++
    const isDamage = fault.code === 'objectUnfitting' && this.#damaged.has(id)
    if (fault.code !== 'stampAhead' && !isTold && !isDamage)
      this.note(`${name} blames ${id.slice(0, 6)}: ${fault.code} (${fault.local})`)
  }

  report(): ClusterReport {
    return {
      seed: this.#options.seed,
      hash: this.#trace.hash,
      violations: this.#violations,
      story: this.#trace.story,
      faults: { ...this.#counts, ...this.#network.counts },
      deeds: this.#deeds,
      deviceCount: this.#devices.length,
      acknowledgedCount: this.#acknowledgedCount,
      entryCount: this.#audit?.entryCount ?? 0,
      simulatedMs: this.#awakeMs,
      eventCount: this.#scheduler.eventCount,
    }
  }

  note(violation: string): void {
    this.#violations.push(violation)
    this.#tell(`VIOLATION: ${violation}`)
  }

  async run(): Promise<void> {
    await this.#comeTogether()
    const { stormCount, durationMsMin = 0 } = this.#options
    for (let storm = 0; storm < stormCount || this.#awakeMs < durationMsMin; storm++) {
      const asked: Promise<void>[] = []
      if (this.#random.chance(0.4)) asked.push(this.#takeOver())
      for (let round = 0; round < roundsPerStorm; round++) {
        const callOff = armCluster({
          random: this.#random,
          scheduler: this.#scheduler,
          network: this.#network,
          counts: this.#counts,
          devices: [...this.#devices, ...this.#guests.all.map(({ device }) => device)],
          lives: [...this.#lives, ...this.#guests.all.map(({ life }) => life)],
          transports: [...this.#transports, ...this.#guests.all.map(({ transport }) => transport)],
          guestsAt: this.#devices.length,
          onFlip: (device, flip) => {
            this.#flips.push({ device, flip })
            const { page } = this.#lives[this.#devices.indexOf(device)] ?? {}
            if (page !== undefined) this.#damaged.add(page.tree.principal.replaceAll(' ', ''))
          },
          onLie: (liar) => {
            for (const { transport, principal } of this.#guests.all) if (transport === liar) this.#liars.add(principal)
          },
          tell: (line) => this.#tell(line),
        })
        this.#callOffs.push(callOff)
        asked.push(...this.#doSome(), ...this.#guests.doSome())
        if (this.#random.chance(0.15)) asked.push(this.#handOver())
        if (this.#appointRandom.chance(0.12)) asked.push(this.#appoint())
        await this.#scheduler.sleep(this.#random.spread(500, 20_000))
        if (this.#sleepCount < sleepCountMax && this.#sleepRandom.chance(0.03)) await this.#sleep()
        if (this.#random.chance(0.3)) this.#network.heal()
        await this.#wakeSome()
        await this.#guests.wake(0.5)
        this.#failOnViolation()
      }
      await this.#calm(asked)
      if (this.#random.chance(0.25)) await this.#wipeOne()
      if (this.#removalRandom.chance(0.15)) await this.#removeOne()
      await this.#guests.change()
      await this.#untilSettled()
      if (durationMsMin > 0) await this.#scheduler.sleep(this.#random.between(0, restMsMax))
    }
    await this.#lastLook()
  }

  get #awakeMs(): number {
    return this.#scheduler.nowMs - this.#sleptMs
  }

  /** Plants, lets everybody in, and makes some of them vote. */
  async #comeTogether(): Promise<void> {
    for (const device of this.#devices) {
      this.#transports.push(await device.keys.transportId())
      this.#lives.push(await this.#start(device))
    }
    const host = this.#lives[0]!
    const words = (this.#words = await this.#within(plant(host), 'planting'))
    const { treeId, rootId } = host.page.tree
    this.#treeId = fromHex(treeId)!
    const crypto = createSimulatedCrypto(this.#random.fork('audit'), this.#isReal)
    this.#audit = new ClusterAudit(this.#treeId, crypto, (what) => this.note(what))
    for (const [at, device] of this.#devices.entries()) this.#audit.observe(names[at]!, device.disk)
    this.#network.tap = this.#audit.tap
    for (const [at, guest] of this.#lives.entries())
      if (at > 0)
        await this.#within(letIn(host, guest!, this.#devices[at]!, this.#treeId, words, this.#nowMs), 'joining')
    this.#model = new Model(rootId)
    this.#workload = new ClusterWorkload(this.#model, this.#random.fork('workload'))
    this.#contest = new Contest(this.#random.fork('contest'), rootId)
    await this.#allVote()
    this.#guests = this.#newGuests()
    await this.#guests.change()
    await this.#untilSettled()
  }

  #newGuests(): ClusterGuests {
    const random = this.#random.fork('guests')
    return new ClusterGuests({
      random,
      scheduler: this.#scheduler,
      treeId: this.#treeId,
      words: this.#words,
      model: this.#model,
      workload: this.#workload,
      deeds: this.#deeds,
      alive: () => this.#alive(),
      nowMs: () => this.#nowMs,
      newDevice: (name) => {
        const device = this.#newDevice(name)
        device.wall.jump(this.#wall.offsetMs - device.wall.offsetMs)
        return device
      },
      start: (device) => this.#start(device),
      makeFolder: () => {
        const deed: Deed = { kind: 'createFolder', parentId: this.#model.rootId, name: 'shared' }
        return this.#within(this.#ask(0, this.#lives[0]!, deed, random), 'a deed').then(() => this.#untilSettled())
      },
      newRequest: () => `request ${++this.#requestCount}`,
      held: () => this.#heldNewest(),
      until: (what, isTrue, describe) => this.#until(what, isTrue, describe),
      within: (work, what) => this.#within(work, what),
      tell: (line) => this.#tell(line),
      note: (violation) => this.note(violation),
    })
  }

  async #heldNewest(): Promise<TreeState | null> {
    for (const { store, process, node } of this.#alive()) {
      const held = await this.#within(readHeldState(store, placeOf(this.#treeId)), 'a look at a disk')
      const report = await this.#within(settle(process, node.api.storage()), 'a report')
      const state = held && newestState(held)
      if (state !== null && report.kind === 'done' && toHex(root(state.map)) === report.value.stateRoot) return state
    }
    return null
  }

  get #isReal(): boolean {
    return this.#options.isReal === true
  }

  get #nowMs(): number {
    return this.#wall.offsetMs + this.#scheduler.nowMs
  }

  /** As many vote as shall, whoever leads. */
  async #allVote(): Promise<void> {
    await this.#until(
      'the voters vote',
      () => {
        const leader = this.#alive().find((life) => standing(life).isLeader)
        if (leader === undefined) return false
        // Whom somebody has chosen others follow from.
        if (leader.page.tree.decider.appointed !== null) return true
        const { voters, learners } = standing(leader)
        const wanted = this.#voterCount - voters.length
        if (wanted <= 0) return true
        try {
          leader.node.membership.letVote(learners.slice(0, wanted).map((id) => fromHex(id.slice(0, 64))!))
        } catch {
          // It has not caught up, or another change is under way: asked again.
        }
        return false
      },
      () => this.#describe(),
    )
  }

  // --- storms ---------------------------------------------------------------------------------------------------------------

  #doSome(): Promise<void>[] {
    const asked: Promise<void>[] = []
    for (const [at, life] of this.#lives.entries()) {
      if (!isAlive(life)) continue
      for (let count = this.#random.below(3); count > 0; count--) {
        const deed = this.#workload.draw(at)
        if (deed !== null) asked.push(this.#ask(at, life, deed))
      }
      const before = this.#contending[at] ?? Promise.resolve()
      if (this.#random.chance(0.7)) asked.push((this.#contending[at] = before.then(() => this.#contend(at, life))))
      asked.push(...this.#useLinks(at, life))
    }
    return asked
  }

  #useLinks(at: number, life: Life): Promise<void>[] {
    const random = this.#linkRandom
    const asked: Promise<void>[] = []
    const deed = random.chance(0.25) ? this.#workload.drawLink(random) : null
    if (deed !== null) asked.push(this.#ask(at, life, deed, random))
    if (random.chance(0.15)) {
      const before = this.#contending[at] ?? Promise.resolve()
      const draw = (items: Life['page']['items']) => this.#contest.drawLink(items, random)
      asked.push((this.#contending[at] = before.then(() => this.#contend(at, life, random, draw))))
    }
    if (random.chance(0.2)) asked.push(this.#follow(life))
    return asked
  }

  /** Amid the faults a link may lead nowhere yet, but never somewhere else. */
  async #follow(life: Life): Promise<void> {
    await this.#scheduler.sleep(this.#linkRandom.spread(1, 3000))
    const links = [...targetsIn(this.#model).keys()]
    if (links.length === 0) return
    const id = this.#linkRandom.pick(links)
    const end = await settle(life.process, life.node.api.followLink(id))
    if (end.kind !== 'done') return
    this.#deeds.linkFollowed++
    let wanted = id
    while (this.#model.items.get(wanted)?.targetId !== undefined) wanted = this.#model.items.get(wanted)!.targetId!
    if (end.value !== wanted) this.note(`the link ${id} leads to ${end.value}, not ${wanted}`)
  }

  async #ask(at: number, life: Life, deed: Deed, random = this.#random): Promise<void> {
    const pending: PendingDeed = { deed, requestId: `request ${++this.#requestCount}`, isCareless: false }
    await this.#scheduler.sleep(random.spread(1, 3000))
    this.#tell(`${pending.requestId} at ${names[at]}, life ${life.number}: ${describeDeed(deed)}`)
    const blobOf = (content: Bytes): Blob => createSimBlob(content, life.process)
    const tellGuests = this.#guests.watch(deed, life)
    const outcome = await settle(life.process, perform(life.node.api, pending.requestId, deed, blobOf))
    this.#tell(`${pending.requestId}: ${describeOutcome(outcome)}`)
    this.#judge(at, pending, outcome)
    if (outcome.kind === 'done' && deed.kind !== 'trash') tellGuests(outcome.value)
  }

  #judge(at: number, pending: PendingDeed, outcome: Outcome<string>): void {
    if (outcome.kind === 'done') {
      this.#acknowledgedCount++
      if (pending.deed.kind === 'addLink') this.#deeds.linkMade++
      return this.#workload.ended(at, pending, outcome.value, false)
    }
    const isClean = outcome.kind === 'failed' && cleanRefusals.has(outcome.code)
    if (outcome.kind === 'failed' && !isClean && !openRefusals.has(outcome.code))
      this.note(`${describeDeed(pending.deed)} was refused: ${describeOutcome(outcome)}`)
    this.#workload.ended(at, pending, null, isClean)
  }

  async #contend(
    at: number,
    life: Life,
    random = this.#random,
    draw = (items: Life['page']['items']): Contested | null => this.#contest.draw(items),
  ): Promise<void> {
    await this.#scheduler.sleep(random.spread(1, 3000))
    const contested = isAlive(life) && !life.process.isFrozen ? draw(life.page.items) : null
    if (contested === null) return
    const requestId = `request ${++this.#requestCount}`
    this.#tell(`${requestId} at ${names[at]}, life ${life.number}, contested: ${describeDeed(contested.deed)}`)
    const outcome = await this.#contest.perform(life, requestId, contested)
    this.#tell(`${requestId}: ${describeOutcome(outcome)}`)
    if (outcome.kind === 'done') this.#acknowledgedCount++
    if (outcome.kind === 'done' && contested.deed.kind === 'addLink') this.#deeds.linkMade++
    if (outcome.kind === 'failed' && contestRefusals.has(outcome.code)) return
    if (outcome.kind === 'failed' && !openRefusals.has(outcome.code))
      this.note(`${describeDeed(contested.deed)} was refused: ${describeOutcome(outcome)}`)
    this.#contest.ended(contested, outcome.kind === 'done' ? outcome.value : null)
  }

  async #wakeSome(): Promise<void> {
    for (const [at, life] of this.#lives.entries())
      if (!isAlive(life) && this.#random.chance(0.5)) await this.#restart(at)
  }

  async #restart(at: number): Promise<void> {
    const device = this.#devices[at]!
    this.#lives[at]?.process.kill()
    const lostCount = this.#random.below(device.disk.relaxedCount + 1)
    this.#counts.lostRelaxed += lostCount
    device.disk.losePower(lostCount)
    this.#lives[at] = await this.#start(device)
  }

  async #start(device: SimDevice): Promise<Life> {
    const started = await this.#within(device.start(), 'the start of a node')
    if (started.kind === 'done') return started.value
    // What is damaged is said so, and nothing is believed of it.
    if (started.kind === 'failed' && started.code === 'storeDamaged' && this.#healFlips(device))
      return this.#start(device)
    throw this.#giveUp(`a node does not start: ${describeOutcome(started)}`)
  }

  /** @returns whether there was anything */
  #healFlips(device: SimDevice): boolean {
    const own = this.#flips.filter((each) => each.device === device)
    for (const each of own) {
      each.flip.heal()
      this.#flips.splice(this.#flips.indexOf(each), 1)
    }
    return own.length > 0
  }

  /** Everybody does, up to a day, and they wake one after the other. */
  async #sleep(): Promise<void> {
    const random = this.#sleepRandom
    const lives = [...this.#lives.filter((life) => life !== null), ...this.#guests.all.map(({ life }) => life)]
    await this.#until('everybody is awake', () => lives.every(({ process }) => !process.isFrozen))
    this.#sleepCount++
    this.#counts.sleep++
    const durationMs = random.spread(2 * minuteMs, 24 * 60 * minuteMs)
    this.#tell(`all sleep for ${Math.round(durationMs / minuteMs)} minutes`)
    for (const { process } of lives) process.freeze(durationMs + random.below(3 * minuteMs))
    await this.#scheduler.sleep(durationMs)
    this.#sleptMs += durationMs
    await this.#scheduler.sleep(3 * minuteMs)
  }

  // --- who decides ----------------------------------------------------------------------------------------------------------

  /** Whoever decides goes out of reach, and another device takes over, or two that do not hear of each other. */
  async #takeOver(): Promise<void> {
    await this.#scheduler.sleep(this.#random.spread(1, 30_000))
    const gone = this.#lives.findIndex((life) => isAlive(life) && standing(life).isLeader)
    if (gone < 0) return
    const others = this.#lives.flatMap((life, at) => (at !== gone && isAlive(life) ? [at] : []))
    const takers = this.#random.chance(0.3) ? others.slice(0, 2) : others.slice(0, 1)
    this.#tell(`${names[gone]} is gone; ${takers.map((at) => names[at]).join(' and ')} will decide`)
    for (const alone of takers.length > 1 ? [gone, ...takers] : [gone]) this.#isolate(alone)
    if (this.#random.chance(0.3)) this.#lives[gone]!.process.kill()
    const { ordinal } = this
    const ends = await Promise.all(takers.map((at) => this.#takeOverAt(at)))
    if (ends.includes(true) && ordinal < this.ordinal) this.#counts.takenOver++
  }

  /** How many generations there were. */
  get ordinal(): number {
    return Math.max(...this.#alive().map(({ page }) => page.tree.decider.generation))
  }

  #isolate(at: number): void {
    for (const other of this.#transports) {
      if (other === this.#transports[at]) continue
      this.#network.block(this.#transports[at]!, other)
      this.#network.block(other, this.#transports[at]!)
    }
  }

  async #takeOverAt(at: number): Promise<boolean> {
    const life = this.#lives[at]!
    for (let count = 0; count < 120 && isAlive(life); count++) {
      if (life.page.tree.decider.quorum === 'away') break
      await this.#scheduler.sleep(500)
    }
    if (!isAlive(life)) return false
    const { api } = life.node
    const work = api.beginTakeOver().then(() => api.finishTakeOver(`take-over ${names[at]}`, this.#words))
    const outcome = await settle(life.process, work)
    this.#tell(`${names[at]} takes over: ${describeOutcome(outcome)}`)
    if (outcome.kind === 'failed' && !takeOverRefusals.has(outcome.code))
      this.note(`${names[at]} could not take over: ${describeOutcome(outcome)}`)
    return outcome.kind === 'done'
  }

  async #handOver(): Promise<void> {
    await this.#scheduler.sleep(this.#random.spread(1, 3000))
    const life = this.#alive().find((one) => standing(one).isLeader)
    if (life === undefined || life.process.isFrozen) return
    const outcome = await settle(life.process, life.node.api.handOver(null))
    this.#tell(`the vote is handed over: ${describeOutcome(outcome)}`)
    if (outcome.kind === 'done') this.#counts.handedOver++
    if (outcome.kind === 'failed' && !handOverRefusals.has(outcome.code))
      this.note(`the vote could not be handed over: ${describeOutcome(outcome)}`)
  }

  /** Somebody chooses who decides, anywhere: some of the devices, or none, so that the tree does. */
  async #appoint(): Promise<void> {
    const random = this.#appointRandom
    await this.#scheduler.sleep(random.spread(1, 3000))
    const lives = this.#alive().filter(({ process }) => !process.isFrozen)
    if (lives.length === 0) return
    const life = random.pick(lives)
    const chosen = random.chance(0.2) ? [] : names.slice(0, this.#devices.length).filter(() => random.chance(0.6))
    const work = life.node.api.devices().then((lines) => {
      const own = lines.filter(({ name, limited }) => limited === null && chosen.includes(name.toLowerCase()))
      return life.node.api.appoint(
        `request ${++this.#requestCount}`,
        own.map(({ principal }) => principal),
      )
    })
    const outcome = await settle(life.process, work)
    this.#tell(`${chosen.join(', ') || 'nobody'} chosen to decide: ${describeOutcome(outcome)}`)
    if (outcome.kind === 'done') this.#counts.appointed++
    if (outcome.kind === 'failed' && !appointRefusals.has(outcome.code))
      this.note(`who decides could not be chosen: ${describeOutcome(outcome)}`)
  }

  // --- calm -----------------------------------------------------------------------------------------------------------------

  async #calm(asked: readonly Promise<void>[]): Promise<void> {
    this.#tell('calm')
    for (const callOff of this.#callOffs.splice(0)) callOff()
    this.#network.heal()
    this.#setClocks()
    for (const device of this.#everyDevice) this.#healFlips(device)
    // Who has just been stopped has said so by then.
    await this.#scheduler.sleep(1000)
    const lives = (): Life[] => [...this.#alive(), ...this.#guests.all.map(({ life }) => life)]
    for (const { store } of lives()) Object.assign(store.faults, { crash: null, slowness: 1, fullChance: 0 })
    for (const device of this.#everyDevice) device.signer.brokenChance = 0
    await this.#until('everybody is awake', () => lives().every(({ process }) => !process.isFrozen))
    for (const [at, life] of this.#lives.entries()) if (!isAlive(life)) await this.#restart(at)
    await this.#guests.wake(1)
    await this.#within(Promise.all(asked), 'a deed')
    // Somebody may have been put out of reach since, for another to take over.
    this.#network.heal()
    if (this.#generationCount > 1) this.#counts.returned++
    await this.#untilOneGeneration()
    await this.#untilSettled()
    await this.#guests.settle()
    await this.#untilSettled()
    await this.#untilChosenDecide()
    await this.#until(
      'every copy is counted',
      () => this.#areCounted(),
      () => this.#describeCopies(),
    )
    await this.#compareAll()
    // What everybody has seen, nobody who starts again may have forgotten.
    for (const { disk } of this.#everyDevice) disk.flush()
    this.#failOnViolation()
  }

  get #generationCount(): number {
    return new Set(this.#alive().map((life) => standing(life).generation)).size
  }

  /** A planted bug may kill a device as it changes its generation; no fault does by now. */
  async #untilOneGeneration(): Promise<void> {
    const isOver = (): boolean => this.#generationCount === 1 && this.#alive().length === this.#lives.length
    for (let count = 0; count < 300 && !isOver(); count++) {
      await this.#scheduler.sleep(1000)
      for (const [at, life] of this.#lives.entries()) if (life?.process.isAlive === false) await this.#restart(at)
    }
  }

  get #everyDevice(): readonly SimDevice[] {
    return [...this.#devices, ...this.#guests.all.map(({ device }) => device)]
  }

  /** All are right. */
  #setClocks(): void {
    for (const { wall } of this.#everyDevice) wall.jump(this.#wall.offsetMs - wall.offsetMs)
  }

  #untilSettled(): Promise<void> {
    return this.#until(
      'all devices hold the same',
      () => this.#isSettled(),
      () => this.#describe(),
    )
  }

  /** With everybody there nothing stands in the way of a choice any more. */
  async #untilChosenDecide(): Promise<void> {
    await this.#until(
      'those decide who were chosen',
      () => this.#alive().every((life) => votersAsChosen(life)),
      () => this.#describe(),
    )
    await this.#untilSettled()
  }

  #isSettled(): boolean {
    const standings = this.#alive().map(standing)
    const { appliedIndex: index, generation: of } = standings[0]!
    return (
      standings.length === this.#devices.length &&
      standings.some(({ isLeader }) => isLeader) &&
      standings.every(
        ({ generation, appliedIndex, lackingCount, keptCount }) =>
          generation === of && appliedIndex === index && lackingCount === 0 && keptCount === 0,
      )
    )
  }

  #describe(): string {
    return this.#lives
      .map((life, at) => {
        if (life === null || !life.process.isAlive) return `${names[at]} is dead`
        const { generation, appliedIndex, term, isLeader, lackingCount, keptCount, peers } = standing(life)
        const up = peers.filter(({ path }) => path !== null).length
        return `${names[at]}: generation ${generation}, term ${term}${isLeader ? ' leads' : ''}, index ${appliedIndex}, lacks ${lackingCount}, keeps ${keptCount}, ${up} peers`
      })
      .join('; ')
  }

  /** Whether every device shows of each item that every device has it, and nobody else. */
  #areCounted(): boolean {
    const copyCount = this.#devices.length
    return this.#alive().every(({ page }) => [...page.items.values()].every((item) => item.copyCount === copyCount))
  }

  #describeCopies(): string {
    const counts = this.#alive().map(({ page }) =>
      [...page.items.values()].map(({ name, copyCount }) => `${name}: ${copyCount}`),
    )
    return counts.map((each, at) => `${names[at]} ${each.join(', ')}`).join('; ')
  }

  async #compareAll(): Promise<void> {
    const [first, ...others] = this.#alive()
    const own = uncontested(first!)
    const happened = new Set<string>()
    for (const { requestId, hasHappened } of resolvePending(this.#model, this.#workload.pending, own)) {
      this.#tell(`${requestId} turns out to have ${hasHappened ? '' : 'not '}happened`)
      if (hasHappened) happened.add(requestId)
    }
    this.#workload.resolved()
    for (const [at, life] of [first!, ...others].entries()) {
      for (const finding of compareItems(this.#model, uncontested(life))) this.note(`at ${names[at]} ${finding}`)
      if (standing(life).attested?.agrees === false) this.note(`at ${names[at]} others have signed another state`)
      if (standing(life).quarantinedCount > 0) this.note(`at ${names[at]} something was refused for good`)
      const report = await this.#within(settle(life.process, life.node.api.storage()), 'a report')
      const { generation, appliedIndex } = standing(life)
      if (report.kind === 'done') this.#audit.onState(names[at]!, generation, appliedIndex, report.value.stateRoot)
      this.#trace.note(this.#scheduler.nowMs, report.kind === 'done' ? report.value.stateRoot : report.kind)
    }
    await this.#compareLinks()
    await this.#guests.compare(happened)
    for (const finding of await this.#within(this.#contest.judge(this.#alive()), 'reading')) this.note(finding)
    const files = [...this.#model.items.values()].filter(({ content }) => content !== null)
    for (let count = Math.min(4, files.length); count > 0; count--)
      await this.#readAt(this.#random.pick(this.#alive()), this.#random.pick(files))
  }

  async #compareLinks(): Promise<void> {
    const targets = new Map([...targetsIn(this.#model), ...this.#contest.targets])
    let others: ReadonlyMap<string, string> | null = null
    for (const life of this.#alive()) {
      const ends = await this.#within(followAll(life), 'following links')
      this.#deeds.linkFollowed += ends.size
      others ??= ends
      for (const finding of compareEnds(life.page.items, targets, ends, others, 'linkDangling')) this.note(finding)
    }
  }

  async #readAt(life: Life, file: ReturnType<Model['children']>[number]): Promise<void> {
    const read = await this.#within(settle(life.process, readAll(life.node.api, file.id)), 'reading')
    if (read.kind !== 'done') return this.note(`"${file.name}" cannot be read: ${describeOutcome(read)}`)
    const findings = compareContent(file, [file.content!], read.value, 0, file.content!.length)
    for (const finding of findings) this.note(finding)
  }

  /** The storage of a device that others can do without, also of the one that leads, is lost; it comes back and joins anew. */
  async #wipeOne(): Promise<void> {
    const leads = this.#lives.findIndex((life) => isAlive(life) && standing(life).isLeader)
    const at = leads > 0 && this.#random.chance(0.4) ? leads : 1 + this.#random.below(this.#devices.length - 1)
    const life = this.#lives[at]!
    if (!this.#canDoWithout(life)) return
    if (standing(life).isLeader) this.#counts.wipedLeader++
    this.#counts.wiped++
    this.#tell(`${names[at]} loses its storage`)
    life.process.kill()
    const device = (this.#devices[at] = this.#newDevice(this.#devices[at]!.name, life.number))
    const fresh = await this.#startInPlace(at, device)
    const host = await this.#leaderBeside(fresh)
    await this.#within(
      host.node.membership.address().then((to) => fresh.node.membership.join(to)),
      'joining again',
    )
    await this.#allVote()
    // Until then a person there does not see what the others did.
    await this.#untilSettled()
    // It has fetched everything anew by relaxed writes, and a loss of power takes back such as no strict one has followed, however
    // long ago they were: in the next storm it would lack files that it has seen.
    device.disk.flush()
  }

  /** A device that others can do without is lost for good and put out, and another one comes in its place. */
  async #removeOne(): Promise<void> {
    const random = this.#removalRandom
    const at = 1 + random.below(this.#devices.length - 1)
    const life = this.#lives[at]!
    if (standing(life).isLeader || !this.#canDoWithout(life)) return
    this.#counts.removed++
    this.#tell(`${names[at]} is lost and removed`)
    life.process.kill()
    const by = await this.#leaderBeside(life)
    const removal = by.node.api.removeDevice(`request ${++this.#requestCount}`, life.page.tree.principal)
    const outcome = await this.#within(settle(by.process, removal), 'a removal')
    if (outcome.kind !== 'done') throw this.#giveUp(`${names[at]} can not be removed: ${describeOutcome(outcome)}`)
    const device = (this.#devices[at] = this.#newDevice(`${names[at]} after ${this.#counts.removed}`))
    this.#transports[at] = await device.keys.transportId()
    const fresh = await this.#startInPlace(at, device)
    const host = await this.#leaderBeside(fresh)
    await this.#within(letIn(host, fresh, device, this.#treeId, this.#words, this.#nowMs), 'joining')
    await this.#allVote()
    await this.#untilSettled()
    device.disk.flush()
  }

  async #startInPlace(at: number, device: SimDevice): Promise<Life> {
    this.#audit.observe(names[at]!, device.disk)
    device.wall.jump(this.#wall.offsetMs - device.wall.offsetMs)
    return (this.#lives[at] = await this.#start(device))
  }

  async #leaderBeside(life: Life): Promise<Life> {
    const leader = (): Life | undefined => this.#alive().find((one) => one !== life && standing(one).isLeader)
    await this.#until('somebody leads', () => leader() !== undefined)
    return leader()!
  }

  /** Whether those who decide are more than half without it; else nobody could let it in again. */
  #canDoWithout(life: Life): boolean {
    const { voters, nodeId } = standing(life)
    return !voters.includes(nodeId) || voters.length - 1 > voters.length / 2
  }

  /** Whether bodies are still listed whose grace is over. */
  async #isForgetting(): Promise<boolean> {
    const held = await this.#within(readHeldState(this.#lives[0]!.store, placeOf(this.#treeId)), 'a look at a disk')
    const [oldest] = held === null ? [] : entries(newestState(held).map, keys.deads)
    return oldest !== undefined && fromU64be(oldest[0], 1)! < this.#nowMs - deadGraceMs
  }

  /** Everything at rest, and a day later: every byte at every device, and nothing on the disks that serves nobody. */
  async #lastLook(): Promise<void> {
    await this.#calm([])
    for (const file of [...this.#model.items.values()].filter(({ content }) => content !== null))
      for (const life of this.#alive()) await this.#readAt(life, file)
    this.#failOnViolation()
    this.#wall.jump(25 * 60 * minuteMs)
    this.#setClocks()
    await this.#scheduler.sleep(minuteMs)
    // One batch forgets a few of the bodies that were left behind.
    for (let count = 0; count < 12 || (await this.#isForgetting()); count++) {
      const deed: Deed = { kind: 'createFolder', parentId: this.#model.rootId, name: `a day later ${count}` }
      await this.#within(this.#ask(0, this.#lives[0]!, deed), 'a deed')
    }
    await this.#untilSettled()
    await this.#scheduler.sleep(minuteMs)
    await this.#compareAll()
    for (const [at, device] of this.#devices.entries()) {
      const held = await this.#within(readHeldState(this.#lives[at]!.store, placeOf(this.#treeId)), 'a look at a disk')
      if (held === null) this.note(`${names[at]} holds nothing`)
      else
        for (const finding of await weighDisk(device.disk, newestState(held))) this.note(`at ${names[at]} ${finding}`)
    }
    this.#failOnViolation()
  }

  // --- helpers --------------------------------------------------------------------------------------------------------------

  #alive(): readonly Life[] {
    return this.#lives.filter(isAlive)
  }

  async #until(what: string, isTrue: () => boolean, describe = (): string => ''): Promise<void> {
    const endMs = this.#scheduler.nowMs + calmMs
    while (!isTrue()) {
      if (this.#scheduler.nowMs > endMs) throw this.#giveUp(`it never came about that ${what}: ${describe()}`)
      await this.#scheduler.sleep(250)
    }
  }

  async #within<T>(work: Promise<T>, what: string): Promise<T> {
    let cancel = (): void => {}
    const stuck = new Promise<never>((_, reject) => {
      cancel = this.#scheduler.after(calmMs, () => reject(this.#giveUp(`${what} never ends: ${this.#describe()}`)))
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

const isAlive = (life: Life | null): life is Life => life !== null && life.process.isAlive && life.page.stopped === null
const standing = (life: Life) => life.node.membership.standing()

/** Whether just those vote whom the owner has chosen, as this device knows it; also where he has chosen nobody. */
function votersAsChosen(life: Life): boolean {
  const { appointed } = life.page.tree.decider
  const chosen = appointed?.map((principal) => principal.replaceAll(' ', '')).toSorted()
  const voters = standing(life).voters.map((id) => id.slice(0, 64))
  return chosen === undefined || chosen.join() === voters.toSorted().join()
}
