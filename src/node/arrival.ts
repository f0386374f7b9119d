/**
 * A tree that this device was let into, on its way here: followed until it can be read, unless it is given up before (design §10).
 * @module
 */
import { type BlocktreeError, equal } from '../core/bytes/bytes.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import type { Farewell } from '../core/message/message.ts'
import type { TreeId } from '../core/path/path.ts'
import { deviceOf } from '../core/tree/tree.ts'
import type { TreeAddress } from './members.ts'
import type { Network } from './network.ts'
import { type JoiningTree, OwnTree, type TreeOptions } from './own-tree.ts'

export interface ArrivalOptions {
  readonly tree: TreeOptions
  readonly network: Network
  readonly address: Omit<TreeAddress, 'visit'>
  /** A device of the tree says that this one was put out before the tree came. */
  onPutOut(): void
}

export class Arrival {
  readonly #options: ArrivalOptions
  #held: JoiningTree | null = null
  #tree: OwnTree | null = null
  #hasCome = false
  #reason: BlocktreeError | null = null
  #wake = (): void => {}

  constructor(options: ArrivalOptions) {
    this.#options = options
  }

  get treeId(): TreeId {
    return this.#options.address.treeId
  }

  /** Resolves when the tree can be read. Rejects where it was given up. */
  async come(): Promise<OwnTree> {
    const { tree: options, network, address } = this.#options
    const held = (this.#held = await OwnTree.join(options, address.generation))
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve
      const member = {
        ...{ held, introduced: address.devices },
        untilSwept: async () => {},
        onChanged() {},
        onFarewell: (farewell: Farewell) => this.#onFarewell(farewell),
      }
      network.replicate(address.treeId, member).catch(reject)
      this.look()
    })
    this.#demandWanted()
    const tree = (this.#tree = await OwnTree.unlock(options, held))
    this.#demandWanted()
    this.#hasCome = true
    return tree
  }

  /** Something of it may have come. */
  look(): void {
    const { tree: options, onPutOut } = this.#options
    const held = this.#held
    if (held === null) return
    const own = deviceOf(held.cluster.state, principalOf(options.keys.credential))
    if (own !== null && own.dismissed !== null) onPutOut()
    else if (OwnTree.isReadable(options, held)) this.#wake()
    if (this.#reason !== null) this.#wake()
  }

  /** It is not waited for any more, unless it is here already. */
  giveUp(reason: BlocktreeError): void {
    if (this.#hasCome) return
    this.#reason = reason
    this.#wake()
  }

  #demandWanted(): void {
    if (this.#reason !== null) throw this.#reason
  }

  /**
   * Nobody can tell here whose word counts in a tree of which nothing has come yet, so it is told as it was said, by a device that the
   * inviter named. Nothing follows from it by itself: as long as it is waited for, another device may bring the tree all the same.
   */
  #onFarewell({ dismissal: { fields } }: Farewell): void {
    const own = principalOf(this.#options.tree.keys.credential)
    if (equal(fields.treeId, this.treeId) && equal(fields.device, own)) this.#options.onPutOut()
  }

  async close(): Promise<void> {
    await (this.#tree ?? this.#held?.cluster)?.close()
    this.#tree?.ring.close()
  }

  /** Takes nothing more and writes nothing more. */
  halt(error: unknown): void {
    const replica = this.#tree ?? this.#held?.cluster
    replica?.halt(error)
  }
}
