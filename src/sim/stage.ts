/**
 * The stage: a few devices of one person under virtual time, to be looked at and disturbed by hand (`#/sim`).
 *
 * What runs on it is the node itself on the simulated platform, as in every other simulation, and the same audit reads along. All
 * chance comes from the seed, so the same deeds at the same times give the same play.
 * @module
 */
import { type Bytes, assertNever, decode, fromHex } from '../core/bytes/bytes.ts'
import { decodeControl, entryWire } from '../core/message/message.ts'
import { placeOf } from '../node/own-tree.ts'
import { logKey, placePrefix, placePrefixSizeBytes } from '../node/place.ts'
import type { Lane, TransportId } from '../port/net.ts'
import type {
  ParcelKind,
  StageDeed,
  StageDevice,
  StageEntry,
  StageEvent,
  StageOptions,
  StageParcel,
  StagePicture,
} from '../port/stage.ts'
import { createSimBlob } from './blob.ts'
import { ClusterAudit } from './cluster-audit.ts'
import type { Posted } from './connection.ts'
import { createSimulatedCrypto } from './crypto.ts'
import { type Life, SimDevice, settle } from './device.ts'
import { Disk } from './disk.ts'
import { letIn, plant } from './family.ts'
import { SimNetwork } from './net.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { Trace } from './trace.ts'

const names = ['Laptop', 'Phone', 'Desk', 'Tablet', 'Watch', 'Kitchen', 'Attic']
/** More than five take long to agree, and two of them may fail as it is. */
const voterCountOf = (deviceCount: number): number => (deviceCount < 5 ? 3 : 5)

/** As over a mobile network, so that one can see a message go. */
const link = { latencyMs: 60, jitterMs: 60 }
const slowness = 200
const freezeMs = 15_000
const entryCountShown = 14
const storyLengthMax = 200
/** How often it is looked who leads. */
const lookMs = 100

interface Place {
  readonly device: SimDevice
  readonly transport: TransportId
  life: Life
  isStarting: boolean
  wakesAtMs: number
  isApart: boolean
  isSlow: boolean
  /** As it was when it ran last. */
  standing: Seen
}
interface Seen extends Pick<StageDevice, 'term' | 'appliedIndex' | 'fileCount' | 'waitingCount'> {
  readonly nodeId: string
  readonly isLeader: boolean
  readonly voters: readonly string[]
}

export class Stage {
  readonly #options: StageOptions
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #trace = new Trace()
  readonly #network: SimNetwork
  readonly #places: Place[] = []
  readonly #violations: string[] = []
  readonly #story: StageEvent[] = []
  #parcels: StageParcel[] = []
  #treeId!: Bytes
  #eventCount = 0
  #parcelCount = 0
  #acknowledgedCount = 0
  /** By their terms. */
  readonly #leaders = new Map<number, number>()
  #areWriting = true
  #isTroubled: boolean
  #fileCount = 0

  private constructor(options: StageOptions, drain: () => Promise<void>) {
    this.#options = options
    this.#isTroubled = options.isTroubled
    this.#scheduler = new Scheduler(drain)
    this.#random = Random.fromSeed(options.seed)
    this.#network = new SimNetwork(this.#scheduler, this.#random.fork('network'), this.#trace)
  }

  /**
   * Resolves when all devices have joined and those that shall vote do.
   * @param drain resolves when no microtask is left
   * @param onProgress is told the share that is done, 0 to 1
   */
  static async open(
    options: StageOptions,
    drain: () => Promise<void>,
    onProgress: (share: number) => void,
  ): Promise<Stage> {
    const stage = new Stage(options, drain)
    await stage.#scheduler.run(stage.#comeTogether(onProgress))
    void stage.#write()
    void stage.#trouble()
    return stage
  }

  /** Lets simulated time go on. */
  async advance(durationMs: number): Promise<void> {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= lookMs) {
      await this.#scheduler.run(this.#scheduler.sleep(Math.min(leftMs, lookMs)))
      this.#look()
    }
  }

  /** Of all that has happened. */
  get hash(): string {
    return this.#trace.hash
  }

  get picture(): StagePicture {
    const { nowMs } = this.#scheduler
    this.#parcels = this.#parcels.filter(({ dueAtMs }) => dueAtMs > nowMs)
    return {
      nowMs,
      devices: this.#places.map((place) => this.#deviceAt(place)),
      paths: this.#paths(),
      parcels: this.#parcels,
      acknowledgedCount: this.#acknowledgedCount,
      electionCount: this.#leaders.size,
      story: [...this.#story],
      violations: this.#violations,
    }
  }

  act(deed: StageDeed): void {
    switch (deed.kind) {
      case 'heal':
        for (const place of this.#places) place.isApart = false
        this.#tell({ kind: 'healed' })
        return this.#block()
      case 'people':
        return void (this.#areWriting = deed.areWriting)
      case 'trouble':
        return void (this.#isTroubled = deed.isComing)
      case 'kill':
      case 'start':
      case 'freeze':
      case 'part':
      case 'slow':
      case 'write': {
        const place = this.#places[deed.device]
        return place === undefined ? undefined : this.#actAt(place, deed.device, deed.kind)
      }
      default:
        return assertNever(deed)
    }
  }

  #actAt(place: Place, device: number, kind: Extract<StageDeed, { readonly device: number }>['kind']): void {
    const isRunning = isAlive(place)
    switch (kind) {
      case 'kill':
        if (!isRunning) return
        place.life.process.kill()
        return this.#tell({ kind: 'killed', device })
      case 'start':
        return isRunning || place.isStarting ? undefined : void this.#start(place, device)
      case 'freeze':
        if (!isRunning || place.life.process.isFrozen) return
        place.life.process.freeze(freezeMs)
        place.wakesAtMs = this.#scheduler.nowMs + freezeMs
        return this.#tell({ kind: 'froze', device, durationMs: freezeMs })
      case 'part':
        place.isApart = !place.isApart
        this.#tell({ kind: place.isApart ? 'parted' : 'rejoined', device })
        return this.#block()
      case 'slow':
        place.isSlow = !place.isSlow
        this.#setSlowness(place)
        return this.#tell({ kind: place.isSlow ? 'slowed' : 'sped', device })
      case 'write':
        return isRunning ? void this.#add(place, device) : undefined
      default:
        return assertNever(kind)
    }
  }

  // --- devices --------------------------------------------------------------------------------------------------------------

  async #comeTogether(onProgress: (share: number) => void): Promise<void> {
    const { deviceCount } = this.#options
    const world = { scheduler: this.#scheduler, trace: this.#trace, random: this.#random }
    const events = { onCrash() {}, onFull() {}, onSuperseded() {}, onBrokenSignature() {} }
    for (const name of names.slice(0, deviceCount)) {
      const device = new SimDevice(world, name, new Disk(), events, { network: this.#network })
      const life = await lifeOf(device)
      this.#places.push({
        device,
        transport: await device.keys.transportId(),
        life,
        isStarting: false,
        wakesAtMs: 0,
        isApart: false,
        isSlow: false,
        standing: seenOf(life),
      })
    }
    this.#setLinks()
    const host = this.#places[0]!.life
    const words = await plant(host)
    this.#treeId = fromHex(host.page.tree.treeId)!
    const audit = new ClusterAudit(this.#treeId, createSimulatedCrypto(this.#random.fork('audit')), (what) => {
      this.#violations.push(what)
    })
    for (const { device } of this.#places) audit.observe(device.name, device.disk)
    this.#network.tap = audit.tap
    for (const [at, { device, life }] of this.#places.entries()) {
      if (at > 0) {
        const nowMs = device.wall.offsetMs + this.#scheduler.nowMs
        await letIn(host, life, device, this.#treeId, words, nowMs, device.name)
      }
      onProgress((at + 1) / (deviceCount + 1))
    }
    await this.#allVote()
    this.#network.onPosted = (posted) => this.#onPosted(posted)
    this.#look()
    onProgress(1)
  }

  /** As many vote as shall, and everybody has heard so: until then the one that was alone before is still needed. */
  async #allVote(): Promise<void> {
    const wanted = voterCountOf(this.#options.deviceCount)
    for (;;) {
      const standings = this.#places.map(({ life }) => standingOf(life))
      const [{ appliedIndex }] = standings as [ReturnType<typeof standingOf>]
      if (standings.every((each) => each.voters.length === wanted && each.appliedIndex === appliedIndex)) return
      const leader = this.#places.find(({ life }) => standingOf(life).isLeader)
      if (leader !== undefined) this.#letVote(leader.life, wanted)
      await this.#scheduler.sleep(250)
    }
  }

  #letVote(leader: Life, wanted: number): void {
    const { voters, learners } = standingOf(leader)
    if (voters.length >= wanted) return
    try {
      const next = learners.slice(0, wanted - voters.length)
      leader.node.membership.letVote(next.map((id) => fromHex(id.slice(0, 64))!))
    } catch {
      // It has not caught up, or another change is under way: asked again.
    }
  }

  async #start(place: Place, device: number): Promise<void> {
    place.isStarting = true
    this.#tell({ kind: 'started', device })
    place.device.disk.losePower(this.#random.below(place.device.disk.relaxedCount + 1))
    const started = await place.device.start()
    place.isStarting = false
    if (started.kind !== 'done') return this.#tell({ kind: 'killed', device })
    place.life = started.value
    this.#setSlowness(place)
  }

  #setSlowness({ life, isSlow }: Place): void {
    life.store.faults.slowness = isSlow ? slowness : 1
  }

  // --- network --------------------------------------------------------------------------------------------------------------

  *#pairs(): Generator<readonly [number, number]> {
    for (const from of this.#places.keys()) for (const to of this.#places.keys()) if (from !== to) yield [from, to]
  }

  #setLinks(): void {
    for (const [from, to] of this.#pairs())
      Object.assign(this.#network.linkBetween(this.#places[from]!.transport, this.#places[to]!.transport), link)
  }

  #block(): void {
    for (const [from, to] of this.#pairs()) {
      const [one, other] = [this.#places[from]!, this.#places[to]!]
      if (one.isApart === other.isApart) this.#network.unblock(one.transport, other.transport)
      else this.#network.block(one.transport, other.transport)
    }
  }

  #onPosted({ from, to, lane, frame, dueAtMs }: Posted): void {
    const at = (id: TransportId): number => this.#places.findIndex(({ transport }) => transport === id)
    this.#parcels.push({
      id: ++this.#parcelCount,
      from: at(from),
      to: at(to),
      kind: kindOf(lane, frame),
      sentAtMs: this.#scheduler.nowMs,
      dueAtMs,
    })
  }

  #paths(): (readonly [number, number])[] {
    const paths = new Map<string, readonly [number, number]>()
    for (const [at, place] of this.#places.entries()) {
      if (!isAlive(place)) continue
      for (const { id, path } of standingOf(place.life).peers) {
        const peer = path === null ? -1 : this.#places.findIndex(({ standing }) => standing.nodeId.startsWith(id))
        const pair = [Math.min(at, peer), Math.max(at, peer)] as const
        if (peer >= 0) paths.set(pair.join(), pair)
      }
    }
    return [...paths.values()]
  }

  // --- what happens by itself -----------------------------------------------------------------------------------------------

  /** People at all devices add a file now and then. */
  async #write(): Promise<void> {
    const random = this.#random.fork('people')
    for (;;) {
      await this.#scheduler.sleep(random.between(400, 2500))
      const device = random.below(this.#places.length)
      const place = this.#places[device]!
      if (this.#areWriting && isAlive(place) && !place.life.process.isFrozen) void this.#add(place, device)
    }
  }

  async #add({ life }: Place, device: number): Promise<void> {
    const name = `note ${++this.#fileCount}`
    const content = createSimBlob(this.#random.bytes(200), life.process)
    const begunAtMs = this.#scheduler.nowMs
    const added = life.node.api.addFile(`request ${name}`, life.page.tree.rootId, name, content)
    const outcome = await settle(life.process, added)
    if (outcome.kind !== 'done') return this.#tell({ kind: 'unanswered', device, name })
    this.#acknowledgedCount++
    const isKept = standingOf(life).keptCount > 0
    this.#tell({ kind: isKept ? 'kept' : 'taken', device, name, durationMs: this.#scheduler.nowMs - begunAtMs })
  }

  /** What a person could do here as well, at random, and some quiet after it. */
  async #trouble(): Promise<void> {
    const random = this.#random.fork('trouble')
    for (;;) {
      await this.#scheduler.sleep(random.between(3000, 9000))
      const device = random.below(this.#places.length)
      const kind = random.weighted({ kill: 3, start: 6, freeze: 3, part: 4, slow: 1, heal: 4 })
      if (this.#isTroubled) this.act(kind === 'heal' ? { kind } : { kind, device })
    }
  }

  // --- what is seen ---------------------------------------------------------------------------------------------------------

  #look(): void {
    for (const [at, place] of this.#places.entries()) {
      if (!isAlive(place)) continue
      place.standing = seenOf(place.life)
      const { isLeader, term } = place.standing
      if (!isLeader || this.#leaders.has(term)) continue
      this.#leaders.set(term, at)
      this.#tell({ kind: 'leads', device: at, term })
    }
  }

  #deviceAt(place: Place): StageDevice {
    const { device, standing, isApart, isSlow, wakesAtMs } = place
    const { term, appliedIndex, fileCount, waitingCount } = standing
    const health = healthOf(place)
    const isVoter = this.#newest.voters.includes(standing.nodeId)
    const isLeader = standing.isLeader && health !== 'off' && health !== 'starting'
    return {
      name: device.name,
      role: isLeader ? 'leader' : isVoter ? 'voter' : 'learner',
      health,
      wakesAtMs,
      isApart,
      isSlow,
      term,
      entries: this.#entriesOf(place),
      appliedIndex,
      fileCount,
      waitingCount,
    }
  }

  /** Of those who know the most. */
  get #newest(): Seen {
    return this.#places
      .map(({ standing }) => standing)
      .reduce((one, other) => (other.appliedIndex > one.appliedIndex ? other : one))
  }

  #entriesOf({ device, standing }: Place): readonly StageEntry[] {
    const place = placeOf(this.#treeId)
    const from = Math.max(0, standing.appliedIndex - entryCountShown)
    const after = logKey(place, from)
    const entries: StageEntry[] = []
    for (const { key, value } of device.disk.rows('log', placePrefix(place), after)) {
      const entry = key.length === placePrefixSizeBytes + 8 ? decode(entryWire, value, value.length) : null
      if (entry?.ok) entries.push({ index: entry.value.index, term: entry.value.term })
    }
    return entries.slice(-entryCountShown)
  }

  #tell(event: Without<StageEvent, 'id' | 'atMs'>): void {
    this.#story.push({ ...event, id: ++this.#eventCount, atMs: this.#scheduler.nowMs })
    if (this.#story.length > storyLengthMax) this.#story.shift()
  }
}
/** Of each kind by itself. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

function healthOf({ life, isStarting }: Place): StageDevice['health'] {
  if (isStarting) return 'starting'
  if (!life.process.isAlive || life.page.stopped !== null) return 'off'
  return life.process.isFrozen ? 'frozen' : 'awake'
}
const isAlive = (place: Place): boolean => ['awake', 'frozen'].includes(healthOf(place))

const standingOf = (life: Life) => life.node.membership.standing()

function seenOf(life: Life): Seen {
  const { nodeId, term, appliedIndex, isLeader, voters, keptCount } = standingOf(life)
  const files = [...life.page.items.values()].filter(({ kind }) => kind === 'file')
  return { nodeId, term, appliedIndex, isLeader, voters, fileCount: files.length, waitingCount: keptCount }
}

async function lifeOf(device: SimDevice): Promise<Life> {
  const started = await device.start()
  if (started.kind === 'done') return started.value
  throw new Error(`"${device.name}" expected to start on an empty disk`)
}

function kindOf(lane: Lane, frame: Uint8Array): ParcelKind {
  const decoded = lane === 'control' ? decodeControl(frame) : null
  if (decoded === null || !decoded.ok || decoded.value.body.tag !== 'raft') return 'other'
  const message = decoded.value.body.value
  switch (message.kind) {
    case 'vote':
    case 'preVote':
    case 'voteResponse':
    case 'preVoteResponse':
    case 'timeoutNow':
      return 'vote'
    case 'append':
      return message.entries.length > 0 ? 'entries' : 'heartbeat'
    case 'snapshot':
      return 'entries'
    case 'heartbeat':
    case 'heartbeatResponse':
      return 'heartbeat'
    case 'appendResponse':
      return 'answer'
    default:
      return 'other'
  }
}
