/**
 * A group of three to seven nodes by one seed: times of trouble, and calms in which all must come together again.
 *
 * Only consensus runs here, with registers over it: a simulated hour costs a fraction of a second, so that many thousand hours can
 * be looked at. The whole node under the same kinds of trouble is `cluster-run.ts`.
 * @module
 */
import {
  type Configuration,
  type MemberChange,
  type Message,
  type NodeId,
  emptyConfiguration,
} from '../../core/raft/raft.ts'
import { judgeHistory } from '../linearizability.ts'
import { Random } from '../random.ts'
import { type Cancel, Timeline } from '../timeline.ts'
import { Trace } from '../trace.ts'
import type { GroupBug } from './bugs.ts'
import { Clients } from './clients.ts'
import { GroupDisk } from './disk.ts'
import { Life, electionMs, tickMs, writeMs } from './life.ts'
import { GroupNetwork, type GroupNetFault, groupNetFaultNames } from './network.ts'
import { registers } from './registers.ts'
import { Witness } from './witness.ts'

/**
 * Corrupt messages are not among them: what was changed on its way fails the authentication of its channel, and so is lost or ends the
 * connection. Nor are mixed versions: there is one version of this.
 */
export const groupFaultNames = [
  'killed',
  'crashBefore',
  'crashAfter',
  'refused',
  'lostRelaxed',
  'pause',
  'sleep',
  'partition',
  'oneWay',
  'ring',
  'bridge',
  'isolatedLeader',
  'slowDisk',
  'secondLife',
  'election',
  'fickle',
  'figure8',
  'wiped',
  'wipedInStorm',
  'wipedLeader',
  'configuration',
  'transfer',
  'lonely',
  ...groupNetFaultNames,
] as const
export type GroupFault = (typeof groupFaultNames)[number]
export type GroupFaultCounts = Record<GroupFault, number>

export interface GroupOptions {
  readonly seed: number
  /** Simulated, at least. */
  readonly durationMs: number
  readonly bug?: GroupBug | null
  /** To tell a course in fewer words. */
  readonly less?: Less
}

/** What a course has less of than its seed draws; all else stays as near to what it was as it can. */
export interface Less {
  /** Its storms, by their numbers; absent: as many as there is time for. */
  readonly storms?: readonly number[]
  /** Of the trouble that is drawn, by its place in the course. */
  readonly without?: ReadonlySet<string>
  readonly voterCount?: number
  readonly clientCount?: number
}

/** Trouble that struck. */
export interface Struck {
  /** The number of its storm, and which of that it is. */
  readonly place: string
  readonly kind: Trouble
}

export interface GroupReport {
  readonly seed: number
  readonly hash: string
  readonly violations: readonly string[]
  readonly story: readonly string[]
  readonly faults: GroupFaultCounts
  readonly storms: readonly number[]
  readonly struck: readonly Struck[]
  readonly memberCount: number
  readonly acknowledgedCount: number
  readonly leaderCount: number
  readonly entryCount: number
  readonly simulatedMs: number
  readonly eventCount: number
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** Ten election timeouts after all is well somebody leads, and all have caught up. */
const calmMsMax = 10 * 2 * electionMs
const memberCountMax = 7
/** Of sleeps those that all sleep; where one does the others' hours take their time here. */
const commonSleepChance = 0.99
const slowWriteMs = { min: 1000, max: 12_000 }

const troubles = {
  none: 10,
  killed: 10,
  crash: 14,
  full: 8,
  pause: 10,
  sleep: 1,
  partition: 10,
  oneWay: 6,
  ring: 4,
  bridge: 4,
  isolatedLeader: 10,
  lossy: 12,
  delayed: 6,
  slowDisk: 5,
  secondLife: 5,
  election: 8,
  fickle: 6,
  figure8: 8,
  wipedInStorm: 5,
  configuration: 14,
  transfer: 6,
} as const
type Trouble = Exclude<keyof typeof troubles, 'none'> | 'lonely' | 'wiped'

/** But for those that the network counts. */
type OwnFaultCounts = Record<Exclude<GroupFault, GroupNetFault>, number>

interface Member {
  readonly id: NodeId
  disk: GroupDisk
  life: Life
}

/** Something was found; nothing after it says anything. */
class FoundError extends Error {
  override name = 'FoundError'
}

export function runGroup(options: GroupOptions): GroupReport {
  const run = new GroupRun(options)
  try {
    run.run()
  } catch (error) {
    if (!(error instanceof FoundError)) run.witness.note(String((error as Error).stack))
  }
  return run.report()
}

class GroupRun {
  readonly #options: GroupOptions
  readonly #timeline = new Timeline()
  /** Of the seed; whatever takes its turn in the course has a fork of its own, so that it does not depend on what came before. */
  readonly #seeded: Random
  #random: Random
  readonly #trace: Trace
  readonly #network: GroupNetwork
  readonly #clients: Clients
  readonly witness = new Witness()
  readonly #members = new Map<NodeId, Member>()
  readonly #founders: Configuration
  /** Whether messages hold little, and few are under way. */
  readonly #isTight: boolean
  readonly #counts: OwnFaultCounts
  readonly #callOffs: Cancel[] = []
  readonly #struck: Struck[] = []
  readonly #storms: number[] = []
  /** As long as there is trouble: who votes may lose its power right after. */
  #mayLosePower = false
  #transferredAtMs = -Infinity
  /** Likewise what happens to one that was elected, as its first words go out. */
  #onElected: (member: Member) => void = () => {}
  #electedTerm = 0
  #joinedCount: number
  /** Lost their disks in this storm. */
  readonly #gone: NodeId[] = []
  /** Somebody wants to change who votes, in this storm. */
  #isChanging = false
  #sleptMs = 0

  constructor(options: GroupOptions) {
    this.#options = options
    const { voterCount, clientCount } = options.less ?? {}
    const random = (this.#seeded = this.#random = Random.fromSeed(options.seed))
    // One that is told to the end has no end of lines.
    this.#trace = options.less === undefined ? new Trace() : new Trace(Infinity)
    const names = groupFaultNames.filter((name) => !(groupNetFaultNames as readonly string[]).includes(name))
    this.#counts = Object.fromEntries(names.map((name) => [name, 0])) as OwnFaultCounts
    this.#network = new GroupNetwork(
      this.#timeline,
      random.fork('network'),
      (message) => this.#deliver(message),
      (message, isReceived) => this.#report(message, isReceived),
    )
    this.#isTight = random.chance(0.4)
    const drawnCount = random.pick([3, 3, 5, 5, 7])
    this.#joinedCount = voterCount ?? drawnCount
    const voters = Array.from({ length: this.#joinedCount }, (_, at) => nameOf(at))
    this.#founders = { ...emptyConfiguration, voters }
    for (const id of voters) this.#join(id)
    this.#clients = new Clients({
      timeline: this.#timeline,
      random: random.fork('clients'),
      witness: this.witness,
      lives: () => this.#lives.filter(({ isAlive }) => isAlive),
      onAnswered: (line) => options.less && this.#tell(line),
      ...(clientCount === undefined ? {} : { clientCount }),
    })
  }

  report(): GroupReport {
    return {
      seed: this.#options.seed,
      hash: this.#trace.hash,
      violations: this.witness.violations,
      story: this.#trace.story,
      faults: { ...this.#counts, ...this.#network.counts },
      storms: this.#storms,
      struck: this.#struck,
      memberCount: this.#members.size,
      acknowledgedCount: this.#clients.acknowledgedCount,
      leaderCount: this.witness.leaderCount,
      entryCount: this.witness.appliedIndexMax,
      simulatedMs: this.#awakeMs,
      eventCount: this.#timeline.eventCount,
    }
  }

  run(): void {
    const { durationMs, less } = this.#options
    this.#comeTogether()
    if (less?.storms !== undefined) for (const storm of less.storms) this.#storm(storm)
    else for (let storm = 1; this.#awakeMs < durationMs; storm++) this.#storm(storm)
    this.#lastLook()
  }

  get #awakeMs(): number {
    return this.#timeline.nowMs - this.#sleptMs
  }

  #storm(storm: number): void {
    const random = this.#seeded.fork(`storm ${storm}`)
    this.#storms.push(storm)
    this.#isChanging = false
    for (let round = random.between(2, 6); round > 0; round--) {
      const kind = random.weighted(troubles)
      if (kind !== 'none') this.#let(kind, `${storm} ${round}`, () => this.#strike(kind))
      this.#pass(random.spread(500, 40_000))
      if (random.chance(0.3)) this.#network.heal()
      for (const member of this.#members.values()) if (random.chance(0.5) && !member.life.isAlive) this.#restart(member)
    }
    this.#comeTogether()
    if (random.chance(0.25)) this.#let('lonely', `${storm} lonely`, () => this.#beLonely())
    if (random.chance(0.2)) this.#let('wiped', `${storm} wiped`, () => this.#wipe())
    this.#pass(random.between(0, 2 * minuteMs))
  }

  #let(kind: Trouble, place: string, strike: () => void): void {
    if (this.#options.less?.without?.has(place)) return
    this.#random = this.#seeded.fork(place)
    this.#struck.push({ place, kind })
    strike()
  }

  // --- members --------------------------------------------------------------------------------------------------------------

  get #lives(): readonly Life[] {
    return [...this.#members.values()].map(({ life }) => life)
  }
  get #leader(): Life | null {
    const leading = this.#lives.filter(({ isLeader }) => isLeader)
    return leading.toSorted((one, other) => other.raft.term - one.raft.term)[0] ?? null
  }

  #join(id: NodeId): Member {
    const disk = new GroupDisk(this.#founders)
    const member: Member = { id, disk, life: this.#start(id, disk, null) }
    this.#members.set(id, member)
    return member
  }

  #start(id: NodeId, disk: GroupDisk, before: Life | null): Life {
    return new Life({
      id,
      disk,
      timeline: this.#timeline,
      random: this.#random.fork(id).fork(disk.epoch),
      witness: this.witness,
      bug: this.#options.bug ?? null,
      isTight: this.#isTight,
      send: (message) => this.#send(message),
      onCrash: (when) => {
        this.#counts[when === 'before' ? 'crashBefore' : 'crashAfter']++
        this.#tell(`${id} dies ${when} a write`)
      },
      onRefused: () => {
        this.#counts.refused++
        this.#tell(`${id} stops at a write that was refused`)
      },
      machine: before?.machine ?? null,
    })
  }

  #send(message: Message): void {
    this.witness.onSent(message)
    this.#network.send(message)
    const { kind, from } = message
    const random = this.#random
    if (kind === 'voteResponse' && this.#mayLosePower && random.chance(0.3))
      this.#soon(random.between(0, 4), () => this.#members.has(from) && this.#restart(this.#members.get(from)!))
    if (kind === 'append' && message.term > this.#electedTerm) {
      this.#electedTerm = message.term
      this.#tell(`${from} leads in term ${message.term}`)
      this.#onElected(this.#members.get(from)!)
    }
  }

  #restart(member: Member): void {
    // What strikes later may be meant for one whose disk is gone by then.
    if (this.#members.get(member.id) !== member) return
    member.life.kill()
    if (member.disk.losePower(this.#random) > 0) this.#counts.lostRelaxed++
    member.life = this.#start(member.id, member.disk, member.life)
    this.#tell(`${member.id} starts`)
  }

  #deliver(message: Message): boolean {
    const life = this.#members.get(message.to)?.life
    if (life?.isAlive !== true) return false
    this.#trace.note(this.#timeline.nowMs, `${message.from}>${message.to} ${message.kind}`)
    life.receive(message)
    return true
  }
  #report({ kind, from, to: peer }: Message, isReceived: boolean): void {
    const life = this.#members.get(from)?.life
    if (kind === 'snapshot') life?.ask(() => life.step({ kind: 'reportSnapshot', peer, isReceived }))
  }

  // --- trouble --------------------------------------------------------------------------------------------------------------

  #strike(trouble: Exclude<Trouble, 'lonely' | 'wiped'>): void {
    const random = this.#random
    const ids = [...this.#members.keys()]
    const member = this.#members.get(random.pick(ids))!
    const { life } = member
    this.#tell(`trouble: ${trouble} ${member.id}`)
    const blockAll = (isBlocked: (from: number, to: number) => boolean): void => {
      for (const [from, one] of ids.entries())
        for (const [to, other] of ids.entries()) if (from !== to && isBlocked(from, to)) this.#network.block(one, other)
    }
    const count = (name: keyof OwnFaultCounts): void => void this.#counts[name]++
    switch (trouble) {
      case 'killed':
        if (life.isAlive) count('killed')
        return life.kill()
      case 'crash':
        life.crash = { writeCount: random.spread(1, 12) - 1, when: random.pick(['before', 'after'] as const) }
        return
      case 'pause':
        count('pause')
        return life.freeze(random.spread(1000, 10 * minuteMs))
      case 'full': {
        const { disk } = member
        disk.isFull = true
        return this.#soon(random.spread(1000, minuteMs), () => (disk.isFull = false))
      }
      case 'sleep':
        return this.#sleep(life)
      case 'partition': {
        count('partition')
        const sides = ids.map(() => random.chance(0.5))
        return blockAll((from, to) => sides[from] !== sides[to])
      }
      case 'oneWay': {
        count('oneWay')
        const at = ids.indexOf(member.id)
        const isDeaf = random.chance(0.5)
        return blockAll((from, to) => (isDeaf ? to : from) === at)
      }
      case 'ring':
        count('ring')
        return blockAll((from, to) => (from + 1) % ids.length !== to && (to + 1) % ids.length !== from)
      case 'bridge': {
        // Two sides, and one in between whom both reach.
        count('bridge')
        const at = ids.indexOf(member.id)
        const sides = ids.map(() => random.chance(0.5))
        return blockAll((from, to) => from !== at && to !== at && sides[from] !== sides[to])
      }
      case 'isolatedLeader': {
        const at = ids.indexOf(this.#leader?.id ?? '')
        if (at < 0) return
        count('isolatedLeader')
        this.#askBoth(this.#members.get(ids[at]!)!.life)
        return blockAll((from, to) => from === at || to === at)
      }
      case 'lossy':
        return void Object.assign(this.#network.faults, { lossChance: random.between(1, 10) * 0.03, repeatChance: 0.1 })
      case 'delayed':
        Object.assign(this.#network.faults, { delayChance: 0.2, delayMsMax: minuteMs })
        return this.#askBoth(life)
      case 'slowDisk':
        count('slowDisk')
        life.writeMs = slowWriteMs
        return
      case 'secondLife':
        // Another tab opens the same disk, and the first one has not heard of it.
        if (!life.isAlive) return
        count('secondLife')
        member.life = this.#start(member.id, member.disk, life)
        return
      case 'election': {
        // Everybody loses the leader at once, two stand for election in the same instant, and who has voted may lose its power.
        count('election')
        for (const one of this.#lives) one.freeze(electionMs)
        this.#mayLosePower = true
        const rivals = [life, this.#members.get(random.pick(ids))!.life]
        return this.#soon(random.between(electionMs, 3 * electionMs), () => {
          for (const one of rivals) one.step({ kind: 'campaign' })
        })
      }
      case 'fickle':
        // One leader after the other loses the others shortly after it was elected.
        count('fickle')
        this.#onElected = () => this.#soon(random.between(0, 200), () => this.#isolateLeader())
        return this.#isolateLeader()
      case 'figure8':
        return this.#playFigure8()
      case 'wipedInStorm':
        return this.#wipeInStorm(random.chance(0.4) ? (this.#leader?.id ?? member.id) : member.id)
      case 'configuration':
        return this.#change()
      case 'transfer': {
        const leader = this.#leader
        if (leader === null) return
        count('transfer')
        this.#transferredAtMs = this.#timeline.nowMs
        return void leader.step({ kind: 'transferLeadership', transferee: member.id })
      }
    }
  }

  /** Up to a day, of everybody, or of one while the others go on; they wake by themselves. */
  #sleep(one: Life): void {
    this.#counts.sleep++
    const durationMs = this.#random.spread(10 * minuteMs, 24 * hourMs)
    const isCommon = this.#random.chance(commonSleepChance)
    for (const life of isCommon ? this.#lives : [one]) life.freeze(durationMs)
    if (isCommon) this.#clients.sleep(durationMs)
    this.#tell(`${isCommon ? 'all' : one.id} sleep for ${Math.round(durationMs / minuteMs)} minutes`)
    this.#pass(durationMs)
    this.#sleptMs += durationMs
  }

  /** Unless it is calm by then. */
  #soon(delayMs: number, run: () => void): void {
    this.#callOffs.push(this.#timeline.after(delayMs, run))
  }

  /** With something that nobody else has, or one other. */
  #isolateLeader(): void {
    const leader = this.#leader
    if (leader === null) return
    this.#network.heal()
    this.#clients.ask({ kind: 'write', key: `fickle ${this.#timeline.nowMs}`, value: 'it' }, () => {})
    if (this.#random.chance(0.3)) this.#change()
    const near = this.#random.pick([...this.#members.keys()])
    for (const other of this.#members.keys()) {
      if (other === leader.id || other === near) continue
      this.#network.block(leader.id, other)
      this.#network.block(other, leader.id)
    }
  }

  /**
   * As in figure 8 of the paper: the first leads and has an entry that nobody else has, the second leads and has another one in its
   * place, the first leads again, and is gone when all others have its old entry and none the one that it began with; then the
   * second leads again. Where a message has room for one entry, what is old goes alone.
   */
  #playFigure8(): void {
    const first = this.#members.get(this.#leader?.id ?? '')
    if (first === undefined) return
    this.#counts.figure8++
    const blockPairs = (isBlocked: (from: NodeId, to: NodeId) => boolean): void => {
      for (const from of this.#members.keys())
        for (const to of this.#members.keys()) if (isBlocked(from, to)) this.#network.block(from, to)
    }
    const isolate = ({ id }: Member): void => blockPairs((from, to) => from === id || to === id)
    /** It alone can be elected: all others reach only it. */
    const follow = (leader: Member, gone: Member): void => {
      this.#network.heal()
      blockPairs((from, to) => from !== leader.id && to !== leader.id)
      isolate(gone)
      this.#restart(leader)
    }
    this.#network.heal()
    isolate(first)
    this.#clients.ask({ kind: 'write', key: `figure ${this.#timeline.nowMs}`, value: 'it' }, () => {}, first.life)
    this.#soon(400, () => first.life.kill())
    this.#onElected = (second) => {
      isolate(second)
      this.#onElected = (again) => {
        this.#onElected = () => {}
        this.#network.hold((message) => this.#wouldStoreNew(message))
        this.#soon(2 * tickMs, () => {
          again.life.kill()
          follow(second, again)
        })
      }
      this.#soon(500, () => {
        second.life.kill()
        follow(first, second)
      })
    }
    this.#pass(minuteMs)
  }

  /** Whether it brings an entry of the leader's own term to one that would take it. Where it is refused, older ones follow. */
  #wouldStoreNew(message: Message): boolean {
    if (message.kind !== 'append' || !message.entries.some(({ term }) => term === message.term)) return false
    const log = this.#members.get(message.to)?.life.raft.log
    return log !== undefined && log.tailStart + log.tail.length > message.previousIndex
  }

  /** One reads at a member that may have fallen behind, while another writes the same. */
  #askBoth(life: Life): void {
    // A register of its own: where many writes stay without an answer the checker has much to try.
    const key = `beside ${this.#timeline.nowMs}`
    for (let second = 0; second < 16; second++)
      this.#timeline.after(second * 1000, () => {
        if (second % 3 === 0) this.#clients.ask({ kind: 'write', key, value: `${second}` }, () => {})
        this.#clients.ask({ kind: 'read', key }, () => {}, life)
      })
  }

  /** Somebody joins, votes, or goes: one at a time, or two in one joint change. */
  #change(): void {
    const leader = this.#leader
    // With some gone, one less may be too few.
    if (leader === null || this.#gone.length > 0) return
    const { voters, learners } = leader.raft.configuration
    const spare = voters.filter((id) => id !== leader.id)
    const changes: MemberChange[] = []
    const isFull = this.#members.size >= memberCountMax + 3
    const kind = this.#random.weighted({ add: isFull ? 0 : 3, promote: 3, remove: 2, replace: 2 })
    const learner = learners.length > 0 ? this.#random.pick(learners) : null
    if (kind === 'add' && learners.length < 2)
      changes.push({ kind: 'addLearner', id: this.#join(nameOf(this.#joinedCount++)).id })
    if (kind === 'promote' && learner !== null && voters.length < memberCountMax)
      changes.push({ kind: 'addVoter', id: learner })
    if (kind === 'remove' && voters.length > 3) changes.push({ kind: 'removeNode', id: this.#random.pick(spare) })
    if (kind === 'replace' && learner !== null && spare.length > 0)
      changes.push({ kind: 'addVoter', id: learner }, { kind: 'removeNode', id: this.#random.pick(spare) })
    if (changes.length === 0) return
    this.#counts.configuration++
    this.#isChanging = true
    this.#tell(`${leader.id} proposes ${changes.map(({ kind, id }) => `${kind} ${id}`).join(', ')}`)
    this.#propose(leader, changes)
  }
  #propose(leader: Life, changes: readonly MemberChange[]): void {
    const change = { transition: 'auto', changes, context: new Uint8Array(0) } as const
    leader.step({ kind: 'proposeConfiguration', change })
  }

  // --- calm -----------------------------------------------------------------------------------------------------------------

  #pass(durationMs: number): void {
    const endMs = this.#timeline.nowMs + durationMs
    let isOver = false
    this.#timeline.after(durationMs, () => (isOver = true))
    while (!isOver && this.#timeline.nowMs <= endMs) this.#timeline.next()
    if (this.witness.violations.length > 0) throw new FoundError()
  }

  #until(what: string, isTrue: () => boolean, msMax = calmMsMax): void {
    const endMs = this.#timeline.nowMs + msMax
    while (!isTrue()) {
      if (this.#timeline.nowMs > endMs) this.#giveUp(`stuck: ${what}; ${this.#describe()}`)
      this.#pass(500)
    }
  }
  #giveUp(violation: string): never {
    this.witness.note(violation)
    throw new FoundError()
  }

  /** The members of the newest configuration, and those who left it. */
  #comeTogether(): void {
    this.#tell('calm')
    for (const callOff of this.#callOffs.splice(0)) callOff()
    this.#mayLosePower = false
    this.#onElected = () => {}
    this.#network.heal()
    for (const member of this.#members.values()) {
      member.disk.isFull = false
      member.life.crash = null
      member.life.writeMs = writeMs
      if (!member.life.isAlive || member.life.isFrozen) this.#restart(member)
    }
    this.#until('nobody leads', () => this.#leader !== null)
    this.#until('nothing is written', () => this.#probe())
    this.#until('some lag behind', () => this.#areEven())
    for (const gone of this.#gone.splice(0)) this.#replace(gone)
  }

  /** Whether a write that is asked for now is answered by the time it is asked again. */
  #probe(): boolean {
    if (this.#probed === null) {
      this.#probed = 'asked'
      this.#clients.ask({ kind: 'write', key: 'probe', value: `${this.#timeline.nowMs}` }, (isAnswered) => {
        this.#probed = isAnswered ? 'answered' : null
      })
    }
    if (this.#probed !== 'answered') return false
    this.#probed = null
    return true
  }
  #probed: 'asked' | 'answered' | null = null

  #areEven(): boolean {
    const leader = this.#leader
    if (leader === null) return false
    const { voters, learners, votersOutgoing } = leader.raft.configuration
    const index = leader.machine.appliedIndex
    const isEven = (id: NodeId): boolean => (this.#members.get(id)?.life.machine.appliedIndex ?? index) >= index - 2
    return votersOutgoing.length === 0 && [...voters, ...learners].every(isEven)
  }

  #describe(): string {
    return this.#lives
      .map((life) => {
        const { role, term, log, configuration } = life.raft
        const state = life.isAlive ? (life.isFrozen ? 'frozen' : role) : 'dead'
        return `${life.id} ${state} ${term} ${life.machine.appliedIndex}/${log.commitIndex}/${log.tailStart + log.tail.length - 1} of ${configuration.voters.join('')}`
      })
      .join(', ')
  }

  /** One who was alone for a while deposes nobody when it comes back. */
  #beLonely(): void {
    // Until what was written slowly is written: who writes answers nobody. And until nobody is on the way any more to be told to lead.
    this.#pass(Math.max(slowWriteMs.max, this.#transferredAtMs + minuteMs + slowWriteMs.max - this.#timeline.nowMs))
    const leader = this.#leader
    if (leader === null) return
    const { voters, votersOutgoing } = leader.raft.configuration
    if (voters.length < 3 || votersOutgoing.length > 0) return
    this.#counts.lonely++
    const alone = this.#random.pick(voters.filter((id) => id !== leader.id))
    this.#tell(`${alone} is alone for a while`)
    const { term } = leader.raft
    for (const other of this.#members.keys()) {
      if (other === alone) continue
      this.#network.block(alone, other)
      this.#network.block(other, alone)
    }
    this.#pass(6 * electionMs)
    this.#network.heal()
    this.#pass(3 * electionMs)
    const now = this.#leader
    if (now?.id !== leader.id || now.raft.term !== term)
      this.#giveUp(`${leader.id} led in term ${term} and had all but ${alone}; who came back deposed it`)
  }

  /** A member loses its disk, and comes back as another one. */
  #wipe(): void {
    const leader = this.#leader!
    const { voters } = leader.raft.configuration
    if (voters.length < 3) return
    const gone = this.#random.pick(voters)
    if (gone === leader.id) this.#counts.wipedLeader++
    this.#counts.wiped++
    if (this.#loseDisk(gone)) this.#replace(gone)
  }

  /**
   * The same amid trouble; what it held others must have by themselves, and it comes back when all is calm. Nobody votes in its place until
   * then, so of those who vote as many must be left as decide; who they are is known where nobody wants to change it.
   */
  #wipeInStorm(id: NodeId): void {
    const voterIds = this.#newestConfiguration.voters
    const leftCount = voterIds.filter((voter) => voter !== id && !this.#gone.includes(voter)).length
    if (this.#isChanging || !voterIds.includes(id) || leftCount <= voterIds.length / 2) return
    this.#counts.wipedInStorm++
    if (this.#leader?.id === id) this.#counts.wipedLeader++
    if (this.#loseDisk(id)) this.#gone.push(id)
  }
  get #newestConfiguration(): Configuration {
    const [newest] = this.#lives.toSorted((one, other) => other.machine.appliedIndex - one.machine.appliedIndex)
    return newest!.raft.configuration
  }

  /** @returns whether its name is gone with it */
  #loseDisk(id: NodeId): boolean {
    this.#tell(`${id} loses its disk`)
    this.#members.get(id)!.life.kill()
    if (this.#options.bug?.keepsIdAfterWipe) this.#join(id)
    else this.#members.delete(id)
    return !this.#members.has(id)
  }

  #replace(gone: NodeId): void {
    const fresh = nameOf(this.#joinedCount++)
    this.#join(fresh)
    this.#until('the newcomer listens', () =>
      this.#isChanged(({ learners }) => learners.includes(fresh), [{ kind: 'addLearner', id: fresh }]),
    )
    this.#until('it votes', () =>
      this.#isChanged(
        (configuration) => configuration.voters.includes(fresh) && !configuration.voters.includes(gone),
        [
          { kind: 'addVoter', id: fresh },
          { kind: 'removeNode', id: gone },
        ],
      ),
    )
  }
  /** Proposed again until it is so: a leader may change, or another change be under way. */
  #isChanged(isSo: (configuration: Configuration) => boolean, changes: readonly MemberChange[]): boolean {
    const leader = this.#leader
    if (leader === null) return false
    const { configuration } = leader.raft
    if (isSo(configuration) && configuration.votersOutgoing.length === 0) return true
    this.#propose(leader, changes)
    return false
  }

  #lastLook(): void {
    this.#clients.stop()
    this.#comeTogether()
    for (let count = 0; count < 8; count++) this.#loseSome()
    const verdict = judgeHistory(registers, this.#clients.history)
    if (verdict !== 'linearizable') this.#giveUp(`the history of the clients is ${verdict}`)
  }

  /** What is committed reaches everybody, also where the news was lost and nothing is written after it. */
  #loseSome(): void {
    this.#until('nothing is written', () => this.#probe())
    this.#network.faults.lossChance = 0.4
    this.#clients.ask({ kind: 'write', key: 'probe', value: 'the last' }, () => {})
    this.#pass(200)
    this.#network.heal()
    this.#pass(slowWriteMs.max)
    this.#until('somebody leads', () => this.#leader !== null)
    this.#pass(2 * electionMs)
    const { configuration, log } = this.#leader?.raft ?? this.#giveUp('nobody leads where all is well')
    for (const id of [...configuration.voters, ...configuration.learners]) {
      const appliedIndex =
        this.#members.get(id)?.life.machine.appliedIndex ?? this.#giveUp(`${id} is counted, and gone`)
      if (appliedIndex < log.commitIndex)
        this.#giveUp(`${id} stays at index ${appliedIndex} of ${log.commitIndex} as long as nothing is written`)
    }
  }

  #tell(line: string): void {
    this.#trace.tell(this.#timeline.nowMs, line)
  }
}

const nameOf = (at: number): NodeId => `n${at + 1}`
