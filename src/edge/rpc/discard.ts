/**
 * Memory given back: a browser has no word for it, but what is transferred to a port that nobody has is gone.
 * @module
 */
import type { Discard } from '../../port/platform.ts'

export const discard: Discard = (...spent) => {
  const buffers = new Set(spent.map(({ buffer }) => buffer as ArrayBuffer))
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(null, [...buffers])
  port1.close()
  port2.close()
}
