/**
 * Taking over: a device goes on with its tree without the one that decided about it, by the root's word (design §7).
 *
 * What is signed follows from the state of the tree alone, so nothing has to be remembered between the question and the answer.
 * The new generation begins on top of that state, and with what else this device has in its log: it may have been answered by the
 * devices that are gone. All of it is one write.
 * @module
 */
import { BlocktreeError, type Bytes, encode, equal, orRefuse, toHex } from '../core/bytes/bytes.ts'
import { type CredentialSet, credentialSetHash, principalOf } from '../core/crypto/crypto.ts'
import { type Chain, type Checked, trusted } from '../core/cap/cap.ts'
import { root } from '../core/merkle/merkle.ts'
import { rootBlockId } from '../core/path/path.ts'
import { emptyConfiguration } from '../core/raft/raft.ts'
import {
  type DeviceRow,
  type Operation,
  type Summary,
  type TreeState,
  accessOf,
  chainOf,
  checkDevice,
  deviceOf,
  foldBatch,
  generationOf,
  nextGeneration,
  setInForce,
  summaryOf,
  takeOverBodyWire,
  takeOverDomain,
  takeOverIn,
} from '../core/tree/tree.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import type { TakeOverChallenge } from './api.ts'
import { newNodeId } from './cluster/membership.ts'
import type { Held, Succession } from './cluster/succession.ts'
import { openPeople, sealPeople } from './founding.ts'
import type { OwnTree } from './own-tree.ts'
import { type RootAnswer, rootQuestion, rootWord } from './root-word.ts'

export interface TakeOverSite {
  readonly platform: Platform
  readonly keys: NodeKeys
  readonly tree: OwnTree
}

interface Plan {
  readonly state: TreeState
  readonly summary: Summary
  readonly set: CredentialSet
  readonly own: DeviceRow
  readonly chain: Checked<Chain>
  /** What the root signs. */
  readonly body: Bytes
}

/** What the root has to sign. Rejects with a sentence where this device can not take over, or need not. */
export async function beginTakeOver(site: TakeOverSite): Promise<TakeOverChallenge> {
  const { set, body } = await planOf(site)
  return rootQuestion(set, takeOverDomain, body)
}

/** Takes over. Resolves when this device decides; also where it did so when it was asked before. */
export async function finishTakeOver(site: TakeOverSite, answer: RootAnswer): Promise<void> {
  const { platform, tree } = site
  if (isTakenOverHere(site)) return
  const plan = await planOf(site)
  const signature = await rootWord(platform.crypto, plan.state, plan.set, takeOverDomain, plan.body, answer)
  const operation = await operationOf(site, plan, signature)
  const passed = await tree.ownCluster.check(operation)
  orRefuse(passed.ok ? { ...passed, value: null } : passed)
  const isDone = await tree.ownCluster.succeed((held) => succession(site, plan, operation, held))
  if (!isDone) throw tree.ownCluster.isReachable ? notAway() : changed()
}

async function planOf({ keys: { credential }, platform, tree }: TakeOverSite): Promise<Plan> {
  const cluster = tree.ownCluster
  const { state } = cluster.held
  if (cluster.isSoleVoter || cluster.isReachable) throw notAway()
  // What is not folded yet may have brought another key.
  await tree.ring.openOf(state)
  const summary = summaryOf(state)!
  const set = setInForce(state, stampOver(platform, summary))!
  const own = orRefuse(checkDevice(state, principalOf(credential), platform.clock.nowMs()))
  const chain = chainOf(state, own.writecapHash)
  const isRootHeld = tree.ring.keyOf(state, rootBlockId(state.treeId)) !== null
  if (own.standing !== 'own' || chain === null || !isRootHeld)
    throw new BlocktreeError(
      'takeOverLimited',
      'This device may not use the whole tree, so it cannot take over. Do it on a device of the owner.',
    )
  const stateRoot = root(state.map)
  const writecapHash = chain[0]!.hash
  const generation = nextGeneration(summary.generation, stateRoot, writecapHash)
  const setHash = credentialSetHash(set)
  const fields = { treeId: state.treeId, generation, stateRoot, stampMs: summary.stampMs, writecapHash, setHash }
  return { state, summary, set, own, chain, body: encode(takeOverBodyWire, fields) }
}

const stampOver = ({ clock }: Platform, { stampMs }: Summary): number => Math.max(clock.nowMs(), stampMs + 1)

/** Whether this device began the generation in force, and decides still. */
function isTakenOverHere({ keys: { credential }, tree: { cluster, committed } }: TakeOverSite): boolean {
  const begun = takeOverIn(committed, cluster.identity.generation)
  const own = deviceOf(committed, principalOf(credential))
  return begun !== null && own !== null && cluster.isSoleVoter && equal(begun.writecapHash, own.writecapHash)
}

async function operationOf(
  { platform, tree }: TakeOverSite,
  { state, summary, own, chain, body }: Plan,
  signature: Awaited<ReturnType<typeof rootWord>>,
): Promise<Operation> {
  const { treeId } = state
  const previous = accessOf(state, rootBlockId(treeId))!
  const { author: _author, writecapHash: _hash, ...fields } = previous.fields
  // All who can read the tree go on reading it.
  const next = { ...fields, version: fields.version + 1, previousHash: previous.hash }
  const rootAccess = await tree.author.sign('access', next)
  const rootKey = tree.ring.keyOf(state, rootBlockId(treeId))!
  const profileKey = tree.ring.keyOf(state, rootBlockId(treeId), summary.profileKeyEpoch)
  const people = profileKey && openPeople(profileKey, treeId, summary.sealedProfile)
  const sealedProfile =
    people === null ? summary.sealedProfile : sealPeople(rootKey, treeId, people, platform.random.bytes(24))
  return { tag: 'takeOver', value: { body, signature, chain, rootAccess, sealedProfile, device: own.device } }
}

/** What this device goes on with; null where the tree has changed since the root signed. */
function succession(
  { keys: { credential }, platform, tree }: TakeOverSite,
  plan: Plan,
  operation: Operation,
  { state, open }: Held,
): Succession | null {
  if (tree.ownCluster.isReachable || !equal(root(state.map), root(plan.state.map))) return null
  const stampMs = stampOver(platform, plan.summary)
  // The operation was made here.
  const folded = foldBatch(state, trusted({ stampMs, operations: [operation] }))
  const [outcome] = folded.outcomes
  orRefuse(outcome!.ok ? { ok: true, value: null } : outcome!)
  const nodeId = newNodeId(toHex(principalOf(credential)), platform.random)
  return {
    identity: { nodeId, generation: generationOf(operation) },
    base: { index: 1, term: 1, configuration: { ...emptyConfiguration, voters: [nodeId] } },
    map: folded.state.map,
    commands: open,
  }
}

const changed = (): BlocktreeError =>
  new BlocktreeError('takeOverStale', 'The tree has changed since this was signed, so nothing was done. Sign again.')

const notAway = (): BlocktreeError =>
  new BlocktreeError(
    'takeOverNeedless',
    'The tree can be changed without that: the device that decides about it is there, or has been there just now.',
  )
