/**
 * The node's network: opened when a tree has other devices, and told for which tree a connection is.
 * @module
 */
import { type Bytes, equal, toHex } from '../core/bytes/bytes.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import { type TreeState, devicesOf, noRevocation, summaryOf } from '../core/tree/tree.ts'
import type { TreeId } from '../core/path/path.ts'
import type { Net, NetPort, RelayAddress } from '../port/net.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import type { HeldTree } from './own-tree.ts'
import { placeOf } from './own-tree.ts'
import type { Device } from './peers.ts'
import { Replication } from './replication.ts'

export interface NetworkOptions {
  readonly relays: readonly RelayAddress[]
  /** `stun:` addresses. */
  readonly stun: readonly string[]
  /** Which program this is, for a person. */
  readonly buildId: string
}

export interface Member {
  readonly held: HeldTree
  readonly untilSwept: () => Promise<void>
  /** Who is known to be a device before the tree says so: who let this one in. */
  readonly host: Device | null
  /** Who is connected, or who holds what, has changed. */
  onChanged(): void
}

export class Network {
  readonly #platform: Platform
  readonly #keys: NodeKeys
  readonly #options: NetworkOptions
  readonly #port: NetPort | undefined
  #net: Promise<Net> | null = null
  #current: Replication | null = null
  #isClosed = false

  constructor(platform: Platform, keys: NodeKeys, options: NetworkOptions) {
    this.#platform = platform
    this.#port = platform.net
    this.#keys = keys
    this.#options = options
  }

  /** Replicates a tree from here on; whatever was replicated before is not any more. null where there is no network. */
  async replicate(treeId: TreeId, { held, untilSwept, host, onChanged }: Member): Promise<Replication | null> {
    if (this.#port === undefined || this.#isClosed) return null
    this.#net ??= this.#port.open({
      relays: this.#options.relays,
      stun: this.#options.stun,
      onConnection: (connection) => {
        if (this.#current === null) connection.close()
        else this.#current.accept(connection)
      },
      onDropped: () => {},
      onReachable: () => this.#current?.refresh(),
    })
    const net = await this.#net
    this.#current?.close()
    if (this.#isClosed) return null
    const { cluster, holdings } = held
    const { credential } = this.#keys
    const own = principalOf(credential)
    return (this.#current = new Replication({
      platform: this.#platform,
      net,
      relays: this.#options.relays,
      place: placeOf(treeId),
      cluster,
      holdings,
      principal: toHex(own),
      untilSwept,
      introduction: () => ({
        treeId,
        credential,
        buildId: this.#options.buildId,
        revocationHead: summaryOf(cluster.state)?.revocationHead ?? noRevocation,
      }),
      devices: () => otherDevices(cluster.state, own, host),
      onReport: () => {},
      onChanged,
    }))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#current?.close()
    await (await this.#net)?.close()
  }
}

/**
 * Who takes part in a tree's cluster: its owner's devices, and before it says who they are, the one that let this one in. A
 * limited device reads one folder; here it would be told of all the others, and could claim to lead.
 */
export function otherDevices(state: TreeState, own: Bytes, host: Device | null): readonly Device[] {
  if (summaryOf(state) === null) return host === null ? [] : [host]
  const devices: Device[] = []
  for (const { device, standing, dismissed } of devicesOf(state)) {
    const principal = principalOf(device.fields.credential)
    if (standing === 'own' && dismissed === null && !equal(principal, own))
      devices.push({ principal, transportId: device.fields.transportId })
  }
  return devices
}
