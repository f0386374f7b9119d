/**
 * Everything that can be done with one file or folder.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import type { Item } from '../../node/api.ts'
import { type Actions, displayName } from '../actions.ts'
import { GroundEvent, type NamedEvent, SheetClosedEvent } from '../events.ts'
import { sentenceOf } from '../fault.ts'
import { type Model, childrenOf, fewestCopies } from '../model.ts'
import { type IconName, icon } from '../part/icon.ts'
import { menuStyle } from '../part/menu.css.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'
import './move-view.ts'
import './readers-view.ts'
import '../part/copies.ts'
import '../part/name-form.ts'
import '../part/sheet.ts'

export class BtItemSheet extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    itemId: {},
    view: { state: true },
    problem: { state: true },
  }
  declare model: Model
  declare actions: Actions
  /** The sheet is closed while this is empty. */
  declare itemId: string
  declare view: 'menu' | 'rename' | 'move' | 'readers'
  declare problem: string

  static override styles = [shared, menuStyle]

  constructor() {
    super()
    this.itemId = ''
    this.view = 'menu'
    this.problem = ''
  }

  override render() {
    const item = this.model.items.get(this.itemId)
    return html`<bt-sheet
      .open=${this.itemId !== ''}
      .label=${item ? this.#title(item) : ''}
      @bt-sheet-closed=${this.#closed}
    >
      ${item ? this.#content(item) : this.itemId === '' ? nothing : html`<p>${words.item.gone}</p>`}
    </bt-sheet>`
  }

  #title(item: Item): string {
    const name = displayName(this.model, item)
    if (this.view === 'move') return words.move.title(name)
    return this.view === 'readers' ? words.readers.title(name) : name
  }

  #content(item: Item) {
    switch (this.view) {
      case 'menu':
        return this.#menu(item)
      case 'rename':
        return html`<bt-name-form
          .label=${words.item.name}
          .value=${item.name}
          .problem=${this.problem}
          @bt-named=${(event: NamedEvent) => this.#rename(item, event.name)}
        ></bt-name-form>`
      case 'move':
        return html`<bt-move-view
          .model=${this.model}
          .item=${item}
          @bt-ground=${(event: GroundEvent) => this.#move(event, item)}
        ></bt-move-view>`
      case 'readers':
        return html`<bt-readers-view
          .actions=${this.actions}
          .itemId=${item.id}
          .model=${this.model}
        ></bt-readers-view>`
    }
  }

  #menu(item: Item) {
    const isFile = item.kind === 'file'
    const isRoot = item.parentId === null
    const line = (name: IconName, text: string, act: () => void, kind = '') =>
      html`<li><button class="plain ${kind}" @click=${act}>${icon(name)}${text}</button></li>`
    const leave = (act: () => void) => () => {
      this.#close()
      act()
    }
    return html`<p class="facts small quiet number">
        <span
          >${isFile ? words.item.size(item.sizeBytes) : words.tree.items(childrenOf(this.model, item.id).length)}</span
        >
        <span>${words.item.changed(item.modifiedAtMs)}</span>
        <bt-copies
          .copyCount=${fewestCopies(this.model, item.id)}
          .deviceCount=${this.model.tree?.deviceCount ?? 1}
        ></bt-copies>
      </p>
      <ul class="menu" role="list">
        ${
          isFile
            ? line(
                'open',
                words.item.open,
                leave(() => this.actions.open(item)),
              )
            : nothing
        }
        ${
          isFile
            ? line(
                'download',
                words.item.download,
                leave(() => this.actions.download(item.id)),
              )
            : nothing
        }
        ${
          isFile || isRoot
            ? nothing
            : line(
                'folder',
                words.item.goIn,
                leave(() => this.dispatchEvent(new GroundEvent(item.id))),
              )
        }
        ${isRoot ? nothing : line('rename', words.item.rename, () => (this.view = 'rename'))}
        ${isRoot ? nothing : line('move', words.item.move, () => (this.view = 'move'))}
        ${line('readers', words.item.readers, () => (this.view = 'readers'))}
        ${
          isRoot
            ? nothing
            : line(
                'trash',
                words.item.trash,
                leave(() => void this.actions.trash(item)),
                'risky',
              )
        }
      </ul>`
  }

  async #rename(item: Item, name: string): Promise<void> {
    try {
      await this.actions.rename(item, name)
      this.#close()
    } catch (error) {
      this.problem = sentenceOf(error)
    }
  }
  #move(event: GroundEvent, item: Item): void {
    event.stopPropagation()
    this.#close()
    void this.actions.move(item, event.id)
  }

  #close(): void {
    this.renderRoot.querySelector('bt-sheet')!.close()
  }
  #closed(event: Event): void {
    event.stopPropagation()
    this.view = 'menu'
    this.problem = ''
    this.dispatchEvent(new SheetClosedEvent())
  }
}
customElements.define('bt-item-sheet', BtItemSheet)
