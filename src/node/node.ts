/**
 * The node: one profile's trees, driven over the ports, answering the page's contract.
 *
 * The same function runs in a browser's worker on the real platform and in the simulator on a simulated one. All state lives in
 * the store; whatever instant the thread dies at, the next start goes on from there.
 * @module
 */
import type { Bytes } from '../core/bytes/bytes.ts'
import { type PublicCredential, principalOf } from '../core/crypto/crypto.ts'
import type { Writecap } from '../core/cap/cap.ts'
import type { DeviceBody, SignedDevice } from '../core/tree/tree.ts'
import type { TransportId } from '../port/net.ts'
import type { Platform } from '../port/platform.ts'
import type { NodeApi } from './api.ts'
import { otherDevices } from './devices.ts'
import { type TreeAddress, admit, deviceBodyFor, letVote } from './members.ts'
import type { PeerStatus } from './peers.ts'
import { type NodeOptions, RunningNode } from './running-node.ts'
import { createApi } from './serve.ts'

export type { Meeting } from './network.ts'
export type { NodeOptions } from './running-node.ts'

/** Devices of one tree, for whoever brings them together. */
export interface Membership {
  /** What a newcomer has to sign about itself. */
  introduce(credential: PublicCredential, transportId: TransportId, name: string): DeviceBody
  /** Takes a newcomer in, as the root has said by the writecap. */
  admit(device: SignedDevice, writecap: Writecap): Promise<void>
  /** Where a newcomer finds the tree. */
  address(): Promise<TreeAddress>
  /** Resolves when the tree is the home of this device and can be read. */
  join(address: TreeAddress): Promise<void>
  /** Makes listening devices vote; to be asked of the one that leads. */
  letVote(principals: readonly Bytes[]): void
  standing(): Standing
}

/** How this node stands among the devices of its tree. */
export interface Standing {
  readonly nodeId: string
  readonly generation: number
  readonly term: number
  readonly isLeader: boolean
  readonly appliedIndex: number
  readonly voters: readonly string[]
  readonly learners: readonly string[]
  readonly peers: readonly PeerStatus[]
  /** Files whose bodies are not whole on this device. */
  readonly lackingCount: number
  /** Deeds that the tree has not taken yet. */
  readonly keptCount: number
  /** Deeds that the tree has refused after they were kept. */
  readonly quarantinedCount: number
  /** The newest state that a majority has signed. */
  readonly attested: { readonly index: number; readonly voteCount: number; readonly agrees: boolean } | null
}

export interface Node {
  readonly api: NodeApi
  readonly membership: Membership
  /** Finishes what is under way, writes a checkpoint, and stops. */
  close(): Promise<void>
  /** Resolves when the node can not go on; it must be started again from disk. */
  readonly stopped: Promise<Error>
}

export async function runNode(platform: Platform, options: NodeOptions): Promise<Node> {
  const keys = await platform.keys.node()
  const node = new RunningNode(platform, keys, options)
  await node.start()
  return {
    api: createApi(node),
    membership: membershipOf(node),
    close: () => node.close(),
    stopped: node.stopped,
  }
}

const membershipOf = (node: RunningNode): Membership => ({
  introduce: (credential, transportId, name) => deviceBodyFor(node.home.tree, credential, transportId, name),
  admit: (device, writecap) => admit(node.home.tree, device, writecap),
  address: async () => {
    const { treeId, state, cluster } = node.home.tree
    const principal = principalOf(node.keys.credential)
    const host = { principal, transportId: await node.platform.keys.transportId() }
    const devices = [host, ...otherDevices(state, principal)]
    return { treeId, generation: cluster.identity.generation, devices, visit: null }
  },
  join: (address) => node.join(address, node.status().deviceName),
  letVote: (principals) => letVote(node.home.tree, principals),
  standing: () => {
    const { cluster, holdings, outbox } = node.home.tree
    const { voters, learners } = cluster.members.configuration
    const attested = node.home.replication?.newestAttested ?? null
    return {
      ...cluster.identity,
      ...cluster.position,
      voters,
      learners,
      peers: node.home.replication?.statuses ?? [],
      lackingCount: holdings.lacking.size,
      keptCount: outbox.keptCount,
      quarantinedCount: outbox.quarantine.list.length,
      attested: attested && {
        index: attested.attestation.statement.index,
        voteCount: attested.attestation.votes.length,
        agrees: attested.agrees,
      },
    }
  },
})
