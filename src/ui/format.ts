/**
 * Numbers, dates and fingerprints as a person reads them, by the browser's own language.
 * @module
 */

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
const unitFormats = units.map(
  (unit, power) =>
    new Intl.NumberFormat(undefined, {
      style: 'unit',
      unit,
      unitDisplay: power === 0 ? 'long' : 'short',
      maximumFractionDigits: 1,
    }),
)

/** Decimal units, as disks and phones count them: 1 kB is 1000 bytes. */
export function formatSize(sizeBytes: number): string {
  let power = 0
  let value = Math.max(0, sizeBytes)
  // 999.5 would be shown as "1,000 kB".
  while (value >= 999.5 && power < units.length - 1) {
    value /= 1000
    power++
  }
  return unitFormats[power]!.format(value >= 100 ? Math.round(value) : value)
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
export const formatDay = (atMs: number): string => day.format(atMs)
export const formatMoment = (atMs: number): string => moment.format(atMs)

const durations = (['second', 'minute', 'hour'] as const).map(
  (unit) => new Intl.NumberFormat(undefined, { style: 'unit', unit, unitDisplay: 'long' }),
)

/** Rounded up, so that it never says that nothing remains while something does. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return durations[0]!.format(Math.max(1, Math.ceil(seconds)))
  if (seconds < 3600) return durations[1]!.format(Math.ceil(seconds / 60))
  return durations[2]!.format(Math.ceil(seconds / 3600))
}

/** `1:05`, as clocks count down. */
export function formatCountdown(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds))
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
}

const percent = new Intl.NumberFormat(undefined, { style: 'percent' })
/** Rounded down: 100 % only when it is all there. */
export const formatPercent = (part: number, whole: number): string =>
  percent.format(whole > 0 ? Math.floor((100 * part) / whole) / 100 : 0)

const wholeNumber = new Intl.NumberFormat()
export const formatCount = (count: number): string => wholeNumber.format(count)

const roughNumber = new Intl.NumberFormat(undefined, { notation: 'compact' })
/** `3K` where there is no room for more. */
export const formatRoughCount = (count: number): string => roughNumber.format(count)

/** Groups of four, for reading aloud; what is grouped already stays as it is. */
export const formatFingerprint = (text: string): string => text.replaceAll(/\s/g, '').replaceAll(/(.{4})(?=.)/g, '$1 ')
