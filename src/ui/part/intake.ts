/**
 * Takes what is dropped on or pasted into the page, wherever that happens.
 * @module
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit'
import { type Entry, entriesOfDrop, entriesOfPaste } from '../entries.ts'

/** By this a drop knows one of the tree's own items. */
export const itemMediaType = 'application/x-blocktree-item'

export interface IntakeHost extends ReactiveControllerHost {
  /** The folder that the page stands on; empty while nothing can be taken. */
  readonly intakeGroundId: string
  taken(folderId: string, entries: readonly Entry[]): void
  movedHere(folderId: string, itemId: string): void
  /** A dropped file or folder could not be read. @param name of the first of what was dropped */
  unreadable(name: string): void
}

export class Intake implements ReactiveController {
  /** Over which folder something hovers that would be taken; empty: nothing does. */
  hoveredId = ''
  readonly #host: IntakeHost
  #leave = new AbortController()

  constructor(host: IntakeHost) {
    this.#host = host
    host.addController(this)
  }

  hostConnected(): void {
    this.#leave = new AbortController()
    const { signal } = this.#leave
    window.addEventListener('dragover', (event) => this.#dragged(event), { signal })
    window.addEventListener('dragleave', (event) => event.relatedTarget === null && this.#hover(''), { signal })
    window.addEventListener('dragend', () => this.#hover(''), { signal })
    window.addEventListener('drop', (event) => this.#dropped(event), { signal })
    window.addEventListener('paste', (event) => this.#pasted(event), { signal })
  }
  hostDisconnected(): void {
    this.#leave.abort()
  }

  #dragged(event: DragEvent): void {
    const types = event.dataTransfer?.types ?? []
    if (!types.includes('Files') && !types.includes(itemMediaType)) return
    // Without this the browser would leave the page and show the file, even where the page cannot take it.
    event.preventDefault()
    this.#hover(this.#folderUnder(event))
  }

  #dropped(event: DragEvent): void {
    this.#hover('')
    const transfer = event.dataTransfer
    if (!transfer) return
    event.preventDefault()
    const folderId = this.#folderUnder(event)
    if (folderId === '') return
    const itemId = transfer.getData(itemMediaType)
    if (itemId !== '') return this.#host.movedHere(folderId, itemId)
    const name = transfer.files[0]?.name ?? ''
    entriesOfDrop(transfer).then(
      (entries) => this.#host.taken(folderId, entries),
      () => this.#host.unreadable(name),
    )
  }

  #pasted(event: ClipboardEvent): void {
    const folderId = this.#host.intakeGroundId
    if (folderId === '' || isTyping(event) || !event.clipboardData) return
    const entries = entriesOfPaste(event.clipboardData, Date.now())
    if (entries.length > 0) this.#host.taken(folderId, entries)
  }

  /** The folder whose cell, row or crumb lies under the pointer; else the one that the page stands on. */
  #folderUnder(event: DragEvent): string {
    for (const target of event.composedPath())
      if (target instanceof Element && target.hasAttribute('data-folder')) return target.getAttribute('data-folder')!
    return this.#host.intakeGroundId
  }
  #hover(folderId: string): void {
    if (this.hoveredId === folderId) return
    this.hoveredId = folderId
    this.#host.requestUpdate()
  }
}

/** Whether a key or a paste is meant for a field. */
export const isTyping = (event: Event): boolean =>
  event.composedPath().some((target) => target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)
