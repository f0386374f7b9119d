/**
 * What goes wrong among several devices: drawn by the seed, one kind at a time or several together, and all of it ended by `lift`.
 * @module
 */
import type { TransportId } from '../port/net.ts'
import type { Life, SimDevice } from './device.ts'
import type { BitFlip } from './disk.ts'
import type { SimNetwork } from './net.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Cancel } from './timeline.ts'

/** Mixed versions are not among them: there is one version of the fold, of what is said, and of what is stored. */
export const clusterFaultNames = [
  'killed',
  'crashBefore',
  'crashAfter',
  'lostRelaxed',
  'quota',
  'closed',
  'bitFlip',
  'pause',
  'sleep',
  'partition',
  'oneWay',
  'isolatedLeader',
  'election',
  'ring',
  'bridge',
  'slowLink',
  'delay',
  'slowDisk',
  'clockJump',
  'brokenSignature',
  'byzantine',
  'wiped',
  'wipedLeader',
  'removed',
  'takenOver',
  'returned',
  'handedOver',
  'appointed',
] as const
export type ClusterFaultCounts = { [name in (typeof clusterFaultNames)[number]]: number }
export const noClusterFaults = (): ClusterFaultCounts =>
  Object.fromEntries(clusterFaultNames.map((name) => [name, 0])) as ClusterFaultCounts

const weights = {
  none: 25,
  election: 8,
  killed: 10,
  crash: 12,
  quota: 5,
  closed: 5,
  bitFlip: 4,
  pause: 8,
  partition: 10,
  oneWay: 6,
  isolatedLeader: 8,
  ring: 4,
  bridge: 4,
  slowLink: 6,
  delay: 5,
  lossy: 12,
  corrupt: 5,
  dialling: 8,
  cut: 6,
  slowDisk: 4,
  clockJump: 5,
  brokenSignature: 4,
  byzantine: 8,
} as const

/** Below what followers tolerate of a leader's stamps and beyond it, so that both are seen. */
const jumpMs = { min: 10_000, max: 60 * 60_000 }

export interface ClusterField {
  readonly random: Random
  readonly scheduler: Scheduler
  readonly network: SimNetwork
  readonly counts: ClusterFaultCounts
  readonly devices: readonly SimDevice[]
  readonly lives: readonly (Life | null)[]
  readonly transports: readonly TransportId[]
  /** Of these devices, from which on they are guests. */
  readonly guestsAt: number
  /** What was damaged, for whoever has seen a device cope with it. */
  readonly onFlip: (device: SimDevice, flip: BitFlip) => void
  /** One of the guests says what is not so. */
  readonly onLie: (transport: TransportId) => void
  readonly tell: (line: string) => void
}

/** Arms some trouble that strikes while the deeds of a round run. @returns what calls off that which has not struck yet */
export function armCluster(field: ClusterField): () => void {
  const cancels: Cancel[] = []
  const { random, tell } = field
  const troubles = new Set([random.weighted(weights), ...(random.chance(0.35) ? [random.weighted(weights)] : [])])
  for (const trouble of troubles) {
    if (trouble === 'none') continue
    tell(`trouble: ${trouble}`)
    arm(trouble, field, cancels)
  }
  return () => cancels.forEach((cancel) => cancel())
}

function arm(trouble: Exclude<keyof typeof weights, 'none'>, field: ClusterField, cancels: Cancel[]): void {
  const { random, scheduler, network, counts, devices, lives, transports } = field
  const at = random.below(devices.length)
  const life = lives[at]
  const soon = (run: () => void): void => void cancels.push(scheduler.after(random.spread(1, 6000), run))
  const blockAll = (isBlocked: (from: number, to: number) => boolean): void => {
    for (const [from, one] of transports.entries())
      for (const [to, other] of transports.entries()) if (from !== to && isBlocked(from, to)) network.block(one, other)
  }
  switch (trouble) {
    case 'killed':
      return soon(() => {
        if (life?.process.isAlive) counts.killed++
        life?.process.kill()
      })
    case 'crash': {
      if (life == null) return
      life.store.faults.crash = {
        writeCount: random.spread(1, 20) - 1,
        when: random.pick(['before', 'after'] as const),
      }
      return
    }
    case 'quota':
      if (life != null) life.store.faults.fullChance = 0.4
      return
    case 'closed':
      return soon(() => {
        if (life?.process.isAlive) counts.closed++
        life?.store.close()
      })
    case 'bitFlip':
      return soon(() => {
        const flip = devices[at]!.disk.flipBit(random, [random.pick(['object', 'log'] as const)])
        if (flip === null) return
        counts.bitFlip++
        field.onFlip(devices[at]!, flip)
      })
    case 'pause':
      return soon(() => {
        if (life?.process.isAlive) counts.pause++
        life?.process.freeze(random.spread(1000, 120_000))
      })
    case 'partition': {
      const side = devices.map(() => random.chance(0.5))
      return soon(() => {
        counts.partition++
        blockAll((from, to) => side[from] !== side[to])
      })
    }
    case 'oneWay':
      return soon(() => {
        counts.oneWay++
        const deaf = random.chance(0.5)
        blockAll((from, to) => (deaf ? to : from) === at)
      })
    case 'isolatedLeader':
      return soon(() => {
        const leader = lives.findIndex((one) => one?.process.isAlive && one.node.membership.standing().isLeader)
        if (leader < 0) return
        counts.isolatedLeader++
        blockAll((from, to) => from === leader || to === leader)
      })
    case 'election':
      // Everybody loses the leader at once, and somebody restarts in the midst of the votes.
      counts.election++
      for (const one of lives) one?.process.freeze(random.between(5000, 12_000))
      if (life == null) return
      return void cancels.push(scheduler.after(random.between(5000, 20_000), () => life.process.kill()))
    case 'ring':
      // Each reaches its neighbours alone.
      return soon(() => {
        counts.ring++
        const isNext = (from: number, to: number): boolean => (from + 1) % devices.length === to
        blockAll((from, to) => !isNext(from, to) && !isNext(to, from))
      })
    case 'bridge': {
      // Two sides, and one in between whom both reach.
      const side = devices.map(() => random.chance(0.5))
      return soon(() => {
        counts.bridge++
        blockAll((from, to) => from !== at && to !== at && side[from] !== side[to])
      })
    }
    case 'slowLink':
      counts.slowLink++
      for (const other of transports) {
        network.linkBetween(transports[at]!, other).bytesPerMs = 100
        network.linkBetween(other, transports[at]!).bytesPerMs = 100
      }
      return
    case 'delay':
      counts.delay++
      for (const one of transports)
        for (const other of transports) network.linkBetween(one, other).jitterMs = random.spread(100, 3000)
      return
    case 'lossy':
      Object.assign(network.faults, {
        lossChance: random.pick([0, 0.05, 0.3]),
        repeatChance: random.pick([0, 0.1, 0.3]),
        reorderChance: random.pick([0, 0.1, 0.3]),
      })
      return
    case 'corrupt':
      network.faults.corruptChance = random.pick([0.01, 0.1])
      return
    case 'dialling':
      Object.assign(network.faults, { dialRefusedChance: 0.5, dialDelayMsMax: 5000, relayedChance: 0.5 })
      return soon(() => network.cut(transports[at]!, transports[(at + 1) % transports.length]!))
    case 'cut':
      return soon(() => network.cut(transports[at]!, transports[(at + 1) % transports.length]!))
    case 'slowDisk':
      if (life == null) return
      counts.slowDisk++
      life.store.faults.slowness = random.spread(10, 1000)
      return
    case 'brokenSignature':
      devices[at]!.signer.brokenChance = 0.3
      return
    case 'byzantine': {
      // A guest: what a member says, who has all rights himself, others may rely on.
      if (field.guestsAt === devices.length) return
      const guest = random.between(field.guestsAt, devices.length - 1)
      const kind = random.pick(['replayed', 'oversized', 'altered'] as const)
      return soon(() => {
        field.onLie(transports[guest]!)
        network.lie(transports[guest]!, kind)
      })
    }
    case 'clockJump':
      return soon(() => {
        counts.clockJump++
        const byMs = random.spread(jumpMs.min, jumpMs.max)
        devices[at]!.wall.jump(random.chance(0.5) ? byMs : -byMs)
      })
  }
}
