/**
 * The service worker's half: hands a caller's port to the page that hosts the node, and calls the node itself.
 *
 * It keeps nothing in memory that it could not lose, since a browser ends it after half a minute without work.
 * @module
 */
import type { NodeApi } from '../../node/api.ts'
import { type Link, greet } from './link.ts'
import { type FromService, type ReachMessage, type ToService, callerLock, doorOf } from './protocol.ts'

/** The part of a service worker's global scope that is used here; the compiler knows pages only. */
interface ServiceScope {
  readonly clients: { get(id: string): Promise<ServiceClient | undefined> }
  addEventListener(type: 'message', listener: (event: ServiceMessageEvent) => void): void
}
interface ServiceClient {
  readonly id: string
  postMessage(message: FromService, transfer?: readonly Transferable[]): void
}
interface ServiceMessageEvent extends MessageEvent<ToService> {
  readonly source: ServiceClient & MessageEventSource
  waitUntil(work: Promise<unknown>): void
}

const helloTimeoutMs = 1500

/** @returns how to reach the node of a profile from here: null where no open page hosts one */
export function brokerPorts(): (profile: string) => Promise<NodeApi | null> {
  const scope = self as unknown as ServiceScope
  const links = new Map<string, Promise<Link | null>>()
  const callerId = `service-${crypto.randomUUID()}`
  let isHeld: Promise<void> | null = null

  /** @returns whether there is a host */
  const forward = async (message: ReachMessage, port: MessagePort): Promise<boolean> => {
    const { held = [] } = await navigator.locks.query()
    // A robbed page that is frozen still stands at its door; the newest door is the right one.
    const doors = held.map(({ name = '' }) => doorOf(message.profile, name)).filter((door) => door !== null)
    const newest = doors.toSorted((left, right) => right.epoch - left.epoch)[0]
    const host = newest && (await scope.clients.get(newest.clientId))
    host?.postMessage(message, [port])
    return host !== undefined
  }
  scope.addEventListener('message', (event) => {
    const { data, ports, source } = event
    if (data.kind === 'whoAmI') source.postMessage({ kind: 'youAre', clientId: source.id })
    else if (data.kind === 'reach' && ports[0]) event.waitUntil(forward(data, ports[0]))
  })

  const link = async (profile: string): Promise<Link | null> => {
    await (isHeld ??= hold(callerLock(callerId)))
    const { port1, port2 } = new MessageChannel()
    const isForwarded = await forward({ kind: 'reach', profile, callerId }, port2)
    return isForwarded ? greet(port1, profile, AbortSignal.timeout(helloTimeoutMs)) : null
  }
  return async (profile) => {
    const known = links.get(profile) ?? link(profile)
    links.set(profile, known)
    const found = await known
    if (!found && links.get(profile) === known) links.delete(profile)
    void found?.lost.then(() => links.get(profile) === known && links.delete(profile))
    return found && found.api
  }
}

/** Resolves when the lock is held; it is let go when this thread ends. */
const hold = (lockName: string): Promise<void> =>
  new Promise((held) => {
    void navigator.locks.request(lockName, () => {
      held()
      return new Promise<never>(() => {})
    })
  })
