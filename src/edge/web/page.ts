/**
 * The page's half of the web server: registers the service worker, starts workers, knows its profile.
 * @module
 */
import { contentPrefix, defaultProfile, isProfile } from './address.ts'
import { readFacts } from './facts.ts'

/** Trusted Types of the platform, which the compiler does not know yet. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string }
}

/** The one policy for script addresses: files of this site, and not what a person keeps in the tree. */
const rules = {
  createScriptURL(url: string): string {
    const address = new URL(url, document.baseURI)
    const content = new URL(contentPrefix, document.baseURI)
    if (address.origin !== location.origin || address.pathname.startsWith(content.pathname))
      throw new TypeError(`"url" expected a script of this site, got ${address.href}`)
    return address.href
  },
}
const policy =
  (globalThis as { readonly trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('blocktree', rules) ?? rules

export const startModuleWorker = (url: string): Worker => new Worker(policy.createScriptURL(url), { type: 'module' })

/**
 * Registers the service worker at the root of the site.
 * @param onUpdate a newer release waits; the function given to it lets the release in
 * @param onReplaced a newer release was let in, here or by another page; the function given to it reloads this one
 * @returns false where the browser has none, or refuses it here
 */
export async function registerService(
  url: string,
  onUpdate: (takeOver: () => void) => void,
  onReplaced: (reload: () => void) => void,
): Promise<boolean> {
  if (!('serviceWorker' in navigator)) return false
  const { serviceWorker } = navigator
  let hasController = serviceWorker.controller !== null
  serviceWorker.addEventListener('controllerchange', () => {
    // The first to be in charge has replaced none.
    if (hasController) onReplaced(() => location.reload())
    hasController = true
  })
  let registration: ServiceWorkerRegistration
  try {
    registration = await serviceWorker.register(policy.createScriptURL(url), { updateViaCache: 'none' })
  } catch (error) {
    reportError(error)
    return false
  }
  const offer = (worker: ServiceWorker | null): void => {
    // Without a controller this is the first installation, which has nothing to replace.
    if (!worker || !serviceWorker.controller) return
    onUpdate(() => worker.postMessage({ kind: 'takeOver' }))
  }
  offer(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const { installing } = registration
    installing?.addEventListener('statechange', () => {
      if (installing.state === 'installed') offer(installing)
    })
  })
  return true
}

/** Which of this browser's profiles an address names: `#as=phone`, or `#/trash&as=phone` behind a view. */
export function profileOf(hash: string): string {
  const [, named = ''] = /^#(?:.*&)?as=([^&]*)/.exec(hash) ?? []
  return isProfile(named) ? named : defaultProfile
}

/** What the host of this site publishes about itself; asked each time, since it may be told another name meanwhile. */
export const hostFacts = () =>
  readFacts(() =>
    fetch(new URL('relay.json', document.baseURI), { cache: 'no-cache', signal: AbortSignal.timeout(factsTimeoutMs) }),
  )
/** A host that does not answer at all is as one that publishes nothing: somebody waits for it before a page. */
const factsTimeoutMs = 5000

/** Shown in a frame of another page of this site, as a pretend device; no other site may show it (`headers.ts`). */
export const isFramed = (): boolean => window.parent !== window

/** The profile that is a pretend phone beside another one, in the same page. */
export const pretendProfileOf = (profile: string): string =>
  profile === defaultProfile ? 'phone' : `${profile}-phone`.slice(-32)

interface CordMessage {
  readonly kind: 'cord'
  readonly isPulled: boolean
}
/** A page that answers no sooner is about to be another one, which is told when it is there. */
const cordPatienceMs = 2000

/** Pulls the cord of the page in a frame, or puts it back. Resolves when it is so there. */
export async function setCord(frame: Window, isPulled: boolean): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  await new Promise<void>((resolve) => {
    port1.addEventListener('message', () => resolve())
    port1.start()
    setTimeout(resolve, cordPatienceMs)
    frame.postMessage({ kind: 'cord', isPulled } satisfies CordMessage, location.origin, [port2])
  })
  port1.close()
}
/** In a frame: the page around it has this one's cord. */
export function followCord(onCord: (isPulled: boolean) => Promise<void>): void {
  if (!isFramed()) return
  window.addEventListener('message', ({ origin, source, data, ports }: MessageEvent<CordMessage>) => {
    if (origin !== location.origin || source !== window.parent || data.kind !== 'cord') return
    void onCord(data.isPulled).then(() => ports[0]?.postMessage(null))
  })
}

/** A note on the tree that a profile showed last, in a store of the browser that is not the node's database. It names nothing. */
export function seenTreeOf(profile: string) {
  const name = seenNote(profile)
  return {
    recall(): { readonly treeId: string; readonly isPlanted: boolean } | null {
      const [, kind, treeId] = /^(planted|local) ([0-9a-f]{64})$/.exec(readNote(name)) ?? []
      return treeId === undefined ? null : { treeId, isPlanted: kind === 'planted' }
    },
    keep({ treeId, isPlanted }: { readonly treeId: string; readonly isPlanted: boolean }): void {
      const note = `${isPlanted ? 'planted' : 'local'} ${treeId}`
      if (readNote(name) !== note) writeNote(name, note)
    },
    /** Calls back when another page has kept one. @returns ends it */
    watch(onKept: () => void): () => void {
      const heard = ({ key }: StorageEvent): void => {
        if (key === name) onKept()
      }
      window.addEventListener('storage', heard)
      return () => window.removeEventListener('storage', heard)
    },
  }
}

/** Until when a profile's page has told of devices that were added, milliseconds since 1970; 0 at first. */
export function toldOf(profile: string) {
  const name = toldNote(profile)
  return {
    recall(): number {
      const atMs = Number(readNote(name))
      return Number.isSafeInteger(atMs) ? atMs : 0
    },
    keep: (atMs: number): void => writeNote(name, String(atMs)),
  }
}

/** All that is noted of a profile. */
export function forgetNotes(profile: string): void {
  for (const name of [seenNote(profile), toldNote(profile)]) writeNote(name, null)
}

const seenNote = (profile: string): string => `blocktree-${profile}-seen`
const toldNote = (profile: string): string => `blocktree-${profile}-told`

// A browser that blocks the site's data throws at the very word; then nothing is remembered, as nothing is kept.
function readNote(name: string): string {
  try {
    return localStorage.getItem(name) ?? ''
  } catch {
    return ''
  }
}
function writeNote(name: string, note: string | null): void {
  try {
    if (note === null) localStorage.removeItem(name)
    else localStorage.setItem(name, note)
  } catch {
    // As above; or there is no room, which the node tells of.
  }
}
