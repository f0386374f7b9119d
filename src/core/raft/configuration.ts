/**
 * Changing who belongs: one voter at a time, or any number through a joint configuration (thesis chapter 4).
 *
 * As in etcd a configuration counts from the moment its entry is *applied*, on every node alike, not when it is appended. Two
 * things keep that safe: the leader proposes no change before the last one is applied, and nobody campaigns over a committed
 * change that it has not applied.
 * @module
 */
import { type Result, accepted, assertNever, refused } from '../bytes/bytes.ts'
import type { Configuration, ConfigurationChange, Index, MemberChange, NodeId } from './message.ts'
import { type Progress, newProgress } from './progress.ts'
import type { Quorum } from './quorum.ts'

/** A configuration and what is known of each of its members. Both change together or not at all. */
export interface Membership {
  readonly configuration: Configuration
  /** In the order of ids. */
  readonly progress: ReadonlyMap<NodeId, Progress>
}

export const isJoint = (configuration: Configuration): boolean => configuration.votersOutgoing.length > 0

export const quorumOf = (configuration: Configuration): Quorum => [configuration.voters, configuration.votersOutgoing]

export const isVoter = (configuration: Configuration, id: NodeId): boolean =>
  configuration.voters.includes(id) || configuration.votersOutgoing.includes(id)

export const voterIds = (configuration: Configuration): readonly NodeId[] =>
  sorted(new Set([...configuration.voters, ...configuration.votersOutgoing]))

export const isLeaving = (change: ConfigurationChange): boolean =>
  change.transition === 'auto' && change.changes.length === 0

/** The membership of a configuration that was stored or came with a snapshot. */
export function membershipOf(configuration: Configuration, lastIndex: Index): Membership {
  const ids = sorted(new Set([...voterIds(configuration), ...configuration.learners]))
  const progress = ids.map((id) => [id, joined(lastIndex, configuration.learners.includes(id))] as const)
  return { configuration, progress: new Map(progress) }
}

/** What an applied change does to a membership. */
export function changed(membership: Membership, change: ConfigurationChange, lastIndex: Index): Result<Membership> {
  if (isLeaving(change)) return leaveJoint(membership)
  if (change.transition !== 'auto' || change.changes.length > 1)
    return enterJoint(membership, change.changes, change.transition !== 'explicit', lastIndex)
  return changeSimply(membership, change.changes, lastIndex)
}

/** From C to C(new, old): both decide until the joint configuration is left. */
export function enterJoint(
  membership: Membership,
  changes: readonly MemberChange[],
  autoLeave: boolean,
  lastIndex: Index,
): Result<Membership> {
  const { configuration } = membership
  if (isJoint(configuration))
    return refused('raftAlreadyJoint', 'Another change of the member devices is still under way.')
  if (configuration.voters.length === 0)
    return refused('raftNoVoters', 'A group without voting devices cannot change jointly.')
  const draft = openDraft(membership)
  draft.votersOutgoing = new Set(draft.voters)
  const result = applyChanges(draft, changes, lastIndex)
  if (!result.ok) return result
  return accepted(closeDraft(draft, autoLeave))
}

/** From C(new, old) to C(new). */
export function leaveJoint(membership: Membership): Result<Membership> {
  if (!isJoint(membership.configuration))
    return refused('raftNotJoint', 'No change of the member devices is under way that could be finished.')
  const draft = openDraft(membership)
  for (const id of draft.learnersNext) {
    draft.learners.add(id)
    draft.progress.set(id, { ...draft.progress.get(id)!, isLearner: true })
  }
  for (const id of draft.votersOutgoing) if (!draft.voters.has(id) && !draft.learners.has(id)) draft.progress.delete(id)
  draft.learnersNext = new Set()
  draft.votersOutgoing = new Set()
  return accepted(closeDraft(draft, false))
}

/** Thesis §4.1: one voter more or one less, so that any majority of before meets any majority of after. */
export function changeSimply(
  membership: Membership,
  changes: readonly MemberChange[],
  lastIndex: Index,
): Result<Membership> {
  if (isJoint(membership.configuration))
    return refused('raftJointFirst', 'Another change of the member devices must be finished first.')
  const draft = openDraft(membership)
  const result = applyChanges(draft, changes, lastIndex)
  if (!result.ok) return result
  if (differenceCount(new Set(membership.configuration.voters), draft.voters) > 1)
    return refused('raftTooManyVoters', 'More than one voting device can only be changed jointly.')
  return accepted(closeDraft(draft, false))
}

/** Sets to work on, local to one change. */
interface Draft {
  voters: Set<NodeId>
  votersOutgoing: Set<NodeId>
  learners: Set<NodeId>
  learnersNext: Set<NodeId>
  progress: Map<NodeId, Progress>
}

function openDraft({ configuration, progress }: Membership): Draft {
  return {
    voters: new Set(configuration.voters),
    votersOutgoing: new Set(configuration.votersOutgoing),
    learners: new Set(configuration.learners),
    learnersNext: new Set(configuration.learnersNext),
    progress: new Map(progress),
  }
}

function closeDraft(draft: Draft, autoLeave: boolean): Membership {
  const configuration: Configuration = {
    voters: sorted(draft.voters),
    votersOutgoing: sorted(draft.votersOutgoing),
    learners: sorted(draft.learners),
    learnersNext: sorted(draft.learnersNext),
    autoLeave,
  }
  const progress = sorted(draft.progress.keys()).map((id) => [id, draft.progress.get(id)!] as const)
  return { configuration, progress: new Map(progress) }
}

function applyChanges(draft: Draft, changes: readonly MemberChange[], lastIndex: Index): Result<null> {
  for (const { kind, id } of changes)
    switch (kind) {
      case 'addVoter':
        addVoter(draft, id, lastIndex)
        break
      case 'addLearner':
        addLearner(draft, id, lastIndex)
        break
      case 'removeNode':
        removeNode(draft, id)
        break
      case 'updateNode':
        break
      default:
        assertNever(kind)
    }
  return draft.voters.size === 0
    ? refused('raftRemovedAllVoters', 'At least one voting device must remain.')
    : accepted(null)
}

function addVoter(draft: Draft, id: NodeId, lastIndex: Index): void {
  const known = draft.progress.get(id)
  draft.progress.set(id, known === undefined ? joined(lastIndex, false) : { ...known, isLearner: false })
  draft.learners.delete(id)
  draft.learnersNext.delete(id)
  draft.voters.add(id)
}

function addLearner(draft: Draft, id: NodeId, lastIndex: Index): void {
  const known = draft.progress.get(id)
  removeNode(draft, id)
  // Who still votes in the outgoing half can not be a learner as well; it waits until that half is left.
  const isStaged = draft.votersOutgoing.has(id)
  if (isStaged) draft.learnersNext.add(id)
  else draft.learners.add(id)
  draft.progress.set(id, known === undefined ? joined(lastIndex, true) : { ...known, isLearner: !isStaged })
}

function removeNode(draft: Draft, id: NodeId): void {
  draft.voters.delete(id)
  draft.learners.delete(id)
  draft.learnersNext.delete(id)
  if (!draft.votersOutgoing.has(id)) draft.progress.delete(id)
}

/** Counts as active at first, so that a leader does not step down before the new member could say a word. */
const joined = (lastIndex: Index, isLearner: boolean): Progress => ({
  ...newProgress(0, Math.max(lastIndex, 1), isLearner),
  isRecentlyActive: true,
})

const sorted = (ids: Iterable<NodeId>): readonly NodeId[] => [...ids].sort()

function differenceCount(left: ReadonlySet<NodeId>, right: ReadonlySet<NodeId>): number {
  let count = 0
  for (const id of left) if (!right.has(id)) count++
  for (const id of right) if (!left.has(id)) count++
  return count
}
