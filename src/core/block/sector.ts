/**
 * Sectors: the pieces of a body, each sealed under a key and nonce that seal nothing else (design §5).
 *
 * Those that are sealed together have one key, by a salt drawn for them, and their index as the nonce: a key for each costs a third
 * more time. The signed body root alone says which ciphertext stands where; associated data and nonce bind it to its tree, block
 * and index once more, so that a wrong key schedule or a mixed-up index fails at the tag. Pure: this plans, the crypto port seals
 * and opens.
 * @module
 */
import {
  type Bytes,
  type Result,
  accepted,
  bytesOf,
  concat,
  encode,
  equal,
  fromU64be,
  record,
  refused,
  u64be,
} from '../bytes/bytes.ts'
import type { Nonce, SectorKeys } from '../crypto/crypto.ts'

/** Of plaintext; every sector but the last has exactly this, the last at least 1. */
export const sectorSizeBytes = 64 * 1024
/** By which a ciphertext is longer than its plaintext. */
export const sectorTagSizeBytes = 16
export const sectorSaltSizeBytes = 16

/** What the Merkle tree of a body says of one sector. */
export interface SectorLeaf {
  /** SHA-256 of the ciphertext; with its place in its block it names what is stored (`object.ts`). */
  readonly hash: Bytes
  /** Of the block key that the sector's key is derived from; sectors of several epochs live in one body. */
  readonly keyEpoch: number
  /** 16 octets, fresh for every sealing; of all sectors that were sealed together the same. */
  readonly salt: Bytes
}

export const sectorCountOf = (bodySizeBytes: number): number => {
  if (!Number.isSafeInteger(bodySizeBytes) || bodySizeBytes < 0)
    throw new RangeError(`"bodySizeBytes" expected 0..2^53-1, got ${bodySizeBytes}`)
  return Math.ceil(bodySizeBytes / sectorSizeBytes)
}

/** Plaintext octets of the sector at `index`; 0 past the end. */
export const sectorSizeOf = (bodySizeBytes: number, index: number): number =>
  Math.max(0, Math.min(sectorSizeBytes, bodySizeBytes - index * sectorSizeBytes))

/** null for a hole: a sector of zeros that was never sealed and takes no room. */
export type Leaf = SectorLeaf | null

/** hash (32) ‖ u64 key epoch ‖ salt (16); zeros for a hole. */
export const leafSizeBytes = 32 + 8 + sectorSaltSizeBytes

export function packLeaf({ hash, keyEpoch, salt }: SectorLeaf): Bytes {
  if (hash.length !== 32) throw new RangeError(`"hash" expected 32 bytes, got ${hash.length}`)
  if (salt.length !== sectorSaltSizeBytes)
    throw new RangeError(`"salt" expected ${sectorSaltSizeBytes} bytes, got ${salt.length}`)
  return concat(hash, u64be(keyEpoch), salt)
}

/** @returns null where the epoch is above 2^53-1 or the size is wrong */
export function parseLeaf(octets: Bytes): SectorLeaf | null {
  const keyEpoch = fromU64be(octets, 32)
  if (keyEpoch === null || octets.length !== leafSizeBytes) return null
  return { hash: octets.slice(0, 32), keyEpoch, salt: octets.slice(40) }
}

const associatedDataWire = record('sector', 1, { treeId: bytesOf(32), blockId: bytesOf(16) })

const nonceSizeBytes = 12

/** Zeros ‖ u64 index, for each index. They are parts of one buffer: an engine makes one for every array that a cipher is given. */
function noncesOf(indexes: readonly number[]): readonly Nonce[] {
  const nonces = new Uint8Array(indexes.length * nonceSizeBytes)
  const view = new DataView(nonces.buffer)
  return indexes.map((index, at) => {
    const start = at * nonceSizeBytes
    view.setUint32(start + 4, Math.floor(index / 2 ** 32))
    view.setUint32(start + 8, index >>> 0)
    return nonces.subarray(start, start + nonceSizeBytes)
  })
}

/** What the crypto port seals; the leaf is the hash that it answers, the key's epoch and the salt. */
export interface SectorSealing {
  readonly key: Bytes
  readonly nonce: Nonce
  readonly associatedData: Bytes
  readonly plaintext: Bytes
}

/**
 * Plans a run of sectors that are sealed together, under one key.
 * @param keys of the block key in force
 * @param firstIndex of the run's first sector
 * @param salt 16 octets, fresh: a salt that comes again for a block would seal two plaintexts under one key and nonce
 * @param run the sectors' plaintext one after the other, at least one octet; only the body's last sector may be short
 */
export function planSeal(
  keys: Pick<SectorKeys, 'sectorKey'>,
  treeId: Bytes,
  blockId: Bytes,
  firstIndex: number,
  salt: Bytes,
  run: Bytes,
): readonly SectorSealing[] {
  if (run.length === 0) throw new RangeError('"run" expected at least 1 byte, got 0')
  const key = keys.sectorKey(blockId, salt)
  const associatedData = encode(associatedDataWire, { treeId, blockId })
  const indexes = Array.from({ length: sectorCountOf(run.length) }, (_, at) => firstIndex + at)
  return noncesOf(indexes).map((nonce, at) => ({
    key,
    nonce,
    associatedData,
    plaintext: run.subarray(at * sectorSizeBytes, (at + 1) * sectorSizeBytes),
  }))
}

/** A sector that a verified body vouches for. */
export interface LocatedSector {
  readonly index: number
  readonly leaf: Leaf
  /** Of the plaintext, as the size of the body demands. */
  readonly sizeBytes: number
}
/** One that is no hole. */
export interface SealedSector extends LocatedSector {
  readonly leaf: SectorLeaf
}
export const isSealed = (sector: LocatedSector): sector is SealedSector => sector.leaf !== null

/** What the crypto port opens; it refuses a ciphertext that has not `hash`. */
export interface SectorOpening {
  readonly key: Bytes
  readonly nonce: Nonce
  readonly associatedData: Bytes
  readonly ciphertext: Bytes
  readonly hash: Bytes
}

/**
 * Plans the opening of some sectors of a body. Those that were sealed together and stand together share their key.
 * @param keysOf an epoch; null where its block key is out of reach
 * @param ciphertexts of the sectors, in their order
 * @returns a fault where a key is out of reach, or where a ciphertext has not the size that the body demands: the tag alone would
 * not find that a writer sealed a short sector into the middle of a body
 */
export function planOpen(
  keysOf: (keyEpoch: number) => Pick<SectorKeys, 'sectorKey'> | null,
  treeId: Bytes,
  blockId: Bytes,
  sectors: readonly SealedSector[],
  ciphertexts: readonly Bytes[],
): Result<readonly SectorOpening[]> {
  const associatedData = encode(associatedDataWire, { treeId, blockId })
  const nonces = noncesOf(sectors.map(({ index }) => index))
  const openings: SectorOpening[] = []
  let last: { readonly leaf: SectorLeaf; readonly key: Bytes } | null = null
  for (const [at, { leaf, sizeBytes }] of sectors.entries()) {
    const ciphertext = ciphertexts[at]!
    if (ciphertext.length !== sizeBytes + sectorTagSizeBytes)
      return refused('sectorSizeWrong', 'A piece of this file has the wrong size, so the file cannot be read there.')
    if (last === null || last.leaf.keyEpoch !== leaf.keyEpoch || !equal(last.leaf.salt, leaf.salt)) {
      const keys = keysOf(leaf.keyEpoch)
      if (keys === null) return refused('keyOutOfReach', 'This device has no key for this file.')
      last = { leaf, key: keys.sectorKey(blockId, leaf.salt) }
    }
    openings.push({ key: last.key, nonce: nonces[at]!, associatedData, ciphertext, hash: leaf.hash })
  }
  return accepted(openings)
}
