import { describe, expect, test } from 'vitest'
import { type Bytes, decode, encode, must } from '../bytes/bytes.ts'
import { principalOf, verifyClaim } from '../crypto/crypto.ts'
import { blockIdOf, childPath } from '../path/path.ts'
import { excerptFor } from './excerpt.ts'
import {
  type Rendezvous,
  type RendezvousBody,
  checkRendezvous,
  checkRendezvousAuthor,
  claimOfRendezvous,
  rendezvousBody,
  rendezvousDeviceCountMax,
  rendezvousLifeMs,
  rendezvousRelayCountMax,
  rendezvousWire,
} from './rendezvous.ts'
import { alicePlace, meetingMs, relay, rendezvous } from './testing/abroad.ts'
import {
  type Person,
  alice,
  aliceCap,
  change,
  commit,
  dismissedByRoot,
  endMs,
  founded,
  hash,
  id,
  mallory,
  newDirectory,
  ownerCap,
  person,
  root,
  treeId,
  withDevice,
} from './testing/forest.ts'

const nowMs = meetingMs
const code = (check: ReturnType<typeof checkRendezvous>): string => (check.ok ? 'ok' : check.fault.code)

describe('where a tree is met', () => {
  const at = (change: Partial<RendezvousBody>, before: Rendezvous | null = null): string =>
    code(checkRendezvous(rendezvous(change), treeId, before, nowMs))

  test('is taken from the first, and then from each that is newer', () => {
    expect(at({})).toBe('ok')
    expect(at({}, rendezvous({ sequence: nowMs - 1 }))).toBe('ok')
  })
  test.each<[string, Partial<RendezvousBody>, string]>([
    ['of another tree', { treeId: hash(7) }, 'rendezvousForeign'],
    ['for longer than a week', { expiresAtMs: nowMs + rendezvousLifeMs + 1 }, 'rendezvousTooLong'],
    ['of a time to come', { sequence: nowMs + 120_001 }, 'rendezvousAhead'],
    ['that ends this very millisecond', { sequence: 0, expiresAtMs: nowMs }, 'rendezvousExpired'],
  ])('is refused %s', (_, change, expected) => expect(at(change)).toBe(expected))
  test('is refused where it comes again, and where it is older than what is known', () => {
    for (const sequence of [nowMs, nowMs - 1])
      expect(at({ sequence, expiresAtMs: nowMs + 1 }, rendezvous())).toBe('rendezvousOlder')
  })
  test('is taken up to where the clocks may differ', () => {
    expect(at({ sequence: nowMs + 120_000 })).toBe('ok')
  })
})

describe('who may say so', () => {
  const mail = childPath(root, id(1))
  const grown = commit(founded(), [change(newDirectory(root, id(1)))]).state
  const [ben, link] = [person(21), person(22)]
  const benCap = ownerCap(ben)
  const shared = withDevice(withDevice(grown, ben, benCap), link, ownerCap(link, mail, 0))
  /** As a link sees it that may read one folder. */
  const seen = excerptFor(shared, principalOf(link.credential))!
  const by = (author: Person, writecapHash: Bytes, state = seen, atMs = nowMs): string =>
    code(checkRendezvousAuthor(state, rendezvous({ writecapHash }, author), atMs))

  test('each of the owner’s own devices, as an excerpt shows it', () => {
    expect(blockIdOf(mail)).toEqual(id(1))
    expect(by(alice, aliceCap.hash)).toBe('ok')
    expect(by(ben, benCap.hash)).toBe('ok')
  })
  test.each<[string, () => string]>([
    ['a stranger', () => by(mallory, aliceCap.hash)],
    ['the link itself', () => by(link, ownerCap(link, mail, 0).hash)],
    ['under another permission', () => by(alice, benCap.hash)],
    ['when the permission has ended', () => by(alice, aliceCap.hash, seen, endMs)],
    ['who was put out', () => by(ben, benCap.hash, commit(shared, [dismissedByRoot(ben)]).state)],
  ])('not: %s', (_, said) => expect(said()).toBe('rendezvousUnentitled'))
})

describe('its signature', () => {
  test('is its author’s, over all of it', () => {
    const signed = rendezvous()
    expect(verifyClaim(claimOfRendezvous(signed))).toBe(true)
    const other = rendezvousBody({ ...signed.fields, devices: [{ ...alicePlace, transportId: mallory.transportId }] })
    expect(verifyClaim(claimOfRendezvous({ ...signed, body: other }))).toBe(false)
  })
  test('is what is read, and nothing beside it', () => {
    const octets = encode(rendezvousWire, rendezvous())
    expect(must(decode(rendezvousWire, octets, 4096))).toEqual(rendezvous())
  })
})

test('names so many devices and relays at most', () => {
  const many = (count: number, relayCount: number) =>
    rendezvous({
      devices: Array.from({ length: count }, () => alicePlace),
      relays: Array.from({ length: relayCount }, () => relay),
    })
  const isRead = (signed: Rendezvous): boolean => decode(rendezvousWire, encode(rendezvousWire, signed), 8192).ok
  expect(isRead(many(rendezvousDeviceCountMax, rendezvousRelayCountMax))).toBe(true)
  expect(() => many(rendezvousDeviceCountMax + 1, 0)).toThrow()
  expect(() => many(0, rendezvousRelayCountMax + 1)).toThrow()
})
