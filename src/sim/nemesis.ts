/**
 * The nemesis: what goes wrong while a person works, one kind at a time or several together, drawn by the seed.
 *
 * Each fault is armed before some deeds begin and lifted when they have ended. It says which refusals it excuses; any other
 * refusal is a violation. Faults are counted when they strike, not when they are armed.
 * @module
 */
import type { Table } from '../port/store.ts'
import type { Life, SimDevice } from './device.ts'
import { type BitFlip, tableNames } from './disk.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Cancel } from './timeline.ts'
import type { Trace } from './trace.ts'

export const faultNames = [
  'crashBefore',
  'crashAfter',
  'killed',
  'lostRelaxed',
  'quota',
  'closed',
  'slow',
  'superseded',
  'clockJump',
  'pause',
  'bitFlip',
  'brokenSignature',
  'unreadable',
  'cancelled',
] as const
export type FaultName = (typeof faultNames)[number]
export type FaultCounts = { [name in FaultName]: number }
export const noFaults = (): FaultCounts => Object.fromEntries(faultNames.map((name) => [name, 0])) as FaultCounts

/** How often each kind of trouble comes; `none` is a round without. */
const weights = {
  none: 80,
  crashBefore: 10,
  crashAfter: 10,
  killed: 8,
  quota: 6,
  closed: 5,
  slow: 4,
  superseded: 5,
  clockJump: 6,
  pause: 6,
  bitFlip: 5,
  brokenSignature: 4,
  unreadable: 3,
  cancelled: 3,
} as const
type Trouble = keyof typeof weights

const hourMs = 60 * 60 * 1000

export interface Armed {
  readonly troubles: ReadonlySet<Trouble>
  /** Codes with which a deed may be refused meanwhile. */
  readonly excused: ReadonlySet<string>
  /** How much longer than usual the deeds may take. */
  readonly patienceMs: number
  /** The damage done to the disk; healed by whoever has seen the node cope with it. */
  readonly flip: BitFlip | null
  /** Ends what does not end by itself. */
  lift(): void
}

export interface Field {
  readonly device: SimDevice
  readonly life: Life
  readonly scheduler: Scheduler
  readonly trace: Trace
  readonly counts: FaultCounts
  /** Opens the profile a second time while the first still runs. */
  readonly usurp: () => void
}

export function arm(random: Random, field: Field): Armed {
  const troubles = new Set<Trouble>([random.weighted(weights)])
  if (random.chance(0.1)) troubles.add(random.weighted(weights))
  troubles.delete('none')
  const excused = new Set<string>()
  const lifts: (() => void)[] = []
  let patienceMs = 0
  let flip: BitFlip | null = null
  for (const trouble of troubles) {
    field.trace.tell(field.scheduler.nowMs, `trouble: ${trouble}`)
    const effect = armOne(trouble, random, field)
    for (const code of effect.excused ?? []) excused.add(code)
    if (effect.lift !== undefined) lifts.push(effect.lift)
    patienceMs += effect.patienceMs ?? 0
    flip ??= effect.flip ?? null
  }
  return { troubles, excused, patienceMs, flip, lift: () => lifts.forEach((lift) => lift()) }
}

interface Effect {
  readonly excused?: readonly string[]
  readonly patienceMs?: number
  readonly flip?: BitFlip | null
  readonly lift?: () => void
}

function armOne(trouble: Trouble, random: Random, field: Field): Effect {
  const { device, life, scheduler, counts } = field
  const { store, process } = life
  // Mostly while the deeds run, sometimes in the quiet after them, when the node tidies up.
  const soon = (run: () => void): Cancel =>
    scheduler.after(random.chance(0.8) ? random.spread(1, 300) : random.between(300, 8000), run)
  switch (trouble) {
    case 'none':
      return {}
    case 'crashBefore':
    case 'crashAfter': {
      store.faults.crash = {
        writeCount: random.spread(1, 12) - 1,
        when: trouble === 'crashBefore' ? 'before' : 'after',
      }
      return { lift: () => (store.faults.crash = null) }
    }
    case 'killed': {
      const lift = soon(() => {
        if (process.isAlive) counts.killed++
        process.kill()
      })
      return { lift }
    }
    case 'quota': {
      const { disk } = device
      const quotaBytes = disk.quotaBytes
      if (random.chance(0.5)) store.faults.fullChance = 0.4
      else disk.quotaBytes = disk.usedBytes + random.below(20_000)
      return {
        excused: ['storeFull', 'storeClosed', 'nodeStopped', 'streamClosed'],
        lift: () => {
          store.faults.fullChance = 0
          disk.quotaBytes = quotaBytes
        },
      }
    }
    case 'closed': {
      const lift = soon(() => {
        if (process.isAlive) counts.closed++
        store.close()
      })
      return { excused: ['storeClosed', 'nodeStopped', 'streamClosed'], lift }
    }
    case 'slow':
      counts.slow++
      store.faults.slowness = 1000
      return { patienceMs: 2 * hourMs, lift: () => (store.faults.slowness = 1) }
    case 'superseded':
      return { excused: ['storeSuperseded', 'storeClosed', 'nodeStopped', 'streamClosed'], lift: soon(field.usurp) }
    case 'clockJump': {
      const lift = soon(() => {
        counts.clockJump++
        device.wall.jump(random.between(-hourMs, hourMs))
      })
      return { lift }
    }
    case 'pause': {
      const durationMs = random.spread(1000, 24 * hourMs)
      const lift = soon(() => {
        if (process.isAlive) counts.pause++
        process.freeze(durationMs)
      })
      return { patienceMs: durationMs, lift }
    }
    case 'bitFlip': {
      const tables: readonly Table[] = random.chance(0.5) ? tableNames : [random.pick(tableNames)]
      const flip = device.disk.flipBit(random, tables)
      if (flip !== null) counts.bitFlip++
      return { excused: ['storeDamaged', 'nodeStopped', 'streamClosed'], flip }
    }
    case 'brokenSignature':
      device.signer.brokenChance = 0.4
      return { excused: ['signatureInvalid'], lift: () => (device.signer.brokenChance = 0) }
    case 'unreadable':
    case 'cancelled':
      // The person's doing; the round does it.
      return {}
  }
}
