import { expect, test } from 'vitest'
import { toHex } from '../core/bytes/bytes.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import {
  alice,
  change,
  childPath,
  commit,
  dismissedByRoot,
  founded,
  id,
  mallory,
  newDirectory,
  ownerCap,
  person,
  root,
  treeId,
  withDevice,
} from '../core/tree/testing/forest.ts'
import { emptyTree } from '../core/tree/tree.ts'
import { knownTransports, otherDevices } from './devices.ts'

const [laptop, guest] = [person(21), person(22)]
const idOf = ({ credential }: typeof alice) => principalOf(credential)

test('only the owner’s own devices take part, and none that was put out', () => {
  const withFolder = commit(founded(), [change(newDirectory(root, id(2)), id(9))]).state
  const withLaptop = withDevice(withFolder, laptop)
  const withGuest = withDevice(withLaptop, guest, ownerCap(guest, childPath(root, id(2)), 0))
  const names = (state: typeof withGuest) => otherDevices(state, idOf(alice)).map(({ principal }) => toHex(principal))
  expect(names(withGuest)).toEqual([toHex(idOf(laptop))])
  const dismissed = commit(withGuest, [dismissedByRoot(laptop)]).state
  expect(names(dismissed)).toEqual([])
  const known = knownTransports(dismissed, [])
  expect(known.devices.map(({ transportId }) => toHex(transportId))).toEqual(
    expect.arrayContaining([alice, guest].map((one) => toHex(one.transportId))),
  )
  expect(known.dismissed.map(({ transportId }) => toHex(transportId))).toEqual([toHex(laptop.transportId)])
})

test('who holds nothing of the tree yet knows those alone that it was told of', () => {
  const told = { principal: idOf(mallory), transportId: mallory.credential.signingKey }
  expect(otherDevices(emptyTree(treeId), idOf(alice), [told])).toEqual([told])
  expect(otherDevices(emptyTree(treeId), idOf(alice))).toEqual([])
})
