/**
 * Quorums: how many of whom decide.
 *
 * A majority of one set, or of both sets of a joint configuration at once (thesis §4.3: "Agreement requires majorities from both
 * the old and new configurations"). Pure arithmetic over member lists; knows nothing of terms or logs.
 * @module
 */
import type { NodeId } from './message.ts'

/** One half of a configuration. The empty one decides everything at once, so that it never stands in the other's way. */
export type Majority = readonly NodeId[]
/** All halves must agree. */
export type Quorum = readonly Majority[]

export type VoteResult = 'won' | 'lost' | 'pending'

export const quorumSize = (memberCount: number): number => Math.floor(memberCount / 2) + 1

/**
 * The greatest index that a quorum has acknowledged.
 * @param acknowledged the index of a member, or undefined where nothing is known of it
 * @returns Infinity for a quorum without members
 */
export function committedIndex(quorum: Quorum, acknowledged: (id: NodeId) => number | undefined): number {
  return Math.min(...quorum.map((majority) => majorityIndex(majority, acknowledged)))
}

function majorityIndex(majority: Majority, acknowledged: (id: NodeId) => number | undefined): number {
  if (majority.length === 0) return Infinity
  const indexes = majority.map((id) => acknowledged(id) ?? 0)
  let greatest = 0
  for (const index of indexes) {
    if (index <= greatest) continue
    let reachedCount = 0
    for (const other of indexes) if (other >= index) reachedCount++
    if (reachedCount >= quorumSize(majority.length)) greatest = index
  }
  return greatest
}

/** @param vote what a member answered, or undefined where it has not */
export function voteResult(quorum: Quorum, vote: (id: NodeId) => boolean | undefined): VoteResult {
  const isWonIf = (missing: boolean) => quorum.every((majority) => agrees(majority, (id) => vote(id) ?? missing))
  if (isWonIf(false)) return 'won'
  return isWonIf(true) ? 'pending' : 'lost'
}

const agrees = (majority: Majority, says: (id: NodeId) => boolean): boolean =>
  majority.length === 0 || majority.filter(says).length >= quorumSize(majority.length)
