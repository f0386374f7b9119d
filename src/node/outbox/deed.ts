/**
 * Deeds: what a person did, kept beside the records that were signed for it, so that these can be made anew over a tree that has
 * changed meanwhile.
 *
 * Folders are named by the whole path on which the person saw them, so that what was meant for one that is gone finds the
 * nearest one below it that is not. Block keys are in here since the records that would bring them may be gone as well; rows of
 * the outbox are sealed at rest.
 * @module
 */
import {
  type Bytes,
  type Decoded,
  bool,
  bytesOf,
  listOf,
  nullable,
  textUpTo,
  tuple,
  u53,
  union,
} from '../../core/bytes/bytes.ts'
import { type Body, keyEpochMax } from '../../core/block/block.ts'
import { type BlockId, blockIdWire, idPathWire, nameSizeBytesMax } from '../../core/path/path.ts'

/** Blocks that are deleted for good, or keys that are made anew, by one change. */
export const blockCountPerDeed = 256

/** Versions of a file that are remembered as replaced. */
export const seenCountMax = 64

const keyWire = bytesOf(32)
const nameWire = textUpTo(nameSizeBytesMax)
const bodyWire = tuple({ bodyRoot: bytesOf(32), sizeBytes: u53 })
/** What the person saw: blocks, and what was in them. */
const seenWire = listOf(tuple({ block: blockIdWire, bodyRoot: nullable(bytesOf(32)) }), blockCountPerDeed)

/** What begins to exist with a content, whose sectors are sealed under `key`, the first of the block. */
const newContentWire = tuple({ block: blockIdWire, folder: idPathWire, name: nameWire, key: keyWire, body: bodyWire })

export const deedWire = union({
  createFolder: tuple({ block: blockIdWire, folder: idPathWire, name: nameWire, key: keyWire }),
  addFile: newContentWire,
  addLink: newContentWire,
  writeFile: tuple({
    block: blockIdWire,
    folder: idPathWire,
    name: nameWire,
    /** Under which the sectors of the body are sealed, and which of the block's keys it was. */
    key: keyWire,
    keyEpoch: u53,
    /** The block's keys before that one, the first first, where its sectors may be sealed under these as well. */
    earlierKeys: listOf(keyWire, keyEpochMax - 1),
    body: bodyWire,
    /** Root of the body that the person saw before. */
    base: bytesOf(32),
    /** And of those that were replaced before that one in another generation, the oldest first. */
    seen: listOf(bytesOf(32), seenCountMax),
    /** It holds what that one held, sealed anew. Nobody wrote it, so it gives way to whatever was written meanwhile. */
    isSame: bool,
    /** What a link says is renewed. */
    isLink: bool,
  }),
  rename: tuple({ block: blockIdWire, name: nameWire }),
  move: tuple({ block: blockIdWire, folder: idPathWire, name: nameWire }),
  /** One step of a move: a block that lies in `top`, which was moved, gets a key and signatures for its new place. */
  rekey: tuple({ block: blockIdWire, top: blockIdWire }),
  /** After a removal: blocks that owe a key get one. */
  renew: tuple({ blocks: listOf(blockIdWire, blockCountPerDeed) }),
  /** The last step of a move. */
  arrive: tuple({ block: blockIdWire }),
  trash: tuple({
    block: blockIdWire,
    /** Of the block and of what it holds, as far as there is room. */
    seen: seenWire,
  }),
  restore: tuple({ block: blockIdWire, name: nameWire }),
  /** What lies in a folder stands before the folder. */
  purge: tuple({ blocks: seenWire }),
})
export type Deed = Decoded<typeof deedWire>
/** Blocks as a person saw them, with the roots of their bodies; null for a folder. */
export type Seen = Decoded<typeof seenWire>
/** What brings a content that can be sealed anew, or read where it is refused. */
export type DeedWithBody = Extract<Deed, { tag: 'addFile' | 'writeFile' }>
export type DeedOf<Tag extends Deed['tag']> = Extract<Deed, { tag: Tag }>['value']

/** Under which the sectors of what a deed brings are sealed, by the epochs of its block. */
export function keysOfDeed({ tag, value }: DeedWithBody): ReadonlyMap<number, Bytes> {
  if (tag === 'addFile') return new Map([[1, value.key]])
  const earlier = value.earlierKeys.map((key, at) => [at + 1, key] as const)
  return new Map([...earlier, [value.keyEpoch, value.key]])
}

/** What a deed changes, and where that is to stand. */
export function blocksOf({ tag, value }: Deed): {
  readonly own: readonly BlockId[]
  readonly needed: readonly BlockId[]
} {
  if (tag === 'purge') return { own: value.blocks.map(({ block }) => block), needed: [] }
  if (tag === 'renew') return { own: value.blocks, needed: [] }
  return { own: [value.block], needed: 'folder' in value ? value.folder.ids : [] }
}

/** What a deed brings that lies on this device alone: a body, under the block that it is sealed for. */
export function bodyOfDeed({ tag, value }: Deed): { readonly block: BlockId; readonly body: Body } | null {
  return tag === 'addFile' || tag === 'addLink' || tag === 'writeFile' ? { block: value.block, body: value.body } : null
}
