/**
 * The binary equations between the intermediate symbols of a block: low-density parity and received symbols (RFC 6330 §5.3.3.3).
 * The high-density parity, whose rows are full and not binary, is left to `inactive.ts`.
 * @module
 */
import { int32s } from './scratch.ts'
import { type BlockParameters, symbolDegreeMax, writeSymbolTerms } from './parameters.ts'

/** Sums of intermediate symbols, row by row. */
export interface Constraints {
  readonly rowCount: number
  /** Row r has columns[start[r] ..< start[r + 1]]; those before split[r] are LT symbols, the others permanently inactive. */
  readonly start: Int32Array
  readonly split: Int32Array
  readonly columns: Int32Array
  /** Which received symbol the row sums to; -1: zero. */
  readonly input: Int32Array
}

/** @param symbolIds internal symbol ids of the received symbols; the zero symbols of the padding are added here */
export function constraintsOf(parameters: BlockParameters, symbolIds: Int32Array): Constraints {
  const { K, paddedK, S, W, P, B } = parameters
  const rowCount = S + symbolIds.length + paddedK - K
  const start = int32s(rowCount + 1)
  const split = int32s(rowCount)
  const input = int32s(rowCount, -1)
  // A received symbol has about seven terms; there is room for more, and it grows where that is not enough.
  let columns = int32s(3 * B + 3 * S + symbolDegreeMax + 9 * (rowCount - S))

  // G_LDPC,1 and I_S: three rows for each of the first B columns, one for each of the S after them.
  const rowSizes = int32s(S, 3)
  forEachParityEntry(B, S, (row) => (rowSizes[row]! += 1))
  let end = 0
  for (let row = 0; row < S; row++) {
    start[row] = end
    split[row] = end
    end += rowSizes[row]!
  }
  forEachParityEntry(B, S, (row, column) => (columns[split[row]!++] = column))
  for (let row = 0; row < S; row++) {
    columns[split[row]!++] = B + row
    // G_LDPC,2: two permanently inactive symbols a row.
    columns[split[row]!] = W + (row % P)
    columns[split[row]! + 1] = W + ((row + 1) % P)
  }

  for (let row = S; row < rowCount; row++) {
    const position = row - S
    const isReceived = position < symbolIds.length
    const X = isReceived ? symbolIds[position]! : K + position - symbolIds.length
    if (isReceived) input[row] = position
    start[row] = end
    if (end + symbolDegreeMax > columns.length) {
      const larger = int32s(2 * columns.length)
      larger.set(columns)
      columns = larger
    }
    end = writeSymbolTerms(parameters, X, columns, end)
    let at = end
    while (columns[at - 1]! >= W) at -= 1
    split[row] = at
  }
  start[rowCount] = end
  return { rowCount, start, split, columns, input }
}

function forEachParityEntry(B: number, S: number, use: (row: number, column: number) => void): void {
  for (let column = 0; column < B; column++) {
    const step = 1 + Math.floor(column / S)
    let row = column % S
    for (let entry = 0; entry < 3; entry++) {
      use(row, column)
      row = (row + step) % S
    }
  }
}
