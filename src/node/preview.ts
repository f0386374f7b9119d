/**
 * What the removal of a device will do, before it is done: found by the same rules by which it is then done.
 * @module
 */
import { type Bytes, equal, keyOf } from '../core/bytes/bytes.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import { isFor } from '../core/cap/cap.ts'
import { type BlockId, blockIdOf, rootBlockId } from '../core/path/path.ts'
import {
  type TreeState,
  accessOf,
  childrenOf,
  contentOf,
  devicesOf,
  isDirectory,
  limitOf,
  owesKey,
  parentOf,
} from '../core/tree/tree.ts'
import type { Extent } from './api.ts'

export interface Preview {
  /** Get a new key before the removal is over. */
  readonly atOnce: Extent
  /** Get one afterwards, or when something is written there first. */
  readonly later: Extent
  /** What the device can read until then, and may keep. */
  readonly readable: Extent
}

export function previewOf(state: TreeState, device: Bytes): Preview {
  const root = rootBlockId(state.treeId)
  const isGiven = (block: BlockId): boolean =>
    accessOf(state, block)?.fields.readcaps.some((readcap) => isFor(readcap, device)) === true
  const owing = subtreeOf(state, root, (block) => owesKey(state, block) || isGiven(block))
  const first = new Set<string>()
  for (const block of targetsOf(state, device))
    for (let at: BlockId | null = block; at !== null; at = parentOf(state, at))
      if (owing.has(keyOf(at))) first.add(keyOf(at))
  const limit = limitOf(state, device)
  const base = limit === null ? root : blockIdOf(limit)
  return {
    atOnce: extentOf(
      state,
      [...owing].filter(([name]) => first.has(name)),
    ),
    later: extentOf(
      state,
      [...owing].filter(([name]) => !first.has(name)),
    ),
    readable: extentOf(
      state,
      subtreeOf(state, root, (block) => equal(block, base)),
    ),
  }
}

/** The root, and the folders of guests: of one that stays also where only the way there owes a key. */
function targetsOf(state: TreeState, removed: Bytes): readonly BlockId[] {
  const targets = [rootBlockId(state.treeId)]
  for (const { device, dismissed } of devicesOf(state)) {
    const principal = principalOf(device.fields.credential)
    const limit = limitOf(state, principal)
    if (limit !== null && (dismissed === null || equal(principal, removed))) targets.push(blockIdOf(limit))
  }
  return targets
}

/** Every block for which something holds, with all that lies above it. */
function subtreeOf(state: TreeState, root: BlockId, holds: (block: BlockId) => boolean): ReadonlyMap<string, BlockId> {
  const found = new Map<string, BlockId>()
  const pending = [{ block: root, isIn: false }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { block } = next
    const isIn = next.isIn || holds(block)
    if (isIn) found.set(keyOf(block), block)
    for (const { entry } of childrenOf(state, block)) pending.push({ block: entry.fields.child, isIn })
  }
  return found
}

function extentOf(state: TreeState, blocks: Iterable<readonly [string, BlockId]>): Extent {
  let [folderCount, fileCount, sizeBytes] = [0, 0, 0]
  for (const [, block] of blocks) {
    if (isDirectory(state, block)) folderCount++
    else {
      fileCount++
      sizeBytes += contentOf(state, block)?.content.fields.sizeBytes ?? 0
    }
  }
  return { folderCount, fileCount, sizeBytes }
}
