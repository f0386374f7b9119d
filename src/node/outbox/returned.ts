/**
 * What a device brings along into another generation: all that was committed in its own and that the other does not have, as deeds
 * that are done anew there (design §7).
 *
 * Both go on from one state. What is stamped later than that on either side is unknown to the other, so the stamps of the rows tell
 * what to bring, however long a log it was. Where several devices bring the same, they ask for it under the same name, and it takes
 * effect once.
 * @module
 */
import { type Bytes, equal, keyOf, toHex } from '../../core/bytes/bytes.ts'
import { type DoneRecord, doerOf } from '../../core/block/block.ts'
import { entries } from '../../core/merkle/merkle.ts'
import { type BlockId, type IdPath, blockIdOf, blockIdSizeBytes, childPath, rootPath } from '../../core/path/path.ts'
import {
  type EntryRow,
  type TreeState,
  accessOf,
  childrenOf,
  contentOf,
  entryOf,
  holdsAsIn,
  keys as keysOf,
} from '../../core/tree/tree.ts'
import type { KeyRing } from '../read/key-ring.ts'
import { type Deed, seenCountMax } from './deed.ts'
import { seenIn } from './seen.ts'

export interface Returned {
  readonly requestId: string
  readonly deed: Deed
  /** By the clock of whoever led then. */
  readonly madeAtMs: number
  /** Whose deed it was: a principal. */
  readonly author: Bytes
  /** Of its record. */
  readonly version: number
}

export interface ReturnOptions {
  /** What is left. */
  readonly before: TreeState
  /** What is gone on with. */
  readonly after: TreeState
  /** Stamp of the newest that both have. */
  readonly sharedMs: number
  readonly ring: KeyRing
  /** Whether a body is whole on this device. */
  readonly isHere: (block: BlockId) => boolean
  /** Roots of what had been replaced in generations that this device left before. */
  readonly replacedBefore: (block: BlockId) => readonly Bytes[]
}

interface DeedOptions extends ReturnOptions {
  /** What was replaced on the side that is left. */
  readonly seenOf: (block: BlockId) => readonly Bytes[]
  /** And on the other one. */
  readonly seenThere: (block: BlockId) => readonly Bytes[]
}

/** Roots of the bodies that what is written now has replaced, as far as the state lists them. */
function replacedIn(state: TreeState): (block: BlockId) => readonly Bytes[] {
  const roots = new Map<string, Bytes[]>()
  for (const [key] of entries(state.map, keysOf.deads)) {
    const name = keyOf(key.slice(9, 9 + blockIdSizeBytes))
    roots.set(name, [...(roots.get(name) ?? []), key.slice(9 + blockIdSizeBytes)].slice(-seenCountMax))
  }
  return (block) => roots.get(keyOf(block)) ?? []
}

/** In an order in which each finds what it needs: a folder before what it holds, and deletions last. */
export function returnedDeeds(options: ReturnOptions): readonly Returned[] {
  const { before } = options
  const [replaced, seenThere] = [replacedIn(before), replacedIn(options.after)]
  const seenOf = (block: BlockId): readonly Bytes[] =>
    [...options.replacedBefore(block), ...replaced(block)].slice(-seenCountMax)
  const deeds: Returned[] = []
  const deletions: Returned[] = []
  const pending: { readonly folder: IdPath; readonly row: EntryRow }[] = []
  const enter = (folder: IdPath): void => {
    for (const row of childrenOf(before, blockIdOf(folder))) pending.push({ folder, row })
  }
  enter(rootPath(before.treeId))
  for (let at = 0; at < pending.length; at++) {
    const { folder, row } = pending[at]!
    deeds.push(...deedsOf({ ...options, seenOf, seenThere }, folder, row))
    const deletion = deletionOf(options, row)
    if (deletion !== null) deletions.push(deletion)
    if (row.entry.fields.kind === 'directory') enter(childPath(folder, row.entry.fields.child))
  }
  return [...deeds, ...deletions]
}

function deedsOf(options: DeedOptions, folder: IdPath, row: EntryRow): readonly Returned[] {
  const { before, after, sharedMs, ring } = options
  const { child: block, kind } = row.entry.fields
  const isNew = row.createdAtMs > sharedMs && entryOf(after, block) === null
  const contents = contentDeeds(options, folder, row, isNew)
  const name = ring.nameOf(before, row.entry)
  const as = (deed: Deed): Returned => returned(row.entry, deed, row.stampMs)
  if (!isNew) {
    const place = placeDeed(options, folder, row)
    return place === null ? contents : [place, ...contents]
  }
  const key = kind === 'directory' ? ring.keyOf(before, block) : null
  const made = key === null ? contents : [as({ tag: 'createFolder', value: { block, folder, name, key } })]
  // Another device may bring it too, as it was before.
  return made.length === 0 || row.entry.fields.previousHash === null || row.trashedAtMs !== null
    ? made
    : [...made, as({ tag: 'move', value: { block, folder, name } }), as({ tag: 'rename', value: { block, name } })]
}

/** What was written into a file, or a link that was made. */
function contentDeeds(
  { before, after, sharedMs, ring, isHere, seenOf, seenThere }: DeedOptions,
  folder: IdPath,
  { entry, createdAtMs }: EntryRow,
  isNew: boolean,
): readonly Returned[] {
  const block = entry.fields.child
  const content = contentOf(before, block)
  if (content === null || content.stampMs <= sharedMs || !isHere(block)) return []
  const { bodyRoot, sizeBytes, previousHash } = content.content.fields
  // Somebody brought it before, and somebody who saw it there went on. All empty contents have one root.
  if (sizeBytes > 0 && seenThere(block).some((root) => equal(root, bodyRoot))) return []
  const now = contentOf(after, block)
  const keyEpoch = accessOf(before, block)!.fields.keyEpoch
  const keys = Array.from({ length: keyEpoch }, (_, position) => ring.keyOf(before, block, position + 1))
  const key = keys.at(-1)
  if (equal(now?.content.fields.bodyRoot ?? noRoot, bodyRoot) || key == null || keys.includes(null)) return []
  // Each side may have sealed anew what both have; then it is brought along alone where it came from what stands there.
  const own = [bodyRoot, ...content.alike]
  const isSame = now !== null && sizeBytes > 0 && own.some((root) => holdsAsIn(after, block, root))
  if (isSame && !own.some((root) => equal(root, now.content.fields.bodyRoot))) return []
  const common = { block, folder, name: ring.nameOf(before, entry), body: { bodyRoot, sizeBytes } }
  const as = (deed: Deed): Returned => returned(content.content, deed, content.stampMs)
  // What others wrote meanwhile is not what its author had seen, whatever that was.
  const isUntouched = now !== null && now.stampMs <= sharedMs
  const base = isUntouched || isSame ? now!.content.fields.bodyRoot : bodyRoot
  const earlierKeys = keys.slice(0, -1) as Bytes[]
  const isLink = entry.fields.kind === 'link'
  const version = { ...common, key, keyEpoch, earlierKeys, base, seen: seenOf(block), isSame, isLink }
  const write = as({ tag: 'writeFile', value: version })
  // Its sectors are sealed under the key that it was made with, unless it was written after it had been moved.
  if (!isNew || (keyEpoch > 1 && content.stampMs !== createdAtMs)) return [write]
  const add = as({ tag: isLink ? 'addLink' : 'addFile', value: { ...common, key: keys[0]! } })
  return previousHash === null || content.stampMs === createdAtMs ? [add] : [add, write]
}

/** Where a block stands, and under which name; null where that is as it was. */
function placeDeed({ before, after, sharedMs, ring }: ReturnOptions, folder: IdPath, row: EntryRow): Returned | null {
  if (row.stampMs <= sharedMs) return null
  const { child: block, parent, previousHash } = row.entry.fields
  // As it was made, and the other side has had it since.
  if (previousHash === null) return null
  const name = ring.nameOf(before, row.entry)
  const now = entryOf(after, block)
  const as = (deed: Deed): Returned => returned(row.entry, deed, row.stampMs)
  // What was there before and is not any more was deleted for good.
  if (now === null || isOvertaken(row, now, sharedMs)) return null
  // What others deleted meanwhile is brought back by what is written, not by what it is called.
  if (now.trashedAtMs !== null) {
    const isUndone = now.trashedAtMs <= sharedMs || isOvertaken(now, row, sharedMs)
    return row.trashedAtMs === null && isUndone ? as({ tag: 'restore', value: { block, name } }) : null
  }
  if (!equal(blockIdOf(now.entry.fields.parent), blockIdOf(parent)))
    return as({ tag: 'move', value: { block, folder, name } })
  return ring.nameOf(after, now.entry) === name ? null : as({ tag: 'rename', value: { block, name } })
}

function deletionOf({ before, after, sharedMs }: ReturnOptions, top: EntryRow): Returned | null {
  const { entry, trashedAtMs } = top
  const block = entry.fields.child
  const now = entryOf(after, block)
  const isOver = now !== null && (now.trashedAtMs !== null || isOvertaken(top, now, sharedMs))
  if (trashedAtMs === null || trashedAtMs <= sharedMs || isOver) return null
  // What came after it nobody had seen who put it there.
  const isSeen = (of: BlockId): boolean =>
    (entryOf(before, of)?.createdAtMs ?? 0) <= trashedAtMs && (contentOf(before, of)?.writtenAtMs ?? 0) <= trashedAtMs
  const seen = seenIn(before, block).filter((each) => isSeen(each.block))
  return returned(entry, { tag: 'trash', value: { block, seen } }, trashedAtMs)
}

/** Whether whoever did it has come to the other side before, and gone on with it there. */
const isOvertaken = ({ entry }: EntryRow, now: EntryRow, sharedMs: number): boolean =>
  now.stampMs > sharedMs && now.entry.fields.version >= entry.fields.version && equal(doerOf(entry), doerOf(now.entry))

const noRoot = new Uint8Array()

const returned = (record: DoneRecord, deed: Deed, madeAtMs: number): Returned => ({
  requestId: `returned ${deed.tag} ${toHex(record.hash)}`,
  deed,
  madeAtMs,
  author: doerOf(record),
  version: record.fields.version,
})
