/**
 * Who may read, as the tree says it and as whoever has a folder of it alone is told.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, encode, equal, must, toHex } from '../bytes/bytes.ts'
import { principalOf, verifyClaim } from '../crypto/crypto.ts'
import { type Readcap, checkedWhere, isFor, readcapFor, readersOf, rights } from '../cap/cap.ts'
import { type SignedRecord, accessRecordWire, signedRecordWire, toldTo } from '../block/block.ts'
import { entries } from '../merkle/merkle.ts'
import { type Operation, decodeBatch, encodeBatch, examineBatch, operationSizeBytes } from './batch.ts'
import { deviceCountMax, kemKeyOf } from './device.ts'
import { excerptFor } from './excerpt.ts'
import { foldBatch } from './fold.ts'
import { type TreeState, accessOf, deviceOf, setOf } from './state.ts'
import {
  type Person,
  admission,
  change,
  childPath,
  commit,
  device,
  founded,
  id,
  newDirectory,
  nextAccess,
  nextDevice,
  ownerCap,
  person,
  readcapOf,
  root,
  treeId,
  verdict,
  withDevice,
} from './testing/forest.ts'

const of = ({ credential }: Person): Bytes => principalOf(credential)
const [camera, tablet] = [person(3), person(4)]
const mail = childPath(root, id(1))
const letters = childPath(mail, id(2))
const grown = [newDirectory(root, id(1)), newDirectory(mail, id(2))].reduce(
  (state, records) => commit(state, [change(records)]).state,
  founded(),
)
/** The camera has mail, the tablet the letters in it. */
const shared = withDevice(
  withDevice(grown, camera, ownerCap(camera, mail, rights.write, 5000)),
  tablet,
  ownerCap(tablet, letters, rights.write, 5000),
)

/** What both gates say of octets. */
function outcome(state: TreeState, octets: Bytes): string {
  const batch = decodeBatch(octets)
  if (!batch.ok) return batch.fault.code
  const claims = examineBatch(treeId, batch.value, (sequence) => setOf(state, sequence))
  if (!claims.ok) return claims.fault.code
  const checked = checkedWhere(batch.value, claims.value.map(verifyClaim))
  if (!checked.ok) return checked.fault.code
  const [only] = foldBatch(state, checked.value).outcomes
  return only === undefined ? 'nothing' : only.ok ? 'ok' : only.fault.code
}
const batchOf = (signed: SignedRecord) => encodeBatch({ stampMs: 3000, operations: [change([signed], id(77))] })
const giving = nextAccess(shared, id(1), {
  readcaps: [...accessOf(shared, id(1))!.fields.readcaps, readcapOf(of(tablet))],
})
/** The same record, its readers told otherwise. */
const told = (readcaps: (before: readonly Readcap[]) => readonly Readcap[]) =>
  batchOf({ ...giving, fields: { ...giving.fields, readcaps: readcaps(giving.fields.readcaps) } })

describe('in the tree', () => {
  test('a record with its readers is taken', () => expect(outcome(shared, batchOf(giving))).toBe('ok'))

  test.each<[string, Bytes, string]>([
    ['a reader that is not told', told(([first, ...rest]) => [{ ...first!, reader: null }, ...rest]), 'readerUntold'],
    [
      'readers that are told the other way round',
      told(([one, other]) => [
        { ...one!, reader: other!.reader },
        { ...other!, reader: one!.reader },
      ]),
      'recordInconsistent',
    ],
    [
      'a reader who was not signed for',
      told((all) => all.map((each) => ({ ...each, reader: readcapOf(of(person(8))).reader }))),
      'recordInconsistent',
    ],
    ['one reader less', told((all) => all.slice(1)), 'formatMismatch'],
    ['one reader more', told((all) => [...all, ...all.slice(1)]), 'formatMismatch'],
    [
      'a key of a suite that is not known',
      batchOf(
        nextAccess(shared, id(1), {
          readcaps: [{ ...readcapOf(of(tablet)), suite: 3 }],
        }),
      ),
      'suiteUnknown',
    ],
    [
      'a key of suite 2 with the size of suite 1',
      batchOf(
        nextAccess(shared, id(1), {
          readcaps: [{ ...readcapOf(of(tablet)), suite: 2 }],
        }),
      ),
      'formatMismatch',
    ],
  ])('%s: refused', (_, octets, code) => expect(outcome(shared, octets)).toBe(code))

  test('no bit of a record, nor of who its readers are, can be another', () => {
    const octets = batchOf(giving)
    const from = octets.length - encode(accessRecordWire, giving).length
    const codes = new Set<string>()
    for (let bit = 8 * from; bit < 8 * octets.length; bit++) {
      octets[bit >> 3]! ^= 1 << (bit & 7)
      codes.add(outcome(shared, octets))
      octets[bit >> 3]! ^= 1 << (bit & 7)
    }
    expect([...codes].toSorted()).toEqual([
      'formatInvalid',
      'formatMismatch',
      'keyInvalid',
      'recordInconsistent',
      'requestForeign',
      'signatureInvalid',
      'suiteUnknown',
      'versionUnknown',
    ])
  })
})

describe('suite 2', () => {
  const hybridKey = new Uint8Array(1216).fill(7)
  const asking = device(camera, { nameBlock: id(1), hybridKey })

  test('is asked for by a device, at first or later; else keys are sealed in suite 1', () => {
    const later = commit(shared, [
      { tag: 'revise', value: { device: nextDevice(shared, camera, { hybridKey }) } },
    ]).state
    expect(kemKeyOf(deviceOf(later, of(camera))!.device.fields)).toEqual({ suite: 2, publicKey: hybridKey })
    expect(kemKeyOf(deviceOf(shared, of(camera))!.device.fields)).toEqual({
      suite: 1,
      publicKey: camera.credential.kemKey,
    })
    expect(kemKeyOf(asking.fields).suite).toBe(2)
  })

  test('lets a newcomer in by a readcap of its own, which every gate takes', () => {
    const cap = ownerCap(camera, mail, rights.write, 5000)
    const admitting = admission(grown, camera, cap)
    const access = nextAccess(grown, id(1), { readcaps: [readcapOf(of(camera), 2)] })
    const operation = { ...admitting, value: { ...admitting.value, device: asking, access } } as Operation
    expect(verdict(grown, operation)).toBe('ok')
    expect(outcome(grown, encodeBatch({ stampMs: 3000, operations: [operation] }))).toBe('ok')
  })

  test('a key for every device that a tree can have, and the root’s, fits a record after the most key epochs', () => {
    const readcaps = Array.from({ length: deviceCountMax + 1 }, (_, at) =>
      readcapFor({ principal: new Uint8Array(32).fill(at), blind: id(at) }, 2, new Uint8Array(1168)),
    )
    const earlierKeys = Array.from({ length: 255 }, () => new Uint8Array(72))
    const full = nextAccess(shared, id(1), { readcaps, earlierKeys, keyEpoch: 256 })
    const octets = encodeBatch({ stampMs: 1, operations: [change([full])] })
    expect(must(decodeBatch(octets)).operations).toHaveLength(1)
    expect(operationSizeBytes(change([full]))).toBeGreaterThan(encode(signedRecordWire, full).length)
  })
})

describe('of whom a guest is told', () => {
  const excerpt = excerptFor(shared, of(camera))!
  const holds = (octets: Bytes): boolean =>
    [...entries(excerpt.map)].some(
      ([key, row]) => toHex(key).includes(toHex(octets)) || toHex(row).includes(toHex(octets)),
    )

  test('itself', () => {
    expect(readersOf(accessOf(excerpt, id(1))!.fields.readcaps)).toEqual([of(camera)])
    expect(holds(of(camera))).toBe(true)
  })

  test('nobody else who may read in its folder: neither by name nor by key, and by no blind that would tell', () => {
    const given = accessOf(shared, id(2))!.fields.readcaps.find((readcap) => isFor(readcap, of(tablet)))!
    for (const secret of [of(tablet), tablet.credential.kemKey, tablet.credential.signingKey, given.reader!.blind])
      expect(holds(secret)).toBe(false)
    // Else nothing would be left out.
    expect(holds(given.blinded)).toBe(true)
    expect(accessOf(excerpt, id(2))!.fields.readcaps).toEqual([{ ...given, reader: null }])
  })

  test('the signature stands for what is left', () => {
    const { hash, signature, body } = accessOf(excerpt, id(2))!
    expect(accessOf(shared, id(2))).toMatchObject({ hash, signature, body })
  })

  test('each guest is told of itself', () => {
    const signed = accessOf(commit(shared, [change([giving])]).state, id(1))!
    for (const who of [camera, tablet])
      expect(readersOf(toldTo(signed, of(who)).fields.readcaps).every((each) => equal(each, of(who)))).toBe(true)
  })
})
