/**
 * Everything that can be done with one file or folder.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import type { Item } from '../../node/api.ts'
import { type Actions, aboutOf, displayName } from '../actions.ts'
import { type ChosenEvent, GroundEvent, type NamedEvent, SheetClosedEvent } from '../events.ts'
import { sentenceOf } from '../fault.ts'
import { type Model, mayChange, safetyOf } from '../model.ts'
import { icon } from '../part/icon.ts'
import { menuStyle } from '../part/menu.css.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'
import { type ItemAction, itemMenu } from './item-menu.ts'
import './link-view.ts'
import './move-view.ts'
import './readers-view.ts'
import './replace-view.ts'
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
  declare view: 'menu' | 'replace' | 'rename' | 'move' | 'link' | 'readers'
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
    switch (this.view) {
      case 'menu':
        return name
      case 'replace':
        return words.replace.title(name)
      case 'rename':
        return words.item.renameTitle(name)
      case 'move':
        return words.move.title(name)
      case 'link':
        return words.link.title(name)
      case 'readers':
        return words.readers.title(name)
    }
  }

  #content(item: Item) {
    switch (this.view) {
      case 'menu':
        return this.#menu(item)
      case 'replace':
        return html`<bt-replace-view
          .name=${item.name}
          @bt-chosen=${(event: ChosenEvent) => this.#replace(event, item)}
        ></bt-replace-view>`
      case 'rename':
        return html`<bt-name-form
          .label=${words.item.name}
          .value=${item.name}
          .problem=${this.problem}
          @bt-named=${(event: NamedEvent) => this.#rename(item, event.name)}
        ></bt-name-form>`
      case 'move':
      case 'link':
        return html`<bt-move-view
          .actions=${this.actions}
          .model=${this.model}
          .item=${item}
          .purpose=${this.view}
          @bt-ground=${(event: GroundEvent) => this.#put(event, item)}
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
    return html`<p class="facts small quiet number">
        <span>${aboutOf(this.model, item)}</span>
        <span>${words.item.changed(item.modifiedAtMs)}</span>
        <bt-copies .safety=${safetyOf(this.model, item.id)} .tree=${this.model.tree}></bt-copies>
      </p>
      ${
        item.kind === 'link'
          ? html`<bt-link-view .actions=${this.actions} .itemId=${item.id} .model=${this.model}></bt-link-view>`
          : nothing
      }
      <ul class="menu" role="list">
        ${itemMenu(item, mayChange(this.model)).map(
          ({ action, icon: name, text }) =>
            html`<li>
              <button class="plain ${action === 'trash' ? 'risky' : ''}" @click=${() => this.#act(action, item)}>
                ${icon(name)}${text}
              </button>
            </li>`,
        )}
      </ul>`
  }

  #act(action: ItemAction, item: Item): void {
    switch (action) {
      case 'replace':
      case 'rename':
      case 'move':
      case 'link':
      case 'readers':
        this.view = action
        return
      case 'open':
        this.#close()
        return this.actions.open(item)
      case 'download':
        this.#close()
        void this.actions.download(item.id)
        return
      case 'goIn':
        this.#close()
        this.dispatchEvent(new GroundEvent(item.id))
        return
      case 'trash':
        this.#close()
        void this.actions.trash(item)
    }
  }

  async #rename(item: Item, name: string): Promise<void> {
    try {
      await this.actions.rename(item, name)
      this.#close()
    } catch (error) {
      this.problem = sentenceOf(error)
    }
  }
  #replace(event: ChosenEvent, item: Item): void {
    event.stopPropagation()
    this.#close()
    void this.actions.replace(item, event.file)
  }
  #put(event: GroundEvent, item: Item): void {
    event.stopPropagation()
    const deed = this.view === 'link' ? 'link' : 'move'
    this.#close()
    void this.actions[deed](item, event.id)
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
