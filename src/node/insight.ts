/**
 * What a person can ask about the tree itself: who can read a thing, and what it takes up.
 * @module
 */
import { BlocktreeError, equal, toHex } from '../core/bytes/bytes.ts'
import { groupsOfFour, principalOf } from '../core/crypto/crypto.ts'
import { root } from '../core/merkle/merkle.ts'
import { type BlockId, rootBlockId } from '../core/path/path.ts'
import { accessOf, entryOf, parentOf } from '../core/tree/tree.ts'
import type { ReaderLine, StorageReport } from './api.ts'
import type { RunningNode } from './running-node.ts'
import { idFromText, idText } from './read/view.ts'

/** Every readcap on the block and on the folders below it, since whoever reads a folder reads all in it. */
export function readersOf(node: RunningNode, id: string): readonly ReaderLine[] {
  const { tree, view } = node.home
  const { state } = tree
  const start = idFromText(id)
  if (start === null || view.get(id) === null) throw new BlocktreeError('itemGone', 'This item is not there any more.')
  const { deviceName, ownerName, planted } = node.status()
  const lines: ReaderLine[] = []
  for (let block: BlockId | null = start; block !== null; block = parentOf(state, block)) {
    const isRoot = equal(block, rootBlockId(tree.treeId))
    for (const { recipient } of accessOf(state, block)?.fields.readcaps ?? []) {
      const isOwner = equal(recipient, tree.treeId)
      if (isOwner && !planted) continue
      const isThisNode = equal(recipient, principalOf(node.keys.credential))
      lines.push({
        who: isOwner ? ownerName : isThisNode ? deviceName : '',
        principal: isOwner ? '' : groupsOfFour(recipient),
        through: isRoot ? '' : (view.get(idText(block))?.name ?? ''),
        sinceMs: entryOf(state, block)?.createdAtMs ?? 0,
      })
    }
  }
  return lines
}

export async function storageReport(node: RunningNode): Promise<StorageReport> {
  // The rest is counted at one instant, after all that has to be waited for.
  const usage = await node.platform.store.usage()
  const { tree, view } = node.home
  let treeBytes = 0
  let trashBytes = 0
  let fileCount = 0
  for (const item of view.items.values()) {
    if (item.kind !== 'file') continue
    if (view.isTrashed(item.id)) trashBytes += item.sizeBytes
    else {
      treeBytes += item.sizeBytes
      fileCount++
    }
  }
  return { ...usage, treeBytes, trashBytes, fileCount, stateRoot: toHex(root(tree.state.map)) }
}
