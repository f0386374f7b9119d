import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concat, equal } from '../../core/bytes/bytes.ts'
import {
  BlockDecoder,
  BlockEncoder,
  type Kernel,
  type Rows,
  encodingSymbolIdMax,
  operation,
  plainKernel,
  sourceSymbolCountMax,
} from '../../core/raptorq/raptorq.ts'
import { plainDigestMany } from '../../core/merkle/merkle.ts'
import { createKernel, kernelAddress, plainFragmentKernel } from './kernel.ts'

const octets = readFileSync(kernelAddress)
const kernel = createKernel(octets)

const rowCount = 12
const target = fc.integer({ min: 0, max: 5 })
const source = fc.integer({ min: 6, max: rowCount - 1 })
const noRow = 0xffff_ffff
const sum = fc
  .tuple(fc.constantFrom(operation.sum, operation.add), target, fc.array(source, { maxLength: 12 }))
  .map(([kind, to, sources]) => [kind + 4 * sources.length, to, ...sources])
const multiple = fc
  .tuple(target, fc.array(fc.tuple(source, fc.integer({ min: 0, max: 255 })), { maxLength: 5 }))
  .map(([to, terms]) => [operation.multiple + 4 * terms.length, to, ...terms.flat()])
const parity = fc
  .array(fc.tuple(fc.oneof(source, fc.constant(noRow)), fc.tuple(fc.nat(3), fc.nat(3))), { minLength: 1, maxLength: 9 })
  .map((columns) => [
    ...[operation.parity + 4 * columns.length, 5, 1, 4],
    ...columns.flatMap(([from, [first, second]]) => [from, first + 256 * second]),
  ])
const schedules = fc
  .array(fc.oneof(sum, multiple, parity), { maxLength: 8 })
  .map((operations) => Uint32Array.from(operations.flat()))

function filled(on: Kernel, rowSizeBytes: number, seed: number): Rows {
  const rows = on.open(rowCount, rowSizeBytes)
  for (let row = 0, x = seed; row < rowCount; row++)
    rows.row(row).forEach((_, at, octetsOfRow) => {
      x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) + at
      octetsOfRow[at] = x >>> 24
    })
  return rows
}
const contents = (rows: Rows): Uint8Array => concat(...Array.from({ length: rowCount }, (_, row) => rows.row(row)))

test('the kernel is compiled, and differs from the reference', () => expect(kernel).not.toBe(plainFragmentKernel))

test('any schedule does to any rows what the reference does', () => {
  const sizes = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(1024, 1280, 4096, 5000))
  fc.assert(
    fc.property(schedules, sizes, fc.integer(), (schedule, rowSizeBytes, seed) => {
      const [ours, reference] = [filled(kernel, rowSizeBytes, seed), filled(plainKernel, rowSizeBytes, seed)]
      ours.run(schedule)
      reference.run(schedule)
      expect(equal(contents(ours), contents(reference))).toBe(true)
    }),
  )
})

test('long rows are done strip by strip, with the same result', () => {
  const schedule = Uint32Array.of(operation.multiple + 8, 0, 6, 3, 7, 200, operation.sum + 12, 1, 0, 8, 9)
  const [ours, reference] = [filled(kernel, 200_003, 5), filled(plainKernel, 200_003, 5)]
  ours.run(schedule)
  reference.run(schedule)
  expect(equal(contents(ours), contents(reference))).toBe(true)
})

test.each([
  { name: 'the kernel', on: kernel },
  { name: 'the reference', on: plainKernel },
])('$name keeps what rows hold when there are more', ({ on }) => {
  const rows = filled(on, 33, 1)
  const before = contents(rows)
  rows.extend(100_000)
  expect(contents(rows)).toEqual(before)
  rows.row(99_999).fill(7)
  rows.run(Uint32Array.of(operation.sum + 4, 0, 99_999))
  expect(rows.row(0)).toEqual(new Uint8Array(33).fill(7))
})

test('without SIMD the reference does the work', () => {
  const damaged = octets.slice()
  damaged[8] = 0xff
  expect(createKernel(damaged)).toBe(plainFragmentKernel)
})

describe('hashes', () => {
  const domains = fc.integer({ min: 1, max: 70 }).map((length) => `blocktree/1/${'x'.repeat(length)}`)
  test('of messages of any size and count are those of the reference', () => {
    fc.assert(
      fc.property(domains, fc.integer({ min: 1, max: 300 }), fc.nat(13), fc.nat(), (domain, sizeBytes, count, seed) => {
        const messages = Uint8Array.from({ length: sizeBytes * count }, (_, at) => Math.imul(at + seed, 40503) >>> 8)
        const hashes = kernel.digestMany(domain, messages, sizeBytes)
        expect(equal(hashes, plainDigestMany(domain, messages, sizeBytes))).toBe(true)
      }),
    )
  })
  test('are taken part by part, and leave open rows alone', () => {
    const rows = filled(kernel, 100, 3)
    const before = contents(rows)
    const messages = Uint8Array.from({ length: 1024 * 1000 }, (_, at) => at >>> 3)
    const hashes = kernel.digestMany('blocktree/1/merkleLeaf', messages, 1024)
    expect(equal(hashes, plainDigestMany('blocktree/1/merkleLeaf', messages, 1024))).toBe(true)
    expect(equal(contents(rows), before)).toBe(true)
  })
})

test('the largest source block of RFC 6330 comes back from symbols up to the last id there is', () => {
  const T = 16
  const content = Uint8Array.from({ length: sourceSymbolCountMax * T }, (_, at) => Math.imul(at, 2_654_435_761) >>> 24)
  const encoder = new BlockEncoder(kernel, sourceSymbolCountMax, T)
  for (let id = 0; id < sourceSymbolCountMax; id++) encoder.source(id).set(content.subarray(id * T, (id + 1) * T))
  const ids = Array.from({ length: sourceSymbolCountMax + 2 }, (_, at) =>
    at % 10 === 0 ? encodingSymbolIdMax - at : at,
  )
  const symbols: Uint8Array[] = []
  encoder.symbols(ids, (_index, symbol) => symbols.push(symbol.slice()))
  const decoder = new BlockDecoder(kernel, sourceSymbolCountMax, T)
  ids.forEach((id, at) => decoder.add(id, symbols[at]!))
  const decoded = new Uint8Array(content.length)
  expect(decoder.decode((id, symbol) => decoded.set(symbol, id * T)).ok).toBe(true)
  expect(equal(decoded, content)).toBe(true)
})
