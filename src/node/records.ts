/**
 * Signed records of blocks, made over a state of the tree: each is the next version of what it finds there.
 *
 * Everything here throws RefusedError where the block, or the folder that it is to stand in, is not in that state or too deep.
 * @module
 */
import { type Bytes, RefusedError, copy, equal, refused, u64be } from '../core/bytes/bytes.ts'
import { deriveKey, principalOf } from '../core/crypto/crypto.ts'
import { checkRight, readersOf, rights, wrapEarlier, wrapUnderParent } from '../core/cap/cap.ts'
import { type BlockKind, type Body, type SignedRecord, doerOf, keyEpochMax } from '../core/block/block.ts'
import { type BlockId, type IdPath, blockIdOf, checkDepth, childPath, parentPath, samePath } from '../core/path/path.ts'
import {
  type TreeState,
  accessOf,
  chainOf,
  contentOf,
  entryOf,
  isKeyOwed,
  owesKey,
  pathOf,
  summaryOf,
  withAccess,
} from '../core/tree/tree.ts'
import type { Platform } from '../port/platform.ts'
import type { Author } from './author.ts'
import type { KeyRing } from './read/key-ring.ts'
import { kemKeyOfReader, sealReadcapAgain } from './readcaps.ts'

/** What is signed in place of the device whose doing it was. */
export interface Lineage {
  /** Its principal. */
  readonly doer: Bytes
  /** Of the record there: the one that is signed now is not older. */
  readonly version: number
}

export interface NewBlock {
  readonly block: BlockId
  readonly kind: BlockKind
  readonly name: string
  /** 32 octets. */
  readonly key: Bytes
  /** null for a directory. */
  readonly body: Body | null
}

/** What the next version of an entry says differently. */
export interface EntryChange {
  /** null: it is this device's own doing. */
  readonly lineage: Lineage | null
  readonly parent?: IdPath
  readonly name?: string
  readonly trashed?: boolean
  readonly movedFrom?: IdPath | null
}

export class Records {
  readonly #ring: KeyRing
  readonly #author: Author
  readonly #crypto: Platform['crypto']
  readonly #random: Platform['random']

  constructor(ring: KeyRing, author: Author, { crypto, random }: Pick<Platform, 'crypto' | 'random'>) {
    this.#ring = ring
    this.#author = author
    this.#crypto = crypto
    this.#random = random
  }

  /**
   * Entry and access record of a block that begins to exist, and the content record of what has one.
   * @param lineage null: it is this device's own doing
   */
  async newBlock(
    state: TreeState,
    parent: IdPath,
    { block: child, kind, name, key, body }: NewBlock,
    lineage: Lineage | null = null,
  ): Promise<readonly SignedRecord[]> {
    const origin = this.#originOf(lineage)
    const directory = blockIdOf(parent)
    const parentAccess = accessOf(state, directory)
    const parentKey = this.#ring.keyOf(state, directory)
    if (parentAccess === null || parentKey === null) throw gone()
    const { keyEpoch: parentKeyEpoch } = parentAccess.fields
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
        origin,
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
    if (body !== null) {
      const { bodyRoot, sizeBytes } = body
      const version = Math.max(1, lineage?.version ?? 0)
      records.push(
        this.#author.sign('content', {
          ...{ path, version, previousHash: null, bodyRoot, sizeBytes, keyEpoch: 1, origin },
          resealed: false,
        }),
      )
    }
    return Promise.all(records)
  }

  #originOf(lineage: Lineage | null): Bytes | null {
    return lineage === null || equal(lineage.doer, principalOf(this.#author.credential)) ? null : lineage.doer
  }

  /** A new content. Its sectors may be sealed under any key that the block has had. @param lineage null: this device's own doing */
  async content(
    state: TreeState,
    block: BlockId,
    { bodyRoot, sizeBytes }: Body,
    lineage: Lineage | null = null,
  ): Promise<SignedRecord<'content'>> {
    const previous = contentOf(state, block)?.content
    const path = pathOf(state, block)
    const keyEpoch = accessOf(state, block)?.fields.keyEpoch
    if (previous === undefined || path === null || keyEpoch === undefined) throw gone()
    const version = Math.max(previous.fields.version + 1, lineage?.version ?? 0)
    const next = { version, previousHash: previous.hash, origin: this.#originOf(lineage) }
    return this.#author.sign('content', { path, ...next, bodyRoot, sizeBytes, keyEpoch, resealed: false })
  }

  /** The content in force, sealed anew under the key in force: whose doing it is stays as it was. */
  async resealed(state: TreeState, block: BlockId, { bodyRoot, sizeBytes }: Body): Promise<SignedRecord<'content'>> {
    const previous = contentOf(state, block)?.content
    const path = pathOf(state, block)
    const keyEpoch = accessOf(state, block)?.fields.keyEpoch
    if (previous === undefined || path === null || keyEpoch === undefined) throw gone()
    const { version } = previous.fields
    const origin = this.#originOf({ doer: doerOf(previous), version })
    const next = { version: version + 1, previousHash: previous.hash, origin, resealed: true }
    return this.#author.sign('content', { path, ...next, bodyRoot, sizeBytes, keyEpoch })
  }

  /**
   * The records that put an existing block at `parent` under a new key: entry, access, and a file's content record.
   * @param seed 32 octets. The same give the same key for the same move of the same version, so that what its author seals under
   * the key opens whichever of these records, made more than once, the tree has taken
   * @param ownKey instead, of a file to which a new content comes with it
   */
  async rekeyed(
    state: TreeState,
    block: BlockId,
    parent: IdPath,
    change: EntryChange,
    seed: Bytes,
    ownKey?: Bytes,
  ): Promise<SignedRecord[]> {
    const path = placeIn(parent, block)
    const keyEpoch = nextKeyEpoch(state, block)
    const records: Promise<SignedRecord>[] = [
      this.entry(state, block, { ...change, parent }),
      this.#accessUnder(state, block, path, ownKey ?? keyFrom(state, seed, path, keyEpoch)),
    ]
    const content = contentOf(state, block)?.content
    if (content !== undefined && ownKey === undefined) {
      const { bodyRoot, sizeBytes, version } = content.fields
      const origin = this.#originOf({ doer: doerOf(content), version })
      const next = { version: version + 1, previousHash: content.hash, origin }
      records.push(this.#author.sign('content', { path, ...next, bodyRoot, sizeBytes, keyEpoch, resealed: false }))
    }
    return Promise.all(records)
  }

  /**
   * Another key for a block, where it stands.
   * @param state with its access record
   * @param seed 32 octets, of the key
   */
  otherKey(state: TreeState, block: BlockId, seed: Bytes): Promise<SignedRecord> {
    const { path } = accessOf(state, block)!.fields
    return this.#accessUnder(state, block, path, keyFrom(state, seed, path, nextKeyEpoch(state, block)))
  }

  /**
   * The records that give new keys to a block, and to all folders below it, where one who was put out may know them (`isKeyOwed`).
   * @param seed 32 octets, of the keys
   * @param ownKey the block's own new key, of a file to which a new content comes with it; absent: one of the seed
   * @returns also the state as it will be with them, for what is sealed under these keys
   */
  async renewed(state: TreeState, block: BlockId, seed: Bytes, ownKey?: Bytes): Promise<Renewed> {
    const records: SignedRecord[] = []
    const path = isKeyOwed(state, block) ? pathOf(state, block) : null
    let after = state
    // From the root upward, each under the new key of the one before.
    for (let depth = 0; path !== null && depth <= path.ids.length; depth++) {
      const at = { treeId: path.treeId, ids: path.ids.slice(0, depth) }
      const id = blockIdOf(at)
      const access = accessOf(after, id)
      // Of the way to its folder a device that is limited has no keys, and gives none.
      if (access === null || !owesKey(after, id)) continue
      if (access.fields.readcaps.length > 0 && !this.#mayGrant(state)) throw new RefusedError(keyAwaited.fault)
      const key = depth === path.ids.length ? ownKey : undefined
      const next = samePath(access.fields.path, at)
        ? [await this.#accessUnder(after, id, at, key ?? keyFrom(after, seed, at, nextKeyEpoch(after, id)))]
        : // It lies in a folder that was moved, and gets new signatures for its place as well.
          await this.rekeyed(after, id, parentPath(at)!, { lineage: lineageOf(after, id) }, seed, key)
      records.push(...next)
      for (const signed of next) if (signed.kind === 'access') after = withAccess(after, signed)
    }
    return { records, state: after }
  }

  /** Whoever may not gives no key where somebody reads by a readcap: he would not even know all of those who do. */
  #mayGrant(state: TreeState): boolean {
    const chain = chainOf(state, this.#author.writecapHash)
    return chain !== null && checkRight(chain, rights.grant).ok
  }

  /** The next access record of a block, under a new key. Who was put out gets none, and who asks for it by a key that is none. */
  async #accessUnder(state: TreeState, block: BlockId, path: IdPath, key: Bytes): Promise<SignedRecord<'access'>> {
    const ring = this.#ring
    const { treeId } = state
    const access = accessOf(state, block)
    const parent = parentPath(path)
    const above = parent === null ? null : { block: blockIdOf(parent), key: ring.keyOf(state, blockIdOf(parent)) }
    if (access === null || above?.key === null) throw gone()
    const keyEpoch = nextKeyEpoch(state, block)
    const earlierKeys = Array.from({ length: keyEpoch - 1 }, (_, position) => {
      const earlier = ring.keyOf(state, block, position + 1)
      if (earlier === null) throw gone()
      return wrapEarlier(key, treeId, block, position + 1, earlier, this.#random.bytes(24))
    })
    // Whoever could read by a readcap on this very block goes on reading, unless the block moves away from where that was given.
    const readcaps = samePath(access.fields.path, path) ? access.fields.readcaps : []
    const given = { treeId, block, keyEpoch, key }
    const renewed = readersOf(readcaps).map(async (reader) => {
      const kemKey = kemKeyOfReader(state, reader)
      return kemKey && sealReadcapAgain({ crypto: this.#crypto, random: this.#random }, given, reader, kemKey)
    })
    const next = await this.#author.sign('access', {
      path,
      version: access.fields.version + 1,
      previousHash: access.hash,
      keyEpoch,
      parentKeyEpoch: above === null ? 0 : accessOf(state, above.block)!.fields.keyEpoch,
      wrappedKey: above && wrapUnderParent(above.key!, treeId, block, keyEpoch, key, this.#random.bytes(24)),
      readcaps: (await Promise.all(renewed)).filter((readcap) => readcap !== null),
      earlierKeys,
    })
    ring.learn(next, key)
    return next
  }

  /** The next version of a block's entry; its name is sealed anew whenever the directory or the name changes. */
  async entry(state: TreeState, block: BlockId, change: EntryChange): Promise<SignedRecord<'entry'>> {
    const row = entryOf(state, block)
    if (row === null) throw gone()
    const { author: _author, writecapHash: _writecapHash, ...fields } = row.entry.fields
    const { lineage } = change
    const parent = change.parent ?? pathOf(state, blockIdOf(fields.parent))
    const parentAccess = parent === null ? null : accessOf(state, blockIdOf(parent))
    if (parent === null || parentAccess === null) throw gone()
    const next = {
      ...fields,
      parent,
      version: Math.max(fields.version + 1, lineage?.version ?? 0),
      previousHash: row.entry.hash,
      origin: this.#originOf(lineage),
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

/** Of an entry that is signed anew and says the same; null where there is none. */
export function lineageOf(state: TreeState, block: BlockId): Lineage | null {
  const entry = entryOf(state, block)?.entry
  return entry === undefined ? null : { doer: doerOf(entry), version: entry.fields.version }
}

/** Records that give new keys, and the state with them. */
export interface Renewed {
  readonly records: readonly SignedRecord[]
  readonly state: TreeState
}

/**
 * The key that a new content of a file goes under: the one in force, or a new one where that is owed, which then comes with it.
 * null where the key is out of reach.
 */
export function sealingKeyOf(
  state: TreeState,
  ring: Pick<KeyRing, 'keyOf'>,
  block: BlockId,
  random: Platform['random'],
): { readonly block: BlockId; readonly key: Bytes; readonly keyEpoch: number } | null {
  const key = ring.keyOf(state, block)
  if (key === null) return null
  return isKeyOwed(state, block)
    ? { block, key: random.bytes(32), keyEpoch: nextKeyEpoch(state, block) }
    : { block, key: copy(key), keyEpoch: accessOf(state, block)!.fields.keyEpoch }
}

/** Another one where others were put out: in another generation they may have been given what the same seed gave there. */
const keyFrom = (state: TreeState, seed: Bytes, path: IdPath, keyEpoch: number): Bytes => {
  const parts = [blockIdOf(path), u64be(keyEpoch), blockIdOf(parentPath(path) ?? path)]
  return deriveKey(seed, 'blocktree/1/rekey', ...parts, summaryOf(state)!.revocationHead.hash)
}

function nextKeyEpoch(state: TreeState, block: BlockId): number {
  const keyEpoch = (accessOf(state, block)?.fields.keyEpoch ?? 0) + 1
  if (keyEpoch > keyEpochMax) throw new RefusedError(keyEpochsExhausted.fault)
  return keyEpoch
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
/** Passes: the device that decides gives the keys of such folders with the removal. */
const keyAwaited = refused(
  'keyAwaited',
  'A device was removed, and this folder is being given another key. Nothing was changed; try again in a moment.',
)
const keyEpochsExhausted = refused(
  'keyEpochsExhausted',
  'This item has had too many keys to get another one; copy it instead.',
)
