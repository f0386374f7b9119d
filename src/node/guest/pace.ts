/**
 * How fast a guest may change the tree: every device keeps what it asked for, and for a day that it did.
 *
 * A person's pace. Who comes back with what was done in a day gives that at once; afterwards it takes as long as it takes to do it.
 * @module
 */
import { type Operation, operationSizeBytes, recordCountOf } from '../../core/tree/tree.ts'
import type { ClockPort } from '../../port/platform.ts'

/** Records at once: some seven hundred files, and more than anything of ours gives in one question. */
const burstCountMax = 2048
/** And from then on: forty files a minute. */
const recordsPerSecond = 2

/** A record of anybody's file is smaller; one of all who read a folder can have a hundred times as much. */
const recordSizeBytes = 1024

/** What operations count, in records. */
export const weightOf = (operations: readonly Operation[]): number =>
  Math.max(
    recordCountOf(operations),
    Math.ceil(operations.reduce((sum, operation) => sum + operationSizeBytes(operation), 0) / recordSizeBytes),
  )

export class Pace {
  readonly #clock: Pick<ClockPort, 'monotonicMs'>
  readonly #guests = new Map<string, { readonly count: number; readonly atMs: number }>()

  constructor(clock: Pick<ClockPort, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Whether a guest may give so many records now. More than it ever may count as all that it may. */
  allows(guest: string, recordCount: number): boolean {
    return this.#leftTo(guest) >= Math.min(recordCount, burstCountMax)
  }

  /** What came into the log of it, whatever became of it there: what came nowhere is given again, and costs nothing. */
  spend(guest: string, recordCount: number): void {
    const count = Math.max(0, this.#leftTo(guest) - recordCount)
    this.#guests.set(guest, { count, atMs: this.#clock.monotonicMs() })
  }

  #leftTo(guest: string): number {
    const before = this.#guests.get(guest)
    if (before === undefined) return burstCountMax
    const passedSeconds = (this.#clock.monotonicMs() - before.atMs) / 1000
    return Math.min(burstCountMax, before.count + passedSeconds * recordsPerSecond)
  }
}
