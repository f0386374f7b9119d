/**
 * RaptorQ of one source block as it is encoded and decoded: beside npm's `raptorq`, which is Rust in WebAssembly without SIMD,
 * and beside a bare XOR pass of the kernel over the same octets, which no code can beat.
 *
 * Runs in Node and in a worker alike. All ways take turns in one run, and the fastest round of each counts: what else the
 * machine does only ever makes a round slower. Plans are made anew each time, or once before, as each figure says.
 * @module
 */
import { Decoder, Encoder, initSync } from 'raptorq/raptorq.js'
import { equal } from '../core/bytes/bytes.ts'
import {
  BlockDecoder,
  BlockEncoder,
  type Kernel,
  operation,
  plainKernel,
  planEncoding,
} from '../core/raptorq/raptorq.ts'
import { createKernel } from '../edge/wasm/kernel.ts'

export const symbolSizeBytes = 1280
/** So many repair symbols are made, of all source symbols. */
const repairShare = 0.4
const overheadCount = 2
/** A clock may have steps of 0.1 ms. */
const roundMsMin = 4
const roundCount = 30

/** Megabytes of the object a second. */
export interface CodingFigures {
  readonly encode: number
  readonly encodePlanned: number
  readonly repair: number
  readonly decode5: number
  readonly decode5Planned: number
  readonly decode20: number
  readonly decode20Planned: number
  readonly decode100: number
  readonly decode100Planned: number
  readonly xor: number
  readonly plainEncode: number
  /** From the object to packets with 40 % repair and back, as a user of either library has it. */
  readonly endEncode: number
  readonly endDecode5: number
  readonly endDecode20: number
  readonly peerEncode: number
  readonly peerDecode5: number
  readonly peerDecode20: number
  /** Of the kernel, when all this is done, over the octets of the object. */
  readonly memoryRatio: number
}

/**
 * @param kernelOctets the compiled kernel
 * @param peerOctets the WebAssembly of npm's `raptorq`
 */
export function measureCoding(K: number, kernelOctets: BufferSource, peerOctets: BufferSource): CodingFigures {
  const kernel = createKernel(kernelOctets)
  initSync(new WebAssembly.Module(peerOctets))
  const emptySizeBytes = kernel.sizeBytes()
  const T = symbolSizeBytes
  const object = Uint8Array.from({ length: K * T }, (_, at) => Math.imul(at, 2_654_435_761) >>> 24)
  const repairCount = Math.ceil(K * repairShare)
  const plan = planEncoding(K)

  const encoder = (on: Kernel, isPlanned: boolean): BlockEncoder => {
    const made = isPlanned ? new BlockEncoder(on, K, T, plan) : new BlockEncoder(on, K, T, planEncoding(K))
    for (let id = 0; id < K; id++) made.source(id).set(object.subarray(id * T, (id + 1) * T))
    return made
  }
  const allIds = Array.from({ length: 2 * K + overheadCount }, (_, id) => id)
  const symbols: Uint8Array[] = []
  encoder(kernel, true).symbols(allIds, (_id, symbol) => symbols.push(symbol.slice()))

  /** The ids that are left when this share of the source symbols is lost, made up by repair symbols. */
  const received = (lostShare: number): readonly number[] => {
    const lostCount = Math.max(1, Math.floor(K * lostShare))
    // Spread evenly: which are lost matters little to the code, and the figure should not hang on chance.
    const isLost = (id: number): boolean => Math.floor(((id + 1) * lostCount) / K) > Math.floor((id * lostCount) / K)
    const repairs = Array.from({ length: lostCount + overheadCount }, (_, index) => K + index)
    return [...allIds.slice(0, K).filter((id) => !isLost(id)), ...repairs]
  }
  const output = new Uint8Array(K * T)
  const decode = (ids: readonly number[], known?: ReturnType<BlockDecoder['plan']>): BlockDecoder => {
    const decoder = new BlockDecoder(kernel, K, T)
    for (const id of ids) decoder.add(id, symbols[id]!)
    const decoded = decoder.decode((id, symbol) => output.set(symbol, id * T), known)
    if (!decoded.ok) throw new Error(decoded.fault.local)
    return decoder
  }
  const check = (octets: Uint8Array): void => {
    if (!equal(octets, object)) throw new Error('what was decoded is not what was encoded')
    octets.fill(0)
  }
  const [five, twenty, all] = [received(0.05), received(0.2), received(1)]
  for (const ids of [five, twenty, all]) {
    decode(ids)
    check(output)
  }
  const [plannedFive, plannedTwenty, plannedAll] = [five, twenty, all].map((ids) => decode(ids).plan())

  // The kernel keeps one block: the ways that leave theirs for another to go on with share no round.
  const encodeAll = (isPlanned: boolean): void => encoder(kernel, isPlanned).symbols([], () => {})
  const bare = bareXor(kernel, K, T)
  const ours = {
    encode: () => encodeAll(false),
    encodePlanned: () => encodeAll(true),
    decode5: () => void decode(five),
    decode5Planned: () => void decode(five, plannedFive),
    decode20: () => void decode(twenty),
    decode20Planned: () => void decode(twenty, plannedTwenty),
    decode100: () => void decode(all),
    decode100Planned: () => void decode(all, plannedAll),
    xor: bare,
  }
  const repairIds = allIds.slice(K, K + repairCount)
  // Where the packets go is the sender's, which uses it again: in a browser fresh memory costs more than the code.
  const packets = new Uint8Array((K + repairCount) * T)
  const toPackets = (): void => {
    const made = encoder(kernel, true)
    packets.set(object)
    made.symbols(repairIds, (index, symbol) => packets.set(symbol, (K + index) * T))
  }
  let peerPackets: Uint8Array[] = []
  const toPeerPackets = (): void => {
    const made = Encoder.with_defaults(object, T)
    peerPackets = made.encode(repairCount)
    made.free()
  }
  toPeerPackets()
  const fromPeerPackets = (ids: readonly number[]): void => {
    const decoder = Decoder.with_defaults(BigInt(object.length), T)
    let restored: Uint8Array | undefined
    for (const id of ids) restored ??= decoder.decode(peerPackets[id]!)
    if (restored === undefined) for (const packet of peerPackets) restored ??= decoder.decode(packet)
    if (restored === undefined) throw new Error('the peer does not decode')
    decoder.free()
  }
  const best = fastest({
    ...ours,
    endEncode: toPackets,
    endDecode5: () => void decode(five),
    endDecode20: () => void decode(twenty),
    peerEncode: toPeerPackets,
    peerDecode5: () => fromPeerPackets(five),
    peerDecode20: () => fromPeerPackets(twenty),
  })
  const plainMs =
    K > 1000 ? Number.NaN : fastest({ plain: () => encoder(plainKernel, true).symbols([], () => {}) }).plain!
  const rate = (ms: number): number => (K * T) / 1000 / ms

  // Repair alone: an encoder that has run, asked again and again.
  const ran = encoder(kernel, true)
  ran.symbols([], () => {})
  const repairMs = fastest({ repair: () => ran.symbols(repairIds, () => {}) }).repair!
  return {
    ...(Object.fromEntries(Object.entries(best).map(([name, ms]) => [name, rate(ms)])) as Record<
      keyof typeof best,
      number
    >),
    repair: (repairCount * T) / 1000 / repairMs,
    plainEncode: rate(plainMs),
    memoryRatio: (kernel.sizeBytes() - emptySizeBytes) / (K * T),
  } as CodingFigures
}

/** Every source row added to one row: reads the object once, and reads and writes that row as often. */
function bareXor(kernel: Kernel, K: number, T: number): () => void {
  const schedule = Uint32Array.from({ length: 3 * K }, (_, at) =>
    at % 3 === 0 ? operation.add + 4 : at % 3 === 1 ? 0 : 1 + Math.floor(at / 3),
  )
  return () => kernel.open(K + 1, T).run(schedule)
}

/** Milliseconds of the fastest round of each; the ways take turns. */
function fastest<N extends string>(ways: Readonly<Record<N, () => void>>): Record<N, number> {
  const names = Object.keys(ways) as N[]
  const found = Object.fromEntries(names.map((name) => [name, Number.POSITIVE_INFINITY])) as Record<N, number>
  const repeatCounts = new Map<N, number>()
  for (const name of names) {
    ways[name]()
    const startMs = performance.now()
    ways[name]()
    repeatCounts.set(name, Math.ceil(roundMsMin / Math.max(0.05, performance.now() - startMs)))
  }
  for (let round = 0; round < roundCount; round++)
    for (const name of names) {
      const count = repeatCounts.get(name)!
      const startMs = performance.now()
      for (let repeat = 0; repeat < count; repeat++) ways[name]()
      found[name] = Math.min(found[name], (performance.now() - startMs) / count)
    }
  return found
}
