/**
 * The page's mirror of the tree: a value that node events turn into the next value.
 *
 * Pure. Names and ids come from outside, so they are only ever keys of a `Map`: a file may be called `__proto__`.
 * @module
 */
import type { Inviting, Item, Job, Joining, NodeEvent, TreeStatus } from '../node/api.ts'

export interface Model {
  /** null until the first snapshot. */
  readonly tree: TreeStatus | null
  readonly items: ReadonlyMap<string, Item>
  /** What a folder shows: its children outside the trash, folders first, then by name. */
  readonly children: ReadonlyMap<string, readonly Item[]>
  /** Why the node stopped; null while it runs. */
  readonly stopped: { readonly code: string; readonly message: string } | null
  /** A device being let in, or null. */
  readonly inviting: Inviting | null
  /** This device being let in elsewhere, or null. */
  readonly joining: Joining | null
  /** How often something that is seen in another tree was another than before. */
  readonly farCount: number
}

export const emptyModel: Model = {
  tree: null,
  items: new Map(),
  children: new Map(),
  stopped: null,
  inviting: null,
  joining: null,
  farCount: 0,
}

export function apply(model: Model, event: NodeEvent): Model {
  switch (event.kind) {
    case 'snapshot': {
      const items = new Map(event.items.map((item) => [item.id, item]))
      const parentIds = new Set(event.items.map((item) => item.parentId).filter((id) => id !== null))
      const children = withChildren(new Map(), items, parentIds, childIdsByParent(items))
      const { tree, inviting, joining } = event
      return { tree, items, children, stopped: null, inviting, joining, farCount: model.farCount + 1 }
    }
    case 'changed': {
      const items = new Map(model.items)
      const touched = new Set<string>()
      const touch = (item: Item | undefined) => item?.parentId != null && touched.add(item.parentId)
      for (const item of event.upserted) {
        touch(items.get(item.id))
        touch(item)
        items.set(item.id, item)
      }
      for (const id of event.removedIds) {
        touch(items.get(id))
        items.delete(id)
      }
      const children = withChildren(model.children, items, touched, childIdsByParent(items, touched))
      return { ...model, tree: event.tree, items, children }
    }
    case 'job':
    case 'jobEnded':
      return model
    case 'inviting':
      return { ...model, inviting: event.inviting }
    case 'joining':
      return { ...model, joining: event.joining }
    case 'far':
      return { ...model, farCount: model.farCount + 1 }
    case 'stopped':
      return { ...model, stopped: { code: event.code, message: event.message } }
  }
}

/** What is going on, by id. Apart from the model, since it changes ten times a second and the tree does not. */
export type JobsById = ReadonlyMap<string, Job>

export function applyToJobs(jobs: JobsById, event: NodeEvent): JobsById {
  switch (event.kind) {
    case 'snapshot':
      return new Map(event.jobs.map((job) => [job.id, job]))
    case 'job':
      return new Map(jobs).set(event.job.id, event.job)
    case 'jobEnded':
      return new Map([...jobs].filter(([id]) => id !== event.id))
    case 'stopped':
      return new Map()
    case 'changed':
    case 'inviting':
    case 'joining':
    case 'far':
      return jobs
  }
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/** Folders before files, then by name as a person counts: `2` before `10`. */
export function compareItems(left: Item, right: Item): number {
  const isFolder = left.kind === 'folder'
  if (isFolder !== (right.kind === 'folder')) return isFolder ? -1 : 1
  return collator.compare(left.name, right.name) || (left.id < right.id ? -1 : 1)
}

/**
 * Whether this device may change what it shows: not where it was removed, and one that is limited may only read, or its time has
 * ended, or its folder is gone.
 */
export const mayChange = ({ tree }: Model, nowMs = Date.now()): boolean => {
  if (tree !== null && tree.removed !== null) return false
  const limited = tree?.limited ?? null
  return limited === null || (limited.mayWrite && limited.folder !== 'gone' && nowMs < limited.expiresAtMs)
}

/** The root folder, or undefined before the first snapshot. */
export const rootOf = (model: Model): Item | undefined => model.items.get(model.tree?.rootId ?? '')

export const childrenOf = (model: Model, id: string): readonly Item[] => model.children.get(id) ?? []

/** From the root to the item itself; empty where the item is gone or its folder is. */
export function lineage(model: Model, id: string): readonly Item[] {
  const line: Item[] = []
  for (
    let item = model.items.get(id);
    item;
    item = item.parentId === null ? undefined : model.items.get(item.parentId)
  ) {
    line.unshift(item)
    if (item.parentId === null) return line
    // No tree is deeper than 64; this ends a loop in a damaged one.
    if (line.length > 256) break
  }
  return []
}

/** Whether the item can be reached from the root without passing through the trash. */
export const isPlaced = (model: Model, id: string): boolean => {
  const line = lineage(model, id)
  return line.length > 0 && line.every((item) => item.trashedAtMs === null)
}

/** Whether `outerId` is `innerId` or one of the folders around it. */
export const isWithin = (model: Model, outerId: string, innerId: string): boolean =>
  lineage(model, innerId).some((item) => item.id === outerId)

/** A node keeps what is in the trash for so long; one that was off meanwhile, longer. */
export const trashLifeMs = 30 * 24 * 60 * 60 * 1000

/** What was put in the trash, newest first; not what lies inside of it. */
export const trashOf = (model: Model): readonly Item[] =>
  [...model.items.values()]
    .filter((item) => item.trashedAtMs !== null)
    .toSorted((left, right) => right.trashedAtMs! - left.trashedAtMs! || compareItems(left, right))

const searchHitsMax = 200

/** Items whose name contains the text, case and accents aside; at most 200. */
export function search(model: Model, text: string): readonly Item[] {
  const wanted = fold(text)
  const hits: Item[] = []
  for (const item of model.items.values()) {
    if (item.parentId === null || !fold(item.name).includes(wanted) || !isPlaced(model, item.id)) continue
    hits.push(item)
    if (hits.length === searchHitsMax) break
  }
  return hits.toSorted(compareItems)
}
const fold = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** How safely something is saved. */
export type Safety = Pick<Item, 'copyCount' | 'isWaiting'>

const safetiesOf = new WeakMap<Model, Map<string, Safety>>()

/** Of whatever is least safe in this subtree: a folder is only as safe as its least safe file. */
export function safetyOf(model: Model, id: string): Safety {
  const known = safetiesOf.get(model) ?? new Map<string, Safety>()
  safetiesOf.set(model, known)
  const least = (of: string): Safety => {
    const before = known.get(of)
    if (before !== undefined) return before
    const { copyCount, isWaiting } = model.items.get(of) ?? { copyCount: 0, isWaiting: false }
    const all = [{ copyCount, isWaiting }, ...childrenOf(model, of).map((child) => least(child.id))]
    const safety = {
      copyCount: Math.min(...all.map((each) => each.copyCount)),
      isWaiting: all.some((each) => each.isWaiting),
    }
    known.set(of, safety)
    return safety
  }
  return least(id)
}

/** How many files and folders lie in this folder, at any depth, outside the trash. */
export const countWithin = (model: Model, id: string): number =>
  childrenOf(model, id).reduce((count, child) => count + 1 + countWithin(model, child.id), 0)

/** What was added or changed between two values of the mirror; deletions leave nothing to brighten. */
export const writtenSince = (old: Model, now: Model): readonly Item[] =>
  old.items === now.items
    ? []
    : [...now.items.values()].filter((item) => old.items.get(item.id) !== item && item.trashedAtMs === null)

/** Groups the untrashed children of all parents, or of the named ones. */
function childIdsByParent(items: ReadonlyMap<string, Item>, only?: ReadonlySet<string>): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items.values()) {
    if (item.parentId === null || item.trashedAtMs !== null || (only && !only.has(item.parentId))) continue
    const group = groups.get(item.parentId)
    if (group) group.push(item)
    else groups.set(item.parentId, [item])
  }
  return groups
}

function withChildren(
  before: ReadonlyMap<string, readonly Item[]>,
  items: ReadonlyMap<string, Item>,
  parentIds: ReadonlySet<string>,
  groups: ReadonlyMap<string, Item[]>,
): ReadonlyMap<string, readonly Item[]> {
  const children = new Map(before)
  for (const parentId of parentIds) {
    const group = groups.get(parentId)
    if (group && items.has(parentId)) children.set(parentId, group.toSorted(compareItems))
    else children.delete(parentId)
  }
  return children
}
