/** The records of a block by themselves: their octets, and what in them contradicts itself. What they do in a tree stands in `tree/`. */
import { decode as cborDecode } from 'cborg'
import { describe, expect, test } from 'vitest'
import { type AnyCodec, type Bytes, type Item, decode, encode, must, toHex } from '../bytes/bytes.ts'
import { verdictOf } from '../bytes/testing/verdict.ts'
import { digest, principalOf, verifyClaim } from '../crypto/crypto.ts'
import { childPath, rootPath } from '../path/path.ts'
import {
  access,
  alice,
  aliceCap,
  content,
  entry,
  hash,
  id,
  mallory,
  readcapOf,
  root,
  sign,
  treeId,
} from '../tree/testing/forest.ts'
import {
  type SignedRecord,
  accessRecordWire,
  checkShape,
  checkTold,
  claimOfRecord,
  contentRecordWire,
  doerOf,
  entryRecordWire,
  placeOf,
  signedRecordWire,
  toldTo,
} from './block.ts'

const file = childPath(root, id(2))
const [phone, tablet] = [principalOf(alice.credential), principalOf(mallory.credential)]
const removal = (extra: object = {}) => sign('removal', { parent: root, child: id(2), previousHash: hash(3), ...extra })
const shared = access(file, { readcaps: [readcapOf(phone), readcapOf(tablet, 2)] })
const records: Readonly<Record<string, SignedRecord>> = {
  content: content(file),
  access: shared,
  entry: entry(root, id(2), 'link'),
  removal: removal(),
}

const sizeBytesMax = 1 << 20
const anything = (item: Item): Bytes => encode({ pack: () => item, parse: () => null }, null)
const read = (octets: Uint8Array) => decode(signedRecordWire, octets, sizeBytesMax)
const itemOf = (record: SignedRecord): Item[] => cborDecode(encode(signedRecordWire, record)) as Item[]
/** What the wire says of a record whose item was changed. */
const forged = (record: SignedRecord, change: (item: Item[]) => Item): string =>
  verdictOf(read(anything(change(itemOf(record)))))

describe('octets', () => {
  const author = ['credential', 1, 1, alice.credential.signingKey, alice.credential.kemKey]
  const [here, above] = [
    [treeId, [id(2)]],
    [treeId, []],
  ]
  const stands: Readonly<Record<string, readonly unknown[]>> = {
    content: ['content', 1, here, 1, null, hash(7), 10, 1, null, false],
    access: [
      ...['access', 1, here, 1, null, 1, 1, new Uint8Array(72).fill(6)],
      shared.fields.readcaps.map(({ blinded, suite, sealedKey }) => [blinded, suite, sealedKey]),
      [],
    ],
    entry: ['entry', 1, above, id(2), 2, 1, null, new Uint8Array(64).fill(5), 1, false, null, null],
    removal: ['removal', 1, above, id(2), hash(3)],
  }

  test.each(Object.entries(records))('%s: its fields in their order, its hash and its signature', (kind, record) => {
    expect(cborDecode(record.body)).toEqual([...stands[kind]!, author, aliceCap.hash])
    expect(toHex(record.hash)).toBe(toHex(digest(`blocktree/1/${kind}/hash`, record.body)))
    expect(verifyClaim(must(claimOfRecord(record)))).toBe(true)
    const { signature, count, index, way } = record.signature
    const readers = shared.fields.readcaps.map(({ reader }) => [reader!.principal, reader!.blind])
    const parts = [record.body, [signature, count, index, way], ...(kind === 'access' ? [readers] : [])]
    expect(itemOf(record)).toEqual([kind, parts])
    expect(read(encode(signedRecordWire, record))).toEqual({ ok: true, value: record })
  })

  test('where one kind is meant, no other is read', () => {
    const wires: Readonly<Record<string, AnyCodec>> = {
      content: contentRecordWire,
      access: accessRecordWire,
      entry: entryRecordWire,
    }
    for (const [kind, wire] of Object.entries(wires))
      for (const [other, record] of Object.entries(records)) {
        const octets = encode(signedRecordWire, record)
        expect(verdictOf(decode(wire, octets, sizeBytesMax))).toBe(kind === other ? 'ok' : 'formatMismatch')
      }
  })

  test.each(Object.entries(records))('%s: of another kind, more or fewer parts it is refused', (kind, record) => {
    for (const other of ['contents', 'toString', '__proto__', '', 1, null])
      expect(forged(record, ([, parts]) => [other, parts!])).toBe('formatMismatch')
    for (const other of Object.keys(records))
      if (other !== kind) expect(forged(record, ([, parts]) => [other, parts!])).toBe('formatMismatch')
    expect(forged(record, ([, parts]) => [kind, parts!, 0])).toBe('formatMismatch')
    expect(forged(record, () => [kind])).toBe('formatMismatch')
    expect(forged(record, ([, parts]) => [kind, [...(parts as Item[]), 0]])).toBe('formatMismatch')
    expect(forged(record, ([, parts]) => [kind, (parts as Item[]).slice(1)])).toBe('formatMismatch')
    for (const item of [kind, 0, null, []]) expect(verdictOf(read(anything(item)))).toBe('formatMismatch')
  })

  test('the kind on the wire is that of the body', () => {
    const [, parts] = itemOf(records['content']!)
    expect(verdictOf(decode(contentRecordWire, anything(['entry', parts!]), sizeBytesMax))).toBe('formatMismatch')
    expect(verdictOf(decode(contentRecordWire, anything(['contents', parts!]), sizeBytesMax))).toBe('formatMismatch')
  })

  test.each<[string, () => unknown, string]>([
    ['another kind', () => contentRecordWire.parse(itemOf(records['entry']!)), 'expected content'],
    ['a kind that is none', () => signedRecordWire.parse(['toString', []]), 'expected a record'],
    ['no list', () => signedRecordWire.parse('content'), 'expected a record'],
    [
      'readers that are too few',
      () => accessRecordWire.parse(['access', [...(itemOf(shared)[1] as Item[]).slice(0, 2), []]]),
      'expected a reader a readcap',
    ],
  ])('says what it expected in the place of %s', (_name, parse, message) => expect(parse).toThrow(message))

  test.each(Object.keys(records))('%s: a body over its limit is refused by its size', (kind) => {
    const long = (sizeBytes: number) =>
      forged(records[kind]!, ([, parts]) => [kind, [new Uint8Array(sizeBytes), ...(parts as Item[]).slice(1)]])
    expect(long(112 * 1024)).toBe('formatInvalid')
    expect(long(112 * 1024 + 1)).toBe('formatTooLong')
  })

  test('an access record tells of as many readers as it has readcaps', () => {
    const told = (change: (readers: readonly Item[]) => Item[]) =>
      forged(shared, ([, parts]) => {
        const [body, signature, readers] = parts as [Item, Item, Item[]]
        return ['access', [body, signature, change(readers)]]
      })
    expect(told((readers) => [...readers])).toBe('ok')
    expect(told((readers) => [null, readers[1]!])).toBe('ok')
    expect(told((readers) => readers.slice(1))).toBe('formatMismatch')
    expect(told((readers) => [...readers, null])).toBe('formatMismatch')
  })

  const limits: readonly (readonly [string, (count: number) => SignedRecord, number])[] = [
    ['readcaps', (count) => access(file, { readcaps: Array.from({ length: count }, () => readcapOf(phone)) }), 256],
    [
      'earlier keys',
      (count) => access(file, { earlierKeys: Array.from({ length: count }, () => new Uint8Array(72)) }),
      255,
    ],
    ['octets of a sealed name', (count) => entry(root, id(2), 'file', { sealedName: new Uint8Array(count) }), 400],
  ]
  test.each(limits)('%s are bounded', (_name, recordOf, max) => {
    expect(verdictOf(read(encode(signedRecordWire, recordOf(max))))).toBe('ok')
    expect(() => recordOf(max + 1)).toThrow(RangeError)
  })

  test('an entry is of a directory, a file or a link', () => {
    for (const kind of ['directory', 'file', 'link'] as const) {
      const record = entry(root, id(2), kind)
      expect((cborDecode(record.body) as unknown[])[4]).toBe(['directory', 'file', 'link'].indexOf(kind))
      expect(must(read(encode(signedRecordWire, record))).fields).toMatchObject({ kind })
    }
    const body = cborDecode(records['entry']!.body) as Item[]
    expect(
      forged(records['entry']!, ([, parts]) => ['entry', [anything(body.with(4, 3)), (parts as Item[])[1]!]]),
    ).toBe('formatMismatch')
  })
})

describe('what contradicts itself', () => {
  const prior = { previousHash: hash(1) }
  const foreign = { ...readcapOf(phone), reader: readcapOf(tablet).reader }
  const atRoot = (extra: object) =>
    access(rootPath(treeId), { wrappedKey: null, readcaps: [readcapOf(phone)], ...extra })
  const [key, keys] = [[new Uint8Array(72)], [new Uint8Array(72), new Uint8Array(72)]]
  const cases: readonly (readonly [string, SignedRecord, boolean])[] = [
    ['a removal', removal(), true],
    ...(['content', 'entry'] as const).flatMap((kind) => {
      const of = (extra: object) => (kind === 'content' ? content(file, extra) : entry(root, id(2), 'file', extra))
      return [
        [`${kind}: the first`, of({}), true],
        [`${kind}: the first, brought along`, of({ version: 2 ** 20 }), true],
        [`${kind}: the first, from too far`, of({ version: 2 ** 20 + 1 }), false],
        [`${kind}: version 0`, of({ version: 0 }), false],
        [`${kind}: version 0 after another`, of({ version: 0, ...prior }), false],
        [`${kind}: a second`, of({ version: 2, ...prior }), true],
        [`${kind}: version 1 after another`, of(prior), false],
      ] as const
    }),
    ['access: the first', access(file), true],
    ['access: a first of version 2', access(file, { version: 2 }), false],
    ['access: version 0', access(file, { version: 0 }), false],
    ['access: a second', access(file, { version: 2, ...prior }), true],
    ['content: resealed after another', content(file, { version: 2, ...prior, resealed: true }), true],
    ['content: resealed, and the first', content(file, { resealed: true }), false],
    ['access: version 1 after another', access(file, prior), false],
    ['access: epoch 0', access(file, { keyEpoch: 0 }), false],
    ['access: epoch 2 with the key before it', access(file, { keyEpoch: 2, earlierKeys: key }), true],
    ['access: without the key before it', access(file, { keyEpoch: 2 }), false],
    ['access: with a key too many', access(file, { keyEpoch: 2, earlierKeys: keys }), false],
    ['access: under no parent, within the tree', access(file, { wrappedKey: null }), false],
    ['access: of the root', atRoot({}), true],
    ['access: of the root, under a parent', atRoot({ wrappedKey: new Uint8Array(72) }), false],
    ['access: of the root, for nobody', atRoot({ readcaps: [] }), false],
    ['access: for readers', shared, true],
    [
      'access: for readers of whom one is not told',
      access(file, { readcaps: [{ ...readcapOf(phone), reader: null }] }),
      true,
    ],
    ['access: for another than it says', access(file, { readcaps: [foreign] }), false],
    ['access: for another than it says, the second', access(file, { readcaps: [readcapOf(tablet), foreign] }), false],
  ]
  test.each(cases)('%s', (_name, record, isGood) => {
    const check = checkShape(record)
    expect(verdictOf(check)).toBe(isGood ? 'ok' : 'recordInconsistent')
    if (check.ok) expect(check.value).toBe(record)
  })
})

describe('readers', () => {
  const readersOf = ({ fields }: SignedRecord<'access'>) =>
    fields.readcaps.map(({ reader }) => reader?.principal ?? null)

  test('are all told within the tree', () => {
    for (const record of Object.values(records)) expect(verdictOf(checkTold(record))).toBe('ok')
    expect(verdictOf(checkTold(access(file)))).toBe('ok')
    expect(verdictOf(checkTold(toldTo(shared, phone)))).toBe('readerUntold')
    expect(verdictOf(checkTold(toldTo(shared, hash(9))))).toBe('readerUntold')
  })

  test('one alone learns of himself, and what is signed stays as it is', () => {
    expect(readersOf(shared)).toEqual([phone, tablet])
    const told = toldTo(shared, tablet)
    expect(readersOf(told)).toEqual([null, tablet])
    expect(readersOf(toldTo(shared, hash(9)))).toEqual([null, null])
    expect(told).toEqual({ ...shared, fields: { ...shared.fields, readcaps: told.fields.readcaps } })
    expect(verifyClaim(must(claimOfRecord(told)))).toBe(true)
    expect(must(read(encode(signedRecordWire, told)))).toEqual(told)
  })
})

test('a doing is its author’s, or whose it is said to be', () => {
  expect(doerOf(content(file))).toEqual(phone)
  expect(doerOf(content(file, { origin: tablet }))).toEqual(tablet)
})

test('the place to cover is the block, and of entries and removals their directory', () => {
  expect(placeOf(content(file))).toEqual(file)
  expect(placeOf(shared)).toEqual(file)
  expect(placeOf(entry(file, id(4), 'file'))).toEqual(file)
  expect(placeOf(removal({ parent: file }))).toEqual(file)
})

test('a signature of another record is no claim on this one', () => {
  const other = entry(root, id(3), 'file')
  expect(verifyClaim(must(claimOfRecord({ ...other, signature: entry(root, id(4), 'file').signature })))).toBe(false)
})
