/**
 * The field of 256 elements over x^8 + x^4 + x^3 + x^2 + 1 (RFC 6330 §5.7), where addition is XOR and 2 generates all but zero.
 * @module
 */
const polynomial = 0x11d

/** Powers of 2, twice over, so that a sum of two logarithms needs no modulus. */
const powers = new Uint8Array(510)
const logarithms = new Uint8Array(256)
for (let exponent = 0, value = 1; exponent < 255; exponent++) {
  powers[exponent] = value
  powers[exponent + 255] = value
  logarithms[value] = exponent
  value = value < 128 ? value << 1 : (value << 1) ^ polynomial
}

/** 2^exponent. @param exponent 0 or more */
export const power = (exponent: number): number => powers[exponent % 255]!

export const multiply = (left: number, right: number): number =>
  left === 0 || right === 0 ? 0 : powers[logarithms[left]! + logarithms[right]!]!

/** @param value not 0 */
export const invert = (value: number): number => powers[255 - logarithms[value]!]!

/** target ^= factor × source, octet by octet. */
export function addMultiple(target: Uint8Array, source: Uint8Array, factor: number): void {
  if (factor === 0) return
  const shift = logarithms[factor]!
  for (let i = 0; i < target.length; i++) {
    const value = source[i]!
    if (value !== 0) target[i] = target[i]! ^ powers[logarithms[value]! + shift]!
  }
}

/** Four elements in a word, each times 2. */
export const doubleFour = (word: number): number =>
  ((word & 0x7f7f7f7f) << 1) ^ Math.imul((word >>> 7) & 0x01010101, polynomial & 255)
