import { describe, expect, test } from 'vitest'
import { type Bytes, atOnce, must, toHex } from '../bytes/bytes.ts'
import { principalOf, signEd25519, verifyClaim } from '../crypto/crypto.ts'
import { type Writecap, allRights, grantsOfRoot, rights } from '../cap/cap.ts'
import { set } from '../merkle/merkle.ts'
import { rootBlockId } from '../path/path.ts'
import { examineArrival } from './arrival.ts'
import type { Operation } from './batch.ts'
import {
  type Dismissal,
  type SignedDevice,
  deviceCountMax,
  noRevocation,
  openDeviceName,
  probationLifeMs,
  sealDeviceName,
} from './device.ts'
import { examineExcerpt, excerptFor } from './excerpt.ts'
import { ordinalOf } from './generation.ts'
import { withAccess } from './renewal.ts'
import {
  accessOf,
  chainOf,
  checkDevice,
  deviceOf,
  devicesOf,
  emptyTree,
  encodeRow,
  entryOf,
  keys,
  summaryOf,
} from './state.ts'
import {
  type Person,
  access,
  admission,
  alice,
  aliceCap,
  change,
  childPath,
  commit,
  device,
  dismissedBy,
  dismissedByRoot,
  endMs,
  entry,
  found,
  founded,
  hash,
  id,
  mallory,
  newDirectory,
  newFile,
  nextAccess,
  nextDevice,
  nodeCap,
  ownerCap,
  ownerSet,
  person,
  root,
  takeOver,
  treeId,
  verdict,
  withDevice,
} from './testing/forest.ts'
import { signedAs } from './testing/roots.ts'

const phone = person(3)
const tablet = person(4)
const phoneCap = ownerCap(phone)
const of = ({ credential }: Person) => principalOf(credential)
const rootBlock = rootBlockId(treeId)
const mail = childPath(root, id(1))
const letter = childPath(mail, id(2))
const guestCap = ownerCap(tablet, mail, rights.write, 5000)

/** root / mail / letter on Alice's device; the phone is an own device, the tablet may write in mail until 5000. */
const planted = commit(founded(), [change(newDirectory(root, id(1))), change(newFile(mail, id(2)))]).state
const grown = withDevice(withDevice(planted, phone), tablet, guestCap)

/** What gate 1 says, or what the fold does. */
function outcome(operation: Operation, state = grown, stampMs?: number): string {
  try {
    return verdict(state, operation, stampMs)
  } catch (error) {
    return `gate 1: ${(error as Error).message.split(':')[0]}`
  }
}
/** The admission of a device with parts of it changed. */
const admitting = (parts: object, state = planted): Operation => {
  const { tag, value } = admission(state, phone)
  return { tag, value: { ...value, ...parts } } as Operation
}
/** The same dismissal under another signature. */
const signedAnew = (operation: Operation, sign: (body: Bytes) => Dismissal['signature']): Operation => {
  const { dismissal } = operation.value as { dismissal: Dismissal }
  return { tag: 'dismiss', value: { dismissal: { ...dismissal, signature: sign(dismissal.body) } } }
}
const revising = (record: SignedDevice): Operation => ({ tag: 'revise', value: { device: record } })

describe('the device that begins a tree', () => {
  test('is its first own device', () => {
    expect([...devicesOf(founded())]).toMatchObject([
      { standing: 'own', admittedAtMs: 1000, approver: of(alice), writecapHash: aliceCap.hash, dismissed: null },
    ])
  })
  test.each([
    { name: 'of another tree', own: device(alice, { treeId: hash(1) }), fault: 'deviceForeign' },
    { name: 'that the root gave nothing', own: device(phone), fault: 'writecapNotHeld' },
  ])('refused: a device $name', ({ own, fault }) => {
    const value = { ...found.value, device: own } as typeof found.value
    expect(() => commit(founded(), [{ tag: 'found', value } as Operation])).toThrow(fault)
  })
})

describe('admission', () => {
  test('an own device reads the root, and may do everything at once', () => {
    expect(deviceOf(grown, of(phone))).toMatchObject({
      standing: 'own',
      admittedAtMs: 1002,
      approver: of(alice),
      writecapHash: phoneCap.hash,
      dismissed: null,
    })
    expect(accessOf(grown, rootBlock)!.fields.readcaps.map(({ reader }) => reader?.principal)).toContainEqual(of(phone))
    expect(outcome(change([entry(root, id(9), 'directory', {}, phone, phoneCap)]))).toBe('ok')
    expect(outcome(admission(grown, person(5)))).toBe('ok')
  })

  test('a limited device reads and writes its folder, and nothing else', () => {
    expect(deviceOf(grown, of(tablet))).toMatchObject({ standing: 'limited', writecapHash: guestCap.hash })
    expect(accessOf(grown, id(1))!.fields.readcaps).toHaveLength(1)
    const writes = (parent: typeof root) => change([entry(parent, id(9), 'file', {}, tablet, guestCap)])
    expect(outcome(writes(mail))).toBe('ok')
    expect(outcome(writes(root))).toBe('pathOutsideScope')
    expect(outcome(writes(mail), grown, 5000)).toBe('writecapExpired')
    const passedOn = admission(grown, person(5), ownerCap(person(5), mail, rights.write))
    const { access: given, ...rest } = passedOn.value as { access: { fields: object } }
    const byTablet = { ...rest, access: nextAccess(grown, id(1), given.fields, tablet, guestCap) }
    expect(outcome({ tag: 'admit', value: byTablet } as Operation)).toBe('rightMissing')
  })

  test('a device that only reads can write nowhere', () => {
    const readerCap = ownerCap(phone, mail, 0)
    const state = withDevice(planted, phone, readerCap)
    expect(deviceOf(state, of(phone))!.standing).toBe('limited')
    expect(outcome(change([entry(mail, id(9), 'file', {}, phone, readerCap)]), state)).toBe('rightMissing')
  })

  test('a limited device is let in for seven days at most', () => {
    const until = (expiresAtMs: number): string =>
      outcome(admission(planted, tablet, ownerCap(tablet, mail, rights.write, expiresAtMs)), planted, 1000)
    expect(until(1000 + probationLifeMs)).toBe('ok')
    // A clock may be behind by minutes, not by an hour.
    expect(until(1000 + probationLifeMs + 60 * 60_000)).toBe('termTooLong')
    expect(outcome(admission(planted, tablet, ownerCap(tablet, root, allRights, 1e12)), planted, 1000)).toBe('ok')
  })

  test('a reader of a folder is not put out by who only writes there', () => {
    const writers = change([nextAccess(grown, id(1), { readcaps: [] }, tablet, guestCap)])
    expect(outcome(writers)).toBe('rightMissing')
    expect(outcome(change([nextAccess(grown, id(1), { readcaps: [] })]))).toBe('ok')
  })

  test('comes twice, and takes effect once', () => {
    const operation = admission(planted, phone)
    const once = commit(planted, [operation])
    const twice = commit(once.state, [operation])
    expect([...once.outcomes, ...twice.outcomes]).toEqual([
      { ok: true, repeated: false },
      { ok: true, repeated: true },
    ])
  })

  test('is taken whole or not at all', () => {
    const stale = access(root, { ...accessOf(planted, rootBlock)!.fields, version: 9, previousHash: hash(1) })
    const { readcaps } = (admission(planted, phone).value as { access: ReturnType<typeof access> }).access.fields
    const { state, outcomes } = commit(planted, [admitting({ access: access(root, { ...stale.fields, readcaps }) })])
    expect(outcomes[0]).toMatchObject({ fault: { code: 'raceLost' } })
    expect([deviceOf(state, of(phone)), chainOf(state, phoneCap.hash)]).toEqual([null, null])
  })

  const { access: given } = admission(planted, phone).value as { access: ReturnType<typeof access> }
  test.each<{ name: string; operation: Operation; fault: string; stampMs?: number; state?: typeof grown }>([
    {
      name: 'the name of another device',
      operation: admitting({ device: { ...device(tablet), signature: device(phone).signature } }),
      fault: 'gate 1: writecapNotHeld',
    },
    {
      name: 'a record that the newcomer did not sign',
      operation: admitting({ device: { ...device(phone), signature: device(tablet).signature } }),
      fault: 'gate 1: signatureInvalid',
    },
    {
      name: 'another transport than the newcomer signed',
      operation: admitting({
        device: { ...device(phone, { transportId: tablet.transportId }), signature: device(phone).signature },
      }),
      fault: 'gate 1: signatureInvalid',
    },
    {
      name: 'a record of another tree',
      operation: admitting({ device: device(phone, { treeId: hash(1) }) }),
      fault: 'gate 1: deviceForeign',
    },
    {
      name: 'a first record that follows one',
      operation: admitting({ device: device(phone, { previousHash: hash(1) }) }),
      fault: 'gate 1: recordInconsistent',
    },
    {
      name: 'a writecap by a device, not the root',
      operation: admitting({ writecap: nodeCap(alice, phone) }),
      fault: 'gate 1: standingUnknown',
    },
    {
      name: 'a writecap whose signature is of another',
      operation: admitting({ writecap: { ...phoneCap, signature: aliceCap.signature } }),
      fault: 'gate 1: signatureInvalid',
    },
    {
      name: 'the whole tree with less than all rights',
      operation: admission(planted, phone, ownerCap(phone, root, rights.write)),
      fault: 'gate 1: standingUnknown',
    },
    {
      name: 'rights that nobody knows',
      operation: admission(planted, phone, ownerCap(phone, root, allRights | 16)),
      fault: 'gate 1: standingUnknown',
    },
    {
      name: 'a folder with the right to pass it on',
      operation: admission(planted, phone, ownerCap(phone, mail, rights.write | rights.grant)),
      fault: 'gate 1: standingUnknown',
    },
    {
      name: 'a folder with the right to renew others',
      operation: admission(planted, phone, ownerCap(phone, mail, rights.mayRenew)),
      fault: 'gate 1: standingUnknown',
    },
    {
      name: 'a key of another place than the root granted',
      operation: admitting({ writecap: ownerCap(phone, mail, rights.write) }),
      fault: 'gate 1: recordInconsistent',
    },
    {
      name: 'a scope in another tree',
      operation: admitting({ writecap: ownerCap(phone, { treeId: hash(1), ids: [] }) }),
      fault: 'gate 1: recordInconsistent',
    },
    {
      name: 'no key for the newcomer',
      operation: admitting({ access: nextAccess(planted, rootBlock, {}) }),
      fault: 'gate 1: readcapMissing',
    },
    {
      name: 'an access record that its author did not sign',
      operation: admitting({ access: { ...given, signature: device(phone).signature } }),
      fault: 'gate 1: signatureInvalid',
    },
    {
      name: 'an approval by the newcomer itself',
      operation: admitting({ access: nextAccess(planted, rootBlock, given.fields, phone, phoneCap) }),
      fault: 'writecapUnknown',
    },
    {
      name: 'an approval by a stranger',
      operation: admitting({ access: nextAccess(planted, rootBlock, given.fields, mallory, aliceCap) }),
      fault: 'writecapNotHeld',
    },
    {
      name: 'a permission that has ended',
      operation: admission(planted, phone, ownerCap(phone, root, allRights, 1000)),
      fault: 'writecapExpired',
    },
    {
      name: 'a folder that is not there',
      operation: admitting({
        writecap: ownerCap(phone, childPath(root, id(8)), rights.write),
        access: access(childPath(root, id(8)), { readcaps: given.fields.readcaps }),
      }),
      fault: 'placeUnknown',
    },
    {
      name: 'a file',
      operation: admission(planted, phone, ownerCap(phone, letter, rights.write)),
      fault: 'notADirectory',
    },
    {
      name: 'a device of the tree',
      operation: admission(grown, alice, ownerCap(alice, root, allRights, 9000)),
      fault: 'deviceKnown',
      state: grown,
    },
  ])('refused: $name', ({ operation, fault, state = planted, stampMs }) =>
    expect(outcome(operation, state, stampMs)).toBe(fault),
  )

  test('takes a record that follows one of another generation', () =>
    expect(outcome(admitting({ device: device(phone, { version: 2, previousHash: hash(1) }) }), planted)).toBe('ok'))

  test(`refused: more than ${deviceCountMax} devices, until one is put out`, () => {
    let state = planted
    for (let count = 1; count < deviceCountMax; count++) state = withDevice(state, person(100 + count))
    const late = person(99)
    expect(outcome(admission(state, late), state)).toBe('devicesTooMany')
    state = commit(state, [dismissedByRoot(person(101))]).state
    expect(outcome(admission(state, late), state)).toBe('ok')
  })

  test('refused: before the tree exists', () => {
    expect(outcome(admission(planted, phone), emptyTree(treeId))).toBe('notFounded')
  })
})

describe('extension', () => {
  const extending = (writecap: Writecap): Operation => ({ tag: 'extend', value: { writecap } })
  const longer = ownerCap(tablet, mail, rights.write, 9000)

  test('gives a device more time for what it may already', () => {
    const { state, outcomes } = commit(grown, [extending(longer), extending(longer)])
    expect(outcomes).toMatchObject([{ repeated: false }, { repeated: true }])
    expect(checkDevice(state, of(tablet), 8999)).toMatchObject({ ok: true })
    const writes = (cap: Writecap) => change([entry(mail, id(9), 'file', {}, tablet, cap)])
    expect(outcome(writes(longer), state, 8999)).toBe('ok')
    expect(outcome(writes(guestCap), state, 5000)).toBe('writecapExpired')
  })

  test('several by one signature, each of which anybody can check who is given the state whole', () => {
    const { body, writecapsOf, domain } = grantsOfRoot(
      [ownerCap(phone, root, allRights, endMs + 1), longer].map((writecap) => writecap.body),
    )
    const writecaps = writecapsOf(signedAs(0, ownerSet, domain, body))
    const { state, outcomes } = commit(grown, writecaps.map(extending))
    expect(outcomes).toMatchObject([{ ok: true }, { ok: true }])
    expect([phone, tablet].map((who) => deviceOf(state, of(who))!.writecapHash)).toEqual(
      writecaps.map(({ hash: writecapHash }) => writecapHash),
    )
    const claims = must(atOnce(examineArrival(state, grown)))
    // One for both, beside those of the two devices, whose rows are others now.
    expect(claims.map(verifyClaim)).toEqual([true, true, true])
    const withCap = (cap: Writecap) => ({
      ...state,
      map: set(state.map, keys.cap(cap.hash), encodeRow('cap', { cap, next: null })),
    })
    const [ofPhone, ofTablet] = writecaps as [Writecap, Writecap]
    const swapped = must(atOnce(examineArrival(withCap({ ...ofPhone, signature: ofTablet.signature }), grown)))
    expect(swapped.every(verifyClaim)).toBe(false)
    expect(must(atOnce(examineExcerpt(excerptFor(state, of(tablet))!, of(tablet), null))).every(verifyClaim)).toBe(true)
  })

  test('also where its time has ended', () => {
    expect(outcome(extending(longer), grown, 6000)).toBe('ok')
  })

  test.each([
    { name: 'other rights', cap: ownerCap(tablet, mail, 0, 9000), fault: 'extensionOther' },
    { name: 'another place', cap: ownerCap(tablet, letter, rights.write, 9000), fault: 'extensionOther' },
    { name: 'the whole tree', cap: ownerCap(tablet, root, allRights, 9000), fault: 'extensionOther' },
    { name: 'less time', cap: ownerCap(tablet, mail, rights.write, 4000), fault: 'extensionOther' },
    { name: 'more than 400 days', cap: ownerCap(tablet, mail, rights.write, 1e11), fault: 'termTooLong' },
    { name: 'time that is over', cap: ownerCap(tablet, mail, rights.write, 500), fault: 'writecapExpired' },
    { name: 'somebody who is no device', cap: ownerCap(person(5), mail, 0, 9000), fault: 'deviceUnknown' },
    {
      name: 'the word of a device',
      cap: nodeCap(alice, tablet, mail, rights.write, 9000),
      fault: 'gate 1: standingUnknown',
    },
  ])('refused: $name', ({ cap, fault }) => expect(outcome(extending(cap))).toBe(fault))

  test('refused: a device that was put out', () => {
    expect(outcome(extending(longer), commit(grown, [dismissedByRoot(tablet)]).state)).toBe('deviceDismissed')
  })
})

describe('revision', () => {
  const moved = () => nextDevice(grown, phone, { transportId: person(50).transportId })
  test('a device says where it is found now, and stays what it was', () => {
    const { state } = commit(grown, [revising(moved())], 2000)
    expect(deviceOf(state, of(phone))).toEqual({ ...deviceOf(grown, of(phone)), device: moved() })
    expect(commit(state, [revising(moved())]).outcomes).toEqual([{ ok: true, repeated: true }])
  })
  test('the earlier record never comes back', () => {
    const { state } = commit(grown, [revising(moved())])
    expect(outcome(revising(device(phone)), state)).toBe('raceLost')
  })
  test.each([
    {
      name: 'by another device',
      record: () => ({ ...moved(), signature: device(tablet).signature }),
      fault: 'gate 1: signatureInvalid',
    },
    { name: 'of a stranger', record: () => device(mallory), fault: 'deviceUnknown' },
    {
      name: 'of another tree',
      record: () => nextDevice(grown, phone, { treeId: hash(1) }),
      fault: 'gate 1: deviceForeign',
    },
    { name: 'with a version left out', record: () => nextDevice(grown, phone, { version: 3 }), fault: 'raceLost' },
    {
      name: 'behind another record',
      record: () => nextDevice(grown, phone, { previousHash: hash(1) }),
      fault: 'raceLost',
    },
    {
      name: 'that contradicts itself',
      record: () => nextDevice(grown, phone, { version: 0 }),
      fault: 'gate 1: recordInconsistent',
    },
  ])('refused: $name', ({ record, fault }) => expect(outcome(revising(record()))).toBe(fault))
  test('refused: by a device that was put out, or whose time has ended', () => {
    const { state } = commit(grown, [dismissedByRoot(phone)])
    expect(outcome(revising(moved()), state)).toBe('deviceDismissed')
    const renamed = nextDevice(grown, tablet, { nameKeyEpoch: 2 })
    expect(outcome(revising(renamed), grown, 4999)).toBe('ok')
    expect(outcome(revising(renamed), grown, 5000)).toBe('deviceExpired')
  })
})

describe('dismissal', () => {
  const phoneWrites = (block: number) => change([entry(root, id(block), 'directory', {}, phone, phoneCap)])

  test('ends what a device may do, and leaves what it did', () => {
    const wrote = commit(grown, [phoneWrites(9)]).state
    const operation = dismissedBy(phone, alice, aliceCap)
    const { state, outcomes } = commit(wrote, [operation, phoneWrites(10)], 3000)
    expect(outcomes).toMatchObject([{ ok: true }, { ok: false, fault: { code: 'writecapRevoked' } }])
    expect(entryOf(state, id(9))!.entry.fields.author).toEqual(phone.credential)
    expect(deviceOf(state, of(phone))!.dismissed).toEqual({
      dismissal: (operation.value as { dismissal: object }).dismissal,
      atMs: 3000,
    })
    expect(chainOf(state, phoneCap.hash)).not.toBeNull()
  })

  test('ends what was approved under it too: nobody admits by a permission that was taken back', () => {
    const { state } = commit(grown, [dismissedByRoot(phone)])
    const { value } = admission(state, person(5)) as { value: { access: ReturnType<typeof access> } }
    const byPhone = { ...value, access: nextAccess(state, rootBlock, value.access.fields, phone, phoneCap) }
    expect(outcome({ tag: 'admit', value: byPhone } as Operation, state)).toBe('writecapRevoked')
  })

  test('raises the revocation head, which tells the order', () => {
    expect(summaryOf(grown)!.revocationHead).toEqual(noRevocation)
    const heads = [[phone, tablet], [tablet, phone], [tablet], [phone]].map(
      (gone) =>
        summaryOf(
          commit(
            grown,
            gone.map((who) => dismissedByRoot(who)),
          ).state,
        )!.revocationHead,
    )
    expect(heads.map(({ sequence }) => sequence)).toEqual([2, 2, 1, 1])
    expect(new Set(heads.map(({ hash: at }) => toHex(at))).size).toBe(4)
  })

  test('comes twice, and takes effect once', () => {
    const once = commit(grown, [dismissedByRoot(phone)])
    const twice = commit(once.state, [dismissedBy(phone, alice, aliceCap)])
    expect(twice.outcomes).toEqual([{ ok: true, repeated: true }])
    expect(summaryOf(twice.state)!.revocationHead.sequence).toBe(1)
  })

  test('is final: the same credential is never let in again', () => {
    const { state } = commit(grown, [dismissedByRoot(phone)])
    expect(outcome(admission(state, phone), state)).toBe('deviceDismissed')
    expect(outcome(admission(state, phone, ownerCap(phone, root, allRights, endMs + 1)), state)).toBe('deviceDismissed')
    expect(outcome(takeOver(state, phone), state)).toBe('deviceDismissed')
  })

  test('of two devices that put out each other the first in the log stays', () => {
    const { outcomes } = commit(grown, [dismissedBy(phone, alice, aliceCap), dismissedBy(alice, phone, phoneCap)])
    expect(outcomes).toMatchObject([{ ok: true }, { fault: { code: 'writecapRevoked' } }])
  })

  test('a device may always leave, but for the last of the owner’s', () => {
    expect(outcome(dismissedBy(tablet, tablet, guestCap))).toBe('ok')
    const { state } = commit(grown, [dismissedBy(phone, phone, phoneCap)])
    expect(deviceOf(state, of(phone))!.dismissed).not.toBeNull()
    for (const last of [dismissedBy(alice, alice, aliceCap), dismissedByRoot(alice)])
      expect(outcome(last, state)).toBe('deviceLast')
  })

  test('no own device is put out when the root block can get no other key', () => {
    const withKeys = (keyEpoch: number) => {
      const earlierKeys = Array.from({ length: keyEpoch - 1 }, () => new Uint8Array(72))
      return withAccess(grown, nextAccess(grown, rootBlockId(treeId), { keyEpoch, earlierKeys }))
    }
    expect(outcome(dismissedByRoot(phone), withKeys(255))).toBe('ok')
    expect(outcome(dismissedByRoot(phone), withKeys(256))).toBe('keysUsedUp')
    expect(outcome(dismissedByRoot(tablet), withKeys(256))).toBe('ok')
  })

  test.each<{ name: string; operation: () => Operation; fault: string }>([
    { name: 'of a stranger', operation: () => dismissedByRoot(mallory), fault: 'deviceUnknown' },
    { name: 'by a limited device', operation: () => dismissedBy(phone, tablet, guestCap), fault: 'pathOutsideScope' },
    {
      name: 'under another’s permission',
      operation: () => dismissedBy(phone, tablet, aliceCap),
      fault: 'writecapNotHeld',
    },
    {
      name: 'by itself, under another’s permission',
      operation: () => dismissedBy(tablet, tablet, aliceCap),
      fault: 'writecapNotHeld',
    },
    {
      name: 'under a permission that nobody knows',
      operation: () => dismissedBy(phone, mallory, nodeCap(mallory, mallory)),
      fault: 'writecapUnknown',
    },
    {
      name: 'with the signature of another',
      operation: () =>
        signedAnew(dismissedBy(phone, alice, aliceCap), (body) => ({
          tag: 'node',
          value: signEd25519(mallory.secret, body),
        })),
      fault: 'gate 1: signatureInvalid',
    },
    {
      name: 'with another kind of signature than it names',
      operation: () =>
        signedAnew(dismissedByRoot(phone), (body) => ({ tag: 'node', value: signEd25519(alice.secret, body) })),
      fault: 'gate 1: issuerMismatch',
    },
  ])('refused: $name', ({ operation, fault }) => expect(outcome(operation())).toBe(fault))

  test('refused: by a device whose time has ended', () =>
    expect(outcome(dismissedBy(phone, alice, aliceCap), grown, endMs)).toBe('writecapExpired'))
})

describe('a take-over', () => {
  test('seats a new device beside those that were there', () => {
    const newcomer = person(5)
    const { state, outcomes } = commit(grown, [takeOver(grown, newcomer)], 4000)
    expect(outcomes).toEqual([{ ok: true, repeated: false }])
    expect(deviceOf(state, of(newcomer))).toMatchObject({
      standing: 'own',
      admittedAtMs: 4000,
      approver: of(newcomer),
    })
    expect([...devicesOf(state)]).toHaveLength(4)
    expect(ordinalOf(summaryOf(state)!.generation)).toBe(2)
  })
  test('by a device of the tree keeps its row, and makes it an own one', () => {
    const cap = ownerCap(tablet)
    const { state } = commit(grown, [takeOver(grown, tablet, device(tablet, { nameBlock: id(1) }), cap)], 4000)
    const { admittedAtMs } = deviceOf(grown, of(tablet))!
    expect(deviceOf(state, of(tablet))).toMatchObject({ standing: 'own', admittedAtMs, writecapHash: cap.hash })
    const renamed = nextDevice(grown, tablet, { nameKeyEpoch: 2 })
    expect(outcome(takeOver(grown, tablet, renamed))).toBe('ok')
  })
  test.each([
    { name: 'an earlier record of itself', own: () => device(phone, { nameKeyEpoch: 9 }), fault: 'raceLost' },
    { name: 'a record that follows nothing', own: () => nextDevice(grown, phone, { version: 7 }), fault: 'raceLost' },
    { name: 'a record of another device', own: () => device(tablet), fault: 'gate 1: writecapNotHeld' },
  ])('refused: with $name', ({ own, fault }) => expect(outcome(takeOver(grown, phone, own()))).toBe(fault))
  test('refused: in another state than the root has seen', () =>
    expect(outcome(takeOver(planted, phone))).toBe('takeOverStale'))
})

test('who is a device at a time', () => {
  const code = (state: typeof grown, who: Person, nowMs: number) => {
    const found = checkDevice(state, of(who), nowMs)
    return found.ok ? found.value.standing : found.fault.code
  }
  expect(code(grown, phone, 1000)).toBe('own')
  expect(code(grown, tablet, 4999)).toBe('limited')
  expect(code(grown, tablet, 5000)).toBe('deviceExpired')
  expect(code(grown, mallory, 1000)).toBe('deviceUnknown')
  expect(code(commit(grown, [dismissedByRoot(phone)]).state, phone, 1000)).toBe('deviceDismissed')
})

test('a device’s name opens with the key that it names, for this device only', () => {
  const sealedName = sealDeviceName(hash(6), of(phone), 'Ada’s phone', new Uint8Array(24))
  expect(openDeviceName(hash(6), device(phone, { sealedName }).fields)).toBe('Ada’s phone')
  expect(openDeviceName(hash(7), device(phone, { sealedName }).fields)).toBeNull()
  expect(openDeviceName(hash(6), device(tablet, { sealedName }).fields)).toBeNull()
})
