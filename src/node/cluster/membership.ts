/**
 * Which change brings the members of a cluster in line with the devices of its tree.
 *
 * A member is named by the principal of its device and an incarnation that is drawn when its storage begins. A device that lost
 * its storage has forgotten its votes, so it comes back under another name, as a learner, and the old name goes.
 * @module
 */
import { toHex } from '../../core/bytes/bytes.ts'
import type { Configuration, ConfigurationChange, MemberChange, NodeId } from '../../core/raft/raft.ts'
import type { RandomPort } from '../../port/platform.ts'
import type { PeerId } from '../peers.ts'

const incarnationSizeBytes = 8

export const newNodeId = (principal: PeerId, random: RandomPort): NodeId =>
  `${principal}-${toHex(random.bytes(incarnationSizeBytes))}`

export const peerOf = (id: NodeId): PeerId => id.slice(0, 64)

export const membersOf = ({ voters, votersOutgoing, learners, learnersNext }: Configuration): ReadonlySet<NodeId> =>
  new Set([...voters, ...votersOutgoing, ...learners, ...learnersNext])

export const isSoleVoter = ({ voters, votersOutgoing }: Configuration, id: NodeId): boolean =>
  voters.length === 1 && voters[0] === id && votersOutgoing.length === 0

/**
 * @param present who has said under which name it is here
 * @param isDevice whether a device still belongs to the tree
 * @returns null where nothing is to do
 */
export function wantedChange(
  configuration: Configuration,
  present: ReadonlyMap<PeerId, NodeId>,
  isDevice: (id: PeerId) => boolean,
): ConfigurationChange | null {
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
  return gone.length > 0 && isRest ? changeOf(gone.map(remove)) : null
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
  preferred: PeerId,
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
