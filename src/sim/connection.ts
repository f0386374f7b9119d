/**
 * A connection of the simulated network, from one device to another.
 * @module
 */
import { type Bytes, type Fault, copy, equal, refused } from '../core/bytes/bytes.ts'
import { frameHeadSizeBytes, frameSizeBytesMax, frameWindowBytes } from '../core/message/message.ts'
import type { Binding, Connection, Lane, TransportId } from '../port/net.ts'
import type { Process } from './process.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Trace } from './trace.ts'

export const netFaultNames = [
  'dialRefused',
  'dialDelayed',
  'doubleDial',
  'relayed',
  'cutAtOnce',
  'cutSilent',
  'lost',
  'repeated',
  'reordered',
  'corrupt',
  'stalled',
] as const
export type NetFaultCounts = { [name in (typeof netFaultNames)[number]]: number }

/** What goes wrong with the whole network; set from outside while it runs. */
export interface NetFaults {
  dialRefusedChance: number
  dialDelayMsMax: number
  relayedChance: number
  /** Of messages of the control lane. */
  lossChance: number
  repeatChance: number
  reorderChance: number
  /** Of what is sent after the hello, on both lanes, that an octet of it changes on its way. */
  corruptChance: number
}

/** One direction between two devices. */
export interface Link {
  isBlocked: boolean
  latencyMs: number
  /** Beyond the latency, drawn for each frame. */
  jitterMs: number
  bytesPerMs: number
  /** When the last octet that was sent has left. */
  freeAtMs: number
}

/** What the connections of a network share. */
export interface NetWorld {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly trace: Trace
  readonly faults: NetFaults
  readonly counts: NetFaultCounts
  linkBetween(from: TransportId, to: TransportId): Link
  /** Sees every frame that is sent. */
  readonly tap: (lane: Lane, frame: Uint8Array) => void
  /** Is told of every frame that goes on its way. */
  readonly onPosted: (posted: Posted) => void
}

export interface Posted {
  readonly from: TransportId
  readonly to: TransportId
  readonly lane: Lane
  readonly frame: Uint8Array
  /** When it is there, unless something stops it. */
  readonly dueAtMs: number
}

interface Party {
  readonly id: TransportId
  readonly process: Process
}

/** Between frames that do not come and the end of the connection: six seconds of silence, looked for every two. */
export const silenceMs = { min: 6000, max: 8000 }
/** Until the end of a path is noticed at its other end. */
const noticeMs = 5
/** A reader reports what it took in portions, like the real one. */
const reportedBytesMin = frameWindowBytes / 16
/** Frames of the hello, which no sabotage touches: it would only be another refused dial. */
const helloFrameCount = 2
/**
 * No program ever sees octets that changed on their way: DTLS drops a record whose tag does not fit, and SCTP sends it again, before all
 * that comes behind it; where a relay stands between, Noise ends the connection.
 */
const againMs = { min: 200, max: 3000 }

export class SimConnection {
  readonly dialler: End
  readonly acceptor: End
  onEnd: () => void = () => {}

  constructor(world: NetWorld, dialler: Party, acceptor: Party, isRelayed: boolean) {
    const [one, other] = [world.random.bytes(32), world.random.bytes(32)]
    const binding = (ownFingerprint: Bytes, peerFingerprint: Bytes): Binding =>
      isRelayed ? { kind: 'relayed' } : { kind: 'direct', ownFingerprint, peerFingerprint }
    this.dialler = new End(world, dialler.process, dialler.id, acceptor.id, true, binding(one, other))
    this.acceptor = new End(world, acceptor.process, acceptor.id, dialler.id, false, binding(other, one))
    this.dialler.join(this.acceptor, () => this.#ended())
    this.acceptor.join(this.dialler, () => this.#ended())
  }

  joins(from: TransportId, to: TransportId): boolean {
    const { own, peer } = this.dialler
    return (equal(own, from) && equal(peer, to)) || (equal(own, to) && equal(peer, from))
  }

  endOf(process: Process): End | null {
    return [this.dialler, this.acceptor].find((end) => end.process === process) ?? null
  }

  sideOf(id: TransportId): End | null {
    return [this.dialler, this.acceptor].find((end) => equal(end.own, id)) ?? null
  }

  peerOf(id: TransportId): TransportId {
    return equal(this.dialler.own, id) ? this.dialler.peer : this.dialler.own
  }

  heardCount(listener: TransportId): number {
    return (equal(this.dialler.own, listener) ? this.dialler : this.acceptor).heardCount
  }

  /** What waited for the links to heal goes on. */
  release(): void {
    this.dialler.release()
    this.acceptor.release()
  }

  /** @param at the side that notices; its peer hears of it where the way there is open. null: both */
  lose(at: TransportId | null, fault: Fault): void {
    for (const end of [this.dialler, this.acceptor])
      if (at === null || equal(end.own, at)) end.finish(fault)
      // Where nothing gets through it hears nothing from now on, also when the link is healed.
      else end.finishAfter(end.isCutOff ? silenceMs.max : noticeMs, fault)
  }

  #ended(): void {
    if (this.dialler.isOver && this.acceptor.isOver) this.onEnd()
  }
}

type Parcel = { readonly lane: Lane; readonly frame: Bytes } | 'goodbye'

interface LaneState {
  /** Not sent yet, since the window is full. */
  readonly waiting: Bytes[]
  underWayBytes: number
  readonly arrived: Bytes[]
  unreportedBytes: number
  receiver: ((frame: Bytes | null) => void) | null
  readonly drains: (() => void)[]
}
const newLane = (): LaneState => ({
  waiting: [],
  underWayBytes: 0,
  arrived: [],
  unreportedBytes: 0,
  receiver: null,
  drains: [],
})

/** One side of a connection. */
export class End implements Connection {
  readonly process: Process
  readonly own: TransportId
  readonly peer: TransportId
  readonly isDialler: boolean
  readonly binding: Binding
  readonly closed: Promise<Fault>
  heardCount = 0
  isOver = false
  /** What came before the end has been delivered, and the process knows of it. */
  #hasEnded = false
  readonly #world: NetWorld
  readonly #lanes: Record<Lane, LaneState> = { control: newLane(), bulk: newLane() }
  /** Arrived at a link that is blocked. */
  readonly #stalled: Parcel[] = []
  /** Overtaken by the next message of control. */
  #overtaken: Bytes | null = null
  #sentCount = 0
  #dueMs = 0
  #other!: End
  #onOver: () => void = () => {}
  #resolveClosed: (fault: Fault) => void = () => {}

  constructor(
    world: NetWorld,
    process: Process,
    own: TransportId,
    peer: TransportId,
    isDialler: boolean,
    binding: Binding,
  ) {
    this.#world = world
    this.process = process
    this.own = own
    this.peer = peer
    this.isDialler = isDialler
    this.binding = binding
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve))
  }

  join(other: End, onOver: () => void): void {
    this.#other = other
    this.#onOver = onOver
  }

  get isRelayed(): boolean {
    return this.binding.kind === 'relayed'
  }

  /** Whether nothing gets here now. */
  get isCutOff(): boolean {
    return this.#world.linkBetween(this.peer, this.own).isBlocked
  }

  send(name: Lane, frame: Uint8Array): boolean {
    if (frame.length > frameSizeBytesMax)
      throw new RangeError(`"frame" expected at most ${frameSizeBytesMax} bytes, got ${frame.length}`)
    if (this.isOver || !this.process.isAlive) return true
    const lane = this.#lanes[name]
    this.#world.tap(name, frame)
    lane.waiting.push(copy(frame))
    this.#flush(name)
    return lane.waiting.length === 0
  }

  drained(name: Lane): Promise<void> {
    const lane = this.#lanes[name]
    if (lane.waiting.length === 0 || this.isOver) return Promise.resolve()
    return new Promise((resolve) => lane.drains.push(resolve))
  }

  receive(name: Lane): Promise<Bytes | null> {
    const lane = this.#lanes[name]
    if (lane.receiver !== null) throw new Error('"receive" expected one call at a time for a lane')
    const frame = lane.arrived.shift()
    if (frame !== undefined) return Promise.resolve(this.#take(name, frame))
    return this.#hasEnded ? Promise.resolve(null) : new Promise((resolve) => (lane.receiver = resolve))
  }

  close(reason: Fault = closedHere): void {
    if (this.isOver) return
    this.#post('goodbye', frameHeadSizeBytes)
    this.finish(reason)
  }

  finish(fault: Fault): void {
    if (this.isOver) return
    this.isOver = true
    this.process.post(0, () => {
      this.#hasEnded = true
      for (const lane of Object.values(this.#lanes)) {
        lane.waiting.length = 0
        for (const resolve of lane.drains.splice(0)) resolve()
        lane.receiver?.(null)
        lane.receiver = null
      }
      this.#resolveClosed(fault)
    })
    this.#onOver()
  }

  finishAfter(delayMs: number, fault: Fault): void {
    this.#world.scheduler.after(delayMs, () => this.finish(fault))
  }

  release(): void {
    if (this.isCutOff) return
    for (const parcel of this.#stalled.splice(0)) this.#arrive(parcel)
  }

  #flush(name: Lane): void {
    const lane = this.#lanes[name]
    for (let next = lane.waiting[0]; next !== undefined; next = lane.waiting[0]) {
      const sizeBytes = frameHeadSizeBytes + next.length
      if (lane.underWayBytes + sizeBytes > frameWindowBytes) return
      lane.waiting.shift()
      lane.underWayBytes += sizeBytes
      this.#post({ lane: name, frame: next }, sizeBytes)
    }
    for (const resolve of lane.drains.splice(0)) resolve()
  }

  /** Puts a parcel on the link to the other side, behind everything that is on it. */
  #post(parcel: Parcel, sizeBytes: number): void {
    const { scheduler, random, faults } = this.#world
    const link = this.#world.linkBetween(this.own, this.peer)
    link.freeAtMs = Math.max(scheduler.nowMs, link.freeAtMs) + sizeBytes / link.bytesPerMs
    const dueMs = link.freeAtMs + link.latencyMs + random.between(0, link.jitterMs)
    this.#dueMs = Math.max(this.#dueMs, dueMs)
    const other = this.#other
    const mayChange = faults.corruptChance > 0 && parcel !== 'goodbye' && this.#sentCount > helloFrameCount
    if (mayChange && random.chance(faults.corruptChance)) {
      this.#world.counts.corrupt++
      if (this.isRelayed) return void scheduler.after(this.#dueMs - scheduler.nowMs, () => this.#break())
      this.#dueMs += random.spread(againMs.min, againMs.max)
    }
    const isControl = parcel !== 'goodbye' && parcel.lane === 'control' && ++this.#sentCount > helloFrameCount
    scheduler.after(this.#dueMs - scheduler.nowMs, () => other.#arrive(parcel))
    if (parcel !== 'goodbye') this.#world.onPosted({ ...parcel, from: this.own, to: this.peer, dueAtMs: this.#dueMs })
    if (isControl && random.chance(faults.repeatChance)) {
      this.#world.counts.repeated++
      const again = { lane: parcel.lane, frame: copy(parcel.frame) }
      scheduler.after(this.#dueMs - scheduler.nowMs + random.spread(1, 10_000), () => other.#arrive(again, true))
    }
  }

  #break(): void {
    this.#other.finish(tornPath)
    this.finishAfter(noticeMs, tornPath)
  }

  /** Says what its program did not, where the hello is over. @returns whether it is */
  lie(lane: Lane, frame: Bytes): boolean {
    if (this.isOver || this.#other.heardCount <= helloFrameCount) return false
    const { latencyMs } = this.#world.linkBetween(this.own, this.peer)
    this.#world.scheduler.after(latencyMs, () => this.#other.#arrive({ lane, frame }, true))
    return true
  }

  /** @param isAgain a repetition, which the window of the lane knows nothing of */
  #arrive(parcel: Parcel, isAgain = false): void {
    if (this.isOver) return
    if (this.isCutOff) {
      if (!isAgain) {
        this.#world.counts.stalled++
        this.#stalled.push(parcel)
      }
      return
    }
    this.heardCount++
    if (parcel === 'goodbye') return this.finish(peerLeft)
    const { lane, frame } = parcel
    const { random, faults, counts } = this.#world
    const mayHarm = lane === 'control' && this.heardCount > helloFrameCount && !isAgain
    if (mayHarm && random.chance(faults.lossChance)) {
      counts.lost++
      return this.#other.#taken(lane, frameHeadSizeBytes + frame.length)
    }
    if (mayHarm && this.#overtaken === null && random.chance(faults.reorderChance)) {
      counts.reordered++
      this.#overtaken = frame
      return
    }
    this.#deliver(lane, frame, isAgain)
    if (lane !== 'control' || this.#overtaken === null) return
    const late = this.#overtaken
    this.#overtaken = null
    this.#deliver('control', late, false)
  }

  #deliver(name: Lane, frame: Bytes, isAgain: boolean): void {
    this.process.post(0, () => {
      // What came before the end may still be read, as from the real lane.
      const lane = this.#lanes[name]
      this.#world.trace.note(this.process.scheduler.nowMs, name, frame)
      if (isAgain) this.#other.#lanes[name].underWayBytes += frameHeadSizeBytes + frame.length
      const { receiver } = lane
      if (receiver === null) return void lane.arrived.push(frame)
      lane.receiver = null
      receiver(this.#take(name, frame))
    })
  }

  #take(name: Lane, frame: Bytes): Bytes {
    const lane = this.#lanes[name]
    lane.unreportedBytes += frameHeadSizeBytes + frame.length
    if (lane.unreportedBytes >= reportedBytesMin) {
      const takenBytes = lane.unreportedBytes
      lane.unreportedBytes = 0
      const { latencyMs } = this.#world.linkBetween(this.own, this.peer)
      this.#world.scheduler.after(latencyMs, () => this.#other.#taken(name, takenBytes))
    }
    return frame
  }

  /** The other side has taken so much. */
  #taken(name: Lane, sizeBytes: number): void {
    if (this.isOver) return
    this.process.post(0, () => {
      this.#lanes[name].underWayBytes -= sizeBytes
      if (!this.isOver) this.#flush(name)
    })
  }
}

const closedHere = refused('connectionClosed', 'The connection to the other device was closed here.').fault
const tornPath = refused('pathLost', 'The connection to the other device broke.').fault
const peerLeft = refused('peerLeft', 'The other device closed the connection.').fault
