/**
 * The signed records of a block (paper §2, design §5).
 *
 * A block has two: the content record says what it holds, the access record who can read it, so writing never touches access
 * and granting never races writing. Its name stands in a third, the entry of its directory, sealed under the directory's key.
 * Each is a body signed, alone or with others, by a node whose writecap covers the place; a removal takes a block out of its
 * directory for good.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Codec,
  type Decoded,
  type Result,
  accepted,
  bool,
  bytesOf,
  bytesUpTo,
  decode,
  encode,
  listOf,
  mismatch,
  nullable,
  ok,
  parsed,
  record,
  refine,
  refused,
  tuple,
  u53,
} from '../bytes/bytes.ts'
import { type Claim, digest, principalOf, publicCredentialWire, wrappedKeySizeBytes } from '../crypto/crypto.ts'
import { type Reader, type Readcap, isFor, isReadersOwn, readcapWire, readerWire } from '../cap/cap.ts'
import { type IdPath, blockIdWire, idPathWire } from '../path/path.ts'
import { type RecordSignature, claimOfSignature, recordSignatureWire } from './signature.ts'

export const readcapCountMax = 256
/** By so much the version of a content or an entry may rise: one that is brought along is not older than where it comes from. */
export const versionStepMax = 2 ** 20
/** More keys than these a block does not get: a folder or file that needs another one is copied. */
export const keyEpochMax = 256
/** A name of 255 octets, its length, padding to 32, nonce and tag. */
export const sealedNameSizeBytesMax = 400
/** Holds a readcap of suite 2 for every device that a tree can have. */
const recordSizeBytesMax = 112 * 1024

/** Who wrote a record: the key that signs it and the hash of the writecap that allows it. */
const authorFields = { author: publicCredentialWire, writecapHash: bytesOf(32) } as const

/**
 * Whose doing it was, a principal, where another device signed it in that one's place: brought it along from another generation, or
 * gave it another key; null where it was its author's.
 */
const originWire = nullable(bytesOf(32))

const contentBodyWire = record('content', 1, {
  path: idPathWire,
  version: u53,
  /** Hash of the content record before this one: a write that lost a race does not fit. */
  previousHash: nullable(bytesOf(32)),
  bodyRoot: bytesOf(32),
  sizeBytes: u53,
  keyEpoch: u53,
  origin: originWire,
  /** It holds what the record before it held: sectors were sealed anew, under the key in force, and nothing else was changed. */
  resealed: bool,
  ...authorFields,
})
const accessBodyWire = record('access', 1, {
  path: idPathWire,
  version: u53,
  previousHash: nullable(bytesOf(32)),
  keyEpoch: u53,
  parentKeyEpoch: u53,
  /** The block key under the parent's key of `parentKeyEpoch`; null for the root block only. */
  wrappedKey: nullable(bytesOf(wrappedKeySizeBytes)),
  readcaps: listOf(readcapWire, readcapCountMax),
  /** The keys of epochs 1 to keyEpoch - 1, each under the one in force: bodies may hold sectors of any of them. */
  earlierKeys: listOf(bytesOf(wrappedKeySizeBytes), keyEpochMax - 1),
  ...authorFields,
})
const blockKinds = ['directory', 'file', 'link'] as const
const kindWire: Codec<(typeof blockKinds)[number]> = refine(
  u53,
  (code) => blockKinds[code] ?? null,
  (kind) => blockKinds.indexOf(kind),
)
const entryBodyWire = record('entry', 1, {
  parent: idPathWire,
  child: blockIdWire,
  kind: kindWire,
  version: u53,
  previousHash: nullable(bytesOf(32)),
  sealedName: bytesUpTo(sealedNameSizeBytesMax),
  nameKeyEpoch: u53,
  /** In the trash: kept whole, listed apart, deleted for good after 30 days. */
  trashed: bool,
  /** Where the block stood before a move whose re-keying above it is still under way; null otherwise. */
  movedFrom: nullable(idPathWire),
  origin: originWire,
  ...authorFields,
})
const removalBodyWire = record('removal', 1, {
  parent: idPathWire,
  child: blockIdWire,
  /** Hash of the entry that is removed. */
  previousHash: bytesOf(32),
  ...authorFields,
})

const bodyWires = {
  content: contentBodyWire,
  access: accessBodyWire,
  entry: entryBodyWire,
  removal: removalBodyWire,
} as const
export type RecordKind = keyof typeof bodyWires
export type ContentBody = Decoded<typeof contentBodyWire>
export type AccessBody = Decoded<typeof accessBodyWire>
export type EntryBody = Decoded<typeof entryBodyWire>
export type RemovalBody = Decoded<typeof removalBodyWire>
export type BlockKind = EntryBody['kind']

interface Bodies {
  readonly content: ContentBody
  readonly access: AccessBody
  readonly entry: EntryBody
  readonly removal: RemovalBody
}

/** A record that is not signed yet. */
export type UnsignedRecord<K extends RecordKind = RecordKind> = {
  readonly [P in K]: {
    readonly kind: P
    readonly fields: Bodies[P]
    readonly body: Bytes
    /** Stands for the record: it is signed, and the next version names it as its previous one. */
    readonly hash: Bytes
  }
}[K]
export type SignedRecord<K extends RecordKind = RecordKind> = UnsignedRecord<K> & {
  readonly signature: RecordSignature
}

export const unsignedRecord = <K extends RecordKind>(kind: K, fields: Bodies[K]): UnsignedRecord<K> =>
  recordOf(kind, fields, encode(bodyWires[kind] as unknown as Codec<Bodies[K]>, fields))

const recordOf = <K extends RecordKind>(kind: K, fields: Bodies[K], body: Bytes) =>
  ({ kind, fields, body, hash: digest(`blocktree/1/${kind}/hash`, body) }) as UnsignedRecord<K>

export const signedRecord = <K extends RecordKind>(
  record: UnsignedRecord<K>,
  signature: RecordSignature,
): SignedRecord<K> => ({ ...record, signature }) as SignedRecord<K>

const signedFields = { body: bytesUpTo(recordSizeBytesMax), signature: recordSignatureWire } as const

function signedRecordWireOf<K extends Exclude<RecordKind, 'access'>>(kind: K): Codec<SignedRecord<K>> {
  const wire = tuple(signedFields)
  return {
    pack: ({ body, signature }) => [kind, wire.pack({ body, signature })],
    parse: (item) => {
      const { body, signature } = wire.parse(insideOf(kind, item))
      const fields = parsed(decode(bodyWires[kind] as unknown as Codec<Bodies[K]>, body, recordSizeBytesMax))
      return signedRecord(recordOf(kind, fields, body), signature)
    },
  }
}

function insideOf(kind: RecordKind, item: unknown): unknown {
  if (!Array.isArray(item) || item.length !== 2 || item[0] !== kind) return mismatch(kind)
  return item[1]
}

const signedAccessWire = tuple({ ...signedFields, readers: listOf(nullable(readerWire), readcapCountMax) })

/** Beside its body goes who its readcaps are for, one by one; null for one that is not told. */
export const accessRecordWire: Codec<SignedRecord<'access'>> = {
  pack: ({ body, signature, fields }) => [
    'access',
    signedAccessWire.pack({ body, signature, readers: fields.readcaps.map(({ reader }) => reader) }),
  ],
  parse: (item) => {
    const { body, signature, readers } = signedAccessWire.parse(insideOf('access', item))
    const fields = parsed(decode(accessBodyWire, body, recordSizeBytesMax))
    if (readers.length !== fields.readcaps.length) return mismatch('a reader a readcap')
    return signedRecord(
      recordOf('access', { ...fields, readcaps: withReaders(fields.readcaps, readers) }, body),
      signature,
    )
  },
}

const withReaders = (readcaps: readonly Readcap[], readers: readonly (Reader | null)[]): readonly Readcap[] =>
  readcaps.map((readcap, at) => ({ ...readcap, reader: readers[at]! }))

/** The same record for one who is to learn of no other reader than `reader`: what is signed stays as it is. */
export const toldTo = (access: SignedRecord<'access'>, reader: Bytes): SignedRecord<'access'> => ({
  ...access,
  fields: {
    ...access.fields,
    readcaps: access.fields.readcaps.map((readcap) =>
      isFor(readcap, reader) ? readcap : { ...readcap, reader: null },
    ),
  },
})

export const contentRecordWire = signedRecordWireOf('content')
export const entryRecordWire = signedRecordWireOf('entry')

const wires = {
  content: contentRecordWire,
  access: accessRecordWire,
  entry: entryRecordWire,
  removal: signedRecordWireOf('removal'),
} as const

/** Any of the four, told apart by the kind on the wire. */
export const signedRecordWire: Codec<SignedRecord> = {
  pack: (signed) => (wires[signed.kind] as unknown as Codec<SignedRecord>).pack(signed),
  parse: (item) => {
    const kind: unknown = Array.isArray(item) ? item[0] : undefined
    if (typeof kind !== 'string' || !Object.hasOwn(wires, kind)) return mismatch('a record')
    return wires[kind as RecordKind].parse(item)
  },
}

/** "A block is considered valid if … it was signed using the key": what must verify for the record's own signature (F12). */
export const claimOfRecord = ({ fields, hash, signature }: SignedRecord): Result<Claim> =>
  claimOfSignature(fields.author, hash, signature)

/** What a person does shows in contents and entries; access records follow. */
export type DoneRecord = SignedRecord<'content'> | SignedRecord<'entry'>

/** Whose doing it is: a principal. */
export const doerOf = ({ fields }: DoneRecord): Bytes => fields.origin ?? principalOf(fields.author)

/** The place that a record's writecap must cover: for entries and removals the directory, else the block itself. */
export const placeOf = (signed: SignedRecord): IdPath =>
  signed.kind === 'entry' || signed.kind === 'removal' ? signed.fields.parent : signed.fields.path

/** Refuses a record whose fields contradict each other; the fold relies on it. */
export function checkShape(signed: SignedRecord): Result<SignedRecord> {
  const inconsistent = refused('recordInconsistent', 'This record contradicts itself; it was not used.')
  if (signed.kind === 'removal') return accepted(signed)
  const { version, previousHash } = signed.fields
  const firstMax = signed.kind === 'access' ? 1 : versionStepMax
  if (version === 0 || (previousHash === null ? version > firstMax : version === 1)) return inconsistent
  if (signed.kind === 'content' && signed.fields.resealed && previousHash === null) return inconsistent
  if (signed.kind === 'access') {
    const { path, keyEpoch, wrappedKey, earlierKeys, readcaps } = signed.fields
    if (earlierKeys.length !== keyEpoch - 1) return inconsistent
    if ((path.ids.length === 0) !== (wrappedKey === null)) return inconsistent
    if (path.ids.length === 0 && readcaps.length === 0) return inconsistent
    if (!readcaps.every(isReadersOwn)) return inconsistent
  }
  return accepted(signed)
}

/** In its tree a record says who may read: whom a key was given to is judged by that. */
export const checkTold = (signed: SignedRecord): Check =>
  signed.kind === 'access' && signed.fields.readcaps.some(({ reader }) => reader === null)
    ? refused('readerUntold', 'This record does not say who may read; it was not used.')
    : ok
