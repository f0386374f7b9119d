/**
 * Reading without a node: what the service worker answers with when no tab is open. It may be older than what other devices
 * have by now, and nothing is ever written.
 * @module
 */
import { BlocktreeError, type Bytes, toHex } from '../../core/bytes/bytes.ts'
import type { Platform } from '../../port/platform.ts'
import type { StoreReader } from '../../port/store.ts'
import type { ContentHead } from '../api.ts'
import { placeOf } from '../own-tree.ts'
import { readProfile, treeAt } from '../profile.ts'
import { bodyOf, readContent } from './content.ts'
import { newestState, readHeldState } from './held-state.ts'
import { KeyRing } from './key-ring.ts'
import { mediaTypeOf } from './media-type.ts'
import { TreeView, idFromText } from './view.ts'

export interface ReadOnlyContent extends Omit<ContentHead, 'streamId'> {
  readonly pieces: AsyncGenerator<Bytes>
}

/** Opens a file of the tree that this device holds. Rejects with a sentence where there is none, or none that can be read. */
export async function openHeldContent(
  { store, crypto, keys }: Pick<Platform, 'crypto' | 'keys'> & { readonly store: StoreReader },
  id: string,
  startByte = 0,
  endByte?: number,
): Promise<ReadOnlyContent> {
  const treeId = treeAt(await readProfile(store), 'home')
  const place = treeId === null ? null : placeOf(treeId)
  const held = place === null ? null : await readHeldState(store, place)
  if (held === null || place === null)
    throw new BlocktreeError('treeMissing', 'There is no tree on this device yet. Open Blocktree first.')
  const state = newestState(held)
  const ring = await KeyRing.unlock(state, await keys.node())
  const item = new TreeView(state, ring).get(id)
  const block = idFromText(id)
  const body = block === null ? null : bodyOf(state, block)
  if (block === null || item === null || body === null)
    throw new BlocktreeError('itemGone', 'This file is not there any more.')
  const end = Math.min(endByte ?? body.sizeBytes, body.sizeBytes)
  if (!Number.isSafeInteger(startByte) || startByte < 0 || startByte > end)
    throw new BlocktreeError('rangeWrong', 'This part of the file does not exist.')
  const pieces = readContent({ store, crypto, place, state, ring }, block, body, startByte, end)
  return {
    pieces,
    name: item.name,
    mediaType: mediaTypeOf(item.name),
    version: toHex(body.bodyRoot),
    sizeBytes: body.sizeBytes,
    startByte,
    endByte: end,
  }
}
