/**
 * Where a tree is met from outside, as this device of it says.
 * @module
 */
import { ed25519Message, principalOf } from '../core/crypto/crypto.ts'
import {
  type Rendezvous,
  type TreeState,
  deviceOf,
  devicesOf,
  rendezvousBody,
  rendezvousDeviceCountMax,
  rendezvousDomain,
  rendezvousLifeMs,
  rendezvousRelayCountMax,
  summaryOf,
} from '../core/tree/tree.ts'
import type { RelayAddress } from '../port/net.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'

interface RendezvousSite {
  readonly platform: Pick<Platform, 'clock'>
  readonly relays: readonly RelayAddress[]
  readonly keys: NodeKeys
}

/** By a member of the tree. */
export async function rendezvousFor(state: TreeState, { platform, relays, keys }: RendezvousSite): Promise<Rendezvous> {
  const { credential } = keys
  const devices = [...devicesOf(state)].filter(({ standing, dismissed }) => standing === 'own' && dismissed === null)
  // No older than what anybody knows of the tree: a clock that is behind says nothing that would be refused.
  const sequence = Math.max(platform.clock.nowMs(), summaryOf(state)?.stampMs ?? 0)
  const fields = {
    treeId: state.treeId,
    sequence,
    expiresAtMs: sequence + rendezvousLifeMs,
    devices: devices
      .map(({ device }) => ({
        principal: principalOf(device.fields.credential),
        transportId: device.fields.transportId,
      }))
      .slice(0, rendezvousDeviceCountMax),
    relays: relays.slice(0, rendezvousRelayCountMax).map(({ url, peerId }) => ({ url, peerId })),
    author: credential,
    writecapHash: deviceOf(state, principalOf(credential))!.writecapHash,
  }
  const body = rendezvousBody(fields)
  return { fields, body, signature: await keys.sign(ed25519Message(rendezvousDomain, body)) }
}
