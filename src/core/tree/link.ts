/**
 * Symbolic links (paper §2: "a block can be marked as a symbolic link and a blocktree path placed in its body").
 *
 * A link holds no key. Whoever follows it opens what it leads to by what he may read anyway, so a link never widens that,
 * and another key or name or place of its target does not break it: the block at the end of the path is looked for where
 * it stands now.
 * @module
 */
import {
  type Bytes,
  type Decoded,
  type Result,
  accepted,
  decode,
  encode,
  equal,
  keyOf,
  record,
  refused,
  union,
} from '../bytes/bytes.ts'
import { type BlockId, type IdPath, blockIdOf, idsWire, rootBlockId } from '../path/path.ts'
import { isWithin } from './guest.ts'
import { type TreeState, entryOf, parentOf, pathOf } from './state.ts'

/** So many links may lead one to the other. */
export const linkCountMax = 16
/** Of a link's content. */
export const linkSizeBytesMax = 4096

const linkWire = record('link', 1, {
  target: union({
    /** In the tree that the link itself is in: the path on which whoever made the link saw it. */
    here: idsWire,
  }),
})
export type Link = Decoded<typeof linkWire>

/** The content of a link that leads to a block of its own tree. */
export function linkTo({ ids }: IdPath): Bytes {
  const link: Link = { target: { tag: 'here', value: ids } }
  return encode(linkWire, link)
}

export function decodeLink(content: Uint8Array): Result<Link> {
  const link = decode(linkWire, content, linkSizeBytesMax)
  return link.ok ? link : linkDamaged()
}

export type LinkStep =
  /** What the links lead to. */
  | { readonly kind: 'end'; readonly block: BlockId }
  /** A link whose content has to be read first. */
  | { readonly kind: 'unread'; readonly block: BlockId }

/**
 * Where a link leads, from one to the next. Folders on a path are folders, since it is one of ids, so only links lead on.
 * @param reach the folder that whoever follows it may read
 * @param start within that
 * @param links what has been read of them, by `keyOf` their blocks
 */
export function followLink(
  state: TreeState,
  reach: BlockId,
  start: BlockId,
  links: ReadonlyMap<string, Result<Link>>,
): Result<LinkStep> {
  const passed = new Set<string>()
  for (let block = start; ;) {
    if (entryOf(state, block)?.entry.fields.kind !== 'link') return accepted({ kind: 'end', block })
    if (passed.has(keyOf(block)))
      return refused('linkCycle', 'This link leads to links that lead back to it, and so to nothing. Delete it.')
    if (passed.size === linkCountMax)
      return refused(
        'linkTooDeep',
        `More than ${linkCountMax} links lead from one to the other here. Make one that leads straight to where you want.`,
      )
    const link = links.get(keyOf(block))
    if (link === undefined) return accepted({ kind: 'unread', block })
    if (!link.ok) return link
    const target = targetOf(state, reach, link.value)
    if (!target.ok) return target
    passed.add(keyOf(block))
    block = target.value
  }
}

function targetOf(state: TreeState, reach: BlockId, { target }: Link): Result<BlockId> {
  const root = rootBlockId(state.treeId)
  const block = blockIdOf({ treeId: state.treeId, ids: target.value })
  const isThere = pathOf(state, block) !== null && isWithin(state, reach, block)
  if (!isThere) {
    // Of what lies beyond his folder a guest has no row; only the path tells what was there from what he is not shown.
    const wasWithin = equal(reach, root) || target.value.some((id) => equal(id, reach))
    return wasWithin
      ? refused('linkDangling', 'What this link leads to is not there any more.')
      : refused('linkOutOfReach', 'This link leads out of the folder that this device may read.')
  }
  return isInTrash(state, reach, block)
    ? refused('linkInTrash', 'What this link leads to is in the trash. Bring it back, and the link works again.')
    : accepted(block)
}

function isInTrash(state: TreeState, reach: BlockId, block: BlockId): boolean {
  for (let at: BlockId | null = block; at !== null && !equal(at, reach); at = parentOf(state, at))
    if ((entryOf(state, at)?.trashedAtMs ?? null) !== null) return true
  return false
}

/** Of one whose content is none. */
export const linkDamaged = () =>
  refused('linkDamaged', 'This link can not be read, so it leads nowhere. Delete it and make another one.')
