/**
 * Where links lead on this device: the core finds the way (`core/tree/link.ts`), the contents of links are read here.
 * @module
 */
import { type Result, RefusedError, concat, keyOf, orRefuse, refused } from '../../core/bytes/bytes.ts'
import type { BlockId } from '../../core/path/path.ts'
import { type Link, decodeLink, followLink, linkDamaged, linkSizeBytesMax } from '../../core/tree/tree.ts'
import type { OwnTree } from '../own-tree.ts'
import { bodyOf, readContent } from './content.ts'
import { type TreeView, idFromText, idText } from './view.ts'

/** What a link leads to, within what this device may read; rejects with a sentence where it leads nowhere. */
export async function endOfLink(
  { tree, view }: { readonly tree: OwnTree; readonly view: TreeView },
  id: string,
): Promise<string> {
  if (view.get(id) === null) throw new RefusedError(gone.fault)
  const links = new Map<string, Result<Link>>()
  for (;;) {
    const { kind, block } = orRefuse(followLink(tree.state, tree.ring.base, idFromText(id)!, links))
    if (kind === 'end') return idText(block)
    links.set(keyOf(block), await readLink(tree, block))
  }
}

async function readLink({ state, reading }: OwnTree, block: BlockId): Promise<Result<Link>> {
  const body = bodyOf(state, block)
  if (body === null || body.sizeBytes > linkSizeBytesMax) return linkDamaged()
  const pieces = []
  for await (const piece of readContent(reading, block, body, 0, body.sizeBytes)) pieces.push(piece)
  return decodeLink(concat(...pieces))
}

const gone = refused('itemGone', 'This link is not there any more.')
