/**
 * Conformance of our RaptorQ with the vectors of other implementations: symbols, decodability and whole objects (RFC 6330).
 *
 * A file is known by its three lists; how they are to be read stands in the file.
 * @module
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { type Bytes, type Check, equal, fromHex, toHex } from '../../core/bytes/bytes.ts'
import {
  BlockDecoder,
  BlockEncoder,
  type Kernel,
  type TransmissionInfo,
  decodeTransmissionInfo,
  encodeTransmissionInfo,
  payloadId,
  planDecoding,
  readSourceSymbol,
  sourceBlocksOf,
  writeSourceSymbol,
} from '../../core/raptorq/raptorq.ts'
import { createKernel, kernelAddress } from '../../edge/wasm/kernel.ts'

interface SymbolCase {
  readonly id: string
  readonly K: number
  readonly T: number
  readonly seed: number
  readonly symbols: readonly { readonly esi: number; readonly hex?: string; readonly sha256?: string }[]
}
interface RankCase {
  readonly id: string
  readonly K: number
  readonly received_esi: readonly number[]
  readonly decodable: boolean
}
interface Packet {
  readonly payload_id: string
  readonly sha256: string
}
interface ObjectCase {
  readonly id: string
  readonly F: number
  readonly seed: number
  readonly oti_hex: string
  readonly packets: number
  readonly sha256_all_packets_concat: string
  readonly first_packet: Packet
  readonly repair_packets: readonly Packet[]
}
interface Vectors {
  readonly sym: readonly SymbolCase[]
  readonly rank: readonly RankCase[]
  readonly obj: readonly ObjectCase[]
}

export interface RaptorqResult {
  readonly name: string
  readonly passed: number
  readonly failed: number
  /** Each with its case. */
  readonly failures: readonly string[]
}

const shapes: Readonly<Record<keyof Vectors, readonly string[]>> = {
  sym: ['id', 'K', 'T', 'seed', 'symbols'],
  rank: ['id', 'K', 'received_esi', 'decodable'],
  obj: ['id', 'F', 'seed', 'oti_hex', 'packets'],
}

/** Some of the three lists, and in each nothing but its cases; whatever else the file says. */
export function recognisesRaptorq(json: unknown): json is Partial<Vectors> {
  if (typeof json !== 'object' || json === null) return false
  const lists = Object.entries(shapes).filter(([list]) => list in json)
  return (
    lists.length > 0 &&
    lists.every(([list, fields]) => {
      const cases = (json as Record<string, unknown>)[list]
      const isCase = (each: unknown): boolean =>
        typeof each === 'object' && each !== null && fields.every((field) => field in each)
      return Array.isArray(cases) && cases.every(isCase)
    })
  )
}

/** @param kernel by default the compiled one */
export function runRaptorq(path: string, json: Partial<Vectors>, kernel = compiledKernel()): RaptorqResult {
  const failures: string[] = []
  let passed = 0
  for (const [list, judge] of Object.entries(judges))
    for (const each of json[list as keyof Vectors] ?? []) {
      const fault = judgeCase(() => judge(each as never, kernel))
      if (fault === null) passed += 1
      else failures.push(`${each.id}: ${fault}`)
    }
  return { name: basename(path), passed, failed: failures.length, failures }
}

export const compiledKernel = (): Kernel => createKernel(readFileSync(kernelAddress))

/** A codec that throws has failed its case, not the run. */
function judgeCase(judge: () => string | null): string | null {
  try {
    return judge()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Each says what is wrong; null: nothing. */
const judges = { sym: judgeSymbols, rank: judgeRank, obj: judgeObject } as const

const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

/** Words of xorshift32, least significant octet first. */
function dataOf(seed: number, sizeBytes: number): Bytes {
  const octets = new Uint8Array(4 * Math.ceil(sizeBytes / 4))
  const view = new DataView(octets.buffer)
  let x = seed >>> 0
  for (let at = 0; at < octets.length; at += 4) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    view.setUint32(at, x >>> 0, true)
  }
  return octets.subarray(0, sizeBytes)
}

/** The symbols given, and the block back from repair symbols alone. */
function judgeSymbols({ K, T, seed, symbols }: SymbolCase, kernel: Kernel): string | null {
  const data = dataOf(seed, K * T)
  const symbolOf = (id: number): Bytes => data.subarray(id * T, (id + 1) * T)
  const encoder = new BlockEncoder(kernel, K, T)
  for (let id = 0; id < K; id++) encoder.source(id).set(symbolOf(id))
  const wrong: number[] = []
  encoder.symbols(
    symbols.map(({ esi }) => esi),
    (index, symbol) => {
      const { esi, hex, sha256: hash } = symbols[index]!
      if (hex === undefined ? sha256(symbol) !== hash : toHex(symbol) !== hex) wrong.push(esi)
    },
  )
  if (wrong.length > 0) return `symbols ${wrong.join(' ')} differ`

  const repairIds = Array.from({ length: K + repairOverhead }, (_, index) => K + index)
  const repairs: Bytes[] = []
  encoder.symbols(repairIds, (_index, symbol) => repairs.push(Uint8Array.from(symbol)))
  const decoder = new BlockDecoder(kernel, K, T)
  repairs.forEach((symbol, index) => mustHold(decoder.add(repairIds[index]!, symbol)))
  let differingCount = 0
  mustHold(decoder.decode((id, symbol) => (differingCount += equal(symbol, symbolOf(id)) ? 0 : 1)))
  return differingCount > 0 ? `${differingCount} source symbols do not come back` : null
}
/** So many symbols beyond K fail once in 10^14. */
const repairOverhead = 5
function mustHold(check: Check): void {
  if (!check.ok) throw new Error(check.fault.local)
}

function judgeRank({ K, received_esi: ids, decodable }: RankCase): string | null {
  const isDecodable = planDecoding(K, ids) !== null
  return isDecodable === decodable ? null : `expected ${decodable ? '' : 'not '}to be decodable`
}

function judgeObject(given: ObjectCase, kernel: Kernel): string | null {
  const octets = fromHex(given.oti_hex)
  const decoded = octets === null ? null : decodeTransmissionInfo(octets)
  if (!decoded?.ok) return 'the transmission information is refused'
  const info = decoded.value
  if (!equal(encodeTransmissionInfo(info), octets!)) return 'the transmission information encodes differently'
  if (info.F !== given.F) return `expected ${given.F} octets, got ${info.F}`
  const data = dataOf(given.seed, info.F)
  const repairCount = (given.packets - Math.ceil(info.F / info.T)) / info.Z
  const packets = packetsOf(info, data, repairCount, kernel)
  const hash = createHash('sha256')
  for (const packet of packets) hash.update(packet.octets)
  if (hash.digest('hex') !== given.sha256_all_packets_concat) return 'the packets together differ'
  const known = new Map(packets.map(({ id, octets: packet }) => [id, packet]))
  const wrong = [given.first_packet, ...given.repair_packets].find(({ payload_id, sha256: expected }) => {
    const packet = known.get(payload_id)
    return packet === undefined || ![sha256(packet), sha256(packet.subarray(4))].includes(expected)
  })
  return wrong ? `packet ${wrong.payload_id} differs` : null
}

interface PacketOctets {
  readonly id: string
  readonly octets: Bytes
}

/** Block by block, source packets before the others. */
function packetsOf(info: TransmissionInfo, data: Bytes, repairCount: number, kernel: Kernel): PacketOctets[] {
  return sourceBlocksOf(info).flatMap(({ startBytes, sizeBytes, K }, block) => {
    const octets = data.subarray(startBytes, startBytes + sizeBytes)
    const encoder = new BlockEncoder(kernel, K, info.T)
    for (let id = 0; id < K; id++) readSourceSymbol(info, K, octets, id, encoder.source(id))
    const packets: PacketOctets[] = []
    const restored = new Uint8Array(sizeBytes)
    const ids = Array.from({ length: K + repairCount }, (_, id) => id)
    encoder.symbols(ids, (id, symbol) => {
      const payload = payloadId(block, id)
      packets.push({ id: toHex(payload), octets: Uint8Array.of(...payload, ...symbol) })
      if (id < K) writeSourceSymbol(info, K, restored, id, symbol)
    })
    if (!equal(restored, octets)) throw new Error('the source symbols do not make the block again')
    return packets
  })
}
