/**
 * Ticks: time as Raft counts it.
 *
 * A leader speaks twice a second, far below the six seconds of silence after which a connection is given up; a follower waits
 * five to ten seconds before it stands for election, so that a phone that stutters deposes nobody, and longer where the one
 * that leads stutters (`patience.ts`).
 * @module
 */
import { type NodeId, type RaftConfig, standardConfig } from '../../core/raft/raft.ts'
import { batchSizeBytesMax } from '../../core/tree/tree.ts'
import type { ClockPort, RandomPort } from '../../port/platform.ts'

const tickMs = 500
export const electionMs = tickMs * standardConfig.electionTicks

export const raftConfig = (id: NodeId): RaftConfig => ({
  ...standardConfig,
  id,
  // What is proposed together is bounded by the batch already; the node waits for each write before the next.
  uncommittedSizeBytesMax: 4 * batchSizeBytesMax,
})

/** 48 random bits: no two starts of a node share one. */
export const drawIncarnation = (random: RandomPort): number =>
  random.bytes(6).reduce((number, octet) => number * 256 + octet, 0)

export function jitterTicks(random: RandomPort): number {
  const [high, low] = random.bytes(2)
  return (high! * 256 + low!) % standardConfig.electionTicks
}

/** Calls once a tick, and never makes up for ticks that were slept through. */
export class Ticker {
  readonly #clock: ClockPort
  readonly #onTick: () => void
  #cancel: (() => void) | null = null
  #wall: number
  #monotonic: number

  constructor(clock: ClockPort, onTick: () => void) {
    this.#clock = clock
    this.#onTick = onTick
    this.#wall = clock.nowMs()
    this.#monotonic = clock.monotonicMs()
  }

  run(isWanted: boolean): void {
    if (isWanted === (this.#cancel !== null)) return
    this.#cancel?.()
    this.#cancel = null
    if (!isWanted) return
    this.passedMs()
    this.#tickSoon()
  }

  /** The time since it was last asked, by whichever clock says more: one that was set forward looks like a sleep. */
  passedMs(): number {
    const wall = this.#clock.nowMs()
    const monotonic = this.#clock.monotonicMs()
    const passedMs = Math.max(wall - this.#wall, monotonic - this.#monotonic)
    this.#wall = wall
    this.#monotonic = monotonic
    return passedMs
  }

  #tickSoon(): void {
    this.#cancel = this.#clock.after(tickMs, () => {
      this.#tickSoon()
      this.#onTick()
    })
  }
}
