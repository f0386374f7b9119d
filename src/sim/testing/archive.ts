/**
 * Archives by whoever has the card: opened, and sealed again with something else in them.
 * @module
 */
import { type Bytes, concat, equal, must, paddedSizeOf } from '../../core/bytes/bytes.ts'
import { entropyFromWords, hpkeInfo, recoveryFromEntropy, recoveryKemSecret } from '../../core/crypto/crypto.ts'
import {
  type ArchiveFrame,
  archiveKeyPlace,
  archiveMagic,
  archiveNonce,
  archivePieceCountOf,
  archivePieceSizeBytes,
  archiveTagSizeBytes,
  decodeArchiveHead,
  decodeFrame,
  decodeRow,
  encodeArchiveHead,
  encodeFrame,
  frameSizeOf,
  keys,
} from '../../core/tree/tree.ts'
import { unwrapByCard } from '../../node/founding.ts'
import { createSimulatedCrypto } from '../crypto.ts'
import { Random } from '../random.ts'

const crypto = createSimulatedCrypto(Random.fromSeed(1))

/** What stands at the beginning for everybody. */
export function headOf(archive: Bytes) {
  const sizeBytes = must(frameSizeOf(archive.subarray(archiveMagic.length)))
  const start = archiveMagic.length + 4
  return { ...must(decodeArchiveHead(archive.slice(start, start + sizeBytes))), endByte: start + sizeBytes }
}

const kemSecretOf = (words: readonly string[]): Bytes =>
  recoveryKemSecret(recoveryFromEntropy(must(entropyFromWords(words))))

const keyOf = (archive: Bytes, words: readonly string[]): Bytes => keyUnder(archive, kemSecretOf(words))!

/** The key of the pieces; null where a secret is not the one that it is sealed to. */
export function keyUnder(archive: Bytes, secret: Bytes): Bytes | null {
  const { treeId, exportedAtMs, sealedKey } = headOf(archive).head
  return crypto.openWith(secret, hpkeInfo.archive, archiveKeyPlace(treeId, exportedAtMs), sealedKey)
}

/** The root's KEM secret, as the card brings it out of the archive's own rows. */
export function rootKemSecretIn(archive: Bytes, words: readonly string[]): Bytes {
  const rows = opened(archive, words).frames.flatMap((frame) => (frame.tag === 'rows' ? frame.value : []))
  const { byRecoveryKey } = decodeRow('wraps', rows.find(({ key }) => equal(key, keys.wraps))!.value)
  return unwrapByCard(recoveryFromEntropy(must(entropyFromWords(words))), headOf(archive).head.treeId, byRecoveryKey)!
}

/** The frames, and how many octets are padding. */
export function opened(archive: Bytes, words: readonly string[]) {
  const { head, check, endByte } = headOf(archive)
  const key = keyOf(archive, words)
  const pieceCount = archivePieceCountOf(head.sizeBytes)
  const sealedPieceBytes = archivePieceSizeBytes + archiveTagSizeBytes
  const pieces = Array.from({ length: pieceCount }, (_, index) => {
    const ciphertext = archive.slice(endByte + index * sealedPieceBytes, endByte + (index + 1) * sealedPieceBytes)
    const [hash] = crypto.hash([ciphertext])
    const plan = { key, nonce: archiveNonce(index, pieceCount), associatedData: check, ciphertext, hash: hash! }
    return crypto.open([plan])[0]!
  })
  const plain = concat(...pieces)
  const frames: ArchiveFrame[] = []
  for (let at = 0; ;) {
    const sizeBytes = must(frameSizeOf(plain.subarray(at, at + 4)))
    const frame = must(decodeFrame(plain.slice(at + 4, at + 4 + sizeBytes)))
    frames.push(frame)
    at += 4 + sizeBytes
    if (frame.tag === 'end') return { frames, paddingBytes: plain.length - at }
  }
}

/**
 * An archive under the same keys.
 * @param behind what comes after the frames, in place of zeros
 * @param laterMs by how much its head says a later time
 */
export function resealed(
  archive: Bytes,
  words: readonly string[],
  frames: readonly ArchiveFrame[],
  behind: Bytes = new Uint8Array(),
  laterMs = 0,
): Bytes {
  const key = keyOf(archive, words)
  const content = concat(...frames.map(encodeFrame), behind)
  const plain = new Uint8Array(paddedSizeOf(content.length))
  plain.set(content)
  const { head } = headOf(archive)
  const exportedAtMs = head.exportedAtMs + laterMs
  const place = archiveKeyPlace(head.treeId, exportedAtMs)
  const sealedKey = crypto.sealTo(
    { suite: 1, publicKey: crypto.kemPublicKey(kemSecretOf(words)) },
    hpkeInfo.archive,
    place,
    key,
  )
  const { octets, check } = encodeArchiveHead({ ...head, exportedAtMs, sealedKey, sizeBytes: plain.length })
  const pieceCount = archivePieceCountOf(plain.length)
  const pieces = Array.from({ length: pieceCount }, (_, index) => {
    const plaintext = plain.slice(index * archivePieceSizeBytes, (index + 1) * archivePieceSizeBytes)
    return crypto.seal([{ key, nonce: archiveNonce(index, pieceCount), associatedData: check, plaintext }])[0]!
      .ciphertext
  })
  return concat(archiveMagic, octets, ...pieces)
}
