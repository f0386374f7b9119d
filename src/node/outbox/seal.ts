/**
 * Sealing a content anew on this device: for another block, or under another key of the same.
 * @module
 */
import type { Bytes } from '../../core/bytes/bytes.ts'
import { type SectorKeys, blockKeySchedule } from '../../core/crypto/crypto.ts'
import type { Body } from '../../core/block/block.ts'
import type { BlockId } from '../../core/path/path.ts'
import { type Site, type WrittenBody, copyBody } from '../bodies.ts'
import { unwatched } from '../jobs.ts'
import type { ObjectStore, Reading } from '../read/content.ts'

interface Source {
  readonly block: BlockId
  readonly body: Body
  /** By their epochs. */
  readonly keys: ReadonlyMap<number, Bytes>
}
interface Target {
  readonly block: BlockId
  readonly key: Bytes
  readonly keyEpoch: number
}

/** Seals the content of `source` as that of `target`. @param store what is not here of it may come from others */
export async function sealAnew(site: Site, store: ObjectStore, source: Source, target: Target): Promise<WrittenBody> {
  const { crypto, discard } = site.platform
  const from = new Map([...source.keys].map(([keyEpoch, key]) => [keyEpoch, blockKeySchedule(key)]))
  const to = blockKeySchedule(target.key)
  const sectorKeys = (_block: BlockId, keyEpoch: number): SectorKeys | null => from.get(keyEpoch) ?? null
  try {
    const reading: Reading = { store, crypto, discard, place: site.place, sectorKeys }
    return await copyBody(site, reading, source, target.block, target.keyEpoch, to, unwatched)
  } finally {
    for (const schedule of from.values()) schedule.wipe()
    to.wipe()
  }
}
