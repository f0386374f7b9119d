/**
 * The hot loops, in AssemblyScript: row operations over GF(256) and SHA-256, by 128-bit vectors.
 *
 * The caller owns the memory from `freeFrom` on and says where everything lies. The twin of each function is plain TypeScript in
 * the core, and a test holds the two equal.
 */
import { prepareRows } from './rows'
import { prepareHash } from './sha256'

export { run } from './rows'
export { hashMany } from './sha256'

/** To be called once, before anything else. @returns the first address that is free */
export function prepare(): usize {
  prepareRows()
  prepareHash()
  return (__heap_base + 15) & ~15
}
