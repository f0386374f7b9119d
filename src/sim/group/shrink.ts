/**
 * From a course of which something was found to a short one that shows it as well.
 *
 * Left out are storms, nodes, trouble of a kind, single strokes of it, and clients: large parts first, then smaller ones (Zeller's delta
 * debugging). What still fails is taken, until nothing can be left out or so many runs were made.
 * @module
 */
import { type GroupOptions, type GroupReport, type Less, type Struck, runGroup } from './group-run.ts'

export interface Shrunk {
  readonly options: GroupOptions
  readonly report: GroupReport
  readonly runCount: number
}

/** @param failing of which something is found */
export function shrinkGroup(failing: GroupOptions, runCountMax = 400): Shrunk {
  const shrinking = new Shrinking({ ...failing, less: failing.less ?? {} }, runCountMax)
  let before: GroupOptions
  do {
    before = shrinking.options
    shrinking.leaveStormsOut()
    shrinking.takeFewerNodes()
    shrinking.leaveKindsOut()
    shrinking.leaveStrokesOut()
    shrinking.takeFewerClients()
  } while (shrinking.options !== before)
  return shrinking
}

class Shrinking implements Shrunk {
  options: GroupOptions
  report: GroupReport
  runCount = 1
  readonly #runCountMax: number

  constructor(options: GroupOptions, runCountMax: number) {
    this.options = options
    this.report = runGroup(options)
    this.#runCountMax = runCountMax
    if (this.report.violations.length === 0) throw new Error('nothing is found that could be told')
  }

  /** @returns whether that fails too; then it is taken */
  #try(change: Partial<GroupOptions>): boolean {
    if (this.runCount === this.#runCountMax) return false
    this.runCount++
    const options = { ...this.options, ...change }
    const report = runGroup(options)
    if (report.violations.length === 0) return false
    this.options = options
    this.report = report
    return true
  }
  #tryLess(less: Less): boolean {
    return this.#try({ less: { ...this.options.less, ...less } })
  }
  #tryWithout(left: readonly Struck[]): boolean {
    const places = left.map(({ place }) => place)
    return this.#tryLess({ without: new Set([...(this.options.less?.without ?? []), ...places]) })
  }

  /** Halves, quarters and so on, down to single ones. @param tryWithout answers whether it is done without them */
  #leaveOut<T>(all: () => readonly T[], tryWithout: (some: readonly T[]) => boolean): void {
    for (let size = Math.ceil(all().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
      for (let at = 0; at < all().length;)
        // What is left moves up into the place of what is gone.
        if (!tryWithout(all().slice(at, at + size))) at += size
  }

  leaveStormsOut(): void {
    this.#leaveOut(
      () => this.report.storms,
      (some) => this.#tryLess({ storms: this.report.storms.filter((storm) => !some.includes(storm)) }),
    )
  }

  leaveStrokesOut(): void {
    this.#leaveOut(
      () => this.report.struck,
      (some) => this.#tryWithout(some),
    )
  }

  takeFewerNodes(): void {
    const { memberCount } = this.report
    for (const voterCount of [3, 5]) if (voterCount < memberCount && this.#tryLess({ voterCount })) return
  }

  leaveKindsOut(): void {
    for (const kind of new Set(this.report.struck.map((each) => each.kind)))
      this.#tryWithout(this.report.struck.filter((each) => each.kind === kind))
  }

  takeFewerClients(): void {
    for (const clientCount of [0, 1, 2, 3])
      if (clientCount < (this.options.less?.clientCount ?? Infinity) && this.#tryLess({ clientCount })) return
  }
}

/** What happened, in words. */
export function tellShrunk({ options, report, runCount }: Shrunk): string {
  const { struck, story, violations, acknowledgedCount, memberCount, simulatedMs } = report
  return [
    `in short (${runCount} runs): ${memberCount} nodes, ${(simulatedMs / 60_000).toFixed(1)} minutes, ` +
      `${acknowledgedCount} writes, ${struck.length} strokes of trouble: ${struck.map(({ kind }) => kind).join(', ')}`,
    ...story.map((line) => `  ${line}`),
    ...violations.map((violation) => `  violated: ${violation}`),
    `  by seed ${options.seed}`,
  ].join('\n')
}
