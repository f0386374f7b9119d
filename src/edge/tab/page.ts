/**
 * The page's half: calls that reach the node of a profile wherever it is hosted, and survive its move.
 *
 * Where this page hosts the node it talks to the worker itself; else the service worker hands its port to the page that
 * does. Every link ends with the term of the node that it leads to; open calls are then repeated once at the next one.
 * @module
 */
import { type BlocktreeError, NodeMovedError, StoreClosedError, StoreSupersededError } from '../../core/bytes/bytes.ts'
import type { NodeApi, NodeEvent } from '../../node/api.ts'
import { apiBy, invoke } from '../rpc/rpc.ts'
import { contendForNode, tellService } from './host.ts'
import { type Link, greet } from './link.ts'
import { type ReachMessage, type ToWorker, callerLock } from './protocol.ts'

/**
 * Where the node is, as this tab sees it. `starting`: none answers yet. `here`: it answers. `elsewhere`: another tab hosts it
 * and it answers. `moved`: it went away and another is taking over. `failed`: none can be had.
 */
export type NodeState = 'starting' | 'here' | 'elsewhere' | 'moved' | 'failed'

export interface NodeConnection {
  /** Calls wait for a node, and are repeated once where it moved before it answered. */
  readonly api: NodeApi
  /** A snapshot first, then every change, and a snapshot again after a move. The answer ends it. */
  watch(observer: (event: NodeEvent) => void): () => void
  /** Calls back at once and at every change, with a sentence for a person. The answer ends it. */
  onState(callback: (state: NodeState, sentence: string) => void): () => void
}

const sentences = {
  starting: 'Your tree is being opened.',
  here: 'Your tree is open in this tab.',
  elsewhere: 'Your tree is open in another tab; this one works through it.',
  moved: 'The tab that kept your tree went away; your tree is being opened again.',
} as const

/** After so long without a hello the port is taken for lost on its way, and another is sent. */
const helloTimeoutMs = 1000

/** A stream belongs to one term of the node: its reader opens another one, it is not asked for twice. */
const isBound = (method: keyof NodeApi): boolean => method === 'nextChunk' || method === 'closeContent'
/** The node that answered so is replaced by another, for which these are not true. */
const isOfThePast = (error: unknown): boolean =>
  error instanceof NodeMovedError || error instanceof StoreSupersededError || error instanceof StoreClosedError

/** @param startWorker makes the profile's node worker, in case this page is to host it */
export function connectNode(profile: string, startWorker: () => Worker): NodeConnection {
  const callerId = crypto.randomUUID()
  const states = statesOf()
  const watchers = new Map<(event: NodeEvent) => void, string | null>()
  let link: Link | null = null
  let failure: BlocktreeError | null = null
  let isOver = false
  let wake = (): void => {}
  let settled = new Promise<void>((resolve) => (wake = resolve))
  const tellWaiting = (): void => {
    wake()
    settled = new Promise((resolve) => (wake = resolve))
  }

  let retry = (): void => {}
  const reach = async (): Promise<void> => {
    while (!isOver) {
      const attempt = new AbortController()
      retry = () => attempt.abort()
      const worker = host.worker()
      // Our own worker may take its time to open the tree; whether another page's is at work can not be seen from here.
      const signal = worker ? attempt.signal : AbortSignal.any([attempt.signal, AbortSignal.timeout(helloTimeoutMs)])
      const { port1, port2 } = new MessageChannel()
      const message: ReachMessage = { kind: 'reach', profile, callerId }
      if (worker) worker.postMessage(message satisfies ToWorker, [port2])
      else tellService(message, port2)
      const found = await greet(port1, profile, signal)
      if (found) await use(found, worker)
      else if (!attempt.signal.aborted) host.ask()
    }
  }
  const use = async (found: Link, worker: Worker | null): Promise<void> => {
    link = found
    failure = null
    const state = worker ? 'here' : 'elsewhere'
    states.set(state, sentences[state])
    tellWaiting()
    for (const observer of watchers.keys()) follow(observer, found)
    await found.lost
    link = null
    if (states.current() === state) states.set('moved', sentences.moved)
    // Nothing else tells of a worker that the browser ended, or that closed itself.
    if (worker) host.died(worker)
  }
  const follow = (observer: (event: NodeEvent) => void, found: Link): void => {
    const isCurrent = (): boolean => link === found && watchers.has(observer)
    found.api
      .watch((event) => isCurrent() && observer(event))
      .then(
        (watchId) => (isCurrent() ? void watchers.set(observer, watchId) : found.api.unwatch(watchId)),
        (error: unknown) => isOfThePast(error) || reportError(error),
      )
      .catch(() => {})
  }

  const call = async (method: keyof NodeApi, args: readonly unknown[]): Promise<unknown> => {
    for (let isRepeated = false; ; isRepeated = true) {
      while (!link && !failure) await settled
      if (!link) throw failure!
      const used = link
      try {
        return await invoke(used.api, method, args)
      } catch (error) {
        if (!isOfThePast(error)) throw error
        used.leave()
        if (isRepeated || isBound(method)) throw new NodeMovedError()
        await used.lost
      }
    }
  }

  const watch = (observer: (event: NodeEvent) => void): (() => void) => {
    // Two watches of one function are two watches.
    const own = (event: NodeEvent): void => observer(event)
    watchers.set(own, null)
    if (link) follow(own, link)
    return () => {
      const watchId = watchers.get(own)
      watchers.delete(own)
      if (watchId) link?.api.unwatch(watchId).catch(() => {})
    }
  }
  const stops = new Map<string, () => void>()

  const host = contendForNode(profile, callerId, startWorker, {
    onMoved: () => retry(),
    onFailed(reason, restart) {
      if (restart === 'soon') return states.set('moved', reason.message)
      isOver = restart === 'never'
      failure = reason
      states.set('failed', reason.message)
      tellWaiting()
      retry()
    },
  })
  void hold(callerLock(callerId)).then(reach)

  return {
    watch,
    onState: states.on,
    api: apiBy(async (method, args) => {
      if (method === 'unwatch') return stops.get(args[0] as string)?.()
      if (method !== 'watch') return call(method, args)
      const watchId = crypto.randomUUID()
      stops.set(watchId, watch(args[0] as (event: NodeEvent) => void))
      return watchId
    }),
  }
}

interface States {
  current(): NodeState
  set(state: NodeState, sentence: string): void
  readonly on: NodeConnection['onState']
}
function statesOf(): States {
  let state: NodeState = 'starting'
  let sentence: string = sentences.starting
  const callbacks = new Set<(state: NodeState, sentence: string) => void>()
  return {
    current: () => state,
    set(nextState, nextSentence) {
      state = nextState
      sentence = nextSentence
      for (const callback of callbacks) callback(state, sentence)
    },
    on(callback) {
      const own: typeof callback = (...now) => callback(...now)
      callbacks.add(own)
      own(state, sentence)
      return () => void callbacks.delete(own)
    },
  }
}

/** Resolves when the lock is held; it is let go when this page ends. */
const hold = (lockName: string): Promise<void> =>
  new Promise((held) => {
    void navigator.locks.request(lockName, () => {
      held()
      return new Promise<never>(() => {})
    })
  })
