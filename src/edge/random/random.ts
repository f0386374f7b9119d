/**
 * The random port: the engine's cryptographic generator.
 * @module
 */
import type { RandomPort } from '../../port/platform.ts'

/** `getRandomValues` refuses more at once (Web Cryptography §10.1.1). */
const drawSizeBytesMax = 65536

export const createRandom = (): RandomPort => ({
  bytes(sizeBytes) {
    const octets = new Uint8Array(sizeBytes)
    for (let offset = 0; offset < sizeBytes; offset += drawSizeBytesMax)
      crypto.getRandomValues(octets.subarray(offset, offset + drawSizeBytesMax))
    return octets
  },
})
