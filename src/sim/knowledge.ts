/**
 * What somebody can know who has node keys and a whole tree to look at: every key that these come to, and what it opens.
 * @module
 */
import { type Bytes, concat, keyOf } from '../core/bytes/bytes.ts'
import { readcapPlace, unwrapEarlier, unwrapUnderParent } from '../core/cap/cap.ts'
import { blockKeySchedule, hpkeInfo, openText, principalOf } from '../core/crypto/crypto.ts'
import { entries } from '../core/merkle/merkle.ts'
import { type TreeState, contentOf, decodeRow, entryOf, rowKind } from '../core/tree/tree.ts'
import { placeOf } from '../node/own-tree.ts'
import { readContent } from '../node/read/content.ts'
import { idFromText } from '../node/read/view.ts'
import type { NodeKeys } from '../port/platform.ts'
import type { StoreReader } from '../port/store.ts'
import { createSimulatedCrypto } from './crypto.ts'
import { Random } from './random.ts'
import type { PutOut } from './sealing.ts'

export type Keys = ReadonlyMap<string, Bytes>

/** All keys that somebody can have who has these node keys, some keys already, and a whole tree to look for more. */
export async function keysWithin(node: NodeKeys, state: TreeState, known: Keys = new Map()): Promise<Keys> {
  const { treeId, map } = state
  const own = principalOf(node.credential)
  const found = new Map(known)
  const fresh = [...known.values()]
  const learn = (key: Bytes | null): void => {
    if (key === null || found.has(keyOf(key))) return
    found.set(keyOf(key), key)
    fresh.push(key)
  }
  const accesses = [...entries(map, Uint8Array.of(rowKind.access))].map(
    ([row, octets]) => [row.slice(1), decodeRow('access', octets).fields] as const,
  )
  for (const [block, { keyEpoch, readcaps }] of accesses)
    for (const { suite, sealedKey } of readcaps)
      learn(await node.open(suite, hpkeInfo.readcap, readcapPlace(treeId, block, keyEpoch, own), sealedKey))
  for (let key = fresh.pop(); key !== undefined; key = fresh.pop())
    for (const [block, { keyEpoch, wrappedKey, earlierKeys }] of accesses) {
      if (wrappedKey !== null) learn(unwrapUnderParent(key, treeId, block, keyEpoch, wrappedKey))
      for (const [epoch, wrapped] of earlierKeys.entries()) learn(unwrapEarlier(key, treeId, block, epoch + 1, wrapped))
    }
  return found
}

/** Whether one of the keys opens the name of a block. */
export function isNameOpenedBy(found: Keys, state: TreeState, id: string): boolean {
  const { child, sealedName } = entryOf(state, idFromText(id)!)!.entry.fields
  return [...found.values()].some((key) => openText(key, sealedName, child) !== null)
}

/** Whether one of the keys opens all that a block holds. @param store of a device that has its body */
export async function isContentOpenedBy(
  found: Keys,
  store: StoreReader,
  state: TreeState,
  id: string,
): Promise<boolean> {
  const block = idFromText(id)!
  const { bodyRoot, sizeBytes } = contentOf(state, block)!.content.fields
  const place = placeOf(state.treeId)
  const crypto = createSimulatedCrypto(Random.fromSeed(1))
  for (const key of found.values()) {
    const schedule = blockKeySchedule(key)
    const reading = { store, crypto, discard() {}, place, sectorKeys: () => schedule }
    try {
      const pieces: Bytes[] = []
      for await (const piece of readContent(reading, block, { bodyRoot, sizeBytes }, 0, sizeBytes)) pieces.push(piece)
      if (concat(...pieces).length === sizeBytes) return true
    } catch {
      // Not with this one.
    }
  }
  return false
}

/** Of what was written and named since somebody was put out, and still is there, all that his keys open. */
export async function openedBy(
  { state: then, written, named }: PutOut,
  node: NodeKeys,
  store: StoreReader,
  state: TreeState,
): Promise<readonly string[]> {
  const found = await keysWithin(node, state, await keysWithin(node, then))
  const opened: string[] = []
  for (const id of named)
    if (entryOf(state, idFromText(id)!) !== null && isNameOpenedBy(found, state, id)) opened.push(`the name of ${id}`)
  for (const id of written) {
    const content = contentOf(state, idFromText(id)!)?.content.fields
    // What is empty hides nothing.
    if (content === undefined || content.sizeBytes === 0) continue
    if (await isContentOpenedBy(found, store, state, id)) opened.push(`the content of ${id}`)
  }
  return opened
}
