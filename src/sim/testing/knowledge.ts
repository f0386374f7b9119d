/**
 * What the devices of a family can know: the tree as it is in the log, every key that somebody can have, and what it opens.
 * @module
 */
import { type Bytes, concat, fromHex, keyOf, must } from '../../core/bytes/bytes.ts'
import { blockKeySchedule, hpkeInfo, openText, principalOf } from '../../core/crypto/crypto.ts'
import { readcapPlace, trusted, unwrapEarlier, unwrapUnderParent } from '../../core/cap/cap.ts'
import { entries } from '../../core/merkle/merkle.ts'
import { type TreeState, contentOf, decodeBatch, decodeRow, entryOf, foldBatch, rowKind } from '../../core/tree/tree.ts'
import { placeOf } from '../../node/own-tree.ts'
import { readContent } from '../../node/read/content.ts'
import { readHeldState } from '../../node/read/held-state.ts'
import { idFromText } from '../../node/read/view.ts'
import { createSimulatedCrypto } from '../crypto.ts'
import type { Life } from '../device.ts'
import { Random } from '../random.ts'
import type { Family } from './family.ts'

const placeIn = (life: Life) => placeOf(fromHex(life.page.tree.treeId)!)
/** With all that is in the log, which is certain to stay where nothing is under way. */
export async function stateOf(family: Family, life: Life): Promise<TreeState> {
  const { state, checkpoint, entries: log } = (await family.scheduler.run(readHeldState(life.store, placeIn(life))))!
  const batches = log.flatMap((entry) => (entry.index > checkpoint.index && entry.kind === 'command' ? [entry] : []))
  return batches.reduce((folded, { data }) => {
    const batch = data.length === 0 ? null : must(decodeBatch(data as Bytes))
    return batch === null ? folded : foldBatch(folded, trusted(batch)).state
  }, state)
}

/** All keys that somebody can have who has these node keys, some keys already, and a whole tree to look for more. */
export async function keysWithin(
  family: Family,
  at: number,
  state: TreeState,
  known: ReadonlyMap<string, Bytes>,
): Promise<ReadonlyMap<string, Bytes>> {
  const found = new Map(known)
  const node = await family.devices[at]!.keys.node()
  const own = principalOf(node.credential)
  const learn = (key: Bytes | null): void => {
    if (key !== null) found.set(keyOf(key), key)
  }
  for (let before = -1; before < found.size;) {
    before = found.size
    for (const [row, octets] of entries(state.map, Uint8Array.of(rowKind.access))) {
      const block = row.slice(1)
      const { keyEpoch, wrappedKey, readcaps, earlierKeys } = decodeRow('access', octets).fields
      for (const { suite, sealedKey } of readcaps)
        learn(await node.open(suite, hpkeInfo.readcap, readcapPlace(state.treeId, block, keyEpoch, own), sealedKey))
      for (const key of [...found.values()]) {
        if (wrappedKey !== null) learn(unwrapUnderParent(key, state.treeId, block, keyEpoch, wrappedKey))
        earlierKeys.forEach((wrapped, epoch) => learn(unwrapEarlier(key, state.treeId, block, epoch + 1, wrapped)))
      }
    }
  }
  return found
}

/** Whether one of the keys opens the content, or the name, of a block. */
export async function isOpenedBy(found: ReadonlyMap<string, Bytes>, life: Life, state: TreeState, id: string) {
  const block = idFromText(id)!
  const { child, sealedName } = entryOf(state, block)!.entry.fields
  const isNameOpen = [...found.values()].some((key) => openText(key, sealedName, child) !== null)
  const { bodyRoot, sizeBytes } = contentOf(state, block)!.content.fields
  let isContentOpen = false
  for (const key of found.values()) {
    const schedule = blockKeySchedule(key)
    const crypto = createSimulatedCrypto(Random.fromSeed(1))
    const reading = { store: life.store, crypto, discard() {}, place: placeIn(life), sectorKeys: () => schedule }
    try {
      const pieces: Bytes[] = []
      for await (const piece of readContent(reading, block, { bodyRoot, sizeBytes }, 0, sizeBytes)) pieces.push(piece)
      isContentOpen ||= concat(...pieces).length === sizeBytes
    } catch {
      // Not with this one.
    }
  }
  return { isNameOpen, isContentOpen }
}
