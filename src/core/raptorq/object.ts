/**
 * Objects: how octets become source blocks, sub-blocks and symbols, and what a receiver must know of it (RFC 6330 §3.3, §4.4).
 *
 * All sub-blocks of a block are coded alike, so a symbol is the sub-symbols of all of them one after the other, and coding never
 * sees sub-blocks: they only say in which order the octets of a block stand.
 * @module
 */
import { type Bytes, type Result, accepted, refused } from '../bytes/bytes.ts'
import { paddedKUpTo, sourceSymbolCountMax } from './parameters.ts'

/** The letters are those of the RFC. */
export interface TransmissionInfo {
  /** Octets of the object, 1 to `objectSizeBytesMax`. */
  readonly F: number
  /** Octets of a symbol, 1 to 65,535, a multiple of `Al`. */
  readonly T: number
  /** Source blocks, 1 to 255. */
  readonly Z: number
  /** Sub-blocks of each, 1 to 65,535. */
  readonly N: number
  /** Every sub-symbol is a multiple of so many octets, 1 to 255. */
  readonly Al: number
}

export const transmissionInfoSizeBytes = 12
/** §3.3.2: the bound of the RFC, below the 40 bits of its field. */
export const objectSizeBytesMax = 946_270_874_880

/** One source block: where it lies in the object, and of how many symbols it is. */
export interface SourceBlock {
  readonly startBytes: number
  /** Less than K × T for the last block, whose last symbol is filled up with zeros. */
  readonly sizeBytes: number
  readonly K: number
}

/** Partition[I, J] of §4.4.1.2: `longCount` parts of `long`, then `shortCount` of `short`, which is one less or the same. */
export function partition(total: number, parts: number) {
  const long = Math.ceil(total / parts)
  const short = Math.floor(total / parts)
  const longCount = total - short * parts
  return { long, short, longCount, shortCount: parts - longCount }
}

/** Common and scheme-specific parts, 12 octets: F (40 bits), 8 bits reserved, T (16), Z (8), N (16), Al (8). */
export function encodeTransmissionInfo(info: TransmissionInfo): Bytes {
  if (!isPossible(info)) throw new RangeError(`"info" expected possible values, got ${JSON.stringify(info)}`)
  const octets = new Uint8Array(transmissionInfoSizeBytes)
  const view = new DataView(octets.buffer)
  view.setUint8(0, Math.floor(info.F / 2 ** 32))
  view.setUint32(1, info.F % 2 ** 32)
  view.setUint16(6, info.T)
  view.setUint8(8, info.Z)
  view.setUint16(9, info.N)
  view.setUint8(11, info.Al)
  return octets
}

/** Reads what anybody may have sent. The reserved octet must be zero, so that one object has one form. */
export function decodeTransmissionInfo(octets: Uint8Array): Result<TransmissionInfo> {
  const invalid = refused(
    'transmissionInfoInvalid',
    'What is said of these fragments is impossible; they were not used.',
  )
  if (octets.length !== transmissionInfoSizeBytes) return invalid
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
  const info = {
    F: view.getUint8(0) * 2 ** 32 + view.getUint32(1),
    T: view.getUint16(6),
    Z: view.getUint8(8),
    N: view.getUint16(9),
    Al: view.getUint8(11),
  }
  return view.getUint8(5) === 0 && isPossible(info) ? accepted(info) : invalid
}

const within = (value: number, max: number): boolean => Number.isSafeInteger(value) && value >= 1 && value <= max

function isPossible({ F, T, Z, N, Al }: TransmissionInfo): boolean {
  if (
    !within(F, objectSizeBytesMax) ||
    !within(T, 0xffff) ||
    !within(Z, 0xff) ||
    !within(N, 0xffff) ||
    !within(Al, 0xff)
  )
    return false
  const symbolCount = Math.ceil(F / T)
  // Every block has a symbol, none has too many, and every sub-symbol has a piece of the symbol.
  return T % Al === 0 && N <= T / Al && Z <= symbolCount && Math.ceil(symbolCount / Z) <= sourceSymbolCountMax
}

/**
 * The derivation of §4.3.
 * @param F octets of the object
 * @param T octets of a packet's payload, a multiple of `Al`
 * @param workingMemoryBytes that a receiver can decode a sub-block in (WS)
 * @param SS sub-symbols are at least SS × Al octets
 */
export function deriveTransmissionInfo(
  F: number,
  T: number,
  Al: number,
  workingMemoryBytes: number,
  SS = 1,
): Result<TransmissionInfo> {
  const symbolCount = Math.ceil(F / T)
  const subBlockCountMax = Math.max(1, Math.floor(T / (SS * Al)))
  const fitting = (N: number): number => paddedKUpTo(workingMemoryBytes / (Al * Math.ceil(T / (Al * N))))
  const Z = Math.ceil(symbolCount / fitting(subBlockCountMax))
  for (let N = 1; N <= subBlockCountMax && Z <= 0xff; N++) {
    const info = { F, T, Z, N, Al }
    if (Math.ceil(symbolCount / Z) <= fitting(N) && isPossible(info)) return accepted(info)
  }
  return refused('objectTooLarge', 'This is too large to be coded in so little memory.')
}

export function sourceBlocksOf({ F, T, Z }: TransmissionInfo): readonly SourceBlock[] {
  const { long, short, longCount } = partition(Math.ceil(F / T), Z)
  let startBytes = 0
  return Array.from({ length: Z }, (_, block) => {
    const K = block < longCount ? long : short
    const found = { startBytes, sizeBytes: Math.min(K * T, F - startBytes), K }
    startBytes += K * T
    return found
  })
}

/**
 * Copies between a block's octets and one of its source symbols.
 * @param K symbols of the block
 * @param octets of the block; what it has less than K × T is zero in the last symbols, and dropped from them
 * @param symbol T octets
 */
export function readSourceSymbol(
  info: TransmissionInfo,
  K: number,
  octets: Uint8Array,
  id: number,
  symbol: Uint8Array,
): void {
  forEachSubSymbol(info, K, id, (inBlock, inSymbol, size) => {
    const part = octets.subarray(inBlock, inBlock + size)
    symbol.set(part, inSymbol)
    symbol.fill(0, inSymbol + part.length, inSymbol + size)
  })
}
export function writeSourceSymbol(
  info: TransmissionInfo,
  K: number,
  octets: Uint8Array,
  id: number,
  symbol: Uint8Array,
): void {
  forEachSubSymbol(info, K, id, (inBlock, inSymbol, size) => {
    const left = Math.min(size, octets.length - inBlock)
    if (left > 0) octets.set(symbol.subarray(inSymbol, inSymbol + left), inBlock)
  })
}

function forEachSubSymbol(
  { T, N, Al }: TransmissionInfo,
  K: number,
  id: number,
  use: (inBlock: number, inSymbol: number, size: number) => void,
): void {
  if (N === 1) return use(id * T, 0, T)
  const { long, short, longCount } = partition(T / Al, N)
  let subBlockAt = 0
  let inSymbol = 0
  for (let subBlock = 0; subBlock < N; subBlock++) {
    const size = Al * (subBlock < longCount ? long : short)
    use(subBlockAt + id * size, inSymbol, size)
    subBlockAt += K * size
    inSymbol += size
  }
}

/** The id of a packet: source block number and 24 bits of encoding symbol id (§3.2). */
export function payloadId(sourceBlockNumber: number, encodingSymbolId: number): Bytes {
  const octets = new Uint8Array(4)
  new DataView(octets.buffer).setUint32(0, sourceBlockNumber * 2 ** 24 + encodingSymbolId)
  return octets
}
