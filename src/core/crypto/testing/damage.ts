/**
 * Ways in which octets arrive damaged, for tests of decoders.
 * @module
 */
import fc from 'fast-check'
import { type Bytes, concat } from '../../bytes/bytes.ts'

/** `original` cut short, made longer, or with one bit flipped; never itself. */
export const damaged = (original: Bytes): fc.Arbitrary<Bytes> =>
  fc.oneof(
    fc.nat(original.length - 1).map((sizeBytes) => original.slice(0, sizeBytes)),
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((tail) => concat(original, tail)),
    fc.nat(8 * original.length - 1).map((bit) => {
      const flipped = original.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      return flipped
    }),
  )

/** Octets of one size, evenly. */
export const octetsOf = (sizeBytes: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes }).map((octets) => Uint8Array.from(octets))

/** The codes by which decoders refuse. */
export const decodeFault =
  /^(formatTooLong|formatInvalid|formatMismatch|versionUnknown|suiteUnknown|keyInvalid|chainLength)$/
