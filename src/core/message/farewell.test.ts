import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, must, toHex } from '../bytes/bytes.ts'
import { principalOf, verifyClaim } from '../crypto/crypto.ts'
import { damaged } from '../crypto/testing/damage.ts'
import { type Chain, type Writecap, rights } from '../cap/cap.ts'
import { type Dismissal, type Operation, setOf } from '../tree/tree.ts'
import {
  type Person,
  alice,
  aliceCap,
  childPath,
  dismissedBy,
  dismissedByRoot,
  founded,
  hash,
  id,
  mallory,
  nodeCap,
  ownerCap,
  person,
  root,
  treeId,
} from '../tree/testing/forest.ts'
import { type Farewell, claimsOfFarewell, decodeFarewell, encodeFarewell } from './message.ts'

const phone = person(3)
const of = ({ credential }: Person): Bytes => principalOf(credential)
const said = (operation: Operation, ...chain: readonly Writecap[]): Farewell => ({
  dismissal: (operation.value as { dismissal: Dismissal }).dismissal,
  chain,
})
const known = (setHash: Bytes) => setOf(founded(), setHash)
/** What a device makes of it. */
function heard(farewell: Farewell, device = of(phone), tree = treeId): string {
  const claims = claimsOfFarewell(farewell, tree, device, known)
  if (!claims.ok) return claims.fault.code
  return claims.value.every(verifyClaim) ? 'true' : 'forged'
}
const byAlice = said(dismissedBy(phone, alice, aliceCap), aliceCap)

test('golden', async () => {
  const octets = [byAlice, said(dismissedByRoot(phone))].map((farewell) => `${toHex(encodeFarewell(farewell))}\n`)
  await expect(octets.join('')).toMatchFileSnapshot('farewell.golden.txt')
  expect(must(decodeFarewell(encodeFarewell(byAlice)))).toEqual(byAlice)
})

describe('a farewell holds', () => {
  test.each([
    ['by a device that may let others in and put them out', byAlice],
    ['by the root', said(dismissedByRoot(phone))],
    ['by the device itself', said(dismissedBy(phone, phone, ownerCap(phone)), ownerCap(phone))],
    [
      'by a limited device itself',
      said(
        dismissedBy(phone, phone, ownerCap(phone, childPath(root, id(1)), rights.write)),
        ownerCap(phone, childPath(root, id(1)), rights.write),
      ),
    ],
  ])('%s', (_, farewell) => expect(heard(farewell)).toBe('true'))
  test('though the permission of who signed it has ended since', () => {
    const ended = ownerCap(alice, root, undefined, 1)
    expect(heard(said(dismissedBy(phone, alice, ended), ended))).toBe('true')
  })
})

describe('a farewell does not hold', () => {
  const guestCap = ownerCap(mallory, childPath(root, id(1)), rights.write | rights.grant)
  const writerCap = ownerCap(mallory, root, rights.write)
  const selfMade = nodeCap(mallory, mallory)
  test.each<[string, Farewell, string]>([
    ['without the permission that it names', said(dismissedBy(phone, alice, aliceCap)), 'chainLength'],
    [
      'with another one',
      said(dismissedBy(phone, alice, aliceCap), ownerCap(alice, root, rights.grant)),
      'farewellForeign',
    ],
    ['with that of another device', said(dismissedBy(phone, mallory, aliceCap), aliceCap), 'farewellForeign'],
    ['by one who may pass on a folder alone', said(dismissedBy(phone, mallory, guestCap), guestCap), 'farewellForeign'],
    ['by one who may only write', said(dismissedBy(phone, mallory, writerCap), writerCap), 'farewellForeign'],
    ['by the root, with a chain beside it', said(dismissedByRoot(phone), aliceCap), 'farewellForeign'],
    ['by one whom the root gave nothing', said(dismissedBy(phone, mallory, selfMade), selfMade), 'farewellForeign'],
    [
      'under a permission whose issuer did not hold the next',
      said(dismissedBy(phone, mallory, selfMade), selfMade, aliceCap),
      'farewellForeign',
    ],
    [
      'with the signature of another',
      {
        ...byAlice,
        dismissal: { ...byAlice.dismissal, signature: said(dismissedBy(phone, mallory, aliceCap)).dismissal.signature },
      },
      'forged',
    ],
    [
      'with a permission that the root did not sign',
      { ...byAlice, chain: [{ ...aliceCap, signature: ownerCap(mallory).signature }] as Chain },
      'forged',
    ],
  ])('%s', (_, farewell, verdict) => expect(heard(farewell)).toBe(verdict))
  test('for another device, or in another tree', () => {
    expect(heard(byAlice, of(mallory))).toBe('farewellForeign')
    expect(heard(byAlice, of(phone), hash(1))).toBe('farewellForeign')
  })
  test('cut, extended or flipped', () => {
    fc.assert(
      fc.property(damaged(encodeFarewell(byAlice)), (octets) => {
        const decoded = decodeFarewell(octets)
        return !decoded.ok || heard(decoded.value) !== 'true'
      }),
      { numRuns: 300 },
    )
  })
})
