/**
 * What follows from the number of source symbols alone (RFC 6330 §5.3.1, §5.3.3.3 and §5.6).
 * @module
 */
import { degreeBounds, randomTables, systematicTable } from './table.ts'

/** K'_max: so many symbols can a source block have (§5.1.2). */
export const sourceSymbolCountMax = 56_403
/** Encoding symbol ids are of 24 bits (§3.2). */
export const encodingSymbolIdMax = 2 ** 24 - 1

/** The letters are those of the RFC, so that its formulas can be read beside the code. */
export interface BlockParameters {
  /** Source symbols of the block. */
  readonly K: number
  /** K', the least number of the table that K fits in: symbols K to K' - 1 are zero and never sent. */
  readonly paddedK: number
  /** J(K'), the systematic index: it makes the first K' encoding symbols the source symbols. */
  readonly J: number
  /** Symbols of the low-density parity check. */
  readonly S: number
  /** Symbols of the high-density parity check. */
  readonly H: number
  /** LT symbols: W - S of the intermediate symbols and the S of the low-density parity check. */
  readonly W: number
  /** Intermediate symbols, K' + S + H. */
  readonly L: number
  /** Permanently inactive symbols, L - W. */
  readonly P: number
  /** The smallest prime that is P or more. */
  readonly P1: number
  /** LT symbols that are not of the low-density parity check, W - S. */
  readonly B: number
}

const rowSize = 5
const rowCount = systematicTable.length / rowSize

/** @param K 1 to `sourceSymbolCountMax` */
export function blockParameters(K: number): BlockParameters {
  if (!Number.isInteger(K) || K < 1 || K > sourceSymbolCountMax)
    throw new RangeError(`"K" expected 1..${sourceSymbolCountMax}, got ${K}`)
  const row = systematicTable.subarray(rowSize * rowOf(K))
  const [paddedK, J, S, H, W] = [row[0]!, row[1]!, row[2]!, row[3]!, row[4]!]
  const L = paddedK + S + H
  const P = L - W
  return { K, paddedK, J, S, H, W, L, P, P1: primeFrom(P), B: W - S }
}

/** The first row of table 2 whose K' is `K` or more. */
function rowOf(K: number): number {
  let low = 0
  let high = rowCount - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (systematicTable[rowSize * middle]! >= K) high = middle
    else low = middle + 1
  }
  return low
}

/** The largest K' of table 2 that is `limit` or less; 0 where there is none. */
export function paddedKUpTo(limit: number): number {
  let found = 0
  for (let row = 0; row < rowCount; row++) {
    const paddedK = systematicTable[rowSize * row]!
    if (paddedK > limit) break
    found = paddedK
  }
  return found
}

function primeFrom(start: number): number {
  for (let candidate = Math.max(2, start); ; candidate++) if (isPrime(candidate)) return candidate
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) return false
  return true
}

const [V0, V1, V2, V3] = randomTables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array]

/** Rand[y, i, m] of §5.3.5.1: a number of 0 to m - 1. @param y below 2^32 @param i below 256 */
export function rand(y: number, i: number, m: number): number {
  const mixed =
    V0[(y + i) & 255]! ^ V1[((y >>> 8) + i) & 255]! ^ V2[((y >>> 16) + i) & 255]! ^ V3[((y >>> 24) + i) & 255]!
  return (mixed >>> 0) % m
}

/** The internal symbol id of an encoding symbol: after the source symbols those of the padding are skipped (§5.3.1). */
export const internalSymbolId = ({ K, paddedK }: BlockParameters, encodingSymbolId: number): number =>
  encodingSymbolId < K ? encodingSymbolId : encodingSymbolId + paddedK - K

/** Symbols that one encoding symbol sums: at most 30 by the LT code and 3 permanently inactive ones. */
export const symbolDegreeMax = 33

/**
 * Writes the intermediate symbols whose sum is the encoding symbol `X` (§5.3.5.3 and §5.3.5.4): first those of the LT code, all
 * below W, then the permanently inactive ones.
 * @param X internal symbol id, below 2^32
 * @param into takes at most `symbolDegreeMax` numbers from `at` on
 * @returns the end of what was written
 */
export function writeSymbolTerms(parameters: BlockParameters, X: number, into: Int32Array, at: number): number {
  const { J, W, P, P1 } = parameters
  const y = tupleSeed(J, X)
  const d = Math.min(degree(rand(y, 0, 1 << 20)), W - 2)
  const a = 1 + rand(y, 1, W - 1)
  let b = rand(y, 2, W)
  const d1 = d < 4 ? 2 + rand(X, 3, 2) : 2
  const a1 = 1 + rand(X, 4, P1 - 1)
  let b1 = rand(X, 5, P1)
  let end = at
  into[end++] = b
  for (let j = 1; j < d; j++) {
    b += a
    if (b >= W) b -= W
    into[end++] = b
  }
  for (let j = 0; j < d1; j++) {
    if (j > 0) b1 = (b1 + a1) % P1
    while (b1 >= P) b1 = (b1 + a1) % P1
    into[end++] = W + b1
  }
  return end
}

/** y of §5.3.5.4: (B + X × A) mod 2^32, where A is odd. */
function tupleSeed(J: number, X: number): number {
  const a = 53_591 + J * 997
  const A = a % 2 === 0 ? a + 1 : a
  const B = 10_267 * (J + 1)
  return (B + Math.imul(X, A)) >>> 0
}

/** Deg[v] of §5.3.5.2 without the bound W - 2. @param v below 2^20 */
function degree(v: number): number {
  let d = 1
  while (v >= degreeBounds[d]!) d += 1
  return d
}
