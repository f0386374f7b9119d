/**
 * What the tree has decided, by the ids of operations.
 * @module
 */
import { keyOf, refused } from '../../core/bytes/bytes.ts'
import { type Operation, type Outcome, type TreeState, requestOf, takenUnseen } from '../../core/tree/tree.ts'
import type { Folded } from '../cluster/options.ts'
import type { Pending } from './overlay.ts'

export interface Decision {
  readonly outcome: Outcome
  /** That was decided; null where only the outcome is known. */
  readonly operation: Operation | null
}
export type Decisions = ReadonlyMap<string, Decision>

/** By what was just folded. */
export const decidedBy = ({ operations, outcomes }: Folded): Decisions =>
  new Map(
    operations.flatMap((operation, at) =>
      operation.tag === 'change'
        ? [[keyOf(operation.value.requestId), { outcome: outcomes[at]!, operation }] as const]
        : [],
    ),
  )

/** By what a state remembers. */
export function decidedIn(state: TreeState, entries: readonly Pending[]): Decisions {
  const decisions = new Map<string, Decision>()
  for (const { operationId, operationKey } of entries) {
    const row = requestOf(state, operationId)
    if (row === null) continue
    const outcome = row.fault === null ? taken : refusedFor(row.fault)
    decisions.set(operationKey, { outcome, operation: null })
  }
  return decisions
}

const refusedFor = (code: string): Outcome =>
  code === takenUnseen.fault.code ? takenUnseen : refused(code, 'This change was refused.')

const taken: Outcome = { ok: true, repeated: true }
