/**
 * Which of Raft's messages go unheard, since what they say would stop this node or the tree:
 *
 * - An election far ahead of all that there can have been: it would take the numbers from those that are to come.
 * - A second leader of a term. A term has one, so one of the two is none; what he says about what this device has lost would stop it.
 * - For a while, a leader whose stamps lie ahead of the clock here: while nothing can be taken that it stamps, another one has to
 *   lead.
 * @module
 */
import { type Check, ok, refused } from '../../core/bytes/bytes.ts'
import type { SentMessage } from '../../core/message/message.ts'
import type { Raft } from '../../core/raft/raft.ts'
import type { PeerId } from '../peers.ts'
import { peerOf } from './membership.ts'

/** Long enough for an election, also by those who are patient. */
const deafMs = 30_000
const termLeapMax = 2 ** 20
const leaderKinds: ReadonlySet<SentMessage['kind']> = new Set(['append', 'heartbeat', 'snapshot'])

export class Hearing {
  readonly #deafUntilMs = new Map<PeerId, number>()

  /** What a device stamped lies ahead of the clock here. @param nowMs by a monotonic clock */
  stampedAhead(peer: PeerId, nowMs: number): void {
    this.#deafUntilMs.set(peer, nowMs + deafMs)
  }

  /** @returns what is said of a message in Raft's place; null where Raft hears it */
  unheard({ term, leader }: Raft, message: SentMessage, nowMs: number): Check | null {
    if (!('term' in message)) return null
    if (message.term > term + termLeapMax) return termLeapt
    if (!leaderKinds.has(message.kind)) return null
    const isLed = leader !== null && leader !== message.from && message.term === term
    return isLed || nowMs < (this.#deafUntilMs.get(peerOf(message.from)) ?? 0) ? ok : null
  }
}

const termLeapt = refused(
  'termLeapt',
  'A device spoke of so many elections as there cannot have been; the connection to it was closed.',
)
