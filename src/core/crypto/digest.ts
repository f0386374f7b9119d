/**
 * Domain-separated hashing: no hash, signature or key of one purpose is ever one of another.
 * @module
 */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { type Bytes, concat, utf8 } from '../bytes/bytes.ts'

/** Of public keys, seals and records alike; any other is refused when decoded. */
export const suite = 1

const prefixes = new Map<string, Bytes>()

/**
 * u8 length ‖ ASCII. The length keeps one domain from being the beginning of another.
 * @param domain what a hash, a signature or a derived key is for: `blocktree/1/<purpose>`. The number is the suite: everything
 * under 1 uses the algorithms of suite 1.
 */
export function domainPrefix(domain: string): Bytes {
  const known = prefixes.get(domain)
  if (known !== undefined) return known
  if (!domain.startsWith('blocktree/1/')) throw new RangeError(`"domain" expected blocktree/1/…, got ${domain}`)
  const name = utf8(domain)
  if (name.length > 255) throw new RangeError(`"domain" expected at most 255 octets, got ${name.length}`)
  const prefix = concat(Uint8Array.of(name.length), name)
  // Domains are constants of the program; the bound only guards against one that is computed by mistake.
  if (prefixes.size < 256) prefixes.set(domain, prefix)
  return prefix
}

/** SHA-256 without a domain: for sectors, which are bound by where they stand, and for what WebAuthn hashes so. */
export const sha256 = (octets: Uint8Array): Bytes => nobleSha256(octets)

// A hasher that has taken the prefix already, for each domain, and one to copy it into: a new hasher for every small hash costs
// more than the hash.
const beginnings = new Map<string, ReturnType<typeof nobleSha256.create>>()
const working = nobleSha256.create()
// Written through a view, for which an engine gives an array memory of its own; a copy of it stays small.
const result = new Uint8Array(32)

/**
 * SHA-256(u8 length of domain ‖ domain ‖ parts). The parts are not told apart: give them fixed sizes, or one encoded record.
 */
export function digest(domain: string, ...parts: readonly Uint8Array[]): Bytes {
  let beginning = beginnings.get(domain)
  if (beginning === undefined) {
    beginning = nobleSha256.create().update(domainPrefix(domain))
    beginnings.set(domain, beginning)
  }
  beginning._cloneInto(working)
  for (const part of parts) working.update(part)
  working.digestInto(result)
  return result.slice()
}
