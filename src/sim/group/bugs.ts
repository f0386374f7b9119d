/**
 * Planted bugs of consensus, each of which breaks one rule of Raft or of its host, and must be found.
 *
 * The first nine are faults of the node as its host sees them, which other implementations were tried with as well; the others are
 * the ones that papers and bug reports name.
 * @module
 */
import type { Message, Raft, RaftConfig } from '../../core/raft/raft.ts'
import type { Stored } from './disk.ts'

/** Where a host does something else than it should; what is absent is done right. */
export interface GroupBug {
  readonly name: string
  readonly config?: Partial<RaftConfig>
  /** Another write than the one that was asked for. @param count how many there were before */
  readonly stored?: (write: Stored, count: number) => Stored
  readonly sent?: (message: Message) => Message
  readonly received?: (message: Message) => Message
  /** Another state than the one that came out of a step. */
  readonly stepped?: (raft: Raft) => Raft
  /** What promises something goes before that is durable. */
  readonly sendsBeforeWriting?: true
  readonly neverSyncs?: true
  /** What a full disk did not take counts as written. */
  readonly ignoresRefusals?: true
  /** A client hears that it is done when it is in the leader's log. */
  readonly answersBeforeCommit?: true
  /** A leader answers reads by itself. */
  readonly readsByLease?: true
  /** All reads have one context, and the first index that comes back answers all of them. */
  readonly hasOneReadContext?: true
  /** Two lives of a node write to one disk. */
  readonly isUnfenced?: true
  /** A node whose disk was lost comes back under its name. */
  readonly keepsIdAfterWipe?: true
  /** Some count by a configuration as soon as they hold it. */
  readonly configuresEarly?: true
  /** A snapshot replaces the log, and not what was applied. */
  readonly keepsMachineAtSnapshot?: true
  /** After a restart entries are applied once more over what they were applied to. */
  readonly appliesTwice?: true
}

const swappedData = (message: Message): Message => {
  if (message.kind !== 'append' || message.entries.length < 2) return message
  const [one, other, ...rest] = message.entries
  if (one!.kind !== 'command' || other!.kind !== 'command') return message
  return { ...message, entries: [{ ...one!, data: other!.data }, { ...other!, data: one!.data }, ...rest] }
}

/** Commits what a majority holds, of whatever term (paper §5.4.2 says why not). */
function committedByCount(raft: Raft): Raft {
  if (raft.role !== 'leader') return raft
  const voters = raft.configuration.voters
  const matched = voters.map((id) => raft.progress.get(id)?.matchIndex ?? 0).toSorted((one, other) => other - one)
  const commitIndex = matched[Math.floor(voters.length / 2)] ?? 0
  return commitIndex <= raft.log.commitIndex ? raft : { ...raft, log: { ...raft.log, commitIndex } }
}

export const groupBugs: readonly GroupBug[] = [
  { name: 'hard state is never stored', stored: (write) => ({ ...write, hardState: null }) },
  {
    name: 'the vote is not stored',
    stored: (write) => ({ ...write, hardState: write.hardState && { ...write.hardState, votedFor: null } }),
  },
  {
    name: 'every seventh append loses its last entry',
    stored: (write, count) =>
      count % 7 === 6 && write.entries.length > 0 ? { ...write, entries: write.entries.slice(0, -1) } : write,
  },
  {
    name: 'a refused vote counts as granted',
    received: (message) =>
      message.kind === 'voteResponse' || message.kind === 'preVoteResponse' ? { ...message, isGranted: true } : message,
  },
  {
    name: 'a refused append counts as accepted',
    received: (message) => (message.kind === 'appendResponse' ? { ...message, rejection: null } : message),
  },
  {
    name: 'one index too many is acknowledged',
    sent: (message) =>
      message.kind === 'appendResponse' && message.rejection === null
        ? { ...message, index: message.index + 1 }
        : message,
  },
  { name: 'contents are swapped in a batch', sent: swappedData },
  {
    name: 'heartbeats have no commit index',
    sent: (message) => (message.kind === 'heartbeat' ? { ...message, commitIndex: 0 } : message),
  },
  { name: 'promises are sent before they are stored', sendsBeforeWriting: true },
  { name: 'no write is synced', neverSyncs: true },
  { name: 'a write that was refused counts as done', ignoresRefusals: true },
  { name: 'no pre-vote', config: { preVote: false } },
  { name: 'a leader reads without asking', readsByLease: true },
  { name: 'reads share one context', hasOneReadContext: true },
  { name: 'an answer before the majority has it', answersBeforeCommit: true },
  { name: 'entries of older terms are committed by count', stepped: committedByCount },
  { name: 'two lives on one disk', isUnfenced: true },
  { name: 'the old name after the disk was lost', keepsIdAfterWipe: true },
  { name: 'a configuration counts before it is committed', configuresEarly: true },
  { name: 'a snapshot leaves what was applied', keepsMachineAtSnapshot: true },
  { name: 'entries are applied twice over a restart', appliesTwice: true },
]
