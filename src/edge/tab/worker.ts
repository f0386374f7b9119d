/**
 * The node worker's half: starts the node, answers every port with a hello, and ends with its term.
 * @module
 */
import { NodeMovedError, StoreSupersededError } from '../../core/bytes/bytes.ts'
import type { NodeApi } from '../../node/api.ts'
import { sendError, serveNode } from '../rpc/rpc.ts'
import {
  type FromWorker,
  type Hello,
  type ReachMessage,
  type ToWorker,
  callerLock,
  termLock,
  termOf,
} from './protocol.ts'

export interface HostedNode {
  readonly api: NodeApi
  /** Of the store: which opening of the profile this is. */
  readonly epoch: number
  /** Resolves when the node can not go on, with the reason. */
  readonly closed: Promise<Error>
  close(): Promise<void>
}

/** The part of a dedicated worker's global scope that is used here; the compiler knows pages only. */
interface WorkerScope {
  postMessage(message: FromWorker): void
  addEventListener(type: 'message', listener: (event: MessageEvent<ToWorker>) => void): void
  close(): void
}

/** Called once, at the top of the worker. */
export function hostNode(start: (profile: string) => Promise<HostedNode>): void {
  const scope = self as unknown as WorkerScope
  const early: (readonly [ReachMessage, MessagePort])[] = []
  let node: HostedNode | null = null
  let isStopping = false

  const stop = async (reason: unknown): Promise<void> => {
    if (isStopping) return
    isStopping = true
    const error = sendError(reason)
    await node?.close().catch(sendError)
    scope.postMessage({ kind: 'stopped', error })
    scope.close()
  }
  const serve = (node: HostedNode, { callerId }: ReachMessage, port: MessagePort): void => {
    const callerGone = navigator.locks.request(callerLock(callerId), { mode: 'shared' }, () => {})
    port.postMessage({ kind: 'hello', epoch: node.epoch } satisfies Hello)
    serveNode(node.api, port, callerGone)
  }
  const run = async (profile: string): Promise<void> => {
    const started = await start(profile)
    node = started
    await holdTerm(profile, started.epoch, () => stop(new StoreSupersededError()))
    void started.closed.then(stop)
    for (const [message, port] of early.splice(0)) serve(started, message, port)
    scope.postMessage({ kind: 'ready', epoch: started.epoch })
    await endOlderTerms(profile, started.epoch)
  }
  scope.addEventListener('message', ({ data, ports: [port] }) => {
    if (data.kind === 'start') run(data.profile).catch(stop)
    // Where no other device is there this one goes on deciding, which is no news to anybody.
    else if (data.kind === 'hidden') node?.api.handOver(null).catch(() => {})
    else if (data.kind === 'close') void stop(new NodeMovedError())
    // Other parts of the thread have messages of their own.
    else if (data.kind !== 'reach') return
    else if (port && node && !isStopping) serve(node, data, port)
    else if (port) early.push([data, port])
  })
}

/** Resolves when the lock is held. It is never let go: it ends with the worker, or is stolen by the next term. */
const holdTerm = (profile: string, epoch: number, onStolen: () => void): Promise<void> =>
  new Promise((held) => {
    const hold = (): Promise<never> => {
      held()
      return new Promise(() => {})
    }
    navigator.locks.request(termLock(profile, epoch), hold).catch(onStolen)
  })

/**
 * A worker that is frozen or busy does not let go of its term, though it may not write any more since this one opened the
 * store. Its locks are taken away, so that its callers learn of it.
 */
async function endOlderTerms(profile: string, epoch: number): Promise<void> {
  const { held = [] } = await navigator.locks.query()
  for (const { name = '' } of held) {
    const older = termOf(profile, name)
    if (older !== null && older < epoch) await navigator.locks.request(name, { steal: true }, () => {})
  }
}
