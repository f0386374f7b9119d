/**
 * The random port: the engine's cryptographic generator.
 * @module
 */
import type { Bytes } from '../../core/bytes/bytes.ts'
import type { RandomPort } from '../../port/platform.ts'

/** `getRandomValues` refuses more at once (Web Cryptography §10.1.1). */
const drawSizeBytesMax = 65536
/** Small wishes are met from a supply, since a call of the engine costs more than the octets. */
const supplySizeBytes = 4096
const smallSizeBytesMax = 64

export function createRandom(): RandomPort {
  const supply = new Uint8Array(supplySizeBytes)
  let used = supplySizeBytes

  function small(sizeBytes: number): Bytes {
    if (used + sizeBytes > supplySizeBytes) {
      crypto.getRandomValues(supply)
      used = 0
    }
    const octets = supply.slice(used, used + sizeBytes)
    // What was given away must not be found here later.
    supply.fill(0, used, used + sizeBytes)
    used += sizeBytes
    return octets
  }

  function large(sizeBytes: number): Bytes {
    const octets = new Uint8Array(sizeBytes)
    for (let offset = 0; offset < sizeBytes; offset += drawSizeBytesMax)
      crypto.getRandomValues(octets.subarray(offset, offset + drawSizeBytesMax))
    return octets
  }

  return { bytes: (sizeBytes) => (sizeBytes <= smallSizeBytesMax ? small(sizeBytes) : large(sizeBytes)) }
}
