/**
 * The archive of a whole tree (U10): the state's rows and the objects that they refer to, as they lie on a device, sealed as a
 * whole, so that who finds it learns of which tree it is and no more, and who has the card gets everything back.
 *
 *     magic ‖ head ‖ piece*     head = u32 length (big endian) ‖ CBOR
 *     frame* ‖ zeros            frame = u32 length (big endian) ‖ CBOR: the plaintext of the pieces
 *     header, rows…, objects…, end
 *
 * The header is signed by the exporting node and names the state's root; rows must add up to that root, objects are checked by
 * their own hashes, and the end frame tells a whole archive from one that was cut.
 * @module
 */
import {
  type Bytes,
  type Decoded,
  type Result,
  accepted,
  bytesOf,
  bytesUpTo,
  concat,
  decode,
  encode,
  equal,
  listOf,
  nullable,
  paddedSizeOf,
  record,
  refused,
  tuple,
  u53,
  u64be,
  union,
  utf8,
} from '../bytes/bytes.ts'
import { objectIdSizeBytes } from '../block/block.ts'
import { type Claim, type Nonce, digest, publicCredentialWire, signedBy } from '../crypto/crypto.ts'
import { type TreeId, treeIdWire } from '../path/path.ts'
import { attestationSizeBytesMax, attestationWire } from './attestation.ts'
import { rowSizeBytesMax } from './state.ts'

export const archiveMagic: Bytes = utf8('blocktree archive 1\n')
export const archiveFrameSizeBytesMax = 4 * 1024 * 1024
export const archiveDomain = 'blocktree/1/archive'
const headerSizeBytesMax = 1024 + attestationSizeBytesMax

const headerBodyWire = record('archiveHeader', 2, {
  treeId: treeIdWire,
  exportedAtMs: u53,
  stateRoot: bytesOf(32),
  rowCount: u53,
  objectCount: u53,
  objectsSizeBytes: u53,
  itemCount: u53,
  exporter: publicCredentialWire,
  writecapHash: bytesOf(32),
  /** Of this very state; without one it is believed for as long as its writers may write (`at-rest.ts`). */
  attestation: nullable(attestationWire),
})
export type ArchiveHeader = Decoded<typeof headerBodyWire>

const frameWire = union({
  header: tuple({ body: bytesUpTo(headerSizeBytesMax), signature: bytesOf(64) }),
  rows: listOf(tuple({ key: bytesUpTo(256), value: bytesUpTo(rowSizeBytesMax) }), 8192),
  /** Sectors and index pages. */
  objects: listOf(tuple({ key: bytesOf(objectIdSizeBytes), value: bytesUpTo(128 * 1024) }), 1024),
  end: tuple({ rowCount: u53, objectCount: u53 }),
})
export type ArchiveFrame = Decoded<typeof frameWire>

export const archiveHeaderBody = (header: ArchiveHeader): Bytes => encode(headerBodyWire, header)

export function encodeFrame(frame: ArchiveFrame): Bytes {
  const octets = encode(frameWire, frame)
  if (octets.length > archiveFrameSizeBytesMax)
    throw new RangeError(`"frame" expected at most ${archiveFrameSizeBytesMax} bytes, got ${octets.length}`)
  return framed(octets)
}

function framed(octets: Bytes): Bytes {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, octets.length)
  return concat(length, octets)
}

export const decodeFrame = (octets: Uint8Array): Result<ArchiveFrame> =>
  decode(frameWire, octets, archiveFrameSizeBytesMax)

/** The length that precedes a frame, bounded before anything is allocated for it. */
export function frameSizeOf(prefix: Uint8Array): Result<number> {
  if (prefix.length < 4) return archiveCut()
  const sizeBytes = new DataView(prefix.buffer, prefix.byteOffset, 4).getUint32(0)
  return sizeBytes > 0 && sizeBytes <= archiveFrameSizeBytesMax ? accepted(sizeBytes) : archiveDamaged()
}

export function decodeHeader(frame: ArchiveFrame): Result<{ readonly header: ArchiveHeader; readonly claim: Claim }> {
  if (frame.tag !== 'header') return archiveDamaged()
  const { body, signature } = frame.value
  const header = decode(headerBodyWire, body, headerSizeBytesMax)
  return header.ok
    ? accepted({ header: header.value, claim: signedBy(header.value.exporter, archiveDomain, body, signature) })
    : archiveDamaged()
}

// --- sealing --------------------------------------------------------------------------------------------------------------

/**
 * What can be read by anybody who finds the archive: of which tree and when, so that its owner knows the card for it, and its
 * size, which is padded. The frames are the plaintext of the pieces that follow.
 */
const headBodyWire = record('archiveHead', 2, {
  treeId: treeIdWire,
  exportedAtMs: u53,
  /** Of the padded frames. */
  sizeBytes: u53,
  /** X25519, of the card that opens it, by which another one is told from damage. */
  recoveryKemKey: bytesOf(32),
  /** The key of the pieces, by HPKE for that card. */
  sealedKey: bytesOf(80),
})
export type ArchiveHead = Decoded<typeof headBodyWire>

/** The check tells a damaged head from the card of another tree, and binds the pieces to it. */
const headWire = tuple({ body: bytesUpTo(512), check: bytesOf(32) })
const checkOfHead = (body: Bytes): Bytes => digest('blocktree/1/archiveHead', body)

export function encodeArchiveHead(head: ArchiveHead): { readonly octets: Bytes; readonly check: Bytes } {
  const body = encode(headBodyWire, head)
  const check = checkOfHead(body)
  return { octets: framed(encode(headWire, { body, check })), check }
}

export function decodeArchiveHead(octets: Uint8Array): Result<{ readonly head: ArchiveHead; readonly check: Bytes }> {
  const frame = decode(headWire, octets, 1024)
  if (!frame.ok) return archiveDamaged()
  const { body, check } = frame.value
  const head = decode(headBodyWire, body, 512)
  const isWhole =
    head.ok && equal(check, checkOfHead(body)) && head.value.sizeBytes === paddedSizeOf(head.value.sizeBytes)
  return isWhole ? accepted({ head: head.value, check }) : archiveDamaged()
}

/** Associated data of the sealed key. */
export const archiveKeyPlace = (treeId: TreeId, exportedAtMs: number): Bytes => concat(treeId, u64be(exportedAtMs))

export const archivePieceSizeBytes = 64 * 1024
export const archiveTagSizeBytes = 16

export const archivePieceCountOf = (sizeBytes: number): number => Math.ceil(sizeBytes / archivePieceSizeBytes)
export const sealedArchiveSizeOf = (sizeBytes: number): number =>
  sizeBytes + archiveTagSizeBytes * archivePieceCountOf(sizeBytes)

/** u32 1 for the last piece and 0 for every other ‖ u64 index: a cut archive has no last one. */
export function archiveNonce(index: number, pieceCount: number): Nonce {
  return concat(Uint8Array.of(0, 0, 0, index === pieceCount - 1 ? 1 : 0), u64be(index))
}

export const archiveForeign = () =>
  refused(
    'archiveForeign',
    'This file is not a Blocktree archive. Choose the file that "Export" made; its name ends in .bt.',
  )
export const archiveCut = () =>
  refused(
    'archiveCut',
    'This archive is not complete; the copy was cut short. Copy it again from where it was exported to.',
  )
export const archiveDamaged = () =>
  refused('archiveDamaged', 'This archive is damaged, so nothing of it was used. Copy it again, or use another export.')
export const archiveUnattested = () =>
  refused(
    'archiveUnattested',
    'Something in this archive was written by a device whose permission has ended, and the devices that decided then have not signed all of it. It may have been put in afterwards. If you know where this archive comes from, you can take it all the same.',
  )
