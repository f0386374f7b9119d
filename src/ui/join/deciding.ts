/**
 * What it means that some devices decide, and how far a choice of them has come.
 * @module
 */
import type { Decider, DeviceLine } from '../../node/api.ts'

/** Own devices alone can decide. */
export const ownOf = (devices: readonly DeviceLine[]): readonly DeviceLine[] =>
  devices.filter(({ limited }) => limited === null)

/** How many must confirm a change, of so many that decide. */
export const neededOf = (count: number): number => Math.floor(count / 2) + 1

export interface Deciding {
  readonly now: readonly DeviceLine[]
  /** Whether others were chosen, who do not decide yet. */
  readonly isChanging: boolean
  /** Those of them for whom that has to wait. */
  readonly awaited: readonly DeviceLine[]
}

/** For whom such a choice would have to wait: who decides already is not waited for. */
export const awaitedOf = (own: readonly DeviceLine[], chosen: ReadonlySet<string>): readonly DeviceLine[] =>
  own.filter(({ principal, role, path }) => chosen.has(principal) && role !== 'voter' && path === 'away')

export function decidingOf({ appointed }: Decider, devices: readonly DeviceLine[]): Deciding {
  const own = ownOf(devices)
  const isMeant = ({ principal, role }: DeviceLine): boolean => appointed?.includes(principal) ?? role === 'voter'
  return {
    now: own.filter(({ role }) => role === 'voter'),
    isChanging: own.some((line) => isMeant(line) !== (line.role === 'voter')),
    awaited: awaitedOf(own, new Set(appointed)),
  }
}
