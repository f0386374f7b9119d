/**
 * Giving block keys to readers.
 * @module
 */
import { type Bytes, RefusedError, equal } from '../core/bytes/bytes.ts'
import { type KemKey, type Principal, hpkeInfo } from '../core/crypto/crypto.ts'
import { type Readcap, blindSizeBytes, readcapFor, readcapPlace } from '../core/cap/cap.ts'
import type { BlockId, TreeId } from '../core/path/path.ts'
import { type TreeState, deviceOf, kemKeyOf, setOf } from '../core/tree/tree.ts'
import type { Platform } from '../port/platform.ts'

/** A block and one of its keys. */
export interface GivenKey {
  readonly treeId: TreeId
  readonly block: BlockId
  readonly keyEpoch: number
  readonly key: Bytes
}

/** @param principal the reader: of the root's KEM key the tree id. Rejects with RefusedError where `kemKey` is none */
export async function sealReadcap(
  { crypto, random }: Pick<Platform, 'crypto' | 'random'>,
  { treeId, block, keyEpoch, key }: GivenKey,
  principal: Principal,
  kemKey: KemKey,
): Promise<Readcap> {
  const place = readcapPlace(treeId, block, keyEpoch, principal)
  const sealedKey = await crypto.sealTo(kemKey, hpkeInfo.readcap, place, key)
  return readcapFor({ principal, blind: random.bytes(blindSizeBytes) }, kemKey.suite, sealedKey)
}

/** The same for who could read before; null where his key is none, so that he holds nobody up but himself. */
export const sealReadcapAgain = (...given: Parameters<typeof sealReadcap>): Promise<Readcap | null> =>
  sealReadcap(...given).catch((error: unknown) => {
    if (error instanceof RefusedError && error.code === 'recipientKeyInvalid') return null
    throw error
  })

/** What seals to one who may read; null for who was put out, or is not known. */
export function kemKeyOfReader(state: TreeState, reader: Principal): KemKey | null {
  if (equal(reader, state.treeId)) {
    const set = setOf(state, state.treeId)
    return set && { suite: 1, publicKey: set.rootKemKey }
  }
  const row = deviceOf(state, reader)
  return row === null || row.dismissed !== null ? null : kemKeyOf(row.device.fields)
}
