/**
 * Calls between threads: Comlink over a MessagePort, with the three things it leaves open.
 *
 * Errors keep their class and code. Calls that are still open when the node is gone are settled by their caller, since a
 * port never says that its other end has died. And what a caller began at the node ends with the caller.
 * @module
 */
import { expose, proxy, transfer, transferHandlers, wrap } from 'comlink'
import {
  BlocktreeError,
  CancelledError,
  NodeMovedError,
  RefusedError,
  StoreClosedError,
  StoreDamagedError,
  StoreFullError,
  StoreSupersededError,
  StoreTooNewError,
} from '../../core/bytes/bytes.ts'
import type { ContentHead, NodeApi } from '../../node/api.ts'

/** The node as one caller reaches it over one port. */
export interface NodeClient {
  readonly api: NodeApi
  /** Rejects all open calls and every later one, and closes the port. */
  settle(reason: Error): void
}

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>

/** A node whose every method is this one function. */
export const apiBy = (call: (method: keyof NodeApi, args: readonly unknown[]) => Promise<unknown>): NodeApi =>
  new Proxy({} as NodeApi, {
    get: (_target, method) =>
      // Were there a `then`, `await` would take the node for a promise.
      typeof method === 'string' && method !== 'then'
        ? (...args: readonly unknown[]) => call(method as keyof NodeApi, args)
        : undefined,
  })

export const invoke = (api: NodeApi, method: keyof NodeApi, args: readonly unknown[]): Promise<unknown> =>
  (api as unknown as Methods)[method]!(...args)

export function callNode(port: MessagePort): NodeClient {
  const remote = wrap(port) as unknown as NodeApi
  const open = new Set<(reason: Error) => void>()
  let gone: Error | null = null

  const call = (method: keyof NodeApi, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (gone) return reject(gone)
      open.add(reject)
      const sent = args.map((arg) => (typeof arg === 'function' ? proxy(arg) : arg))
      invoke(remote, method, sent)
        .then(resolve, reject)
        .finally(() => open.delete(reject))
    })
  return {
    api: apiBy(call),
    settle(reason) {
      gone ??= reason
      port.close()
      for (const reject of open) reject(gone)
      open.clear()
    },
  }
}

/** Serves one caller, until it is gone: then what it watched and streamed is closed. */
export function serveNode(api: NodeApi, port: MessagePort, callerGone: Promise<unknown>): void {
  const begun = new Map<string, 'unwatch' | 'closeContent'>()
  let isGone = false
  const endAll = (): Promise<unknown> => {
    const ends = [...begun].map(([id, end]) => api[end](id))
    begun.clear()
    return Promise.allSettled(ends)
  }
  const session = apiBy(async (method, args) => {
    const answer = await invoke(api, method, args)
    if (method === 'watch') begun.set(answer as string, 'unwatch')
    else if (method === 'openContent') begun.set((answer as ContentHead).streamId, 'closeContent')
    else if (method === 'unwatch' || method === 'closeContent') begun.delete(args[0] as string)
    else if (method === 'nextChunk' && answer) moveIfLarge(answer as Uint8Array<ArrayBuffer>)
    if (isGone) await endAll()
    return answer
  })
  expose(session, port)
  void callerGone.then(() => {
    isGone = true
    port.close()
    return endAll()
  })
}

/** A large piece is made for its caller, so its octets move; a small one may be a constant of the node, and is copied. */
const moveIfLarge = (piece: Uint8Array<ArrayBuffer>): unknown =>
  piece.byteLength < movedSizeBytesMin ? piece : transfer(piece, [piece.buffer])
const movedSizeBytesMin = 32 * 1024

/** An error as it crosses a port. */
export interface SentError {
  readonly name: string
  readonly code: string
  readonly message: string
}

/** What is not one of ours is a mistake in the program: told to the console in full, to the person in one sentence. */
export function sendError(error: unknown): SentError {
  if (error instanceof BlocktreeError) return { name: error.name, code: error.code, message: error.message }
  // oxlint-disable-next-line no-console -- the trace stays in this thread, where it can be read
  console.error(error)
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const message = `Blocktree made a mistake and did not do this (${what}). Reload the page; what was saved is safe.`
  return { name: 'BlocktreeError', code: 'unexpected', message }
}

export function receiveError({ name, code, message }: SentError): BlocktreeError {
  const error = Object.assign(new BlocktreeError(code, message), { name })
  return Object.setPrototypeOf(error, (classes[name] ?? BlocktreeError).prototype) as BlocktreeError
}
const classes: Readonly<Record<string, { readonly prototype: BlocktreeError }>> = {
  __proto__: null as never,
  CancelledError,
  NodeMovedError,
  RefusedError,
  StoreClosedError,
  StoreDamagedError,
  StoreFullError,
  StoreSupersededError,
  StoreTooNewError,
}

const thrown = transferHandlers.get('throw')!
transferHandlers.set('throw', {
  canHandle: thrown.canHandle,
  serialize: ({ value }: { readonly value: unknown }) => [sendError(value), []],
  deserialize(sent: SentError) {
    throw receiveError(sent)
  },
})
