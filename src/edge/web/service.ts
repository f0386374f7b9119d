/**
 * The service worker as a web server: answers content addresses from the tree, never from the network.
 * @module
 */
import { contentPrefix, profileIn } from './address.ts'
import { type ContentSource, answerContent } from './content.ts'

/** The part of a service worker's global scope that is used here; the compiler knows pages only. */
interface ServiceScope {
  readonly registration: { readonly scope: string }
  readonly clients: { claim(): Promise<void> }
  skipWaiting(): Promise<void>
  addEventListener(type: 'install', listener: (event: InstallEvent) => void): void
  addEventListener(type: 'activate', listener: (event: ExtendableEvent) => void): void
  addEventListener(type: 'message', listener: (event: MessageEvent<{ readonly kind: string }>) => void): void
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void
}
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void
}
/** https://developer.mozilla.org/docs/Web/API/InstallEvent/addRoutes, where a browser has it. */
interface InstallEvent extends ExtendableEvent {
  addRoutes?(rule: {
    readonly condition: { readonly urlPattern: { readonly pathname: string } }
    readonly source: 'fetch-event'
  }): Promise<void>
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}

/** @param find who has the content of a profile */
export function serveContent(find: (profile: string) => Promise<ContentSource | null>): void {
  const scope = self as unknown as ServiceScope
  const prefix = new URL(contentPrefix, scope.registration.scope)
  // Without this rule a browser that has to start the service worker first may ask the host for the same address meanwhile.
  scope.addEventListener('install', (event) => {
    const added = event.addRoutes?.({
      condition: { urlPattern: { pathname: `${prefix.pathname.replace(/[+*?(){}\\:]/g, '\\$&')}*` } },
      source: 'fetch-event',
    })
    if (added) event.waitUntil(added)
  })
  scope.addEventListener('fetch', (event) => {
    const address = new URL(event.request.url)
    const { origin, pathname } = address
    if (origin !== prefix.origin || !pathname.startsWith(prefix.pathname)) return
    const profile = profileIn(address)
    const findKnown = async (): Promise<ContentSource | null> => (profile === null ? null : find(profile))
    event.respondWith(answerContent(event.request, pathname.slice(prefix.pathname.length), findKnown))
  })
}

/** A first installation serves the pages that are open; an update waits until a person says so. */
export function takeOverWhenTold(): void {
  const scope = self as unknown as ServiceScope
  scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()))
  scope.addEventListener('message', ({ data }) => void (data.kind === 'takeOver' && scope.skipWaiting()))
}

/**
 * Sends a page that the shell does not know to the shell where the network has no answer; all pages of this site are
 * fragments of one address.
 */
export function fallBackToShell(): void {
  const scope = self as unknown as ServiceScope
  scope.addEventListener('fetch', (event) => {
    if (event.request.mode !== 'navigate' || event.request.method !== 'GET') return
    event.respondWith(fetch(event.request).catch(() => Response.redirect(scope.registration.scope)))
  })
}
