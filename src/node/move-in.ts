/**
 * The local content moves into a tree that was planted: every block is sealed anew under the new tree's keys, then read back
 * through the new tree's signatures and compared. The source is only read; who calls deletes it when all of it has arrived.
 *
 * Ids stay, so a repetition after a crash finds what has arrived already and goes on behind it.
 * @module
 */
import { StoreDamagedError, equal } from '../core/bytes/bytes.ts'
import { type BlockId, type IdPath, rootBlockId } from '../core/path/path.ts'
import { type TreeState, entryOf, pathOf } from '../core/tree/tree.ts'
import type { Item } from './api.ts'
import { copyBody } from './bodies.ts'
import type { JobHandle } from './jobs.ts'
import type { Home } from './home.ts'
import type { OwnTree } from './own-tree.ts'
import { bodyOf, readSealed } from './read/content.ts'
import { TreeView, idFromText, idText } from './read/view.ts'

export async function moveIn(source: OwnTree, target: Home, job: JobHandle): Promise<void> {
  const view = new TreeView(source.state, source.ring, [])
  const items = view.subtreeOf(view.rootId).slice(1)
  job.setTotal(items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  let doneBytes = 0
  for (const item of items) {
    const block = idFromText(item.id)!
    const parent = item.parentId === view.rootId ? target.view.rootId : item.parentId!
    if (entryOf(target.tree.state, block) === null) {
      const request = requestFor(block)
      if (item.kind === 'folder')
        await target.files.putFolder(request, block, placeIn(target.tree.state, parent), item.name)
      else await moveContent(source, target, parent, block, item, job)
    }
    if (item.trashedAtMs !== null && target.view.get(item.id)?.trashedAtMs === null) {
      await target.files.trash(`move-in-trash-${item.id}`, item.id)
    }
    if (item.kind !== 'folder') await compare(source, target.tree, block)
    job.advance((doneBytes += item.sizeBytes))
  }
}

/** A link leads to the same: the ids on its path stay. */
async function moveContent(
  source: OwnTree,
  { tree, files }: Home,
  parentId: string,
  block: BlockId,
  { kind, name }: Item,
  job: JobHandle,
): Promise<void> {
  const body = bodyOf(source.state, block)
  if (body === null) throw new StoreDamagedError('a file without content')
  // The person cancels uploads, not what he has already; progress is counted per item above.
  const quiet: JobHandle = { ...job, advance: () => {}, setTotal: () => {} }
  await files.putContent(
    kind === 'link' ? 'addLink' : 'addFile',
    requestFor(block),
    block,
    (keyEpoch, keys) => copyBody(tree, source.reading, { block, body }, block, keyEpoch, keys, quiet),
    quiet,
    (finish) => finish(placeIn(tree.state, parentId), name),
  )
}

/** Told apart from the request that made the block in its first tree. */
const requestFor = (block: BlockId) => `move-in-${idText(block)}`

function placeIn(state: TreeState, parentId: string): IdPath {
  const path = pathOf(state, idFromText(parentId) ?? rootBlockId(state.treeId))
  if (path === null) throw new StoreDamagedError('a folder that moved in')
  return path
}

/** Reads a file through the signatures of both trees, in step, and compares; holes are passed over, and are at the same places. */
async function compare(source: OwnTree, target: OwnTree, block: BlockId): Promise<void> {
  const sides = [source, target].map((tree) => {
    const body = bodyOf(tree.state, block)
    return body === null ? null : { body, pieces: readSealed(tree.reading, block, body) }
  })
  const [left, right] = sides
  if (!left || !right || left.body.sizeBytes !== right.body.sizeBytes)
    throw new StoreDamagedError('a file that moved in')
  for await (const piece of left.pieces) {
    const { value } = await right.pieces.next()
    const isSame = value !== undefined && `${piece.indexes}` === `${value.indexes}` && equal(piece.octets, value.octets)
    if (!isSame) throw new StoreDamagedError('a file that moved in')
  }
  if ((await right.pieces.next()).done !== true) throw new StoreDamagedError('a file that moved in')
}
