/**
 * The link that an invitation is shown as, where it leads, and what is one.
 *
 * Pure.
 * @module
 */
import type { HostFacts } from '../ports.ts'
import { invitationHash, routeOf, takeCode } from '../route.ts'

/** Who can follow a link. `thisComputer`: its own browsers only. `unsaid`: the host does not say where others reach it. */
export type Reach = 'everyone' | 'thisComputer' | 'unsaid'

export interface Site {
  /** The address of the site, to its last slash. */
  readonly address: string
  readonly reach: Reach
}

/** @param page the address of this page; used where the host names none that others reach */
export function siteOf({ origins }: HostFacts, page: URL): Site {
  const origin = origins.find((each) => !isOfThisComputer(new URL(each).hostname))
  const path = page.pathname.replace(/[^/]*$/, '')
  if (origin !== undefined) return { address: origin + path, reach: 'everyone' }
  return { address: page.origin + path, reach: isOfThisComputer(page.hostname) ? 'thisComputer' : 'unsaid' }
}

const isOfThisComputer = (hostname: string): boolean =>
  /^(.*\.)?localhost$/.test(hostname) || /^127(\.\d+){3}$/.test(hostname) || hostname === '[::1]'

export const linkTo = ({ address }: Site, code: string): string => address + invitationHash(code)

/** Longer than any QR code. */
const textLengthMax = 4500
/** An invitation has 100 to 320 octets. */
const codePattern = /^[\w-]{120,430}$/

/**
 * The code in what was scanned or pasted; what it says is for the node to judge.
 * @param text may have other words around the link, as messengers send it
 * @returns null where this is no link to an invitation
 */
export function codeIn(text: string): string | null {
  if (text.length > textLengthMax) return null
  const [hash = ''] = /#\S*/.exec(text) ?? []
  const { code } = takeCode(hash)
  return routeOf(hash) === '/join' && code !== null && codePattern.test(code) ? code : null
}
