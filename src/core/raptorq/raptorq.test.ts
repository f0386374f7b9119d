import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Check, equal, must, ok } from '../bytes/bytes.ts'
import {
  BlockDecoder,
  BlockEncoder,
  type TransmissionInfo,
  blockParameters,
  decodeTransmissionInfo,
  deriveTransmissionInfo,
  encodeTransmissionInfo,
  encodingPlan,
  encodingSymbolIdMax,
  objectSizeBytesMax,
  partition,
  payloadId,
  plainKernel,
  planDecoding,
  readSourceSymbol,
  sourceBlocksOf,
  sourceSymbolCountMax,
  writeSourceSymbol,
} from './raptorq.ts'

/** Octets that differ from place to place. */
const octetsOf = (sizeBytes: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: sizeBytes }, (_, at) => Math.imul(at + seed, 2_654_435_761) >>> 24)

function encode(K: number, T: number, data: Uint8Array, ids: readonly number[]): Uint8Array[] {
  const encoder = new BlockEncoder(plainKernel, K, T)
  for (let id = 0; id < K; id++) encoder.source(id).set(data.subarray(id * T, (id + 1) * T))
  const symbols: Uint8Array[] = []
  encoder.symbols(ids, (_index, symbol) => symbols.push(symbol.slice()))
  return symbols
}

const blocks = fc.record({ K: fc.integer({ min: 1, max: 120 }), T: fc.integer({ min: 1, max: 40 }), seed: fc.nat() })
const ids = fc.oneof(fc.nat(300), fc.nat(encodingSymbolIdMax))

describe('a block', () => {
  test('begins with its source symbols', () => {
    fc.assert(
      fc.property(blocks, ({ K, T, seed }) => {
        const data = octetsOf(K * T, seed)
        const symbols = encode(K, T, data, [...Array(K).keys()])
        symbols.forEach((symbol, id) => expect(symbol).toEqual(data.slice(id * T, (id + 1) * T)))
      }),
    )
  })

  test('comes back from any mix of symbols that determines it, and is refused otherwise', () => {
    fc.assert(
      fc.property(blocks, fc.uniqueArray(ids, { minLength: 1, maxLength: 130 }), ({ K, T, seed }, received) => {
        const data = octetsOf(K * T, seed)
        const symbols = encode(K, T, data, received)
        const decoder = new BlockDecoder(plainKernel, K, T)
        received.forEach((id, index) => mustHold(decoder.add(id, symbols[index]!)))
        const restored = new Uint8Array(K * T)
        const isDecoded = decoder.decode((id, symbol) => restored.set(symbol, id * T)).ok
        expect(isDecoded).toBe(planDecoding(K, received) !== null)
        if (isDecoded) expect(equal(restored, data)).toBe(true)
      }),
    )
  })

  test('needs K symbols at least, and is told so', () => {
    const decoder = new BlockDecoder(plainKernel, 10, 4)
    for (let id = 20; id < 29; id++) decoder.add(id, new Uint8Array(4))
    expect(decoder.decode(() => {})).toMatchObject({ ok: false, fault: { code: 'symbolsTooFew' } })
  })

  test('refuses what is no symbol of it, and looks at none twice', () => {
    const decoder = new BlockDecoder(plainKernel, 2, 4)
    const fault = { ok: false, fault: { code: 'symbolInvalid' } }
    expect(decoder.add(0, new Uint8Array(3))).toMatchObject(fault)
    expect(decoder.add(-1, new Uint8Array(4))).toMatchObject(fault)
    expect(decoder.add(0.5, new Uint8Array(4))).toMatchObject(fault)
    expect(decoder.add(encodingSymbolIdMax + 1, new Uint8Array(4))).toMatchObject(fault)
    mustHold(decoder.add(0, Uint8Array.of(1, 1, 1, 1)))
    mustHold(decoder.add(0, Uint8Array.of(2, 2, 2, 2)))
    mustHold(decoder.add(1, Uint8Array.of(3, 3, 3, 3)))
    const shown: number[] = []
    mustHold(decoder.decode((_id, symbol) => shown.push(symbol[0]!)))
    expect(shown).toEqual([1, 3])
  })

  test('a plan for K is made once', () => expect(encodingPlan(33)).toBe(encodingPlan(33)))

  test.each([0, -1, 1.5, sourceSymbolCountMax + 1, Number.NaN])('has no %s source symbols', (K) => {
    expect(() => blockParameters(K)).toThrow(RangeError)
  })
})

const mustHold = (check: Check): void => expect(check).toEqual(ok)

describe('transmission information', () => {
  const infos = fc
    .record({
      symbolCount: fc.integer({ min: 1, max: 2_000_000 }),
      Al: fc.constantFrom(1, 4, 8),
      units: fc.integer({ min: 1, max: 8191 }),
      Z: fc.integer({ min: 1, max: 255 }),
      N: fc.integer({ min: 1, max: 300 }),
      less: fc.nat(1000),
    })
    .map(({ symbolCount, Al, units, Z, N, less }): TransmissionInfo => {
      const T = Al * units
      return { F: symbolCount * T - (less % T), T, Z: Math.min(Z, symbolCount), N: Math.min(N, units), Al }
    })
    .filter(({ F, T, Z }) => Math.ceil(Math.ceil(F / T) / Z) <= sourceSymbolCountMax)

  test('decodes to what was encoded', () => {
    fc.assert(
      fc.property(infos, (info) => {
        expect(must(decodeTransmissionInfo(encodeTransmissionInfo(info)))).toEqual(info)
      }),
    )
  })

  test('any octets are refused, or encode to the same again', () => {
    const octets = fc.oneof(
      fc.uint8Array({ minLength: 12, maxLength: 12 }),
      fc.uint8Array({ maxLength: 20 }),
      fc.tuple(infos, fc.nat(11), fc.nat(255)).map(([info, at, value]) => {
        const flipped = encodeTransmissionInfo(info)
        flipped[at] = value
        return flipped
      }),
    )
    fc.assert(
      fc.property(octets, (given) => {
        const info = decodeTransmissionInfo(given)
        if (info.ok) expect(encodeTransmissionInfo(info.value)).toEqual(Uint8Array.from(given))
        else expect(info.fault.code).toBe('transmissionInfoInvalid')
      }),
      { numRuns: 2000 },
    )
  })

  test('impossible values are ours to prevent', () => {
    const possible = { F: 100, T: 10, Z: 1, N: 1, Al: 1 }
    for (const wrong of [{ F: objectSizeBytesMax + 1 }, { F: 0 }, { T: 0 }, { Z: 11 }, { N: 11 }, { Al: 3 }])
      expect(() => encodeTransmissionInfo({ ...possible, ...wrong })).toThrow(RangeError)
  })

  test('is derived so that a sub-block fits the memory (§4.3)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 8 }), fc.integer({ min: 1, max: 300 }), (F, units) => {
        const [T, Al, memory] = [8 * units, 8, 2 ** 20]
        const derived = deriveTransmissionInfo(F, T, Al, memory)
        if (!derived.ok) throw new Error(derived.fault.code)
        const { Z, N } = derived.value
        const K = Math.ceil(Math.ceil(F / T) / Z)
        expect(blockParameters(K).paddedK * Al * Math.ceil(T / (Al * N))).toBeLessThanOrEqual(memory)
      }),
    )
  })
})

describe('an object', () => {
  test('is the sum of its blocks', () => {
    expect(partition(10, 4)).toEqual({ long: 3, short: 2, longCount: 2, shortCount: 2 })
    const blocksOfTen = sourceBlocksOf({ F: 95, T: 10, Z: 4, N: 1, Al: 1 })
    expect(blocksOfTen).toEqual([
      { startBytes: 0, sizeBytes: 30, K: 3 },
      { startBytes: 30, sizeBytes: 30, K: 3 },
      { startBytes: 60, sizeBytes: 20, K: 2 },
      { startBytes: 80, sizeBytes: 15, K: 2 },
    ])
  })

  test('comes back from its symbols, whatever its sub-blocks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 20 }), fc.nat(2000), (N, K, less) => {
        const info = { F: 1, T: 4 * 9, Z: 1, N, Al: 4 }
        const block = octetsOf(Math.max(1, K * info.T - (less % info.T)), 3)
        const restored = new Uint8Array(block.length)
        const symbol = new Uint8Array(info.T)
        for (let id = 0; id < K; id++) {
          readSourceSymbol(info, K, block, id, symbol)
          writeSourceSymbol(info, K, restored, id, symbol)
        }
        expect(restored).toEqual(block)
      }),
    )
  })

  test('names its packets', () => expect(payloadId(7, 0x010203)).toEqual(Uint8Array.of(7, 1, 2, 3)))
})
