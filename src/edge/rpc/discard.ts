/**
 * Memory given back: a browser has no word for it, but what is transferred to a port that nobody has is gone, and a collector
 * comes for what it is told of.
 * @module
 */
import type { Discard } from '../../port/platform.ts'

export const discard: Discard = (...spent) => {
  for (const { byteLength } of spent) passed(byteLength)
  const buffers = new Set(spent.map(({ buffer }) => buffer as ArrayBuffer))
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(null, [...buffers])
  port1.close()
  port2.close()
}

/** Collected for this often: a few milliseconds each time in a heap as small as a node's. */
const collectedBytes = 32 << 20
/** V8 begins to collect where this much more is known to be outside of its heap: 64 MiB. */
const weightBytes = 96 << 20
let sinceBytes = 0

/**
 * Counts octets that go by in this thread. Chromium hardly counts what its database reads and what its streams carry, so that a
 * fast disk fills hundreds of megabytes until a collector comes by itself; an empty buffer is counted, and takes no memory.
 */
export function passed(sizeBytes: number): void {
  sinceBytes += sizeBytes
  if (sinceBytes < collectedBytes) return
  sinceBytes = 0
  try {
    // Not `new`: a bundler leaves out a buffer that nobody reads.
    Reflect.construct(ArrayBuffer, [weightBytes])
  } catch {
    // Where there is no room for it a collector has just been here.
  }
}
