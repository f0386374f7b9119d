/**
 * The first phase of inactivation decoding (RFC 6330 §5.4.2.2): an order in which nearly all symbols follow one from another.
 *
 * A row with one symbol left determines it. Where no row has just one, a symbol is made inactive: it is left for the dense
 * equations of `inactive.ts`, and everything else is found as a sum that includes it.
 * @module
 */
import type { Constraints } from './constraints.ts'
import { int32s, octets } from './scratch.ts'

export interface Peeling {
  /** Row pivotRows[i] determines column pivotColumns[i] from columns of earlier pivots and inactive ones. */
  readonly pivotRows: Int32Array
  readonly pivotColumns: Int32Array
  /** Of a column: i >= 0, the pivot that determines it; else ~u, its place among the inactive ones. */
  readonly place: Int32Array
  /** The permanently inactive columns, then those that were made so. */
  readonly inactiveColumns: Int32Array
  /** 1 where the row is a pivot. */
  readonly isPivot: Uint8Array
}

const undecided = 0x7fff_ffff

/**
 * @param S the first rows are parity: long, so others determine a symbol before them
 * @param W the first columns are LT symbols
 * @param L all columns
 */
export function peel(constraints: Constraints, S: number, W: number, L: number): Peeling {
  const { rowCount, start, split, columns } = constraints
  const { columnStart, rowsOfColumn } = transpose(constraints, W)

  // Of each row: how many undecided columns it has, and their XOR, which is the column itself where there is but one.
  const degree = int32s(rowCount)
  const rest = int32s(rowCount)
  for (let row = 0; row < rowCount; row++) {
    degree[row] = split[row]! - start[row]!
    let xor = 0
    for (let k = start[row]!; k < split[row]!; k++) xor ^= columns[k]!
    rest[row] = xor
  }

  const place = int32s(L, undecided)
  const inactiveColumns = int32s(L)
  let inactiveCount = 0
  for (let column = W; column < L; column++) inactiveColumns[inactiveCount++] = column
  for (let u = 0; u < inactiveCount; u++) place[W + u] = ~u
  const isPivot = octets(rowCount)
  const pivotRows = int32s(W)
  const pivotColumns = int32s(W)
  let pivotCount = 0

  const components = new Components(columnStart)
  // Rows with one undecided column; the parity rows apart.
  const ready = int32s(rowCount)
  let readyCount = 0
  const readyParity = int32s(S)
  let readyParityCount = 0

  const look = (row: number): void => {
    const left = degree[row]!
    if (left === 1) {
      if (row < S) readyParity[readyParityCount++] = row
      else ready[readyCount++] = row
    } else if (left === 2) {
      let k = start[row]!
      while (place[columns[k]!]! !== undecided) k += 1
      components.join(columns[k]!, rest[row]! ^ columns[k]!)
    }
  }
  const decide = (column: number): void => {
    for (let k = columnStart[column]!; k < columnStart[column + 1]!; k++) {
      const row = rowsOfColumn[k]!
      rest[row]! ^= column
      degree[row]! -= 1
      if (degree[row]! <= 2) look(row)
    }
  }

  for (let row = 0; row < rowCount; row++) if (degree[row]! <= 2) look(row)
  while (pivotCount + inactiveCount < L) {
    if (readyCount > 0 || readyParityCount > 0) {
      const row = readyCount > 0 ? ready[--readyCount]! : readyParity[--readyParityCount]!
      // Another row may have determined its column meanwhile.
      if (degree[row]! !== 1) continue
      const column = rest[row]!
      isPivot[row] = 1
      pivotRows[pivotCount] = row
      pivotColumns[pivotCount] = column
      place[column] = pivotCount++
      decide(column)
      continue
    }
    let column = components.largest(place)
    if (column < 0) column = columnOfShortRow()
    inactiveColumns[inactiveCount] = column
    place[column] = ~inactiveCount++
    decide(column)
  }
  return {
    pivotRows: pivotRows.subarray(0, pivotCount),
    pivotColumns: pivotColumns.subarray(0, pivotCount),
    place,
    inactiveColumns: inactiveColumns.subarray(0, inactiveCount),
    isPivot,
  }

  /** Of the shortest row with three or more undecided columns the one that most rows have; any column where no row has one. */
  function columnOfShortRow(): number {
    let shortest = -1
    for (let row = 0; row < rowCount; row++)
      if (degree[row]! > 2 && (shortest < 0 || degree[row]! < degree[shortest]!)) shortest = row
    if (shortest < 0) return place.indexOf(undecided)
    let found = -1
    let foundSize = -1
    for (let k = start[shortest]!; k < split[shortest]!; k++) {
      const column = columns[k]!
      const size = columnStart[column + 1]! - columnStart[column]!
      if (place[column]! !== undecided || size <= foundSize) continue
      found = column
      foundSize = size
    }
    return found
  }
}

function transpose({ rowCount, start, split, columns }: Constraints, W: number) {
  const columnStart = int32s(W + 1)
  for (let row = 0; row < rowCount; row++)
    for (let k = start[row]!; k < split[row]!; k++) columnStart[columns[k]! + 1]! += 1
  for (let column = 0; column < W; column++) columnStart[column + 1]! += columnStart[column]!
  const rowsOfColumn = int32s(columnStart[W]!)
  const next = int32s(W)
  next.set(columnStart.subarray(0, W))
  for (let row = 0; row < rowCount; row++)
    for (let k = start[row]!; k < split[row]!; k++) rowsOfColumn[next[columns[k]!]!++] = row
  return { columnStart, rowsOfColumn }
}

/**
 * The graph whose edges are the rows with two undecided columns. Once one column of a component is decided, so are all; that is
 * why the RFC makes one of the largest component inactive, and why a component only ever grows or goes as a whole.
 */
class Components {
  readonly #parent: Int32Array
  readonly #size: Int32Array
  /** Of a root: its component's column that most rows have. */
  readonly #best: Int32Array
  readonly #columnStart: Int32Array
  /** Lists of roots by the size that their component had when they were listed. */
  readonly #headOfSize: Int32Array
  readonly #listed: Int32Array
  readonly #nextListed: Int32Array
  #listedCount = 0
  #sizeMax = 0

  constructor(columnStart: Int32Array) {
    const columnCount = columnStart.length - 1
    this.#columnStart = columnStart
    this.#parent = int32s(columnCount)
    for (let column = 0; column < columnCount; column++) this.#parent[column] = column
    this.#size = int32s(columnCount, 1)
    this.#best = int32s(columnCount)
    this.#best.set(this.#parent)
    this.#headOfSize = int32s(columnCount + 1, -1)
    this.#listed = int32s(columnCount)
    this.#nextListed = int32s(columnCount)
  }

  join(one: number, other: number): void {
    let root = this.#rootOf(one)
    let smaller = this.#rootOf(other)
    if (root === smaller) return
    if (this.#size[root]! < this.#size[smaller]!) [root, smaller] = [smaller, root]
    this.#parent[smaller] = root
    const size = (this.#size[root]! += this.#size[smaller]!)
    const best = this.#best[smaller]!
    if (this.#rowCountOf(best) > this.#rowCountOf(this.#best[root]!)) this.#best[root] = best
    // Two components become one at most columnCount - 1 times, so the list has room.
    this.#listed[this.#listedCount] = root
    this.#nextListed[this.#listedCount] = this.#headOfSize[size]!
    this.#headOfSize[size] = this.#listedCount++
    if (size > this.#sizeMax) this.#sizeMax = size
  }

  /** The best column of the largest component; -1 where none has an edge. */
  largest(place: Int32Array): number {
    for (; this.#sizeMax > 1; this.#sizeMax--) {
      for (let entry = this.#headOfSize[this.#sizeMax]!; entry >= 0; entry = this.#nextListed[entry]!) {
        this.#headOfSize[this.#sizeMax] = this.#nextListed[entry]!
        const root = this.#listed[entry]!
        const column = this.#best[root]!
        if (this.#size[root] === this.#sizeMax && place[column] === undecided) return column
      }
    }
    return -1
  }

  #rowCountOf(column: number): number {
    return this.#columnStart[column + 1]! - this.#columnStart[column]!
  }

  #rootOf(column: number): number {
    const parent = this.#parent
    while (parent[column]! !== column) column = parent[column] = parent[parent[column]!]!
    return column
  }
}
