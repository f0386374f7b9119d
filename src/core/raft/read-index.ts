/**
 * Linearizable reads without writing (thesis §6.4, ReadIndex). No leases: the clock of a tab that sleeps is no promise.
 *
 * The leader notes its commit index, makes sure by one round of heartbeats that it still leads, and answers with that index;
 * who has applied so far may read. A round is named by how many reads the leader had taken in before it, never by anything the
 * asker chose, so an answer to an older round can not confirm a newer read, however alike two requests are.
 * On the asking side a request is named by (incarnation, number), so that an answer meant for an earlier read, or for an earlier
 * life of this node, is not taken for the answer to a later one.
 * @module
 */
import { type Check, ok, refused } from '../bytes/bytes.ts'
import { quorumOf } from './configuration.ts'
import type { HeartbeatResponse, Index, NodeId, ReadIndex, ReadIndexResponse } from './message.ts'
import { type Asker, readCountMax, readRound } from './reads.ts'
import { committedIndex } from './quorum.ts'
import { broadcastHeartbeat, hasCommittedInTerm, send } from './replication.ts'
import { Sequence } from './sequence.ts'
import type { Draft } from './state.ts'

/** The host of this node asks. */
export function askToRead(raft: Draft, context: Uint8Array): Check {
  if (raft.role === 'leader') return takeIn(raft, { kind: 'host', context })
  if (raft.leader === null || raft.role !== 'follower')
    return refused('raftNoLeader', 'No device leads this group just now; try again in a moment.')
  const { reads, incarnation } = raft
  const request = reads.nextRequest
  const passedOn = new Map(reads.passedOn).set(request, context)
  if (passedOn.size > readCountMax) passedOn.delete(passedOn.keys().next().value!)
  raft.reads = { ...reads, passedOn, nextRequest: request + 1 }
  send(raft, { kind: 'readIndex', from: raft.config.id, to: raft.leader, incarnation, request })
  return ok
}

/** A follower asks its leader; one that is no leader passes it on, one without a leader drops it. */
export function readAsked(raft: Draft, message: ReadIndex): Check {
  if (raft.role === 'leader') {
    const { from: id, incarnation, request } = message
    return takeIn(raft, { kind: 'follower', id, incarnation, request })
  }
  // Not passed on a second time: the answer would have to find back through this node.
  return refused('raftNotLeader', 'A device asked this one to lead a read, but it does not lead.')
}

function takeIn(raft: Draft, asker: Asker): Check {
  const { reads } = raft
  if (reads.waiting.length + reads.unconfirmed.length >= readCountMax)
    return refused('raftTooManyReads', 'Too many reads wait for an answer; try again in a moment.')
  // "the leader [...] must have the latest information on which entries are committed" (thesis §6.4, step 1)
  if (hasCommittedInTerm(raft)) confirmByHeartbeat(raft, [asker])
  else raft.reads = { ...reads, waiting: reads.waiting.append(asker) }
  return ok
}

/** The first entry of the term is committed. */
export function releaseWaitingReads(raft: Draft): void {
  const { waiting } = raft.reads
  if (waiting.length === 0 || !hasCommittedInTerm(raft)) return
  raft.reads = { ...raft.reads, waiting: Sequence.empty() }
  confirmByHeartbeat(raft, waiting.slice())
}

function confirmByHeartbeat(raft: Draft, askers: readonly Asker[]): void {
  const index = raft.log.commitIndex
  const unconfirmed = raft.reads.unconfirmed.append(...askers.map((asker) => ({ asker, index })))
  raft.reads = { ...raft.reads, unconfirmed }
  const round = readRound(raft.reads)
  acknowledgeRound(raft, raft.config.id, round)
  // A sole voter has confirmed it to itself.
  if (raft.reads.unconfirmed.length > 0) broadcastHeartbeat(raft, round)
}

/** A member still takes this node for its leader, as of that round. */
export function readConfirmed(raft: Draft, { from, readRound: round }: HeartbeatResponse): Check {
  const { confirmedCount, unconfirmed } = raft.reads
  if (round > confirmedCount + unconfirmed.length)
    return refused('raftMessageMalformed', 'A device confirmed a read that was never asked.')
  acknowledgeRound(raft, from, round)
  return ok
}

function acknowledgeRound(raft: Draft, id: NodeId, round: number): void {
  const { acknowledgedRounds, confirmedCount, unconfirmed } = raft.reads
  if (round <= (acknowledgedRounds.get(id) ?? 0)) return
  const rounds = new Map(acknowledgedRounds).set(id, round)
  const confirmed = Math.min(
    committedIndex(quorumOf(raft.configuration), (member) => rounds.get(member)),
    confirmedCount + unconfirmed.length,
  )
  const newCount = Math.max(0, confirmed - confirmedCount)
  raft.reads = {
    ...raft.reads,
    acknowledgedRounds: rounds,
    confirmedCount: confirmedCount + newCount,
    unconfirmed: unconfirmed.drop(newCount),
  }
  for (const read of unconfirmed.slice(0, newCount)) answer(raft, read.asker, read.index)
}

function answer(raft: Draft, asker: Asker, index: Index): void {
  if (asker.kind === 'host') raft.readStates = raft.readStates.append({ index, context: asker.context })
  else {
    const { id: to, incarnation, request } = asker
    const { term } = raft
    send(raft, { kind: 'readIndexResponse', from: raft.config.id, to, term, incarnation, request, index })
  }
}

/** The leader answers what this node passed on. Each answer is taken once. */
export function readAnswered(raft: Draft, { incarnation, request, index }: ReadIndexResponse): void {
  const context = raft.reads.passedOn.get(request)
  if (context === undefined || incarnation !== raft.incarnation) return
  const passedOn = new Map(raft.reads.passedOn)
  passedOn.delete(request)
  raft.reads = { ...raft.reads, passedOn }
  raft.readStates = raft.readStates.append({ index, context })
}
