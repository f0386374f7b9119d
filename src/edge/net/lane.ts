/**
 * One lane of a connection: frames over a stream of libp2p, never further ahead of the reader than the window.
 * @module
 */
import type { Stream } from '@libp2p/interface'
import { type Bytes, type Fault, refused } from '../../core/bytes/bytes.ts'
import {
  type Frame,
  createFrameReader,
  encodeFrame,
  frameHeadSizeBytes,
  frameSizeBytesMax,
  frameWindowBytes,
  strangerWindowBytes,
} from '../../core/message/message.ts'

/** What was taken is reported in portions: the sender waits for none of it before the window ends. */
const reportedBytesMin = frameWindowBytes / 16
/** A frame that is not complete must have brought so much within each period. */
const slowPeriodMs = 20_000
const slowBytesMin = 16 * 1024

export interface LaneEvents {
  /** The peer broke the rules. */
  onFault(fault: Fault): void
  /** Octets came. */
  onLife(): void
  onGoodbye(): void
  /** So many frames of data were taken here. */
  onFrameTaken(count: number): void
  /** The peer has taken some of what was sent to it. */
  onReport(): void
}

export class LaneStream {
  private readonly stream: Stream
  private readonly reader = createFrameReader(() => Math.min(frameSizeBytesMax, this.windowBytes.here))
  /** How much may be under way to here and to the peer: little, until the hello of who sends it was taken. */
  private readonly windowBytes = { here: strangerWindowBytes, there: strangerWindowBytes }
  private takenCount = 0
  /** Not taken yet by our side. */
  private readonly arrived: Bytes[] = []
  private arrivedBytes = 0
  private unreportedBytes = 0
  /** Not sent yet, since the window is full. */
  private readonly waiting: Bytes[] = []
  private underWayBytes = 0
  private receiver: ((frame: Bytes | null) => void) | null = null
  private readonly drains: (() => void)[] = []
  private isClosed = false
  private slowSinceMs: number | null = null
  private slowBytes = 0
  private readonly events: LaneEvents

  constructor(stream: Stream, events: LaneEvents) {
    this.stream = stream
    this.events = events
    stream.addEventListener('message', ({ data }) => this.hear(data.subarray()))
  }

  send(payload: Uint8Array): boolean {
    if (payload.length > frameSizeBytesMax)
      throw new RangeError(`"frame" expected at most ${frameSizeBytesMax} bytes, got ${payload.length}`)
    if (this.isClosed) return true
    this.waiting.push(payload as Bytes)
    this.flush()
    return this.waiting.length === 0
  }
  drained(): Promise<void> {
    if (this.waiting.length === 0 || this.isClosed) return Promise.resolve()
    return new Promise((resolve) => this.drains.push(resolve))
  }
  receive(): Promise<Bytes | null> {
    if (this.receiver) throw new Error('"receive" expected one call at a time for a lane')
    const frame = this.arrived.shift()
    if (frame) return Promise.resolve(this.take(frame))
    return this.isClosed ? Promise.resolve(null) : new Promise((resolve) => (this.receiver = resolve))
  }
  /** The peer's hello was taken; it may send as much as a device may. */
  widenHere(): void {
    this.windowBytes.here = frameWindowBytes
  }
  /** The peer has taken the hello from here. */
  widenThere(): void {
    this.windowBytes.there = frameWindowBytes
    this.flush()
  }
  /** The peer hears at once what was taken, however little. */
  report(): void {
    if (this.unreportedBytes === 0) return
    this.say({ kind: 'taken', sizeBytes: this.unreportedBytes })
    this.unreportedBytes = 0
  }
  heartbeat(): void {
    this.say({ kind: 'heartbeat' })
  }
  goodbye(): void {
    this.say({ kind: 'goodbye' })
  }
  /** @returns whether the peer is so slow in the midst of a frame that it only keeps a place occupied */
  isStuck(nowMs: number): boolean {
    if (this.reader.partialSizeBytes === 0) this.slowSinceMs = null
    else if (this.slowSinceMs === null) [this.slowSinceMs, this.slowBytes] = [nowMs, 0]
    else if (nowMs - this.slowSinceMs >= slowPeriodMs) {
      if (this.slowBytes < slowBytesMin) return true
      ;[this.slowSinceMs, this.slowBytes] = [nowMs, 0]
    }
    return false
  }
  close(): void {
    this.isClosed = true
    this.waiting.length = 0
    for (const resolve of this.drains.splice(0)) resolve()
    this.receiver?.(null)
    this.receiver = null
  }

  private flush(): void {
    for (let next = this.waiting[0]; next; next = this.waiting[0]) {
      const sizeBytes = frameHeadSizeBytes + next.length
      if (this.underWayBytes + sizeBytes > this.windowBytes.there) return
      this.waiting.shift()
      this.underWayBytes += sizeBytes
      this.say({ kind: 'data', payload: next })
    }
    for (const resolve of this.drains.splice(0)) resolve()
  }
  private say(frame: Frame): void {
    // The stream keeps what the path does not take at once; the window bounds how much that can be.
    if (!this.isClosed && this.stream.writeStatus === 'writable') this.stream.send(encodeFrame(frame))
  }
  private hear(octets: Uint8Array): void {
    if (this.isClosed) return
    this.slowBytes += octets.length
    this.events.onLife()
    const before = this.reader.partialSizeBytes
    const read = this.reader.read(octets)
    if (!read.ok) return this.events.onFault(read.fault)
    if (read.value.length > 0 || before === 0) this.slowSinceMs = null
    for (const frame of read.value) this.obey(frame)
  }
  private obey(frame: Frame): void {
    if (this.isClosed) return
    switch (frame.kind) {
      case 'data':
        this.arrivedBytes += frameHeadSizeBytes + frame.payload.length
        if (this.arrivedBytes + this.unreportedBytes > this.windowBytes.here) return this.events.onFault(windowIgnored)
        if (!this.receiver) return void this.arrived.push(frame.payload)
        this.receiver(this.take(frame.payload))
        this.receiver = null
        return
      case 'taken':
        if (frame.sizeBytes > this.underWayBytes) return this.events.onFault(windowIgnored)
        this.underWayBytes -= frame.sizeBytes
        this.events.onReport()
        return this.flush()
      case 'heartbeat':
        return
      case 'goodbye':
        return this.events.onGoodbye()
    }
  }
  private take(frame: Bytes): Bytes {
    const sizeBytes = frameHeadSizeBytes + frame.length
    this.arrivedBytes -= sizeBytes
    this.unreportedBytes += sizeBytes
    if (this.unreportedBytes >= reportedBytesMin) this.report()
    this.events.onFrameTaken(++this.takenCount)
    return frame
  }
}

const windowIgnored = refused(
  'windowIgnored',
  'The other device sent more than this one had room for, so the connection to it was closed.',
).fault
