/**
 * What a person can do to the tree, and what he is told afterwards.
 *
 * Elements call these; each asks the node, and offers to take the deed back for ten seconds where that is possible.
 * @module
 */
import type { Item, NodeApi } from '../node/api.ts'
import { Adding } from './adding.ts'
import type { Entry } from './entries.ts'
import { codeOf, sentenceOf } from './fault.ts'
import { type Model, childrenOf, lineage, mayChange } from './model.ts'
import type { Notices } from './notices.ts'
import { words } from './words.ts'

export class Actions {
  readonly api: NodeApi
  readonly notices: Notices
  readonly adding: Adding
  readonly #model: () => Model

  constructor(api: NodeApi, model: () => Model, notices: Notices) {
    this.api = api
    this.notices = notices
    this.#model = model
    this.adding = new Adding(api, model)
  }

  /** Whether this device may change what it shows. */
  get mayChange(): boolean {
    return mayChange(this.#model())
  }

  /** Rejects where the name cannot be had; the form that asked shows the sentence. */
  createFolder(parentId: string, name: string): Promise<string> {
    return this.api.createFolder(crypto.randomUUID(), parentId, name)
  }

  async add(folderId: string, entries: readonly Entry[]): Promise<void> {
    const addedCount = await this.adding.add(folderId, entries)
    if (addedCount > 0) this.notices.done(words.add.done(addedCount, this.nameOf(folderId)))
  }

  /** Not to be taken back: of what was in it before, nothing is kept. */
  replace(item: Item, content: Blob): Promise<void> {
    return this.#try(async () => {
      await this.api.writeFile(crypto.randomUUID(), item.id, content)
      this.notices.done(words.replace.done(item.name))
    })
  }

  /** Rejects where the name cannot be had; the form that asked shows the sentence. */
  async rename(item: Item, name: string): Promise<void> {
    if (name === item.name) return
    await this.api.rename(crypto.randomUUID(), item.id, name)
    this.#offerUndo(words.undo.renamed(name), () => this.api.rename(crypto.randomUUID(), item.id, item.name))
  }

  async move(item: Item, folderId: string): Promise<void> {
    const { parentId } = item
    if (parentId === null || parentId === folderId) return
    await this.#try(async () => {
      await this.api.move(crypto.randomUUID(), item.id, folderId)
      this.#offerUndo(words.undo.moved(item.name, this.nameOf(folderId)), () =>
        this.api.move(crypto.randomUUID(), item.id, parentId),
      )
    })
  }

  /** Called like what it leads to. */
  async link(item: Item, folderId: string): Promise<void> {
    await this.#try(async () => {
      const id = await this.api.addLink(crypto.randomUUID(), folderId, item.name, item.id)
      this.#offerUndo(words.link.made(item.name, this.nameOf(folderId)), () => this.api.trash(crypto.randomUUID(), id))
    })
  }

  async trash(item: Item): Promise<void> {
    await this.#try(async () => {
      await this.api.trash(crypto.randomUUID(), item.id)
      this.#offerUndo(words.undo.trashed(item.name), () => this.api.restore(crypto.randomUUID(), item.id))
    })
  }

  async restore(item: Item): Promise<void> {
    await this.#try(async () => {
      await this.api.restore(crypto.randomUUID(), item.id)
      this.notices.done(words.trash.restored(item.name))
    })
  }

  /** For good; the page has asked first. @param id null for the whole trash */
  purge(id: string | null): Promise<void> {
    return this.#try(() => this.api.purge(crypto.randomUUID(), id))
  }

  cancel(requestId: string): Promise<void> {
    return this.#try(() => this.api.cancel(requestId))
  }

  /** In a tab of its own, where nothing of it can reach this page. */
  open(item: Item): void {
    if (!this.#mayServe()) return
    // `noopener` makes the answer null also where the tab opened, so a refusal cannot be seen here.
    window.open(contentAddress(item.id), '_blank', 'noopener')
  }

  download(id: string): Promise<void> {
    return this.#try(() => this.beginDownload(id))
  }

  /** Rejects where it cannot be had; who asked shows the sentence. */
  async beginDownload(id: string): Promise<void> {
    if (!this.#mayServe()) return
    // A link to what is not there leads to a page that says so, in place of this one and of the node that it may keep.
    const { streamId } = await this.api.openContent(id)
    await this.api.closeContent(streamId)
    const link = document.createElement('a')
    link.href = contentAddress(id, true)
    link.rel = 'noopener'
    link.click()
  }

  nameOf(folderId: string): string {
    const model = this.#model()
    const item = model.items.get(folderId)
    return item ? displayName(model, item) : ''
  }

  /** Content is answered by the service worker alone; an address under `t/` without one would ask the static host. */
  #mayServe(): boolean {
    if (!('serviceWorker' in navigator)) this.notices.problem(words.open.unsupported)
    else if (navigator.serviceWorker.controller) return true
    else this.notices.problem(words.open.needsWorker, { label: words.reload, act: () => location.reload() })
    return false
  }

  #offerUndo(text: string, back: () => Promise<void>): void {
    this.notices.undoable(text, words.undo.button, async () => {
      try {
        await back()
        this.notices.done(words.undo.undone)
      } catch (error) {
        this.notices.problem(words.undo.failed(sentenceOf(error)))
      }
    })
  }

  async #try(deed: () => Promise<void>): Promise<void> {
    try {
      await deed()
    } catch (error) {
      if (codeOf(error) !== 'cancelled') this.notices.problem(sentenceOf(error))
    }
  }
}

/** Under the page's own address, so that it works below any path; a second profile is named, since it is another tree. */
export function contentAddress(id: string, asDownload = false): string {
  const address = new URL(`t/${encodeURIComponent(id)}`, document.baseURI)
  address.hash = ''
  const profile = new URLSearchParams(location.hash.slice(1)).get('as')
  if (profile !== null) address.searchParams.set('as', profile)
  if (asDownload) address.searchParams.set('download', '')
  return address.href
}

/** The root is called by its owner, that of a guest as it was told; all others by their names. */
export function displayName(model: Model, item: Item): string {
  if (item.parentId !== null) return item.name
  if (model.tree?.limited) return model.tree.limited.folderName
  const owner = model.tree?.ownerName ?? ''
  return owner === '' ? words.tree.localName : words.tree.ownedName(owner)
}

/** Its size; of a folder, how much is in it. */
export function aboutOf(model: Model, { id, kind, sizeBytes }: Item): string {
  if (kind === 'link') return words.link.about
  return kind === 'file' ? words.item.size(sizeBytes) : words.tree.items(childrenOf(model, id).length)
}

/** What a screen reader says of it. */
export function sentenceOfItem(model: Model, item: Item): string {
  const name = displayName(model, item)
  if (item.kind === 'link') return words.tree.cellLink(name)
  if (item.kind === 'file') return words.tree.cellFile(name, item.sizeBytes)
  return words.tree.cellFolder(name, childrenOf(model, item.id).length)
}

/** Where an item is, in words; empty for what lies in the root. */
export const placeOf = (model: Model, item: Item): string =>
  lineage(model, item.id)
    .slice(1, -1)
    .map((folder) => folder.name)
    .join(' / ')
