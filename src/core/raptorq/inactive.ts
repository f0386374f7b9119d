/**
 * The dense part of inactivation decoding (RFC 6330 §5.4.2.3): the inactive symbols, from the rows that peeling left over and
 * from the high-density parity.
 *
 * Binary rows come first, as bits of words. They determine all inactive symbols but a few, about as many as there are
 * high-density rows; only those few need arithmetic in the field of 256 elements.
 * @module
 */
import type { Constraints } from './constraints.ts'
import { doubleFour, invert, multiply, power } from './gf256.ts'
import { type BlockParameters, rand } from './parameters.ts'
import type { Peeling } from './peel.ts'
import { int32s, octets } from './scratch.ts'

/** How each inactive symbol follows from known rows. */
export interface InactiveSolution {
  /** Leftover rows by their place in the constraints. */
  readonly leftoverRows: Int32Array
  /** Inactive symbol columns[i] = the leftover rows of `combinations` + the free symbols of `dependencies`. */
  readonly determined: {
    readonly columns: Int32Array
    /** Rows of bits over `leftoverRows`, `combinationWords` words each. */
    readonly combinations: Int32Array
    readonly combinationWords: number
    /** For each, the free symbols by their place in `free`. */
    readonly dependencies: readonly (readonly number[])[]
  }
  /** The others: columns[i] = Σ parity[i][h] × high-density row h + Σ determined[i][p] × combination p. */
  readonly free: {
    readonly columns: Int32Array
    readonly parity: readonly Uint8Array[]
    readonly determined: readonly Uint8Array[]
    /** Of each column of the parity the two rows of MT that have a 1: first + 256 × second. */
    readonly parityPairs: Uint16Array
  }
  /** Whether the pivot at this place depends on any inactive symbol. */
  readonly isDependent: Uint8Array
}

/** @returns null where the symbols do not determine the block */
export function solveInactive(
  parameters: BlockParameters,
  constraints: Constraints,
  peeling: Peeling,
): InactiveSolution | null {
  const { start, columns, rowCount } = constraints
  const { pivotRows, pivotColumns, place, isPivot, inactiveColumns } = peeling
  const inactiveCount = inactiveColumns.length
  const words = (inactiveCount + 31) >>> 5

  // What each pivot has of the inactive symbols, with all earlier pivots put in.
  const pivotBits = int32s(pivotRows.length * words)
  const putIn = (target: Int32Array, at: number, row: number, pivot: number): void => {
    for (let k = start[row]!; k < start[row + 1]!; k++) {
      const found = place[columns[k]!]!
      if (found < 0) target[at + (~found >>> 5)]! ^= 1 << (~found & 31)
      else if (found !== pivot)
        for (let word = 0, from = found * words; word < words; word++) target[at + word]! ^= pivotBits[from + word]!
    }
  }
  for (let pivot = 0; pivot < pivotRows.length; pivot++) putIn(pivotBits, pivot * words, pivotRows[pivot]!, pivot)
  const isDependent = octets(pivotColumns.length)
  for (let pivot = 0; pivot < pivotColumns.length; pivot++)
    for (let word = 0; word < words; word++) if (pivotBits[pivot * words + word]! !== 0) isDependent[pivot] = 1

  const leftoverRows = int32s(rowCount - pivotRows.length)
  for (let row = 0, at = 0; row < rowCount; row++) if (isPivot[row] === 0) leftoverRows[at++] = row
  const reduced = reduce(leftoverRows, inactiveCount, (bits, at, row) => putIn(bits, at, row, -1))
  const freePlaces = reduced.freePlaces
  if (freePlaces.length > parameters.H) return null
  const combinationWords = reduced.rowWords - words
  const rank = reduced.pivotPlaces.length
  const combinations = int32s(rank * combinationWords)
  const dependencies: number[][] = []
  for (let p = 0; p < rank; p++) {
    const at = reduced.order[p]! * reduced.rowWords
    combinations.set(reduced.bits.subarray(at + words, at + reduced.rowWords), p * combinationWords)
    const needed: number[] = []
    freePlaces.forEach((u, index) => {
      if ((reduced.bits[at + (u >>> 5)]! >>> (u & 31)) & 1) needed.push(index)
    })
    dependencies.push(needed)
  }
  const free = freeSymbols(parameters, peeling, pivotBits, words, reduced.pivotPlaces, freePlaces, dependencies)
  if (free === null) return null
  const columnsOf = (places: Int32Array): Int32Array => places.map((u) => inactiveColumns[u]!)
  return {
    leftoverRows,
    determined: { columns: columnsOf(reduced.pivotPlaces), combinations, combinationWords, dependencies },
    free: { columns: columnsOf(freePlaces), ...free },
    isDependent,
  }
}

/**
 * Gauss and Jordan over the leftover rows, each with a bit of its own behind the `inactiveCount` of its symbols, which records
 * what was added to it. Stops when every symbol has its row: further rows say nothing new.
 */
function reduce(
  leftoverRows: Int32Array,
  inactiveCount: number,
  putIn: (bits: Int32Array, at: number, row: number) => void,
) {
  const words = (inactiveCount + 31) >>> 5
  const rowWords = words + ((leftoverRows.length + 31) >>> 5)
  const bits = int32s(leftoverRows.length * rowWords)
  const order = int32s(leftoverRows.length)
  for (let row = 0; row < leftoverRows.length; row++) {
    order[row] = row
    putIn(bits, row * rowWords, leftoverRows[row]!)
    bits[row * rowWords + words + (row >>> 5)] = 1 << (row & 31)
  }
  const pivotPlaces = int32s(inactiveCount)
  const freePlaces = int32s(inactiveCount)
  let rank = 0
  let freeCount = 0
  for (let u = 0; u < inactiveCount; u++) {
    const word = u >>> 5
    const mask = 1 << (u & 31)
    let found = rank
    while (found < order.length && (bits[order[found]! * rowWords + word]! & mask) === 0) found += 1
    if (found === order.length) {
      freePlaces[freeCount++] = u
      continue
    }
    const pivotRow = order[found]!
    order[found] = order[rank]!
    order[rank] = pivotRow
    const from = pivotRow * rowWords
    for (let other = 0; other < order.length; other++) {
      const at = order[other]! * rowWords
      if (other === rank || (bits[at + word]! & mask) === 0) continue
      for (let k = word; k < rowWords; k++) bits[at + k]! ^= bits[from + k]!
    }
    pivotPlaces[rank++] = u
  }
  return {
    bits,
    rowWords,
    /** The first `rank` are those of `pivotPlaces`. */
    order,
    pivotPlaces: pivotPlaces.slice(0, rank),
    freePlaces: freePlaces.slice(0, freeCount),
  }
}

/** The free symbols from the high-density parity: what is left of it when all determined symbols are put in, inverted. */
function freeSymbols(
  parameters: BlockParameters,
  { place }: Peeling,
  pivotBits: Int32Array,
  words: number,
  pivotPlaces: Int32Array,
  freePlaces: Int32Array,
  dependencies: readonly (readonly number[])[],
): Omit<InactiveSolution['free'], 'columns'> | null {
  if (freePlaces.length === 0) return { parity: [], determined: [], parityPairs: new Uint16Array(0) }
  const { H } = parameters
  const parityPairs = parityPairsOf(parameters)
  const lanes = (freePlaces.length + pivotPlaces.length + 3) >>> 2
  const coefficients = parityOverInactive(parameters, place, pivotBits, words, lanes, parityPairs)
  const rowSize = 4 * lanes
  const coefficient = (h: number, u: number): number => coefficients[h * rowSize + u]!
  // Rows of the free symbols' coefficients, each with the identity's row behind, which becomes the inverse.
  const freeCount = freePlaces.length
  const system = Array.from({ length: H }, (_, h) => {
    const row = new Uint8Array(freeCount + H)
    freePlaces.forEach((u, index) => (row[index] = coefficient(h, u)))
    pivotPlaces.forEach((u, p) => {
      const value = coefficient(h, u)
      if (value !== 0) for (const index of dependencies[p]!) row[index]! ^= value
    })
    row[freeCount + h] = 1
    return row
  })
  for (let index = 0; index < freeCount; index++) {
    const found = system.findIndex((row, at) => at >= index && row[index] !== 0)
    if (found < 0) return null
    const pivot = system[found]!
    system[found] = system[index]!
    system[index] = pivot
    const inverse = invert(pivot[index]!)
    for (let k = 0; k < pivot.length; k++) pivot[k] = multiply(pivot[k]!, inverse)
    system.forEach((row, at) => {
      const factor = row[index]!
      if (at === index || factor === 0) return
      for (let k = index; k < row.length; k++) row[k]! ^= multiply(factor, pivot[k]!)
    })
  }
  const parity = Array.from({ length: freeCount }, (_, index) => system[index]!.slice(freeCount))
  const determined = parity.map((row) => {
    const sums = new Uint8Array(pivotPlaces.length)
    row.forEach((factor, h) => {
      if (factor !== 0)
        for (let p = 0; p < sums.length; p++) sums[p]! ^= multiply(factor, coefficient(h, pivotPlaces[p]!))
    })
    return sums
  })
  return { parity, determined, parityPairs }
}

/**
 * G_HDPC = MT × GAMMA over the inactive symbols (§5.3.3.3), with all pivots put in: H rows of 4 × `lanes` octets.
 * Multiplying by GAMMA is the recursion Y_j = 2 × Y_{j-1} + column j; MT adds each Y_j to two rows, the last one to all.
 */
function parityOverInactive(
  { H, W, paddedK, S }: BlockParameters,
  place: Int32Array,
  pivotBits: Int32Array,
  words: number,
  lanes: number,
  parityPairs: Uint16Array,
): Uint8Array {
  const work = int32s(lanes)
  const rows = int32s((H + 1) * lanes)
  const discarded = H + 256 * H
  const unit = int32s(words)
  const last = paddedK + S - 1
  for (let column = 0; column <= last; column++) {
    const found = place[column]!
    if (found < 0) unit[~found >>> 5] = 1 << (~found & 31)
    const bits = found < 0 ? unit : pivotBits
    const from = found < 0 ? 0 : found * words
    // The last one goes to every row, below.
    const pair = column === last ? discarded : parityPairs[column]!
    const first = (pair & 255) * lanes
    const second = (pair >>> 8) * lanes
    for (let lane = 0, eight = 0; lane < lanes; lane++, eight >>>= 4) {
      if ((lane & 7) === 0) eight = bits[from + (lane >>> 3)]!
      const y = doubleFour(work[lane]!) ^ spread[eight & 15]!
      work[lane] = y
      rows[first + lane]! ^= y
      rows[second + lane]! ^= y
    }
    if (found < 0) unit[~found >>> 5] = 0
  }
  const coefficients = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength)
  const lastOctets = new Uint8Array(work.buffer, work.byteOffset, work.byteLength)
  for (let h = 0; h < H; h++) {
    for (let u = 0; u < 4 * lanes; u++) coefficients[4 * h * lanes + u]! ^= multiply(power(h), lastOctets[u]!)
    // The identity behind G_HDPC stands over the last H intermediate symbols, which are permanently inactive.
    coefficients[4 * h * lanes + paddedK + S + h - W]! ^= 1
  }
  return coefficients
}

/** Four bits as four octets. */
const spread = Int32Array.from(
  { length: 16 },
  (_, bits) => (bits & 1) | ((bits & 2) << 7) | ((bits & 4) << 14) | ((bits & 8) << 21),
)

/** The two rows of MT that have a 1 in each column but the last, which has the powers of 2 (§5.3.3.3). */
function parityPairsOf({ paddedK, S, H }: BlockParameters): Uint16Array {
  const pairs = new Uint16Array(paddedK + S)
  for (let column = 0; column < paddedK + S - 1; column++) {
    const first = rand(column + 1, 6, H)
    const second = (first + rand(column + 1, 7, H - 1) + 1) % H
    pairs[column] = first + 256 * second
  }
  return pairs
}
