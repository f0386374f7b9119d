/**
 * Which certificate a description of a session stands for.
 * @module
 */
import { type Bytes, fromHex } from '../../core/bytes/bytes.ts'

/**
 * SHA-256 of the certificate that a description names (RFC 8122 §5). A browser connects to whatever one of several names; so a
 * description that names several, or by another hash, names none.
 */
export function fingerprintOf(description: RTCSessionDescriptionInit | null): Bytes | null {
  const lines = (description?.sdp ?? '').split(/[\r\n]+/).filter((line) => /fingerprint/i.test(line))
  const [named, ...others] = new Set(lines.map((line) => /^a=fingerprint:sha-256 ([0-9A-F:]{95})$/i.exec(line)?.[1]))
  return named && others.length === 0 ? fromHex(named.replaceAll(':', '')) : null
}
