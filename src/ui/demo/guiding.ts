/**
 * What there is to do with a pretend phone: the next step, from what both sides say.
 *
 * Pure.
 * @module
 */
import type { Inviting } from '../../node/api.ts'
import type { SeenTree } from '../seen-tree.ts'

/**
 * `plant`: nobody could sign for a second device yet. `other`: the phone is at home in another tree. `begin`: no code is shown.
 * `scan`: one is. `answer`: the phone has read it. `digits`, `approval`: this device is asked. `coming`: let in, the tree is on
 * its way. `share`: both hold it. `cut`: they do, and can not tell each other.
 */
export type Guide = 'plant' | 'other' | 'begin' | 'scan' | 'answer' | 'digits' | 'approval' | 'coming' | 'share' | 'cut'

export interface PretendSituation {
  readonly own: SeenTree
  /** What the phone has shown last; null where it was never opened. */
  readonly phone: SeenTree | null
  readonly inviting: Inviting | null
  /** The phone was given the code that is shown. */
  readonly isScanned: boolean
  readonly isPulled: boolean
}

export function guideAt({ own, phone, inviting, isScanned, isPulled }: PretendSituation): Guide {
  if (!own.isPlanted) return 'plant'
  if (phone?.treeId === own.treeId) return isPulled ? 'cut' : 'share'
  if (phone?.isPlanted) return 'other'
  switch (inviting?.stage) {
    case undefined:
    case 'ended':
      return 'begin'
    case 'code':
      return isScanned ? 'answer' : 'scan'
    case 'scanned':
      return 'answer'
    case 'digits':
    case 'approval':
      return inviting.stage
    case 'admitting':
    case 'admitted':
      return 'coming'
  }
}
