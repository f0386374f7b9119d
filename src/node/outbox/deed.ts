/**
 * Deeds: what a person did, kept beside the records that were signed for it, so that these can be made anew over a tree that has
 * changed meanwhile.
 *
 * Folders are named by the whole path on which the person saw them, so that what was meant for one that is gone finds the
 * nearest one below it that is not. Block keys are in here since the records that would bring them may be gone as well; rows of
 * the outbox are sealed at rest.
 * @module
 */
import { type Decoded, bytesOf, listOf, textUpTo, tuple, u53, union } from '../../core/bytes/bytes.ts'
import type { Body } from '../../core/block/block.ts'
import { type BlockId, blockIdWire, idPathWire, nameSizeBytesMax } from '../../core/path/path.ts'

/** Blocks that are deleted for good, or keys that are made anew, by one change. */
export const blockCountPerDeed = 256

const keyWire = bytesOf(32)
const nameWire = textUpTo(nameSizeBytesMax)
const bodyWire = tuple({ bodyRoot: bytesOf(32), sizeBytes: u53 })

export const deedWire = union({
  createFolder: tuple({ block: blockIdWire, folder: idPathWire, name: nameWire, key: keyWire }),
  /** Its sectors are sealed under `key`, the first of the block. */
  addFile: tuple({ block: blockIdWire, folder: idPathWire, name: nameWire, key: keyWire, body: bodyWire }),
  writeFile: tuple({
    block: blockIdWire,
    folder: idPathWire,
    name: nameWire,
    /** Under which the sectors of the body are sealed, and which of the block's keys it was. */
    key: keyWire,
    keyEpoch: u53,
    body: bodyWire,
    /** Root of the body that the person saw before. */
    base: bytesOf(32),
  }),
  rename: tuple({ block: blockIdWire, name: nameWire }),
  move: tuple({ block: blockIdWire, folder: idPathWire, name: nameWire }),
  /** One step of a move: a block that lies in `top`, which was moved, gets a key and signatures for its new place. */
  rekey: tuple({ block: blockIdWire, top: blockIdWire }),
  /** The last step of a move. */
  arrive: tuple({ block: blockIdWire }),
  trash: tuple({ block: blockIdWire }),
  restore: tuple({ block: blockIdWire, name: nameWire }),
  /** What lies in a folder stands before the folder. */
  purge: tuple({ blocks: listOf(blockIdWire, blockCountPerDeed) }),
})
export type Deed = Decoded<typeof deedWire>
export type DeedOf<Tag extends Deed['tag']> = Extract<Deed, { tag: Tag }>['value']

/** What a deed brings that lies on this device alone: a body, under the block that it is sealed for. */
export function bodyOfDeed({ tag, value }: Deed): { readonly block: BlockId; readonly body: Body } | null {
  return tag === 'addFile' || tag === 'writeFile' ? { block: value.block, body: value.body } : null
}
