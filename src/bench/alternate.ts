/**
 * How two ways to do the same work are compared: turn about in one run, so that whatever else the machine does meanwhile
 * hits both, and by their medians, so that one interruption decides nothing.
 * @module
 */

/** What a row found. Rates have the unit that the row names; higher is better. */
export interface Comparison {
  readonly ours: number
  readonly baseline: number
  /** What a reader should know of how it came about. */
  readonly note: string
}

/** One way to do the work. Only `work` is timed. */
export interface Contender {
  readonly prepare?: () => Promise<void>
  readonly work: () => Promise<void>
}

/**
 * @param roundCount rounds that count; as many come first, until the engine has compiled what it will
 * @returns the medians, in milliseconds
 */
export async function alternate(
  ours: Contender,
  baseline: Contender,
  roundCount: number,
): Promise<{ readonly oursMs: number; readonly baselineMs: number }> {
  const oursMs: number[] = []
  const baselineMs: number[] = []
  for (let round = -roundCount; round < roundCount; round++) {
    const times = [await timed(ours), await timed(baseline)] as const
    if (round < 0) continue
    oursMs.push(times[0])
    baselineMs.push(times[1])
  }
  return { oursMs: median(oursMs), baselineMs: median(baselineMs) }
}

async function timed({ prepare, work }: Contender): Promise<number> {
  await prepare?.()
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
