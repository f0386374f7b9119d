import { describe, expect, test } from 'vitest'
import { principalOf } from '../core/crypto/crypto.ts'
import { passkey } from '../core/crypto/testing/authenticator.ts'
import type { Chain } from '../core/cap/cap.ts'
import type { Operation, TreeState } from '../core/tree/tree.ts'
import {
  alice,
  aliceCap,
  commit,
  dismissedBy,
  dismissedByRoot,
  founded,
  mallory,
  ownerCap,
  person,
  withDevice,
} from '../core/tree/testing/forest.ts'
import { byCard } from '../core/tree/testing/roots.ts'
import { claimsNow } from './removal.ts'

const laptop = person(21)
const before = withDevice(founded(), laptop)
const after = commit(before, [byCard(before, 0, passkey(31))], 3000).state

const judged = (state: TreeState, operation: Operation, chain: Chain = []): string => {
  if (operation.tag !== 'dismiss') throw new Error('"operation" expected a dismissal')
  const claims = claimsNow(state, { ...operation.value, chain }, principalOf(laptop.credential))
  return claims.ok ? 'ok' : claims.fault.code
}

describe('a farewell, once the keys of the root were replaced', () => {
  test('counts no more by the old ones', () => {
    expect(judged(before, dismissedByRoot(laptop))).toBe('ok')
    expect(judged(after, dismissedByRoot(laptop))).toBe('setReplaced')
  })

  test('counts by a device that the tree has, and by none that the old ones would bring in', () => {
    expect(judged(after, dismissedBy(laptop, alice, aliceCap), [aliceCap])).toBe('ok')
    const stolen = ownerCap(mallory)
    expect(judged(before, dismissedBy(laptop, mallory, stolen), [stolen])).toBe('ok')
    expect(judged(after, dismissedBy(laptop, mallory, stolen), [stolen])).toBe('setReplaced')
  })
})
