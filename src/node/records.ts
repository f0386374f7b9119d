/**
 * Signed records of blocks, made over a state of the tree: each is the next version of what it finds there.
 *
 * Everything here throws RefusedError where the block, or the folder that it is to stand in, is not in that state or too deep.
 * @module
 */
import { type Bytes, RefusedError, refused, u64be, wipe } from '../core/bytes/bytes.ts'
import { deriveKey } from '../core/crypto/crypto.ts'
import { wrapEarlier, wrapUnderParent } from '../core/cap/cap.ts'
import { type BlockKind, type Body, type SignedRecord, keyEpochMax } from '../core/block/block.ts'
import { type BlockId, type IdPath, blockIdOf, checkDepth, childPath } from '../core/path/path.ts'
import { type TreeState, accessOf, contentOf, entryOf, pathOf } from '../core/tree/tree.ts'
import type { RandomPort } from '../port/platform.ts'
import type { Author } from './author.ts'
import type { KeyRing } from './read/key-ring.ts'

/** What the next version of an entry says differently. */
export interface EntryChange {
  readonly parent?: IdPath
  readonly name?: string
  readonly trashed?: boolean
  readonly movedFrom?: IdPath | null
}

export class Records {
  readonly #ring: KeyRing
  readonly #author: Author
  readonly #random: RandomPort

  constructor(ring: KeyRing, author: Author, random: RandomPort) {
    this.#ring = ring
    this.#author = author
    this.#random = random
  }

  /**
   * Entry and access record of a block that begins to exist, and a file's content record.
   * @param key of the block, 32 octets
   */
  async newBlock(
    state: TreeState,
    parent: IdPath,
    child: BlockId,
    name: string,
    key: Bytes,
    body: Body | null,
  ): Promise<readonly SignedRecord[]> {
    const directory = blockIdOf(parent)
    const parentAccess = accessOf(state, directory)
    const parentKey = this.#ring.keyOf(state, directory)
    if (parentAccess === null || parentKey === null) throw gone()
    const { keyEpoch: parentKeyEpoch } = parentAccess.fields
    const kind: BlockKind = body === null ? 'directory' : 'file'
    const path = placeIn(parent, child)
    const first = { version: 1, previousHash: null }
    const records: Promise<SignedRecord>[] = [
      this.#author.sign('entry', {
        ...first,
        parent,
        child,
        kind,
        sealedName: this.#ring.sealName(state, directory, child, name, this.#random.bytes(24)),
        nameKeyEpoch: parentKeyEpoch,
        trashed: false,
        movedFrom: null,
      }),
      this.#author.sign('access', {
        ...first,
        path,
        keyEpoch: 1,
        parentKeyEpoch,
        wrappedKey: wrapUnderParent(parentKey, state.treeId, child, 1, key, this.#random.bytes(24)),
        readcaps: [],
        earlierKeys: [],
      }),
    ]
    if (body !== null) records.push(this.#author.sign('content', { ...first, path, ...body, keyEpoch: 1 }))
    return Promise.all(records)
  }

  /** A new content. Its sectors may be sealed under any key that the block has had. */
  async content(state: TreeState, block: BlockId, { bodyRoot, sizeBytes }: Body): Promise<SignedRecord<'content'>> {
    const previous = contentOf(state, block)?.content
    const path = pathOf(state, block)
    const keyEpoch = accessOf(state, block)?.fields.keyEpoch
    if (previous === undefined || path === null || keyEpoch === undefined) throw gone()
    const next = { version: previous.fields.version + 1, previousHash: previous.hash }
    return this.#author.sign('content', { path, ...next, bodyRoot, sizeBytes, keyEpoch })
  }

  /**
   * The records that put an existing block at `parent` under a new key: entry, access, and a file's content record.
   * @param seed 32 octets. The same give the same key for the same move of the same version, so that what its author seals under
   * the key opens whichever of these records, made more than once, the tree has taken
   */
  async rekeyed(
    state: TreeState,
    block: BlockId,
    parent: IdPath,
    change: EntryChange,
    seed: Bytes,
  ): Promise<SignedRecord[]> {
    const ring = this.#ring
    const { treeId } = state
    const access = accessOf(state, block)
    const parentAccess = accessOf(state, blockIdOf(parent))
    const parentKey = ring.keyOf(state, blockIdOf(parent))
    const oldKey = ring.keyOf(state, block)
    if (access === null || parentAccess === null || parentKey === null || oldKey === null) throw gone()
    const keyEpoch = access.fields.keyEpoch + 1
    if (keyEpoch > keyEpochMax) throw new RefusedError(keyEpochsExhausted.fault)
    const key = deriveKey(seed, 'blocktree/1/rekey', block, u64be(keyEpoch), blockIdOf(parent))
    const earlierKeys = Array.from({ length: keyEpoch - 1 }, (_, position) => {
      const earlier = ring.keyOf(state, block, position + 1)
      if (earlier === null) throw gone()
      return wrapEarlier(key, treeId, block, position + 1, earlier, this.#random.bytes(24))
    })
    const path = placeIn(parent, block)
    const records: Promise<SignedRecord>[] = [
      this.entry(state, block, { ...change, parent }),
      this.#author.sign('access', {
        path,
        version: access.fields.version + 1,
        previousHash: access.hash,
        keyEpoch,
        parentKeyEpoch: parentAccess.fields.keyEpoch,
        wrappedKey: wrapUnderParent(parentKey, treeId, block, keyEpoch, key, this.#random.bytes(24)),
        readcaps: [],
        earlierKeys,
      }),
    ]
    const content = contentOf(state, block)?.content
    if (content !== undefined) {
      const { bodyRoot, sizeBytes, version } = content.fields
      const next = { version: version + 1, previousHash: content.hash }
      records.push(this.#author.sign('content', { path, ...next, bodyRoot, sizeBytes, keyEpoch }))
    }
    wipe(key)
    return Promise.all(records)
  }

  /** The next version of a block's entry; its name is sealed anew whenever the directory or the name changes. */
  async entry(state: TreeState, block: BlockId, change: EntryChange): Promise<SignedRecord<'entry'>> {
    const row = entryOf(state, block)
    if (row === null) throw gone()
    const { author: _author, writecapHash: _writecapHash, ...fields } = row.entry.fields
    const parent = change.parent ?? pathOf(state, blockIdOf(fields.parent))
    const parentAccess = parent === null ? null : accessOf(state, blockIdOf(parent))
    if (parent === null || parentAccess === null) throw gone()
    const next = {
      ...fields,
      parent,
      version: fields.version + 1,
      previousHash: row.entry.hash,
      trashed: change.trashed ?? fields.trashed,
      movedFrom: change.movedFrom === undefined ? fields.movedFrom : change.movedFrom,
    }
    if (change.name === undefined && change.parent === undefined) return this.#author.sign('entry', next)
    const name = change.name ?? this.#ring.nameOf(state, row.entry)
    const sealedName = this.#ring.sealName(state, blockIdOf(parent), block, name, this.#random.bytes(24))
    return this.#author.sign('entry', { ...next, sealedName, nameKeyEpoch: parentAccess.fields.keyEpoch })
  }

  async removal(state: TreeState, block: BlockId): Promise<SignedRecord<'removal'>> {
    const row = entryOf(state, block)
    const parent = row === null ? null : pathOf(state, blockIdOf(row.entry.fields.parent))
    if (row === null || parent === null) throw gone()
    return this.#author.sign('removal', { parent, child: block, previousHash: row.entry.hash })
  }
}

/** Where a block stands in a folder, unless that is too deep to be named. */
function placeIn(folder: IdPath, block: BlockId): IdPath {
  const path = childPath(folder, block)
  const check = checkDepth(path)
  if (!check.ok) throw new RefusedError(check.fault)
  return path
}

export const gone = (): RefusedError => new RefusedError(itemGone.fault)
const itemGone = refused('itemGone', 'This item is not there any more.')
const keyEpochsExhausted = refused(
  'keyEpochsExhausted',
  'This item was moved too often to be moved again; copy it instead.',
)
