import { expect, test } from 'vitest'
import { type Bytes, toHex } from '../core/bytes/bytes.ts'
import { principalOf, signEd25519 } from '../core/crypto/crypto.ts'
import { type Writecap, isFor, rights } from '../core/cap/cap.ts'
import { blockIdOf, rootBlockId } from '../core/path/path.ts'
import { type TreeState, accessOf, excerptFor, isKeyOwed, withAccess } from '../core/tree/tree.ts'
import {
  type Person,
  alice,
  aliceCap,
  change,
  childPath,
  commit,
  dismissedBy,
  founded,
  hash,
  id,
  newDirectory,
  nextAccess,
  ownerCap,
  person,
  root,
  treeId,
  withDevice,
} from '../core/tree/testing/forest.ts'
import { Author } from './author.ts'
import type { KeyRing } from './read/key-ring.ts'
import { Records, sealingKeyOf } from './records.ts'

const [phone, camera, tablet] = [person(3), person(4), person(5)]
const mail = childPath(root, id(1))
const letters = childPath(mail, id(2))
const drafts = childPath(mail, id(3))
const cameraCap = ownerCap(camera, mail, rights.write)

/** The camera has mail, the tablet the letters in it, and the phone had all. */
const shared = [
  (state: TreeState) => commit(state, [change(newDirectory(root, id(1)))]).state,
  (state: TreeState) => commit(state, [change([...newDirectory(mail, id(2)), ...newDirectory(mail, id(3))])]).state,
  (state: TreeState) => withDevice(state, phone),
  (state: TreeState) => withDevice(state, camera, cameraCap),
  (state: TreeState) => withDevice(state, tablet, ownerCap(tablet, letters, rights.write)),
].reduce((state, grow) => grow(state), founded())

/** Under a new key, which the phone is not given. */
function renewed(state: TreeState, block: Bytes, parentKeyEpoch: number): TreeState {
  const { keyEpoch, readcaps } = accessOf(state, block)!.fields
  const rest = readcaps.filter((readcap) => !isFor(readcap, principalOf(phone.credential)))
  const earlierKeys = Array.from({ length: keyEpoch }, () => new Uint8Array(72))
  const fields = { keyEpoch: keyEpoch + 1, parentKeyEpoch, readcaps: rest, earlierKeys }
  const { state: after, outcomes } = commit(state, [change([nextAccess(state, block, fields)])])
  expect(outcomes).toMatchObject([{ ok: true }])
  return after
}
/** Mail has its new key, what is in it not yet. */
const inBetween = [
  (state: TreeState) => commit(state, [dismissedBy(phone, alice, aliceCap)]).state,
  (state: TreeState) => renewed(state, rootBlockId(treeId), 0),
  (state: TreeState) => renewed(state, id(1), 2),
].reduce((state, next) => next(state), shared)

const blind = { keyOf: () => hash(9), learn: () => {} } as unknown as KeyRing
function recordsOf({ credential, secret }: Person, { hash: writecapHash }: Writecap, ring = blind): Records {
  const sign = async (message: Bytes) => signEd25519(secret, message)
  const hybridKey = () => Promise.reject(new Error('not asked for'))
  const platform = {
    random: { bytes: (sizeBytes: number) => new Uint8Array(sizeBytes) },
    crypto: { sealTo: async () => new Uint8Array(80) },
  } as unknown as ConstructorParameters<typeof Records>[2]
  return new Records(ring, new Author({ credential, sign, open: () => null, hybridKey }, () => writecapHash), platform)
}

test('a guest gives no key to a folder in its own that another one reads', async () => {
  const excerpt = excerptFor(inBetween, principalOf(camera.credential))!
  for (const path of [letters, drafts]) expect(isKeyOwed(excerpt, blockIdOf(path))).toBe(true)
  const records = recordsOf(camera, cameraCap)
  await expect(records.renewed(excerpt, id(2), hash(1))).rejects.toMatchObject({ code: 'keyAwaited' })
  expect((await records.renewed(excerpt, id(3), hash(1))).records).toHaveLength(1)
})

test('an own device does, and whoever could read goes on reading', async () => {
  const { records } = await recordsOf(alice, aliceCap).renewed(inBetween, id(2), hash(1))
  const { outcomes, state } = commit(inBetween, [change(records)])
  expect(outcomes).toMatchObject([{ ok: true }])
  const { readcaps } = accessOf(state, id(2))!.fields
  expect(readcaps.some((readcap) => isFor(readcap, principalOf(tablet.credential)))).toBe(true)
})

test('one seed gives one key, and another one where others were put out', async () => {
  const learned: string[] = []
  const ring = { keyOf: () => hash(9), learn: (_: unknown, key: Bytes) => learned.push(toHex(key)) }
  const records = recordsOf(alice, aliceCap, ring as unknown as KeyRing)
  const withoutTablet = commit(inBetween, [dismissedBy(tablet, alice, aliceCap)]).state
  for (const state of [inBetween, inBetween, withoutTablet]) await records.otherKey(state, id(2), hash(1))
  expect(learned[1]).toBe(learned[0])
  expect(learned[2]).not.toBe(learned[0])
})

test('what can get no other key is written under the one that it has', () => {
  const earlierKeys = Array.from({ length: 255 }, () => new Uint8Array(72))
  const full = withAccess(shared, nextAccess(shared, id(2), { keyEpoch: 256, earlierKeys }))
  const ring = { keyOf: () => hash(7) }
  expect(sealingKeyOf(full, ring, id(2), { bytes: hash })).toEqual({ block: id(2), key: hash(7), keyEpoch: 256 })
  const owing = commit(full, [dismissedBy(phone, alice, aliceCap)]).state
  expect(() => sealingKeyOf(owing, ring, id(2), { bytes: hash })).toThrow('too many keys')
})
