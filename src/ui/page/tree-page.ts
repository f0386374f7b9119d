/**
 * The tree as a picture and as a list: side by side where there is room, else one at a time.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import type { Item } from '../../node/api.ts'
import { type Actions, displayName } from '../actions.ts'
import { ActionsEvent, AddEvent, type UnfoldEvent } from '../events.ts'
import { type Model, mayChange } from '../model.ts'
import { icon } from '../part/icon.ts'
import { Room } from '../part/room.ts'
import { shared } from '../part/shared.ts'
import { hintOf, hintStyle } from '../tree/hint.ts'
import { groundHeightRem } from '../tree/tree.ts'
import { words } from '../words.ts'
import { treePageStyle } from './tree-page.css.ts'
import '../tree/crumbs.ts'
import '../tree/list.ts'

/** From this width on there is room for both. */
const bothFromRem = 46
/** From this height on search and Add may stay in sight; on a lower page they would lie over half of the list. */
const tallFromRem = 36

export class BtTreePage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    groundId: {},
    view: { state: true },
    query: { state: true },
  }
  declare model: Model
  declare actions: Actions
  declare groundId: string
  declare view: 'picture' | 'list'
  declare query: string
  readonly #room = new Room(this)

  static override styles = [
    shared,
    hintStyle,
    treePageStyle,
    css`
      .ground {
        block-size: ${groundHeightRem}rem;
      }
    `,
  ]

  constructor() {
    super()
    this.view = 'picture'
    this.query = ''
  }

  override render() {
    const isWide = this.#room.widthRem >= bothFromRem
    const ground = this.model.items.get(this.groundId)
    if (!ground) return nothing
    const isTall = this.#room.windowHeightRem >= tallFromRem
    return html`<div class="views ${isWide ? 'both' : ''} ${isTall ? 'tall' : ''}" @bt-unfold=${this.#unfolded}>
      <h1 class="unseen">${words.tree.title}</h1>
      ${isWide ? nothing : this.#switch()} ${isWide || this.view === 'picture' ? this.#picture(ground) : nothing}
      ${isWide || this.view === 'list' ? this.#list(isWide) : nothing}
    </div>`
  }

  #picture(ground: Item) {
    return html`<section class="picture" aria-label=${words.tree.picture}>
      <bt-tree .model=${this.model} .groundId=${ground.id}></bt-tree>
      ${hintOf(this.model, ground.id)}
      <div class="ground">
        <button
          class="on-root only-icon"
          aria-label=${words.tree.more(displayName(this.model, ground))}
          @click=${() => this.dispatchEvent(new ActionsEvent(ground.id))}
        >
          ${icon('more')}
        </button>
        ${this.#add('on-root add')}
      </div>
      ${this.#crumbs()}
    </section>`
  }

  #list(isWide: boolean) {
    return html`<section class="list" aria-label=${words.tree.list}>
      <div class="search" role="search">
        ${icon('search')}
        <input
          type="search"
          dir="auto"
          autocomplete="off"
          placeholder=${words.list.search}
          aria-label=${words.list.search}
          .value=${this.query}
          @input=${(event: Event) => (this.query = (event.target as HTMLInputElement).value.trim())}
        />
      </div>
      ${isWide ? nothing : this.#crumbs()}
      <bt-list .model=${this.model} .actions=${this.actions} .groundId=${this.groundId} .query=${this.query}></bt-list>
      ${isWide ? nothing : this.#add('loud float')}
    </section>`
  }

  #crumbs = () => html`<bt-crumbs .model=${this.model} .groundId=${this.groundId}></bt-crumbs>`

  #add(kind: string) {
    if (!mayChange(this.model)) return nothing
    return html`<button
      class=${kind}
      aria-label=${words.add.button}
      @click=${() => this.dispatchEvent(new AddEvent(this.groundId))}
    >
      ${icon('add')}<span>${words.add.button}</span>
    </button>`
  }

  #switch() {
    const choice = (view: 'picture' | 'list', text: string) =>
      html`<button
        class="plain"
        aria-pressed=${this.view === view ? 'true' : 'false'}
        @click=${() => (this.view = view)}
      >
        ${icon(view === 'picture' ? 'tree' : 'list')}${text}
      </button>`
    return html`<div class="switch" role="group" aria-label=${words.tree.viewLabel}>
      ${choice('picture', words.tree.picture)}${choice('list', words.tree.list)}
    </div>`
  }

  /** Cells without room are all in the list. */
  async #unfolded(event: UnfoldEvent): Promise<void> {
    this.query = ''
    this.view = 'list'
    await this.updateComplete
    await this.renderRoot.querySelector('bt-list')?.reveal(event.id)
  }
}
customElements.define('bt-tree-page', BtTreePage)
