/**
 * The archive of a whole tree (U10): the state's rows and the objects that they refer to, as they lie on a device, so that who
 * finds it learns nothing and who has a root key gets everything back.
 *
 *     magic ‖ frame*            frame = u32 length (big endian) ‖ CBOR
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
  listOf,
  record,
  refused,
  tuple,
  u53,
  union,
  utf8,
} from '../bytes/bytes.ts'
import { type Claim, publicCredentialWire, signedBy } from '../crypto/crypto.ts'
import { treeIdWire } from '../path/path.ts'
import { rowSizeBytesMax } from './state.ts'

export const archiveMagic: Bytes = utf8('blocktree archive 1\n')
export const archiveFrameSizeBytesMax = 4 * 1024 * 1024
export const archiveDomain = 'blocktree/1/archive'

const headerBodyWire = record('archiveHeader', 1, {
  treeId: treeIdWire,
  exportedAtMs: u53,
  stateRoot: bytesOf(32),
  rowCount: u53,
  objectCount: u53,
  objectsSizeBytes: u53,
  itemCount: u53,
  exporter: publicCredentialWire,
  writecapHash: bytesOf(32),
})
export type ArchiveHeader = Decoded<typeof headerBodyWire>

const frameWire = union({
  header: tuple({ body: bytesUpTo(1024), signature: bytesOf(64) }),
  rows: listOf(tuple({ key: bytesUpTo(256), value: bytesUpTo(rowSizeBytesMax) }), 8192),
  /** Sectors and index pages by block id ‖ hash. */
  objects: listOf(tuple({ key: bytesOf(48), value: bytesUpTo(128 * 1024) }), 1024),
  end: tuple({ rowCount: u53, objectCount: u53 }),
})
export type ArchiveFrame = Decoded<typeof frameWire>

export const archiveHeaderBody = (header: ArchiveHeader): Bytes => encode(headerBodyWire, header)

export function encodeFrame(frame: ArchiveFrame): Bytes {
  const octets = encode(frameWire, frame)
  if (octets.length > archiveFrameSizeBytesMax)
    throw new RangeError(`"frame" expected at most ${archiveFrameSizeBytesMax} bytes, got ${octets.length}`)
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
  const header = decode(headerBodyWire, body, 1024)
  return header.ok
    ? accepted({ header: header.value, claim: signedBy(header.value.exporter, archiveDomain, body, signature) })
    : archiveDamaged()
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
