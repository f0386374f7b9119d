/**
 * What the page offers by itself: one thing at a time, so that it never stands before the tree; the more urgent first.
 *
 * Pure.
 * @module
 */
import type { Offer } from './part/offer.ts'
import type { Route } from './route.ts'
import { words } from './words.ts'

export interface Occasion {
  readonly route: Route
  /** undefined before the tree is known. */
  readonly isPlanted: boolean | undefined
  /** Lets a newer version in that waits. */
  readonly useNewVersion: (() => void) | null
  readonly plant: () => void
  /** Shows the browser's own question. */
  readonly install: (() => void) | null
}

export function offerAt({ route, isPlanted, useNewVersion, plant, install }: Occasion): Offer | null {
  if (useNewVersion) return { ...words.update, icon: 'restore', accept: useNewVersion }
  if (route !== '/') return null
  if (isPlanted === false) return { ...words.plant.offer, icon: 'sprout', accept: plant }
  return install && { ...words.install, icon: 'download', accept: install }
}
