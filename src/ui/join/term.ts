/**
 * Until when: days as a person picks them, and the instants that are signed.
 *
 * Pure. A day is one of this device's own time zone, and lasts until its end.
 * @module
 */

const dayMs = 86_400_000
/** Of a limited device's first permission, and of every later one. */
export const firstTermDays = 7
export const termDaysMax = 400

/** As a field of days has it: `2027-05-03`. */
export function dayText(atMs: number): string {
  const at = new Date(atMs)
  const pad = (part: number) => String(part).padStart(2, '0')
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`
}

/** The days that can be picked, from tomorrow to the last. @param lifeDays of the permission, from now */
export const daysWithin = (nowMs: number, lifeDays: number): { readonly first: string; readonly last: string } => ({
  first: dayText(nowMs + dayMs),
  last: dayText(nowMs + lifeDays * dayMs),
})

/**
 * The end of a day, or the end of what may be given, whichever comes first.
 * @returns null for text that is no day from tomorrow to the last
 */
export function endOfDay(text: string, nowMs: number, lifeDays: number): number | null {
  const { first, last } = daysWithin(nowMs, lifeDays)
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (parts === null || text < first || text > last) return null
  const [year, month, day] = parts.slice(1).map(Number) as [number, number, number]
  return Math.min(new Date(year, month - 1, day + 1).getTime() - 1, nowMs + lifeDays * dayMs)
}
