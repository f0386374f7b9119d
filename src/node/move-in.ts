/**
 * The local content moves into another tree: every block is sealed anew under the new tree's keys, read back and compared before
 * that tree is told of it. Nothing leaves the source before it is durable there; who calls deletes the rest of it when all has come.
 *
 * What has come is the new tree's own, to be changed and deleted there: it is noted, and a repetition after a crash does not look
 * at it again. What can not come stays in the source, and holds up nothing else.
 * @module
 */
import {
  BlocktreeError,
  type Bytes,
  CancelledError,
  StoreDamagedError,
  concat,
  copy,
  equal,
  keyOf,
  utf8,
} from '../core/bytes/bytes.ts'
import type { SectorKeys } from '../core/crypto/crypto.ts'
import type { Body } from '../core/block/block.ts'
import { type BlockId, type IdPath, type TreeId } from '../core/path/path.ts'
import { entryOf, pathOf } from '../core/tree/tree.ts'
import type { Change, StoreReader } from '../port/store.ts'
import type { Item } from './api.ts'
import { type WrittenBody, abandonBody, copyBody, deleteBody } from './bodies.ts'
import type { JobHandle } from './jobs.ts'
import type { Home } from './home.ts'
import type { OwnTree } from './own-tree.ts'
import { type Reading, bodyOf, readSealed } from './read/content.ts'
import { gone } from './records.ts'
import { TreeView, idFromText, idText } from './read/view.ts'

/** @returns why something did not come, of what was tried first; null where all of it has */
export async function moveIn(source: OwnTree, target: Home, job: JobHandle): Promise<BlocktreeError | null> {
  const moving = new Moving(source, target, await readMoved(source.platform.store, source.treeId))
  const { items } = moving
  job.setTotal(items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  let doneBytes = 0
  let trouble: BlocktreeError | null = null
  const staying = new Set<string | null>()
  for (const item of items) {
    job.check()
    try {
      // What is in a folder that did not come waits with it.
      if (staying.has(item.parentId)) staying.add(item.id)
      else await moving.move(item, job)
    } catch (error) {
      if (!(error instanceof BlocktreeError) || error instanceof CancelledError) throw error
      trouble ??= error
      staying.add(item.id)
    }
    job.advance((doneBytes += item.sizeBytes))
  }
  return trouble
}

class Moving {
  readonly #source: OwnTree
  readonly #target: Home
  readonly #view: TreeView
  readonly #moved: ReadonlySet<string>

  constructor(source: OwnTree, target: Home, moved: ReadonlySet<string>) {
    this.#source = source
    this.#target = target
    this.#view = new TreeView(source.state, source.ring, [])
    this.#moved = moved
  }

  /** A folder before what it holds. */
  get items(): readonly Item[] {
    return this.#view.subtreeOf(this.#view.rootId).slice(1)
  }

  async move(item: Item, job: JobHandle): Promise<void> {
    const block = idFromText(item.id)!
    if (this.#moved.has(keyOf(block))) return
    const { tree, view, files } = this.#target
    if (entryOf(tree.state, block) === null) {
      if (item.kind === 'folder') await files.putFolder(requestFor(block), block, this.#placeOf(item), item.name)
      else await this.#moveContent(item, block, job)
    }
    if (item.trashedAtMs !== null && view.get(item.id)?.trashedAtMs === null)
      await files.trash(`move-in-trash-${item.id}`, item.id)
    const { store } = this.#source.platform
    await store.write([movedRow(this.#source.treeId, block)], 'relaxed')
    // Else what moves would need its room twice.
    const body = bodyOf(this.#source.state, block)
    if (body !== null) await deleteBody(this.#source, block, body)
  }

  /** A link leads to the same: the ids on its path stay. */
  async #moveContent(item: Item, block: BlockId, job: JobHandle): Promise<void> {
    const { reading, state } = this.#source
    const body = bodyOf(state, block)
    if (body === null) throw new StoreDamagedError('a file without content')
    const { tree, files } = this.#target
    // Progress is counted per item.
    const quiet: JobHandle = { ...job, advance: () => {}, setTotal: () => {} }
    const write = async (keyEpoch: number, keys: SectorKeys): Promise<WrittenBody> => {
      const written = await copyBody(tree, reading, { block, body }, block, keyEpoch, keys, quiet)
      try {
        await compare(block, { reading, body }, { reading: readingOf(tree, written, keys), body: written })
      } catch (error) {
        await abandonBody(tree, block, written)
        throw error
      }
      return written
    }
    const tag = item.kind === 'link' ? 'addLink' : 'addFile'
    await files.putContent(tag, requestFor(block), block, write, quiet, (finish) =>
      finish(this.#placeOf(item), item.name),
    )
  }

  /** In the root folder where its own has come and was deleted since. */
  #placeOf({ parentId }: Item): IdPath {
    const { tree, view } = this.#target
    const wasInTrash = this.#view.isTrashed(parentId!)
    const isOpen = parentId !== this.#view.rootId && (wasInTrash || !view.isTrashed(parentId!))
    const folder = isOpen ? pathOf(tree.state, idFromText(parentId!)!) : null
    const path = folder ?? pathOf(tree.state, idFromText(view.rootId)!)
    if (path === null) throw gone()
    return path
  }
}

/** Told apart from the request that made the block in its first tree. */
const requestFor = (block: BlockId) => `move-in-${idText(block)}`

interface Side {
  readonly reading: Reading
  readonly body: Body
}

/** Reads both in step; holes are passed over, and are at the same places. */
async function compare(block: BlockId, source: Side, target: Side): Promise<void> {
  if (source.body.sizeBytes !== target.body.sizeBytes) throw movedOtherwise()
  const [left, right] = [source, target].map(({ reading, body }) => readSealed(reading, block, body)) as [
    Pieces,
    Pieces,
  ]
  for await (const piece of left) {
    const { value } = await right.next()
    const isSame = value !== undefined && `${piece.indexes}` === `${value.indexes}` && equal(piece.octets, value.octets)
    if (!isSame) throw movedOtherwise()
  }
  if ((await right.next()).done !== true) throw movedOtherwise()
}
type Pieces = ReturnType<typeof readSealed>
const movedOtherwise = () => new StoreDamagedError('a file that moved in')

/** Of a body before its record: a small one is not in the store yet. */
function readingOf({ platform, reading }: OwnTree, { attached }: WrittenBody, keys: SectorKeys): Reading {
  const held = new Map(attached.flatMap((change) => (change.kind === 'put' ? [[keyOf(change.key), change.value]] : [])))
  const store = {
    async readMany(table: 'object', at: readonly Bytes[]) {
      const stored = await platform.store.readMany(table, at)
      return at.map((key, index) => {
        const value = held.get(keyOf(key))
        // Whoever reads overwrites what he was given.
        return value === undefined ? stored[index]! : copy(value)
      })
    },
  }
  return { ...reading, store, sectorKeys: () => keys }
}

// --- what has come ----------------------------------------------------------------------------------------------------------

const movedPrefix = (treeId: TreeId) => concat(utf8('moved'), treeId)

const movedRow = (treeId: TreeId, block: BlockId): Change => ({
  kind: 'put',
  table: 'node',
  key: concat(movedPrefix(treeId), block),
  value: new Uint8Array(),
})

/** What of a tree has come into another one, by key. */
export async function readMoved(store: StoreReader, treeId: TreeId): Promise<ReadonlySet<string>> {
  const prefix = movedPrefix(treeId)
  const moved = new Set<string>()
  for (let after: Bytes | undefined; ;) {
    const rows = await store.scan('node', prefix, 512, after)
    for (const { key } of rows) moved.add(keyOf(key.slice(prefix.length)))
    after = rows.at(-1)?.key
    if (after === undefined) return moved
  }
}
