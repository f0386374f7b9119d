/**
 * Whether a history of concurrent operations could have come from one copy of an object that does one operation at a time.
 *
 * The search of Wing and Gong with Lowe's memory of what was tried ("Testing for linearizability", 2017), for each part of the object
 * by itself. Parts are searched with budgets that grow in turn, so that one that is wrong is found before a long right one is through;
 * and each first as if nothing had happened that no answer shows.
 * @module
 */

/** @param I what is asked @param O what is answered */
export interface Operation<I, O> {
  readonly input: I
  /** null where the answer never came: it may have taken effect at any time since, or never. */
  readonly output: O | null
  readonly calledAt: number
  /** Infinity where the answer never came. */
  readonly returnedAt: number
}

export interface SequentialModel<S, I, O> {
  readonly initial: S
  /** Of independent parts of the object; equal names are one part. */
  partOf(input: I): string
  /** @returns the state after it; null where it would have been answered otherwise. `output` null: whatever it was */
  step(state: S, input: I, output: O | null): S | null
  /** Equal for equal states only. */
  nameOf(state: S): string
  /**
   * Of a part, what is left without operations that were never answered and that no answer shows to have taken effect. Those may
   * never have happened; and each that may have doubles the ways to search.
   */
  shown(part: readonly Operation<I, O>[]): readonly Operation<I, O>[]
}

/** `unknown`: not found out within so many steps. */
export type Verdict = 'linearizable' | 'illegal' | 'unknown'

const firstBudget = 1 << 14
const budgetGrowth = 8

export function judgeHistory<S, I, O>(
  model: SequentialModel<S, I, O>,
  history: readonly Operation<I, O>[],
  stepCountMax = 30_000_000,
): Verdict {
  const parts = new Map<string, Operation<I, O>[]>()
  for (const operation of history) {
    const name = model.partOf(operation.input)
    const part = parts.get(name)
    if (part === undefined) parts.set(name, [operation])
    else part.push(operation)
  }
  let open = [...parts.values()]
  for (let budget = firstBudget; open.length > 0; budget *= budgetGrowth) {
    const left: Operation<I, O>[][] = []
    for (const part of open) {
      const verdict = judgeEither(model, part, Math.min(budget, stepCountMax))
      if (verdict === 'illegal') return verdict
      if (verdict === 'unknown') left.push(part)
    }
    if (left.length > 0 && budget >= stepCountMax) return 'unknown'
    open = left
  }
  return 'linearizable'
}

/** A call or a return, in a list of those that the search has not placed yet. */
interface Mark {
  readonly at: number
  /** null: a call. */
  readonly call: Mark | null
  return: Mark | null
  before: Mark | null
  after: Mark | null
}

function judgeEither<S, I, O>(
  model: SequentialModel<S, I, O>,
  part: readonly Operation<I, O>[],
  stepCountMax: number,
): Verdict {
  const shown = model.shown(part)
  const isEnough = shown.length < part.length && judgePart(model, shown, stepCountMax) === 'linearizable'
  return isEnough ? 'linearizable' : judgePart(model, part, stepCountMax)
}

function judgePart<S, I, O>(
  model: SequentialModel<S, I, O>,
  operations: readonly Operation<I, O>[],
  stepCountMax: number,
): Verdict {
  const head = listOf(operations)
  let openCount = operations.filter(({ returnedAt }) => returnedAt !== Infinity).length
  const placed = new Uint32Array((operations.length + 31) >>> 5)
  const tried = new Set<string>()
  const path: { readonly mark: Mark; readonly before: S }[] = []
  let state = model.initial
  let mark = head.after
  const answered = ({ at }: Mark): number => (operations[at]!.returnedAt === Infinity ? 0 : 1)
  for (let stepCount = 0; openCount > 0; stepCount++) {
    if (stepCount === stepCountMax) return 'unknown'
    if (mark !== null && mark.call === null) {
      const { input, output } = operations[mark.at]!
      const next = model.step(state, input, output)
      if (next !== null && isNew(placed, mark.at, tried, model.nameOf(next))) {
        path.push({ mark, before: state })
        state = next
        openCount -= answered(mark)
        take(mark)
        mark = head.after
      } else mark = mark.after
      continue
    }
    // Something returns here that was not placed: one of those before it was placed wrongly.
    const last = path.pop()
    if (last === undefined) return 'illegal'
    state = last.before
    placed[last.mark.at >>> 5]! &= ~(1 << (last.mark.at & 31))
    openCount += answered(last.mark)
    putBack(last.mark)
    mark = last.mark.after
  }
  return 'linearizable'
}

/** Marks it as placed, unless the same operations led to the same state before. */
function isNew(placed: Uint32Array, at: number, tried: Set<string>, stateName: string): boolean {
  placed[at >>> 5]! |= 1 << (at & 31)
  const name = `${placed.join()} ${stateName}`
  if (!tried.has(name)) {
    tried.add(name)
    return true
  }
  placed[at >>> 5]! &= ~(1 << (at & 31))
  return false
}

/** @returns what stands before the first */
function listOf(operations: readonly Operation<unknown, unknown>[]): Mark {
  const head: Mark = { at: -1, call: null, return: null, before: null, after: null }
  const marks: { readonly time: number; readonly mark: Mark }[] = []
  for (const [at, { calledAt, returnedAt }] of operations.entries()) {
    const call: Mark = { at, call: null, return: null, before: null, after: null }
    call.return = { at, call, return: null, before: null, after: null }
    marks.push({ time: calledAt, mark: call }, { time: returnedAt, mark: call.return })
  }
  // At one time calls come first: what overlaps in an instant overlaps.
  const rank = ({ call }: Mark): number => (call === null ? 0 : 1)
  const compareTimes = (one: number, other: number): number => (one === other ? 0 : one < other ? -1 : 1)
  marks.sort((one, other) => compareTimes(one.time, other.time) || rank(one.mark) - rank(other.mark))
  let last = head
  for (const { mark } of marks) {
    mark.before = last
    last.after = mark
    last = mark
  }
  return head
}

function take(call: Mark): void {
  cut(call)
  cut(call.return!)
}
function cut(mark: Mark): void {
  mark.before!.after = mark.after
  if (mark.after !== null) mark.after.before = mark.before
}
function putBack(call: Mark): void {
  join(call.return!)
  join(call)
}
function join(mark: Mark): void {
  mark.before!.after = mark
  if (mark.after !== null) mark.after.before = mark
}
