/**
 * Every decoder of a format that comes from outside, fed with truncated, extended, flipped and non-canonical octets: a typed
 * fault or the very value, never an exception, and what is accepted encodes to the same octets.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Codec, concat, decode, encode, equal } from '../bytes/bytes.ts'
import { credentialSetWire, principalOf, publicCredentialWire } from '../crypto/crypto.ts'
import { type Passkey, passkey } from '../crypto/testing/authenticator.ts'
import { writecapWire } from '../cap/cap.ts'
import { signedRecordWire } from '../block/block.ts'
import { decodeBatch, encodeBatch, takeOverBodyWire } from './batch.ts'
import { decodeFrame, encodeFrame, frameSizeOf } from './archive.ts'
import { type Dismissal, deviceRecordWire, dismissalWire } from './device.ts'
import { type Link, decodeLink, linkThere, linkTo } from './link.ts'
import { rendezvousWire } from './rendezvous.ts'
import { pendingSetOf } from './set-change.ts'
import { type Summary, appointmentOf, deviceOf, keys, readRow, rows, summaryOf } from './state.ts'
import { linkInto, rendezvous } from './testing/abroad.ts'
import { added, byCard, handedOver, otherCard, vetoed, wrapsFor } from './testing/roots.ts'
import {
  access,
  admission,
  alice,
  aliceCap,
  appointed,
  change,
  childPath,
  commit,
  content,
  device,
  dismissedBy,
  dismissedByRoot,
  entry,
  found,
  founded,
  hash,
  id,
  mallory,
  newFile,
  ownerSet,
  root,
  treeId,
} from './testing/forest.ts'

const file = childPath(root, id(2))
const sample = <T>(codec: Codec<T>, value: T) => ({
  octets: encode(codec, value),
  read: (octets: Uint8Array) => decode(codec, octets, 1 << 20),
  write: (value: unknown) => encode(codec, value as T),
})
const [first, second] = [31, 32].map(passkey) as [Passkey, Passkey]
const planted = commit(founded(), [byCard(founded(), 0, first)], 2000).state
const waiting = commit(planted, [added(planted, first, second)], 3000).state
const linkOf = ({ target }: Link) =>
  target.tag === 'here' ? linkTo({ treeId, ids: target.value }) : linkThere(target.value)
const extension = { tag: 'extend', value: { writecap: aliceCap } } as const
const formats = {
  credential: sample(publicCredentialWire, alice.credential),
  credentialSet: sample(credentialSetWire, ownerSet),
  writecap: sample(writecapWire, aliceCap),
  entry: sample(signedRecordWire, entry(root, id(2), 'file')),
  link: {
    octets: linkTo(childPath(file, id(3))),
    read: decodeLink,
    write: (value: unknown) => linkOf(value as Link),
  },
  linkThere: {
    octets: linkInto(childPath(file, id(3))),
    read: decodeLink,
    write: (value: unknown) => linkOf(value as Link),
  },
  rendezvous: sample(rendezvousWire, rendezvous()),
  access: sample(signedRecordWire, access(file)),
  content: sample(signedRecordWire, content(file)),
  takeOver: sample(takeOverBodyWire, {
    treeId,
    generation: 2,
    stateRoot: hash(1),
    stampMs: 1000,
    writecapHash: aliceCap.hash,
    setHash: treeId,
  }),
  device: sample(deviceRecordWire, device(alice)),
  dismissal: sample(dismissalWire, (dismissedBy(alice, alice, aliceCap).value as { dismissal: Dismissal }).dismissal),
  deviceRow: sample(rows.device, deviceOf(founded(), principalOf(alice.credential))!),
  admission: {
    octets: encodeBatch({
      stampMs: 1,
      operations: [admission(founded(), mallory), extension, dismissedByRoot(mallory)],
    }),
    read: decodeBatch as (octets: Uint8Array) => ReturnType<typeof decodeBatch>,
    write: encodeBatch as (value: unknown) => Uint8Array,
  },
  batch: {
    octets: encodeBatch({ stampMs: 1, operations: [found, change(newFile(root, id(2)))] }),
    read: decodeBatch as (octets: Uint8Array) => ReturnType<typeof decodeBatch>,
    write: encodeBatch as (value: unknown) => Uint8Array,
  },
  archiveFrame: {
    octets: encodeFrame({ tag: 'rows', value: [{ key: id(1), value: hash(2) }] }).slice(4),
    read: decodeFrame,
    write: (value: unknown) => encodeFrame(value as never).slice(4),
  },
  setChange: {
    octets: encodeBatch({
      stampMs: 1,
      operations: [
        added(planted, first, second),
        handedOver(planted, 2, otherCard(8), wrapsFor(planted, 8)),
        vetoed(waiting),
      ],
    }),
    read: decodeBatch as (octets: Uint8Array) => ReturnType<typeof decodeBatch>,
    write: encodeBatch as (value: unknown) => Uint8Array,
  },
  setChangeRow: sample(rows.setChange, readRow(planted, 'setChange', keys.setChange(summaryOf(planted)!.setHash))!),
  appointment: {
    octets: encodeBatch({ stampMs: 1, operations: [appointed(founded(), [alice])] }),
    read: decodeBatch as (octets: Uint8Array) => ReturnType<typeof decodeBatch>,
    write: encodeBatch as (value: unknown) => Uint8Array,
  },
  appointmentRow: sample(rows.appointment, appointmentOf(commit(founded(), [appointed(founded(), [alice])]).state)!),
  pendingSetRow: sample(rows.pendingSet, pendingSetOf(waiting)!),
  summaryRow: sample<Summary>(rows.summary, summaryOf(founded())!),
}

describe.each(Object.entries(formats))('%s', (_name, { octets, read, write }) => {
  test('comes back from its own octets', () => {
    const back = read(octets as never)
    expect(back.ok && equal(write(back.value), octets)).toBe(true)
  })
  test('refuses every truncation and every extension', () => {
    for (let size = 0; size < octets.length; size += 1 + Math.floor(octets.length / 200))
      expect(read(octets.slice(0, size) as never).ok).toBe(false)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 8 }), (tail) => !read(concat(octets, tail) as never).ok),
    )
  })
  test('never throws on flipped octets, and what it takes is canonical', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(octets.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 }),
        (flips) => {
          const flipped = Uint8Array.from(octets)
          for (const [at, mask] of flips) flipped[at]! ^= mask
          const result = read(flipped as never)
          return !result.ok || equal(write(result.value), flipped)
        },
      ),
      { numRuns: 300 },
    )
  })
  test('never throws on any octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (any) => read(any as never).ok === false),
      { numRuns: 300 },
    )
  })
})

test('non-canonical CBOR of the same value is refused', () => {
  // A summary begins with an array of 11: the same count in two octets means the same to a lenient reader.
  const { octets, read } = formats.summaryRow
  expect(octets[0]).toBe(0x8b)
  expect(read(concat(Uint8Array.of(0x98, 11), octets.slice(1)) as never).ok).toBe(false)
})

test('a device record may be larger than a removal, which has no key of suite 2', () => {
  const signed = (sizeBytes: number) => [new Uint8Array(sizeBytes), ['node', new Uint8Array(64)]] as const
  const read = (sizeBytes: number) =>
    decode(dismissalWire, encode({ pack: () => signed(sizeBytes), parse: () => null }, null), 1 << 20)
  expect(read(1024)).toMatchObject({ ok: false, fault: { code: 'formatInvalid' } })
  expect(read(1025)).toMatchObject({ ok: false, fault: { code: 'formatTooLong' } })
})

test('a frame’s length is bounded before anything is allocated', () => {
  expect(frameSizeOf(Uint8Array.of(0xff, 0xff, 0xff, 0xff)).ok).toBe(false)
  expect(frameSizeOf(Uint8Array.of(0, 0, 0, 0)).ok).toBe(false)
  expect(frameSizeOf(Uint8Array.of(0, 0, 1)).ok).toBe(false)
  expect(frameSizeOf(Uint8Array.of(0, 0, 1, 0))).toEqual({ ok: true, value: 256 })
})
