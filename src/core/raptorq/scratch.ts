/**
 * Memory for what a plan needs while it is made. A plan for a thousand symbols needs a megabyte in some thirty arrays; taking
 * them from one buffer again and again, instead of new ones from the engine, halves the time.
 * @module
 */
import type { Bytes } from '../bytes/bytes.ts'

/** A buffer for more than about 10,000 symbols is not kept. */
const keptSizeBytesMax = 16 * 1024 * 1024

let buffer = new ArrayBuffer(1024 * 1024)
let usedSizeBytes = 0

/** Ends the use of all that was taken before. */
export function releaseScratch(): void {
  usedSizeBytes = 0
  if (buffer.byteLength > keptSizeBytesMax) buffer = new ArrayBuffer(1024 * 1024)
}

function take(sizeBytes: number): number {
  if (usedSizeBytes + sizeBytes > buffer.byteLength) {
    // What was taken before stays in the old buffer, which lives as long as somebody has it.
    buffer = new ArrayBuffer(Math.max(2 * buffer.byteLength, sizeBytes))
    usedSizeBytes = 0
  }
  const offset = usedSizeBytes
  usedSizeBytes += (sizeBytes + 7) & ~7
  return offset
}

/** Numbers that are all `value`, until the next plan is made. */
export function int32s(count: number, value = 0): Int32Array {
  const offset = take(4 * count)
  return new Int32Array(buffer, offset, count).fill(value)
}
export function uint32s(count: number): Uint32Array {
  const offset = take(4 * count)
  return new Uint32Array(buffer, offset, count).fill(0)
}
export function octets(count: number): Bytes {
  const offset = take(count)
  return new Uint8Array(buffer, offset, count).fill(0)
}
