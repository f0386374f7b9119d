import fc from 'fast-check'
import { expect, test } from 'vitest'
import { equal, ok } from '../bytes/bytes.ts'
import { blockParameters, encodeTransmissionInfo, plainKernel, sourceBlocksOf } from '../raptorq/raptorq.ts'
import {
  type Stripe,
  StripeDecoder,
  encodeSourceBlock,
  fragmentSizeBytesOf,
  leafSizeBytes,
  overheadFragmentCount,
  sourceRangeOf,
  sourceSymbolCountOfStripeMax,
  stripeAt,
  stripeCountOf,
  stripeSizeBytesMax,
  stripesOf,
  transmissionInfoOf,
} from './fragment.ts'

const blockSizes = fc.oneof(fc.nat(5000), fc.nat(10 ** 9), fc.integer({ min: 0, max: 2 ** 40 }))
const symbolCounts = fc.integer({ min: 1, max: sourceSymbolCountOfStripeMax })

test('stripes cover a block of any size, each coded as RFC 6330 can', () => {
  fc.assert(
    fc.property(blockSizes, symbolCounts, (blockSizeBytes, K) => {
      const count = stripeCountOf(blockSizeBytes, K)
      const indices = [...new Set([0, 1, count - 2, count - 1])].filter((index) => index >= 0 && index < count)
      for (const index of indices) {
        const stripe = stripeAt(blockSizeBytes, K, index)!
        const next = stripeAt(blockSizeBytes, K, index + 1)
        expect(stripe.startBytes + stripe.sizeBytes).toBe(next?.startBytes ?? blockSizeBytes)
        expect(stripe.sizeBytes).toBeLessThanOrEqual(stripeSizeBytesMax)
        expect(fragmentSizeBytesOf(stripe) % leafSizeBytes).toBe(0)
        const info = transmissionInfoOf(stripe)
        expect(encodeTransmissionInfo(info).length).toBe(12)
        expect(sourceBlocksOf(info).every((block) => block.K === K)).toBe(true)
        expect(sourceRangeOf(stripe, 0).start).toBe(stripe.startBytes)
        expect(sourceRangeOf(stripe, stripe.Z - 1).end).toBe(stripe.startBytes + stripe.sizeBytes)
      }
      expect(stripeAt(blockSizeBytes, K, count)).toBe(null)
    }),
  )
})

test('an empty block has no stripe, and what is none of ours throws', () => {
  expect(stripesOf(0, 14)).toEqual([])
  expect(() => stripesOf(-1, 14)).toThrow(RangeError)
  expect(() => stripesOf(1, sourceSymbolCountOfStripeMax + 1)).toThrow(RangeError)
})

/** The block from these fragments. */
function through(stripes: readonly Stripe[], block: Uint8Array, made: readonly number[], left: readonly number[]) {
  const restored = new Uint8Array(block.length)
  for (const stripe of stripes) {
    const pieces = Array.from({ length: stripe.Z }, (_, sourceBlock) => {
      const { start, end } = sourceRangeOf(stripe, sourceBlock)
      const symbols = new Map<number, Uint8Array>()
      encodeSourceBlock(plainKernel, stripe, block.subarray(start, end), made, (id, symbol) =>
        symbols.set(id, symbol.slice()),
      )
      return symbols
    })
    const decoder = new StripeDecoder(plainKernel, stripe, left)
    for (let sourceBlock = 0; sourceBlock < stripe.Z; sourceBlock++) {
      const { start, end } = sourceRangeOf(stripe, sourceBlock)
      const symbols = left.map((id) => pieces[sourceBlock]!.get(id)!)
      const decoded = decoder.decode(symbols, restored.subarray(start, end))
      if (!decoded.ok) return decoded
    }
  }
  expect(equal(restored, block)).toBe(true)
  return ok
}

test('any K + 2 of the fragments bring a block back, and fewer than K do not', () => {
  const made = [...Array(12).keys()]
  const lists = fc.shuffledSubarray(made, { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60_000 }), lists, (sizeBytes, left) => {
      const block = Uint8Array.from({ length: sizeBytes }, (_, at) => Math.imul(at, 2_654_435_761) >>> 24)
      const result = through(stripesOf(sizeBytes, 4), block, made, left)
      if (left.length >= 4 + overheadFragmentCount) expect(result).toEqual(ok)
      if (left.length < 4) expect(result).toMatchObject({ ok: false, fault: { code: 'symbolsTooFew' } })
    }),
    { numRuns: 40 },
  )
})

test('several source blocks share one plan', () => {
  const block = Uint8Array.from({ length: 400_000 }, (_, at) => at >>> 4)
  const stripes = stripesOf(block.length, 2)
  expect(stripes[0]).toMatchObject({ Z: 4, K: 2 })
  expect(through(stripes, block, [0, 1, 2, 3, 4], [4, 2, 3, 1])).toEqual(ok)
})

test('a fragment that lacks a piece is refused', () => {
  const decoder = new StripeDecoder(plainKernel, stripeAt(100, 2, 0)!, [0, 1])
  expect(decoder.decode([new Uint8Array(1008)], new Uint8Array(100))).toMatchObject({ ok: false })
  expect(decoder.decode([new Uint8Array(1008), new Uint8Array(9)], new Uint8Array(100))).toMatchObject({ ok: false })
  expect(blockParameters(2).paddedK).toBe(10)
})
