/**
 * Which tab hosts the node of a profile, and how the node passes from one tab to another.
 *
 * The page that holds the profile's lock runs the worker; the others queue. A visible page asks a hidden host to hand over
 * and, without an answer, steals the lock: whatever the robbed worker may still write, the store refuses.
 * @module
 */
import { BlocktreeError, StoreSupersededError } from '../../core/bytes/bytes.ts'
import { receiveError } from '../rpc/rpc.ts'
import {
  type FromService,
  type FromWorker,
  type Spoken,
  type ToService,
  type ToWorker,
  doorLock,
  hostLock,
} from './protocol.ts'

/** A page that is not frozen answers in milliseconds. */
const askTimeoutMs = 1500
/** A page that is left for another tab of the same device gives its node to that one; one that is closed comes to nothing any more. */
const hiddenAfterMs = 300
/** How long a node that hands over may take for its farewell; the store is safe without it. */
const farewellTimeoutMs = 1000
const restartDelayMsMin = 250
const restartDelayMsMax = 10_000
/** A worker that lived this long did not fail at its start. */
const steadyAfterMs = 10_000
/** The first failures in a row are mended without a pause that anybody would see. */
const quickRestartCount = 2

/** Another start from the same disk by the same program would end the same. */
const incurable = ['storeTooNew', 'storeDamaged', 'keysLost', 'treeMissing']

export interface Host {
  /** This page's node worker; null while another tab hosts the node, and between two terms. */
  worker(): Worker | null
  /** Asks a hidden host for the node, and takes it where none answers; for a visible page that does not host it. */
  ask(): void
  /** The worker died without a word. */
  died(worker: Worker): void
}

export interface HostEvents {
  /** The node may be at another place now. */
  onMoved(): void
  /** The worker failed, and when it is started again: at once, after a pause, never while this page lives. */
  onFailed(reason: BlocktreeError, restart: 'soon' | 'later' | 'never'): void
}

type Asked = Extract<Spoken, { readonly kind: 'ask' }>

interface Term {
  worker: Worker | null
  launchedAtMs: number
  /** Null until the node answers. */
  epoch: number | null
  /** Lets the profile's lock go. */
  readonly release: () => void
}

/** Queues for the profile's lock from now on, and hosts the node whenever it is granted. */
export function contendForNode(
  profile: string,
  callerId: string,
  startWorker: () => Worker,
  { onMoved, onFailed }: HostEvents,
): Host {
  const channel = new BroadcastChannel(hostLock(profile))
  const say = (spoken: Spoken): void => channel.postMessage(spoken)
  let term: Term | null = null
  let queue = new AbortController()
  let isStealing = false
  let isOver = false
  let failureCount = 0
  /** Settles when the page is awake: one that took the lock on its way to sleep would keep it from those that are. */
  let awake: Promise<unknown> = Promise.resolve()

  const contend = async (): Promise<void> => {
    while (!isOver) {
      await awake
      queue = new AbortController()
      const options: LockOptions = isStealing ? { steal: true } : { signal: queue.signal }
      isStealing = false
      const held = navigator.locks.request(hostLock(profile), options, host)
      void askHolder()
      // Rejects when another page steals the lock, and when this one leaves the queue in order to steal it.
      await held.catch(() => {})
      endWorker()
      term = null
      onMoved()
    }
  }
  const host = (): Promise<void> =>
    new Promise((release) => {
      stopAsking()
      isStealing = false
      term = { worker: null, launchedAtMs: 0, epoch: null, release }
      say({ kind: 'taken' })
      launch(term)
    })

  const launch = (own: Term): void => {
    if (term !== own) return
    own.launchedAtMs = performance.now()
    let worker: Worker
    try {
      worker = startWorker()
    } catch (error) {
      return failed(own, crashed(String(error)))
    }
    own.worker = worker
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      if (own.worker !== worker) return
      if (data.kind === 'stopped') return failed(own, receiveError(data.error))
      own.epoch = data.epoch
      tellService({ kind: 'whoAmI' })
    })
    worker.addEventListener('error', ({ message }) => {
      if (own.worker === worker) failed(own, crashed(message))
    })
    worker.postMessage({ kind: 'start', profile } satisfies ToWorker)
    onMoved()
  }
  const endWorker = (): void => {
    term?.worker?.terminate()
    if (term) term.worker = term.epoch = null
    closeDoor()
  }
  const failed = (own: Term, reason: BlocktreeError): void => {
    endWorker()
    if (reason instanceof StoreSupersededError) return own.release()
    isOver = incurable.includes(reason.code)
    failureCount = performance.now() - own.launchedAtMs > steadyAfterMs ? 1 : failureCount + 1
    onFailed(reason, isOver ? 'never' : failureCount <= quickRestartCount ? 'soon' : 'later')
    if (isOver) return own.release()
    const pauseCount = failureCount - quickRestartCount
    const delayMs = pauseCount <= 0 ? 0 : Math.min(restartDelayMsMin * 2 ** pauseCount, restartDelayMsMax)
    setTimeout(() => launch(own), delayMs)
  }

  // The door: where the service worker finds this page. It knows pages by an id that only it can tell.
  let closeDoor = (): void => {}
  const openDoor = async (own: Term, clientId: string): Promise<void> => {
    const { epoch } = own
    if (epoch === null) return
    await navigator.locks.request(doorLock(profile, epoch, clientId), { ifAvailable: true }, (lock) => {
      // It is open already, or the worker has ended meanwhile.
      if (!lock || own.epoch !== epoch) return undefined
      say({ kind: 'up' })
      return new Promise<void>((resolve) => (closeDoor = resolve))
    })
  }
  navigator.serviceWorker?.addEventListener('message', ({ data, ports }: MessageEvent<FromService>) => {
    if (data.kind === 'youAre' && term) void openDoor(term, data.clientId)
    else if (data.kind === 'reach' && data.profile === profile) term?.worker?.postMessage(data, [...ports])
  })
  navigator.serviceWorker?.startMessages()

  // Among the pages.
  let asking: ReturnType<typeof setTimeout> | undefined
  const stopAsking = (): void => {
    clearTimeout(asking)
    asking = undefined
  }
  const ask = (): void => {
    if (term || isOver || asking !== undefined || document.visibilityState !== 'visible') return
    asking = setTimeout(steal, askTimeoutMs)
    say({ kind: 'ask', from: callerId, hasFailed: failureCount > 0 })
  }
  const askHolder = async (): Promise<void> => {
    const { held = [] } = await navigator.locks.query()
    if (held.some(({ name }) => name === hostLock(profile))) ask()
  }
  const steal = (): void => {
    stopAsking()
    if (term || isOver) return
    isStealing = true
    queue.abort()
  }
  const answer = async (own: Term, { from: to, hasFailed }: Asked): Promise<void> => {
    // A page whose worker fails time and again may be of a version that is gone; between two such the node stays where it is.
    const isOutdone = own.epoch === null && failureCount > quickRestartCount && !hasFailed
    const stays = document.visibilityState === 'visible' && !isOutdone
    if (!stays) {
      const { worker } = own
      own.worker = null
      if (worker) await farewell(worker)
      if (term === own) own.release()
    } else if (own.epoch !== null) tellService({ kind: 'whoAmI' })
    say({ kind: 'answer', to, stays })
  }
  channel.addEventListener('message', ({ data }: MessageEvent<Spoken>) => {
    if (data.kind === 'ask') {
      if (term) void answer(term, data)
    } else if (data.kind === 'up') onMoved()
    else if (data.kind === 'taken') {
      stopAsking()
      ask()
    } else if (data.to === callerId && asking !== undefined) {
      stopAsking()
      if (!data.stays) steal()
    }
  })
  const sayHidden = (): void => {
    if (document.visibilityState !== 'visible') term?.worker?.postMessage({ kind: 'hidden' } satisfies ToWorker)
  }
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') ask()
    else setTimeout(sayHidden, hiddenAfterMs)
  })
  // A page that is put to sleep takes its worker with it: what it keeps others waiting for would never come.
  const leaveUntil = (target: EventTarget, waking: string): void => {
    awake = new Promise((resolve) => target.addEventListener(waking, resolve, { once: true }))
    endWorker()
    term?.release()
  }
  document.addEventListener('freeze', () => leaveUntil(document, 'resume'))
  window.addEventListener('pagehide', () => leaveUntil(window, 'pageshow'))

  void contend()
  return {
    worker: () => term?.worker ?? null,
    ask,
    died(worker) {
      if (term?.worker === worker) failed(term, crashed('it was ended by the browser'))
    },
  }
}

const crashed = (why: string): BlocktreeError =>
  new BlocktreeError(
    'nodeCrashed',
    `The part of this page that keeps your tree stopped (${why}) and is started again. What was saved is safe.`,
  )

/** Lets the node end what it is doing; ends it itself where that takes too long. */
const farewell = (worker: Worker): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      worker.terminate()
      resolve()
    }
    const timer = setTimeout(end, farewellTimeoutMs)
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind === 'stopped') end()
    })
    worker.postMessage({ kind: 'close' } satisfies ToWorker)
  })

/** Waits for the first installation where there is none yet; says nothing where there never will be one. */
export function tellService(message: ToService, ...ports: MessagePort[]): void {
  void navigator.serviceWorker?.ready.then(({ active }) => active?.postMessage(message, ports))
}
