/**
 * What the page offers by itself: one thing at a time, so that it never stands before the tree; the more urgent first.
 *
 * Pure.
 * @module
 */
import type { TreeStatus } from '../node/api.ts'
import type { Offer } from './part/offer.ts'
import type { Route } from './route.ts'
import { words } from './words.ts'

/** A newer version of the page: it waits, was asked in, or was let in by another tab. */
export interface NewVersion {
  readonly state: 'waiting' | 'coming' | 'letIn'
  readonly use: () => void
}

export interface Occasion {
  readonly route: Route
  /** undefined before the tree is known. */
  readonly isPlanted: boolean | undefined
  readonly newVersion: NewVersion | null
  /** The tree that was here is gone; null where none was lost. */
  readonly lost: { readonly isPlanted: boolean } | null
  /** This device was put out of its tree. */
  readonly removed: TreeStatus['removed']
  /** This device is limited. */
  readonly limited: TreeStatus['limited']
  /** Goes where it is said what it may. */
  readonly lookAtLimits: () => void
  /** Goes where what is here can be saved. */
  readonly save: () => void
  /** Goes where a lost tree can be brought back. */
  readonly bringBack: () => void
  readonly forgetLost: () => void
  /** How much the tree did not take that was done here. */
  readonly quarantinedCount: number
  /** Goes where that can be seen. */
  readonly lookAtQuarantine: () => void
  /** What was here before this tree. */
  readonly aside: TreeStatus['aside']
  /** Goes where that can be seen. */
  readonly lookAtAside: () => void
  readonly plant: () => void
  /** Goes where the tree of another device is joined. */
  readonly join: () => void
  readonly deviceCount: number
  readonly isPhone: boolean
  /** Goes where another device is let in. */
  readonly addDevice: () => void
  /** Shows it with a pretend phone; null where there is one, or this is one. */
  readonly pretend: (() => void) | null
  /** This tree is one to try things with. */
  readonly isTrial: boolean
  /** Shows the browser's own question. */
  readonly install: (() => void) | null
}

export function offerAt(occasion: Occasion): Offer | null {
  const { route, isPlanted, deviceCount, isPhone, lost, bringBack, forgetLost, plant, install } = occasion
  const { newVersion } = occasion
  if (newVersion) {
    const { state, use } = newVersion
    return { ...words.update[state], icon: 'restore', accept: state === 'coming' ? null : use }
  }
  if (occasion.removed && route !== '/devices') {
    const { quarantinedCount: count, lookAtQuarantine } = occasion
    const isHidden = count > 0 && route !== '/quarantine'
    return {
      text: words.removed.text(occasion.removed.by),
      button: words.removed.button,
      icon: 'warn',
      accept: occasion.save,
      others: isHidden ? [{ button: words.removed.look(count), accept: lookAtQuarantine }] : [],
    }
  }
  if (route !== '/' || occasion.isTrial) return null
  if (occasion.limited && occasion.limited.folder !== 'there') {
    const { folder, folderName } = occasion.limited
    const { button } = words.guestFolder
    return { text: words.guestFolder[folder](folderName), button, icon: 'warn', accept: occasion.lookAtLimits }
  }
  if (lost?.isPlanted) return { ...words.lost.planted, icon: 'warn', accept: bringBack }
  if (lost) return { ...words.lost.local, icon: 'warn', accept: forgetLost }
  if (occasion.quarantinedCount > 0) {
    const { text, button } = words.quarantine.offer
    return { text: text(occasion.quarantinedCount), button, icon: 'warn', accept: occasion.lookAtQuarantine }
  }
  if (occasion.aside && occasion.aside.trouble !== null)
    return { ...words.notMovedIn, icon: 'warn', accept: occasion.lookAtAside }
  const show = occasion.pretend ? [{ button: words.pretend, accept: occasion.pretend }] : []
  if (isPlanted === false) {
    const { text, button, join } = words.plant.offer
    const others = [...show, { button: join, accept: occasion.join }]
    return { text, button, icon: 'sprout', accept: plant, others }
  }
  if (isPlanted && deviceCount === 1) {
    const [text, button] = [words.addDevice.text(isPhone), words.addDevice.button(isPhone)]
    return { text, button, icon: 'devices', accept: occasion.addDevice, others: show }
  }
  return install && { ...words.install, icon: 'download', accept: install }
}
