/**
 * The compiled kernel: row operations and hashes over its own memory, or plain TypeScript where there is no SIMD.
 * @module
 */
import { domainPrefix } from '../../core/crypto/crypto.ts'
import { type DigestMany, plainDigestMany } from '../../core/merkle/merkle.ts'
import { type Kernel, plainKernel } from '../../core/raptorq/raptorq.ts'

/** What `src/kernel/kernel.ts` exports. */
interface Exports {
  readonly memory: WebAssembly.Memory
  prepare(): number
  run(schedule: number, wordCount: number, rows: number, stride: number, width: number, strip: number): void
  hashMany(
    input: number,
    stride: number,
    sizeBytes: number,
    count: number,
    prefix: number,
    prefixSizeBytes: number,
    output: number,
  ): void
}

/** Both kinds of work. They share the memory, but neither disturbs the other. */
export interface FragmentKernel extends Kernel {
  readonly digestMany: DigestMany
  /** Of its own memory, which never shrinks. */
  sizeBytes(): number
}
export const plainFragmentKernel: FragmentKernel = {
  ...plainKernel,
  digestMany: plainDigestMany,
  sizeBytes: () => 0,
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

/** Messages are copied in by parts that stay in the processor's cache. */
const hashedSizeBytes = 256 * 1024
const prefixSizeBytesMax = 64
const hashSizeBytes = 32

/** @param octets of the compiled kernel */
export function createKernel(octets: BufferSource): FragmentKernel {
  if (!WebAssembly.validate(octets)) return plainFragmentKernel
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(octets))
  const { memory, prepare, run, hashMany } = exports as unknown as Exports
  const rowsAt = prepare()
  const reserve = (end: number): void => {
    const missingSizeBytes = end - memory.buffer.byteLength
    if (missingSizeBytes > 0) memory.grow(Math.ceil(missingSizeBytes / pageSizeBytes))
  }
  /** Behind the rows that are open: what lies there is of use during one call only. */
  let end = rowsAt
  return {
    open(rowCount, rowSizeBytes) {
      const stride = aligned(rowSizeBytes)
      const strip = Math.max(stripSizeBytesMin, aligned(Math.floor(stripsSizeBytes / rowCount)))
      end = rowsAt + rowCount * stride
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
    sizeBytes: () => memory.buffer.byteLength,
    digestMany(domain, messages, sizeBytes) {
      const prefix = domainPrefix(domain)
      const count = messages.length / sizeBytes
      if (prefix.length > prefixSizeBytesMax) return plainDigestMany(domain, messages, sizeBytes)
      const hashes = new Uint8Array(count * hashSizeBytes)
      const countAtOnce = Math.max(4, Math.floor(hashedSizeBytes / sizeBytes))
      const input = end + prefixSizeBytesMax
      const output = aligned(input + Math.min(count, countAtOnce) * sizeBytes)
      reserve(output + Math.min(count, countAtOnce) * hashSizeBytes)
      const octetsAt = (address: number, size: number) => new Uint8Array(memory.buffer, address, size)
      octetsAt(end, prefix.length).set(prefix)
      for (let first = 0; first < count; first += countAtOnce) {
        const part = messages.subarray(first * sizeBytes, (first + countAtOnce) * sizeBytes)
        const partCount = part.length / sizeBytes
        octetsAt(input, part.length).set(part)
        hashMany(input, sizeBytes, sizeBytes, partCount, end, prefix.length, output)
        hashes.set(octetsAt(output, partCount * hashSizeBytes), first * hashSizeBytes)
      }
      return hashes
    },
  }
}
