/**
 * Who decides about a tree, as a person is told of it.
 * @module
 */
import { type Bytes, fromHex, toHex } from '../core/bytes/bytes.ts'
import { groupsOfFour } from '../core/crypto/crypto.ts'
import { appointedIn, ordinalOf, summaryOf } from '../core/tree/tree.ts'
import type { Decider } from './api.ts'
import { peerOf } from './cluster/membership.ts'
import type { Home } from './home.ts'
import type { PeerId } from './peers.ts'

/** @param own this device's principal */
export function deciderOf({ tree, replication }: Home, own: Bytes): Decider {
  const { cluster } = tree
  const { configuration, leader } = cluster.members
  const isHere = cluster.isSoleVoter || cluster.position.isLeader
  const quorum = isHere ? 'here' : cluster.isReachable ? 'reachable' : 'away'
  const statuses = new Map((replication?.statuses ?? []).map((status) => [status.id, status.lastSeenAtMs]))
  const seenAtMs = (id: PeerId): number => statuses.get(id) ?? 0
  const others = configuration.voters.map(peerOf).filter((id) => id !== toHex(own))
  const last = others.toSorted((one, other) => seenAtMs(other) - seenAtMs(one))[0]
  const id = quorum === 'here' ? toHex(own) : quorum === 'reachable' && leader !== null ? peerOf(leader) : last
  const principal = id === undefined ? null : fromHex(id)
  // What it stamped last, it stamped when it was there.
  const stampMs = summaryOf(tree.committed)?.stampMs ?? 0
  return {
    quorum,
    generation: ordinalOf(cluster.identity.generation),
    deviceName: (principal && tree.deviceName(principal)) ?? '',
    principal: principal === null ? '' : groupsOfFour(principal),
    lastSeenAtMs: (id === undefined ? null : statuses.get(id)) ?? stampMs,
    appointed: appointedIn(tree.committed)?.map(groupsOfFour) ?? null,
  }
}
