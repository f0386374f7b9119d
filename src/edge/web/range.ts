/**
 * The part of a file that a request asks for (RFC 9110 §14).
 * @module
 */
import type { ByteRange } from '../../core/bytes/bytes.ts'

/**
 * @param header of the request, or null
 * @returns null where the whole is to be sent: no range, several, or one that is not understood
 */
export function rangeOf(header: string | null, sizeBytes: number): ByteRange | 'unsatisfiable' | null {
  const [, first, last] = /^\s*bytes\s*=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return null
  if (first === '') {
    const countBytes = Math.min(Number(last), sizeBytes)
    return countBytes === 0 ? 'unsatisfiable' : { startByte: sizeBytes - countBytes, endByte: sizeBytes }
  }
  const startByte = Number(first)
  if (last !== '' && Number(last) < startByte) return null
  if (startByte >= sizeBytes) return 'unsatisfiable'
  return { startByte, endByte: last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) }
}
