/**
 * What became of mutants, and what is excused.
 * @module
 */

/** One small change of the code. */
export interface Mutant {
  readonly file: string
  readonly line: number
  /** The line on which the changed text begins, without the blanks around it. */
  readonly whole: string
  /** What is changed; blanks and line breaks are told as one blank. */
  readonly from: string
  readonly to: string
  /** endless: something in it ran a hundred times as often as without it. late: the clock said so, which a busy machine can cause. */
  readonly end: 'killed' | 'endless' | 'late' | 'survived'
}

/** A mutant that no test can kill, and why. Known by its text, since lines move. */
export interface Excuse {
  readonly file: string
  /** Its whole one, as of the mutant. */
  readonly line: string
  readonly from: string
  readonly to: string
  readonly reason: string
}

export interface Tally {
  /** A directory or one file. */
  readonly place: string
  readonly minutes: number
  readonly count: number
  /** Those that were endless or late are among them. */
  readonly killed: number
  readonly endless: number
  readonly late: readonly Mutant[]
  readonly survivors: readonly Mutant[]
  readonly excusedCount: number
  /** Excuses for what is not there, or is killed. */
  readonly idle: readonly Excuse[]
  readonly killedShare: number
  readonly excusedShare: number
}

const killedShareMin = 0.85
const excusedShareMax = 0.05

export const isWithin = ({ killedShare, excusedShare, idle }: Tally): boolean =>
  killedShare >= killedShareMin && excusedShare <= excusedShareMax && idle.length === 0

/** The text as one line, in which it does not matter how it is broken. */
export const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

const excuses = (excuse: Excuse, { file, whole, from, to }: Mutant): boolean =>
  excuse.file === file && excuse.line === whole && excuse.from === from && excuse.to === to

/** @param excused of all places; an excused mutant counts among all, and as no killed one */
export function tallyOf(place: string, mutants: readonly Mutant[], excused: readonly Excuse[], minutes: number): Tally {
  const left = mutants.filter(({ end }) => end === 'survived')
  const own = excused.filter(({ file }) => file === place || file.startsWith(`${place}/`))
  const survivors = left.filter((mutant) => !own.some((excuse) => excuses(excuse, mutant)))
  const [count, excusedCount] = [mutants.length, left.length - survivors.length]
  return {
    place,
    minutes,
    count,
    killed: count - left.length,
    endless: mutants.filter(({ end }) => end === 'endless').length,
    late: mutants.filter(({ end }) => end === 'late'),
    survivors,
    excusedCount,
    idle: own.filter((excuse) => !left.some((mutant) => excuses(excuse, mutant))),
    killedShare: (count - left.length) / count,
    excusedShare: excusedCount / count,
  }
}
