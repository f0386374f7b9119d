/**
 * A replica: a tree's state as this device has it, and the way for a change into it. A member of the cluster has both by its log
 * (`cluster.ts`); a guest, which is limited to a folder, by the members that it meets (`guest/guest-replica.ts`).
 * @module
 */
import type { Check } from '../core/bytes/bytes.ts'
import type { Configuration, NodeId } from '../core/raft/raft.ts'
import type { Operation, Outcome, TreeState } from '../core/tree/tree.ts'
import type { Change } from '../port/store.ts'
import type { Base } from './cluster/memory-log.ts'
import type { Identity } from './read/held-state.ts'

export interface Replica {
  /** As it is committed, as far as this device knows. */
  readonly state: TreeState
  /** Under which name this node takes part, and in which generation. */
  readonly identity: Identity
  /** Where the state stands in the log. */
  readonly base: Base
  /** Who decides, who listens, and who leads. */
  readonly members: { readonly configuration: Configuration; readonly leader: NodeId | null }
  /** Where this node is in the log. */
  readonly position: { readonly term: number; readonly isLeader: boolean; readonly appliedIndex: number }
  /** Whether this node alone decides. */
  readonly isSoleVoter: boolean
  /** Whether somebody is known now who takes changes. */
  readonly isReachable: boolean
  /** Somebody else leads than before, or nobody. */
  onLeader: () => void
  /** Gate 1, for what is going to be given. */
  check(operation: Operation): Promise<Check>
  /** Resolves when the bodies that an operation refers to are where they have to be before it is given. */
  stage(operation: Operation): Promise<Check>
  /**
   * Gives operations that have passed gate 1 to whoever takes them, in their order; what becomes of them shows in the state. Resolves
   * when all are decided, or when somebody is not known to have decided them in time.
   */
  give(operations: readonly Operation[]): Promise<void>
  /**
   * Proposes one operation. Resolves when it is decided, with what became of it; rejects when the node can not say.
   * @param attached rows that the operation refers to, durable together with it; only where this node alone decides
   */
  propose(operation: Operation, attached?: readonly Change[]): Promise<Outcome>
  /** Finishes what is under way and takes nothing more. */
  close(): Promise<void>
  /** Takes nothing more and writes nothing more, because somebody else does or because the store is gone. */
  halt(error: unknown): void
}
