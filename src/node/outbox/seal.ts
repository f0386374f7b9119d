/**
 * Sealing a content anew on this device: for another block, or under another key of the same.
 * @module
 */
import type { Bytes } from '../../core/bytes/bytes.ts'
import { type SectorKeys, blockKeySchedule } from '../../core/crypto/crypto.ts'
import { type Body, emptyBody, sealedSectors, sectorSizeBytes } from '../../core/block/block.ts'
import type { BlockId } from '../../core/path/path.ts'
import { type Site, type WrittenBody, contentOfBody, rewriteBody } from '../bodies.ts'
import type { Rewriting } from '../edits.ts'
import { type ObjectStore, type Reading, walk } from '../read/content.ts'

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
    const copying = await copyingOf(reading, source)
    return await rewriteBody(site, reading, target.block, target.keyEpoch, to, copying, unwatched)
  } finally {
    for (const schedule of from.values()) schedule.wipe()
    to.wipe()
  }
}

/** All of a content that is no hole, as edits of nothing: so what nobody wrote takes neither room nor time. */
async function copyingOf(reading: Reading, { block, body }: Pick<Source, 'block' | 'body'>): Promise<Rewriting> {
  const ranges: { startByte: number; endByte: number }[] = []
  for await (const sectors of walk(reading, block, sealedSectors(body)))
    for (const { index, sizeBytes } of sectors) {
      const startByte = index * sectorSizeBytes
      const last = ranges.at(-1)
      if (last?.endByte === startByte) last.endByte += sizeBytes
      else ranges.push({ startByte, endByte: startByte + sizeBytes })
    }
  const content = contentOfBody(reading, block, body)
  const edits = ranges.map(({ startByte, endByte }) => ({
    startByte,
    endByte,
    content: { slice: (start: number, end: number) => content.slice(startByte + start, startByte + end) },
  }))
  return { base: emptyBody, edits, sizeBytes: body.sizeBytes }
}

const unwatched = { advance() {}, setTotal() {}, check() {}, async turn() {} }
