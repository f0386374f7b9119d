/**
 * The list: the same tree as lines of text, complete for keyboard and screen reader.
 *
 * One row is reachable by Tab; arrows move, unfold and fold; letters jump; Enter opens, F2 renames, Delete moves to the
 * trash, Space shows every action.
 * @module
 */
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { Item } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { ActionsEvent, GroundEvent } from '../events.ts'
import { type Model, mayChange } from '../model.ts'
import { itemMediaType } from '../part/intake.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'
import { hintOf, hintStyle } from './hint.ts'
import { listStyle } from './list.css.ts'
import { Renaming } from './renaming.ts'
import { insideOfRow, sentenceOfRow } from './row.ts'
import { type Row, rowsOf, rowsOfSearch } from './rows.ts'
import { type Steering, TypeAhead, steer } from './steer.ts'

const pageOfRows = 500

export class BtList extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    groundId: {},
    query: {},
    currentId: { state: true },
    unfoldedIds: { state: true },
    shownMax: { state: true },
  }
  declare model: Model
  declare actions: Actions
  declare groundId: string
  /** Shows what matches instead of the ground's contents; empty: no search. */
  declare query: string
  declare currentId: string
  declare unfoldedIds: ReadonlySet<string>
  declare shownMax: number
  #rows: readonly Row[] = []
  #hadFocus = false
  readonly #typeAhead = new TypeAhead()
  readonly #renaming = new Renaming(this, (id) => this.#focus(id))

  static override styles = [shared, hintStyle, listStyle]

  constructor() {
    super()
    this.query = ''
    this.currentId = ''
    this.unfoldedIds = new Set()
    this.shownMax = pageOfRows
  }

  /** Goes to the row of an item that lies in the ground. */
  async reveal(id: string): Promise<void> {
    await this.updateComplete
    this.#goTo(this.#rows.findIndex((row) => row.item.id === id))
  }

  override willUpdate(changed: PropertyValues<this>): void {
    this.#hadFocus = this.renderRoot.querySelector('[role=treeitem]:focus') !== null
    if (changed.has('groundId') || changed.has('query')) this.shownMax = pageOfRows
    const before = this.#rows.findIndex((row) => row.item.id === this.currentId)
    this.#rows = this.query ? rowsOfSearch(this.model, this.query) : rowsOf(this.model, this.groundId, this.unfoldedIds)
    // Where the current row went away, its place in the list stays current.
    if (!this.#rows.some((row) => row.item.id === this.currentId))
      this.currentId = this.#rows[Math.min(Math.max(0, before), this.#rows.length - 1)]?.item.id ?? ''
  }

  override render() {
    if (this.#rows.length === 0)
      return this.query
        ? html`<p class="none quiet" role="status">${words.list.hits(0)}</p>`
        : hintOf(this.model, this.groundId)
    const hiddenCount = this.#rows.length - this.shownMax
    return html`<p class="unseen" id="help">${words.list.help}</p>
      <ul role="tree" aria-label=${words.list.label} aria-describedby="help" @keydown=${this.#pressed}>
        ${repeat(
          this.#rows.slice(0, this.shownMax),
          (row) => row.item.id,
          (row) => this.#line(row),
        )}
      </ul>
      ${
        hiddenCount > 0
          ? html`<button class="plain" @click=${() => (this.shownMax += pageOfRows)}>
              ${words.list.showMore(hiddenCount)}
            </button>`
          : nothing
      }`
  }

  /** Where the row that had the focus went away, the one in its place gets it, so that nobody starts again at the top. */
  override updated(): void {
    if (this.#hadFocus && !this.shadowRoot?.activeElement) this.#focus(this.currentId)
  }

  #line(row: Row) {
    const { item, level, position, siblingCount, isUnfolded } = row
    const isFolder = item.kind === 'folder'
    const isHit = this.query !== ''
    const form = this.#renaming.formOf(item)
    return html`<li
      role="treeitem"
      id=${`row-${item.id}`}
      data-id=${item.id}
      data-folder=${isFolder ? item.id : nothing}
      class="level-${Math.min(level, 8)}"
      tabindex=${item.id === this.currentId ? 0 : -1}
      aria-level=${level}
      aria-posinset=${position}
      aria-setsize=${siblingCount}
      aria-expanded=${isFolder && !isHit ? String(isUnfolded) : nothing}
      aria-label=${sentenceOfRow(this.model, item, isHit)}
      draggable=${form || !mayChange(this.model) ? 'false' : 'true'}
      @dragstart=${(event: DragEvent) => event.dataTransfer?.setData(itemMediaType, item.id)}
      @focus=${() => (this.currentId = item.id)}
      @click=${(event: Event) => this.#clicked(event, row)}
      @contextmenu=${(event: Event) => this.#menu(event, item)}
    >
      ${insideOfRow(this.model, row, isHit, form)}
    </li>`
  }

  #clicked(event: Event, row: Row): void {
    const within = (selector: string) =>
      event.composedPath().some((target) => target instanceof Element && target.matches(selector))
    const isFolder = row.item.kind === 'folder'
    this.currentId = row.item.id
    if (within('.more')) this.dispatchEvent(new ActionsEvent(row.item.id))
    else if (within('.fold') && isFolder && !this.query) this.#unfold(row.item.id, !row.isUnfolded)
    else this.dispatchEvent(isFolder ? new GroundEvent(row.item.id) : new ActionsEvent(row.item.id))
  }
  #menu(event: Event, item: Item): void {
    event.preventDefault()
    this.dispatchEvent(new ActionsEvent(item.id))
  }

  #pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const index = this.#rows.findIndex((row) => row.item.id === this.currentId)
    const item = this.#rows[index]?.item
    const steering = steer(event.key, this.#rows, index, this.shownMax, !this.query)
    if (steering) this.#typeAhead.end()
    if (!item || !this.#follow(item, steering, event, index)) return
    event.preventDefault()
    event.stopPropagation()
  }

  /** @returns whether the key meant something */
  #follow(item: Item, steering: Steering | null, { key, timeStamp }: KeyboardEvent, index: number): boolean {
    switch (steering?.kind) {
      case undefined: {
        const found = this.#typeAhead.press(key, this.#rows, index, timeStamp)
        if (found < 0) return false
        this.#goTo(found)
        break
      }
      case 'goTo':
        this.#goTo(steering.index)
        break
      case 'unfold':
        this.#unfold(item.id, steering.isUnfolded)
        break
      case 'open':
        if (item.kind === 'folder') this.dispatchEvent(new GroundEvent(item.id))
        // First it is said where it leads.
        else if (item.kind === 'link') this.dispatchEvent(new ActionsEvent(item.id))
        else this.actions.open(item)
        break
      case 'actions':
        this.dispatchEvent(new ActionsEvent(item.id))
        break
      case 'rename':
        if (mayChange(this.model)) this.#renaming.begin(item)
        break
      case 'trash':
        if (mayChange(this.model)) void this.actions.trash(item)
        break
      case 'stay':
    }
    return true
  }

  #unfold(id: string, isUnfolded: boolean): void {
    const ids = new Set(this.unfoldedIds)
    if (isUnfolded) ids.add(id)
    else ids.delete(id)
    this.unfoldedIds = ids
  }
  #goTo(index: number): void {
    const row = this.#rows[Math.min(index, this.shownMax - 1)]
    if (row) this.#focus(row.item.id)
  }
  #focus(id: string): void {
    if (!this.#rows.some((row) => row.item.id === id)) return
    this.currentId = id
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#row-${CSS.escape(id)}`)?.focus())
  }
}
customElements.define('bt-list', BtList)

declare global {
  interface HTMLElementTagNameMap {
    'bt-list': BtList
  }
}
