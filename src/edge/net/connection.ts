/**
 * A connection as the node sees it: two lanes over one path of libp2p, with a heartbeat and a goodbye of its own, since libp2p
 * notices a dead peer only after up to a quarter of a minute.
 * @module
 */
import type { Connection as Path, Stream } from '@libp2p/interface'
import { type Fault, refused } from '../../core/bytes/bytes.ts'
import { helloFrameCount } from '../../core/message/message.ts'
import type { Binding, Connection, Lane, TransportId } from '../../port/net.ts'
import { LaneStream } from './lane.ts'

export type Streams = Readonly<Record<Lane, Stream>>

const heartbeatPeriodMs = 2000
const silentMsMax = 6000
/** For the goodbye to leave. */
const farewellMs = 200

export interface ConnectionOptions {
  readonly path: Path
  readonly streams: Streams
  readonly peer: TransportId
  readonly isDialler: boolean
  readonly binding: Binding
  /** Octets of a stream were taken. */
  onTaken(stream: Stream): void
  /** The peer's hello was taken. */
  onHello(): void
  /** The peer did what no program of ours does. */
  onDropped(fault: Fault): void
}

export interface OpenConnection extends Connection {
  /** Ends it without a goodbye. */
  drop(fault: Fault): void
}

export function openConnection(options: ConnectionOptions): OpenConnection {
  const { path, streams, peer, isDialler, binding, onTaken, onHello, onDropped } = options
  let resolveClosed: (fault: Fault) => void = () => {}
  const closed = new Promise<Fault>((resolve) => (resolveClosed = resolve))
  let isOver = false
  let heardAtMs = performance.now()

  const finish = (fault: Fault): boolean => {
    if (isOver) return false
    isOver = true
    clearInterval(beating)
    for (const lane of Object.values(lanes)) lane.close()
    resolveClosed(fault)
    return true
  }
  const abort = (fault: Fault): void => path.abort(new Error(fault.code))
  const drop = (fault: Fault): void => {
    if (!finish(fault)) return
    abort(fault)
    onDropped(fault)
  }
  const laneOf = (stream: Stream): LaneStream =>
    new LaneStream(stream, {
      onFault: drop,
      onLife() {
        heardAtMs = performance.now()
        onTaken(stream)
      },
      onGoodbye: () => finish(peerLeft) && abort(peerLeft),
      onFrameTaken(count) {
        if (stream !== streams.control || count !== helloFrameCount) return
        onHello()
        for (const lane of Object.values(lanes)) lane.widenHere()
        // Only after this word comes what takes more room, so that nothing of it can overtake the hello on the other lane.
        lanes.control.report()
      },
      onReport() {
        if (stream === streams.control) for (const lane of Object.values(lanes)) lane.widenThere()
      },
    })
  const lanes: Readonly<Record<Lane, LaneStream>> = { control: laneOf(streams.control), bulk: laneOf(streams.bulk) }
  const beat = (): void => {
    const nowMs = performance.now()
    if (nowMs - heardAtMs > silentMsMax) return void (finish(peerSilent) && abort(peerSilent))
    if (lanes.control.isStuck(nowMs) || lanes.bulk.isStuck(nowMs)) return drop(peerStuck)
    lanes.control.heartbeat()
  }
  const beating = setInterval(beat, heartbeatPeriodMs)
  path.addEventListener('close', () => finish(pathLost))
  // Without both of its lanes a connection is none.
  for (const stream of Object.values(streams))
    stream.addEventListener('close', () => finish(pathLost) && abort(pathLost))

  return {
    peer,
    isDialler,
    isRelayed: binding.kind === 'relayed',
    binding,
    closed,
    drop,
    send: (lane, frame) => lanes[lane].send(frame),
    drained: (lane) => lanes[lane].drained(),
    receive: (lane) => lanes[lane].receive(),
    close(reason = closedHere) {
      if (isOver) return
      lanes.control.goodbye()
      finish(reason)
      setTimeout(() => abort(reason), farewellMs)
    },
  }
}

const closedHere = refused('connectionClosed', 'The connection to the other device was closed here.').fault
const peerLeft = refused('peerLeft', 'The other device closed the connection.').fault
const peerSilent = refused('peerSilent', 'The other device does not answer any more.').fault
const pathLost = refused('pathLost', 'The connection to the other device broke.').fault
const peerStuck = refused(
  'peerStuck',
  'The other device began to send something and did not go on, so the connection to it was closed.',
).fault
