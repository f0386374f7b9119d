/**
 * What a cluster needs from the node around it, and what it tells it.
 * @module
 */
import type { Bytes, Check, Fault } from '../../core/bytes/bytes.ts'
import type { Answer, ControlBody, Question } from '../../core/message/message.ts'
import type { Raft } from '../../core/raft/raft.ts'
import type { Operation, Outcome, TreeState } from '../../core/tree/tree.ts'
import type { Platform } from '../../port/platform.ts'
import type { Change } from '../../port/store.ts'
import type { PeerId } from '../peers.ts'
import type { ClusterPlace } from '../place.ts'
import type { Identity } from '../read/held-state.ts'
import type { GivenState } from './snapshots.ts'

/** What was folded, operation by operation. */
export interface Folded {
  readonly operations: readonly Operation[]
  readonly outcomes: readonly Outcome[]
  /** Whether somebody on this node waits for the outcome of one. */
  readonly isOwn: (position: number) => boolean
}

/** What changed in the fold, for those who mirror it. @param folded null where the state came whole */
export type Applied = (before: TreeState, after: TreeState, touched: readonly Bytes[], folded: Folded | null) => void

/** The other members, as far as they can be reached. */
export interface ClusterLink {
  /** Lost where the member is not connected. */
  send(to: PeerId, body: ControlBody): boolean
  ask(to: PeerId, question: Question): Promise<Answer | null>
  /** What a device sent was not taken. */
  refuse(id: PeerId, fault: Fault): void
  isUp(id: PeerId): boolean
  /** Whether a device belongs to the tree, as its state is now. */
  isDevice(id: PeerId): boolean
  /** Others decide, or listen, than before. */
  onMembers(): void
  /** This node is at another entry of the log. */
  onEntry(): void
  /** The newest state of this generation that is attested and that this device has; null where there is none. */
  attested(): GivenState | null
  /** There is to be one before long. */
  wantAttested(): void
  /** Sees to it that a majority of the voters holds what an operation refers to. */
  stage(operation: Operation): Promise<Check>
}

/** A cluster as it is at the moment of asking. */
export interface Moment {
  readonly raft: Raft
  readonly state: TreeState
  readonly identity: Identity
  /** null while nobody can be reached. */
  readonly link: ClusterLink | null
}

export interface ClusterOptions {
  readonly platform: Platform
  readonly place: ClusterPlace
  /** This device's principal, hexadecimal. */
  readonly principal: PeerId
  /** What is about to be folded; it is folded when this has resolved. null: at once. */
  readonly onComing?: (operations: readonly Operation[]) => Promise<unknown> | null
  /** The same for a state that comes whole. */
  readonly onArriving?: (state: TreeState) => Promise<void>
  /** Whether this device was put out in a state; then it takes nothing that comes after it. */
  readonly isPutOut?: (state: TreeState) => boolean
  readonly onApplied: Applied
  /**
   * A state is about to come whole, perhaps from another generation.
   * @param dropped what was in the log, never took effect, and nobody on this node waits for
   * @returns what becomes durable with it
   */
  readonly onInstalling: (before: TreeState, after: TreeState, dropped: readonly Operation[]) => readonly Change[]
  /** Called once when the cluster can not go on; the node stops. */
  readonly onFailure: (error: unknown) => void
}
