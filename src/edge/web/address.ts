/**
 * Addresses of this site that page and service worker both know.
 * @module
 */

/** `t/<id>` under the site's root is content of the tree; `?as=<profile>` names another profile than the first one. */
export const contentPrefix = 't/'
export const defaultProfile = 'main'

/** It names databases, locks and channels, so nothing in it may have a meaning there. */
export const isProfile = (text: string): boolean => /^[a-z0-9-]{1,32}$/.test(text)

/** The profile whose content an address names; null where it names what is none. */
export function profileIn({ searchParams }: URL): string | null {
  const named = searchParams.get('as') ?? defaultProfile
  return isProfile(named) ? named : null
}
