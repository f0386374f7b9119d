/**
 * One source block through a kernel: source symbols in, any encoding symbols out, and back.
 * @module
 */
import { type Check, ok, refused } from '../bytes/bytes.ts'
import { type BlockParameters, blockParameters, encodingSymbolIdMax } from './parameters.ts'
import { type Plan, encodingPlan, planDecoding, symbolSchedule } from './plan.ts'
import type { Kernel, Rows } from './schedule.ts'

/** Symbols that are summed at a time; their rows are used again for the next. */
const batchCount = 16

/** Sums encoding symbols from the intermediate ones of `rows`, in rows from `firstTarget` on, and shows each. */
function sumSymbols(
  rows: Rows,
  parameters: BlockParameters,
  ids: ArrayLike<number>,
  firstTarget: number,
  use: (index: number, symbol: Uint8Array) => void,
): void {
  for (let first = 0; first < ids.length; first += batchCount) {
    const count = Math.min(batchCount, ids.length - first)
    const batch = Array.from({ length: count }, (_, at) => ids[first + at]!)
    rows.run(symbolSchedule(parameters, batch, firstTarget))
    for (let at = 0; at < count; at++) use(first + at, rows.row(firstTarget + at))
  }
}

/** Encodes a block. The kernel belongs to it until the next one is opened. */
export class BlockEncoder {
  readonly #plan: Plan
  readonly #rows: Rows
  #isRun = false

  /**
   * @param T octets of a symbol
   * @param plan by default the one that is kept for K
   */
  constructor(kernel: Kernel, K: number, T: number, plan = encodingPlan(K)) {
    this.#plan = plan
    this.#rows = kernel.open(plan.rowCount + batchCount, T)
  }

  /** Where source symbol `id` is to be written, all T octets, before the next call of anything. */
  source(id: number): Uint8Array {
    return this.#rows.row(this.#plan.parameters.L + id)
  }

  /** Shows the encoding symbols; the octets are valid during the call only. */
  symbols(ids: ArrayLike<number>, use: (index: number, symbol: Uint8Array) => void): void {
    if (!this.#isRun) this.#rows.run(this.#plan.schedule)
    this.#isRun = true
    sumSymbols(this.#rows, this.#plan.parameters, ids, this.#plan.rowCount, use)
  }
}

/** So many symbols beyond K are enough but for one set in 10^9; further ones only cost time. */
const overheadCount = 4

/** Decodes a block from whatever symbols of it come, in any order. The kernel belongs to it until the next one is opened. */
export class BlockDecoder {
  readonly #parameters: BlockParameters
  readonly #rows: Rows
  readonly #ids: number[] = []
  readonly #places = new Map<number, number>()
  #rowCount: number

  /** @param T octets of a symbol */
  constructor(kernel: Kernel, K: number, T: number) {
    this.#parameters = blockParameters(K)
    this.#rowCount = this.#parameters.L + K + overheadCount
    this.#rows = kernel.open(this.#rowCount, T)
  }

  /** Takes a symbol; one that is known already is not looked at. Refused: what can be no symbol of this block. */
  add(id: number, symbol: Uint8Array): Check {
    if (!Number.isInteger(id) || id < 0 || id > encodingSymbolIdMax || symbol.length !== this.#rows.rowSizeBytes)
      return refused('symbolInvalid', 'A piece does not fit the file that it is said to be of; it was not used.')
    if (this.#places.has(id)) return ok
    const place = this.#ids.length
    // Symbols come one by one; growing by a part each time keeps the copies few.
    const needed = this.#parameters.L + place + 1
    if (needed > this.#rowCount) this.#extend(Math.ceil(1.1 * needed))
    this.#rows.row(this.#parameters.L + place).set(symbol)
    this.#places.set(id, place)
    this.#ids.push(id)
    return ok
  }

  /**
   * Shows all source symbols in their order; the octets are valid during the call only.
   * @param plan one that was made for these very ids in this order, to be used again for a block alike
   * @returns refused where the symbols do not determine the block
   */
  decode(use: (id: number, symbol: Uint8Array) => void, plan = this.plan()): Check {
    if (plan === null) return refused('symbolsTooFew', 'There are not enough pieces left to bring this file back.')
    const { K, L } = this.#parameters
    const lost: number[] = []
    for (let id = 0; id < K; id++) if (!this.#places.has(id)) lost.push(id)
    const lostTarget = plan === 'complete' ? 0 : plan.rowCount
    if (plan !== 'complete') {
      this.#extend(lostTarget + Math.min(batchCount, lost.length))
      this.#rows.run(plan.schedule)
    }
    let next = 0
    const showUntil = (end: number): void => {
      for (; next < end; next++) use(next, this.#rows.row(L + this.#places.get(next)!))
    }
    sumSymbols(this.#rows, this.#parameters, lost, lostTarget, (index, symbol) => {
      showUntil(lost[index]!)
      use(next++, symbol)
    })
    showUntil(K)
    return ok
  }

  /** How the block is found from the symbols taken so far; null: they do not determine it. */
  plan(): Plan | 'complete' | null {
    const { K } = this.#parameters
    let sourceCount = 0
    for (const id of this.#ids) if (id < K) sourceCount += 1
    if (sourceCount === K) return 'complete'
    const few = this.#ids.slice(0, K + overheadCount)
    const plan = planDecoding(K, few, this.#ids.length)
    return plan === null && few.length < this.#ids.length ? planDecoding(K, this.#ids) : plan
  }

  #extend(rowCount: number): void {
    if (rowCount <= this.#rowCount) return
    this.#rowCount = rowCount
    this.#rows.extend(rowCount)
  }
}
