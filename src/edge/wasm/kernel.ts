/**
 * The compiled kernel: row operations and hashes over its own memory, or plain TypeScript where there is no SIMD.
 * @module
 */
import { type Kernel, plainKernel } from '../../core/raptorq/raptorq.ts'

/** What `src/kernel/kernel.ts` exports. */
interface Exports {
  readonly memory: WebAssembly.Memory
  prepare(): number
  run(schedule: number, wordCount: number, rows: number, stride: number, width: number, strip: number): void
}

/** Compiled by `src/tool/kernel.mjs`. */
export const kernelAddress = new URL('../../../.cache/kernel/kernel.wasm', import.meta.url)

const pageSizeBytes = 65_536
/** Rows of vectors of 16 octets. */
const aligned = (sizeBytes: number): number => (sizeBytes + 15) & ~15

/**
 * A strip of all rows should stay in the processor's cache, which pays where rows are long; narrow strips cost more than they
 * save (measured: `npm run bench -- raptorq`).
 */
const stripsSizeBytes = 512 * 1024
const stripSizeBytesMin = 1024

/** @param octets of the compiled kernel */
export function createKernel(octets: BufferSource): Kernel {
  if (!WebAssembly.validate(octets)) return plainKernel
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(octets))
  const { memory, prepare, run } = exports as unknown as Exports
  const rowsAt = prepare()
  const reserve = (end: number): void => {
    const missingSizeBytes = end - memory.buffer.byteLength
    if (missingSizeBytes > 0) memory.grow(Math.ceil(missingSizeBytes / pageSizeBytes))
  }
  return {
    open(rowCount, rowSizeBytes) {
      const stride = aligned(rowSizeBytes)
      const strip = Math.max(stripSizeBytesMin, aligned(Math.floor(stripsSizeBytes / rowCount)))
      let end = rowsAt + rowCount * stride
      reserve(end)
      return {
        rowSizeBytes,
        row: (index) => new Uint8Array(memory.buffer, rowsAt + index * stride, rowSizeBytes),
        extend(extendedCount) {
          end = rowsAt + extendedCount * stride
          reserve(end)
        },
        run(schedule) {
          reserve(end + 4 * schedule.length)
          new Uint32Array(memory.buffer, end, schedule.length).set(schedule)
          run(end, schedule.length, rowsAt, stride, stride, strip)
        },
      }
    },
  }
}
