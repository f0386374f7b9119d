/**
 * Readcaps: block keys given to those who may read.
 *
 * A block key is wrapped under the parent's block key, so whoever reads a directory reads all above it (paper §2, "The child's
 * block key is always encapsulated using the parent's key"); and it is sealed to single principals by HPKE. The root block has
 * no parent; it always carries readcaps for the root's KEM key and for the node that made it.
 * @module
 */
import {
  type Bytes,
  type Codec,
  bytesOf,
  bytesUpTo,
  concat,
  equal,
  literal,
  refine,
  tuple,
  u64be,
  utf8,
} from '../bytes/bytes.ts'
import {
  type KemSuite,
  type Principal,
  digest,
  hpkeOverheadBytes,
  hybridOverheadBytes,
  suiteUnknown,
  unwrapKey,
  wrapKey,
} from '../crypto/crypto.ts'
import { type BlockId, type TreeId } from '../path/path.ts'

/** Encapsulation, key (32) and tag, by suite. */
const sealedKeySizeBytes: Readonly<Record<KemSuite, number>> = {
  1: 32 + hpkeOverheadBytes,
  2: 32 + hybridOverheadBytes,
}

/** Of what makes a reader's name unguessable. */
export const blindSizeBytes = 16

/** Who a readcap is for. Told within the tree; whoever is outside of it, or has a folder of it alone, learns of himself. */
export interface Reader {
  /** Of the root's KEM key the tree id. */
  readonly principal: Principal
  /** Drawn at random: without it nobody finds out the principal by trying. */
  readonly blind: Bytes
}

/** A block key for one principal. */
export interface Readcap {
  /** Stands for the reader in what is signed. */
  readonly blinded: Bytes
  readonly suite: KemSuite
  readonly sealedKey: Bytes
  /** Not signed itself, `blinded` is; null where it was left out. */
  readonly reader: Reader | null
}

const suiteWire: Codec<KemSuite> = {
  pack: (suite) => suite,
  parse: (item) => (item === 2 ? 2 : literal(1, suiteUnknown).parse(item)),
}
type SealedReadcap = Omit<Readcap, 'reader'>
/** As it stands in a signed body: its reader is told apart from it. */
export const readcapWire: Codec<Readcap> = refine<SealedReadcap, Readcap>(
  tuple({ blinded: bytesOf(32), suite: suiteWire, sealedKey: bytesUpTo(sealedKeySizeBytes[2]) }),
  (readcap) => (readcap.sealedKey.length === sealedKeySizeBytes[readcap.suite] ? { ...readcap, reader: null } : null),
  (readcap) => readcap,
)
export const readerWire: Codec<Reader> = tuple({ principal: bytesOf(32), blind: bytesOf(blindSizeBytes) })

export const readcapFor = (reader: Reader, suite: KemSuite, sealedKey: Bytes): Readcap => ({
  blinded: blindedReader(reader),
  suite,
  sealedKey,
  reader,
})

const blindedReader = ({ principal, blind }: Reader): Bytes => digest('blocktree/1/reader', blind, principal)

/** Whether the reader, where one is told, is who was signed for. */
export const isReadersOwn = ({ blinded, reader }: Readcap): boolean =>
  reader === null || equal(blindedReader(reader), blinded)

export const isFor = ({ reader }: Readcap, principal: Principal): boolean =>
  reader !== null && equal(reader.principal, principal)

/** The principals that are told. */
export const readersOf = (readcaps: readonly Readcap[]): readonly Principal[] =>
  readcaps.flatMap(({ reader }) => (reader === null ? [] : [reader.principal]))

/** Associated data of a readcap: it opens for this block, key epoch and recipient only. */
export const readcapPlace = (treeId: TreeId, block: BlockId, keyEpoch: number, recipient: Principal): Bytes =>
  concat(treeId, block, u64be(keyEpoch), recipient)

/** Associated data of a wrapped key: whose it is, of which epoch, and under what it lies. */
const wrapPlace = (under: 'parent' | 'own', treeId: TreeId, block: BlockId, keyEpoch: number): Bytes =>
  concat(utf8(`blocktree/1/wrap/${under}`), treeId, block, u64be(keyEpoch))

/** A child's key of an epoch under its parent's; opens nowhere else than at this block and epoch. */
export const wrapUnderParent = (
  parentKey: Bytes,
  treeId: TreeId,
  block: BlockId,
  keyEpoch: number,
  key: Bytes,
  nonce: Bytes,
): Bytes => wrapKey(parentKey, key, wrapPlace('parent', treeId, block, keyEpoch), nonce)
export const unwrapUnderParent = (
  parentKey: Bytes,
  treeId: TreeId,
  block: BlockId,
  keyEpoch: number,
  wrapped: Bytes,
): Bytes | null => unwrapKey(parentKey, wrapped, wrapPlace('parent', treeId, block, keyEpoch))

/** A block's key of an earlier epoch under the one in force: who reads now can also read what was written before. */
export const wrapEarlier = (
  key: Bytes,
  treeId: TreeId,
  block: BlockId,
  earlierEpoch: number,
  earlierKey: Bytes,
  nonce: Bytes,
): Bytes => wrapKey(key, earlierKey, wrapPlace('own', treeId, block, earlierEpoch), nonce)
export const unwrapEarlier = (
  key: Bytes,
  treeId: TreeId,
  block: BlockId,
  earlierEpoch: number,
  wrapped: Bytes,
): Bytes | null => unwrapKey(key, wrapped, wrapPlace('own', treeId, block, earlierEpoch))
