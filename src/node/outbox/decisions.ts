/**
 * What the tree has decided, by the ids of operations.
 * @module
 */
import { keyOf, refused } from '../../core/bytes/bytes.ts'
import { type Outcome, type TreeState, requestOf, takenUnseen } from '../../core/tree/tree.ts'
import type { Folded } from '../cluster/options.ts'
import { operationIdOf } from '../request.ts'
import type { Pending } from './overlay.ts'

export type Decisions = ReadonlyMap<string, Outcome>

/** By what was just folded. */
export const decidedBy = ({ operations, outcomes }: Folded): Decisions =>
  new Map(
    operations.flatMap((operation, at) =>
      operation.tag === 'change' ? [[keyOf(operation.value.requestId), outcomes[at]!] as const] : [],
    ),
  )

/** By what a state remembers. */
export function decidedIn(state: TreeState, entries: readonly Pending[]): Decisions {
  const outcomes = new Map<string, Outcome>()
  for (const { kept, operationId } of entries) {
    const row = requestOf(state, operationIdOf(kept.requestId, kept.turn))
    if (row !== null) outcomes.set(operationId, row.fault === null ? taken : refusedFor(row.fault))
  }
  return outcomes
}

const refusedFor = (code: string): Outcome =>
  code === takenUnseen.fault.code ? takenUnseen : refused(code, 'This change was refused.')

const taken: Outcome = { ok: true, repeated: true }
