/**
 * Memberships and quorums in the words of etcd's test data. For tests only.
 * @module
 */
import { type Membership, changeSimply, enterJoint, leaveJoint } from '../configuration.ts'
import { type MemberChange, type NodeId, emptyConfiguration } from '../message.ts'
import { type VoteResult, committedIndex, voteResult } from '../quorum.ts'
import { memberChangesOf, nodeIdOf, numberOf } from './adapter.ts'

export const voteText: Record<VoteResult, string> = { won: 'VoteWon', lost: 'VoteLost', pending: 'VotePending' }

/** @param halves member numbers; one list, or two for a joint configuration */
export const committedText = (halves: readonly number[][], indexes: ReadonlyMap<number, number>): string =>
  String(committedIndex(quorumOf(halves), (id) => indexes.get(numberOf(id)))).replace('Infinity', '∞')

export const voteResultText = (halves: readonly number[][], votes: ReadonlyMap<number, boolean>): string =>
  voteText[voteResult(quorumOf(halves), (id) => votes.get(numberOf(id)))]

const quorumOf = (halves: readonly number[][]): NodeId[][] => halves.map((half) => half.map(nodeIdOf))

export const noMembers: Membership = { configuration: emptyConfiguration, progress: new Map() }

const errorText: Record<string, string> = {
  raftAlreadyJoint: 'config is already joint',
  raftNoVoters: "can't make a zero-voter config joint",
  raftNotJoint: "can't leave a non-joint config",
  raftJointFirst: "can't apply simple config change in joint config",
  raftTooManyVoters: 'more than one voter changed without entering joint config',
  raftRemovedAllVoters: 'removed all voters',
}

/** Carries out one command of a `confchange` file. @returns the membership after it, and what etcd would print */
export function changeByCommand(
  membership: Membership,
  command: string,
  autoLeave: boolean,
  input: string,
  lastIndex: number,
): readonly [Membership, string] {
  const changes = memberChangesOf(
    input
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => ({ op: word[0] as 'v' | 'l' | 'r' | 'u', id: Number(word.slice(1)) })),
  )
  if (command === 'leave-joint' && changes.length > 0) return [membership, 'this command takes no input']
  const result = carryOut(membership, command, autoLeave, changes, lastIndex)
  if (!result.ok) return [membership, errorText[result.fault.code] ?? result.fault.code]
  return [result.value, membershipText(result.value)]
}

function carryOut(
  membership: Membership,
  command: string,
  autoLeave: boolean,
  changes: readonly MemberChange[],
  lastIndex: number,
) {
  if (command === 'simple') return changeSimply(membership, changes, lastIndex)
  return command === 'enter-joint' ? enterJoint(membership, changes, autoLeave, lastIndex) : leaveJoint(membership)
}

function membershipText({ configuration, progress }: Membership): string {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = configuration
  const list = (ids: readonly NodeId[]) => `(${ids.map(numberOf).join(' ')})`
  let text = `voters=${list(voters)}`
  if (votersOutgoing.length > 0) text += `&&${list(votersOutgoing)}`
  if (learners.length > 0) text += ` learners=${list(learners)}`
  if (learnersNext.length > 0) text += ` learners_next=${list(learnersNext)}`
  if (autoLeave) text += ' autoleave'
  const state = { probe: 'StateProbe', replicate: 'StateReplicate', snapshot: 'StateSnapshot' }
  for (const [id, member] of progress) {
    text += `\n${numberOf(id)}: ${state[member.state]} match=${member.matchIndex} next=${member.nextIndex}`
    if (member.isLearner) text += ' learner'
  }
  return text
}
