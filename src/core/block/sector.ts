/**
 * Sectors: the pieces of a body, each sealed under a key that seals nothing else (design §5).
 *
 * The signed body root alone says which ciphertext stands where; the associated data binds it to its tree, block and index once
 * more, so that a wrong key schedule or a mixed-up index fails at the tag. Pure: this plans, the crypto port seals and opens.
 * @module
 */
import {
  type Bytes,
  type Result,
  accepted,
  bytesOf,
  concat,
  encode,
  fromU64be,
  record,
  refused,
  u53,
  u64be,
} from '../bytes/bytes.ts'
import type { SectorKeys } from '../crypto/crypto.ts'

/** Of plaintext; every sector but the last has exactly this, the last at least 1. */
export const sectorSizeBytes = 64 * 1024
/** By which a ciphertext is longer than its plaintext. */
export const sectorTagSizeBytes = 16
export const sectorSaltSizeBytes = 16

/** What the Merkle tree of a body says of one sector. */
export interface SectorLeaf {
  /** SHA-256 of the ciphertext; also the key under which the ciphertext is stored. */
  readonly hash: Bytes
  /** Of the block key that the sector's key is derived from; sectors of several epochs live in one body. */
  readonly keyEpoch: number
  /** 16 octets, fresh for every sealing. */
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

/** hash (32) ‖ u64 key epoch ‖ salt (16). */
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

const associatedDataWire = record('sector', 1, { treeId: bytesOf(32), blockId: bytesOf(16), index: u53 })

/** What the crypto port seals; the leaf is the hash that it answers, the key's epoch and the salt. */
export interface SectorSealing {
  readonly key: Bytes
  readonly associatedData: Bytes
  readonly plaintext: Bytes
}

/**
 * @param keys of the block key in force
 * @param salt 16 octets, fresh: a salt that comes again for the same sector would seal two plaintexts under one key and nonce
 * @param plaintext 1..65536 octets
 */
export function planSeal(
  keys: Pick<SectorKeys, 'sectorKey'>,
  blockId: Bytes,
  index: number,
  salt: Bytes,
  plaintext: Bytes,
  treeId: Bytes,
): SectorSealing {
  if (plaintext.length === 0 || plaintext.length > sectorSizeBytes)
    throw new RangeError(`"plaintext" expected 1..${sectorSizeBytes} bytes, got ${plaintext.length}`)
  const associatedData = encode(associatedDataWire, { treeId, blockId, index })
  return { key: keys.sectorKey(blockId, index, salt), associatedData, plaintext }
}

/** A sector that a verified body vouches for. */
export interface LocatedSector {
  readonly index: number
  readonly leaf: SectorLeaf
  /** Of the plaintext, as the size of the body demands. */
  readonly sizeBytes: number
}

/** What the crypto port opens; it refuses a ciphertext that has not `hash`. */
export interface SectorOpening {
  readonly key: Bytes
  readonly associatedData: Bytes
  readonly ciphertext: Bytes
  readonly hash: Bytes
}

/**
 * @param keys of the block key of `sector.leaf.keyEpoch`
 * @returns a fault where the ciphertext has not the size that the body demands: the tag alone would not find that a writer
 * sealed a short sector into the middle of a body
 */
export function planOpen(
  keys: Pick<SectorKeys, 'sectorKey'>,
  blockId: Bytes,
  sector: LocatedSector,
  ciphertext: Bytes,
  treeId: Bytes,
): Result<SectorOpening> {
  const { index, leaf, sizeBytes } = sector
  if (ciphertext.length !== sizeBytes + sectorTagSizeBytes)
    return refused('sectorSizeWrong', 'A piece of this file has the wrong size, so the file can not be read there.')
  const associatedData = encode(associatedDataWire, { treeId, blockId, index })
  return accepted({ key: keys.sectorKey(blockId, index, leaf.salt), associatedData, ciphertext, hash: leaf.hash })
}
