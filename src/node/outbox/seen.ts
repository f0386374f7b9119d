/**
 * What a person had seen when he did something. A deed names the contents that it replaces or deletes, so whatever came between is
 * told from it for certain, whoever brought it and under whatever stamp.
 * @module
 */
import { type Bytes, concat, equal } from '../../core/bytes/bytes.ts'
import { entries } from '../../core/merkle/merkle.ts'
import type { BlockId } from '../../core/path/path.ts'
import { type TreeState, childrenOf, contentOf, keys } from '../../core/tree/tree.ts'
import { type Deed, type Seen, blockCountPerDeed } from './deed.ts'

/** Root of the body that a block has in a state; null for a folder. */
export const bodyRootOf = (state: TreeState, block: BlockId): Bytes | null =>
  contentOf(state, block)?.content.fields.bodyRoot ?? null

/** Whether a state lists a body as one that was replaced, so that whoever has it keeps it. */
export const isListed = (state: TreeState, block: BlockId, bodyRoot: Bytes): boolean =>
  [...entries(state.map, keys.deads)].some(([key]) => equal(key.slice(9), concat(block, bodyRoot)))

/** A block and what it holds, the nearest first, as far as a deed has room for it. */
export function seenIn(state: TreeState, top: BlockId): Seen {
  const seen: Seen[number][] = []
  for (const pending = [top]; pending.length > 0 && seen.length < blockCountPerDeed;) {
    const block = pending.shift()!
    seen.push({ block, bodyRoot: bodyRootOf(state, block) })
    for (const { entry } of childrenOf(state, block)) pending.push(entry.fields.child)
  }
  return seen
}

/** The same deed after a content that it was done over was sealed anew; the very same where it was not done over that. */
export function doneOverAnew(deed: Deed, from: Bytes, to: Bytes): Deed {
  const isFrom = (root: Bytes | null): boolean => root !== null && equal(root, from)
  const anew = (seen: Seen): Seen => seen.map((each) => (isFrom(each.bodyRoot) ? { ...each, bodyRoot: to } : each))
  switch (deed.tag) {
    case 'writeFile':
      return isFrom(deed.value.base) ? { tag: 'writeFile', value: { ...deed.value, base: to } } : deed
    case 'trash': {
      const { block, seen } = deed.value
      return seen.some(({ bodyRoot }) => isFrom(bodyRoot)) ? { tag: 'trash', value: { block, seen: anew(seen) } } : deed
    }
    case 'purge': {
      const { blocks } = deed.value
      return blocks.some(({ bodyRoot }) => isFrom(bodyRoot)) ? { tag: 'purge', value: { blocks: anew(blocks) } } : deed
    }
    default:
      return deed
  }
}
