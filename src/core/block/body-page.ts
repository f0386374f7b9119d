/**
 * Index pages: the nodes of the Merkle tree over a body's sectors, 128 entries wide.
 *
 * A page of level 0 holds leaves, one of level k the hashes of pages of level k - 1. A page is stored under its place and its hash, so
 * it needs nothing else to be believed. A page above level 0 that would have a single entry is not made; its child stands in for it.
 * So wide a tree is hashed four times as fast as a binary one, and a reader fetches whole pages anyhow.
 *
 * What nobody wrote is a hole: zeros in the place of a leaf, and in the place of a hash where all below is one. So it takes no room
 * however large it is.
 * @module
 */
import {
  type Bytes,
  type Result,
  accepted,
  bytesUpTo,
  concat,
  decode,
  encode,
  equal,
  record,
  refused,
} from '../bytes/bytes.ts'
import { digest } from '../crypto/crypto.ts'
import type { ObjectName } from './object.ts'
import { type Leaf, leafSizeBytes, packLeaf, parseLeaf } from './sector.ts'

export const pageEntryCountMax = 128
const hashSizeBytes = 32

// Neither says its level, index or count: a page is nothing but what its hash stands for.
const leafPageWire = record('leafPage', 1, { leaves: bytesUpTo(pageEntryCountMax * leafSizeBytes) })
const hashPageWire = record('hashPage', 1, { hashes: bytesUpTo(pageEntryCountMax * hashSizeBytes) })
/** 128 leaves and heads. */
export const pageSizeBytesMax = pageEntryCountMax * leafSizeBytes + 16

/** As it is stored. */
export interface Page extends ObjectName {
  readonly octets: Bytes
}

const hashOfLeaves = (packed: Bytes): Bytes => digest('blocktree/1/leafPage', packed)
const hashOfHashes = (packed: Bytes): Bytes => digest('blocktree/1/hashPage', packed)

export const emptyLeafPageHash = hashOfLeaves(new Uint8Array(0))

const holeLeaf = new Uint8Array(leafSizeBytes)
/** In the place of a page of nothing but holes, which is not made. */
export const holeHash: Bytes = new Uint8Array(hashSizeBytes)
export const isHole = (hash: Bytes): boolean => equal(hash, holeHash)

/** null where all of it is a hole. */
export function leafPage(index: number, leaves: readonly Leaf[]): Page | null {
  if (leaves.every((leaf) => leaf === null)) return null
  const packed = concat(...leaves.map((leaf) => (leaf === null ? holeLeaf : packLeaf(leaf))))
  return { level: 0, index, hash: hashOfLeaves(packed), octets: encode(leafPageWire, { leaves: packed }) }
}

export function hashPage(level: number, index: number, hashes: readonly Bytes[]): Page | null {
  if (hashes.every(isHole)) return null
  const packed = concat(...hashes)
  return { level, index, hash: hashOfHashes(packed), octets: encode(hashPageWire, { hashes: packed }) }
}

export const pageDamaged = refused(
  'pageDamaged',
  'The index of this file is damaged here, so the file cannot be read there.',
)

/**
 * The leaves of a page of level 0 from anywhere.
 * @param hash that something verified says the page has
 * @param count that the size of the body demands
 */
export function openLeafPage(octets: Uint8Array, hash: Bytes, count: number): Result<readonly Leaf[]> {
  const page = decode(leafPageWire, octets, pageSizeBytesMax)
  if (!page.ok || page.value.leaves.length !== count * leafSizeBytes) return pageDamaged
  if (!equal(hashOfLeaves(page.value.leaves), hash)) return pageDamaged
  const leaves: Leaf[] = []
  for (const octetsOfLeaf of pieces(page.value.leaves, leafSizeBytes)) {
    const leaf = equal(octetsOfLeaf, holeLeaf) ? null : parseLeaf(octetsOfLeaf)
    if (leaf === null && !equal(octetsOfLeaf, holeLeaf)) return pageDamaged
    leaves.push(leaf)
  }
  return leaves.every((leaf) => leaf === null) ? pageDamaged : accepted(leaves)
}

/** The same for a page above level 0. */
export function openHashPage(octets: Uint8Array, hash: Bytes, count: number): Result<readonly Bytes[]> {
  const page = decode(hashPageWire, octets, pageSizeBytesMax)
  if (!page.ok || page.value.hashes.length !== count * hashSizeBytes) return pageDamaged
  if (!equal(hashOfHashes(page.value.hashes), hash)) return pageDamaged
  const hashes = pieces(page.value.hashes, hashSizeBytes)
  return hashes.every(isHole) ? pageDamaged : accepted(hashes)
}

const pieces = (octets: Bytes, sizeBytes: number): Bytes[] =>
  Array.from({ length: octets.length / sizeBytes }, (_, i) => octets.slice(i * sizeBytes, (i + 1) * sizeBytes))

// ---- where pages stand

/** Sectors under a full page of a level; 1 for level -1, the sectors themselves. */
export const spanOf = (level: number): number => pageEntryCountMax ** (level + 1)

/** The level at which one page covers `sectorCount` sectors. */
export function topLevelOf(sectorCount: number): number {
  let level = 0
  while (spanOf(level) < sectorCount) level++
  return level
}

/** Entries of the page at (level, index) in a body of `sectorCount` sectors; 0 or less where it has no such page. */
export const entryCountOf = (level: number, index: number, sectorCount: number): number =>
  Math.min(pageEntryCountMax, Math.ceil((sectorCount - index * spanOf(level)) / spanOf(level - 1)))

/** Whether the page at (level, index) is an object of its own, not its only child standing in for it. */
export const isStored = (level: number, index: number, sectorCount: number): boolean =>
  level === 0 || entryCountOf(level, index, sectorCount) > 1
