/**
 * Plans: the schedule that finds the intermediate symbols of a block from received ones, and those that sum encoding symbols.
 *
 * Rows of a plan's arena: the L intermediate symbols, then the received symbols in the order given, then rows of its own.
 * @module
 */
import { type Constraints, constraintsOf } from './constraints.ts'
import { type InactiveSolution, solveInactive } from './inactive.ts'
import {
  type BlockParameters,
  blockParameters,
  internalSymbolId,
  symbolDegreeMax,
  writeSymbolTerms,
} from './parameters.ts'
import { type Peeling, peel } from './peel.ts'
import { ScheduleWriter, noRow, operation } from './schedule.ts'
import { int32s, releaseScratch, uint32s } from './scratch.ts'

export interface Plan {
  readonly parameters: BlockParameters
  /** Finds rows 0 ..< L from the received rows, which begin at L. */
  readonly schedule: Uint32Array
  /** Rows of the whole arena. */
  readonly rowCount: number
}

/**
 * @param K source symbols of the block
 * @param encodingSymbolIds of the symbols received, all different
 * @param inputCount rows that the arena has for received symbols, where it has more than are used
 * @returns null where they do not determine the block, which no other decoder could either
 */
export function planDecoding(
  K: number,
  encodingSymbolIds: ArrayLike<number>,
  inputCount = encodingSymbolIds.length,
): Plan | null {
  const parameters = blockParameters(K)
  if (encodingSymbolIds.length < K) return null
  releaseScratch()
  const symbolIds = int32s(encodingSymbolIds.length)
  for (let index = 0; index < symbolIds.length; index++)
    symbolIds[index] = internalSymbolId(parameters, encodingSymbolIds[index]!)
  const constraints = constraintsOf(parameters, symbolIds)
  const peeling = peel(constraints, parameters.S, parameters.W, parameters.L)
  const solution = solveInactive(parameters, constraints, peeling)
  return solution === null ? null : scheduleOf(parameters, inputCount, constraints, peeling, solution)
}

/** Plans of encoding by K; the RFC's table makes sure that there is one. */
const encodingPlans = new Map<number, Plan>()
/** The words of the schedules kept; one of K = 10,000 has about 170,000. */
const plannedWordCountMax = 4_000_000
let plannedWordCount = 0

/** The plan from all K source symbols, kept for the next block of as many. */
export function encodingPlan(K: number): Plan {
  const known = encodingPlans.get(K)
  if (known !== undefined) return known
  const plan = planEncoding(K)
  while (plannedWordCount + plan.schedule.length > plannedWordCountMax && encodingPlans.size > 0) {
    const [oldest, { schedule }] = encodingPlans.entries().next().value!
    encodingPlans.delete(oldest)
    plannedWordCount -= schedule.length
  }
  encodingPlans.set(K, plan)
  plannedWordCount += plan.schedule.length
  return plan
}

export function planEncoding(K: number): Plan {
  const sourceIds = new Int32Array(K)
  for (let id = 0; id < K; id++) sourceIds[id] = id
  const plan = planDecoding(K, sourceIds)
  if (plan === null) throw new Error(`"K" expected a row of RFC 6330 table 2 that can be encoded, got ${K}`)
  return plan
}

/**
 * Sums encoding symbols from intermediate ones.
 * @param firstTarget the row of the first one; the others follow it
 */
export function symbolSchedule(
  parameters: BlockParameters,
  encodingSymbolIds: ArrayLike<number>,
  firstTarget: number,
): Uint32Array {
  const writer = new ScheduleWriter(new Uint32Array(encodingSymbolIds.length * 12))
  const terms = new Int32Array(symbolDegreeMax)
  for (let index = 0; index < encodingSymbolIds.length; index++) {
    const end = writeSymbolTerms(parameters, internalSymbolId(parameters, encodingSymbolIds[index]!), terms, 0)
    writer.begin('sum', firstTarget + index)
    for (let term = 0; term < end; term++) writer.source(terms[term]!)
  }
  return writer.finish()
}

function scheduleOf(
  parameters: BlockParameters,
  inputCount: number,
  { start, columns, input }: Constraints,
  { pivotRows, pivotColumns, place }: Peeling,
  { leftoverRows, determined, free, isDependent }: InactiveSolution,
): Plan {
  const { L, H, paddedK, S } = parameters
  // Two sums a pivot, and about as much again for all the rest.
  const writer = new ScheduleWriter(uint32s(2 * start.at(-1)! + 8 * L))
  let rowCount = L + inputCount
  const newRow = (): number => rowCount++
  /** A row's received symbol, and its columns but one: all of them, or only those that peeling determined. */
  const sumRow = (target: number, row: number, pivotColumn: number, isWhole: boolean): void => {
    const end = start[row + 1]!
    writer.reserve(end - start[row]! + 3)
    const { words, size } = writer
    let at = size + 2
    if (input[row]! >= 0) words[at++] = L + input[row]!
    for (let k = start[row]!; k < end; k++) {
      const column = columns[k]!
      if (column !== pivotColumn && (isWhole || place[column]! >= 0)) words[at++] = column
    }
    words[size] = operation.sum + 4 * (at - size - 2)
    words[size + 1] = target
    writer.size = at
  }

  // 1. Every pivot as if all inactive symbols were zero.
  for (let pivot = 0; pivot < pivotRows.length; pivot++)
    sumRow(pivotColumns[pivot]!, pivotRows[pivot]!, pivotColumns[pivot]!, false)

  // 2. The leftover rows, and of them the combinations that are the determined symbols, but for the free ones.
  const used = int32s(determined.combinationWords)
  determined.combinations.forEach((word, at) => (used[at % used.length]! |= word))
  const leftoverTargets = int32s(leftoverRows.length)
  for (let index = 0; index < leftoverRows.length; index++) {
    if (((used[index >>> 5]! >>> (index & 31)) & 1) === 0) continue
    leftoverTargets[index] = newRow()
    sumRow(leftoverTargets[index]!, leftoverRows[index]!, -1, false)
  }
  const combined = combine(writer, determined, leftoverTargets, newRow)

  // 3. The free symbols by the high-density parity.
  if (free.columns.length > 0) {
    const work = newRow()
    const firstParity = rowCount
    rowCount += H
    for (let row = work; row < rowCount; row++) writer.begin('sum', row)
    const terms = uint32s(2 * (paddedK + S))
    for (let column = 0; column < paddedK + S; column++) {
      terms[2 * column] = place[column]! >= 0 ? column : noRow
      terms[2 * column + 1] = free.parityPairs[column]!
    }
    writer.parity(work, firstParity, H, terms)
    free.columns.forEach((column, index) => {
      writer.begin('sum', column)
      writer.begin('multiple', column)
      free.parity[index]!.forEach((factor, h) => factor !== 0 && writer.term(firstParity + h, factor))
      free.determined[index]!.forEach((factor, p) => factor !== 0 && writer.term(combined[p]!, factor))
    })
  }

  // 4. The determined symbols in full, then every pivot that has any inactive symbol in it.
  determined.columns.forEach((column, p) => {
    writer.begin('sum', column)
    writer.source(combined[p]!)
    for (const index of determined.dependencies[p]!) writer.source(free.columns[index]!)
  })
  for (let pivot = 0; pivot < pivotRows.length; pivot++)
    if (isDependent[pivot] === 1) sumRow(pivotColumns[pivot]!, pivotRows[pivot]!, pivotColumns[pivot]!, true)
  return { parameters, schedule: writer.finish(), rowCount }
}

type Determined = InactiveSolution['determined']

/**
 * Sums the combinations of leftover rows. The rows are taken in groups; a sum within a group is made once for all combinations
 * that have it (the method of the four Russians), from one that has a row less.
 * @returns the row of each combination
 */
function combine(
  writer: ScheduleWriter,
  { columns, combinations, combinationWords }: Determined,
  rows: Int32Array,
  newRow: () => number,
): Int32Array {
  // A power of two, so that no group lies across two words.
  const groupSize = rows.length < 256 ? 4 : 8
  const groupCount = Math.ceil(rows.length / groupSize)
  const sums = int32s(groupCount << groupSize, -1)
  const rowOf = (group: number, mask: number): number => {
    const lowest = 31 - Math.clz32(mask & -mask)
    const others = mask & (mask - 1)
    if (others === 0) return rows[group * groupSize + lowest]!
    const at = (group << groupSize) + mask
    if (sums[at]! >= 0) return sums[at]!
    const source = rowOf(group, others)
    const target = newRow()
    writer.begin('sum', target)
    writer.source(source)
    writer.source(rows[group * groupSize + lowest]!)
    return (sums[at] = target)
  }
  const sources = int32s(groupCount)
  const targets = int32s(columns.length)
  for (let p = 0; p < columns.length; p++) {
    // Sums of groups first: an operation is written whole before the next begins.
    let count = 0
    for (let group = 0; group < groupCount; group++) {
      const bit = group * groupSize
      const mask = (combinations[p * combinationWords + (bit >>> 5)]! >>> (bit & 31)) & ((1 << groupSize) - 1)
      if (mask !== 0) sources[count++] = rowOf(group, mask)
    }
    targets[p] = newRow()
    writer.begin('sum', targets[p]!)
    for (let at = 0; at < count; at++) writer.source(sources[at]!)
  }
  return targets
}
