/**
 * Which bodies a device holds, and in which order it fetches what it lacks (design §6, "Stage, then propose").
 *
 * Records are held by every device of a cluster; a body only where the policy says so. A voter holds all, since what a majority
 * of voters has is what counts as saved. What is decided about a body depends on those that come before it alone, so that a
 * device does not drop and fetch for a change elsewhere.
 * @module
 */
import { type Bytes, compare, keyOf } from '../bytes/bytes.ts'
import { leafSizeBytes, sectorCountOf, sectorTagSizeBytes } from '../block/block.ts'
import { entries } from '../merkle/merkle.ts'
import { type BlockId, rootBlockId } from '../path/path.ts'
import { type TreeState, decodeRow, entryOf, keys, parentOf } from './state.ts'

export type HoldRole = 'voter' | 'learner'

/** What a device that does not vote holds; one that votes holds all. */
export type HoldPolicy =
  | { readonly kind: 'all' }
  | {
      /** `recent`: what is pinned, then what was written last. `pinned`: what is pinned and no more. */
      readonly kind: 'recent' | 'pinned'
      /** Folders with all in them, and files. */
      readonly pinned: readonly BlockId[]
      /** Of `storedSizeBytes` of all that is held. */
      readonly quotaBytes: number
    }

export interface HeldBody {
  readonly block: BlockId
  readonly bodyRoot: Bytes
  readonly sizeBytes: number
}

export interface HoldPlan {
  /** In the order in which they are to be fetched: pinned, then the rest, then what is in the trash; each the newest first. */
  readonly held: readonly HeldBody[]
  readonly storedSizeBytes: number
  /** Pinned, but there is no room for it: the person should hear of that. */
  readonly noRoomFor: readonly HeldBody[]
}

/** What a body takes on a device at most: sealed sectors, and the pages over them (spec.md §6). */
export function storedSizeBytes(sizeBytes: number): number {
  const sectorCount = sectorCountOf(sizeBytes)
  if (sectorCount === 0) return 0
  // Heads of pages and the hashes above level 0 come to less than an octet a sector and the head of one page.
  return sizeBytes + sectorCount * (sectorTagSizeBytes + leafSizeBytes + 1) + 16
}

export function holdPlan(state: TreeState, role: HoldRole, policy: HoldPolicy): HoldPlan {
  const wanted = role === 'voter' || policy.kind === 'all' ? everything : policy
  const candidates = candidatesOf(state, wanted.pinned).filter(({ rank }) => wanted.kind === 'recent' || rank === 0)
  const held: HeldBody[] = []
  const noRoomFor: HeldBody[] = []
  let usedBytes = 0
  for (const { rank, body } of candidates) {
    const neededBytes = storedSizeBytes(body.sizeBytes)
    if (usedBytes + neededBytes <= wanted.quotaBytes) {
      usedBytes += neededBytes
      held.push(body)
    } else if (rank === 0) noRoomFor.push(body)
  }
  return { held, storedSizeBytes: usedBytes, noRoomFor }
}

const everything = { kind: 'recent', pinned: [], quotaBytes: Infinity } as const

interface Candidate {
  /** 0 pinned · 1 neither · 2 in the trash, pinned or not. */
  readonly rank: number
  readonly stampMs: number
  readonly body: HeldBody
}

/** All bodies of the tree, those that matter most first. */
function candidatesOf(state: TreeState, pinned: readonly BlockId[]): readonly Candidate[] {
  const rankOf = ranking(state, pinned)
  const candidates: Candidate[] = []
  for (const [key, octets] of entries(state.map, keys.contents)) {
    const block = key.slice(1)
    const { content, stampMs } = decodeRow('content', octets)
    const { bodyRoot, sizeBytes } = content.fields
    candidates.push({ rank: rankOf(block), stampMs, body: { block, bodyRoot, sizeBytes } })
  }
  return candidates.sort(
    (left, right) =>
      left.rank - right.rank || right.stampMs - left.stampMs || compare(left.body.block, right.body.block),
  )
}

/** A block is pinned, or in the trash, with all that lies above it. */
function ranking(state: TreeState, pinned: readonly BlockId[]): (block: BlockId) => number {
  const pins = new Set(pinned.map(keyOf))
  const known = new Map([[keyOf(rootBlockId(state.treeId)), pins.has(keyOf(rootBlockId(state.treeId))) ? 0 : 1]])
  return function rankOf(block): number {
    const name = keyOf(block)
    let rank = known.get(name)
    if (rank === undefined) {
      const below = rankOf(parentOf(state, block)!)
      const isTrashed = below === 2 || entryOf(state, block)!.trashedAtMs !== null
      rank = isTrashed ? 2 : below === 0 || pins.has(name) ? 0 : 1
      known.set(name, rank)
    }
    return rank
  }
}
