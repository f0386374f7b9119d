/**
 * The devices of a tree, as this one knows them.
 * @module
 */
import { type Bytes, equal } from '../core/bytes/bytes.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import { type TreeState, devicesOf, summaryOf } from '../core/tree/tree.ts'
import type { Device } from './peers.ts'

/**
 * Who takes part in a tree's cluster: its owner's devices, and before it says who they are, those that whoever let this one in has named.
 * A limited device reads one folder; here it would be told of all the others, and could claim to lead.
 */
export function otherDevices(state: TreeState, own: Bytes, introduced: readonly Device[] = []): readonly Device[] {
  if (summaryOf(state) === null) return introduced.filter(({ principal }) => !equal(principal, own))
  const devices: Device[] = []
  for (const { device, standing, dismissed } of devicesOf(state)) {
    const principal = principalOf(device.fields.credential)
    if (standing === 'own' && dismissed === null && !equal(principal, own))
      devices.push({ principal, transportId: device.fields.transportId })
  }
  return devices
}

/** By whose key others dial: devices and guests of a tree, and apart from them whoever was put out of it. */
export interface KnownTransports {
  readonly devices: readonly Device[]
  readonly dismissed: readonly Device[]
}

export function knownTransports(state: TreeState, introduced: readonly Device[]): KnownTransports {
  const rows = [...devicesOf(state)]
  const those = (arePutOut: boolean): readonly Device[] =>
    rows
      .filter(({ dismissed }) => (dismissed !== null) === arePutOut)
      .map(({ device: { fields } }) => ({ principal: principalOf(fields.credential), transportId: fields.transportId }))
  return { devices: [...introduced, ...those(false)], dismissed: those(true) }
}
