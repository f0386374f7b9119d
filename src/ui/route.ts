/**
 * Addresses of the page's own views: `#/trash`, and `#/trash&as=phone` for a second profile.
 *
 * All stays behind the `#`, which no browser sends to a server, so every static host serves every view.
 * @module
 */

export const routes = [
  '/',
  '/devices',
  '/trash',
  '/storage',
  '/plant',
  '/recover',
  '/card',
  '/join',
  '/fragments',
  '/quarantine',
  '/audit',
  '/sim',
  '/shared',
] as const
export type Route = (typeof routes)[number]

/** An unknown view is the tree: an old or foreign link never ends on an empty page. */
export function routeOf(hash: string): Route {
  const path = partsOf(hash).find((part) => part.startsWith('/'))
  return routes.find((route) => route === path) ?? '/'
}

/** The address of a view, with whatever else the present address says that is not of one view alone, such as the profile. */
export const hashOf = (route: Route, hash: string): string =>
  '#' + [route, ...partsOf(hash).filter((part) => !part.startsWith('/') && !isOfOneView(part))].join('&')

/** What is played in the simulator. */
export interface Play {
  readonly seed: number
  readonly deviceCount: number
  /** Trouble comes by itself from the beginning. */
  readonly isTroubled: boolean
}
/** What an address says of it; what it does not say, or says wrong, is as at first. */
export function playOf(hash: string): Play {
  const number = (mark: string, min: number, max: number, otherwise: number): number => {
    const value = Number(valueOf(hash, mark))
    return Number.isInteger(value) && value >= min && value <= max ? value : otherwise
  }
  return {
    seed: number(seedMark, 1, seedMax, 1),
    deviceCount: number(devicesMark, playDeviceCounts[0], playDeviceCounts.at(-1)!, 5),
    isTroubled: partsOf(hash).includes(troubleMark),
  }
}
export const playHash = ({ seed, deviceCount, isTroubled }: Play, hash: string): string =>
  [hashOf('/sim', hash), seedMark + seed, devicesMark + deviceCount, ...(isTroubled ? [troubleMark] : [])].join('&')
export const seedMax = 999_999
export const playDeviceCounts = [3, 4, 5, 6, 7] as const
const seedMark = 'seed='
const devicesMark = 'devices='
const troubleMark = 'trouble'
const isOfOneView = (part: string): boolean =>
  part === troubleMark || [seedMark, devicesMark, farMark].some((mark) => part.startsWith(mark))

/** The address of something in another tree. @param id as the node names it */
export const farHash = (id: string, hash: string): string => {
  const rest = partsOf(hash).filter((part) => !part.startsWith(farMark))
  return `${hashOf('/shared', `#${rest.join('&')}`)}&${farMark}${id}`
}
/** Whether an id is of something in another tree. */
export const isFarId = (id: string): boolean => id.includes('.')
/** Of that, its id; empty where the address names none. */
export const farIdIn = (hash: string): string => valueOf(hash, farMark) ?? ''

/**
 * Takes the code of an invitation out of an address: what is left of it may be seen by others.
 * @returns the code, or null where the address has none
 */
export function takeCode(hash: string): { readonly code: string | null; readonly rest: string } {
  const code = valueOf(hash, codeMark)
  const rest = partsOf(hash).filter((part) => !part.startsWith(codeMark))
  return code === null ? { code, rest: hash } : { code, rest: `#${rest.join('&')}` }
}

/** The address of an invitation, under that of the site. */
export const invitationHash = (code: string): string => `#/join&${codeMark}${code}`

/** Where to join in a further profile of this browser, which is a device of its own. @param code null: it is yet to be read there */
export function besideHash(hash: string, code: string | null): string {
  const count = Number(valueOf(hash, profileMark))
  const profile = `${profileMark}${count > 1 ? count + 1 : 2}`
  return ['#/join', profile, ...(code === null ? [] : [codeMark + code])].join('&')
}

/** Whether a pretend phone stands beside the page. */
export const hasPretend = (hash: string): boolean => partsOf(hash).includes(pretendMark)
/** The same view with the pretend phone, or without. */
export function pretendHash(hash: string, isThere: boolean): string {
  const rest = partsOf(hash).filter((part) => part !== pretendMark)
  return `#${(isThere ? [...rest, pretendMark] : rest).join('&')}`
}
/** A profile to try things with, apart from a person's own tree. */
export const trialProfile = 'try'
/** It, and the pretend phone beside it. */
export const trialHash = `#/&as=${trialProfile}&pretend`
/** Back at the own tree, from where the trial is removed. */
export const trialOverHash = '#/&trial=over'
/** What is in the frame: the tree of a pretend device, or the view where it joins with a code. @param code null: none is shown yet */
export const framedHash = (profile: string, route: Route, code: string | null = null): string =>
  `#${[route, ...(code === null ? [] : [codeMark + code]), profileMark + profile].join('&')}`

const farMark = 'far='
const pretendMark = 'pretend'
const codeMark = 'code='
const profileMark = 'as='

const partsOf = (hash: string): readonly string[] =>
  hash
    .replace(/^#/, '')
    .split('&')
    .filter((part) => part !== '')

const valueOf = (hash: string, mark: string): string | null =>
  partsOf(hash)
    .find((part) => part.startsWith(mark))
    ?.slice(mark.length) ?? null
