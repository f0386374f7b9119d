/**
 * Plain operations on octets. Everything inside the system is a `Uint8Array`; text forms exist only for show and for map keys.
 * @module
 */

export type Bytes = Uint8Array<ArrayBuffer>

export function concat(...parts: readonly Uint8Array[]): Bytes {
  let sizeBytes = 0
  for (const part of parts) sizeBytes += part.length
  const whole = new Uint8Array(sizeBytes)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Constant time in the content, so that secrets may be compared with it. */
export function equal(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  let difference = 0
  for (let i = 0; i < left.length; i++) difference |= left[i]! ^ right[i]!
  return difference === 0
}

/** Binary ascending order, a shorter prefix first. */
export function compare(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length)
  for (let i = 0; i < shared; i++) {
    const difference = left[i]! - right[i]!
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

export const copy = (source: Uint8Array): Bytes => new Uint8Array(source)

/** Overwrites a secret that is no longer needed. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0)
}

const hexDigits = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'))

export function toHex(octets: Uint8Array): string {
  let text = ''
  for (const octet of octets) text += hexDigits[octet]!
  return text
}

/** @returns null where the text is not an even number of hexadecimal digits */
export function fromHex(text: string): Bytes | null {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null
  const octets = new Uint8Array(text.length / 2)
  for (let i = 0; i < octets.length; i++) octets[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return octets
}

const base64urlDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** RFC 4648 §5 without padding. */
export function toBase64url(octets: Uint8Array): string {
  let text = ''
  for (let i = 0; i < octets.length; i += 3) {
    const group = (octets[i]! << 16) | ((octets[i + 1] ?? 0) << 8) | (octets[i + 2] ?? 0)
    const digitCount = Math.min(4, octets.length - i + 1)
    for (let digit = 0; digit < digitCount; digit++) text += base64urlDigits[(group >> (18 - 6 * digit)) & 63]!
  }
  return text
}

/** @returns null where the text is not the one canonical form of some octets */
export function fromBase64url(text: string): Bytes | null {
  if (text.length % 4 === 1) return null
  const octets = new Uint8Array(Math.floor((text.length * 3) / 4))
  let buffer = 0
  let bitCount = 0
  let written = 0
  for (const character of text) {
    const digit = base64urlDigits.indexOf(character)
    if (digit < 0) return null
    buffer = ((buffer << 6) | digit) & 0xffffff
    bitCount += 6
    if (bitCount >= 8) {
      bitCount -= 8
      octets[written++] = (buffer >> bitCount) & 255
    }
  }
  // Leftover bits must be zero, or two texts would name the same octets.
  return (buffer & ((1 << bitCount) - 1)) === 0 ? octets : null
}

/** UTF-8 of a well-formed string; a lone surrogate throws, since no valid name contains one. */
export function utf8(text: string): Bytes {
  return utf8OfAscii(text) ?? utf8OfAny(text)
}

/** Most of what is encoded: names of domains and requests. @returns null where there is anything beyond ASCII */
function utf8OfAscii(text: string): Bytes | null {
  const octets = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) return null
    octets[i] = unit
  }
  return octets
}

function utf8OfAny(text: string): Bytes {
  const octets: number[] = []
  for (const character of text) {
    const point = character.codePointAt(0)!
    if (point >= 0xd800 && point <= 0xdfff)
      throw new RangeError('"text" expected well-formed Unicode, got a lone surrogate')
    if (point < 0x80) octets.push(point)
    else if (point < 0x800) octets.push(0xc0 | (point >> 6), 0x80 | (point & 63))
    else if (point < 0x10000) octets.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63))
    else octets.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63))
  }
  return Uint8Array.from(octets)
}

/** Strict UTF-8 (RFC 3629): no over-long forms, surrogates or truncation. @returns null for anything else */
export function fromUtf8(octets: Uint8Array): string | null {
  let text = ''
  for (let i = 0; i < octets.length;) {
    const first = octets[i]!
    const size =
      first < 0x80
        ? 1
        : first >= 0xc2 && first < 0xe0
          ? 2
          : first >= 0xe0 && first < 0xf0
            ? 3
            : first >= 0xf0 && first < 0xf5
              ? 4
              : 0
    if (size === 0 || i + size > octets.length) return null
    let point = size === 1 ? first : first & (0x7f >> size)
    for (let k = 1; k < size; k++) {
      const next = octets[i + k]!
      if ((next & 0xc0) !== 0x80) return null
      point = (point << 6) | (next & 63)
    }
    if ((size === 3 && point < 0x800) || (size === 4 && (point < 0x10000 || point > 0x10ffff))) return null
    if (point >= 0xd800 && point <= 0xdfff) return null
    text += String.fromCodePoint(point)
    i += size
  }
  return text
}

/** Eight octets, most significant first, so that binary order is numeric order. */
export function u64be(value: number): Bytes {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`"value" expected 0..2^53-1, got ${value}`)
  const octets = new Uint8Array(8)
  let rest = value
  for (let i = 7; i >= 0; i--) {
    octets[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return octets
}

/** Reads what `u64be` wrote. @returns null above 2^53-1 or where eight octets are missing */
export function fromU64be(octets: Uint8Array, offset = 0): number | null {
  if (octets.length < offset + 8) return null
  let value = 0
  for (let i = 0; i < 8; i++) value = value * 256 + octets[offset + i]!
  return Number.isSafeInteger(value) ? value : null
}

/**
 * Octets as a string of the same order, one character an octet: a key for `Map` and `Set`, which compare objects by identity.
 * Never shown, stored or sent.
 */
export function keyOf(octets: Uint8Array): string {
  let key = ''
  for (let i = 0; i < octets.length; i += 4096) {
    // `apply` takes the octets as they are, where spreading would walk an iterator: seven times as fast.
    key += String.fromCharCode.apply(null, octets.subarray(i, i + 4096) as unknown as number[])
  }
  return key
}

/** Octets of a content, the last not among them. */
export interface ByteRange {
  readonly startByte: number
  readonly endByte: number
}
