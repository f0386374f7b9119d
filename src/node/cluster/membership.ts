/**
 * Which change brings the members of a cluster in line with the devices of its tree.
 *
 * A member is named by the principal of its device and an incarnation that is drawn when its storage begins. A device that lost
 * its storage has forgotten its votes, so it comes back under another name, as a learner, and the old name goes.
 * @module
 */
import { fromHex, toHex } from '../../core/bytes/bytes.ts'
import {
  type Configuration,
  type ConfigurationChange,
  type MemberChange,
  type NodeId,
  type Raft,
  quorumSize,
} from '../../core/raft/raft.ts'
import { type LogPlace, type TreeState, appointedIn, deviceOf, inOrder } from '../../core/tree/tree.ts'
import type { RandomPort } from '../../port/platform.ts'
import type { PeerId } from '../peers.ts'

const incarnationSizeBytes = 8

export const newNodeId = (principal: PeerId, random: RandomPort): NodeId =>
  `${principal}-${toHex(random.bytes(incarnationSizeBytes))}`

export const peerOf = (id: NodeId): PeerId => id.slice(0, 64)

export const membersOf = ({ voters, votersOutgoing, learners, learnersNext }: Configuration): ReadonlySet<NodeId> =>
  new Set([...voters, ...votersOutgoing, ...learners, ...learnersNext])

/** Who decides by a configuration, as what they sign names them. */
export function votersOf({ voters, votersOutgoing }: Configuration): Pick<LogPlace, 'voters' | 'votersOutgoing'> {
  const principals = (ids: readonly NodeId[]) => inOrder(ids.flatMap((id) => fromHex(peerOf(id)) ?? []))
  return { voters: principals(voters), votersOutgoing: principals(votersOutgoing) }
}

export const isDecidedByOne = ({ voters, votersOutgoing }: Configuration): boolean =>
  voters.length === 1 && votersOutgoing.length === 0

export const isSoleVoter = (configuration: Configuration, id: NodeId): boolean =>
  isDecidedByOne(configuration) && configuration.voters[0] === id

/** Whether the other voters can decide without one of them. */
export const isDispensable = ({ voters, votersOutgoing }: Configuration, id: NodeId): boolean =>
  votersOutgoing.length === 0 && voters.includes(id) && voters.length > quorumSize(voters.length)

/** How many vote where there are enough devices for it; else one does, since of two neither could do without the other. */
const voterCount = 3
/** How long a device has belonged to the tree before it is counted on. */
const steadyAfterMs = 24 * 60 * 60 * 1000
/** How long a voter may be away before another one takes its place: while it is, one more that goes to sleep stops the tree. */
const asleepAfterMs = 15 * 60 * 1000

/** What the leader knows of those that it leads. */
export interface Electorate {
  readonly configuration: Configuration
  readonly leader: NodeId
  /** Who has said under which name it is here. */
  readonly present: ReadonlyMap<PeerId, NodeId>
  /** Whether a device still belongs to the tree. */
  readonly isDevice: (id: PeerId) => boolean
  /** Whether a device may be counted on to vote. */
  readonly isSteady: (id: PeerId) => boolean
  /** Whether a member has all that the leader has. */
  readonly isCaughtUp: (id: NodeId) => boolean
  /** Who is to vote because its owner has chosen it; null: whom the tree would choose. */
  readonly appointed: ReadonlySet<PeerId> | null
  /** How long the leader has missed a member. */
  readonly awayMs: (id: NodeId) => number
}

const isHere = ({ leader, present }: Electorate, id: NodeId): boolean => id === leader || present.get(peerOf(id)) === id

/** @returns null where nothing is to do */
export function wantedChange(electorate: Electorate): ConfigurationChange | null {
  const { configuration, present, isDevice } = electorate
  const members = [...membersOf(configuration)]
  const remove = (id: NodeId): MemberChange => ({ kind: 'removeNode', id })
  for (const [peer, id] of present) {
    if (members.includes(id) || !isDevice(peer)) continue
    const earlier = members.filter((member) => peerOf(member) === peer)
    return changeOf([{ kind: 'addLearner', id }, ...earlier.map(remove)])
  }
  const gone = members.filter((id) => !isDevice(peerOf(id)))
  // The last voter stays, whoever it is: without one nothing can be changed any more.
  const isRest = configuration.voters.some((id) => !gone.includes(id))
  if (gone.length > 0 && isRest) return changeOf(gone.map(remove))
  return electorate.appointed === null ? wantedVoters(electorate) : appointedVoters(electorate, electorate.appointed)
}

/**
 * Those who were appointed, in one change, as soon as those who are missing are there and have all, and a majority of all is there:
 * else nothing could be decided afterwards. Who leads goes last, when another one leads.
 */
function appointedVoters(electorate: Electorate, appointed: ReadonlySet<PeerId>): ConfigurationChange | null {
  const { configuration, leader, isCaughtUp } = electorate
  const { voters, learners } = configuration
  const isMeant = (id: NodeId): boolean => appointed.has(peerOf(id))
  const coming = learners.filter(isMeant)
  const going = voters.filter((id) => !isMeant(id) && id !== leader)
  if (coming.length === 0 && going.length === 0) return null
  const next = [...voters.filter((id) => !going.includes(id)), ...coming]
  const isComplete = [...appointed].every((peer) => next.some((id) => peerOf(id) === peer))
  const isDecidable = next.filter((id) => isHere(electorate, id)).length >= quorumSize(next.length)
  if (!isComplete || !isDecidable || !coming.every((id) => isHere(electorate, id) && isCaughtUp(id))) return null
  return changeOf([
    ...coming.map((id): MemberChange => ({ kind: 'addVoter', id })),
    ...going.map((id): MemberChange => ({ kind: 'addLearner', id })),
  ])
}

/** Who is to lead because the one that does was not appointed; null where that is as it is to be, and where nobody can. */
export function wantedLeader(electorate: Electorate): NodeId | null {
  const { configuration, leader, appointed, isCaughtUp } = electorate
  if (appointed === null || appointed.has(peerOf(leader))) return null
  const able = (id: NodeId): boolean => appointed.has(peerOf(id)) && isHere(electorate, id) && isCaughtUp(id)
  return configuration.voters.find(able) ?? null
}

/** One voter, or three as soon as there are three devices to count on; of these one that is asleep gives way to one that is not. */
function wantedVoters(electorate: Electorate): ConfigurationChange | null {
  const { configuration, leader, isSteady, isCaughtUp, awayMs } = electorate
  const { voters, learners } = configuration
  const able = learners.filter((id) => isHere(electorate, id) && isSteady(peerOf(id)) && isCaughtUp(id))
  if (voters.length >= voterCount) {
    const asleep = voters.find((id) => id !== leader && awayMs(id) >= asleepAfterMs)
    if (asleep === undefined || able[0] === undefined) return null
    return changeOf([
      { kind: 'addVoter', id: able[0] },
      { kind: 'addLearner', id: asleep },
    ])
  }
  const isCounted = (id: NodeId): boolean => id === leader || (isHere(electorate, id) && isSteady(peerOf(id)))
  if (isSteady(peerOf(leader)) && voters.filter(isCounted).length + able.length >= voterCount)
    return changeOf(able.slice(0, voterCount - voters.length).map((id) => ({ kind: 'addVoter', id })))
  return voters.length === 2
    ? changeOf(voters.filter((id) => id !== leader).map((id) => ({ kind: 'addLearner', id })))
    : null
}

/**
 * Whether a device may be counted on: one of the owner's own that has belonged to the tree for a day. How often it is awake is not
 * known yet; it has to be here, and to have all, at the moment when it becomes a voter.
 */
export function isSteady(state: TreeState, id: PeerId, nowMs: number): boolean {
  const row = deviceOf(state, fromHex(id)!)
  return row !== null && row.dismissed === null && row.standing === 'own' && nowMs - row.admittedAtMs >= steadyAfterMs
}

/** Whether a member has all that the one has that leads. */
export const isCaughtUp = ({ progress, log }: Raft, id: NodeId): boolean =>
  (progress.get(id)?.matchIndex ?? 0) >= log.appliedIndex

/** Whom the owner has chosen to vote; null where the tree chooses. */
export function appointedPeers(state: TreeState): ReadonlySet<PeerId> | null {
  const appointed = appointedIn(state)
  return appointed && new Set(appointed.map(toHex))
}

/** Whether a device has a say in what is decided. */
export const votesIn = ({ voters, votersOutgoing }: Configuration, peer: PeerId): boolean =>
  [...voters, ...votersOutgoing].some((id) => peerOf(id) === peer)

/**
 * The change by which the others do without a voter. Where it is the only one somebody takes its place.
 * @param preferred who does, if it is one of those who can
 * @param isReady who is there and lacks nothing
 * @returns null where nobody can, and while another change is under way
 */
export function changeWithout(
  { voters, votersOutgoing, learners }: Configuration,
  leaving: PeerId,
  preferred: PeerId | null,
  isReady: (id: NodeId) => boolean,
): ConfigurationChange | null {
  if (votersOutgoing.length > 0) return null
  const demoted = voters.filter((id) => peerOf(id) === leaving).map((id) => ({ kind: 'addLearner', id }) as const)
  if (demoted.length < voters.length) return changeOf(demoted)
  const ready = learners.filter((id) => peerOf(id) !== leaving && isReady(id))
  const next = ready.find((id) => peerOf(id) === preferred) ?? ready[0]
  return next === undefined ? null : changeOf([{ kind: 'addVoter', id: next }, ...demoted])
}

export const changeOf = (changes: readonly MemberChange[]): ConfigurationChange => ({
  transition: 'auto',
  changes,
  context: new Uint8Array(),
})
