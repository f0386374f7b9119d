/**
 * What a person sees of a tree as a whole.
 * @module
 */
import { equal, fromHex, toHex } from '../core/bytes/bytes.ts'
import { groupsOfFour, principalOf } from '../core/crypto/crypto.ts'
import { rootBlockId } from '../core/path/path.ts'
import { type Dismissal, devicesOf, setOf, summaryOf } from '../core/tree/tree.ts'
import type { NodeKeys } from '../port/platform.ts'
import type { TreeStatus } from './api.ts'
import { peerOf } from './cluster/membership.ts'
import { openPeople } from './founding.ts'
import type { OwnTree } from './own-tree.ts'
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
  const root = rootBlockId(tree.treeId)
  const own = principalOf(keys.credential)
  const summary = summaryOf(state)!
  const set = setOf(state, summary.setSequence)!
  const rootKey = tree.ring.keyOf(state, root, summary.profileKeyEpoch)
  const people = rootKey === null ? null : openPeople(rootKey, tree.treeId, summary.sealedProfile)
  const isPlanted = people !== null && people.ownerName !== ''
  const member = set.members[0]
  return {
    treeId: toHex(tree.treeId),
    rootId: idText(root),
    planted: isPlanted,
    ownerName: people?.ownerName ?? '',
    deviceName: tree.deviceName(own) ?? fallbackName,
    principal: groupsOfFour(own),
    root: isPlanted
      ? {
          passkey: member === undefined ? 'none' : member.synced ? 'synced' : 'hardwareBound',
          recoveryCard: true,
          unlocksByPasskey: tree.hasPasskeyWrap,
        }
      : null,
    deviceCount: [...devicesOf(state)].filter(({ dismissed }) => dismissed === null).length,
    waiting: waitingOf(tree, toHex(own)),
    quarantinedCount: tree.outbox.quarantine.list.length,
    removed: dismissal && { by: dismisserOf(tree, dismissal) },
  }
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
