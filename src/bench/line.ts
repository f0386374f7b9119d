/**
 * A line of the printed table.
 * @module
 */
import { cpus } from 'node:os'

export interface Line {
  readonly title: string
  readonly ours: string
  readonly baseline: string
  readonly ratio: string
  readonly bar: string
  readonly verdict: string
  readonly note: string
}

export const show = (value: number, unit: string): string =>
  `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
export const verdictOf = (isGood: boolean): string => (isGood ? 'pass' : 'MISS')
/** A baseline slower than this part of its figure on an idle machine shows nothing. */
export const voidBelow = 0.7
export const busy = (least: string): string => `void: the baseline is below ${least}, so the machine is busy`
/** The figures of baselines were measured on 2 virtual cores of an AMD EPYC (Zen 4), Chromium 156. */
export const isReferenceMachine = (): boolean => cpus().length === 2 && /EPYC/.test(cpus()[0]!.model)
