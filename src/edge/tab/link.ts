/**
 * A caller's link to one term of the node: from the hello on its port until the term's lock is free.
 * @module
 */
import { NodeMovedError } from '../../core/bytes/bytes.ts'
import type { NodeApi } from '../../node/api.ts'
import { callNode } from '../rpc/rpc.ts'
import { type Hello, termLock } from './protocol.ts'

export interface Link {
  readonly api: NodeApi
  readonly epoch: number
  /** Resolves when this term is over; its open calls are settled with NodeMovedError by then. */
  readonly lost: Promise<void>
  /** Gives the term up, for one that is known to be over though its worker may still hold the lock. */
  leave(): void
}

/** Waits for the node's hello; null when `signal` aborts first. */
export async function greet(port: MessagePort, profile: string, signal: AbortSignal): Promise<Link | null> {
  const hello = await new Promise<Hello | null>((resolve) => {
    port.addEventListener('message', ({ data }: MessageEvent<Hello>) => resolve(data), { once: true })
    signal.addEventListener('abort', () => resolve(null), { once: true })
    port.start()
    if (signal.aborted) resolve(null)
  })
  if (hello?.kind !== 'hello') {
    port.close()
    return null
  }
  const client = callNode(port)
  const waiting = new AbortController()
  const isOver = navigator.locks.request(
    termLock(profile, hello.epoch),
    { mode: 'shared', signal: waiting.signal },
    () => {},
  )
  const settle = (): void => client.settle(new NodeMovedError())
  return {
    api: client.api,
    epoch: hello.epoch,
    lost: isOver.then(settle, settle),
    leave() {
      settle()
      waiting.abort()
    },
  }
}
