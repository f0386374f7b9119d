/**
 * Handing over the vote: another device of the owner decides from now on, before this one goes to sleep (design §7).
 *
 * The other becomes a voter beside this one, then leads, and then is the only one, as wherever two vote. Until it leads this device
 * can take it back, and does so where it takes too long. Where several vote one of them leads in place of this one, and that is all;
 * so it is, too, where the owner has chosen who decides.
 * @module
 */
import { BlocktreeError, type Bytes, type Check, fromHex, orRefuse, toHex } from '../core/bytes/bytes.ts'
import { appointedIn, checkDevice } from '../core/tree/tree.ts'
import type { NodeId } from '../core/raft/raft.ts'
import type { ClockPort } from '../port/platform.ts'
import type { Cluster } from './cluster.ts'
import { membersOf, peerOf } from './cluster/membership.ts'
import type { PeerId } from './peers.ts'

/** A page that is being hidden has little more. */
const patienceMs = 1500
const stepMs = 10
/** Until a device that is there has said so. */
const probeMs = 500
const repeatMs = 100

export interface HandOverSite {
  readonly clock: ClockPort
  readonly cluster: Cluster
  /** Whether a device that is connected answers; resolves late where the path is dead and nobody knows yet. */
  readonly answers: (id: PeerId) => Promise<boolean>
  /** Whether a device comes and goes with this one. */
  readonly isBeside: (id: PeerId) => Promise<boolean>
}

/**
 * @param principal null: to the first that is ready and does not come and go with this one. Rejects with a sentence where nobody is, or where it took too long; then all is
 * as it was. Resolves at once where this device does not decide and nobody is named
 */
export async function handOver(site: HandOverSite, principal: Bytes | null): Promise<void> {
  const { cluster, clock } = site
  const own = cluster.identity.nodeId
  if (!cluster.position.isLeader) {
    if (principal === null) return
    throw new BlocktreeError('notLeading', 'Another device decides about this tree; do this there.')
  }
  await cluster.handOver(async () => {
    const to = await successorFor(site, principal)
    const endMs = clock.monotonicMs() + patienceMs
    const until = (isTrue: () => boolean): Promise<boolean> => waitUntil(clock, isTrue, endMs)
    const isVoter = (id: NodeId): boolean => cluster.members.configuration.voters.includes(id)
    const wasVoter = isVoter(to)
    if (!wasVoter) demand(cluster.changeMembers([{ kind: 'addVoter', id: to }]))
    if ((await until(() => isVoter(to))) && (await until(() => cluster.isCaughtUp(to)))) {
      // One who does not know yet that it votes does not stand, so it is told again.
      while (cluster.position.isLeader && clock.monotonicMs() < endMs) {
        cluster.transferLead(own)
        cluster.transferLead(to)
        const nextMs = Math.min(endMs, clock.monotonicMs() + repeatMs)
        await waitUntil(clock, () => !cluster.position.isLeader, nextMs)
      }
      // Of three voters this one stays one; beside a single other it is relieved.
      if (await until(() => cluster.members.leader === to && (wasVoter || !isVoter(own)))) return
      if (cluster.position.isLeader) cluster.transferLead(own)
    }
    if (wasVoter || !isVoter(to)) throw slow()
    cluster.changeMembers([{ kind: 'addLearner', id: to }])
    throw between()
  })
}

/**
 * Who is there at this very moment: from when the other is a voter both are needed, so a path that is dead without anybody knowing
 * must show before.
 */
async function successorFor(
  { cluster, clock, answers, isBeside }: HandOverSite,
  principal: Bytes | null,
): Promise<NodeId> {
  const own = cluster.identity.nodeId
  const id = principal === null ? null : toHex(principal)
  const isChosen = appointedIn(cluster.state) !== null
  const mayVote = (member: NodeId): boolean =>
    cluster.members.configuration.voters.includes(member) || (cluster.isSoleVoter && !isChosen)
  const others = [...membersOf(cluster.members.configuration)].filter((member) => member !== own)
  if (isChosen && !others.some((member) => mayVote(member) && (id === null || peerOf(member) === id))) throw chosen()
  const isReady = (member: NodeId): boolean =>
    member !== own && mayVote(member) && cluster.isCaughtUp(member) && isOwn(cluster, member, clock.nowMs())
  const isMeant = (member: NodeId): boolean => isReady(member) && (id === null || peerOf(member) === id)
  const readyNow = (): NodeId[] => [...membersOf(cluster.members.configuration)].filter(isMeant)
  // What was written a moment ago is still on its way there and back.
  await waitUntil(clock, () => readyNow().length > 0, clock.monotonicMs() + probeMs)
  const answered = readyNow().map(async (member) => {
    const peer = peerOf(member)
    const isOfNoUse = id === null && (await isBeside(peer))
    return !isOfNoUse && (await answers(peer)) ? member : Promise.reject(away())
  })
  const late = new Promise<NodeId>((_, reject) => clock.after(probeMs, () => reject(away())))
  return Promise.race([late, Promise.any(answered)]).catch(() => Promise.reject(away()))
}

const away = (): BlocktreeError =>
  new BlocktreeError(
    'handOverAway',
    'No other device of yours is there and has everything, so this one goes on deciding.',
  )

const slow = (): BlocktreeError =>
  new BlocktreeError('handOverSlow', 'The other device did not answer in time, so this one goes on deciding.')

/** Its vote is needed even to take the vote back from it. */
const between = (): BlocktreeError =>
  new BlocktreeError(
    'handOverBetween',
    'The other device fell silent halfway. Changes wait until it answers, and then one of the two decides alone again. If it is gone for good, go on without it.',
  )

const chosen = (): BlocktreeError =>
  new BlocktreeError('handOverChosen', 'You have chosen who decides, and so it stays until you choose otherwise.')

function isOwn({ state }: Cluster, member: NodeId, nowMs: number): boolean {
  const row = checkDevice(state, fromHex(peerOf(member))!, nowMs)
  return row.ok && row.value.standing === 'own'
}

const demand = (check: Check): null => orRefuse(check.ok ? { ok: true, value: null } : check)

/** @returns whether it came about in time */
function waitUntil(clock: ClockPort, isTrue: () => boolean, endMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (isTrue()) resolve(true)
      else if (clock.monotonicMs() >= endMs) resolve(false)
      else clock.after(stepMs, look)
    }
    look()
  })
}
