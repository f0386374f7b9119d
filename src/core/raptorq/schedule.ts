/**
 * A schedule: the row operations that turn what is known of a block into what is not, found once and run over the octets.
 *
 * Rows are symbols, numbered in an arena; the schedule never sees their octets, so it fits every block of the same form. All
 * words are unsigned. The first of an operation is its kind + 4 × count:
 *
 *     sum        [count sources]: target, source…       target = the XOR of the sources, zero if there are none
 *     add        [count sources]: target, source…       target ^= the XOR of the sources
 *     multiple   [count terms]:   target, (source, factor)…   target ^= factor × source, in the field of 256 elements
 *     parity     [count columns]: work, first target, target count, (source or none, target pair)…   see `ScheduleWriter.parity`
 *
 * A target is none of its own sources.
 * @module
 */
import type { Bytes } from '../bytes/bytes.ts'
import { addMultiple, doubleFour, power } from './gf256.ts'

export const operation = { sum: 0, add: 1, multiple: 2, parity: 3 } as const
/** In the place of a source that is zero. */
export const noRow = 0xffff_ffff

/** Any number of rows of one size that a kernel works on. */
export interface Rows {
  readonly rowSizeBytes: number
  /** The row's octets, to be written or read before the next call of anything: memory may move. */
  row(index: number): Bytes
  /** Adds rows behind those that there are. */
  extend(rowCount: number): void
  /** Runs operations in their order. */
  run(schedule: Uint32Array): void
}

/** What row operations run on: plain TypeScript, or WebAssembly. */
export interface Kernel {
  /** Rows of any content. Those opened before are gone: a kernel works on one block at a time. */
  open(rowCount: number, rowSizeBytes: number): Rows
}

/**
 * Collects operations. `words` and `size` are open to loops that write many words of a known number, after `reserve`.
 */
export class ScheduleWriter {
  words: Uint32Array
  size = 0
  #head = 0

  /** @param words to begin with; what is finished is a copy */
  constructor(words: Uint32Array) {
    this.words = words
  }

  /** Begins an operation; its sources follow by `source` or `term`, and its count with them. */
  begin(kind: 'sum' | 'multiple', target: number): void {
    this.reserve(2)
    this.#head = this.size
    this.words[this.size++] = operation[kind]
    this.words[this.size++] = target
  }
  source(row: number): void {
    this.reserve(1)
    this.words[this.size++] = row
    this.words[this.#head]! += 4
  }
  term(row: number, factor: number): void {
    this.reserve(2)
    this.words[this.size++] = row
    this.words[this.size++] = factor
    this.words[this.#head]! += 4
  }

  /**
   * The high-density parity (RFC 6330 §5.3.3.3) of columns: Y_0 = c_0, Y_i = 2 × Y_{i-1} + c_i, and each Y_i is added to two of
   * the targets; the last is added to all, times 2^t for the t-th.
   * @param work a row of its own, zero before
   * @param firstTarget the first of `targetCount` rows, zero before
   * @param columns a row or `noRow`, then the two targets as first + 256 × second; for each column
   */
  parity(work: number, firstTarget: number, targetCount: number, columns: Uint32Array): void {
    this.reserve(4 + columns.length)
    this.words.set([operation.parity + 4 * (columns.length / 2), work, firstTarget, targetCount], this.size)
    this.words.set(columns, this.size + 4)
    this.size += 4 + columns.length
  }

  /** Makes room for so many words more. */
  reserve(count: number): void {
    if (this.size + count <= this.words.length) return
    const larger = new Uint32Array(2 * (this.size + count))
    larger.set(this.words)
    this.words = larger
  }

  finish(): Uint32Array {
    return this.words.slice(0, this.size)
  }
}

/** The reference: what every other kernel must equal. */
export const plainKernel: Kernel = {
  open(rowCount, rowSizeBytes) {
    const wordCount = Math.ceil(rowSizeBytes / 4)
    let words = new Uint32Array(rowCount * wordCount)
    return {
      rowSizeBytes,
      row: (index) => new Uint8Array(words.buffer, 4 * index * wordCount, rowSizeBytes),
      extend(extendedCount) {
        const larger = new Uint32Array(extendedCount * wordCount)
        larger.set(words)
        words = larger
      },
      run: (schedule) => runPlainly(schedule, (index) => words.subarray(index * wordCount, (index + 1) * wordCount)),
    }
  },
}

function runPlainly(schedule: Uint32Array, rowOf: (index: number) => Uint32Array): void {
  for (let at = 0; at < schedule.length;) {
    const kind = schedule[at]! & 3
    const count = schedule[at]! >>> 2
    const target = rowOf(schedule[at + 1]!)
    if (kind === operation.parity) {
      runParity(schedule.subarray(at, at + 4 + 2 * count), rowOf)
      at += 4 + 2 * count
    } else if (kind === operation.multiple) {
      for (let term = 0; term < count; term++)
        addMultiple(octetsOf(target), octetsOf(rowOf(schedule[at + 2 + 2 * term]!)), schedule[at + 3 + 2 * term]!)
      at += 2 + 2 * count
    } else {
      if (kind === operation.sum) target.fill(0)
      for (let term = 0; term < count; term++) add(target, rowOf(schedule[at + 2 + term]!))
      at += 2 + count
    }
  }
}

function runParity(parity: Uint32Array, rowOf: (index: number) => Uint32Array): void {
  const [head, work, firstTarget, targetCount] = [parity[0]!, rowOf(parity[1]!), parity[2]!, parity[3]!]
  const columnCount = head >>> 2
  for (let column = 0; column < columnCount; column++) {
    const source = parity[4 + 2 * column]!
    for (let i = 0; i < work.length; i++) work[i] = doubleFour(work[i]!)
    if (source !== noRow) add(work, rowOf(source))
    if (column === columnCount - 1) break
    const pair = parity[5 + 2 * column]!
    add(rowOf(firstTarget + (pair & 255)), work)
    add(rowOf(firstTarget + (pair >>> 8)), work)
  }
  for (let target = 0; target < targetCount; target++)
    addMultiple(octetsOf(rowOf(firstTarget + target)), octetsOf(work), power(target))
}

const octetsOf = ({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

function add(target: Uint32Array, source: Uint32Array): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! ^ source[i]!
}
