/**
 * Keys from keys by HKDF-SHA256 (RFC 5869).
 * @module
 */
import { expand, extract } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { type Bytes, concat, u64be, utf8, wipe } from '../bytes/bytes.ts'
import { domainPrefix } from './digest.ts'

/**
 * A 32-octet key for one purpose.
 * info = u8 length of domain ‖ domain ‖ (u64 length ‖ octets) of each context, so that no two contexts run together; salt empty.
 */
export function deriveKey(secret: Uint8Array, domain: string, ...context: readonly Uint8Array[]): Bytes {
  const info = concat(domainPrefix(domain), ...context.flatMap((part) => [u64be(part.length), part]))
  const pseudorandomKey = extract(sha256, secret)
  const key = expand(sha256, pseudorandomKey, info, 32)
  wipe(pseudorandomKey)
  return key
}

/** The keys of a block's sectors under one block key. */
export interface SectorKeys {
  /**
   * The key of the sectors that are sealed together, 32 octets.
   * @param salt 16 octets, fresh for every sealing: under its key no sector is sealed twice, so a sector's index is nonce enough
   */
  sectorKey(blockId: Uint8Array, salt: Uint8Array): Bytes
  /** Overwrites what was derived; the object is of no use afterwards. */
  wipe(): void
}

const sectorDomain = utf8('blocktree/1/sector')
const firstBlock = Uint8Array.of(1)

/**
 * sectorKey = HKDF-Expand(HKDF-Extract(salt empty, blockKey), "blocktree/1/sector" ‖ block id ‖ salt, 32).
 * Extract, and the two key pads of HMAC, are computed once a block key; a sealing costs the rest of one HMAC.
 */
export function blockKeySchedule(blockKey: Uint8Array): SectorKeys {
  if (blockKey.length !== 32) throw new RangeError(`"blockKey" expected 32 bytes, got ${blockKey.length}`)
  const pseudorandomKey = extract(sha256, blockKey)
  const midstate = hmac.create(sha256, pseudorandomKey)
  const working = midstate.clone()
  wipe(pseudorandomKey)
  return {
    sectorKey(blockId, salt) {
      if (salt.length !== 16) throw new RangeError(`"salt" expected 16 bytes, got ${salt.length}`)
      midstate._cloneInto(working)
      const key = new Uint8Array(32)
      // One output block suffices for 32 octets, so expansion is a single HMAC over info ‖ 1.
      working.update(concat(sectorDomain, blockId, salt, firstBlock)).digestInto(key)
      return key
    },
    wipe() {
      midstate.destroy()
      working.destroy()
    },
  }
}
