/**
 * The page's half of the web server: registers the service worker, starts workers, knows its profile and what the host says of itself.
 * @module
 */
import { contentPrefix, defaultProfile, isProfile } from './address.ts'
import { readFacts } from './facts.ts'

export { followCord, isFramed, setCord } from './cord.ts'
export { forgetNotes, seenTreeOf, toldOf } from './notes.ts'

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

/** The profile that is a pretend phone beside another one, in the same page. */
export const pretendProfileOf = (profile: string): string =>
  profile === defaultProfile ? 'phone' : `${profile}-phone`.slice(-32)
