/**
 * Results and faults: what a stranger can cause is a value, never an exception.
 * @module
 */

/** Why something was refused: a code that programs compare and a sentence for a person. */
export interface Fault {
  readonly code: string
  /** What happened and what to do, for the person at this device. */
  readonly local: string
  /** The same for the party that caused it; absent where the local sentence serves both. */
  readonly remote?: string
}

export interface Refused {
  readonly ok: false
  readonly fault: Fault
}
export type Result<T> = { readonly ok: true; readonly value: T } | Refused
/** A `Result` that carries nothing when it is good. */
export type Check = { readonly ok: true } | Refused

export const ok: Check = { ok: true }
export const accepted = <T>(value: T): Result<T> => ({ ok: true, value })

export function refused(code: string, local: string, remote?: string): Refused {
  return { ok: false, fault: remote === undefined ? { code, local } : { code, local, remote } }
}

/** The value of a result that only our own mistake could have refused. */
export function must<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new Error(`${result.fault.code}: ${result.fault.local}`)
}

/** Ends a `switch` over a tagged union; a new tag fails the type check here. */
export function assertNever(value: never): never {
  throw new Error(`Unhandled case ${JSON.stringify(value)}`)
}
