/**
 * The checker: what a person may rely on, kept beside the node, and the comparison of both.
 *
 * The model holds everything that the node has acknowledged. What was asked and never answered may have happened or not; it is
 * decided by what is seen first, and from then on it holds like everything else. Nothing here knows how the node works.
 * @module
 */
import { type Bytes, equal } from '../core/bytes/bytes.ts'
import type { Item, ItemKind } from '../node/api.ts'

export interface ModelItem {
  readonly id: string
  readonly parentId: string
  readonly kind: ItemKind
  readonly name: string
  readonly isTrashed: boolean
  /** null for folders and links. */
  readonly content: Bytes | null
  /** What a link was made for. */
  readonly targetId?: string
}

/** What is written into a content; `startByte` null: behind its end. */
export interface Part {
  readonly startByte: number | null
  readonly content: Bytes
}

/** One change that a person asks for, as the model understands it. */
export type Deed =
  | { readonly kind: 'createFolder'; readonly parentId: string; readonly name: string }
  | { readonly kind: 'addFile'; readonly parentId: string; readonly name: string; readonly content: Bytes }
  | { readonly kind: 'addLink'; readonly parentId: string; readonly name: string; readonly targetId: string }
  | { readonly kind: 'writeFile'; readonly id: string; readonly content: Bytes }
  | {
      readonly kind: 'editFile'
      readonly id: string
      readonly parts: readonly Part[]
      readonly sizeBytes: number | null
      /** What it comes to. */
      readonly content: Bytes
    }
  | { readonly kind: 'rename'; readonly id: string; readonly name: string }
  | { readonly kind: 'move'; readonly id: string; readonly targetId: string }
  | { readonly kind: 'trash'; readonly id: string }
  | { readonly kind: 'restore'; readonly id: string }
  | { readonly kind: 'purge'; readonly id: string | null }

export interface PendingDeed {
  readonly deed: Deed
  readonly requestId: string
  /** Another deed may have pulled the ground from under it. */
  readonly isCareless: boolean
}

export class Model {
  readonly items = new Map<string, ModelItem>()
  rootId: string

  /** Put somewhere while other deeds may have pulled the ground from under it; until it is looked where it came to stand. */
  readonly adrift = new Set<string>()

  constructor(rootId: string) {
    this.rootId = rootId
  }

  children(id: string): readonly ModelItem[] {
    return [...this.items.values()].filter(({ parentId }) => parentId === id)
  }

  /** An item and all above it. */
  subtree(id: string): readonly ModelItem[] {
    const item = this.items.get(id)
    return item === undefined ? [] : [item, ...this.children(id).flatMap((child) => this.subtree(child.id))]
  }

  /** The folders below an item, nearest first, without the root. */
  ancestors(id: string): readonly string[] {
    const found: string[] = []
    for (let item = this.items.get(id); item !== undefined; item = this.items.get(item.parentId)) found.push(item.id)
    return found.slice(1)
  }

  /** In the trash itself, or in a folder that is. */
  isGone(id: string): boolean {
    return [id, ...this.ancestors(id)].some((at) => this.items.get(at)?.isTrashed)
  }

  /** Ids that a purge deletes. */
  doomedBy(id: string | null): readonly string[] {
    const tops =
      id === null ? [...this.items.values()].filter(({ isTrashed }) => isTrashed).map((item) => item.id) : [id]
    return [...new Set(tops.flatMap((top) => this.subtree(top).map((item) => item.id)))]
  }

  /**
   * Takes in a deed that took effect.
   * @param id what the node called a new item
   * @param isCareless whether others were done at the same time that may have touched its place
   */
  apply(deed: Deed, id: string, isCareless = false): void {
    if (isCareless) this.adrift.add('id' in deed ? deed.id! : id)
    switch (deed.kind) {
      case 'createFolder':
        this.items.set(id, {
          id,
          parentId: deed.parentId,
          kind: 'folder',
          name: deed.name,
          isTrashed: false,
          content: null,
        })
        break
      case 'addFile':
        this.items.set(id, { ...deed, id, isTrashed: false, kind: 'file' })
        break
      case 'addLink':
        this.items.set(id, { ...deed, id, isTrashed: false, kind: 'link', content: null })
        break
      case 'writeFile':
      case 'editFile':
        this.#change(deed.id, { content: deed.content })
        break
      case 'rename':
        this.#change(deed.id, { name: deed.name })
        break
      case 'move':
        if (this.subtree(deed.id).some((inside) => inside.id === deed.targetId))
          throw new Error(`folder ${deed.id} was moved into itself`)
        this.#change(deed.id, { parentId: deed.targetId })
        break
      case 'trash':
        this.#change(deed.id, { isTrashed: true })
        break
      case 'restore':
        this.#change(deed.id, { isTrashed: false, parentId: this.#homeOf(deed.id) })
        break
      case 'purge':
        for (const doomed of this.doomedBy(deed.id)) this.items.delete(doomed)
    }
  }

  /** Takes over what was seen of something that the model leaves open: a name that got a number. */
  adopt(item: Item): void {
    this.#change(item.id, { name: item.name })
  }

  /**
   * Takes over where something came to stand whose folder went into the trash in the same instant: in the nearest folder that did not.
   * @returns whether it is there
   */
  adoptPlace({ id, parentId }: Item): boolean {
    const folder = this.items.get(id)!.parentId
    const nearest = this.ancestors(folder).find((at) => !this.isGone(at)) ?? this.rootId
    const isThere = this.adrift.has(id) && this.isGone(folder) && parentId === nearest
    if (isThere) this.#change(id, { parentId: nearest })
    return isThere
  }

  /** All that stands in the root stands in another root now. */
  replant(rootId: string): void {
    const inRoot = this.children(this.rootId)
    this.rootId = rootId
    for (const { id } of inRoot) this.#change(id, { parentId: rootId })
  }

  /** Where a restored item comes back: where it was, or in the root where that place is gone. */
  #homeOf(id: string): string {
    const { parentId } = this.items.get(id)!
    return parentId === this.rootId || (this.items.has(parentId) && !this.isGone(parentId)) ? parentId : this.rootId
  }

  #change(id: string, change: Partial<ModelItem>): void {
    const item = this.items.get(id)
    if (item === undefined) throw new Error(`the model has no item ${id}`)
    this.items.set(id, { ...item, ...change })
  }
}

/** What an edit makes of a content. @param sizeBytes null: whatever it comes to */
export function edited(before: Bytes, parts: readonly Part[], sizeBytes: number | null): Bytes {
  let after = before
  const resize = (toBytes: number): void => {
    const next = new Uint8Array(toBytes)
    next.set(after.subarray(0, toBytes))
    after = next
  }
  resize(before.length)
  for (const { startByte, content } of parts) {
    const start = startByte ?? after.length
    if (content.length > 0 && start + content.length > after.length) resize(start + content.length)
    if (content.length > 0) after.set(content, start)
  }
  if (sizeBytes !== null) resize(sizeBytes)
  return after
}

/** What is wrong, each in a sentence; empty where nothing is. */
export type Findings = readonly string[]

/**
 * Decides by what is seen which of the unanswered deeds happened, and takes those into the model.
 * No two of them may touch the same item.
 */
export function resolvePending(
  model: Model,
  pending: readonly PendingDeed[],
  seen: ReadonlyMap<string, Item>,
): readonly { readonly requestId: string; readonly hasHappened: boolean }[] {
  return pending.map(({ deed, requestId }) => {
    const id = idWhereHappened(model, deed, seen)
    if (id !== null) model.apply(deed, id)
    return { requestId, hasHappened: id !== null }
  })
}

function idWhereHappened(model: Model, deed: Deed, seen: ReadonlyMap<string, Item>): string | null {
  switch (deed.kind) {
    case 'createFolder':
    case 'addFile':
    case 'addLink': {
      const isIt = ({ id, parentId, name }: Item): boolean =>
        !model.items.has(id) && parentId === deed.parentId && isNameOrNumbered(name, deed.name)
      return [...seen.values()].find(isIt)?.id ?? null
    }
    case 'writeFile':
    case 'editFile':
      // The workload never writes a version of the same size twice in a row.
      return seen.get(deed.id)?.sizeBytes === deed.content.length ? deed.id : null
    case 'rename':
      return isNameOrNumbered(seen.get(deed.id)?.name ?? '', deed.name) ? deed.id : null
    case 'move':
      return seen.get(deed.id)?.parentId === deed.targetId ? deed.id : null
    case 'trash':
      return seen.get(deed.id)?.trashedAtMs !== null ? deed.id : null
    case 'restore':
      return seen.get(deed.id)?.trashedAtMs === null ? deed.id : null
    case 'purge':
      return model.doomedBy(deed.id).every((doomed) => !seen.has(doomed)) ? '' : null
  }
}

/** Compares all that shows of the tree, without contents. */
export function compareItems(model: Model, seen: ReadonlyMap<string, Item>): Findings {
  const findings: string[] = []
  for (const expected of model.items.values()) {
    const item = seen.get(expected.id)
    if (item === undefined) {
      findings.push(`${describe(expected)} is lost`)
      continue
    }
    if (!isNameOrNumbered(item.name, expected.name)) findings.push(`${describe(expected)} is named "${item.name}"`)
    else if (item.name !== expected.name) model.adopt(item)
    if (item.parentId !== expected.parentId && !model.adoptPlace(item))
      findings.push(`${describe(expected)} is in folder ${item.parentId}, not ${expected.parentId}`)
    if (item.kind !== expected.kind) findings.push(`${describe(expected)} is a ${item.kind}`)
    if (item.trashedAtMs !== null && !expected.isTrashed)
      findings.push(`${describe(expected)} is in the trash, where nobody put it`)
    if (item.trashedAtMs === null && expected.isTrashed)
      findings.push(`${describe(expected)} is no longer in the trash`)
    if (item.sizeBytes !== (expected.content?.length ?? 0))
      findings.push(`${describe(expected)} has ${item.sizeBytes} bytes, not ${expected.content?.length ?? 0}`)
  }
  model.adrift.clear()
  for (const item of seen.values())
    if (item.parentId !== null && !model.items.has(item.id))
      findings.push(`"${item.name}" (${item.id}) came out of nowhere`)
  return [...findings, ...twinsIn(seen)]
}

/** Two things of one name in one folder, neither in the trash: a person can not tell them apart. */
export function twinsIn(seen: ReadonlyMap<string, Item>): Findings {
  const names = new Set<string>()
  const findings: string[] = []
  for (const { parentId, name, trashedAtMs } of seen.values()) {
    if (parentId === null || trashedAtMs !== null) continue
    const place = `${parentId}/${name}`
    if (names.has(place)) findings.push(`two items are named "${name}" in one folder`)
    names.add(place)
  }
  return findings
}

/** @param versions contents of which the file may have any, but no mixture */
export function compareContent(
  expected: ModelItem,
  versions: readonly Bytes[],
  content: Bytes,
  startByte: number,
  endByte: number,
): Findings {
  if (versions.some((version) => equal(content, version.subarray(startByte, endByte)))) return []
  return [`${describe(expected)} reads back other bytes than were written`]
}

/** The name itself, or with the number that a taken name gets: `photo (2).jpg`. */
function isNameOrNumbered(name: string, wanted: string): boolean {
  if (name === wanted) return true
  const dot = wanted.lastIndexOf('.')
  const [stem, ending] = dot > 0 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, '']
  return (
    name.startsWith(`${stem} (`) &&
    /^ \(\d+\)$/.test(name.slice(stem.length, name.length - ending.length)) &&
    name.endsWith(ending)
  )
}

const describe = ({ kind, name, id }: ModelItem): string => `the ${kind} "${name}" (${id})`
