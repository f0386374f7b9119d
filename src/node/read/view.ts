/**
 * The tree as a person sees it, from where this device's reach begins: names opened, sizes and times beside them, kept in step with the fold.
 * @module
 */
import { type Bytes, equal, fromBase64url, keyOf, toBase64url } from '../../core/bytes/bytes.ts'
import { type BlockId, blockIdOf, blockIdSizeBytes, rootBlockId } from '../../core/path/path.ts'
import {
  type EntryRow,
  type TreeState,
  childrenOf,
  contentOf,
  entryOf,
  isWithin,
  rowKind,
} from '../../core/tree/tree.ts'
import type { Item } from '../api.ts'
import { numberedName } from '../names.ts'
import type { KeyRing } from './key-ring.ts'

export const idText = (block: BlockId): string => toBase64url(block)

/** null for text that is no block's id. */
export function idFromText(text: string): BlockId | null {
  const id = fromBase64url(text)
  return id?.length === blockIdSizeBytes ? id : null
}

/** Of which items copies have to be counted again: all, those whose body came after a stamp, or one. */
export type Recount = 'all' | { readonly afterMs: number } | { readonly block: BlockId }

export interface ViewChange {
  readonly upserted: readonly Item[]
  readonly removedIds: readonly string[]
}

export class TreeView {
  readonly items = new Map<string, Item>()
  /** Ids of the items in a folder. */
  readonly #children = new Map<string, Set<string>>()
  /** When the body of each came, be it that what it holds was written before. */
  readonly #stamps = new Map<string, number>()
  readonly #ring: KeyRing
  readonly rootId: string
  /** How many devices hold a block with the body, if any, that it has had since a stamp. */
  copyCountOf: (block: BlockId, stampMs: number) => number = () => 1
  /** Blocks with a change that this device keeps. */
  #waiting: ReadonlySet<string>

  /** @param waiting keys of the rows that are changed by what this device keeps */
  constructor(state: TreeState, ring: KeyRing, waiting: readonly Bytes[]) {
    this.#ring = ring
    this.#waiting = new Set(blocksIn(waiting).keys())
    const root = ring.base
    this.rootId = idText(root)
    this.#put({ ...blankRoot, id: this.rootId })
    for (const pending = [root]; pending.length > 0;) {
      const directory = pending.pop()!
      for (const row of childrenOf(state, directory)) {
        this.#put(this.#itemOf(state, row))
        if (row.entry.fields.kind === 'directory') pending.push(row.entry.fields.child)
      }
    }
  }

  get(id: string): Item | null {
    return this.items.get(id) ?? null
  }

  childrenOf(id: string): readonly Item[] {
    return [...(this.#children.get(id) ?? [])].map((child) => this.items.get(child)!)
  }

  /** An item and everything above it, each folder before what it holds. */
  subtreeOf(id: string): readonly Item[] {
    const found: Item[] = []
    const start = this.items.get(id)
    for (const pending = start === undefined ? [] : [start]; pending.length > 0;) {
      const item = pending.pop()!
      found.push(item)
      pending.push(...this.childrenOf(item.id))
    }
    return found
  }

  /** How many folders an item lies in. */
  depthOf(id: string): number {
    let depth = 0
    for (let at = this.get(id)?.parentId ?? null; at !== null; at = this.get(at)?.parentId ?? null) depth++
    return depth
  }

  /** Whether an item, or a folder that it lies in, is in the trash. */
  isTrashed(id: string): boolean {
    for (let item = this.get(id); item !== null; item = item.parentId === null ? null : this.get(item.parentId)) {
      if (item.trashedAtMs !== null) return true
    }
    return false
  }

  /** The name itself where it is free in a folder, else with the lowest number that is: `photo (2).jpg`. */
  freeName(
    parentId: string,
    name: string,
    exceptId?: string,
    isReserved: (name: string) => boolean = () => false,
  ): string {
    const taken = new Set<string>()
    for (const id of this.#children.get(parentId) ?? []) {
      const item = this.items.get(id)!
      if (id !== exceptId && item.trashedAtMs === null) taken.add(item.name)
    }
    return numberedName(name, (candidate) => !taken.has(candidate) && !isReserved(candidate))
  }

  /** @param waiting as the constructor has it; what waits no more is among `touched` */
  update(state: TreeState, touched: readonly Bytes[], waiting: readonly Bytes[]): ViewChange {
    this.#waiting = new Set(blocksIn(waiting).keys())
    const upserted: Item[] = []
    const removedIds: string[] = []
    for (const block of blocksIn(touched).values()) {
      const row = this.#isShown(state, block) ? entryOf(state, block) : null
      if (row !== null) {
        const item = this.#itemOf(state, row)
        this.#put(item)
        upserted.push(item)
      } else if (this.#drop(idText(block))) removedIds.push(idText(block))
    }
    return { upserted, removedIds }
  }

  /** What lies on the way to where this device's reach begins has no name here. */
  #isShown(state: TreeState, block: BlockId): boolean {
    const { base } = this.#ring
    return equal(base, rootBlockId(state.treeId)) || (!equal(block, base) && isWithin(state, base, block))
  }

  /** Counts copies again. @returns the items of which there are more or fewer than before */
  recount(of: Recount): readonly Item[] {
    const changed: Item[] = []
    for (const id of this.#idsOf(of)) {
      const item = this.items.get(id)
      if (item === undefined) continue
      const copyCount = this.copyCountOf(idFromText(id)!, this.#stamps.get(id) ?? 0)
      if (copyCount !== item.copyCount) changed.push({ ...item, copyCount })
    }
    for (const item of changed) this.items.set(item.id, item)
    return changed
  }

  *#idsOf(of: Recount): Generator<string> {
    if (of === 'all') return yield* this.items.keys()
    if ('block' in of) return yield idText(of.block)
    for (const [id, stampMs] of this.#stamps) if (stampMs > of.afterMs) yield id
  }

  #itemOf(state: TreeState, row: EntryRow): Item {
    const { parent, child, kind } = row.entry.fields
    const content = contentOf(state, child)
    const directory = blockIdOf(parent)
    const modifiedAtMs = Math.max(content?.writtenAtMs ?? 0, kind === 'directory' ? row.stampMs : 0) || row.stampMs
    const bodyStampMs = content?.stampMs ?? modifiedAtMs
    this.#stamps.set(idText(child), bodyStampMs)
    return {
      id: idText(child),
      parentId: idText(directory),
      kind: kind === 'directory' ? 'folder' : kind,
      name: this.#ring.nameOf(state, row.entry),
      sizeBytes: kind === 'file' ? (content?.content.fields.sizeBytes ?? 0) : 0,
      createdAtMs: row.createdAtMs,
      modifiedAtMs,
      trashedAtMs: row.trashedAtMs,
      copyCount: this.copyCountOf(child, bodyStampMs),
      isWaiting: this.#waiting.has(keyOf(child)),
    }
  }

  #put(item: Item): void {
    const before = this.items.get(item.id)
    if (before !== undefined && before.parentId !== item.parentId) this.#children.get(before.parentId!)?.delete(item.id)
    this.items.set(item.id, item)
    if (item.parentId === null) return
    let siblings = this.#children.get(item.parentId)
    if (siblings === undefined) this.#children.set(item.parentId, (siblings = new Set()))
    siblings.add(item.id)
  }

  #drop(id: string): boolean {
    const item = this.items.get(id)
    if (item === undefined || item.parentId === null) return false
    this.#children.get(item.parentId)?.delete(id)
    this.#children.delete(id)
    this.#stamps.delete(id)
    return this.items.delete(id)
  }
}

const blankRoot: Omit<Item, 'id'> = {
  parentId: null,
  kind: 'folder',
  name: '',
  sizeBytes: 0,
  createdAtMs: 0,
  modifiedAtMs: 0,
  trashedAtMs: null,
  copyCount: 1,
  isWaiting: false,
}

/** The blocks that rows of the state tell of, where those show in the view. */
function blocksIn(keys: readonly Bytes[]): ReadonlyMap<string, BlockId> {
  const blocks = new Map<string, BlockId>()
  for (const key of keys) {
    const block = blockOfKey(key)
    if (block !== null) blocks.set(keyOf(block), block)
  }
  return blocks
}

/** The block that a row of the state tells of, where that row shows in the view. */
function blockOfKey(key: Bytes): BlockId | null {
  if (key[0] === rowKind.entry) return key.slice(1 + blockIdSizeBytes)
  return key[0] === rowKind.content ? key.slice(1) : null
}
