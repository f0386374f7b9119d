/**
 * Rows at rest: what makes a copied profile folder unreadable.
 *
 * A sealed row is nonce (12 octets, random) ‖ AES-256-GCM ciphertext with tag, under the device key. The associated data is
 * table ‖ 0 ‖ key, so that a row moved to another place does not open. Random nonces are sound for 2^32 rows under one key
 * (NIST SP 800-38D §8.3), which at a thousand rows a second is 49 days without a pause.
 * @module
 */
import { type Bytes, StoreDamagedError, concat, utf8 } from '../../core/bytes/bytes.ts'
import type { Table } from '../../port/store.ts'

const nonceSizeBytes = 12

/** Sectors and index pages arrive as ciphertext and are found by the hash of it; sealing them twice would only cost. */
export const isSealed = (table: Table): boolean => table !== 'object'

export async function sealRow(deviceKey: CryptoKey, table: Table, key: Bytes, value: Bytes): Promise<Bytes> {
  const iv = crypto.getRandomValues(new Uint8Array(nonceSizeBytes))
  const additionalData = placeOf(table, key)
  const ciphertext = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, deviceKey, value)
  return concat(iv, new Uint8Array(ciphertext))
}

/** Rejects with StoreDamagedError where the row is not one that this device sealed at this place. */
export async function openRow(deviceKey: CryptoKey, table: Table, key: Bytes, sealed: Bytes): Promise<Bytes> {
  const iv = sealed.subarray(0, nonceSizeBytes)
  const additionalData = placeOf(table, key)
  try {
    const ciphertext = sealed.subarray(nonceSizeBytes)
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, deviceKey, ciphertext))
  } catch {
    // WebCrypto says no more than OperationError, whatever was wrong.
    throw new StoreDamagedError(`a record of the table "${table}" does not open`)
  }
}

const placeOf = (table: Table, key: Bytes): Bytes => concat(utf8(table), Uint8Array.of(0), key)
