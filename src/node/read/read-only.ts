/**
 * Reading without a node: what the service worker answers with when no tab is open. It may be older than what other devices
 * have by now, and nothing is ever written.
 * @module
 */
import { BlocktreeError, type Bytes, equal, toHex } from '../../core/bytes/bytes.ts'
import { principalOf } from '../../core/crypto/crypto.ts'
import type { TreeState } from '../../core/tree/tree.ts'
import type { Platform } from '../../port/platform.ts'
import type { StoreReader } from '../../port/store.ts'
import type { ContentHead } from '../api.ts'
import { readKept } from '../outbox/rows.ts'
import { isShared, placeOf } from '../own-tree.ts'
import type { ClusterPlace } from '../place.ts'
import { readProfile, treeAt } from '../profile.ts'
import { bodyOf, readContent } from './content.ts'
import { type HeldState, isNewest, newestState, readHeldState } from './held-state.ts'
import { KeyRing } from './key-ring.ts'
import { mediaTypeOf } from './media-type.ts'
import { objectsFrom, obtainNothing } from './objects.ts'
import { TreeView, idFromText } from './view.ts'

export interface ReadOnlyContent extends Omit<ContentHead, 'streamId'> {
  readonly pieces: AsyncGenerator<Bytes>
}

/** Opens a file at a half open range. Rejects with a sentence where there is none, or none that can be read. */
export type OpenHeld = (id: string, startByte?: number, endByte?: number) => Promise<ReadOnlyContent>

export type Holder = Pick<Platform, 'crypto' | 'keys' | 'discard'> & { readonly store: StoreReader }

interface HeldTree {
  readonly place: ClusterPlace
  readonly held: HeldState
  readonly state: TreeState
  readonly ring: KeyRing
  readonly view: TreeView
}

/**
 * The files of the tree that this device holds. The state is kept between two files, since a player asks for one in a hundred
 * ranges, and read again when something was added to it.
 */
export function heldContent(holder: Holder): OpenHeld {
  const { store, crypto, discard } = holder
  let known: HeldTree | null = null
  return async (id, startByte = 0, endByte) => {
    const tree = await newestTree(holder, known)
    known = tree
    const { place, state, ring, view } = tree
    const item = view.get(id)
    const block = idFromText(id)
    const body = block === null ? null : bodyOf(state, block)
    if (block === null || item?.kind !== 'file' || body === null)
      throw new BlocktreeError('itemGone', 'This file is not there any more.')
    const end = Math.min(endByte ?? body.sizeBytes, body.sizeBytes)
    if (!Number.isSafeInteger(startByte) || startByte < 0 || startByte > end)
      throw new BlocktreeError('rangeWrong', 'This part of the file does not exist.')
    const sectorKeys = ring.sectorKeys.bind(ring, state)
    // Whatever is missing, another device may have it.
    const isLacking = (): boolean => isShared(state)
    const objects = objectsFrom({ store, obtain: obtainNothing, isLacking, away: contentElsewhere })
    const pieces = readContent({ store: objects, crypto, discard, place, sectorKeys }, block, body, startByte, end)
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
}

async function newestTree({ store, keys }: Holder, known: HeldTree | null): Promise<HeldTree> {
  const treeId = treeAt(await readProfile(store), 'home')
  const place = treeId === null ? null : placeOf(treeId)
  if (place !== null && known !== null && equal(known.place.treeId, place.treeId)) {
    if (await isNewest(store, place, known.held)) return known
  }
  const held = place === null ? null : await readHeldState(store, place)
  if (held === null || place === null)
    throw new BlocktreeError('treeMissing', 'There is no tree on this device yet. Open Blocktree first.')
  const nodeKeys = await keys.node()
  const state = newestState(held, await readKept(store, place), principalOf(nodeKeys.credential))
  const ring = await KeyRing.unlock(state, nodeKeys)
  return { place, held, state, ring, view: new TreeView(state, ring, []) }
}

const contentElsewhere =
  'This file is not on this device yet. Open Blocktree, so that it can be brought here from a device that has it.'
