/**
 * The clocks of a simulated device: a wall clock that may be set in either direction, and a monotonic one that sleeps with it.
 * @module
 */
import type { ClockPort } from '../port/platform.ts'
import type { Process } from './process.ts'

/** 2026-05-03T09:20:00Z: an instant like any other to begin at. */
const beginningMs = 1_777_800_000_000

/** The setting of a device's wall clock; it outlives every process. */
export class WallClock {
  #offsetMs = beginningMs

  get offsetMs(): number {
    return this.#offsetMs
  }

  /** @param byMs negative: back */
  jump(byMs: number): void {
    this.#offsetMs += byMs
  }
}

export function createSimClock(process: Process, wall: WallClock): ClockPort {
  return {
    nowMs: () => wall.offsetMs + process.scheduler.nowMs,
    monotonicMs: () => process.awakeMs,
    after: (delayMs, callback) => process.post(Math.max(0, delayMs), callback),
  }
}
