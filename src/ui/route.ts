/**
 * Addresses of the page's own views: `#/trash`, and `#/trash&as=phone` for a second profile.
 *
 * All stays behind the `#`, which no browser sends to a server, so every static host serves every view.
 * @module
 */

export const routes = ['/', '/trash', '/storage', '/plant', '/recover', '/fragments'] as const
export type Route = (typeof routes)[number]

/** An unknown view is the tree: an old or foreign link never ends on an empty page. */
export function routeOf(hash: string): Route {
  const path = partsOf(hash).find((part) => part.startsWith('/'))
  return routes.find((route) => route === path) ?? '/'
}

/** The address of a view, with whatever else the present address says, such as the profile. */
export const hashOf = (route: Route, hash: string): string =>
  '#' + [route, ...partsOf(hash).filter((part) => !part.startsWith('/'))].join('&')

const partsOf = (hash: string): readonly string[] =>
  hash
    .replace(/^#/, '')
    .split('&')
    .filter((part) => part !== '')
