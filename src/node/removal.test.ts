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
  endMs,
  founded,
  mallory,
  nodeCap,
  ownerCap,
  person,
  withDevice,
} from '../core/tree/testing/forest.ts'
import { byCard } from '../core/tree/testing/roots.ts'
import { claimsNow } from './removal.ts'

const laptop = person(21)
const before = withDevice(founded(), laptop)
const after = commit(before, [byCard(before, 0, passkey(31))], 3000).state

const judged = (state: TreeState, operation: Operation, chain: Chain = [], nowMs = 5000): string => {
  if (operation.tag !== 'dismiss') throw new Error('"operation" expected a dismissal')
  const claims = claimsNow(state, { ...operation.value, chain }, principalOf(laptop.credential), nowMs)
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

describe('a farewell that a device signed', () => {
  const byAlice = dismissedBy(laptop, alice, aliceCap)

  test('counts no more when that one’s time has ended', () => {
    expect(judged(before, byAlice, [aliceCap], endMs - 1)).toBe('ok')
    expect(judged(before, byAlice, [aliceCap], endMs)).toBe('writecapExpired')
  })

  test('counts no more when that one was put out itself, nor when it was let in by such a one', () => {
    const without = commit(before, [dismissedBy(alice, laptop, ownerCap(laptop))], 3000).state
    expect(judged(without, byAlice, [aliceCap])).toBe('writecapRevoked')
    const passedOn = nodeCap(alice, mallory)
    const byMallory = dismissedBy(laptop, mallory, passedOn)
    expect(judged(before, byMallory, [passedOn, aliceCap])).toBe('ok')
    expect(judged(without, byMallory, [passedOn, aliceCap])).toBe('writecapRevoked')
  })

  test('counts whatever became of that one, where it left by itself', () => {
    const own = ownerCap(laptop)
    expect(judged(before, dismissedBy(laptop, laptop, own), [own], endMs)).toBe('ok')
  })
})
