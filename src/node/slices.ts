/**
 * Long work of the core on the one thread of a node.
 * @module
 */
import type { Slices } from '../core/bytes/bytes.ts'
import type { ClockPort } from '../port/platform.ts'

/** Whatever has come meanwhile, such as the heartbeat of a leader, is seen to between two slices. */
export async function inSlices<T>(clock: Pick<ClockPort, 'after'>, work: Slices<T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    await new Promise<void>((resolve) => clock.after(0, resolve))
  }
}
