/**
 * Reads that wait: what a node remembers of them between two steps. `read-index.ts` has the protocol.
 * @module
 */
import type { Index, NodeId } from './message.ts'
import { Sequence } from './sequence.ts'

/** Who gets the answer. */
export type Asker =
  | { readonly kind: 'host'; readonly context: Uint8Array }
  | { readonly kind: 'follower'; readonly id: NodeId; readonly incarnation: number; readonly request: number }

export interface Reads {
  /** Leader: asked before it had committed anything in its term. */
  readonly waiting: Sequence<Asker>
  /** Leader: taken in and not yet confirmed, oldest first, with the commit index of that moment. */
  readonly unconfirmed: Sequence<{ readonly asker: Asker; readonly index: Index }>
  /** Leader: how many it has confirmed in this term. The round of now is this and the unconfirmed ones. */
  readonly confirmedCount: number
  /** Leader: the greatest round that each member answered. */
  readonly acknowledgedRounds: ReadonlyMap<NodeId, number>
  /** Follower: passed on to a leader, by request number. */
  readonly passedOn: ReadonlyMap<number, Uint8Array>
  readonly nextRequest: number
}

export const noReads: Reads = {
  waiting: Sequence.empty(),
  unconfirmed: Sequence.empty(),
  confirmedCount: 0,
  acknowledgedRounds: new Map(),
  passedOn: new Map(),
  nextRequest: 1,
}

/** How many may wait, here or at a leader: a read that gets no answer is asked again, so none is kept for ever. */
export const readCountMax = 1024

/** A new term: what was asked of this leader is void. Answers to what this node passed on still hold. */
export const forgetReads = ({ passedOn, nextRequest }: Reads): Reads => ({ ...noReads, passedOn, nextRequest })

/** The round that a heartbeat of now would confirm; 0 where nothing waits. */
export const readRound = ({ unconfirmed, confirmedCount }: Reads): number =>
  unconfirmed.length === 0 ? 0 : confirmedCount + unconfirmed.length
