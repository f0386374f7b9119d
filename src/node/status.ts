/**
 * What a person sees of a tree as a whole.
 * @module
 */
import { type Bytes, equal, fromHex, toHex } from '../core/bytes/bytes.ts'
import { groupsOfFour, principalOf } from '../core/crypto/crypto.ts'
import { rights } from '../core/cap/cap.ts'
import type { BlockId } from '../core/path/path.ts'
import {
  type DeviceRow,
  type Dismissal,
  type Standing,
  type TreeState,
  chainOf,
  deviceOf,
  devicesOf,
  entryOf,
  limitOf,
  summaryOf,
} from '../core/tree/tree.ts'
import type { NodeKeys } from '../port/platform.ts'
import type { GuestFolder, Limits, TreeStatus } from './api.ts'
import { peerOf } from './cluster/membership.ts'
import type { OwnTree } from './own-tree.ts'
import { hybridCountOf } from './members.ts'
import { passkeysOf } from './passkeys.ts'
import { idText } from './read/view.ts'

/**
 * @param fallbackName what this device is called where the tree does not say it
 * @param dismissal by which this device was put out; null where it was not
 */
export function statusOf(
  tree: OwnTree,
  keys: NodeKeys,
  fallbackName: string,
  dismissal: Dismissal | null,
): Omit<TreeStatus, 'aside' | 'decider'> {
  const state = tree.committed
  const own = principalOf(keys.credential)
  const { base } = tree.ring
  // Whose tree it is a guest was told when it was let in; the tree says it under a key that it does not have.
  const ownerName = tree.visit?.ownerName ?? tree.people?.ownerName ?? ''
  const isPlanted = tree.visit !== null || ownerName !== ''
  const standingTime = tree.visit === null ? standingTimeOf(tree) : null
  const nowMs = standingTime?.changedAtMs ?? tree.platform.clock.nowMs()
  const limits = tree.visit === null ? null : limitsOf(state, own, tree.visit.folderName)
  return {
    treeId: toHex(tree.treeId),
    rootId: idText(base),
    isPlanted,
    ownerName,
    deviceName: tree.deviceName(own) ?? fallbackName,
    principal: groupsOfFour(own),
    root: isPlanted && tree.visit === null ? passkeysOf(state, nowMs) : null,
    hybridCount: tree.visit === null ? hybridCountOf(state) : null,
    // Of a guest: this device, and those of the owner together, as long as they have its folder.
    deviceCount: tree.visit === null ? countOf(state, 'own') : tree.isFolderGone ? 1 : 2,
    guestCount: tree.visit === null ? countOf(state, 'limited') : 0,
    limited: limits && { ...limits, folder: folderOf(tree, own) },
    expiring: isPlanted && tree.visit === null ? expiringIn(state, nowMs) : null,
    standingTime,
    waiting: waitingOf(tree, toHex(own)),
    quarantinedCount: tree.outbox.quarantine.list.length,
    removed: dismissal && { by: dismisserOf(tree, dismissal) },
  }
}

const countOf = (state: TreeState, of: Standing): number =>
  [...devicesOf(state)].filter(({ standing, dismissed }) => dismissed === null && standing === of).length

/** What a limited device may, as the root has said; null for the owner's own. */
export function limitsOf(state: TreeState, device: Bytes, folderName: string): Limits | null {
  const row = deviceOf(state, device)
  const own = row?.standing === 'limited' ? chainOf(state, row.writecapHash)?.[0] : undefined
  if (own === undefined) return null
  return { folderName, mayWrite: (own.rights & rights.write) !== 0, expiresAtMs: own.expiresAtMs }
}

const standingTimeOf = ({ ownCluster, platform, committed }: OwnTree): TreeStatus['standingTime'] =>
  ownCluster.isTimeStanding ? { clockMs: platform.clock.nowMs(), changedAtMs: summaryOf(committed)!.stampMs } : null

/** For one who looks at his devices once a month. */
const soonMs = 60 * 24 * 60 * 60 * 1000

function expiringIn(state: TreeState, nowMs: number): TreeStatus['expiring'] {
  const ends = [...devicesOf(state)]
    .filter(({ standing, dismissed }) => dismissed === null && standing === 'own')
    .map((row) => expiryOf(state, row))
    .filter((expiresAtMs) => expiresAtMs <= nowMs + soonMs)
  return ends.length === 0 ? null : { deviceCount: ends.length, firstAtMs: Math.min(...ends) }
}

/** When a device's permission ends. */
export const expiryOf = (state: TreeState, { writecapHash }: DeviceRow): number =>
  chainOf(state, writecapHash)?.[0]?.expiresAtMs ?? 0

/** What has become of the folder to which a device is limited. */
export function folderOf({ isFolderGone, committed }: OwnTree, own: Bytes): GuestFolder {
  const isTrashed = (block: BlockId): boolean => entryOf(committed, block)?.entry.fields.trashed === true
  if (isFolderGone) return 'gone'
  return limitOf(committed, own)?.ids.some(isTrashed) === true ? 'trashed' : 'there'
}

/** Its name; empty where that can not be told. null where the device left by itself. */
function dismisserOf(tree: OwnTree, { fields: { issuer, device } }: Dismissal): string | null {
  if (issuer.tag === 'root') return ''
  const principal = principalOf(issuer.value.author)
  return equal(principal, device) ? null : (tree.deviceName(principal) ?? '')
}

function waitingOf(tree: OwnTree, own: string): TreeStatus['waiting'] {
  const changeCount = tree.outbox.waiting.length
  if (changeCount === 0) return null
  const others = tree.cluster.members.configuration.voters.map(peerOf).filter((voter) => voter !== own)
  const names = others.map((voter) => tree.deviceName(fromHex(voter)!) ?? '')
  return { changeCount, deviceNames: names.filter((name) => name !== '') }
}
