/**
 * Letting devices into a tree: what the device on which the owner approves does, and what the newcomer does. How the two come to
 * trust each other is not settled here.
 * @module
 */
import { BlocktreeError, type Bytes, orRefuse, refused, RefusedError, toHex } from '../core/bytes/bytes.ts'
import { type PublicCredential, ed25519Message, principalOf } from '../core/crypto/crypto.ts'
import { type Writecap, isFor } from '../core/cap/cap.ts'
import { type TreeId, blockIdOf, rootBlockId } from '../core/path/path.ts'
import {
  type DeviceBody,
  type SignedDevice,
  type TreeState,
  accessOf,
  deviceBody,
  deviceDomain,
  deviceOf,
  devicesOf,
  kemKeyOf,
  sealDeviceName,
  signedDevice,
} from '../core/tree/tree.ts'
import type { TransportId } from '../port/net.ts'
import type { NodeKeys } from '../port/platform.ts'
import type { Visit } from './guest/visit.ts'
import type { OwnTree } from './own-tree.ts'
import { peerOf } from './cluster/membership.ts'
import { sealReadcap } from './readcaps.ts'

/** Approver: what a newcomer has to sign about itself, as a device that reads the whole tree. */
export function deviceBodyFor(
  tree: OwnTree,
  credential: PublicCredential,
  transportId: TransportId,
  name: string,
): DeviceBody {
  const root = rootBlockId(tree.treeId)
  const access = accessOf(tree.committed, root)
  const rootKey = tree.ring.keyOf(tree.committed, root)
  if (access === null || rootKey === null)
    throw new BlocktreeError('keyOutOfReach', 'This device cannot let others in.')
  return {
    treeId: tree.treeId,
    credential,
    transportId,
    version: 1,
    previousHash: null,
    sealedName: sealDeviceName(rootKey, principalOf(credential), name, tree.platform.random.bytes(24)),
    nameBlock: root,
    nameKeyEpoch: access.fields.keyEpoch,
    hybridKey: null,
  }
}

/**
 * Approver: takes a newcomer into the tree.
 * @param writecap that the root signed for it, for the whole tree or for a folder
 */
export async function admit(tree: OwnTree, device: SignedDevice, writecap: Writecap): Promise<void> {
  const block = blockIdOf(writecap.scope)
  const previous = accessOf(tree.committed, block)
  const key = tree.ring.keyOf(tree.committed, block)
  if (previous === null || key === null) throw new BlocktreeError('keyOutOfReach', 'This device cannot let others in.')
  const reader = principalOf(device.fields.credential)
  const { author: _author, writecapHash: _hash, ...fields } = previous.fields
  const given = { treeId: tree.treeId, block, keyEpoch: fields.keyEpoch, key }
  const readcap = await sealReadcap(tree.platform, given, reader, kemKeyOf(device.fields))
  const access = await tree.author.sign('access', {
    ...fields,
    path: writecap.scope,
    version: fields.version + 1,
    previousHash: previous.hash,
    readcaps: [...fields.readcaps.filter((other) => !isFor(other, reader)), readcap],
  })
  const outcome = await tree.cluster.propose({ tag: 'admit', value: { device, writecap, access } })
  if (!outcome.ok) throw new RefusedError(outcome.fault)
}

/**
 * Says in the tree by which key of suite 2 keys are given to this device from now on. A key that it has was given in suite 1 and
 * stays so; the next one of the same block is not.
 */
export async function announceHybrid(tree: OwnTree, keys: NodeKeys): Promise<void> {
  const row = deviceOf(tree.committed, principalOf(keys.credential))
  if (row === null || row.dismissed !== null || row.device.fields.hybridKey !== null) return
  const hybridKey = await keys.hybridKey()
  if (hybridKey === null) return
  const { fields, hash } = row.device
  const next = { ...fields, version: fields.version + 1, previousHash: hash, hybridKey }
  const body = deviceBody(next)
  const device = signedDevice(next, body, await keys.sign(ed25519Message(deviceDomain, body)))
  const outcome = await tree.cluster.propose({ tag: 'revise', value: { device } })
  if (!outcome.ok) throw new RefusedError(outcome.fault)
}

/**
 * Whether one of the owner's devices asks for suite 2. Then all do: whoever has a key in suite 1 alone has all that lies under it no
 * better kept.
 */
export const isHybridAsked = (state: TreeState): boolean => hybridCountOf(state) > 0

/** How many of the owner's devices ask for it. */
export const hybridCountOf = (state: TreeState): number =>
  [...devicesOf(state)].filter(
    ({ standing, dismissed, device }) => standing === 'own' && dismissed === null && device.fields.hybridKey !== null,
  ).length

/** Makes devices vote that listen now, at once or, where they are several, together. */
export function letVote({ ownCluster: cluster }: OwnTree, principals: readonly Bytes[]): void {
  const { learners } = cluster.members.configuration
  const changes = principals.map((principal) => {
    const id = learners.find((learner) => peerOf(learner) === toHex(principal))
    if (id === undefined) throw new RefusedError(notListening.fault)
    return { kind: 'addVoter' as const, id }
  })
  const check = cluster.changeMembers(changes)
  orRefuse(check.ok ? { ...check, value: null } : check)
}

const notListening = refused('notListening', 'That device has not caught up with the tree yet.')

/** Where a device that was let in finds its tree. */
export interface TreeAddress {
  readonly treeId: TreeId
  /** Of the cluster at the root. */
  readonly generation: number
  /** Who let it in, and whom that one named: another may lead by the time that it comes. */
  readonly devices: readonly { readonly principal: Bytes; readonly transportId: TransportId }[]
  /** Where this device is to be a guest; null where it is one of the owner's. */
  readonly visit: Visit | null
}
