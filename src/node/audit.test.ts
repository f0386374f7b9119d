import { describe, expect, test } from 'vitest'
import { compare } from '../core/bytes/bytes.ts'
import { passkey } from '../core/crypto/testing/authenticator.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import {
  type Person,
  alice,
  aliceCap,
  appointed,
  change,
  childPath,
  commit,
  dismissedBy,
  dismissedByRoot,
  founded,
  id,
  newDirectory,
  ownerCap,
  person,
  root,
  takeOver,
  withDevice,
} from '../core/tree/testing/forest.ts'
import { rights } from '../core/cap/cap.ts'
import type { TreeState } from '../core/tree/tree.ts'
import { added, byCard } from '../core/tree/testing/roots.ts'
import { objectionMs } from '../core/tree/tree.ts'
import { type Grant, grantsIn, happeningsIn } from './audit.ts'

const [laptop, camera, desk] = [person(21), person(22), person(23)]
const idOf = ({ credential }: Person) => principalOf(credential)
const folder = id(2)
const names = new Map(
  [alice, laptop, camera, desk].map((one, at) => [String(idOf(one)), 'alice laptop camera desk'.split(' ')[at]!]),
)
const nameOf = (principal: Uint8Array | null): string =>
  principal === null ? 'root' : (names.get(String(principal)) ?? '?')
const told = (state: TreeState) =>
  happeningsIn(state).map((each) => {
    if (each.kind === 'signersChanged')
      return `${each.atMs} signers +${each.addedCount} -${each.removedCount} by ${each.by}`
    const by = 'by' in each ? [` by ${nameOf(each.by)}`] : []
    return `${each.atMs} ${each.kind} ${nameOf(each.device)}${by.join('')}`
  })
const given = (state: TreeState) =>
  grantsIn(state).map(
    ({ reader, folder: within, mayWrite, isDismissed }: Grant) =>
      `${nameOf(reader)} ${within === null ? 'tree' : 'folder'}${mayWrite ? ' writes' : ''}${isDismissed ? ' out' : ''}`,
  )

const grown = (): TreeState => commit(founded(), [change(newDirectory(root, folder), id(9))], 1500).state
const withCamera = (until = 9000, stampMs = 2500): TreeState =>
  withDevice(grown(), camera, ownerCap(camera, childPath(root, folder), rights.write, until), stampMs)

describe('what happened', () => {
  test('begins with the planting', () => expect(told(founded())).toEqual(['1000 planted alice']))

  test('tells who was let in, as what, where and until when', () => {
    expect(told(withCamera())).toEqual(['2500 admitted camera by alice', '1000 planted alice'])
    expect(happeningsIn(withCamera())[0]).toMatchObject({ mayWrite: true, untilMs: 9000, folder })
    const withLaptop = withDevice(grown(), laptop, ownerCap(laptop), 2500)
    expect(happeningsIn(withLaptop)[0]).toMatchObject({ mayWrite: true, folder: null })
  })

  test('tells of more time, over the admission whose first end stays told', () => {
    const longer = ownerCap(camera, childPath(root, folder), rights.write, 12_000)
    const state = commit(withCamera(), [{ tag: 'extend', value: { writecap: longer } }], 3000).state
    expect(happeningsIn(state).slice(0, 2)).toMatchObject([
      { kind: 'extended', untilMs: 12_000, beforeMs: 9000 },
      { kind: 'admitted', untilMs: 9000 },
    ])
    expect(grantsIn(state).at(-1)).toMatchObject({ untilMs: 12_000 })
  })

  test('tells who was put out, and by whom; the newest first', () => {
    const both = withDevice(withCamera(), laptop, ownerCap(laptop), 2600)
    const one = commit(both, [dismissedBy(camera, alice, aliceCap)], 3000).state
    const two = commit(one, [dismissedByRoot(laptop)], 4000).state
    expect(told(two)).toEqual([
      '4000 dismissed laptop by root',
      '3000 dismissed camera by alice',
      '2600 admitted laptop by alice',
      '2500 admitted camera by alice',
      '1000 planted alice',
    ])
  })

  test('tells of a device that went on alone, and came by the card', () => {
    const state = commit(grown(), [takeOver(grown(), desk)], 5000).state
    expect(told(state)).toEqual(['5000 admitted desk by root', '1500 tookOver desk', '1000 planted alice'])
  })

  test('tells whom the owner chose to decide, as long as that is the last choice, and when it ended', () => {
    const withLaptop = withDevice(grown(), laptop, ownerCap(laptop), 2500)
    const chosen = commit(withLaptop, [appointed(withLaptop, [alice, laptop])], 3000).state
    expect(told(chosen)).toEqual(['3000 appointed alice', ...told(withLaptop)])
    const deciders = [alice, laptop].map(idOf).toSorted(compare)
    expect(happeningsIn(chosen)[0]).toMatchObject({ deciders, endedAtMs: null })
    const without = commit(chosen, [dismissedByRoot(laptop)], 4000).state
    expect(happeningsIn(without)[1]).toMatchObject({ kind: 'appointed', atMs: 3000, endedAtMs: 4000 })
    const left = commit(without, [appointed(without, [])], 5000).state
    expect(happeningsIn(left)[0]).toMatchObject({ kind: 'appointed', deciders: [], endedAtMs: null })
    expect(told(left).filter((line) => line.includes('appointed'))).toEqual(['5000 appointed alice'])
  })

  test('tells when others came to sign for the tree, once they count', () => {
    const [first, second, third] = [passkey(31), passkey(32), passkey(33)]
    const withFirst = commit(grown(), [byCard(grown(), 0, first)], 2000).state
    const waiting = commit(withFirst, [added(withFirst, first, second)], 3000).state
    expect(told(waiting)).toEqual(told(withFirst))
    const withBoth = commit(waiting, [dismissedByRoot(laptop)], 3000 + objectionMs).state
    const replaced = commit(withBoth, [byCard(withBoth, 1, third)], 4000 + objectionMs).state
    expect(told(replaced)).toEqual([
      `${4000 + objectionMs} signers +1 -2 by recoveryCard`,
      `${3000 + objectionMs} signers +1 -0 by passkey`,
      '2000 signers +1 -0 by recoveryCard',
      ...told(grown()),
    ])
  })
})

describe('who has a key now', () => {
  test('is the owner, his devices, and guests in their folders', () => {
    const state = withDevice(withCamera(), laptop, ownerCap(laptop), 2600)
    expect(given(state).toSorted()).toEqual(['camera folder writes', 'laptop tree writes', ...given(founded())])
  })

  test('one that may only read is no writer', () => {
    const state = withDevice(grown(), camera, ownerCap(camera, childPath(root, folder), 0, 9000), 2500)
    expect(given(state)).toContain('camera folder')
  })

  test('one that was put out is listed as such for as long as its key is in force', () => {
    const state = commit(withCamera(), [dismissedByRoot(camera)], 3000).state
    expect(given(state)).toContain('camera folder out')
  })
})
