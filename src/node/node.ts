/**
 * The node: one profile's trees, driven over the ports, answering the page's contract.
 *
 * The same function runs in a browser's worker on the real platform and in the simulator on a simulated one. All state lives in
 * the store; whatever instant the thread dies at, the next start goes on from there.
 * @module
 */
import type { Platform } from '../port/platform.ts'
import type { NodeApi } from './api.ts'
import { type NodeOptions, RunningNode } from './running-node.ts'
import { createApi } from './serve.ts'

export type { NodeOptions } from './running-node.ts'

export interface Node {
  readonly api: NodeApi
  /** Finishes what is under way, writes a checkpoint, and stops. */
  close(): Promise<void>
  /** Resolves when the node can not go on; it must be started again from disk. */
  readonly stopped: Promise<Error>
}

export async function runNode(platform: Platform, options: NodeOptions): Promise<Node> {
  const keys = await platform.keys.node()
  const node = new RunningNode(platform, keys, options)
  await node.start()
  return { api: createApi(node), close: () => node.close(), stopped: node.stopped }
}
